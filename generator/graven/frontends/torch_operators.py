"""Operators of PyTorch that are several of ours, or one under another name (functions.py has what
they compute); torch.py has the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from graven import ir
from graven.frontends import functions, trigonometry
from graven.frontends.integers import Integers
from graven.frontends.nchw import Draft, Operand, View

Arguments = dict[str, Any]
Handler = Callable[[Any, Arguments], Any]
COMPARISONS = {
    "eq": "EQUAL", "ge": "GREATER_EQUAL", "gt": "GREATER", "le": "LESS_EQUAL", "lt": "LESS",
    "ne": "NOT_EQUAL",
}  # fmt: skip


UNSEEN = 17.0
"""exp of what is below -17 is no more than half of a last bit of 1 in float32."""


def array(value: Any) -> np.ndarray | None:
    """A constant as real numbers."""
    return None if value is None else np.asarray(value, dtype=np.float32)


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


def exp2(reader: Any, given: Arguments) -> View:
    return reader.draft.unary("EXP", functions.times(reader.draft, given["self"], math.log(2)))


def angle(reader: Any, given: Arguments) -> View:
    return trigonometry.arctangent_of(
        reader.draft, *arithmetic(reader.draft, given["self"], given["other"])
    )


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
    name = "GREATER" if beta > 0 else "LESS"
    above = functions.compared(draft, name, view, np.float32([threshold / beta]))
    return functions.chosen(draft, above, view, found)


def log_sigmoid(reader: Any, given: Arguments) -> View:
    turned = reader.draft.unary("NEG", given["self"])
    return reader.draft.unary("NEG", functions.softplus(reader.draft, turned))


def softshrink(reader: Any, given: Arguments) -> View:
    return functions.shrunk(reader.draft, given["self"], float(given["lambd"]))


def power(reader: Any, given: Arguments) -> View:
    base, exponent = (
        each if isinstance(each, View) else np.asarray(each)
        for each in (given["self"], given["exponent"])
    )
    return functions.raised(reader.draft, base, exponent)


def arithmetic(draft: Draft, *stated: Any) -> list[Operand]:
    """Truth values are real numbers, and so are whole ones beside real ones."""
    found = [each if isinstance(each, View | Integers) else np.asarray(each) for each in stated]
    if all(is_whole(draft, each) for each in found):
        return found
    return [real(draft, each) for each in found]


def real(draft: Draft, each: Operand) -> Operand:
    if isinstance(each, View):
        return functions.real(draft, each)
    return each if isinstance(each, Integers) else each.astype(np.float32)


def paired(draft: Draft, *stated: Any) -> list[Operand]:
    """Truth values as they are, numbers as in arithmetic."""
    if any(isinstance(each, View) and is_boolean(draft, each) for each in stated):
        return [each if isinstance(each, View) else np.asarray(each) for each in stated]
    return arithmetic(draft, *stated)


def is_boolean(draft: Draft, each: Any) -> bool:
    if isinstance(each, View):
        return draft.element(each) is ir.Element.BOOLEAN
    return np.asarray(each).dtype == bool


def is_whole(draft: Draft, each: Operand) -> bool:
    if isinstance(each, np.ndarray):
        return each.dtype.kind in "biu"
    return draft.element(each) is ir.Element.INT32


def bounded(reader: Any, given: Arguments) -> View:
    """By numbers, or by tensors."""
    draft, view = reader.draft, given["self"]
    limits = [given[long] if long in given else given.get(short)
              for long, short in (("min_val", "min"), ("max_val", "max"))]  # fmt: skip
    limits = [each if isinstance(each, View) or each is None else np.asarray(each)
              for each in limits]  # fmt: skip
    if all(each is None or (not isinstance(each, View) and each.size == 1) for each in limits):
        least, most = (None if each is None else float(each.reshape(())) for each in limits)
        return draft.clip(view, -math.inf if least is None else least,
                          math.inf if most is None else most)  # fmt: skip
    for name, each in zip(("MAXIMUM", "MINIMUM"), limits, strict=True):
        if each is not None:
            view = draft.binary(name, *arithmetic(draft, view, each))
    return view


def of_truth(name: str, handler: Handler) -> Handler:
    """Bitwise operators are logical ones of truth values."""

    def checked(reader: Any, given: Arguments) -> View:
        draft = reader.draft
        if not all(is_boolean(draft, each) for each in given.values()):
            raise draft.error(f"computes '{name}' of other values than booleans; compare first.")
        return handler(reader, given)

    return checked


def rounded(reader: Any, given: Arguments) -> View:
    """To so many decimals."""
    shift = 10.0 ** (given.get("decimals") or 0)
    found = reader.draft.unary("ROUND", functions.times(reader.draft, given["self"], shift))
    return functions.times(reader.draft, found, 1 / shift)


def division(reader: Any, given: Arguments) -> View:
    draft, rounding = reader.draft, given.get("rounding_mode")
    first, second = arithmetic(draft, given["self"], given["other"])
    if is_whole(draft, first) and is_whole(draft, second):
        if rounding:
            return draft.binary(functions.ROUNDINGS[rounding], first, second)
        first, second = real(draft, first), real(draft, second)
    if isinstance(second, View):
        found = draft.binary("DIV", first, second)
    else:
        found = draft.binary("MUL", first, (1.0 / functions.real_of(second)).astype(np.float32))
    return functions.rounded_by(draft, found, rounding)


def remainder(rounding: str) -> Handler:
    def handler(reader: Any, given: Arguments) -> View:
        operands = arithmetic(reader.draft, given["self"], given["other"])
        return functions.remainder(reader.draft, *operands, rounding)

    return handler


def moments(root: bool) -> Handler:
    def handler(reader: Any, given: Arguments) -> list[View]:
        draft, view, keep = reader.draft, given["self"], bool(given.get("keepdim"))
        found = variance(reader, given)
        mean = draft.reduce("MEAN", view, axes_of(given, view), keep)
        return [draft.unary("SQRT", found) if root else found, mean]

    return handler


def comparison(name: str) -> Handler:
    def handler(reader: Any, given: Arguments) -> View:
        operands = paired(reader.draft, given["self"], given["other"])
        return functions.compared(reader.draft, name, *operands)

    return handler


def where(reader: Any, given: Arguments) -> View:
    condition = given["condition"]
    first, second = paired(reader.draft, given["self"], given["other"])
    if not isinstance(condition, View):
        return functions.chosen_by(reader.draft, np.asarray(condition), first, second)
    return functions.chosen(reader.draft, condition, first, second)


def convert(reader: Any, given: Arguments) -> View:
    """To float32, or of whole numbers to whole numbers."""
    draft, view = reader.draft, given["self"]
    wanted = str(given.get("dtype") or "torch.float32")
    if wanted == "torch.float32":
        return functions.real(draft, view) if given.get("dtype") else view
    if wanted in ("torch.int32", "torch.int64"):
        return functions.whole(draft, view)
    if wanted != "torch.bool":
        raise draft.error(
            f"converts to {wanted.removeprefix('torch.')}, which no inference here "
            "computes with; leave it in float32."
        )
    return functions.unlike_zero(draft, view)


# -- reductions -----------------------------------------------------------------------------------


def extreme(largest: bool) -> Handler:
    names = ("MAXIMUM", "REDUCE_MAX", "ARG_MAX") if largest else (
        "MINIMUM", "REDUCE_MIN", "ARG_MIN"
    )  # fmt: skip

    def handler(reader: Any, given: Arguments) -> View | list[View]:
        draft, view = reader.draft, given["self"]
        if "other" in given:
            return draft.binary(names[0], *arithmetic(draft, view, given["other"]))
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


def variance(reader: Any, given: Arguments) -> View:
    view = given["self"]
    correction = given.get("correction")
    if correction is None:
        correction = 1 if given.get("unbiased", True) else 0
    axes, keep = axes_of(given, view), bool(given.get("keepdim"))
    return functions.variance(reader.draft, view, axes, correction, keep)


def both_extremes(reader: Any, given: Arguments) -> list[View]:
    draft, view, keep = reader.draft, given["self"], bool(given.get("keepdim"))
    return [draft.reduce(name, view, axes_of(given, view), keep)
            for name in ("REDUCE_MIN", "REDUCE_MAX")]  # fmt: skip


def log_sum_exp(reader: Any, given: Arguments) -> View:
    view, keep = given["self"], bool(given.get("keepdim"))
    return functions.log_sum_exp(reader.draft, view, axes_of(given, view), keep)


def cumulative_sum(reader: Any, given: Arguments) -> View:
    """Of whole numbers in real ones, which are exact below 2^24."""
    draft, view = reader.draft, given["self"]
    found = functions.cumulative_sum(draft, functions.real(draft, view), given["dim"])
    return found if draft.element(view) is ir.Element.FLOAT32 else functions.whole(draft, found)


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


# -- products -------------------------------------------------------------------------------------


def reshaped(draft: Draft, each: Any, shape: Sequence[int]) -> Operand:
    """What may be a constant."""
    if isinstance(each, View):
        return draft.reshape(each, tuple(shape))
    return np.asarray(each, np.float32).reshape(shape)


def bilinear(reader: Any, given: Arguments) -> View:
    """x W_k y for each k: a layer of all products."""
    draft, weights = reader.draft, array(given["weight"])
    units, rows, columns = weights.shape
    lead = given["input1"].shape[:-1]
    first = reshaped(draft, given["input1"], (*lead, rows, 1))
    pairs = draft.binary("MUL", first, reshaped(draft, given["input2"], (*lead, 1, columns)))
    flat = draft.reshape(pairs, (*lead, rows * columns))
    return draft.dense(flat, weights.reshape(units, rows * columns), array(given["bias"]))


def distances(reader: Any, given: Arguments) -> View:
    """Of each row of the first from each of the second."""
    draft, p = reader.draft, float(given.get("p", 2.0))
    first, second = given["x1"], given["x2"]
    first = reshaped(draft, first, [*first.shape[:-1], 1, first.shape[-1]])
    second = reshaped(draft, second, [*second.shape[:-2], 1, *second.shape[-2:]])
    apart = draft.binary("SUB", first, second)
    axis = [len(apart.shape) - 1]
    if p == 2.0:
        squares = draft.reduce("SUM", draft.binary("MUL", apart, apart), axis, keep=False)
        return draft.unary("SQRT", squares)
    if p not in (1.0, math.inf):
        raise draft.error(f"has distances of p={p:g}; take 1, 2 or infinity.")
    return draft.reduce("SUM" if p == 1.0 else "REDUCE_MAX", draft.unary("ABS", apart), axis, False)


def length(reader: Any, given: Arguments) -> View:
    draft, pair = reader.draft, arithmetic(reader.draft, given["self"], given["other"])
    squares = [draft.binary("MUL", each, each) if isinstance(each, View) else each**2
               for each in pair]  # fmt: skip
    return draft.unary("SQRT", draft.binary("ADD", *squares))


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


AND, OR = (of_truth(name, comparison(f"LOGICAL_{name.upper()}")) for name in ("and", "or"))
NOT = of_truth("not", by(functions.negated))
HANDLERS: dict[str, Handler] = {
    **{name: comparison(ours) for name, ours in COMPARISONS.items()},
    "__and__": AND, "__or__": OR, "_to_copy": convert,
    "_cdist_forward": distances, "acos": by(trigonometry.arccosine),
    "acosh": by(trigonometry.area_cosine), "aminmax": both_extremes,
    "asin": by(trigonometry.arcsine), "asinh": by(trigonometry.area_sine),
    "atan": by(trigonometry.arctangent), "atan2": angle, "atanh": by(trigonometry.area_tangent),
    "bilinear": bilinear, "cdist": distances, "exp2": exp2, "hypot": length,
    "argmax": extreme_place("ARG_MAX"), "argmin": extreme_place("ARG_MIN"), "bitwise_and": AND,
    "bitwise_not": NOT, "bitwise_or": OR, "celu": celu, "clamp": bounded, "clamp_max": bounded,
    "clamp_min": bounded, "cosh": by(functions.cosh), "cumsum": cumulative_sum, "div": division,
    "elu": elu, "erf": by(functions.error_function), "erfc": by(functions.erfc), "expm1": expm1,
    "flip": flip, "fmod": remainder("trunc"), "frac": by(functions.fraction),
    "group_norm": group_norm, "hardtanh": bounded,
    "instance_norm": instance_norm, "log10": logarithm(10), "log1p": log1p, "log2": logarithm(2),
    "log_sigmoid": log_sigmoid, "logical_and": AND, "logical_not": NOT, "logical_or": OR,
    "logsumexp": log_sum_exp, "max": extreme(True), "maximum": extreme(True), "min": extreme(False),
    "minimum": extreme(False), "mish": by(functions.mish), "pow": power,
    "reciprocal": by(functions.reciprocal), "remainder": remainder("floor"), "repeat": repeat,
    "roll": roll, "round": rounded, "selu": by(functions.selu), "sinh": by(functions.sinh),
    "softplus": softplus, "softshrink": softshrink, "std_mean": moments(root=True),
    "tan": by(functions.tan), "to": convert, "trunc": by(functions.truncated), "unfold": unfold,
    "var": variance, "var_mean": moments(root=False), "where": where,
}  # fmt: skip
