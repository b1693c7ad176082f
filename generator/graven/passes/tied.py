"""Weights that a table has as well (an embedding whose output projection is tied to it): the dense
layer becomes a product with the table as it lies in flash, which then holds them once.
"""

from __future__ import annotations

import dataclasses

from graven import ir
from graven.layers.batch_matmul import BatchMatMul
from graven.layers.dense import Dense
from graven.node import node_of


def tied(network: ir.Network) -> ir.Network:
    literals = {
        operator.inputs[0]: operator.outputs[0]
        for operator in network.operators
        if operator.name == "LITERAL"
    }
    read = set()
    operators = []
    for operator in network.operators:
        if (
            operator.name == "FULLY_CONNECTED"
            and operator.inputs[1] in literals
            and _is_product(network, operator)
        ):
            read.add(operator.inputs[1])
            inputs = (operator.inputs[0], literals[operator.inputs[1]])
            layer = BatchMatMul(adjoint_y=True)
            operator = dataclasses.replace(
                operator, name="BATCH_MATMUL", layer=layer, inputs=inputs
            )
        operators.append(operator)
    # A table comes before whatever reads it now, which may stand in front of the embedding.
    operators.sort(key=lambda each: each.name != "LITERAL" or each.inputs[0] not in read)
    return dataclasses.replace(network, operators=tuple(operators))


def _is_product(network: ir.Network, operator: ir.Operator) -> bool:
    """Of integers alone: a product of matrices has the same bits, and its kernels."""
    node = node_of(network, operator)
    data, weights, layer = node.input(0), node.input(1), operator.layer
    assert isinstance(layer, Dense)
    return (
        layer.activation == "NONE"
        and node.optional(2) is None
        and data.element is weights.element is node.output.element is ir.Element.INT8
        and len(data.shape) >= 2
        and data.shape[-1] == weights.shape[-1]
        and weights.quantization is not None
        and len(weights.quantization.scale) == 1
    )
