"""The ONNX front end: small networks of each kind of node, the numpy reference of what it reads
against onnx's own evaluator.
"""

import dataclasses

import cpp_cases
import numpy as np
import pytest
from graven import cli, layers, reference
from graven.errors import GravenError
from graven.frontends import onnx as frontend
from graven.frontends.nchw import regroup

onnx = pytest.importorskip("onnx", reason="no package onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

node = helper.make_node


@dataclasses.dataclass
class Graph:
    """`nodes` from 'x' (of `shape`, or several inputs) to 'y'."""

    nodes: list
    constants: dict
    shape: tuple = (1, 4, 9, 7)
    opset: int = 17
    inputs: dict | None = None

    def model(self):
        given = self.inputs or {"x": self.shape}
        value = helper.make_tensor_value_info
        graph = helper.make_graph(
            self.nodes,
            "graph",
            [value(name, TensorProto.FLOAT, shape) for name, shape in given.items()],
            [value("y", TensorProto.FLOAT, None)],
            [
                numpy_helper.from_array(np.asarray(data), name)
                for name, data in self.constants.items()
            ],
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])

    def read(self, layout=None):
        return frontend.parse(self.model(), "m.onnx", "m", layout)


def reals(*shape, seed=0):
    return np.random.default_rng(seed).normal(0.0, 0.5, shape).astype(np.float32)


def positive(*shape, seed=0):
    return np.abs(reals(*shape, seed=seed)) + np.float32(0.5)


def integers(*values):
    return np.array(values, dtype=np.int64)


def in_memory(value, name, shape, description):
    """An activation of the file as the network wants it."""
    said = dict(each.split(" ") for each in description.split(", ") if each)
    if name in said:
        stated = {3: "NCL", 4: "NCHW"}.get(value.ndim, "0123456789")
        value = value.transpose([stated.index(letter) for letter in said[name]])
    assert value.shape == shape
    return np.ascontiguousarray(value)


def check(graph, layout=None, seed=1):
    network = graph.read(layout)
    rng = np.random.default_rng(seed)
    given = {
        name: rng.normal(0, 1, shape).astype(np.float32)
        for name, shape in (graph.inputs or {"x": graph.shape}).items()
    }
    (expected,) = ReferenceEvaluator(graph.model()).run(None, given)
    shapes = [network.tensors[index].shape for index in network.inputs]
    pairs = zip(given, shapes, strict=True)
    inputs = [in_memory(given[name], name, shape, network.description) for name, shape in pairs]
    (output,) = network.outputs
    found = reference.run(network, inputs)[output]
    expected = in_memory(expected, "y", found.shape, network.description)
    assert np.max(np.abs(found - expected)) <= 1e-4 * max(np.max(np.abs(expected)), 1e-3)
    return network


def names(network):
    return [each.name for each in network.operators]


def one(kind, *constants, shape=(1, 4, 9, 7), opset=17, **attributes):
    """A single node, its further inputs constants."""
    values = {f"c{place}": value for place, value in enumerate(constants) if value is not None}
    inputs = ["x", *(f"c{k}" if value is not None else "" for k, value in enumerate(constants))]
    return Graph([node(kind, inputs, ["y"], **attributes)], values, shape, opset)


CASES = {
    "conv": one("Conv", reals(6, 4, 3, 3), reals(6)),
    "conv same": one("Conv", reals(6, 4, 3, 3), pads=[1, 1, 1, 1]),
    "conv auto same": one("Conv", reals(6, 4, 3, 3), auto_pad="SAME_UPPER", strides=[2, 2]),
    "conv padded": one("Conv", reals(6, 4, 3, 3), pads=[2, 0, 1, 1], strides=[2, 2]),
    "conv lower": one("Conv", reals(6, 4, 4, 4), auto_pad="SAME_LOWER"),
    "conv dilated": one("Conv", reals(6, 4, 3, 3), dilations=[2, 2]),
    "conv of a volume": one(
        "Conv", reals(3, 4, 3, 2, 1), reals(3), shape=(1, 4, 5, 6, 7), strides=[2, 1, 1],
        dilations=[1, 2, 1], pads=[1, 0, 1, 0, 0, 1],
    ),
    "conv grouped": one("Conv", reals(6, 2, 3, 3), reals(6), group=2),
    "depthwise": one("Conv", reals(8, 1, 3, 3), reals(8), group=4, pads=[1, 1, 1, 1]),
    "conv of time": one("Conv", reals(6, 4, 3), reals(6), shape=(1, 4, 20)),
    "conv transposed": one("ConvTranspose", reals(4, 3, 2, 2), reals(3), strides=[2, 2]),
    "max pool": one("MaxPool", kernel_shape=[2, 2], strides=[2, 2]),
    "max pool ceil": one("MaxPool", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
    "max pool padded": one("MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 0, 0]),
    "max pool of time": one("MaxPool", kernel_shape=[2], strides=[2], shape=(1, 4, 20)),
    "average pool": one("AveragePool", kernel_shape=[3, 2], strides=[2, 1]),
    "average pool same": one("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
    "average pool counting": one(
        "AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1
    ),
    "global average": one("GlobalAveragePool"),
    "global max": one("GlobalMaxPool"),
    "normalized": one("BatchNormalization", reals(4), reals(4), reals(4), positive(4)),
    "layer norm": one("LayerNormalization", reals(7), reals(7), shape=(1, 6, 7)),
    "layer norm of axes": one("LayerNormalization", reals(6, 7), shape=(1, 6, 7), axis=1),
    "layer norm of an image": one("LayerNormalization", reals(7), epsilon=0.1),
    "rms norm": one("RMSNormalization", reals(7), shape=(1, 6, 7), opset=23),
    "attention": Graph(
        [
            node("MatMul", ["x", "wq"], ["q"]),
            node("MatMul", ["x", "wk"], ["k"]),
            node("Transpose", ["k"], ["kt"], perm=[0, 2, 1]),
            node("MatMul", ["q", "kt"], ["scores"]),
            node("Mul", ["scores", "scale"], ["scaled"]),
            node("Softmax", ["scaled"], ["shares"], axis=-1),
            node("MatMul", ["shares", "x"], ["y"]),
        ],
        {"wq": reals(8, 8), "wk": reals(8, 8, seed=1), "scale": np.float32(0.35)},
        (1, 6, 8),
    ),
    "gemm": one("Gemm", reals(12, 5), reals(5), shape=(1, 12), alpha=0.5, beta=2.0),
    "gemm turned": one("Gemm", reals(5, 12), reals(5), shape=(1, 12), transB=1),
    "matmul": one("MatMul", reals(7, 5)),
    "matmul by a vector": one("MatMul", reals(7), shape=(1, 6, 7)),
    "matmul by matrices": one("MatMul", reals(3, 7, 5), shape=(1, 3, 6, 7)),
    "matmul of time": one("MatMul", reals(7, 5), shape=(1, 6, 7)),
    "leaky": one("LeakyRelu", alpha=0.2),
    "prelu": one("PRelu", reals(4, 1, 1)),
    "hard sigmoid": one("HardSigmoid", alpha=1 / 6),
    "clip": one("Clip", np.float32(-1), np.float32(1)),
    "clip 6": one("Clip", np.float32(0), np.float32(6)),
    "clip below": one("Clip", np.float32(0), np.float32(2.5)),
    "elu": one("Elu"),
    "softmax": one("Softmax", axis=1),
    "softmax of rows": one("Softmax", axis=-1),
    "log softmax": one("LogSoftmax", axis=1),
    "add channels": one("Add", reals(4, 1, 1)),
    "add all": one("Add", reals(1, 4, 9, 7)),
    "subtract": one("Sub", reals(4, 1, 1)),
    "divide": one("Div", positive(4, 1, 1)),
    "square": one("Pow", np.float32(2)),
    "flatten": one("Flatten"),
    "flatten rows": one("Flatten", axis=2),
    "transpose": Graph(
        [node("Transpose", ["x"], ["t"], perm=[0, 2, 3, 1]), node("Relu", ["t"], ["y"])], {}
    ),
    "squeeze": one("Squeeze", integers(0), shape=(1, 1, 6, 7)),
    "unsqueeze": one("Unsqueeze", integers(2), shape=(1, 4, 7)),
    "reshape": one("Reshape", integers(1, 2, 2, -1, 7)),
    "mean of rows": one("ReduceMean", axes=[2], keepdims=0),
    "mean of channels": one("ReduceMean", integers(1), opset=18),
    "sum": one("ReduceSum", integers(2, 3)),
    "slice": one("Slice", integers(1, 2), integers(3, 100), integers(1, 3)),
    "slice steps": one("Slice", integers(1), integers(100), integers(2), integers(3)),
    "gather": one("Gather", np.array(2, dtype=np.int64), axis=1),
    "gather several": one("Gather", integers(3, 0, 2), axis=1),
    "expand": one("Expand", integers(1, 4, 9, 7), shape=(1, 4, 1, 7)),
    "pad": one("Pad", integers(0, 0, 1, 2, 0, 0, 0, 3)),
    "pad reflected": one("Pad", integers(0, 0, 1, 2, 0, 0, 0, 3), mode="reflect"),
    "upsample": one(
        "Resize", None, np.array([1, 1, 2, 3], dtype=np.float32), mode="nearest",
        coordinate_transformation_mode="asymmetric", nearest_mode="floor",
    ),
    "upsample torch": one(
        "Resize", None, None, integers(1, 4, 18, 14), mode="linear",
        coordinate_transformation_mode="half_pixel",
    ),
    "upsample corners": one(
        "Resize", None, None, integers(1, 4, 12, 14), mode="linear",
        coordinate_transformation_mode="align_corners",
    ),
    "upsample of time": one(
        "Resize", None, np.array([1, 1, 2], dtype=np.float32), shape=(1, 4, 9), mode="linear",
        coordinate_transformation_mode="pytorch_half_pixel",
    ),
    "upsample to one pixel": one(
        "Resize", None, None, integers(1, 4, 1, 1), mode="nearest",
        coordinate_transformation_mode="pytorch_half_pixel",
    ),
    "depth to space": one("DepthToSpace", blocksize=2),
    "pixel shuffle": one("DepthToSpace", blocksize=2, mode="CRD"),
    **{kind: one(kind) for kind in ("Relu", "Sigmoid", "Tanh", "HardSwish", "Abs", "Neg", "Exp")},
}  # fmt: skip


def lacking(error):
    """An operator that graven has no layer for yet."""
    return "which is not supported; what there is" in str(error)


@pytest.mark.parametrize("layout", ["nhwc", "nchw"])
@pytest.mark.parametrize("label", CASES)
def test_node(label, layout):
    try:
        check(CASES[label], layout)
    except GravenError as error:
        if not lacking(error):
            raise
        pytest.skip(str(error).split(";")[0])


# -- layout ---------------------------------------------------------------------------------------


def cnn(shape=(1, 3, 8, 10)):
    """Convolutions, batch normalization, a residual, and Dense behind Flatten."""
    nodes = [
        node("Conv", ["x", "w1"], ["a"], pads=[1, 1, 1, 1]),
        node("BatchNormalization", ["a", "scale", "offset", "mean", "variance"], ["b"]),
        node("Relu", ["b"], ["c"]),
        node("MaxPool", ["c"], ["d"], kernel_shape=[2, 2], strides=[2, 2]),
        node("Conv", ["d", "w2", "b2"], ["e"], group=8, pads=[1, 1, 1, 1]),
        node("Add", ["e", "d"], ["f"]),
        node("Clip", ["f", "zero", "six"], ["g"]),
        node("Shape", ["g"], ["s"]),
        node("Gather", ["s", "first"], ["n"]),
        node("Unsqueeze", ["n", "axis"], ["m"]),
        node("Concat", ["m", "rest"], ["flat"], axis=0),
        node("Reshape", ["g", "flat"], ["k"]),
        node("Gemm", ["k", "w3", "b3"], ["l"], transB=1),
        node("Softmax", ["l"], ["y"]),
    ]
    half = 8 * (shape[2] // 2) * (shape[3] // 2)
    constants = {
        "w1": reals(8, 3, 3, 3), "scale": reals(8), "offset": reals(8), "mean": reals(8),
        "variance": positive(8), "w2": reals(8, 1, 3, 3), "b2": reals(8), "zero": np.float32(0),
        "six": np.float32(6), "first": np.array(0, dtype=np.int64), "axis": integers(0),
        "rest": integers(-1), "w3": reals(10, half), "b3": reals(10),
    }  # fmt: skip
    return Graph(nodes, constants, shape)


def test_cnn_without_transpositions():
    network = check(cnn())
    expected = ["CONV_2D", "MAX_POOL_2D", "DEPTHWISE_CONV_2D", "ADD", "FULLY_CONNECTED", "SOFTMAX"]
    assert names(network) == expected
    assert network.operators[0].layer.activation == "RELU"
    assert network.operators[3].layer.activation == "RELU6"
    assert network.tensors[network.inputs[0]].shape == (1, 8, 10, 3)
    assert network.description == "x NHWC"


def test_channels_first_costs_one_transposition():
    network = check(cnn(), "nchw")
    assert names(network).count("TRANSPOSE") == 1
    assert network.tensors[network.inputs[0]].shape == (1, 3, 8, 10)


def test_file_that_transposes_its_input_keeps_it():
    """As tf2onnx writes it."""
    nodes = [
        node("Transpose", ["x"], ["a"], perm=[0, 3, 1, 2]),
        node("Conv", ["a", "w"], ["b"], pads=[1, 1, 1, 1]),
        node("Transpose", ["b"], ["y"], perm=[0, 2, 3, 1]),
    ]
    network = check(Graph(nodes, {"w": reals(6, 3, 3, 3)}, (1, 8, 9, 3)))
    assert names(network) == ["CONV_2D"]
    assert network.tensors[network.inputs[0]].shape == (1, 8, 9, 3)
    assert network.description == "x NCHW, y NCHW"  # as the file states its axes


def test_dense_behind_pool_and_activation_behind_flatten():
    nodes = [
        node("Conv", ["x", "w"], ["a"]),
        node("Flatten", ["a"], ["b"]),
        node("Relu", ["b"], ["c"]),
        node("Mul", ["c", "f"], ["d"]),
        node("MatMul", ["d", "v"], ["e"]),
        node("Add", ["e", "o"], ["y"]),
    ]
    constants = {"w": reals(6, 4, 3, 3), "f": reals(1, 210), "v": reals(210, 5), "o": reals(5)}
    assert "TRANSPOSE" not in names(check(Graph(nodes, constants)))


def test_convolutions_along_time_stay_in_place():
    nodes = [
        node("Conv", ["x", "w"], ["a"], pads=[1, 1]),
        node("BatchNormalization", ["a", "scale", "offset", "mean", "variance"], ["b"]),
        node("Relu", ["b"], ["c"]),
        node("MaxPool", ["c"], ["d"], kernel_shape=[2], strides=[2]),
        node("Conv", ["d", "v"], ["e"]),
        node("GlobalAveragePool", ["e"], ["f"]),
        node("Flatten", ["f"], ["g"]),
        node("Gemm", ["g", "u"], ["y"]),
    ]
    constants = {
        "w": reals(6, 4, 3), "scale": reals(6), "offset": reals(6), "mean": reals(6),
        "variance": positive(6), "v": reals(5, 6, 3), "u": reals(5, 3),
    }  # fmt: skip
    network = check(Graph(nodes, constants, (1, 4, 20)))
    assert names(network) == [
        "RESHAPE", "CONV_2D", "MAX_POOL_2D", "CONV_2D", "RESHAPE", "MEAN", "FULLY_CONNECTED",
    ]  # fmt: skip


def test_shuffled_channels():
    nodes = [
        node("Conv", ["x", "w"], ["a"]),
        node("Reshape", ["a", "apart"], ["b"]),
        node("Transpose", ["b"], ["c"], perm=[0, 2, 1, 3, 4]),
        node("Reshape", ["c", "back"], ["d"]),
        node("Conv", ["d", "v"], ["y"]),
    ]
    constants = {
        "w": reals(6, 4, 3, 3), "apart": integers(1, 2, 3, 7, 5), "back": integers(1, 6, 7, 5),
        "v": reals(6, 6, 3, 3),
    }  # fmt: skip
    network = check(Graph(nodes, constants))
    assert names(network).count("TRANSPOSE") == 1


def test_several_inputs_join():
    nodes = [
        node("Conv", ["x", "w"], ["a"], pads=[1, 1, 1, 1]),
        node("Concat", ["a", "z"], ["b"], axis=1),
        node("Split", ["b", "parts"], ["c", "d"], axis=1),
        node("Mul", ["c", "d"], ["y"]),
    ]
    constants = {"w": reals(4, 4, 3, 3), "parts": integers(4, 4)}
    inputs = {"x": (1, 4, 9, 7), "z": (1, 4, 9, 7)}
    network = check(Graph(nodes, constants, inputs=inputs))
    assert "TRANSPOSE" not in names(network)


def test_regrouping_axes():
    last = (0, 2, 3, 1)
    assert regroup((1, 6, 4, 5), last, (1, 2, 3, 4, 5)) == (0, 3, 4, 1, 2)
    assert regroup((1, 6, 4, 5), last, (1, 6, 20)) == (0, 2, 1)
    assert regroup((1, 6, 4, 5), last, (1, 120)) is None
    assert regroup((1, 6, 1, 1), last, (1, 6)) == (0, 1)


# -- C++ ------------------------------------------------------------------------------------------


def test_cpp_of_a_cnn(tmp_path):
    network = cnn().read()
    case = cpp_cases.make("cnn", 0, network, np.random.default_rng(0))
    ((found, *_),) = cpp_cases.run([case], tmp_path)
    (output,) = case.network.outputs
    expected = reference.run(case.network, case.inputs[0])[output]
    np.testing.assert_allclose(found[output], expected, rtol=1e-4, atol=1e-5)


def test_command_compiles(tmp_path):
    onnx.save(onnx.shape_inference.infer_shapes(cnn().model()), tmp_path / "net.onnx")
    header = tmp_path / "net.hpp"
    assert cli.main(["compile", str(tmp_path / "net.onnx"), "-o", str(header)]) == 0
    assert "x NHWC" in header.read_text() and "namespace net" in header.read_text()


def test_softmax_of_opset_11_flattens():
    """As its specification says and onnxruntime does; onnx's own evaluator does not."""
    network = one("Softmax", shape=(1, 4, 5), opset=11).read()
    found = reference.run(network, [reals(1, 4, 5)])[network.outputs[0]]
    assert abs(found.sum() - 1.0) < 1e-5


def test_log_softmax_of_opset_11_flattens():
    network = one("LogSoftmax", shape=(1, 4, 5), opset=11).read()
    found = reference.run(network, [reals(1, 4, 5)])[network.outputs[0]]
    assert abs(np.exp(found).sum() - 1.0) < 1e-5


# -- operators that are several of ours -----------------------------------------------------------

SEVERAL = {
    "celu": one("Celu", alpha=0.5),
    "selu": one("Selu"),
    "elu of alpha": one("Elu", alpha=0.7),
    "softplus": one("Softplus"),
    "softsign": one("Softsign"),
    "mish": one("Mish", opset=18),
    "erf": one("Erf"),
    "shrink": one("Shrink", bias=0.4, lambd=0.4),
    "thresholded": one("ThresholdedRelu", alpha=0.3),
    "sign": one("Sign"),
    "reciprocal": one("Reciprocal"),
    "cube": one("Pow", np.float32(3)),
    "instance norm": one("InstanceNormalization", reals(4), reals(4)),
    "group norm": one("GroupNormalization", reals(4), reals(4), num_groups=2, opset=21),
    "unit length": one("LpNormalization", axis=1),
    "l1": one("ReduceL1", axes=[1]),
    "l2": one("ReduceL2", axes=[2, 3], keepdims=0),
    "squares": one("ReduceSumSquare", axes=[1]),
    "log sum exp": one("ReduceLogSumExp", axes=[1]),
    "sums": one("CumSum", np.int64(2), reverse=1),
    "tile": one("Tile", integers(1, 2, 1, 3)),
    "blocks": one("SpaceToDepth", shape=(1, 4, 6, 8), blocksize=2),
    "edges": one("Pad", integers(0, 0, 1, 2, 0, 0, 0, 1), mode="edge"),
    "backwards": one("Slice", integers(-2), integers(-(2**63) + 1), integers(3), integers(-2)),
    "einsum": one("Einsum", reals(4, 5), equation="bchw,ck->bkhw"),
    "einsum of three": one("Einsum", reals(4, 5), reals(5, 9), equation="bchw, ck, kh"),
    "sum of several": one("Sum", reals(1, 4, 9, 7), reals(4, 1, 1)),
    "mean of several": one("Mean", reals(1, 4, 9, 7)),
    "transposed along time": one("ConvTranspose", reals(4, 3, 4), reals(3), shape=(1, 4, 9),
                                 strides=[2], pads=[1, 1]),
    "angles": one("Atan"),
    "areas": one("Asinh"),
    "elements": one("GatherElements", integers(*range(126)).reshape(1, 2, 9, 7) % 4, axis=1),
    "put elements": one("ScatterElements", integers(0, 2, 1, -1).reshape(1, 2, 1, 2),
                        reals(1, 2, 1, 2), axis=1, opset=18),
    "added elements": one("ScatterElements", integers(0, 2, 0, 2).reshape(1, 4, 1, 1),
                          reals(1, 4, 1, 1), axis=2, reduction="add", opset=18),
    "spectrum": one("DFT", None, np.int64(2), opset=20, shape=(1, 4, 12, 1), onesided=1),
    "spectrum of old": one("DFT", np.int64(10), shape=(1, 12, 1), axis=1),
    "inverse spectrum": one("DFT", shape=(1, 12, 2), axis=1, inverse=1),
    "windows": one("STFT", np.int64(8), np.hanning(16).astype(np.float32), shape=(1, 64, 1)),
    "nothing joined": Graph([node("Slice", ["x", "end", "end", "axis"], ["a"]),
                             node("Concat", ["x", "a"], ["y"], axis=3)],
                            {"end": integers(7), "axis": integers(3)}),
    "remainder": one("Mod", reals(7) + 2, fmod=1),
    "a hot one": Graph([node("ArgMax", ["x"], ["a"], axis=3, keepdims=0),
                        node("OneHot", ["a", "depth", "values"], ["y"], axis=1)],
                       {"depth": np.int64(7), "values": np.float32([-1, 2])}),
    "a hot one from behind": Graph(
        [node("ArgMax", ["x"], ["a"], axis=3, keepdims=0), node("Sub", ["a", "four"], ["b"]),
         node("OneHot", ["b", "depth", "values"], ["y"])],
        {"depth": np.int64(7), "values": np.float32([-1, 2]), "four": np.int64(4)}),
    "no number": Graph([node("IsNaN", ["x"], ["a"]), node("Not", ["a"], ["b"]),
                        node("Cast", ["b"], ["y"], to=1)], {}),
    "triangle": one("Trilu", np.int64(-1), upper=0),
    "tan": one("Tan", shape=(1, 3)),
    "cut off": Graph([node("Cast", ["x"], ["a"], to=7), node("Mod", ["a", "two"], ["b"]),
                      node("Cast", ["b"], ["c"], to=9), node("Xor", ["c", "last"], ["d"]),
                      node("Cast", ["d"], ["y"], to=1)],
                     {"two": np.int64(2), "last": np.arange(7) == 6}),
    "looked up": Graph([node("ArgMax", ["x"], ["a"], axis=3, keepdims=0),
                        node("Sub", ["a", "four"], ["b"]),
                        node("Gather", ["x", "b"], ["c"], axis=1),
                        node("ReduceSum", ["c"], ["y"])],
                       {"four": np.int64(4)}, (1, 7, 4, 7)),
    "looked up along": Graph([node("TopK", ["x", "k"], ["v", "i"], axis=2),
                              node("GatherElements", ["x", "i"], ["y"], axis=2)],
                             {"k": integers(2)}),
    "looked up along, from behind": Graph(
        [node("TopK", ["x", "k"], ["v", "i"], axis=2), node("Sub", ["i", "seven"], ["b"]),
         node("GatherElements", ["x", "b"], ["y"], axis=2)],
        {"k": integers(2), "seven": np.int64(7)}),
    "looked up in a table": Graph(
        [node("ArgMax", ["x"], ["a"], axis=3, keepdims=0), node("Sub", ["a", "seven"], ["b"]),
         node("Gather", ["table", "b"], ["rows"]), node("Gather", ["numbers", "b"], ["c"]),
         node("Cast", ["c"], ["d"], to=1), node("Add", ["rows", "d"], ["y"])],
        {"seven": np.int64(7), "table": reals(7, 3),
         "numbers": integers(*range(21)).reshape(7, 3)}),
    "nothing from behind": Graph(
        [node("Slice", ["x", "two", "five", "axis", "back"], ["a"]),
         node("Concat", ["x", "a"], ["y"], axis=3)],
        {"two": integers(2), "five": integers(5), "axis": integers(3), "back": integers(-1)}),
    "looked up as one": Graph([node("ArgMax", ["x"], ["a"], axis=2),
                               node("Concat", ["a", "a"], ["b"], axis=2),
                               node("GatherND", ["x", "b"], ["y"])], {}, (4, 4, 3)),
    "put": one("ScatterND", integers(0, 1, 0, 3).reshape(2, 2), reals(2, 9, 7), opset=18),
    "places": one("GatherND", integers(2, 0).reshape(2, 1), shape=(4, 3)),
    "transposed same": one("ConvTranspose", reals(4, 3, 3, 3), auto_pad="SAME_UPPER",
                           strides=[2, 2]),
    "volume": one("MaxPool", shape=(1, 3, 4, 6, 8), kernel_shape=[2, 2, 2], strides=[2, 2, 2]),
    "ceil": one("AveragePool", kernel_shape=[2, 3], strides=[2, 2], ceil_mode=1, opset=19,
                pads=[0, 1, 0, 1], count_include_pad=1),
}  # fmt: skip


@pytest.mark.parametrize("label", SEVERAL)
def test_operator_that_is_several(label):
    check(SEVERAL[label], "nchw")


def test_neighbouring_channels():
    """LRN, in numpy: onnx's own evaluator computes the first channel alone."""
    graph = one("LRN", size=3, alpha=0.2, beta=0.6, bias=1.5)
    network = graph.read("nchw")
    x = reals(1, 4, 9, 7)
    squares = np.pad(x * x, ((0, 0), (1, 1), (0, 0), (0, 0)))
    sums = squares[:, :-2] + squares[:, 1:-1] + squares[:, 2:]
    found = reference.run(network, [x])[network.outputs[0]]
    np.testing.assert_allclose(found, x / (1.5 + 0.2 / 3 * sums) ** 0.6, rtol=1e-4, atol=1e-5)


def test_gelu_by_erf_is_one_operator():
    """As PyTorch's older exporter writes it."""
    nodes = [
        node("Div", ["x", "root"], ["scaled"]), node("Erf", ["scaled"], ["erf"]),
        node("Add", ["erf", "one"], ["gate"]), node("Mul", ["x", "gate"], ["gated"]),
        node("Mul", ["gated", "half"], ["y"]),
    ]  # fmt: skip
    values = {"root": np.float32(2**0.5), "one": np.float32(1), "half": np.float32(0.5)}
    assert names(check(Graph(nodes, values, (1, 4, 9, 7), 17))) == ["GELU"]


def test_a_branch_by_a_constant_is_taken():
    """As PyTorch's older exporter writes squeeze."""
    from onnx import TensorProto, helper

    branches = {}
    for name, kind in (("then_branch", "Neg"), ("else_branch", "Relu")):
        made = helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
        branches[name] = helper.make_graph([node(kind, ["x"], [name])], name, [], [made])
    nodes = [node("If", ["no"], ["chosen"], **branches), node("Abs", ["chosen"], ["y"])]
    graph = Graph(nodes, {"no": np.array(False)}, (1, 4, 9, 7), 17)
    assert names(check(graph)) == ["RELU", "ABS"]


def test_choice_by_a_comparison():
    nodes = [
        node("Greater", ["x", "zero"], ["above"]), node("Neg", ["x"], ["turned"]),
        node("Where", ["above", "x", "turned"], ["size"]), node("Cast", ["above"], ["one"], to=1),
        node("Add", ["size", "one"], ["y"]),
    ]  # fmt: skip
    check(Graph(nodes, {"zero": np.float32(0)}, (1, 4, 9, 7), 17))


@pytest.mark.parametrize("places", [[[0, 1], [0, 3], [0, 1]], [[[0, 3], [0, 0]]]])
def test_places_along_several_axes(places):
    """GatherND of constants, as PyTorch writes adaptive pools and exact resizes."""
    nodes = [node("GatherND", ["x", "places"], ["y"])]
    check(Graph(nodes, {"places": np.array(places, np.int64)}, (1, 4, 9, 7), 17))


def test_choice_by_a_constant():
    """As PyTorch writes masked_fill: by an operand, by a number, and by one that hides."""
    chosen = np.arange(7) % 3 == 0
    nodes = [
        node("Neg", ["x"], ["turned"]), node("Where", ["chosen", "x", "turned"], ["a"]),
        node("Where", ["chosen", "number", "a"], ["b"]),
        node("Where", ["last", "least", "b"], ["c"]), node("Softmax", ["c"], ["y"], axis=-1),
    ]  # fmt: skip
    values = {"chosen": chosen, "number": np.float32(0.25), "last": np.arange(7) == 6,
              "least": np.float32(-np.inf)}  # fmt: skip
    check(Graph(nodes, values, (1, 4, 9, 7), 17))


def test_whole_numbers():
    """Quotients are cut off, as ONNX has it."""
    made = helper.make_graph(
        [node("Div", ["x", "three"], ["a"]), node("Max", ["a", "one"], ["b"]),
         node("Mul", ["b", "x"], ["y"])],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.INT32, (3, 4))],
        [helper.make_tensor_value_info("y", TensorProto.INT32, None)],
        [numpy_helper.from_array(np.int32(value), name) for name, value in
         (("three", 3), ("one", 1))],
    )  # fmt: skip
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    network = frontend.parse(model, "whole.onnx", "whole")
    x = np.arange(-6, 6, dtype=np.int32).reshape(3, 4)
    found = reference.run(network, [x])[network.outputs[0]]
    np.testing.assert_array_equal(found, np.maximum(np.trunc(x / 3), 1).astype(np.int32) * x)


def test_a_constant_that_is_no_number_is_no_weight():
    nodes = [node("Constant", [], ["none"], value=numpy_helper.from_array(np.float32(np.nan))),
             node("Where", ["last", "none", "x"], ["y"])]  # fmt: skip
    with pytest.raises(GravenError, match=r"no number .NaN., though all weights are numbers"):
        Graph(nodes, {"last": np.arange(7) == 6}).read()


# -- what is refused ------------------------------------------------------------------------------


OLD = {
    "pad": one("Pad", opset=10, pads=[0, 0, 1, 2, 0, 0, 0, 1], value=0.5),
    "clip": one("Clip", opset=9, min=-0.2, max=0.4),
    "slice": one("Slice", opset=9, axes=[2, 3], starts=[1, -4], ends=[8, 6]),
    "pool": one("AveragePool", opset=7, kernel_shape=[2, 3], strides=[2, 2], pads=[0, 1, 1, 1]),
}


@pytest.mark.parametrize("label", OLD)
def test_old_opsets(label):
    check(OLD[label])


@pytest.mark.parametrize("mode", ["linear", "nearest"])
@pytest.mark.parametrize(
    ("kind", "opset", "scale"),
    [("Upsample", 7, 2.0), ("Upsample", 9, 1.5), ("Resize", 10, 2.0), ("Resize", 10, 0.75)],
)
def test_pixels_lay_asymmetric_before_opset_11(mode, kind, opset, scale):
    """onnx's converter leaves out what they lay by, and its evaluator knows but the new default."""
    scales = np.float32([1, 1, scale, scale])
    given, said = ((), {"scales": scales}) if opset < 9 else ((scales,), {})
    old = one(kind, *given, shape=(1, 4, 8, 8), opset=opset, mode=mode, **said).read("nchw")
    rounds = "ceil" if scale < 1 else "floor"
    new = one("Resize", None, scales, shape=(1, 4, 8, 8), opset=11, mode=mode, nearest_mode=rounds,
              coordinate_transformation_mode="asymmetric").read("nchw")  # fmt: skip
    x = reals(1, 4, 8, 8)
    found, expected = (reference.run(each, [x])[each.outputs[0]] for each in (old, new))
    np.testing.assert_array_equal(found, expected)


def test_old_resizes_in_branches_and_of_constants():
    scales = np.float32([1, 1, 2, 2])
    shape, out = (1, 4, 8, 8), helper.make_tensor_value_info("b", TensorProto.FLOAT, (1, 4, 16, 16))
    branch = helper.make_graph([node("Resize", ["x", "c0"], ["b"], mode="linear")], "b", [], [out])
    choice = [node("If", ["k"], ["y"], then_branch=branch, else_branch=branch)]
    inside = Graph(choice, {"k": np.bool_(True), "c0": scales}, shape, 10).read("nchw")
    plain = one("Resize", scales, shape=shape, opset=10, mode="linear").read("nchw")
    x = reals(*shape)
    found, expected = (reference.run(each, [x])[each.outputs[0]] for each in (inside, plain))
    np.testing.assert_array_equal(found, expected)
    constant, small = reals(1, 4, 4, 4), [node("Upsample", ["c", "c0"], ["u"], mode="nearest"),
                                          node("Add", ["x", "u"], ["y"])]  # fmt: skip
    network = Graph(small, {"c": constant, "c0": scales}, shape, 9).read("nchw")
    found = reference.run(network, [x])[network.outputs[0]]
    np.testing.assert_allclose(found, x + constant.repeat(2, 2).repeat(2, 3), rtol=1e-6)


@pytest.mark.parametrize(
    ("graph", "sentence"),
    [
        (one("Det"), r"node 'y' \(Det\): is not supported; end the model before it"),
        (one("Conv", reals(6, 5, 3, 3)), "weights 6x5x3x3 in 1 groups for an input of 4 channels"),
        (one("Relu", shape=("N", 4, "height", 7)), "open extent 'height' as axis 2"),
        (one("BatchNormalization", reals(4), reals(4), reals(4), positive(4), training_mode=1),
         "training mode; call model.eval"),
        (one("MaxPool", kernel_shape=[10, 10]), "a window of 10 on an input of 9"),
        (one("AveragePool", kernel_shape=[3, 3], pads=[0, 0, 0, 1 << 31]),
         "pads by 0 and 2147483648 in front of a window of 3; the padding of a pool must be"),
        (one("Relu", opset=6), "is of opset 6, expected 11 or later, and onnx.version"),
        (one("Scan", opset=7), "is of opset 7, expected 11 or later, and onnx.version"),
        (one("Resize", np.float32([1, 1, 2, 0.5]), shape=(1, 4, 8, 8), opset=10, mode="nearest"),
         r"interpolates \(nearest, asymmetric\) as no operator here does"),
        (one("Cast", to=11), "converts to another element"),
        (one("GatherElements", integers(4).reshape(1, 1, 1, 1), axis=1),
         "names place 4 of an axis of 4, expected -4 to 3"),
        (one("GatherElements", integers(0).reshape(1, 1, 1, 1), axis=7), "1x1x1x1 along axis 7 of"),
        (one("GatherElements", integers(0), axis=0), "has places of 1 along axis 0 of what has"),
        (one("Gather", integers(4, 0), axis=1), "names place 4 of an axis of 4"),
        (one("GatherND", integers(4).reshape(1, 1), shape=(4, 3)), "names place 4 of an axis of 4"),
        (one("ScatterElements", integers(-5).reshape(1, 1, 1, 1), reals(1, 1, 1, 1), axis=1,
             opset=18), "names place -5 of an axis of 4"),
        (one("ScatterND", integers(0, 4).reshape(1, 2), reals(1, 9, 7), opset=18),
         "names place 4 of an axis of 4"),
        (one("Resize", None, np.array([1, 1, 1.5, 1.5], dtype=np.float32), mode="linear"),
         "no whole number of pixels of 1x4x9x7"),
    ],
)  # fmt: skip
def test_refused(graph, sentence):
    with pytest.raises(GravenError, match=sentence):
        graph.read()


def test_open_batch_is_one():
    graph = dataclasses.replace(cnn(), shape=("N", 3, 8, 10))
    network = graph.read()
    assert network.tensors[network.inputs[0]].shape == (1, 8, 10, 3)


def test_file_that_is_none(tmp_path):
    (tmp_path / "m.onnx").write_bytes(b"no model at all")
    with pytest.raises(GravenError, match=r"m\.onnx: is no valid ONNX model"):
        frontend.load(tmp_path / "m.onnx")


def test_damaged_bytes(tmp_path):
    """A network that says the same or another, or a sentence."""
    whole = cnn().model().SerializeToString()
    rng, refusals = np.random.default_rng(0), 0
    for _ in range(40):
        data = bytearray(whole)
        for _ in range(int(rng.integers(1, 4))):
            data[int(rng.integers(300))] = int(rng.integers(256))  # before the weights
        (tmp_path / "m.onnx").write_bytes(data)
        try:
            frontend.load(tmp_path / "m.onnx")
        except GravenError as error:
            refusals += 1
            assert "\n" not in str(error)
    assert refusals > 10


def test_every_needed_operator_is_known_or_named():
    assert {"CONV_2D", "FULLY_CONNECTED"} <= set(layers.modules())


@pytest.mark.parametrize("largest", [1, 0])
@pytest.mark.parametrize(("axis", "count"), [(1, 3), (-1, 2), (2, 4)])
def test_the_largest_along_any_axis(axis, count, largest):
    value = helper.make_tensor_value_info
    nodes = [
        node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1]),
        node("TopK", ["c", "count"], ["values", "indices"], axis=axis, largest=largest),
    ]
    constants = {"w": reals(6, 3, 3, 3), "count": integers(count)}
    graph = helper.make_graph(
        nodes, "graph", [value("x", TensorProto.FLOAT, (1, 3, 5, 7))],
        [value("values", TensorProto.FLOAT, None), value("indices", TensorProto.INT64, None)],
        [numpy_helper.from_array(data, name) for name, data in constants.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    network = frontend.parse(model, "m.onnx", "m", "nchw")
    x = reals(1, 3, 5, 7, seed=4)
    wanted = ReferenceEvaluator(model).run(None, {"x": x})
    found = reference.run(network, [x])
    np.testing.assert_allclose(found[network.outputs[0]], wanted[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(found[network.outputs[1]], wanted[1])


def test_more_than_there_are():
    nodes = [node("TopK", ["x", "count"], ["values", "y"])]
    with pytest.raises(GravenError, match="asks for more than its axis has"):
        Graph(nodes, {"count": integers(9)}, (1, 5)).read()


@pytest.mark.parametrize("axis", [2, -3])
@pytest.mark.parametrize(
    ("kind", "constants", "attributes"),
    [
        ("ArgMax", {}, {}), ("CumSum", {"axis": None}, {}), ("Gather", {"at": integers(0, 1)}, {}),
        ("LayerNormalization", {"scale": reals(5)}, {}), ("ReduceSum", {"axes": None}, {}),
        ("Slice", {"from": integers(0), "to": integers(1), "axes": None}, {}), ("Softmax", {}, {}),
        ("Split", {}, {}), ("Squeeze", {"axes": None}, {}), ("TopK", {"count": integers(1)}, {}),
    ],
)  # fmt: skip
def test_an_axis_beyond_the_rank(kind, constants, attributes, axis):
    given = {name: integers(axis) if data is None else data for name, data in constants.items()}
    if all(data is not None for data in constants.values()):
        attributes = {"axis": axis, **attributes}
    nodes = [node(kind, ["x", *given], ["y"], **attributes)]
    with pytest.raises(GravenError, match=f"names axis {axis} of what has 2, expected -2 to 1"):
        Graph(nodes, given, (1, 5)).read()


def looked_up(element, axis=0):
    """A table by the model's input, by places of this type, and a layer behind it."""
    value = helper.make_tensor_value_info
    table, weights = reals(20, 8), reals(8, 4, seed=1)
    graph = helper.make_graph(
        [node("Gather", ["table", "x"], ["rows"], axis=axis),
         node("MatMul", ["rows", "weights"], ["y"])],
        "graph", [value("x", element, (1, 6))], [value("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(table, "table"), numpy_helper.from_array(weights, "weights")],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


@pytest.mark.parametrize("element", [TensorProto.INT32, TensorProto.INT64])
def test_embedding(element):
    """Gather from a constant, by what is computed."""
    model = looked_up(element)
    network = frontend.parse(model, "m.onnx", "m")
    tokens = np.random.default_rng(0).integers(0, 20, (1, 6)).astype(np.int32)
    given = tokens.astype(helper.tensor_dtype_to_np_dtype(element))
    (wanted,) = ReferenceEvaluator(model).run(None, {"x": given})
    found = reference.run(network, [tokens])[network.outputs[0]]
    np.testing.assert_allclose(found.reshape(wanted.shape), wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("element", "axis", "sentence"),
    [
        (TensorProto.FLOAT, 0, "looks up a table by real numbers"),
        (TensorProto.DOUBLE, 0, r"nor tokens \(int32, int64\)"),
    ],
)
def test_embedding_that_is_none(element, axis, sentence):
    with pytest.raises(GravenError, match=sentence):
        frontend.parse(looked_up(element, axis), "m.onnx", "m")
