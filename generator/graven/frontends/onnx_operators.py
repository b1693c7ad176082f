"""Operators of ONNX that are several of ours, or one under another name (functions.py has what they
compute); onnx.py has the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from graven.frontends import fourier, functions, lookups, places, products, trigonometry
from graven.frontends.nchw import Draft, View

Attributes = dict[str, Any]
Handler = Callable[[Any, Attributes, list], Any]
FLOAT, INT32, INT64, BOOL = 1, 6, 7, 9  # onnx.TensorProto's
COMPARISONS = {
    "Equal": "EQUAL", "Greater": "GREATER", "GreaterOrEqual": "GREATER_EQUAL", "Less": "LESS",
    "LessOrEqual": "LESS_EQUAL",
}  # fmt: skip
LOGIC = {"And": "LOGICAL_AND", "Or": "LOGICAL_OR"}


def constants(inputs: Sequence) -> list:
    """Operands of real numbers; those of whole numbers stay."""
    return [each.astype(np.float32) if isinstance(each, np.ndarray) and each.dtype == np.float64
            else each for each in inputs]  # fmt: skip


# -- functions of elements ------------------------------------------------------------------------


def by(function: Callable[..., View], **usual: float) -> Handler:
    """Of one input and the attributes that are named with what they are where they are absent."""

    def handler(reader: Any, attributes: Attributes, inputs: list) -> View:
        given = [float(attributes.get(name, value)) for name, value in usual.items()]
        return function(reader.draft, inputs[0], *given)

    return handler


def celu(draft: Draft, view: View, alpha: float) -> View:
    return functions.elu(draft, view, alpha, 1 / alpha)


def thresholded(draft: Draft, view: View, alpha: float) -> View:
    above = functions.compared(draft, "GREATER", view, np.float32([alpha]))
    return functions.chosen(draft, above, view, np.float32([0]))


def swish(draft: Draft, view: View, alpha: float) -> View:
    gate = draft.unary("LOGISTIC", functions.times(draft, view, alpha))
    return draft.binary("MUL", view, gate)


def shrink(reader: Any, attributes: Attributes, inputs: list) -> View:
    limit, bias = float(attributes.get("lambd", 0.5)), float(attributes.get("bias", 0.0))
    if bias != limit:
        raise reader.draft.error("has a bias other than lambd, which no operator here computes.")
    return functions.shrunk(reader.draft, inputs[0], limit)


def power(reader: Any, attributes: Attributes, inputs: list) -> View:
    return functions.raised(reader.draft, *inputs)


def comparison(name: str) -> Handler:
    return lambda reader, attributes, inputs: functions.compared(
        reader.draft, name, *constants(inputs)
    )


def where(reader: Any, attributes: Attributes, inputs: list) -> View:
    condition = inputs[0]
    if isinstance(condition, View):
        return functions.chosen(reader.draft, *inputs)
    return functions.chosen_by(reader.draft, condition, *inputs[1:])


def convert(reader: Any, attributes: Attributes, inputs: list) -> View:
    draft, view, wanted = reader.draft, inputs[0], attributes["to"]
    if wanted == FLOAT:
        return functions.real(draft, view)
    if wanted in (INT32, INT64):
        return functions.whole(draft, view)
    if wanted == BOOL:
        return functions.unlike_zero(draft, view)
    raise draft.error("converts to another element than float32, int32, int64 or bool; remove it.")


def modulo(reader: Any, attributes: Attributes, inputs: list) -> View:
    """With the sign of the divisor; with fmod that of what is divided."""
    rounding = "trunc" if attributes.get("fmod", 0) else "floor"
    return functions.remainder(reader.draft, *constants(inputs), rounding)


def one_hot(reader: Any, attributes: Attributes, inputs: list) -> View:
    draft, view = reader.draft, functions.whole(reader.draft, inputs[0])
    (depth,), (off, on) = (reader.array(inputs, at, "numbers").reshape(-1) for at in (1, 2))
    rank, count = len(view.shape) + 1, int(depth)
    axis = attributes.get("axis", -1) % rank
    shape = tuple(count if at == axis else 1 for at in range(rank))
    view = lookups.from_front(draft, view, count)
    classes = np.arange(count, dtype=np.int32).reshape(shape)
    view = draft.reshape(view, (*view.shape[:axis], 1, *view.shape[axis:]))
    found = functions.compared(draft, "EQUAL", view, classes)
    return functions.chosen(draft, found, np.float32(on), np.float32(off))


def local_response(reader: Any, attributes: Attributes, inputs: list) -> View:
    """LRN: x / (bias + alpha * the mean square of neighbouring channels) ^ beta."""
    draft, (view,), size = reader.draft, inputs, attributes["size"]
    before, channels = (size - 1) // 2, view.shape[1]
    squares = draft.binary("MUL", view, view)
    pads = [(0, 0)] * len(view.shape)
    pads[1] = (before, size - 1 - before)
    wide = draft.pad(squares, pads)
    found = functions.part(draft, wide, 1, 0, channels)
    for at in range(1, size):
        found = draft.binary("ADD", found, functions.part(draft, wide, 1, at, channels))
    found = functions.times(draft, found, attributes.get("alpha", 1e-4) / size)
    found = functions.plus(draft, found, attributes.get("bias", 1.0))
    power = np.float32(-attributes.get("beta", 0.75))
    return draft.binary("MUL", view, functions.raised(draft, found, power))


def triangle(reader: Any, attributes: Attributes, inputs: list) -> View:
    """Trilu: what is above a diagonal, or below it, and zeros."""
    view, by = inputs[0], reader.integers(inputs, 1, "diagonal") or [0]
    cut = np.triu if attributes.get("upper", 1) else np.tril
    kept = cut(np.ones(view.shape[-2:], bool), by[0])
    kept = kept.reshape((1,) * (len(view.shape) - 2) + kept.shape)
    return functions.chosen_by(reader.draft, kept, view, np.float32([0]))


def differs(reader: Any, attributes: Attributes, inputs: list) -> View:
    """Xor."""
    return functions.compared(reader.draft, "NOT_EQUAL", *inputs)


# -- reductions -----------------------------------------------------------------------------------


def joined(name: str, mean: bool) -> Handler:
    """Sum and Mean of several inputs."""

    def handler(reader: Any, attributes: Attributes, inputs: list) -> View:
        found = inputs[0]
        for other in inputs[1:]:
            found = reader.draft.binary(name, found, other)
        return functions.times(reader.draft, found, 1 / len(inputs)) if mean else found

    return handler


def reduction(function: Callable[[Draft, View, Sequence[int], bool], View]) -> Handler:
    def handler(reader: Any, attributes: Attributes, inputs: list) -> View:
        axes = reader.listed(attributes, inputs, "axes") or range(len(inputs[0].shape))
        return function(reader.draft, inputs[0], axes, bool(attributes.get("keepdims", 1)))

    return handler


def sum_of_squares(draft: Draft, view: View, axes: Sequence[int], keep: bool) -> View:
    return draft.reduce("SUM", draft.binary("MUL", view, view), axes, keep)


def length(draft: Draft, view: View, axes: Sequence[int], keep: bool) -> View:
    return draft.unary("SQRT", sum_of_squares(draft, view, axes, keep))


def sum_of_distances(draft: Draft, view: View, axes: Sequence[int], keep: bool) -> View:
    return draft.reduce("SUM", draft.unary("ABS", view), axes, keep)


def log_of_sum(draft: Draft, view: View, axes: Sequence[int], keep: bool) -> View:
    return draft.unary("LOG", draft.reduce("SUM", view, axes, keep))


def of_unit_length(reader: Any, attributes: Attributes, inputs: list) -> View:
    whole = length if attributes.get("p", 2) == 2 else sum_of_distances
    by_what = whole(reader.draft, inputs[0], [attributes.get("axis", -1)], True)
    return reader.draft.binary("DIV", inputs[0], by_what)


def extreme_place(name: str) -> Handler:
    def handler(reader: Any, attributes: Attributes, inputs: list) -> View:
        if attributes.get("select_last_index", 0):
            raise reader.draft.error("takes the last of several; export without select_last_index.")
        keep = bool(attributes.get("keepdims", 1))
        axis = functions.axis_of(reader.draft, inputs[0], attributes.get("axis", 0))
        return functions.extreme_place(reader.draft, name, inputs[0], axis, keep)

    return handler


def cumulative_sum(reader: Any, attributes: Attributes, inputs: list) -> View:
    (axis,) = reader.integers(inputs, 1, "axis")
    axis = functions.axis_of(reader.draft, inputs[0], axis)
    flags = bool(attributes.get("exclusive", 0)), bool(attributes.get("reverse", 0))
    return functions.cumulative_sum(reader.draft, inputs[0], axis, *flags)


def group_norm(reader: Any, attributes: Attributes, inputs: list) -> View:
    view = inputs[0]
    groups = attributes.get("num_groups", view.shape[1])
    factors = [reader.array(inputs, place, "factors") for place in (1, 2)]
    if reader.opset < 21 and "num_groups" in attributes:  # of groups, not of channels
        factors = [np.repeat(each, view.shape[1] // groups) for each in factors]
    epsilon = float(attributes.get("epsilon", 1e-5))
    return functions.group_norm(reader.draft, view, groups, *factors, epsilon)


# -- what moves -----------------------------------------------------------------------------------


def tile(reader: Any, attributes: Attributes, inputs: list) -> View:
    return functions.tiled(reader.draft, inputs[0], reader.integers(inputs, 1, "repeats"))


def gather_nd(reader: Any, attributes: Attributes, inputs: list) -> View:
    if attributes.get("batch_dims", 0):
        raise reader.draft.error("picks apart for each of a batch; pick the same of all.")
    if isinstance(inputs[1], View):
        draft, (*shape, count) = reader.draft, inputs[1].shape
        parts = [functions.part(draft, inputs[1], len(shape), at, 1) for at in range(count)]
        return lookups.picked(draft, inputs[0], 0, [draft.reshape(x, tuple(shape)) for x in parts])
    at = reader.array(inputs, 1, "indices")
    return places.picked(reader.draft, inputs[0], 0, list(np.moveaxis(at, -1, 0)))


def gather_elements(reader: Any, attributes: Attributes, inputs: list) -> View:
    axis = attributes.get("axis", 0)
    if isinstance(inputs[1], View):
        return lookups.taken(reader.draft, inputs[0], axis, inputs[1])
    at = reader.array(inputs, 1, "indices").astype(np.int64)
    return places.taken(reader.draft, inputs[0], axis, at)


def adds(reader: Any, attributes: Attributes) -> bool:
    reduction = attributes.get("reduction", b"none").decode()
    if reduction not in ("none", "add"):
        raise reader.draft.error(f"reduces what it puts by '{reduction}'; take none or add.")
    return reduction == "add"


def scatter_elements(reader: Any, attributes: Attributes, inputs: list) -> View:
    at, view = reader.array(inputs, 1, "indices").astype(np.int64), inputs[0]
    found = places.along(reader.draft, view, attributes.get("axis", 0), at)
    return places.put(reader.draft, view, found, inputs[2], adds(reader, attributes))


def scatter_nd(reader: Any, attributes: Attributes, inputs: list) -> View:
    at, view = reader.array(inputs, 1, "indices").astype(np.int64), inputs[0]
    found = list(np.moveaxis(at, -1, 0))
    return places.put(reader.draft, view, found, inputs[2], adds(reader, attributes))


def space_to_depth(reader: Any, attributes: Attributes, inputs: list) -> View:
    (view,), block, draft = inputs, attributes["blocksize"], reader.draft
    batch, channels, height, width = view.shape
    split = draft.reshape(view, (batch, channels, height // block, block, width // block, block))
    turned = draft.transpose(split, (0, 3, 5, 1, 2, 4))
    return draft.reshape(turned, (batch, channels * block**2, height // block, width // block))


def einsum(reader: Any, attributes: Attributes, inputs: list) -> View:
    return products.einsum(reader.draft, attributes["equation"].decode(), inputs)


def is_no_number(reader: Any, attributes: Attributes, inputs: list) -> View:
    return functions.compared(reader.draft, "NOT_EQUAL", inputs[0], inputs[0])


# -- transforms -----------------------------------------------------------------------------------


def complex_of(draft: Draft, view: View) -> fourier.Complex | View:
    """The last axis are real and imaginary part, or the real one alone."""
    if view.shape[-1] == 1:
        return draft.reshape(view, view.shape[:-1])
    return fourier.as_complex(draft, view)


def transform(reader: Any, attributes: Attributes, inputs: list) -> View:
    """DFT."""
    draft, view = reader.draft, inputs[0]
    axis = attributes.get("axis", 1)
    if reader.opset >= 20:
        (axis,) = reader.integers(inputs, 2, "axis") or (-2,)
    axis %= len(view.shape)
    inverse, one_sided = (bool(attributes.get(name, 0)) for name in ("inverse", "onesided"))
    returns = inverse and one_sided
    usual = 2 * (view.shape[axis] - 1) if returns else view.shape[axis]
    (count,) = reader.integers(inputs, 1, "length") or (usual,)
    given, factor = complex_of(draft, view), 1 / count if inverse else 1.0
    if returns and isinstance(given, fourier.Complex):
        found = fourier.back_to_real(draft, given, axis, count, factor)
        return draft.reshape(found, (*found.shape, 1))
    made = fourier.transform(draft, given, axis, count, one_sided, inverse, factor)
    return fourier.as_real(draft, made)


def short_time(reader: Any, attributes: Attributes, inputs: list) -> View:
    """STFT: 1 x windows x bins x 2."""
    draft, signal = reader.draft, inputs[0]
    signal = draft.reshape(signal, signal.shape[:2])
    (step,) = reader.integers(inputs, 1, "step")
    window, length = reader.array(inputs, 2, "window"), reader.integers(inputs, 3, "length")
    size = length[0] if length else window.size
    one_sided = bool(attributes.get("onesided", 1))
    found = fourier.short_time(draft, signal, size, step, window, one_sided)
    turned = [draft.transpose(each, (0, 2, 1)) for each in found.parts]
    return fourier.as_real(draft, fourier.Complex(*turned))


HANDLERS: dict[str, Handler] = {
    **{name: comparison(ours) for name, ours in (COMPARISONS | LOGIC).items()},
    "Acos": by(trigonometry.arccosine), "Acosh": by(trigonometry.area_cosine),
    "ArgMax": extreme_place("ARG_MAX"), "ArgMin": extreme_place("ARG_MIN"),
    "Asin": by(trigonometry.arcsine), "Asinh": by(trigonometry.area_sine),
    "Atan": by(trigonometry.arctangent), "Atanh": by(trigonometry.area_tangent), "Cast": convert,
    "Celu": by(celu, alpha=1.0), "Cosh": by(functions.cosh), "CumSum": cumulative_sum,
    "DFT": transform, "Einsum": einsum, "Elu": by(functions.elu, alpha=1.0),
    "Erf": by(functions.error_function), "GatherElements": gather_elements, "GatherND": gather_nd,
    "GroupNormalization": group_norm, "InstanceNormalization": group_norm, "IsNaN": is_no_number,
    "LRN": local_response, "LpNormalization": of_unit_length, "Mean": joined("ADD", True),
    "Mish": by(functions.mish), "Mod": modulo, "Not": by(functions.negated), "OneHot": one_hot,
    "Pow": power, "Reciprocal": by(functions.reciprocal), "ReduceL1": reduction(sum_of_distances),
    "ReduceL2": reduction(length), "ReduceLogSum": reduction(log_of_sum),
    "ReduceLogSumExp": reduction(functions.log_sum_exp),
    "ReduceSumSquare": reduction(sum_of_squares), "STFT": short_time,
    "ScatterElements": scatter_elements, "ScatterND": scatter_nd,
    "Selu": by(functions.selu, alpha=functions.SELU_ALPHA, gamma=functions.SELU_SCALE),
    "Shrink": shrink, "Sinh": by(functions.sinh), "Softplus": by(functions.softplus),
    "Softsign": by(functions.softsign), "SpaceToDepth": space_to_depth, "Sum": joined("ADD", False),
    "Swish": by(swish, alpha=1.0), "Tan": by(functions.tan),
    "ThresholdedRelu": by(thresholded, alpha=1.0), "Tile": tile, "Trilu": triangle, "Where": where,
    "Xor": differs,
}  # fmt: skip
