"""What transformers have beside other networks: norms of the last axes, and PyTorch's attention."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from graven.frontends.nchw import Draft, View, plain
from graven.layers.attention import SPANS
from graven.node import Option, shape_text

Arguments = dict[str, Any]


def layer_norm(reader: Any, given: Arguments) -> View:
    return _norm(reader.draft, "LAYER_NORM", given, ("weight", "bias"))


def rms_norm(reader: Any, given: Arguments) -> View:
    return _norm(reader.draft, "RMS_NORM", given, ("weight",))


def _norm(draft: Draft, name: str, given: Arguments, factors: tuple[str, ...]) -> View:
    arrays = [None if given[each] is None else given[each].numpy() for each in factors]
    epsilon = np.finfo(np.float32).eps if given["eps"] is None else given["eps"]
    return norm(draft, name, given["input"], len(given["normalized_shape"]), arrays, epsilon)


def norm(
    draft: Draft,
    name: str,
    view: View,
    count: int,
    factors: Sequence[np.ndarray | None],
    epsilon: float,
) -> View:
    """Of the last `count` axes; factors are gamma and perhaps beta."""
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


def attention(reader: Any, given: Arguments) -> View:
    """q, k and v are {1, heads, moments, channels}; several sequences are told one by one."""
    draft: Draft = reader.draft
    q, k, v = (given[name] for name in ("query", "key", "value"))
    if len(q.shape) == 4 and q.shape[0] > 1 and q.shape[0] == k.shape[0] == v.shape[0]:
        count = q.shape[0]
        alone = zip(*(draft.split(each, 0, [1] * count) for each in (q, k, v)), strict=True)
        names = ("query", "key", "value")
        parts = [
            attention(reader, {**given, **dict(zip(names, each, strict=True))}) for each in alone
        ]
        return draft.concat(parts, 0)
    if len(q.shape) != 4 or q.shape[0] != 1:
        raise draft.error(
            f"has a query of {shape_text(q.shape)}, expected one sequence in heads: 1 x heads x "
            "moments x channels."
        )
    if given["dropout_p"]:
        raise draft.error("drops at random; call model.eval() before exporting it.")
    if v.shape[-1] != q.shape[-1]:
        raise draft.error(
            f"has values of {v.shape[-1]} channels for queries of {q.shape[-1]}, expected as many."
        )
    span, inputs = "past" if given["is_causal"] else "everything", []
    for each in (q, k, v):
        heads, moments, head = each.shape[1:]
        rows = draft.reshape(draft.transpose(each, (0, 2, 1, 3)), (1, moments, heads * head))
        inputs.append(draft.demand(rows, (0, 1, 2)))
    mask = given["attn_mask"]
    if mask is not None:
        span = _span_of(draft, mask)
    options: dict[str, Option] = {
        "heads": q.shape[1], "kv_heads": k.shape[1], "span": SPANS.index(span), "context": 0,
        "scale": float(given["scale"] or 0.0),
    }  # fmt: skip
    moments, head = q.shape[2:]
    shape = (1, moments, q.shape[1] * head)
    made = plain(draft.emit("ATTENTION", inputs, shape, options), shape)
    return draft.transpose(draft.reshape(made, (1, moments, q.shape[1], head)), (0, 2, 1, 3))


def _span_of(draft: Draft, mask: Any) -> str:
    """A constant mask that hides nothing, or what comes later."""
    if isinstance(mask, View):
        raise draft.error("computes its mask at run time; make it a constant, or is_causal.")
    values = mask.numpy()
    shown = values if values.dtype == bool else values == 0
    hidden = ~shown if values.dtype == bool else values == -np.inf
    later = np.triu(np.ones(values.shape[-2:], dtype=bool), 1)
    if shown.all():
        return "everything"
    if (hidden == later).all() and (shown == ~later).all():
        return "past"
    raise draft.error("has a mask that is neither empty nor causal; leave it out.")


def unflatten(reader: Any, given: Arguments) -> View:
    view, sizes = given["self"], [int(each) for each in given["sizes"]]
    axis = given["dim"] % len(view.shape)
    if -1 in sizes:
        sizes[sizes.index(-1)] = view.shape[axis] // -math.prod(sizes)
    shape = (*view.shape[:axis], *sizes, *view.shape[axis + 1 :])
    return reader.draft.reshape(view, shape)


HANDLERS: dict[str, Callable[[Any, Arguments], View]] = {
    "layer_norm": layer_norm,
    "rms_norm": rms_norm,
    "scaled_dot_product_attention": attention,
    "unflatten": unflatten,
}
