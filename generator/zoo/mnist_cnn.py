"""The MNIST CNN of 9,098 parameters, trained by numpy alone: two 3x3 convolutions with batch
normalization and pools, and a Dense. Half a minute for a seed on one core.
"""

from dataclasses import dataclass

import numpy as np
from graven import ir
from graven.checked import checked, stated
from graven.layers.conv2d import Conv2D
from graven.layers.dense import Dense
from graven.layers.max_pool import MaxPool
from graven.layers.reshape import Reshape

EPOCHS, BATCH, SMOOTHING = 12, 128, 0.05
RATE, WARM, MOMENTS = 1e-2, 0.3, (0.9, 0.999)  # Adam; the share of steps in which the rate rises
CHANNELS, DEPTHS, CLASSES = (8, 16), (1, 8), 10
EPSILON = 1e-5


@dataclass(frozen=True)
class Digits:
    x: np.ndarray  # samples x 28 x 28 x 1, 0 to 1
    y: np.ndarray

    def __getitem__(self, part) -> "Digits":
        return Digits(self.x[part], self.y[part])


def digits(file) -> Digits:
    with np.load(file) as data:
        return Digits((data["x"][..., None] / 255.0).astype(np.float32), data["y"].astype(np.int64))


def trained(data, seed, epochs=EPOCHS):
    """Adam, one cycle of the learning rate, images moved by up to two pixels."""
    rng = np.random.default_rng(seed)
    net = Net(rng)
    steps, step = epochs * -(-len(data.x) // BATCH), 0
    for _ in range(epochs):
        order = rng.permutation(len(data.x))
        for start in range(0, len(order), BATCH):
            part = data[order[start : start + BATCH]]
            x = np.roll(part.x, tuple(rng.integers(-2, 3, 2)), (1, 2))
            net.learn(x, part.y, cycle(step / steps))
            step += 1
    return net.network()


def cycle(done):
    """The rate: up in a cosine, and down to nothing in another."""
    if done < WARM:
        return RATE * (0.04 + 0.96 * (1 - np.cos(np.pi * done / WARM)) / 2)
    return RATE * (1 + np.cos(np.pi * (done - WARM) / (1 - WARM))) / 2


class Net:
    def __init__(self, rng):
        self.values, self.moments, self.step = {}, {}, 0
        self.running = [(np.zeros(units), np.ones(units)) for units in CHANNELS]
        for place, (units, depth) in enumerate(zip(CHANNELS, DEPTHS, strict=True)):
            bound = 1 / np.sqrt(9 * depth)
            self.values[f"filter{place}"] = rng.uniform(-bound, bound, (9 * depth, units))
            self.values[f"gain{place}"] = np.ones(units)
            self.values[f"shift{place}"] = np.zeros(units)
        bound = 1 / np.sqrt(784)
        self.values["weights"] = rng.uniform(-bound, bound, (784, CLASSES))
        self.values["bias"] = np.zeros(CLASSES)
        self.values = {name: value.astype(np.float32) for name, value in self.values.items()}

    def learn(self, x, y, rate):
        kept = []
        for place in range(len(CHANNELS)):
            x, block = self.block(place, x)
            kept.append(block)
        flat = x.reshape(len(x), -1)
        scores = flat @ self.values["weights"] + self.values["bias"]
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        wanted = np.full_like(shares, SMOOTHING / CLASSES)
        wanted[np.arange(len(y)), y] += 1 - SMOOTHING
        slope = (shares - wanted) / len(y)
        found = {"weights": flat.T @ slope, "bias": slope.sum(axis=0)}
        slope = (slope @ self.values["weights"].T).reshape(x.shape)
        for place in reversed(range(len(CHANNELS))):
            slope = self.block_slopes(place, slope, kept[place], found)
        self.adam(found, rate)

    def block(self, place, x):
        """Convolution, batch normalization, ReLU, 2x2 pool."""
        under = patches(x)
        sums = under @ self.values[f"filter{place}"]
        flat = sums.reshape(-1, sums.shape[-1])
        mean, variance = flat.mean(axis=0), flat.var(axis=0)
        self.running[place] = tuple(
            0.9 * old + 0.1 * new
            for old, new in zip(self.running[place], (mean, variance), strict=True)
        )
        deviation = np.sqrt(variance + EPSILON)
        normal = (sums - mean) / deviation
        active = np.maximum(normal * self.values[f"gain{place}"] + self.values[f"shift{place}"], 0)
        cells = quarters(active)
        most = cells.max(axis=(0, 1))
        return most, (under, normal, deviation, active, (cells == most) & (most > 0))

    def block_slopes(self, place, slope, kept, found):
        """Adds those of the block's parameters; returns that of its input."""
        under, normal, deviation, active, chosen = kept
        spread = np.zeros_like(active)
        quarters(spread)[:] = chosen * slope
        count = active.size / active.shape[-1]
        shift, gain = spread.sum(axis=(0, 1, 2)), (spread * normal).sum(axis=(0, 1, 2))
        found[f"shift{place}"], found[f"gain{place}"] = shift, gain
        spread = (spread - shift / count - normal * (gain / count)) * (
            self.values[f"gain{place}"] / deviation
        )
        flat = spread.reshape(-1, spread.shape[-1])
        found[f"filter{place}"] = under.reshape(-1, under.shape[-1]).T @ flat
        if place == 0:
            return None
        turned = self.values[f"filter{place}"].reshape(3, 3, -1, spread.shape[-1])[::-1, ::-1]
        return patches(spread) @ turned.transpose(0, 1, 3, 2).reshape(-1, turned.shape[2])

    def adam(self, found, rate):
        self.step += 1
        first, second = MOMENTS
        for name, slope in found.items():
            mean, square = self.moments.get(name, (np.zeros_like(slope), np.zeros_like(slope)))
            mean = first * mean + (1 - first) * slope
            square = second * square + (1 - second) * slope**2
            self.moments[name] = mean, square
            size = np.sqrt(square / (1 - second**self.step)) + 1e-8
            self.values[name] -= (rate * mean / (1 - first**self.step) / size).astype(np.float32)

    def network(self):
        """The float32 network, batch normalization folded into the filters."""
        draft = Draft()
        last = draft.tensor((1, 28, 28, 1))
        side = 28
        for place, (units, depth) in enumerate(zip(CHANNELS, DEPTHS, strict=True)):
            mean, variance = self.running[place]
            factor = self.values[f"gain{place}"] / np.sqrt(variance + EPSILON)
            filter = (self.values[f"filter{place}"] * factor).reshape(3, 3, depth, units)
            bias = draft.tensor((units,), self.values[f"shift{place}"] - mean * factor)
            weights = draft.tensor((units, 3, 3, depth), filter.transpose(3, 0, 1, 2))
            record = Conv2D(padding="SAME", activation="RELU")
            last = draft.add("CONV_2D", record, (last, weights, bias), (1, side, side, units))
            side //= 2
            pool = MaxPool((2, 2), (2, 2))
            last = draft.add("MAX_POOL_2D", pool, (last,), (1, side, side, units))
        last = draft.add("RESHAPE", Reshape((1, 784)), (last,), (1, 784))
        weights = draft.tensor((CLASSES, 784), self.values["weights"].T)
        bias = draft.tensor((CLASSES,), self.values["bias"])
        last = draft.add("FULLY_CONNECTED", Dense(), (last, weights, bias), (1, CLASSES))
        return checked("mnist", "mnist", "", draft.tensors, draft.operators, [0], [last])


class Draft:
    def __init__(self):
        self.tensors, self.operators = [], []

    def tensor(self, shape, data=None):
        index = len(self.tensors)
        data = None if data is None else np.ascontiguousarray(data, np.float32)
        self.tensors.append(ir.Tensor(index, f"t{index}", shape, ir.Element.FLOAT32, None, data))
        return index

    def add(self, name, record, inputs, shape):
        output = self.tensor(shape)
        self.operators.append(stated(name, record, inputs, (output,)))
        return output


def patches(x):
    """What lies under a padded 3x3 window at each pixel."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    seen = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
    return seen.transpose(0, 1, 2, 4, 5, 3).reshape(*x.shape[:3], -1)


def quarters(x):
    """The four pixels of each 2x2 cell, two rows of two in front."""
    count, height, width, depth = x.shape
    cells = x.reshape(count, height // 2, 2, width // 2, 2, depth)
    return cells.transpose(2, 4, 0, 1, 3, 5)
