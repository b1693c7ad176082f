"""Reads by the converter of an installed TensorFlow what keras.py does not read by layer: a layer
or an option of one that only Keras's own code knows.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from graven import ir
from graven.errors import GravenError, first_line
from graven.frontends import tflite


class Unread(GravenError):
    """A layer that is not read; without TensorFlow this is the sentence that the user sees."""

    def __init__(self, message: str) -> None:
        super().__init__(
            f"{message.rstrip('.')}, or pip install tensorflow, whose converter then reads it."
        )
        self.reason = message.rstrip(".").partition(";")[0]


def network(path: Path, unread: Unread) -> ir.Network:
    """In float32, for one sample; what stays open is why TensorFlow was asked."""
    try:
        import tensorflow
    except ImportError:
        raise unread from None
    name = tflite.identifier(path.stem)
    print(f"graven: {unread.reason}: converted by TensorFlow {tensorflow.__version__}",
          file=sys.stderr)  # fmt: skip
    try:
        data = converted(tensorflow, path)
    except Exception as error:  # whatever TensorFlow and Keras raise
        reason = first_line(error).rstrip(".")
        raise GravenError(
            f"{unread.reason}; TensorFlow does not convert it either ({type(error).__name__}: "
            f"{reason}); use layers that TensorFlow Lite has."
        ) from None
    return tflite.parse(data, tflite.printable(path.name), name)


def converted(tensorflow: Any, path: Path) -> bytes:
    """Inputs in the order of the model's, with the open batch as one sample. Code that a file
    brings (Lambda) is not run."""
    keras = tensorflow.keras
    if getattr(keras, "backend", None) and keras.backend.backend() != "tensorflow":
        raise ValueError(f"Keras works on {keras.backend.backend()}; set KERAS_BACKEND=tensorflow")
    model = keras.models.load_model(str(path), compile=False)
    inputs = [tensorflow.TensorSpec([1, *each.shape[1:]], each.dtype, each.name)
              for each in model.inputs]  # fmt: skip

    def forward(*values: Any) -> Any:
        return model(values[0] if len(values) == 1 else list(values), training=False)

    function = tensorflow.function(forward).get_concrete_function(*inputs)
    converter = tensorflow.lite.TFLiteConverter.from_concrete_functions([function])
    return converter.convert()
