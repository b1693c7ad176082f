"""What TensorFlow Lite Micro lacks, against LiteRT's reference kernels, int8 bit for bit."""

import numpy as np
import pytest
import random_models
import tflm
from graven import engines, ir, reference
from graven.frontends import tflite_writer
from graven.layers.elementary import Elementary
from graven.layers.gelu import GELU
from graven.layers.relu import ReLU

CASES = 30
INT8, INT16, FLOAT32 = ir.Element.INT8, ir.Element.INT16, ir.Element.FLOAT32
INT32 = ir.Element.INT32
# Operator, its record, whether its domain is x >= 0 (LiteRT stops at others), and what its outputs
# are by at the input's scale.
OPERATORS = {
    "GELU": (GELU(), False, 1.0),
    "GELU approximate": (GELU(True), False, 1.0),
    "RELU_N1_TO_1": (ReLU(), False, 1.0),
    "RELU_0_TO_1": (ReLU(), False, 1.0),
    "SQRT": (Elementary(), True, 0.3),
    "LOG": (Elementary(), True, 1.0),
    "EXP": (Elementary(), False, 1.0),
    "RSQRT": (Elementary(), True, 1.0),
}
WORDS = ("GELU", "GELU approximate", "SQRT", "LOG", "EXP")


def case(name, rng, element):
    layer, positive, ratio = OPERATORS[name]
    b = random_models.Builder(rng)
    data = b.input((1, 256), element)
    if element is INT8 and positive:
        b.tensors[data] = ir.Tensor(
            data, "data", (1, 256), INT8, ir.Quantization((b.scale_of(data),), (-128,)), None
        )
    scale = ratio * b.scale_of(data)
    if element is INT16 and name == "SQRT":  # which LiteRT does not saturate
        scale = np.sqrt(b.scale_of(data) / 32768)
    output = b.result(data, (1, 256), scale)
    return b.network([b.add(name.split()[0], layer, [data], output)])


def every_int8(network):
    return [np.arange(-128, 128).astype(np.int8).reshape(1, 256)]


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("element", [INT8, INT16, FLOAT32], ids=lambda element: element.value)
def test_operator_equals_litert(name, element):
    pytest.importorskip("ai_edge_litert.interpreter", reason="no package ai-edge-litert")
    if (element is INT16 and name not in WORDS) or (name, element) == ("RSQRT", INT8):
        pytest.skip("LiteRT has no such form, or TFLM one of its own")
    for seed in range(CASES):
        rng = np.random.default_rng(seed)
        network = case(name, rng, element)
        if element is INT8:
            inputs = every_int8(network)
        else:
            inputs = random_models.random_inputs(rng, network)
            if OPERATORS[name][1]:
                inputs = [np.abs(value // 2 if element is INT16 else value) for value in inputs]
        theirs = engines.litert(tflite_writer.to_bytes(network), network)(inputs)
        differences = tflm.differences(network, reference.run(network, inputs), theirs)
        assert not differences, f"{name} {element.value} seed {seed}: {differences}"


RANDOM = {
    "power": (INT32, FLOAT32),
    "one_hot": (INT8, FLOAT32),
    "any_extreme": (INT8, INT16, FLOAT32),
    "conv3d": (FLOAT32,),
    "top_k": (INT8, INT16, FLOAT32),
    "comparison": (INT16,),
    "logic": (INT16,),
    "resize_bilinear": (INT16,),
}
"""Kinds of random_models, and the elements that LiteRT alone has."""


@pytest.mark.parametrize(
    ("kind", "element"),
    [(kind, element) for kind, elements in RANDOM.items() for element in elements],
    ids=lambda each: getattr(each, "value", each),
)
def test_random_operator_equals_litert(kind, element):
    pytest.importorskip("ai_edge_litert.interpreter", reason="no package ai-edge-litert")
    for seed in range(CASES):
        rng = np.random.default_rng(seed)
        network = random_models.random_case(rng, kind, element)
        inputs = random_models.random_inputs(rng, network)
        theirs = engines.litert(tflite_writer.to_bytes(network), network)(inputs)
        differences = tflm.differences(network, reference.run(network, inputs), theirs)
        assert not differences, f"{kind} {element.value} seed {seed}: {differences}"


@pytest.mark.parametrize("kind", ["conv2d", "dense", "transpose_conv2d"])
def test_int16_is_a_step_from_litert(kind):
    """Which rounds otherwise, and takes a bias of int32 for int64 if the file does not say."""
    pytest.importorskip("ai_edge_litert.interpreter", reason="no package ai-edge-litert")
    narrow = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        network = random_models.random_case(rng, kind, INT16)
        (last,) = network.operators
        biases = [network.tensors[index] for index in last.inputs[2:] if index >= 0]
        if not any(bias.element in (ir.Element.INT32, ir.Element.INT64) for bias in biases):
            continue  # LiteRT has no convolution without a bias
        narrow += any(bias.element is ir.Element.INT32 for bias in biases)
        inputs = random_models.random_inputs(rng, network)
        theirs = engines.litert(tflite_writer.to_bytes(network), network)(inputs)[last.output]
        ours = reference.run(network, inputs)[last.output].astype(np.int64)
        assert abs(ours - theirs.reshape(ours.shape)).max() <= 1, f"seed {seed}"
    assert narrow or kind == "transpose_conv2d"  # whose bias is int64
