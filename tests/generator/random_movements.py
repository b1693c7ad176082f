"""Random operators that only move elements, for random_models."""

from __future__ import annotations

import math

import numpy as np
from graven import ir
from graven.layers.batch_to_space_nd import BatchToSpaceND
from graven.layers.broadcast_to import BroadcastTo
from graven.layers.depth_to_space import DepthToSpace
from graven.layers.gather import Gather
from graven.layers.gather_nd import GatherND
from graven.layers.mirror_pad import MirrorPad
from graven.layers.pack import Pack
from graven.layers.pad import Pad
from graven.layers.reverse_v2 import ReverseV2
from graven.layers.slice import Slice
from graven.layers.space_to_batch_nd import SpaceToBatchND
from graven.layers.space_to_depth import SpaceToDepth
from graven.layers.split_v import SplitV
from graven.layers.strided_slice import StridedSlice
from graven.layers.tile import Tile
from graven.layers.transpose import Transpose
from graven.layers.unpack import Unpack

MOST = 600  # elements of a result


def constant(b, values) -> int:
    data = np.array(values, dtype=np.int32)
    return b.tensor(data.shape, ir.Element.INT32, None, data)


def of_any_rank(b, data: int, most: int = 5, least: int = 1) -> int:
    """An input of another shape in place of the only one there is."""
    rank = int(b.rng.integers(least, most + 1))
    shape = tuple(b.extent(5) for _ in range(rank))
    found = b.tensors[data]
    b.tensors[data] = ir.Tensor(data, found.name, shape, found.element, found.quantization, None)
    return data


def add_many(b, name: str, layer: ir.Layer, inputs, outputs) -> list[int]:
    b.operators.append(ir.Operator(len(b.operators), name, layer, tuple(inputs), tuple(outputs)))
    return [int(index) for index in b.rng.permutation(outputs)]


def slice(b, data: int) -> int:
    shape = b.shape(of_any_rank(b, data))
    begin = tuple(int(b.rng.integers(0, extent)) for extent in shape)
    size = tuple(b.extent(extent - first) for first, extent in zip(begin, shape, strict=True))
    stored = [
        -1 if first + count == extent and b.chance(0.5) else count
        for first, count, extent in zip(begin, size, shape, strict=True)
    ]
    inputs = [data, constant(b, begin), constant(b, stored)]
    return b.add("SLICE", Slice(begin, size), inputs, b.like(data, size))


def strided_slice(b, data: int) -> int:
    shape = b.shape(of_any_rank(b, data, 4))
    rank = len(shape)
    begins, ends, steps = [], [], []
    for extent in shape:
        step = b.pick(1, 1, 2, 3, -1, -2)
        first, last = sorted(int(b.rng.integers(0, extent)) for _ in range(2))
        begin, end = (first, last + 1) if step > 0 else (last, first - 1)
        if end < 0:
            end -= extent  # -1 would be the last
        begins.append(begin - extent if b.chance(0.3) else begin)
        ends.append(end if step < 0 else end + 5 if b.chance(0.1) else end)
        steps.append(step)
    masks = [int(sum(b.chance(0.3) << axis for axis in range(rank))) for _ in range(3)]
    layer = StridedSlice(masks[0], masks[1], 0, 0, masks[2] if b.chance(0.5) else 0)
    for axis in range(rank):
        if layer.shrink_axis_mask >> axis & 1:
            steps[axis] = 1
    inputs = [data, *(constant(b, numbers) for numbers in (begins, ends, steps))]
    node_shape = sliced_shape(shape, layer, begins, ends, steps)
    if not node_shape or 0 in node_shape:
        return slice(b, data)
    return b.add("STRIDED_SLICE", layer, inputs, b.like(data, node_shape))


def sliced_shape(shape, layer, begins, ends, steps) -> tuple[int, ...]:
    found = []
    for axis, extent in enumerate(shape):
        if layer.shrink_axis_mask >> axis & 1:
            continue
        begin = None if layer.begin_mask >> axis & 1 else begins[axis]
        end = None if layer.end_mask >> axis & 1 else ends[axis]
        found.append(len(range(extent)[begin : end : steps[axis]]))
    return tuple(found)


def split_v(b, data: int) -> list[int]:
    shape = b.shape(of_any_rank(b, data))
    axis = int(b.rng.integers(len(shape)))
    sizes, left = [], shape[axis]
    while left:
        sizes.append(b.extent(left))
        left -= sizes[-1]
    stored = list(sizes)
    if b.chance(0.3):
        stored[int(b.rng.integers(len(sizes)))] = -1
    parts = [b.like(data, (*shape[:axis], size, *shape[axis + 1 :])) for size in sizes]
    place = axis - len(shape) if b.chance(0.3) else axis
    inputs = [data, constant(b, stored), constant(b, [place])]
    return add_many(b, "SPLIT_V", SplitV(axis, tuple(sizes)), inputs, parts)


def unpack(b, data: int) -> list[int]:
    shape = b.shape(of_any_rank(b, data, least=2))
    axis = int(b.rng.integers(len(shape)))
    rest = (*shape[:axis], *shape[axis + 1 :])
    parts = [b.like(data, rest) for _ in range(shape[axis])]
    return add_many(b, "UNPACK", Unpack(axis, shape[axis]), [data], parts)


def pack(b, data: int) -> int:
    shape = b.shape(of_any_rank(b, data, 4))
    axis, count = int(b.rng.integers(len(shape) + 1)), b.extent(4)
    parts = [data]
    for _ in range(count - 1):
        parts.append(b.like(data, shape))
        b.inputs.append(parts[-1])
    output = b.like(data, (*shape[:axis], count, *shape[axis:]))
    return b.add("PACK", Pack(axis, count), parts, output)


def pad(b, data: int) -> int:
    shape = b.shape(of_any_rank(b, data, 4))
    border = tuple((int(b.rng.integers(0, 3)), int(b.rng.integers(0, 3))) for _ in shape)
    if b.chance(0.5):  # one axis alone
        axis = int(b.rng.integers(len(shape)))
        border = tuple(pair if place == axis else (0, 0) for place, pair in enumerate(border))
    output = b.like(data, tuple(n + sum(pair) for n, pair in zip(shape, border, strict=True)))
    inputs = [data, constant(b, border)]
    if b.chance(0.4):
        element = b.element(data)
        value = np.array([b.pick(-3, 7, 100)], dtype=element.dtype)
        inputs.append(b.tensor((1,), element, b.tensors[data].quantization, value))
    return b.add("PADV2" if len(inputs) == 3 else "PAD", Pad(border), inputs, output)


def mirror_pad(b, data: int) -> int:
    shape = b.shape(of_any_rank(b, data, 4))
    mode = b.pick("REFLECT", "SYMMETRIC")
    most = 1 if mode == "SYMMETRIC" else 0
    border = tuple(tuple(int(b.rng.integers(0, min(n + most, 4))) for _ in range(2)) for n in shape)
    output = b.like(data, tuple(n + sum(pair) for n, pair in zip(shape, border, strict=True)))
    return b.add("MIRROR_PAD", MirrorPad(border, mode), [data, constant(b, border)], output)


def tile(b, data: int) -> int:
    shape = b.shape(of_any_rank(b, data))
    times = tuple(b.pick(1, 1, 2, 3) for _ in shape)
    output = b.like(data, tuple(map(int.__mul__, shape, times)))
    return b.add("TILE", Tile(times), [data, constant(b, times)], output)


def broadcast_to(b, data: int) -> int:
    shape = b.shape(of_any_rank(b, data, 4))
    shape = tuple(b.pick(1, extent) for extent in shape)
    found = b.tensors[data]
    b.tensors[data] = ir.Tensor(data, found.name, shape, found.element, found.quantization, None)
    larger = tuple(b.extent(4) if extent == 1 else extent for extent in shape)
    larger = tuple(b.extent(3) for _ in range(int(b.rng.integers(0, 5 - len(shape))))) + larger
    inputs = [data, constant(b, larger)]
    return b.add("BROADCAST_TO", BroadcastTo(larger), inputs, b.like(data, larger))


def reverse_v2(b, data: int) -> int:
    shape = b.shape(of_any_rank(b, data))
    rank = len(shape)
    axes = tuple(int(axis) for axis in b.rng.permutation(rank)[: b.extent(rank)])
    stored = [axis - rank if b.chance(0.3) else axis for axis in axes]
    return b.add("REVERSE_V2", ReverseV2(axes), [data, constant(b, stored)], b.like(data, shape))


def space_to_depth(b, data: int) -> int:
    block = b.pick(1, 2, 2, 3)
    height, width, channels = b.extent(4), b.extent(4), b.extent(5)
    reshape_input(b, data, (b.pick(1, 2), height * block, width * block, channels))
    output = (b.shape(data)[0], height, width, channels * block * block)
    return b.add("SPACE_TO_DEPTH", SpaceToDepth(block), [data], b.like(data, output))


def depth_to_space(b, data: int) -> int:
    block = b.pick(1, 2, 2, 3)
    height, width, channels = b.extent(4), b.extent(4), b.extent(4)
    reshape_input(b, data, (b.pick(1, 2), height, width, channels * block * block))
    output = (b.shape(data)[0], height * block, width * block, channels)
    return b.add("DEPTH_TO_SPACE", DepthToSpace(block), [data], b.like(data, output))


def reshape_input(b, data: int, shape: tuple[int, ...]) -> None:
    found = b.tensors[data]
    b.tensors[data] = ir.Tensor(data, found.name, shape, found.element, found.quantization, None)


def space_to_batch_nd(b, data: int) -> int:
    block = (b.extent(3), b.extent(2))
    small, channels = (b.extent(3), b.extent(3)), b.extent(4)
    border, image = [], []
    for size, count in zip(block, small, strict=True):
        before = int(b.rng.integers(0, size)) if b.chance(0.6) else 0
        after = int(b.rng.integers(0, max(size - before, 1))) if b.chance(0.6) else 0
        border.append((before, after))
        image.append(max(size * count - before - after, 1))
    border = [
        (before, size * count - extent - before)
        for (before, _), size, count, extent in zip(border, block, small, image, strict=True)
    ]
    reshape_input(b, data, (1, *image, channels))
    output = b.like(data, (math.prod(block), *small, channels))
    inputs = [data, constant(b, block), constant(b, border)]
    layer = SpaceToBatchND(block, tuple(border))
    return b.add("SPACE_TO_BATCH_ND", layer, inputs, output)


def batch_to_space_nd(b, data: int) -> int:
    block = (b.extent(3), b.extent(2))
    small, channels = (b.extent(3), b.extent(3)), b.extent(4)
    images = b.pick(1, 2)
    border = []
    for size, count in zip(block, small, strict=True):
        before = int(b.rng.integers(0, size * count)) if b.chance(0.3) else 0
        after = int(b.rng.integers(0, size * count - before)) if b.chance(0.3) else 0
        border.append((before, after))
    reshape_input(b, data, (images * math.prod(block), *small, channels))
    large = tuple(
        size * count - sum(pair) for size, count, pair in zip(block, small, border, strict=True)
    )
    output = b.like(data, (images, *large, channels))
    inputs = [data, constant(b, block), constant(b, border)]
    layer = BatchToSpaceND(block, tuple(border))
    return b.add("BATCH_TO_SPACE_ND", layer, inputs, output)


def gather(b, data: int) -> int:
    shape = b.shape(of_any_rank(b, data, 4))
    axis = int(b.rng.integers(len(shape)))
    batches = int(b.rng.integers(0, axis + 1)) if b.chance(0.3) else 0
    more = tuple(b.extent(4) for _ in range(b.pick(1, 1, 1, 2)))
    indices = b.rng.integers(0, shape[axis], (*shape[:batches], *more))
    output = (*shape[:axis], *more, *shape[axis + 1 :])
    inputs = [data, constant(b, indices)]
    stored = axis - len(shape) if b.chance(0.2) else axis
    assert stored % len(shape) == axis
    return b.add("GATHER", Gather(axis, batches), inputs, b.like(data, output))


def gather_nd(b, data: int) -> int:
    shape = b.shape(of_any_rank(b, data, 4))
    depth = b.extent(len(shape))
    places = tuple(b.extent(4) for _ in range(b.pick(1, 1, 2)))
    indices = np.stack([b.rng.integers(0, extent, places) for extent in shape[:depth]], axis=-1)
    output = b.like(data, (*places, *shape[depth:]))
    return b.add("GATHER_ND", GatherND(), [data, constant(b, indices)], output)


def transpose_any(b, data: int) -> int:
    shape = b.shape(of_any_rank(b, data))
    axes = tuple(int(axis) for axis in b.rng.permutation(len(shape)))
    output = b.like(data, tuple(shape[axis] for axis in axes))
    return b.add("TRANSPOSE", Transpose(axes), [data, constant(b, axes)], output)


MOVEMENTS = (
    slice, strided_slice, split_v, unpack, pack, pad, mirror_pad, tile, broadcast_to, reverse_v2,
    space_to_depth, depth_to_space, space_to_batch_nd, batch_to_space_nd, gather, gather_nd,
    transpose_any,
)  # fmt: skip
