"""What quantization loses on data that it has not seen: the MNIST CNN, trained here on the first
6,000 of the shared digits and judged on the last 2,000, five seeds; and keywords, calibrated on the
first 250 of the shared features and judged on the others.
"""

import functools

import floats
import mnist_cnn
import numpy as np
import pytest
from graven.frontends import tflite
from graven.quantize.batches import Batches
from graven.quantize.post_training import quantize, quantize_input

SEEDS, TRAINED, CALIBRATED = 5, 6000, 250


def right(network, x, y):
    """How many samples have their label's score as the greatest."""
    batches, found = Batches(network), 0
    for start in range(0, len(x), 100):
        values = batches.run([x[start : start + 100]])
        scores = values[network.outputs[0]].reshape(len(y[start : start + 100]), -1)
        found += int((scores.argmax(axis=1) == y[start : start + 100]).sum())
    return found


def right_whole(network, x, y):
    return right(network, quantize_input(network, 0, x), y)


def file_of(shared, name):
    file = shared / "data" / name
    if not file.is_file():
        pytest.skip(f"no {file}")
    return file


@functools.cache
def cnn(file, seed):
    return mnist_cnn.trained(mnist_cnn.digits(file)[:TRAINED], seed)


@pytest.fixture
def digits(shared):
    """The data, its part that judges, and the trained networks."""
    file = file_of(shared, "mnist_8000.npz")
    data = mnist_cnn.digits(file)
    return data, data[TRAINED:], [cnn(file, seed) for seed in range(SEEDS)]


@pytest.fixture
def keywords(shared):
    """Samples, labels, and the float network."""
    network = tflite.load(shared / "models" / "kws_dscnn_int8.tflite")
    with np.load(file_of(shared, "kws01_first500.npz")) as data:
        x, y = data["x"], data["y"]
    found = network.tensors[network.inputs[0]].quantization
    x = ((x.astype(np.float64) - found.zero_point[0]) * found.scale[0]).astype(np.float32)
    return x, y, floats.dequantized(network)


@pytest.mark.parametrize(("kind", "points"), [("int8", 0.1), ("int16x8", 0.1), ("int4", 0.5)])
def test_digits_lose_no_more_than(kind, points, digits):
    data, judged, networks = digits
    real, whole = [], []
    for network in networks:
        found = quantize(network, [data.x[:TRAINED]], kind=kind).network
        real.append(right(network, judged.x, judged.y) / len(judged.y))
        whole.append(right_whole(found, judged.x, judged.y) / len(judged.y))
    print("float", real, kind, whole)
    assert np.mean(whole) >= np.mean(real) - points / 100
    assert kind == "int4" or np.mean(whole) >= 0.983


@pytest.mark.parametrize(("kind", "lost"), [("int8", 2), ("int16x8", 2), ("int4", 4)])
def test_keywords_lose_no_more_than(kind, lost, keywords):
    x, y, network = keywords
    whole = quantize(network, [x[:CALIBRATED]], kind=kind).network
    real = right(network, x[CALIBRATED:], y[CALIBRATED:])
    found = right_whole(whole, x[CALIBRATED:], y[CALIBRATED:])
    print("float", real, kind, found)
    assert found >= real - lost
