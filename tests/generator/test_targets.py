"""Every model equals its golden vectors on every target, float32 within a tolerance, and takes the
instructions that are recorded. ctest runs one target at a time: `pytest --target cortex-m0`.
"""

import warnings

import figures
import numpy as np
import pytest
import qemu
from graven import build, emit, engines, inputs, runner, verify
from graven.frontends import tflite
from shared_models import MODELS, built, golden

# Armv6-M is proven on a core that faults on unaligned words, with 256 KB of flash.
FAULTING = {"cortex-m0": "lm3s6965"}
TOO_LARGE = ("ad_autoencoder", "person_detect")


def choice_of(target, name):
    board = "" if name in TOO_LARGE else FAULTING.get(target, "")
    return build.Choice(target, board=board)


@pytest.mark.parametrize("name", MODELS)
def test_outputs_equal_the_golden_vectors(shared, target, name):
    path = shared / "models" / f"{name}_int8.tflite"
    network, program = built(path, choice_of(target, name), pruned=True)
    given, expected = golden(shared, name, network)
    result = runner.run(network, program, given, profile=False)
    for k, output in enumerate(expected):
        assert result.outputs[0][k].tobytes() == output, f"vector {k}"
    if target != build.HOST:
        check_instructions(path, target, result.instructions)


def check_instructions(path, target, instructions):
    """Of vector 0, against the record."""
    record, model = figures.read_record(figures.RESULTS), figures.load_model(path)
    row = record.find(model, target, "native", "fastest")
    if row is None:
        assert model.sha256 not in {row.sha256 for row in record.rows}, "run `make bench-update`"
        warnings.warn(f"{path}: another file than that of the record", stacklevel=1)
        return
    changed = qemu.drift(row, instructions)
    if figures.compiler_of(target) == record.compilers[target]:
        assert changed is None, "if that is meant, run `make bench-update`"
    elif changed is not None:
        warnings.warn(f"{path.stem} on {target}, by another compiler: {changed}", stacklevel=1)


def test_shapes_equals_its_answers(target):
    path = figures.SHAPES
    network, program = built(path, choice_of(target, path.stem), pruned=True)
    data = np.load(path.with_name("shapes_test.npz"))
    result = runner.run(network, program, [data["image"]], profile=False)
    np.testing.assert_array_equal(result.outputs[0].squeeze(1), data["expected"])


def test_every_layer_of_shapes_equals_numpy_and_tflm(target):
    """Its answers would hide a pixel at an edge."""
    pytest.importorskip("tflite_micro")
    content, network = figures.SHAPES.read_bytes(), tflite.load(figures.SHAPES)
    header = emit.header(network, "0" * 64)
    given = inputs.random(network, 2, seed=0)
    choice = choice_of(target, network.name)
    headers = verify.Headers(layers=header, outputs=header)
    found = verify.verify(network, content, headers, given, choice, "tflm")
    assert found.layers == len(network.operators) and found.difference is None


def test_float_model_equals_tflm(shared, target):
    pytest.importorskip("tflite_micro")
    path = shared / "models" / "hello_world_float32.tflite"
    network, program = built(path, choice_of(target, "hello_world_float32"))
    given = inputs.random(network, 20, seed=0)
    result = runner.run(network, program, given, profile=False)
    for k in range(20):
        expected = engines.tflm(path.read_bytes(), network)(inputs.one(given, k))
        theirs = expected[network.outputs[0]]
        assert not verify.unequal(result.outputs[0][k], theirs).any()
