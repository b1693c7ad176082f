"""Decoders of Llama's kind: from the arrays of a checkpoint to a network over a whole sequence, in
float32, or token by token in int8.

int8 means weights of int8 with a scale per output, activations of int8, and the sum that runs
through all blocks in int16: rounding it once per block would add up. Scales are those of the float
network's values on samples of text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from graven import ir, reference
from graven.checked import Stated, checked, stated
from graven.errors import GravenError
from graven.layers.add import Add
from graven.layers.attention import Attention
from graven.layers.dense import Dense
from graven.layers.embedding_lookup import EmbeddingLookup
from graven.layers.layer_norm import LayerNorm
from graven.layers.mul import Mul
from graven.layers.quantize import Quantize
from graven.layers.rope import Rope
from graven.layers.silu import SiLU
from graven.quantize.ranges import Histogram, candidates, scale_of
from graven.quantize.rules import Weights
from graven.quantize.scales import Scale
from graven.quantize.weights import to_nearest

FLOAT32, INT16 = ir.Element.FLOAT32, ir.Element.INT16
METHOD = "mse"
HEADROOM = 1.25  # of int16, beyond what the samples have


@dataclass(frozen=True)
class Config:
    vocabulary: int
    dim: int
    layers: int
    heads: int
    kv_heads: int
    hidden: int
    context: int  # tokens that are remembered
    base: float = 10000.0
    epsilon: float = 1e-5

    @property
    def head(self) -> int:
        return self.dim // self.heads


@dataclass(frozen=True)
class Checkpoint:
    """Weights by name: embedding.weight, which is the output's as well; norm; and of each block
    blocks.0.{input_norm, post_attention_norm, q.weight, k.weight, v.weight, o.weight, gate.weight,
    up.weight, down.weight}."""

    config: Config
    weights: Mapping[str, np.ndarray]

    def __post_init__(self) -> None:
        c = self.config
        kept = c.kv_heads * c.head
        wanted = {"embedding.weight": (c.vocabulary, c.dim), "norm": (c.dim,)}
        for block in range(c.layers):
            for name, shape in {
                "input_norm": (c.dim,), "post_attention_norm": (c.dim,),
                "q.weight": (c.dim, c.dim), "k.weight": (kept, c.dim), "v.weight": (kept, c.dim),
                "o.weight": (c.dim, c.dim), "gate.weight": (c.hidden, c.dim),
                "up.weight": (c.hidden, c.dim), "down.weight": (c.dim, c.hidden),
            }.items():  # fmt: skip
                wanted[f"blocks.{block}.{name}"] = shape
        for name, shape in wanted.items():
            found = self.weights.get(name)
            if found is None or found.shape != shape:
                got = "is missing" if found is None else f"has the shape {found.shape}"
                raise GravenError(f"checkpoint: {name} {got}, expected {shape}.")


def merged(
    checkpoint: Checkpoint, adapters: Mapping[str, tuple[np.ndarray, np.ndarray]], alpha: float
) -> Checkpoint:
    """LoRA (https://arxiv.org/abs/2106.09685) taken into the weights: W + alpha / rank * B A, for
    each (A, B) of rank x inputs and outputs x rank."""
    weights = dict(checkpoint.weights)
    for name, (down, up) in adapters.items():
        if name not in weights:
            raise GravenError(f"LoRA of {name}: the checkpoint has no such weights.")
        if (up.shape[0], down.shape[1]) != weights[name].shape or len(down) != up.shape[1]:
            raise GravenError(
                f"LoRA of {name} has {down.shape} and {up.shape}, which does not fit "
                f"{weights[name].shape}."
            )
        change = alpha / len(down) * (up.astype(np.float64) @ down)
        weights[name] = (weights[name] + change).astype(np.float32)
    return Checkpoint(checkpoint.config, weights)


Scales = Mapping[str, Scale]
"""Of every activation, by its name."""


class _Network:
    """Under construction; without scales it is float32."""

    def __init__(
        self, checkpoint: Checkpoint, scales: Scales | None, moments: int, span: str, bits: int
    ) -> None:
        self.checkpoint, self.scales, self.bits = checkpoint, scales, bits
        self.config, self.moments, self.span = checkpoint.config, moments, span
        self.tensors: list[ir.Tensor] = []
        self.operators: list[Stated] = []
        self.tables: dict[str, int] = {}  # constants of one scale

    def tensor(
        self,
        name: str,
        shape: tuple[int, ...],
        element: ir.Element,
        stored: ir.Quantization | None = None,
        data: np.ndarray | None = None,
        initial: np.ndarray | None = None,
    ) -> int:
        index = len(self.tensors)
        self.tensors.append(ir.Tensor(index, name, shape, element, stored, data, initial))
        return index

    def activation(self, name: str, channels: int, wide: bool = False) -> int:
        shape = (self.moments, channels)
        if self.scales is None:
            return self.tensor(name, shape, FLOAT32)
        each = self.scales[name]
        if wide:
            reach = max(map(abs, each.range)) * HEADROOM
            each = scale_of((-reach, reach), INT16)
        return self.tensor(name, shape, each.element, each.quantization)

    def add(self, operator: str, record: ir.Layer, inputs: Sequence[int], output: int) -> int:
        self.operators.append(stated(operator, record, tuple(inputs), (output,)))
        return output

    def constant(self, name: str, axis: int | None = None) -> int:
        """An array of the checkpoint: in int8 with one scale, or one for each index of an axis."""
        if axis is None and name in self.tables:
            return self.tables[name]
        made = self._made(name, axis)
        if axis is None:
            self.tables[name] = made
        return made

    def _made(self, name: str, axis: int | None) -> int:
        data = np.asarray(self.checkpoint.weights[name], dtype=np.float32)
        if self.scales is None or data.ndim < 2:
            return self.tensor(name, data.shape, FLOAT32, None, data)
        flat = data.reshape(1, -1) if axis is None else data
        found = to_nearest(flat, Weights(), 8 if axis is None else self.bits, 0.0)
        whole = found.whole.astype(np.int8).reshape(data.shape)
        scales = tuple(float(each) for each in found.scales)
        stored = ir.Quantization(scales, (0,) * len(scales))
        return self.tensor(f"{name}_{axis}", data.shape, found.element, stored, whole)

    def variable(self, like: int, name: str) -> int:
        """The rows of a tensor that are remembered."""
        tensor = self.tensors[like]
        shape = (self.config.context, tensor.shape[-1])
        stored = tensor.quantization
        zero = np.full(shape, stored.zero_point[0] if stored else 0, tensor.element.dtype)
        return self.tensor(name, shape, tensor.element, stored, None, zero)

    def position(self, name: str) -> int:
        zero = np.zeros(1, dtype=np.int32)
        return self.tensor(name, (1,), ir.Element.INT32, None, None, zero)

    # -- layers ------------------------------------------------------------------------------------

    def dense(self, data: int, weights: str, name: str, axis: int | None = 0) -> int:
        stored = self.constant(weights, axis)
        output = self.activation(name, self.tensors[stored].shape[0])
        return self.add("FULLY_CONNECTED", Dense(keep_num_dims=True), (data, stored), output)

    def norm(self, data: int, weights: str, name: str) -> int:
        output = self.activation(name, self.config.dim)
        layer = LayerNorm(self.config.epsilon)
        return self.add("RMS_NORM", layer, (data, self.constant(weights)), output)

    def widened(self, data: int, name: str) -> int:
        if self.scales is None:
            return data
        return self.add(
            "QUANTIZE", Quantize(), (data,), self.activation(name, self.config.dim, wide=True)
        )

    def sum(self, stream: int, added: int, name: str) -> int:
        """`added` comes as int8; its own steps are too coarse for nothing but itself."""
        wide = self.widened(added, self.tensors[added].name)
        return self.add("ADD", Add(), (stream, wide), self.activation(name, self.config.dim, True))

    def turned(self, data: int, name: str) -> int:
        output = self.activation(name, self.tensors[data].shape[-1])
        layer = Rope(self.config.head, base=self.config.base)
        return self.add("ROPE", layer, (data, self.position(f"{name}.position")), output)

    def attention(self, data: int, at: str) -> int:
        c = self.config
        q, k, v = (self.dense(data, f"{at}.{each}.weight", f"{at}.{each}") for each in "qkv")
        q, k = self.turned(q, f"{at}.q_turned"), self.turned(k, f"{at}.k_turned")
        inputs, context = [q, k, v], 0
        if self.span in ("sliding", "stopping"):
            inputs += [self.variable(k, f"{at}.keys"), self.variable(v, f"{at}.values")]
            inputs.append(self.position(f"{at}.position"))
            context = c.context
        layer = Attention(c.heads, c.kv_heads, self.span, context)
        found = self.add("ATTENTION", layer, inputs, self.activation(f"{at}.found", c.dim))
        return self.dense(found, f"{at}.o.weight", f"{at}.o")

    def mlp(self, data: int, at: str) -> int:
        gate = self.dense(data, f"{at}.gate.weight", f"{at}.gate")
        up = self.dense(data, f"{at}.up.weight", f"{at}.up")
        hidden = self.config.hidden
        gate = self.add("SILU", SiLU(), (gate,), self.activation(f"{at}.open", hidden))
        both = self.add("MUL", Mul(), (gate, up), self.activation(f"{at}.passed", hidden))
        return self.dense(both, f"{at}.down.weight", f"{at}.down")

    def embedding(self, tokens: int) -> int:
        table = self.constant("embedding.weight")
        stored = self.tensors[table]
        shape = (self.moments, self.config.dim)
        output = self.tensor("embedded", shape, stored.element, stored.quantization)
        self.add("EMBEDDING_LOOKUP", EmbeddingLookup(), (tokens, table), output)
        return self.widened(output, "embedded")

    def built(self) -> ir.Network:
        tokens = self.tensor("tokens", (self.moments,), ir.Element.INT32)
        stream = self.embedding(tokens)
        for block in range(self.config.layers):
            at = f"blocks.{block}"
            normed = self.norm(stream, f"{at}.input_norm", f"{at}.first")
            stream = self.sum(stream, self.attention(normed, at), f"{at}.attended")
            normed = self.norm(stream, f"{at}.post_attention_norm", f"{at}.second")
            stream = self.sum(stream, self.mlp(normed, at), f"{at}.left")
        last = self.norm(stream, "norm", "last")
        # The table itself: one scale for all, so that it lies in flash once.
        logits = self.dense(last, "embedding.weight", "logits", None)
        return checked(
            "language", "language", "a decoder", self.tensors, self.operators, [tokens], [logits]
        )


def decoder(
    checkpoint: Checkpoint,
    moments: int,
    span: str = "past",
    scales: Scales | None = None,
    bits: int = 8,
) -> ir.Network:
    """`moments` int32 tokens to as many rows of logits. The spans past and everything see a run's
    tokens, sliding and stopping those of the runs before as well (layers/attention.py). With
    scales, weights have 8 or 4 bits; the embedding, which is the output's matrix, has 8."""
    return _Network(checkpoint, scales, moments, span, bits).built()


def calibrated(
    checkpoint: Checkpoint, samples: Sequence[np.ndarray], method: str = METHOD
) -> Scales:
    """Of samples of tokens, all of one length."""
    if not samples:
        raise GravenError(
            "there are no samples of text to calibrate with; give some windows of it."
        )
    network = decoder(checkpoint, len(samples[0]))
    computed = [
        tensor for tensor in network.tensors if tensor.data is None and tensor.element is FLOAT32
    ]
    seen = {tensor.name: Histogram() for tensor in computed}
    for tokens in samples:
        values = reference.run(network, [np.asarray(tokens, dtype=np.int32)])
        for tensor in computed:
            seen[tensor.name].add(values[tensor.index])
    ranges = {name: candidates(values) for name, values in seen.items()}
    return {
        name: scale_of(each.get(method, next(iter(each.values())))) for name, each in ranges.items()
    }


def bits_per_token(network: ir.Network, windows: Sequence[np.ndarray], told: int) -> float:
    """How many bits the last `told` tokens of each window take, each told all before it; `network`
    sees a whole window but its last token."""
    total, (output,) = 0.0, network.outputs
    for window in windows:
        window = np.asarray(window, dtype=np.int32)
        found = reference.run(network, [window[:-1]])[output].astype(np.float64)
        if stored := network.tensors[output].quantization:
            found = (found - stored.zero_point[0]) * stored.scale[0]
        found -= found.max(axis=-1, keepdims=True)
        logs = found - np.log(np.exp(found).sum(axis=-1, keepdims=True))
        total -= logs[np.arange(len(window) - 1), window[1:]][-told:].sum()
    return float(total / (len(windows) * told) / np.log(2))
