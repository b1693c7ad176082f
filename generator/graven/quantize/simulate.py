"""The float network with the errors of integers: every tensor rounded to its scale, weights too."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from graven import ir, layers
from graven.node import node_of
from graven.quantize.batches import Batches, widened
from graven.quantize.rules import Weights, weights_of
from graven.quantize.scales import Scale, nearest
from graven.quantize.sequences import Sequences
from graven.quantize.sharing import Sharing, real_inputs
from graven.quantize.weights import Moments, Rounded, in_one_scale, patches, to_nearest

Values = dict[int, np.ndarray]

MOST_BIAS = {ir.Element.INT8: 1 << 30, ir.Element.INT16: 1 << 38}
"""What a bias of 32 and one of 64 bits may be, by the element of the activations."""


@dataclass(frozen=True)
class Decisions:
    """All that makes integers of a float network."""

    scales: dict[int, Scale]  # by group
    bits: dict[int, int]  # of weights, by operator
    weights: dict[int, Rounded] = field(default_factory=dict)  # by operator; else to the nearest
    biases: dict[int, np.ndarray] = field(default_factory=dict)  # float32, where they change


class Simulation:
    def __init__(self, network: ir.Network, shared: Sharing) -> None:
        self.network, self.shared = network, shared
        self.batches = Batches(network)
        found = ((op, self._weights_of(op)) for op in network.operators)
        self.weighted = {op.index: (op, weights) for op, weights in found if weights is not None}
        stacks = (
            (op, getattr(layers.modules()[op.name], "STACKS", ())) for op in network.operators
        )
        self.stacked = {op.index: (op, places) for op, places in stacks if places}

    def _weights_of(self, operator: ir.Operator) -> Weights | None:
        module = layers.modules()[operator.name]
        return weights_of(module, operator, self.network.tensors)

    def exact(self, samples: Sequences) -> Values:
        return self.batches.over(samples)

    def run(
        self,
        samples: Sequences,
        decisions: Decisions,
        known: Values | None = None,
        first: int = 0,
    ) -> Values:
        """As Batches.over, in integers."""
        constants = self.constants(decisions)
        return self.batches.over(samples, self.hook(decisions), known, first, constants)

    def hook(self, decisions: Decisions) -> Callable[[int, np.ndarray], np.ndarray]:
        def see(index: int, value: np.ndarray) -> np.ndarray:
            group = self.shared.group.get(index)
            return value if group is None else nearest(value, decisions.scales[group])

        return see

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

    # -- weights and biases ------------------------------------------------------------------------

    def constants(self, decisions: Decisions) -> Values:
        """What stands for the network's constants."""
        found: Values = {}
        for index, group in self.shared.group.items():
            data = self.network.tensors[index].data
            if data is not None:
                found[index] = nearest(data, decisions.scales[group])
        for operator, weights in self.weighted.values():
            found[operator.inputs[weights.weights]] = self.rounded(operator, decisions).real
            if operator.index in decisions.biases:
                found[operator.inputs[weights.bias]] = decisions.biases[operator.index]
        for operator, places in self.stacked.values():
            for place in places:
                found[operator.inputs[place]] = self.stack(operator, place, decisions).real
        return found

    def stack(self, operator: ir.Operator, place: int, decisions: Decisions) -> Rounded:
        data = self.network.tensors[operator.inputs[place]].data
        return in_one_scale(data, decisions.bits[operator.index])

    def weights_of(self, index: int) -> tuple[ir.Operator, list[int]]:
        """An operator, and its constants that are weights."""
        operator, weights = self.weighted.get(index) or self.stacked[index]
        places = weights if isinstance(weights, tuple) else (weights.weights,)
        return operator, [operator.inputs[place] for place in places]

    def rounded(self, operator: ir.Operator, decisions: Decisions) -> Rounded:
        """The integers of an operator's weights."""
        if operator.index in decisions.weights:
            return decisions.weights[operator.index]
        _, weights = self.weighted[operator.index]
        data = self.network.tensors[operator.inputs[weights.weights]].data
        least = self.least_scale(operator, decisions)
        return to_nearest(data, weights, decisions.bits[operator.index], least)

    def least_scale(self, operator: ir.Operator, decisions: Decisions) -> np.ndarray | float:
        """Of weights, so that their bias is no greater than its bits hold."""
        _, weights = self.weighted[operator.index]
        bias = self.bias_of(operator, weights)
        if bias is None:
            return 0.0
        data = self.data_scale(operator, decisions)
        return np.abs(bias) / (data.scale * MOST_BIAS[data.element])

    def data_scale(self, operator: ir.Operator, decisions: Decisions) -> Scale:
        """Of the activation that the weights are multiplied by."""
        return decisions.scales[self.shared.group[self.data_of(operator)]]

    def data_of(self, operator: ir.Operator) -> int:
        (place, *_) = real_inputs(self.network, operator)
        return operator.inputs[place]

    def flat(self, index: int, values: Values) -> np.ndarray:
        """Samples and the tensor's own first axis, which may be no 1, as one."""
        return values[index].reshape(-1, *self.network.tensors[index].shape[1:])

    def bias_of(self, operator: ir.Operator, weights: Weights) -> np.ndarray | None:
        place = weights.bias
        absent = place >= len(operator.inputs) or operator.inputs[place] < 0
        return None if absent else self.network.tensors[operator.inputs[place]].data.reshape(-1)

    def moments(self, batches: Iterable[Sequences], decisions: Decisions) -> dict[int, Moments]:
        """By operator, of those whose modules say what their weights are multiplied by."""
        found: dict[int, Moments] = {}
        for samples in batches:
            values = self.run(samples, decisions)
            for index, (operator, weights) in self.weighted.items():
                data = self.flat(self.data_of(operator), values)
                seen = patches(self.network, operator, weights, data)
                if seen is not None:
                    found.setdefault(index, Moments()).add(seen)
        return found

    def corrected(
        self, samples: Sequences, decisions: Decisions, exact: Values
    ) -> dict[int, np.ndarray]:
        """For every operator with weights and a bias: by how much its sums are off on the mean,
        with everything before it as it will be, taken off the bias (Nagel et al., 2019, 4.2)."""
        if self.network.variables:
            return self._corrected_in_turn(samples, decisions, exact)
        found: dict[int, np.ndarray] = {}
        constants = self.constants(decisions)
        hook, values = self.hook(decisions), {}
        for index, value in zip(self.network.inputs, samples.values, strict=True):
            values[index] = hook(index, value)
        for operator in self.network.operators:
            if operator.index in self.corrigible:
                _, weights = self.weighted[operator.index]
                found[operator.index] = self.corrected_bias(operator, values, constants, exact)
                constants[operator.inputs[weights.bias]] = found[operator.index]
            stored = self.batches.constants | constants
            outputs = self.batches.apply(operator, stored, values)
            for index, value in zip(operator.outputs, outputs, strict=True):
                values[index] = hook(index, value)
        return found

    def _corrected_in_turn(
        self, samples: Sequences, decisions: Decisions, exact: Values
    ) -> dict[int, np.ndarray]:
        """A run for each: over a state, the last operator can come before the first."""
        found: dict[int, np.ndarray] = {}
        for index in self.corrigible:
            tried = replace(decisions, biases=decisions.biases | found)
            operator, _ = self.weighted[index]
            found[index] = self.corrected_bias(
                operator, self.run(samples, tried), self.constants(tried), exact
            )
        return found

    @property
    def corrigible(self) -> list[int]:
        """The operators with a bias that can take up an error."""
        return [
            operator.index
            for operator, weights in self.weighted.values()
            if self.bias_of(operator, weights) is not None
            and hasattr(layers.modules()[operator.name], "products")
        ]

    def corrected_bias(
        self, operator: ir.Operator, values: Values, constants: Values, exact: Values
    ) -> np.ndarray:
        _, weights = self.weighted[operator.index]
        off = self.offset(operator, weights, values, constants, exact)
        return (self.bias_of(operator, weights) - off).astype(np.float32)

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
        data, index = self.data_of(operator), operator.inputs[weights.weights]
        whole = self.network.tensors[index].data.astype(np.float64)
        means = []
        for value, filter in (
            (self.flat(data, exact), whole),
            (self.flat(data, values), constants[index].astype(np.float64)),
        ):
            sums = module.products(operator.layer, node, value.astype(np.float64), filter)
            means.append(sums.reshape(-1, sums.shape[-1]).mean(axis=0))
        return means[1] - means[0]
