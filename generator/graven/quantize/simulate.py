"""The float network with the errors of int8: every tensor rounded to its scale, weights as well."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from graven import ir, layers
from graven.node import node_of
from graven.quantize.batches import Batches, widened
from graven.quantize.convert import Scale, along, rounded, weight_scales
from graven.quantize.rules import Weights, weights_of
from graven.quantize.sharing import Sharing, real_inputs

Values = dict[int, np.ndarray]


class Simulation:
    def __init__(self, network: ir.Network, shared: Sharing) -> None:
        self.network, self.shared = network, shared
        self.batches = Batches(network)
        self.places = {op.outputs[0]: k for k, op in enumerate(network.operators)}

    def exact(self, inputs: list[np.ndarray]) -> Values:
        return self.batches.run(inputs)

    def weights_of(self, operator: ir.Operator) -> Weights | None:
        module = layers.modules()[operator.name]
        return weights_of(module, operator, self.network.tensors)

    def weighted(self) -> list[tuple[ir.Operator, Weights]]:
        found = ((op, self.weights_of(op)) for op in self.network.operators)
        return [(op, weights) for op, weights in found if weights is not None]

    def constants(self, scales: dict[int, Scale], biases: dict[int, np.ndarray]) -> Values:
        """What stands for the network's constants: rounded weights, corrected biases."""
        found: Values = {}
        for index, group in self.shared.group.items():
            data = self.network.tensors[index].data
            if data is not None:
                found[index] = nearest(data, scales[group])
        for operator, weights in self.weighted():
            index = operator.inputs[weights.weights]
            found[index] = self.rounded_weights(operator, weights, scales)
            if operator.index in biases:
                found[operator.inputs[weights.bias]] = biases[operator.index]
        return found

    def rounded_weights(
        self, operator: ir.Operator, weights: Weights, scales: dict[int, Scale]
    ) -> np.ndarray:
        data = self.network.tensors[operator.inputs[weights.weights]].data
        (place, *_) = real_inputs(self.network, operator)
        data_scale = scales[self.shared.group[operator.inputs[place]]][0]
        bias = self.bias_of(operator, weights)
        found = along(weight_scales(data, bias, weights.axis, data_scale), data.ndim, weights.axis)
        return (rounded(data, found) * found).astype(np.float32)

    def bias_of(self, operator: ir.Operator, weights: Weights) -> np.ndarray | None:
        place = weights.bias
        absent = place >= len(operator.inputs) or operator.inputs[place] < 0
        return None if absent else self.network.tensors[operator.inputs[place]].data.reshape(-1)

    def hook(self, scales: dict[int, Scale]) -> Callable[[int, np.ndarray], np.ndarray]:
        def see(index: int, value: np.ndarray) -> np.ndarray:
            group = self.shared.group.get(index)
            return value if group is None else nearest(value, scales[group])

        return see

    def run(
        self,
        inputs: list[np.ndarray],
        scales: dict[int, Scale],
        constants: Values,
        known: Values | None = None,
        first: int = 0,
    ) -> Values:
        return self.batches.run(inputs, self.hook(scales), known, first, constants)

    def first_place(self, group: int) -> int:
        """The first operator that a change of a group's scale changes."""
        members = {index for index, name in self.shared.group.items() if name == group}
        if members.intersection(self.network.inputs):
            return 0
        reached = (
            k
            for k, op in enumerate(self.network.operators)
            if members.intersection((*op.inputs, *op.outputs))
        )
        return min(reached, default=0)

    # -- biases ------------------------------------------------------------------------------------

    def corrected(
        self, inputs: list[np.ndarray], scales: dict[int, Scale], exact: Values
    ) -> dict[int, np.ndarray]:
        """For every operator with weights and a bias: by how much its sums are off on the mean,
        with everything before it as it will be, taken off the bias (Nagel et al., 2019, 4.2)."""
        found: dict[int, np.ndarray] = {}
        constants = self.constants(scales, found)
        hook, values = self.hook(scales), {}
        for index, value in zip(self.network.inputs, inputs, strict=True):
            values[index] = hook(index, value)
        for operator in self.network.operators:
            weights = self.weights_of(operator)
            bias = None if weights is None else self.bias_of(operator, weights)
            module = layers.modules()[operator.name]
            if bias is not None and hasattr(module, "products"):
                off = self.offset(operator, weights, values, constants, exact)
                found[operator.index] = (bias - off).astype(np.float32)
                constants[operator.inputs[weights.bias]] = found[operator.index]
            stored = self.batches.constants | constants
            outputs = self.batches.apply(operator, stored, values)
            for index, value in zip(operator.outputs, outputs, strict=True):
                values[index] = hook(index, value)
        return found

    def offset(
        self,
        operator: ir.Operator,
        weights: Weights,
        values: Values,
        constants: Values,
        exact: Values,
    ) -> np.ndarray:
        module = layers.modules()[operator.name]
        wide, _ = widened(self.network, operator, len(next(iter(values.values()))))
        node = wide or node_of(self.network, operator)
        (place, *_) = real_inputs(self.network, operator)
        data, index = operator.inputs[place], operator.inputs[weights.weights]
        whole = self.network.tensors[index].data.astype(np.float64)
        means = []
        for value, filter in (
            (exact[data], whole),
            (values[data], constants[index].astype(np.float64)),
        ):
            sums = module.products(operator.layer, node, value.astype(np.float64), filter)
            means.append(sums.reshape(-1, sums.shape[-1]).mean(axis=0))
        return means[1] - means[0]


def nearest(values: np.ndarray, each: Scale) -> np.ndarray:
    """What int8 makes of float32."""
    scale, zero_point = each
    with np.errstate(over="ignore"):  # the least number, which pads for a maximum
        steps = np.round(values / np.float32(scale))
    steps = np.clip(steps, -128 - zero_point, 127 - zero_point)
    return (steps * np.float32(scale)).astype(np.float32)
