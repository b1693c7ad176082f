"""Estimated cycles: the executed blocks are what was measured, and costs follow the manuals."""

from __future__ import annotations

import shutil

import cycles
import figures
import pytest
from graven import cycles as estimation
from graven import mca
from graven.errors import ToolError

M4, M7, M55 = (mca.CORES[f"cortex-{name}"] for name in ("m4", "m7", "m55"))
needs_llvm = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in mca.TOOLS), reason="llvm-19 is not installed"
)


def code(text: str) -> list[mca.Instruction]:
    return [mca.Instruction(*line.strip().partition(" ")[::2]) for line in text.split(";")]


def cost(text: str, core: mca.Core, tmp_path) -> float:
    return mca.cycles_of([code(text)], core, tmp_path)[0]


@needs_llvm
@pytest.mark.parametrize("target", mca.CORES)
def test_the_executed_blocks_are_the_measured_instructions(target):
    found = cycles.estimate(figures.load_model(figures.DIGITS), target, "fastest")
    assert cycles.disagreement(found) is None
    assert found.counted == pytest.approx(found.instructions, rel=cycles.TOLERANCE)
    assert 0.5 * found.instructions < found.cycles < 3 * found.instructions
    assert 2 * found.counted < found.fetched_bytes < 4 * found.counted
    assert found.loaded_bytes > 5000  # the weights, at least once


def test_a_difference_is_said():
    row = {"model": "m", "sha256": "", "target": "cortex-m4", "isa": "armv7em", "plan": "fastest",
           "macs": 1, "cycles": 1, "fetched_bytes": 0, "loaded_bytes": 0}  # fmt: skip
    assert cycles.disagreement(cycles.Estimate(**row, instructions=10000, counted=10009)) is None
    sentence = cycles.disagreement(cycles.Estimate(**row, instructions=10000, counted=10011))
    assert sentence and "10,011" in sentence and "10,000" in sentence


def test_missing_llvm(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda tool: None)
    with pytest.raises(ToolError, match="apt-get install llvm-19"):
        estimation.estimate(None, [], "cortex-m4")
    assert not estimation.is_possible("cortex-m4")


@pytest.mark.parametrize(
    ("text", "m4", "m7"),
    [
        ("ldm r0!, {r3, r4, r5}", ["ldr r3, [r0]", "ldr r4, [r0]", "ldr r5, [r0]", "nop"],
         ["ldrd r3, r4, [r0]", "ldr r5, [r0]"]),
        ("ldrd r4, r5, [r0], #8", ["ldr r4, [r0]", "ldr r5, [r0]", "nop"], ["ldrd r4, r5, [r0]"]),
        ("ldr r4, [r0], #4", ["ldr r4, [r0]", "nop"], ["ldr r4, [r0]"]),
        ("ldr r4, [r0]; strb r5, [r1, #3]!", ["ldr r4, [r0]", "strb r5, [r1, #3]"],
         ["ldr r4, [r0]", "strb r5, [r1, #3]"]),
        ("pop.w {r4-r6, pc}", ["ldr r4, [sp]", "ldr r5, [sp]", "ldr r6, [sp]", "nop", "b t"],
         ["ldrd r4, r5, [sp]", "ldr r6, [sp]", "b t"]),
        ("smmlar r1, r2, r3, r4", ["smlabb r1, r2, r3, r4"], ["smmlar r1, r2, r3, r4"]),
        ("it lt; addlt.w r1, r2, r3", ["nop", "add.w r1, r2, r3"], ["add.w r1, r2, r3"]),
        ("it ge; bge 0x1234", ["nop", "b t"], ["b t"]),
        ("cbz r3, 0x1234", ["cbz r3, t"], ["cbz r3, t"]),
        ("ble.w 0x1234", ["b t"], ["b t"]),
        ("bics r1, r2", ["bics r1, r2"], ["bics r1, r2"]),
    ],
)  # fmt: skip
def test_what_llvm_mca_is_given(text, m4, m7):
    assert mca.lines_of(code(text), M4) == m4
    assert mca.lines_of(code(text), M7) == m7


def test_the_end_of_a_low_overhead_loop_costs_nothing():
    assert mca.lines_of(code("vldrb.u8 q0, [r0], #16; le lr, 0x1234"), M55) == ["vldrb.u8 q0, [r0]"]


@needs_llvm
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ldm r0!, {r3, r4, r5}", 4),
        ("ldrd r4, r5, [r0]", 3),
        ("push {r4, r5, lr}", 4),
        ("ldr r1, [r0]; ldr r2, [r0]; ldr r3, [r0]", 4),
        ("ldr r1, [r0]; strb r2, [r3]", 2),
        ("smlad r1, r2, r3, r1", 1),
        ("smull r1, r2, r3, r4", 1),
        ("sdiv r1, r2, r3", 7),
    ],
)
def test_costs_on_a_cortex_m4_are_the_manual_s(text, expected, tmp_path):
    assert cost(text, M4, tmp_path) == pytest.approx(expected, abs=0.2)


@needs_llvm
def test_helium_takes_two_cycles_an_instruction(tmp_path):
    assert cost("vadd.i32 q0, q1, q2", M55, tmp_path) == pytest.approx(2, abs=0.3)
