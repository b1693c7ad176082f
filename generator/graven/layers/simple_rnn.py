"""UNIDIRECTIONAL_SEQUENCE_RNN: a plain recurrent layer over all moments of its input; of integers,
which TensorFlow Lite has not, by arithmetic of our own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir, recurrent
from graven.cpp import Cpp
from graven.node import Node, Option, Values, scale_of
from graven.quantize.scales import Scale
from graven.recurrent import GATE_SCALE, UNIT, Cell, Sums

OPERATORS = ("UNIDIRECTIONAL_SEQUENCE_RNN",)
OPTIONS = "SequenceRNNOptions"
VARIABLES = (4,)

CELL = Cell(("new",), 1, 2, 3, hidden=4)


@dataclass(frozen=True)
class SimpleRnn(ir.Layer):
    time_major: bool = False
    relu: bool = False  # or tanh


def options(layer: SimpleRnn) -> dict[str, Option]:
    return {
        "TimeMajor": layer.time_major,
        "FusedActivationFunction": "RELU" if layer.relu else "TANH",
        "AsymmetricQuantizeInputs": False,
    }


def read(node: Node) -> SimpleRnn:
    node.expect_inputs(5, 5)
    activation = node.option("FusedActivationFunction")
    if activation not in ("TANH", "RELU"):
        raise node.error(f"has the activation {activation}, expected TANH or RELU.")
    layer = SimpleRnn(bool(node.option("TimeMajor")), activation == "RELU")
    recurrent.read(node, CELL, layer.time_major)
    if node.input(0).element is not ir.Element.FLOAT32:
        recurrent.expect_multipliers(node, CELL, _unit(layer, node))
    return layer


def _unit(layer: SimpleRnn, node: Node) -> float:
    """Of the 16 bits that sums are rounded to."""
    if not layer.relu:
        return GATE_SCALE
    hidden = node.input(CELL.hidden)
    return scale_of(hidden) / (128 if hidden.element is ir.Element.INT8 else 1)


def cpp(layer: SimpleRnn, node: Node) -> Cpp:
    options = ("graven::Squash::relu",) if layer.relu else ()
    return recurrent.cpp(node, CELL, "SimpleRNN", *options)


def integers(layer: SimpleRnn, node: Node, data: Scale, output: Scale) -> dict[int, ir.Tensor]:
    return recurrent.integers(node, CELL, data, output)


def reference(layer: SimpleRnn, node: Node, values: Values) -> np.ndarray:
    (hidden,) = recurrent.states(node, CELL, values)
    is_real = node.input(0).element is ir.Element.FLOAT32
    unit = GATE_SCALE if is_real else _unit(layer, node)
    sums = Sums(node, CELL, values, unit)

    def step(moment: np.ndarray) -> np.ndarray:
        parts = sums.parts(0, moment, hidden)
        new = np.maximum(sums.whole(parts), 0) if layer.relu else sums.tanh(parts)
        hidden[:] = new if is_real else sums.as_hidden(new, unit if layer.relu else UNIT)
        return hidden

    return recurrent.run(node, values, step)
