"""Operators of PyTorch that are several of ours, or one under another name (functions.py has what
they compute); torch.py has the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from graven import ir
from graven.frontends import functions
from graven.frontends.nchw import Draft, View

Arguments = dict[str, Any]
Handler = Callable[[Any, Arguments], Any]
COMPARISONS = {
    "eq": "EQUAL", "ge": "GREATER_EQUAL", "gt": "GREATER", "le": "LESS_EQUAL", "lt": "LESS",
    "ne": "NOT_EQUAL",
}  # fmt: skip


def array(value: Any) -> np.ndarray | None:
    return None if value is None else np.asarray(value, dtype=np.float32)


UNSEEN = 17.0  # exp of what is below -17 is no more than half of a last bit of 1 in float32


def operand(value: Any) -> View | np.ndarray:
    return value if isinstance(value, View) else array(value)


def axes_of(given: Arguments, view: View) -> Sequence[int]:
    axes = given.get("dim")
    if axes is None or axes == []:
        return range(len(view.shape))
    return axes if isinstance(axes, list | tuple) else [axes]


# -- functions of elements ------------------------------------------------------------------------


def by(function: Callable[[Draft, View], View]) -> Handler:
    return lambda reader, given: function(reader.draft, given["self"])


def logarithm(base: float) -> Handler:
    def handler(reader: Any, given: Arguments) -> View:
        found = reader.draft.unary("LOG", given["self"])
        return functions.times(reader.draft, found, 1 / math.log(base))

    return handler


def log1p(reader: Any, given: Arguments) -> View:
    return reader.draft.unary("LOG", functions.plus(reader.draft, given["self"], 1.0))


def expm1(reader: Any, given: Arguments) -> View:
    return functions.plus(reader.draft, reader.draft.unary("EXP", given["self"]), -1.0)


def reciprocal(reader: Any, given: Arguments) -> View:
    return reader.draft.binary("DIV", np.float32([1]), given["self"])


def elu(reader: Any, given: Arguments) -> View:
    factors = (float(given[name]) for name in ("alpha", "input_scale", "scale"))
    return functions.elu(reader.draft, given["self"], *factors)


def celu(reader: Any, given: Arguments) -> View:
    alpha = float(given["alpha"])
    return functions.elu(reader.draft, given["self"], alpha, 1 / alpha)


def softplus(reader: Any, given: Arguments) -> View:
    """PyTorch takes x itself where beta * x is above the threshold."""
    draft, view, beta = reader.draft, given["self"], float(given["beta"])
    found = functions.softplus(draft, view, beta)
    threshold = float(given["threshold"])
    if threshold >= UNSEEN:
        return found
    above = functions.compared(draft, "GREATER", view, np.float32([threshold / beta]))
    return functions.chosen(draft, above, view, found)


def log_sigmoid(reader: Any, given: Arguments) -> View:
    turned = reader.draft.unary("NEG", given["self"])
    return reader.draft.unary("NEG", functions.softplus(reader.draft, turned))


def softshrink(reader: Any, given: Arguments) -> View:
    return functions.shrunk(reader.draft, given["self"], float(given["lambd"]))


def power(reader: Any, given: Arguments) -> View:
    draft, base, exponent = reader.draft, given["self"], given["exponent"]
    if not isinstance(base, View):
        return draft.unary("EXP", functions.times(draft, exponent, math.log(float(base))))
    found = None if isinstance(exponent, View) else functions.power(draft, base, float(exponent))
    if found is None:
        raise draft.error("raises to another power than whole ones up to 4 and quarters of 1.")
    return found


def comparison(name: str) -> Handler:
    return lambda reader, given: functions.compared(
        reader.draft, name, operand(given["self"]), operand(given["other"])
    )


def where(reader: Any, given: Arguments) -> View:
    condition = given["condition"]
    first, second = operand(given["self"]), operand(given["other"])
    if not isinstance(condition, View):
        return functions.chosen_by(reader.draft, array(condition), first, second)
    return functions.chosen(reader.draft, condition, first, second)


def convert(reader: Any, given: Arguments) -> View:
    """To float32, or of whole numbers to whole numbers."""
    draft, view = reader.draft, given["self"]
    wanted = str(given.get("dtype") or "torch.float32")
    if wanted == "torch.float32":
        return functions.real(draft, view) if given.get("dtype") else view
    whole = draft.tensors[view.index].element is ir.Element.INT32
    if whole and wanted in ("torch.int32", "torch.int64"):
        return view
    raise draft.error("converts to another element than float32; remove it.")


# -- reductions -----------------------------------------------------------------------------------


def extreme(largest: bool) -> Handler:
    names = ("MAXIMUM", "REDUCE_MAX", "ARG_MAX") if largest else (
        "MINIMUM", "REDUCE_MIN", "ARG_MIN"
    )  # fmt: skip

    def handler(reader: Any, given: Arguments) -> View | list[View]:
        draft, view = reader.draft, given["self"]
        if "other" in given:
            return draft.binary(names[0], operand(view), operand(given["other"]))
        keep = bool(given.get("keepdim"))
        values = draft.reduce(names[1], view, axes_of(given, view), keep)
        if given.get("dim") is None:
            return values
        return [values, functions.extreme_place(draft, names[2], view, given["dim"], keep)]

    return handler


def extreme_place(name: str) -> Handler:
    def handler(reader: Any, given: Arguments) -> View:
        view, axis = given["self"], given.get("dim")
        if axis is None:
            view, axis = reader.draft.reshape(view, (math.prod(view.shape),)), 0
        return functions.extreme_place(reader.draft, name, view, axis, bool(given.get("keepdim")))

    return handler


def product(reader: Any, given: Arguments) -> View:
    view, keep = given["self"], bool(given.get("keepdim"))
    return reader.draft.reduce("REDUCE_PROD", view, axes_of(given, view), keep)


def variance(reader: Any, given: Arguments) -> View:
    view = given["self"]
    correction = given.get("correction")
    if correction is None:
        correction = 1 if given.get("unbiased", True) else 0
    axes, keep = axes_of(given, view), bool(given.get("keepdim"))
    return functions.variance(reader.draft, view, axes, correction, keep)


def log_sum_exp(reader: Any, given: Arguments) -> View:
    view, keep = given["self"], bool(given.get("keepdim"))
    return functions.log_sum_exp(reader.draft, view, axes_of(given, view), keep)


def cumulative_sum(reader: Any, given: Arguments) -> View:
    return functions.cumulative_sum(reader.draft, given["self"], given["dim"])


def group_norm(reader: Any, given: Arguments) -> View:
    factors = array(given["weight"]), array(given["bias"])
    groups, epsilon = given["num_groups"], float(given["eps"])
    return functions.group_norm(reader.draft, given["input"], groups, *factors, epsilon)


def instance_norm(reader: Any, given: Arguments) -> View:
    view = given["input"]
    if not given["use_input_stats"]:
        raise reader.draft.error("tracks statistics; use BatchNorm, which does nothing else.")
    factors = array(given["weight"]), array(given["bias"])
    return functions.group_norm(reader.draft, view, view.shape[1], *factors, float(given["eps"]))


# -- what moves -----------------------------------------------------------------------------------


def flip(reader: Any, given: Arguments) -> View:
    return functions.reversed_along(reader.draft, given["self"], given["dims"])


def repeat(reader: Any, given: Arguments) -> View:
    return functions.tiled(reader.draft, given["self"], given["repeats"])


def roll(reader: Any, given: Arguments) -> View:
    view = given["self"]
    if not given["dims"]:
        raise reader.draft.error("rolls all axes as one; name the axes.")
    for axis, shift in zip(given["dims"], given["shifts"], strict=True):
        view = functions.rolled(reader.draft, view, axis, shift)
    return view


def unfold(reader: Any, given: Arguments) -> View:
    windows = given["dimension"], given["size"], given["step"]
    return functions.windowed(reader.draft, given["self"], *windows)


def chosen_places(reader: Any, view: View, axis: int, places: Any) -> View:
    if isinstance(places, View):
        raise reader.draft.error("picks by what it computes; use a constant list of places.")
    places = np.asarray(places)
    if places.dtype == bool and places.ndim == 1:
        (places,) = np.nonzero(places)
    axis %= len(view.shape)
    extent, flat = view.shape[axis], places.reshape(-1)
    found = reader.draft.gather(view, [int(each) % extent for each in flat], axis)
    shape = (*view.shape[:axis], *places.shape, *view.shape[axis + 1 :])
    return found if found.shape == shape else reader.draft.reshape(found, shape)


def index_select(reader: Any, given: Arguments) -> View:
    return chosen_places(reader, given["self"], given["dim"], given["index"])


def index(reader: Any, given: Arguments) -> View:
    """By constants: each along an axis of its own, or all of them along their axes as one."""
    view, indices = given["self"], given["indices"]
    stated = [axis for axis, each in enumerate(indices) if each is not None]
    if len(stated) == 1:
        return chosen_places(reader, view, stated[0], indices[stated[0]])
    if any(isinstance(indices[axis], View) for axis in stated):
        raise reader.draft.error("picks by what it computes; use a constant list of places.")
    places = [np.asarray(indices[axis]) for axis in stated]
    if stated != list(range(stated[0], stated[-1] + 1)) or any(p.dtype == bool for p in places):
        raise reader.draft.error(
            "picks along axes apart, or by booleans; pick along one at a time."
        )
    whole = np.broadcast_shapes(*(each.shape for each in places))
    extents = [view.shape[axis] for axis in stated]
    places = [each % extent for each, extent in zip(places, extents, strict=True)]
    if len(whole) == len(stated) and all(
        each.size == each.reshape((1,) * (len(whole) - each.ndim) + each.shape).shape[place]
        for place, each in enumerate(places)
    ):
        for axis, each in zip(stated, places, strict=True):
            view = chosen_places(reader, view, axis, each.reshape(-1))
        return view
    flat = np.ravel_multi_index(np.broadcast_arrays(*places), extents)
    before, behind = view.shape[: stated[0]], view.shape[stated[-1] + 1 :]
    joined = reader.draft.reshape(view, (*before, math.prod(extents), *behind))
    return chosen_places(reader, joined, stated[0], flat)


HANDLERS: dict[str, Handler] = {
    **{name: comparison(ours) for name, ours in COMPARISONS.items()},
    "_to_copy": convert, "argmax": extreme_place("ARG_MAX"), "argmin": extreme_place("ARG_MIN"),
    "celu": celu, "cumsum": cumulative_sum, "elu": elu,
    "erf": by(functions.error_function), "expm1": expm1, "flip": flip,
    "_unsafe_index": index, "group_norm": group_norm, "index": index,
    "index_select": index_select,
    "instance_norm": instance_norm, "log10": logarithm(10), "log1p": log1p, "log2": logarithm(2),
    "log_sigmoid": log_sigmoid, "logsumexp": log_sum_exp, "max": extreme(True),
    "maximum": extreme(True), "min": extreme(False), "minimum": extreme(False),
    "mish": by(functions.mish), "pow": power,
    "prod": product, "reciprocal": reciprocal, "repeat": repeat, "roll": roll,
    "selu": by(functions.selu), "softplus": softplus, "softshrink": softshrink, "to": convert,
    "unfold": unfold, "var": variance, "where": where,
}  # fmt: skip
