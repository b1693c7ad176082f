"""nano-rust's Python side, compatible to the bit.

from graven.nano_rust import PySequentialModel, quantize_weights, calibrate_model

For models that have been quantized for nano-rust and must go on giving the same answers. New ones
are better off with graven.compile: rounding to nearest, a scale per channel, bias in 32 bits.
"""

from graven.nano_rust.arithmetic import argmax, int8_sgd_step
from graven.nano_rust.sequential import PySequentialModel
from graven.nano_rust.utils import (
    calibrate_model,
    compute_activation_scale_params,
    compute_requant_params,
    export_to_header,
    export_weights_bin,
    from_quantized,
    quantize_to_i8,
    quantize_weights,
    read_head,
    write_head,
)

__all__ = [
    "PySequentialModel",
    "argmax",
    "calibrate_model",
    "compute_activation_scale_params",
    "compute_requant_params",
    "export_to_header",
    "export_weights_bin",
    "from_quantized",
    "int8_sgd_step",
    "quantize_to_i8",
    "quantize_weights",
    "read_head",
    "write_head",
]
