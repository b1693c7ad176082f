"""Recurrent networks as integers: how far from float32 they are, on data of their own."""

import numpy as np
import pytest
import test_recurrent_vectors as vectors
from graven import reference
from graven.quantize.post_training import quantize

MOST = {"int8": (0.01, 0.08), "int16x8": (0.005, 0.05)}
"""Of the largest output: the mean of all errors, the largest."""


def outputs(network, samples):
    found = []
    for each in samples:
        tensor = network.tensors[network.inputs[0]]
        value = each
        if tensor.quantization:
            (scale,), (zero,) = tensor.quantization.scale, tensor.quantization.zero_point
            limits = np.iinfo(tensor.element.dtype)
            whole = np.round(each / scale) + zero
            value = np.clip(whole, limits.min, limits.max).astype(tensor.element.dtype)
        output = network.tensors[network.outputs[0]]
        out = reference.run(network, [value])[output.index].astype(np.float64)
        if output.quantization:
            (scale,), (zero,) = output.quantization.scale, output.quantization.zero_point
            out = (out - zero) * scale
        found.append(out)
    return np.stack(found)


@pytest.mark.parametrize("kind", MOST)
@pytest.mark.parametrize("name", vectors.NAMES)
def test_distance_to_float(name, kind):
    network = vectors.network_of(name)
    shape = network.tensors[network.inputs[0]].shape
    samples = np.random.default_rng(3).uniform(-2, 2, (60, *shape)).astype(np.float32)
    made = quantize(network, [samples[:40]], kind=kind)
    made = made.network
    assert all(
        each.element.value.startswith("int") for each in made.tensors if each.data is not None
    )
    expected, found = outputs(network, samples[40:]), outputs(made, samples[40:])
    error = np.abs(found - expected) / np.max(np.abs(expected))
    print(name, kind, f"mean {error.mean():.4f} largest {error.max():.4f}")
    assert error.mean() <= MOST[kind][0] and error.max() <= MOST[kind][1]
