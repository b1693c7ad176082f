"""The int8 network, from the scale and zero point of every group of tensors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from graven import ir, layers
from graven.checked import Stated, checked, stated, used
from graven.layers.quantize import Quantize
from graven.quantize.rules import Weights, weights_of
from graven.quantize.sharing import Sharing, real_inputs

Scale = tuple[float, int]
"""And zero point."""

MOST_BIAS = 1 << 30


def weight_scales(
    weights: np.ndarray, bias: np.ndarray | None, axis: int, data_scale: float
) -> np.ndarray:
    """Symmetric, one for each index along the axis; wide enough that 32 bits hold the bias."""
    others = tuple(each for each in range(weights.ndim) if each != axis)
    scales = np.max(np.abs(weights), axis=others).astype(np.float64) / 127.0
    if bias is not None:
        scales = np.maximum(scales, np.abs(bias) / (data_scale * MOST_BIAS))
    return np.where(scales > 0.0, scales, 1.0).astype(np.float32)


def along(scales: np.ndarray, rank: int, axis: int) -> np.ndarray:
    return scales.reshape([-1 if each == axis else 1 for each in range(rank)])


def rounded(values: np.ndarray, scale: np.ndarray | float) -> np.ndarray:
    """Symmetric int8, as numbers of float64."""
    return np.clip(np.round(values.astype(np.float64) / scale), -127, 127)


def quantized(values: np.ndarray, each: Scale) -> np.ndarray:
    with np.errstate(over="ignore"):
        whole = np.round(values.astype(np.float64) / each[0]) + each[1]
    return np.clip(whole, -128, 127).astype(np.int8)


def dequantized(values: np.ndarray, each: Scale) -> np.ndarray:
    return ((values.astype(np.float64) - each[1]) * each[0]).astype(np.float32)


class Converter:
    def __init__(
        self,
        network: ir.Network,
        shared: Sharing,
        scales: dict[int, Scale],
        biases: dict[int, np.ndarray],
    ) -> None:
        """`scales` by group; `biases` in float32 by operator, where they are not the network's."""
        self.network, self.shared = network, shared
        self.scales, self.biases = scales, biases
        self.tensors: list[ir.Tensor] = list(network.tensors)
        self.operators: list[Stated] = []

    def scale(self, index: int) -> Scale:
        return self.scales[self.shared.group[index]]

    def convert(self) -> ir.Network:
        for index in self.shared.group:
            self.activation(index)
        for operator in self.network.operators:
            self.operator(operator)
        network = self.network
        left = used(self.tensors, self.operators, network.inputs, network.outputs)
        return checked(network.name, network.source, network.description, *left)

    def activation(self, index: int) -> None:
        tensor, each = self.network.tensors[index], self.scale(index)
        data = None if tensor.data is None else quantized(tensor.data, each)
        quantization = ir.Quantization((each[0],), (each[1],))
        self.tensors[index] = replace(
            tensor, element=ir.Element.INT8, quantization=quantization, data=data
        )

    def operator(self, operator: ir.Operator) -> None:
        inputs = list(operator.inputs)
        for place in real_inputs(self.network, operator):
            if (operator.index, place) in self.shared.rescaled:
                inputs[place] = self.rescaled(inputs[place], operator)
        weights = weights_of(layers.modules()[operator.name], operator, self.network.tensors)
        if weights is not None:
            self.weights(operator, weights, inputs)
        self.operators.append(
            stated(operator.name, operator.layer, tuple(inputs), operator.outputs)
        )

    def rescaled(self, index: int, operator: ir.Operator) -> int:
        """The input in the scale of the operator's output."""
        each = self.scale(operator.output)
        quantization = ir.Quantization((each[0],), (each[1],))
        tensor = replace(
            self.tensors[index],
            index=len(self.tensors),
            name=f"{self.tensors[index].name}_rescaled",
            quantization=quantization,
        )
        self.tensors.append(tensor)
        self.operators.append(stated("QUANTIZE", Quantize(), (index,), (tensor.index,)))
        return tensor.index

    def weights(self, operator: ir.Operator, weights: Weights, inputs: list[int]) -> None:
        """Weights and bias as tensors of the operator's own: another one may share the float ones
        under another input scale."""
        (place, *_) = real_inputs(self.network, operator)
        data_scale = self.scale(operator.inputs[place])[0]
        tensor = self.network.tensors[operator.inputs[weights.weights]]
        bias = self.bias(operator, weights)
        scales = weight_scales(tensor.data, bias, weights.axis, data_scale)
        whole = rounded(tensor.data, along(scales, tensor.data.ndim, weights.axis))
        found = tuple(float(each) for each in scales)
        quantization = ir.Quantization(found, (0,) * len(found), weights.axis)
        inputs[weights.weights] = self.constant(
            tensor, ir.Element.INT8, quantization, whole.astype(np.int8)
        )
        if bias is None:
            return
        both = (np.float32(data_scale) * scales).astype(np.float32)
        sums = np.clip(np.round(bias / both.astype(np.float64)), -(2**31), 2**31 - 1)
        quantization = ir.Quantization(tuple(float(each) for each in both), (0,) * len(found), 0)
        inputs[weights.bias] = self.constant(
            self.network.tensors[operator.inputs[weights.bias]],
            ir.Element.INT32,
            quantization,
            sums.astype(np.int32),
        )

    def bias(self, operator: ir.Operator, weights: Weights) -> np.ndarray | None:
        place = weights.bias
        if place >= len(operator.inputs) or operator.inputs[place] < 0:
            return None
        stored = self.network.tensors[operator.inputs[place]].data.reshape(-1)
        return self.biases.get(operator.index, stored)

    def constant(
        self,
        tensor: ir.Tensor,
        element: ir.Element,
        quantization: ir.Quantization,
        data: np.ndarray,
    ) -> int:
        index = len(self.tensors)
        self.tensors.append(ir.Tensor(index, tensor.name, data.shape, element, quantization, data))
        return index
