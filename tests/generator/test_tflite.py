"""The .tflite reader: real files, what the writer writes, and files that are wrong."""

import dataclasses
import time

import numpy as np
import pytest
import random_models
from damage import damaged
from graven import ir, reference
from graven.errors import GravenError
from graven.frontends import tflite, tflite_writer
from graven.layers.add import Add
from graven.layers.conv2d import Conv2D
from graven.layers.mul import Mul
from graven.layers.relu import ReLU
from graven.layers.reshape import Reshape
from graven.layers.signal import Signal

OPERATORS = {
    "ad_autoencoder_int8": 10, "hello_world_float32": 3, "hello_world_int8": 3,
    "ic_resnet8_int8": 16, "kws_dscnn_int8": 13, "micro_speech_int8": 4, "nano_u_int8": 35,
    "person_detect_int8": 31,
}  # fmt: skip


def parse(network: ir.Network) -> ir.Network:
    return tflite.parse(tflite_writer.to_bytes(network), "model.tflite", "model")


def refused(network: ir.Network) -> str:
    """The sentence with which the reader refuses a network."""
    with pytest.raises(GravenError) as caught:
        parse(network)
    sentence = str(caught.value)
    assert sentence.startswith("model.tflite: ") and "\n" not in sentence
    assert caught.value.exit_code == 2
    return sentence


def case(kind: str = "conv2d", seed: int = 1) -> ir.Network:
    return random_models.random_case(np.random.default_rng(seed), kind)


def convolution() -> ir.Network:
    """One convolution whose tensors are: 0 input, 1 weights, 2 bias, 3 output."""
    b = random_models.Builder(np.random.default_rng(0))
    data = b.input((1, 5, 5, 2))
    weights = b.weights(data, (3, 3, 3, 2), 0, per_channel=True)
    bias = b.bias(data, weights, 3, 18)
    output = b.result(data, (1, 5, 5, 3), 0.1)
    return b.network([b.add("CONV_2D", Conv2D(), [data, weights, bias], output)])


def change(network: ir.Network, index: int, **fields: object) -> ir.Network:
    tensors = list(network.tensors)
    tensors[index] = dataclasses.replace(tensors[index], **fields)
    return dataclasses.replace(network, tensors=tuple(tensors))


def same(ours: ir.Network, theirs: ir.Network) -> None:
    def without_index(operators: tuple[ir.Operator, ...]) -> list[ir.Operator]:
        return [dataclasses.replace(each, index=0) for each in operators]  # handles take some

    assert without_index(ours.operators) == without_index(theirs.operators)
    assert (ours.inputs, ours.outputs) == (theirs.inputs, theirs.outputs)
    for left, right in zip(ours.tensors, theirs.tensors, strict=True):
        assert (left.name, left.shape, left.element) == (right.name, right.shape, right.element)
        assert left.quantization == right.quantization
        assert (left.data is None) == (right.data is None)
        if left.data is not None:
            assert left.data.dtype == right.data.dtype
            np.testing.assert_array_equal(left.data, right.data)
        assert left.is_variable == right.is_variable
        if left.initial is not None:
            np.testing.assert_array_equal(left.initial, right.initial)


@pytest.mark.parametrize("name", OPERATORS)
def test_shared_models_load(shared, name):
    network = tflite.load(shared / "models" / f"{name}.tflite")
    assert network.name == name
    assert network.source == f"{name}.tflite"
    assert len(network.operators) == OPERATORS[name]
    same(parse(network), network)


@pytest.mark.parametrize("kind", random_models.KINDS)
def test_what_is_written_is_read(kind):
    for seed in range(10):
        for tflm in (True, False):
            rng = np.random.default_rng(seed)
            network = random_models.random_case(rng, kind, tflm=tflm)
            if network.variables:  # what is read twice or assigned in vain is gone
                network = parse(network)
            same(parse(network), network)


def test_names_become_identifiers():
    assert tflite.identifier("kws_dscnn_int8") == "kws_dscnn_int8"
    assert tflite.identifier("my model-v2.1") == "my_model_v2_1"
    assert tflite.identifier("3d") == "model_3d"
    assert tflite.identifier("float") == "model_float"
    assert tflite.identifier("--") == "model"


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(GravenError, match=r"none\.tflite: cannot be read: No such file"):
        tflite.load(tmp_path / "none.tflite")


def test_other_files_are_refused():
    for data in (b"", b"abc", b"PK\x03\x04" + bytes(100)):
        with pytest.raises(GravenError, match=r"^model\.tflite: .*(too few|no .tflite file)"):
            tflite.parse(data, "model.tflite", "model")


# -- networks that are wrong -----------------------------------------------------------------------


def test_constant_of_another_size():
    network = convolution()
    short = network.tensors[1].data[:2]
    sentence = refused(change(network, 1, data=short))
    assert "operator 0 (CONV_2D), tensor 1 'tensor_1'" in sentence
    assert "has 36 bytes of constant data" in sentence and "takes 54" in sentence


def test_missing_quantization():
    for index in (0, 1, 3):
        sentence = refused(change(convolution(), index, quantization=None))
        assert f"tensor {index}" in sentence and "has no scale" in sentence


@pytest.mark.parametrize("scale", [0.0, -0.5, float("nan"), float("inf")])
def test_scales_that_are_no_scales(scale):
    wrong = ir.Quantization((scale,), (0,))
    assert "expected a positive number" in refused(change(convolution(), 3, quantization=wrong))


def test_zero_points_out_of_range():
    wrong = ir.Quantization((0.5,), (128,))
    assert "zero point 128" in refused(change(convolution(), 0, quantization=wrong))
    network = convolution()
    stored = network.tensors[1].quantization
    wrong = dataclasses.replace(stored, zero_point=(0, 1, 0))
    assert "symmetric weights" in refused(change(network, 1, quantization=wrong))


def test_quantized_dimension():
    network = convolution()
    wrong = dataclasses.replace(network.tensors[1].quantization, axis=3)
    assert "3 scales along axis 3" in refused(change(network, 1, quantization=wrong))
    wrong = dataclasses.replace(network.tensors[1].quantization, axis=1)
    assert "along axis 1, expected axis 0" in refused(change(network, 1, quantization=wrong))
    odd = dataclasses.replace(network.tensors[2].quantization, axis=3)
    same(parse(change(network, 2, quantization=odd)), network)  # a bias has one axis only


def test_uint8_and_unknown_elements():
    unsigned = ir.Quantization((0.5,), (128,))
    sentence = refused(change(convolution(), 0, element=ir.Element.UINT8, quantization=unsigned))
    assert "operator 0 (CONV_2D), tensor 0" in sentence and "is uint8, expected int8" in sentence
    assert "is int16" in refused(change(convolution(), 0, element=ir.Element.INT16))


def test_shapes_that_do_not_follow():
    sentence = refused(change(convolution(), 3, shape=(1, 5, 4, 3)))
    assert "operator 0 (CONV_2D), tensor 3" in sentence
    assert "1x5x4x3" in sentence and "1x5x5x3" in sentence


def test_dynamic_shape():
    assert "dynamic" in refused(change(convolution(), 0, shape=(1, -1, 5, 2)))
    assert "holds nothing" in refused(change(convolution(), 0, shape=(1, 0, 5, 2)))


def test_huge_shape():
    assert "more than 256 MB" in refused(change(convolution(), 0, shape=(1, 1 << 20, 1 << 20, 2)))


def test_tensor_used_before_it_is_computed():
    b = random_models.Builder(np.random.default_rng(0))
    data = b.input((1, 4))
    middle, last = b.like(data, (1, 4)), b.like(data, (1, 4))
    b.add("RELU", ReLU(), [last], middle)
    b.add("RELU", ReLU(), [middle], last)
    sentence = refused(b.network([last]))
    assert "operator 0 (RELU), tensor 2" in sentence and "before" in sentence


def test_tensor_written_twice_or_an_input():
    b = random_models.Builder(np.random.default_rng(0))
    data = b.input((1, 4))
    b.add("RELU", ReLU(), [data], data)
    assert "is written although" in refused(b.network([data]))


def test_indices_out_of_range():
    network = convolution()
    operator = dataclasses.replace(network.operators[0], inputs=(0, 99, 2))
    sentence = refused(dataclasses.replace(network, operators=(operator,)))
    assert "operator 0 (CONV_2D)" in sentence and "tensor 99" in sentence
    assert "tensor 7" in refused(dataclasses.replace(network, outputs=(7,)))


def test_mixed_elements():
    b = random_models.Builder(np.random.default_rng(0))
    first, second = b.input((1, 4)), b.input((1, 4), ir.Element.FLOAT32)
    network = b.network([b.add("ADD", Add(), [first, second], b.like(first, (1, 4)))])
    assert "tensor 1 'tensor_1': is float32 while tensor 0" in refused(network)


def test_unsupported_operator(monkeypatch):
    monkeypatch.setitem(tflite_writer.CODES, "CONV_2D", tflite_writer.CODES["BUCKETIZE"])
    sentence = refused(convolution())
    assert "operator 0 (BUCKETIZE), tensor 3 'tensor_3': is not supported; " in sentence
    assert "`graven ops` prints what works" in sentence


def test_models_of_another_machine(monkeypatch):
    """Vela and its like leave a custom operator that holds the whole network."""
    for name, machine in tflite.NPUS.items():
        with monkeypatch.context() as patched:
            custom(patched, name)
            sentence = refused(convolution())
        assert f"operator 0 ({name}): is compiled for {machine}" in sentence
        assert "from before that step" in sentence
    with monkeypatch.context() as patched:
        custom(patched, "TFLite_Foreign_PostProcess")
        sentence = refused(convolution())
    assert "operator 0 (TFLite_Foreign_PostProcess), tensor 3" in sentence
    assert "is not supported" in sentence


def custom(monkeypatch, name: str) -> None:
    code = 32  # CUSTOM
    monkeypatch.setitem(tflite_writer.CODES, "CONV_2D", code)
    with_fields(
        monkeypatch,
        "OperatorCode",
        lambda builder, fields: {"CustomCode": builder.CreateString(name)},
    )


# -- files that the writer would not write ---------------------------------------------------------


def with_fields(monkeypatch, table: str, make) -> None:
    """Lets the writer add make(builder, fields) to every table of one kind."""
    original = tflite_writer._table

    def patched(builder, name, **fields):
        if name == table:
            fields |= make(builder, fields)
        return original(builder, name, **fields)

    monkeypatch.setattr(tflite_writer, "_table", patched)


def test_shape_signatures(monkeypatch):
    signature = (-1, 5, 5, 2)
    with_fields(
        monkeypatch,
        "Tensor",
        lambda builder, fields: (
            {"ShapeSignature": tflite_writer._integers(builder, signature)}
            if fields["Type"] == tflite_writer.TENSOR_TYPES[ir.Element.INT8]
            else {}
        ),
    )
    parse(convolution())  # only the batch is left open
    signature = (1, 5, -1, 2)
    sentence = refused(convolution())
    assert "operator 0 (CONV_2D), tensor 0 'tensor_0'" in sentence and "1x5x-1x2" in sentence


def test_state_is_refused(monkeypatch):
    with_fields(monkeypatch, "Tensor", lambda builder, fields: {"IsVariable": True})
    assert "lasts from run to run" in refused(convolution())


def test_options_left_out(monkeypatch):
    with_fields(monkeypatch, "Operator", lambda builder, fields: {"BuiltinOptionsType": 0})
    assert "option StrideH is 0" in refused(convolution())
    parse(case("add"))


@pytest.mark.parametrize("version", [0, 2, 4])
def test_other_versions_of_the_format(monkeypatch, version):
    with_fields(monkeypatch, "Model", lambda builder, fields: {"Version": version})
    assert f"has version {version} of the file format, expected 3" in refused(convolution())


UNREAD = {
    "Model": ("Metadata", "MetadataBuffer", "SignatureDefs"),
    "Operator": ("CustomOptions", "Intermediates", "MutatingVariableInputs"),
    "Tensor": ("VariantTensors", "Sparsity"),
    "QuantizationParameters": ("Min", "Max"),
}


@pytest.mark.parametrize("table, field", [(t, f) for t, fields in UNREAD.items() for f in fields])
def test_what_is_never_read_lies_inside_the_file(monkeypatch, table, field):
    """An offset that leads out of the file shows that it is damaged, whoever follows it."""
    places = []

    def wrong(builder, fields):
        builder.StartVector(4, 1, 4)
        builder.PrependUint32(0x7FFFFFF0)  # as a vector's length, far too many
        vector = builder.EndVector()
        places.append(len(builder.Bytes) - vector)
        return {field: vector}

    with_fields(monkeypatch, table, wrong)
    data = bytearray(tflite_writer.to_bytes(convolution()))
    assert places
    at = data.index(b"\x01\x00\x00\x00\xf0\xff\xff\x7f")
    data[at : at + 4] = b"\xf0\xff\xff\x7f"  # the length
    with pytest.raises(GravenError, match="damaged"):
        tflite.parse(bytes(data), "model.tflite", "model")


def test_texts_have_an_end():
    data = tflite_writer.to_bytes(convolution())
    at = data.index(b"tensor_3\0") + len("tensor_3")
    with pytest.raises(GravenError, match="a text of tensor 3 has no end"):
        tflite.parse(data[:at] + b"x" + data[at + 1 :], "model.tflite", "model")


def test_options_that_no_layer_reads_lie_inside_the_file(monkeypatch):
    """RESHAPE takes its shape from its output; the file may state it once more."""
    b = random_models.Builder(np.random.default_rng(0))
    data = b.input((1, 2, 6))
    output = b.like(data, (1, 12))
    network = b.network([b.add("RESHAPE", Reshape(shape=(1, 12)), [data], output)])
    shape = [(1, 12)]

    def stated(builder, fields):
        vector = tflite_writer._integers(builder, shape[0])
        options = tflite_writer._table(builder, "ReshapeOptions", NewShape=vector)
        return {"BuiltinOptions": options, "BuiltinOptionsType": 17}

    with_fields(monkeypatch, "Operator", stated)
    whole = tflite_writer.to_bytes(network)
    tflite.parse(whole, "model.tflite", "model")
    at = whole.index(np.array([2, 1, 12], dtype="<i4").tobytes())
    damaged = whole[:at] + b"\xff\xff\xff\x0f" + whole[at + 4 :]
    with pytest.raises(GravenError, match="damaged or truncated: a list of operator 0's options"):
        tflite.parse(damaged, "model.tflite", "model")


def test_several_subgraphs(monkeypatch):
    subgraphs = []
    original = tflite_writer._offsets

    def patched(builder, offsets):
        subgraphs.append(offsets)
        return original(builder, offsets * 2 if len(offsets) == 1 else offsets)

    monkeypatch.setattr(tflite_writer, "_offsets", patched)
    assert "has 2 subgraphs" in refused(convolution())


def test_tables_shared_many_times(monkeypatch):
    """A small file that would be read as a huge one."""
    original = tflite_writer._offsets

    def patched(builder, offsets):
        return original(builder, offsets * 50_000 if len(offsets) == 4 else offsets)

    monkeypatch.setattr(tflite_writer, "_offsets", patched)
    started = time.process_time()
    assert "over and over" in refused(convolution())
    assert time.process_time() - started < 10.0


def test_names_are_printable():
    network = change(convolution(), 0, name="evil\n*/ name\x1b")
    assert parse(network).tensors[0].name == "evil?*/ name?"


# -- damaged bytes ---------------------------------------------------------------------------------


def survives(data: bytes) -> bool:
    """Whether damaged bytes still are a network; anything but GravenError fails the test."""
    started = time.process_time()
    try:
        network = tflite.parse(data, "model.tflite", "model")
    except GravenError as error:
        sentence = str(error)
        assert sentence.startswith("model.tflite: ")
        assert len(sentence) < 4000
        network = None
    assert time.process_time() - started < 60.0  # not for ever
    return network is not None


def small_files() -> list[bytes]:
    rng = np.random.default_rng(5)
    return [tflite_writer.to_bytes(random_models.random_graph(rng)) for _ in range(3)]


def test_truncated_files():
    for data in small_files():
        for size in range(0, len(data), max(1, len(data) // 400)):
            survives(data[:size])
        assert not survives(data[: len(data) // 2])


def test_damaged_bytes():
    seed = 20240229
    print("seed", seed)
    rng = np.random.default_rng(seed)
    alive = 0
    for data in small_files():
        for _ in range(700):
            alive += survives(damaged(rng, data))
    assert 0 < alive < 2100


def test_damaged_shared_models(shared):
    rng = np.random.default_rng(7)
    for path in sorted((shared / "models").glob("*.tflite")):
        data = path.read_bytes()
        for _ in range(60):
            survives(damaged(rng, data))
        for size in rng.integers(0, len(data), 20):
            survives(data[:size])


def test_windows_out_of_reach():
    b = random_models.Builder(np.random.default_rng(0))
    data = b.input((1, 5, 5, 2))
    inputs = [data, b.weights(data, (3, 7, 1, 2), 0, per_channel=True)]
    output = b.result(data, (1, 5, 5, 3), 0.1)
    network = b.network([b.add("CONV_2D", Conv2D(dilation=(16000, 1)), inputs, output)])
    assert "pads its input by 48000, expected at most 32767" in refused(network)
    far = dataclasses.replace(network.operators[0], layer=Conv2D(stride=(20000, 1)))
    network = dataclasses.replace(network, operators=(far,))
    assert "option StrideH is 20000, expected 1 to 16383" in refused(network)


def test_groups_must_divide_the_channels():
    b = random_models.Builder(np.random.default_rng(0))
    data = b.input((1, 5, 5, 6))
    for filters, depth in ((3, 4), (4, 2)):
        inputs = [data, b.weights(data, (filters, 1, 1, depth), 0, per_channel=True)]
        output = b.result(data, (1, 5, 5, filters), 0.1)
        network = b.network([b.add("CONV_2D", Conv2D(), inputs, output)])
        b.operators.clear()
        assert f"has {filters} filters of {depth} input channels" in refused(network)


@pytest.mark.parametrize(
    ("operator", "numbers", "sentence"),
    [
        ("SignalWindow", {"shift": 32}, "option shift is 32, expected 0 to 31"),
        ("SignalRfft", {"fft_length": 48}, "has fft_length 48, expected a power of two"),
        ("SignalFilterBank", {"num_channels": 99}, "has tables that do not fit 99 channels"),
        ("SignalPCAN", {"snr_shift": -1}, "option snr_shift is -1, expected 0 to 31"),
    ],
)
def test_numbers_of_the_audio_front_end(operator, numbers, sentence):
    network = random_models.random_case(np.random.default_rng(0), "audio")
    changed = tuple(
        dataclasses.replace(each, layer=Signal(each.layer.numbers | numbers))
        if each.name == operator
        else each
        for each in network.operators
    )
    assert sentence in refused(dataclasses.replace(network, operators=changed))


def test_zeros_may_have_no_scale():
    """As unrolled LSTMs start with them."""
    b = random_models.Builder(np.random.default_rng(0))
    data = b.input((1, 5), ir.Element.INT16)
    none = ir.Quantization((0.0,), (0,))
    zeros = b.tensor((1, 5), ir.Element.INT16, none, np.zeros((1, 5), dtype=np.int16))
    output = b.tensor((1, 5), ir.Element.INT16, ir.Quantization((2.0**-140,), (0,)))
    network = b.network([b.add("MUL", Mul(), [data, zeros], output)])
    network = parse(network)
    (value,) = random_models.random_inputs(b.rng, network)
    assert not reference.run(network, [value])[output].any()
    ones = np.ones((1, 5), dtype=np.int16)
    assert "has scale 0.0" in refused(change(network, zeros, quantization=none, data=ones))


def test_written_files_name_only_operators_that_they_have(tmp_path):
    """An engine looks every named one up, and may have been built without CALL_ONCE."""
    import tflite as schema

    rng = np.random.default_rng(0)
    network = random_models.random_case(rng, "dense", ir.Element.FLOAT32)
    model = schema.Model.GetRootAs(tflite_writer.to_bytes(network), 0)
    codes = [model.OperatorCodes(at).BuiltinCode() for at in range(model.OperatorCodesLength())]
    names = {getattr(schema.BuiltinOperator, each.name) for each in network.operators}
    assert set(codes) == names


def test_written_reshape_says_its_shape():
    """LiteRT takes it from the options, and from nowhere else where there is no second input."""
    import tflite as schema

    rng = np.random.default_rng(0)
    network = random_models.random_case(rng, "reshape", ir.Element.FLOAT32)
    (at,) = (each.index for each in network.operators if each.name == "RESHAPE")
    model = schema.Model.GetRootAs(tflite_writer.to_bytes(network), 0)
    stated, options = model.Subgraphs(0).Operators(at), schema.ReshapeOptions()
    options.Init(stated.BuiltinOptions().Bytes, stated.BuiltinOptions().Pos)
    assert tuple(options.NewShapeAsNumpy()) == network.operators[at].layer.shape
