"""Files that TensorFlow's converter has written, as float32, int8 and int16x8: every layer in numpy
equals TensorFlow Lite Micro, and the C++ compiles.
"""

from __future__ import annotations

import contextlib
import importlib.util
import math

import numpy as np
import pytest
import tflm
from graven import emit, engines, inputs, ir, passes, reference
from graven.frontends import tflite, tflite_writer

if importlib.util.find_spec("tensorflow") is None:
    pytest.skip("no package tensorflow", allow_module_level=True)
keras_networks = pytest.importorskip("keras_networks", reason="no package keras")

SAMPLES = 16  # of the representative data set
KINDS = ("float32", "int8", "int16")
# Operators that the converter does not make of 16 bits.
NOT_IN_16_BITS = {"edges": "ELU", "mobilenet_v3": "HARD_SWISH", "vision_transformer": "NEG"}
# What neither TFLM nor LiteRT computes as we do: LiteRT has no integer TILE of such files, its
# FULLY_CONNECTED of int16 and TFLM's border of SPACE_TO_BATCH_ND differ (docs/disagreements.md).
UNJUDGED = {
    ("dilated", "int8"), ("temporal", "int16"), ("u_net_nearest", "int8"),
    ("u_net_nearest", "int16"),
}  # fmt: skip


@pytest.fixture(scope="module")
def tensorflow():
    return pytest.importorskip("tensorflow", reason="no package tensorflow")


def converted(tensorflow, model, kind: str) -> bytes:
    converter = tensorflow.lite.TFLiteConverter.from_keras_model(model)
    if kind != "float32":
        rng = np.random.default_rng(0)
        shapes = {given.name: (1, *given.shape[1:]) for given in model.inputs}
        converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: (
            {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
            for _ in range(SAMPLES)
        )
        sets = tensorflow.lite.OpsSet
        converter.target_spec.supported_ops = [
            sets.TFLITE_BUILTINS_INT8
            if kind == "int8"
            else sets.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        ]
    return converter.convert()


def judged(data: bytes, network: ir.Network, given: list[np.ndarray]) -> tuple[ir.Network, dict]:
    """By TFLM; where it refuses or mistakes what the converter has left open, as graven writes it,
    and where it lacks an operator, by LiteRT."""
    written = tflite_writer.to_bytes(network)
    again = tflite.parse(written, network.source, network.name)
    for file, meant in ((data, network), (written, again)):
        with contextlib.suppress(RuntimeError):
            found = tflm.run(file, meant, given)
            if all(value.size == math.prod(meant.tensors[k].shape) for k, value in found.items()):
                return meant, found
    return again, engines.litert(written, again)(given)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", keras_networks.NETWORKS)
def test_converted_network(name, kind, tensorflow):
    if kind == "int16" and name in NOT_IN_16_BITS:
        pytest.skip(f"TensorFlow has no {NOT_IN_16_BITS[name]} of 16 bits")
    data = converted(tensorflow, keras_networks.network(name), kind)
    network = tflite.parse(data, f"{name}.tflite", name)
    given = [value[0] for value in inputs.random(network, 1, seed=0)]
    emit.header(passes.canonical(network), "0" * 64)
    ours = reference.run(network, given)
    if (name, kind) in UNJUDGED:
        return
    judge, theirs = judged(data, network, given)
    found = tflm.differences(judge, ours, theirs)
    assert not found, f"{name} {kind}: {found}"
