"""Recurrent modules of PyTorch and ONNX: layers of cells, one direction or both, from zeros.

Sequences run along the first axis in memory, so that a moment is a row. A sequence of one moment is
a step of a stream: its state lasts from run to run. Longer ones begin every run with zeros, as the
files mean them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from graven import ir, layers
from graven.frontends.nchw import Draft, View, plain
from graven.layers.gru import Gru
from graven.layers.lstm import Lstm
from graven.layers.simple_rnn import SimpleRnn


@dataclass(frozen=True)
class Cell:
    """One direction of one layer: per gate, in the order of our operator, the weights of the input
    and of the hidden state, the biases of both sums; `layer` is the operator's record."""

    layer: Lstm | Gru | SimpleRnn
    inputs: Sequence[np.ndarray]
    recurrents: Sequence[np.ndarray]
    biases: Sequence[np.ndarray]
    recurrent_biases: Sequence[np.ndarray]

    @property
    def units(self) -> int:
        return self.recurrents[0].shape[1]

    def written(self, draft: Draft, data: int, moments: int, lasts: bool) -> int:
        """The operator's output, moments x 1 x units."""

        def constants(arrays: Sequence[np.ndarray]) -> list[int]:
            return [draft.constant(np.asarray(each, dtype=np.float32)) for each in arrays]

        def state() -> int:
            index = draft.constant(np.zeros((1, self.units), dtype=np.float32))
            if lasts:
                tensor = draft.tensors[index]
                draft.tensors[index] = replace(tensor, data=None, initial=tensor.data)
            return index

        weights = [data, *constants(self.inputs), *constants(self.recurrents)]
        own = isinstance(self.layer, Gru) and self.layer.reset_after
        sums = [a + b for a, b in zip(self.biases, self.recurrent_biases, strict=True)]
        if own:
            sums[-1] = self.biases[-1]
        biases = constants(sums)
        if isinstance(self.layer, Lstm):
            name = "UNIDIRECTIONAL_SEQUENCE_LSTM"
            inputs = [*weights, -1, -1, -1, *biases, -1, -1, state(), state(), -1, -1, -1, -1]
        elif isinstance(self.layer, Gru):
            name = "GRU"
            last = constants(self.recurrent_biases[-1:]) if own else [-1]
            inputs = [*weights, *biases, *last, state()]
        else:
            name = "UNIDIRECTIONAL_SEQUENCE_RNN"
            inputs = [*weights, *biases, state()]
        options = layers.modules()[name].options(self.layer)
        return draft.emit(name, inputs, (moments, 1, self.units), options)

    def step(self, draft: Draft, data: View, hidden: Any, memory: Any) -> tuple[View, View | None]:
        """One moment, all of 1 x units."""

        def both(gate: int, act: str | None = None, before: Any = hidden) -> View:
            bias = self.biases[gate] + self.recurrent_biases[gate]
            found = draft.dense(data, np.asarray(self.inputs[gate]), np.asarray(bias))
            if before is not None:
                more = self.again(draft, gate, before)
                found = draft.binary("ADD", found, more)
            return draft.unary(act, found) if act else found

        if isinstance(self.layer, Lstm):
            gates = ("LOGISTIC", "LOGISTIC", "TANH", "LOGISTIC")
            i, f, g, o = (both(gate, act) for gate, act in enumerate(gates))
            fresh = draft.binary("MUL", i, g)
            if memory is not None:
                fresh = draft.binary("ADD", draft.binary("MUL", f, memory), fresh)
            return draft.binary("MUL", o, draft.unary("TANH", fresh)), fresh
        if not isinstance(self.layer, Gru):
            return both(0, "RELU" if self.layer.relu else "TANH"), None
        z, r = both(0, "LOGISTIC"), both(1, "LOGISTIC")
        if self.layer.reset_after:
            own = np.asarray(self.recurrent_biases[2])
            again = own if hidden is None else self.again(draft, 2, hidden, own)
            fresh = draft.dense(data, np.asarray(self.inputs[2]), np.asarray(self.biases[2]))
            fresh = draft.unary("TANH", draft.binary("ADD", fresh, draft.binary("MUL", r, again)))
        else:
            reset = None if hidden is None else draft.binary("MUL", r, hidden)
            fresh = both(2, "TANH", reset)
        if hidden is None:
            kept = draft.binary("MUL", z, fresh)
            return draft.binary("SUB", fresh, kept), None
        # z h + (1 - z) n, with one product less
        kept = draft.binary("MUL", z, difference(draft, hidden, fresh))
        return draft.binary("ADD", fresh, kept), None

    def again(self, draft: Draft, gate: int, hidden: Any, bias: np.ndarray | None = None) -> Any:
        """The part of a gate's sum that is of the hidden state."""
        weights = np.asarray(self.recurrents[gate])
        if isinstance(hidden, View):
            return draft.dense(hidden, weights, bias)
        found = hidden @ weights.T
        return found if bias is None else found + bias


def difference(draft: Draft, first: Any, second: View) -> View:
    if isinstance(first, View):
        return draft.binary("SUB", first, second)
    return draft.binary("ADD", draft.unary("NEG", second), np.asarray(first))


def run(
    draft: Draft, view: View, stack: Sequence[Sequence[Cell]], backwards: bool = False
) -> tuple[View, list[View]]:
    """Layer over layer, each of one direction or of two; `backwards`: the only one is the other.
    Yields moments x 1 x all units, and per layer and direction the last hidden state, 1 x units."""
    moments, inputs = view.shape[-3 if view.shape[-2] == 1 else -2], view.shape[-1]
    data = draft.demand(draft.reshape(view, (moments, 1, inputs)), (0, 1, 2))
    turns = backwards or len(stack[0]) == 2
    if turns and moments == 1:
        raise draft.error(
            "goes backwards over a sequence of one moment, which is a step of a stream; give it a "
            "longer one, or one direction."
        )
    last = []
    for cells in stack:
        parts = []
        for direction, cell in enumerate(cells):
            turned = backwards or direction == 1
            entering = _reversed(draft, data) if turned else data
            made = cell.written(draft, entering, moments, lasts=moments == 1)
            end = draft.slice(plain(made, (moments, 1, cell.units)), (moments - 1, 0, 0),
                              (1, 1, cell.units))  # fmt: skip
            last.append(draft.reshape(end, (1, cell.units)))
            parts.append(_reversed(draft, made) if turned else made)
        views = [plain(part, (moments, 1, cells[0].units)) for part in parts]
        data = views[0].index if len(views) == 1 else draft.concat(views, 2).index
    units = sum(cell.units for cell in stack[-1])
    return plain(data, (moments, 1, units)), last


def several(
    draft: Draft, view: View, stack: Sequence[Sequence[Cell]], backwards: bool = False
) -> tuple[View, list[View]]:
    """`run` for each sequence of moments x sequences x inputs, all as one."""
    moments, batch, inputs = view.shape
    if batch == 1:
        return run(draft, view, stack, backwards)
    parts = [draft.slice(view, (0, at, 0), (moments, 1, inputs)) for at in range(batch)]
    made = [run(draft, each, stack, backwards) for each in parts]
    last = [draft.concat(list(each), 0) for each in zip(*(ends for _, ends in made), strict=True)]
    return draft.concat([found for found, _ in made], 1), last


State = list["View | np.ndarray | None"]
"""Per layer and direction what a hidden state or a memory begins with, sequences x units; None:
zeros."""


def stepped(
    draft: Draft,
    view: View,
    stack: Sequence[Sequence[Cell]],
    hidden: State,
    memory: State,
    backwards: bool = False,
) -> tuple[View, list[View], list[View]]:
    """As `several`, moment by moment, each gate an operator: for states that the model is given,
    and for the memory of an LSTM as an output. Yields the last memories, too."""
    moments, batch, _ = view.shape
    given, last, kept = _moments(draft, view), [], []
    place = 0
    for cells in stack:
        parts = []
        for direction, cell in enumerate(cells):
            turned = backwards or direction == 1
            h, c = hidden[place], memory[place]
            found = []
            for each in given[::-1] if turned else given:
                h, c = cell.step(draft, each, h, c)
                found.append(h)
            last.append(h)
            kept.append(c)
            parts.append(found[::-1] if turned else found)
            place += 1
        given = [draft.concat(each, 1) if len(each) > 1 else each[0]
                 for each in map(list, zip(*parts, strict=True))]  # fmt: skip
    units = sum(cell.units for cell in stack[-1])
    whole = draft.concat(given, 0) if moments > 1 else given[0]
    return draft.reshape(whole, (moments, batch, units)), last, kept


def _moments(draft: Draft, rows: View) -> list[View]:
    moments, batch, inputs = rows.shape
    parts = draft.split(rows, 0, [1] * moments) if moments > 1 else [rows]
    return [draft.reshape(each, (batch, inputs)) for each in parts]


def _states(draft: Draft, states: Any, count: int, batch: int, units: int) -> State:
    """Of each layer and direction, from one tensor of all."""
    if states is None:
        return [None] * count
    if not isinstance(states, View):
        return list(np.asarray(states).reshape(count, batch, -1))
    return _moments(draft, draft.reshape(states, (count, batch, units)))


def _stacked(draft: Draft, views: Sequence[View]) -> View:
    return views[0] if len(views) == 1 else draft.concat(views, 0)


def _reversed(draft: Draft, index: int) -> int:
    return draft.emit("REVERSE_V2", [index, draft.integers([0])], draft.tensors[index].shape)


def gates(array: np.ndarray, count: int, order: Sequence[int]) -> list[np.ndarray]:
    """Of a file's array of all gates, in our order."""
    parts = np.split(array, count)
    return [parts[place] for place in order]


# -- PyTorch --------------------------------------------------------------------------------------

TORCH = {
    "lstm": (Lstm(time_major=True), (0, 1, 2, 3)),
    "gru": (Gru(time_major=True), (1, 0, 2)),
    "rnn_tanh": (SimpleRnn(time_major=True), (0,)),
    "rnn_relu": (SimpleRnn(time_major=True, relu=True), (0,)),
}
"""The record, and where our gates stand among PyTorch's."""


def of_torch(draft: Draft, kind: str, given: dict[str, Any], arrays: Sequence[Any]) -> list[Any]:
    """`arrays` are the parameters, of each layer and direction; `given` the other arguments, and
    `stepped`: whether the memory of an LSTM is asked for."""
    layer, order = TORCH[kind]
    view, directions = given["input"], 2 if given["bidirectional"] else 1
    each = 4 if given["has_biases"] else 2
    if len(arrays) != given["num_layers"] * directions * each:
        raise draft.error("has a projection (proj_size), which is not supported; leave it out.")
    data = _time_major(draft, view, given["batch_first"])
    states = given["hx"] if isinstance(given["hx"], list | tuple) else [given["hx"]]
    stack = []
    for first in range(0, len(arrays), directions * each):
        cells = []
        for at in range(first, first + directions * each, each):
            inputs, recurrents, *biases = (
                gates(array, len(order), order) for array in arrays[at : at + each]
            )
            zeros = [np.zeros(part.shape[0], np.float32) for part in inputs]
            cells.append(Cell(layer, inputs, recurrents, *(biases or (zeros, zeros))))
        stack.append(cells)
    shape = (len(stack) * directions, data.shape[1], stack[0][0].units)
    if given["stepped"] or not _are_zeros(states):
        begin = [_states(draft, each, *shape) for each in states]
        hidden, memory = begin if kind == "lstm" else (begin[0], [None] * shape[0])
        found, last, kept = stepped(draft, data, stack, hidden, memory)
    else:
        (found, last), kept = several(draft, data, stack), []
    results = [
        _time_major(draft, found, given["batch_first"]),
        draft.reshape(_stacked(draft, last), shape),
    ]
    if kind != "lstm":
        return results
    return [*results, draft.reshape(_stacked(draft, kept), shape) if kept else None]


def _time_major(draft: Draft, view: View, batch_first: bool) -> View:
    """Moments x sequences x inputs, and back."""
    if len(view.shape) != 3:
        raise draft.error("reads no sequence of three axes; give it moments, sequences, inputs.")
    if not batch_first:
        return view
    if 1 in view.shape[:2]:
        return draft.reshape(view, (view.shape[1], view.shape[0], view.shape[2]))
    return draft.transpose(view, (1, 0, 2))


def _are_zeros(states: Sequence[Any]) -> bool:
    return not any(
        isinstance(state, View) or (state is not None and np.any(np.asarray(state) != 0))
        for state in states
    )


# -- ONNX -----------------------------------------------------------------------------------------

ONNX = {"LSTM": (4, (0, 2, 3, 1)), "GRU": (3, (0, 1, 2)), "RNN": (1, (0,))}
"""How many gates, and where ours stand among ONNX's."""
USUAL = {"LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"], "RNN": ["Tanh"]}


def of_onnx(
    draft: Draft,
    kind: str,
    attributes: dict[str, Any],
    view: View,
    arrays: Sequence[Any],
    yields_memory: bool,
) -> list[Any]:
    """`arrays` are the node's inputs behind the first: weights, recurrent weights, biases, lengths,
    initial states, peepholes; the states may be computed."""
    weights, recurrents, biases, lengths, *states = (*arrays, *(None,) * (7 - len(arrays)))
    batch_first = attributes.get("layout", 0) == 1
    view = _time_major(draft, view, batch_first)
    moments, batch, _ = view.shape
    if lengths is not None and not _are_all(lengths, moments):
        raise draft.error("has sequences of given lengths; export it without sequence_lens.")
    if not _are_zeros(states[2:]):
        raise draft.error("has peepholes, which are not supported; export it without.")
    if biases is None:
        biases = np.zeros((len(weights), 2 * weights.shape[1]), np.float32)
    layer, cells = _layer(draft, kind, attributes), []
    for own, again, both in zip(weights, recurrents, biases, strict=True):
        parts = (own, again, *np.split(both, 2))
        cells.append(Cell(layer, *(gates(part, *ONNX[kind]) for part in parts)))
    backwards = attributes.get("direction", b"forward") == b"reverse"
    units, directions = cells[0].units, len(cells)
    if yields_memory or not _are_zeros(states[:2]):
        states = [_by_layer(draft, each, directions, batch_first) for each in states[:2]]
        begin = [_states(draft, each, directions, batch, units) for each in states]
        found, last, kept = stepped(draft, view, [cells], *begin, backwards)
    else:
        (found, last), kept = several(draft, view, [cells], backwards), []
    shown = (last, kept) if kept and kind == "LSTM" else (last,)
    ends = [draft.reshape(_stacked(draft, each), (directions, batch, units)) for each in shown]
    whole = draft.reshape(found, (moments, batch, directions, units))
    whole = draft.transpose(whole, (1, 0, 2, 3) if batch_first else (0, 2, 1, 3))
    return [whole, *(_by_layer(draft, each, batch, batch_first) for each in ends)]


def _by_layer(draft: Draft, states: Any, count: int, batch_first: bool) -> Any:
    """With the first two axes changed, of which the second has `count`, where sequences come
    first."""
    if states is None or not batch_first:
        return states
    if isinstance(states, View):
        return draft.transpose(states, (1, 0, 2))
    return np.asarray(states).reshape(-1, count, np.shape(states)[-1]).transpose((1, 0, 2))


def _are_all(lengths: Any, moments: int) -> bool:
    return not isinstance(lengths, View) and bool(np.all(np.asarray(lengths) == moments))


def _layer(draft: Draft, kind: str, attributes: dict[str, Any]) -> ir.Layer:
    usual = USUAL[kind]
    stated = [each.decode() for each in attributes.get("activations", [])] or usual
    stated = stated[: len(usual)] if stated == stated[: len(usual)] * 2 else stated
    relu = kind == "RNN" and stated == ["Relu"]
    if stated != usual and not relu:
        raise draft.error(f"has the activations {', '.join(stated)}; use {', '.join(usual)}.")
    if attributes.get("clip") or attributes.get("input_forget"):
        raise draft.error("clips its sums or couples its gates; export it without.")
    if kind == "LSTM":
        return Lstm(time_major=True)
    if kind == "GRU":
        return Gru(True, bool(attributes.get("linear_before_reset", 0)))
    return SimpleRnn(True, relu)
