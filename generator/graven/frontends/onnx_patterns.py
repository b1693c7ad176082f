"""Several nodes of ONNX that exporters write for what is one operator: GELU by Erf, as PyTorch's
older exporter does below opset 20.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import onnx

ROOT = math.sqrt(2.0)


def read(nodes: Iterable[onnx.NodeProto], known: Mapping[str, Any]) -> Iterator[onnx.NodeProto]:
    """The nodes, a Gelu in place of the last node of each such pattern; what only the pattern read
    is dead."""
    from onnx import helper

    makers: dict[str, onnx.NodeProto] = {}
    for node in nodes:
        source = gelu(node, makers, known)
        if source is not None:
            node = helper.make_node("Gelu", [source], node.output, node.name)
        makers.update(dict.fromkeys(node.output, node))
        yield node


def gelu(
    node: onnx.NodeProto, makers: Mapping[str, onnx.NodeProto], known: Mapping[str, Any]
) -> str | None:
    """x, if the node yields x * (1 + erf(x / sqrt(2))) / 2, in whatever order it is multiplied."""
    factors = list(multiplied(node.output[0], {**makers, node.output[0]: node}))
    halves = [each for each in factors if is_number(each, known, 0.5)]
    rest = [each for each in factors if each not in halves]
    if node.op_type not in ("Mul", "Div") or len(halves) != 1 or len(rest) != 2:
        return None
    for source, gate in (rest, rest[::-1]):
        if erf_of(gate, makers, known) == source:
            return source
    return None


def multiplied(name: str, makers: Mapping[str, onnx.NodeProto], deep: int = 3) -> Iterator[str]:
    maker = makers.get(name)
    if deep and maker is not None and maker.op_type == "Mul":
        for each in maker.input:
            yield from multiplied(each, makers, deep - 1)
    else:
        yield name


def erf_of(name: str, makers: Mapping[str, onnx.NodeProto], known: Mapping[str, Any]) -> str | None:
    """x, if the value is 1 + erf(x / sqrt(2))."""
    added = makers.get(name)
    if added is None or added.op_type != "Add":
        return None
    inner = [each for each in added.input if not is_number(each, known, 1.0)]
    erf = makers.get(inner[0]) if len(inner) == 1 else None
    scaled = makers.get(erf.input[0]) if erf is not None and erf.op_type == "Erf" else None
    if scaled is None:
        return None
    if scaled.op_type == "Div" and is_number(scaled.input[1], known, ROOT):
        return scaled.input[0]
    if scaled.op_type == "Mul":
        left = [each for each in scaled.input if not is_number(each, known, 1 / ROOT)]
        return left[0] if len(left) == 1 else None
    return None


def is_number(name: str, known: Mapping[str, Any], number: float) -> bool:
    value = known.get(name)
    if not isinstance(value, np.ndarray) or value.size != 1:
        return False
    return math.isclose(float(value.reshape(-1)[0]), number, rel_tol=1e-3)
