"""SVDF: a filter bank along time; a run brings one moment, the state keeps the last ones."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from graven import arithmetic, ir
from graven.cpp import Constant, Cpp, computed, constants, named, template
from graven.node import Node, Option, Values, scale_of, zero_point_of
from graven.quantize.scales import Scale, quantized

OPERATORS = ("SVDF",)
OPTIONS = "SVDFOptions"
VARIABLES = (4,)
SUM = 1 << 30
"""What the moments of an output may sum up to, and its bias again."""


@dataclass(frozen=True)
class Svdf(ir.Layer):
    rank: int
    activation: str = "NONE"


def options(layer: Svdf) -> dict[str, Option]:
    return {
        "Rank": layer.rank,
        "FusedActivationFunction": layer.activation,
        "AsymmetricQuantizeInputs": False,
    }


def read(node: Node) -> Svdf:
    data, output = node.expect_activations(5, 5)
    (rank,) = node.positive("Rank")
    filter, time, state = node.weights(1, usual=True), node.input(2), node.input(4)
    for tensor in (data, filter, time, state, output):
        node.expect_rank(tensor, 2)
    features, memory = time.shape
    if features % rank:
        raise node.error(f"has {features} features, which rank {rank} does not divide.", time)
    node.expect_shape(filter, (features, data.shape[1]))
    node.expect_shape(data, (1, data.shape[1]))
    node.expect_shape(output, (1, features // rank))
    node.expect_shape(state, (1, features * memory))
    if not state.is_variable:
        raise node.error("is no variable; export the model again.", state)
    integer = data.element is ir.Element.INT8
    node.expect_element(filter, ir.Element.INT8 if integer else ir.Element.FLOAT32)
    allowed = (ir.Element.INT16, ir.Element.INT8) if integer else (ir.Element.FLOAT32,)
    node.constant(2, allowed)
    node.expect_same_element(time, state)
    node.bias(3, features // rank)
    if integer:
        for tensor in (filter, time, state):
            if tensor.quantization is None or len(tensor.quantization.scale) != 1:
                raise node.error("needs one scale for all of it; quantize the model again.", tensor)
        if zero_point_of(filter) or zero_point_of(time):
            raise node.error("has weights with a zero point; quantize the model again.")
    return Svdf(rank, node.activation())


def cpp(layer: Svdf, node: Node) -> Cpp:
    filter, time, state, bias = node.input(1), node.input(2), node.input(4), node.optional(3)
    features, memory = time.shape
    type = template(
        "SVDF",
        str(features // layer.rank),
        str(layer.rank),
        str(memory),
        named(layer.activation),
        defaults=("graven::none",),
    )
    return Cpp(
        type,
        inputs=computed(node, 0),
        constants=(
            *constants(
                filter=filter.data,
                bias=None if bias is None else bias.data,
                scale=_scale(filter),
            ),
            Constant("time", time.data, _scale(time), 0),
            _zero(state),
        ),
        output=True,
        macs=features * (math.prod(node.input(0).shape) + memory),
    )


def _scale(tensor: ir.Tensor) -> np.ndarray | None:
    if tensor.quantization is None:
        return None
    return np.array(tensor.quantization.scale, dtype=np.float32)


def _zero(state: ir.Tensor) -> Constant:
    """What a state is made of: its zero point, with its scale."""
    zero = zero_point_of(state) if state.quantization else 0
    return Constant("state", np.array([zero], dtype=state.element.dtype), _scale(state), zero)


def integers(layer: Svdf, node: Node, data: Scale, output: Scale) -> dict[int, ir.Tensor]:
    """State and time in int16: the state holds whatever the filter makes of any input, and the time
    is of so few steps that 32 bits hold the sum over all moments and ranks, and the bias."""
    filter, time, bias, state = (node.input(1), node.input(2), node.optional(3), node.input(4))
    reach = max(abs(end) for end in data.range) * np.abs(filter.data).sum(axis=1).max()
    kept = _scale_for(reach, 32767)
    most = min((SUM >> 15) // (time.shape[1] * layer.rank), 32767)
    paces = _scale_for(np.abs(time.data).max(), most)
    if bias is not None:
        paces = max(paces, float(np.float32(1.001 * np.abs(bias.data).max() / (kept * SUM))))
    weights = _scale_for(np.abs(filter.data).max(), 127)
    zeros = np.zeros(state.shape, np.int16)
    found = {
        1: _integers(filter, ir.Element.INT8, weights),
        2: _integers(time, ir.Element.INT16, paces),
        4: replace(_integers(state, ir.Element.INT16, kept), data=None, initial=zeros),
    }
    if bias is not None:
        found[3] = _integers(bias, ir.Element.INT32, float(np.float32(kept * paces)))
    return found


def _scale_for(reach: float, most: int) -> float:
    return float(np.float32(reach / most)) if reach > 0 else 1.0


def _integers(tensor: ir.Tensor, element: ir.Element, scale: float) -> ir.Tensor:
    values = tensor.initial if tensor.data is None else tensor.data
    found = quantized(values, Scale(scale, 0, element))
    return replace(
        tensor, element=element, quantization=ir.Quantization((scale,), (0,)), data=found
    )


def reference(layer: Svdf, node: Node, values: Values) -> np.ndarray:
    data, filter, time, bias, kept = values
    state = kept.reshape(time.shape)
    state[:, :-1] = state[:, 1:].copy()
    if data.dtype == np.float32:
        state[:, -1] = filter.astype(np.float64) @ data[0]
        sums = (state.astype(np.float64) * time).sum(axis=1).reshape(-1, layer.rank).sum(axis=1)
        sums = sums + (0 if bias is None else bias)
        return arithmetic.clamp_float(sums.astype(np.float32), layer.activation)[None]
    moment, weights, past = node.input(0), node.input(1), node.input(4)
    limits = np.iinfo(state.dtype)
    feature = _product(moment, weights) / np.float32(scale_of(past))
    output = _product(past, node.input(2)) / np.float32(scale_of(node.output))
    sums = filter.astype(np.int64) @ (data[0].astype(np.int64) - zero_point_of(moment))
    # TFLM adds the zero point of an int8 state behind the clamp, and wraps.
    last = arithmetic.requantize(sums, float(feature), 0, (limits.min, limits.max), np.int64)
    state[:, -1] = (last + zero_point_of(past)).astype(state.dtype)
    sums = ((state.astype(np.int64) - zero_point_of(past)) * time).sum(axis=1)
    sums = sums.reshape(-1, layer.rank).sum(axis=1) + (0 if bias is None else bias)
    # TFLM leaves the activation out.
    limits = (arithmetic.INT8_MIN, arithmetic.INT8_MAX)
    return arithmetic.requantize(sums, float(output), zero_point_of(node.output), limits)[None]


def _product(first: ir.Tensor, second: ir.Tensor) -> np.float32:
    """Of two scales, in float as TFLM has it."""
    return np.float32(scale_of(first)) * np.float32(scale_of(second))
