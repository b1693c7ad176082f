"""Instructions per multiplication of attention and recurrent cells on emulated cores.

    sequences.py [FAMILY ...] [--target T ...]

Attention remembers 128 moments and goes over 512, whose keys and values it takes into its memory;
masked attention sees the moments of its row, 128, that a mask of booleans leaves, an input; RoPE
turns 128 moments, and is counted per element; cells go over 16. What is counted is the layer alone,
with exponentials, tables and states.
Exit codes: 2 bad use, 3 a tool failed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

import figures
import numpy as np
from graven import ir
from graven.layers.attention import Attention
from graven.layers.gru import Gru
from graven.layers.lstm import Lstm
from graven.layers.rope import Rope
from graven.layers.simple_rnn import SimpleRnn

sys.path.insert(0, str(figures.ROOT / "tests/generator"))
from random_models import FLOAT32, INT8, INT16, hidden_state, lstm_gate
from random_transformers import Kit

TARGETS = ("cortex-m4", "cortex-m55")
CONTEXT, MOMENTS, STEPS = 128, 512, 16
HEADS = ((1, 1, 128), (2, 2, 64), (4, 2, 64), (4, 4, 24), (4, 2, 24))
SIZES = (128, 64)

Case = tuple[str, ir.Network, int]
"""What it is, and its multiplications."""


def attentions(element: ir.Element, moments: int, scores: int, further: Callable) -> list[Case]:
    """Of q over k and v, with so many scores for each head. `further` makes the layer, and its
    inputs beside these: of a Kit, the number of heads, that of heads of keys, and k and v."""
    found = []
    for heads, kv_heads, head in HEADS:
        b = Kit(np.random.default_rng(1))
        q = b.data((moments, heads * head), element)
        k, v = (b.data((moments, kv_heads * head), element) for _ in range(2))
        layer, inputs = further(b, heads, kv_heads, (k, v))
        output = b.output(v, b.shape(q), 0.01)
        network = b.network([b.add("ATTENTION", layer, [q, k, v, *inputs], output)])
        name = f"{heads} heads of {head} channels, {kv_heads} of keys"
        found.append((name, network, 2 * heads * head * scores))
    return found


def attention(element: ir.Element) -> list[Case]:
    def remembering(b: Kit, heads: int, kv_heads: int, remembered: tuple[int, int]):
        memory = [b.variable_like(each, (CONTEXT, b.shape(each)[-1])) for each in remembered]
        return Attention(heads, kv_heads, "sliding", CONTEXT), [*memory, b.position()]

    seen = sum(min(moment + 1, CONTEXT) for moment in range(MOMENTS))
    return attentions(element, MOMENTS, seen, remembering)


def masked(element: ir.Element) -> list[Case]:
    def under_mask(b: Kit, heads: int, kv_heads: int, _: tuple[int, int]):
        mask = b.tensor((CONTEXT, CONTEXT), ir.Element.BOOLEAN, None, None)
        b.inputs.append(mask)
        return Attention(heads, kv_heads), [mask]

    return attentions(element, CONTEXT, CONTEXT * CONTEXT, under_mask)


def rope(element: ir.Element) -> list[Case]:
    found = []
    for _, heads, head in HEADS:
        b = Kit(np.random.default_rng(1))
        data = b.data((CONTEXT, heads * head), element)
        output = b.output(data, b.shape(data), 0.01)
        inputs = [data, b.position()]
        network = b.network([b.add("ROPE", Rope(head, True, 10000.0), inputs, output)])
        found.append((f"{heads} heads of {head} channels", network, CONTEXT * heads * head))
    return found


def gates_of(b: Kit, data: int, hidden: int, units: int, count: int) -> list[int]:
    """Weights of the input, those of the hidden state, biases."""
    found = [lstm_gate(b, data, hidden, units) for _ in range(count)]
    return [index for part in zip(*found, strict=True) for index in part]


def memory_of(b: Kit, units: int, element: ir.Element, scale: float) -> int:
    if element is FLOAT32:
        return b.state((1, units), FLOAT32, None)
    return b.state((1, units), INT16, ir.Quantization((scale,), (0,)))


def lstm(b: Kit, data: int, hidden: int, units: int, element: ir.Element):
    gates = gates_of(b, data, hidden, units, 4)
    memory = memory_of(b, units, element, 2.0**-12)
    inputs = [data, *gates[:8], -1, -1, -1, *gates[8:], -1, -1, hidden, memory, -1, -1, -1, -1]
    return "UNIDIRECTIONAL_SEQUENCE_LSTM", Lstm(), inputs


def gru(b: Kit, data: int, hidden: int, units: int, element: ir.Element):
    inputs = [data, *gates_of(b, data, hidden, units, 3), -1, hidden]
    if element is not FLOAT32:
        inputs.append(memory_of(b, units, element, 2.0**-15))
    return "GRU", Gru(False, True), inputs


def simple_rnn(b: Kit, data: int, hidden: int, units: int, element: ir.Element):
    inputs = [data, *gates_of(b, data, hidden, units, 1), hidden]
    return "UNIDIRECTIONAL_SEQUENCE_RNN", SimpleRnn(False, False), inputs


def cells(make: Callable, gates: int, element: ir.Element) -> list[Case]:
    found = []
    for size in SIZES:
        b = Kit(np.random.default_rng(1))
        data = b.data((1, STEPS, size), element)
        hidden = hidden_state(b, data, size)
        operator, layer, inputs = make(b, data, hidden, size, element)
        output = b.like(hidden, (1, STEPS, size))
        network = b.network([b.add(operator, layer, inputs, output)])
        found.append((f"{size} inputs and units", network, STEPS * gates * size * 2 * size))
    return found


MAKERS: dict[str, tuple[Callable[[ir.Element], list[Case]], tuple[ir.Element, ...]]] = {
    "attention": (attention, (INT8, INT16, FLOAT32)),
    "masked": (masked, (INT8, INT16)),
    "rope": (rope, (INT8, INT16, FLOAT32)),
    "lstm": (lambda element: cells(lstm, 4, element), (INT8, FLOAT32)),
    "gru": (lambda element: cells(gru, 3, element), (INT8, FLOAT32)),
    "simple_rnn": (lambda element: cells(simple_rnn, 1, element), (INT8, FLOAT32)),
}
FAMILIES: dict[str, Callable[[], list[Case]]] = {
    f"{name}_{element.value}": lambda make=make, element=element: make(element)
    for name, (make, elements) in MAKERS.items()
    for element in elements
}


def instructions(network: ir.Network, target: str) -> int:
    found = figures.run_json(network, target)
    return max(layer["instructions"] or 0 for layer in found["layers"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("families", nargs="*", metavar="FAMILY", help=", ".join(FAMILIES))
    parser.add_argument("--target", action="append", help=f"default: {', '.join(TARGETS)}")
    options = parser.parse_args()
    for family in options.families or FAMILIES:
        if family not in FAMILIES:
            raise figures.BenchError(f"{family} is no family; there are {', '.join(FAMILIES)}.", 2)
        for target in options.target or TARGETS:
            for name, network, macs in FAMILIES[family]():
                per_mac = instructions(network, target) / macs
                print(f"{family:17} {target:10} {name:36} {per_mac:5.2f} per MAC", flush=True)
    return 0


if __name__ == "__main__":
    figures.exit_with(main)
