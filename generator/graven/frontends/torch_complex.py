"""Complex numbers of PyTorch, as two real tensors each: Fourier transforms and what is computed
with what they make."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from graven.frontends import fourier, functions, trigonometry
from graven.frontends.fourier import Complex
from graven.frontends.nchw import Draft, Operand, View

Arguments = dict[str, Any]
BY_PARTS = (
    "_unsafe_view", "add", "alias", "cat", "chunk", "clone", "contiguous", "copy", "detach",
    "expand", "flatten", "flip", "index", "index_select", "mean", "movedim", "narrow", "neg",
    "permute", "repeat", "reshape", "resolve_conj", "roll", "rsub", "select", "select_scatter",
    "slice", "slice_scatter", "split", "split_with_sizes", "squeeze", "stack", "sub", "sum",
    "t", "transpose", "unbind", "unflatten", "unsqueeze", "view",
)  # fmt: skip
"""What is done to both parts alike."""
TERMS = {
    "add": (0, 1), "cat": (0,), "copy": (0, 1), "rsub": (0, 1), "select_scatter": (0, 1),
    "slice_scatter": (0, 1), "stack": (0,), "sub": (0, 1),
}  # fmt: skip
"""Arguments that may be real beside complex ones: their imaginary part is zero."""
PRODUCTS = ("bmm", "einsum", "linear", "matmul", "mm", "mul")
OTHERWISE = "keep the real and the imaginary part as tensors of their own"


def has_complex(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(has_complex, value.values()))
    if isinstance(value, list | tuple):
        return any(map(has_complex, value))
    return isinstance(value, Complex | complex) or is_complex_constant(value)


def is_complex_constant(value: Any) -> bool:
    return str(getattr(value, "dtype", "")).startswith(("torch.complex", "complex"))


def part_of(value: Any, place: int) -> Any:
    """The real (0) or imaginary (1) part of arguments, constants among them."""
    if isinstance(value, Complex):
        return value.parts[place]
    if isinstance(value, list | tuple):
        return [part_of(each, place) for each in value]
    if isinstance(value, complex):
        return (value.real, value.imag)[place]
    if is_complex_constant(value):
        found = value.resolve_conj() if hasattr(value, "resolve_conj") else np.asarray(value)
        chosen = (found.real, found.imag)[place]
        return chosen.float() if hasattr(chosen, "float") else chosen.astype(np.float32)
    return value


def part_of_term(value: Any, place: int) -> Any:
    """The same, where a real one has an imaginary part: zeros of its shape."""
    if isinstance(value, list | tuple):
        return [part_of_term(each, place) for each in value]
    if place == 0 or has_complex(value):
        return part_of(value, place)
    return np.zeros(value.shape, np.float32) if hasattr(value, "shape") else 0.0


def is_real(value: Any) -> bool:
    return not has_complex(value)


def paired(draft: Draft, real: Any, imaginary: Any) -> Any:
    """Of parts of which one may be a constant, or be broadcast to the other."""
    if isinstance(real, list):
        return [paired(draft, *each) for each in zip(real, imaginary, strict=True)]
    parts = [each if isinstance(each, View) else np.asarray(each) for each in (real, imaginary)]
    shape = np.broadcast_shapes(*(each.shape for each in parts))
    computed = next(each for each in parts if isinstance(each, View))
    return Complex(*(spread(draft, each, shape, computed) for each in parts))


def spread(draft: Draft, part: Operand, shape: Sequence[int], beside: View) -> View:
    if isinstance(part, View):
        return draft.expand(part, tuple(shape))
    nothing = draft.expand(functions.times(draft, beside, 0.0), tuple(shape))
    return draft.binary("ADD", nothing, np.broadcast_to(functions.finite(part), shape))


def call(reader: Any, kind: str, known: Arguments, again: Callable[[Arguments], Any]) -> Any:
    """What an operator makes of complex numbers; `again` calls it with other arguments. None: it
    is not known."""
    if kind in HANDLERS:
        return HANDLERS[kind](reader, known)
    if known.get("alpha", 1) != 1:
        return None
    if kind in BY_PARTS:
        terms = TERMS.get(kind, ())
        parts = [
            again({
                key: (part_of_term if key in terms else part_of)(value, at)
                for key, value in known.items()
            })
            for at in (0, 1)
        ]  # fmt: skip
        return paired(reader.draft, *parts)
    if kind in PRODUCTS:
        return product(reader, kind, known, again)
    if kind == "div" and is_real(known[1]):
        return Complex(*(again({**known, 0: part_of(known[0], at)}) for at in (0, 1)))
    return None


def product(reader: Any, kind: str, known: Arguments, again: Callable[[Arguments], Any]) -> Complex:
    """(a + bi) (c + di), of which one factor may be real."""
    if kind == "linear" and known.get(2) is not None:
        found = product(reader, kind, {0: known[0], 1: known[1]}, again)
        offsets = (np.asarray(part_of_term(known[2], at)) for at in (0, 1))
        sums = zip(found.parts, map(functions.finite, offsets), strict=True)
        return Complex(*(reader.draft.binary("ADD", *each) for each in sums))
    operands = known[1] if kind == "einsum" else [known[0], known[1]]
    if len(operands) != 2:
        raise reader.draft.error("multiplies more than two complex tensors; take two at a time.")

    def times(first: Any, second: Any) -> Any:
        said = {1: [first, second]} if kind == "einsum" else {0: first, 1: second}
        return again({**known, **said})

    first, second = operands
    if is_real(first) or is_real(second):
        sides = [[part_of(first, at), part_of(second, at)] for at in (0, 1)]
        return Complex(*(times(*each) for each in sides))
    (a, b), (c, d) = ((part_of(each, 0), part_of(each, 1)) for each in operands)
    draft = reader.draft
    real = draft.binary("SUB", times(a, c), times(b, d))
    return Complex(real, draft.binary("ADD", times(a, d), times(b, c)))


# -- transforms -----------------------------------------------------------------------------------


def scale(norm: str | None, count: int, inverse: bool) -> float:
    if norm == "ortho":
        return 1 / math.sqrt(count)
    return 1 / count if (norm == "forward") != inverse else 1.0


def along(one_sided: bool, inverse: bool) -> Callable[[Any, Arguments], Any]:
    def handler(reader: Any, known: Arguments) -> Complex:
        given = known[0]
        axis = known.get("dim", known.get(2, -1))
        shape = (given.real if isinstance(given, Complex) else given).shape
        count = known.get("n", known.get(1)) or shape[axis]
        factor = scale(known.get("norm", known.get(3)), count, inverse)
        given = given if isinstance(given, Complex) else functions.real(reader.draft, given)
        return fourier.transform(reader.draft, given, axis, count, one_sided, inverse, factor)

    return handler


def over_axes(one_sided: bool, inverse: bool) -> Callable[[Any, Arguments], Any]:
    def handler(reader: Any, known: Arguments) -> Complex:
        axes = known.get("dim", known.get(2)) or [-2, -1]
        sizes = known.get("s", known.get(1)) or [None] * len(axes)
        norm, found = known.get("norm", known.get(3)), known[0]
        if len(sizes) != len(axes):
            raise reader.draft.error("has sizes of other axes than it names; name the axes (dim).")
        for place, (axis, count) in enumerate(reversed(list(zip(axes, sizes, strict=True)))):
            step = along(one_sided and place == 0, inverse)
            found = step(reader, {0: found, 1: count, 2: axis, 3: norm})
        return found

    return handler


def named(handler: Callable[[Any, Arguments], Any]) -> Callable[[Any, Arguments], Any]:
    """Over all axes where none is named."""

    def over_all(reader: Any, known: Arguments) -> Complex:
        given = known[0].real if isinstance(known[0], Complex) else known[0]
        count = len(known.get("s", known.get(1)) or given.shape)
        axes = known.get("dim", known.get(2)) or list(range(-count, 0))
        return handler(reader, {**known, 2: axes, "dim": axes})

    return over_all


def to_real(reader: Any, known: Arguments) -> View:
    given, axis = known[0], known.get("dim", known.get(2, -1))
    if not isinstance(given, Complex):
        given = Complex(given, functions.times(reader.draft, given, 0.0))
    count = known.get("n", known.get(1)) or 2 * (given.real.shape[axis] - 1)
    factor = scale(known.get("norm", known.get(3)), count, True)
    return fourier.back_to_real(reader.draft, given, axis, count, factor)


def to_real_over_axes(reader: Any, known: Arguments) -> View:
    axes = known.get("dim", known.get(2)) or [-2, -1]
    sizes = known.get("s", known.get(1)) or [None] * len(axes)
    norm, found = known.get("norm", known.get(3)), known[0]
    for axis, count in list(zip(axes, sizes, strict=True))[:-1]:
        found = along(False, True)(reader, {0: found, 1: count, 2: axis, 3: norm})
    return to_real(reader, {0: found, 1: sizes[-1], 2: axes[-1], 3: norm})


def short_time(reader: Any, known: Arguments) -> Complex | View:
    names = ("self", "n_fft", "hop_length", "win_length", "window", "normalized", "onesided",
             "return_complex")  # fmt: skip
    given = {name: known.get(name, known.get(at)) for at, name in enumerate(names)}
    if isinstance(known.get(5), bool) and isinstance(known.get(6), str):
        raise reader.draft.error("pads by itself; call torch.stft, which pads before.")
    size, signal, window = given["n_fft"], given["self"], given["window"]
    width = given["win_length"] or size
    window = np.ones(width) if window is None else np.asarray(window, np.float64)
    is_one = len(signal.shape) == 1
    if is_one:
        signal = reader.draft.reshape(signal, (1, *signal.shape))
    factor = 1 / math.sqrt(size) if given["normalized"] else 1.0
    one_sided = given["onesided"] is not False
    step = given["hop_length"] or size // 4
    found = fourier.short_time(reader.draft, signal, size, step, window, one_sided, factor)
    if is_one:
        found = Complex(*(reader.draft.reshape(each, each.shape[1:]) for each in found.parts))
    return found if given["return_complex"] else fourier.as_real(reader.draft, found)


# -- from and to real numbers ---------------------------------------------------------------------


def magnitude(reader: Any, known: Arguments) -> View:
    draft = reader.draft
    squares = [draft.binary("MUL", each, each) for each in known[0].parts]
    return draft.unary("SQRT", draft.binary("ADD", *squares))


def angle(reader: Any, known: Arguments) -> View:
    return trigonometry.arctangent_of(reader.draft, known[0].imaginary, known[0].real)


def as_real(reader: Any, known: Arguments) -> View:
    return fourier.as_real(reader.draft, known[0])


def as_complex(reader: Any, known: Arguments) -> Complex:
    return fourier.as_complex(reader.draft, known[0])


def exponential(reader: Any, known: Arguments) -> Complex:
    draft, (real, imaginary) = reader.draft, known[0].parts
    return of_angle(reader, {0: draft.unary("EXP", real), 1: imaginary})


def conjugate(reader: Any, known: Arguments) -> Complex:
    return Complex(known[0].real, reader.draft.unary("NEG", known[0].imaginary))


def of_angle(reader: Any, known: Arguments) -> Complex:
    """torch.polar."""
    draft, (length, turned) = reader.draft, (known[0], known[1])
    if isinstance(turned, View):
        parts = [draft.unary(name, turned) for name in ("COS", "SIN")]
    else:
        parts = [turn(functions.finite(np.asarray(turned))) for turn in (np.cos, np.sin)]
    length = length if isinstance(length, View) else functions.finite(np.asarray(length))
    return paired(draft, *(draft.binary("MUL", length, each) for each in parts))


def joined(reader: Any, known: Arguments) -> Complex:
    return paired(reader.draft, known[0], known[1])


HANDLERS: dict[str, Callable[[Any, Arguments], Any]] = {
    "_conj": conjugate, "abs": magnitude, "angle": angle, "complex": joined,
    "conj": conjugate, "conj_physical": conjugate, "exp": exponential,
    "fft_fft": along(False, False), "fft_fft2": over_axes(False, False),
    "fft_fftn": named(over_axes(False, False)), "fft_rfftn": named(over_axes(True, False)),
    "fft_ifft": along(False, True), "fft_ifft2": over_axes(False, True),
    "fft_ifftn": named(over_axes(False, True)), "fft_irfft": to_real,
    "fft_irfft2": to_real_over_axes, "fft_irfftn": named(to_real_over_axes),
    "fft_rfft": along(True, False), "fft_rfft2": over_axes(True, False),
    "imag": lambda reader, known: known[0].imaginary, "polar": of_angle,
    "real": lambda reader, known: known[0].real, "stft": short_time,
    "view_as_complex": as_complex, "view_as_real": as_real,
}  # fmt: skip
STARTS = ("complex", "fft_irfft", "polar", "stft", "view_as_complex",
          *(each for each in HANDLERS if each.startswith("fft_")))  # fmt: skip
"""What makes complex numbers of real ones."""
