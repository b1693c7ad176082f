"""The integer arithmetic of quantized layers, as TensorFlow Lite Micro does it, on numpy arrays.

Every function is exact: products are formed in 64 bits, roundings are named. Double rounding: a
saturating rounding doubling high multiply, then a rounding division by a power of two with ties
away from zero.
"""

from __future__ import annotations

import math

import numpy as np

INT8_MIN, INT8_MAX = -128, 127
INT32_MIN, INT32_MAX = -(1 << 31), (1 << 31) - 1


def nearest(value: np.ndarray | float) -> np.ndarray:
    """Whole numbers in float64, halves away from zero."""
    wide = np.asarray(value, dtype=np.float64)
    return np.trunc(wide + np.copysign(0.5, wide))


def round_half_away(value: float) -> int:
    return int(nearest(value))


def quantize_multiplier(real: float) -> tuple[int, int]:
    """(multiplier, shift) with real = multiplier * 2^(shift - 31), |multiplier| in [2^30, 2^31)."""
    if real == 0.0:
        return 0, 0
    fraction, shift = math.frexp(real)
    multiplier = round_half_away(fraction * (1 << 31))
    if abs(multiplier) == 1 << 31:
        multiplier //= 2
        shift += 1
    return (0, 0) if shift < -31 else (multiplier, shift)


def high_multiply(a: np.ndarray | int, b: np.ndarray | int) -> np.ndarray:
    """Saturating rounding doubling high multiply: round(a * b / 2^31), halves up."""
    product = np.asarray(a, dtype=np.int64) * np.asarray(b, dtype=np.int64)
    return np.minimum((product + (1 << 30)) >> 31, INT32_MAX)


def divide_by_power(value: np.ndarray, exponent: np.ndarray | int) -> np.ndarray:
    """round(value / 2^exponent), ties away from zero."""
    mask = (np.int64(1) << np.asarray(exponent, dtype=np.int64)) - 1
    threshold = (mask >> 1) + (value < 0)
    return (value >> exponent) + ((value & mask) > threshold)


def wrap(value: np.ndarray) -> np.ndarray:
    """What a 32-bit register keeps of it."""
    return value.astype(np.int64).astype(np.int32).astype(np.int64)


def multiply(
    value: np.ndarray, multiplier: np.ndarray | int, shift: np.ndarray | int
) -> np.ndarray:
    """round(value * multiplier * 2^(shift - 31)) with both roundings; broadcasts."""
    shift = np.asarray(shift, dtype=np.int64)
    scaled = wrap(value.astype(np.int64) << np.maximum(shift, 0))
    return divide_by_power(high_multiply(scaled, multiplier), np.maximum(-shift, 0))


def requantize(
    acc: np.ndarray,
    real: float | np.ndarray,
    zero_point: int,
    limits: tuple[int, int],
    dtype: np.typing.DTypeLike = np.int8,
) -> np.ndarray:
    """int32 sums to int8 or int16; `real` is one multiplier or one per last axis."""
    pairs = [quantize_multiplier(float(value)) for value in np.atleast_1d(real)]
    multiplier = np.array([pair[0] for pair in pairs], dtype=np.int64)
    shift = np.array([pair[1] for pair in pairs], dtype=np.int64)
    if np.ndim(real) == 0:
        multiplier, shift = multiplier[0], shift[0]
    return clamp(multiply(wrap(acc), multiplier, shift) + zero_point, limits, dtype)


def requantize_once(
    acc: np.ndarray, real: float, zero_point: int, limits: tuple[int, int]
) -> np.ndarray:
    """int32 sums to int8 with one rounding, as LiteRT does it in its uint8 FULLY_CONNECTED."""
    multiplier, shift = quantize_multiplier(real)
    right = 31 - shift
    rounded = (wrap(acc) * multiplier + (np.int64(1) << (right - 1))) >> right
    return clamp(rounded + zero_point, limits)


def requantize_wide(
    acc: np.ndarray, real: float | np.ndarray, limits: tuple[int, int]
) -> np.ndarray:
    """64-bit sums to int16 as TensorFlow Lite does it: 16 bits of the multiplier, one rounding."""
    pairs = [quantize_multiplier(float(value)) for value in np.atleast_1d(real)]
    reduced = np.array([min((pair[0] + (1 << 15)) >> 16, 0x7FFF) for pair in pairs])
    shift = 15 - np.array([pair[1] for pair in pairs])
    if np.ndim(real) == 0:
        reduced, shift = reduced[0], shift[0]
    total = acc.astype(np.int64) * reduced + (np.int64(1) << (shift - 1))
    return clamp(wrap(total >> shift), limits, np.int16)


def clamp(
    value: np.ndarray, limits: tuple[int, int], dtype: np.typing.DTypeLike = np.int8
) -> np.ndarray:
    return np.clip(value, *limits).astype(dtype)


def quantize_constant(value: float, scale: float, zero_point: int) -> int:
    """A real constant in a tensor's integers; the quotient is rounded to float32 first."""
    return zero_point + round_half_away(float(np.float32(value) / np.float32(scale)))


def limits(
    activation: str, scale: float, zero_point: int, dtype: np.typing.DTypeLike = np.int8
) -> tuple[int, int]:
    """The range that a fused activation leaves of int8, or of another integer."""
    low, high = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    if activation in ("RELU", "RELU6", "RELU_0_TO_1"):
        low = max(low, quantize_constant(0.0, scale, zero_point))
    if activation == "RELU6":
        high = min(high, quantize_constant(6.0, scale, zero_point))
    if activation == "RELU_N1_TO_1":
        low = max(low, quantize_constant(-1.0, scale, zero_point))
    if activation in ("RELU_N1_TO_1", "RELU_0_TO_1"):
        high = min(high, quantize_constant(1.0, scale, zero_point))
    return low, high


def clamp_float(value: np.ndarray, activation: str) -> np.ndarray:
    low, high = {
        "NONE": (-np.inf, np.inf),
        "RELU": (0.0, np.inf),
        "RELU6": (0.0, 6.0),
        "RELU_N1_TO_1": (-1.0, 1.0),
        "RELU_0_TO_1": (0.0, 1.0),
    }[activation]
    return np.clip(value, low, high).astype(np.float32)


# -- elementary functions in fixed point: raw int32 values, Qm has m integer bits -----------------

ONE = INT32_MAX  # in Q0, which has no exact one


def multiply_by_power(value: np.ndarray, exponent: int) -> np.ndarray:
    """value * 2^exponent, saturating."""
    return np.clip(value << exponent, INT32_MIN, INT32_MAX)


def _exp_near_zero(value: np.ndarray) -> np.ndarray:
    """exp on [-1/4, 0) in Q0: a Taylor polynomial around -1/8."""
    exp_of_minus_one_eighth, one_third = 1895147668, 715827883
    x = value + (1 << 28)
    x2 = high_multiply(x, x)
    x3 = high_multiply(x2, x)
    x4 = high_multiply(x2, x2)
    tail = high_multiply(divide_by_power(x4, 2) + x3, one_third) + x2
    return exp_of_minus_one_eighth + high_multiply(
        exp_of_minus_one_eighth, x + divide_by_power(tail, 1)
    )


def exp_of_negative(value: np.ndarray, integer_bits: int) -> np.ndarray:
    """exp of a non-positive value with that many integer bits (4 or 5), in Q0."""
    fraction_bits = 31 - integer_bits
    quarter = 1 << (fraction_bits - 2)
    near_zero = (value & (quarter - 1)) - quarter
    result = _exp_near_zero(multiply_by_power(near_zero, integer_bits))
    remainder = near_zero - value
    # exp(-2^exponent) for the bits above a quarter, in Q0
    factors = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
    for exponent, factor in zip(range(-2, integer_bits), factors, strict=False):
        bit = 1 << (fraction_bits + exponent)
        result = np.where(remainder & bit, high_multiply(result, factor), result)
    return np.where(value == 0, ONE, result)


def _newton_reciprocal(value: np.ndarray) -> np.ndarray:
    """2 / (1 + value) in Q2, for a Q0 value in [0, 1]."""
    forty_eight_over_17, minus_32_over_17, one = 1515870810, -1010580540, 1 << 29
    total = value + ONE
    half = np.where(total >= 0, (total + 1) >> 1, -((1 - total) >> 1))
    x = forty_eight_over_17 + high_multiply(half, minus_32_over_17)
    for _ in range(3):
        x = x + multiply_by_power(high_multiply(x, one - high_multiply(half, x)), 2)
    return x


def reciprocal_of_one_plus(value: np.ndarray) -> np.ndarray:
    """1 / (1 + value) in Q0, for a Q0 value in [0, 1]."""
    return multiply_by_power(_newton_reciprocal(value), 1)


def logistic(value: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-value)) in Q0, for a Q4 value."""
    positive = reciprocal_of_one_plus(exp_of_negative(-np.abs(value), 4))
    result = np.where(value > 0, positive, ONE - positive)
    return np.where(value == 0, 1 << 30, result)


def tanh(value: np.ndarray) -> np.ndarray:
    """tanh in Q0, for a Q4 value."""
    # Twice a Q4 value is the same bits in Q5; (1 - e) / (1 + e) is 2 / (1 + e) - 1.
    doubled = _newton_reciprocal(exp_of_negative(-np.abs(value), 5))
    positive = multiply_by_power(doubled - (1 << 29), 2)
    return np.where(value == 0, 0, np.where(value < 0, -positive, positive))


def inverse_sqrt(value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """1 / sqrt of whole numbers, as multiplier and shift; of 1 and less as of 1."""
    large = value >= 1 << 29
    value = np.where(large, value >> 2, value)
    width = np.frexp(np.maximum(value, 2).astype(np.float64))[1].astype(np.int64)
    pairs = (31 - width) // 2 - 1
    half = divide_by_power((np.maximum(value, 2) << (2 * pairs)) >> 1, 1)
    x = np.full(value.shape, 1 << 28, dtype=np.int64)  # Q3
    for _ in range(5):
        cube = multiply_by_power(high_multiply(high_multiply(x, x), x), 6)
        x = multiply_by_power(high_multiply(3 << 27, x) - high_multiply(half, cube), 3)
    x = high_multiply(x, 1518500250)  # sqrt(1/2)
    shift = 11 - pairs + large
    x = x << np.maximum(-shift, 0)
    return np.where(value <= 1, ONE, x), np.where(value <= 1, 0, -np.maximum(shift, 0))


def log(value: np.ndarray, integer_bits: int) -> np.ndarray:
    """Natural logarithm in Q5 of a value of at least 1 with that many integer bits."""
    log_2, root_of_root_half, root_half, quarter = 1488522236, 1805811301, 1518500250, 1 << 23

    def headroom(value: np.ndarray) -> np.ndarray:
        return 32 - np.frexp(value.astype(np.float64))[1].astype(np.int64)

    first = headroom(value)
    second = headroom(high_multiply(value, root_half)) - 1
    scaled = multiply_by_power(value, first - 1)
    z = np.minimum(
        multiply_by_power(high_multiply(scaled, root_half), 1), multiply_by_power(value, second)
    )
    power = np.maximum(
        ((integer_bits - first) << 25) + quarter, ((integer_bits - second) << 25) - quarter
    )
    total = z + root_of_root_half
    p = (total + 1) >> 1
    q = 2 * (z - root_of_root_half)
    square = high_multiply(q, q)
    above = high_multiply(q, z) + high_multiply(high_multiply(q, square), 117049297)
    below = high_multiply(p, 1057819769 + q + high_multiply(127690142, square))
    below = below + high_multiply(638450708, q)
    quotient = high_multiply(divide_by_power(above, 6), reciprocal_of_one_plus(below))
    return multiply_by_power(high_multiply(power, log_2) + quotient, 1)


LOGISTIC_TABLE = np.array(
    [
        32768, 33451, 34133, 34813, 35493, 36169, 36843, 37513, 38180, 38841, 39498, 40149, 40794,
        41432, 42064, 42688, 43304, 43912, 44511, 45102, 45683, 46255, 46817, 47369, 47911, 48443,
        48964, 49475, 49975, 50464, 50942, 51409, 51865, 52311, 52745, 53169, 53581, 53983, 54374,
        54755, 55125, 55485, 55834, 56174, 56503, 56823, 57133, 57433, 57724, 58007, 58280, 58544,
        58800, 59048, 59288, 59519, 59743, 59959, 60168, 60370, 60565, 60753, 60935, 61110, 61279,
        61441, 61599, 61750, 61896, 62036, 62172, 62302, 62428, 62549, 62666, 62778, 62886, 62990,
        63090, 63186, 63279, 63368, 63454, 63536, 63615, 63691, 63765, 63835, 63903, 63968, 64030,
        64090, 64148, 64204, 64257, 64308, 64357, 64405, 64450, 64494, 64536, 64576, 64614, 64652,
        64687, 64721, 64754, 64786, 64816, 64845, 64873, 64900, 64926, 64950, 64974, 64997, 65019,
        65039, 65060, 65079, 65097, 65115, 65132, 65149, 65164, 65179, 65194, 65208, 65221, 65234,
        65246, 65258, 65269, 65280, 65291, 65301, 65310, 65319, 65328, 65337, 65345, 65352, 65360,
        65367, 65374, 65381, 65387, 65393, 65399, 65404, 65410, 65415, 65420, 65425, 65429, 65433,
        65438, 65442, 65445, 65449, 65453, 65456, 65459, 65462, 65465, 65468, 65471, 65474, 65476,
        65479, 65481, 65483, 65485, 65488, 65489, 65491, 65493, 65495, 65497, 65498, 65500, 65501,
        65503, 65504, 65505, 65507, 65508, 65509, 65510, 65511, 65512, 65513, 65514, 65515, 65516,
        65517, 65517, 65518, 65519, 65520, 65520, 65521, 65522, 65522, 65523, 65523, 65524, 65524,
        65525, 65525, 65526, 65526, 65526, 65527, 65527, 65528, 65528, 65528, 65529, 65529, 65529,
        65529, 65530, 65530, 65530, 65530, 65531, 65531, 65531, 65531, 65531, 65532, 65532, 65532,
        65532, 65532, 65532, 65533, 65533, 65533, 65533, 65533, 65533, 65533, 65533, 65534, 65534,
        65534, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65535
    ]
)  # fmt: skip
"""The logistic function at k / 24 in 16 bits, as TensorFlow Lite has it for int16."""


def _interpolated(value: np.ndarray, bits: int, most: int) -> np.ndarray:
    size = np.abs(value)
    entry = np.minimum(size >> bits, 254)
    here, after = LOGISTIC_TABLE[entry], LOGISTIC_TABLE[entry + 1]
    found = (here << bits) + (size & ((1 << bits) - 1)) * (after - here)
    return np.where(size >> bits >= 255, most, found)


def logistic16(value: np.ndarray) -> np.ndarray:
    """logistic(value / 3 / 2^12) in Q0.15, by TensorFlow Lite's table."""
    found = _interpolated(value, 9, 0x7FFF << 10)
    return np.where(value >= 0, found + 512, (1 << 25) - found + 511) >> 10


def tanh16(value: np.ndarray) -> np.ndarray:
    """tanh(value / 3 / 2^12) in Q0.15, by TensorFlow Lite's table."""
    found = _interpolated(value, 8, 0xFFFF << 8)
    return np.where(value >= 0, found - (1 << 23) + 128, (1 << 23) - found + 127) >> 8
