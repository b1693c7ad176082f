"""Quantized ONNX files: an operator between QuantizeLinear and DequantizeLinear, and operators of
integers, against onnx's own evaluator and, where it is installed, ONNX Runtime: at most one step of
the output apart, and what the file says of scales and weights is in the network as it is said.
"""

import dataclasses
import logging

import numpy as np
import pytest
from graven import cli, ir, reference
from graven.errors import GravenError
from graven.frontends import onnx as frontend
from graven.quantize.scales import quantized, scale_in

onnx = pytest.importorskip("onnx", reason="no package onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

node = helper.make_node
INT8, UINT8 = np.dtype(np.int8), np.dtype(np.uint8)
INT16, UINT16 = np.dtype(np.int16), np.dtype(np.uint16)
SHARE = 0.01  # of values that an operator may round otherwise
TWICE = 0.4  # where TensorFlow Lite rounds twice: to a scale of its own, or a small whole number


def reals(*shape, seed=0, scale=0.5):
    return np.random.default_rng(seed).normal(0.0, scale, shape).astype(np.float32)


def model_of(nodes, constants, inputs, outputs, opset=21, elements=None):
    value, elements = helper.make_tensor_value_info, elements or {}
    graph = helper.make_graph(
        nodes,
        "graph",
        [value(each, elements.get(each, TensorProto.FLOAT), n) for each, n in inputs.items()],
        [value(each, elements.get(each, TensorProto.FLOAT), ["n"]) for each in outputs],
        [numpy_helper.from_array(np.asarray(data), name) for name, data in constants.items()],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def range_of(values, dtype):
    """Scale and zero point that cover the values, and 0; symmetric ones of 16 bits."""
    if np.dtype(dtype).itemsize == 2:
        return np.float32(max(np.abs(values).max(), 1e-3) / 32767), middle(dtype)
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    limits = np.iinfo(dtype)
    scale = np.float32(max(high - low, 1e-3) / 255.0)
    return scale, np.array(np.clip(round(limits.min - low / scale), limits.min, limits.max), dtype)


def middle(dtype):
    return np.array(32768 if dtype == UINT16 else 0, dtype)


@dataclasses.dataclass
class Operator:
    """`kind` of 'x' and constants; the first of these are weights, the second a bias."""

    kind: str
    constants: tuple = ()
    shape: tuple = (1, 4, 9, 7)
    units: int | None = 0  # axis of the weights' outputs; None: the constant is an operand
    attributes: dict = dataclasses.field(default_factory=dict)
    output: tuple | None = None  # scale and zero point, as int8
    share: float = SHARE
    most: int = 1  # steps

    def floats(self):
        names = [f"c{place}" for place, _ in enumerate(self.constants)]
        return node(self.kind, ["x", *names], ["y"], **self.attributes)

    def ranges(self, activations):
        given = reals(4, *self.shape[1:], scale=1.0)
        constants = {f"c{place}": data for place, data in enumerate(self.constants)}
        plain = model_of([self.floats()], constants, {"x": self.shape}, ["y"])
        run = ReferenceEvaluator(plain).run
        results = np.stack([run(None, {"x": each[None]})[0] for each in given])
        if self.output is None:
            return range_of(given, activations), range_of(results, activations)
        if activations.itemsize == 2:
            return range_of(given, activations), (np.float32(2.0**-15), middle(activations))
        scale, point = self.output
        point += 128 if activations == UINT8 else 0
        return range_of(given, activations), (np.float32(scale), np.array(point, activations))

    def quantized(self, activations, weights="channel", bias=True):
        """The model, and the ranges of its input and output."""
        (scale, point), (to, at) = self.ranges(activations)
        nodes, constants = [], {"s": scale, "z": point, "t": to, "a": at}
        nodes += pair("x", "s", "z")
        inputs = ["x_real"]
        for place, data in enumerate(self.constants):
            name = f"c{place}"
            if data.dtype.kind == "i" or (place == 1 and not bias):  # as it is
                constants[name] = data
                inputs.append(name)
                continue
            stored = (
                sums(data, scale * constants["c0_s"])
                if place
                else integers(data, weights, self.units)
            )
            constants |= {f"{name}{ending}": value for ending, value in stored.items()}
            if place and np.ndim(constants["c0_s"]) == 0:
                axis = {}
            else:
                axis = {"axis": 0 if place else self.units or 0}
            names = [f"{name}{ending}" for ending in ("", "_s", "_z")]
            nodes.append(node("DequantizeLinear", names, [f"{name}_real"], **axis))
            inputs.append(f"{name}_real")
        nodes.append(node(self.kind, inputs, ["made"], **self.attributes))
        nodes += pair("made", "t", "a", "y")
        return model_of(nodes, constants, {"x": self.shape}, ["y"]), (to, at)


def pair(name, scale, point, output=None):
    whole, real = f"{name}_whole", output or f"{name}_real"
    return [
        node("QuantizeLinear", [name, scale, point], [whole]),
        node("DequantizeLinear", [whole, scale, point], [real]),
    ]


def integers(data, kind, units):
    """Weights: int8 per channel or per tensor, or uint8 with a zero point."""
    if kind == "uint8" or units is None:
        scale, point = range_of(data, np.uint8)
        whole = np.clip(np.rint(data / scale) + point, 0, 255).astype(np.uint8)
        return {"": whole, "_s": scale, "_z": point}
    axes = tuple(axis for axis in range(data.ndim) if axis != units or kind == "tensor")
    most = np.max(np.abs(data), axis=axes, keepdims=True)
    whole = np.rint(data / most * 127).astype(np.int8)
    scale = np.float32(most.reshape(-1) / 127)
    scale = scale if kind == "channel" else scale[0]
    return {"": whole, "_s": scale, "_z": np.zeros(scale.shape, np.int8)}


def sums(bias, scale):
    scale = np.float32(scale)
    whole = np.rint(bias / scale).astype(np.int32)
    return {"": whole, "_s": scale, "_z": np.zeros(scale.shape, np.int32)}


OPERATORS = {
    "conv": Operator("Conv", (reals(6, 4, 3, 3), reals(6)), attributes={"pads": [1, 1, 1, 1]}),
    "conv grouped": Operator("Conv", (reals(6, 2, 3, 3), reals(6)), attributes={"group": 2}),
    "depthwise": Operator("Conv", (reals(8, 1, 3, 3), reals(8)), attributes={"group": 4}),
    "conv of time": Operator("Conv", (reals(6, 4, 3), reals(6)), (1, 4, 20)),
    "transposed": Operator(
        "ConvTranspose", (reals(4, 3, 2, 2), reals(3)), units=1, attributes={"strides": [2, 2]}
    ),
    "gemm": Operator("Gemm", (reals(40, 5), reals(5)), (1, 40), 1),
    "gemm turned": Operator("Gemm", (reals(5, 40), reals(5)), (1, 40), 0, {"transB": 1}),
    "matmul": Operator("MatMul", (reals(7, 5),), (1, 6, 7), 1),
    "matmul of three axes": Operator("MatMul", (reals(1, 7, 5),), (1, 6, 7), 2),
    "add": Operator("Add", (reals(4, 1, 1),), units=None),
    "multiply": Operator("Mul", (reals(4, 1, 1),), units=None),
    "subtract": Operator("Sub", (reals(1, 4, 9, 7),), units=None),
    "largest": Operator("Max", (reals(4, 1, 1),), units=None, share=TWICE),
    "relu": Operator("Relu"),
    "leaky": Operator("LeakyRelu", attributes={"alpha": 0.2}, share=TWICE),
    "sigmoid": Operator("Sigmoid", output=(1 / 256, -128)),
    "sigmoid wide": Operator("Sigmoid", output=(1 / 200, -100), share=TWICE),
    "tanh": Operator("Tanh", output=(1 / 127, 3), share=TWICE),
    "softmax": Operator("Softmax", (), (1, 10), output=(1 / 256, -128), attributes={"axis": 1}),
    "hard swish": Operator("HardSwish"),
    "hard sigmoid": Operator("HardSigmoid", output=(1 / 255, -128), share=TWICE),
    "hard sigmoid of torch": Operator(
        "HardSigmoid", attributes={"alpha": 1 / 6}, output=(1 / 200, -128), share=TWICE
    ),
    "clip": Operator("Clip", output=(0.02, -128)),
    "max pool": Operator("MaxPool", attributes={"kernel_shape": [2, 2]}),
    "average": Operator("AveragePool", attributes={"kernel_shape": [3, 2], "strides": [2, 1]}),
    "average same": Operator(
        "AveragePool", attributes={"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}, share=0.8, most=2
    ),
    "global average": Operator("GlobalAveragePool", share=TWICE),
    "mean": Operator("ReduceMean", (np.array([2], np.int64),), share=TWICE),
    "flatten": Operator("Flatten"),
    "exp": Operator("Exp"),
}  # fmt: skip


def memory(value, name, tensor, description):
    """An array of the file as the network has it."""
    said = dict(each.split(" ") for each in description.split(", ") if each)
    if name in said:
        stated = {3: "NCL", 4: "NCHW"}.get(value.ndim, "0123456789")
        value = value.transpose([stated.index(letter) for letter in said[name]])
    return np.ascontiguousarray(value).reshape(tensor.shape)


def steps(model, network, given, expected):
    """By how many steps of the output the network differs, for one input."""
    (data,), (output,) = network.inputs, network.outputs
    tensor = network.tensors[data]
    whole = quantized(memory(given, "x", tensor, network.description), scale_in(tensor))
    found = reference.run(network, [whole])[output]
    tensor = network.tensors[output]
    expected = memory(expected, "y", tensor, network.description)
    scale, point = tensor.quantization.scale[0], tensor.quantization.zero_point[0]
    return np.abs(np.round(expected / scale) + point - found)


def check(model, shape, run, count=4):
    """All differences in steps; `run` is the judge's."""
    network = frontend.parse(model, "m.onnx", "m")
    inputs = reals(count, *shape[1:], seed=3, scale=1.0)
    found = [steps(model, network, each[None], run(each[None])) for each in inputs]
    return network, np.stack(found)


def by_onnx(model):
    evaluator = ReferenceEvaluator(model)
    return lambda value: evaluator.run(None, {"x": value})[0]


KINDS = [
    (INT8, "channel", True), (INT8, "tensor", False), (UINT8, "tensor", True),
    (INT8, "uint8", False), (UINT8, "uint8", True),
]  # fmt: skip


CASES = [
    pytest.param(label, kind, id="-".join(map(str, (label, *kind))))
    for label, case in OPERATORS.items()
    for kind in (
        KINDS if case.constants else (KINDS[0], KINDS[2])
    )  # without weights: by activations alone
]


@pytest.mark.parametrize(("label", "kind"), CASES)
def test_operator(label, kind):
    case = OPERATORS[label]
    model, (scale, point) = case.quantized(*kind)
    if label == "transposed" and kind[1] == "uint8":
        with pytest.raises(GravenError, match="int16"):
            frontend.parse(model, "m.onnx", "m")
        return
    network, apart = check(model, case.shape, by_onnx(model))
    assert apart.max() <= case.most and (apart > 0).mean() <= case.share
    (output,) = network.outputs
    point = int(point) - (128 if point.dtype == np.uint8 else 0)
    assert network.tensors[output].quantization == ir.Quantization((float(scale),), (point,))


# -- operators of integers ------------------------------------------------------------------------

ACTIVATIONS = {
    "s": np.float32(0.02), "z": np.uint8(120), "t": np.float32(0.05), "a": np.uint8(131)
}  # fmt: skip


OF_WORDS = {
    "sigmoid": 1, "sigmoid wide": 1, "tanh": 3, "average same": 2, "hard sigmoid": 1,
    "hard sigmoid of torch": 1, "exp": 3,
}  # fmt: skip
"""Steps of 2^-15 where TensorFlow Lite interpolates in a table, or rounds twice."""
REAL = ("hard swish",)
"""What has no kernel of int16."""


@pytest.mark.parametrize("activations", [INT16, UINT16], ids=str)
@pytest.mark.parametrize("label", OPERATORS)
def test_operator_of_16_bits(label, activations):
    """int16, or uint16 whose zero point is 32768, which is the same; weights are int8."""
    case = OPERATORS[label]
    model, _ = case.quantized(activations)
    network, apart = check(model, case.shape, by_onnx(model))
    assert apart.max() <= OF_WORDS.get(label, 1)
    assert label in OF_WORDS or (apart > 0).mean() <= 0.15
    computed = [network.tensors[each.outputs[0]].element for each in network.operators]
    assert label in REAL or set(computed) == {ir.Element.INT16}


def test_refusals_of_16_bits():
    scale = np.float32(0.001)
    nodes = [*pair("x", "s", "z"), node("Relu", ["x_real"], ["r"]), *pair("r", "s", "a", "y")]
    constants = {"s": scale, "z": np.array(5, np.int16), "a": np.array(0, np.int16)}
    refused(nodes, constants, "int16 numbers with zero point 5, expected 0: activations of 16 bits")
    constants["z"] = np.array(5, np.uint16)
    refused(nodes, constants, "uint16 numbers with zero point 5, expected 32768")
    constants["z"] = np.array(0, np.int8)
    refused(nodes, constants, "is int16 where other activations are int8; quantize all of them")
    wide = {"s": scale, "z": np.array(0, np.int32)}
    refused(
        [*pair("x", "s", "z", "y")], wide, "has numbers of int32, expected int8, uint8 or int16"
    )


def whole(nodes, constants, shape, outputs=("y",), **others):
    """From 'x' in float32 to 'q' in integers by the nodes, to 'y' in float32."""
    ends = [
        node("QuantizeLinear", ["x", "s", "z"], ["p"]),
        *nodes,
        node("DequantizeLinear", ["q", "t", "a"], ["y"]),
    ]
    return model_of(ends, {**ACTIVATIONS, **constants}, {"x": shape}, outputs, **others)


@pytest.mark.parametrize("channel", [False, True])
def test_convolution_of_integers(channel):
    rng = np.random.default_rng(0)
    units = 6
    scale = rng.uniform(0.01, 0.02, units).astype(np.float32)
    constants = {
        "w": rng.integers(-127, 128, (units, 4, 3, 3)).astype(np.int8),
        "ws": scale if channel else scale[0],
        "wz": np.zeros(units, np.int8) if channel else np.int8(0),
        "b": rng.integers(-3000, 3000, units).astype(np.int32),
    }
    names = ["p", "s", "z", "w", "ws", "wz", "t", "a", "b"]
    model = whole([node("QLinearConv", names, ["q"], pads=[1] * 4)], constants, (1, 4, 9, 7))
    network, apart = check(model, (1, 4, 9, 7), by_onnx(model))
    assert apart.max() <= 1 and (apart > 0).mean() <= SHARE
    (operator,) = network.operators
    weights, bias = (network.tensors[index] for index in operator.inputs[1:])
    assert np.array_equal(weights.data, constants["w"].transpose(0, 2, 3, 1))
    assert weights.quantization.scale == tuple(np.float32(constants["ws"]).reshape(-1).tolist())
    assert np.array_equal(bias.data, constants["b"])


def test_product_of_integers():
    rng = np.random.default_rng(1)
    constants = {
        "w": rng.integers(0, 256, (7, 5)).astype(np.uint8),
        "ws": np.float32(0.01),
        "wz": np.uint8(99),
    }
    names = ["p", "s", "z", "w", "ws", "wz", "t", "a"]
    model = whole([node("QLinearMatMul", names, ["q"])], constants, (1, 6, 7))
    network, apart = check(model, (1, 6, 7), by_onnx(model))
    assert apart.max() <= 1 and (apart > 0).mean() <= SHARE
    weights = network.tensors[network.operators[0].inputs[1]]
    assert np.array_equal(weights.data, constants["w"].T.astype(np.int16) - 99)


# -- what a file says is what is computed ---------------------------------------------------------


def test_integers_are_moved_as_they_are():
    """MaxPool of integers, between a QuantizeLinear and a reader that states the same scale."""
    constants = {**ACTIVATIONS, "r": np.array([1, -1])}
    nodes = [
        node("QuantizeLinear", ["x", "s", "z"], ["p"]),
        node("MaxPool", ["p"], ["m"], kernel_shape=[2, 2], strides=[2, 2]),
        node("Reshape", ["m", "r"], ["f"]),
        node("DequantizeLinear", ["f", "s", "z"], ["y"]),
    ]
    model = model_of(nodes, constants, {"x": (1, 4, 6, 8)}, ["y"])
    network, apart = check(model, (1, 4, 6, 8), by_onnx(model))
    assert not apart.any()
    assert {each.name for each in network.operators} <= {"MAX_POOL_2D", "RESHAPE", "TRANSPOSE"}


def test_uint8_at_the_edges_stays_uint8():
    nodes = [
        node("DequantizeLinear", ["x", "s", "z"], ["r"]),
        node("Relu", ["r"], ["m"]),
        node("QuantizeLinear", ["m", "t", "a"], ["y"]),
    ]
    kinds = dict.fromkeys("xy", TensorProto.UINT8)
    model = model_of(nodes, ACTIVATIONS, {"x": (1, 20)}, ["y"], elements=kinds)
    network = frontend.parse(model, "m.onnx", "m")
    ends = [network.tensors[index] for index in (*network.inputs, *network.outputs)]
    assert [each.element for each in ends] == [ir.Element.UINT8] * 2
    assert [each.quantization.zero_point for each in ends] == [(120,), (131,)]
    given = np.random.default_rng(0).integers(0, 256, (1, 20)).astype(np.uint8)
    (expected,) = ReferenceEvaluator(model).run(None, {"x": given})
    found = reference.run(network, [given])[network.outputs[0]]
    assert np.abs(found.astype(int) - expected).max() <= 1


def test_a_branch_that_is_not_quantized_sees_real_numbers():
    nodes = [
        *pair("x", "s", "z"),
        node("Exp", ["x"], ["e"]),
        node("Add", ["e", "x_real"], ["m"]),
        *pair("m", "t", "a", "y"),
    ]
    network = frontend.parse(model_of(nodes, ACTIVATIONS, {"x": (1, 20)}, ["y"]), "m.onnx", "m")
    assert network.tensors[network.inputs[0]].element is ir.Element.FLOAT32
    names = [each.name for each in network.operators]
    assert names == ["QUANTIZE", "EXP", "DEQUANTIZE", "ADD", "QUANTIZE"]


def test_what_is_true_is_one():
    """A mask that is quantized, as quantizers do to what multiplies by it."""
    constants = {**ACTIVATIONS, "half": np.float32(0.5), "u": np.float32(1 / 255), "b": np.uint8(0)}
    nodes = [
        *pair("x", "s", "z"),
        node("Greater", ["x_real", "half"], ["more"]),
        node("Cast", ["more"], ["mask"], to=TensorProto.FLOAT),
        *pair("mask", "u", "b"),
        node("Mul", ["x_real", "mask_real"], ["m"]),
        *pair("m", "s", "z", "y"),
    ]
    model = model_of(nodes, constants, {"x": (1, 20)}, ["y"])
    network = frontend.parse(model, "m.onnx", "m")
    values = reals(1, 20)
    (given,), (output,) = network.inputs, network.outputs
    wanted = ReferenceEvaluator(model).run(None, {"x": values})[0]
    tensor = network.tensors[given]
    data = quantized(values, scale_in(tensor)) if tensor.quantization else values
    found = reference.run(network, [data])[output].astype(np.float64)
    if scales := network.tensors[output].quantization:
        found = (found - scales.zero_point[0]) * scales.scale[0]
    assert 0 < (wanted != 0).sum() < 20
    np.testing.assert_allclose(found, wanted, atol=0.021)


def test_a_recurrent_layer_in_front_of_integers():
    """It computes in float32, as quantizers leave it; the inputs that it lacks stay absent."""
    constants = {
        **ACTIVATIONS, "w": reals(1, 12, 5), "r": reals(1, 12, 3), "axes": np.array([1], np.int64),
    }  # fmt: skip
    nodes = [
        node("LSTM", ["x", "w", "r"], ["states"], hidden_size=3),
        node("Squeeze", ["states", "axes"], ["m"]),
        *pair("m", "s", "z", "y"),
    ]
    model = model_of(nodes, constants, {"x": (6, 1, 5)}, ["y"])
    network = frontend.parse(model, "m.onnx", "m")
    names = [each.name for each in network.operators]
    assert names == ["RESHAPE", "UNIDIRECTIONAL_SEQUENCE_LSTM", "QUANTIZE", "RESHAPE"]


def test_weights_that_the_file_quantizes():
    """As torch.onnx writes them: in float32, with a pair behind."""
    rng = np.random.default_rng(0)
    whole = rng.integers(-127, 128, (6, 4, 3, 3)).astype(np.int8)
    scale = rng.uniform(0.01, 0.02, 6).astype(np.float32)
    constants = {
        **ACTIVATIONS, "w": whole * scale[:, None, None, None], "ws": scale,
        "wz": np.zeros(6, np.int8),
    }  # fmt: skip
    stored = [
        node("QuantizeLinear", ["w", "ws", "wz"], ["wq"], axis=0),
        node("DequantizeLinear", ["wq", "ws", "wz"], ["wr"], axis=0),
        node("Conv", ["x_real", "wr"], ["m"]),
    ]
    nodes = [*pair("x", "s", "z"), *stored, *pair("m", "t", "a", "y")]
    model = model_of(nodes, constants, {"x": (1, 4, 9, 7)}, ["y"])
    network, apart = check(model, (1, 4, 9, 7), by_onnx(model))
    assert apart.max() <= 1 and (apart > 0).mean() <= SHARE
    weights = network.tensors[network.operators[0].inputs[1]]
    assert np.array_equal(weights.data, whole.transpose(0, 2, 3, 1))


def test_weights_alone():
    """Under activations of float32 they stay int8."""
    case = OPERATORS["conv"]
    stored = integers(case.constants[0], "channel", 0)
    constants = {f"w{ending}": value for ending, value in stored.items()}
    nodes = [
        node("DequantizeLinear", ["w", "w_s", "w_z"], ["r"], axis=0),
        node("Conv", ["x", "r"], ["y"], pads=[1] * 4),
    ]
    model = model_of(nodes, constants, {"x": case.shape}, ["y"])
    network = frontend.parse(model, "m.onnx", "m")
    assert [each.name for each in network.operators] == ["CONV_2D"]
    assert network.tensors[network.operators[0].inputs[1]].element is ir.Element.INT8
    given = reals(*case.shape, seed=3)
    expected = by_onnx(model)(given)
    found = reference.run(network, [given.transpose(0, 2, 3, 1)])[network.outputs[0]]
    np.testing.assert_allclose(found.transpose(0, 3, 1, 2), expected, rtol=1e-4, atol=1e-5)


def test_stored_weights_are_turned():
    """Behind a Transpose, with their scales; an input with its channels last, as tf2onnx has it."""
    rng = np.random.default_rng(0)
    whole = rng.integers(-127, 128, (3, 3, 4, 6)).astype(np.int8)
    constants = {
        **ACTIVATIONS, "w": whole, "ws": rng.uniform(0.01, 0.02, 6).astype(np.float32),
        "wz": np.zeros(6, np.int8),
    }  # fmt: skip
    stored = [
        node("DequantizeLinear", ["w", "ws", "wz"], ["wr"], axis=3),
        node("Transpose", ["wr"], ["wt"], perm=[3, 2, 0, 1]),
        node("Transpose", ["x_real"], ["xt"], perm=[0, 3, 1, 2]),
        node("Conv", ["xt", "wt"], ["mt"]),
        node("Transpose", ["mt"], ["m"], perm=[0, 2, 3, 1]),
    ]
    nodes = [*pair("x", "s", "z"), *stored, *pair("m", "t", "a", "y")]
    model = model_of(nodes, constants, {"x": (1, 9, 7, 4)}, ["y"])
    network = frontend.parse(model, "m.onnx", "m", "nchw")
    assert [each.name for each in network.operators] == ["CONV_2D"]
    weights = network.tensors[network.operators[0].inputs[1]]
    assert np.array_equal(weights.data, whole.transpose(3, 0, 1, 2))
    assert weights.quantization.axis == 0
    given = reals(1, 9, 7, 4, seed=3, scale=1.0)
    assert steps(model, network, given, by_onnx(model)(given)).max() <= 1


def test_quantized_twice():
    """A second pair of another scale rounds again."""
    nodes = [*pair("x", "s", "z"), node("Relu", ["x_real"], ["m"]), *pair("m", "s", "z"),
             *pair("m_real", "t", "a", "y")]  # fmt: skip
    model = model_of(nodes, ACTIVATIONS, {"x": (1, 20)}, ["y"])
    network, apart = check(model, (1, 20), by_onnx(model))
    assert apart.max() <= 1
    assert [each.name for each in network.operators] == ["RELU", "QUANTIZE"]


def refused(nodes, constants, text, shape=(1, 4, 9, 7), **others):
    with pytest.raises(GravenError) as found:
        frontend.parse(model_of(nodes, constants, {"x": shape}, ["y"], **others), "m.onnx", "m")
    assert text in str(found.value)


def test_refusals():
    quantize = [node("QuantizeLinear", ["x", "s", "z"], ["p"])]
    back = [node("DequantizeLinear", ["p", "s", "z"], ["y"])]
    plain = {"s": np.float32(0.02), "z": np.int8(0)}
    wide = {"s": np.float32(0.02), "z": np.int32(0)}
    refused([*quantize, *back], wide, "expected int8, uint8 or int16")
    several = {"s": np.full(4, 0.02, np.float32), "z": np.zeros(4, np.int8)}
    refused([*quantize, *back], several, "has 4 scales for an activation, expected one")
    other = [node("DequantizeLinear", ["p", "t", "z"], ["y"])]
    refused(
        [*quantize, *other], {**plain, "t": np.float32(0.03)}, "but it was written with (0.02, 0"
    )
    dynamic = [node("DynamicQuantizeLinear", ["x"], ["p", "s", "z"])]
    refused([*dynamic, *back], {}, "its scales depend on the input: quantize the model statically")
    weights = {**plain, "w": np.ones((6, 4, 3, 3), np.int8), "ws": np.ones(4, np.float32),
               "wz": np.zeros(4, np.int8)}  # fmt: skip
    scaled = [
        *quantize, node("DequantizeLinear", ["p", "s", "z"], ["r"]),
        node("DequantizeLinear", ["w", "ws", "wz"], ["v"], axis=1),
        node("Conv", ["r", "v"], ["y"]),
    ]  # fmt: skip
    refused(scaled, weights, "quantized along axis 1, expected axis 0, that of the outputs")
    square = {**plain, "w": np.ones((1, 6, 6), np.int8), "ws": np.linspace(1, 2, 6, dtype="f"),
              "wz": np.zeros(6, np.int8)}  # fmt: skip
    product = [*scaled[:-1], node("MatMul", ["r", "v"], ["y"])]
    refused(product, square, "quantized along axis 1, expected axis 0", (1, 3, 6))


# -- onnxruntime's quantizer, and its kernels -----------------------------------------------------


def network_of_many():
    """Two opsets' worth of what such networks have."""
    constants = {
        "w1": reals(8, 3, 3, 3), "b1": reals(8), "w2": reals(8, 1, 3, 3), "b2": reals(8),
        "w3": reals(12, 8, 1, 1), "b3": reals(12), "w4": reals(12, 10), "b4": reals(10),
        "w5": reals(12, 12, 3, 3, scale=0.15), "b5": reals(12), "lo": np.float32(0),
        "hi": np.float32(6),
    }  # fmt: skip
    nodes = [
        node("Conv", ["x", "w1", "b1"], ["a"], pads=[1] * 4), node("Relu", ["a"], ["b"]),
        node("Conv", ["b", "w2", "b2"], ["c"], group=8, pads=[1] * 4, strides=[2, 2]),
        node("Clip", ["c", "lo", "hi"], ["d"]),
        node("Conv", ["d", "w3", "b3"], ["e"]), node("Relu", ["e"], ["f"]),
        node("Conv", ["f", "w5", "b5"], ["g"], pads=[1] * 4),
        node("Add", ["g", "f"], ["h"]), node("Relu", ["h"], ["i"]),
        node("MaxPool", ["i"], ["j"], kernel_shape=[2, 2], strides=[2, 2]),
        node("AveragePool", ["j"], ["k"], kernel_shape=[2, 2]),
        node("GlobalAveragePool", ["k"], ["l"]), node("Flatten", ["l"], ["m"]),
        node("Gemm", ["m", "w4", "b4"], ["n"]), node("Softmax", ["n"], ["y"]),
    ]  # fmt: skip
    return model_of(nodes, constants, {"x": (1, 3, 12, 16)}, ["y"], opset=17)


def by_runtime(path, activations="QUInt8"):
    runtime = pytest.importorskip("onnxruntime", reason="no package onnxruntime")
    options = runtime.SessionOptions()
    options.log_severity_level = 3  # errors alone
    if activations == "QUInt8":  # by AVX2 without VNNI products saturate at 16 bits, if not told
        options.add_session_config_entry("session.x64quantprecision", "1")
    session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda value: session.run(None, {"x": value})[0]


FORMATS = [
    (form, activations, weights, channel)
    for form in ("QDQ", "QOperator")
    for activations, weights in (("QUInt8", "QInt8"), ("QInt8", "QInt8"), ("QUInt8", "QUInt8"))
    for channel in ((False, True) if weights == "QInt8" else (False,))
]


@pytest.mark.parametrize("how", FORMATS, ids=lambda each: "-".join(map(str, each)))
def test_quantizer_of_onnxruntime(how, tmp_path):
    """All layers round once: what is left of the differences at the end are some steps."""
    pytest.importorskip("onnxruntime", reason="no package onnxruntime")
    from onnxruntime import quantization

    form, activations, weights, channel = how
    logging.getLogger().setLevel(logging.ERROR)
    inputs = [reals(1, 3, 12, 16, seed=seed) for seed in range(20)]

    class Samples(quantization.CalibrationDataReader):
        left = iter(inputs)

        def get_next(self):
            return next(({"x": each} for each in self.left), None)

    onnx.save(network_of_many(), tmp_path / "float.onnx")
    quantization.quantize_static(
        tmp_path / "float.onnx",
        tmp_path / "whole.onnx",
        Samples(),
        quant_format=quantization.QuantFormat[form],
        activation_type=quantization.QuantType[activations],
        weight_type=quantization.QuantType[weights],
        per_channel=channel,
    )
    network = frontend.load(tmp_path / "whole.onnx")
    elements = {network.tensors[each].element for each in (*network.inputs, *network.outputs)}
    assert elements == {ir.Element.INT8}
    run = by_runtime(tmp_path / "whole.onnx", activations)
    whole = onnx.load(tmp_path / "whole.onnx")
    apart = np.stack([steps(whole, network, each, run(each)) for each in inputs])
    assert apart.max() <= 3 and (apart > 0).mean() <= 0.2


@pytest.mark.parametrize("label", OPERATORS)
def test_operator_in_onnxruntime(label, tmp_path):
    """The same operators by its integer kernels, where it has such."""
    case = OPERATORS[label]
    model, _ = case.quantized(UINT8, "tensor")
    onnx.save(model, tmp_path / "m.onnx")
    _, apart = check(model, case.shape, by_runtime(tmp_path / "m.onnx"))
    assert apart.max() <= case.most and (apart > 0).mean() <= case.share


LINEAR = {
    "QLinearAdd": ["p", "s", "z", "c", "cs", "cz", "t", "a"],
    "QLinearMul": ["p", "s", "z", "c", "cs", "cz", "t", "a"],
    "QLinearLeakyRelu": ["p", "s", "z", "t", "a"],
    "QLinearSigmoid": ["p", "s", "z", "t", "a"],
    "QLinearGlobalAveragePool": ["p", "s", "z", "t", "a"],
    "QLinearAveragePool": ["p", "s", "z", "t", "a"],
    "QLinearConcat": ["t", "a", "p", "s", "z", "c", "cs", "cz"],
}


@pytest.mark.parametrize("kind", LINEAR)
def test_contributed_operator(kind, tmp_path):
    rng = np.random.default_rng(0)
    constants = {
        "c": rng.integers(0, 256, (1, 4, 6, 8)).astype(np.uint8), "cs": np.float32(0.03),
        "cz": np.uint8(100),
    }  # fmt: skip
    attributes = {
        "QLinearAveragePool": {"kernel_shape": [2, 2]}, "QLinearConcat": {"axis": 1},
        "QLinearLeakyRelu": {"alpha": 0.1},
    }.get(kind, {})  # fmt: skip
    if "c" not in LINEAR[kind]:
        constants = {}
    made = node(kind, LINEAR[kind], ["q"], domain="com.microsoft", **attributes)
    model = whole([made], constants, (1, 4, 6, 8), opset=17)
    onnx.save(model, tmp_path / "m.onnx")
    _, apart = check(model, (1, 4, 6, 8), by_runtime(tmp_path / "m.onnx"))
    assert apart.max() <= 1 and (apart > 0).mean() <= TWICE


# -- as a file ------------------------------------------------------------------------------------


def test_command_line(tmp_path, capsys):
    """From a file to C++ that equals TensorFlow Lite Micro."""
    case = OPERATORS["conv"]
    model, _ = case.quantized(UINT8, "channel")
    path = tmp_path / "conv.onnx"
    onnx.save(model, path)
    assert cli.main(["compile", str(path), "-o", str(tmp_path / "conv.hpp")]) == 0
    assert "graven::Conv2D<4, 6, 3" in (tmp_path / "conv.hpp").read_text()
    assert cli.main(["verify", str(path)]) == 0
    assert "equal TensorFlow Lite Micro" in capsys.readouterr().out
