"""Every layer on random shapes, options and quantization: the C++ of a generated header against
numpy and TensorFlow Lite Micro, int8 bit for bit. A failure names the seed that repeats it.
"""

import math
import time

import cpp_cases
import numpy as np
import pytest
import random_models
import test_passes
import tflm
from graven import ir, reference
from graven.errors import GravenError
from graven.layers.dense import Dense
from graven.layers.reduce import Reduce

INT8, INT16, FLOAT32 = random_models.INT8, random_models.INT16, random_models.FLOAT32
CASES = {INT8: 20, INT16: 4, FLOAT32: 6}  # per layer
GRAPHS = 12
KINDS_PER_PROGRAM = 5
REFUSED = (
    "along the batch",
    "is one of several before",
    "is a constant",
    "only works on constants",
)


def cases_of(kinds, tflm_only, counts=CASES, at=0, **options):
    """`counts` cases of each kind that can be said in C++; what cannot has a sentence."""
    cases = []
    for kind in kinds:
        for element, wanted in counts.items():
            known = (kind, element) in random_models.ELEMENTS or kind in random_models.BEYOND
            known |= kind in random_models.WORDS and not tflm_only
            if not known:
                continue
            if kind in random_models.MAPS:
                wanted = max(2, wanted // 3)
            found, seed = 0, 0
            while found < wanted:
                rng = np.random.default_rng([seed, 3])
                network = random_models.random_case(rng, kind, element, tflm_only, **options)
                label = f"{kind} {element.value} seed {seed}"
                try:
                    cases.append(cpp_cases.make(label, at + len(cases), network, rng))
                    found += 1
                except GravenError as error:
                    assert any(text in str(error) for text in REFUSED), f"{label}: {error}"
                seed += 1
                assert seed < 20 * wanted, f"{kind}: hardly any case can be said in C++"
    return cases


def compare(cases, answers, with_tflm=True):
    lines = []
    for case, inferences in zip(cases, answers, strict=True):
        network = cpp_cases.only_outputs(case.network)
        state = reference.reset(case.network)
        judge = tflm.sequence(case.model, case.stated) if with_tflm else None
        for inputs, ours in zip(case.inputs, inferences, strict=True):
            engines = {"numpy": reference.run(case.network, inputs, state)}
            if judge:
                engines["TFLM"] = judge(inputs)
            for name, expected in engines.items():
                for line in tflm.differences(network, ours, expected):
                    lines.append(f"{case.label} against {name}: {line}")
    assert not lines, "\n".join(lines[:20])


def report(cases, started):
    seconds = time.perf_counter() - started
    print(f"{len(cases)} cases, {seconds / len(cases):.2f} s each")


def groups():
    kinds = random_models.KINDS
    return [kinds[at : at + KINDS_PER_PROGRAM] for at in range(0, len(kinds), KINDS_PER_PROGRAM)]


@pytest.mark.parametrize("kinds", groups(), ids="-".join)
def test_layers_equal_numpy_and_tflm(kinds, tmp_path):
    started = time.perf_counter()
    cases = cases_of(kinds, tflm_only=True)
    compare(cases, cpp_cases.run(cases, tmp_path))
    report(cases, started)


def test_hybrid_layers_equal_numpy_and_tflm(tmp_path):
    """Int8 weights under float activations; TensorFlow Lite Micro gets them dequantized."""
    cases = cases_of(random_models.WEIGHTED, True, {FLOAT32: 6}, hybrid=True)
    compare(cases, cpp_cases.run(cases, tmp_path))


def test_odd_networks(tmp_path):
    networks = test_passes.odd_networks()
    cases = [
        cpp_cases.make(name, place, network, np.random.default_rng(place))
        for place, (name, network) in enumerate(networks.items())
    ]
    compare(cases, cpp_cases.run(cases, tmp_path), with_tflm=False)


def test_int4_weights_equal_numpy_and_tflm(tmp_path):
    cases = cases_of(random_models.WEIGHTED, True, {INT8: 8}, nibbles=True)
    compare(cases, cpp_cases.run(cases, tmp_path))


def graphs(tflm_only):
    cases, seed = [], 0
    while len(cases) < GRAPHS:
        rng = np.random.default_rng([seed, 4])
        network = random_models.random_graph(rng, tflm=tflm_only)
        try:
            cases.append(cpp_cases.make(f"graph seed {seed}", len(cases), network, rng))
        except GravenError as error:
            assert any(text in str(error) for text in REFUSED), f"seed {seed}: {error}"
        seed += 1
    return cases


@pytest.mark.parametrize("policy", ["fastest", "smallest", "inspectable"])
def test_graphs_equal_numpy_and_tflm(policy, tmp_path):
    started = time.perf_counter()
    cases = graphs(tflm_only=True)
    compare(cases, cpp_cases.run(cases, tmp_path, [f"graven::plan::{policy}"]))
    report(cases, started)


def test_what_tflm_lacks_equals_numpy(tmp_path):
    """RELU6 and CONCATENATION that rescale, ARG_MAX of 64 bits, absent biases, GELU, ..."""
    kinds = ("relu6", "argmax", "conv2d", "relu", "smooth", "elementary", "detections")
    cases = cases_of(kinds, tflm_only=False)
    cases += cases_of(["concat"], False, {INT8: 20, FLOAT32: 6}, at=len(cases))
    compare(cases, cpp_cases.run(cases, tmp_path), with_tflm=False)


@pytest.mark.parametrize("kind", random_models.BEYOND)
def test_what_tflm_has_no_operator_for_equals_numpy(kind, tmp_path):
    """GRU and SimpleRNN; states that begin every run with zeros; POW, ONE_HOT, ..."""
    cases = cases_of([kind], False, {INT8: 16, INT16: 8, FLOAT32: 8})
    compare(cases, cpp_cases.run(cases, tmp_path), with_tflm=False)


def test_int16_that_tflm_lacks_equals_numpy(tmp_path):
    cases = cases_of(random_models.WORDS, False, {INT16: 8})
    compare(cases, cpp_cases.run(cases, tmp_path), with_tflm=False)


def test_whole_numbers_to_powers(tmp_path):
    cases = cases_of(["power"], False, {ir.Element.INT32: 8})
    compare(cases, cpp_cases.run(cases, tmp_path), with_tflm=False)


def test_operands_broadcast_along_any_axes(tmp_path):
    cases = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        network = random_models.five_axes(rng)
        cases.append(cpp_cases.make(f"five axes, seed {seed}", seed, network, rng))
    compare(cases, cpp_cases.run(cases, tmp_path), with_tflm=False)


def test_dense_over_other_rows(tmp_path):
    """FULLY_CONNECTED regroups its input's elements where the weights want it."""
    cases = []
    shapes = [((1, 3, 4, 5), 5), ((1, 3, 4, 5), 10), ((1, 3, 4, 5), 20), ((1, 6, 4), 8), ((12,), 4)]
    for shape, depth in shapes:
        rng = np.random.default_rng(len(cases))
        b = random_models.Builder(rng)
        data = b.input(shape)
        weights = b.weights(data, (7, depth), 0, per_channel=False)
        inputs, output = b.weighted(data, weights, 7, depth, (math.prod(shape) // depth, 7))
        network = b.network([b.add("FULLY_CONNECTED", Dense(), inputs, output)])
        cases.append(cpp_cases.make(f"dense {shape} by {depth}", len(cases), network, rng))
    compare(cases, cpp_cases.run(cases, tmp_path))


def test_reductions_of_any_rank(tmp_path):
    """Axes beyond the three that an activation has, and batches inside of a model."""
    cases = []
    for seed in range(20):
        rng = np.random.default_rng([seed, 5])
        b = random_models.Builder(rng)
        shape = tuple(b.extent(4) for _ in range(int(rng.integers(3, 7))))
        data = random_models.shaped(b, b.input((1, math.prod(shape))), shape)
        axes = tuple(sorted(int(axis) for axis in rng.permutation(len(shape))[: b.extent(3)]))
        keep = b.chance(0.5)
        left = tuple(1 if axis in axes else n for axis, n in enumerate(shape))
        if not keep:
            left = tuple(n for axis, n in enumerate(shape) if axis not in axes)
        name = b.pick("MEAN", "SUM", "REDUCE_MIN")
        output = b.like(data, left) if name == "REDUCE_MIN" else b.result(data, left, 0.05)
        network = b.network([b.add(name, Reduce(axes, keep), [data, b.integers(*axes)], output)])
        label = f"{name} of {shape} over {axes}"
        try:
            cases.append(cpp_cases.make(label, len(cases), network, rng))
        except GravenError as error:
            assert "more than three groups" in str(error), label
    assert len(cases) > 12
    compare(cases, cpp_cases.run(cases, tmp_path), with_tflm=False)


def test_reductions_that_tflm_lacks(tmp_path):
    """Of booleans, and products."""
    cases = []
    for name in ("REDUCE_ANY", "REDUCE_ALL", "REDUCE_PROD"):
        rng = np.random.default_rng(len(cases))
        b = random_models.Builder(rng)
        element = FLOAT32 if name == "REDUCE_PROD" else INT8
        value = b.input((1, 5, 3, 2), element)
        if element is INT8:
            value = random_models.compare(b, [value, b.input((1, 5, 3, 2))])
        output = b.tensor((1, 5, 2), b.element(value))
        network = b.network([b.add(name, Reduce((2,)), [value, b.integers(2)], output)])
        assert name == "REDUCE_PROD" or b.element(value) is ir.Element.BOOLEAN
        cases.append(cpp_cases.make(name, len(cases), network, rng))
    compare(cases, cpp_cases.run(cases, tmp_path), with_tflm=False)
