"""graven in Python: compile, call, judge, save; the same numbers by numpy, C++ and the emulator."""

import subprocess
import sys

import graven
import numpy as np
import pytest
import random_models
from graven import ir
from graven.errors import GravenError
from graven.frontends import tflite_writer
from graven.layers.add import Add
from test_quantize import samples, small
from test_variables import counting


@pytest.fixture(scope="module")
def data():
    return samples(small(), 40)[0][:, 0]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    file = tmp_path_factory.mktemp("api") / "net.tflite"
    tflite_writer.write(small(), file)
    return file


@pytest.fixture(scope="module")
def model(path, data):
    return graven.compile(path, calibrate=data, quantize="int8", target="cortex-m4")


def test_call_is_close_to_float(path, model, data):
    exact, whole = graven.compile(str(path))(data), model(data)
    assert exact.shape == whole.shape == (40, 5) and whole.dtype == np.float32
    assert np.sqrt(np.mean((whole - exact) ** 2) / np.mean(exact**2)) < 0.05


def test_int8_goes_in_and_comes_out(model, data):
    scale, zero_point = (each[0] for each in (
        model.network.tensors[model.network.inputs[0]].quantization.scale,
        model.network.tensors[model.network.inputs[0]].quantization.zero_point,
    ))  # fmt: skip
    whole = np.clip(np.round(data / scale) + zero_point, -128, 127).astype(np.int8)
    found = model(whole)
    assert found.dtype == np.int8
    output = model.network.tensors[model.network.outputs[0]].quantization
    real = (found.astype(np.float64) - output.zero_point[0]) * output.scale[0]
    np.testing.assert_allclose(model(data), real, rtol=1e-6)


def test_predict_and_evaluate(model, data):
    labels = model.predict(data)
    assert labels.shape == (40,)
    assert model.evaluate(data, labels) == 1.0
    assert model.evaluate(data, (labels + 1) % 5) == 0.0


def test_native_is_numpy(model, data):
    native = model.native()
    np.testing.assert_array_equal(native(data), model(data))
    assert native.evaluate(data, model.predict(data)) == 1.0


def test_emulated_is_numpy(model, data):
    emulated = model.on("cortex-m4")
    np.testing.assert_array_equal(emulated(data[:2]), model(data[:2]))
    assert emulated.instructions > 10_000
    assert sum(emulated.by_layer.values()) <= 1.2 * emulated.instructions


def test_memory(model):
    memory = model.memory()
    assert memory.target == "cortex-m4"
    assert 0 < memory.arena < 4096 and memory.code > 0 and memory.flash > memory.weights


def test_layers_and_pictures(model):
    assert [each.op for each in model.layers] == [
        "CONV_2D", "CONV_2D", "CONCATENATION", "FULLY_CONNECTED",
    ]  # fmt: skip
    assert model.layers[0].parameters == 8 * 27 + 8
    assert "CONV_2D" in repr(model) and "<table>" in model._repr_html_()
    assert model.quantization.layers[0].noise_db > 20.0


def test_samples_and_targets_as_they_come(model, data):
    labels = model.predict(data)
    assert model.verify(data[:2], against="numpy").difference is None
    assert [each.title for each in model.proof(data, labels, targets="cortex-m4").sides][-1] == (
        "cortex-m4"
    )


def test_save(model, tmp_path):
    assert "namespace net" in model.save(tmp_path / "m.hpp").read_text()
    again = graven.compile(model.save(tmp_path / "m.tflite"))
    assert [each.scale for each in again.layers] == [each.scale for each in model.layers]
    with pytest.raises(GravenError, match=r"expected \.hpp, \.h, \.tflite or \.rnn"):
        model.save(tmp_path / "m.onnx")


def test_calibration_by_batches(path, data):
    batches = [(data[:20], None), (data[20:], None)]
    one = graven.compile(path, calibrate=data, quantize="int8")
    other = graven.compile(path, calibrate=iter(batches), quantize="int8")
    assert one.header() == other.header()


def test_import_is_light():
    code = "import sys, graven; graven.__version__; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_estimator():
    linear = pytest.importorskip("sklearn.linear_model", reason="no package scikit-learn")
    rng = np.random.default_rng(0)
    x = rng.normal(0.0, 1.0, (200, 6))
    y = (x @ rng.normal(0.0, 1.0, (6, 3))).argmax(1)
    estimator = linear.LogisticRegression().fit(x, y)
    model = graven.compile(estimator, calibrate=x, quantize="int8")
    assert model.evaluate(x, y) > estimator.score(x, y) - 0.03


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda path, x: graven.compile(3), "got a int; give a file"),
        (lambda path, x: graven.compile(path, quantize="int8"), "give calibrate="),
        (lambda path, x: graven.compile(path, quantize="int3", calibrate=x), "'int3'"),
        (lambda path, x: graven.compile(path, calibrate=x), "is for quantize="),
        (lambda path, x: graven.compile(path, target="z80"), "'z80': is unknown"),
        (lambda path, x: graven.compile(path)(x[:, :4]), "expected a leading axis of samples"),
        (lambda path, x: graven.compile(path)(x, x), "got 2 inputs, expected 1"),
        (lambda path, x: graven.compile(path)((x * 9).astype(np.uint8)), "scaled as for training"),
        (lambda path, x: graven.compile(path).evaluate(x, ["a"] * 40), "map names to numbers"),
        (lambda path, x: graven.compile(path).evaluate(x, [1, 2]), "expected one each"),
        (
            lambda path, x: graven.compile(path, quantize="int8", calibrate=x).predict(x * np.nan),
            "input 0 has numbers that are NaN, in sample 0 first, which no int8 is",
        ),
        (lambda path, x: graven.compile(path, plan="best"), "^plan='best': is no plan"),
        (lambda path, x: graven.compile(path).evaluate(x, 3), "expected one each"),
        (lambda path, x: graven.compile(path).evaluate(3.0, [1]), "a leading axis of samples"),
        (lambda path, x: graven.compile(path).predict(x[:0]), "there are no samples"),
        (lambda path, x: graven.compile(path)([[1.0], [1.0, 2.0]]), "of unequal lengths"),
        (lambda path, x: graven.compile(path).compare(3), "give another graven.Model or a target"),
        (lambda path, x: graven.compile(path).save("no/such/m.hpp"), "cannot be written"),
        (lambda path, x: graven.compile(path, quantize="int8", calibrate=[]), "yields nothing"),
        (lambda path, x: graven.compile(path, quantize="int8", calibrate=3), "calibrate: is a int"),
        (lambda path, x: graven.compile(path, quantize=["int8"], calibrate=x), "expected one of"),
        (lambda path, x: graven.compile(path).evaluate(x), "takes samples and labels"),
        (lambda path, x: graven.compile(path, example=x[:1]), "example= says nothing about a"),
        (
            lambda path, x: graven.compile(graven.compile(path), layout="nchw"),
            "layout= says nothing about a Model; leave it out",
        ),
    ],
)
def test_misuse(path, data, call, sentence):
    with pytest.raises(GravenError, match=sentence):
        call(path, data)


def test_samples_by_name_whatever_their_order(tmp_path):
    b = random_models.Builder(np.random.default_rng(0))
    pair = [b.input((1, 4), ir.Element.FLOAT32) for _ in range(2)]
    output = b.tensor((1, 4), ir.Element.FLOAT32, None)
    network = b.network([b.add("ADD", Add(), pair, output)])
    tflite_writer.write(network, tmp_path / "sum.tflite")
    first, second = (network.tensors[index].name for index in pair)
    small, large = (np.linspace(-n, n, 40, dtype=np.float32).reshape(10, 4) for n in (1, 100))
    model = graven.compile(
        tmp_path / "sum.tflite", calibrate={second: large, first: small}, quantize="int8"
    )
    scales = [model.network.tensors[index].quantization.scale[0] for index in model.network.inputs]
    assert scales[0] < 0.1 < scales[1]
    np.testing.assert_array_equal(model({second: large, first: small}), model(small, large))
    with pytest.raises(GravenError, match=r"got 1 inputs, expected 2: .* a dict of arrays"):
        model(small)
    with pytest.raises(GravenError, match=f"has no array '{second}'"):
        model({first: small})
    with pytest.raises(GravenError, match=r"of one input, but the model has 2 .*by these names"):
        graven.compile(tmp_path / "sum.tflite", calibrate=[small, large], quantize="int8")
    with pytest.raises(
        GravenError, match=r"calibrate: the inputs have \[10, 5\] samples, expected equal"
    ):
        graven.compile(
            tmp_path / "sum.tflite", calibrate={first: small, second: large[:5]}, quantize="int8"
        )
    with pytest.raises(GravenError, match="calibrate: has no array"):
        graven.compile(tmp_path / "sum.tflite", calibrate={"a": small, "b": large}, quantize="int8")


def test_what_lasts_begins_with_each_call(tmp_path):
    tflite_writer.write(counting(7), tmp_path / "count.tflite")
    model = graven.compile(tmp_path / "count.tflite")
    given = np.array([[1, 0], [1, 1], [1, 2]], np.int8)
    expected = [[8, 7], [9, 8], [10, 10]]
    for by in (model, model, model.native(), model.native(), model.on("host")):
        assert by(given).reshape(3, 2).tolist() == expected


def test_comparison(model, data):
    found = model.compare("cortex-m0", data)
    first, second = found.figures["flash, bytes"]
    assert found.agreement == 1.0 and first != second
    assert "cortex-m0" in repr(found) and "the same answers" in repr(found)
    assert found._repr_html_().startswith("<pre")
