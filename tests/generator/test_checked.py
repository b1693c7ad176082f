"""The gate of all front ends: networks as an importer states them, by the records of layers."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import random_models
import random_transformers
from graven import frontends, ir, layers, node, trees, unsupported
from graven.checked import Stated, checked, stated
from graven.errors import GravenError
from graven.layers.add import Add
from graven.layers.conv2d import Conv2D
from graven.layers.hard_swish import HardSwish
from graven.layers.reduce import Reduce
from graven.layers.relu import ReLU

INT8 = ir.Element.INT8


def through(network: ir.Network, **changed: object) -> ir.Network:
    """As an importer gives it, which has nothing but records, tensors and their order."""
    operators = [
        stated(each.name, each.layer, each.inputs, each.outputs) for each in network.operators
    ]
    fields = dict(
        name=network.name, source="model.onnx", description="", tensors=network.tensors,
        operators=operators, inputs=network.inputs, outputs=network.outputs,
    )  # fmt: skip
    return checked(**{**fields, **changed})


def refused(network: ir.Network, **changed: object) -> str:
    with pytest.raises(GravenError, match=r"^model\.onnx: ") as caught:
        through(network, **changed)
    return str(caught.value)


def convolution() -> ir.Network:
    """One convolution whose tensors are: 0 input, 1 weights, 2 output."""
    b = random_models.Builder(np.random.default_rng(0))
    data = b.input((1, 5, 5, 2))
    weights = b.weights(data, (3, 3, 3, 2), 0, per_channel=True)
    output = b.result(data, (1, 5, 5, 3), 0.1)
    return b.network([b.add("CONV_2D", Conv2D(), [data, weights], output)])


def change(network: ir.Network, index: int, **fields: object) -> ir.Network:
    tensors = list(network.tensors)
    tensors[index] = dataclasses.replace(tensors[index], **fields)
    return dataclasses.replace(network, tensors=tuple(tensors))


@pytest.mark.parametrize("kind", (*random_models.KINDS, *random_models.BEYOND))
def test_records_of_every_layer_pass(kind):
    for seed in range(5):
        network = random_models.random_case(np.random.default_rng(seed), kind, tflm=False)
        found = through(network)
        assert found.operators == network.operators
        assert (found.inputs, found.outputs) == (network.inputs, network.outputs)


def test_a_record_gives_all_that_read_asks_for():
    """A name that options() lacks would be a KeyError of the first importer that comes."""
    kinds = {
        each.name
        for kind in (*random_models.KINDS, *random_models.BEYOND)
        for seed in range(8)
        for element in (random_models.INT8, random_models.FLOAT32)
        for each in random_models.random_case(
            np.random.default_rng(seed), kind, element, tflm=seed % 2 == 0
        ).operators
    }
    transformers = {
        each.name
        for kind in random_transformers.KINDS
        for each in random_transformers.case(0, kind).operators
    }
    others = {"EXPAND_DIMS", "SQUEEZE", "REDUCE_PROD", "REDUCE_ANY", "REDUCE_ALL",
              "INDEX_MAP", "INDEX_TABLE", "LITERAL", "LOOKUP", "DETECTIONS"}  # fmt: skip
    compiled = {
        name
        for name, module in layers.modules().items()
        if hasattr(module, "cpp") and not name.startswith(("NanoRust", "Trees"))
    }
    assert kinds | transformers | others >= compiled


def test_an_operator_that_no_layer_reads():
    wrong = Stated("WHILE", (0,), (2,), lambda name: 0)
    assert "operator 0 (WHILE): is not supported" in refused(convolution(), operators=[wrong])


def test_all_operators_that_no_layer_reads_and_what_to_do():
    names = ["RELU", "WHILE", "LSTM", "FlexTensorListStack", "RELU", "LSTM", "FlexErf", "MyOp"]
    found = unsupported.sentence(names, lambda index: f"operator {index}")
    assert found == (
        "operator 1: is the first of 6 that are not supported (WHILE, 2 LSTM, FlexTensorListStack, "
        "FlexErf, MyOp); WHILE, FlexTensorListStack: control flow: in Keras give RNN, LSTM and GRU "
        "layers unroll=True, and export again, or give graven the .keras file; FlexErf: "
        "TensorFlow's own: convert again without tf.lite.OpsSet.SELECT_TF_OPS; MyOp: no operator "
        "of TensorFlow Lite: export the model without it, or bring a kernel (README); the rest: "
        "replace it, or open an issue that names it (`graven ops` prints what works)."
    )
    assert unsupported.sentence(["RELU", "ADD"], str) is None


@pytest.mark.parametrize(
    ("found", "advice"),
    [
        ("INT64", "it computes with whole numbers"),
        ("UINT8", "its quantization is the old one"),
        ("INT8", "this operator has no int8"),
        ("FLOAT32", "convert the model with full integer"),
    ],
)
def test_what_to_do_about_another_element(found, advice):
    assert node.element_advice(ir.Element[found]).startswith(advice)


def test_what_to_do_about_indices_of_64_bits():
    advice = node.element_advice(ir.Element.INT64, (ir.Element.INT32,))
    assert advice.startswith("export the model with int32 there")


def test_a_record_that_does_not_fit_its_tensors():
    layer = Conv2D(stride=(2, 2))
    operators = [stated("CONV_2D", layer, (0, 1), (2,))]
    sentence = refused(convolution(), operators=operators)
    assert "operator 0 (CONV_2D), tensor 2" in sentence and "make it 1x3x3x3" in sentence


def test_numbers_of_an_importer_are_not_believed():
    network = convolution()
    real = ir.Quantization((0.1,), (0,))  # more than float32 holds
    assert "positive number of float32" in refused(change(network, 2, quantization=real))
    uneven = ir.Quantization((0.5,) * 3, (0, 0))
    assert "3 scales and 2 zero points" in refused(change(network, 1, quantization=uneven))
    assert "no scale and zero point" in refused(change(network, 2, quantization=None))
    wide = network.tensors[1].data.astype(np.int32)
    assert "is int8 3x3x3x2, but its constant is int32" in refused(change(network, 1, data=wide))
    flat = network.tensors[1].data.reshape(-1)
    assert "but its constant is int8 54" in refused(change(network, 1, data=flat))
    assert "dynamic shape 1x-1x5x2" in refused(change(network, 0, shape=(1, -1, 5, 2)))
    assert "has 7 axes, at most 6" in refused(change(network, 0, shape=(1,) * 7))
    assert "is int16" in refused(change(network, 0, element=ir.Element.INT16))


def test_indices_and_order():
    network = convolution()
    assert "model's outputs name tensor 9" in refused(network, outputs=(9,))
    assert "has 0 inputs and 1 outputs" in refused(network, inputs=())
    unread = dataclasses.replace(network, operators=())
    assert "is a model output, but no operator computes it" in refused(unread)
    late = [stated("RELU", ReLU(), (2,), (0,)), stated("RELU", ReLU(), (0,), (2,))]
    b = random_models.Builder(np.random.default_rng(0))
    data = b.input((1, 4))
    middle, last = b.like(data, (1, 4)), b.like(data, (1, 4))
    chain = b.network(
        [b.add("RELU", ReLU(), [data], middle), b.add("RELU", ReLU(), [middle], last)]
    )
    late = [stated("RELU", ReLU(), (last,), (middle,)), stated("RELU", ReLU(), (middle,), (last,))]
    assert "is used before any operator has computed it" in refused(chain, operators=late)
    nothing = [stated("RELU", ReLU(), (data,), ())]
    assert "operator 0 (RELU): has no outputs" in refused(chain, operators=nothing)


def test_every_front_end_passes_through_it():
    readers = [
        path for path in Path(frontends.__path__[0]).glob("*.py") if "def load(" in path.read_text()
    ]
    assert "tflite.py" in [path.name for path in readers]
    for path in readers:
        text = path.read_text()
        if "from graven.trees import" in text:
            text += Path(trees.__file__).read_text()
        gate = "checked(" in text or "draft.network(" in text  # which ends in checked
        assert gate and "ir.Network(" not in text, path.name


def test_sums_of_int16_that_may_leave_32_bits():
    b = random_models.Builder(np.random.default_rng(0))
    data = b.input((1, 65536), ir.Element.INT16)
    axes = b.tensor((1,), ir.Element.INT32, None, np.array([1], dtype=np.int32))
    output = b.tensor((1,), ir.Element.INT16, b.tensors[data].quantization)
    network = b.network([b.add("MEAN", Reduce((1,)), [data, axes], output)])
    assert "sums 65536 int16 elements, at most 65535 fit 32 bits" in refused(network)


# -- int16 ----------------------------------------------------------------------------------------


def wide_case(kind: str) -> ir.Network:
    rng = np.random.default_rng(1)
    return random_models.random_case(rng, kind, ir.Element.INT16, tflm=False)


def test_slopes_of_int16_are_int8():
    network = wide_case("prelu")
    (slopes,) = (each for each in network.operators[0].inputs if each not in network.inputs)
    data = network.tensors[slopes].data.astype(np.int16)
    words = ir.Quantization(network.tensors[slopes].quantization.scale, (0,))
    network = change(network, slopes, element=ir.Element.INT16, data=data, quantization=words)
    assert "is int16, expected int8" in refused(network)


def test_biases_of_a_transposed_convolution_of_int16_are_int64():
    for seed in range(9):
        rng = np.random.default_rng(seed)
        network = random_models.random_case(rng, "transpose_conv2d", ir.Element.INT16)
        if len(network.operators[0].inputs) < 4:
            continue
        bias = network.operators[0].inputs[3]
        data = network.tensors[bias].data.astype(np.int32)
        network = change(network, bias, element=ir.Element.INT32, data=data)
        assert "where TensorFlow Lite reads int64; convert the model" in refused(network)


@pytest.mark.parametrize(("element", "expected"), [(INT8, 1 << 19), (ir.Element.INT16, 1 << 14)])
def test_a_sum_of_a_scale_that_its_inputs_leave_no_bits_for(element, expected):
    b = random_models.Builder(np.random.default_rng(0))
    first, second = b.input((1, 4), element), b.input((1, 4), element)
    network = b.network([b.add("ADD", Add(), [first, second], b.like(first, (1, 4)))])
    (output,) = network.outputs
    largest = max(b.scale_of(first), b.scale_of(second))
    for share, is_refused in ((expected, True), (expected / 2, False)):
        scale = ir.Quantization((float(np.float32(largest / share)),), (0,))
        small = change(network, output, quantization=scale)
        if is_refused:
            assert f"expected more than 1/{expected} of its inputs' larger one" in refused(small)
        else:
            through(small)


@pytest.mark.parametrize(
    ("scale", "out", "is_refused"),
    [(1.9e-7, 1e-7, False), (1.7e-7, 1e-7, True), (0.1, 0.0007, True), (0.1, 52.0, True)],
)
def test_scales_of_a_hard_swish(scale, out, is_refused):
    b = random_models.Builder(np.random.default_rng(0))
    data = b.input((1, 4))
    network = b.network([b.add("HARD_SWISH", HardSwish(), [data], b.like(data, (1, 4)))])
    for index, each in ((data, scale), (network.outputs[0], out)):
        stored = ir.Quantization((float(np.float32(each)),), (0,))
        network = change(network, index, quantization=stored)
    if is_refused:
        assert "and of the output more than 1/128 and at most 512 times" in refused(network)
    else:
        through(network)


def test_order_among_int16_wants_one_scale():
    b = random_models.Builder(np.random.default_rng(0))
    pair = [b.input((1, 4), ir.Element.INT16) for _ in range(2)]
    output = b.tensor((1, 4), ir.Element.BOOLEAN)
    network = b.network([b.add("LESS", random_models.Binary(), pair, output)])
    assert "but the operator does not rescale; put a QUANTIZE" in refused(network)


def test_products_of_int16_that_may_leave_48_bits():
    b = random_models.Builder(np.random.default_rng(0))
    pair = [b.input((1, 131072), ir.Element.INT16) for _ in range(2)]
    output = b.result(pair[0], (1, 1), 1.0)
    layer = random_models.BatchMatMul(adjoint_y=True)
    network = b.network([b.add("BATCH_MATMUL", layer, pair, output)])
    assert "adds 131072 products, at most 131071 fit 48 bits" in refused(network)


# Without those that keep a variable, whose units are their output's, or whose shape no input says.
STATED = ("audio", "delay_line", "detections", "lstm", "reshape", "variable")
OPEN = [kind for kind in random_models.KINDS if kind not in STATED]


@pytest.mark.parametrize("kind", OPEN)
def test_open_shapes_are_what_operators_make_them(kind):
    for seed in range(5):
        network = random_models.random_case(np.random.default_rng(seed), kind)
        computed = [index for each in network.operators for index in each.outputs]
        tensors = list(network.tensors)
        for index in computed:
            shape = (1,) * len(tensors[index].shape)  # as a file stores what it leaves open
            tensors[index] = dataclasses.replace(tensors[index], shape=shape)
        found = through(network, tensors=tensors, open_shapes=computed)
        assert found.operators == network.operators
        assert [each.shape for each in found.tensors] == [each.shape for each in network.tensors]


def test_only_open_shapes_are_closed():
    network = change(convolution(), 2, shape=(1, 1, 1, 3))
    assert "has shape 1x1x1x3, but" in refused(network)
    assert through(network, open_shapes=[2]).tensors[2].shape == (1, 5, 5, 3)
    wrong = change(network, 0, shape=(1, 5, 5, 3))
    assert "operator 0 (CONV_2D)" in refused(wrong, open_shapes=[2])


def test_open_shapes_may_be_empty_until_they_are_closed():
    network = change(convolution(), 2, shape=(1, 0, 0, 3))
    assert "has shape 1x0x0x3, which holds nothing" in refused(network)
    assert through(network, open_shapes=[2]).tensors[2].shape == (1, 5, 5, 3)
