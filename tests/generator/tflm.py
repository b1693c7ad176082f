"""Runs a model in TensorFlow Lite Micro, the engine whose bits are the contract."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from graven import engines, ir, verify

ARENA = 1 << 22  # TensorFlow Lite Micro crashes where the arena is too small


def run(model: bytes, network: ir.Network, inputs: list[np.ndarray]) -> dict[int, np.ndarray]:
    """The value of every operator's output, by tensor index."""
    return sequence(model, network)(inputs)


def sequence(
    model: bytes, network: ir.Network
) -> Callable[[list[np.ndarray]], dict[int, np.ndarray]]:
    """The same run after run; variables last from one to the next."""
    runtime = pytest.importorskip("tflite_micro", reason="no package tflite-micro").runtime
    interpreter = runtime.Interpreter.from_bytes(
        model,
        arena_size=ARENA + 4 * len(model),
        intrepreter_config=runtime.InterpreterConfig.kPreserveAllTensors,
    )

    def once(inputs: list[np.ndarray]) -> dict[int, np.ndarray]:
        for position, value in enumerate(inputs):
            interpreter.set_input(value, position)
        interpreter.invoke()
        found = {
            index: interpreter.GetTensor(index, 0)["tensor_data"]
            for operator in network.operators
            for index in operator.outputs
        }
        return engines.meant(network, found)

    return once


def differences(
    network: ir.Network, got: dict[int, np.ndarray], expected: dict[int, np.ndarray]
) -> list[str]:
    """One line per operator whose output differs: int8 in any bit, float32 beyond tolerance."""
    lines = []
    computed = [
        (operator, index)
        for operator in network.operators
        for index in operator.outputs
        if index in got and index in expected  # not one that is not valid
    ]
    for operator, index in computed:
        ours, theirs = np.ravel(got[index]), np.ravel(expected[index])
        wrong = verify.unequal(ours, theirs)
        if wrong.any():
            first = int(np.argmax(wrong))
            lines.append(
                f"operator {operator.index} {operator.name} {operator.layer}: {wrong.sum()} of "
                f"{wrong.size} differ, first at {first}: {ours[first]}, expected {theirs[first]}"
            )
    return lines
