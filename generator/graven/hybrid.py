"""Hybrid models: float activations with int8 weights. Ours computes them in float32; TFLM refuses
them, and LiteRT quantizes the activations, so a judge gets the model with dequantized weights.
"""

from __future__ import annotations

from dataclasses import replace

from graven import ir
from graven.frontends import tflite_writer
from graven.quantize.scales import real_numbers


def weights(network: ir.Network) -> set[int]:
    """The integer weights that stand under float activations, by tensor index."""
    tensors = network.tensors
    return {
        index
        for operator in network.operators
        if tensors[operator.known_by].element is ir.Element.FLOAT32
        for index in operator.inputs[1:2]
        if index >= 0
        and tensors[index].data is not None
        and tensors[index].quantization is not None
    }


def dequantized(tensor: ir.Tensor) -> ir.Tensor:
    """A constant of integers as the real numbers that they stand for."""
    stored = tensor.quantization
    assert stored is not None and tensor.data is not None
    values = real_numbers(tensor.data, stored)
    return replace(tensor, element=ir.Element.FLOAT32, quantization=None, data=values)


def judged(network: ir.Network, model: bytes) -> bytes:
    """The model as a judge can run it: its own bytes, if it is not hybrid."""
    found = weights(network)
    if not found:
        return model
    tensors = tuple(
        dequantized(tensor) if tensor.index in found else tensor for tensor in network.tensors
    )
    return tflite_writer.to_bytes(replace(network, tensors=tensors))
