"""FULLY_CONNECTED: every output sums products over all inputs of its row; weights OI.

Weights that are computed make it a product of two activations, as BATCH_MATMUL is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.bounds import Bounds, Inputs, full
from graven.channels import Masks
from graven.cpp import Cpp, computed, hwc, named, shape, template, weighted
from graven.matmul import bounded, centred, expect_product, finish, product_of_matrices
from graven.node import Node, Option, Values, shape_text
from graven.quantize.rules import ONE, Weights

OPERATORS = ("FULLY_CONNECTED",)
OPTIONS = "FullyConnectedOptions"
WEIGHTS = Weights(int4=ONE)  # TensorFlow Lite Micro refuses several


@dataclass(frozen=True)
class Dense(ir.Layer):
    activation: str = "NONE"
    keep_num_dims: bool = False


def options(layer: Dense) -> dict[str, Option]:
    return {
        "FusedActivationFunction": layer.activation,
        "KeepNumDims": layer.keep_num_dims,
        "WeightsFormat": 0,
    }


def read(node: Node) -> Dense:
    data, output = node.expect_activations(2, 3, wide=True)
    weights = node.input(1)
    if is_computed(node):
        expect_computed(node)
    else:
        node.weights(1)
    node.expect_rank(weights, 2)
    if node.option("WeightsFormat") != 0:
        raise node.error("has shuffled weights, expected the default order.", weights)
    if not data.shape:
        raise node.error("is a scalar, but the operator needs an axis.", data)
    units, depth = weights.shape
    count = math.prod(data.shape)
    if count % depth:
        raise node.error(
            f"has {depth} weights per output, which does not divide an input of "
            f"{shape_text(data.shape)}.",
            weights,
        )
    keep_num_dims = bool(node.option("KeepNumDims"))
    if keep_num_dims and data.shape[-1] != depth:
        raise node.error(
            f"has {depth} weights per output, but the last axis of its input "
            f"{shape_text(data.shape)} is kept.",
            weights,
        )
    rows = data.shape[:-1] if keep_num_dims else (count // depth,)
    node.expect_shape(output, (*rows, units))
    node.bias(2, units)
    if is_computed(node):
        expect_product(node, depth)
    else:
        node.expect_channel_scales(weights, 0)
    return Dense(activation=node.activation(), keep_num_dims=keep_num_dims)


def is_computed(node: Node) -> bool:
    return node.input(1).data is None


def expect_computed(node: Node) -> None:
    """Weights of one scale, and no bias that does anything."""
    weights, bias = node.input(1), node.optional(2)
    node.expect_activation(node.input(0))
    node.expect_activation(weights)
    node.expect_same_element(node.input(0), weights)
    if bias is not None and (bias.data is None or bias.data.any()):
        raise node.error("is a bias of weights that are computed; add it by an ADD.", bias)


def product(node: Node, layer: Dense) -> Cpp:
    """Of two activations."""
    units, depth = node.input(1).shape
    data, output = hwc(node, node.input(0)), hwc(node, node.output)
    if (*data[:2], units) != output or data[2] != depth:
        raise node.error(
            f"multiplies {shape_text(node.input(0).shape)} by weights that are computed, "
            f"{shape_text(node.input(1).shape)}; reshape it before, to rows of {depth}.",
            node.input(0),
        )
    type = template(
        "BatchMatMul", "false", "true", named(layer.activation), defaults=("graven::none",)
    )
    macs = math.prod(node.output.shape) * depth
    return Cpp(type, computed(node, 0, 1), output=True, macs=macs)


def cpp(layer: Dense, node: Node) -> Cpp:
    if is_computed(node):
        return product(node, layer)
    units, depth = node.input(1).shape
    type = template(
        "Dense", str(depth), str(units), named(layer.activation), defaults=("graven::none",)
    )
    data, output = hwc(node, node.input(0)), hwc(node, node.output)
    rows = math.prod(data) // depth
    pixels = data if data[2] == depth else (1, rows, depth)
    if rows > 1 and (pixels, output) != (data, (*data[:2], units)):
        type = template("Reshaped", type, shape(pixels), shape(output))
    return weighted(node, type, depth)


def products(layer: Dense, node: Node, values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return values.reshape(-1, weights.shape[1]) @ weights.T


def patches(layer: Dense, node: Node, values: np.ndarray, weights: tuple[int, ...]) -> np.ndarray:
    return values.reshape(1, -1, weights[1])


def reference(layer: Dense, node: Node, values: Values) -> np.ndarray:
    if is_computed(node):
        rows = values[0].reshape(-1, node.input(1).shape[1])
        made = product_of_matrices(node, rows, values[1].T, layer.activation)
        return made.reshape(node.output.shape)
    acc = products(layer, node, centred(node, values[0]), values[1].astype(np.float64))
    acc = acc.reshape(node.output.shape)
    return finish(acc, layer.activation, node, values[2] if len(values) > 2 else None)


def bounds(layer: Dense, node: Node, inputs: Inputs) -> Bounds:
    if is_computed(node):
        return full(node.output.shape)
    found = bounded(products)(layer, node, inputs)
    assert isinstance(found, Bounds)
    return found


def folds(layer: Dense, node: Node) -> bool:
    return not is_computed(node)


def keep(layer: Dense, node: Node, inputs: Masks, outputs: Masks) -> None:
    """One scale has another rounding than one per output: not one output alone of several."""
    (stays,) = outputs
    if is_computed(node):
        inputs[0][:] = stays[:] = True
        return
    quantization = node.input(1).quantization
    if quantization and len(quantization.scale) > 1 and np.count_nonzero(stays) == 1:
        stays[np.flatnonzero(~stays)[0]] = True
