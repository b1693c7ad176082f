"""How the numbers of a network are spelled in C++; what a layer module's `cpp` returns."""

from __future__ import annotations

import functools
import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from graven import ir
from graven.node import Node, shape_text

Hwc = tuple[int, int, int]
AXES = ("height", "width", "channels")

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
WORDS = frozenset(
    "alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t "
    "char32_t char8_t class co_await co_return co_yield compl concept const const_cast consteval "
    "constexpr constinit continue decltype default delete do double dynamic_cast else enum "
    "explicit export extern false float for friend goto graven if inline int long main mutable "
    "namespace new noexcept not not_eq nullptr operator or or_eq private protected public "
    "register reinterpret_cast requires return short signed sizeof static static_assert "
    "static_cast std struct switch template this thread_local throw true try typedef typeid "
    "typename union unsigned using virtual void volatile wchar_t while xor xor_eq".split()
)
ARDUINO = frozenset(
    "BIN CHANGE DEC DEFAULT DISPLAY EULER EXTERNAL F FALLING HALF_PI HEX HIGH INPUT INPUT_PULLUP "
    "INTERNAL LOW LSBFIRST MSBFIRST OCT OUTPUT PI RISING SERIAL Serial TWO_PI analogRead "
    "analogWrite attachInterrupt bit boolean byte constrain degrees delay detachInterrupt "
    "digitalRead digitalWrite interrupts loop map max micros millis min noTone pinMode pulseIn "
    "radians setup shiftIn shiftOut sq tone word yield".split()
)
"""Global names and macros of Arduino's cores."""


@functools.cache
def taken_names() -> frozenset[str]:
    """What no namespace at global scope can be called: words of C++, names of what its users
    include, the C library's as tests/generator/make_c_names.py has found them."""
    library = Path(__file__).with_name("c_names.txt").read_text().split()
    return WORDS | ARDUINO | frozenset(library)


def is_namespace(name: str) -> bool:
    return bool(NAME.fullmatch(name)) and "__" not in name and name not in taken_names()


@dataclass(frozen=True, eq=False)
class Constant:
    """A constant of a layer: an array of the header, and a field of its record or one by name."""

    name: str  # of the field or constant; the array's name ends in it
    data: np.ndarray
    scale: np.ndarray | None = None  # of integers, where it is no field
    zero_point: int | None = None
    nibbles: bool = False  # of int4


@dataclass(frozen=True, eq=False)
class Cpp:
    """A layer as the header states it: its type, and what its parameter record holds."""

    type: str
    inputs: tuple[int, ...] = (0,)  # positions of the operator's inputs that are computed
    constants: tuple[Constant, ...] = ()
    output: bool = False  # the record gives the scale and zero point of each output
    element: bool = False  # ... and its element type
    macs: int = 0
    stem: str = ""  # of its names in the header; that of its module, if empty


def hwc(node: Node, tensor: ir.Tensor) -> Hwc:
    """Height, width and channels: the last two axes, and before them all others as one."""
    width, channels = (1, 1, *tensor.shape)[-2:]
    return math.prod(tensor.shape[:-2]), width, channels


def hwc_axis(node: Node, tensor: ir.Tensor, axis: int) -> int | None:
    """Which of height, width and channels (0, 1, 2) an axis is; None for a batch of 1."""
    place = axis + 3 - len(tensor.shape)
    if place > 0:
        return place
    before = tensor.shape[: max(len(tensor.shape) - 2, 0)]
    if place < 0 and tensor.shape[axis] == 1:
        return None
    if math.prod(before) != tensor.shape[axis]:
        raise node.error(
            f"axis {axis} of shape {shape_text(tensor.shape)} is one of several before the last "
            "two; at most one of them may have more than one element.",
            tensor,
        )
    return 0


def computed(node: Node, *positions: int) -> tuple[int, ...]:
    """The positions, all of which must be computed tensors."""
    for position in positions:
        tensor = node.input(position)
        if tensor.data is not None:
            raise node.error(
                "is a constant, but the operator needs a computed tensor there; fold the operator "
                "into its result before exporting the model.",
                tensor,
            )
    return positions


def constants(**arrays: np.ndarray | None) -> tuple[Constant, ...]:
    """Those that there are, by name."""
    return tuple(Constant(name, data) for name, data in arrays.items() if data is not None)


def weighted(node: Node, type: str, taps: int) -> Cpp:
    """A layer with filter and bias, of `taps` products per output."""
    weights, bias = node.input(1), node.optional(2)
    scales = weights.quantization.scale if weights.quantization else None
    return Cpp(
        type,
        inputs=computed(node, 0),
        constants=(
            Constant("filter", weights.data, nibbles=weights.element is ir.Element.INT4),
            *constants(
                bias=None if bias is None else bias.data,
                scale=None if scales is None else np.array(scales, dtype=np.float32),
            ),
        ),
        output=True,
        macs=math.prod(node.output.shape) * taps,
    )


# -- spelling -------------------------------------------------------------------------------------


def shape(value: Hwc) -> str:
    return f"graven::Shape{{{value[0]}, {value[1]}, {value[2]}}}"


def extent(kind: str, value: tuple[int, int]) -> str:
    """A height and a width; one number where they are equal."""
    height, width = value
    return str(height) if height == width else f"graven::{kind}{{{height}, {width}}}"


def named(name: str) -> str:
    """TensorFlow Lite's name of a padding or an activation."""
    return f"graven::{name.lower()}"


def axes(places: list[int]) -> str:
    return " | ".join(f"graven::Axis::{AXES[place]}" for place in places) or "graven::Axis{}"


def boolean(value: bool) -> str:
    return "true" if value else "false"


def real(value: float) -> str:
    """The shortest decimal that gives the same float32."""
    text = str(np.float32(value))
    return f"{text}f" if "." in text or "e" in text else f"{text}.0f"


def template(name: str, *arguments: str, defaults: tuple[str, ...] = ()) -> str:
    """A layer's type; `defaults` are those of the last arguments, which are left out if equal."""
    kept = list(arguments)
    for default in reversed(defaults):
        if kept[-1] != default:
            break
        kept.pop()
    return f"graven::{name}<{', '.join(kept)}>" if kept else f"graven::{name}<>"
