"""The Keras front end: shipped files against what Keras has computed of them (keras_files/make.py),
files of Keras 2 as they were written, mistakes; and, where Keras is installed, each class of layer,
saved by it and judged by it.
"""

import io
import json
import os
import sys
import types
import zipfile
from pathlib import Path

import numpy as np
import pytest
from graven import cli, reference
from graven.errors import GravenError
from graven.frontends import files, tflite_writer
from graven.frontends import keras as frontend

h5py = pytest.importorskip("h5py", reason="no package h5py: pip install 'graven[keras]'")

HERE = Path(__file__).parent / "keras_files"
GIVEN = dict(np.load(HERE / "small.npz"))


def outputs(network, *inputs):
    """Of one sample after the other."""
    shapes = [network.tensors[index].shape for index in network.inputs]
    rows = []
    for values in zip(*inputs, strict=True):
        given = [value.reshape(shape) for value, shape in zip(values, shapes, strict=True)]
        rows.append(reference.run(network, given)[network.outputs[0]])
    return np.concatenate(rows)


def agrees(network, expected, *inputs):
    found = outputs(network, *inputs)
    assert found.size == expected.size
    most = max(float(np.max(np.abs(expected))), 1e-3)
    assert np.max(np.abs(found.reshape(expected.shape) - expected)) <= 1e-4 * most


@pytest.mark.parametrize("name", ["small.keras", "small.h5"])
def test_shipped(name):
    network = files.read(HERE / name).network
    agrees(network, GIVEN["y"], GIVEN["x"])
    assert network.description == "image NHWC"
    names = [each.name for each in network.operators]
    assert "TRANSPOSE" not in names and names.count("CONV_2D") == 3


def test_command_line(tmp_path, capsys):
    """To int8, and to C++ that equals TensorFlow Lite Micro."""
    samples, header = tmp_path / "x.npz", tmp_path / "small.hpp"
    np.savez(samples, x=GIVEN["x"])
    options = [str(HERE / "small.keras"), "--quantize", "int8", "--calibrate", str(samples)]
    assert cli.main(["compile", *options, "-o", str(header)]) == 0
    assert "graven::Conv2D<3, 6, 3, 2, graven::same" in header.read_text()
    assert cli.main(["verify", *options]) == 0
    assert "equal TensorFlow Lite Micro" in capsys.readouterr().out


# -- as Keras 2 wrote it --------------------------------------------------------------------------


def old_file(path, config, weights, kind="Functional"):
    """`weights` by layer: lists of (name, array)."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = np.bytes_("2.11.0")
        file.attrs["model_config"] = json.dumps({"class_name": kind, "config": config})
        root = file.create_group("model_weights")
        for layer, each in weights.items():
            group = root.create_group(layer)
            group.attrs["weight_names"] = [np.bytes_(name) for name, _ in each]
            for name, value in each:
                group[name] = value


def old_layer(kind, name, *before, **config):
    """Calls of layers by their names; none where the model is Sequential."""
    nodes = [[[each, 0, 0, {}] for each in before]] if before else []
    return {"class_name": kind, "name": name, "config": {"name": name, **config},
            "inbound_nodes": nodes}  # fmt: skip


def test_functional_of_keras_2(tmp_path):
    rng = np.random.default_rng(0)
    kernel, bias = rng.normal(0, 1, (4, 3)), rng.normal(0, 1, 3)
    layers = [
        old_layer("InputLayer", "x", batch_input_shape=[None, 4], dtype="float32"),
        old_layer("Dense", "d", "x", units=3, activation="hard_sigmoid", use_bias=True),
        old_layer("Activation", "a", "x", activation="relu"),
        old_layer("Concatenate", "c", "d", "a", axis=-1),
    ]
    config = {"name": "m", "layers": layers, "input_layers": [["x", 0, 0]],
              "output_layers": [["c", 0, 0]]}  # fmt: skip
    named = [("d/kernel:0", kernel.astype(np.float32)), ("d/bias:0", bias.astype(np.float32))]
    old_file(tmp_path / "m.h5", config, {"d": named})
    x = rng.normal(0, 1, (5, 4)).astype(np.float32)
    dense = np.clip(0.2 * (x @ kernel + bias) + 0.5, 0, 1)  # Keras 3 has another slope
    agrees(files.read(tmp_path / "m.h5").network, np.concatenate([dense, x * (x > 0)], 1), x)


def test_sequential_of_keras_2(tmp_path):
    """No InputLayer: the first layer says the shape; a model inside of the model."""
    rng = np.random.default_rng(1)
    first, second = (rng.normal(0, 1, shape).astype(np.float32) for shape in ((4, 5), (5, 2)))
    dense = dict(use_bias=False, activation="linear")
    inner = {"name": "inner", "layers": [old_layer("Dense", "b", units=2, **dense)]}
    layers = [
        old_layer("Dense", "a", batch_input_shape=[None, 4], units=5, **dense),
        {"class_name": "Sequential", "config": inner},
    ]
    named = {"a": [("a/kernel:0", first)], "inner": [("b/kernel:0", second)]}
    old_file(tmp_path / "m.h5", {"name": "m", "layers": layers}, named, "Sequential")
    x = rng.normal(0, 1, (5, 4)).astype(np.float32)
    agrees(files.read(tmp_path / "m.h5").network, x @ first @ second, x)


def test_archive_of_keras_2(tmp_path):
    """Functional models have another group, whose numbers count layers with weights twice."""
    named = {"rescaling": 0, "conv2d": 0, "conv2d_1": 2, "batch_normalization": 0, "dense": 0}
    weights = io.BytesIO()
    with zipfile.ZipFile(HERE / "small.keras") as old, h5py.File(weights, "w") as new:
        config, about = old.read("config.json"), json.loads(old.read("metadata.json"))
        source = h5py.File(io.BytesIO(old.read("model.weights.h5")))
        for name, group in source["layers"].items():
            stem = name.removesuffix("_1") if name in named else name
            number = named.get(name, 0)
            place = f"{stem}_{number}" if number else stem
            source.copy(group, new, f"_layer_checkpoint_dependencies/{place}")
    about["keras_version"] = "2.14.0"
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("config.json", config)
        file.writestr("metadata.json", json.dumps(about))
        file.writestr("model.weights.h5", weights.getvalue())
    agrees(files.read(path).network, GIVEN["y"], GIVEN["x"])


# -- mistakes -------------------------------------------------------------------------------------


def changed(tmp_path, change):
    """small.keras with another configuration."""
    path = tmp_path / "changed.keras"
    with zipfile.ZipFile(HERE / "small.keras") as old, zipfile.ZipFile(path, "w") as new:
        config = json.loads(old.read("config.json"))
        change({each["name"]: each for each in config["config"]["layers"]}, config)
        new.writestr("config.json", json.dumps(config))
        new.writestr("metadata.json", old.read("metadata.json"))
        new.writestr("model.weights.h5", old.read("model.weights.h5"))
    return path


def set_shape(layers, config):
    layers["image"]["config"]["batch_shape"] = [None, None, None, 3]


def set_double(layers, config):
    layers["image"]["config"]["dtype"] = "float64"


def set_unknown(layers, config):
    layers["conv2d"]["class_name"] = "Fancy"


def set_recurrent(layers, config):
    layers["conv2d"]["class_name"] = "ConvLSTM3D"


def set_first(layers, config):
    layers["conv2d"]["config"]["data_format"] = "channels_first"


def set_activation(layers, config):
    layers["conv2d"]["config"]["activation"] = "fancy"


def set_subclass(layers, config):
    config["class_name"], config["config"] = "MyModel", {"name": "mine"}


MISTAKES = {
    set_shape: r"input 'image': has the dynamic shape \?x\?x\?x3; give keras.Input the shape",
    set_double: "input 'image': computes in float64, expected float32",
    set_unknown: r"layer 'conv2d' \(Fancy\): is not supported; use layers that are .*, or pip "
    "install tensorflow, whose converter then reads it",
    set_recurrent: r"layer 'conv2d' \(ConvLSTM3D\): is not supported; use layers that are",
    set_first: "has its channels first; build the model with channels_last",
    set_activation: "has the activation 'fancy', which is not supported; use one of celu,",
    set_subclass: r"model 'mine' \(MyModel\): is a class of your own, of which the file has no",
}


@pytest.mark.parametrize("change", MISTAKES, ids=lambda each: each.__name__)
def test_mistake(change, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(GravenError, match=MISTAKES[change]):
        files.read(changed(tmp_path, change))


def fake_tensorflow(file, backend="tensorflow"):
    """What keras_converted.py calls of it: it converts any model of one input to `file`; the list
    gets the inputs that were asked for."""
    asked = []
    model = types.SimpleNamespace(
        inputs=[types.SimpleNamespace(dtype="float32", shape=(None, 12, 10, 3), name="image")]
    )
    made = types.SimpleNamespace(
        get_concrete_function=lambda *inputs: asked.append(inputs) or "function"
    )
    convert = types.SimpleNamespace(convert=lambda: file)
    return asked, types.SimpleNamespace(
        __version__="2.99",
        keras=types.SimpleNamespace(
            backend=types.SimpleNamespace(backend=lambda: backend),
            models=types.SimpleNamespace(load_model=lambda path, compile: model),
        ),
        TensorSpec=lambda shape, dtype, name: (shape, dtype, name),
        function=lambda each: made,
        lite=types.SimpleNamespace(
            TFLiteConverter=types.SimpleNamespace(from_concrete_functions=lambda functions: convert)
        ),
    )


@pytest.mark.parametrize("change", [set_unknown, set_activation, set_first])
def test_what_is_not_read_by_layer_is_converted(change, tmp_path, monkeypatch, capsys):
    """By TensorFlow, with a line that says so and why."""
    file = tflite_writer.to_bytes(files.read(HERE / "small.keras").network)
    asked, fake = fake_tensorflow(file)
    monkeypatch.setitem(sys.modules, "tensorflow", fake)
    path = changed(tmp_path, change)
    agrees(files.read(path).network, GIVEN["y"], GIVEN["x"])
    said = capsys.readouterr().err
    assert said.startswith("graven: changed.keras: layer 'conv2d'") and said.count("\n") == 1
    assert said.endswith(": converted by TensorFlow 2.99\n")
    assert asked == [(([1, 12, 10, 3], "float32", "image"),)]
    _, fake = fake_tensorflow(file, backend="torch")
    monkeypatch.setitem(sys.modules, "tensorflow", fake)
    refused(path, "TensorFlow does not convert it either .*; set KERAS_BACKEND=tensorflow")


@pytest.mark.parametrize("change", [set_shape, set_double, set_subclass])
def test_mistakes_are_not_converted(change, tmp_path, monkeypatch, capsys):
    _, fake = fake_tensorflow(b"")
    monkeypatch.setitem(sys.modules, "tensorflow", fake)
    refused(changed(tmp_path, change), MISTAKES[change])
    assert "converted" not in capsys.readouterr().err


def test_configurations_of_any_shape(tmp_path, monkeypatch):
    """Each value of the configuration replaced or gone: a network, or a sentence."""
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with zipfile.ZipFile(HERE / "small.keras") as old:
        config = old.read("config.json")
    places = list(paths(json.loads(config)))
    rng = np.random.default_rng(0)
    values = [None, 0, -1, 1.5, "x", [], {}, [1, 2], True, [None]]
    refusals = 0
    for _ in range(80):
        *outer, last = places[rng.integers(len(places))]
        other = values[rng.integers(len(values))]

        def change(layers, config, outer=outer, last=last, other=other):
            for each in outer:
                config = config[each]
            config[last] = other

        try:
            files.read(changed(tmp_path, change))
        except GravenError as error:
            refusals += 1
            assert "\n" not in str(error) and str(error).startswith("changed.keras: ")
    assert refusals > 8


def paths(value, before=()):
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs:
        yield (*before, key)
        if isinstance(inner, dict | list):
            yield from paths(inner, (*before, key))


def refused(path, text, layout=None):
    with pytest.raises(GravenError, match=text):
        files.read(path, layout)


def test_damaged_files(tmp_path):
    whole = "is no whole model of Keras .* save it with model.save"
    for ending in ("keras", "h5"):
        data = (HERE / f"small.{ending}").read_bytes()
        parts = {"cut": data[: len(data) // 2], "none": b"", "other": b"text"}
        for name, part in parts.items():
            path = tmp_path / f"{name}.{ending}"
            path.write_bytes(part)
            refused(path, whole if part else "is empty; copy or download it again")
    with h5py.File(tmp_path / "weights.h5", "w") as file:
        file["w"] = np.zeros(3)
    refused(tmp_path / "weights.h5", whole)
    refused(tmp_path / "missing.keras", "cannot be read: no such file")
    refused(HERE / "small.keras", "layout='nchw': small.keras is a file of Keras", "nchw")


def test_weights_that_are_no_numbers(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(HERE / "small.keras") as old:
        buffer.write(old.read("model.weights.h5"))
        config = old.read("config.json")
    with h5py.File(buffer, "r+") as file:
        file["layers/dense/vars/0"][0, 0] = np.nan
    path = tmp_path / "nan.keras"
    with zipfile.ZipFile(path, "w") as new:
        new.writestr("config.json", config)
        new.writestr("metadata.json", '{"keras_version": "3.15.1"}')
        new.writestr("model.weights.h5", buffer.getvalue())
    refused(path, r"layer 'dense' \(Dense\): has a weight that is no number \(NaN\): training has")


def test_saved_model(tmp_path, monkeypatch, capsys):
    """By TensorFlow's converter, which says so; without it, a sentence."""
    (tmp_path / "saved_model.pb").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    refused(tmp_path, r"is a SavedModel, which needs .* pip install tensorflow; or save the model")
    file = tflite_writer.to_bytes(files.read(HERE / "small.keras").network)
    given = types.SimpleNamespace(dtype="float32", shape=(None, 12, 10, 3))
    function = types.SimpleNamespace(structured_input_signature=((), {"x": given}))
    loaded = types.SimpleNamespace(signatures={"serving_default": function})
    fixed = []
    converter = types.SimpleNamespace(convert=lambda: file)
    fake = types.SimpleNamespace(
        __version__="2.99",
        TensorSpec=lambda shape, dtype, name: (shape, dtype, name),
        function=lambda each: types.SimpleNamespace(
            get_concrete_function=lambda **inputs: fixed.append(inputs)
        ),
        saved_model=types.SimpleNamespace(load=lambda path: loaded),
        lite=types.SimpleNamespace(
            TFLiteConverter=types.SimpleNamespace(
                from_concrete_functions=lambda functions, owner: converter
            )
        ),
    )
    monkeypatch.setitem(sys.modules, "tensorflow", fake)
    agrees(files.read(tmp_path).network, GIVEN["y"], GIVEN["x"])
    assert "converted by TensorFlow 2.99" in capsys.readouterr().err
    assert fixed == [{"x": ([1, 12, 10, 3], "float32", "x")}]
    loaded.signatures = {"one": function}
    agrees(files.read(tmp_path).network, GIVEN["y"], GIVEN["x"])
    loaded.signatures = {"one": function, "two": function}
    refused(tmp_path, r"has several signatures \(one, two\), expected one, or one that is called")
    loaded.signatures = {}
    refused(tmp_path, r"has no signature, expected one, or one that is called serving_default")
    loaded.signatures = {"serving_default": function}
    converter.convert = lambda: 1 / 0
    refused(tmp_path, "TensorFlow does not convert it .ZeroDivisionError: division by zero")


def test_weights_are_missing(tmp_path):
    with zipfile.ZipFile(HERE / "small.keras") as old:
        config = old.read("config.json")
    empty = io.BytesIO()
    h5py.File(empty, "w").close()
    path = tmp_path / "empty.keras"
    with zipfile.ZipFile(path, "w") as new:
        new.writestr("config.json", config)
        new.writestr("metadata.json", '{"keras_version": "3.15.1"}')
        new.writestr("model.weights.h5", empty.getvalue())
    refused(path, r"layer 'conv2d' \(Conv2D\): is not as Keras describes it")


def test_snake():
    assert [frontend.snake(each) for each in ("SeparableConv2D", "ReLU", "MaxPooling2D")] == [
        "separable_conv2d", "re_lu", "max_pooling2d",
    ]  # fmt: skip


# -- each class of layer, by Keras ----------------------------------------------------------------


IMAGE, LINE = (9, 8, 4), (12, 5)
LAYERS = {
    "conv": (IMAGE, lambda L: L.Conv2D(6, (3, 2), strides=(2, 1), activation="relu")),
    "conv same": (IMAGE, lambda L: L.Conv2D(6, 3, strides=2, padding="same", activation="elu")),
    "conv dilated": (IMAGE, lambda L: L.Conv2D(6, 3, dilation_rate=2, use_bias=False)),
    "conv grouped": (IMAGE, lambda L: L.Conv2D(6, 3, groups=2, activation="sigmoid")),
    "conv 1": (LINE, lambda L: L.Conv1D(6, 3, strides=2, activation="tanh")),
    "conv causal": (LINE, lambda L: L.Conv1D(6, 3, dilation_rate=2, padding="causal")),
    "depthwise": (IMAGE, lambda L: L.DepthwiseConv2D(3, padding="same", activation="relu6")),
    "depthwise several": (IMAGE, lambda L: L.DepthwiseConv2D(3, strides=2, depth_multiplier=2)),
    "separable": (IMAGE, lambda L: L.SeparableConv2D(7, 3, padding="same", activation="gelu")),
    "separable 1": (LINE, lambda L: L.SeparableConv1D(7, 3, depth_multiplier=2)),
    "transposed": (IMAGE, lambda L: L.Conv2DTranspose(5, 3, strides=2, padding="same")),
    "transposed valid": (IMAGE, lambda L: L.Conv2DTranspose(5, 3, strides=2, activation="swish")),
    "dense": ((20,), lambda L: L.Dense(6, activation="softmax")),
    "dense of rows": (LINE, lambda L: L.Dense(6, activation="hard_sigmoid")),
    "normalized": (IMAGE, lambda L: L.BatchNormalization()),
    "normalized plainly": (IMAGE, lambda L: L.BatchNormalization(center=False, scale=False)),
    "max pool": (IMAGE, lambda L: L.MaxPooling2D((2, 3), strides=2)),
    "max pool same": (IMAGE, lambda L: L.MaxPooling2D(3, strides=2, padding="same")),
    "average": (IMAGE, lambda L: L.AveragePooling2D(2)),
    "average same": (IMAGE, lambda L: L.AveragePooling2D(2, padding="same")),
    "average 1": (LINE, lambda L: L.AveragePooling1D(3)),
    "global average": (IMAGE, lambda L: L.GlobalAveragePooling2D()),
    "global average kept": (IMAGE, lambda L: L.GlobalAveragePooling2D(keepdims=True)),
    "global max": (IMAGE, lambda L: L.GlobalMaxPooling2D()),
    "global average 1": (LINE, lambda L: L.GlobalAveragePooling1D()),
    "relu": (IMAGE, lambda L: L.ReLU()),
    "relu 6": (IMAGE, lambda L: L.ReLU(max_value=6.0)),
    "relu sloped": (IMAGE, lambda L: L.ReLU(negative_slope=0.25)),
    "leaky": (IMAGE, lambda L: L.LeakyReLU(0.2)),
    "prelu": (IMAGE, lambda L: L.PReLU()),
    "prelu shared": (IMAGE, lambda L: L.PReLU(shared_axes=[1, 2])),
    "elu": (IMAGE, lambda L: L.ELU()),
    "softmax": ((7,), lambda L: L.Softmax()),
    "hard swish": (IMAGE, lambda L: L.Activation("hard_swish")),
    "leaky by name": (IMAGE, lambda L: L.Activation("leaky_relu")),
    "exponential": (IMAGE, lambda L: L.Activation("exponential")),
    "padding": (IMAGE, lambda L: L.ZeroPadding2D(((1, 2), (0, 3)))),
    "padding of one": (IMAGE, lambda L: L.ZeroPadding2D(1)),
    "padding 1": (LINE, lambda L: L.ZeroPadding1D((2, 1))),
    "cropping": (IMAGE, lambda L: L.Cropping2D(((1, 2), (0, 3)))),
    "cropping 1": (LINE, lambda L: L.Cropping1D((2, 1))),
    "upsampling": (IMAGE, lambda L: L.UpSampling2D((2, 3))),
    "upsampling bilinear": (IMAGE, lambda L: L.UpSampling2D(2, interpolation="bilinear")),
    "upsampling 1": (LINE, lambda L: L.UpSampling1D(3)),
    "flatten": (IMAGE, lambda L: L.Flatten()),
    "reshape": (IMAGE, lambda L: L.Reshape((4, -1, 2))),
    "permute": (IMAGE, lambda L: L.Permute((3, 1, 2))),
    "repeat": ((6,), lambda L: L.RepeatVector(4)),
    "rescaling": (IMAGE, lambda L: L.Rescaling(1 / 255, offset=0.1)),
    "normalization": (IMAGE, lambda L: L.Normalization(mean=[0, 1, 2, 3], variance=[1, 2, 3, 4])),
    "dropout": (IMAGE, lambda L: L.Dropout(0.5)),
    "noise": (IMAGE, lambda L: L.GaussianNoise(0.1)),
    "lstm": (LINE, lambda L: L.LSTM(4)),
    "lstm sequence": (LINE, lambda L: L.LSTM(4, return_sequences=True, use_bias=False)),
    "gru": (LINE, lambda L: L.GRU(4)),
    "gru resets before": (LINE, lambda L: L.GRU(4, reset_after=False, return_sequences=True)),
    "gru backwards": (LINE, lambda L: L.GRU(4, go_backwards=True, return_sequences=True)),
    "simple rnn": (LINE, lambda L: L.SimpleRNN(4, activation="relu")),
    "both ways": (LINE, lambda L: L.Bidirectional(L.LSTM(4, return_sequences=True))),
    "both ways h5": (LINE, lambda L: L.Bidirectional(L.LSTM(4, return_sequences=True))),
    "both ways at the end": (LINE, lambda L: L.Bidirectional(L.GRU(4), merge_mode="ave")),
    "dense of moments": (LINE, lambda L: L.TimeDistributed(L.Dense(3, activation="relu"))),
    "layer norm": (LINE, lambda L: L.LayerNormalization()),
    "group norm": (IMAGE, lambda L: L.GroupNormalization(2)),
    "unit norm": (LINE, lambda L: L.UnitNormalization()),
    "transposed 1": (LINE, lambda L: L.Conv1DTranspose(3, 3, strides=2, padding="same")),
    "volume": ((5, 6, 7, 2), lambda L: L.Conv3D(3, 2, activation="relu")),
    "pool of volumes": ((4, 6, 8, 2), lambda L: L.MaxPooling3D(2)),
    "conv lstm": ((3, 6, 5, 2), lambda L: L.ConvLSTM2D(4, 3, strides=2, use_bias=False)),
    "conv lstm of moments": ((3, 6, 5, 2), lambda L: L.ConvLSTM2D(
        3, (3, 2), padding="same", return_sequences=True, go_backwards=True,
        activation="relu", recurrent_activation="hard_sigmoid")),
    "conv lstm 1": ((3, 7, 2), lambda L: L.ConvLSTM1D(4, 3, dilation_rate=2)),
    "resizing": (IMAGE, lambda L: L.Resizing(5, 12)),
    "einsum": (LINE, lambda L: L.EinsumDense("abc,cd->abd", (None, 5), "relu", "d")),
    "einsum of the last": (IMAGE, lambda L: L.EinsumDense("...a,ab->...b", (5,), bias_axes="b")),
    "elu of alpha": (IMAGE, lambda L: L.ELU(0.7)),
    "relu above": (IMAGE, lambda L: L.ReLU(threshold=0.5)),
    **{name: (LINE, lambda L, name=name: L.Activation(name)) for name in (
        "log_softmax", "mish", "selu", "silu", "softplus", "softsign")},
}  # fmt: skip
"""The shape of a sample, and the layer, from keras.layers."""


@pytest.fixture(scope="module")
def keras():
    os.environ.setdefault("KERAS_BACKEND", "torch")
    return pytest.importorskip("keras", reason="no package keras (and torch or tensorflow)")


def judged(keras, model, shapes, path):
    """The model saved, read, and compared with its own outputs."""
    rng = np.random.default_rng(3)
    for each in model.weights:
        value = rng.normal(0.0, 0.4, each.shape)
        each.assign((np.abs(value) + 0.5 if "variance" in each.name else value).astype(np.float32))
    model.save(path)
    inputs = [rng.normal(0.0, 1.0, (2, *shape)).astype(np.float32) for shape in shapes]
    given = inputs[0] if len(inputs) == 1 else inputs
    expected = np.asarray(model.predict(given, verbose=0))
    network = files.read(path).network
    agrees(network, expected, *inputs)
    return network


@pytest.mark.parametrize("label", LAYERS)
def test_layer(label, keras, tmp_path):
    shape, layer = LAYERS[label]
    model = keras.Sequential([keras.Input(shape), layer(keras.layers)])
    judged(keras, model, [shape], tmp_path / ("m.h5" if len(label) % 2 else "m.keras"))


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_merging(ending, keras, tmp_path):
    layers = keras.layers
    a, b = keras.Input((6, 5, 4), name="a"), keras.Input((6, 5, 4), name="b")
    found = [layers.Add()([a, b]), layers.Subtract()([a, b]), layers.Multiply()([a, b]),
             layers.Average()([a, b]), layers.Maximum()([a, b]), layers.Minimum()([a, b]),
             a + b, a * 0.5]  # fmt: skip
    model = keras.Model([a, b], layers.Concatenate(axis=1)(found))
    judged(keras, model, [(6, 5, 4)] * 2, tmp_path / f"m.{ending}")


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_attention(ending, keras, tmp_path):
    layers = keras.layers
    given = keras.Input((6, 8))
    heads = layers.MultiHeadAttention(2, 4)(given, given)
    model = keras.Model(given, layers.Concatenate()([
        heads, layers.Attention()([given, heads]), layers.AdditiveAttention()([given, heads]),
        layers.Dot(axes=(2, 2))([given, heads]),
    ]))  # fmt: skip
    judged(keras, model, [(6, 8)], tmp_path / f"m.{ending}")


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_operations_are_layers(ending, keras, tmp_path):
    ops = keras.ops
    x = keras.Input((6, 8))
    parts = [
        ops.mean(x, axis=1, keepdims=True), ops.max(x, axis=1, keepdims=True),
        ops.sqrt(ops.square(x) + 0.1), ops.log(ops.abs(x) + 1.0), ops.clip(x, -0.5, 0.5),
        ops.flip(x, axis=1), ops.roll(x, 2, axis=2), ops.cumsum(x, axis=1),
        ops.stack([x, -x], axis=1)[:, 1], ops.split(x, 2, axis=1)[1], x[:, 1:5:2], x[..., ::1],
        ops.transpose(ops.reshape(x, (-1, 8, 6)), (0, 2, 1)), ops.std(x, axis=1, keepdims=True),
        ops.matmul(x, ops.convert_to_tensor(np.ones((8, 8), np.float32))), ops.power(x, 3),
        ops.pad(x, [[0, 0], [1, 2], [0, 0]]), ops.expand_dims(x[:, 0], 1),
    ]  # fmt: skip
    model = keras.Model(x, keras.layers.Concatenate(axis=1)(parts))
    judged(keras, model, [(6, 8)], tmp_path / f"m.{ending}")


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_states_are_given_and_handed_on(ending, keras, tmp_path):
    """An encoder whose states a decoder begins with."""
    layers = keras.layers
    a, b = keras.Input((5, 3), name="a"), keras.Input((4, 2), name="b")
    _, h, c = layers.LSTM(6, return_state=True)(a)
    found = layers.LSTM(6, return_sequences=True)(b, initial_state=[h, c])
    judged(keras, keras.Model([a, b], found), [(5, 3), (4, 2)], tmp_path / f"m.{ending}")


@pytest.mark.parametrize("functional", [False, True])
def test_tokens(functional, keras, tmp_path):
    """Keras says float32 of what an Embedding reads."""
    layers = [keras.Input((7,)), keras.layers.Embedding(20, 4), keras.layers.GRU(3)]
    model = keras.Sequential(layers)
    if functional:
        given = keras.Input((7,), dtype="int32")
        model = keras.Model(given, layers[2](layers[1](given)))
    model.save(tmp_path / "m.keras")
    tokens = np.random.default_rng(0).integers(0, 20, (2, 7))
    network = files.read(tmp_path / "m.keras").network
    agrees(network, np.asarray(model.predict(tokens, verbose=0)), tokens.astype(np.int32))


HIDDEN = r"leaves out moments of token 0, which layer 'emb.*=False"


def masked(keras, *layers):
    embedding = keras.layers.Embedding(9, 4, mask_zero=True)
    return keras.Sequential([keras.Input((7,)), embedding, *layers])


def test_masks_are_refused_where_they_are_heeded(keras, tmp_path, monkeypatch):
    """Moments of token 0 counted like others: wrong numbers, with nothing said."""
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    L = keras.layers
    for each in (
        [L.GRU(3)],
        [L.Dropout(0.1), L.Dense(3), L.GlobalAveragePooling1D()],
        [keras.Sequential([L.Bidirectional(L.LSTM(3))])],
        [L.SpatialDropout1D(0.1), L.TimeDistributed(L.Dense(3)), L.LSTM(3)],
    ):
        masked(keras, *each).save(tmp_path / "m.keras")
        refused(tmp_path / "m.keras", HIDDEN)
        given = keras.Input((7,), dtype="int32")
        found = L.Embedding(9, 4, mask_zero=True)(given)
        for layer in each:
            found = layer(found)
        keras.Model(given, found).save(tmp_path / "m.keras")  # its mask is an operation
        refused(tmp_path / "m.keras", HIDDEN)


def test_masks_of_sequences_within(keras, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    L = keras.layers
    for each in (L.TimeDistributed(L.LSTM(3)), L.TimeDistributed(L.GlobalAveragePooling1D()),
                 L.ConvLSTM1D(3, 3, padding="same")):  # fmt: skip
        embedding = L.Embedding(9, 4, mask_zero=True)
        keras.Sequential([keras.Input((2, 7)), embedding, each]).save(tmp_path / "m.keras")
        refused(tmp_path / "m.keras", HIDDEN)


def test_a_mask_that_is_given_is_refused(keras, tmp_path):
    given = keras.Input((7, 3))
    mask = keras.ops.greater(given[:, :, 0], 0)
    keras.Model(given, keras.layers.LSTM(3)(given, mask=mask)).save(tmp_path / "m.keras")
    refused(tmp_path / "m.keras", "is given a mask, which is not supported")


def test_both_ways_of_images_are_refused(keras, tmp_path):
    layer = keras.layers.Bidirectional(keras.layers.ConvLSTM2D(3, 3))
    keras.Sequential([keras.Input((3, 5, 5, 2)), layer]).save(tmp_path / "m.keras")
    refused(tmp_path / "m.keras", "runs a ConvLSTM2D both ways; run LSTM, GRU or SimpleRNN so")


def test_masks_that_nobody_heeds(keras, tmp_path):
    L = keras.layers
    for each in ([L.Conv1D(3, 2), L.GlobalAveragePooling1D()], [L.Dense(3), L.Flatten()],
                 [L.Reshape((7, 4)), L.GlobalAveragePooling1D()],
                 [L.ZeroPadding1D(0), L.LSTM(3)]):  # fmt: skip
        model = masked(keras, *each)
        model.save(tmp_path / "m.keras")
        tokens = np.random.default_rng(0).integers(0, 3, (2, 7))
        network = files.read(tmp_path / "m.keras").network
        agrees(network, np.asarray(model.predict(tokens, verbose=0)), tokens.astype(np.int32))


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_layers_of_applications(ending, keras, tmp_path):
    from keras.src.applications.convnext import LayerScale
    from keras.src.applications.inception_resnet_v2 import CustomScaleLayer

    a, b = keras.Input((6, 5, 4), name="a"), keras.Input((6, 5, 4), name="b")
    found = CustomScaleLayer(0.17)([LayerScale(0.5, 4)(a), b])
    judged(keras, keras.Model([a, b], found), [(6, 5, 4)] * 2, tmp_path / f"m.{ending}")


def test_outputs_by_name(keras, tmp_path):
    x = keras.Input((4,))
    made = {"angle": keras.layers.Dense(1)(x), "label": keras.layers.Dense(2)(x)}
    keras.Model({"x": x}, made).save(tmp_path / "m.keras")
    network = files.read(tmp_path / "m.keras").network
    assert [network.tensors[index].name for index in network.outputs] == ["angle", "label"]


def test_model_without_a_file(keras):
    import graven

    model = keras.Sequential([keras.Input((9, 8, 4)), keras.layers.Conv2D(6, 3)], name="net")
    x = np.random.default_rng(0).normal(0, 1, (3, 9, 8, 4)).astype(np.float32)
    found = graven.compile(model)
    assert found.network.name == "net"
    np.testing.assert_allclose(found(x), model.predict(x, verbose=0), rtol=1e-4, atol=1e-5)


def test_a_constant_that_is_no_number_is_no_weight(keras):
    x = keras.Input((4,))
    model = keras.Model(x, keras.ops.add(keras.layers.Dense(3)(x), float("nan")))
    with pytest.raises(GravenError, match=r"layer 'add.*though all weights are numbers: the model"):
        frontend.from_model(model)
