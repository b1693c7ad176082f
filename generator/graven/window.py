"""Where a window lies on its input: sizes and padding; and what convolutions, what pools share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from graven import ir
from graven.bounds import Bounds, unclamped
from graven.cpp import Cpp, computed, extent, named, template
from graven.errors import GravenError
from graven.node import Node, Option

C = TypeVar("C", bound="Convolution")
P = TypeVar("P", bound="Pool")
MOST_BEFORE = 32767

Padding = str | tuple[int, int, int, int]
"""SAME, VALID, or what is put around the input: top, bottom, left, right."""


@dataclass(frozen=True)
class Span:
    """One axis of a window."""

    output: int
    before: int  # padding ahead of the input
    after: int
    filter: int
    stride: int
    dilation: int


def span(
    extent: int, filter: int, stride: int, dilation: int, padding: str | tuple[int, int]
) -> Span:
    """By SAME, VALID, or what is put before and after the input."""
    reach = (filter - 1) * dilation + 1
    if padding != "SAME":
        before, after = (0, 0) if padding == "VALID" else padding
        padded = before + extent + after
        output = (padded - reach) // stride + 1 if padded >= reach else 0
        return Span(output, before, after, filter, stride, dilation)
    output = -(-extent // stride)
    total = max((output - 1) * stride + reach - extent, 0)
    return Span(output, total // 2, total - total // 2, filter, stride, dilation)


def spans(
    node: Node,
    shape: tuple[int, ...],
    filter: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    padding: Padding,
) -> tuple[Span, Span]:
    """Rows and columns; refuses a window that never fits."""
    by_axis = (padding, padding) if isinstance(padding, str) else (padding[:2], padding[2:])
    rows, columns = (
        span(shape[1 + axis], filter[axis], stride[axis], dilation[axis], by_axis[axis])
        for axis in range(2)
    )
    most = max(rows.before, columns.before)
    if most > MOST_BEFORE:
        raise node.error(f"pads its input by {most}, expected at most {MOST_BEFORE}.")
    if rows.output < 1 or columns.output < 1:
        raise node.error(
            f"a window of {filter[0]}x{filter[1]} (dilation {dilation[0]}x{dilation[1]}) does not "
            f"fit its input of {shape[1]}x{shape[2]} with VALID padding."
        )
    return rows, columns


def padding_text(padding: Padding) -> str:
    """As C++ spells it."""
    if isinstance(padding, str):
        return named(padding)
    return f"graven::Padding{{{', '.join(map(str, padding))}}}"


def padding_option(padding: Padding) -> str:
    """As TensorFlow Lite can say it."""
    if not isinstance(padding, str):
        raise GravenError(
            f"a padding of {padding} (top, bottom, left, right) has no name in TensorFlow Lite; "
            "put a PAD before the operator."
        )
    return padding


def taps(
    values: np.ndarray, rows: Span, columns: Span, fill: float
) -> Iterator[tuple[int, int, np.ndarray]]:
    """For each place in the window: what lies under it, for all outputs at once (NHWC).

    Places that lie outside of the input whatever the output are left out. What is yielded is a
    view of the values with the fill around them.
    """
    extents = values.shape[1:3]
    across = [_reachable(*each) for each in zip((rows, columns), extents, strict=True)]
    if not all(across):
        return
    (top, height), (left, width) = map(_around, (rows, columns), across, extents)
    kind = np.result_type(values, fill)
    whole = values.astype(kind, copy=False)
    if (top, left, height, width) != (0, 0, *extents):
        whole = np.full((len(values), height, width, values.shape[3]), fill, kind)
        whole[:, top : top + values.shape[1], left : left + values.shape[2]] = values
    for row in across[0]:
        band = whole[:, _places(rows, row, top)]
        for column in across[1]:
            yield row, column, band[:, :, _places(columns, column, left)]


def _around(axis: Span, reachable: range, extent: int) -> tuple[int, int]:
    """How many places there are before the input, and with it and behind it in all."""
    first = reachable[0] * axis.dilation - axis.before
    last = (axis.output - 1) * axis.stride + reachable[-1] * axis.dilation - axis.before
    before = max(-first, 0)
    return before, before + max(last + 1, extent)


def _places(axis: Span, tap: int, before: int) -> slice:
    first = tap * axis.dilation - axis.before + before
    return slice(first, first + (axis.output - 1) * axis.stride + 1, axis.stride)


def under(values: np.ndarray, rows: Span, columns: Span) -> np.ndarray:
    """All that lies under each window: samples x output rows x output columns x places in the
    window x channels; 0 outside of the input."""
    shape = (len(values), rows.output, columns.output, rows.filter, columns.filter)
    found = np.zeros((*shape, values.shape[3]), values.dtype)
    for row, column, patch in taps(values, rows, columns, 0.0):
        found[:, :, :, row, column] = patch
    return found.reshape(*shape[:3], -1, values.shape[3])


def _reachable(axis: Span, extent: int) -> range:
    first = axis.before - (axis.output - 1) * axis.stride
    last = (axis.before + extent - 1) // axis.dilation
    return range(max(-(-first // axis.dilation), 0), min(last + 1, axis.filter))


def places_under(axis: Span, tap: int, extent: int) -> tuple[np.ndarray, np.ndarray]:
    """The input's index under one tap for every output, kept inside, and where it is inside."""
    index = np.arange(axis.output) * axis.stride - axis.before + tap * axis.dilation
    return np.clip(index, 0, extent - 1), (index >= 0) & (index < extent)


# -- convolutions ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Convolution(ir.Layer):
    stride: tuple[int, int] = (1, 1)  # height, width
    dilation: tuple[int, int] = (1, 1)
    padding: Padding = "SAME"
    activation: str = "NONE"


def convolution_options(layer: Convolution) -> dict[str, Option]:
    return {
        "Padding": padding_option(layer.padding),
        "StrideH": layer.stride[0],
        "StrideW": layer.stride[1],
        "DilationHFactor": layer.dilation[0],
        "DilationWFactor": layer.dilation[1],
        "FusedActivationFunction": layer.activation,
    }


def read_convolution(node: Node, record: type[C], **own: int) -> C:
    return record(
        stride=node.positive("StrideH", "StrideW"),
        dilation=node.positive("DilationHFactor", "DilationWFactor"),
        padding=node.padding(),
        activation=node.activation(),
        **own,
    )


def convolution_spans(
    layer: Convolution, node: Node, shape: tuple[int, ...], filter: tuple[int, int]
) -> tuple[Span, Span]:
    return spans(node, shape, filter, layer.stride, layer.dilation, layer.padding)


# -- pools ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pool(ir.Layer):
    window: tuple[int, int]  # height, width
    stride: tuple[int, int]
    padding: Padding = "VALID"
    activation: str = "NONE"


def pool_options(layer: Pool) -> dict[str, Option]:
    return {
        "Padding": padding_option(layer.padding),
        "FilterHeight": layer.window[0],
        "FilterWidth": layer.window[1],
        "StrideH": layer.stride[0],
        "StrideW": layer.stride[1],
        "FusedActivationFunction": layer.activation,
    }


def read_pool(node: Node, record: type[P]) -> P:
    data, output = node.expect_activations(1, 1, wide=True)
    node.expect_same_quantization(data, output)
    node.expect_rank(data, 4)
    node.expect_rank(output, 4)
    layer = record(
        window=node.positive("FilterHeight", "FilterWidth"),
        stride=node.positive("StrideH", "StrideW"),
        padding=node.padding(),
        activation=node.activation(),
    )
    rows, columns = pool_spans(layer, node)
    if node.name == "AVERAGE_POOL_2D":
        node.expect_summable(layer.window[0] * layer.window[1])
    node.expect_shape(output, (data.shape[0], rows.output, columns.output, data.shape[3]))
    return layer


def pool_spans(layer: Pool, node: Node) -> tuple[Span, Span]:
    shape = node.input(0).shape
    return spans(node, shape, layer.window, layer.stride, (1, 1), layer.padding)


def pool_cpp(layer: Pool, node: Node) -> Cpp:
    text = template(
        type(layer).__name__,
        extent("Window", layer.window),
        extent("Stride", layer.stride),
        padding_text(layer.padding),
        named(layer.activation),
        defaults=(extent("Stride", layer.window), "graven::valid", "graven::none"),
    )
    return Cpp(text, computed(node, 0))


def is_pixelwise(layer: Pool, node: Node, data: Bounds) -> bool:
    """A pool of single pixels returns them, clamped."""
    return (layer.window, layer.stride) == ((1, 1), (1, 1)) and unclamped(layer, node, data)
