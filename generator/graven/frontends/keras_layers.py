"""What each class of Keras' layers computes. Shapes are stated channels last, as Keras does it; the
Draft's windows want channels first, which a view gives for nothing.
"""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from graven.frontends import functions, keras_operators, products
from graven.frontends.keras import Layer
from graven.frontends.keras_operators import first, last, operand
from graven.frontends.nchw import Draft, Sliding, View
from graven.node import shape_text
from graven.window import span

Handler = Callable[[Draft, Layer, list], Any]
HANDLERS: dict[str, Handler] = dict(keras_operators.HANDLERS)
INSTEAD = {"Lambda": "its code is not in the file; use layers or keras.ops"}
UNCHANGED = (
    "ActivityRegularization", "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise",
    "Identity", "SpatialDropout1D", "SpatialDropout2D",
)  # fmt: skip
"""What acts in training alone."""


def handles(*kinds: str) -> Callable[[Handler], Handler]:
    def add(function: Handler) -> Handler:
        HANDLERS.update(dict.fromkeys(kinds, function))
        return function

    return add


# -- channels -------------------------------------------------------------------------------------


def check_channels(draft: Draft, layer: Layer) -> None:
    if layer.config.get("data_format", "channels_last") == "channels_first":
        raise draft.error("has its channels first; build the model with channels_last.")


def several(value: Any, count: int) -> tuple[int, ...]:
    values = list(value) if isinstance(value, list | tuple) else [value]
    return tuple(int(each) for each in (values * count if len(values) == 1 else values))


def pads(
    draft: Draft,
    layer: Layer,
    extents: Sequence[int],
    filter: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
) -> list[tuple[int, int]]:
    kind = str(layer.config.get("padding", "valid")).lower()
    if kind == "valid":
        return [(0, 0)] * len(filter)
    if kind == "causal":
        return [((filter[0] - 1) * dilation[0], 0)]
    if kind != "same":
        raise draft.error(f"has the padding '{kind}', expected valid, same or causal.")
    found = []
    for numbers in zip(extents, filter, stride, dilation, strict=True):
        extent, size, step, apart = numbers
        like = span(extent, size, step, apart, "SAME")
        whole = max((like.output - 1) * step + (size - 1) * apart + 1 - extent, 0)
        found.append((like.before, whole - like.before))
    return found


# -- convolutions, pools, products ----------------------------------------------------------------


def convolved(
    draft: Draft, layer: Layer, view: View, weights: np.ndarray, bias: Any, groups: int
) -> View:
    """Weights are OIHW."""
    count = weights.ndim - 2
    stride = several(layer.config["strides"], count)
    dilation = several(layer.config.get("dilation_rate", 1), count)
    view = first(draft, view)
    border = pads(draft, layer, view.shape[2:], weights.shape[2:], stride, dilation)
    sliding = Sliding(stride, dilation, border, groups)
    return last(draft, draft.conv(view, weights, bias, sliding))


@handles("Conv1D", "Conv2D", "Conv3D", "Convolution1D", "Convolution2D")
def _conv(draft: Draft, layer: Layer, views: list) -> View:
    check_channels(draft, layer)
    kernel, *bias = layer.weights
    weights = np.moveaxis(kernel, (-1, -2), (0, 1))
    made = convolved(draft, layer, views[0], weights, *(bias or [None]),
                     groups=layer.config.get("groups", 1))  # fmt: skip
    return activated(draft, layer, made)


def one_each(kernel: np.ndarray) -> np.ndarray:
    """A depthwise kernel as OIHW of as many groups as channels."""
    outer = kernel.shape[:-2]
    return np.moveaxis(kernel.reshape(*outer, -1), -1, 0)[:, None]


@handles("DepthwiseConv1D", "DepthwiseConv2D")
def _depthwise(draft: Draft, layer: Layer, views: list) -> View:
    check_channels(draft, layer)
    kernel, *bias = layer.weights
    groups = kernel.shape[-2]
    made = convolved(draft, layer, views[0], one_each(kernel), *(bias or [None]), groups=groups)
    return activated(draft, layer, made)


@handles("SeparableConv1D", "SeparableConv2D")
def _separable(draft: Draft, layer: Layer, views: list) -> View:
    check_channels(draft, layer)
    depthwise, pointwise, *bias = layer.weights
    groups = depthwise.shape[-2]
    made = convolved(draft, layer, views[0], one_each(depthwise), None, groups)
    weights = np.moveaxis(pointwise, (-1, -2), (0, 1))
    ones = (1,) * (weights.ndim - 2)
    sliding = Sliding(ones, ones, [(0, 0)] * len(ones))
    view = draft.conv(first(draft, made), weights, *(bias or [None]), sliding)
    return activated(draft, layer, last(draft, view))


@handles("Conv1DTranspose", "Conv2DTranspose")
def _conv_transpose(draft: Draft, layer: Layer, views: list) -> View:
    check_channels(draft, layer)
    kernel, *bias = layer.weights
    count = kernel.ndim - 2
    beyond = layer.config.get("output_padding")
    if beyond is not None or set(several(layer.config.get("dilation_rate", 1), count)) != {1}:
        raise draft.error("is dilated or has output_padding; use UpSampling2D and Conv2D.")
    stride = several(layer.config["strides"], count)
    cut = [(0, 0)] * count
    if str(layer.config["padding"]).lower() == "same":
        whole = [size - step for size, step in zip(kernel.shape, stride, strict=False)]
        cut = [(each // 2, each - each // 2) for each in whole]
    weights = np.moveaxis(kernel, (-1, -2), (0, 1))  # of HWOI
    view = first(draft, views[0])
    made = functions.conv_transpose(draft, view, weights, *(bias or [None]), stride, cut)
    return activated(draft, layer, last(draft, made))


def _pool(kind: str) -> Handler:
    def handler(draft: Draft, layer: Layer, views: list) -> View:
        check_channels(draft, layer)
        view = first(draft, views[0])
        count = len(view.shape) - 2
        filter = several(layer.config["pool_size"], count)
        given = layer.config.get("strides")
        stride = several(given, count) if given else filter
        border = pads(draft, layer, view.shape[2:], filter, stride, (1,) * count)
        if count == 3:
            how = (kind, view, filter, stride, border, False, False)
            return last(draft, functions.pool_volume(draft, *how))
        return last(draft, draft.pool(kind, view, filter, stride, border))

    return handler


def _global_pool(kind: str) -> Handler:
    def handler(draft: Draft, layer: Layer, views: list) -> View:
        check_channels(draft, layer)
        axes = range(1, len(views[0].shape) - 1)
        return draft.reduce(kind, views[0], axes, bool(layer.config.get("keepdims", False)))

    return handler


for _axes in ("1D", "2D", "3D"):
    HANDLERS[f"MaxPooling{_axes}"] = HANDLERS[f"MaxPool{_axes}"] = _pool("MAX")
    HANDLERS[f"AveragePooling{_axes}"] = HANDLERS[f"AvgPool{_axes}"] = _pool("AVERAGE")
    HANDLERS[f"GlobalAveragePooling{_axes}"] = _global_pool("MEAN")
    HANDLERS[f"GlobalMaxPooling{_axes}"] = _global_pool("REDUCE_MAX")


@handles("Dense")
def _dense(draft: Draft, layer: Layer, views: list) -> View:
    kernel, *bias = layer.weights
    made = draft.dense(views[0], np.ascontiguousarray(kernel.T), *(bias or [None]))
    return activated(draft, layer, made)


# -- normalization and scaling --------------------------------------------------------------------


def channel_axis(draft: Draft, layer: Layer, view: View) -> None:
    axis = layer.config.get("axis", -1)
    axes = axis if isinstance(axis, list) else [axis]
    if [each % len(view.shape) for each in axes] != [len(view.shape) - 1]:
        raise draft.error(f"normalizes axis {axis}, expected the last one, of the channels.")


@handles("BatchNormalization")
def _batch_normalization(draft: Draft, layer: Layer, views: list) -> View:
    channel_axis(draft, layer, views[0])
    left = list(layer.weights)
    count = len(left[-1])
    scale = left.pop(0) if layer.config.get("scale", True) else np.ones(count, np.float32)
    offset = left.pop(0) if layer.config.get("center", True) else np.zeros(count, np.float32)
    mean, variance = left
    epsilon = layer.config.get("epsilon", 1e-3)
    return last(
        draft, draft.normalized(first(draft, views[0]), scale, offset, mean, variance, epsilon)
    )


@handles("Rescaling")
def _rescaling(draft: Draft, layer: Layer, views: list) -> View:
    return scaled(draft, views[0], layer.config["scale"], layer.config.get("offset", 0.0))


def scaled(draft: Draft, view: View, factor: Any, offset: Any) -> View:
    for name, value in (("MUL", factor), ("ADD", offset)):
        constant = np.asarray(value, np.float32)
        if np.any(constant != (1.0 if name == "MUL" else 0.0)):
            view = draft.binary(name, view, constant)
    return view


@handles("Normalization")
def _normalization(draft: Draft, layer: Layer, views: list) -> View:
    config = layer.config
    if config.get("invert"):
        raise draft.error("inverts; scale the data outside of the model.")
    if config.get("axis", -1) not in (None, []):
        channel_axis(draft, layer, views[0])
    given = layer.weights[:2] or [config.get("mean"), config.get("variance")]
    if any(each is None for each in given):
        raise draft.mistake("has no mean and variance; call adapt() before saving.")
    mean, variance = (np.asarray(each, np.float64) for each in given)
    factor = 1.0 / np.maximum(np.sqrt(variance), 1e-7)
    return scaled(draft, views[0], factor.astype(np.float32), (-mean * factor).astype(np.float32))


# -- element by element ---------------------------------------------------------------------------

PLAIN = {
    "exponential": "EXP", "relu": "RELU", "relu6": "RELU6", "sigmoid": "LOGISTIC", "tanh": "TANH",
    "elu": "ELU", "exp": "EXP",
}  # fmt: skip
WRITTEN = {
    "celu": functions.elu, "log_sigmoid": keras_operators.log_sigmoid, "mish": functions.mish,
    "selu": functions.selu, "silu": keras_operators.silu, "softplus": functions.softplus,
    "softsign": functions.softsign, "swish": keras_operators.silu,
}  # fmt: skip


def activated(draft: Draft, layer: Layer, view: View) -> View:
    """By the layer's activation: a name, or a description of it."""
    found = layer.config.get("activation") or "linear"
    if isinstance(found, dict):
        found = found.get("config", found.get("class_name"))
        found = found if isinstance(found, str) else "?"
    return by_name(draft, layer, view, found)


def by_name(draft: Draft, layer: Layer, view: View, name: str) -> View:
    if name == "linear":
        return view
    if name in PLAIN:
        return draft.unary(PLAIN[name], view)
    if name in WRITTEN:
        return WRITTEN[name](draft, view)
    if name in ("softmax", "log_softmax"):
        return draft.softmax(view, -1, name.upper())
    if name == "leaky_relu":
        return draft.unary("LEAKY_RELU", view, {"Alpha": 0.2})
    if name == "gelu":
        return draft.unary("GELU", view, {"Approximate": False})
    if name in ("hard_swish", "hard_silu"):
        return draft.unary("HARD_SWISH", view)
    if name == "hard_sigmoid":
        return draft.scaled_relu6(view, *((1 / 6, 0.5) if layer.is_new else (0.2, 0.5)))
    known = ", ".join(sorted((*PLAIN, *WRITTEN, "softmax", "log_softmax", "leaky_relu", "gelu",
                              "hard_swish", "hard_sigmoid", "linear")))  # fmt: skip
    raise draft.error(f"has the activation '{name}', which is not supported; use one of {known}.")


@handles("Activation")
def _activation(draft: Draft, layer: Layer, views: list) -> View:
    return activated(draft, layer, views[0])


@handles("ReLU")
def _relu(draft: Draft, layer: Layer, views: list) -> View:
    config = layer.config
    slope = config.get("negative_slope") or 0.0
    most = config.get("max_value")
    threshold = config.get("threshold")
    if threshold and not slope:
        view = keras_operators.operand(views[0])
        above = functions.compared(draft, "GREATER_EQUAL", view, np.float32([threshold]))
        view = functions.chosen(draft, above, view, np.float32([0]))
        return view if most is None else draft.binary("MINIMUM", view, np.float32([most]))
    if threshold:
        raise draft.error("has a threshold and a slope; use one of them.")
    if slope and most is not None:
        raise draft.error("has a slope and a largest value; use LeakyReLU.")
    if slope:
        return draft.unary("LEAKY_RELU", views[0], {"Alpha": float(slope)})
    return draft.clip(views[0], 0.0, math.inf if most is None else float(most))


@handles("LeakyReLU")
def _leaky_relu(draft: Draft, layer: Layer, views: list) -> View:
    slope = layer.config.get("negative_slope", layer.config.get("alpha", 0.3))
    return draft.unary("LEAKY_RELU", views[0], {"Alpha": float(slope)})


@handles("PReLU")
def _prelu(draft: Draft, layer: Layer, views: list) -> View:
    """max(x, 0) + slope * min(x, 0)."""
    (view,), (slope,) = views, layer.weights
    if slope.size == 1:
        return draft.prelu(view, slope)
    below = draft.binary("MUL", draft.binary("MINIMUM", view, np.float32([0])), slope)
    return draft.binary("ADD", draft.unary("RELU", view), below)


@handles("ELU")
def _elu(draft: Draft, layer: Layer, views: list) -> View:
    return functions.elu(draft, views[0], float(layer.config.get("alpha", 1.0)))


@handles("Softmax")
def _softmax(draft: Draft, layer: Layer, views: list) -> View:
    axis = layer.config.get("axis", -1)
    if isinstance(axis, list):
        raise draft.error("works over several axes; use one.")
    return draft.softmax(views[0], axis)


@handles(*UNCHANGED)
def _unchanged(draft: Draft, layer: Layer, views: list) -> View:
    return views[0]


@handles("LayerScale")
def _layer_scale(draft: Draft, layer: Layer, views: list) -> View:
    """Of keras.applications' ConvNeXt."""
    return scaled(draft, views[0], layer.weights[0], 0.0)


@handles("EinsumDense")
def _einsum_dense(draft: Draft, layer: Layer, views: list) -> View:
    (kernel, *bias), equation = layer.weights, layer.config["equation"]
    others = sorted(set(string.ascii_lowercase) - set(equation))
    rest = len(views[0].shape) - len(equation.split(",")[0].replace("...", ""))
    whole = equation.replace("...", "".join(others[:rest]))
    found = products.einsum(draft, whole, [views[0], kernel])
    for each in bias:
        found = draft.binary("ADD", found, each)
    return activated(draft, layer, found)


@handles("ConvLSTM1D", "ConvLSTM2D")
def _conv_lstm(draft: Draft, layer: Layer, views: list) -> View | list[View]:
    """Moment by moment; both convolutions make all four gates at once."""
    check_channels(draft, layer)
    config, (view, *begin) = layer.config, views
    if begin or config.get("stateful"):
        raise draft.error("is given states or keeps them (stateful); let it begin with zeros.")
    kernel, again, *bias = layer.weights
    inputs, recurrents = (np.moveaxis(each, (-1, -2), (0, 1)) for each in (kernel, again))
    within = replace(layer, config={**config, "strides": 1, "dilation_rate": 1, "padding": "same"})
    hidden = cell = None
    made = []
    moments = range(view.shape[1])
    for at in reversed(moments) if config.get("go_backwards") else moments:
        now = draft.reshape(functions.part(draft, view, 1, at, 1), (1, *view.shape[2:]))
        sums = convolved(draft, layer, now, inputs, *(bias or [None]), groups=1)
        if hidden is not None:
            sums = draft.binary("ADD", sums, convolved(draft, within, hidden, recurrents, None, 1))
        hidden, cell = conv_lstm_moment(draft, layer, sums, cell)
        made.append(draft.reshape(hidden, (1, 1, *hidden.shape[1:])))
    found = hidden
    if config.get("return_sequences"):
        found = draft.concat(made, 1) if len(made) > 1 else made[0]
    return [found, hidden, cell] if config.get("return_state") else found


def conv_lstm_moment(
    draft: Draft, layer: Layer, sums: View, cell: View | None
) -> tuple[View, View]:
    """What is handed on, and the cell's state."""
    units = sums.shape[-1] // 4
    gates = draft.split(sums, len(sums.shape) - 1, [units] * 4)
    kept, usual = layer.config["recurrent_activation"], layer.config["activation"]
    names = (kept, kept, usual, kept)
    opens, forgets, new, yields = (
        by_name(draft, layer, *pair) for pair in zip(gates, names, strict=True)
    )
    taken = draft.binary("MUL", opens, new)
    if cell is not None:
        taken = draft.binary("ADD", draft.binary("MUL", forgets, cell), taken)
    return draft.binary("MUL", yields, by_name(draft, layer, taken, usual)), taken


# -- several inputs -------------------------------------------------------------------------------


def _merge(name: str) -> Handler:
    def handler(draft: Draft, layer: Layer, views: list) -> View:
        result = views[0]
        for each in views[1:]:
            result = draft.binary(name, *(operand(value) for value in (result, each)))
        return result

    return handler


HANDLERS.update(
    Add=_merge("ADD"), Subtract=_merge("SUB"), Multiply=_merge("MUL"), Maximum=_merge("MAXIMUM"),
    Minimum=_merge("MINIMUM"), Divide=_merge("DIV"), TrueDivide=_merge("DIV"),
)  # fmt: skip


@handles("CustomScaleLayer")
def _scaled_sum(draft: Draft, layer: Layer, views: list) -> View:
    """Of keras.applications' InceptionResNetV2."""
    return draft.binary("ADD", views[0], scaled(draft, views[1], layer.config["scale"], 0.0))


@handles("Average")
def _average(draft: Draft, layer: Layer, views: list) -> View:
    return draft.binary("MUL", HANDLERS["Add"](draft, layer, views), np.float32([1 / len(views)]))


@handles("Concatenate")
def _concatenate(draft: Draft, layer: Layer, views: list) -> View:
    return draft.concat(views, layer.config.get("axis", -1))


# -- shapes ---------------------------------------------------------------------------------------


@handles("Flatten")
def _flatten(draft: Draft, layer: Layer, views: list) -> View:
    check_channels(draft, layer)
    return draft.reshape(views[0], (1, math.prod(views[0].shape)))


@handles("Reshape")
def _reshape(draft: Draft, layer: Layer, views: list) -> View:
    config = layer.config
    if "newshape" in config:  # of keras.ops, with the batch
        shape = [1 if each is None else each for each in config["newshape"]]
        shape = [1, *shape[1:]] if shape[0] == -1 else shape
    else:
        shape = [1, *config["target_shape"]]
    if -1 in shape:
        shape[shape.index(-1)] = math.prod(views[0].shape) // -math.prod(shape)
    return draft.reshape(views[0], tuple(shape))


@handles("Permute")
def _permute(draft: Draft, layer: Layer, views: list) -> View:
    return draft.transpose(views[0], (0, *layer.config["dims"]))


@handles("RepeatVector")
def _repeat(draft: Draft, layer: Layer, views: list) -> View:
    (view,) = views
    units, count = view.shape[1], int(layer.config["n"])
    return draft.expand(draft.reshape(view, (1, 1, units)), (1, count, units))


def borders(value: Any, count: int) -> list[tuple[int, int]]:
    """One number, one for each axis, or before and behind for each."""
    values = [value] * count if isinstance(value, int) else list(value)
    if count == 1 and isinstance(values[0], int):
        values = [values * 2 if len(values) == 1 else values]
    return [(each, each) if isinstance(each, int) else tuple(each) for each in values]


@handles("ZeroPadding1D", "ZeroPadding2D")
def _zero_padding(draft: Draft, layer: Layer, views: list) -> View:
    check_channels(draft, layer)
    around = borders(layer.config["padding"], len(views[0].shape) - 2)
    return draft.pad(views[0], [(0, 0), *around, (0, 0)])


@handles("Cropping1D", "Cropping2D")
def _cropping(draft: Draft, layer: Layer, views: list) -> View:
    check_channels(draft, layer)
    (view,) = views
    around = [(0, 0), *borders(layer.config["cropping"], len(view.shape) - 2), (0, 0)]
    sizes = [n - sum(cut) for n, cut in zip(view.shape, around, strict=True)]
    if min(sizes) < 1:
        raise draft.mistake(f"leaves nothing of {shape_text(view.shape)}.")
    return draft.slice(view, [before for before, _ in around], sizes)


@handles("UpSampling1D", "UpSampling2D")
def _upsampling(draft: Draft, layer: Layer, views: list) -> View:
    check_channels(draft, layer)
    (view,), is_line = views, len(views[0].shape) == 3
    if is_line:
        view = draft.reshape(view, (*view.shape[:2], 1, view.shape[2]))
    factors = several(layer.config["size"], 1 if is_line else 2)
    factors = (*factors, 1)[:2]
    size = tuple(n * factor for n, factor in zip(view.shape[1:3], factors, strict=True))
    kind = layer.config.get("interpolation", "nearest")
    if kind not in ("nearest", "bilinear"):
        raise draft.error(f"interpolates by '{kind}', expected nearest or bilinear.")
    name = "RESIZE_BILINEAR" if kind == "bilinear" else "RESIZE_NEAREST_NEIGHBOR"
    made = draft.resize(first(draft, view), name, size, False, kind == "bilinear")
    made = last(draft, made)
    return draft.reshape(made, (1, size[0], made.shape[3])) if is_line else made
