"""Reads a SavedModel, a folder, by the converter of an installed TensorFlow: its operators are
TensorFlow's, of which only that converter knows all.
"""

from __future__ import annotations

import sys
from pathlib import Path

from graven.errors import GravenError


def is_saved_model(path: Path) -> bool:
    return (path / "saved_model.pb").is_file()


def converted(path: Path) -> bytes:
    """The .tflite file of float32 for one sample; int8 makes the generator of it, by samples."""
    try:
        import tensorflow
    except ImportError:
        raise GravenError(
            f"{path}: is a SavedModel, which needs the converter of TensorFlow: pip install "
            "tensorflow; or save the model with model.save('model.keras'), which needs none."
        ) from None
    print(f"graven: {path}: converted by TensorFlow {tensorflow.__version__}", file=sys.stderr)
    try:
        loaded = tensorflow.saved_model.load(str(path))
        function = loaded.signatures["serving_default"]
        for tensor in function.inputs:
            if tensor.dtype != tensorflow.resource:  # the open batch is one sample
                tensor.set_shape([1, *tensor.shape[1:]])
        converter = tensorflow.lite.TFLiteConverter.from_concrete_functions([function], loaded)
        return converter.convert()
    except Exception as error:  # whatever TensorFlow raises
        reason = str(error).strip().split("\n")[0]
        raise GravenError(
            f"{path}: TensorFlow does not convert it ({type(error).__name__}: {reason}); save the "
            "model again, with a fixed input shape."
        ) from None
