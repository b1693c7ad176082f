"""MOE: a mixture of experts, gated MLPs with SiLU, of which each moment is given to the `top` whose
router logits are the largest; their shares are the softmax of those. Inputs: the activation, the
router's logits, then gate and up (experts x hidden x channels) and down (experts x channels x
hidden). float32. TensorFlow Lite has none; a file states it as a custom operator.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.cpp import Cpp, computed, constants, template
from graven.node import Node, Option, Values

OPERATORS = ("MOE",)
OPTIONS = "FlexBuffer"  # layers.FLEX_BUFFER
DATA = (0, 1)


@dataclass(frozen=True)
class MoE(ir.Layer):
    top: int


def options(layer: MoE) -> dict[str, Option]:
    return {"top": layer.top}


def read(node: Node) -> MoE:
    node.expect_inputs(5, 5)
    data, router = node.input(0), node.input(1)
    gate, up, down = (node.constant(place, (ir.Element.FLOAT32,)) for place in (2, 3, 4))
    for tensor in (data, router, node.output):
        node.expect_element(tensor, ir.Element.FLOAT32)
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
    gate, up, down = (node.input(place) for place in (2, 3, 4))
    experts, hidden, channels = gate.shape
    return Cpp(
        template("MoE", str(channels), str(hidden), str(experts), str(layer.top)),
        inputs=computed(node, 0, 1),
        constants=constants(gate=gate.data, up=up.data, down=down.data),
        macs=3 * math.prod(node.output.shape) * hidden * layer.top,
    )


def reference(layer: MoE, node: Node, values: Values) -> np.ndarray:
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
    return found.reshape(data.shape).astype(np.float32)
