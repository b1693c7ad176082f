"""What transformers have beside other networks, as PyTorch states it: norms and attention."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from graven import ir
from graven.errors import GravenError
from graven.frontends import functions
from graven.frontends.nchw import Draft, Operand, View, plain
from graven.layers.attention import SPANS
from graven.node import Option, shape_text

Arguments = dict[str, Any]
HIDDEN = -1e9  # which no score comes near, and integers have a scale for


def layer_norm(reader: Any, given: Arguments) -> View:
    return _norm(reader.draft, "LAYER_NORM", given, ("weight", "bias"))


def rms_norm(reader: Any, given: Arguments) -> View:
    return _norm(reader.draft, "RMS_NORM", given, ("weight",))


def _norm(draft: Draft, name: str, given: Arguments, factors: tuple[str, ...]) -> View:
    arrays = [None if given[each] is None else given[each].numpy() for each in factors]
    epsilon = np.finfo(np.float32).eps if given["eps"] is None else given["eps"]
    return functions.norm(
        draft, name, given["input"], len(given["normalized_shape"]), arrays, epsilon
    )


def attention(reader: Any, given: Arguments) -> View:
    return attend(reader.draft, given)


def attend(draft: Draft, given: Arguments) -> View:
    """q, k and v are {1, heads, moments, channels}; several sequences are told one by one."""
    q, k, v = (given[name] for name in ("query", "key", "value"))
    if len(q.shape) == 4 and q.shape[0] > 1 and q.shape[0] == k.shape[0] == v.shape[0]:
        count = q.shape[0]
        names = ("query", "key", "value", "attn_mask")
        alone = zip(*(_alone(draft, given[name], count) for name in names), strict=True)
        parts = [attend(draft, {**given, **dict(zip(names, each, strict=True))}) for each in alone]
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
    scale = given["scale"]
    if scale is not None and scale <= 0:  # an option of 0 says 1 / sqrt(channels)
        q = functions.scaled(draft, q, -1.0 if scale < 0 else 0.0)
    inputs += [_rows_of(draft, each) for each in (q, k, v)]
    if given["attn_mask"] is not None:
        extents = (q.shape[-2], k.shape[-2])
        span, added = _mask_of(draft, given["attn_mask"], q.shape[1], extents)
        inputs += added
    of_head = len(inputs) > 3 and math.prod(draft.tensors[inputs[3]].shape[:-2]) > 1
    options: dict[str, Option] = {
        "heads": q.shape[1], "kv_heads": k.shape[1], "span": SPANS.index(span), "context": 0,
        "scale": 0.0 if scale is None else abs(float(scale)) or 1.0, "mask_of_head": int(of_head),
    }  # fmt: skip
    moments, head = q.shape[2:]
    shape = (1, moments, q.shape[1] * head)
    made = plain(draft.emit("ATTENTION", inputs, shape, options), shape)
    return draft.transpose(draft.reshape(made, (1, moments, q.shape[1], head)), (0, 2, 1, 3))


def _rows_of(draft: Draft, each: Operand) -> int:
    """The tensor of q, k or v, moment by moment; a model may state it, as its own queries."""
    heads, moments, head = each.shape[1:]
    shape = (1, moments, heads * head)
    if not isinstance(each, View):
        return draft.constant(
            np.asarray(functions.real_of(each)).transpose(0, 2, 1, 3).reshape(shape)
        )
    rows = draft.reshape(draft.transpose(each, (0, 2, 1, 3)), shape)
    return draft.demand(rows, (0, 1, 2))


def _alone(draft: Draft, each: Any, count: int) -> list:
    """What each sequence has of q, k, v or a mask, which may be constants."""
    if each is None or len(each.shape) < 4 or each.shape[0] == 1:
        return [each] * count
    if isinstance(each, View):
        return draft.split(each, 0, [1] * count)
    values = np.asarray(functions.real_of(each))
    return [values[place : place + 1] for place in range(count)]


def _mask_of(
    draft: Draft, mask: Any, heads: int, extents: tuple[int, int]
) -> tuple[str, list[int]]:
    """The span that a constant mask stands for, or everything and what is added to its scores;
    of one row, it is every query's, of one column, every key's."""
    if isinstance(mask, View):
        return "everything", [_computed_mask(draft, mask, heads, extents[1])]
    values = np.atleast_2d(np.asarray(mask))
    values = np.broadcast_to(values, (*values.shape[:-1], extents[1]))
    shown = values if values.dtype == bool else values == 0
    hidden = ~shown if values.dtype == bool else values == -np.inf
    later = np.triu(np.ones(extents, dtype=bool), 1)
    if shown.all():
        return "everything", []
    if hidden.all(axis=-1).any():
        raise draft.error(
            "has a mask with a row that hides every key, expected one key at least that each query "
            "sees; let such a query see itself."
        )
    square = values.shape[-2:] == extents
    if square and (hidden == later).all() and (shown == ~later).all():
        return "past", []
    added = np.where(hidden, HIDDEN, 0 if values.dtype == bool else values)
    stated = added.reshape(-1, *added.shape[-2:]).astype(np.float32)
    if (stated == stated[0]).all():
        return "everything", [draft.constant(stated[0])]
    if len(stated) != heads:
        raise _of_heads(draft, heads, len(stated))
    return "everything", [draft.constant(stated)]


def _computed_mask(draft: Draft, mask: View, heads: int, keys: int) -> int:
    """Of all heads, to which it may have been expanded, or of each."""
    rows, seen = mask.shape[-2:]
    made = {index: each for each in draft.operators for index in each.outputs}.get(mask.index)
    if made is not None and made.name == "BROADCAST_TO" and mask.is_plain:
        source = draft.unshaped(made.inputs[0])
        shape = draft.tensors[source].shape
        last = [axis for axis in mask.order if mask.shape[axis] != 1][-2:]
        kept = rows == 1 or last == [len(mask.shape) - 2, len(mask.shape) - 1]
        if kept and math.prod(shape) == rows * seen:
            mask = draft.reshape(plain(source, shape), (rows, seen))
    if draft.element(mask) is ir.Element.BOOLEAN:
        hidden = functions.negated(draft, mask)
        mask = functions.times(draft, functions.real(draft, hidden), HIDDEN)
    mask = draft.expand(mask, (*mask.shape[:-1], keys))
    masks = math.prod(mask.shape[:-2])
    if masks not in (1, heads):
        raise _of_heads(draft, heads, masks)
    mask = draft.reshape(mask, ((masks,) if masks > 1 else ()) + mask.shape[-2:])
    return draft.demand(mask, tuple(range(len(mask.shape))))


def _of_heads(draft: Draft, heads: int, masks: int) -> GravenError:
    return draft.error(
        f"has {masks} masks for {heads} heads, expected one for all, or one for each."
    )


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
