"""Bytes of a camera as a network has learned them: (byte / 255 - mean) / std, by channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.errors import GravenError
from graven.quantize.scales import quantized, scale_in

BYTES = np.arange(256, dtype=np.uint8)


@dataclass(frozen=True)
class Pixels:
    """One mean and deviation for all channels, or one for each; of bytes over 255, as torchvision's
    Normalize has them."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def real(self, values: np.ndarray) -> np.ndarray:
        """What a float model gets; the last axis is that of the channels."""
        mean, std = (np.asarray(each, np.float64) for each in (self.mean, self.std))
        return ((values / 255.0 - mean) / std).astype(np.float32)

    def table(self, tensor: ir.Tensor) -> np.ndarray:
        """What an input gets, [channel][byte]: the real number, or that rounded once."""
        real = self.real(np.broadcast_to(BYTES[:, None], (256, len(self.mean)))).T
        if tensor.quantization is None:
            return real
        return quantized(real, scale_in(tensor))

    def is_folded(self, tensor: ir.Tensor) -> bool:
        """Do the input's scale and zero point say it all: byte - 128?"""
        if tensor.element is not ir.Element.INT8:
            return False
        return bool((self.table(tensor) == BYTES.astype(np.int16) - 128).all())


def checked(given: Sequence[object] | None, network: ir.Network) -> Pixels | None:
    """From `normalize=(mean, std)`, numbers or one for each channel, for a network with one
    input."""
    if given is None:
        return None
    try:
        mean, std = (tuple(np.asarray(each, np.float64).reshape(-1).tolist()) for each in given)
    except (TypeError, ValueError):
        raise GravenError(
            f"normalize: is {given!r}, expected (mean, std), numbers or one for each channel."
        ) from None
    is_usable = bool(mean and std) and np.isfinite(mean + std).all() and min(std) > 0
    if not is_usable or len({len(mean), len(std), 1}) > 2:
        raise GravenError(
            f"normalize: has mean {mean} and std {std}, expected as many of each, std above 0."
        )
    wide = max(len(mean), len(std))
    tensor = network.tensors[network.inputs[0]]
    if len(network.inputs) != 1 or tensor.element not in (ir.Element.INT8, ir.Element.FLOAT32):
        raise GravenError(
            f"normalize: {network.source} has {len(network.inputs)} inputs, the first of "
            f"{tensor.element.value}; expected one of int8 or float32."
        )
    channels = tensor.shape[-1] if len(tensor.shape) > 1 else 1
    if wide not in (1, channels):
        raise GravenError(
            f"normalize: has {wide} channels, but the last axis of the input '{tensor.name}' of "
            f"{network.source} has {channels}; give one for each or one for all."
        )
    return Pixels(mean * (wide // len(mean)), std * (wide // len(std)))
