"""The numpy reference against golden vectors: every operator of every shared model."""

import numpy as np
import pytest
import tflm
from graven import ir, reference
from graven.errors import GravenError
from graven.frontends import tflite, tflite_writer
from graven.layers.elementary import Elementary
from graven.layers.leaky_relu import LeakyReLU
from graven.layers.quantize import Quantize
from graven.layers.relu import ReLU
from graven.layers.sigmoid import Sigmoid
from graven.layers.softmax import Softmax
from graven.layers.tanh import Tanh
from random_models import Builder, random_case

MODELS = (
    "ad_autoencoder", "hello_world", "ic_resnet8", "kws_dscnn", "micro_speech", "nano_u",
    "person_detect",
)  # fmt: skip


def fnv1a(data: bytes) -> int:
    value = 2166136261
    for byte in data:
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value


@pytest.mark.parametrize("name", MODELS)
def test_every_operator_equals_the_golden_vectors(shared, name):
    network = tflite.load(shared / "models" / f"{name}_int8.tflite")
    folder = shared / "vectors" / name
    source = network.tensors[network.inputs[0]]
    hashes = {}
    for line in (folder / "ophash.txt").read_text().splitlines():
        _, vector, operator, value = line.split()
        hashes[int(vector), int(operator)] = int(value)
    vectors = sorted({vector for vector, _ in hashes})
    assert vectors
    for vector in vectors:
        data = np.fromfile(folder / f"in_{vector}.bin", dtype=source.element.dtype)
        values = reference.run(network, [data.reshape(source.shape)])
        for operator in network.operators:
            raw = values[operator.outputs[0]].tobytes()
            where = f"vector {vector}, operator {operator.index} ({operator.name})"
            if vector == 0:
                golden = (folder / f"v0_op_{operator.index}.bin").read_bytes()
                assert raw == golden, where
            elif len(raw) < 2000:  # hashing in Python is slow; the model's output sees the rest
                assert fnv1a(raw) == hashes[vector, operator.index], where
        output = values[network.outputs[0]].tobytes()
        assert output == (folder / f"out_{vector}.bin").read_bytes(), f"vector {vector}"


def test_inputs_are_checked():
    network = random_case(np.random.default_rng(0), "relu")
    with pytest.raises(GravenError, match="got 0 inputs, expected 1"):
        reference.run(network, [])
    with pytest.raises(GravenError, match="is float64"):
        reference.run(network, [np.zeros(network.tensors[0].shape)])


@pytest.mark.parametrize("classes, level", [(511, -127), (512, -128), (1024, -128), (5000, -128)])
def test_softmax_of_many_equal_classes(classes, level):
    """256 / n levels each: from 512 on half a level and less, where TFLM's shifts end."""
    b = Builder(np.random.default_rng(0))
    data = b.tensor((1, classes), ir.Element.INT8, ir.Quantization((0.1,), (0,)))
    b.inputs.append(data)
    output = b.tensor((1, classes), ir.Element.INT8, ir.Quantization((1 / 256,), (-128,)))
    network = b.network([b.add("SOFTMAX", Softmax(), [data], output)])
    values = reference.run(network, [np.full((1, classes), 42, np.int8)])
    assert np.unique(values[output]).tolist() == [level]


@pytest.mark.parametrize(
    ("name", "layer", "scale_out"),
    [
        ("ABS", Elementary(), None),
        ("LEAKY_RELU", LeakyReLU(0.3), None),
        ("LOGISTIC", Sigmoid(), 2.0**-15),
        ("QUANTIZE", Quantize(), None),
        ("RELU", ReLU(), None),
        ("TANH", Tanh(), 2.0**-15),
    ],
)
def test_every_number_of_16_bits_equals_tflm(name, layer, scale_out):
    """Random elements seldom meet the numbers whose rounding a multiplier's last bits decide."""
    values = np.arange(-(2**15), 2**15).astype(np.int16).reshape(1, -1)
    for seed in range(4):
        rng = np.random.default_rng(seed)
        into, out = (float(np.float32(each)) for each in rng.uniform(1e-5, 9e-5, 2))
        scales = (into, scale_out or out)
        kinds = [ir.Quantization((each,), (0,)) for each in scales]
        tensors = tuple(
            ir.Tensor(place, "xy"[place], values.shape, ir.Element.INT16, each, None)
            for place, each in enumerate(kinds)
        )
        operator = ir.Operator(0, name, layer, (0,), (1,))
        network = ir.Network("m", "m", "", tensors, (operator,), (0,), (1,))
        file = tflite_writer.to_bytes(network)
        read = tflite.parse(file, "m", "m")
        theirs = tflm.run(file, read, [values])
        assert not tflm.differences(read, reference.run(read, [values]), theirs), f"seed {seed}"
