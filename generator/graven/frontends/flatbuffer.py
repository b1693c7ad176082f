"""Checks a .tflite file's bytes before anything in them is believed.

The flatbuffers runtime follows every offset without looking. This walk follows the same offsets
first, and those that nobody will follow: each table, its vtable, each vector and string must lie
inside the file, or it is not the file that was written. A budget bounds the
walk, and with it all later reading: a small file whose tables share one large vector a million
times is refused.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import tflite

from graven.errors import GravenError

IDENTIFIER = b"TFL3"
MOST_DEPTH = 16


@dataclass(frozen=True)
class Vector:
    item: int  # bytes


@dataclass(frozen=True)
class Tables:
    of: Table


@dataclass(frozen=True)
class Table:
    name: str
    fields: dict[int, int | str | Vector | Tables | Table | Union] = field(default_factory=dict)
    """By slot: the size of a scalar, "string", or what the offset leads to. A slot that is not
    listed holds a number that is never read."""


@dataclass(frozen=True)
class Union:
    kind: int  # the slot that says which table it is; 0: none
    of: dict[int, Table]
    name: str = "options"

    def chosen(self, kind: int) -> Table:
        return self.of.get(kind, Table(self.name))


QUANTIZATION = Table(
    "quantization",
    {0: Vector(4), 1: Vector(4), 2: Vector(4), 3: Vector(8), 4: 1,
     5: Union(4, {1: Table("custom quantization", {0: Vector(1)})}, "details"), 6: 4},
)  # fmt: skip
INDICES = {1: Table("indices", {0: Vector(4)}), 2: Table("indices", {0: Vector(2)}),
           3: Table("indices", {0: Vector(1)})}  # fmt: skip
SPARSITY = Table(
    "sparsity",
    {0: Vector(4), 1: Vector(4), 2: Tables(Table(
        "dimension",
        {0: 1, 1: 4, 2: 1, 3: Union(2, INDICES, "segments"), 4: 1, 5: Union(4, INDICES, "indices")},
    ))},
)  # fmt: skip
TENSOR = Table(
    "tensor",
    {0: Vector(4), 1: 1, 2: 4, 3: "string", 4: QUANTIZATION, 5: 1, 6: SPARSITY,
     7: Vector(4), 8: 1, 9: Tables(Table("variant", {0: Vector(4), 1: 1, 2: 1}))},
)  # fmt: skip
OPTIONS = {
    tflite.BuiltinOptions.ConcatEmbeddingsOptions: {1: Vector(4), 2: Vector(4)},
    tflite.BuiltinOptions.ReshapeOptions: {0: Vector(4)},
    tflite.BuiltinOptions.SqueezeOptions: {0: Vector(4)},
    tflite.BuiltinOptions.BucketizeOptions: {0: Vector(4)},
    tflite.BuiltinOptions.VarHandleOptions: {0: "string", 1: "string"},
}
"""Those that hold more than numbers."""
OPERATOR = Table(
    "operator",
    {0: 4, 1: Vector(4), 2: Vector(4), 3: 1,
     4: Union(3, {kind: Table("options", fields) for kind, fields in OPTIONS.items()}),
     5: Vector(1), 7: Vector(1), 8: Vector(4), 9: 8, 10: 8, 11: 1, 12: Union(11, {})},
)  # fmt: skip
SUBGRAPH = Table(
    "subgraph",
    {0: Tables(TENSOR), 1: Vector(4), 2: Vector(4), 3: Tables(OPERATOR), 4: "string"},
)
NAMED = Tables(Table("named tensor", {0: "string", 1: 4}))
OPERATOR_CODE = Table("operator code", {0: 1, 1: "string", 2: 4, 3: 4})
BUFFER = Table("buffer", {0: Vector(1), 1: 8, 2: 8})
MODEL = Table(
    "model",
    {0: 4, 1: Tables(OPERATOR_CODE), 2: Tables(SUBGRAPH), 3: "string", 4: Tables(BUFFER),
     5: Vector(4), 6: Tables(Table("metadata", {0: "string", 1: 4})),
     7: Tables(Table("signature", {0: NAMED, 1: NAMED, 2: "string", 4: 4}))},
)  # fmt: skip


def check(data: bytes, source: str) -> None:
    """Raises GravenError unless all that the reader will follow lies inside `data`."""
    if len(data) < 8:
        raise GravenError(
            f"{source}: has {len(data)} bytes, too few for a .tflite file; copy it again."
        )
    if data[4:8] != IDENTIFIER:
        raise GravenError(
            f"{source}: is no .tflite file: bytes 4 to 8 are {data[4:8]!r}, expected "
            f"{IDENTIFIER!r}; give the file that TensorFlow Lite's converter wrote."
        )
    _Walk(data, source).table(MODEL, 0, "model", 0)


@dataclass
class _Walk:
    data: bytes
    source: str
    spent: int = 0

    def spend(self, size: int) -> None:
        self.spent += size
        if self.spent > 8 * len(self.data) + 4096:
            raise GravenError(
                f"{self.source}: is damaged: its tables refer to the same bytes over and over; "
                "copy or export the file again."
            )

    def fail(self, where: str, at: int) -> GravenError:
        return GravenError(
            f"{self.source}: is damaged or truncated: {where} leads to byte {at} of "
            f"{len(self.data)}; copy or export the file again."
        )

    def unsigned(self, at: int, size: int, where: str) -> int:
        if not 0 <= at <= len(self.data) - size:
            raise self.fail(where, at)
        return int.from_bytes(self.data[at : at + size], "little")

    def follow(self, at: int, where: str) -> int:
        offset = self.unsigned(at, 4, where)
        if offset == 0 or at + offset > len(self.data) - 4:
            raise self.fail(where, at + offset)
        return at + offset

    def table(self, kind: Table, at: int, where: str, depth: int) -> None:
        start = self.follow(at, where)
        vtable = start - struct.unpack_from("<i", self.data, start)[0]
        slots = self.unsigned(vtable, 2, where)
        size = self.unsigned(vtable + 2, 2, where)
        if slots < 4 or slots % 2 or vtable + slots > len(self.data):
            raise self.fail(f"{where}'s field list", vtable + slots)
        if size < 4 or start + size > len(self.data):
            raise self.fail(where, start + size)
        self.spend(4 + size)
        for slot in range((slots - 4) // 2):
            offset = self.unsigned(vtable + 4 + 2 * slot, 2, where)
            if offset >= size or 0 < offset < 4:
                raise self.fail(f"a field of {where}", start + offset)
            if offset and slot in kind.fields and depth < MOST_DEPTH:
                found = kind.fields[slot]
                if isinstance(found, Union):
                    chosen = self.kind(found.kind, vtable, slots, start)
                    if chosen == 0:
                        continue
                    found = found.chosen(chosen)
                self.value(found, start + offset, start + size, where, depth)

    def kind(self, slot: int, vtable: int, slots: int, start: int) -> int:
        """What a union is; 0 where its table does not say."""
        at = 4 + 2 * slot
        offset = self.unsigned(vtable + at, 2, "a list of fields") if at < slots else 0
        return self.unsigned(start + offset, 1, "a kind of options") if offset else 0

    def value(
        self, kind: int | str | Vector | Tables | Table, at: int, end: int, where: str, depth: int
    ) -> None:
        if at + (kind if isinstance(kind, int) else 4) > end:
            raise self.fail(f"a field of {where}", at)
        if isinstance(kind, Table):
            self.table(kind, at, f"{where}'s {kind.name}", depth + 1)
        elif isinstance(kind, Tables):
            start, count = self.vector(at, 4, f"{where}'s list of {kind.of.name}s")
            for index in range(count):
                self.table(kind.of, start + 4 * index, f"{kind.of.name} {index}", depth + 1)
        elif not isinstance(kind, int):
            item = kind.item if isinstance(kind, Vector) else 1
            start, count = self.vector(at, item, f"a list of {where}")
            if kind == "string" and self.unsigned(start + count, 1, f"a text of {where}"):
                raise self.fail(f"a text of {where} has no end and", start + count)

    def vector(self, at: int, item: int, where: str) -> tuple[int, int]:
        start = self.follow(at, where)
        count = self.unsigned(start, 4, where)
        if start + 4 + count * item > len(self.data):
            raise self.fail(where, start + 4 + count * item)
        self.spend(4 + count * item)
        return start + 4, count
