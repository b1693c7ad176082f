"""The weights of a network that has lost channels, such that each layer's sums are again as close
as they can be to what they were: least squares in closed form (He et al., 2017; Luo et al., 2017),
layer by layer, with everything before it as it now is.

Of a layer's inputs X' now and sums Y before, both without their means, W' minimizes
|X' W' - Y|^2 + ridge |W' - W|^2, W being the weights that are left; the bias takes up the means.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from graven import ir, layers
from graven.blas import on_one_thread
from graven.channels import channels
from graven.node import node_of
from graven.pruning.groups import Kept, Unit, is_real, rule_of, without
from graven.quantize.batches import Batches
from graven.quantize.rules import Weights
from graven.quantize.weights import MOST_ROWS, RIDGE, patches

BATCH = 64

Values = dict[int, np.ndarray]


def batches(samples: list[np.ndarray], most: int) -> list[list[np.ndarray]]:
    count = min(len(samples[0]), most)
    return [
        [value[start : min(start + BATCH, count)] for value in samples]
        for start in range(0, count, BATCH)
    ]


def with_biases(network: ir.Network) -> ir.Network:
    """Zeros where a layer with weights has no bias: they take up the means of what goes."""
    tensors, operators = list(network.tensors), []
    for operator in network.operators:
        rule = rule_of(network, operator)
        if rule is not None and hasattr(layers.modules()[operator.name], "products"):
            inputs = [*operator.inputs, -1][: rule.bias + 1]
            if inputs[rule.bias] < 0 and is_float(network, operator):
                data = np.zeros(channels(tensors[operator.output]), np.float32)
                name = f"{tensors[operator.output].name}/bias"
                inputs[rule.bias] = len(tensors)
                tensors.append(
                    ir.Tensor(len(tensors), name, data.shape, ir.Element.FLOAT32, None, data)
                )
                operator = replace(operator, inputs=tuple(inputs))
        operators.append(operator)
    return replace(network, tensors=tuple(tensors), operators=tuple(operators))


def is_float(network: ir.Network, operator: ir.Operator) -> bool:
    return is_real(node_of(network, operator))


def by_part(weights: np.ndarray, rule: Weights, parts: int) -> np.ndarray:
    """Parts x filters x weights of a filter, as Moments and `patches` have them."""
    rows = np.moveaxis(weights.astype(np.float64), rule.axis, 0)
    return rows.reshape(parts, rows.shape[0] // parts, -1)


def as_stored(filters: np.ndarray, like: np.ndarray, rule: Weights) -> np.ndarray:
    rows = np.moveaxis(like, rule.axis, 0).shape
    return np.ascontiguousarray(np.moveaxis(filters.reshape(rows), 0, rule.axis), dtype=np.float32)


class Fit:
    """Sums over batches of one layer's inputs now and its sums before."""

    def __init__(self) -> None:
        self.count = 0
        self.x = self.y = self.xx = self.xy = 0.0

    def add(self, x: np.ndarray, y: np.ndarray) -> None:
        """Parts x rows x weights of a filter; parts x rows x filters."""
        self.count += x.shape[1]
        self.x, self.y = self.x + x.sum(axis=1), self.y + y.sum(axis=1)
        self.xx, self.xy = self.xx + x.transpose(0, 2, 1) @ x, self.xy + x.transpose(0, 2, 1) @ y

    def solved(self, left: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Weights, parts x filters x weights of a filter, and biases."""
        x, y = self.x / self.count, self.y / self.count
        xx = self.xx / self.count - x[:, :, None] * x[:, None]
        xy = self.xy / self.count - x[:, :, None] * y[:, None]
        size = np.trace(xx, axis1=1, axis2=2) / xx.shape[1]
        ridge = np.maximum(RIDGE * size, 1e-12)[:, None, None]
        prior = left.transpose(0, 2, 1)
        found = np.linalg.solve(xx + ridge * np.eye(xx.shape[1]), xy + ridge * prior)
        bias = y - (x[:, None] @ found)[:, 0]
        return found.transpose(0, 2, 1), bias.reshape(-1)


class Refit:
    """Goes through both networks, all batches side by side, and forgets what nobody reads."""

    def __init__(self, network: ir.Network, removed: list[Unit]) -> None:
        self.whole, self.kept = network, Kept(network, removed).kept
        self.small = without(network, removed)
        self.changed: set[int] = set()  # tensors of which what is left has other values

    @on_one_thread
    def run(self, given: list[list[np.ndarray]]) -> ir.Network:
        tensors = list(self.small.tensors)
        before, now = (
            [dict(zip(self.whole.inputs, batch, strict=True)) for batch in given] for _ in range(2)
        )
        runs = Batches(self.whole), Batches(self.small)
        uses = Counter(index for each in self.whole.operators for index in each.inputs)
        for whole, small in zip(self.whole.operators, self.small.operators, strict=True):
            if self.needs(whole):
                found = self.fitted(whole, small, before, now)
                for index, data in found.items():
                    tensors[index] = replace(tensors[index], data=data)
                self.small = replace(self.small, tensors=tuple(tensors))
                runs = runs[0], Batches(self.small)
            for run, operator, values in zip(runs, (whole, small), (before, now), strict=True):
                for value in values:
                    made = run.apply(operator, run.constants, value)
                    value.update(zip(operator.outputs, made, strict=True))
            if any(index in self.changed or not self.kept[index].all() for index in whole.inputs):
                self.changed.update(whole.outputs)
            self.forget(whole, uses, (*before, *now))
        return self.small

    def needs(self, operator: ir.Operator) -> bool:
        """Whether a layer reads something that is not what it was."""
        data, rule = operator.inputs[0], rule_of(self.whole, operator)
        other = data in self.changed or not self.kept[data].all()
        return other and rule is not None and self.seen(self.whole, operator, rule, None)

    def seen(
        self, network: ir.Network, operator: ir.Operator, rule: Weights, value: np.ndarray | None
    ) -> np.ndarray | bool:
        """What the weights are multiplied by, a part of its rows; without a value, whether the
        layer can say it."""
        if value is None:
            return hasattr(layers.modules()[operator.name], "patches") and is_float(
                network, operator
            )
        shape = network.tensors[operator.inputs[0]].shape[1:]
        found = patches(network, operator, rule, value.reshape(-1, *shape))
        assert found is not None
        return found[:, :: -(-found.shape[1] // MOST_ROWS)].astype(np.float64)

    def fitted(
        self, whole: ir.Operator, small: ir.Operator, before: list[Values], now: list[Values]
    ) -> dict[int, np.ndarray]:
        """New weights and bias, by their tensors."""
        rule = rule_of(self.whole, whole)
        assert rule is not None
        fit, stays = Fit(), self.kept[whole.output]
        full = self.whole.tensors[whole.inputs[rule.weights]].data
        bias = self.whole.tensors[whole.inputs[rule.bias]].data
        left = self.small.tensors[small.inputs[rule.weights]].data
        parts = 0
        for old, new in zip(before, now, strict=True):
            was = self.seen(self.whole, whole, rule, old[whole.inputs[0]])
            x = self.seen(self.small, small, rule, new[small.inputs[0]])
            sums = was @ by_part(full, rule, len(was)).transpose(0, 2, 1)
            y = sums.transpose(1, 0, 2).reshape(sums.shape[1], -1) + bias.reshape(-1)
            parts = len(x)
            y = y[:, stays].reshape(len(y), parts, -1).transpose(1, 0, 2)
            fit.add(x, y)
        found, shift = fit.solved(by_part(left, rule, parts))
        return {
            small.inputs[rule.weights]: as_stored(found, left, rule),
            small.inputs[rule.bias]: shift.astype(np.float32),
        }

    def forget(self, operator: ir.Operator, uses: Counter, values: tuple[Values, ...]) -> None:
        for index in set(operator.inputs):
            uses[index] -= operator.inputs.count(index)
            if uses[index] == 0 and index not in self.whole.outputs:
                for each in values:
                    if len(each) > 1:
                        each.pop(index, None)
