"""nano-rust's utilities: from a float PyTorch model to int8 weights, calibrated constants, files.

Scales are per tensor, zero points 0; calibration is by one input, as there. PyTorch is asked for
nothing but the model's own answers.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from graven.nano_rust.sequential import MAGIC, PySequentialModel

HEAD = struct.Struct("<4sII")  # magic, hidden units, classes


def quantize_to_i8(tensor: np.ndarray, scale: float = 127.0) -> tuple[np.ndarray, float]:
    """int8 and the scale of a step: the largest magnitude is `scale` steps, halves go to even."""
    most = np.max(np.abs(tensor))
    if most == 0:
        return np.zeros_like(tensor, dtype=np.int8), 1.0
    step = most / scale
    return np.clip(np.round(tensor / step), -128, 127).astype(np.int8), step


def compute_requant_params(
    input_scale: float, weight_scale: float, output_scale: float, max_shift: int = 31
) -> tuple[int, int]:
    """Multiplier and shift of a layer: input_scale * weight_scale / output_scale."""
    return _fixed_point(input_scale * weight_scale / output_scale, 30, max_shift)


def compute_activation_scale_params(
    input_scale: float, lut_divisor: float, max_shift: int = 15
) -> tuple[int, int]:
    """Multiplier and shift in front of a table: lut_divisor is 16 for sigmoid, 32 for tanh."""
    return _fixed_point(input_scale * lut_divisor, 14, max_shift)


def _fixed_point(real: float, bits: int, max_shift: int) -> tuple[int, int]:
    """The smallest shift that gives the multiplier so many bits, if max_shift allows it."""
    enough = (shift for shift in range(max_shift) if real * (1 << shift) >= 1 << bits)
    shift = next(enough, max_shift)
    return min(round(real * (1 << shift)), (2 << bits) - 1), shift


# -- PyTorch --------------------------------------------------------------------------------------


def quantize_weights(model: Any) -> dict[str, dict]:
    """By the names of child modules: type, params, int8 weights and bias (or None), scales."""
    return {name: _quantized(module) for name, module in model.named_children()}


def _quantized(module: Any) -> dict:
    found: dict[str, Any] = {"type": type(module).__name__, "params": {}}
    for attribute, name, scale in (
        ("weight", "weights", "weight_scale"),
        ("bias", "bias", "bias_scale"),
    ):
        value = getattr(module, attribute, None)
        if value is None:
            found[name], found[scale] = None, 0.0
        else:
            found[name], found[scale] = quantize_to_i8(_numpy(value))
    found["params"] = _params(module)
    return found


def _params(module: Any) -> dict:
    kind = type(module).__name__
    if kind == "Conv2d":
        return {
            "in_channels": module.in_channels,
            "out_channels": module.out_channels,
            "kernel_size": module.kernel_size,
            "stride": _first(module.stride),
            "padding": _first(module.padding),
        }
    if kind == "Linear":
        return {"in_features": module.in_features, "out_features": module.out_features}
    if kind == "MaxPool2d":
        return {"kernel_size": _first(module.kernel_size), "stride": _first(module.stride)}
    return {}


def _first(value: Any) -> int:
    return value[0] if isinstance(value, tuple) else value


def _numpy(value: Any) -> np.ndarray:
    return value.detach().cpu().numpy()


def calibrate_model(
    model: Any, input_tensor: Any, q_weights: Mapping[str, dict], input_scale: float
) -> dict[str, tuple]:
    """By one input of the float model. By name: (multiplier, shift, bias in the output's scale) of
    a layer with weights, ('sigmoid' or 'tanh', multiplier, shift) of an activation."""
    found: dict[str, tuple] = {}
    scale, x = input_scale, input_tensor.clone()
    for name, module in model.named_children():
        x = module(x)
        kind = type(module).__name__
        if q_weights.get(name, {}).get("weights") is not None:
            most = float(np.max(np.abs(_numpy(x))))
            out_scale = most / 127.0 if most > 0 else 1.0
            requant = compute_requant_params(scale, q_weights[name]["weight_scale"], out_scale)
            found[name] = (*requant, _rescaled(module, out_scale))
            scale = out_scale
        elif kind in ("Sigmoid", "Tanh"):
            divisor = 16.0 if kind == "Sigmoid" else 32.0
            found[name] = (kind.lower(), *compute_activation_scale_params(scale, divisor))
            scale = 1.0 / 127.0
    return found


def _rescaled(module: Any, scale: float) -> list[int] | None:
    if getattr(module, "bias", None) is None:
        return None
    steps = np.clip(np.round(_numpy(module.bias) / scale), -128, 127)
    return steps.astype(np.int8).reshape(-1).tolist()


# -- our model of it ------------------------------------------------------------------------------


def from_quantized(
    q_weights: Mapping[str, dict], calibration: Mapping[str, tuple], input_shape: Sequence[int]
) -> PySequentialModel:
    """The model of what quantize_weights and calibrate_model have found."""
    model = PySequentialModel(input_shape, 0)
    for name, layer in q_weights.items():
        _add(model, name, layer, calibration.get(name))
    model.arena_size = model.needed_arena_size()
    return model


def _add(model: PySequentialModel, name: str, layer: dict, calibrated: tuple | None) -> None:
    kind, params = layer["type"], layer["params"]
    if kind in PLAIN:
        getattr(model, PLAIN[kind])()
        return
    if kind == "MaxPool2d":
        model.add_max_pool2d(params["kernel_size"], params["kernel_size"], params["stride"])
        return
    if kind not in ("Linear", "Conv2d", "Sigmoid", "Tanh"):
        known = ", ".join(("Linear", "Conv2d", "MaxPool2d", "Sigmoid", "Tanh", *PLAIN))
        raise ValueError(f"layer '{name}': is a {kind}, expected one of {known}.")
    if calibrated is None:
        raise ValueError(f"layer '{name}': has no calibration; give what calibrate_model returns.")
    if kind in ("Sigmoid", "Tanh"):
        _, multiplier, shift = calibrated
        getattr(model, f"add_{kind.lower()}_scaled")(multiplier, shift)
        return
    multiplier, shift, bias = calibrated
    weights = layer["weights"]
    bias = np.zeros(len(weights), np.int8) if bias is None else bias
    if kind == "Linear":
        model.add_dense_with_requant(weights, bias, multiplier, shift)
    else:
        sizes = (weights.shape[1], weights.shape[0], *weights.shape[2:])
        model.add_conv2d_with_requant(
            weights, bias, *sizes, params["stride"], params["padding"], multiplier, shift
        )


PLAIN = {"ReLU": "add_relu", "Flatten": "add_flatten", "Softmax": "add_softmax"}


def export_to_header(
    q_weights: Mapping[str, dict],
    calibration: Mapping[str, tuple],
    input_shape: Sequence[int],
    path: str | Path,
    layout: str | None = None,
) -> Path:
    """The calibrated model as a C++ header: where the original writes Rust (and forgets the
    calibration)."""
    from graven import api

    path = Path(path)
    model = from_quantized(q_weights, calibration, input_shape)
    return api.compile(model, layout=layout, name=path.stem).save(path)


# -- files ----------------------------------------------------------------------------------------


def export_weights_bin(q_weights: Mapping[str, dict], output_dir: str | Path) -> list[str]:
    """{name}_w.bin and {name}_b.bin: int8 as they lie, nothing before them. Returns the paths."""
    folder, written = Path(output_dir), []
    folder.mkdir(parents=True, exist_ok=True)
    for name, layer in q_weights.items():
        for values, end in ((layer["weights"], "w"), (layer["bias"], "b")):
            if values is not None:
                path = folder / f"{name}_{end}.bin"
                path.write_bytes(np.ascontiguousarray(values, np.int8).tobytes())
                written.append(str(path))
    return written


def write_head(path: str | Path, weights: np.ndarray, bias: np.ndarray) -> None:
    """A NANO head file: sizes, then int8 weights (classes x hidden) and bias."""
    classes, hidden = np.shape(weights)
    if np.shape(bias) != (classes,):
        raise ValueError(f"bias: has shape {np.shape(bias)}, expected ({classes},).")
    body = (np.ascontiguousarray(each, np.int8).tobytes() for each in (weights, bias))
    Path(path).write_bytes(HEAD.pack(MAGIC, hidden, classes) + b"".join(body))


def read_head(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Weights (classes x hidden) and bias of a NANO head file."""
    data = Path(path).read_bytes()
    if len(data) < HEAD.size or data[:4] != MAGIC:
        raise ValueError(f"{path}: is no NANO head file, which begins with 'NANO' and two sizes.")
    _, hidden, classes = HEAD.unpack_from(data)
    expected = HEAD.size + classes * (hidden + 1)
    if len(data) != expected:
        raise ValueError(
            f"{path}: has {len(data):,} bytes, but {classes} classes of {hidden} units take "
            f"{expected:,}; it is damaged, or holds the names of a model's layers."
        )
    values = np.frombuffer(data, np.int8, offset=HEAD.size)
    return values[: classes * hidden].reshape(classes, hidden).copy(), values[-classes:].copy()
