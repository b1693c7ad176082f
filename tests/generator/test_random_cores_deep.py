"""Random operators of the kinds that have no kernel but scalar's, on emulated cores: several of a
kind in one network, whose outputs are those of numpy (which TensorFlow Lite Micro and LiteRT judge
on the host).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
import random_models
from graven import build, emit, ir, passes, reference, runner
from graven.errors import GravenError
from graven.frontends import tflite, tflite_writer
from test_layers_cpp import REFUSED
from tflm import differences

INT8, INT16, INT32, FLOAT32 = (ir.Element(name) for name in ("int8", "int16", "int32", "float32"))
CORES = {"cortex-m0": "arm", "cortex-m4": "arm", "cortex-m55": "arm", "riscv32": "riscv32"}
KINDS = {
    "gather": (INT8, FLOAT32), "update_slice": (INT8, FLOAT32), "audio": (INT8,),
    "transform": (INT8,), "delay_line": (INT8,), "detections": (FLOAT32,),
    "top_k": (INT8, INT16, FLOAT32), "one_hot": (INT8, FLOAT32), "power": (INT32, FLOAT32),
    "conv3d": (FLOAT32,), "transpose_conv2d": (INT16,), "batch_matmul": (INT16,),
    "squared_difference": (INT16,), "prelu": (INT16,), "div": (INT16,), "comparison": (INT16,),
    "resize_bilinear": (INT16,), "relu6": (INT16,), "any_extreme": (INT16,),
}  # fmt: skip
SEEDS, INFERENCES = 100, 4
MOST_OUTPUTS = 12  # of one network; a Graph has a limit


def joined(networks: Sequence[ir.Network], name: str) -> ir.Network:
    """All of them side by side."""
    tensors: list[ir.Tensor] = []
    operators: list[ir.Operator] = []
    inputs: list[int] = []
    outputs: list[int] = []
    for each in networks:
        first = len(tensors)

        def moved(indices: Sequence[int], first: int = first) -> tuple[int, ...]:
            return tuple(index + first if index >= 0 else index for index in indices)

        for tensor in each.tensors:
            index = tensor.index + first
            tensors.append(replace(tensor, index=index, name=f"tensor_{index}"))
        operators += [
            replace(op, index=len(operators) + place, inputs=moved(op.inputs),
                    outputs=moved(op.outputs))
            for place, op in enumerate(each.operators)
        ]  # fmt: skip
        inputs += moved(each.inputs)
        outputs += moved(each.outputs)
    return replace(
        networks[0], name=name, tensors=tuple(tensors), operators=tuple(operators),
        inputs=tuple(inputs), outputs=tuple(outputs),
    )  # fmt: skip


def cases(kind: str, element: ir.Element, seeds: range) -> list[ir.Network]:
    found = []
    for seed in seeds:
        network = random_models.random_case(np.random.default_rng([seed, 7]), kind, element, False)
        try:
            parsed = tflite.parse(tflite_writer.to_bytes(network), "m.tflite", "m")
            emit.header(passes.canonical(parsed), "0" * 64)
            found.append(network)
        except GravenError as error:
            assert any(text in str(error) for text in REFUSED), f"seed {seed}: {error}"
    return found


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize(
    ("kind", "element"),
    [(kind, element) for kind, elements in KINDS.items() for element in elements],
    ids=lambda each: getattr(each, "value", each),
)
def test_random_operators_on_a_core(kind, element, core):
    emulator = f"qemu-system-{CORES[core]}"
    if shutil.which(emulator) is None:
        pytest.skip(f"no {emulator}")
    for number, few in enumerate(batches(cases(kind, element, range(SEEDS)))):
        lines = compare(joined(few, f"{kind}_cases"), core)
        assert not lines, f"{kind} {element.value}, batch {number}: {lines[0]}"


def batches(networks: Sequence[ir.Network]) -> Iterator[list[ir.Network]]:
    few: list[ir.Network] = []
    for each in networks:
        if few and sum(len(one.outputs) for one in [*few, each]) > MOST_OUTPUTS:
            yield few
            few = []
        few.append(each)
    yield few


def compare(network: ir.Network, core: str) -> list[str]:
    stated = tflite.parse(tflite_writer.to_bytes(network), "m.tflite", network.name)
    network = passes.canonical(stated)
    rng = np.random.default_rng(1)
    given = [random_models.random_inputs(rng, network) for _ in range(INFERENCES)]
    values = [np.stack(each) for each in zip(*given, strict=True)]
    header = emit.header(network, "0" * 64)
    built = build.build(network.name, header, build.Choice(core), build.Parts.PROGRAM)
    result = runner.run(network, built, values, profile=False)
    state, lines = reference.reset(network), []
    for k, inputs in enumerate(given):
        expected = reference.run(network, inputs, state)
        ours = {
            index: result.outputs[place][k] for place, index in enumerate(network.outputs)
        }  # fmt: skip
        lines += differences(network, ours, expected)
    return lines
