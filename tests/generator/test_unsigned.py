"""Models of the old kind, all uint8: ours against LiteRT, and C++ against numpy."""

import dataclasses

import cpp_cases
import numpy as np
import pytest
import random_models
from graven import engines, ir, reference
from graven.errors import GravenError
from graven.frontends import tflite, tflite_writer
from graven.layers.dense import Dense

CASES = 30
KINDS = (*random_models.WEIGHTED, "max_pool", "add", "mul", "softmax", "reshape")
UINT8 = ir.Element.UINT8


def old(network: ir.Network, rng: np.random.Generator) -> ir.Network:
    """With uint8 activations, and uint8 weights with a zero point."""
    weights = {
        operator.inputs[1]
        for operator in network.operators
        if operator.name in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
    }
    tensors = []
    for tensor in network.tensors:
        if tensor.element is ir.Element.INT8:
            stored, data = tensor.quantization, tensor.data
            if data is not None:
                data = (data.astype(np.int16) + 128).astype(np.uint8)
            point = stored.zero_point[0] + 128
            if tensor.index in weights:
                point = int(rng.integers(1, 256))
            stored = ir.Quantization(stored.scale[:1], (point,))
            tensor = dataclasses.replace(tensor, element=UINT8, quantization=stored, data=data)
        elif tensor.quantization is not None:  # a bias
            stored = ir.Quantization(tensor.quantization.scale[:1], (0,))
            tensor = dataclasses.replace(tensor, quantization=stored)
        tensors.append(tensor)
    return dataclasses.replace(network, tensors=tuple(tensors))


def runs_in_litert(network: ir.Network) -> bool:
    """Its uint8 kernels want a bias and constant weights, and lack groups."""
    for each in network.operators:
        if each.name == "FULLY_CONNECTED" and network.tensors[each.inputs[1]].data is None:
            return False
        if each.name == "CONV_2D":
            data, weights = (network.tensors[index] for index in each.inputs[:2])
            if len(each.inputs) < 3 or weights.shape[3] != data.shape[3]:
                return False
    return True


def case(kind: str, seed: int) -> tuple[ir.Network, np.random.Generator]:
    rng = np.random.default_rng([seed, 8])
    while True:
        network = random_models.random_case(rng, kind)
        if runs_in_litert(network):
            return old(network, rng), rng


@pytest.mark.parametrize("kind", KINDS)
def test_layer_equals_litert(kind):
    pytest.importorskip("ai_edge_litert", reason="no package ai-edge-litert")
    for seed in range(CASES):
        network, rng = case(kind, seed)
        model = tflite_writer.to_bytes(network)
        parsed = tflite.parse(model, "old.tflite", "old")
        inputs = random_models.random_inputs(rng, network)
        ours = reference.run(parsed, inputs)
        theirs = engines.litert(model, parsed)(inputs)
        for index in parsed.outputs:
            np.testing.assert_array_equal(ours[index], theirs[index], f"{kind} seed {seed}")


def test_cpp_equals_numpy(tmp_path):
    cases = []
    for kind in KINDS:
        for seed in range(2):
            network, rng = case(kind, seed)
            try:
                cases.append(cpp_cases.make(f"{kind} seed {seed}", len(cases), network, rng))
            except GravenError as error:
                assert "is a constant" in str(error)
    for each, answers in zip(cases, cpp_cases.run(cases, tmp_path), strict=True):
        for inputs, ours in zip(each.inputs, answers, strict=True):
            expected = reference.run(each.network, inputs)
            for index in each.network.outputs:
                np.testing.assert_array_equal(ours[index], expected[index], each.label)


def test_the_same_as_int8():
    """Where weights lie around 128 nothing but the name of a number has changed."""
    rng = np.random.default_rng(0)
    b = random_models.Builder(rng)
    data = b.input((1, 20))
    weights = b.weights(data, (7, 20), 0, per_channel=False)
    inputs, output = b.weighted(data, weights, 7, 20, (1, 7))
    network = b.network([b.add("FULLY_CONNECTED", Dense(), inputs, output)])
    tensors = list(old(network, rng).tensors)
    around = ir.Quantization(tensors[weights].quantization.scale, (128,))
    tensors[weights] = dataclasses.replace(tensors[weights], quantization=around)
    model = tflite_writer.to_bytes(dataclasses.replace(network, tensors=tuple(tensors)))
    parsed = tflite.parse(model, "old.tflite", "old")
    assert [parsed.tensors[index].element for index in parsed.inputs] == [UINT8]
    (value,) = random_models.random_inputs(rng, network)
    shifted = (value.astype(np.int16) + 128).astype(np.uint8)
    found = reference.run(parsed, [shifted])[parsed.outputs[0]]
    expected = reference.run(network, [value])[network.outputs[0]]
    np.testing.assert_array_equal(found.astype(np.int16), expected.astype(np.int16) + 128)


def test_what_rounds_otherwise_is_refused():
    network, _ = case("max_pool", 0)
    operator = dataclasses.replace(network.operators[0], name="AVERAGE_POOL_2D")
    model = tflite_writer.to_bytes(dataclasses.replace(network, operators=(operator,)))
    with pytest.raises(GravenError, match=r"operator 0 \(AVERAGE_POOL_2D\): is uint8, of the old"):
        tflite.parse(model, "old.tflite", "old")
