"""ATTENTION: softmax(scale * q . k + mask) . v over the moments that each of q sees, head by head.

q, k and v have their moments along the last axis but one, their heads along the last. Of the spans
`everything` and `past` an optional mask follows, of `sliding` and `stopping` three variables: the
keys and values of `context` moments, and how many there were. A mask is added to the scores: of
float32, or of integers as q has them, with a scale of its own; where q is no float32, booleans may
say what is seen. There is one for all heads, or one for each. TensorFlow Lite has none; a file
states it as a custom operator. int8 and int16: the numbers of isa/scalar/attention_integer.hpp and
attention_wide.hpp.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from graven import arithmetic, ir
from graven.cpp import Cpp, computed, real, template
from graven.node import Node, Option, Values, scale_of, shape_text, zero_point_of

OPERATORS = ("ATTENTION",)
OPTIONS = "FlexBuffer"  # layers.FLEX_BUFFER
DATA = (0, 1, 2, 3)
VARIABLES = (3, 4, 5)
STATES = {3: 1, 4: 2}
REAL = (3,)  # a mask that the model is given
SPANS = ["everything", "past", "sliding", "stopping"]
MOST_MOMENTS, MOST_HEAD = 1 << 20, 16384
OCTAVE = np.floor(np.exp(-np.arange(256) * math.log(2) / 256) * 32767 + 0.5).astype(np.int64)
"""(2^15 - 1) * 2^(-i / 256)."""
FINE = np.floor(np.exp(-np.arange(257) * math.log(2) / 256) * 2**30 + 0.5).astype(np.int64)
HIDES = 16.0  # a score so far below another has less than a step of an int8 share
OF_E = 1.44269504088896341  # log2(e)
MOST = {np.dtype(np.int8): (1 << 30, -0x7FFFFFFF), np.dtype(np.int16): (1 << 46, -(1 << 60))}
"""Most steps that a mask adds, and the score of what it hides."""


@dataclass(frozen=True)
class Attention(ir.Layer):
    heads: int
    kv_heads: int
    span: str = "everything"
    context: int = 0  # moments that are remembered
    scale: float = 0.0  # 0: 1 / sqrt(channels of a head)
    mask_of_head: bool = False  # is it one for each head, on an axis before the queries?

    @property
    def remembers(self) -> bool:
        return self.context > 0


def options(layer: Attention) -> dict[str, Option]:
    return {
        "heads": layer.heads,
        "kv_heads": layer.kv_heads,
        "span": SPANS.index(layer.span),
        "context": layer.context,
        "scale": layer.scale,
        "mask_of_head": int(layer.mask_of_head),
    }


def read(node: Node) -> Attention:
    heads, kv_heads, span, context = (
        int(node.option(name)) for name in ("heads", "kv_heads", "span", "context")
    )
    if not 0 <= span < len(SPANS):
        raise node.error(f"has the span {span}, expected 0 to {len(SPANS) - 1}: {SPANS}.")
    scale, of_head = float(node.option("scale")), node.option("mask_of_head") != 0
    if scale < 0:
        raise node.error(f"has the scale {scale:g}, expected a positive one, or 0 for the usual.")
    layer = Attention(heads, kv_heads, SPANS[span], context, scale, of_head)
    if (layer.span in ("sliding", "stopping")) != layer.remembers or layer.context < 0:
        raise node.error(f"remembers {layer.context} moments, which its span {layer.span} forbids.")
    node.expect_inputs(6, 6) if layer.remembers else node.expect_inputs(3, 4)
    q, k, v = (node.input(place) for place in range(3))
    for tensor in (q, k, v, node.output):
        node.expect_activation(tensor, wide=True)
    node.expect_same_element(q, k, v, node.output)
    node.expect_shape(node.output, q.shape)
    _expect_heads(node, layer)
    node.expect_shape(v, k.shape)
    if k.shape[:-2] != q.shape[:-2] or (
        layer.span != "everything" and k.shape[:-1] != q.shape[:-1]
    ):
        raise node.error(
            f"has q of {shape_text(q.shape)} and k of {shape_text(k.shape)}, expected the same "
            "moments.",
            k,
        )
    if layer.remembers:
        _expect_memory(node, layer)
    elif node.optional(3) is not None:
        _expect_mask(node, layer)
    return layer


def _expect_heads(node: Node, layer: Attention) -> None:
    q, k = node.input(0), node.input(1)
    if min(len(q.shape), len(k.shape)) < 2:
        raise node.error("needs an axis of moments and one of channels.", q)
    sound = 0 < layer.kv_heads <= layer.heads and layer.heads % layer.kv_heads == 0
    if (
        not sound
        or q.shape[-1] % layer.heads
        or k.shape[-1] * layer.heads != q.shape[-1] * layer.kv_heads
    ):
        raise node.error(
            f"has {layer.heads} heads in {q.shape[-1]} channels of q and {layer.kv_heads} in "
            f"{k.shape[-1]} of k, expected heads of the same size."
        )
    if q.shape[-1] // layer.heads > MOST_HEAD or max(layer.context, k.shape[-2]) > MOST_MOMENTS:
        raise node.error(
            f"has heads of more than {MOST_HEAD} channels or more than {MOST_MOMENTS} moments."
        )


def _expect_memory(node: Node, layer: Attention) -> None:
    for place, like in ((3, node.input(1)), (4, node.input(2))):
        kept = node.input(place)
        node.expect_same_element(like, kept)
        node.expect_shape(kept, (layer.context, like.shape[-1]))
        if kept.quantization != like.quantization:
            raise node.error("has another scale than what it remembers; quantize again.", kept)
    node.expect_element(node.input(5), ir.Element.INT32)
    node.expect_shape(node.input(5), (1,))
    for place in VARIABLES:
        if not node.input(place).is_variable:
            raise node.error("is no variable; export the model again.", node.input(place))


def _expect_mask(node: Node, layer: Attention) -> None:
    q, k, mask = node.input(0), node.input(1), node.input(3)
    real = q.element is ir.Element.FLOAT32
    if real and mask.element is ir.Element.BOOLEAN:
        raise node.error(
            "is of booleans, expected a float32 mask that is added to scores: 0, and minus "
            "infinity where a key is hidden; let the model choose between them "
            "(torch.where(seen, 0.0, -math.inf)).",
            mask,
        )
    also = () if real else (q.element, ir.Element.BOOLEAN)
    node.expect_element(mask, ir.Element.FLOAT32, *also)
    if mask.element is q.element and not real:
        node.expect_symmetric_words(mask)
    if not real and mask.element is not ir.Element.BOOLEAN:
        _expect_reach(node, layer, mask)
    *before, moments, seen = (1, 1, *mask.shape)
    of, above = layer.heads if layer.mask_of_head else 1, math.prod(before)
    if (
        seen != k.shape[-2]
        or moments not in (1, q.shape[-2])
        or above not in (of, of * math.prod(q.shape[:-2]))
    ):
        expected = f"{of}x" * layer.mask_of_head + f"{q.shape[-2]}x{k.shape[-2]}"
        raise node.error(f"has shape {shape_text(mask.shape)}, expected {expected}.", mask)


def _expect_reach(node: Node, layer: Attention, mask: ir.Tensor) -> None:
    """So many steps as a mask adds at most are enough to hide what it hides."""
    step = _unit(layer, node)
    reach = MOST[node.input(0).element.dtype][0] * step
    data = mask.data if mask.element is ir.Element.FLOAT32 else None
    if reach >= HIDES or (data is not None and ((data == 0) | (data <= -HIDES)).all()):
        return
    raise node.error(
        f"has scores of {step:.2g} a step, of which a mask adds {reach:.2g} at most, "
        "so that all of it would weigh the same; take a larger scale, or keep it in float32.",
        mask,
    )


def cpp(layer: Attention, node: Node) -> Cpp:
    head = node.input(0).shape[-1] // layer.heads
    span = f"graven::{layer.span}"
    if layer.remembers:
        span += f"({layer.context})"
    type = template(
        "Attention", str(layer.heads), str(layer.kv_heads), str(head), span, real(layer.scale),
        f"graven::MaskOf::{'head' if layer.mask_of_head else 'all_heads'}",
        defaults=("graven::everything", real(0.0), "graven::MaskOf::all_heads"),
    )  # fmt: skip
    masked = not layer.remembers and node.optional(3) is not None
    seen = layer.context or node.input(1).shape[-2]
    return Cpp(
        type,
        inputs=computed(node, *range(4 if masked else 3)),
        output=True,
        macs=2 * math.prod(node.output.shape) * seen,
    )


def reference(layer: Attention, node: Node, values: Values) -> np.ndarray:
    q, k, v = values[:3]
    shape = q.shape
    q, k, v = (each.reshape(-1, *each.shape[-2:]) for each in (q, k, v))
    mask = None if layer.remembers or len(values) < 4 else values[3]
    if mask is not None:
        of = layer.heads if layer.mask_of_head else 1
        mask = mask.reshape(-1, of, *((1, *mask.shape)[-2:]))
        mask = np.broadcast_to(mask, (len(q), of, q.shape[1], k.shape[1]))
    found = np.empty(q.shape, dtype=q.dtype)
    for row in range(len(q)):
        for x in range(q.shape[1]):
            if layer.remembers:
                keys, kept = _remember(layer, values, k[row, x], v[row, x])
            else:
                seen = x + 1 if layer.span == "past" else k.shape[1]
                keys, kept = k[row, :seen], v[row, :seen]
            added = None if mask is None else mask[row, :, x, : len(keys)]
            found[row, x] = _attend(layer, node, q[row, x], keys, kept, added)
    return found.reshape(shape)


def _remember(
    layer: Attention, values: Values, k: np.ndarray, v: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    keys, kept, position = values[3:]
    at = int(position[0])
    slot = at % layer.context if layer.span == "sliding" else min(at, layer.context - 1)
    keys[slot], kept[slot] = k, v
    position[0] = at + 1 if at + 1 < 2 * layer.context else layer.context
    seen = min(at + 1, layer.context)
    return keys[:seen], kept[:seen]


def _attend(
    layer: Attention,
    node: Node,
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    added: np.ndarray | None,
) -> np.ndarray:
    queries = q.reshape(layer.kv_heads, -1, len(q) // layer.heads)
    keys, kept = (each.reshape(len(k), layer.kv_heads, -1) for each in (k, v))
    if added is not None and len(added) > 1:  # of each head
        added = added.reshape(layer.kv_heads, -1, added.shape[-1])
    if q.dtype != np.float32:
        return _integers(layer, node, (queries, keys, kept), added).reshape(-1)
    scores = np.einsum("hqc,jhc->hqj", queries.astype(np.float64), keys.astype(np.float64))
    scores = scores * score_scale(layer, queries.shape[-1])
    if added is not None:
        scores = scores + added.astype(np.float64)
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    return np.einsum("hqj,jhc->hqc", shares, kept).astype(np.float32).reshape(-1)


def score_scale(layer: Attention, head: int) -> np.float32:
    single = np.float32
    return single(layer.scale) if layer.scale else single(1) / np.sqrt(single(head))


def _unit(layer: Attention, node: Node) -> float:
    """Of a score."""
    q, k = node.input(0), node.input(1)
    return scale_of(q) * scale_of(k) * float(score_scale(layer, q.shape[-1] // layer.heads))


def _masked(
    layer: Attention, node: Node, scores: np.ndarray, added: np.ndarray | None
) -> np.ndarray:
    """Scores of heads, queries and moments, with what the mask adds to those of each moment."""
    if added is None:
        return scores
    mask, (most, hidden) = node.input(3), MOST[node.input(0).element.dtype]
    if mask.element is ir.Element.BOOLEAN:
        return np.where(added, scores, hidden)
    unit, zero_point = 1.0, 0
    if mask.element is not ir.Element.FLOAT32:
        unit, zero_point = scale_of(mask), zero_point_of(mask)
        added = added.astype(np.int64) - zero_point
    with np.errstate(over="ignore", invalid="ignore"):
        steps = added.astype(np.float32) * np.float32(unit / _unit(layer, node))
    seen = steps > np.float32(-most)  # no NaN is
    whole = np.where(seen, np.minimum(steps, np.float32(most)), 0).astype(np.int64)
    return np.where(seen, scores + whole, hidden)


def _octaves(layer: Attention, node: Node, below: np.ndarray) -> np.ndarray:
    """Exponentials of 15 bits, of int8 scores so far below the largest."""
    factor = _unit(layer, node) * (256 * OF_E)
    least = int(min(16 * 256 / factor + 1, 1e9))
    most, down = layer.context or node.input(1).shape[-2], 0
    while most >> down > 256:
        down += 1
    near = np.minimum(below, least)
    steps = arithmetic.multiply(near, *arithmetic.quantize_multiplier(factor))
    return np.where(below < least, OCTAVE[steps % 256] >> (steps // 256 + down), 0)


def _fine_octaves(layer: Attention, node: Node, below: np.ndarray) -> np.ndarray:
    """Of 24 bits, of int16 scores."""
    real = scaled = _unit(layer, node) * (65536 * OF_E)
    shift = 0
    while shift < 41 and scaled < 32768:
        scaled, shift = 2 * scaled, shift + 1
    multiplier = int(scaled + 0.5) if scaled < 1e9 else 10**9
    least = int(min(24 * 65536 / (real if real > 0 else 1) + 1, 1e15))
    t = (np.minimum(below, least) * multiplier + ((1 << shift) >> 1)) >> shift
    at = (t >> 8) & 255
    fine = FINE[at] - ((FINE[at] - FINE[at + 1]) * (t & 255) >> 8)
    return np.where(below < least, fine >> np.minimum((t >> 16) + 6, 63), 0)


def _integers(
    layer: Attention, node: Node, operands: Sequence[np.ndarray], added: np.ndarray | None
) -> np.ndarray:
    tensors = [node.input(place) for place in range(3)]
    q, k, v = (
        each.astype(np.int64) - zero_point_of(tensor)
        for each, tensor in zip(operands, tensors, strict=True)
    )
    scores = _masked(layer, node, np.einsum("hqc,jhc->hqj", q, k), added)
    below = scores.max(axis=-1, keepdims=True) - scores
    dtype = operands[0].dtype
    shares, reach = (_octaves, 1024) if dtype == np.int8 else (_fine_octaves, 40000)
    parts = shares(layer, node, below)
    sums = parts.sum(axis=-1, keepdims=True)
    ratio = np.float32(scale_of(tensors[2])) / np.float32(scale_of(node.output))
    found = np.einsum("hqj,jhc->hqc", parts, v).astype(np.float32)
    found = found * (ratio / sums.astype(np.float32))
    whole = np.clip(found, np.float32(-reach), np.float32(reach)).astype(np.float64)
    steps = np.trunc(whole + np.copysign(0.5, whole)).astype(np.int64)
    limits = np.iinfo(dtype)
    steps += zero_point_of(node.output)
    return arithmetic.clamp(steps, (limits.min, limits.max), dtype.type)
