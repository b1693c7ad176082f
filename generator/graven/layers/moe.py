"""MOE: a mixture of experts, gated MLPs with SiLU, of which each moment is given to the `top` whose
router logits are the largest; their shares are the softmax of those. Inputs: the activation, the
router's logits, then gate and up (experts x hidden x channels) and down (experts x channels x
hidden). float32; or int8 and int16 activations with int8 or int4 weights of one scale for each of
the three, whose sums of products with the activation are exact, and what is left float32.
TensorFlow Lite has none; a file states it as a custom operator.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from graven import arithmetic, elementwise, ir, single
from graven.cpp import Constant, Cpp, computed, template
from graven.node import Node, Option, Values, per_tensor, scale_of, zero_point_of

OPERATORS = ("MOE",)
OPTIONS = "FlexBuffer"  # layers.FLEX_BUFFER
DATA = (0, 1)
MATRICES = {2: "gate", 3: "up", 4: "down"}
STACKS = tuple(MATRICES)


@dataclass(frozen=True)
class MoE(ir.Layer):
    top: int


def options(layer: MoE) -> dict[str, Option]:
    return {"top": layer.top}


def read(node: Node) -> MoE:
    node.expect_inputs(5, 5)
    data, router = node.input(0), node.input(1)
    for tensor in (data, router, node.output):
        node.expect_activation(tensor, wide=True)
    node.expect_same_element(data, router, node.output)
    real = data.element is ir.Element.FLOAT32
    weights = (ir.Element.FLOAT32,) if real else (ir.Element.INT8, ir.Element.INT4)
    gate, up, down = (node.constant(place, weights) for place in MATRICES)
    node.expect_same_element(gate, up, down)
    if not real:
        for tensor in (gate, up, down):
            if per_tensor(node, tensor)[1] != 0:
                raise node.error(
                    "has a zero point other than 0, expected symmetric weights.", tensor
                )
    node.expect_rank(gate, 3)
    experts, hidden, channels = gate.shape
    node.expect_shape(up, gate.shape)
    node.expect_shape(down, (experts, channels, hidden))
    node.expect_shape(data, (*data.shape[:-1], channels))
    node.expect_shape(router, (*data.shape[:-1], experts))
    node.expect_shape(node.output, data.shape)
    top = int(node.option("top"))
    if not 0 < top <= experts:
        raise node.error(f"chooses {top} experts, expected 1 to {experts}.")
    return MoE(top)


def cpp(layer: MoE, node: Node) -> Cpp:
    experts, hidden, channels = node.input(2).shape
    return Cpp(
        template("MoE", str(channels), str(hidden), str(experts), str(layer.top)),
        inputs=computed(node, 0, 1),
        constants=tuple(_constant(node.input(place), name) for place, name in MATRICES.items()),
        output=node.output.element is not ir.Element.FLOAT32,
        macs=3 * math.prod(node.output.shape) * hidden * layer.top,
    )


def _constant(tensor: ir.Tensor, name: str) -> Constant:
    if tensor.quantization is None:
        return Constant(name, tensor.data)
    scale = np.array(tensor.quantization.scale, dtype=np.float32)
    return Constant(name, tensor.data, scale, 0, tensor.element is ir.Element.INT4)


def reference(layer: MoE, node: Node, values: Values) -> np.ndarray:
    if values[0].dtype != np.float32:
        return _integers(layer, node, values)
    return _found(layer, *values).astype(np.float32)


def _found(layer: MoE, *values: np.ndarray) -> np.ndarray:
    data, router, gate, up, down = (each.astype(np.float64) for each in values)
    rows, logits = data.reshape(-1, data.shape[-1]), router.reshape(-1, router.shape[-1])
    found = np.zeros_like(rows)
    for row, given in enumerate(logits):
        chosen = np.argsort(-given, kind="stable")[: layer.top]
        shares = np.exp(given[chosen] - given[chosen[0]])
        for expert, share in zip(chosen, shares / shares.sum(), strict=True):
            opened = gate[expert] @ rows[row]
            passed = opened / (1 + np.exp(-opened)) * (up[expert] @ rows[row])
            found[row] += share * (down[expert] @ passed)
    return found.reshape(data.shape)


def _integers(layer: MoE, node: Node, values: Values) -> np.ndarray:
    """In the order of isa/scalar/moe.hpp: exact sums of products with the activation, the rest in
    float32."""
    real = np.float32
    data, router, *weights = values
    scales = [real(scale_of(node.input(place))) for place in range(5)]
    rows = data.reshape(-1, data.shape[-1]).astype(np.int64) - zero_point_of(node.input(0))
    logits = router.reshape(-1, router.shape[-1]).astype(np.int64)
    gate, up, down = (each.astype(np.int64) for each in weights)
    opening, passing = scales[0] * scales[2], scales[0] * scales[3]
    found = np.zeros(rows.shape, real)
    for row, given in enumerate(logits):
        chosen = np.argsort(-given, kind="stable")[: layer.top]
        below = (given[chosen] - given[chosen[0]]).astype(real) * scales[1]
        shares = single.exponential(below)
        total = np.add.accumulate(shares)[-1]
        for expert, share in sorted(zip(chosen, shares, strict=True)):
            if share == 0:
                continue
            opened = (gate[expert] @ rows[row]).astype(real) * opening
            passed = opened / (real(1) + single.exponential(-opened))
            passed = passed * ((up[expert] @ rows[row]).astype(real) * passing)
            products = passed[None, :] * down[expert].astype(real)
            sums = np.add.accumulate(products, axis=1)[:, -1]
            found[row] += (share / total) * (sums * scales[4])
    steps = np.clip(found / real(scale_of(node.output)), real(-1e6), real(1e6))
    whole = arithmetic.nearest(steps.astype(np.float64)).astype(np.int64)
    return elementwise.finished(node, whole.reshape(data.shape))
