"""SPACE_TO_BATCH_ND, a convolution, BATCH_TO_SPACE_ND: as TensorFlow writes dilation. One again.

Exact: of the pixels of one phase, a convolution's taps are neighbours; in the image they are a
block apart. The border of the blocks, less what is cut off behind, becomes its padding: both are
real zeros. RESHAPEs between them, of a Conv1D, go along. What is left with several images is cut
into them (batches.py).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from graven import ir
from graven.layers.batch_to_space_nd import BatchToSpaceND
from graven.layers.reshape import Reshape
from graven.layers.space_to_batch_nd import SpaceToBatchND
from graven.node import node_of
from graven.passes.grown import Grown
from graven.window import Convolution, convolution_spans

Sides = tuple[tuple[int, tuple[int, int]], ...]
"""Block, and border before and after, of height and width."""


@dataclass(frozen=True)
class Dilated:
    """What stands for several operators."""

    layer: Convolution
    data: int
    output: int
    axis: int  # of one element, that the line of a Conv1D has as an image
    gone: frozenset[int]  # operators


def dilations(network: ir.Network) -> ir.Network:
    several = [each for each in network.operators if _images(network, each) > 1]
    if not several:
        return network
    found = {}
    for convolution in several:
        dilated = _dilated(network, convolution)
        if dilated is not None:
            found[convolution.index] = dilated
    gone = _unread(network, found)
    grown = Grown(network)
    for operator in network.operators:
        if operator.index in found:
            _add(grown, operator, found[operator.index])
        elif operator.index not in gone:
            grown.keep(operator)
    return grown.network()


def _unread(network: ir.Network, found: dict[int, Dilated]) -> set[int]:
    """Of what convolutions of images stand for, all that nobody else reads: several convolutions
    may share their blocks, as gates do."""
    gone = {index for dilated in found.values() for index in dilated.gone}
    made = {each.output for each in found.values()}
    for operator in reversed(network.operators):
        if operator.index not in gone or operator.output in made:
            continue
        readers = {each.index for each in network.operators if operator.output in each.inputs}
        if not readers <= {*found, *gone}:
            gone.discard(operator.index)
    return gone


def _images(network: ir.Network, operator: ir.Operator) -> int:
    if not isinstance(operator.layer, Convolution):
        return 0
    return network.tensors[operator.inputs[0]].shape[0]


def _add(grown: Grown, operator: ir.Operator, dilated: Dilated) -> None:
    data, output = dilated.data, dilated.output
    tensors = grown.tensors
    if len(tensors[data].shape) == 3:
        data = grown.reshape(data, grown.tensor(tensors[data], _image(tensors[data], dilated.axis)))
        made = grown.tensor(tensors[output], _image(tensors[output], dilated.axis))
    else:
        made = output
    inputs = (data, *operator.inputs[1:])
    grown.add(operator.name, dilated.layer, inputs, made, operator.index)
    if made != output:
        grown.reshape(made, output)


def _image(line: ir.Tensor, axis: int) -> tuple[int, ...]:
    return (*line.shape[:axis], 1, *line.shape[axis:])


def _dilated(network: ir.Network, convolution: ir.Operator) -> Dilated | None:
    before = _chain(network, convolution, backwards=True)
    behind = _chain(network, convolution, backwards=False)
    if not before or not behind:
        return None
    blocks, pixels = before[-1], behind[-1]
    if not (isinstance(blocks.layer, SpaceToBatchND) and isinstance(pixels.layer, BatchToSpaceND)):
        return None
    data = network.tensors[blocks.inputs[0]]
    read = network.tensors[convolution.inputs[0]].shape
    axis = _added_axis(network.tensors[blocks.output].shape, read)
    along = [_along(each.layer, axis) for each in (blocks, pixels)]
    if axis < 0 or None in along or blocks.layer.block != pixels.layer.block:
        return None
    layer = _with_padding(network, convolution, *along)
    gone = frozenset(each.index for each in (*before, *behind))
    return layer and Dilated(layer, data.index, pixels.output, axis, gone)


def _chain(network: ir.Network, operator: ir.Operator, backwards: bool) -> list[ir.Operator]:
    """From the operator to the next one that is no RESHAPE, if nobody else reads behind it."""
    found: list[ir.Operator] = []
    while not found or isinstance(found[-1].layer, Reshape):
        place = found[-1] if found else operator
        index = place.inputs[0] if backwards else place.output
        readers = [each for each in network.operators if index in each.inputs]
        makers = [each for each in network.operators if index in each.outputs]
        shared = len(readers) != 1 and not backwards
        if index in network.outputs or shared or len(makers) != 1:
            return []
        found.append((makers if backwards else readers)[0])
    return found


def _added_axis(blocks: tuple[int, ...], image: tuple[int, ...]) -> int:
    """Which axis of one element a line has as an image, 0: none, it is one already; -1: another."""
    if blocks == image:
        return 0
    places = (axis for axis in (1, 2) if len(blocks) == 3)
    return next((axis for axis in places if image == (*blocks[:axis], 1, *blocks[axis:])), -1)


def _along(layer: SpaceToBatchND | BatchToSpaceND, axis: int) -> Sides | None:
    """Block and border of height and width."""
    sides = list(zip(layer.block, layer.border, strict=True))
    if axis in (1, 2) and len(sides) == 1:
        sides.insert(axis - 1, (1, (0, 0)))
    if axis == 0 and len(sides) == 1:
        sides.append((1, (0, 0)))
    return tuple(sides) if len(sides) == 2 else None


def _with_padding(
    network: ir.Network, convolution: ir.Operator, blocks: Sides, pixels: Sides
) -> Convolution | None:
    """The convolution over the whole image."""
    layer, node = convolution.layer, node_of(network, convolution)
    filter = node.input(1).shape[1:3]
    spans = convolution_spans(layer, node, node.input(0).shape, filter)
    padding: list[int] = []
    dilation: list[int] = []
    for span, (block, border), (_, cut) in zip(spans, blocks, pixels, strict=True):
        sides = [
            side + block * own - less
            for side, own, less in zip(border, (span.before, span.after), cut, strict=True)
        ]
        reach = (span.filter - 1) * span.dilation * block + 1
        if span.stride != 1 or min(sides) < 0 or max(sides) >= reach:
            return None
        padding += sides
        dilation.append(span.dilation * block)
    height, width = dilation
    return dataclasses.replace(layer, dilation=(height, width), padding=tuple(padding))
