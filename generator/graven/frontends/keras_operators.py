"""Recurrent layers, attention, norms and keras.ops, which come as layers of their own: what is told
by several operators (functions.py, recurrent.py); keras_layers.py has the others.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from graven.frontends import functions, products, recurrent, transformers
from graven.frontends.keras import Layer
from graven.frontends.nchw import Draft, View
from graven.layers.gru import Gru
from graven.layers.lstm import Lstm
from graven.layers.simple_rnn import SimpleRnn

Handler = Callable[[Draft, Layer, list], Any]


def first(draft: Draft, view: View) -> View:
    """The view with its channels stated first."""
    rank = len(view.shape)
    return draft.transpose(view, (0, rank - 1, *range(1, rank - 1)))


def last(draft: Draft, view: View) -> View:
    rank = len(view.shape)
    return draft.transpose(view, (0, *range(2, rank), 1))


def operand(value: Any) -> View | np.ndarray:
    return value if isinstance(value, View) else np.asarray(value, np.float32)


def axes_of(layer: Layer, view: View) -> Sequence[int]:
    axes = layer.config.get("axis")
    if axes is None:
        return range(len(view.shape))
    return axes if isinstance(axes, list) else [axes]


# -- recurrent layers -----------------------------------------------------------------------------


def cell_of(draft: Draft, kind: str, config: dict, weights: Sequence[np.ndarray]) -> recurrent.Cell:
    """Kernels are inputs x gates; GRU's bias may have a row for each kernel."""
    expect_activations(draft, kind, config)
    count = {"LSTM": 4, "GRU": 3}.get(kind, 1)
    kernel, again, *bias = (np.asarray(each, np.float32) for each in weights)
    units = again.shape[0]
    both = bias[0] if bias else np.zeros(count * units, np.float32)
    own = both if both.ndim == 2 else np.stack([both, 0 * both])
    record = {
        "LSTM": lambda: Lstm(time_major=True),
        "GRU": lambda: Gru(True, bool(config.get("reset_after", False))),
        "SimpleRNN": lambda: SimpleRnn(True, config["activation"] == "relu"),
    }[kind]()
    parts = [np.split(each, count, axis=-1) for each in (kernel, again, *own)]
    inputs, recurrents = ([np.ascontiguousarray(one.T) for one in each] for each in parts[:2])
    return recurrent.Cell(record, inputs, recurrents, *parts[2:])


def expect_activations(draft: Draft, kind: str, config: dict) -> None:
    stated = config.get("activation"), config.get("recurrent_activation", "sigmoid")
    usual = [("tanh", "sigmoid")] + [("relu", "sigmoid")] * (kind == "SimpleRNN")
    if stated not in usual:
        raise draft.error(
            f"has the activations {stated[0]} and {stated[1]}, expected tanh and sigmoid."
        )


def sequence(draft: Draft, layer: Layer, views: list) -> list[View]:
    """Of one direction."""
    kind, config, (view, *begin) = layer.kind, layer.config, views
    if config.get("stateful") and view.shape[1] > 1:
        raise draft.error(
            "keeps its state between sequences of several moments (stateful); give it one moment, "
            "of which the state lasts from run to run."
        )
    cell = cell_of(draft, kind, config, layer.weights)
    backwards = bool(config.get("go_backwards"))
    if begin or (kind == "LSTM" and config.get("return_state")):
        states = [[each] for each in (*begin, None, None)[:2]]
        rows = draft.reshape(view, (view.shape[1], 1, view.shape[2]))
        found, ends, kept = recurrent.stepped(draft, rows, [[cell]], *states, backwards)
    else:
        (found, ends), kept = recurrent.run(draft, view, [[cell]], backwards), []
    if not config.get("return_sequences"):
        found = ends[0]
    else:
        found = draft.reshape(found, (1, view.shape[1], cell.units))
        found = functions.reversed_along(draft, found, [1]) if backwards else found
    if not config.get("return_state"):
        return [found]
    return [found, ends[0], *(kept if kind == "LSTM" else [])]


def bidirectional(draft: Draft, layer: Layer, views: list) -> View | list[View]:
    inner = layer.config["layer"]
    mode = layer.config.get("merge_mode", "concat")
    if mode not in ("concat", "sum", "mul", "ave") or len(views) > 1:
        raise draft.error(f"merges by '{mode}' or is given states; merge by concat, sum, mul, ave.")
    if inner["class_name"] not in ("GRU", "LSTM", "SimpleRNN"):
        raise draft.error(f"runs a {inner['class_name']} both ways; run LSTM, GRU or SimpleRNN so.")
    half = len(layer.weights) // 2
    parts = [layer.weights[:half], layer.weights[half:]]
    parts = parts[::-1] if layer.by_name else parts  # backward_layer lies before forward_layer
    made = []
    for backwards, weights in enumerate(parts):
        config = {**inner["config"], "go_backwards": bool(backwards), "return_state": False}
        one = replace(layer, kind=inner["class_name"], config=config, weights=weights)
        (found,) = sequence(draft, one, views)
        turned = backwards and config.get("return_sequences")
        made.append(functions.reversed_along(draft, found, [1]) if turned else found)
    if mode == "concat":
        return draft.concat(made, -1)
    found = draft.binary("MUL" if mode == "mul" else "ADD", *made)
    return functions.times(draft, found, 0.5 if mode == "ave" else 1.0)


def time_distributed(draft: Draft, layer: Layer, views: list) -> View:
    """Its layer for each moment."""
    from graven.frontends import keras_layers

    inner, (view,) = layer.config["layer"], views
    handler = keras_layers.HANDLERS.get(inner["class_name"])
    if handler is None or "layers" in inner["config"]:
        raise draft.error(f"repeats a {inner['class_name']}; repeat layers one by one.")
    one = replace(layer, kind=inner["class_name"], config=inner["config"])
    parts = draft.split(view, 1, [1] * view.shape[1]) if view.shape[1] > 1 else [view]
    made = []
    for each in parts:
        found = handler(draft, one, [draft.reshape(each, (1, *view.shape[2:]))])
        found = found[0] if isinstance(found, list) else found
        made.append(draft.reshape(found, (1, 1, *found.shape[1:])))
    return draft.concat(made, 1) if len(made) > 1 else made[0]


# -- attention, norms, products -------------------------------------------------------------------


def multi_head_attention(draft: Draft, layer: Layer, views: list) -> View:
    config, (query, value, *rest) = layer.config, views
    if config.get("use_gate") or config.get("sliding_window"):
        raise draft.error("gates or slides; use plain attention.")
    key = rest[0] if rest else value
    biased = bool(config.get("use_bias", True))
    arrays = iter(layer.weights)
    names = ("key", "output", "query", "value") if layer.by_name else (
        "query", "key", "value", "output"
    )  # fmt: skip
    parts = {name: (next(arrays), next(arrays) if biased else None) for name in names}
    heads = parts["query"][0].shape[1]

    def projected(name: str, view: View) -> View:
        kernel, bias = parts[name]
        moments = math.prod(view.shape[1:-1])
        flat = draft.reshape(view, (1, moments, view.shape[-1]))
        weights = np.ascontiguousarray(kernel.reshape(kernel.shape[0], -1).T)
        made = draft.dense(flat, weights, None if bias is None else bias.reshape(-1))
        split = draft.reshape(made, (1, moments, heads, kernel.shape[-1]))
        return draft.transpose(split, (0, 2, 1, 3))

    given = {
        "query": projected("query", query), "key": projected("key", key),
        "value": projected("value", value), "attn_mask": None, "dropout_p": 0.0, "scale": None,
        "is_causal": bool(layer.keywords.get("use_causal_mask")),
    }  # fmt: skip
    made = transformers.attention(SimpleNamespace(draft=draft), given)
    made = draft.transpose(made, (0, 2, 1, 3))
    kernel, bias = parts["output"]
    flat = draft.reshape(made, (1, made.shape[1], math.prod(made.shape[2:])))
    weights = np.ascontiguousarray(kernel.reshape(-1, kernel.shape[-1]).T)
    return draft.reshape(draft.dense(flat, weights, bias), (*query.shape[:-1], kernel.shape[-1]))


def attention(draft: Draft, layer: Layer, views: list) -> View:
    """Attention and AdditiveAttention: of a query, values and perhaps keys."""
    query, value, *rest = views
    key = rest[0] if rest else value
    if layer.kind == "AdditiveAttention":
        q = draft.reshape(query, (1, query.shape[1], 1, query.shape[2]))
        k = draft.reshape(key, (1, 1, *key.shape[1:]))
        whole = draft.expand(q, (1, query.shape[1], *key.shape[1:]))
        sums = draft.unary("TANH", draft.binary("ADD", whole, k))
        sums = draft.binary("MUL", sums, layer.weights[0]) if layer.weights else sums
        scores = draft.reduce("SUM", sums, [3], keep=False)
    elif layer.config.get("score_mode", "dot") != "dot":
        raise draft.error("has a score other than the dot product; use that.")
    else:
        scores = draft.matmul(query, draft.transpose(key, (0, 2, 1)))
        scores = draft.binary("MUL", scores, layer.weights[0]) if layer.weights else scores
    return draft.matmul(draft.softmax(scores, -1), value)


def dot(draft: Draft, layer: Layer, views: list) -> View:
    a, b = (list("xyz"[: len(view.shape)]) for view in views)
    b = [each.upper() for each in b]
    axes = layer.config["axes"]
    axes = [axes, axes] if isinstance(axes, int) else axes
    if layer.config.get("normalize"):
        views = [unit(draft, view, axis) for view, axis in zip(views, axes, strict=True)]
    b[0], b[axes[1]] = a[0], a[axes[0]]
    out = [*(each for each in a if each not in b or each == a[0]),
           *(each for each in b if each not in a)]  # fmt: skip
    found = products.einsum(draft, f"{''.join(a)},{''.join(b)}->{''.join(out)}", views)
    return draft.reshape(found, (1, 1)) if len(found.shape) == 1 else found


def unit(draft: Draft, view: View, axis: int) -> View:
    squares = draft.reduce("SUM", draft.binary("MUL", view, view), [axis], keep=True)
    size = draft.unary("SQRT", draft.binary("MAXIMUM", squares, np.float32([1e-12])))
    return draft.binary("DIV", view, size)


def unit_normalization(draft: Draft, layer: Layer, views: list) -> View:
    axis = layer.config.get("axis", -1)
    return unit(draft, views[0], axis[0] if isinstance(axis, list) else axis)


def layer_normalization(draft: Draft, layer: Layer, views: list) -> View:
    (view,), config = views, layer.config
    axes = config.get("axis", -1)
    axes = sorted(each % len(view.shape) for each in (axes if isinstance(axes, list) else [axes]))
    if axes != list(range(axes[0], len(view.shape))):
        raise draft.error("normalizes other axes than the last ones.")
    left = list(layer.weights)
    scale = left.pop(0) if config.get("scale", True) else None
    offset = left.pop(0) if config.get("center", True) and left else None
    is_rms = config.get("rms_scaling") or layer.kind == "RMSNormalization"
    name, factors = ("RMS_NORM", [scale]) if is_rms else ("LAYER_NORM", [scale, offset])
    return functions.norm(draft, name, view, len(axes), factors, config.get("epsilon", 1e-3))


def group_normalization(draft: Draft, layer: Layer, views: list) -> View:
    (view,), config = views, layer.config
    if config.get("axis", -1) % len(view.shape) != len(view.shape) - 1:
        raise draft.error("normalizes another axis than that of the channels, the last.")
    left = list(layer.weights)
    scale = left.pop(0) if config.get("scale", True) else None
    offset = left.pop(0) if config.get("center", True) else None
    groups = view.shape[-1] if config["groups"] == -1 else config["groups"]
    epsilon = config.get("epsilon", 1e-3)
    made = functions.group_norm(draft, first(draft, view), groups, scale, offset, epsilon)
    return last(draft, made)


def embedding(draft: Draft, layer: Layer, views: list) -> View:
    return draft.embedding(layer.weights[0], views[0])


def resizing(draft: Draft, layer: Layer, views: list) -> View:
    config = layer.config
    kind = config.get("interpolation", "bilinear")
    odd = ("antialias", "crop_to_aspect_ratio", "pad_to_aspect_ratio")
    if kind not in ("nearest", "bilinear") or any(config.get(each) for each in odd):
        raise draft.error("resizes otherwise than nearest or bilinear of the whole image.")
    name = "RESIZE_BILINEAR" if kind == "bilinear" else "RESIZE_NEAREST_NEIGHBOR"
    size = config["height"], config["width"]
    return last(draft, draft.resize(first(draft, views[0]), name, size, False, True))


# -- keras.ops ------------------------------------------------------------------------------------


def by(function: Callable[[Draft, View], View]) -> Handler:
    return lambda draft, layer, views: function(draft, views[0])


def unary(name: str) -> Handler:
    return by(lambda draft, view: draft.unary(name, view))


def square(draft: Draft, view: View) -> View:
    return draft.binary("MUL", view, view)


def silu(draft: Draft, view: View) -> View:
    return draft.binary("MUL", view, draft.unary("LOGISTIC", view))


def log_sigmoid(draft: Draft, view: View) -> View:
    turned = functions.softplus(draft, draft.unary("NEG", view))
    return draft.unary("NEG", turned)


def reduction(name: str) -> Handler:
    return lambda draft, layer, views: draft.reduce(
        name, views[0], axes_of(layer, views[0]), bool(layer.config.get("keepdims"))
    )


def variance(draft: Draft, layer: Layer, views: list) -> View:
    keep = bool(layer.config.get("keepdims"))
    found = functions.variance(draft, views[0], axes_of(layer, views[0]), 0, keep)
    return draft.unary("SQRT", found) if layer.kind == "Std" else found


def extreme_place(name: str) -> Handler:
    def handler(draft: Draft, layer: Layer, views: list) -> View:
        view, axis = views[0], layer.config.get("axis")
        if axis is None:
            view, axis = draft.reshape(view, (math.prod(view.shape),)), 0
        keep = bool(layer.config.get("keepdims"))
        return functions.extreme_place(draft, name, view, axis, keep)

    return handler


def clip(draft: Draft, layer: Layer, views: list) -> View:
    return draft.clip(views[0], float(layer.config["x_min"]), float(layer.config["x_max"]))


def power(draft: Draft, layer: Layer, views: list) -> View:
    return functions.raised(draft, *views)


def flip(draft: Draft, layer: Layer, views: list) -> View:
    return functions.reversed_along(draft, views[0], axes_of(layer, views[0]))


def roll(draft: Draft, layer: Layer, views: list) -> View:
    if not isinstance(layer.config.get("axis"), int):
        raise draft.error("rolls several axes; roll one.")
    return functions.rolled(draft, views[0], layer.config["axis"], layer.config["shift"])


def cumulative_sum(draft: Draft, layer: Layer, views: list) -> View:
    return functions.cumulative_sum(draft, views[0], axes_of(layer, views[0])[0])


def stack(draft: Draft, layer: Layer, views: list) -> View:
    axis = layer.config.get("axis", 0) % (len(views[0].shape) + 1)
    shape = list(views[0].shape)
    shape.insert(axis, 1)
    return draft.concat([draft.reshape(each, tuple(shape)) for each in views], axis)


def split(draft: Draft, layer: Layer, views: list) -> list[View]:
    (view,), how = views, layer.config["indices_or_sections"]
    axis = layer.config.get("axis", 0) % len(view.shape)
    extent = view.shape[axis]
    if isinstance(how, int):
        return draft.split(view, axis, [extent // how] * how)
    sizes = [end - start for start, end in itertools.pairwise([0, *how, extent])]
    return draft.split(view, axis, sizes)


def transpose(draft: Draft, layer: Layer, views: list) -> View:
    axes = layer.config.get("axes") or range(len(views[0].shape))[::-1]
    return draft.transpose(views[0], tuple(axes))


def matmul(draft: Draft, layer: Layer, views: list) -> View:
    return products.matmul(draft, *map(operand, views))


def einsum(draft: Draft, layer: Layer, views: list) -> View:
    return products.einsum(draft, layer.config["subscripts"], [operand(each) for each in views])


def pad(draft: Draft, layer: Layer, views: list) -> View:
    (view, *_), pads = views, [tuple(each) for each in layer.config["pad_width"]]
    mode = layer.config.get("mode", "constant")
    if mode in ("edge", "wrap"):
        return functions.padded_like(draft, view, pads, mode == "wrap")
    return draft.pad(view, pads, mode, float(layer.keywords.get("constant_values") or 0))


def expand_dims(draft: Draft, layer: Layer, views: list) -> View:
    shape = list(views[0].shape)
    for axis in axes_of(layer, views[0]):
        shape.insert(axis % (len(shape) + 1), 1)
    return draft.reshape(views[0], tuple(shape))


def squeeze(draft: Draft, layer: Layer, views: list) -> View:
    (view,), rank = views, len(views[0].shape)
    gone = {axis % rank for axis in axes_of(layer, view) if view.shape[axis] == 1}
    return draft.reshape(view, tuple(n for axis, n in enumerate(view.shape) if axis not in gone))


def get_item(draft: Draft, layer: Layer, views: list) -> View:
    """view[...], by whole numbers, slices, None and one Ellipsis."""
    view, places = views[0], layer.arguments[1]
    places = places if isinstance(places, list) else [places]
    kinds = [each.get("class_name") if isinstance(each, dict) else each for each in places]
    if "__ellipsis__" in kinds:
        at = kinds.index("__ellipsis__")
        missing = len(view.shape) - sum(each is not None for each in kinds) + 1
        whole = {"class_name": "__slice__", "config": {}}
        places = [*places[:at], *[whole] * missing, *places[at + 1 :]]
    starts, ends, steps, shape = [0] * len(view.shape), list(view.shape), [1] * len(view.shape), []
    axis = 0
    for each in places:
        if each is None:
            shape.append(1)
            continue
        if isinstance(each, int):
            starts[axis] = each % view.shape[axis]
            ends[axis] = starts[axis] + 1
        else:
            limits = [each["config"].get(name) for name in ("start", "stop", "step")]
            starts[axis], ends[axis], steps[axis] = slice(*limits).indices(view.shape[axis])
            if steps[axis] < 1:
                raise draft.error("goes backwards; use keras.ops.flip.")
            shape.append(len(range(starts[axis], ends[axis], steps[axis])))
        axis += 1
    found = draft.strided(view, starts, ends, steps)
    return draft.reshape(found, (*shape, *view.shape[axis:]))


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(("GRU", "LSTM", "SimpleRNN"), sequence), "Bidirectional": bidirectional,
    "TimeDistributed": time_distributed, "MultiHeadAttention": multi_head_attention,
    **dict.fromkeys(("AdditiveAttention", "Attention"), attention), "Dot": dot,
    "UnitNormalization": unit_normalization, "GroupNormalization": group_normalization,
    **dict.fromkeys(("LayerNormalization", "RMSNormalization"), layer_normalization),
    "Embedding": embedding, "Resizing": resizing,
    "Absolute": unary("ABS"), "Abs": unary("ABS"), "Ceil": unary("CEIL"), "Cos": unary("COS"),
    "Exp": unary("EXP"), "Floor": unary("FLOOR"), "Log": unary("LOG"), "Negative": unary("NEG"),
    "Relu": unary("RELU"), "Relu6": unary("RELU6"), "Rsqrt": unary("RSQRT"),
    "Sigmoid": unary("LOGISTIC"), "Sign": unary("SIGN"), "Sin": unary("SIN"), "Sqrt": unary("SQRT"),
    "Tanh": unary("TANH"), "Silu": by(silu), "Square": by(square),
    "Softplus": by(functions.softplus), "Mean": reduction("MEAN"), "Sum": reduction("SUM"),
    **dict.fromkeys(("Amax", "Max"), reduction("REDUCE_MAX")),
    **dict.fromkeys(("Amin", "Min"), reduction("REDUCE_MIN")),
    "Prod": reduction("REDUCE_PROD"), "Var": variance, "Std": variance,
    "Argmax": extreme_place("ARG_MAX"), "Argmin": extreme_place("ARG_MIN"), "Clip": clip,
    "Power": power, "Flip": flip, "Roll": roll, "Cumsum": cumulative_sum, "Stack": stack,
    "Split": split, "Transpose": transpose, "Matmul": matmul, "Einsum": einsum, "Pad": pad,
    "ExpandDims": expand_dims, "Squeeze": squeeze, "GetItem": get_item,
}  # fmt: skip
