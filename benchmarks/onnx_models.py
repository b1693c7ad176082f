"""Forms of a .tflite model for ONNX Runtime, through tf2onnx.

tf2onnx writes QuantizeLinear and DequantizeLinear around each operator, all in int8. ONNX Runtime
has its fastest integer kernels for uint8 activations; and int8 weights with them go through
VPMADDUBSW, whose 16-bit sums may saturate where a processor has no VNNI. Which of the four forms is
the fastest depends on model and processor, so that all are made.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import figures
import numpy as np

OPSET = 18


def convert(model: figures.Model, content: bytes, folder: Path) -> Path:
    """The file that tf2onnx makes of `content`; one that is there already is taken."""
    made = folder / f"{model.name}-{model.sha256[:12]}.onnx"
    if not made.exists():
        folder.mkdir(parents=True, exist_ok=True)
        source = made.with_suffix(".tflite")
        source.write_bytes(content)
        figures.call(sys.executable, "-m", "tf2onnx.convert", "--tflite", str(source),
                     "--output", str(made), "--opset", str(OPSET))  # fmt: skip
    return made


def forms(file: Path) -> Iterator[bytes]:
    """Activations and weights in int8 or uint8."""
    import onnx

    for activations in (False, True):
        for weights in (False, True):
            model = onnx.load(file)
            for given in model.graph.input:
                given.type.tensor_type.shape.dim[0].dim_value = 1  # the batch
            to_uint8(model.graph, activations, weights)
            yield model.SerializeToString()


def to_uint8(graph, activations: bool, weights: bool) -> None:
    """Moves quantized numbers and their zero points by 128, which changes no value."""
    from onnx import TensorProto, numpy_helper

    constants = {constant.name: constant for constant in graph.initializer}
    moved: set[str] = set()

    def move(name: str) -> str:
        if name + "_uint8" not in moved:
            data = numpy_helper.to_array(constants[name]).astype(np.int16) + 128
            graph.initializer.append(
                numpy_helper.from_array(data.astype(np.uint8), name + "_uint8")
            )
            moved.add(name + "_uint8")
        return name + "_uint8"

    for node in graph.node:
        if node.op_type not in ("QuantizeLinear", "DequantizeLinear"):
            continue
        is_constant = node.input[0] in constants
        wanted = weights if is_constant else activations
        if wanted and constants[node.input[2]].data_type == TensorProto.INT8:
            for at in (0, 2) if is_constant else (2,):
                node.input[at] = move(node.input[at])
    for value in (*graph.input, *graph.output, *graph.value_info) if activations else ():
        if value.type.tensor_type.elem_type == TensorProto.INT8:
            value.type.tensor_type.elem_type = TensorProto.UINT8
