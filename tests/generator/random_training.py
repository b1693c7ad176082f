"""Random networks that learn: as a C++ type, and in float64 with numpy or PyTorch.

One description of the forward pass serves both: numpy for finite differences, PyTorch for its
gradients. Neither knows anything of the C++ that is judged.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from graven.paths import data_root

Shape = tuple[int, int, int]

PROGRAM = """#include <cstdio>
#include <cstdlib>
#include <graven/graven.hpp>
#include <graven/train.hpp>
using namespace graven;
template <class Span> void read(Span to) {
  if (std::fread(to.data(), 4, to.size(), stdin) != to.size()) std::abort();
}
template <class Span> void write(Span from) { std::fwrite(from.data(), 4, from.size(), stdout); }
template <class T> void run() {
  static typename T::State state;
  alignas(T::alignment) static std::byte memory[T::arena_size];
  T trainer(state, memory);
  [&]<int... k>(std::integer_sequence<int, k...> arrays) {
    (read(trainer.template weights<k>()), ...);
    std::remove_const_t<typename T::Data::element_type> x[T::input_size];
    typename T::Target wanted[T::target_size];
    read(std::span(x));
    read(std::span(wanted));
    const float loss[]{trainer.step(x, wanted).loss};
    write(std::span(loss));
    (write(trainer.template gradients<k>()), ...);
  }(std::make_integer_sequence<int, T::array_count>());
}
"""


@dataclass
class Layer:
    """`forward(m, x, weights)` in the module m, numpy or an adapter of torch."""

    type: str
    out: Shape
    forward: Callable[[Any, Any, list[Any]], Any]
    weights: list[np.ndarray] = field(default_factory=list)  # of the layer, in C++'s order
    rows: int = 1  # of a Dense over several rows: how C++ cuts its weights
    layers: int = 1  # that count in C++
    records: str = "{}"  # theirs, `@` the number of the network
    before: str = ""  # what these name


class Torch:
    """numpy's names for what the networks here need of torch."""

    def __init__(self, torch: ModuleType) -> None:
        self.t = torch
        self.exp, self.tanh, self.where, self.log = torch.exp, torch.tanh, torch.where, torch.log
        self.abs, self.sin, self.cos = torch.abs, torch.sin, torch.cos

    def pad(self, x: Any, pads: list[tuple[int, int]], constant_values: float) -> Any:
        flat = [n for pair in reversed(pads) for n in pair]
        return self.t.nn.functional.pad(x, flat, value=constant_values)

    def amax(self, x: Any, axis: int) -> Any:
        return self.t.amax(x, axis)

    def concatenate(self, parts: list[Any]) -> Any:
        return self.t.cat(parts)


def windows(size: int, span: int, stride: int, same: bool) -> tuple[int, int, int]:
    """Outputs, padding before and after (TFLite's rules)."""
    if not same:
        return (size - span) // stride + 1, 0, 0
    count = -(-size // stride)
    total = max((count - 1) * stride + span - size, 0)
    return count, total // 2, total - total // 2


def patches(
    m: Any, x: Any, kernel: Shape, stride: Shape, dilation: int, same: bool, fill: float
) -> Any:
    """[out_h, out_w, taps, channels]"""
    (kh, kw), (sh, sw) = kernel[:2], stride[:2]
    oh, top, bottom = windows(x.shape[0], (kh - 1) * dilation + 1, sh, same)
    ow, left, right = windows(x.shape[1], (kw - 1) * dilation + 1, sw, same)
    padded = m.pad(x, [(top, bottom), (left, right), (0, 0)], constant_values=fill)
    y = (np.arange(oh) * sh)[:, None, None, None] + np.arange(kh)[:, None] * dilation
    xs = (np.arange(ow) * sw)[None, :, None, None] + np.arange(kw)[None, :] * dilation
    y, xs = np.broadcast_arrays(y, xs)
    taken = padded[y, xs]
    return taken.reshape(oh, ow, kh * kw, x.shape[2])


def activate(m: Any, x: Any, activation: str) -> Any:
    low, high = {"none": (None, None), "relu": (0, None), "relu6": (0, 6)}[activation]
    if low is not None:
        x = m.where(x > low, x, x * 0 + low)
    if high is not None:
        x = m.where(x < high, x, x * 0 + high)
    return x


def axis_pairs(size: int, out: int, kernel: int, stride: int, dilation: int, before: int) -> Any:
    """[out, kernel]: which of `size` inputs a convolution's tap reads; -1: none."""
    at = np.arange(out)[:, None] * stride - before + np.arange(kernel) * dilation
    return np.where((at >= 0) & (at < size), at, -1)


def places_of(sizes: tuple[int, int, int], pairs: list[np.ndarray]) -> np.ndarray:
    """[pixels of the output, taps]: the pixel that is read; -1: none."""
    z, y, x = (p.reshape([p.shape[i // 3] if i % 3 == k else 1 for i in range(6)])
               for k, p in enumerate(pairs))  # fmt: skip
    places = (z * sizes[1] + y) * sizes[2] + x
    places = np.where((z < 0) | (y < 0) | (x < 0), -1, places)
    return places.reshape(np.prod(places.shape[:3]), -1)


def gathered(m: Any, x: Any, places: np.ndarray) -> Any:
    """The pixels of x at these places, zeros at -1."""
    flat = x.reshape(-1, x.shape[2])
    return m.concatenate([flat, flat[:1] * 0])[places]


def cell(m: Any, x: Any, w: list[Any], units: int, before: bool) -> Any:
    """A GRU's hidden states, [moments, units], weights in C++'s order."""
    sigmoid = lambda a: 1 / (1 + m.exp(-a))  # noqa: E731
    inputs = x.shape[2]
    moments, weights = x.reshape(-1, inputs), w[0].reshape(units, 3, inputs + units)
    bias, hidden, states = w[1].reshape(4, units), w[1][:units] * 0, []
    for n in range(moments.shape[0]):
        own = [weights[:, k, :inputs] @ moments[n] + bias[k] for k in range(3)]
        z = sigmoid(own[0] + weights[:, 0, inputs:] @ hidden)
        r = sigmoid(own[1] + weights[:, 1, inputs:] @ hidden)
        if before:
            offered = m.tanh(own[2] + weights[:, 2, inputs:] @ (r * hidden) + bias[3])
        else:
            offered = m.tanh(own[2] + r * (weights[:, 2, inputs:] @ hidden + bias[3]))
        hidden = (1 - z) * offered + z * hidden
        states.append(hidden.reshape(1, units))
    return m.concatenate(states)


class Builder:
    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.layers: list[Layer] = []
        self.tokens = 0  # of an embedding, which the input names
        self.shape: Shape = (self.pick(1, 8), self.pick(1, 8), self.pick(1, 3))
        self.input = self.shape

    def pick(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high + 1))

    def chance(self, p: float) -> bool:
        return bool(self.rng.random() < p)

    def draw(self, *shape: int, fan: int) -> np.ndarray:
        return (self.rng.normal(size=shape) / np.sqrt(fan)).astype(np.float32)

    def add(self, layer: Layer) -> None:
        self.layers.append(layer)
        self.shape = layer.out

    def activation(self) -> str:
        return str(self.rng.choice(["none", "relu", "relu6"]))

    def window(self) -> tuple[Shape, Shape, int, bool]:
        kernel = (self.pick(1, min(3, self.shape[0])), self.pick(1, min(3, self.shape[1])), 0)
        stride = (self.pick(1, 2), self.pick(1, 2), 0)
        dilation = 2 if self.chance(0.15) and 2 * max(kernel) - 1 <= min(self.shape[:2]) else 1
        return kernel, stride, dilation, self.chance(0.5)

    def sizes(self, kernel: Shape, stride: Shape, dilation: int, same: bool) -> tuple[int, int]:
        spans = [(k - 1) * dilation + 1 for k in kernel[:2]]
        height, width = (
            windows(size, span, step, same)[0]
            for size, span, step in zip(self.shape[:2], spans, stride[:2], strict=True)
        )
        return height, width

    # ---- layers ----

    def conv(self) -> None:
        channels, outputs = self.shape[2], self.pick(1, 5)
        kernel, stride, dilation, same = self.window()
        act, taps = self.activation(), kernel[0] * kernel[1] * channels

        def forward(m: Any, x: Any, w: list[Any]) -> Any:
            p = patches(m, x, kernel, stride, dilation, same, 0.0)
            flat = p.reshape(p.shape[0], p.shape[1], -1)
            return activate(m, flat @ w[0].reshape(outputs, taps).T + w[1], act)

        text = (
            f"Conv2D<{channels}, {outputs}, Filter{{{kernel[0]}, {kernel[1]}}}, "
            f"Stride{{{stride[0]}, {stride[1]}}}, {'same' if same else 'valid'}, {act}, {dilation}>"
        )
        out = (*self.sizes(kernel, stride, dilation, same), outputs)
        weights = [self.draw(outputs * taps, fan=taps), self.draw(outputs, fan=4)]
        self.add(Layer(text, out, forward, weights))

    def depthwise(self) -> None:
        channels, multiplier = self.shape[2], self.pick(1, 2)
        kernel, stride, dilation, same = self.window()
        act, taps, outputs = self.activation(), kernel[0] * kernel[1], channels * multiplier
        # Over one channel C++ has a convolution, whose filters lie one after the other.
        as_conv = channels == 1

        def forward(m: Any, x: Any, w: list[Any]) -> Any:
            p = patches(m, x, kernel, stride, dilation, same, 0.0)
            filters = w[0].reshape(outputs, taps).T if as_conv else w[0].reshape(taps, outputs)
            by_output = p[:, :, :, np.arange(outputs) // multiplier]
            return activate(m, (by_output * filters).sum(2) + w[1], act)

        text = (
            f"DepthwiseConv2D<{channels}, {multiplier}, Filter{{{kernel[0]}, {kernel[1]}}}, "
            f"Stride{{{stride[0]}, {stride[1]}}}, {'same' if same else 'valid'}, {act}, {dilation}>"
        )
        out = (*self.sizes(kernel, stride, dilation, same), outputs)
        weights = [self.draw(outputs * taps, fan=taps), self.draw(outputs, fan=4)]
        self.add(Layer(text, out, forward, weights))

    def pool(self) -> None:
        kernel, stride, _, same = self.window()
        largest = self.chance(0.5)

        def forward(m: Any, x: Any, w: list[Any]) -> Any:
            if largest:
                return m.amax(patches(m, x, kernel, stride, 1, same, -1e30), axis=2)
            ones = np.ones((*x.shape[:2], 1))
            counts = patches(np, ones, kernel, stride, 1, same, 0.0).sum(2)
            counts = counts if m is np else m.t.tensor(counts, dtype=x.dtype)
            return patches(m, x, kernel, stride, 1, same, 0.0).sum(2) / counts

        text = (
            f"{'MaxPool' if largest else 'AvgPool'}<Window{{{kernel[0]}, {kernel[1]}}}, "
            f"Stride{{{stride[0]}, {stride[1]}}}, {'same' if same else 'valid'}>"
        )
        out = (*self.sizes(kernel, stride, 1, same), self.shape[2])
        self.add(Layer(text, out, forward))

    def function(self) -> None:
        forwards: dict[str, Callable[[Any, Any, list[Any]], Any]] = {
            "Sigmoid": lambda m, x, w: 1 / (1 + m.exp(-x)),
            "Tanh": lambda m, x, w: m.tanh(x),
            "ReLU": lambda m, x, w: activate(m, x, "relu"),
            "ReLU6": lambda m, x, w: activate(m, x, "relu6"),
            "LeakyReLU<0.25f>": lambda m, x, w: m.where(x > 0, x, x * 0.25),
            "ELU": lambda m, x, w: m.where(x > 0, x, m.exp(x) - 1),
            "HardSwish": lambda m, x, w: x * activate(m, x + 3, "relu6") / 6,
            "Abs": lambda m, x, w: m.abs(x),
            "Neg": lambda m, x, w: -x,
            "Square": lambda m, x, w: x * x,
            "Sin": lambda m, x, w: m.sin(x),
            "Cos": lambda m, x, w: m.cos(x),
        }
        name = str(self.rng.choice(list(forwards)))
        self.add(Layer(name, self.shape, forwards[name]))

    def norm(self) -> None:
        channels = self.shape[2]
        if channels < 3:  # of one or two channels little more than signs is left
            return self.function()
        centred = self.chance(0.5)

        def forward(m: Any, x: Any, w: list[Any]) -> Any:
            if centred:
                x = x - x.mean(-1)[..., None]
            normal = x / ((x * x).mean(-1)[..., None] + 1e-5) ** 0.5
            return normal * w[0] + w[1] if centred else normal * w[0]

        weights = [1 + self.draw(channels, fan=4)]
        if centred:
            weights.append(self.draw(channels, fan=4))
        text = "LayerNorm" if centred else "RMSNorm"
        return self.add(Layer(text, self.shape, forward, weights))

    def volume(self) -> None:
        rows, width, channels = self.shape
        depth = int(self.rng.choice([d for d in range(1, rows + 1) if rows % d == 0]))
        sizes, same, outputs = (depth, rows // depth, width), self.chance(0.5), self.pick(1, 3)
        kernel = [self.pick(1, min(3, size)) for size in sizes]
        stride = [self.pick(1, 2) for _ in range(3)]
        dilation = [
            2 if self.chance(0.2) and 2 * k - 1 <= size else 1
            for k, size in zip(kernel, sizes, strict=True)
        ]
        pairs, out = [], []
        for size, k, step, far in zip(sizes, kernel, stride, dilation, strict=True):
            count, before, _ = windows(size, (k - 1) * far + 1, step, same)
            pairs.append(axis_pairs(size, count, k, step, far, before))
            out.append(count)
        places = places_of(sizes, pairs)
        taps, act = int(np.prod(kernel)) * channels, self.activation()
        shape = (out[0] * out[1], out[2], outputs)

        def forward(m: Any, x: Any, w: list[Any]) -> Any:
            taken = gathered(m, x, places).reshape(-1, taps)
            return activate(m, (taken @ w[0].reshape(outputs, taps).T + w[1]).reshape(shape), act)

        names = ["{" + ", ".join(str(n) for n in each) + "}" for each in (kernel, stride, dilation)]
        text = (
            f"Conv3D<{depth}, {channels}, {outputs}, Extent3{names[0]}, Extent3{names[1]}, "
            f"Padding::{'same' if same else 'valid'}, {act}, Extent3{names[2]}>"
        )
        weights = [self.draw(outputs * taps, fan=taps), self.draw(outputs, fan=4)]
        self.add(Layer(text, shape, forward, weights))

    def transposed(self) -> None:
        height, width, channels = self.shape
        if height * width > 24:
            return self.conv()
        kernel, stride = [self.pick(1, 3), self.pick(1, 3)], [self.pick(1, 2), self.pick(1, 2)]
        same, outputs, act = self.chance(0.5), self.pick(1, 3), self.activation()
        pairs, out = [], []
        for size, k, step in zip((height, width), kernel, stride, strict=True):
            made = size * step if same else (size - 1) * step + max(k, step)
            before = windows(made, k, step, same)[1]
            forwards = axis_pairs(made, size, k, step, 1, before)  # of the convolution back
            back = np.full((made, k), -1)
            for at, tap in np.argwhere(forwards >= 0):
                back[forwards[at, tap], tap] = at
            pairs.append(back)
            out.append(made)
        places = places_of((1, height, width), [np.zeros((1, 1), int), *pairs])
        taps, shape = int(np.prod(kernel)) * channels, (out[0], out[1], outputs)

        def forward(m: Any, x: Any, w: list[Any]) -> Any:
            taken = gathered(m, x, places).reshape(-1, taps)
            return activate(m, (taken @ w[0].reshape(outputs, taps).T + w[1]).reshape(shape), act)

        text = (
            f"TransposeConv2D<{channels}, {outputs}, Filter{{{kernel[0]}, {kernel[1]}}}, "
            f"Stride{{{stride[0]}, {stride[1]}}}, {'same' if same else 'valid'}, {act}>"
        )
        weights = [self.draw(outputs * taps, fan=taps), self.draw(outputs, fan=4)]
        return self.add(Layer(text, shape, forward, weights))

    def gru(self) -> None:
        (height, width, inputs), units = self.shape, self.pick(1, 5)
        before, whole = self.chance(0.4), width > 1 or self.chance(0.5)
        shape = (height, width, units) if whole else (1, 1, units)

        def forward(m: Any, x: Any, w: list[Any]) -> Any:
            states = cell(m, x, w, units, before)
            return states.reshape(shape) if whole else states[-1:].reshape(shape)

        how = f"{{{str(whole).lower()}, {str(self.chance(0.5)).lower()}}}"
        text = f"GRU<{units}, Recurrence{how}, Reset::{'before' if before else 'after'}>"
        size = 3 * units * (inputs + units)
        weights = [self.draw(size, fan=inputs + units), self.draw(4 * units, fan=4)]
        self.add(Layer(text, shape, forward, weights))

    def branches(self) -> None:
        height, width, channels = self.shape
        outputs = self.pick(1, 3)
        axis = int(self.rng.integers(0, 3))
        outputs = outputs if axis == 2 else channels

        def forward(m: Any, x: Any, w: list[Any]) -> Any:
            first = x @ w[0].reshape(outputs, channels).T + w[1]
            parts = [first, x, first]
            swap = lambda a: a.swapaxes(0, axis)  # noqa: E731
            return swap(m.concatenate([swap(part) for part in parts]))

        out = [height, width, channels]
        out[axis] = 2 * (outputs if axis == 2 else out[axis]) + (
            channels if axis == 2 else out[axis]
        )
        name = ["height", "width", "channels"][axis]
        text = (
            f"Graph<Node<Conv2D<{channels}, {outputs}, 1>, 0>, "
            f"Node<Concatenate<Axis::{name}>, 1, 0, 1>, Outputs<2>>"
        )
        weights = [self.draw(outputs * channels, fan=channels), self.draw(outputs, fan=4)]
        self.add(
            Layer(text, (out[0], out[1], out[2]), forward, weights, layers=2, records="{}, {}")
        )

    def broadcast(self) -> None:
        channels = self.shape[2]
        kind = self.pick(0, 2)
        if kind == 0:  # the mean of all pixels, added to each
            self.add(
                Layer(
                    "Residual<GlobalAvgPool>",
                    self.shape,
                    lambda m, x, w: x + x.mean((0, 1)),
                    layers=2,
                    records="{}, {}",
                )
            )
            return

        def forward(m: Any, x: Any, w: list[Any]) -> Any:
            return x + (x @ w[0].reshape(1, channels).T + w[1])

        text = f"Residual<Conv2D<{channels}, 1, 1>>"
        weights = [self.draw(channels, fan=channels), self.draw(1, fan=4)]
        self.add(Layer(text, self.shape, forward, weights, layers=2, records="{}, {}"))

    def part(self) -> None:
        height, width, channels = self.shape
        first = self.pick(0, height - 1)
        end = self.pick(first + 1, height)
        text = f"Slice<Axis::height, {first}, {end - first}>"
        out = (end - first, width, channels)
        self.add(Layer(text, out, lambda m, x, w: x[first:end]))

    def embedding(self) -> None:
        rows, size = self.pick(2, 6), self.pick(1, 4)
        self.input = (self.pick(1, 8), 1, 1)
        out = (self.input[0], 1, size)

        def forward(m: Any, x: Any, w: list[Any]) -> Any:
            return w[0].reshape(rows, size)[x.reshape(-1)].reshape(out)

        before = (
            f"constexpr float table@[{rows * size}]{{}};\n"
            'constexpr Constant constants@[]{{.name = "table", .data = table@}};\n'
        )
        weights = [self.draw(rows * size, fan=2)]
        records = "{.constants = constants@, .element = Element::float32}"
        text = f"Embedding<{rows}, {size}>"
        self.add(Layer(text, out, forward, weights, records=records, before=before))
        self.tokens = rows

    def residual(self) -> None:
        channels = self.shape[2]

        def forward(m: Any, x: Any, w: list[Any]) -> Any:
            return x + (x @ w[0].reshape(channels, channels).T + w[1])

        text = f"Residual<Conv2D<{channels}, {channels}, 1>>"
        weights = [self.draw(channels * channels, fan=channels), self.draw(channels, fan=4)]
        self.add(Layer(text, self.shape, forward, weights, layers=2, records="{}, {}"))

    def mean(self) -> None:
        out = (1, 1, self.shape[2])
        self.add(Layer("GlobalAvgPool", out, lambda m, x, w: x.mean((0, 1)).reshape(out)))

    def dense(self, outputs: int) -> None:
        inputs = int(np.prod(self.shape))
        by_pixel = self.shape[2] != inputs and self.chance(0.3)
        inputs = self.shape[2] if by_pixel else inputs
        out = (self.shape[0], self.shape[1], outputs) if by_pixel else (1, 1, outputs)
        act = self.activation()

        def forward(m: Any, x: Any, w: list[Any]) -> Any:
            y = x.reshape(-1, inputs) @ w[0].reshape(outputs, inputs).T + w[1]
            return activate(m, y.reshape(out), act)

        weights = [self.draw(outputs * inputs, fan=inputs), self.draw(outputs, fan=4)]
        # An embedding makes one row of all tokens.
        in_one_row = by_pixel or (self.layers and self.layers[-1].type.startswith("Embedding"))
        rows = 1 if in_one_row else self.shape[0]
        self.add(Layer(f"Dense<{inputs}, {outputs}, {act}>", out, forward, weights, rows))

    def softmax(self) -> None:
        def forward(m: Any, x: Any, w: list[Any]) -> Any:
            e = m.exp(x)
            return e / e.sum(-1).reshape(*self_shape[:2], 1)

        self_shape = self.shape
        self.add(Layer("Softmax", self.shape, forward))


LOSSES = {
    "loss::mse": lambda m, y, t: ((y - t) ** 2).mean(),
    "loss::mae": lambda m, y, t: m.abs(y - t).mean(),
    "loss::huber(0.5f)": lambda m, y, t: m.where(
        m.abs(y - t) < 0.5, (y - t) ** 2 / 2, 0.5 * (m.abs(y - t) - 0.25)
    ).mean(),
    "loss::binary_cross_entropy": lambda m, y, t: (m.log(1 + m.exp(y)) - t * y).mean(),
}


@dataclass
class Network:
    layers: list[Layer]
    shape: Shape
    loss: str
    remake: bool
    x: np.ndarray
    target: np.ndarray  # float32, or int32 labels

    @property
    def weights(self) -> list[np.ndarray]:
        return [w for layer in self.layers for w in layer.weights]

    def value(self, m: Any, weights: Sequence[Any], x: Any, target: Any) -> Any:
        """The loss."""
        left = list(weights)
        for layer in self.layers:
            own, left = left[: len(layer.weights)], left[len(layer.weights) :]
            x = layer.forward(m, x, own)
        if self.loss != "loss::softmax_cross_entropy":
            return LOSSES[self.loss](m, x, target)
        scores = x.reshape(-1, x.shape[2])
        picked = scores[np.arange(scores.shape[0]), self.target.reshape(-1)]
        return (m.log(m.exp(scores).sum(-1)) - picked).mean()

    def cut(self, w: int, array: np.ndarray) -> np.ndarray:
        """A weight array as C++ lays it: of a Dense over several rows, row by row."""
        owners = [(layer, k) for layer in self.layers for k in range(len(layer.weights))]
        layer, k = owners[w]
        if k > 0 or layer.rows == 1:
            return array
        return array.reshape(layer.out[2], layer.rows, -1).transpose(1, 0, 2).reshape(-1)


def random_network(seed: int) -> Network:
    b = Builder(seed)
    if b.chance(0.1):
        b.embedding()
    kinds = [
        b.conv, b.depthwise, b.pool, b.function, b.residual, b.norm,
        b.volume, b.transposed, b.gru, b.branches, b.broadcast, b.part,
    ]  # fmt: skip
    for _ in range(b.pick(0, 4)):
        kinds[b.pick(0, len(kinds) - 1)]()
    if b.chance(0.2):
        b.mean()
    if b.chance(0.4):
        b.dense(b.pick(2, 6))
        b.function()
    b.dense(b.pick(2, 5))
    loss = str(b.rng.choice([*LOSSES, "loss::softmax_cross_entropy"]))
    if loss in LOSSES and b.chance(0.2):
        b.softmax()
    x = b.rng.normal(size=b.input).astype(np.float32)
    if b.tokens > 0:
        x = b.rng.integers(0, b.tokens, size=b.input).astype(np.int32)
    target = b.rng.normal(size=b.shape).astype(np.float32)
    if loss not in LOSSES:
        target = b.rng.integers(0, b.shape[2], size=b.shape[:2]).astype(np.int32)
    return Network(b.layers, b.input, loss, b.chance(0.3), x, target)


def cpp_of(n: int, net: Network) -> str:
    layers = ", ".join(layer.type for layer in net.layers)
    count = 1 + sum(layer.layers for layer in net.layers)
    own = "{.element = Element::int32}" if net.x.dtype == np.int32 else "{}"
    records = ", ".join([own, *(layer.records for layer in net.layers)])
    before = "".join(layer.before for layer in net.layers)
    size = ", ".join(str(s) for s in net.shape)
    policy = f".loss = {net.loss}, .batch = 2, .remake = {str(net.remake).lower()}"
    trainer = f"Trainer<Net{n}, Shape{{{size}}}, params{n}, TrainPolicy{{{policy}}}>"
    return (
        f"{before}using Net{n} = Sequential<{layers}>;\n"
        f"constexpr Parameters params@[{count}]{{{records}}};\n"
        f"using Trainer{n} = {trainer};\n"
    ).replace("@", str(n))


def answers_of(networks: list[Network], folder: Path) -> list[tuple[float, list[np.ndarray]]]:
    """Loss and gradients of each, by the C++ library."""
    source, program = folder / "training.cpp", folder / "training"
    runs = "".join(f"  run<Trainer{n}>();\n" for n in range(len(networks)))
    types = "".join(cpp_of(n, net) for n, net in enumerate(networks))
    source.write_text(f"{PROGRAM}{types}int main() {{\n{runs}}}\n")
    command = [
        "g++",
        "-std=c++20",
        "-O0",
        "-I",
        str(data_root() / "include"),
        str(source),
        "-o",
        str(program),
    ]
    subprocess.run(command, check=True, capture_output=True, text=True)
    said = b"".join(
        part.tobytes()
        for net in networks
        for part in (*(net.cut(k, w) for k, w in enumerate(net.weights)), net.x, net.target)
    )
    out = np.frombuffer(
        subprocess.run([program], input=said, check=True, capture_output=True).stdout, np.float32
    )
    answers, at = [], 0
    for net in networks:
        loss, at = float(out[at]), at + 1
        gradients = []
        for w in net.weights:
            gradients.append(out[at : at + w.size])
            at += w.size
        answers.append((loss, gradients))
    assert at == out.size
    return answers


def exact(x: np.ndarray) -> np.ndarray:
    return x.astype(np.int64 if x.dtype == np.int32 else np.float64)


def by_differences(net: Network) -> tuple[float, list[np.ndarray]]:
    """Central differences in float64."""
    weights = [w.astype(np.float64) for w in net.weights]
    x, target = exact(net.x), net.target.astype(np.float64)
    step, gradients = 1e-6, []
    for w in weights:
        gradient = np.zeros(w.size)
        for i in range(w.size):
            kept, values = w[i], []
            for sign in (1, -1):
                w[i] = kept + sign * step
                values.append(float(net.value(np, weights, x, target)))
            w[i] = kept
            gradient[i] = (values[0] - values[1]) / (2 * step)
        gradients.append(gradient)
    return float(net.value(np, weights, x, target)), gradients


def by_torch(
    net: Network, torch: ModuleType, real: type = np.float64
) -> tuple[float, list[np.ndarray]]:
    """PyTorch's gradients in float64, or in float32."""
    weights = [torch.tensor(w.astype(real), requires_grad=True) for w in net.weights]
    whole = net.x.dtype == np.int32
    x, target = torch.tensor(net.x.astype(np.int64 if whole else real)), torch.tensor(net.target)
    value = net.value(Torch(torch), weights, x, target)
    value.backward()
    return float(value.detach()), [w.grad.numpy() for w in weights]


def worst(net: Network, found: list[np.ndarray], wanted: list[np.ndarray]) -> list[float]:
    """Each tensor's largest difference, relative to its largest gradient; to 1e-4 of the network's
    largest where that is more: what cancels to less has the rounding of its terms in float32."""
    most, floor = [], 1e-4 * max((float(np.abs(each).max()) for each in wanted), default=0.0)
    for k, (a, b) in enumerate(zip(found, wanted, strict=True)):
        b = net.cut(k, b)
        largest = max(float(np.abs(b).max()), floor)
        if largest > 1e-9:
            most.append(float(np.abs(a - b).max()) / largest)
        else:
            most.append(float(np.abs(a).max()))
    return most
