"""Inverse functions of angles and of hyperbolic ones, of which no operator here is one."""

from __future__ import annotations

import math

import numpy as np

from graven.frontends import functions
from graven.frontends.nchw import Draft, Operand, View

ARCTANGENT = (
    0.999999997546, -0.3333328229551, 0.1999823064036, -0.1426157368008, 0.1094019896411,
    -0.083720639451, 0.0574635577988, -0.0307175088552, 0.0106807194197, -0.0017437011379,
)  # fmt: skip
"""atan(x) / x by powers of x^2, from 0 to 1: to 1.8e-9, a Chebyshev series."""


def arctangent(draft: Draft, view: View) -> View:
    return arctangent_of(draft, view, np.float32([1]))


def arctangent_of(draft: Draft, y: Operand, x: Operand) -> View:
    """The angle of (x, y) from -pi to pi. Zeros have no sign here: of (0, 0) it is 0."""
    above, right = magnitude(draft, y), magnitude(draft, x)
    least, most = draft.binary("MINIMUM", above, right), draft.binary("MAXIMUM", above, right)
    ratio = draft.binary("DIV", least, draft.binary("MAXIMUM", most, np.float32([1e-37])))
    square = draft.binary("MUL", ratio, ratio)
    found = functions.times(draft, square, ARCTANGENT[-1])
    for factor in ARCTANGENT[-2:0:-1]:
        found = draft.binary("MUL", functions.plus(draft, found, factor), square)
    found = draft.binary("MUL", functions.plus(draft, found, ARCTANGENT[0]), ratio)
    steep = functions.real(draft, functions.compared(draft, "GREATER", above, right))
    found = turned(draft, found, steep, math.pi / 2)
    found = turned(draft, found, is_negative(draft, x), math.pi)
    return draft.binary("MUL", found, signs(draft, is_negative(draft, y)))


def is_negative(draft: Draft, operand: Operand) -> Operand:
    """1 or 0."""
    if isinstance(operand, View):
        return functions.real(draft, functions.compared(draft, "LESS", operand, np.float32([0])))
    return np.atleast_1d(functions.real_of(operand) < 0).astype(np.float32)


def signs(draft: Draft, negative: Operand) -> Operand:
    if isinstance(negative, View):
        return functions.plus(draft, functions.times(draft, negative, -2.0), 1.0)
    return np.float32(1) - 2 * negative


def magnitude(draft: Draft, operand: Operand) -> Operand:
    if isinstance(operand, View):
        return draft.unary("ABS", operand)
    return np.abs(functions.real_of(operand)).astype(np.float32)


def turned(draft: Draft, angle: View, where: Operand, limit: float) -> View:
    """limit - angle where that is 1."""
    far = (functions.times(draft, where, limit) if isinstance(where, View)
           else (limit * where).astype(np.float32))  # fmt: skip
    return draft.binary("ADD", draft.binary("MUL", angle, signs(draft, where)), far)


def complement(draft: Draft, view: View) -> View:
    """sqrt(1 - x^2), as (1 - x) (1 + x)."""
    pair = (draft.binary("SUB", np.float32([1]), view), functions.plus(draft, view, 1.0))
    return draft.unary("SQRT", draft.binary("MUL", *pair))


def arcsine(draft: Draft, view: View) -> View:
    return arctangent_of(draft, view, complement(draft, view))


def arccosine(draft: Draft, view: View) -> View:
    return arctangent_of(draft, complement(draft, view), view)


def area_sine(draft: Draft, view: View) -> View:
    """sign(x) log(|x| + sqrt(x^2 + 1))."""
    size = draft.unary("ABS", view)
    root = draft.unary("SQRT", functions.plus(draft, draft.binary("MUL", view, view), 1.0))
    found = draft.unary("LOG", draft.binary("ADD", size, root))
    return draft.binary("MUL", found, draft.unary("SIGN", view))


def area_cosine(draft: Draft, view: View) -> View:
    less, more = functions.plus(draft, view, -1.0), functions.plus(draft, view, 1.0)
    root = draft.unary("SQRT", draft.binary("MUL", less, more))
    return draft.unary("LOG", draft.binary("ADD", view, root))


def area_tangent(draft: Draft, view: View) -> View:
    share = draft.binary("DIV", functions.plus(draft, view, 1.0),
                         draft.binary("SUB", np.float32([1]), view))  # fmt: skip
    return functions.times(draft, draft.unary("LOG", share), 0.5)
