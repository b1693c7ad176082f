"""Writes the small .tflite files beside it, from which the golden headers are generated."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[2] / "generator")]

import random_models as layers  # noqa: E402
from graven.frontends import tflite_writer  # noqa: E402


def sequence() -> layers.Builder:
    """One layer after the other, with int8 weights of one and of many scales."""
    b = layers.Builder(np.random.default_rng(1))
    value = layers.conv2d(b, b.input((1, 7, 6, 2)))
    value = layers.max_pool(b, value)
    value = layers.as_row(b, layers.sigmoid(b, value))
    value = layers.softmax(b, layers.dense(b, value))
    return finished(b, value)


def branches() -> layers.Builder:
    """A residual, a concatenation, a constant that is added, two outputs."""
    b = layers.Builder(np.random.default_rng(2))
    data = b.input((1, 6, 5, 3))
    value = layers.residual(b, data)
    joined = layers.branches(b, value)
    shifted = layers.join(b, [joined, layers.add_constant(b, joined, (1, 1, 1, 1))])
    pooled = layers.mean(b, shifted)
    return finished(b, value, layers.argmax(b, shifted), pooled)


def floats() -> layers.Builder:
    """Two float32 inputs."""
    b = layers.Builder(np.random.default_rng(3))
    first = layers.dense(b, b.input((1, 5), layers.FLOAT32))
    second = b.input(b.shape(first), layers.FLOAT32)
    return finished(b, layers.tanh(b, layers.join(b, [first, second])))


def finished(b: layers.Builder, *outputs: int):
    used = {index for operator in b.operators for index in operator.inputs}
    loose = [op.outputs[0] for op in b.operators if op.outputs[0] not in used]
    return b.network(list(dict.fromkeys([*outputs, *loose])))


for make in (sequence, branches, floats):
    network = dataclasses.replace(make(), name=make.__name__, description=make.__doc__ or "")
    tflite_writer.write(network, HERE / f"{make.__name__}.tflite")
