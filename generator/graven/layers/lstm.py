"""UNIDIRECTIONAL_SEQUENCE_LSTM: an LSTM over all moments of its input. Without peepholes,
projection, layer normalization, and with all four gates.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

from graven import arithmetic, ir, recurrent
from graven.cpp import Constant, Cpp
from graven.node import Node, Option, Values, scale_of
from graven.quantize.scales import Scale
from graven.recurrent import LEAST, MOST, UNIT, Cell, Sums

OPERATORS = ("UNIDIRECTIONAL_SEQUENCE_LSTM",)
OPTIONS = "UnidirectionalSequenceLSTMOptions"
VARIABLES = (18, 19)

CELL = Cell(("input", "forget", "cell", "output"), 1, 5, 12, 18, 19)
ABSENT = {9: "peepholes", 10: "peepholes", 11: "peepholes", 16: "a projection", 17: "a projection",
          20: "layer normalization", 21: "layer normalization", 22: "layer normalization",
          23: "layer normalization"}  # fmt: skip


@dataclass(frozen=True)
class Lstm(ir.Layer):
    time_major: bool = False
    cell_clip: float = 0.0


def options(layer: Lstm) -> dict[str, Option]:
    return {
        "FusedActivationFunction": "TANH",
        "CellClip": layer.cell_clip,
        "ProjClip": 0.0,
        "TimeMajor": layer.time_major,
        "AsymmetricQuantizeInputs": False,
        "DiagonalRecurrentTensors": False,
    }


def read(node: Node) -> Lstm:
    node.expect_inputs(20, 24)
    for place, what in ABSENT.items():
        if node.optional(place) is not None:
            raise node.error(f"has {what}, which no LSTM of Keras has; export it without.")
    if node.optional(1) is None:
        raise node.error("has coupled gates, expected all four; export an LSTM of Keras.")
    if node.option("FusedActivationFunction") != "TANH":
        raise node.error("has an activation other than TANH; train the LSTM with tanh.")
    time_major = bool(node.option("TimeMajor"))
    memory = node.input(CELL.memory)
    recurrent.read(node, CELL, time_major)
    if node.input(0).element is not ir.Element.FLOAT32:
        if (
            memory.quantization is None
            or math.frexp(scale_of(memory))[0] != 0.5
            or scale_of(memory) > 1
        ):
            raise node.error("has a scale that is no power of two up to 1; quantize again.", memory)
        recurrent.expect_multipliers(node, CELL, recurrent.GATE_SCALE)
    clip = float(node.option("CellClip"))
    if clip < 0:
        raise node.error(f"has a cell clip of {clip}, expected 0 or more.")
    return Lstm(time_major, clip)


def cpp(layer: Lstm, node: Node) -> Cpp:
    extra: tuple[Constant, ...] = ()
    if layer.cell_clip > 0:
        memory = node.input(CELL.memory)
        clip = np.array([_clip(layer, memory)], dtype=memory.element.dtype)
        extra = (Constant("clip", clip),)
    return recurrent.cpp(node, CELL, "LSTM", extra=extra)


def _clip(layer: Lstm, memory: ir.Tensor) -> float:
    if memory.element is ir.Element.FLOAT32:
        return layer.cell_clip
    clip = float(np.float32(layer.cell_clip)) / float(np.float32(scale_of(memory)))
    return int(min(max(clip, LEAST), MOST))


def integers(layer: Lstm, node: Node, data: Scale, output: Scale) -> dict[int, ir.Tensor]:
    """The cell state can reach the number of moments, and seldom more than 16."""
    moments = math.prod(node.input(0).shape[:2])
    lasts = node.input(CELL.hidden).is_variable
    reach = 16 if lasts else min(moments, 16)
    memory = 2.0 ** (math.ceil(math.log2(reach)) - 15)
    return recurrent.integers(node, CELL, data, output, memory)


def reference(layer: Lstm, node: Node, values: Values) -> np.ndarray:
    hidden, memory = recurrent.states(node, CELL, values)
    sums = Sums(node, CELL, values)
    step = functools.partial(
        _real_step if sums.is_real else _step, layer, node.input(CELL.memory), sums, hidden, memory
    )
    return recurrent.run(node, values, step)


def _step(
    layer: Lstm,
    tensor: ir.Tensor,
    sums: Sums,
    hidden: np.ndarray,
    memory: np.ndarray,
    moment: np.ndarray,
) -> np.ndarray:
    parts = [sums.parts(gate, moment, hidden) for gate in range(4)]
    scale, limits = scale_of(tensor), (LEAST, MOST)
    kept = sums.logistic(parts[1]) * memory.astype(np.int64)
    entering = sums.logistic(parts[0]) * sums.tanh(parts[2])
    old = arithmetic.requantize(kept, UNIT, 0, limits, np.int64)
    new = arithmetic.requantize(entering, UNIT * UNIT / scale, 0, limits, np.int64)
    cell = np.clip(old + new, *limits)
    if layer.cell_clip > 0:
        clip = _clip(layer, tensor)
        cell = np.clip(cell, -clip, clip)
    memory[:] = cell
    shift = 12 + math.frexp(scale)[1] - 1
    scaled = 3 * cell << shift if shift >= 0 else (3 * cell + (1 << -shift - 1)) >> -shift
    product = arithmetic.tanh16(scaled) * sums.logistic(parts[3])
    hidden[:] = sums.as_hidden(product, UNIT * UNIT)
    return hidden


def _real_step(
    layer: Lstm,
    tensor: ir.Tensor,
    sums: Sums,
    hidden: np.ndarray,
    memory: np.ndarray,
    moment: np.ndarray,
) -> np.ndarray:
    parts = [sums.parts(gate, moment, hidden) for gate in range(4)]
    cell = sums.logistic(parts[1]) * memory + sums.logistic(parts[0]) * sums.tanh(parts[2])
    if layer.cell_clip > 0:
        cell = np.clip(cell, -layer.cell_clip, layer.cell_clip)
    memory[:] = cell
    hidden[:] = sums.logistic(parts[3]) * np.tanh(memory)
    return hidden
