"""Products of matrices. Some are attention that a model writes out: softmax(q k + mask) v, whose
constant mask hides keys, is one ATTENTION, which has no scores of minus infinity that integers
would need a scale for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from graven.frontends import functions, transformers
from graven.frontends.nchw import Draft, Integers, Operand, View

HIDES = -1e4
"""A number at this or below, added to a score or in its place, leaves the key no weight."""


@dataclass(frozen=True)
class Scores:
    """scale * (first operand @ second), of which some elements are hidden."""

    operands: tuple[View, View]
    scale: float
    hidden: np.ndarray


def matmul(draft: Draft, first: Operand, second: Operand) -> View:
    """As numpy.matmul; ATTENTION where the first is a softmax of scores, some of them hidden."""
    if isinstance(first, View) and isinstance(second, View):
        given = _attention_of(draft, first, second)
        if given is not None:
            shape = (*first.shape[:-1], second.shape[-1])
            return draft.reshape(transformers.attend(draft, given), shape)
    return draft.matmul(first, second)


def einsum(draft: Draft, equation: str, operands: Sequence[Operand]) -> View:
    """One letter for each axis: a product of matrices; of more than two operands, one after the
    other. Without an arrow, the letters that stand once are left, in their order."""
    left, arrow, out = equation.replace(" ", "").partition("->")
    if not arrow:
        out = "".join(
            sorted(letter for letter in left if letter != "," and left.count(letter) == 1)
        )
    (*names,), (*operands,) = left.split(","), operands
    while len(names) == len(operands) > 2:
        first, second, *others = names
        left = set("".join(others) + out)
        between = "".join(each for each in dict.fromkeys(first + second) if each in left)
        found = _product_of_two(draft, (first, second), between, operands[:2], equation)
        names, operands = [between, *others], [found, *operands[2:]]
    return _product_of_two(draft, names, out, operands, equation)


def _product_of_two(
    draft: Draft, names: Sequence[str], out: str, operands: Sequence[Operand], equation: str
) -> View:
    fits = len(names) == len(operands) == 2 and all(
        len(set(name)) == len(name) == len(each.shape)
        for name, each in zip(names, operands, strict=True)
    )
    a, b = names if fits else ("", "")
    if not fits or set(a) ^ set(b) != (set(a) ^ set(b)) & set(out) or set(out) - set(a + b):
        raise draft.error(f"computes '{equation}', more than a product of matrices; use MatMul.")
    both = [each for each in a if each in b and each in out]
    summed = [each for each in a if each in b and each not in out]
    rows, columns = (
        [each for each in name if each not in other] for name, other in ((a, b), (b, a))
    )
    extents = {letter: n for name, each in zip(names, operands, strict=True)
               for letter, n in zip(name, each.shape, strict=True)}  # fmt: skip

    def laid(operand: Operand, name: str, groups: Sequence[list[str]]) -> Operand:
        axes = tuple(name.index(letter) for group in groups for letter in group)
        shape = [extents[letter] for letter in groups[0]]
        shape += [math.prod(extents[letter] for letter in group) for group in groups[1:]]
        if isinstance(operand, View):
            return draft.reshape(draft.transpose(operand, axes), tuple(shape))
        return functions.real_of(operand).transpose(axes).reshape(shape)

    first = laid(operands[0], a, (both, rows, summed))
    found = matmul(draft, first, laid(operands[1], b, (both, summed, columns)))
    letters = [*both, *rows, *columns]
    found = draft.reshape(found, tuple(extents[letter] for letter in letters))
    return draft.transpose(found, tuple(letters.index(letter) for letter in out))


def _attention_of(draft: Draft, first: View, second: View) -> transformers.Arguments | None:
    weights = draft.told_of(first)
    if weights is None or weights.name != "SOFTMAX":
        return None
    (softened,) = weights.inputs
    if not isinstance(softened, View) or weights.axis != len(softened.shape) - 1:
        return None
    scores = _scores(draft, softened)
    if scores is None:
        return None
    query, key = scores.operands
    rank = len(key.shape)
    key = draft.transpose(key, (*range(rank - 2), rank - 1, rank - 2))
    views = query, key, second
    if (
        len({(len(each.shape), *each.shape[:-2], each.shape[-1]) for each in views}) != 1
        or rank > 4
    ):
        return None
    lead = query.shape[:-2] if rank == 4 else (1, math.prod(query.shape[:-2]))
    query, key, value = (draft.reshape(each, (*lead, *each.shape[-2:])) for each in views)
    hidden = np.broadcast_to(scores.hidden, first.shape).reshape(-1, *first.shape[-2:])
    if lead[0] != 1 or (hidden != hidden[0]).any() or hidden.all(axis=-1).any():
        return None
    return {"query": query, "key": key, "value": value, "attn_mask": ~hidden[0],
            "dropout_p": 0.0, "is_causal": False, "scale": scores.scale}  # fmt: skip


def _scores(draft: Draft, view: View) -> Scores | None:
    """What a chain of sums and products with constants does to a product: a factor, and hidden
    elements; None where it does anything else, or hides nothing. Seen from its end, so that each
    sum is known with all the factors that come behind it."""
    scale, hidden, kept = 1.0, np.zeros((1, 1), bool), np.ones((1, 1), bool)
    while (told := draft.told_of(view)) is not None and told.name in ("ADD", "MUL"):
        view, constant = told.inputs
        if not isinstance(view, View) or isinstance(constant, View | Integers):
            return None
        constant = np.asarray(constant)
        if told.name == "MUL" and constant.size == 1:
            scale *= float(constant.reshape(()))
        elif told.name == "MUL" and np.isin(constant, (0, 1)).all():
            kept = kept & (constant == 1)
        elif told.name == "ADD" and ((constant == 0) | (constant * scale <= HIDES)).all():
            hidden = hidden | (constant != 0)
        else:
            return None
    if told is None or told.name != "MATMUL" or scale <= 0 or not hidden.any():
        return None
    first, second = told.inputs
    if not (isinstance(first, View) and isinstance(second, View)) or (~kept & ~hidden).any():
        return None
    return Scores((first, second), scale, hidden)
