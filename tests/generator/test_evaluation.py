"""Labelled samples: scores, sides, files and what the command says of them."""

import json
import subprocess
from types import SimpleNamespace

import graven
import numpy as np
import pytest
from graven import api, build, evaluation
from graven.errors import GravenError
from graven.frontends import tflite_writer
from graven.paths import data_root
from test_cli import refused, run
from test_quantize import samples, small


@pytest.fixture(scope="module")
def images():
    return samples(small(), 60)[0][:, 0]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    file = tmp_path_factory.mktemp("evaluation") / "net.tflite"
    tflite_writer.write(small(), file)
    return file


@pytest.fixture(scope="module")
def labels(path, images):
    """What the float model says, five times wrong."""
    found = graven.compile(path).predict(images)
    found[:5] = (found[:5] + 1) % 5
    return found


@pytest.fixture(scope="module")
def files(path, images, labels):
    calibration, data = path.parent / "calibration.npy", path.parent / "data.npz"
    np.save(calibration, images)
    np.savez(data, x=images, y=labels)
    return ["--quantize", "int8", "--calibrate", calibration], data


def test_sides(path, images, labels):
    model = graven.compile(path, calibrate=images, quantize="int8")
    found = model.proof(images, labels, targets=["cortex-m4"])
    titles = [side.title for side in found.sides]
    assert titles == ["float", "numpy", "C++", "cortex-m4"]
    exact, whole, host, target = found.sides
    assert exact.scores == {"accuracy": 55 / 60} and exact.equal is None
    assert whole.scores["accuracy"] == model.evaluate(images, labels)
    assert host.equal and target.equal and found.is_exact and found.difference is None
    assert host.agreement == target.agreement == 1.0 and target.instructions > 10_000
    assert exact.agreement == (model.exact.predict(images) == model.predict(images)).mean()
    assert 0 < host.microseconds["mean"] and 0 < host.microseconds["p99"]
    assert found.confusion.sum() == 60
    assert np.trace(found.confusion) == round(60 * whole.scores["accuracy"])
    assert set(found.worst[:5]) <= set(np.flatnonzero(model.predict(images) != labels))


def test_what_is_found_can_be_kept(path, images, labels):
    found = graven.compile(path).proof(images, labels)
    with np.load(found.save(str(path.with_name("found.npz")))) as kept:
        assert (kept["labels"] == labels).all() and len(kept["numpy/output_0"]) == len(images)
    with pytest.raises(GravenError, match="cannot be written: No such file"):
        found.save(path.parent / "nowhere" / "found.npz")


def test_a_number_in_an_archive_is_no_sample(path, images, labels):
    network = graven.compile(path).network
    file = path.with_name("numbers.npz")
    np.savez(file, pictures=images, y=labels, classes=10)
    assert len(evaluation.load(network, file).samples[0]) == len(images)


def test_raw_samples_reach_the_float_model(path, images, labels):
    model = graven.compile(path, calibrate=images, quantize="int8")
    found = model.proof(model.inputs(images)[0], labels)
    assert found.sides[0].title == "float" and found.sides[0].agreement > 0.9


def test_a_float_model_of_something_else(path, images, labels):
    model = graven.compile(path, calibrate=images, quantize="int8")
    other = graven.compile(data_root() / "firmware/models/digits/digits.tflite")
    with pytest.raises(GravenError, match="give the float model that it was made from"):
        model.proof(images, labels, exact=other)


def test_what_differs_is_said(path, images, labels, monkeypatch):
    model = graven.compile(path, calibrate=images, quantize="int8")
    exactly = api.Native._run

    def wrong(self, values):
        found = exactly(self, values)
        found[0] = found[0].copy()
        found[0][-1] ^= 1
        return found

    monkeypatch.setattr(api.Native, "_run", wrong)
    found = model.proof(images, labels)
    assert not found.is_exact and found.sides[-1].equal is False


def test_masks_by_hand():
    labels = np.array([[[0, 1], [1, 2]], [[0, 0], [0, 0]]])
    answers = np.array([[[0, 1], [2, 2]], [[1, 0], [0, 0]]])
    found = evaluation.Masks().scores(answers, labels)
    assert found["mIoU"] == pytest.approx(np.mean([4 / 5, 1 / 3, 1 / 2]))
    assert found["Dice"] == pytest.approx(np.mean([2 / 4, 2 / 3]))
    assert found["F2"] == pytest.approx(np.mean([5 / (5 + 4 * 1 + 1), 5 / (5 + 4 * 0 + 1)]))
    assert evaluation.Masks().badness(None, answers, labels).tolist() == [0.25, 0.25]


def test_what_labels_are():
    def network(*shape):
        tensor = SimpleNamespace(shape=shape, name="out")
        return SimpleNamespace(tensors=[tensor], outputs=[0])

    def name(labels, *shape):
        return evaluation.task_of(network(*shape), labels)[0].name

    whole, real = np.zeros((6, 4, 4, 1), int), np.zeros((6, 3))
    assert name(np.zeros((6, 1), bool), 1, 3) == "classes"
    assert name(whole, 1, 4, 4, 2) == name(whole[..., 0], 1, 4, 4, 1) == "masks"
    assert name(real, 1, 3) == "values"
    for labels in (whole, real[:, :2]):
        with pytest.raises(GravenError, match="expected a whole number for each sample"):
            name(labels, 1, 3)
    with pytest.raises(GravenError, match=r"labels reach from 0 to 3, but .* has classes 0 to 2"):
        name(np.arange(4), 1, 3)


def test_values():
    found = evaluation.Values().scores(np.array([[1.0], [2.0]]), np.array([[1.0], [4.0]]))
    assert found == {"RMSE": pytest.approx(2**0.5), "MAE": 1.0}


def test_command(path, files, labels, capsys, tmp_path):
    quantize, data = files
    archive = tmp_path / "found.npz"
    code, out, _ = run(capsys, "evaluate", path, data, *quantize, "--json", "-o", archive)
    found = json.loads(out)
    assert code == 0 and [side["title"] for side in found["sides"]] == ["float", "numpy", "C++"]
    with np.load(archive) as stored:
        np.testing.assert_array_equal(stored["labels"], labels)
        np.testing.assert_array_equal(stored["C++/output_0"], stored["numpy/output_0"])
    code, out, _ = run(capsys, "evaluate", path, data, *quantize)
    assert code == 0 and "91.67%" in out and "equal" in out


def test_plan_and_instruction_set_are_those_that_are_asked_for(path, files, capsys):
    def instructions(*options):
        quantize, data = files
        code, out, _ = run(capsys, "evaluate", path, data, *quantize, "--json", *options,
                           "--target", "cortex-m4", "--on-target", "1")  # fmt: skip
        assert code == 0
        return json.loads(out)["sides"][-1]["instructions"]

    fastest = instructions("--isa", "armv7em")
    assert instructions("--plan", "lean") > fastest
    assert instructions("--isa", "scalar") > fastest


def test_the_samples_are_not_overwritten(path, files, capsys):
    quantize, data = files
    before = data.read_bytes()
    refused(capsys, "is what is read", "evaluate", path, data, *quantize, "-o", data)
    assert data.read_bytes() == before


def test_verify_with_labels(path, files, capsys):
    quantize, data = files
    code, out, _ = run(capsys, "verify", path, *quantize, "--data", data)
    assert code == 0 and "accuracy" in out and "4 layers and the outputs" in out


def test_misuse(path, files, capsys, tmp_path):
    np.savez(tmp_path / "bare.npz", x=np.zeros((3, 2)))
    np.savez(tmp_path / "words.npz", x=np.zeros((2, 8, 6, 3), np.float32), y=np.array(["a", "b"]))
    refused(capsys, r"has no labels; name them y or labels; it has x", "evaluate", path,
            tmp_path / "bare.npz")  # fmt: skip
    refused(capsys, r"map names to numbers first", "evaluate", path, tmp_path / "words.npz")
    np.savez(tmp_path / "one.npz", x=np.zeros((2, 8, 6, 3), np.float32), y=3, classes=10)
    refused(capsys, r"one.npz: has labels of shape 1 for 2 samples", "evaluate", path,
            tmp_path / "one.npz")  # fmt: skip
    np.savez(tmp_path / "none.npz", x=np.zeros((0, 8, 6, 3), np.float32), y=[])
    refused(capsys, r"none.npz: has no labels", "evaluate", path, tmp_path / "none.npz")
    np.save(tmp_path / "array.npy", np.zeros(3))
    refused(capsys, r"write it with numpy.savez", "evaluate", path, tmp_path / "array.npy")
    refused(capsys, r"'0.5' is no mean and deviation", "evaluate", path, files[1], "--normalize",
            "0.5")  # fmt: skip


def test_many_inferences_in_one_archive(path, images, capsys, tmp_path):
    np.savez(tmp_path / "in.npz", t0=images[:5, None])
    archive = tmp_path / "out.npz"
    code, out, _ = run(capsys, "run", path, "--input", tmp_path / "in.npz", "-o", archive)
    assert code == 0 and f"wrote {archive}" in out
    model = graven.compile(path)
    (expected,) = model.native().raw(images[:5])
    with np.load(archive) as stored:
        (name,) = stored.files
        np.testing.assert_allclose(stored[name], expected, rtol=1e-5)
    assert name == model.network.tensors[model.network.outputs[0]].name


def test_inputs_and_outputs_are_described(capsys):
    model = data_root() / "firmware/models/digits/digits.tflite"
    found = json.loads(run(capsys, "inspect", model, "--json")[1])["interface"]
    assert found == {
        "inputs": [{"name": "image", "element": "int8", "shape": [1, 8, 8, 1], "layout": "NHWC",
                    "scale": pytest.approx(1 / 255), "zero_point": -128}],
        "outputs": [{"name": "probabilities", "element": "int8", "shape": [1, 10], "layout": None,
                     "scale": 1 / 256, "zero_point": -128}],
    }  # fmt: skip


# -- bytes of cameras -----------------------------------------------------------------------------

MEAN, STD = (0.5, 0.25, 0.4), (0.25, 0.5, 0.3)


def compiles(header: str, assertions: str, folder) -> None:
    source = folder / "pixels.cpp"
    source.write_text(f"{header}\n{assertions}\n")
    include = f"-I{data_root() / 'include'}"
    command = [*build.host_compiler(), "-std=c++20", "-fsyntax-only", include, str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:2000]


def test_bytes_are_what_floats_are(path, images, tmp_path):
    shape = images.shape
    given = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    real = ((given / 255.0 - MEAN) / STD).astype(np.float32)
    model = graven.compile(path, calibrate=given, quantize="int8", normalize=(MEAN, STD))
    same = graven.compile(path, calibrate=real, quantize="int8")
    np.testing.assert_array_equal(model(given), same(real))
    np.testing.assert_array_equal(model.native()(given), same(real))
    np.testing.assert_array_equal(model.exact(given), same.exact(real))
    table = model.pixels.table(model.network.tensors[model.network.inputs[0]])
    checks = "\n".join(
        f"static_assert(net::from_pixel({byte}, {channel}) == {table[channel][byte]});"
        for byte in range(0, 256, 17)
        for channel in range(3)
    )
    compiles(model.header(), checks, tmp_path)
    floats = graven.compile(path, normalize=(MEAN, STD)).header()
    compiles(floats, "static_assert(net::from_pixel(255, 1) == 1.5f);", tmp_path)


def test_bytes_for_int16(path, images, tmp_path):
    given = np.random.default_rng(0).integers(0, 256, images.shape).astype(np.uint8)
    model = graven.compile(path, calibrate=given, quantize="int16x8", normalize=(0.5, 0.25))
    (whole,) = model.inputs(given)
    table = model.pixels.table(model.network.tensors[model.network.inputs[0]])
    assert whole.dtype == table.dtype == np.int16
    np.testing.assert_array_equal(whole.reshape(given.shape), table[0][given])
    compiles(model.header(), f"static_assert(net::from_pixel(255) == {table[0][255]});", tmp_path)


def test_normalization_that_the_scale_has(path, tmp_path):
    given = np.arange(256, dtype=np.uint8).repeat(144).reshape(256, 8, 6, 3)
    model = graven.compile(
        path, calibrate=given, quantize="int8", method="min-max", normalize=(0.0, 1.0)
    )
    assert "pixels[" not in model.header()
    compiles(model.header(), "static_assert(net::from_pixel(255) == 127);", tmp_path)


@pytest.mark.parametrize(
    ("normalize", "sentence"),
    [
        ((0.5,), r"is \(0.5,\), expected"),
        (((0.5, 0.5), (1.0, 1.0)), "has 2 channels, but the last axis"),
        ((0.5, 0.0), "std above 0"),
        ((0.5, float("nan")), "std above 0"),
        (((0.1, 0.2, 0.3), (1.0, 1.0)), "as many of each"),
        (3, r"is 3, expected \(mean, std\)"),
        (("a", 1.0), r"is \('a', 1.0\), expected"),
    ],
)
def test_normalization_misuse(path, normalize, sentence):
    with pytest.raises(GravenError, match=sentence):
        graven.compile(path, normalize=normalize)
