"""One module per layer, found by looking into this folder; nothing else lists them.

A module has
    OPERATORS   TensorFlow Lite's names of what it reads
    OPTIONS     the schema's name of its option table, FLEX_BUFFER, or None; where its operators
                have different ones, a dictionary by operator
    a record    a frozen dataclass, subclass of ir.Layer
    read(node) -> record               decodes the options, checks shapes and constants
    options(record) -> {name: value}   the inverse of read, for writing a file
    reference(record, node, values) -> the output, by numpy; a tuple where there are several
    cpp(record, node) -> Cpp           its C++ type, and what its parameter record holds; without
                it, it must be gone before: folded as it is read, where all its inputs are
                constants, or by a pass (graven.passes)
    known(record, node) -> the output, where shapes alone say it
    MOVES       whether all that `reference` does is to move elements of the one activation, or to
                fill in others, whatever the array's type: then graven.passes.movement says the
                operator, where there is no `cpp`
    steps(record, node) -> two operators that do the same one after the other, see passes/steps.py
    expand(record, node, grown) -> whether it has added the operators that do the same, where they
                are no chain of two
    is_valid(record, node, outputs) -> whether its outputs mean something; else they always do
and, where exact pruning is to see through it (without them it stays as it is),
    KEEPS       variables that its operators have without stating them, behind the inputs: by
                operator a function of the node, without them, that gives what is in them at first
    OVERWRITES  those of them whose output is in a file the memory of what it was before
    VARIABLES   positions of the inputs that may be variables, which last from run to run: their
                arrays are what `reference` writes their new content into; without it, none
    DATA        positions of the inputs that are activations; without it, the first alone
    bounds(record, node, inputs) -> Bounds of the output, see bounds.py; else it can be anything
    is_identity(record, node, data) -> whether it returns its one input, if of the same shape,
                scale and zero point; else it never does
    links(record, node) -> Links, see channels.py; else no channel goes
    keep(record, node, inputs, outputs)   lets more channels stay (masks, changed in place) where
                links cannot say which; alone it stands for them
    shrink(record, node, inputs, outputs) -> Shrunk, the operator whose masks are not all true;
                else it stays as it is
    BROADCASTS  whether one of its activations may be a constant with a value per channel
    CONSTANTS   whether one of them may be any constant, of which `cpp` makes a layer
    POINTWISE   whether each element is made of those at its place alone, so that it can be a part
                of a table, see pointwise.py
    WITHOUT_INTEGERS   the operators of OPERATORS that have neither int8 nor int16
    WITHOUT_INT16      those that have int8 alone
    products(record, node, values, weights) -> sums of products alone, of values less their zero
                point and of weights in the form that input 1 has; the bias is input 2
    patches(record, node, values, shape) -> what the weights of that shape are multiplied by: parts
                (filters that see the same) x rows x weights of a filter; else quantization rounds
                each weight to the nearest
    integers(record, node, data, output) -> its inputs behind the first, by position, as tensors of
                integers, from the Scale of the first and of the output: for what WEIGHTS cannot say
    folds(record, node) -> whether inputs without influence can go and their share of the sums into
                the bias: units are the first axis of the weights, their inputs the last
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable
from types import ModuleType

import numpy as np

from graven import ir
from graven.node import Node

FLEX_BUFFER = "FlexBuffer"  # of a custom operator: a map of options


@functools.cache
def modules() -> dict[str, ModuleType]:
    """Layer modules by operator name."""
    found: dict[str, ModuleType] = {}
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{__name__}.{info.name}")
        found.update({operator: module for operator in module.OPERATORS})
    return found


def option_table(operator: str) -> str | None:
    """The schema's name of its option table."""
    stated = modules()[operator].OPTIONS
    return stated.get(operator) if isinstance(stated, dict) else stated


def is_custom(operator: str) -> bool:
    return operator in modules() and option_table(operator) == FLEX_BUFFER


def kept(operator: str) -> Callable[[Node], tuple[np.ndarray, ...]] | None:
    """What is at first in the variables that it has without stating them, if it may have any."""
    return getattr(modules().get(operator), "KEEPS", {}).get(operator)


def overwrites(operator: str) -> bool:
    """Whether its output is in a file the memory of what it was before."""
    return operator in getattr(modules().get(operator), "OVERWRITES", ())


def activations(operator: ir.Operator) -> tuple[int, ...]:
    """The tensors of the inputs that are not parameters, such as weights, axes or a size."""
    places = getattr(modules()[operator.name], "DATA", (0,))
    return tuple(operator.inputs[place] for place in places if place < len(operator.inputs))
