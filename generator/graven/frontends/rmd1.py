"""Dense networks in the format RMD1 (.rnn): read, written, and a sample of it.

Little endian: a header of 20 bytes (magic, version 1, flags 0, numbers of layers, weights and
biases), 20 bytes for each layer (inputs, outputs, offsets of weights and biases in elements, the
activation, 3 reserved), then all weights and all biases in float32. A layer's weights are a row for
each output, y[o] = activation(sum of w[o][i] * x[i] + b[o]).

    python -m graven.frontends.rmd1 sample.rnn
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from graven import ir
from graven.errors import GravenError, printable
from graven.frontends.nchw import Draft
from graven.frontends.tflite import identifier
from graven.node import shape_text

MAGIC, CONTAINER = b"RMD1", b"RNN\0"
VERSION = 1
HEADER, LAYER = struct.Struct("<4sHHIII"), struct.Struct("<IIIIB3x")
ACTIVATIONS = (None, "RELU", "LOGISTIC", "TANH")
"""By their numbers in the file: identity, ReLU, sigmoid, tanh."""


@dataclass(frozen=True)
class Dense:
    weights: np.ndarray  # float32, outputs x inputs
    bias: np.ndarray  # float32, one per output
    activation: str | None = None  # one of ACTIVATIONS


# -- reading --------------------------------------------------------------------------------------


def load(path: str | Path, layout: str | None = None) -> ir.Network:
    """The network in the file, from x to y; it has no axes that a layout could order."""
    path = Path(path)
    if layout is not None:
        raise GravenError(f"--layout {layout}: {path.name} has no images; leave it out.")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise GravenError(f"{path}: cannot be read: {error.strerror or error}.") from None
    source = printable(path.name)
    return network_of(parse(data, source), source, identifier(path.stem))


def parse(data: bytes, source: str) -> list[Dense]:
    """The layers of a file; `source` is for messages."""
    if data[:4] == CONTAINER:
        raise GravenError(
            f"{source}: is a container of blobs (RNN\\0); only the older dense format RMD1 is "
            "read: pack the model with rnn_pack_dense_v1."
        )
    if data[:4] != MAGIC:
        raise GravenError(
            f"{source}: begins with {data[:4]!r}, expected {MAGIC!r}; it is no RMD1 model."
        )
    if len(data) < HEADER.size:
        raise GravenError(f"{source}: has {len(data)} bytes, too few for a header; copy it again.")
    _, version, flags, count, weights, biases = HEADER.unpack_from(data)
    if (version, flags) != (VERSION, 0):
        raise GravenError(
            f"{source}: is of version {version} with flags {flags}, expected {VERSION} and 0; "
            "write it again as RMD1."
        )
    if count == 0:
        raise GravenError(f"{source}: has no layers; write the model again.")
    size = HEADER.size + LAYER.size * count + 4 * (weights + biases)
    if len(data) != size:
        raise GravenError(
            f"{source}: has {len(data)} bytes, but its header makes them {size}; copy it again."
        )
    numbers = np.frombuffer(data, "<f4", weights + biases, HEADER.size + LAYER.size * count)
    return [
        _layer(data, place, numbers[:weights], numbers[weights:], source) for place in range(count)
    ]


def _layer(data: bytes, place: int, weights: np.ndarray, biases: np.ndarray, source: str) -> Dense:
    inputs, outputs, first, second, activation = LAYER.unpack_from(
        data, HEADER.size + LAYER.size * place
    )
    where = f"{source}: layer {place}"
    if inputs == 0 or outputs == 0:
        raise GravenError(f"{where}: has {inputs} inputs and {outputs} outputs; both must be some.")
    for what, begin, count, found in (
        ("weights", first, inputs * outputs, weights.size),
        ("biases", second, outputs, biases.size),
    ):
        if begin + count > found:
            raise GravenError(
                f"{where}: reads {what} {begin} to {begin + count}, but the file has {found}; it "
                "is damaged."
            )
    if activation >= len(ACTIVATIONS):
        raise GravenError(
            f"{where}: has activation {activation}, expected 0 (identity), 1 (ReLU), 2 (sigmoid) "
            "or 3 (tanh)."
        )
    matrix = weights[first : first + inputs * outputs].reshape(outputs, inputs)
    bias = biases[second : second + outputs]
    return Dense(matrix.astype(np.float32), bias.astype(np.float32), ACTIVATIONS[activation])


def network_of(layers: Sequence[Dense], source: str, name: str) -> ir.Network:
    draft = Draft(source)
    view = draft.input("x", (1, layers[0].weights.shape[1]), "nchw")
    for place, each in enumerate(layers):
        draft.where = f"layer {place}"
        if view.shape[1] != each.weights.shape[1]:
            raise draft.error(
                f"has {each.weights.shape[1]} inputs, but the layer before it has {view.shape[1]} "
                "outputs; the file is damaged."
            )
        view = draft.dense(view, each.weights, each.bias)
        view = view if each.activation is None else draft.unary(each.activation, view)
    return draft.network(name, {"y": view}, "nchw")


# -- writing --------------------------------------------------------------------------------------


def to_bytes(layers: Sequence[Dense]) -> bytes:
    """Layers one after the other as a file."""
    records, weights, biases = [], 0, 0
    for each in layers:
        outputs, inputs = each.weights.shape
        activation = ACTIVATIONS.index(each.activation)
        records.append(LAYER.pack(inputs, outputs, weights, biases, activation))
        weights, biases = weights + each.weights.size, biases + each.bias.size
    numbers = [each.weights for each in layers] + [each.bias for each in layers]
    return b"".join([
        HEADER.pack(MAGIC, VERSION, 0, len(layers), weights, biases),
        *records,
        *(np.ascontiguousarray(each, "<f4").tobytes() for each in numbers),
    ])  # fmt: skip


def layers_of(network: ir.Network) -> list[Dense]:
    """Of a float32 network that is a chain of Dense layers and nothing else."""
    found: list[Dense] = []
    for operator in network.operators:
        where = f"{network.source}: operator {operator.index} ({operator.name})"
        tensors = [network.tensors[index] if index >= 0 else None for index in operator.inputs]
        if network.tensors[operator.output].element is not ir.Element.FLOAT32:
            raise GravenError(f"{where}: is not float32, all that RMD1 has; write the float model.")
        if operator.name == "FULLY_CONNECTED" and tensors[1].data is not None:
            activation = None if operator.layer.activation == "NONE" else operator.layer.activation
            bias = np.zeros(len(tensors[1].data), np.float32)
            if len(tensors) > 2 and tensors[2] is not None:
                bias = tensors[2].data
            found.append(Dense(tensors[1].data, bias, activation))
        elif operator.name in ACTIVATIONS and found and found[-1].activation is None:
            found[-1] = Dense(found[-1].weights, found[-1].bias, operator.name)
        elif operator.name != "RESHAPE":
            raise GravenError(
                f"{where}: is no Dense layer with identity, ReLU, sigmoid or tanh, all that RMD1 "
                f"has; its output has shape {shape_text(network.tensors[operator.output].shape)}."
            )
        if found and found[-1].activation not in ACTIVATIONS:
            raise GravenError(f"{where}: ends in {found[-1].activation}, which RMD1 has not.")
    return found


def sample() -> bytes:
    """y = 2 x0 - x1 + 0.5, in 52 bytes."""
    return to_bytes([Dense(np.float32([[2, -1]]), np.float32([0.5]))])


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else "sample.rnn").write_bytes(sample())
