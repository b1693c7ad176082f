"""What LSTM, GRU and SimpleRNN have in common: sums of gates over the moments of a sequence.

Each gate is a function of input @ x + recurrent @ hidden + bias. States are variables, which last
from run to run, or constants of real zeros, with which every run begins.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from graven import arithmetic, ir
from graven.cpp import Constant, Cpp, computed, template
from graven.node import Node, Values, scale_of, shape_text, zero_point_of
from graven.quantize.scales import Scale

FLOAT32, INT16 = ir.Element.FLOAT32, ir.Element.INT16
LEAST, MOST = -(1 << 15), (1 << 15) - 1
GATE_SCALE = 2.0**-12  # of what a function of 16 bits is of
UNIT = 2.0**-15  # of what it yields

Step = Callable[[np.ndarray], np.ndarray]
"""From a moment to the hidden state, which it changes in place as it does all states."""


@dataclass(frozen=True)
class Cell:
    """Where the inputs of an operator stand, gate by gate from `input`, `recurrent` and `bias` on;
    `own_bias`: of the last gate's recurrent sums alone."""

    gates: tuple[str, ...]
    input: int
    recurrent: int
    bias: int
    hidden: int
    memory: int | None = None
    own_bias: int | None = None


def read(node: Node, cell: Cell, time_major: bool) -> None:
    """Checks all but the options."""
    data, output, hidden = node.input(0), node.output, node.input(cell.hidden)
    node.expect_element(data, ir.Element.INT8, INT16, FLOAT32)
    node.expect_same_element(data, output, hidden)
    node.expect_rank(data, 3)
    if data.shape[1 if time_major else 0] != 1:
        raise node.error(
            f"has the input {shape_text(data.shape)}, expected one sequence; export the model with "
            "a batch of 1.",
            data,
        )
    node.expect_shape(output, (*data.shape[:2], output.shape[-1]))
    for gate in range(len(cell.gates)):
        _expect_gate(node, cell, gate)
    if cell.own_bias is not None and node.optional(cell.own_bias) is not None:
        _expect_bias(node, cell.own_bias)
    states = [hidden]
    if cell.memory is not None and node.optional(cell.memory) is not None:
        states.append(node.input(cell.memory))
        real = data.element is FLOAT32
        node.expect_element(states[-1], FLOAT32 if real else INT16)
    for state in states:
        node.expect_shape(state, (1, output.shape[-1]))
        _expect_state(node, state, hidden.is_variable)
    if data.element is not FLOAT32:
        for tensor in (data, output):
            node.expect_symmetric_words(tensor)
        node.expect_same_quantization(hidden, output)


def _expect_state(node: Node, state: ir.Tensor, is_variable: bool) -> None:
    zero = zero_point_of(state) if state.quantization else 0
    if state.is_variable is not is_variable or not (is_variable or state.data is not None):
        raise node.error("is no variable; export the model again.", state)
    if not is_variable and np.any(state.data != zero):
        raise node.error(
            "begins with other numbers than zeros; leave the initial state out.", state
        )


def _expect_gate(node: Node, cell: Cell, gate: int) -> None:
    data, units = node.input(0), node.output.shape[-1]
    real = data.element is FLOAT32
    for place, columns in ((cell.input + gate, data.shape[2]), (cell.recurrent + gate, units)):
        weights = node.constant(place, (FLOAT32 if real else ir.Element.INT8,))
        node.expect_shape(weights, (units, columns))
        if real:
            continue
        if weights.quantization is None or len(weights.quantization.scale) != 1:
            raise node.error("needs one scale for all of it; quantize the model again.", weights)
        if zero_point_of(weights):
            raise node.error("has a zero point other than 0; quantize the model again.", weights)
    _expect_bias(node, cell.bias + gate)


def _expect_bias(node: Node, place: int) -> None:
    wide = {FLOAT32: FLOAT32, INT16: ir.Element.INT64}
    element = wide.get(node.input(0).element, ir.Element.INT32)
    node.expect_shape(node.constant(place, (element,)), node.output.shape[-1:])


def expect_multipliers(node: Node, cell: Cell, unit: float) -> None:
    bits = 7 if node.input(0).element is INT16 else 30
    for gate in range(len(cell.gates)):
        for data, place in ((0, cell.input), (cell.hidden, cell.recurrent)):
            node.expect_multiplier(_product(node, data, place + gate) / unit, bits)


def _product(node: Node, data: int, weights: int) -> float:
    """Of two scales; in double, as TensorFlow Lite Micro has it here alone."""
    return scale_of(node.input(data)) * scale_of(node.input(weights))


# -- C++ ------------------------------------------------------------------------------------------


def cpp(node: Node, cell: Cell, name: str, *options: str, extra: tuple[Constant, ...] = ()) -> Cpp:
    """The layer `name` of so many units; `options` behind how it recurs, the last one by default
    absent."""
    hidden, (units, inputs) = node.input(cell.hidden), node.input(cell.input).shape
    stated = []
    for gate, label in enumerate(cell.gates):
        stated.append(_constant(f"input_to_{label}", node.input(cell.input + gate)))
        stated.append(_constant(f"recurrent_to_{label}", node.input(cell.recurrent + gate)))
        stated.append(Constant(f"{label}_bias", node.input(cell.bias + gate).data))
    stated.append(_zero("hidden", hidden))
    if cell.memory is not None and node.optional(cell.memory) is not None:
        stated.append(_zero("memory", node.input(cell.memory)))
    if cell.own_bias is not None and node.optional(cell.own_bias) is not None:
        stated.append(Constant("recurrent_bias", node.input(cell.own_bias).data))
    how = "{}" if hidden.is_variable else "{.stateful = false}"
    written = [str(units), f"graven::Recurrence{how}", *options]
    if not options and hidden.is_variable:
        written.pop()
    return Cpp(
        template(name, *written),
        inputs=computed(node, 0),
        constants=(*stated, *extra),
        output=True,
        macs=len(cell.gates) * math.prod(node.input(0).shape[:2]) * units * (inputs + units),
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


# -- float32 to integers ---------------------------------------------------------------------------


def integers(
    node: Node, cell: Cell, data: Scale, output: Scale, memory: float | None = None
) -> dict[int, ir.Tensor]:
    """By position: weights of one scale each, biases in units of both scales, and states: the
    hidden one as the output, the memory in int16 of the scale `memory`."""
    found: dict[int, ir.Tensor] = {}
    wide = ir.Element.INT64 if data.element is INT16 else ir.Element.INT32

    def weights(place: int) -> float:
        tensor = node.input(place)
        reach = float(np.max(np.abs(tensor.data)))
        scale = float(np.float32(reach / 127 if reach > 0 else 1))
        whole = np.clip(np.round(tensor.data / scale), -127, 127).astype(np.int8)
        found[place] = _constant_of(tensor, ir.Element.INT8, scale, 0, whole)
        return scale

    def bias(place: int, scale: float) -> None:
        tensor, limits = node.input(place), np.iinfo(wide.dtype)
        scale = float(np.float32(scale))
        whole = np.clip(np.round(tensor.data.astype(np.float64) / scale), limits.min, limits.max)
        found[place] = _constant_of(tensor, wide, scale, 0, whole.astype(wide.dtype))

    def state(place: int, scale: Scale) -> None:
        like = node.input(cell.hidden)
        zeros = np.full(like.shape, scale.zero_point, scale.element.dtype)
        made = _constant_of(like, scale.element, scale.scale, scale.zero_point, zeros)
        if like.is_variable:
            made = replace(made, data=None, initial=zeros)
        found[place] = made

    for gate in range(len(cell.gates)):
        bias(cell.bias + gate, data.scale * weights(cell.input + gate))
        again = output.scale * weights(cell.recurrent + gate)
        last = gate == len(cell.gates) - 1
        if last and cell.own_bias is not None and node.optional(cell.own_bias) is not None:
            bias(cell.own_bias, again)
    state(cell.hidden, output)
    if cell.memory is not None and memory is not None:
        state(cell.memory, type(output)(memory, 0, INT16))
    return found


def _constant_of(
    like: ir.Tensor, element: ir.Element, scale: float, zero_point: int, data: np.ndarray
) -> ir.Tensor:
    stored = ir.Quantization((scale,), (zero_point,))
    return ir.Tensor(like.index, like.name, data.shape, element, stored, data)


# -- the reference --------------------------------------------------------------------------------


class Sums:
    """The sums of an operator's gates, in float64, or rounded to 16 bits of `unit`."""

    def __init__(self, node: Node, cell: Cell, values: Values, unit: float = GATE_SCALE) -> None:
        self.node, self.cell, self.values, self.unit = node, cell, values, unit
        self.is_real = node.input(0).element is FLOAT32

    def parts(
        self, gate: int, moment: np.ndarray, hidden: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Of the input with the bias, and of the hidden state."""
        cell = self.cell
        own = None
        if cell.own_bias is not None and gate == len(cell.gates) - 1:
            own = self.values[cell.own_bias]
        return (
            self.sum(0, cell.input + gate, moment, self.values[cell.bias + gate]),
            self.sum(cell.hidden, cell.recurrent + gate, hidden, own),
        )

    def sum(
        self, place: int, weights: int, data: np.ndarray, bias: np.ndarray | None
    ) -> np.ndarray:
        factors, added = self.values[weights], 0 if bias is None else bias
        if self.is_real:
            return factors.astype(np.float64) @ data + added
        zero = zero_point_of(self.node.input(place))
        sums = factors.astype(np.int64) @ (data.astype(np.int64) - zero) + added
        real = _product(self.node, place, weights) / self.unit
        if data.dtype == np.int16:
            return arithmetic.requantize_wide(sums, real, (LEAST, MOST)).astype(np.int64)
        return arithmetic.requantize(sums, real, 0, (LEAST, MOST), np.int64)

    def whole(self, parts: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        found = parts[0] + parts[1]
        return found if self.is_real else np.clip(found, LEAST, MOST)

    def logistic(self, parts: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        found = self.whole(parts)
        return 1 / (1 + np.exp(-found)) if self.is_real else arithmetic.logistic16(3 * found)

    def tanh(self, parts: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        found = self.whole(parts)
        return np.tanh(found) if self.is_real else arithmetic.tanh16(3 * found)

    def as_hidden(self, value: np.ndarray, unit: float) -> np.ndarray:
        """Numbers of `unit` in the hidden state's scale."""
        state = self.node.input(self.cell.hidden)
        limits = np.iinfo(state.element.dtype)
        return arithmetic.requantize(
            value,
            unit / scale_of(state),
            zero_point_of(state),
            (limits.min, limits.max),
            state.element.dtype,
        )


def rounded(product: np.ndarray) -> np.ndarray:
    """Two numbers of UNIT, multiplied."""
    return (product + (1 << 14)) >> 15


def states(node: Node, cell: Cell, values: Values) -> list[np.ndarray]:
    """Hidden state and memory, to be changed in place."""
    places = [cell.hidden]
    if cell.memory is not None and node.optional(cell.memory) is not None:
        places.append(cell.memory)
    return [
        values[place][0] if node.input(place).is_variable else values[place][0].copy()
        for place in places
    ]


def run(node: Node, values: Values, step: Step) -> np.ndarray:
    """All moments, one after the other."""
    moments = values[0].reshape(-1, values[0].shape[2])
    return np.stack([step(moment).copy() for moment in moments]).reshape(node.output.shape)
