"""Bits per character of the book held out, by the model that ships here: as it is, and with its
int8 weights brought to int4.

    python judge.py bible.txt language.tflite

train.py says where the text comes from. 24 windows lie evenly over the book; of each, the last 64
characters are told, every one from all before it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from graven import ir, language
from graven.frontends import tflite
from graven.quantize.scales import Scale, real_numbers, scale_in

sys.path.insert(0, str(Path(__file__).parent))
from convert import WINDOWS, windows
from text import read_text


def checkpoint_of(network: ir.Network) -> language.Checkpoint:
    """Its weights in float32, by the names that they had; int8 ones end with their axis."""
    weights, shapes = {}, {tensor.name: tensor.shape for tensor in network.tensors}
    for tensor in network.tensors:
        if tensor.data is None:
            continue
        data, name = tensor.data, tensor.name
        if tensor.quantization:
            data, name = real_numbers(data, tensor.quantization), name.rsplit("_", 1)[0]
        weights[name] = data
    layer = next(op.layer for op in network.operators if op.name == "ATTENTION")
    vocabulary, dim = weights["embedding.weight"].shape
    config = language.Config(
        vocabulary, dim, sum(name.endswith(".input_norm") for name in weights), layer.heads,
        layer.kv_heads, len(weights["blocks.0.gate.weight"]), shapes["blocks.0.keys"][0],
    )  # fmt: skip
    return language.Checkpoint(config, weights)


def scales_of(network: ir.Network) -> dict[str, Scale]:
    """Of its activations. Where int16 alone is left, the scale from which decoder() makes it."""
    found: dict[str, Scale] = {}
    for tensor in network.tensors:
        if tensor.data is not None or tensor.quantization is None:
            continue
        each = scale_in(tensor)
        if each.element is not ir.Element.INT16:
            found[tensor.name] = each
        elif tensor.name not in found or tensor.name == "embedded":
            narrow = each.scale * 32767 / 32768 / language.HEADROOM
            found[tensor.name] = each._replace(scale=narrow)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("text", "model"):
        parser.add_argument(name, type=Path)
    arguments = parser.parse_args()
    network = tflite.load(arguments.model)
    checkpoint, scales = checkpoint_of(network), scales_of(network)
    context = checkpoint.config.context
    judged = windows(read_text(arguments.text)[1], WINDOWS, context + 1)
    for bits in (8, 4):
        made = language.decoder(checkpoint, context, scales=scales, bits=bits)
        if bits == 8:
            check_equal(network, made)
        found = language.bits_per_token(made, judged, context // 2)
        print(f"int{bits}: {found:.3f} bits per character", flush=True)


def check_equal(network: ir.Network, made: ir.Network) -> None:
    """Over a whole window the same weights and scales as token by token."""
    wanted = {(each.name, each.element): each for each in network.tensors}
    for each in made.tensors:
        other = wanted[each.name, each.element]
        assert each.quantization == other.quantization, each.name
        assert each.data is None or np.array_equal(each.data, other.data), each.name


if __name__ == "__main__":
    main()
