"""The layers of transformers: numpy against PyTorch, the C++ of generated headers against numpy.

Some answers of PyTorch ship in golden/transformers.npz (`python test_transformers.py` under PyTorch
writes them); test_transformers_deep.py has 1,000 cases of each kind.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cpp_cases
import numpy as np
import pytest
import random_transformers as transformers
from graven import ir, reference
from graven.errors import GravenError
from graven.frontends import tflite, tflite_writer

GOLDEN = Path(__file__).parent / "golden" / "transformers.npz"
GOLDEN_CASES = 8
TORCH_CASES, CPP_CASES = 40, 8
FLOAT32, INT8, INT16 = ir.Element.FLOAT32, ir.Element.INT8, ir.Element.INT16
STEPS = [
    (INT8, "layer_norm", 0.51), (INT8, "rms_norm", 0.51), (INT8, "rope", 0.51),
    (INT8, "silu", 0.51), (INT8, "attention", 0.9), (INT16, "rope", 0.51),
    (INT16, "attention", 0.51),
]  # fmt: skip


def answers(network: ir.Network, runs: list[list[np.ndarray]]) -> np.ndarray:
    state = reference.reset(network)
    (output,) = network.outputs
    return np.stack([reference.run(network, each, state)[output] for each in runs])


def distance(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference, by the largest of what is expected."""
    return float(np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-30))


@pytest.mark.parametrize("kind", transformers.KINDS)
def test_reference_equals_what_torch_has_said(kind):
    stored = np.load(GOLDEN)
    for seed in range(GOLDEN_CASES):
        network = transformers.case(seed, kind)
        found = answers(network, transformers.inputs(seed, network))
        worst = distance(found, stored[f"{kind}_{seed}"])
        assert worst < transformers.TOLERANCE, f"{kind} seed {seed}: {worst:g}"


@pytest.mark.parametrize("kind", transformers.KINDS)
def test_reference_equals_torch(kind):
    compare_with_torch(kind, TORCH_CASES)


def compare_with_torch(kind, cases):
    pytest.importorskip("torch")
    for seed in range(cases):
        network = transformers.case(seed, kind)
        runs = transformers.inputs(seed, network)
        worst = distance(answers(network, runs), transformers.by_torch(network, runs))
        assert worst < transformers.TOLERANCE, f"{kind} seed {seed}: {worst:g}"


@pytest.mark.parametrize("kind", transformers.KINDS)
def test_written_files_are_read_again(kind):
    for element in transformers.ELEMENTS[kind]:
        for seed in range(10):
            network = transformers.case(seed, kind, element)
            parsed = tflite.parse(tflite_writer.to_bytes(network), "m.tflite", "m")
            assert parsed.operators == network.operators
            runs = transformers.inputs(seed, network)
            np.testing.assert_array_equal(answers(parsed, runs), answers(network, runs))


def real(values: np.ndarray, tensor: ir.Tensor) -> np.ndarray:
    if tensor.quantization is None:
        return values.astype(np.float64)
    return tensor.quantization.scale[0] * (
        values.astype(np.float64) - tensor.quantization.zero_point[0]
    )


@pytest.mark.parametrize(("element", "kind", "most"), STEPS)
def test_integers_are_within_a_step_or_two_of_real_arithmetic(element, kind, most):
    """Attention and norms against the same in double, on the reals that their inputs are."""
    for seed in range(60):
        network = transformers.case(seed, kind, element)
        runs = transformers.inputs(seed, network)
        output = network.tensors[network.outputs[0]]
        expected = answers(as_reals(network), [
            [real(value, network.tensors[index]).astype(np.float32)
             for value, index in zip(each, network.inputs, strict=True)] for each in runs
        ])  # fmt: skip
        scale, zero = output.quantization.scale[0], output.quantization.zero_point[0]
        least, greatest = np.iinfo(element.dtype).min, np.iinfo(element.dtype).max
        expected = np.clip(expected / scale + zero, least, greatest)
        worst = np.abs(answers(network, runs) - expected).max()
        assert worst < most, f"{kind} seed {seed}: {worst:.2f} steps"


def as_reals(network: ir.Network) -> ir.Network:
    def plain(tensor: ir.Tensor) -> ir.Tensor:
        if tensor.element is ir.Element.BOOLEAN:
            added = np.where(tensor.data, np.float32(0), np.float32(-1e9))
            return ir.Tensor(tensor.index, tensor.name, tensor.shape, FLOAT32, None, added)
        if tensor.quantization is None:
            return tensor
        initial = tensor.initial
        initial = None if initial is None else np.zeros(initial.shape, np.float32)
        return ir.Tensor(tensor.index, tensor.name, tensor.shape, FLOAT32, None, None, initial)

    tensors = tuple(plain(each) for each in network.tensors)
    return ir.Network("reals", "reals", "", tensors, network.operators, network.inputs,
                      network.outputs)  # fmt: skip


IN_CPP = [
    pytest.param(kind, marks=() if kind in ("attention", "moe", "rope") else pytest.mark.deep)
    for kind in transformers.KINDS
]


@pytest.mark.parametrize("kind", IN_CPP)
def test_cpp_equals_numpy(kind, tmp_path):
    compare_cpp(kind, CPP_CASES, tmp_path)


def test_masks_that_are_constants_are_compiled(tmp_path):
    """Of booleans and of reals, for all heads and for each."""
    chosen = [(FLOAT32, 13), (FLOAT32, 37), (INT8, 21), (INT8, 27), (INT16, 18), (INT16, 28)]
    for element, seed in chosen:
        network = transformers.case(seed, "attention", element)
        assert network.tensors[network.operators[0].inputs[3]].data is not None
    compare_cases("attention", chosen, tmp_path)


def compare_cpp(kind, count, tmp_path):
    chosen = [(element, seed) for element in transformers.ELEMENTS[kind] for seed in range(count)]
    compare_cases(kind, chosen, tmp_path)


def compare_cases(kind, chosen, tmp_path):
    cases = []
    for element, seed in chosen:
        network = transformers.case(seed, kind, element)
        rng = np.random.default_rng(seed)
        try:
            made = cpp_cases.make(f"{kind} {element.value} {seed}", len(cases), network, rng)
        except GravenError as error:  # no place for two axes before the moments
            assert "is one of several" in str(error)
            continue
        made.inputs[:] = transformers.inputs(seed, network, cpp_cases.INFERENCES)
        cases.append(made)
    for each, inferences in zip(cases, cpp_cases.run(cases, tmp_path), strict=True):
        state = reference.reset(each.network)
        (output,) = each.network.outputs
        for inputs, found in zip(each.inputs, inferences, strict=True):
            expected = reference.run(each.network, inputs, state)[output]
            if expected.dtype == np.float32:
                assert distance(found[output], expected) < transformers.TOLERANCE, each.label
            else:
                np.testing.assert_array_equal(found[output], expected, each.label)


def test_a_mask_of_booleans_under_float32_is_a_sentence():
    b = transformers.Kit(np.random.default_rng(1))
    q = b.data((4, 8), FLOAT32)
    mask = b.tensor((4, 4), ir.Element.BOOLEAN, None, None)
    b.inputs.append(mask)
    layer = transformers.Attention(2, 2)
    network = b.network([b.add("ATTENTION", layer, [q, q, q, mask], b.output(q, (4, 8)))])
    with pytest.raises(GravenError, match="is of booleans, expected a float32 mask that is added"):
        tflite.parse(tflite_writer.to_bytes(network), "masked.tflite", "masked")


def test_a_negative_scale_is_a_sentence():
    b = transformers.Kit(np.random.default_rng(1))
    q = b.data((4, 8), FLOAT32)
    layer = transformers.Attention(2, 2, scale=-0.5)
    network = b.network([b.add("ATTENTION", layer, [q, q, q], b.output(q, (4, 8)))])
    with pytest.raises(GravenError, match=r"has the scale -0\.5, expected a positive one"):
        tflite.parse(tflite_writer.to_bytes(network), "scaled.tflite", "scaled")


if __name__ == "__main__":
    vectors = {}
    for each_kind in transformers.KINDS:
        for each_seed in range(GOLDEN_CASES):
            made = transformers.case(each_seed, each_kind)
            given = transformers.inputs(each_seed, made)
            vectors[f"{each_kind}_{each_seed}"] = transformers.by_torch(made, given).astype(
                np.float32
            )
    np.savez_compressed(GOLDEN, **vectors)
    sys.exit(0)
