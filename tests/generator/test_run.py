"""`graven run` and what it builds: every operator of every model equals its golden vectors."""

import json
import time

import numpy as np
import pytest
from graven import build, cli, emit, inputs, runner, verify
from graven.frontends import tflite
from graven.paths import data_root
from shared_models import MODELS, built, golden
from test_cli import GOLDEN, MODEL, SEVERAL, TWO_INPUTS, check_rows

TARGET = "cortex-m4"
INSPECTABLE = build.Choice(plan=build.INSPECTABLE)


def fnv1a(data: bytes) -> int:
    value = 2166136261
    for byte in data:
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value


@pytest.mark.parametrize("name", MODELS)
def test_every_operator_equals_the_golden_vectors(shared, name):
    network, program = built(shared / "models" / f"{name}_int8.tflite", INSPECTABLE)
    given, expected = golden(shared, name, network)
    result = runner.run(network, program, given, profile=False, dump=True)
    folder = shared / "vectors" / name
    hashes = {}
    for line in (folder / "ophash.txt").read_text().splitlines():
        _, vector, operator, value = line.split()
        hashes[int(vector), int(operator)] = int(value)
    assert len(hashes) == len(expected) * len(network.operators)
    for (vector, index), value in hashes.items():
        operator = network.operators[index]
        while operator.index not in result.dump[vector]:  # a reshape: as the operator before it
            producers = {op.outputs[0]: op for op in network.operators}
            if operator.inputs[0] in network.inputs:
                break
            operator = producers[operator.inputs[0]]
        rows = result.dump[vector].get(operator.index, given[0][vector].tobytes())
        if vector == 0:
            assert rows == (folder / f"v0_op_{index}.bin").read_bytes(), f"operator {index}"
        assert fnv1a(rows) == value, f"vector {vector}, operator {index}"


@pytest.mark.parametrize("model", [MODEL, SEVERAL, TWO_INPUTS], ids=lambda path: path.stem)
def test_target_equals_host(model):
    network, on_host = built(model)
    _, on_target = built(model, build.Choice(TARGET), build.Parts.ALL)
    given = inputs.random(network, 5, seed=1)
    host = runner.run(network, on_host, given, profile=False)
    target = runner.run(network, on_target, given, profile=True)
    for ours, theirs in zip(target.outputs, host.outputs, strict=True):
        if ours.dtype == np.float32:
            assert not verify.unequal(ours, theirs).any()
        else:
            np.testing.assert_array_equal(ours, theirs)
    assert target.instructions is not None and 0 < target.stack_bytes < 4096
    assert on_target.code_bytes is not None and 500 < on_target.code_bytes < 40_000
    # the layers' counts come from a second run, with a hook
    assert abs(sum(target.layers.values()) - target.instructions) < 0.1 * target.instructions


def test_rows_that_are_fed_one_by_one_are_not_measured_by_layer(capsys):
    arguments = ["run", str(MODEL), "--target", TARGET, "--row-input"]
    assert cli.main([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["instructions"] > 1000
    assert all(layer["instructions"] is None for layer in found["layers"])
    assert cli.main(arguments) == 0
    out = capsys.readouterr().out
    assert " instructions per inference" in out and out.count("instructions") == 1


def test_json_of_a_target(capsys, tmp_path):
    arguments = ["run", str(MODEL), "--target", TARGET, "--json", "--output-dir", str(tmp_path)]
    assert cli.main(arguments) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["target"] == TARGET and found["instructions"] > 1000
    assert found["arena_bytes"] < found["ram_bytes"] <= found["arena_bytes"] + 4096
    assert all(layer["instructions"] is not None for layer in found["layers"])
    check_rows(found)
    assert found["outputs"] == ["y_0.bin"] == [file.name for file in tmp_path.iterdir()]


def test_ways_to_give_inputs(capsys, tmp_path):
    """.bin files in turn, .npy files and an .npz are the same inferences."""
    network = tflite.load(TWO_INPUTS)
    given = inputs.random(network, 3, seed=7)
    raw = []
    for k in range(3):
        for position, value in enumerate(given):
            file = tmp_path / f"x_{k}_{position}.bin"
            file.write_bytes(value[k].tobytes())
            raw += ["--input", str(file)]
    arrays = []
    for position, value in enumerate(given):
        np.save(tmp_path / f"x{position}.npy", value)
        arrays += ["--input", str(tmp_path / f"x{position}.npy")]
    names = [network.tensors[network.inputs[0]].name, "input_1"]
    np.savez(tmp_path / "x.npz", **dict(zip(names, given, strict=True)))
    answers = set()
    for way in (raw, arrays, ["--input", str(tmp_path / "x.npz")]):
        folder = tmp_path / f"y{len(answers)}"
        assert cli.main(["run", str(TWO_INPUTS), *way, "--output-dir", str(folder)]) == 0
        files = sorted(folder.iterdir())
        assert [file.name for file in files] == ["y_0.bin", "y_1.bin", "y_2.bin"]
        answers.add(b"".join(file.read_bytes() for file in files))
    capsys.readouterr()
    assert len(answers) == 1


def test_the_second_run_starts_at_once(monkeypatch, tmp_path):
    monkeypatch.setenv("GRAVEN_CACHE", str(tmp_path))
    network, first = built(GOLDEN / "floats.tflite")
    left = {entry.name for entry in tmp_path.iterdir()}
    assert left == {first.folder.name}, "the build folder is not cleared away"
    started = time.perf_counter()
    _, second = built(GOLDEN / "floats.tflite")
    assert second.folder == first.folder and time.perf_counter() - started < 1.0
    other = build.build(
        network.name, emit.header(network, "1" * 64), build.Choice(), build.Parts.PROGRAM
    )
    assert other.folder != first.folder


def test_digits(capsys, tmp_path):
    """The product's own model on its held-out images, on the host."""
    folder = data_root() / "firmware/models/digits"
    data = np.load(folder / "digits_test.npz")
    images = next(data[name] for name in data.files if data[name].ndim > 1)
    labels = next(data[name] for name in data.files if data[name].ndim == 1)
    network, program = built(folder / "digits.tflite")
    tensor = network.tensors[network.inputs[0]]
    given = [images.astype(np.int8).reshape(-1, *tensor.shape)]
    result = runner.run(network, program, given, profile=False)
    answers = result.outputs[0].reshape(len(labels), -1).argmax(1)
    assert np.mean(answers == labels) >= 0.96


@pytest.mark.parametrize("name", ["Words", "model", "words"])
def test_a_model_called_like_something_in_our_programs(capsys, name):
    """Most files are called model.tflite."""
    run = ["run", str(MODEL)]
    image = ["inspect", str(MODEL), "--target", TARGET, "--plan", "smallest"]
    for command in (run, image):
        assert cli.main([*command, "--name", name]) == 0, capsys.readouterr().err
        assert capsys.readouterr().err == ""
