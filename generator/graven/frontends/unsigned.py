"""Models of the old kind, whose activations and weights are uint8: the same numbers as int8.

Activations move down by 128, with their zero points, which changes no result. Weights lose their
zero point; what is left, -255 to 255, is kept as int16. Inputs and outputs of the model stay uint8,
with a QUANTIZE between. The arithmetic is that of TensorFlow Lite's uint8 kernels, which LiteRT
has; TensorFlow Lite Micro lacks them.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from graven import ir
from graven.checked import Stated
from graven.errors import GravenError

EDGES = ("QUANTIZE", "DEQUANTIZE")
"""Operators that have uint8 kernels in TensorFlow Lite Micro, and in ours."""
WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
EXACT = (
    *EDGES, *WEIGHTED, "ADD", "MUL", "MAX_POOL_2D", "SOFTMAX", "RESHAPE", "SQUEEZE", "EXPAND_DIMS",
    "TRANSPOSE", "SPLIT", "RESIZE_NEAREST_NEIGHBOR",
)  # fmt: skip
"""What rounds the same whether its integers lie 128 higher or not; averages do not."""


def signed(
    source: str,
    tensors: Sequence[ir.Tensor],
    operators: Sequence[Stated],
    inputs: Sequence[int],
    outputs: Sequence[int],
) -> tuple[list[ir.Tensor], list[Stated]]:
    """Tensors and operators without uint8 but at the edges; as they are, if no operator is old."""
    found, stated = list(tensors), list(operators)
    weights, data = _touched(source, found, stated)
    for index in weights:
        found[index] = without_zero_point(found[index])
    given = {index: _copy(found, index) for index in inputs if index in data}
    results = {index: _copy(found, index) for index in outputs if index in data - set(given)}
    for index in data - set(given) - set(results):
        found[index] = lowered(found[index])
    renamed = given | results
    stated = [
        replace(
            each,
            inputs=tuple(renamed.get(index, index) for index in each.inputs),
            outputs=tuple(renamed.get(index, index) for index in each.outputs),
        )
        for each in stated
    ]
    number = itertools.count(len(stated) + max((each.index for each in stated), default=0))
    before = [_quantize(index, lower, next(number)) for index, lower in given.items()]
    after = [_quantize(lower, index, next(number)) for index, lower in results.items()]
    return found, [*before, *stated, *after]


def _touched(
    source: str, tensors: list[ir.Tensor], operators: list[Stated]
) -> tuple[set[int], set[int]]:
    """Weights, and what else is uint8 at an operator that no edge of a model has."""
    weights, data = set[int](), set[int]()
    for each in operators:
        known = {index for index in (*each.inputs, *each.outputs) if 0 <= index < len(tensors)}
        touched = {index for index in known if tensors[index].element is ir.Element.UINT8}
        mixed = any(tensors[index].element is ir.Element.INT8 for index in known)
        if each.name in EDGES or not touched or mixed:  # what is mixed, its layer refuses
            continue
        if each.name not in EXACT:
            raise GravenError(
                f"{source}: operator {each.index} ({each.name}): is uint8, of the old "
                f"quantization, of which {', '.join(EXACT)} are supported; convert the model "
                "again, to int8."
            )
        own = set(each.inputs[1:2]) & touched if each.name in WEIGHTED else set[int]()
        weights |= {index for index in own if tensors[index].data is not None}
        data |= touched - weights
    return weights - data, data


def lowered(tensor: ir.Tensor) -> ir.Tensor:
    """The same numbers as int8."""
    stored = tensor.quantization
    if stored is not None:
        stored = replace(stored, zero_point=tuple(point - 128 for point in stored.zero_point))
    data = tensor.data
    if data is not None:
        data = (data.astype(np.int16) - 128).astype(np.int8)
    return replace(tensor, element=ir.Element.INT8, quantization=stored, data=data)


def without_zero_point(tensor: ir.Tensor) -> ir.Tensor:
    """Weights less their zero point, as int16."""
    stored, data = tensor.quantization, tensor.data
    if stored is None or len(stored.scale) != 1 or data is None:
        return tensor  # its operator says what is wrong
    wide = data.astype(np.int16) - np.int16(stored.zero_point[0])
    return replace(
        tensor, element=ir.Element.INT16, quantization=replace(stored, zero_point=(0,)), data=wide
    )


def _copy(tensors: list[ir.Tensor], index: int) -> int:
    """A new tensor: this one as int8."""
    tensors.append(replace(lowered(tensors[index]), index=len(tensors)))
    return len(tensors) - 1


def _quantize(data: int, output: int, index: int) -> Stated:
    return Stated("QUANTIZE", (data,), (output,), lambda name: 0, index)
