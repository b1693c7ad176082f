"""What a Draft can do without: factors and offsets that go into the weights before them, such as
batch normalization, activations that an operator brings along, and operators of which nothing is
read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from graven.frontends.nchw import Draft, Op

ACTIVATIONS = ("RELU", "RELU6", "RELU_N1_TO_1")
WEIGHTED = {  # the weights' axis of outputs, the positions of weights and bias
    "CONV_2D": (0, 1, 2),
    "DEPTHWISE_CONV_2D": (3, 1, 2),
    "FULLY_CONNECTED": (0, 1, 2),
    "TRANSPOSE_CONV": (0, 1, 3),
}


def folded(draft: Draft, outputs: set[int]) -> list[Op]:
    """The operators that are left; `outputs` are the tensors that the model gives away."""
    operators = without_dead(draft.operators, outputs)
    for step in (_scale, _normalize, _activate):
        operators = _joined(draft, operators, outputs, step)
    return operators


def without_dead(operators: Iterable[Op], outputs: Iterable[int]) -> list[Op]:
    needed, live = set(outputs), []
    for each in reversed(list(operators)):
        if needed.intersection(each.outputs):
            live.append(each)
            needed.update(each.inputs)
    return live[::-1]


def _joined(draft: Draft, operators: list[Op], outputs: set[int], step) -> list[Op]:
    """Each operator that `step` can put into the one before it, of which nothing else is read."""
    users: dict[int, int] = dict.fromkeys(outputs, 2)
    for each in operators:
        for index in each.inputs:
            users[index] = users.get(index, 0) + 1
    left: list[Op] = []
    makers: dict[int, int] = {}  # places in `left`
    for each in operators:
        for data in each.inputs:
            place = makers.get(data)
            alone = place is not None and users[data] == 1 and len(left[place].outputs) == 1
            joined = step(draft, left[place], each, data) if alone else None
            if joined is not None:
                left[place] = replace(joined, outputs=each.outputs)
                makers[each.outputs[0]] = place
                break
        else:
            makers.update(dict.fromkeys(each.outputs, len(left)))
            left.append(each)
    return left


def _operand(draft: Draft, each: Op, data: int, channels: int) -> np.ndarray | None:
    """The constant of MUL or ADD if it has one number per channel, or one for all."""
    (other,) = [index for index in each.inputs if index != data] or [data]
    value = draft.tensors[other].data
    if (
        value is None
        or draft.tensors[other].quantization is not None
        or value.size not in (1, channels)
        or value.size != max(value.shape, default=1)
    ):
        return None
    if value.size > 1 and value.shape[-1] != channels:
        return None
    return np.broadcast_to(value.reshape(-1), (channels,)).astype(np.float64)


def _scale(draft: Draft, before: Op, each: Op, data: int) -> Op | None:
    """MUL and ADD behind weights."""
    weighted = before.name in WEIGHTED and before.options["FusedActivationFunction"] == "NONE"
    if not weighted or each.name not in ("MUL", "ADD"):
        return None
    axis, *places = WEIGHTED[before.name]
    tensors = [draft.tensors[before.inputs[place]] for place in places]
    fixed = tensors[0].quantization is not None and each.name == "MUL"
    if fixed or tensors[1].quantization is not None:  # stored weights stay as they are
        return None
    weights, bias = (tensor.data for tensor in tensors)
    value = _operand(draft, each, data, weights.shape[axis])
    larger = draft.tensors[each.outputs[0]].shape != draft.tensors[before.outputs[0]].shape
    if value is None or larger:
        return None
    inputs = list(before.inputs)
    if each.name == "MUL":
        extents = [1] * weights.ndim
        extents[axis] = -1
        inputs[places[0]] = draft.constant((weights * value.reshape(extents)).astype(np.float32))
        bias = bias * value
    else:
        bias = bias + value
    inputs[places[1]] = draft.constant(bias.astype(np.float32))
    return replace(before, inputs=inputs)


def _normalize(draft: Draft, before: Op, each: Op, data: int) -> Op | None:
    """MUL then ADD with a number per channel, as batch normalization without weights before it is:
    one filter of a single pixel for each channel."""
    shape = draft.tensors[data].shape
    if (before.name, each.name) != ("MUL", "ADD") or len(shape) != 4:
        return None
    fused = (op.options["FusedActivationFunction"] for op in (before, each))
    computed = [index for index in before.inputs if draft.tensors[index].data is None]
    if set(fused) != {"NONE"} or len(computed) != 1 or draft.tensors[computed[0]].shape != shape:
        return None
    found = [
        _operand(draft, before, computed[0], shape[-1]),
        _operand(draft, each, data, shape[-1]),
    ]
    if any(value is None for value in found):
        return None
    factor, offset = (draft.constant(value.astype(np.float32)) for value in found)
    weights = draft.constant(draft.tensors[factor].data.reshape(1, 1, 1, -1))
    names = ("StrideH", "StrideW", "DilationHFactor", "DilationWFactor", "DepthMultiplier")
    options = dict.fromkeys(names, 1) | {"Padding": "VALID", "FusedActivationFunction": "NONE"}
    return replace(
        before, name="DEPTHWISE_CONV_2D", inputs=[computed[0], weights, offset], options=options
    )


def _activate(draft: Draft, before: Op, each: Op, data: int) -> Op | None:
    """ReLUs behind what clamps by itself."""
    if each.name not in ACTIVATIONS or before.options.get("FusedActivationFunction") != "NONE":
        return None
    return replace(before, options={**before.options, "FusedActivationFunction": each.name})
