"""Reads a SavedModel, a folder, by the converter of an installed TensorFlow: its operators are
TensorFlow's, of which only that converter knows all.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import tflite

from graven.errors import GravenError, first_line

SERVING = "serving_default"


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
        function = of_one_sample(tensorflow, signature(path, loaded.signatures))
        converter = tensorflow.lite.TFLiteConverter.from_concrete_functions([function], loaded)
        return in_order(converter.convert())
    except GravenError:
        raise
    except Exception as error:  # whatever TensorFlow raises
        reason = first_line(error)
        raise GravenError(
            f"{path}: TensorFlow does not convert it ({type(error).__name__}: {reason}); save the "
            "model again, with a fixed input shape."
        ) from None


def signature(path: Path, signatures: Any) -> Any:
    """What the folder offers to be called: the customary name, or the only one."""
    names = sorted(signatures)
    if SERVING in names:
        return signatures[SERVING]
    if len(names) == 1:
        return signatures[names[0]]
    found = f"several signatures ({', '.join(names)})" if names else "no signature"
    raise GravenError(
        f"{path}: has {found}, expected one, or one that is called {SERVING}: "
        "tf.saved_model.save(model, folder, signatures=model.f.get_concrete_function(...))."
    )


def of_one_sample(tensorflow: Any, function: Any) -> Any:
    """Traced again, with the open batch as one sample."""
    _, inputs = function.structured_input_signature
    fixed = {
        name: tensorflow.TensorSpec([1, *given.shape[1:]], given.dtype, name)
        for name, given in inputs.items()
    }
    return tensorflow.function(function).get_concrete_function(**fixed)


def in_order(data: bytes) -> bytes:
    """Inputs and outputs by their names, as a SavedModel has them; the converter has any order."""
    content = bytearray(data)
    model = tflite.Model.GetRootAs(content, 0)
    if model.SignatureDefsLength() != 1:
        return data
    graph, stated = model.Subgraphs(0), model.SignatureDefs(0)
    for places, count, entry in (
        (graph.InputsAsNumpy(), stated.InputsLength(), stated.Inputs),
        (graph.OutputsAsNumpy(), stated.OutputsLength(), stated.Outputs),
    ):
        named = sorted((entry(at).Name(), entry(at).TensorIndex()) for at in range(count))
        if sorted(index for _, index in named) == sorted(places):
            places[:] = [index for _, index in named]
    return bytes(content)
