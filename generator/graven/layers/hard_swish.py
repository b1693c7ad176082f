"""HARD_SWISH: x * min(max(x + 3, 0), 6) / 6; int8 in 16-bit fixed point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graven import arithmetic, elementwise, ir
from graven.bounds import by_table, keeps_table
from graven.channels import one_to_one
from graven.cpp import Cpp, computed
from graven.node import Node, Values, scale_of

OPERATORS = ("HARD_SWISH",)
OPTIONS = None
POINTWISE = True
WITHOUT_INT16 = ("HARD_SWISH",)
LEAST, MOST = -(1 << 15), (1 << 15) - 1


@dataclass(frozen=True)
class HardSwish(ir.Layer):
    pass


options = elementwise.no_options


def read(node: Node) -> HardSwish:
    elementwise.expect(node)
    if node.output.element is ir.Element.INT8:
        scale, scale_out = scale_of(node.input(0)), scale_of(node.output)
        (_, to_output), (_, to_factor) = multipliers(node)
        if not -15 <= to_output <= 0 or not -15 <= to_factor <= 30:
            raise node.error(
                f"goes from scale {scale:g} to {scale_out:g}, expected 1.8e-07 to 1.2e+07, and of "
                "the output more than 1/128 and at most 512 times the input's; quantize the model "
                "again by samples that reach the values of use."
            )
    return HardSwish()


def cpp(layer: HardSwish, node: Node) -> Cpp:
    return Cpp("graven::HardSwish", computed(node, 0), output=True)


def multipliers(node: Node) -> list[tuple[int, int]]:
    """Of 16 bits, from 1/128 of the input's scale to the output's, and to units of 3 / 2^15."""
    scale = np.float32(scale_of(node.input(0))) * np.float32(1 / 128)
    units = np.float32(scale_of(node.output)), np.float32(3) / np.float32(1 << 15)
    pairs = [arithmetic.quantize_multiplier(float(scale / unit)) for unit in units]
    return [(min((multiplier + (1 << 15)) >> 16, MOST), shift) for multiplier, shift in pairs]


def reference(layer: HardSwish, node: Node, values: Values) -> np.ndarray:
    if node.output.element is ir.Element.FLOAT32:
        above = np.clip(values[0] + np.float32(3), np.float32(0), np.float32(6))
        return values[0] * above / np.float32(6)
    (to_output, shift_out), (to_factor, shift) = multipliers(node)
    value = elementwise.centred(node, values[0]) << 7
    product = rounded(value * to_output)
    factor = np.clip(value << max(shift - 1, 0), LEAST, MOST)
    factor = rounded(factor * to_factor)
    factor = np.clip(factor << (shift > 0), LEAST, MOST)
    factor = arithmetic.divide_by_power(factor, max(-shift, 0))
    both = ((factor + (1 << 15)) >> 1) * product
    steps = arithmetic.divide_by_power(np.sign(both) * (np.abs(both) >> 15), -shift_out)
    return elementwise.finished(node, steps)


def rounded(product: np.ndarray) -> np.ndarray:
    """A product of two numbers of 16 bits, halved 15 times; halves go up."""
    return (product + (1 << 14)) >> 15


bounds, links = by_table(reference), one_to_one
is_identity = keeps_table(reference)
