"""A token of the language model takes at most half of the instructions that plain int8 loops in the
style of llama2.c take with the same weights, on the emulated cores of docs/language.md; both read
the same bytes of weights, which are said beside them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from shutil import which

import pytest
from graven import tools

ROOT = Path(__file__).parents[2]
PROGRAMS = ("language_app", "language_loops")
TEXT = "text 0xa82ec7a3\n"  # the same on every machine
MOST = {"cortex-m7": 0.5, "cortex-m55": 0.5}
SCALES = 1.06  # what one of both reads beside the 261,792 weights: scales, biases, zero points


def printed_by(target: str, build: Path) -> dict[str, str]:
    command = ["cmake", "-G", "Ninja", "-S", ROOT, "-B", build, "-DCMAKE_BUILD_TYPE=Release"]
    command += ["--toolchain", ROOT / f"toolchains/{target}.cmake"]
    tools.run([str(each) for each in command], ROOT)
    tools.run(["cmake", "--build", str(build), "-j2", "--target", *PROGRAMS], ROOT)
    found = {}
    for name in PROGRAMS:
        emulator = build / f"firmware/apps/language/{name}.emulator.json"
        found[name] = tools.run(json.loads(emulator.read_text())["command"], ROOT)
    return found


def number(name: str, text: str) -> int:
    return int(re.findall(rf"^{name} (\d+)$", text, re.MULTILINE)[0])


@pytest.mark.parametrize("target", MOST)
def test_a_token_takes_at_most_half_of_what_plain_loops_take(target: str, tmp_path: Path) -> None:
    if not which("arm-none-eabi-g++") or not which("qemu-system-arm"):
        pytest.skip("no arm-none-eabi-g++, or no qemu-system-arm")
    ours, loops = printed_by(target, tmp_path).values()
    assert TEXT in ours
    tokens = [number("instructions", each) for each in (ours, loops)]
    weights = [number("weight_bytes", each) for each in (ours, loops)]
    print(f"{target}: {tokens[0]:,} instructions a token of {tokens[1]:,}, {weights} bytes read")
    assert tokens[0] <= MOST[target] * tokens[1], tokens
    assert 261_792 <= min(weights), weights
    assert max(weights) <= SCALES * 261_792, weights
