"""Reads one section of an object file: constants that only the target's compiler can know."""

from __future__ import annotations

import struct

from graven.errors import ToolError


def section(data: bytes, name: str) -> bytes:
    """The bytes of a section of a little-endian ELF file."""
    if data[:4] != b"\x7fELF" or data[5] != 1:
        raise ToolError("the compiler has not written a little-endian ELF object file.")
    wide = data[4] == 2
    if wide:
        (table,) = struct.unpack_from("<Q", data, 40)
        size, count, names = struct.unpack_from("<HHH", data, 58)
        fields, places = "<II8x8xQQ", (0, 2, 3)
    else:
        (table,) = struct.unpack_from("<I", data, 32)
        size, count, names = struct.unpack_from("<HHH", data, 46)
        fields, places = "<II4x4xII", (0, 2, 3)

    def entry(index: int) -> tuple[int, int, int]:
        values = struct.unpack_from(fields, data, table + index * size)
        return values[places[0]], values[places[1]], values[places[2]]

    text = entry(names)[1]
    for index in range(count):
        name_at, offset, length = entry(index)
        end = data.index(b"\0", text + name_at)
        if data[text + name_at : end].decode("ascii", "replace") == name:
            return data[offset : offset + length]
    raise ToolError(f"the compiler's object file has no section {name}.")
