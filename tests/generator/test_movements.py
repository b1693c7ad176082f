"""Operators that only move elements: their references against TensorFlow Lite Micro, the passes and
the C++ against the references. A failure names the seed that repeats it.
"""

import collections

import cpp_cases
import numpy as np
import pytest
import random_models
import tflm
from graven import ir, passes, reference
from graven.frontends import tflite, tflite_writer
from graven.layers.index_map import Digit, IndexMap, index
from graven.layers.pack import Pack
from graven.layers.pad import Pad
from graven.layers.relu import ReLU
from graven.layers.reshape import Reshape
from graven.layers.reverse_v2 import ReverseV2
from graven.layers.slice import Slice
from graven.layers.transpose import Transpose
from graven.passes import factor
from graven.passes.factor import factored
from random_movements import MOVEMENTS, constant

CASES = 60
CPP_CASES = 4
CPP_CHAINS = 24
ELEMENTS = (ir.Element.FLOAT32, ir.Element.INT8, ir.Element.INT16, ir.Element.INT8)
KINDS = {movement.__name__: movement for movement in MOVEMENTS}


def case(kind: str, seed: int) -> tuple[ir.Network, np.random.Generator]:
    rng = np.random.default_rng([seed, 9])
    b = random_models.Builder(rng)
    data = b.input((1, 2, 2, 2), ELEMENTS[seed % len(ELEMENTS)])
    outputs = KINDS[kind](b, data)
    return b.network(outputs if isinstance(outputs, list) else [outputs]), rng


@pytest.mark.parametrize("kind", KINDS)
def test_references_equal_tflm(kind):
    """Whatever TensorFlow Lite Micro can run of it, which is most."""
    judged = 0
    for seed in range(CASES):
        network, rng = case(kind, seed)
        model = tflite_writer.to_bytes(network)
        parsed = tflite.parse(model, "random.tflite", "random")
        inputs = random_models.random_inputs(rng, network)
        try:
            theirs = tflm.run(model, network, inputs)
        except Exception:  # it lacks the operator, or this rank of it
            continue
        if kind == "space_to_batch_nd" and np.any(network.operators[0].layer.border):
            continue  # what stands in its border is left to chance there
        judged += 1
        ours = reference.run(parsed, inputs)
        assert not tflm.differences(network, ours, theirs), f"{kind} seed {seed}"
    print(kind, judged)


@pytest.mark.parametrize("kind", KINDS)
def test_passes_keep_every_element(kind):
    made = collections.Counter()
    for seed in range(CASES):
        network, rng = case(kind, seed)
        shorter = passes.canonical(network)
        made.update(operator.name for operator in shorter.operators)
        inputs = random_models.random_inputs(rng, network)
        expected, found = reference.run(network, inputs), reference.run(shorter, inputs)
        for output in network.outputs:
            np.testing.assert_array_equal(found[output], expected[output], f"{kind} seed {seed}")
    print(kind, dict(made))


@pytest.mark.parametrize("kinds", [tuple(KINDS)[:6], tuple(KINDS)[6:12], tuple(KINDS)[12:]])
def test_cpp_equals_the_reference(kinds, tmp_path):
    cases = []
    for kind in kinds:
        for seed in range(CPP_CASES):
            network, rng = case(kind, seed)
            if len(network.outputs) < 6:
                cases.append(cpp_cases.make(f"{kind} seed {seed}", len(cases), network, rng))
    compare(cases, tmp_path)


def compare(cases, folder):
    for each, inferences in zip(cases, cpp_cases.run(cases, folder), strict=True):
        for inputs, ours in zip(each.inputs, inferences, strict=True):
            expected = reference.run(each.network, inputs)
            for output in each.network.outputs:
                np.testing.assert_array_equal(ours[output], expected[output], each.label)


def chain(seed: int) -> tuple[ir.Network, np.random.Generator]:
    """Movements, reshapes and clamps one after the other; some are read twice, some are outputs."""
    rng = np.random.default_rng([seed, 10])
    b = random_models.Builder(rng)
    shape = tuple(b.pick(1, 2, 3, 4) for _ in range(4))
    made, outputs = [b.input(shape)], []
    for _ in range(b.extent(6)):
        made.append(after(b, made[-1] if b.chance(0.8) else b.pick(*made)))
    read = {index for operator in b.operators for index in operator.inputs}
    outputs = [index for index in made[1:] if index not in read or b.chance(0.1)]
    return b.network(outputs), rng


def after(b, data: int) -> int:
    shape = b.shape(data)
    rank = len(shape)
    axes = tuple(int(axis) for axis in b.rng.permutation(rank))
    match b.pick("transpose", "transpose", "reshape", "reverse", "slice", "pad", "clamp"):
        case "transpose":
            output = b.like(data, tuple(shape[axis] for axis in axes))
            return b.add("TRANSPOSE", Transpose(axes), [data, constant(b, axes)], output)
        case "reshape":
            output = b.like(data, tuple(b.rng.permutation([*shape, 1][:5])))
            layer = Reshape(b.shape(output))
            return b.add("RESHAPE", layer, [data], output)
        case "reverse":
            axis = axes[:1]
            layer, inputs = ReverseV2(axis), [data, constant(b, axis)]
            return b.add("REVERSE_V2", layer, inputs, b.like(data, shape))
        case "slice":
            begin = tuple(int(b.rng.integers(0, extent)) for extent in shape)
            size = tuple(extent - first for first, extent in zip(begin, shape, strict=True))
            inputs = [data, constant(b, begin), constant(b, size)]
            return b.add("SLICE", Slice(begin, size), inputs, b.like(data, size))
        case "pad":
            border = tuple((int(b.rng.integers(0, 2)), b.pick(0, 0, 1)) for _ in shape)
            larger = tuple(n + sum(pair) for n, pair in zip(shape, border, strict=True))
            inputs = [data, constant(b, border)]
            return b.add("PAD", Pad(border), inputs, b.like(data, larger))
    return b.add("RELU", ReLU(), [data], b.like(data, shape))


def test_chains_keep_every_element():
    made = collections.Counter()
    for seed in range(5 * CASES):
        network, rng = chain(seed)
        shorter = passes.canonical(network)
        made.update(operator.name for operator in shorter.operators)
        inputs = random_models.random_inputs(rng, network)
        expected, found = reference.run(network, inputs), reference.run(shorter, inputs)
        for output in network.outputs:
            np.testing.assert_array_equal(found[output], expected[output], f"seed {seed}")
        assert "PAD" not in made and "SLICE" not in made
    assert made["INDEX_MAP"] > 100 and made["TRANSPOSE"] > 0


def test_cpp_of_chains_equals_the_reference(tmp_path):
    cases = []
    for seed in range(CPP_CHAINS):
        network, rng = chain(seed)
        if len(network.outputs) < 6:
            cases.append(cpp_cases.make(f"chain seed {seed}", len(cases), network, rng))
    compare(cases, tmp_path)


def test_reversed_integers_stay_where_the_scale_is_another(tmp_path):
    """As in TensorFlow Lite: the ReLU behind it works by the scale that the file states."""
    b = random_models.Builder(np.random.default_rng(3))
    data = b.input((1, 3, 2, 5), ir.Element.INT8)
    other = ir.Quantization((b.scale_of(data) * 1.5,), (-7,))
    made = b.tensor((1, 3, 2, 5), ir.Element.INT8, other)
    b.add("REVERSE_V2", ReverseV2((1,)), [data, constant(b, (1,))], made)
    network = b.network([made, b.add("RELU", ReLU(), [made], b.like(made, (1, 3, 2, 5)))])
    model = tflite_writer.to_bytes(network)
    found = cpp_cases.make("other scale", 0, tflite.parse(model, "m.tflite", "m"), b.rng)
    compare([found], tmp_path)
    inputs = random_models.random_inputs(b.rng, network)
    ours = reference.run(passes.canonical(tflite.parse(model, "m.tflite", "m")), inputs)
    assert not tflm.differences(network, ours, tflm.run(model, network, inputs))


def test_a_map_has_one_set_of_digits():
    """What factors is said exactly: index() of the digits is the array again."""
    places = np.arange(24).reshape(2, 3, 4)
    padded = np.pad(places[:, ::-1], ((1, 0), (0, 2), (0, 0)), constant_values=-1)
    base, digits = factored(padded, 3)
    np.testing.assert_array_equal(index(IndexMap(base, digits)).reshape(3, 5, 4), padded)
    assert base == 8 and digits[0] == Digit(3, 12, 1, 0)
    assert factored(np.array([0, 1, 3]), 1) is None


def test_what_are_no_digits_is_soon_known(monkeypatch):
    """Rows of a resize are in no order of digits; each way to cut what lies behind them was tried
    for each other: 69,184 matrices here, now 471."""
    tried, separated = [], factor._separated
    monkeypatch.setattr(factor, "_separated", lambda *each: tried.append(each) or separated(*each))
    rows = np.arange(72) * 3 // 4
    places = rows[:, None] * 960 + np.arange(960)
    assert factored(places, 1) is None
    assert len(tried) < 1000


@pytest.mark.parametrize("axis", [2, 3, 4])
def test_images_that_are_packed_keep_their_rows(axis):
    """A row of each pixel would be beyond what compilers plan: two such layers were refused."""
    b = random_models.Builder(np.random.default_rng(1))
    shape = (1, 8, 32, 16)
    parts = [b.input(shape, ir.Element.INT8)]
    parts.append(b.like(parts[0], shape))  # of one scale
    b.inputs.append(parts[1])
    output = b.like(parts[0], (*shape[:axis], 2, *shape[axis:]))
    network = b.network([b.add("PACK", Pack(axis, 2), parts, output)])
    made = passes.canonical(network)
    joined = [each for each in made.operators if each.name == "CONCATENATION"]
    assert [made.tensors[each.output].shape[:2] for each in joined] == [(1, 8)]
    inputs = random_models.random_inputs(np.random.default_rng(2), network)
    expected, found = reference.run(network, inputs), reference.run(made, inputs)
    np.testing.assert_array_equal(found[output_of(made)], expected[output_of(network)])


def output_of(network: ir.Network) -> int:
    (output,) = network.outputs
    return output
