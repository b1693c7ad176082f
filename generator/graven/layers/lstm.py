"""UNIDIRECTIONAL_SEQUENCE_LSTM: an LSTM over all moments of its input, whose hidden and cell state
last from run to run. Without peepholes, projection, layer normalization, and with all four gates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from graven import arithmetic, ir
from graven.cpp import Constant, Cpp, computed, template
from graven.node import Node, Option, Values, scale_of, shape_text, zero_point_of

OPERATORS = ("UNIDIRECTIONAL_SEQUENCE_LSTM",)
OPTIONS = "UnidirectionalSequenceLSTMOptions"
VARIABLES = (18, 19)

GATES = ["input", "forget", "cell", "output"]
ABSENT = {9: "peepholes", 10: "peepholes", 11: "peepholes", 16: "a projection", 17: "a projection",
          20: "layer normalization", 21: "layer normalization", 22: "layer normalization",
          23: "layer normalization"}  # fmt: skip
HIDDEN, CELL = 18, 19
LEAST_GATE, MOST_GATE = -(1 << 15), (1 << 15) - 1
GATE_SCALE = 2.0**-12  # of what a gate is a function of


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
    data, output, hidden, cell = node.input(0), node.output, node.input(HIDDEN), node.input(CELL)
    for place, what in ABSENT.items():
        if node.optional(place) is not None:
            raise node.error(f"has {what}, which no LSTM of Keras has; export it without.")
    if node.optional(1) is None:
        raise node.error("has coupled gates, expected all four; export an LSTM of Keras.")
    if node.option("FusedActivationFunction") != "TANH":
        raise node.error("has an activation other than TANH; train the LSTM with tanh.")
    element = data.element
    node.expect_element(data, ir.Element.INT8, ir.Element.INT16, ir.Element.FLOAT32)
    node.expect_same_element(data, output, hidden)
    node.expect_element(
        cell, ir.Element.FLOAT32 if element is ir.Element.FLOAT32 else ir.Element.INT16
    )
    node.expect_rank(data, 3)
    units = output.shape[-1]
    time_major = bool(node.option("TimeMajor"))
    if data.shape[1 if time_major else 0] != 1:
        raise node.error(
            f"has the input {shape_text(data.shape)}, expected one sequence; export the model with "
            "a batch of 1.",
            data,
        )
    node.expect_shape(output, (*data.shape[:2], units))
    for gate in range(4):
        _expect_gate(node, gate, data.shape[2], units)
    for state in (hidden, cell):
        node.expect_shape(state, (1, units))
        if not state.is_variable:
            raise node.error("is no variable; export the model again.", state)
    if element is not ir.Element.FLOAT32:
        _expect_scales(node)
    clip = float(node.option("CellClip"))
    if clip < 0:
        raise node.error(f"has a cell clip of {clip}, expected 0 or more.")
    return Lstm(time_major, clip)


def _expect_gate(node: Node, gate: int, inputs: int, units: int) -> None:
    real = node.input(0).element is ir.Element.FLOAT32
    for place, columns in ((1 + gate, inputs), (5 + gate, units)):
        weights = node.constant(place, (ir.Element.FLOAT32 if real else ir.Element.INT8,))
        node.expect_shape(weights, (units, columns))
        if real:
            continue
        if weights.quantization is None or len(weights.quantization.scale) != 1:
            raise node.error("needs one scale for all of it; quantize the model again.", weights)
        if zero_point_of(weights):
            raise node.error("has a zero point other than 0; quantize the model again.", weights)
    wide = node.input(0).element is ir.Element.INT16
    element = ir.Element.INT64 if wide else ir.Element.INT32
    bias = node.constant(12 + gate, (ir.Element.FLOAT32 if real else element,))
    node.expect_shape(bias, (units,))


def _expect_scales(node: Node) -> None:
    hidden, cell = node.input(HIDDEN), node.input(CELL)
    node.expect_same_quantization(hidden, node.output)
    if cell.quantization is None or math.frexp(scale_of(cell))[0] != 0.5 or scale_of(cell) > 1:
        raise node.error("has a scale that is no power of two up to 1; quantize again.", cell)
    for gate in range(4):
        node.expect_multiplier(_product(node.input(0), node.input(1 + gate)) / GATE_SCALE)
        node.expect_multiplier(_product(hidden, node.input(5 + gate)) / GATE_SCALE)


def _product(data: ir.Tensor, weights: ir.Tensor) -> float:
    """Rounded to float, as TensorFlow Lite Micro has it."""
    return float(np.float32(scale_of(data)) * np.float32(scale_of(weights)))


def cpp(layer: Lstm, node: Node) -> Cpp:
    hidden, cell = node.input(HIDDEN), node.input(CELL)
    units, inputs = node.input(1).shape
    stated = []
    for gate, name in enumerate(GATES):
        stated.append(_constant(f"input_to_{name}", node.input(1 + gate)))
        stated.append(_constant(f"recurrent_to_{name}", node.input(5 + gate)))
        stated.append(Constant(f"{name}_bias", node.input(12 + gate).data))
    stated += [_zero("hidden", hidden), _zero("memory", cell)]
    if layer.cell_clip > 0:
        clip = np.array([_clip(layer, cell)], dtype=cell.element.dtype)
        stated.append(Constant("clip", clip))
    moments = math.prod(node.input(0).shape[:2])
    return Cpp(
        template("LSTM", str(units)),
        inputs=computed(node, 0),
        constants=tuple(stated),
        output=True,
        macs=4 * moments * units * (inputs + units),
    )


def _constant(name: str, tensor: ir.Tensor) -> Constant:
    scale = tensor.quantization and np.array(tensor.quantization.scale, dtype=np.float32)
    return Constant(name, tensor.data, scale, 0)


def _zero(name: str, state: ir.Tensor) -> Constant:
    """What a state is made of: its zero point, with its scale."""
    stored = state.quantization
    zero = zero_point_of(state) if stored else 0
    scale = None if stored is None else np.array(stored.scale, dtype=np.float32)
    return Constant(name, np.array([zero], dtype=state.element.dtype), scale, zero)


def _clip(layer: Lstm, cell: ir.Tensor) -> float:
    if cell.element is ir.Element.FLOAT32:
        return layer.cell_clip
    clip = float(np.float32(layer.cell_clip)) / float(np.float32(scale_of(cell)))
    return int(min(max(clip, LEAST_GATE), MOST_GATE))


def reference(layer: Lstm, node: Node, values: Values) -> np.ndarray:
    moments = values[0].reshape(-1, values[0].shape[2])
    step = _real_step if values[0].dtype == np.float32 else _step
    found = [step(node, layer, values, moment) for moment in moments]
    return np.stack(found).reshape(node.output.shape)


def _step(node: Node, layer: Lstm, values: Values, moment: np.ndarray) -> np.ndarray:
    """Of one moment: the new hidden state; both states are changed in place."""
    hidden, cell = values[HIDDEN][0], values[CELL][0]
    gates = [_gate(node, values, gate, moment) for gate in range(4)]
    entering, kept, output = (arithmetic.logistic16(3 * gates[gate]) for gate in (0, 1, 3))
    offered = arithmetic.tanh16(3 * gates[2])
    scale, unit = scale_of(node.input(CELL)), 2.0**-15
    limits = (LEAST_GATE, MOST_GATE)
    old = arithmetic.requantize(kept * cell.astype(np.int64), unit, 0, limits, np.int64)
    new = arithmetic.requantize(entering * offered, unit * unit / scale, 0, limits, np.int64)
    memory = np.clip(old + new, *limits)
    if layer.cell_clip > 0:
        clip = _clip(layer, node.input(CELL))
        memory = np.clip(memory, -clip, clip)
    cell[:] = memory
    shift = 12 + math.frexp(scale)[1] - 1
    scaled = 3 * memory << shift if shift >= 0 else (3 * memory + (1 << -shift - 1)) >> -shift
    product = arithmetic.tanh16(scaled) * output
    state = node.input(HIDDEN)
    limits = np.iinfo(hidden.dtype)
    hidden[:] = arithmetic.requantize(
        product,
        unit * unit / scale_of(state),
        zero_point_of(state),
        (limits.min, limits.max),
        hidden.dtype,
    )
    return hidden.copy()


def _gate(node: Node, values: Values, gate: int, moment: np.ndarray) -> np.ndarray:
    """What a gate is a function of, in Q3.12: two sums, each rounded."""
    parts = []
    sources = ((node.input(0), moment, 1), (node.input(HIDDEN), values[HIDDEN][0], 5))
    for tensor, data, place in sources:
        sums = values[place + gate].astype(np.int64) @ (
            data.astype(np.int64) - zero_point_of(tensor)
        )
        if place == 1:
            sums = sums + values[12 + gate]
        real = _product(tensor, node.input(place + gate)) / GATE_SCALE
        limits = (LEAST_GATE, MOST_GATE)
        if tensor.element is ir.Element.INT16:
            parts.append(arithmetic.requantize_wide(sums, real, limits).astype(np.int64))
        else:
            parts.append(arithmetic.requantize(sums, real, 0, limits, np.int64))
    return np.clip(parts[0] + parts[1], LEAST_GATE, MOST_GATE)


def _real_step(node: Node, layer: Lstm, values: Values, moment: np.ndarray) -> np.ndarray:
    hidden, cell = values[HIDDEN][0], values[CELL][0]
    gates = [
        values[1 + gate].astype(np.float64) @ moment
        + values[5 + gate].astype(np.float64) @ hidden
        + values[12 + gate]
        for gate in range(4)
    ]
    entering, kept, output = (1 / (1 + np.exp(-gates[gate])) for gate in (0, 1, 3))
    memory = kept * cell + entering * np.tanh(gates[2])
    if layer.cell_clip > 0:
        memory = np.clip(memory, -layer.cell_clip, layer.cell_clip)
    cell[:] = memory
    hidden[:] = output * np.tanh(cell)
    return hidden.copy()
