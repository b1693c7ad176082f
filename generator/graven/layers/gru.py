"""GRU, which TensorFlow Lite has not: a custom operator over all moments of its input.

Inputs: the data; the weights of the gates update, reset and new for the input, then for the hidden
state; their biases; a bias of the recurrent sums of `new` alone, or none; the hidden state; of
integers, the int16 in units of 2^-15 that it remembers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir, recurrent
from graven.cpp import Cpp
from graven.node import Node, Option, Values, scale_of
from graven.quantize.scales import Scale
from graven.recurrent import GATE_SCALE, UNIT, Cell, Sums

OPERATORS = ("GRU",)
OPTIONS = "FlexBuffer"  # layers.FLEX_BUFFER
VARIABLES = (11, 12)

CELL = Cell(("update", "reset", "new"), 1, 4, 7, hidden=11, memory=12, own_bias=10)


@dataclass(frozen=True)
class Gru(ir.Layer):
    time_major: bool = False
    reset_after: bool = True  # the products of `new` see the whole hidden state


def options(layer: Gru) -> dict[str, Option]:
    return {"time_major": layer.time_major, "reset_after": layer.reset_after}


def read(node: Node) -> Gru:
    node.expect_inputs(12, 13)
    layer = Gru(bool(node.option("time_major")), bool(node.option("reset_after")))
    recurrent.read(node, CELL, layer.time_major)
    if not layer.reset_after and node.optional(CELL.own_bias) is not None:
        raise node.error("has two biases of one sum; add the recurrent one to the other.")
    memory = node.optional(CELL.memory)
    if node.input(0).element is ir.Element.FLOAT32:
        if memory is not None:
            raise node.error("has a memory beside the hidden state, which float32 needs none of.")
        return layer
    if memory is None or memory.quantization is None or scale_of(memory) != UNIT:
        raise node.error("needs a memory of int16 in units of 1/32768; quantize the model again.")
    recurrent.expect_multipliers(node, CELL, GATE_SCALE)
    return layer


def cpp(layer: Gru, node: Node) -> Cpp:
    options = () if layer.reset_after else ("graven::Reset::before",)
    return recurrent.cpp(node, CELL, "GRU", *options)


def integers(layer: Gru, node: Node, data: Scale, output: Scale) -> dict[int, ir.Tensor]:
    return recurrent.integers(node, CELL, data, output, UNIT)


def reference(layer: Gru, node: Node, values: Values) -> np.ndarray:
    hidden, *memory = recurrent.states(node, CELL, values)
    sums = Sums(node, CELL, values)

    def product(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return first * second if sums.is_real else recurrent.rounded(first * second)

    def as_hidden(value: np.ndarray) -> np.ndarray:
        return value if sums.is_real else sums.as_hidden(value, UNIT)

    def step(moment: np.ndarray) -> np.ndarray:
        old = hidden.astype(np.float64) if sums.is_real else memory[0].astype(np.int64)
        update, reset = (sums.logistic(sums.parts(gate, moment, hidden)) for gate in (0, 1))
        if layer.reset_after:
            entering, again = sums.parts(2, moment, hidden)
            again = product(reset, again)
        else:
            entering, again = sums.parts(2, moment, as_hidden(product(reset, old)))
        offered = sums.tanh((entering, again))
        new = offered + product(update, old - offered)
        for each in memory:
            each[:] = new
        hidden[:] = as_hidden(new)
        return hidden

    return recurrent.run(node, values, step)
