"""Folders that TensorFlow itself has saved, by its converter; and what Keras 2 saved as .h5."""

import numpy as np
import pytest
from graven import api, cli, reference
from graven.errors import GravenError
from graven.frontends import files

SAMPLES = 64


@pytest.fixture(scope="module")
def tensorflow():
    return pytest.importorskip("tensorflow", reason="no package tensorflow")


@pytest.fixture(scope="module")
def keras(tensorflow):
    return pytest.importorskip("keras", reason="no package keras")


def samples(*shape):
    return np.random.default_rng(5).normal(0.0, 1.0, (SAMPLES, *shape)).astype(np.float32)


def classifier(layers, models):
    """Image to classes; the batch is open."""
    return models.Sequential([
        layers.Input((12, 10, 3)), layers.Conv2D(8, 3, padding="same", activation="relu"),
        layers.BatchNormalization(), layers.MaxPooling2D(),
        layers.DepthwiseConv2D(3, activation="relu6"), layers.GlobalAveragePooling2D(),
        layers.Dense(5, activation="softmax")])  # fmt: skip


def agrees(path, expected, *inputs):
    """In float32, sample by sample, within 1e-4 of the largest output."""
    network = files.read(path).network
    for at in range(4):
        given = [value[at : at + 1] for value in inputs]
        found = reference.run(network, given)[network.outputs[0]].ravel()
        assert np.abs(found - expected[at].ravel()).max() <= 1e-4 * np.abs(expected).max()


def test_keras_exports(keras, tmp_path, capsys):
    model, x = classifier(keras.layers, keras), samples(12, 10, 3)
    model.export(tmp_path / "net", verbose=False)
    agrees(tmp_path / "net", model.predict(x, verbose=0), x)
    assert "converted by TensorFlow" in capsys.readouterr().err


def test_int8_by_samples(keras, tmp_path):
    """--calibrate makes int8 of what the converter has left in float32."""
    model, x = classifier(keras.layers, keras), samples(12, 10, 3)
    model.export(tmp_path / "net", verbose=False)
    np.savez(tmp_path / "samples.npz", x=x)
    header = tmp_path / "net.hpp"
    command = ["compile", str(tmp_path / "net"), "-o", str(header), "--quantize", "int8",
               "--calibrate", str(tmp_path / "samples.npz")]  # fmt: skip
    assert cli.main(command) == 0
    assert "std::int8_t" in header.read_text()
    whole = api.compile(tmp_path / "net", calibrate=x, quantize="int8")
    expected = model.predict(x, verbose=0).argmax(axis=1)
    assert (whole.predict(x) == expected).mean() >= 0.9


def module(tensorflow):
    class Sensor(tensorflow.Module):
        def __init__(self):
            super().__init__()
            rng = np.random.default_rng(1)
            self.weights = tensorflow.Variable(rng.normal(size=(6, 4)).astype(np.float32))

        @tensorflow.function(input_signature=[tensorflow.TensorSpec([None, 6])])
        def score(self, x):
            return {"y": tensorflow.nn.tanh(x @ self.weights)}

        @tensorflow.function(input_signature=[tensorflow.TensorSpec([None, 6])])
        def twice(self, x):
            return {"y": 2 * (x @ self.weights)}

    return Sensor()


@pytest.mark.parametrize("name", ["serving_default", "score"])
def test_module(name, tensorflow, tmp_path):
    made, x = module(tensorflow), samples(6)
    tensorflow.saved_model.save(made, tmp_path, signatures={name: made.score})
    agrees(tmp_path, made.score(tensorflow.constant(x))["y"].numpy(), x)


@pytest.mark.parametrize("names", [(), ("score", "twice")])
def test_no_function_is_meant(names, tensorflow, tmp_path):
    made = module(tensorflow)
    signatures = {name: getattr(made, name) for name in names}
    tensorflow.saved_model.save(made, tmp_path, signatures=signatures)
    with pytest.raises(GravenError, match="expected one, or one that is called serving_default"):
        files.read(tmp_path)


def test_inputs_are_in_the_order_of_their_names(keras, tmp_path):
    layers = keras.layers
    inputs = [keras.Input((4,), name="near"), keras.Input((4,), name="far")]
    model = keras.Model(inputs, layers.Concatenate()([layers.Dense(3)(inputs[0]), inputs[1]]))
    model.export(tmp_path / "net", verbose=False)
    near, far = samples(4), samples(4)[::-1]
    agrees(tmp_path / "net", model.predict([near, far], verbose=0), far, near)


def unread(layers, keras):
    """Layers that are read, and some that are not; two inputs, two outputs, names out of order."""
    image, extra = keras.Input((12, 10, 3), name="z"), keras.Input((4,), name="a")
    x = layers.Conv2D(8, 3, padding="same", activation="silu")(image)
    x = layers.BatchNormalization(axis=1)(layers.AveragePooling2D(2)(x))
    x = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), extra])
    return keras.Model([image, extra], [layers.Dense(3)(x), layers.Dense(2, "softmax")(x)])


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_layers_that_are_not_read_are_converted(ending, keras, tmp_path, capsys):
    """With a line that says so and why; --calibrate makes int8 of it."""
    model, x, extra = unread(keras.layers, keras), samples(12, 10, 3), samples(4)
    path = tmp_path / f"net.{ending}"
    model.save(path)
    network = files.read(path).network
    assert "normalizes axis 1" in (said := capsys.readouterr().err)
    assert "converted by TensorFlow" in said
    expected = model.predict([x, extra], verbose=0)
    for at in range(4):
        found = reference.run(network, [x[at : at + 1], extra[at : at + 1]])
        for index, wanted in zip(network.outputs, expected, strict=True):
            assert np.abs(found[index].ravel() - wanted[at]).max() <= 1e-4 * np.abs(wanted).max()
    whole = api.compile(model, calibrate={"z": x, "a": extra}, quantize="int8")
    assert np.abs(whole(x, extra)[0] - expected[0]).max() <= 0.1 * np.abs(expected[0]).max()


def test_code_of_a_file_is_not_run(keras, tmp_path):
    """A Lambda is TensorFlow's to refuse, too."""
    layers = keras.layers
    model = keras.Sequential([layers.Input((4,)), layers.Lambda(lambda x: x + 1), layers.Dense(2)])
    model.save(tmp_path / "net.keras")
    with pytest.raises(GravenError, match=r"layer 'lambda.*TensorFlow does not convert it either"):
        files.read(tmp_path / "net.keras")


def test_keras_2_is_read_natively(tensorflow, tmp_path, capsys):
    keras = pytest.importorskip("tf_keras", reason="no package tf_keras")
    model, x = classifier(keras.layers, keras), samples(12, 10, 3)
    for ending in ("h5", "keras"):
        model.save(tmp_path / f"net.{ending}")
        agrees(tmp_path / f"net.{ending}", model.predict(x, verbose=0), x)
    assert "converted" not in capsys.readouterr().err
    model.save(tmp_path / "net")  # Keras 2 makes a SavedModel of it
    agrees(tmp_path / "net", model.predict(x, verbose=0), x)
