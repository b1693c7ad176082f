"""Cross-layer equalization: channels of an activation brought to one size, the float network's
outputs as they were.

Between two operators with weights and what keeps positive factors apart (ReLU, pools, a flattening)
each channel can be divided by a factor, in the weights and bias before, that the weights behind
multiply in again (Nagel et al., 2019, 4.1). Integers of an activation have one scale, so its
channels should be alike; weights have one per output, but not per input. So the factor is the
square root of a channel's range over the greatest weight that reads it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from graven import ir
from graven.quantize.simulate import Simulation, Values

TRANSPARENT = ("MAX_POOL_2D", "AVERAGE_POOL_2D", "RELU", "RESHAPE")
BETWEEN = ("NONE", "RELU")  # fused activations


@dataclass(frozen=True)
class Pair:
    """Two operators with weights that only what is transparent lies between."""

    first: ir.Operator
    second: ir.Operator


def equalized(simulation: Simulation, exact: Values) -> ir.Network:
    """`exact`: the float network's values on samples. The same network where nothing changes."""
    found = pairs(simulation)
    if not found:
        return simulation.network
    tensors = list(simulation.network.tensors)
    for pair in found:
        _, before = simulation.weighted[pair.first.index]
        _, behind = simulation.weighted[pair.second.index]
        values = np.abs(exact[pair.first.output])
        ranges = values.reshape(-1, values.shape[-1]).max(axis=0)
        reader = pair.second.inputs[behind.weights]
        weights = tensors[reader].data
        by_channel = np.abs(weights).reshape(-1, len(ranges)).max(axis=0)
        alive = (ranges > 0.0) & (by_channel > 0.0)
        if not alive.any():  # a layer without effect: there is no size to bring channels to
            continue
        factors = np.sqrt(np.where(alive, ranges, 1.0) / np.where(alive, by_channel, 1.0))
        factors = np.where(alive, factors / np.exp(np.log(factors[alive]).mean()), 1.0)
        turned = weights.reshape(*weights.shape[:-1], -1, len(ranges)) * factors
        tensors[reader] = of(tensors[reader], turned.reshape(weights.shape))
        shape = [-1 if axis == before.axis else 1 for axis in range(4)]
        writer = tensors[pair.first.inputs[before.weights]]
        inverse = (1.0 / factors).reshape(shape[: writer.data.ndim])
        tensors[writer.index] = of(writer, writer.data * inverse)
        if simulation.bias_of(pair.first, before) is not None:
            bias = tensors[pair.first.inputs[before.bias]]
            tensors[bias.index] = of(bias, bias.data / factors)
    return replace(simulation.network, tensors=tuple(tensors))


def of(tensor: ir.Tensor, data: np.ndarray) -> ir.Tensor:
    return replace(tensor, data=data.astype(np.float32))


def pairs(simulation: Simulation) -> list[Pair]:
    """Those whose constants nobody else reads."""
    network = simulation.network
    uses = Counter(index for operator in network.operators for index in operator.inputs)
    uses.update(network.outputs)
    readers = {index: op for op in network.operators for index in op.inputs}
    found = []
    for operator, weights in simulation.weighted.values():
        second = reader_of(simulation, operator, uses, readers)
        if second is None:
            continue
        _, behind = simulation.weighted[second.index]
        constants = (
            *operator.inputs[weights.weights :][:1],
            *operator.inputs[weights.bias :][:1],
            second.inputs[behind.weights],
        )
        if all(uses[index] == 1 for index in constants if index >= 0):
            found.append(Pair(operator, second))
    return found


def reader_of(
    simulation: Simulation, operator: ir.Operator, uses: Counter, readers: dict[int, ir.Operator]
) -> ir.Operator | None:
    """The operator with weights behind, if all between takes factors and it reads every channel
    by weights of its own: as the last axis of them."""
    network = simulation.network
    if getattr(operator.layer, "activation", "") not in BETWEEN:
        return None
    index = operator.output
    channels = network.tensors[index].shape[-1]
    while uses[index] == 1:
        reader = readers.get(index)
        if reader is None:
            return None
        if reader.index in simulation.weighted:
            _, weights = simulation.weighted[reader.index]
            shape = network.tensors[reader.inputs[weights.weights]].shape
            wide = network.tensors[index].shape[-1]
            fits = simulation.data_of(reader) == index and shape[-1] == wide
            return reader if fits and wide % channels == 0 else None
        fused = getattr(reader.layer, "activation", "NONE")
        if reader.name not in TRANSPARENT or fused not in BETWEEN:
            return None
        if network.tensors[reader.output].shape[-1] % channels:
            return None
        index = reader.output
    return None
