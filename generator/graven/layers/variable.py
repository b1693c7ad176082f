"""READ_VARIABLE and ASSIGN_VARIABLE: what lasts from run to run, and its next content."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.cpp import Constant, Cpp, computed, hwc, shape, template
from graven.node import Node, Option, Values
from graven.quantize.rules import SAME

OPERATORS = ("READ_VARIABLE", "ASSIGN_VARIABLE")
OPTIONS = None
VARIABLES = (0,)
SCALES = SAME


@dataclass(frozen=True)
class Variable(ir.Layer):
    assigns: bool


def options(layer: Variable) -> dict[str, Option]:
    return {}


def read(node: Node) -> Variable:
    assigns = node.name == "ASSIGN_VARIABLE"
    inputs = 2 if assigns else 1
    node.expect_inputs(inputs, inputs, outputs=0 if assigns else 1)
    variable, content = node.input(0), node.input(1) if assigns else node.output
    if variable.initial is None:
        raise node.error("is no variable; export the model again.", variable)
    node.expect_same_element(variable, content)
    node.expect_shape(content, variable.shape)
    node.expect_same_quantization(variable, content)
    return Variable(assigns)


def cpp(layer: Variable, node: Node) -> Cpp:
    variable = node.input(0)
    assert variable.initial is not None
    if layer.assigns:
        return Cpp("graven::Assign", (0, *computed(node, 1)))
    stored = variable.quantization
    zeros = np.all(variable.initial == (stored.zero_point[0] if stored else 0))
    return Cpp(
        template("Variable", shape(hwc(node, variable))),
        inputs=(),
        constants=() if zeros else (Constant("initial", variable.initial),),
        output=True,
        element=True,
    )


def reference(layer: Variable, node: Node, values: Values) -> np.ndarray | tuple[()]:
    if not layer.assigns:
        return values[0].copy()
    values[0][...] = values[1]
    return ()
