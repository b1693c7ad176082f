"""Ten mistakes that newcomers make with models and data: each is one sentence that says what was
expected, what came and what to do, whichever way in they took.
"""

import numpy as np
import pytest
from test_cli import refused

onnx = pytest.importorskip("onnx", reason="no package onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

SHAPE = (1, 3, 8, 10)


def save(
    path, kind="Conv", shape=SHAPE, element=TensorProto.FLOAT, domain="", weights=None, **more
):
    """One node behind the input, with what a convolution or a normalization has."""
    rng = np.random.default_rng(0)
    given = rng.normal(0, 1, (4, 3, 3, 3)).astype(np.float32) if weights is None else weights
    constants = {"w": given}
    if kind == "BatchNormalization":
        constants = {f"c{place}": np.ones(3, np.float32) for place in range(4)}
    nodes = [helper.make_node(kind, ["x", *constants], ["y"], domain=domain, **more)]
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", element, shape)],
        [helper.make_tensor_value_info("y", element, ["n", "c", "h", "w"])],
        [numpy_helper.from_array(data, name) for name, data in constants.items()],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("my.own", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return path


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


MODELS = {
    "training mode": (
        dict(kind="BatchNormalization", training_mode=1),
        r"node 'y' \(BatchNormalization\): is in training mode; call model.eval\(\) before",
    ),
    "dynamic shape": (
        dict(shape=(1, 3, "height", "width")),
        "input 'x': has an open extent 'height' as axis 2; export the model with a fixed input",
    ),
    "custom layer": (
        dict(kind="Fancy", domain="my.own"),
        r"node 'y' \(Fancy\): is of the domain my.own; export the model with ONNX's own operators",
    ),
    "float64": (
        dict(element=TensorProto.DOUBLE, weights=np.ones((4, 3, 3, 3))),
        "input 'x': is not float32, .*; export the model in float32",
    ),
    "NaN": (
        dict(weights=np.full((4, 3, 3, 3), np.nan, np.float32)),
        r"node 'y' \(Conv\): has a weight that is no number \(NaN\): training has diverged",
    ),
}


@pytest.mark.parametrize("label", MODELS)
def test_model(label, folder, capsys):
    how, sentence = MODELS[label]
    refused(capsys, sentence, "compile", save(folder / "m.onnx", **how), "-o", "m.hpp")


@pytest.mark.parametrize("name", ["m.onnx", "m.keras", "m.h5", "m.rnn", "m.tflite"])
def test_wrong_file(name, folder, capsys):
    """Something else under a model's name."""
    (folder / name).write_bytes(b"PK\3\4 an archive of something else")
    refused(capsys, f"{name}: (is|begins|has) ", "compile", folder / name, "-o", "m.hpp")


DATA = {
    "wrong layout": (
        np.zeros((4, 10, 8, 3), np.float32),
        "has shape 4x10x8x3, expected a leading axis of samples and 1x8x10x3",
    ),
    "unscaled": (
        np.zeros((4, 8, 10, 3), np.int64),
        "is int64, expected the real numbers that the model was trained on; scale the data",
    ),
    "labels as strings": (np.array(["cat", "dog"]), "is <U3, expected the real numbers"),
    "empty": (np.zeros((0, 8, 10, 3), np.float32), "there are no samples"),
    "NaN": (np.full((4, 8, 10, 3), np.nan, np.float32), "numbers that are NaN or infinite"),
}


@pytest.mark.parametrize("label", DATA)
def test_data(label, folder, capsys):
    data, sentence = DATA[label]
    np.save(folder / "data.npy", data)
    how = ["--quantize", "int8", "--calibrate", "data.npy", "-o", "m.hpp"]
    refused(capsys, sentence, "compile", save(folder / "m.onnx"), *how)


def test_labels_as_strings(folder, capsys):
    samples = np.zeros((2, 8, 10, 3), np.float32)
    np.savez(folder / "data.npz", x=samples, y=np.array(["cat", "dog"]))
    sentence = "labels are <U3 2, expected whole numbers, .*map names to numbers first"
    refused(capsys, sentence, "evaluate", save(folder / "m.onnx"), "data.npz")
