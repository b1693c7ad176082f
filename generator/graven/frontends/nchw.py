"""From networks stated channels first, as PyTorch and ONNX do it, to TensorFlow Lite's operators.

A front end tells a Draft, operator by operator, what the file computes, in the file's own shapes.
Every activation is a View: the shape that the file means, and how its elements lie in memory.
Reshapes and transpositions only change the view; a RESHAPE or TRANSPOSE is written where an
operator needs another order than the one at hand. Convolutions and pools have their channels last,
what follows keeps the order that it finds, and a Dense layer behind a Flatten reads the activation
as it lies, by weights whose columns have been permuted: a CNN ends up without any transposition.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from graven import ir, layers
from graven.checked import Stated, checked, used
from graven.errors import GravenError, described
from graven.frontends import folding, integers
from graven.frontends.integers import Integers
from graven.node import PLAIN, Option, shape_text
from graven.window import span

Shape = tuple[int, ...]
Pads = Sequence[tuple[int, int]]
"""Before and behind, for each axis of a window."""

DAMAGE = (
    ArithmeticError, AttributeError, LookupError, MemoryError, OSError, RuntimeError, TypeError,
    ValueError,
)  # fmt: skip
"""What reading ends in where a file's own words may be anything."""
ASKED = ("nhwc", "nchw")
LAYOUTS = (*ASKED, "frames")
"""Of the inputs: channels last, as stated, or each image of a sequence with its channels last."""
STATED = {3: "NCL", 4: "NCHW"}
ELEMENTS = {element.dtype: element for element in ir.Element}
WHOLE = (
    "ADD", "DIV", "FLOOR_DIV", "FLOOR_MOD", "MAXIMUM", "MINIMUM", "MUL", "POW", "REDUCE_MAX",
    "REDUCE_MIN", "REDUCE_PROD", "SELECT_V2", "SUB", "SUM",
)  # fmt: skip
"""What makes int32 of int32."""
AS_REAL = "convert all to float32 first (x.float() in PyTorch, Cast in ONNX)"


@dataclass(frozen=True)
class View:
    """An activation: `axes` are the stated extents, `order` names the stated axis of each axis in
    memory; the whole, in stated order, is then seen as `shape`, where no order of axes can say so.
    """

    index: int
    axes: Shape
    order: Shape
    shape: Shape

    @property
    def is_plain(self) -> bool:
        """No reshape is left over."""
        return self.shape == self.axes

    @property
    def in_memory(self) -> Shape:
        return tuple(self.axes[axis] for axis in self.order)

    def place(self, axis: int) -> int:
        """In memory, of a stated axis."""
        return self.order.index(axis)

    @property
    def told_order(self) -> tuple[Shape, Shape, Shape]:
        """Equal for views of one tensor that show the same elements in the same order, under
        another number of leading ones perhaps: the shape without those, and how the runs of axes
        lie."""
        ones = next((at for at, extent in enumerate(self.shape) if extent != 1), len(self.shape))
        return self.shape[ones:], *self.runs(range(len(self.axes)))

    def runs(self, order: Sequence[int]) -> tuple[Shape, Shape]:
        """Of axes that stay together where they come to lie in this order: their extents, as they
        lie now, and which of them is first, second, ... then. Axes of one element are left out."""
        lying, target = ([axis for axis in each if self.axes[axis] != 1]
                         for each in (self.order, order))  # fmt: skip
        found: list[list[int]] = []
        for axis in lying:
            if found and target.index(axis) == target.index(found[-1][-1]) + 1:
                found[-1].append(axis)
            else:
                found.append([axis])
        extents = tuple(math.prod(self.axes[axis] for axis in run) for run in found)
        places = sorted(range(len(found)), key=lambda each: target.index(found[each][0]))
        return extents, tuple(places)


Constant = np.ndarray | Integers
Operand = View | Constant


@dataclass(frozen=True)
class Told:
    """An operator as it was stated, for patterns that look back."""

    name: str
    found: View
    inputs: tuple[Operand, ...]
    axis: int = 0


@dataclass
class Op:
    """An operator under construction; its option names are the schema's."""

    name: str
    inputs: list[int]
    outputs: list[int]
    options: dict[str, Option]


def plain(index: int, shape: Shape) -> View:
    return View(index, shape, tuple(range(len(shape))), shape)


def channels_last(rank: int) -> Shape:
    return (0, *range(2, rank), 1)


def frames_last(rank: int) -> Shape:
    """The last three axes are channels, height and width."""
    return (*range(rank - 3), rank - 2, rank - 1, rank - 3)


class Mistake(GravenError):
    """What is wrong with a model itself, whoever reads it."""


@dataclass(frozen=True)
class Sliding:
    """How a filter goes over the axes behind batch and channels, and in how many groups of them."""

    stride: Shape
    dilation: Shape
    pads: Pads
    groups: int = 1

    @property
    def windows(self) -> tuple[Shape, Shape, Pads]:
        return self.stride, self.dilation, self.pads

    def over(self, before: int = 0, behind: int = 0) -> Sliding:
        """With axes more, of which the filter covers one element."""

        def around(each: Sequence[Any], one: Any) -> tuple:
            return (*[one] * before, *each, *[one] * behind)

        stride, dilation = around(self.stride, 1), around(self.dilation, 1)
        return Sliding(stride, dilation, list(around(self.pads, (0, 0))), self.groups)


@dataclass
class Draft:
    """Tensors and operators so far; `where` is the file's operator that is being told."""

    source: str
    where: str = ""
    letters: dict[int, str] = field(default_factory=lambda: dict(STATED))  # of axes, by rank
    tensors: list[ir.Tensor] = field(default_factory=list)
    operators: list[Op] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)
    orders: dict[str, Shape] = field(default_factory=dict)  # of inputs in memory
    made: dict[tuple, int] = field(default_factory=dict)  # reshaped and transposed tensors
    told: dict[int, Told] = field(default_factory=dict)  # by output
    whole: ir.Element = ir.Element.INT8  # what activations with a scale become
    is_quantized: bool = False
    edges: set[str] = field(default_factory=set)  # inputs and outputs that the file has as uint8
    has_numbers: bool = False  # is it known that no weight at hand is NaN?

    def error(self, message: str) -> GravenError:
        return GravenError(f"{self.source}: {self.where}: {message}")

    def mistake(self, message: str) -> Mistake:
        return Mistake(self.error(message).said)

    @contextlib.contextmanager
    def trusting(self, tool: str) -> Iterator[None]:
        """Where a file is believed to be as its tool describes such files."""
        try:
            yield
        except DAMAGE as error:
            reason = described(error)
            raise self.error(
                f"is not as {tool} describes it ({reason}); the file is damaged, or of "
                f"a version of {tool} that is not known here: save it again."
            ) from None

    # -- tensors ---------------------------------------------------------------------------------

    def tensor(self, name: str, shape: Shape, data: np.ndarray | None = None) -> int:
        element = ir.Element.FLOAT32 if data is None else ELEMENTS[data.dtype]
        index = len(self.tensors)
        self.tensors.append(ir.Tensor(index, name, tuple(shape), element, None, data))
        return index

    def note_weights(self, weights: Iterable[np.ndarray]) -> None:
        """Of the file: where they are numbers, NaN comes from elsewhere."""
        self.has_numbers = not any((each != each).any() for each in weights)

    def scaled(self, index: int, scales: ir.Quantization | None) -> int:
        """The tensor, with these; one of float32 then becomes int8 in the end (integers.py)."""
        self.tensors[index] = replace(self.tensors[index], quantization=scales)
        return index

    def constant(self, data: Constant) -> int:
        if isinstance(data, Integers):
            values = np.ascontiguousarray(data.values)
            index = self.tensor(f"constant_{len(self.tensors)}", values.shape, values)
            return self.scaled(index, data.scales)
        data = np.ascontiguousarray(data)
        if data.dtype == np.float64:
            data = data.astype(np.float32)
        if data.dtype.kind == "f" and np.isnan(data).any():
            if self.has_numbers:
                raise self.mistake(
                    "computes with a constant that is no number (NaN), though all weights are "
                    "numbers: the model states it, or makes it of them; put a number in its place."
                )
            raise self.mistake(
                "has a weight that is no number (NaN): training has diverged; train again, with a "
                "smaller learning rate or scaled data."
            )
        if data.dtype not in ELEMENTS:
            raise self.error(f"has a constant of {data.dtype}; export the model in float32.")
        return self.tensor(f"constant_{len(self.tensors)}", data.shape, data)

    def element(self, operand: Operand) -> ir.Element | None:
        """Of an activation; a constant becomes what it is computed with."""
        return self.tensors[operand.index].element if isinstance(operand, View) else None

    def alike(self, *operands: Operand) -> list[Operand]:
        """Constants beside whole numbers or truth values become such."""
        found = {self.element(each) for each in operands} - {None}
        if found <= {ir.Element.FLOAT32}:
            return list(operands)
        if len(found) == 1:
            (element,) = found
            if all(isinstance(each, View) or is_kept(each, element) for each in operands):
                return [
                    each if isinstance(each, View) else np.asarray(each).astype(element.dtype)
                    for each in operands
                ]
            found.add(ir.Element.FLOAT32)
        kinds = " and ".join(sorted(each.value for each in found))
        raise self.error(f"computes with {kinds} at once; {AS_REAL}.")

    def integers(self, values: Sequence) -> int:
        return self.constant(np.array(values, dtype=np.int32))

    def input(
        self, name: str, shape: Shape, layout: str, element: ir.Element = ir.Element.FLOAT32
    ) -> View:
        """A model input, in one of LAYOUTS, if it has height and width."""
        rank = len(shape)
        if layout == "nchw" or rank < 3:
            order = tuple(range(rank))
        elif layout == "frames" and rank > 4:
            order = frames_last(rank)
        else:
            order = channels_last(rank)
        index = self.tensor(name, tuple(shape[axis] for axis in order))
        if element is not ir.Element.FLOAT32:
            self.tensors[index] = replace(self.tensors[index], element=element)
        self.inputs.append(index)
        self.orders[name] = order
        return View(index, shape, order, shape)

    def emit(
        self,
        name: str,
        inputs: Sequence[int],
        shape: Shape,
        options: dict[str, Option] | None = None,
    ) -> int:
        """An operator with one output, of this shape in memory."""
        return self.emit_several(name, inputs, [shape], options)[0]

    def emit_several(
        self,
        name: str,
        inputs: Sequence[int],
        shapes: Sequence[Shape],
        options: dict[str, Option] | None = None,
    ) -> list[int]:
        if name not in layers.modules():
            supported = ", ".join(sorted(layers.modules()))
            raise self.error(
                f"needs the operator {name}, which is not supported; what there is: {supported}."
            )
        moved = self.moved_by(name, inputs)
        outputs = [self.tensor(f"{self.where}_{len(self.tensors)}", shape) for shape in shapes]
        for index in outputs if moved else ():
            self.tensors[index] = replace(
                self.tensors[index], element=moved.element, quantization=moved.quantization
            )
        data = [self.tensors[index] for index in inputs if self.tensors[index].data is None]
        if name in WHOLE and any(each.element is ir.Element.INT32 for each in data):
            for index in outputs:
                self.tensors[index] = replace(self.tensors[index], element=ir.Element.INT32)
        if name == "CONCATENATION" and data[0].element in PLAIN:
            for index in outputs:
                self.tensors[index] = replace(self.tensors[index], element=data[0].element)
        self.operators.append(Op(name, list(inputs), outputs, dict(options or {})))
        return outputs

    # -- scales ----------------------------------------------------------------------------------

    def computes(self, element: ir.Element) -> None:
        """The file has activations of these integers."""
        if self.is_quantized and element is not self.whole:
            raise self.error(
                f"is {element.value} where other activations are {self.whole.value}; quantize all "
                "of them to one width."
            )
        self.whole, self.is_quantized = element, True

    def moved_by(self, name: str, inputs: Sequence[int]) -> ir.Tensor | None:
        """The activation whose values, and so scales, an operator's output has, if of one alone."""
        data = [self.tensors[index] for index in inputs if self.tensors[index].data is None]
        return data[0] if name in integers.MOVES and len(data) == 1 else None

    def quantize(self, view: View, scales: ir.Quantization) -> View:
        """The view in int8 of this scale and zero point."""
        tensor = self.tensors[view.index]
        if tensor.quantization == scales:
            return view
        source = self.unshaped(view.index)
        index = self.scaled(self.emit("QUANTIZE", [source], self.tensors[source].shape), scales)
        return replace(view, index=self.shaped(index, tensor.shape))

    def filter(self, weights: Constant, axes: Shape, units: int) -> int:
        """Weights with their axes in this order; `units` is the outputs' axis before that."""
        if isinstance(weights, Integers):
            try:
                weights = weights.centred(units)
            except ValueError as error:
                raise self.error(f"has weights {error}.") from None
        return self.constant(weights.transpose(axes))

    def offset(self, bias: Constant | None, units: int) -> int:
        if bias is None:
            bias = np.zeros(units, np.float32)
        return self.constant(bias.reshape((-1,)))

    # -- views -----------------------------------------------------------------------------------

    def reshape(self, view: View, shape: Shape) -> View:
        """The same elements in stated order; costs nothing here."""
        if math.prod(shape) != math.prod(view.axes):
            raise self.error(f"makes {shape_text(shape)} of {shape_text(view.shape)}.")
        regrouped = regroup(view.axes, view.order, shape)
        if regrouped is None:
            return replace(view, shape=shape)
        return View(view.index, shape, regrouped, shape)

    def transpose(self, view: View, axes: Shape) -> View:
        """The stated axes in another order; costs nothing here."""
        view = self.settled(view)
        now = {axis: place for place, axis in enumerate(axes)}
        shape = tuple(view.axes[axis] for axis in axes)
        return View(view.index, shape, tuple(now[axis] for axis in view.order), shape)

    def settled(self, view: View) -> View:
        """Without a reshape that is left over."""
        if view.is_plain:
            return view
        whole = self.demand(replace(view, shape=view.axes), tuple(range(len(view.axes))))
        return plain(whole, view.shape)

    def demand(self, view: View, order: Shape) -> int:
        """The tensor of a view whose axes lie in this order."""
        wanted = tuple(view.shape[axis] for axis in order)
        back = None if view.is_plain else regroup(view.shape, order, view.axes)
        if back is None:
            view, back = self.settled(view), order
        moves = [axis for axis in back if view.axes[axis] != 1]
        if [axis for axis in view.order if view.axes[axis] != 1] != moves:
            view = self.moved(view, back)
        return self.shaped(view.index, wanted)

    def demand_last(self, view: View) -> View:
        """With the channels (stated axis 1) last in memory."""
        order = channels_last(len(view.shape))
        return View(self.demand(view, order), view.shape, order, view.shape)

    def at_hand(self, view: View) -> int:
        """The tensor in the order that it has, of as many axes as stated."""
        return self.demand(view, view.order)

    def shaped(self, index: int, shape: Shape) -> int:
        if self.tensors[index].shape == shape:
            return index
        key = ("RESHAPE", index, shape)
        if key not in self.made:
            inputs = [index, self.integers(shape)] if shape else [index]
            self.made[key] = self.emit("RESHAPE", inputs, shape)
        return self.made[key]

    def unshaped(self, index: int) -> int:
        """The tensor before a RESHAPE."""
        for each in self.operators:
            if each.name == "RESHAPE" and each.outputs == [index]:
                return each.inputs[0]
        return index

    def moved(self, view: View, order: Shape) -> View:
        """By a TRANSPOSE of as few axes as say it."""
        extents, places = view.runs(order)
        key = ("TRANSPOSE", view.index, extents, places)
        if key not in self.made:
            data = self.shaped(view.index, (1, *extents))
            shape = (1, *(extents[each] for each in places))
            axes = self.integers([0, *(each + 1 for each in places)])
            self.made[key] = self.emit("TRANSPOSE", [data, axes], shape)
        return View(self.made[key], view.axes, order, view.shape)

    def told_of(self, view: View) -> Told | None:
        """The operator that yields these elements in this order."""
        told = self.told.get(view.index)
        return told if told and told.found.told_order == view.told_order else None

    # -- operators that work wherever the elements lie ---------------------------------------------

    def unary(self, name: str, view: View, options: dict[str, Option] | None = None) -> View:
        shape, element = self.tensors[view.index].shape, self.element(view)
        if element in (ir.Element.INT32, ir.Element.BOOLEAN):
            raise self.error(f"computes {name} of {element.value}; {AS_REAL}.")
        if name in folding.ACTIVATIONS:  # next to what can bring it along
            source = self.unshaped(view.index)
            index = self.emit(name, [source], self.tensors[source].shape, options)
            return replace(view, index=self.shaped(index, shape))
        return replace(view, index=self.emit(name, [view.index], shape, options))

    def binary(self, name: str, first: Operand, second: Operand) -> View:
        """Elementwise, with broadcasting as numpy has it; one may be a constant."""
        options: dict[str, Option] = {"FusedActivationFunction": "NONE"}
        first, second = self.alike(first, second)
        if not isinstance(first, View):
            operands = self.with_constant(second, first)[::-1]
        elif not isinstance(second, View):
            operands = self.with_constant(first, second)
        else:
            operands = self.pair(first, second)
        view = next(each for each in operands if isinstance(each, View))
        indices = [
            each.index if isinstance(each, View) else self.constant(each) for each in operands
        ]
        memory = np.broadcast_shapes(*(self.tensors[index].shape for index in indices))
        index = self.emit(name, indices, memory, options)
        if math.prod(memory) == math.prod(view.axes):
            found = replace(view, index=index)
        else:
            axes = tuple(memory[view.place(axis)] for axis in range(len(memory)))
            found = View(index, axes, view.order, axes)
        stated = (first, second) if isinstance(first, View) else (second, first)
        self.told[index] = Told(name, found, stated)
        return found

    def with_constant(self, view: View, value: Constant) -> tuple[View, Constant]:
        """The constant in the order of the activation."""
        if isinstance(value, Integers):
            view, moved = self.with_constant(view, value.values)
            return view, replace(value, values=moved)
        value = np.asarray(value)
        if value.size == 1 and value.ndim <= len(view.shape):
            return view, value.reshape(1)
        if not view.is_plain and value.shape == view.shape:
            value = value.reshape(view.axes)
            shape = self.tensors[view.index].shape
            return view, value.transpose(view.order).reshape(shape)
        view = self.settled(view)
        rank = max(len(view.axes), value.ndim)
        view = self.reshape(view, (1,) * (rank - len(view.axes)) + view.axes)
        value = value.reshape((1,) * (rank - value.ndim) + value.shape).transpose(view.order)
        channels = self.tensors[view.index].shape[-1:]
        if value.size == value.shape[-1] and value.shape[-1:] == channels:
            return view, value.reshape(-1)  # one for each channel, under whatever shape
        return replace(view, index=self.at_hand(view)), value

    def pair(self, first: View, second: View) -> tuple[View, View]:
        """Both in one order: that of the larger."""
        same = (first.axes, first.order, first.shape) == (second.axes, second.order, second.shape)
        if same:
            shape = self.tensors[first.index].shape
            return first, replace(second, index=self.shaped(second.index, shape))
        first, second = self.settled(first), self.settled(second)
        rank = max(len(first.axes), len(second.axes))
        first, second = (
            self.reshape(each, (1,) * (rank - len(each.axes)) + each.axes)
            for each in (first, second)
        )
        larger = max(first, second, key=lambda each: math.prod(each.axes))
        return tuple(
            View(self.demand(each, larger.order), each.axes, larger.order, each.axes)
            for each in (first, second)
        )

    def concat(self, parts: Sequence[Operand], axis: int) -> View:
        parts = self.alike(*(each for each in parts if math.prod(each.shape)))
        if len(parts) == 1 and isinstance(parts[0], View):
            return parts[0]
        views = [self.settled(part) for part in parts if isinstance(part, View)]
        order = max(views, key=lambda each: math.prod(each.axes)).order
        axis %= len(order)
        indices = [
            self.demand(part, order)
            if isinstance(part, View)
            else self.constant(part.transpose(order))
            for part in parts
        ]
        shape = list(views[0].axes)
        shape[axis] = sum(part.shape[axis] for part in parts)
        memory = tuple(shape[each] for each in order)
        options: dict[str, Option] = {
            "Axis": order.index(axis),
            "FusedActivationFunction": "NONE",
        }
        result = self.emit("CONCATENATION", indices, memory, options)
        return View(result, tuple(shape), order, tuple(shape))

    def reduce(self, name: str, view: View, axes: Sequence[int], keep: bool) -> View:
        view = self.settled(view)
        axes = {axis % len(view.axes) for axis in axes}
        shape = tuple(1 if axis in axes else n for axis, n in enumerate(view.axes))
        places = sorted(view.place(axis) for axis in axes)
        inputs = [self.at_hand(view), self.integers(places)]
        memory = tuple(shape[axis] for axis in view.order)
        result = View(self.emit(name, inputs, memory, {"KeepDims": True}), shape, view.order, shape)
        if keep:
            return result
        return self.reshape(result, tuple(n for axis, n in enumerate(shape) if axis not in axes))

    def slice(self, view: View, starts: Sequence[int], sizes: Sequence[int]) -> View:
        view = self.settled(view)
        if tuple(sizes) == view.axes:
            return view
        inputs = [
            self.at_hand(view),
            self.integers([starts[axis] for axis in view.order]),
            self.integers([sizes[axis] for axis in view.order]),
        ]
        shape = tuple(sizes)
        memory = tuple(shape[axis] for axis in view.order)
        return View(self.emit("SLICE", inputs, memory), shape, view.order, shape)

    def strided(
        self, view: View, starts: Sequence[int], ends: Sequence[int], steps: Sequence[int]
    ) -> View:
        """As Python slices it; all numbers are positive and inside."""
        sizes = tuple(
            len(range(start, end, step))
            for start, end, step in zip(starts, ends, steps, strict=True)
        )
        if set(steps) == {1}:
            return self.slice(view, starts, sizes)
        view = self.settled(view)
        lists = ([each[axis] for axis in view.order] for each in (starts, ends, steps))
        inputs = [self.at_hand(view), *(self.integers(each) for each in lists)]
        names = ("BeginMask", "EndMask", "EllipsisMask", "NewAxisMask", "ShrinkAxisMask", "Offset")
        memory = tuple(sizes[axis] for axis in view.order)
        result = self.emit("STRIDED_SLICE", inputs, memory, dict.fromkeys(names, 0))
        return View(result, sizes, view.order, sizes)

    def split(self, view: View, axis: int, sizes: Sequence[int]) -> list[View]:
        view = self.settled(view)
        axis %= len(view.axes)
        shapes = [
            tuple(size if each == axis else n for each, n in enumerate(view.axes)) for size in sizes
        ]
        memories = [tuple(shape[each] for each in view.order) for shape in shapes]
        place = self.integers(view.place(axis))
        options: dict[str, Option] = {"NumSplits": len(sizes)}
        if len(set(sizes)) == 1:
            inputs = [place, self.at_hand(view)]
            found = self.emit_several("SPLIT", inputs, memories, options)
        else:
            inputs = [self.at_hand(view), self.integers(sizes), place]
            found = self.emit_several("SPLIT_V", inputs, memories, options)
        pairs = zip(found, shapes, strict=True)
        return [View(index, shape, view.order, shape) for index, shape in pairs]

    def pad(self, view: View, pads: Pads, mode: str = "constant", fill: float = 0.0) -> View:
        view, pads = self.cut(self.settled(view), pads)
        if not any(map(any, pads)):
            return view
        shape = tuple(
            before + n + after for n, (before, after) in zip(view.axes, pads, strict=True)
        )
        memory = tuple(shape[axis] for axis in view.order)
        inputs = [self.at_hand(view), self.integers([pads[axis] for axis in view.order])]
        if mode == "reflect":
            index = self.emit("MIRROR_PAD", inputs, memory, {"Mode": "REFLECT"})
        elif mode != "constant":
            raise self.error(f"pads in mode {mode}; use constant or reflect.")
        elif fill == 0.0:
            index = self.emit("PAD", inputs, memory)
        else:
            value = self.constant(np.array([fill], dtype=np.float32))
            index = self.emit("PADV2", [*inputs, value], memory)
        return View(index, shape, view.order, shape)

    def cut(self, view: View, pads: Pads) -> tuple[View, Pads]:
        """Without what negative numbers say, and the pads that are left."""
        if min(map(min, pads), default=0) >= 0:
            return view, pads
        starts = [max(0, -before) for before, _ in pads]
        sizes = [
            n + min(before, 0) + min(after, 0)
            for n, (before, after) in zip(view.shape, pads, strict=True)
        ]
        if min(sizes) < 1:
            raise self.error(f"cuts all of {shape_text(view.shape)} off.")
        left = [(max(before, 0), max(after, 0)) for before, after in pads]
        return self.slice(view, starts, sizes), left

    def gather(self, view: View, places: Sequence[int], axis: int) -> View:
        """Elements of one axis by a list of places."""
        view = self.settled(view)
        shape = tuple(len(places) if each == axis else n for each, n in enumerate(view.axes))
        memory = tuple(shape[each] for each in view.order)
        options: dict[str, Option] = {"Axis": view.place(axis), "BatchDims": 0}
        inputs = [self.at_hand(view), self.integers(places)]
        return View(self.emit("GATHER", inputs, memory, options), shape, view.order, shape)

    def embedding(self, table: Constant, rows: View) -> View:
        """Of each computed number, which is int32, that row of the table."""
        if self.tensors[rows.index].element is not ir.Element.INT32:
            raise self.error("looks up a table by real numbers; let the model take tokens (int32).")
        flat = self.demand(self.reshape(self.settled(rows), (math.prod(rows.shape),)), (0,))
        (_, *row) = table.shape
        shape = (math.prod(rows.shape), *row)
        found = self.emit("EMBEDDING_LOOKUP", [flat, self.constant(table)], shape)
        return self.reshape(plain(found, shape), (*rows.shape, *row))

    def expand(self, view: View, shape: Shape) -> View:
        """Repeated along axes of one element, as numpy broadcasts."""
        rank = len(shape)
        view = self.reshape(self.settled(view), (1,) * (rank - len(view.shape)) + view.shape)
        shape = np.broadcast_shapes(view.axes, shape)
        if shape == view.axes:
            return view
        memory = tuple(shape[axis] for axis in view.order)
        inputs = [self.at_hand(view), self.integers(memory)]
        return View(self.emit("BROADCAST_TO", inputs, memory), shape, view.order, shape)

    def depth_to_space(self, view: View, block: int) -> View:
        """Rows and columns of a block are the outer parts of the channels."""
        view = self.demand_last(view)
        batch, channels, height, width = view.axes
        shape = (batch, channels // block**2, height * block, width * block)
        memory = tuple(shape[axis] for axis in view.order)
        index = self.emit("DEPTH_TO_SPACE", [view.index], memory, {"BlockSize": block})
        return View(index, shape, view.order, shape)

    def softmax(self, view: View, axis: int, name: str = "SOFTMAX") -> View:
        lying = self.lying_last(view, axis)
        found = self.unary(name, lying, {"Beta": 1.0} if name == "SOFTMAX" else None)
        self.told[found.index] = Told(name, found, (view,), axis % len(view.shape))
        return found

    def top_k(self, view: View, axis: int, count: int) -> list[View]:
        """The largest along an axis, and their int32 indices."""
        axis %= len(view.shape)
        view = self.lying_last(view, axis)
        shape = tuple(count if each == axis else n for each, n in enumerate(view.axes))
        memory = tuple(shape[each] for each in view.order)
        inputs = [view.index, self.integers([count])]
        found = self.emit_several("TOPK_V2", inputs, [memory, memory])
        self.tensors[found[1]] = replace(self.tensors[found[1]], element=ir.Element.INT32)
        return [View(index, shape, view.order, shape) for index in found]

    def lying_last(self, view: View, axis: int) -> View:
        """With this axis as memory's last."""
        view = self.settled(view)
        axis %= len(view.axes)
        moving = [each for each in view.order if view.axes[each] != 1]
        if view.axes[axis] != 1 and moving[-1] != axis:
            order = (*(each for each in range(len(view.axes)) if each != axis), axis)
            view = View(self.demand(view, order), view.axes, order, view.axes)
        elif view.order[-1] != axis:
            order = (*(each for each in view.order if each != axis), axis)
            view = replace(view, index=self.demand(view, order), order=order)
        return replace(view, index=self.at_hand(view))

    # -- clamps and what has no operator of its own ----------------------------------------------

    def clip(self, view: View, low: float, high: float) -> View:
        names = {(0.0, math.inf): "RELU", (0.0, 6.0): "RELU6", (-1.0, 1.0): "RELU_N1_TO_1"}
        is_real = self.element(view) is not ir.Element.INT32
        name = names.get((low, high)) if is_real else None
        if name == "RELU_N1_TO_1" and name not in layers.modules():
            name = None
        if name is not None:
            return self.unary(name, view)
        if low == 0.0 and is_real:
            view = self.unary("RELU", view)
        elif low > -math.inf:
            view = self.binary("MAXIMUM", view, np.float32([low]))
        if high < math.inf:
            view = self.binary("MINIMUM", view, np.float32([high]))
        return view

    def scaled_relu6(self, view: View, alpha: float, beta: float) -> View:
        """min(max(alpha x + beta, 0), 1), as HardSigmoid is; of int8 all of it is int8."""
        scales = self.tensors[view.index].quantization
        if not math.isclose(alpha, 1 / 6, rel_tol=1e-6):
            view = self.binary("MUL", view, np.float32([6 * alpha]))
            if scales:  # the same integers
                wider = tuple(float(np.float32(6 * alpha * each)) for each in scales.scale)
                view = self.quantize(view, replace(scales, scale=wider))
        view = self.binary("ADD", view, np.float32([6 * beta]))
        if scales:
            view = self.quantize(view, integers.UP_TO_6[self.whole])
        return self.binary("MUL", self.unary("RELU6", view), np.float32([1 / 6]))

    def prelu(self, view: View, slope: np.ndarray) -> View:
        """The slope has a number per channel (stated axis 1), broadcast as numpy does it."""
        if slope.size == 1:
            slope = float(slope.reshape(-1)[0])
            return self.unary("LEAKY_RELU", view, {"Alpha": slope})
        view, value = self.with_constant(view, slope)
        shape = self.tensors[view.index].shape
        return replace(view, index=self.emit("PRELU", [view.index, self.constant(value)], shape))

    def normalized(
        self,
        view: View,
        scale: np.ndarray,
        offset: np.ndarray,
        mean: np.ndarray,
        variance: np.ndarray,
        epsilon: float,
    ) -> View:
        """Batch normalization of the stated axis 1."""
        factor = scale.astype(np.float64) / np.sqrt(variance.astype(np.float64) + epsilon)
        shift = offset - mean * factor
        extents = (-1, *(1,) * (len(view.shape) - 2))
        for name, value in (("MUL", factor), ("ADD", shift)):
            view = self.binary(name, view, value.astype(np.float32).reshape(extents))
        return view

    # -- windows ---------------------------------------------------------------------------------

    def flat_rank(self, view: View, rank: int) -> View:
        """Of an operator along one axis: with a width of 1, so that time runs along the height."""
        if len(view.shape) not in (3, 4) or len(view.shape) != rank:
            raise self.error(
                f"works on {len(view.shape) - 2} axes of an activation {shape_text(view.shape)}, "
                "expected one or two behind batch and channels."
            )
        return self.reshape(view, (*view.shape, 1)) if rank == 3 else view

    def windows(
        self,
        view: View,
        filter: Shape,
        stride: Shape,
        dilation: Shape,
        pads: Pads,
        ceil: bool = False,
    ) -> tuple[str | None, list[int], Pads]:
        """SAME or VALID where that says the same, the extents of the output, and what a PAD must
        add where neither does."""
        counts, found, named = [], [], {"VALID", "SAME"}
        for axis, (before, after) in enumerate(pads):
            extent, step = view.shape[2 + axis], stride[axis]
            reach = (filter[axis] - 1) * dilation[axis] + 1
            room = before + extent + after - reach
            count = -(-room // step) + 1 if ceil else room // step + 1
            if ceil and (count - 1) * step >= extent + before:
                count -= 1  # a window that starts in the padding behind
            if count < 1:
                raise self.error(
                    f"has a window of {reach} on an input of {extent} elements and {before} + "
                    f"{after} of padding."
                )
            for name in tuple(named):
                like = span(extent, filter[axis], step, dilation[axis], name)
                if (like.output, like.before) != (count, before):
                    named.discard(name)
            counts.append(count)
            seen = (count - 1) * step + reach - extent - before
            found.append((before, max(seen, 0)))
        return ("VALID" if "VALID" in named else min(named, default=None)), counts, found

    def padded(self, view: View, pads: Pads, fill: float = 0.0) -> View:
        return self.pad(view, [(0, 0), (0, 0), *pads], fill=fill)

    def conv(self, view: View, weights: Constant, bias: Constant | None, sliding: Sliding) -> View:
        """Weights are OIHW, OIW or OIDHW."""
        rank = weights.ndim
        if rank == 5:
            return self.conv_volume(view, weights, bias, sliding)
        if rank == 3 and len(view.shape) == rank and view.shape[0] != 1:
            weights = weights.reshape((*weights.shape[:2], 1, weights.shape[2]))
            return self.in_rows(view, lambda rows: self.conv(rows, weights, bias, sliding.over(1)))
        view = self.flat_rank(view, rank)
        if rank == 3:
            weights, sliding = weights.reshape((*weights.shape, 1)), sliding.over(behind=1)
        (units, depth), groups = weights.shape[:2], sliding.groups
        if view.shape[1] != depth * groups or units % groups:
            raise self.error(
                f"has weights {shape_text(weights.shape)} in {groups} groups for an input of "
                f"{view.shape[1]} channels."
            )
        padding, counts, extra = self.windows(view, weights.shape[2:], *sliding.windows)
        if padding is None:
            view, padding = self.padded(view, extra), "VALID"
        view = self.demand_last(view)
        options = strided_options(padding, sliding.stride, sliding.dilation)
        name, axes = "CONV_2D", (0, 2, 3, 1)
        if depth == 1 and groups > 1:
            name, axes = "DEPTHWISE_CONV_2D", (1, 2, 3, 0)
            options["DepthMultiplier"] = units // groups
        inputs = [view.index, self.filter(weights, axes, 0), self.offset(bias, units)]
        batch = view.shape[0]
        shape = (batch, units, *counts)
        index = self.emit(name, inputs, (batch, *counts, units), options)
        result = View(index, shape, channels_last(4), shape)
        return self.reshape(result, shape[:3]) if rank == 3 else result

    def in_rows(self, view: View, told: Callable[[View], View]) -> View:
        """Of several signals, what an operator over the rows of one image makes of them."""
        rows = self.transpose(view, (1, 0, 2))
        found = told(self.reshape(rows, (1, *rows.shape)))
        return self.transpose(self.reshape(found, found.shape[1:]), (1, 0, 2))

    def conv_volume(
        self, view: View, weights: Constant, bias: Constant | None, sliding: Sliding
    ) -> View:
        """Weights are OIDHW; of groups they are those of one group, with zeros for the others."""
        (units, depth), groups = weights.shape[:2], sliding.groups
        if len(view.shape) != 5 or view.shape[1] != depth * groups or units % groups:
            raise self.error(
                f"has weights {shape_text(weights.shape)} in {groups} groups for an input of "
                f"{shape_text(view.shape)}; expected batch, channels, depth, height, width."
            )
        if view.shape[0] > 1:
            alone = self.split(view, 0, [1] * view.shape[0])
            parts = [self.conv_volume(each, weights, bias, sliding) for each in alone]
            return self.concat(parts, 0)
        if groups > 1:
            if isinstance(weights, Integers):
                raise self.error("is a quantized volume in groups; take one group.")
            weights = across_groups(weights, groups)
        padding, counts, extra = self.windows(view, weights.shape[2:], *sliding.windows)
        if padding is None:
            view, padding = self.padded(view, extra), "VALID"
        view = self.demand_last(view)
        options = {
            **strided_options(padding, sliding.stride[1:], sliding.dilation[1:]),
            "StrideD": sliding.stride[0],
            "DilationDFactor": sliding.dilation[0],
        }
        inputs = [view.index, self.filter(weights, (2, 3, 4, 1, 0), 0), self.offset(bias, units)]
        shape = (1, units, *counts)
        index = self.emit("CONV_3D", inputs, (1, *counts, units), options)
        return View(index, shape, channels_last(5), shape)

    def conv_transpose(
        self, view: View, weights: Constant, bias: Constant | None, stride: Shape, pads: Pads
    ) -> View:
        """Weights are IOHW; `pads` are cut from the result."""
        view = self.demand_last(self.flat_rank(view, weights.ndim))
        batch = view.shape[0]
        filter, units = weights.shape[2:], weights.shape[1]
        counts = [
            (n - 1) * step + reach
            for n, step, reach in zip(view.shape[2:], stride, filter, strict=True)
        ]
        memory = (batch, *counts, units)
        inputs = [
            self.integers(memory),
            self.filter(weights, (1, 2, 3, 0), 1),
            view.index,
            self.offset(bias, units),
        ]
        index = self.emit("TRANSPOSE_CONV", inputs, memory, strided_options("VALID", stride))
        shape = (batch, units, *counts)
        result = View(index, shape, channels_last(4), shape)
        starts = [0, 0, *(before for before, _ in pads)]
        sizes = [batch, units, *(n - sum(cut) for n, cut in zip(counts, pads, strict=True))]
        if min(sizes) < 1 or min(map(min, pads)) < 0:
            raise self.error("adds output padding beyond the windows; use an Upsample or Pad.")
        return self.slice(result, starts, sizes)

    def pool(
        self,
        kind: str,
        view: View,
        filter: Shape,
        stride: Shape,
        pads: Pads,
        ceil: bool = False,
        counts_pads: bool = False,
    ) -> View:
        """`kind` is MAX or AVERAGE; counts_pads: padding is part of the mean."""
        self.check_pool(filter, pads)
        rank = len(filter) + 2
        if rank == 3 and len(view.shape) == rank and view.shape[0] != 1:
            window = ((1, *filter), (1, *stride), [(0, 0), *pads])
            return self.in_rows(
                view, lambda rows: self.pool(kind, rows, *window, ceil, counts_pads)
            )
        view = self.flat_rank(view, rank)
        if rank == 3:
            filter, stride, pads = (*filter, 1), (*stride, 1), [*pads, (0, 0)]
        padding, counts, extra = self.windows(view, filter, stride, (1, 1), pads, ceil)
        shares = None
        if kind == "AVERAGE" and any(map(any, pads)) and (counts_pads or padding is None):
            counted = pads if counts_pads else [(0, 0), (0, 0)]
            shares = self.shares(view.shape[2:], filter, stride, counts, extra, counted)
            view, padding = self.padded(view, extra), "VALID"
        elif padding is None:
            view, padding = self.pool_padding(view, extra), "VALID"
        view = self.demand_last(view)
        options = strided_options(padding, stride)
        options |= {"FilterHeight": filter[0], "FilterWidth": filter[1]}
        batch, channels = view.shape[:2]
        shape = (batch, channels, *counts)
        index = self.emit(f"{kind}_POOL_2D", [view.index], (batch, *counts, channels), options)
        result = View(index, shape, channels_last(4), shape)
        if shares is not None and (shares != 1).any():
            result = self.binary("MUL", result, shares)
        return self.reshape(result, shape[:3]) if rank == 3 else result

    def check_pool(self, filter: Shape, pads: Pads) -> None:
        for size, (before, after) in zip(filter, pads, strict=True):
            if not (0 <= before < size and 0 <= after < size):
                raise self.error(
                    f"pads by {before} and {after} in front of a window of {size}; the padding of "
                    f"a pool must be smaller than its window: put a Pad in front of it."
                )

    def shares(
        self,
        extents: Sequence[int],
        filter: Shape,
        stride: Shape,
        counts: Sequence[int],
        extra: Pads,
        counted: Pads,
    ) -> np.ndarray:
        """Of the means of windows, padding included, by what they must be multiplied so that they
        are means of the elements inside and of the padding that counts."""
        found = np.ones((1, 1, 1, 1))
        for axis, extent in enumerate(extents):
            first = np.arange(counts[axis]) * stride[axis] - extra[axis][0]
            before, after = counted[axis]
            start = np.maximum(first, -before)
            end = np.minimum(first + filter[axis], extent + after)
            shape = (-1, 1) if axis == 0 else (1, -1)
            found = found * (filter[axis] / (end - start)).reshape(1, 1, *shape)
        return found.astype(np.float32)

    def pool_padding(self, view: View, extra: Pads) -> View:
        """Zeros are no larger than what a ReLU makes; below others lies the least number."""
        makers = {each.outputs[0]: each.name for each in self.operators}
        if makers.get(view.index) in ("RELU", "RELU6", "LOGISTIC", "SOFTMAX"):
            return self.padded(view, extra)
        return self.padded(view, extra, fill=float(np.finfo(np.float32).min))

    def resize(self, view: View, name: str, size: Shape, align: bool, half: bool) -> View:
        view = self.demand_last(view)
        options: dict[str, Option] = {"AlignCorners": align, "HalfPixelCenters": half}
        shape = (*view.shape[:2], *size)
        inputs = [view.index, self.integers(size)]
        index = self.emit(name, inputs, (shape[0], *size, shape[1]), options)
        return View(index, shape, view.order, shape)

    # -- products --------------------------------------------------------------------------------

    def dense(self, view: View, weights: Constant, bias: Constant | None) -> View:
        """Weights are units x inputs, along the last stated axis."""
        units, depth = weights.shape
        shape = (*view.shape[:-1], units)
        if not view.shape or view.shape[-1] != depth:
            raise self.error(
                f"has {depth} weights per output for an input of {shape_text(view.shape)}."
            )
        rows = math.prod(shape[:-1])
        several = rows == view.axes[0] and view.order[0] == 0 and not view.is_plain
        if rows == 1 or several:  # the columns go where the elements lie, of each sample alike
            sample = replace(view, axes=(1, *view.axes[1:])) if several else view
            weights = weights.take(self.lying(sample), axis=1)
            memory, data, order = (rows, units), view.index, None
        else:
            view = self.settled(view)
            last = [each for each in view.order if view.axes[each] != 1][-1:]
            order = view.order if last == [len(shape) - 1] else tuple(range(len(shape)))
            order = (*(each for each in order if each != len(shape) - 1), len(shape) - 1)
            data = self.demand(view, order)
            memory = tuple(shape[each] for each in order)
        options: dict[str, Option] = {
            "FusedActivationFunction": "NONE",
            "KeepNumDims": order is not None and len(shape) > 2,
            "WeightsFormat": 0,
        }
        inputs = [data, self.filter(weights, (0, 1), 0), self.offset(bias, units)]
        index = self.emit("FULLY_CONNECTED", inputs, memory, options)
        if order is None:
            return self.reshape(plain(index, memory), shape)
        return View(index, shape, order, shape)

    def lying(self, view: View) -> np.ndarray:
        """The stated place of each element, in the order of memory."""
        stated = np.arange(math.prod(view.axes)).reshape(view.axes)
        return stated.transpose(view.order).reshape(-1)

    def matmul(self, first: Operand, second: Operand) -> View:
        """As numpy.matmul: vectors and batches of constant matrices as well."""
        if len(first.shape) == 1 or len(second.shape) == 1:
            return self.matmul_of_vector(first, second)
        lead = np.broadcast_shapes(first.shape[:-2], second.shape[:-2])
        shape = (*lead, first.shape[-2], second.shape[-1])
        first, second = matrix(first), matrix(second)
        swap = (*range(len(second.shape) - 2), len(second.shape) - 1, len(second.shape) - 2)
        if isinstance(first, View) and not isinstance(second, View) and second.ndim == 2:
            product = self.dense(first, second.transpose((1, 0)), None)
        elif isinstance(second, View) and not isinstance(first, View) and first.ndim == 2:
            product = self.transpose(self.dense(self.transpose(second, swap), first, None), swap)
        else:
            indices = [
                self.demand(self.settled(each), tuple(range(len(each.shape))))
                if isinstance(each, View)
                else self.constant(each)
                for each in (first, second)
            ]
            options: dict[str, Option] = {
                "AdjX": False,
                "AdjY": False,
                "AsymmetricQuantizeInputs": False,
            }
            index = self.emit("BATCH_MATMUL", indices, shape, options)
            product = plain(index, shape)
            self.told[index] = Told("MATMUL", product, (first, second))
        return product if product.shape == shape else self.reshape(product, shape)

    def matmul_of_vector(self, first: Operand, second: Operand) -> View:
        """A vector is a row in front of a matrix, and a column behind one."""

        def laid(each: Operand, shape: Shape) -> Operand:
            return self.reshape(each, shape) if isinstance(each, View) else each.reshape(shape)

        row, column = len(first.shape) == 1, len(second.shape) == 1
        product = self.matmul(
            laid(first, (1, *first.shape)) if row else first,
            laid(second, (*second.shape, 1)) if column else second,
        )
        *lead, rows, columns = product.shape
        left = (*([] if row else [rows]), *([] if column else [columns]))
        return self.reshape(product, (*lead, *left))

    # -- the end ---------------------------------------------------------------------------------

    def network(self, name: str, outputs: dict[str, View], layout: str) -> ir.Network:
        """What has been told, folded and checked. Outputs keep the order that they have got, or the
        stated one with nchw; the network's description says it."""
        found, orders = [], dict(self.orders)
        for label, view in outputs.items():
            view = self.settled(view if view.shape else self.reshape(view, (1,)))
            stated = tuple(range(len(view.axes)))
            order = view.order if layout != "nchw" and len(stated) > 2 else stated
            index = self.demand(view, order)
            self.tensors[index] = replace(self.tensors[index], name=label)
            found.append(index)
            orders[label] = order
        said = (
            f"{label} {letters(order, self.letters)}"
            for label, order in orders.items()
            if len(order) > 2
        )
        whole = integers.lowered(self, folding.folded(self, set(found)), found)
        operators = [
            Stated(each.name, tuple(each.inputs), tuple(each.outputs), each.options.__getitem__)
            for each in whole
        ]
        left = used(self.tensors, operators, self.inputs, found)
        return checked(name, self.source, ", ".join(said), *left)


def across_groups(weights: np.ndarray, groups: int) -> np.ndarray:
    """Weights OI... that read all channels, with zeros where a group does not."""
    units, depth = weights.shape[:2]
    found = np.zeros((units, depth * groups, *weights.shape[2:]), weights.dtype)
    for group in range(groups):
        rows = slice(group * units // groups, (group + 1) * units // groups)
        found[rows, group * depth : (group + 1) * depth] = weights[rows]
    return found


def is_kept(constant: Constant, element: ir.Element) -> bool:
    """Are its numbers the same as that element?"""
    if isinstance(constant, Integers):
        return False
    with np.errstate(invalid="ignore"):
        return bool((np.asarray(constant).astype(element.dtype) == constant).all())


def matrix(each: Operand) -> Operand:
    """A constant that is a single matrix, with two axes."""
    if isinstance(each, View) or each.size != math.prod(each.shape[-2:]):
        return each
    return each.reshape(each.shape[-2:])


def strided_options(padding: str, stride: Shape, dilation: Shape = (1, 1)) -> dict[str, Option]:
    """What convolutions and pools have in common; further ones are not asked for."""
    return {
        "Padding": padding,
        "StrideH": stride[0],
        "StrideW": stride[1],
        "DilationHFactor": dilation[0],
        "DilationWFactor": dilation[1],
        "FusedActivationFunction": "NONE",
    }


def letters(order: Shape, names: dict[int, str]) -> str:
    """An order of stated axes by its letters, as NHWC."""
    stated = names.get(len(order), "0123456789")
    return "".join(stated[axis] for axis in order)


def regroup(axes: Shape, order: Shape, shape: Shape) -> Shape | None:
    """The order in memory after a reshape, where it can be told by axes: each run of axes that
    becomes another run must lie together."""
    placed: dict[int, list[int]] = {}  # by the first of the axes that are not 1: the new ones
    old, new = 0, 0
    spare: list[int] = []
    while old < len(axes) or new < len(shape):
        if old < len(axes) and axes[old] == 1:
            old += 1
            continue
        if new < len(shape) and shape[new] == 1:
            spare.append(new)
            new += 1
            continue
        first, run, left, right = old, [new], axes[old], shape[new]
        old, new = old + 1, new + 1
        while left != right:
            if left < right:
                left, old = left * axes[old], old + 1
            else:
                right, run, new = right * shape[new], [*run, new], new + 1
        group = [axis for axis in range(first, old) if axes[axis] != 1]
        place = order.index(group[0])
        lying = [axis for axis in order[place:] if axes[axis] != 1][: len(group)]
        if lying != group:
            return None
        placed[group[0]] = run
    found = [axis for each in order for axis in placed.get(each, [])]
    return tuple([*spare, *found])


def cheapest(draw, layout: str | None) -> ir.Network:
    """`draw(layout)`, in the layout that costs the fewest transpositions if none is asked for."""
    if layout is not None:
        if layout not in ASKED:
            raise GravenError(f"layout: is '{layout}', expected {' or '.join(ASKED)}.")
        return draw(layout)
    found = []
    for each in LAYOUTS:
        if each == "frames" and not any(
            len(found[0].tensors[index].shape) > 4 for index in found[0].inputs
        ):
            continue
        found.append(draw(each))
        if transpositions(found[-1]) == 0:
            break
    return min(found, key=transpositions)


def transpositions(network: ir.Network) -> int:
    return sum(operator.name == "TRANSPOSE" for operator in network.operators)
