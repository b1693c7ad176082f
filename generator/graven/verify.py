"""Compares every layer of our engine with the numpy reference and with another engine, then the
model's outputs under the plan that the user will get.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from graven import build, engines, inputs, ir, judge, reference, runner

NUMPY = "numpy"  # the reference alone
RELATIVE, ABSOLUTE, OF_LARGEST = 1e-4, 1e-5, 4e-6  # float32; the last of a tensor's largest value
RESCALES = ("RELU6", "CONCATENATION")  # where TensorFlow Lite Micro does not, see docs


@dataclass(frozen=True)
class Difference:
    """The first element of a tensor that two engines disagree on."""

    against: str
    inference: int
    layer: int | None  # None: a model output under the user's plan
    output: int
    op: str
    name: str
    index: tuple[int, ...]
    ours: float
    theirs: float
    count: int
    size: int

    def __str__(self) -> str:
        what = f"output {self.output}" if self.layer is None else f"layer {self.layer} ({self.op})"
        note = ""
        if self.against == "tflm" and self.op in RESCALES:
            note = "; TensorFlow Lite Micro does not rescale here, graven does"
        return (
            f"{what} '{self.name}' differs from {engines.TITLES[self.against]} at "
            f"{list(self.index)}: {self.ours:g}, expected {self.theirs:g} ({self.count} of "
            f"{self.size} elements, inference {self.inference}){note}"
        )


@dataclass(frozen=True)
class Report:
    inferences: int
    layers: int
    difference: Difference | None


@dataclass(frozen=True)
class Headers:
    layers: str  # nothing pruned: what the layers are compared with
    outputs: str  # what the user gets


def verify(
    network: ir.Network,
    model: bytes,
    headers: Headers,
    values: inputs.Inputs,
    choice: build.Choice,
    against: str,
) -> Report:
    inspectable = replace(choice, plan=build.INSPECTABLE, row_input=False)
    built = build.build(network.name, headers.layers, inspectable, build.Parts.PROGRAM)
    seen = runner.run(network, built, values, profile=False, dump=True)
    count, expected, state = len(values[0]), [], reference.reset(network)
    found = None
    judged = [] if against == NUMPY else judge.opinions(against, model, network, values)
    for k in range(count):
        given = inputs.one(values, k)
        theirs = {NUMPY: reference.run(network, given, state)}
        if judged:
            theirs[against] = judged[k]
        expected.append(theirs)
        ours = _layers(network, seen.dump[k], given)
        found = found or _first_layer(network, ours, theirs, k)
    if found is None:
        built = build.build(network.name, headers.outputs, choice, build.Parts.PROGRAM)
        result = runner.run(network, built, values, profile=False)
        found = _first_output(network, result.outputs, expected, against)
    return Report(count, len(network.operators), found)


def _layers(
    network: ir.Network, dump: dict[int, bytes], given: list[np.ndarray]
) -> dict[int, np.ndarray]:
    """Our value of every operator's output; one without rows is its input under another shape.

    An operator with several outputs is seen through those that read them.
    """
    values = dict(zip(network.inputs, given, strict=True))
    for position, operator in enumerate(network.operators):
        if len(operator.outputs) != 1:
            continue
        tensor = network.tensors[operator.output]
        if position in dump:
            data = np.frombuffer(dump[position], dtype=tensor.element.dtype)
        elif _size(operator.inputs[0], values) == math.prod(tensor.shape):
            data = values[operator.inputs[0]]
        else:
            continue
        values[tensor.index] = data.reshape(tensor.shape)
    return values


def _size(index: int, values: dict[int, np.ndarray]) -> int | None:
    """Elements of a value that is known; rows of it that are no copy have fewer."""
    return values[index].size if index in values else None


def _first_layer(
    network: ir.Network,
    ours: dict[int, np.ndarray],
    theirs: dict[str, dict[int, np.ndarray]],
    inference: int,
) -> Difference | None:
    outputs = ((each, place) for each in network.operators for place in range(len(each.outputs)))
    for operator, place in outputs:
        tensor = network.tensors[operator.outputs[place]]
        if tensor.index not in ours:
            continue
        for against, values in theirs.items():
            if tensor.index not in values:  # of our own making
                continue
            where = (against, inference, operator.index, place, operator.name, tensor.name)
            found = compare(ours[tensor.index], values[tensor.index], where)
            if found:
                return found
    return None


def _first_output(
    network: ir.Network,
    ours: list[np.ndarray],
    theirs: list[dict[str, dict[int, np.ndarray]]],
    against: str,
) -> Difference | None:
    producers = {index: each.name for each in network.operators for index in each.outputs}
    for inference, engine in enumerate(theirs):
        for position, index in enumerate(network.outputs):
            name, op = network.tensors[index].name, producers[index]
            where = (against, inference, None, position, op, name)
            expected = engine[against].get(index, engine[NUMPY][index])  # of a pass's operator
            if found := compare(ours[position][inference], expected, where):
                return found
    return None


def compare(ours: np.ndarray, theirs: np.ndarray, where: tuple) -> Difference | None:
    """The first element that differs."""
    theirs = np.asarray(theirs).reshape(ours.shape)
    wrong = unequal(ours, theirs)
    if not wrong.any():
        return None
    place = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
    index = tuple(int(value) for value in place)
    values = (float(ours[place]), float(theirs[place]), int(wrong.sum()), wrong.size)
    return Difference(*where, index, *values)


def unequal(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Where they differ: integers in any bit, float32 beyond the tolerance.

    Engines sum in different orders. Where large terms cancel, what is left has the error of the
    terms, which are as large as the tensor's other values are: hence its share of the largest.
    """
    if ours.dtype != np.float32:
        return ours != theirs
    largest = np.abs(theirs[np.isfinite(theirs)]).max(initial=0.0)
    absolute = max(ABSOLUTE, OF_LARGEST * float(largest))
    return ~np.isclose(ours, theirs, rtol=RELATIVE, atol=absolute, equal_nan=True)
