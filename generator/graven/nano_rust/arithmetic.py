"""The integers of nano-rust-core 0.2, bit for bit.

Everything is symmetric: one scale per tensor, zero points of 0, a bias of int8 in the scale of the
output. Where the core's arithmetic loses accuracy (no rounding, a ramp for softmax, a trained step
whose shifts drift downward), these functions lose the same; graven's own layers do not.
"""

from __future__ import annotations

import math

import numpy as np

LOW, HIGH = -128, 127
SIGMOID_STEPS, TANH_STEPS = 16, 32  # of the input, per unit
WEIGHT_SHIFT, BIAS_SHIFT = 10, 8  # of a training step


def default_shift(fan_in: int) -> int:
    """Without calibration: seven bits, and one for each doubling of the sum."""
    return 7 + (max(fan_in, 1) - 1).bit_length()


def wrapped(value: np.ndarray) -> np.ndarray:
    """The low 32 bits."""
    return value.astype(np.int64).astype(np.int32).astype(np.int64)


def saturated(value: np.ndarray) -> np.ndarray:
    return np.clip(value, LOW, HIGH)


def requantized(acc: np.ndarray, multiplier: int, shift: int) -> np.ndarray:
    """(acc * multiplier) >> shift: rounded down, wrapped to 32 bits, not yet saturated."""
    return wrapped(wrapped(acc) * np.int64(multiplier) >> np.int64(shift))


def dense(
    x: np.ndarray, weights: np.ndarray, bias: np.ndarray, multiplier: int, shift: int
) -> np.ndarray:
    """`weights` are outputs x inputs. Saturates once, behind the bias."""
    acc = weights.astype(np.int64) @ x.reshape(-1).astype(np.int64)
    return saturated(wrapped(requantized(acc, multiplier, shift) + bias)).astype(np.int8)


def conv2d(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray,
    stride: int,
    padding: int,
    multiplier: int,
    shift: int,
) -> np.ndarray:
    """`x` is channels x height x width, `kernel` outputs x channels x height x width. Saturates
    twice, before and behind the bias."""
    border = ((0, 0), (padding, padding), (padding, padding))
    padded = np.pad(x.astype(np.int64), border)
    patches = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[2:], axis=(1, 2))
    patches = patches[:, ::stride, ::stride]
    acc = np.einsum("chwij,ocij->ohw", patches, kernel.astype(np.int64))
    scaled = saturated(requantized(acc, multiplier, shift))
    return saturated(scaled + bias[:, None, None].astype(np.int64)).astype(np.int8)


def max_pool2d(x: np.ndarray, height: int, width: int, stride: int) -> np.ndarray:
    patches = np.lib.stride_tricks.sliding_window_view(x, (height, width), axis=(1, 2))
    return patches[:, ::stride, ::stride].max(axis=(3, 4))


def relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, np.int8(0))


def table(function: str) -> np.ndarray:
    """int8 of each int8 from -128 on: 127 times the function, halves away from zero."""
    steps = np.arange(LOW, HIGH + 1)
    if function == "sigmoid":
        real = [1 / (1 + math.exp(-k / SIGMOID_STEPS)) for k in steps]
    else:
        real = [math.tanh(k / TANH_STEPS) for k in steps]
    return np.array([math.copysign(math.floor(abs(127 * y) + 0.5), y) for y in real], np.int8)


def looked_up(x: np.ndarray, function: str, multiplier: int = 1, shift: int = 0) -> np.ndarray:
    """sigmoid or tanh of what lies in other steps than the table's."""
    index = saturated(wrapped(x.astype(np.int64) * multiplier) >> shift)
    return table(function)[index - LOW]


def softmax(x: np.ndarray) -> np.ndarray:
    """A ramp instead of exp: 128 at the largest, 0 from 64 steps below it on; shares of 127."""
    ramp = np.maximum(128 + 2 * (x.astype(np.int64) - x.max()), 0)
    return (ramp * 127 // ramp.sum()).astype(np.int8)


def argmax(x: np.ndarray) -> int:
    """The first of the largest."""
    return int(np.argmax(x))


def int8_sgd_step(
    weights: np.ndarray, bias: np.ndarray, x: np.ndarray, output_grad: np.ndarray, rate: int
) -> tuple[np.ndarray, np.ndarray]:
    """New weights (outputs x inputs) and bias after one sample; all of them int8.

    Shifts round down: a small negative product moves a weight by one step, a positive one does not.
    """
    grad = output_grad.astype(np.int64) * int(rate)
    step = grad[:, None] * x.astype(np.int64)[None, :] >> WEIGHT_SHIFT
    moved = saturated(weights.astype(np.int64) - step)
    return moved.astype(np.int8), saturated(bias - (grad >> BIAS_SHIFT)).astype(np.int8)
