"""What the compiler knows of a model on a target: read as words from an object file (words.hpp)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

WORD = 8  # bytes

CONSTANTS = {
    "arena_bytes": "arena_size",
    "arena_bound_bytes": "arena_bound",
    "weight_bytes": "weight_size",
    "table_bytes": "table_size",
    "code_estimate_bytes": "code_estimate",
    "macs": "macs",
}
"""Fields of Facts, by what graven::Model calls them."""

STREAM_CONSTANTS = {
    "hop": "hop",
    "window": "window",
    "row_size": "row_size",
    "pushes_to_fill": "pushes_to_fill",
    "arena_bytes": "arena_size",
    "state_bytes": "state_size",
    "weight_bytes": "weight_size",
    "macs": "macs",
}
"""Fields of StreamFacts, by what graven::Streaming calls them."""

SIZES = {
    "VALUES": "std::size(p.values)",
    "READS": "std::size(p.reads)",
    "SPANS": "std::size(p.spans)",
    "STEPS": "Plan::steps",
    "ROWS": "Plan::rows",
    "ITEMS": "Plan::items",
}
"""What search.cpp is built for, and where problem.cpp.j2 takes it from."""


@dataclass(frozen=True)
class LayerFacts:
    macs: int
    weight_bytes: int
    expanded_bytes: int  # of these, what faster kernels add
    kernel: str  # empty: the layer is free, or part of another


LAYER_NUMBERS = len(dataclasses.fields(LayerFacts)) - 1


@dataclass(frozen=True)
class Row:
    """What lies in the arena, and when: RowInfo of include/graven/plan/arena_map.hpp, its names."""

    layer: int  # -1 - i: input i of the model
    row: int  # -1: scratch
    offset: int
    bytes: int
    first_step: int
    last_step: int


ROW_FIELDS = tuple(field.name for field in dataclasses.fields(Row))


@dataclass(frozen=True)
class Facts:
    """The constants of a model on a target."""

    isa: str
    arena_bytes: int
    arena_bound_bytes: int  # most bytes alive at one step
    weight_bytes: int
    table_bytes: int
    code_estimate_bytes: int  # by kernel; 0: the instruction set has no record of its code
    macs: int
    layers: tuple[LayerFacts, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class StreamFacts:
    """The constants of a stream on a target."""

    isa: str
    hop: int  # rows per push
    window: int  # rows
    row_size: int  # elements
    pushes_to_fill: int
    arena_bytes: int  # scratch
    state_bytes: int
    weight_bytes: int
    macs: int  # of one push


@dataclass(frozen=True)
class Problem:
    """What search.cpp needs of a model on a target."""

    isa: str
    sizes: dict[str, int]
    words: bytes  # the rest, as the target's compiler wrote it


def parse_facts(data: bytes) -> Facts:
    isa, words = _text(_words(data))
    constants = dict(zip(CONSTANTS, words, strict=False))
    count, *words = words[len(CONSTANTS) :]
    end, size = LAYER_NUMBERS * count, LAYER_NUMBERS
    numbers = [words[at : at + size] for at in range(0, end, size)]
    words, layers = words[end:], []
    for each in numbers:
        kernel, words = _text(words)
        layers.append(LayerFacts(*each, kernel))
    size = len(ROW_FIELDS)
    rows = tuple(Row(*words[at : at + size]) for at in range(0, len(words), size))
    return Facts(isa, **constants, layers=tuple(layers), rows=rows)


def parse_stream(data: bytes) -> StreamFacts:
    isa, words = _text(_words(data))
    return StreamFacts(isa, **dict(zip(STREAM_CONSTANTS, words, strict=True)))


def parse_problem(data: bytes) -> Problem:
    isa, words = _text(_words(data))
    sizes = dict(zip(SIZES, words, strict=False))
    return Problem(isa, sizes, data[len(data) - WORD * (len(words) - len(SIZES)) :])


def _words(data: bytes) -> list[int]:
    if len(data) % WORD:
        raise ValueError(f"{len(data)} bytes are no words of {WORD}")
    at_each = range(0, len(data), WORD)
    return [int.from_bytes(data[at : at + WORD], "little", signed=True) for at in at_each]


def _text(words: list[int]) -> tuple[str, list[int]]:
    end = words.index(0)
    return "".join(map(chr, words[:end])), words[end + 1 :]
