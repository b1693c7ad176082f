"""The inputs of a run: from files as the user names them, or random; one array per model input,
its leading axis the inferences.
"""

from __future__ import annotations

import dataclasses
import os
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from graven import folders, ir
from graven.errors import GravenError
from graven.facts import StreamFacts
from graven.node import PLAIN, counted, shape_text
from graven.outputs import check_inputs

if TYPE_CHECKING:
    from graven.pixels import Pixels

T = TypeVar("T", bound=list)
Inputs = list[np.ndarray]
Samples = list[np.ndarray | list[np.ndarray]]
"""By input, to calibrate with: an array of samples; of a network with variables, sequences of
steps, as one array or a list of them."""


def tensors(network: ir.Network) -> list[ir.Tensor]:
    return [network.tensors[index] for index in network.inputs]


def random(network: ir.Network, count: int, seed: int) -> Inputs:
    """Random bytes; for float32 numbers of a normal distribution, for tokens places of their table,
    outside of which other engines end the run."""
    generator = np.random.default_rng(seed)
    extents = _tables(network)
    wanted = (
        dataclasses.replace(tensor, shape=(count, *tensor.shape)) for tensor in tensors(network)
    )
    return [
        _random(tensor, generator)
        if tensor.index not in extents
        else generator.integers(0, extents[tensor.index], tensor.shape).astype(tensor.element.dtype)
        for tensor in wanted
    ]


TABLES = {"GATHER": 0, "EMBEDDING_LOOKUP": 1}
"""Which input is the table, the other its places."""


def _tables(network: ir.Network) -> dict[int, int]:
    """Of inputs that name places of constant tables: the least extent of these."""
    found: dict[int, int] = {}
    sources = {index: {index} for index in network.inputs if _is_whole(network.tensors[index])}
    for operator in network.operators:
        places = [index for index in operator.inputs if index in sources]
        if operator.name in TABLES:
            table = TABLES[operator.name]
            tensor = network.tensors[operator.inputs[table]]
            extent = tensor.shape[getattr(operator.layer, "axis", 0)]
            for index in sources.get(operator.inputs[1 - table], ()):
                found[index] = min(extent, found.get(index, extent))
        elif operator.name == "LOOKUP":
            for index in sources.get(operator.inputs[1], ()):
                found[index] = min(*operator.layer.extents, found.get(index, 1 << 31))
        elif places:  # also behind what wraps negative ones
            reached = set().union(*(sources[place] for place in places))
            sources.update(dict.fromkeys(operator.outputs, reached))
    return found


def _is_whole(tensor: ir.Tensor) -> bool:
    return tensor.element in (ir.Element.INT32, ir.Element.INT64)


def _random(tensor: ir.Tensor, generator: np.random.Generator) -> np.ndarray:
    if tensor.element is ir.Element.FLOAT32:
        return generator.normal(0.0, 1.0, tensor.shape).astype(np.float32)
    if tensor.element is ir.Element.BOOLEAN:
        return generator.integers(0, 2, tensor.shape).astype(bool)
    half = 1 << (8 * tensor.element.dtype.itemsize - 1)
    return generator.integers(-half, half, tensor.shape).astype(tensor.element.dtype)


def load(network: ir.Network, files: list[Path]) -> Inputs:
    """`--input`: .bin files in turn, one .npy per model input, or one .npz."""
    check(files)
    kind = files[0].suffix.lower()
    if kind == ".npz":
        return _from_npz(network, files[0])
    return _from_npy(network, files) if kind == ".npy" else _from_raw(network, files)


def check(files: Sequence[Path]) -> None:
    """What is wrong with them whatever the model is."""
    kinds = {file.suffix.lower() for file in files}
    if kinds & {".npz", ".npy"} and (len(kinds) > 1 or (kinds == {".npz"} and len(files) > 1)):
        raise GravenError(
            f"--input: got {', '.join(file.name for file in files)}; take one .npz, one .npy per "
            "model input, or raw files only."
        )
    check_inputs(*files)


def samples(network: ir.Network, files: list[Path], pixels: Pixels | None = None) -> Samples:
    """`--calibrate`: real numbers for a float32 network, or bytes of which `pixels` tells what they
    are; in its layout or channels first. A folder of images or recordings is an array, too."""
    arrays: list[np.ndarray | dict[str, np.ndarray]] = [
        folders.read(file) if file.is_dir() else _read(file) for file in files
    ]
    wanted = tensors(network)
    if len(arrays) == 1 and isinstance(arrays[0], dict):
        named = arrays[0]
        picked = names(network, named, "--calibrate")
        where = [f"{files[0]}: {name}" for name in picked]
        arrays = [named[name] for name in picked]
    else:
        where = [str(file) for file in files]
    if len(arrays) != len(wanted):
        raise GravenError(
            f"--calibrate: got {len(arrays)} arrays, but the model has {len(wanted)} inputs; give "
            "one .npz, or one .npy for each, in order."
        )
    triples = zip(wanted, arrays, where, strict=True)
    return same_count(
        [sampled(network, tensor, value, text, pixels) for tensor, value, text in triples],
        "--calibrate",
    )


def names(network: ir.Network, arrays: dict[str, np.ndarray], where: str) -> list[str]:
    """Which of the named arrays is each input's; `where` is what messages call them all."""
    wanted = tensors(network)
    return [
        _named(tensor, place, arrays, len(wanted), where) for place, tensor in enumerate(wanted)
    ]


def _named(
    tensor: ir.Tensor, place: int, arrays: dict[str, np.ndarray], count: int, where: str
) -> str:
    """The array of an input in an archive; of a single input it may be the only one that fits."""
    names = [name for name in (tensor.name, f"input_{place}") if name in arrays]
    if count == 1:
        names += ["x"] * ("x" in arrays)
        size = int(np.prod(tensor.shape))
        names += [
            name for name, value in arrays.items() if value.ndim and value.size == len(value) * size
        ]
    if not names:
        raise GravenError(
            f"{where}: has no array '{tensor.name}' or 'input_{place}' for the model's input; "
            f"it has {', '.join(sorted(arrays)) or 'none at all'}."
        )
    return names[0]


def sampled(
    network: ir.Network,
    tensor: ir.Tensor,
    value: np.ndarray | list[np.ndarray],
    where: str,
    pixels: Pixels | None = None,
) -> np.ndarray | list[np.ndarray]:
    """What an input is calibrated with: samples, or sequences where variables last."""
    if network.variables:
        steps = sequences(tensor, value, where)
        return [real(network, tensor, each, where, pixels) for each in steps]
    if isinstance(value, list):
        value = np.concatenate(value)
    return real(network, tensor, value, where, pixels)


def sequences(
    tensor: ir.Tensor, value: np.ndarray | list[np.ndarray], where: str
) -> list[np.ndarray]:
    """Each as (steps, *the input's shape)."""
    wanted = [extent for extent in tensor.shape if extent != 1]
    found = []
    for each in value:
        extents = [extent for extent in np.shape(each)[1:] if extent != 1]
        if np.ndim(each) == 0 or len(each) == 0 or extents != wanted:
            outer = f"{len(value)}x" if isinstance(value, np.ndarray) else "a sequence of "
            raise GravenError(
                f"{where}: has shape {outer}{shape_text(np.shape(each))}, but the model keeps a "
                "state from step to step; give sequences, an array or a list of them, each of "
                f"steps and {shape_text(tensor.shape)} for the model's input '{tensor.name}'."
            )
        found.append(np.ascontiguousarray(each).reshape(len(each), *tensor.shape))
    return found


def whole(network: ir.Network, tensor: ir.Tensor, value: np.ndarray, where: str) -> np.ndarray:
    """Samples of an input of plain numbers, such as tokens."""
    element = tensor.element.dtype
    fits = isinstance(value, np.ndarray) and value.dtype.kind in "iub"
    if not fits or not np.array_equal(value.astype(element), value):
        raise GravenError(
            f"{where}: is {getattr(value, 'dtype', 'no array')}, expected the whole numbers "
            f"({tensor.element.value}) of the model's input '{tensor.name}', such as tokens."
        )
    return shaped(network, tensor, value, where).astype(element)


def real(
    network: ir.Network,
    tensor: ir.Tensor,
    value: np.ndarray,
    where: str,
    pixels: Pixels | None = None,
) -> np.ndarray:
    """Samples of a float32 input as (samples, *its shape), channels first moved behind; of one of
    plain numbers, those."""
    if tensor.element in PLAIN:
        return whole(network, tensor, value, where)
    if pixels is not None and getattr(value, "dtype", None) == np.uint8:
        return pixels.real(shaped(network, tensor, value, where))
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
        found = getattr(value, "dtype", "no array")
        raise GravenError(
            f"{where}: is {found}, expected the real numbers that the "
            "model was trained on; scale the data as for training, and give it as float32."
        )
    return shaped(network, tensor, value, where).astype(np.float32)


def as_imported(network: ir.Network, tensor: ir.Tensor, alone: bool) -> tuple[int, ...]:
    """Which axes of samples that lie as in the imported model are those of an input as we have it;
    `alone`: the input's first axis is that of samples, else it lies behind."""
    first = 1 if alone else 0
    rank, order = len(tensor.shape), network.order(tensor) or ""
    if rank < 5 or not order.isdigit():  # channels come first
        order = (0, *range(2, rank), 1) if rank > 2 else range(rank)
    return (0, *(int(axis) + 1 - first for axis in order[first:]))


def shaped(network: ir.Network, tensor: ir.Tensor, value: np.ndarray, where: str) -> np.ndarray:
    """Samples of an input as (samples, *its shape); what lies as in the model that was imported is
    moved, such as channels that come first. What has no batch in front, as a sequence whose moments
    come first, may be given as one sample alone; images for a batch of several, one by one."""
    alone = tensor.shape[:1] == (1,)
    shape = tensor.shape[1:] if alone else tensor.shape
    if shape == tensor.shape == value.shape:
        value = value[np.newaxis]
    if not alone and 3 <= len(shape) == value.ndim and len(value) and len(value) % shape[0] == 0:
        behind = (*value.shape[2:], value.shape[1])  # channels
        if shape[1:] in (value.shape[1:], behind):
            value = value.reshape(-1, shape[0], *value.shape[1:])
    axes = as_imported(network, tensor, alone)
    if value.shape[1:] != shape and value.ndim == len(axes):
        moved = value.transpose(axes)
        value = moved if moved.shape[1:] == shape else value
    extents = [extent for extent in value.shape[1:] if extent != 1]
    if value.ndim and len(value) == 0:
        raise GravenError(f"{where}: there are no samples; give some.")
    if value.ndim == 0 or extents != [extent for extent in shape if extent != 1]:
        several = f", or single ones, {shape[0]} for each sample" if len(shape) > 2 else ""
        raise GravenError(
            f"{where}: has shape {shape_text(value.shape)}, expected a leading axis of samples and "
            f"{shape_text(tensor.shape)} for the model's input '{tensor.name}' behind it"
            f"{'' if alone else several}."
        )
    return np.ascontiguousarray(value).reshape(len(value), *tensor.shape)


def recording(network: ir.Network, files: list[Path], facts: StreamFacts, seed: int) -> Inputs:
    """`--input` of a stream: all rows of one file, or random ones; its leading axis the pushes."""
    (tensor,) = tensors(network)
    push = facts.hop * facts.row_size
    if not files:
        wanted = dataclasses.replace(tensor, shape=(facts.pushes_to_fill + 1, push))
        return [_random(wanted, np.random.default_rng(seed))]
    file = files[0]
    if len(files) > 1 or file.suffix.lower() == ".npz":
        raise GravenError("--stream: --input takes one raw file or one .npy, a whole recording.")
    value = _read(file) if file.suffix.lower() == ".npy" else _elements(tensor, file)
    if isinstance(value, dict):
        raise GravenError(f"{file}: is an archive, expected one array.")
    if value.dtype != tensor.element.dtype or value.size % facts.row_size:
        raise GravenError(
            f"{file}: is {value.dtype} {shape_text(value.shape)}, but the model's input "
            f"'{tensor.name}' takes {tensor.element.value}, rows of {facts.row_size} elements."
        )
    rows, least = value.size // facts.row_size, facts.hop * facts.pushes_to_fill
    if rows % facts.hop or rows < least:
        raise GravenError(
            f"{file}: has {counted(rows, 'row')}, expected a multiple of {facts.hop} (a push), at "
            f"least {least} (what fills the window)."
        )
    return [value.reshape(-1, push)]


def _elements(tensor: ir.Tensor, file: Path) -> np.ndarray:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise GravenError(f"{file}: cannot be read: {error.strerror}.") from None
    size = tensor.element.dtype.itemsize
    if len(data) % size:
        raise GravenError(
            f"{file}: has {len(data)} bytes, but an element of the model's input '{tensor.name}' "
            f"({tensor.element.value}) takes {size}."
        )
    return np.frombuffer(data, tensor.element.dtype.newbyteorder("<"))


def to_bytes(values: Inputs) -> bytes:
    """Inference after inference, all inputs of each."""
    return rows(values).tobytes()


def rows(values: Inputs) -> np.ndarray:
    """The bytes of all inputs, a row for each inference; of one input without a copy."""
    count = len(values[0])
    found = [np.ascontiguousarray(value).reshape(count, -1).view(np.uint8) for value in values]
    return found[0] if len(found) == 1 else np.concatenate(found, axis=1)


def one(values: Inputs, inference: int) -> Inputs:
    return [value[inference] for value in values]


def _from_raw(network: ir.Network, files: list[Path]) -> Inputs:
    wanted = tensors(network)
    if len(files) % len(wanted):
        raise GravenError(
            f"--input: got {len(files)} files, expected a multiple of {len(wanted)}, one for each "
            "input of the model."
        )
    found: list[list[np.ndarray]] = [[] for _ in wanted]
    for position, file in enumerate(files):
        tensor = wanted[position % len(wanted)]
        expected = int(np.prod(tensor.shape)) * tensor.element.dtype.itemsize
        try:
            with file.open("rb") as stream:
                data = stream.read(expected + 1)
                size = max(len(data), os.fstat(stream.fileno()).st_size)
        except OSError as error:
            raise GravenError(f"{file}: cannot be read: {error.strerror}.") from None
        if size != expected:
            raise GravenError(
                f"{file}: has {size} bytes, but the model's input '{tensor.name}' "
                f"({tensor.element.value} {shape_text(tensor.shape)}) takes {expected}."
            )
        value = np.frombuffer(data, dtype=tensor.element.dtype.newbyteorder("<"))
        found[position % len(wanted)].append(value.reshape(tensor.shape))
    return [np.stack(values) for values in found]


def _from_npy(network: ir.Network, files: list[Path]) -> Inputs:
    wanted = tensors(network)
    if len(files) != len(wanted):
        raise GravenError(
            f"--input: got {len(files)} .npy files, but the model has {len(wanted)} inputs; give "
            "one for each, in order."
        )
    pairs = zip(wanted, files, strict=True)
    return same_count([_fit(tensor, _read(file), str(file)) for tensor, file in pairs])


def archive(file: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz file."""
    arrays = _read(file)
    if not isinstance(arrays, dict):
        raise GravenError(
            f"{file}: is one array, expected an archive of arrays; write it with numpy.savez."
        )
    return arrays


def _from_npz(network: ir.Network, file: Path) -> Inputs:
    arrays = archive(file)
    pairs = zip(tensors(network), names(network, arrays, str(file)), strict=True)
    return same_count([_fit(tensor, arrays[name], f"{file}: {name}") for tensor, name in pairs])


def _read(file: Path) -> np.ndarray | dict[str, np.ndarray]:
    """An array, or those of an archive; the file's bytes decide."""
    try:
        loaded = np.load(file, allow_pickle=False)
        return {name: loaded[name] for name in loaded.files} if hasattr(loaded, "files") else loaded
    except OSError as error:
        raise GravenError(f"{file}: cannot be read: {error.strerror or error}.") from None
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error):
        raise GravenError(
            f"{file}: is no array of numbers that numpy can read; write it with numpy.save or "
            "numpy.savez, or name raw bytes .bin."
        ) from None


def _fit(tensor: ir.Tensor, value: np.ndarray | dict[str, np.ndarray], where: str) -> np.ndarray:
    """The array as (inferences, *the input's shape)."""
    if not isinstance(value, np.ndarray) or value.dtype != tensor.element.dtype:
        kind = getattr(value, "dtype", "no array")
        raise GravenError(
            f"{where}: is {kind}, but the model's input '{tensor.name}' is {tensor.element.value}; "
            "convert it (int8 inputs are quantized values)."
        )
    size = int(np.prod(tensor.shape))
    if value.ndim == 0 or value.shape[0] == 0 or value.size != value.shape[0] * size:
        raise GravenError(
            f"{where}: has shape {shape_text(value.shape)}, expected a leading axis of inferences "
            f"and {shape_text(tensor.shape)} for the model's input '{tensor.name}' behind it."
        )
    return value.reshape(value.shape[0], *tensor.shape)


def same_count(values: T, where: str = "--input") -> T:
    counts = [len(value) for value in values]
    if len(set(counts)) > 1:
        raise GravenError(f"{where}: the inputs have {counts} samples, expected equal numbers.")
    return values
