"""Operators of TensorFlow Lite Micro that hand on what came before: SignalDelay, SignalFramer,
SignalStacker and CIRCULAR_BUFFER.

All of them are one thing, a delay line: what is kept, joined with what is new, of which the end is
kept for the next run. A pass says them so (`expand`), with variables and movements that there are.
Those that say whether their output is valid know it by a line of booleans, one per run to come.
"""

from __future__ import annotations

import typing
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from graven import ir
from graven.layers.concat import Concat
from graven.layers.gather import Gather
from graven.layers.literal import Literal
from graven.layers.select import Select
from graven.layers.slice import Slice
from graven.layers.tile import Tile
from graven.node import Node, Option, Values, shape_text

if typing.TYPE_CHECKING:
    from graven.passes.grown import Grown

NUMBERS = {
    "SignalDelay": ("delay_length",),
    "SignalFramer": ("frame_size", "frame_step", "prefill"),
    "SignalStacker": (
        "num_channels", "stacker_left_context", "stacker_right_context", "stacker_step",
    ),
    "CIRCULAR_BUFFER": ("cycles_max",),
}  # fmt: skip
OPERATORS = tuple(NUMBERS)
OPTIONS = "FlexBuffer"  # layers.FLEX_BUFFER
VARIABLES = (1, 2, 3)
MOST_KEPT = 1 << 20  # elements of a line


@dataclass(frozen=True)
class DelayLine(ir.Layer):
    numbers: dict[str, int] = field(hash=False)


@dataclass(frozen=True)
class Validity:
    """In which runs an output is valid: a line of booleans, of which each run takes the first. What
    follows the last is the one at `again`, and is at `again` from then on."""

    line: tuple[bool, ...] = (True,)
    again: int = 0

    @property
    def always(self) -> bool:
        return all(self.line)


def options(layer: DelayLine) -> dict[str, Option]:
    return dict(layer.numbers)


# -- what each of them is -------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """`kept` elements along `axis` are joined with the input."""

    axis: int
    kept: int
    output: tuple[int, ...]
    validity: Validity | None = None  # where a second output says it
    fills: bool = False  # whether the first input fills the line


def plan(numbers: dict[str, int], node: Node) -> Plan:
    return PLANS[node.name](numbers, node)


def delay(numbers: dict[str, int], node: Node) -> Plan:
    data = node.input(0)
    return Plan(len(data.shape) - 1, least(numbers, node, "delay_length", 0), data.shape)


def framer(numbers: dict[str, int], node: Node) -> Plan:
    """Without prefill its buffer holds whole steps, and a frame is the oldest part of it."""
    data = node.input(0)
    size, step = (least(numbers, node, name, 1) for name in ("frame_size", "frame_step"))
    if data.shape[-1] % step or size < step:
        raise node.error(
            f"makes frames of {size} by steps of {step} of {data.shape[-1]} samples, expected "
            "whole steps, of a frame at most.",
            data,
        )
    frames, filled = data.shape[-1] // step, -(-size // step)
    kept, runs = (filled - 1) * step, -(-(filled - 1) // frames)
    if numbers["prefill"]:
        kept, runs = size - step, 0
    validity = Validity((False,) * runs + (True,), runs)
    return Plan(len(data.shape) - 1, kept, (*data.shape[:-1], frames, size), validity)


def stacker(numbers: dict[str, int], node: Node) -> Plan:
    data = node.input(0)
    channels = least(numbers, node, "num_channels", 1)
    before, behind = (
        least(numbers, node, f"stacker_{side}_context", 0) for side in ("left", "right")
    )
    step, frames = least(numbers, node, "stacker_step", 1), before + behind + 1
    node.expect_shape(data, (channels,))
    if step > frames:
        raise node.error(f"steps by {step} frames of {frames}, expected at most all of them.")
    line = (False,) * behind + (True,) + (False,) * (step - 1)
    kept = channels * (before + behind)
    return Plan(0, kept, (kept + channels,), Validity(line, behind), fills=True)


def circular(numbers: dict[str, int], node: Node) -> Plan:
    """By TensorFlow Lite Micro a run ends here where the output is not valid, if it has no second
    output to say so."""
    data, output = node.input(0), node.outputs[0]
    node.expect_rank(data, 4)
    node.expect_rank(output, 4)
    shape = (data.shape[0], output.shape[1], *data.shape[2:])
    node.expect_shape(data, (1, 1, *data.shape[2:]))
    cycles = numbers["cycles_max"]
    if cycles < 1 or (cycles > 1 and len(node.outputs) == 1):
        raise node.error(
            f"has cycles_max {cycles}: all behind it would run every so many times alone; export "
            "it with a second output, which says whether the first is valid, or with 1."
        )
    validity = Validity((False,) * (cycles - 1) + (True,))
    return Plan(1, shape[1] - 1, shape, validity if len(node.outputs) > 1 else None)


PLANS: dict[str, Callable[[dict[str, int], Node], Plan]] = {
    "SignalDelay": delay,
    "SignalFramer": framer,
    "SignalStacker": stacker,
    "CIRCULAR_BUFFER": circular,
}


def least(numbers: dict[str, int], node: Node, name: str, limit: int) -> int:
    if not limit <= numbers[name] <= MOST_KEPT:
        raise node.error(f"option {name} is {numbers[name]}, expected {limit} to {MOST_KEPT}.")
    return numbers[name]


def read_numbers(node: Node) -> dict[str, int]:
    return {name: node.whole(name) for name in NUMBERS[node.name]}


def kept(node: Node) -> tuple[np.ndarray, ...]:
    """The line; whether the next run is the first; the validity of the runs to come."""
    if not node.inputs or node.input(0).shape == ():
        raise node.error("needs an input of one axis or more.")
    found, data = plan(read_numbers(node), node), node.input(0)
    shape = (*data.shape[: found.axis], found.kept, *data.shape[found.axis + 1 :])
    arrays = []
    if found.kept:
        zero = data.quantization.zero_point[0] if data.quantization else 0
        arrays.append(np.full(shape, zero, data.element.dtype))
    if found.kept and found.fills:
        arrays.append(np.ones(1, bool))
    if found.validity and not found.validity.always:
        arrays.append(np.array(found.validity.line))
    return tuple(arrays)


KEEPS = {name: kept for name in OPERATORS}
OVERWRITES = ("CIRCULAR_BUFFER",)


def read(node: Node) -> DelayLine:
    numbers = read_numbers(node)
    found, data = plan(numbers, node), node.input(0)
    count = 1 + len(kept(node))
    node.expect_inputs(count, count, outputs=1 if found.validity is None else 2)
    node.expect_element(
        data, ir.Element.INT8 if node.name == "CIRCULAR_BUFFER" else ir.Element.INT16
    )
    node.expect_same_element(data, node.outputs[0])
    node.expect_same_quantization(data, node.outputs[0])
    node.expect_shape(node.outputs[0], found.output)
    for valid in node.outputs[1:]:
        node.expect_element(valid, ir.Element.BOOLEAN)
        if np.prod(valid.shape) != 1:
            raise node.error(f"has shape {shape_text(valid.shape)}, expected one boolean.", valid)
    return DelayLine(numbers)


# -- by numpy -------------------------------------------------------------------------------------


def reference(layer: DelayLine, node: Node, values: Values) -> np.ndarray | tuple[np.ndarray, ...]:
    found, (data, *state) = plan(layer.numbers, node), values
    joined = data
    if found.kept:
        line = state.pop(0)
        if found.fills and (first := state.pop(0))[0]:
            line[...] = np.resize(data, line.shape)
            first[...] = False
        joined = np.concatenate([line, data], found.axis)
        line[...] = np.split(joined, [data.shape[found.axis]], found.axis)[1]
    output = np.take(joined, _taken(layer, node, found), found.axis).reshape(found.output)
    if found.validity is None:
        return output
    valid = np.full(node.outputs[1].shape, True)
    if state:
        valid[...] = state[0][0]
        state[0][...] = np.append(state[0][1:], state[0][found.validity.again])
    return output, valid


def _taken(layer: DelayLine, node: Node, found: Plan) -> np.ndarray:
    """Which elements of the joined line the output has, along the axis."""
    if node.name != "SignalFramer":
        return np.arange(found.output[found.axis])
    frames, size = found.output[-2:]
    return np.arange(frames)[:, None] * layer.numbers["frame_step"] + np.arange(size)


def is_valid(layer: DelayLine, node: Node, outputs: tuple[np.ndarray, ...]) -> bool:
    """Else TensorFlow Lite Micro leaves the first output as it was."""
    return len(outputs) < 2 or bool(np.all(outputs[1]))


# -- by what there is -----------------------------------------------------------------------------


def expand(layer: DelayLine, node: Node, grown: Grown) -> bool:
    found, data = plan(layer.numbers, node), node.input(0).index
    state = [tensor.index for tensor in node.inputs[1:] if tensor is not None]
    joined = data
    if found.kept:
        line = state.pop(0)
        old = grown.read(line)
        if found.fills:
            old = _filled(grown, state.pop(0), old, data)
        shape = list(grown.tensors[line].shape)
        shape[found.axis] += node.input(0).shape[found.axis]
        joined = grown.tensor(node.input(0), tuple(shape))
        grown.add("CONCATENATION", Concat(found.axis), (old, data), joined)
        grown.assign(line, _box(grown, joined, found.axis, -found.kept))
    taken = _taken(layer, node, found)
    places = grown.integers("places", taken.astype(np.int32))
    grown.add("GATHER", Gather(found.axis), (joined, places), node.outputs[0].index,
              node.index)  # fmt: skip
    if found.validity is not None:
        _say_validity(grown, found.validity, node.outputs[1], state)
    return True


def _filled(grown: Grown, first: int, old: int, data: int) -> int:
    """The line, or in the first run so many copies of the input."""
    size, count = grown.tensors[data].shape[0], grown.tensors[old].shape[0]
    copies = grown.add("TILE", Tile((count // size,)), (data,), grown.like(old))
    inputs = (grown.read(first), copies, old)
    never = grown.constant(first, np.zeros(1, bool))
    grown.assign(first, grown.add("LITERAL", Literal(), (never,), grown.like(first)))
    return grown.add("SELECT_V2", Select(), inputs, grown.like(old))


def _box(grown: Grown, data: int, axis: int, count: int) -> int:
    """The first elements along an axis, or the last -count ones."""
    whole = grown.tensors[data]
    begin, size = [0] * len(whole.shape), list(whole.shape)
    begin[axis], size[axis] = max(whole.shape[axis] + count, 0) if count < 0 else 0, abs(count)
    made = grown.tensor(whole, tuple(size))
    return grown.add("SLICE", Slice(tuple(begin), tuple(size)), (data,), made)


def _say_validity(grown: Grown, validity: Validity, output: ir.Tensor, state: list[int]) -> None:
    if not state:
        grown.fix(output.index, np.full(output.shape, True))
        return
    line = grown.read(state[0])
    grown.reshape(_box(grown, line, 0, 1), output.index)
    order = np.append(np.arange(1, len(validity.line)), validity.again)
    places = grown.integers("places", order.astype(np.int32))
    moved = grown.add("GATHER", Gather(0), (line, places), grown.like(line))
    grown.assign(state[0], moved)
