"""Random networks of the layers of transformers, which TensorFlow Lite does not have, and PyTorch's
answer to them.

case(seed, kind, element) is a network of one operator; inputs(seed, network) those of some runs,
of which the later ones go on where the first ones end. `by_torch` answers them as one sequence.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from graven import ir
from graven.layers.attention import SPANS, Attention
from graven.layers.layer_norm import LayerNorm
from graven.layers.moe import MoE
from graven.layers.rope import Rope
from graven.layers.silu import SiLU
from random_models import FLOAT32, INT8, INT16, INT32, Builder

KINDS = ("layer_norm", "rms_norm", "rope", "attention", "silu", "moe")
RUNS = 3
TOLERANCE = 1e-5  # of the largest output


class Kit(Builder):
    def data(self, shape: tuple[int, ...], element: ir.Element) -> int:
        """An input; what a network would have there: reals of about 1."""
        scale = {INT8: 0.03, INT16: 0.03 / 256}.get(element)
        stored = self.quantization(self.scale(scale), element) if scale else None
        index = self.tensor(shape, element, stored)
        self.inputs.append(index)
        return index

    def output(self, like: int, shape: tuple[int, ...], about: float = 0.03) -> int:
        return self.result(like, shape, about)

    def variable_like(self, like: int, shape: tuple[int, ...]) -> int:
        tensor = self.tensors[like]
        return self.state(shape, tensor.element, tensor.quantization)

    def position(self) -> int:
        return self.state((1,), INT32, None)


def norm(b: Kit, element: ir.Element, name: str) -> int:
    channels = b.extent(40)
    data = b.data((*(b.extent(4) for _ in range(b.pick(1, 2))), channels), element)
    inputs = [data]
    for _ in range(b.pick(0, 1, 2) if name == "LAYER_NORM" else b.pick(0, 1)):
        factors = b.rng.normal(1.0, 0.5, channels).astype(np.float32)
        inputs.append(b.tensor((channels,), FLOAT32, None, factors))
    output = b.output(data, b.shape(data))
    if element is INT16 and b.chance(0.5):
        b.tensors[output] = replace(
            b.tensors[output], element=INT8, quantization=b.quantization(b.scale(0.03))
        )
    return b.add(name, LayerNorm(b.pick(1e-5, 1e-5, 1e-6, 0.1)), inputs, output)


def rope(b: Kit, element: ir.Element) -> int:
    head = 2 * b.extent(10)
    data = b.data((b.extent(6), head * b.extent(4)), element)
    layer = Rope(head, b.chance(0.5), b.pick(10000.0, 10000.0, 500000.0, 100.0))
    return b.add("ROPE", layer, [data, b.position()], b.output(data, b.shape(data)))


def attention(b: Kit, element: ir.Element) -> int:
    span, kv_heads, head = b.pick(*SPANS), b.extent(3), b.extent(12)
    heads = kv_heads * b.extent(3)
    before = (b.extent(2),) if b.chance(0.4) else ()
    moments = b.extent(7)
    seen = b.extent(9) if span == "everything" else moments
    q = b.data((*before, moments, heads * head), element)
    k, v = (b.data((*before, seen, kv_heads * head), element) for _ in range(2))
    inputs, context, of_head = [q, k, v], 0, False
    if span in ("sliding", "stopping"):
        context = b.extent(12)
        inputs += [b.variable_like(each, (context, kv_heads * head)) for each in (k, v)]
        inputs.append(b.position())
    elif b.chance(0.4):
        of_head = b.chance(0.5)
        lead = (heads,) if of_head else ()
        inputs.append(mask_of(b, element, (*lead, b.pick(1, moments), seen)))
    layer = Attention(heads, kv_heads, span, context, b.pick(0.0, 0.0, 0.5), of_head)
    return b.add("ATTENTION", layer, inputs, b.output(v, b.shape(q), 0.01))


def mask_of(b: Kit, element: ir.Element, shape: tuple[int, ...]) -> int:
    """An input or a constant: reals, whole numbers of a scale, or what is seen."""
    kind = FLOAT32 if element is FLOAT32 else b.pick(FLOAT32, element, ir.Element.BOOLEAN)
    if kind is element and element is not FLOAT32:
        return b.data(shape, element)
    data = None
    if kind is not FLOAT32 or b.chance(0.5):
        data = b.rng.random(shape) < 0.7
        data[..., 0] = True  # of the past the first sees no other
        if kind is FLOAT32:
            data = np.where(data, b.rng.normal(0.0, 1.0, shape), -1e9).astype(np.float32)
    mask = b.tensor(shape, kind, None, data)
    if data is None:
        b.inputs.append(mask)
    return mask


def silu(b: Kit, element: ir.Element) -> int:
    data = b.data((b.extent(5), b.extent(9)), element)
    return b.add("SILU", SiLU(), [data], b.output(data, b.shape(data)))


def moe(b: Kit, element: ir.Element) -> int:
    moments, channels, hidden, experts = b.extent(5), b.extent(9), b.extent(9), b.extent(6)
    data, router = b.data((moments, channels), element), b.data((moments, experts), element)
    bits = b.pick(8, 4) if element is not FLOAT32 else 0

    def weights(*shape: int) -> int:
        values = b.rng.normal(0.0, 0.5, shape)
        if not bits:
            return b.tensor(shape, FLOAT32, None, values.astype(np.float32))
        most = 2 ** (bits - 1) - 1
        whole = np.clip(np.rint(values * most), -most, most).astype(np.int8)
        stored = ir.Quantization((float(np.float32(1 / most)),), (0,))
        return b.tensor(shape, INT8 if bits == 8 else ir.Element.INT4, stored, whole)

    gate, up = (weights(experts, hidden, channels) for _ in range(2))
    inputs = [data, router, gate, up, weights(experts, channels, hidden)]
    return b.add("MOE", MoE(b.extent(experts)), inputs, b.output(data, b.shape(data)))


ELEMENTS = {
    "layer_norm": (FLOAT32, INT8, INT16),
    "rms_norm": (FLOAT32, INT8, INT16),
    "rope": (FLOAT32, INT8, INT16),
    "attention": (FLOAT32, INT8, INT16),
    "silu": (FLOAT32, INT8),
    "moe": (FLOAT32, INT8, INT16),
}
CASES = tuple((kind, element) for kind in KINDS for element in ELEMENTS[kind])


def case(seed: int, kind: str, element: ir.Element = FLOAT32) -> ir.Network:
    b = Kit(np.random.default_rng([seed, KINDS.index(kind), 8]))
    make = {
        "layer_norm": lambda: norm(b, element, "LAYER_NORM"),
        "rms_norm": lambda: norm(b, element, "RMS_NORM"),
        "rope": lambda: rope(b, element),
        "attention": lambda: attention(b, element),
        "silu": lambda: silu(b, element),
        "moe": lambda: moe(b, element),
    }
    return b.network([make[kind]()])


def inputs(seed: int, network: ir.Network, runs: int = RUNS) -> list[list[np.ndarray]]:
    """Of each run; reals of about 1."""
    rng = np.random.default_rng([seed, 9])

    def one(tensor: ir.Tensor) -> np.ndarray:
        if tensor.element is FLOAT32:
            return rng.normal(0.0, 1.0, tensor.shape).astype(np.float32)
        limits = np.iinfo(tensor.element.dtype)
        values = rng.normal(0.0, limits.max / 2, tensor.shape)
        return np.clip(np.rint(values), limits.min, limits.max).astype(tensor.element.dtype)

    return [[one(network.tensors[index]) for index in network.inputs] for _ in range(runs)]


# -- PyTorch ---------------------------------------------------------------------------------------


def by_torch(network: ir.Network, runs: list[list[np.ndarray]]) -> np.ndarray:
    """Float32's answer to each run, in double."""
    import torch
    from torch.nn import functional

    (operator,) = network.operators
    layer = operator.layer
    given = [[torch.from_numpy(each.astype(np.float64)) for each in inputs] for inputs in runs]
    data = [inputs[0] for inputs in given]
    constants = [network.tensors[index].data for index in operator.inputs[1:]]
    if operator.name in ("LAYER_NORM", "RMS_NORM"):
        factors = [torch.from_numpy(each.astype(np.float64)) for each in constants]
        shape, epsilon = data[0].shape[-1:], float(np.float32(layer.epsilon))
        if operator.name == "LAYER_NORM":
            weight, bias = [*factors, None, None][:2]
            found = [functional.layer_norm(x, shape, weight, bias, epsilon) for x in data]
        else:
            found = [functional.rms_norm(x, shape, *factors, eps=epsilon) for x in data]
    elif operator.name == "SILU":
        found = [functional.silu(x) for x in data]
    elif operator.name == "MOE":
        found = [torch_moe(layer, *inputs, constants[1:]) for inputs in given]
    elif operator.name == "ROPE":
        found = torch_rope(layer, torch.cat(data)).split([len(x) for x in data])
    else:
        if len(constants) == 3 and constants[2] is not None:  # a mask
            given = [
                [*inputs, torch.from_numpy(constants[2].astype(np.float64))] for inputs in given
            ]
        found = torch_attention(layer, given)
    return np.stack([each.numpy() for each in found])


def torch_rope(layer: Rope, data):
    """As complex numbers, which Llama's own code does."""
    import torch

    rates = layer.base ** (-torch.arange(0, layer.head, 2, dtype=torch.float64) / layer.head)
    turns = torch.polar(
        torch.ones(()).double(), torch.outer(torch.arange(len(data), dtype=torch.float64), rates)
    )
    heads = data.reshape(len(data), -1, layer.head)
    if layer.interleaved:
        numbers = torch.view_as_complex(heads.reshape(*heads.shape[:2], -1, 2).contiguous())
        return torch.view_as_real(numbers * turns[:, None]).reshape(data.shape)
    a, b = heads.chunk(2, dim=-1)
    numbers = torch.complex(a, b) * turns[:, None]
    return torch.cat([numbers.real, numbers.imag], dim=-1).reshape(data.shape)


def torch_moe(layer: MoE, x, logits, weights: list[np.ndarray]):
    """As Mixtral's code has it."""
    import torch
    from torch.nn import functional

    gate, up, down = (torch.from_numpy(each.astype(np.float64)) for each in weights)
    best, chosen = torch.topk(logits, layer.top, dim=-1)
    shares = functional.softmax(best, dim=-1)
    found = torch.zeros_like(x)
    for row in range(len(x)):
        for share, expert in zip(shares[row], chosen[row], strict=True):
            hidden = functional.silu(x[row] @ gate[expert].T) * (x[row] @ up[expert].T)
            found[row] += share * (hidden @ down[expert].T)
    return found


def torch_attention(layer: Attention, given: list):
    import torch
    from torch.nn import functional

    shape = given[0][0].shape

    def heads_of(each, count):
        return each.reshape(*each.shape[:-1], count, -1).transpose(-3, -2)

    def answer(q, k, v, mask):
        found = functional.scaled_dot_product_attention(
            heads_of(q, layer.heads), heads_of(k, layer.kv_heads), heads_of(v, layer.kv_heads),
            attn_mask=mask, scale=layer.scale or None, enable_gqa=True,
        )  # fmt: skip
        return found.transpose(-3, -2).reshape(q.shape)

    if not layer.context:
        causal = torch.ones(shape[-2], given[0][1].shape[-2], dtype=torch.bool).tril()
        masks = []
        for inputs in given:
            mask = inputs[3] if len(inputs) > 3 else torch.zeros(1, 1, dtype=torch.float64)
            if layer.span == "past":
                mask = torch.where(causal, mask, -torch.inf)
            masks.append(mask.expand(*mask.shape[:-2], shape[-2], given[0][1].shape[-2]))
        return [answer(*inputs[:3], mask) for inputs, mask in zip(given, masks, strict=True)]
    whole = [torch.cat([inputs[place].flatten(0, -2) for inputs in given]) for place in range(3)]
    at = torch.arange(len(whole[0]))
    before, now = at[None, :], at[:, None]
    seen = before <= now
    if layer.span == "sliding":
        seen &= before > now - layer.context
    else:
        seen &= (before < layer.context - 1) | (before == now)
    return answer(*whole, seen).reshape(len(given), *shape)
