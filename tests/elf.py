"""elf.py <image> <header> <nm> <objcopy> <readelf>: what must not be in a firmware image.

The image is the least one that runs the model of the generated header. Nothing in it allocates,
throws or constructs; weights are there once, packed; the sources that they were packed from, the
real scales, the graph and the names are not.
"""

from __future__ import annotations

import re
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

FORBIDDEN_SYMBOLS = {
    "allocates": r"^(malloc|calloc|realloc|free|_sbrk\w*|_malloc_r|_free_r|_Zn[wa]\w*|_Zd[la]\w*)$",
    "throws": r"^(__cxa_\w+|__gxx_personality\w*|_Unwind_\w+|__aeabi_unwind_cpp_\w+)$",
    "constructs": r"^(_GLOBAL__sub_I_\w+|_GLOBAL__I_\w+|__libc_init_array)$",
    "is for the compiler only": r"^_ZNK?L?(6graven4core(6detail)?L?(8graph_of|10problem_of|6PlanOf"
    r"|7Packing|13no_parameters)|\d+(?!graven)\w+?L?(6source\d|6paramsE$))",
}
FORBIDDEN_SECTIONS = (".init_array", ".preinit_array", ".ctors", ".ARM.extab", ".eh_frame",
                      ".gcc_except_table")  # fmt: skip
CANTUNWIND = 1


def output_of(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def bytes_of(objcopy: str, image: Path, *options: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "image.bin")
        subprocess.run([objcopy, "-O", "binary", *options, str(image), str(out)], check=True)
        return out.read_bytes() if out.exists() else b""


def arrays_of(header: str) -> Iterator[tuple[str, str, list[float]]]:
    """Name, element type and values of every constant array of a generated header."""
    for kind, name, body in re.findall(
        r"constexpr ([\w:]+) (\w+)\[\] = \{([^}]*)\};", header, re.DOTALL
    ):
        values = [float(text.strip().rstrip("f")) for text in body.split(",") if text.strip()]
        yield name, kind.removeprefix("std::"), values


def packed(kind: str, values: list[float]) -> bytes:
    letter = {"int8_t": "b", "int32_t": "i", "float": "f"}[kind]
    numbers = values if letter == "f" else [int(value) for value in values]
    return struct.pack(f"<{len(numbers)}{letter}", *numbers)


def symbol_faults(symbols: str) -> Iterator[str]:
    for line in symbols.splitlines():
        name = line.split()[-1]
        for what, pattern in FORBIDDEN_SYMBOLS.items():
            if re.search(pattern, name):
                yield f"symbol {name[:80]} {what}"


def section_faults(readelf: str, objcopy: str, image: Path) -> Iterator[str]:
    for line in output_of(readelf, "-SW", str(image)).splitlines():
        match = re.match(r"\s*\[\s*\d+\] (\S+)\s+\S+\s+\S+ \S+ (\S+)", line)
        if match and match[1] in FORBIDDEN_SECTIONS and int(match[2], 16) > 0:
            yield f"section {match[1]} of {int(match[2], 16)} bytes"
    index = bytes_of(objcopy, image, "-j", ".ARM.exidx")
    for _, action in struct.iter_unpack("<II", index[: len(index) // 8 * 8]):
        if action != CANTUNWIND:
            yield f".ARM.exidx has an entry 0x{action:08x} that unwinds"


def data_faults(flash: bytes, header: str) -> Iterator[str]:
    """Real scales never; filters at most once, namely where packing keeps the order."""
    for name, kind, values in arrays_of(header):
        found = flash.count(packed(kind, values)) if len(values) > 1 else 0
        allowed = 1 if kind == "int8_t" and len(values) >= 4 else 0
        if kind != "int32_t" and found > allowed:
            yield f"{name} is in flash {found} times, as the header has it"
    for text in {*re.findall(r'\.name = "([^"]+)"', header), "FULLY_CONNECTED", "CONV_2D"}:
        if len(text) >= 4 and text.encode() in flash:
            yield f"the name {text} is in flash"


def main() -> int:
    image, header_file = Path(sys.argv[1]), Path(sys.argv[2])
    nm, objcopy, readelf = sys.argv[3:6]
    header = header_file.read_text(encoding="utf-8")
    symbols, flash = output_of(nm, str(image)), bytes_of(objcopy, image)
    arrays = list(arrays_of(header))
    filters = sum(len(values) for _, kind, values in arrays if kind == "int8_t")
    faults = [
        *symbol_faults(symbols),
        *section_faults(readelf, objcopy, image),
        *data_faults(flash, header),
    ]
    if not arrays or len(flash) <= filters:
        faults.append(f"{len(flash)} bytes of flash cannot hold {filters} weights: not this model")
    for fault in faults:
        print(f"{image.name}: {fault}")
    print(f"{image.name}: {len(flash)} bytes, {filters} weights, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
