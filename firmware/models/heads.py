"""An int8 network, and behind it a last layer in float32, which learns on the device."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np


def with_head(backbone, weights: np.ndarray, bias: np.ndarray, name: str, description: str):
    """`backbone` yields features, of which `weights` [scores, features] make scores."""
    from graven import ir
    from graven.layers.dense import Dense
    from graven.layers.dequantize import Dequantize

    tensors = list(backbone.tensors)

    def tensor(name: str, shape: tuple[int, ...], data: np.ndarray | None = None) -> int:
        tensors.append(ir.Tensor(len(tensors), name, shape, ir.Element.FLOAT32, None, data))
        return len(tensors) - 1

    (features,) = backbone.outputs
    real = tensor("features", tensors[features].shape)
    constants = (
        tensor("head/weights", weights.shape, weights),
        tensor("head/bias", bias.shape, bias),
    )
    scores = tensor("scores", (1, len(bias)))
    last = len(backbone.operators)
    return replace(
        backbone,
        name=name,
        source=f"{name}.tflite",
        description=description,
        tensors=tuple(tensors),
        operators=(
            *backbone.operators,
            ir.Operator(last, "DEQUANTIZE", Dequantize(), (features,), (real,)),
            ir.Operator(last + 1, "FULLY_CONNECTED", Dense(), (real, *constants), (scores,)),
        ),
        outputs=(scores,),
    )


def in_folder(script: str) -> str:
    """What a description says of the script."""
    return f"firmware/models/{Path(script).parent.name}/{Path(script).name}"
