"""TFLite_Detection_PostProcess: the boxes of a detector that are left by non-maximum suppression.

The engine makes one table of them (DETECTIONS: box, class and score of each; in its last row, how
many), of which the operator's four outputs are columns. As TensorFlow Lite Micro, where that does
not end the run because a box is empty: such a box overlaps none.
"""

from __future__ import annotations

import typing
from dataclasses import dataclass

import numpy as np

from graven import ir
from graven.cpp import Cpp, boolean, computed, real, template
from graven.errors import GravenError
from graven.layers.slice import Slice
from graven.node import Node, Option, Values, shape_text

if typing.TYPE_CHECKING:
    from graven.passes.grown import Grown

OPERATORS = ("TFLite_Detection_PostProcess", "DETECTIONS")
OPTIONS = {"TFLite_Detection_PostProcess": "FlexBuffer"}  # layers.FLEX_BUFFER
DATA = (0, 1, 2)
FACTORS = ["y_scale", "x_scale", "h_scale", "w_scale"]
PER_CLASS = 100  # where a file does not say


@dataclass(frozen=True)
class Detections(ir.Layer):
    most: int
    per_class: int  # 0: every box has one class alone, its best
    classes: int  # without the background
    score: float
    overlap: float
    scales: tuple[float, ...]  # of y, x, height, width


def options(layer: Detections) -> dict[str, Option]:
    return {
        "max_detections": layer.most,
        "max_classes_per_detection": 1,
        "detections_per_class": layer.per_class or PER_CLASS,
        "use_regular_nms": layer.per_class > 0,
        "nms_score_threshold": layer.score,
        "nms_iou_threshold": layer.overlap,
        "num_classes": layer.classes,
        **dict(zip(FACTORS, layer.scales, strict=True)),
    }


def read(node: Node) -> Detections:
    if node.name == "DETECTIONS":
        raise node.error("is graven's own and cannot stand in a file.")
    node.expect_inputs(3, 3, outputs=4)
    boxes, scores, anchors = (node.input(place) for place in range(3))
    for tensor, rank in ((boxes, 3), (scores, 3), (anchors, 2)):
        node.expect_element(tensor, ir.Element.FLOAT32)
        node.expect_rank(tensor, rank)
    layer = read_options(node)
    count = boxes.shape[1]
    node.expect_shape(boxes, (1, count, max(boxes.shape[2], 4)))
    node.expect_shape(anchors, (count, 4))
    node.expect_shape(scores, (1, count, scores.shape[2]))
    if scores.shape[2] not in (layer.classes, layer.classes + 1):
        raise node.error(
            f"has shape {shape_text(scores.shape)}, expected {layer.classes} classes or one more.",
            scores,
        )
    most = layer.most
    for output, shape in zip(node.outputs, ((1, most, 4), (1, most), (1, most), (1,)), strict=True):
        node.expect_element(output, ir.Element.FLOAT32)
        node.expect_shape(output, shape)
    return layer


def read_options(node: Node) -> Detections:
    regular = bool(_optional(node, "use_regular_nms", False))
    per_class = int(_optional(node, "detections_per_class", PER_CLASS)) if regular else 0
    most, classes = (node.whole(name) for name in ("max_detections", "num_classes"))
    several = node.whole("max_classes_per_detection")
    score, overlap, *scales = (
        float(np.float32(node.option(name)))
        for name in ("nms_score_threshold", "nms_iou_threshold", *FACTORS)
    )
    if min(most, classes) < 1 or (regular and per_class < 1) or not 0 < overlap <= 1:
        raise node.error(
            f"finds {most} boxes of {classes} classes, {per_class} each, that overlap by {overlap}."
        )
    if not all(scales):
        raise node.error("has a scale of 0; export the model again.")
    if several != 1 and not regular:
        raise node.error(
            f"has max_classes_per_detection {several}, expected 1: TensorFlow Lite Micro writes "
            "others behind its outputs; export it with use_regular_nms."
        )
    return Detections(most, per_class, classes, score, overlap, tuple(scales))


def _optional(node: Node, name: str, default: Option) -> Option:
    try:
        return node.option(name)
    except GravenError:
        return default


def cpp(layer: Detections, node: Node) -> Cpp:
    background = node.input(1).shape[2] > layer.classes
    numbers = (str(layer.most), str(layer.per_class), boolean(background))
    reals = map(real, (layer.score, layer.overlap, *layer.scales))
    return Cpp(template("Detections", *numbers, *reals), computed(node, 0, 1, 2))


# -- by numpy -------------------------------------------------------------------------------------


def reference(layer: Detections, node: Node, values: Values) -> np.ndarray | tuple[np.ndarray, ...]:
    encoded, scores, anchors = values
    boxes = decoded(layer, encoded[0, :, :4], anchors)
    scores = scores[0, :, scores.shape[2] - layer.classes :]
    table = np.zeros((layer.most + 1, 6), np.float32)
    found = regular(layer, boxes, scores) if layer.per_class else fast(layer, boxes, scores)
    for row, (box, kind) in zip(table, found, strict=False):
        row[:] = (*boxes[box], kind, scores[box, kind])
    table[-1, 0] = len(found)
    if node.name == "DETECTIONS":
        return table[None]
    kept = table[None, :-1]
    return kept[..., :4], kept[..., 4], kept[..., 5], table[-1, :1]


def decoded(layer: Detections, encoded: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """From centre and size to two corners: y, x, y, x."""
    scaled = encoded.astype(np.float64) / np.array(layer.scales)
    anchors = anchors.astype(np.float64)
    centre = (scaled[:, :2] * anchors[:, 2:] + anchors[:, :2]).astype(np.float32)
    half = (0.5 * np.exp(scaled[:, 2:]) * anchors[:, 2:]).astype(np.float32)
    return np.concatenate([centre - half, centre + half], axis=1)


def suppressed(layer: Detections, boxes: np.ndarray, scores: np.ndarray, most: int) -> list[int]:
    """Boxes by falling score, without those that one before overlaps too much."""
    active, found = scores >= np.float32(layer.score), []
    while active.any() and len(found) < most:
        best = int(np.argmax(np.where(active, scores, -np.inf)))
        found.append(best)
        active[best] = False
        active &= overlaps(boxes[best], boxes) <= np.float32(layer.overlap)
    return found


def overlaps(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The intersection's part of the union."""
    areas = (others[:, 2] - others[:, 0]) * (others[:, 3] - others[:, 1])
    area = (box[2] - box[0]) * (box[3] - box[1])
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    common = np.prod(np.maximum(sides, np.float32(0)), axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((area > 0) & (areas > 0), common / (area + areas - common), 0)


def fast(layer: Detections, boxes: np.ndarray, scores: np.ndarray) -> list[tuple[int, int]]:
    best = scores.max(axis=1)
    return [(box, int(scores[box].argmax())) for box in suppressed(layer, boxes, best, layer.most)]


def regular(layer: Detections, boxes: np.ndarray, scores: np.ndarray) -> list[tuple[int, int]]:
    found = [
        (box, kind)
        for kind in range(scores.shape[1])
        for box in suppressed(layer, boxes, scores[:, kind], layer.per_class)
    ]
    return sorted(found, key=lambda each: -scores[each])[: layer.most]


# -- by what there is -----------------------------------------------------------------------------


def expand(layer: Detections, node: Node, grown: Grown) -> bool:
    if node.name == "DETECTIONS":
        return False
    table = grown.tensor(node.outputs[0], (1, layer.most + 1, 6))
    inputs = tuple(tensor.index for tensor in node.inputs if tensor)
    grown.add("DETECTIONS", layer, inputs, table)
    last = layer.most
    parts = ((0, 0, last, 4), (0, 4, last, 1), (0, 5, last, 1), (last, 0, 1, 1))
    for output, (row, column, rows, columns) in zip(node.outputs, parts, strict=True):
        size = (1, rows, columns)
        made = grown.tensor(output, size)
        grown.add("SLICE", Slice((0, row, column), size), (table,), made)
        grown.reshape(made, output.index)
    return True
