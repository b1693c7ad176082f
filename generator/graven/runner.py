"""Runs a built model on this machine or in the emulator, on many inferences at once."""

from __future__ import annotations

import os
import struct
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from graven import inputs, ir, tools
from graven.build import Build
from graven.errors import ToolError

TIMEOUT = 1800  # seconds
RECORD = struct.Struct("<III")  # layer, row, bytes
NEXT_INFERENCE = 0xFFFFFFFF


@dataclass
class Run:
    outputs: list[np.ndarray]  # per model output: (inferences, *shape)
    stack_bytes: int = 0
    instructions: int | None = None  # of the first inference or the last push; None on the host
    layers: dict[int, int] = field(default_factory=dict)  # instructions, by layer
    dump: list[dict[int, bytes]] = field(default_factory=list)  # per inference: layer, its rows


def run(
    network: ir.Network, built: Build, values: inputs.Inputs, profile: bool, dump: bool = False
) -> Run:
    """`values`: an array per model input, its leading axis the inferences, or a stream's pushes."""
    count = len(values[0])
    with tempfile.TemporaryDirectory(prefix="graven-") as at:
        folder = Path(at)
        (folder / "in.bin").write_bytes(inputs.to_bytes(values))
        arguments = ["in.bin", "out.bin", str(count)]
        arguments += ["profile"] * profile + ["dump=dump.bin"] * dump
        printed = _call(built, arguments, folder)
        result = Run(split(network, (folder / "out.bin").read_bytes(), count))
        if dump:
            result.dump = _parse_dump((folder / "dump.bin").read_bytes())
    for line in printed.splitlines():
        words = line.split()
        if words[:1] == ["stack"]:
            result.stack_bytes = int(words[1])
        elif words[:1] == ["instructions"]:
            result.instructions = int(words[1])
        elif words[:1] == ["layer"]:
            result.layers[int(words[1])] = int(words[2])
    return result


def command_of(built: Build, arguments: list[str], options: Sequence[str] = ()) -> list[str]:
    """The command that runs the program; `options` are the emulator's."""
    command, joined = built.emulator["command"], built.emulator["arguments"]
    if joined:
        arguments = [*joined[:-1], " ".join([joined[-1], *arguments])]
    return [*command, *options, *arguments]


def _call(built: Build, arguments: list[str], folder: Path) -> str:
    command = command_of(built, arguments)
    code, printed = tools.call(command, folder, timeout=TIMEOUT)
    if code != 0:
        last = printed.strip().splitlines()[-tools.LAST_LINES :]
        errors = [line.removeprefix("error ") for line in last if line.startswith("error ")]
        text = errors[-1] if errors else "\n".join(last) or "it printed nothing"
        raise ToolError(f"{os.path.basename(command[0])} failed (exit code {code}): {text}")
    return printed


def split(network: ir.Network, data: bytes | np.ndarray, count: int) -> list[np.ndarray]:
    """The outputs of `count` inferences, an array per model output."""
    tensors = [network.tensors[index] for index in network.outputs]
    sizes = [int(np.prod(tensor.shape)) * tensor.element.dtype.itemsize for tensor in tensors]
    found = np.frombuffer(data, dtype=np.uint8)
    if found.size != count * sum(sizes):
        raise ToolError(f"the run wrote {found.size} bytes, expected {count * sum(sizes)}.")
    rows = found.reshape(count, sum(sizes))
    outputs, at = [], 0
    for tensor, size in zip(tensors, sizes, strict=True):
        part = np.ascontiguousarray(rows[:, at : at + size])
        outputs.append(part.view(tensor.element.dtype).reshape(count, *tensor.shape))
        at += size
    return outputs


def _parse_dump(data: bytes) -> list[dict[int, bytes]]:
    found: list[dict[int, list[bytes]]] = []
    at = 0
    while at < len(data):
        layer, row, size = RECORD.unpack_from(data, at)
        at += RECORD.size
        if layer == NEXT_INFERENCE:
            found.append({})
            continue
        rows = found[-1].setdefault(layer, [])
        if row != len(rows):
            raise ToolError(f"the run gave row {row} of layer {layer} after {len(rows)} rows.")
        rows.append(data[at : at + size])
        at += size
    return [{layer: b"".join(rows) for layer, rows in one.items()} for one in found]
