"""Functions of real numbers that have no operator of their own, said by those that there are, for
every front end whose files name them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from graven import ir
from graven.frontends.integers import Integers
from graven.frontends.nchw import Constant, Draft, Operand, View, plain
from graven.node import Option

COVERS = 1e9  # a number of this size is no other in float32 with what networks compute added
SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805
ROUNDINGS = {"floor": "FLOOR_DIV", "trunc": "DIV"}
"""Quotients of whole numbers, by how they are rounded."""


def times(draft: Draft, view: View, factor: float) -> View:
    return view if factor == 1 else draft.binary("MUL", view, np.float32([factor]))


def scaled(draft: Draft, operand: Operand, factor: float) -> Operand:
    """As `times`, also of constants."""
    if isinstance(operand, View):
        return times(draft, operand, factor)
    return operand if factor == 1 else (real_of(operand) * factor).astype(np.float32)


def plus(draft: Draft, view: View, number: float) -> View:
    return draft.binary("ADD", view, np.float32([number]))


def elu(
    draft: Draft, view: View, alpha: float = 1.0, inner: float = 1.0, scale: float = 1.0
) -> View:
    """scale * (x above 0, below it alpha * (exp(inner * x) - 1))."""
    if (alpha, inner) == (1, 1):
        return times(draft, draft.unary("ELU", view), scale)
    below = draft.binary("MINIMUM", view, np.float32([0]))
    below = times(draft, draft.unary("ELU", times(draft, below, inner)), alpha * scale)
    return draft.binary("ADD", times(draft, draft.unary("RELU", view), scale), below)


def selu(draft: Draft, view: View, alpha: float = SELU_ALPHA, scale: float = SELU_SCALE) -> View:
    return elu(draft, view, alpha, 1.0, scale)


def softplus(draft: Draft, view: View, beta: float = 1.0) -> View:
    """log(1 + exp(beta * x)) / beta, where no exponential leaves the range of float32."""
    view = times(draft, view, beta)
    below = draft.unary("NEG", draft.unary("ABS", view))
    rest = draft.unary("LOG", plus(draft, draft.unary("EXP", below), 1.0))
    return times(draft, draft.binary("ADD", draft.unary("RELU", view), rest), 1 / beta)


def softsign(draft: Draft, view: View) -> View:
    return draft.binary("DIV", view, plus(draft, draft.unary("ABS", view), 1.0))


def mish(draft: Draft, view: View) -> View:
    return draft.binary("MUL", view, draft.unary("TANH", softplus(draft, view)))


def error_function(draft: Draft, view: View) -> View:
    """erf to 1.5e-7: Abramowitz and Stegun, formula 7.1.26. GELU has an operator of its own."""
    size = draft.unary("ABS", view)
    t = reciprocal(draft, plus(draft, times(draft, size, 0.3275911), 1.0))
    factors = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)
    series = times(draft, t, factors[0])
    for factor in factors[1:]:
        series = draft.binary("MUL", plus(draft, series, factor), t)
    bell = draft.unary("EXP", draft.unary("NEG", draft.binary("MUL", view, view)))
    rest = draft.binary("MUL", series, bell)
    return draft.binary(
        "MUL", draft.unary("SIGN", view), draft.binary("SUB", np.float32([1]), rest)
    )


def erfc(draft: Draft, view: View) -> View:
    return draft.binary("SUB", np.float32([1]), error_function(draft, view))


def half_exponentials(draft: Draft, view: View) -> tuple[View, View]:
    """Of x and of -x, halved before they are added: their sum may be no number of float32."""
    both = view, draft.unary("NEG", view)
    first, second = (times(draft, draft.unary("EXP", each), 0.5) for each in both)
    return first, second


def cosh(draft: Draft, view: View) -> View:
    return draft.binary("ADD", *half_exponentials(draft, view))


def sinh(draft: Draft, view: View) -> View:
    return draft.binary("SUB", *half_exponentials(draft, view))


def reciprocal(draft: Draft, view: View) -> View:
    return draft.binary("DIV", np.float32([1]), view)


def tan(draft: Draft, view: View) -> View:
    return draft.binary("DIV", draft.unary("SIN", view), draft.unary("COS", view))


def truncated(draft: Draft, view: View) -> View:
    """Towards zero."""
    whole = draft.unary("FLOOR", draft.unary("ABS", view))
    return draft.binary("MUL", draft.unary("SIGN", view), whole)


def rounded_by(draft: Draft, view: View, rounding: str | None) -> View:
    if rounding == "trunc":
        return truncated(draft, view)
    return draft.unary("FLOOR", view) if rounding else view


def remainder(draft: Draft, first: Operand, second: Operand, rounding: str) -> View:
    """x - y * the rounded x / y, of whole numbers or of real ones."""
    if ir.Element.INT32 in (draft.element(first), draft.element(second)):
        count = draft.binary(ROUNDINGS[rounding], first, second)
    else:
        count = rounded_by(draft, draft.binary("DIV", first, second), rounding)
    return draft.binary("SUB", first, draft.binary("MUL", count, second))


def fraction(draft: Draft, view: View) -> View:
    return draft.binary("SUB", view, truncated(draft, view))


def shrunk(draft: Draft, view: View, limit: float) -> View:
    """x - limit above it, x + limit below -limit, 0 between: Softshrink."""
    return draft.binary("SUB", view, draft.clip(view, -limit, limit))


def typed(draft: Draft, view: View, element: ir.Element) -> View:
    """What an operator yields that does not yield real numbers."""
    draft.tensors[view.index] = replace(draft.tensors[view.index], element=element)
    return view


def real(draft: Draft, view: View) -> View:
    """Whole numbers or truth values as real numbers."""
    if draft.tensors[view.index].element is ir.Element.FLOAT32:
        return view
    index = draft.emit("CAST", [view.index], draft.tensors[view.index].shape)
    return typed(draft, replace(view, index=index), ir.Element.FLOAT32)


def whole(draft: Draft, view: View) -> View:
    """Real numbers without what is behind the point, truth values as 0 and 1."""
    if draft.element(view) is ir.Element.INT32:
        return view
    index = draft.emit("CAST", [view.index], draft.tensors[view.index].shape)
    return typed(draft, replace(view, index=index), ir.Element.INT32)


def unlike_zero(draft: Draft, view: View) -> View:
    """Numbers as truth values."""
    if draft.element(view) is ir.Element.BOOLEAN:
        return view
    return compared(draft, "NOT_EQUAL", real(draft, view), np.float32([0]))


def negated(draft: Draft, view: View) -> View:
    """Truth values the other way round."""
    index = draft.emit("LOGICAL_NOT", [view.index], draft.tensors[view.index].shape)
    return typed(draft, replace(view, index=index), ir.Element.BOOLEAN)


def compared(draft: Draft, name: str, first: Operand, second: Operand) -> View:
    return typed(draft, draft.binary(name, first, second), ir.Element.BOOLEAN)


def chosen(draft: Draft, condition: View, first: Operand, second: Operand) -> View:
    """The first where the condition holds; operands are broadcast as numpy does it."""
    if not isinstance(first, View) and not isinstance(second, View):
        return _chosen_constant(draft, condition, first, second)
    shapes = [tuple(np.shape(each)) if not isinstance(each, View) else each.shape
              for each in (condition, first, second)]  # fmt: skip
    shape = np.broadcast_shapes(*shapes)
    order = tuple(range(len(shape)))
    indices = []
    for each in (condition, *draft.alike(first, second)):
        if isinstance(each, View):
            each = draft.reshape(each, (1,) * (len(shape) - len(each.shape)) + each.shape)
            indices.append(draft.demand(each, order))
        else:
            indices.append(draft.constant(each))
    return View(draft.emit("SELECT_V2", indices, shape), shape, order, shape)


def finite(number: Constant) -> np.ndarray:
    """Infinity is COVERS, as headers and integers want it."""
    return np.nan_to_num(np.asarray(number, np.float32), nan=np.nan, posinf=COVERS, neginf=-COVERS)


def _chosen_constant(draft: Draft, condition: View, *constants: Constant) -> View:
    """A product and a sum."""
    first, second = map(finite, constants)
    factor = np.atleast_1d(first - second)
    if (factor == factor.flat[0]).all() and math.prod(condition.shape) >= factor.size:
        factor = factor.reshape(-1)[:1]
    found = draft.binary("MUL", real(draft, condition), factor)
    return draft.binary("ADD", found, np.atleast_1d(second)) if second.any() else found


def chosen_by(draft: Draft, condition: np.ndarray, first: Operand, second: Operand) -> View:
    """The first where the constant condition holds. A number takes the place of an element by a
    product with zeros and ones, and a sum; one that all others vanish beside, by the sum alone."""
    condition = np.asarray(condition, dtype=bool)
    if condition.all() or not condition.any():
        found = first if condition.all() else second
        shape = np.broadcast_shapes(condition.shape, first.shape, second.shape)
        if isinstance(found, View) and found.shape == shape:
            return found
    if isinstance(first, View) and isinstance(second, View):
        kept = [draft.binary("MUL", each, mask.astype(np.float32))
                for each, mask in ((first, condition), (second, ~condition))]  # fmt: skip
        return draft.binary("ADD", *kept)
    view, fill = (first, second) if isinstance(first, View) else (second, first)
    keeps = condition if view is first else ~condition
    added = np.where(keeps, np.float32(0), finite(fill)).astype(np.float32)
    if (keeps | (np.abs(added) >= COVERS)).all():
        return draft.binary("ADD", view, added)
    kept = draft.binary("MUL", view, keeps.astype(np.float32))
    return draft.binary("ADD", kept, added) if added.any() else kept


def power(draft: Draft, view: View, exponent: float) -> View | None:
    """x to a constant that needs no logarithm; None for another."""
    if exponent < 0:
        if exponent == -0.5:
            return draft.unary("RSQRT", view)
        found = power(draft, view, -exponent)
        return None if found is None else reciprocal(draft, found)
    if exponent in (0.25, 0.5, 0.75):
        root = draft.unary("SQRT", view)
        fourth = root if exponent == 0.5 else draft.unary("SQRT", root)
        return fourth if exponent < 0.75 else draft.binary("MUL", root, fourth)
    if exponent not in (1, 2, 3, 4):
        return None
    found = view if exponent % 2 else None
    if exponent > 1:
        square = draft.binary("MUL", view, view)
        square = square if exponent < 4 else draft.binary("MUL", square, square)
        found = square if found is None else draft.binary("MUL", square, found)
    return found


def numbers(value: Constant, kind: type) -> np.ndarray:
    """Of a constant, which may be a single one."""
    return np.atleast_1d(np.asarray(real_of(value), kind))


def raised(draft: Draft, base: Operand, exponent: Operand) -> View:
    """base to the power of exponent, of which one may be a constant."""
    if not isinstance(base, View):
        stated = numbers(base, np.float64)
        if stated.min() <= 0:  # which have no logarithm, but 0^0 = 1 and (-2)^2 = 4
            return draft.binary("POW", stated.astype(np.float32), exponent)
        factor = np.log(stated).astype(np.float32)
        return draft.unary("EXP", draft.binary("MUL", exponent, factor))
    if isinstance(exponent, View):
        return draft.binary("POW", base, exponent)
    exponent = numbers(exponent, np.float32)
    found = power(draft, base, float(exponent.reshape(-1)[0])) if exponent.size == 1 else None
    if found is None:
        return draft.binary("POW", base, exponent)
    return draft.reshape(found, np.broadcast_shapes(base.shape, exponent.shape))


def variance(draft: Draft, view: View, axes: Sequence[int], correction: float, keep: bool) -> View:
    """The mean of squared distances from the mean, by the count less the correction."""
    axes = tuple(axis % len(view.shape) for axis in axes)
    centred = draft.binary("SUB", view, draft.reduce("MEAN", view, axes, keep=True))
    squares = draft.binary("MUL", centred, centred)
    found = draft.reduce("MEAN", squares, axes, keep)
    count = math.prod(view.shape[axis] for axis in axes)
    if count <= correction:
        raise draft.error(f"divides by {count} numbers less {correction:g}; take more of them.")
    return times(draft, found, count / (count - correction))


def axis_of(draft: Draft, view: Operand, axis: int) -> int:
    """From the front; below 0 it counts from behind."""
    rank = len(view.shape)
    if not -rank <= axis < rank:
        raise draft.error(
            f"names axis {axis} of what has {rank}, expected {-rank} to {rank - 1}; export the "
            "model again."
        )
    return axis % rank


# -- what moves -----------------------------------------------------------------------------------


def reversed_along(draft: Draft, view: View, axes: Sequence[int]) -> View:
    view = draft.settled(view)
    for axis in axes:
        place = view.place(axis % len(view.axes))
        inputs = [draft.at_hand(view), draft.integers([place])]
        view = replace(view, index=draft.emit("REVERSE_V2", inputs, view.in_memory))
    return view


def tiled(draft: Draft, view: View, repeats: Sequence[int]) -> View:
    """As numpy.tile; repeats may have more axes."""
    rank = max(len(repeats), len(view.shape))
    repeats = (*(1,) * (rank - len(repeats)), *repeats)
    view = draft.settled(draft.reshape(view, (*(1,) * (rank - len(view.shape)), *view.shape)))
    if set(repeats) == {1}:
        return view
    shape = tuple(n * times for n, times in zip(view.axes, repeats, strict=True))
    memory = tuple(shape[axis] for axis in view.order)
    inputs = [draft.at_hand(view), draft.integers([repeats[axis] for axis in view.order])]
    return View(draft.emit("TILE", inputs, memory), shape, view.order, shape)


def part(draft: Draft, view: View, axis: int, start: int, count: int) -> View:
    starts, sizes = [0] * len(view.shape), list(view.shape)
    starts[axis], sizes[axis] = start, count
    return draft.slice(view, starts, sizes)


def rolled(draft: Draft, view: View, axis: int, shift: int) -> View:
    axis, extent = axis % len(view.shape), view.shape[axis]
    shift %= extent
    if not shift:
        return view
    last = part(draft, view, axis, extent - shift, shift)
    return draft.concat([last, part(draft, view, axis, 0, extent - shift)], axis)


def padded_like(draft: Draft, view: View, pads: Sequence[tuple[int, int]], wraps: bool) -> View:
    """By the outermost elements, or (`wraps`) by those of the other end; less than 0 cuts off."""
    view, pads = draft.cut(view, pads)
    for axis, (before, after) in enumerate(pads):
        extent = view.shape[axis]
        if wraps:
            parts = [part(draft, view, axis, extent - before, before)] if before else []
            parts += [view, *([part(draft, view, axis, 0, after)] if after else [])]
        else:
            parts = [part(draft, view, axis, 0, 1)] * before + [view]
            parts += [part(draft, view, axis, extent - 1, 1)] * after
        view = draft.concat(parts, axis) if len(parts) > 1 else view
    return view


def windowed(draft: Draft, view: View, axis: int, size: int, step: int) -> View:
    """Windows along an axis, their elements as the last axis: Tensor.unfold."""
    axis %= len(view.shape)
    count = (view.shape[axis] - size) // step + 1
    parts = [part(draft, view, axis, step * place, size) for place in range(count)]
    whole = draft.concat(parts, axis) if count > 1 else parts[0]
    split = draft.reshape(whole, (*view.shape[:axis], count, size, *view.shape[axis + 1 :]))
    rest = (each for each in range(len(split.shape)) if each != axis + 1)
    return draft.transpose(split, (*rest, axis + 1))


# -- what reduces ---------------------------------------------------------------------------------


def extreme_place(draft: Draft, name: str, view: View, axis: int, keep: bool) -> View:
    """Where along an axis the largest or least is; `name` is ARG_MAX or ARG_MIN."""
    view = draft.settled(view)
    axis %= len(view.axes)
    inputs = [draft.at_hand(view), draft.integers([view.place(axis)])]
    order = tuple(each for each in view.order if each != axis)
    memory = tuple(view.axes[each] for each in order)
    index = draft.emit(name, inputs, memory, {"OutputType": "INT32"})
    left = sorted(order)
    shape = tuple(view.axes[each] for each in left)
    found = View(index, shape, tuple(left.index(each) for each in order), shape)
    found = typed(draft, found, ir.Element.INT32)
    kept = tuple(1 if each == axis else n for each, n in enumerate(view.axes))
    return draft.reshape(found, kept) if keep else found


def log_sum_exp(draft: Draft, view: View, axes: Sequence[int], keep: bool) -> View:
    largest = draft.reduce("REDUCE_MAX", view, axes, keep=True)
    powers = draft.unary("EXP", draft.binary("SUB", view, largest))
    found = draft.unary("LOG", draft.reduce("SUM", powers, axes, keep=True))
    found = draft.binary("ADD", found, largest)
    gone = set() if keep else {axis % len(view.shape) for axis in axes}
    return draft.reshape(found, tuple(n for axis, n in enumerate(found.shape) if axis not in gone))


def cumulative_sum(
    draft: Draft, view: View, axis: int, exclusive: bool = False, backwards: bool = False
) -> View:
    view = draft.settled(view)
    inputs = [draft.at_hand(view), draft.integers(view.place(axis % len(view.axes)))]
    options: dict[str, Option] = {"Exclusive": exclusive, "Reverse": backwards}
    return replace(view, index=draft.emit("CUMSUM", inputs, view.in_memory, options))


def adapted(draft: Draft, name: str, view: View, size: Sequence[int]) -> View:
    """Of each axis behind batch and channels that many means (or what else `name` reduces to),
    over windows of several sizes, as PyTorch's adaptive pools cut them."""
    for axis, count in enumerate(size, start=2):
        extent = view.shape[axis]
        parts = []
        for place in range(count):
            start, end = place * extent // count, -(-(place + 1) * extent // count)
            window = part(draft, view, axis, start, end - start)
            parts.append(draft.reduce(name, window, [axis], keep=True))
        view = draft.concat(parts, axis) if count > 1 else parts[0]
    return view


def norm(
    draft: Draft,
    name: str,
    view: View,
    count: int,
    factors: Sequence[np.ndarray | None],
    epsilon: float,
) -> View:
    """Of the last `count` axes; `name` is LAYER_NORM or RMS_NORM, factors are gamma and perhaps
    beta."""
    outer = view.shape[: len(view.shape) - count]
    channels = math.prod(view.shape[len(outer) :])
    shape = (*outer, channels)
    inputs = [draft.demand(draft.reshape(view, shape), tuple(range(len(shape))))]
    stated = [each is not None for each in factors]
    for place, factor in enumerate(factors):
        if any(stated[place:]):
            values = np.ones(channels, np.float32) if factor is None else factor
            inputs.append(draft.constant(values.reshape(channels)))
    made = plain(draft.emit(name, inputs, shape, {"epsilon": float(epsilon)}), shape)
    return draft.reshape(made, view.shape)


def group_norm(
    draft: Draft,
    view: View,
    groups: int,
    scale: np.ndarray | None,
    offset: np.ndarray | None,
    epsilon: float,
) -> View:
    """Each group of channels by its own mean and deviation; as many groups as channels is
    InstanceNorm. Scale and offset are of channels."""
    rows = view.shape[0] * groups
    whole = draft.reshape(view, (1, rows, math.prod(view.shape) // rows))
    found = draft.reshape(norm(draft, "LAYER_NORM", whole, 1, (None, None), epsilon), view.shape)
    extents = (-1, *(1,) * (len(view.shape) - 2))
    for name, factors in (("MUL", scale), ("ADD", offset)):
        if factors is not None:
            found = draft.binary(name, found, factors.astype(np.float32).reshape(extents))
    return found


def pool_volume(
    draft: Draft,
    kind: str,
    view: View,
    filter: Sequence[int],
    stride: Sequence[int],
    pads: Sequence[tuple[int, int]],
    ceil: bool,
    counts_pads: bool,
) -> View:
    """Depth, height and width: height and width first, then the depth."""
    batch, channels, depth, *image = view.shape
    flat = draft.reshape(view, (batch, channels * depth, *image))
    flat = draft.pool(kind, flat, tuple(filter[1:]), tuple(stride[1:]), pads[1:], ceil, counts_pads)
    area = flat.shape[2:]
    deep = draft.reshape(flat, (batch, channels, depth, math.prod(area)))
    deep = draft.pool(
        kind, deep, (filter[0], 1), (stride[0], 1), [pads[0], (0, 0)], ceil, counts_pads
    )
    return draft.reshape(deep, (batch, channels, deep.shape[2], *area))


def conv_transpose(
    draft: Draft,
    view: View,
    weights: Constant,
    bias: Constant | None,
    stride: Sequence[int],
    pads: Sequence[tuple[int, int]],
    groups: int = 1,
) -> View:
    """Weights are IOHW or IOW; each group is a convolution of its own. `pads` are cut from the
    result; a negative one adds what no window reaches, which is the bias."""
    if weights.ndim == 3:
        wide = draft.reshape(view, (*view.shape, 1))
        weights, pads = weights.reshape((*weights.shape, 1)), [*pads, (0, 0)]
        found = conv_transpose(draft, wide, weights, bias, (*stride, 1), pads, groups)
        return draft.reshape(found, found.shape[:3])
    if groups > 1:
        depth = view.shape[1] // groups
        views = draft.split(view, 1, [depth] * groups)
        biases = [None] * groups if bias is None else np.split(real_of(bias), groups)
        parts = np.split(real_of(weights), groups)
        each = zip(views, parts, biases, strict=True)
        return draft.concat([conv_transpose(draft, *one, stride, pads) for one in each], 1)
    return draft.conv_transpose(view, weights, bias, tuple(stride), pads)


def real_of(value: Constant) -> np.ndarray:
    return value.real() if isinstance(value, Integers) else value


def dilated(weights: Constant, dilation: Sequence[int]) -> Constant:
    """Of a convolution, channels first, with zeros between them: as one that is not dilated."""
    if set(dilation) == {1}:
        return weights
    reach = [(n - 1) * apart + 1 for n, apart in zip(weights.shape[2:], dilation, strict=True)]
    wide = np.zeros((*weights.shape[:2], *reach), np.float32)
    wide[(..., *(slice(None, None, apart) for apart in dilation))] = real_of(weights)
    return wide
