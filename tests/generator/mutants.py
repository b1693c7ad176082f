"""Files of every front end that somebody has changed, and what becomes of them: a sentence, or a
network. Bytes are flipped, files cut; archives, JSON and protobuf are changed inside as well, where
a checksum or a parser would only see noise otherwise: numbers become negative, huge or text.
"""

from __future__ import annotations

import contextlib
import io
import json
import resource
import signal
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from damage import damaged
from graven import emit, ir, passes
from graven.errors import GravenError
from graven.frontends import files

SECONDS = 60  # of processor time, for one file; on a busy machine as well
MEMORY = 3 << 30  # beside what the packages take
NUMBERS = (-1, 0, 1, 2, 3, 7, 255, 65536, 1 << 31, (1 << 31) - 1, 1 << 40, -(1 << 63))
ODD = (*NUMBERS, 1e38, -0.5, float("nan"), None, "", "x", [], {}, True, [1 << 31, 1 << 31])


def mutant(rng: np.random.Generator, data: bytes, suffix: str) -> bytes:
    """The file, changed in one of the ways that its kind has."""
    ways: list[Callable[[np.random.Generator, bytes], bytes]] = [damaged, cut]
    if zipfile.is_zipfile(io.BytesIO(data)):
        ways += [inside] * 6
    elif suffix == ".json":
        ways += [text] * 6
    elif suffix == ".onnx":
        ways += [message] * 6
    return ways[rng.integers(len(ways))](rng, data)


def cut(rng: np.random.Generator, data: bytes) -> bytes:
    return data[: rng.integers(len(data))]


def inside(rng: np.random.Generator, data: bytes) -> bytes:
    """A member of an archive, JSON rather than others; its checksum is right."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
        names = old.namelist()
        spoken = [name for name in names if name.endswith(".json")]
        chosen = spoken if spoken and rng.random() < 0.7 else names
        name = chosen[rng.integers(len(chosen))]
        gone = rng.random() < 0.05
        for each in names:
            content = old.read(each)
            if each == name and len(content) > 8:
                content = (text if each.endswith(".json") else damaged)(rng, content)
            if each != name or not gone:
                new.writestr(each, content)
    return made.getvalue()


def text(rng: np.random.Generator, data: bytes) -> bytes:
    """JSON of which one value or key is another."""
    try:
        found = json.loads(data)
    except ValueError:
        return damaged(rng, data)
    places = list(holders(found))
    if not places:
        return damaged(rng, data)
    holder, key = places[rng.integers(len(places))]
    if rng.random() < 0.1:
        del holder[key]
    else:
        holder[key] = ODD[rng.integers(len(ODD))]
    return json.dumps(found).encode()


def holders(value: Any) -> Iterator[tuple[Any, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(pairs):
        yield value, key
        if isinstance(inner, dict | list):
            yield from holders(inner)


def message(rng: np.random.Generator, data: bytes) -> bytes:
    """An ONNX model of which one number or text is another."""
    import onnx

    model = onnx.ModelProto()
    model.ParseFromString(data)
    places = [place for place in fields(model.graph) if place[1].type not in (9, 12) or
              place[1].name in ("name", "input", "output", "op_type", "dim_param")]  # fmt: skip
    holder, field, index = places[rng.integers(len(places))]
    if field.cpp_type == field.CPPTYPE_STRING:
        new: Any = ("", "x", "y", "Conv", "\n")[rng.integers(5)]
    else:
        new = NUMBERS[rng.integers(len(NUMBERS))]
    with contextlib.suppress(ValueError, TypeError):  # what the format cannot say
        if index is None:
            setattr(holder, field.name, new)
        else:
            getattr(holder, field.name)[index] = new
    return model.SerializeToString()


def fields(holder: Any) -> Iterator[tuple[Any, Any, int | None]]:
    """Holder, field and index of all numbers and texts of a message."""
    for field, value in holder.ListFields():
        several = not isinstance(value, str | bytes | int | float) and hasattr(value, "__len__")
        for index, each in enumerate(value) if several else [(None, value)]:
            if field.cpp_type == field.CPPTYPE_MESSAGE:
                yield from fields(each)
            elif index is None or index < 20:  # of a long list its first
                yield holder, field, index


# -- what becomes of them ------------------------------------------------------------------------


def outcome(path: Path) -> ir.Network | str:
    """The network that the file holds, which has a header; or the sentence that refuses it. Fails
    where it takes too long or too much memory, or raises anything but a sentence."""
    with limited():
        try:
            source = files.read(path)
            emit.header(passes.canonical(source.network), "0" * 64)
        except GravenError as error:
            sentence = str(error)
            assert "\n" not in sentence and 0 < len(sentence) < 4000, sentence
            return sentence
    return source.network


@contextlib.contextmanager
def limited() -> Iterator[None]:
    def late(*_: object) -> None:
        raise TimeoutError(f"{SECONDS} seconds were not enough")

    before, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (held() + MEMORY, hard))
    handler = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, handler)
        resource.setrlimit(resource.RLIMIT_DATA, (before, hard))


def held() -> int:
    """Bytes that this process may write to."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) * 1024
    return 0
