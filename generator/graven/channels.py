"""Which channels of an operator stay or go together, and what becomes of it without some of them:
what layer modules tell pruning/. A channel is an index along a tensor's last axis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from graven import ir
from graven.node import Node

Masks = Sequence[np.ndarray]
"""For each tensor of an operator's inputs or outputs: which of its channels stay."""

Links = list[tuple[ir.Tensor, np.ndarray]]
"""Tensors with a label for each channel: those with one label stay or go together, whether of one
tensor or of several. Inputs and outputs that are not listed stay as they are."""

Constant = tuple[np.ndarray, ir.Quantization | None]


@dataclass(frozen=True)
class Shrunk:
    """An operator without some of its channels."""

    name: str
    layer: ir.Layer
    inputs: tuple[int, ...] | None = None  # positions of the inputs that are left; None: all
    constants: Mapping[int, Constant] = field(default_factory=dict)  # by position


def channels(value: ir.Tensor | np.ndarray) -> int:
    """The extent of the last axis."""
    return value.shape[-1] if value.shape else 1


def together(*tensors: ir.Tensor) -> Links:
    """Channel for channel, as far as they have as many as the last of the tensors."""
    count = channels(tensors[-1])
    return [(tensor, np.arange(count)) for tensor in tensors if channels(tensor) == count]


def one_to_one(layer: ir.Layer, node: Node) -> Links:
    """The links of a layer that takes each channel of its output from that of its input."""
    return together(node.input(0), node.output)


def sliced_scales(
    quantization: ir.Quantization | None, axis: int, stays: np.ndarray
) -> ir.Quantization | None:
    """What is left of one scale per index along `axis`."""
    if quantization is None or len(quantization.scale) == 1:
        return quantization
    places = np.flatnonzero(stays)
    scale = tuple(quantization.scale[place] for place in places)
    return ir.Quantization(scale, tuple(quantization.zero_point[place] for place in places), axis)
