"""The audio front end of TensorFlow Lite Micro: from a frame of samples to the logarithms of a
filter bank's energies, in the integers of its signal library.

Each operator is custom; its numbers are a FlexBuffer's map. What the noise estimate of the run
before was, a variable keeps.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from graven import ir
from graven.axes import reshaped
from graven.cpp import Constant, Cpp, boolean, computed, hwc, template
from graven.fft import inverse_real_fft, real_fft
from graven.node import Node, Option, Values

INT16, INT32, FLOAT32 = ir.Element.INT16, ir.Element.INT32, ir.Element.FLOAT32
UINT32, UINT64 = ir.Element.UINT32, ir.Element.UINT64
TYPES = {FLOAT32: 0, INT32: 2, INT16: 7}
"""The schema's numbers, by which the library chooses."""
LIKE_INPUT = None

LOG_TABLE = np.array([
    0, 224, 442, 654, 861, 1063, 1259, 1450, 1636, 1817, 1992, 2163, 2329, 2490, 2646, 2797, 2944,
    3087, 3224, 3358, 3487, 3611, 3732, 3848, 3960, 4068, 4172, 4272, 4368, 4460, 4549, 4633, 4714,
    4791, 4864, 4934, 5001, 5063, 5123, 5178, 5231, 5280, 5326, 5368, 5408, 5444, 5477, 5507, 5533,
    5557, 5578, 5595, 5610, 5622, 5631, 5637, 5640, 5641, 5638, 5633, 5626, 5615, 5602, 5586, 5568,
    5547, 5524, 5498, 5470, 5439, 5406, 5370, 5332, 5291, 5249, 5203, 5156, 5106, 5054, 5000, 4944,
    4885, 4825, 4762, 4697, 4630, 4561, 4490, 4416, 4341, 4264, 4184, 4103, 4020, 3935, 3848, 3759,
    3668, 3575, 3481, 3384, 3286, 3186, 3084, 2981, 2875, 2768, 2659, 2549, 2437, 2323, 2207, 2090,
    1971, 1851, 1729, 1605, 1480, 1353, 1224, 1094, 963, 830, 695, 559, 421, 282, 142, 0, 0,
])  # fmt: skip
"""log2(1 + k / 128) less its chord, in 1/65536 (the library's)."""


@dataclass(frozen=True)
class Signal(ir.Layer):
    numbers: dict[str, int] = field(hash=False)
    element: ir.Element = INT16  # of a transform


@dataclass(frozen=True)
class Kind:
    """One operator of the family."""

    numbers: tuple[str, ...]  # what its map holds
    inputs: tuple[ir.Element | tuple[ir.Element, ...], ...]  # computed ones; several: any of them
    constants: tuple[str, ...]  # int16, behind them
    outputs: tuple[ir.Element | None, ...]
    shapes: Callable[[Signal, Node], tuple[tuple[int, ...], ...]]  # of the outputs
    cpp: Callable[[Signal, Node], str]
    reference: Callable[..., np.ndarray | tuple[np.ndarray, ...]]
    keeps: Callable[[Node], tuple[int, ...]] | None = None  # the shape of a variable like input 0,
    # which the front end adds


# -- arithmetic -----------------------------------------------------------------------------------


def bits(value: np.ndarray) -> np.ndarray:
    """How many of them a number has; of 0 the library says 32."""
    found = np.frexp(value.astype(np.float64))[1]
    found = found - (np.ldexp(1.0, np.maximum(found - 1, 0)) > value.astype(np.float64))
    return np.where(value == 0, 32, found)


def square_root(value: int) -> int:
    """Rounded to the nearest, but below 2^32 to 16 bits, else to 32."""
    most = 0xFFFF if value < 1 << 32 else 0xFFFFFFFF
    root = math.isqrt(value)
    return root + 1 if value - root * root > root and root != most else root


def window(own: Signal, node: Node, data: np.ndarray, factors: np.ndarray) -> np.ndarray:
    product = data.astype(np.int32) * factors.astype(np.int32) >> own.numbers["shift"]
    return np.clip(product, -(1 << 15), (1 << 15) - 1).astype(np.int16)


def auto_scale(own: Signal, node: Node, data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    most = min(int(np.abs(data.astype(np.int32)).max()), 32767)
    shift = max(15 - int(bits(np.array(most))), 0)
    return (data.astype(np.int32) << shift).astype(np.int16), np.int32(shift)


def spectrum(own: Signal, node: Node, data: np.ndarray) -> np.ndarray:
    length = own.numbers["fft_length"]
    frames = data.reshape(-1, data.shape[-1])
    padded = np.zeros((len(frames), length), dtype=data.dtype)
    padded[:, : data.shape[-1]] = frames
    return np.stack([real_fft(frame) for frame in padded]).reshape(node.output.shape)


def samples(own: Signal, node: Node, data: np.ndarray) -> np.ndarray:
    frames = data.reshape(-1, data.shape[-1])
    return np.stack([inverse_real_fft(frame) for frame in frames]).reshape(node.output.shape)


def overlap_add(own: Signal, node: Node, data: np.ndarray, kept: np.ndarray) -> np.ndarray:
    step, size = own.numbers["frame_step"], data.shape[-1]
    wide = np.float32 if data.dtype == np.float32 else np.int32
    parts, line = [], kept.reshape(-1, size)
    for frame in np.moveaxis(data.reshape(len(line), -1, size), 1, 0):
        total = line.astype(wide) + frame
        if wide is np.int32:
            total = total.clip(-(1 << 15), (1 << 15) - 1)
        parts.append(total[:, :step].astype(data.dtype))
        line[:, : size - step] = total[:, step:]
        line[:, size - step :] = 0
    return np.concatenate(parts, axis=1).reshape(node.output.shape)


def energy(own: Signal, node: Node, data: np.ndarray) -> np.ndarray:
    """Outside of the range the library leaves what was there; here it is 0."""
    real, imaginary = data.reshape(-1, 2).astype(np.int64).T
    total = (real * real + imaginary * imaginary).astype(np.uint32)
    inside = np.zeros(total.shape, dtype=bool)
    inside[own.numbers["start_index"] : own.numbers["end_index"]] = True
    return np.where(inside, total, 0).astype(np.uint32)


def filter_bank(
    own: Signal,
    node: Node,
    data: np.ndarray,
    weights: np.ndarray,
    unweights: np.ndarray,
    frequencies: np.ndarray,
    starts: np.ndarray,
    widths: np.ndarray,
) -> np.ndarray:
    carried, sums = 0, []
    for channel in range(own.numbers["num_channels"] + 1):
        first, at, width = (int(each[channel]) for each in (frequencies, starts, widths))
        values = [int(value) for value in data[first : first + width]]
        rising, falling = (
            sum(int(w) * value for w, value in zip(each[at : at + width], values, strict=True))
            for each in (weights, unweights)
        )
        sums.append((carried + rising) % (1 << 64))
        carried = falling
    return np.array(sums[1:], dtype=np.uint64)


def bank_root(own: Signal, node: Node, data: np.ndarray, shift: np.ndarray) -> np.ndarray:
    return np.array([square_root(int(value)) >> int(shift) for value in data], dtype=np.uint32)


def subtraction(
    own: Signal, node: Node, data: np.ndarray, noise: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    n = own.numbers
    odd = np.arange(len(data)) % 2 == 1
    smoothing = np.where(odd, n["alternate_smoothing"], n["smoothing"]).astype(np.uint64)
    rest = np.where(odd, n["alternate_one_minus_smoothing"], n["one_minus_smoothing"])
    down = np.uint64(n["spectral_subtraction_bits"])
    scaled = data << np.uint32(n["smoothing_bits"])
    wide = scaled.astype(np.uint64) * smoothing + noise.astype(np.uint64) * rest.astype(np.uint64)
    noise[...] = (wide >> down).astype(np.uint32)
    estimate = np.minimum(noise, scaled)
    if n["clamping"]:
        noise[...] = estimate
    least = (data.astype(np.uint64) * np.uint64(n["min_signal_remaining"]) >> down).astype(
        np.uint32
    )
    left = scaled - estimate >> np.uint32(n["smoothing_bits"])
    return np.maximum(left, least), noise.copy()


def gain(noise: np.ndarray, table: np.ndarray) -> np.ndarray:
    """A parabola per power of two; int16 in the end."""
    table = table.astype(np.int64)
    interval = bits(noise).astype(np.int64)
    low = noise <= 2
    at = np.where(low, 0, 4 * interval - 6)
    wide = noise.astype(np.int64)
    part = np.where(interval < 11, wide << np.maximum(11 - interval, 0),
                    wide >> np.maximum(interval - 11, 0)) & 0x3FF  # fmt: skip
    result = (table[at + 2] * part >> 5) + (table[at + 1].astype(np.uint32).astype(np.int64) << 5)
    result = ((result * part).astype(np.int32).astype(np.int64) + (1 << 14)) >> 15
    result = (result + table[at]).astype(np.int16)
    return np.where(low, table[np.minimum(wide, 2)], result).astype(np.int16)


def pcan(
    own: Signal, node: Node, data: np.ndarray, noise: np.ndarray, table: np.ndarray
) -> np.ndarray:
    factor = gain(noise, table).astype(np.int64).astype(np.uint32).astype(np.uint64)
    ratio = data.astype(np.uint64) * factor >> np.uint64(own.numbers["snr_shift"])
    ratio = ratio.astype(np.uint32)
    square = ratio * ratio >> np.uint32(20)
    return np.where(ratio < 2 << 12, square, (ratio >> np.uint32(6)) - np.uint32(64))


def bank_log(own: Signal, node: Node, data: np.ndarray) -> np.ndarray:
    scaled = data << np.uint32(own.numbers["input_correction_bits"])
    value = np.maximum(scaled, 2).astype(np.int64)
    whole = bits(value) - 1
    part = value - (np.int64(1) << whole)
    part = np.where(
        whole < 16, part << np.maximum(16 - whole, 0), part >> np.maximum(whole - 16, 0)
    )
    segment = part >> 9
    low, high = LOG_TABLE[segment], LOG_TABLE[segment + 1]
    log2 = (whole << 16) + part + low + ((high - low) * (part - (segment << 9)) >> 16)
    natural = (45426 * log2 + 32768) >> 16
    found = (own.numbers["output_scale"] * natural + 32768) % (1 << 32) >> 16
    return np.where(scaled > 1, np.minimum(found, 32767), 0).astype(np.int16)


# -- the family -----------------------------------------------------------------------------------


def as_input(own: Signal, node: Node) -> tuple[tuple[int, ...], ...]:
    return tuple(node.input(0).shape for _ in node.outputs)


def numbered(name: str, *shaped: str) -> Callable[[Signal, Node], str]:
    """The layer of that name, of its numbers in their order, less what its shape says."""

    def cpp(own: Signal, node: Node) -> str:
        stated = KINDS[node.name].numbers
        values = [own.numbers[each] for each in stated if each not in shaped]
        return template(name, *(boolean(v) if isinstance(v, bool) else str(v) for v in values))

    return cpp


def one_frame(node: Node) -> tuple[int, ...]:
    shape = node.input(0).shape
    if len(shape) < 2:
        raise node.error("has one axis, expected frames of samples.", node.input(0))
    return (*shape[:-2], shape[-1])


def plain(name: str) -> Callable[[Signal, Node], str]:
    return lambda own, node: f"graven::{name}"


KINDS = {
    "SignalWindow": Kind(
        ("shift",), (INT16,), ("window",), (INT16,), as_input, numbered("WindowFunction"), window
    ),
    "SignalFftAutoScale": Kind(
        (), (INT16,), (), (INT16, INT32), lambda own, node: (node.input(0).shape, ()),
        plain("FftAutoScale"), auto_scale,
    ),
    "SignalRfft": Kind(
        ("fft_length",), (tuple(TYPES),), (), (LIKE_INPUT,),
        lambda own, node: ((*node.input(0).shape[:-1], own.numbers["fft_length"] + 2),),
        numbered("RealFft"), spectrum,
    ),
    "SignalIrfft": Kind(
        ("fft_length",), (tuple(TYPES),), (), (LIKE_INPUT,),
        lambda own, node: ((*node.input(0).shape[:-1], own.numbers["fft_length"]),),
        numbered("InverseRealFft"), samples,
    ),
    "SignalOverlapAdd": Kind(
        ("frame_step",), ((INT16, FLOAT32),), (), (LIKE_INPUT,),
        lambda own, node: ((*node.input(0).shape[:-2],
                            node.input(0).shape[-2] * own.numbers["frame_step"]),),
        lambda own, node: overlapping(own, node), overlap_add, keeps=one_frame,
    ),
    "SignalEnergy": Kind(
        ("start_index", "end_index"), (INT16,), (), (UINT32,),
        lambda own, node: ((node.input(0).shape[-1] // 2,),), numbered("Energy"), energy,
    ),
    "SignalFilterBank": Kind(
        ("num_channels",), (UINT32,),
        ("weights", "unweights", "frequencies", "starts", "widths"), (UINT64,),
        lambda own, node: ((own.numbers["num_channels"],),),
        lambda own, node: template(
            "FilterBank", str(own.numbers["num_channels"]), str(node.input(1).shape[0])
        ),
        filter_bank,
    ),
    "SignalFilterBankSquareRoot": Kind(
        (), (UINT64, INT32), (), (UINT32,), as_input, plain("FilterBankSquareRoot"), bank_root
    ),
    "SignalFilterBankSpectralSubtraction": Kind(
        ("smoothing", "one_minus_smoothing", "alternate_smoothing",
         "alternate_one_minus_smoothing", "min_signal_remaining", "smoothing_bits",
         "spectral_subtraction_bits", "clamping", "num_channels"),
        (UINT32,), (), (UINT32, UINT32),
        lambda own, node: ((own.numbers["num_channels"],),) * 2,
        numbered("SpectralSubtraction", "num_channels"), subtraction,
        keeps=lambda node: node.input(0).shape,
    ),
    "SignalPCAN": Kind(
        ("snr_shift",), (UINT32, UINT32), ("gains",), (UINT32,), as_input, numbered("Pcan"), pcan
    ),
    "SignalFilterBankLog": Kind(
        ("output_scale", "input_correction_bits"), (UINT32,), (), (INT16,), as_input,
        numbered("FilterBankLog"), bank_log,
    ),
}  # fmt: skip
OPERATORS = tuple(KINDS)


def kept(node: Node) -> tuple[np.ndarray, ...]:
    shape = KINDS[node.name].keeps(node)
    return (np.zeros(shape, node.input(0).element.dtype),)


OPTIONS = "FlexBuffer"  # layers.FLEX_BUFFER
KEEPS = {name: kept for name, kind in KINDS.items() if kind.keeps}
VARIABLES = (1,)


def options(layer: Signal) -> dict[str, Option]:
    typed = {"fft_length", "frame_step"} & set(layer.numbers)
    return ({"T": TYPES[layer.element]} if typed else {}) | layer.numbers


def read(node: Node) -> Signal:
    kind = KINDS[node.name]
    count = len(kind.inputs) + len(kind.constants) + (kind.keeps is not None)
    node.expect_inputs(count, count, outputs=len(kind.outputs))
    for place, element in enumerate(kind.inputs):
        node.expect_element(
            node.input(place), *(element if isinstance(element, tuple) else (element,))
        )
    numbers = {name: node.whole(name) for name in kind.numbers}
    element = node.input(0).element
    layer = Signal(numbers, element) if element in TYPES else Signal(numbers)
    for place, _ in enumerate(kind.constants, len(kind.inputs)):
        node.constant(place, (INT16,))
    for output, element in zip(node.outputs, kind.outputs, strict=True):
        node.expect_element(output, element or node.input(0).element)
    for name in SHIFTS & set(kind.numbers):
        if not 0 <= layer.numbers[name] < 32:
            raise node.error(f"option {name} is {layer.numbers[name]}, expected 0 to 31.")
    CHECKS.get(node.name, lambda own, node: None)(layer, node)
    for output, shape in zip(node.outputs, kind.shapes(layer, node), strict=True):
        node.expect_shape(output, shape)
    return layer


def check_fft(own: Signal, node: Node) -> None:
    length, given = own.numbers["fft_length"], node.input(0).shape[-1]
    fits = given == length + 2 if node.name == "SignalIrfft" else given <= length
    if length < 4 or length & (length - 1) or not fits:
        raise node.error(
            f"has fft_length {length}, expected a power of two from 4 on that fits its frames of "
            f"{given}."
        )


def check_overlap(own: Signal, node: Node) -> None:
    step, frame = own.numbers["frame_step"], node.input(0).shape[-1]
    if not 0 < step <= frame:
        raise node.error(f"has frame_step {step}, expected 1 to its frames' {frame}.")


def overlapping(own: Signal, node: Node) -> str:
    read = hwc(node, node.input(0))
    type = template("OverlapAdd", str(own.numbers["frame_step"]))
    return reshaped(type, node, read, (read[0], 1, read[1] * own.numbers["frame_step"]))


def check_bank(own: Signal, node: Node) -> None:
    inputs, channels = node.input(0).shape[0], own.numbers["num_channels"]
    weights, unweights, *places = (node.input(place).data.astype(int) for place in range(1, 6))
    if any(len(each) != channels + 1 for each in places) or len(weights) != len(unweights):
        raise node.error(f"has tables that do not fit {channels} channels.")
    first, at, width = places
    used = width > 0
    if (min(first.min(), at.min(), width.min()) < 0 or np.any((first + width)[used] > inputs)
            or np.any((at + width)[used] > len(weights))):  # fmt: skip
        raise node.error(f"reads beyond its {inputs} inputs or {len(weights)} weights.")


def check_gains(own: Signal, node: Node) -> None:
    if node.input(2).data.size < 125:
        raise node.error(f"has {node.input(2).data.size} gains, expected 125.", node.input(2))


def check_window(own: Signal, node: Node) -> None:
    node.expect_shape(node.input(1), node.input(0).shape[-1:])


SHIFTS = frozenset(
    ("shift", "snr_shift", "input_correction_bits", "smoothing_bits", "spectral_subtraction_bits")
)
CHECKS = {
    "SignalWindow": check_window,
    "SignalRfft": check_fft,
    "SignalIrfft": check_fft,
    "SignalOverlapAdd": check_overlap,
    "SignalFilterBank": check_bank,
    "SignalPCAN": check_gains,
}


def cpp(layer: Signal, node: Node) -> Cpp:
    kind = KINDS[node.name]
    places = range(len(kind.inputs))
    named = enumerate(kind.constants, len(kind.inputs))
    constants = [Constant(name, node.input(place).data) for place, name in named]
    if node.name == "SignalOverlapAdd":
        scale = np.ones(1, np.float32) if layer.element is INT16 else None
        constants.append(Constant("state", np.zeros(1, layer.element.dtype), scale, 0))
    return Cpp(kind.cpp(layer, node), inputs=computed(node, *places), constants=tuple(constants))


def reference(layer: Signal, node: Node, values: Values) -> np.ndarray | tuple[np.ndarray, ...]:
    return KINDS[node.name].reference(layer, node, *values)
