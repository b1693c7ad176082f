"""The network of integers, from what was decided."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from graven import ir, layers
from graven.checked import Stated, checked, stated, used
from graven.layers.quantize import Quantize
from graven.node import node_of
from graven.quantize.rules import Weights
from graven.quantize.scales import Scale, quantized
from graven.quantize.sharing import real_inputs
from graven.quantize.simulate import Decisions, Simulation
from graven.quantize.weights import Rounded

SUMS = {ir.Element.INT8: ir.Element.INT32, ir.Element.INT16: ir.Element.INT64}
"""The element of a bias by that of the activations."""


class Converter:
    def __init__(self, simulation: Simulation, decisions: Decisions) -> None:
        self.network, self.shared = simulation.network, simulation.shared
        self.simulation, self.decisions = simulation, decisions
        self.tensors: list[ir.Tensor] = list(self.network.tensors)
        self.operators: list[Stated] = []

    def scale(self, index: int) -> Scale:
        return self.decisions.scales[self.shared.group[index]]

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
        data, initial = (
            None if values is None else quantized(values, each)
            for values in (tensor.data, tensor.initial)
        )
        self.tensors[index] = replace(
            tensor,
            element=each.element,
            quantization=each.quantization,
            data=data,
            initial=initial,
        )

    def operator(self, operator: ir.Operator) -> None:
        inputs = list(operator.inputs)
        for place in real_inputs(self.network, operator):
            if (operator.index, place) in self.shared.rescaled:
                inputs[place] = self.rescaled(inputs[place], operator)
        if operator.index in self.simulation.weighted:
            _, weights = self.simulation.weighted[operator.index]
            self.weights(operator, weights, inputs)
        _, stacks = self.simulation.stacked.get(operator.index, (None, ()))
        for place in stacks:
            inputs[place] = self.stack(operator, place)
        self.own_integers(operator, inputs)
        self.operators.append(
            stated(operator.name, operator.layer, tuple(inputs), operator.outputs)
        )

    def rescaled(self, index: int, operator: ir.Operator) -> int:
        """The input in the scale of the operator's output, or of the variable that it assigns."""
        tensor = replace(
            self.tensors[index],
            index=len(self.tensors),
            name=f"{self.tensors[index].name}_rescaled",
            quantization=self.scale(operator.known_by).quantization,
        )
        self.tensors.append(tensor)
        self.operators.append(stated("QUANTIZE", Quantize(), (index,), (tensor.index,)))
        return tensor.index

    def own_integers(self, operator: ir.Operator, inputs: list[int]) -> None:
        """What a layer module makes of all inputs but the first, if it says it."""
        module = layers.modules()[operator.name]
        if not hasattr(module, "integers"):
            return
        scales = (self.scale(operator.inputs[0]), self.scale(operator.output))
        found = module.integers(operator.layer, node_of(self.network, operator), *scales)
        inputs += [-1] * (max(found) + 1 - len(inputs))
        for place, tensor in found.items():
            inputs[place] = len(self.tensors)
            self.tensors.append(replace(tensor, index=inputs[place]))

    def weights(self, operator: ir.Operator, weights: Weights, inputs: list[int]) -> None:
        """Weights and bias as tensors of the operator's own: another one may share the float ones
        under another input scale."""
        rounded = self.simulation.rounded(operator, self.decisions)
        found = tuple(float(each) for each in rounded.scales)
        inputs[weights.weights] = self.constant(
            self.network.tensors[operator.inputs[weights.weights]],
            rounded.element,
            ir.Quantization(found, (0,) * len(found), weights.axis),
            rounded.whole.astype(np.int8),
        )
        bias = self.simulation.bias_of(operator, weights)
        if bias is not None:
            bias = self.decisions.biases.get(operator.index, bias)
            inputs[weights.bias] = self.bias(operator, operator.inputs[weights.bias], bias, rounded)

    def stack(self, operator: ir.Operator, place: int) -> int:
        rounded = self.simulation.stack(operator, place, self.decisions)
        return self.constant(
            self.network.tensors[operator.inputs[place]],
            rounded.element,
            ir.Quantization((float(rounded.scales[0]),), (0,)),
            rounded.whole.astype(np.int8),
        )

    def bias(self, operator: ir.Operator, index: int, values: np.ndarray, rounded: Rounded) -> int:
        data = self.simulation.data_scale(operator, self.decisions)
        scales = (np.float32(data.scale) * rounded.scales).astype(np.float32)
        element = SUMS[data.element]
        limits = np.iinfo(element.dtype)
        sums = np.clip(np.round(values / scales.astype(np.float64)), limits.min, limits.max)
        found = tuple(float(each) for each in scales)
        return self.constant(
            self.network.tensors[index],
            element,
            ir.Quantization(found, (0,) * len(found), 0),
            sums.astype(element.dtype),
        )

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
