"""How many dimensions a layer's weights really use: what a smaller layer would keep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir, layers
from graven.quantize.rules import weights_of

KEPT = 0.99  # of the energy
MOST = 4096  # the shorter side of a matrix whose singular values are computed


@dataclass(frozen=True)
class Rank:
    """Of the matrix of a layer's weights, one row for each output channel."""

    index: int
    op: str
    rows: int
    columns: int
    effective: float  # exp of the entropy of the singular values' shares (Roy and Vetterli, 2007)
    needed: int  # singular values that have KEPT of the energy
    spectrum: tuple[float, ...]  # singular values, the largest is 1

    @property
    def most(self) -> int:
        return min(self.rows, self.columns)


def ranks(network: ir.Network) -> list[Rank]:
    """Of every layer with a matrix of weights; those of a depthwise layer have no ranks."""
    found = []
    for operator in network.operators:
        matrix = _matrix(network, operator)
        if matrix is not None and 1 < min(matrix.shape) <= MOST and np.isfinite(matrix).all():
            found.append(_rank(operator, matrix))
    return [each for each in found if each is not None]


def _matrix(network: ir.Network, operator: ir.Operator) -> np.ndarray | None:
    if operator.name == "DEPTHWISE_CONV_2D":
        return None
    weights = weights_of(layers.modules()[operator.name], operator, network.tensors)
    if weights is None:
        return None
    tensor = network.tensors[operator.inputs[weights.weights]]
    if tensor.data is None or tensor.data.ndim < 2:
        return None
    data = tensor.data.astype(np.float64)
    if (found := tensor.quantization) is not None:
        shape = [-1 if axis == found.axis else 1 for axis in range(data.ndim)]
        scale, zero = (np.array(each) for each in (found.scale, found.zero_point))
        data = (data - zero.reshape(shape)) * scale.reshape(shape)
    moved = np.moveaxis(data, weights.axis, 0)
    return moved.reshape(len(moved), -1)


def _rank(operator: ir.Operator, matrix: np.ndarray) -> Rank | None:
    values = np.linalg.svd(matrix, compute_uv=False)
    if values[0] == 0:
        return None
    share = values[values > 0] / values.sum()
    effective = float(np.exp(-(share * np.log(share)).sum()))
    energy = np.cumsum(values**2) / (values**2).sum()
    needed = int(np.searchsorted(energy, KEPT) + 1)
    spectrum = tuple(float(each) for each in values / values[0])
    return Rank(operator.index, operator.name, *matrix.shape, effective, needed, spectrum)
