"""What quantization loses on data that it has not seen: the MNIST CNN, trained here on the first
6,000 of the shared digits and judged on the last 2,000, five seeds; and keywords, calibrated on the
first 250 of the shared features and judged on the others.
"""

import functools
import time

import floats
import numpy as np
import pytest
from graven import api, build, inputs, ir
from graven.frontends import files, tflite
from graven.quantize.batches import Batches
from graven.quantize.budget import Bytes, Mixture
from graven.quantize.post_training import Quantizer, quantize, quantize_input
from graven.quantize.scales import dequantized, scale_in
from zoo import mnist_cnn

SEEDS, TRAINED, CALIBRATED = 5, 6000, 250


def error(network, whole, x):
    """The energy of the scores' error."""
    exact, given = Batches(network).run([x]), quantize_input(whole, 0, x)
    values, (index,) = Batches(whole).run([given]), whole.outputs
    found = dequantized(values[index], scale_in(whole.tensors[index]))
    return float(((found - exact[network.outputs[0]]) ** 2).mean())


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


def on_cortex_m4(network):
    source = files.Source(network, b"", "0" * 64)
    return Bytes(api.Model(source, build.Choice("cortex-m4")).memory().flash)


def expect_mixed_beats_uniform(network, calibration, judged):
    """Halfway between int8, which does not fit, and int4, which loses more on unseen samples."""
    quantizer = Quantizer(network, [calibration])
    uniform = {bits: quantizer.bits(bits) for bits in (8, 4)}
    need = {bits: on_cortex_m4(quantizer.converted(each)) for bits, each in uniform.items()}
    limit = Bytes((need[8].flash + need[4].flash) // 2)
    found = Mixture(quantizer, limit, on_cortex_m4, print).found()
    assert on_cortex_m4(found.network).flash <= limit.flash < need[8].flash
    narrow = quantizer.quantized(uniform[4]).network
    lost, most = (error(network, each, judged) for each in (found.network, narrow))
    print("flash", need, limit, "error", lost, "of int4", most)
    assert lost < most


def test_mixed_digits_beat_uniform_ones(digits):
    data, judged, networks = digits
    expect_mixed_beats_uniform(networks[0], data.x[:TRAINED], judged.x[:200])


def test_mixed_keywords_beat_uniform_ones(keywords):
    x, _, network = keywords
    expect_mixed_beats_uniform(network, x[:CALIBRATED], x[CALIBRATED:])


def bytes_of(network):
    """Weights and biases as they are stored."""
    stored = (each for each in network.tensors if each.data is not None)
    return Bytes(sum(
        (each.data.size + 1) // 2 if each.element is ir.Element.INT4 else each.data.nbytes
        for each in stored
    ))  # fmt: skip


def test_mixed_keywords_beat_int4_at_nearly_its_bytes(keywords):
    """With a tenth of what int8 takes more than int4: less error and no fewer right answers."""
    x, y, network = keywords
    x, judged, labels = x[:CALIBRATED], x[CALIBRATED:], y[CALIBRATED:]
    quantizer = Quantizer(network, [x])
    narrow = quantizer.quantized(quantizer.bits(4)).network
    least, most = (bytes_of(quantizer.converted(quantizer.bits(bits))).flash for bits in (4, 8))
    limit = Bytes(least + (most - least) // 10)
    found = Mixture(quantizer, limit, bytes_of, print).found().network
    assert bytes_of(found).flash <= limit.flash < 1.1 * least
    lost = [error(network, each, judged) for each in (found, narrow)]
    right_ones = [right_whole(each, judged, labels) for each in (found, narrow)]
    print("bytes", least, bytes_of(found), "error", lost, "right", right_ones)
    assert lost[0] < 0.9 * lost[1] and right_ones[0] >= right_ones[1]


def test_calibration_of_a_thousand_images(shared):
    """ResNet-8 with 1,000 images of 32x32: 60 s of a core, where 60 s on two are allowed."""
    file = shared / "models/ic_resnet8_int8.tflite"
    if not file.is_file():
        pytest.skip(f"no {file}")
    network = floats.dequantized(tflite.load(file))
    samples = inputs.random(network, 1000, 0)
    started = time.process_time()
    quantize(network, samples)
    assert time.process_time() - started < 60
