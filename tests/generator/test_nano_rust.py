"""graven.nano_rust and its C++: bit for bit what nano-rust's compiled core gives. 400 random models
and 60 training sequences of it, where they are at hand (shared/vectors/nano_rust); a few cases by
hand everywhere. test_nano_rust_cpp.py compiles all of them.
"""

import gzip
import json
import shutil
import subprocess

import cpp_cases
import graven
import numpy as np
import pytest
from graven import emit, nano_rust, passes
from graven.errors import GravenError
from graven.frontends import tflite, tflite_writer
from graven.frontends.nano_rust import from_model
from graven.nano_rust import PySequentialModel
from graven.paths import data_root

ROOM = 1 << 20


@pytest.fixture(scope="session")
def cases(shared):
    file = shared / "vectors" / "nano_rust" / "models.jsonl.gz"
    if not file.exists():
        pytest.skip(f"no vectors of nano-rust at {file}")
    with gzip.open(file, "rt") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="session")
def models(cases):
    found = [case for case in cases if "layers" in case]
    assert len(found) == 400
    return found


@pytest.fixture(scope="session")
def heads(cases):
    found = [case for case in cases if "trainable_dense" in case]
    assert len(found) == 60
    return found


def built(case):
    model = PySequentialModel(case["input_shape"], ROOM)
    for layer in case["layers"]:
        kind, *values = layer.values()
        if kind in ("dense", "conv2d"):
            values = values[:-2]  # no requantization
        getattr(model, f"add_{kind}")(*values)
    return model


def cpp_case(model, position, inputs, layout):
    network = from_model(model, layout)
    file = tflite_writer.to_bytes(network)
    stated = tflite.parse(file, "nano.tflite", f"case_{position}")
    parsed = passes.canonical(stated)
    shape = parsed.tensors[parsed.inputs[0]].shape
    images = [np.array(x, np.int8).reshape(1, *model.input_shape) for x in inputs]
    if layout == "nhwc" and len(model.input_shape) == 3:
        images = [image.transpose(0, 2, 3, 1) for image in images]
    given = [[image.reshape(shape)] for image in images]
    header = emit.header(parsed, "0" * 64)
    return cpp_cases.Case(f"model {position}", parsed, stated, file, header, given)


def check_cpp(chosen, folder):
    """C++ of some of the vectors' models; layouts take turns."""
    made = []
    for position, case in enumerate(chosen):
        runs = [case["runs"][k % len(case["runs"])][0] for k in range(cpp_cases.INFERENCES)]
        layout = ("nhwc", "nchw")[position % 2]
        made.append(cpp_case(built(case), position, runs, layout))
    for position, (case, each, answers) in enumerate(
        zip(chosen, made, cpp_cases.run(made, folder), strict=True)
    ):
        shape = built(case).output_shape()
        for (_, expected), found in zip(case["runs"], answers, strict=False):
            output = found[each.network.outputs[0]]
            if position % 2 == 0 and len(shape) == 3:
                output = output.transpose(0, 3, 1, 2)
            assert output.reshape(-1).tolist() == expected, case["layers"]


def test_all_models(models):
    for case in models:
        model = built(case)
        assert model.estimate_arena_size() == case["arena"]
        for x, expected in case["runs"]:
            assert model.forward(x) == expected
            assert model.predict(x) == expected.index(max(expected))


def test_networks_of_all_models(models):
    for position, case in enumerate(models):
        model = built(case)
        x = np.array([x for x, _ in case["runs"]], np.int8)
        x = x.reshape(-1, *model.input_shape)
        found = graven.compile(model, layout=("nhwc", "nchw")[position % 2])
        images = len(model.input_shape) == 3, len(model.output_shape()) == 3
        if position % 2 == 0 and images[0]:
            x = x.transpose(0, 2, 3, 1)
        y = found(x)
        if position % 2 == 0 and images[1]:
            y = y.transpose(0, 3, 1, 2)
        assert y.reshape(len(x), -1).tolist() == [y for _, y in case["runs"]], case["layers"]


def test_all_training_sequences(heads):
    for case in heads:
        inputs, outputs = case["trainable_dense"]
        model = PySequentialModel([inputs], ROOM)
        model.add_trainable_dense(inputs, outputs)
        model.load_weights(0, case["weights"], case["bias"])
        for step in case["steps"]:
            model.backward(0, step["input"], step["output_grad"], step["learning_rate"])
            assert model.layers[0].weights.reshape(-1).tolist() == step["weights"]
            assert model.layers[0].bias.tolist() == step["bias"]


TRAINING = """#include <graven/kernel/int8_sgd.hpp>
#include <cstdio>
#include <vector>
int main() {
  int inputs = 0, outputs = 0;
  auto read = [](std::size_t count) {
    std::vector<std::int8_t> values(count);
    if (std::fread(values.data(), 1, count, stdin) != count) values.clear();
    return values;
  };
  while (std::fread(&inputs, 4, 1, stdin) + std::fread(&outputs, 4, 1, stdin) == 2) {
    const std::size_t in = std::size_t(inputs), out = std::size_t(outputs);
    auto weights = read(in * out), bias = read(out);
    const auto x = read(in), grad = read(out), rate = read(1);
    graven::core::int8_sgd_step(weights, bias, x, grad, rate[0]);
    std::fwrite(weights.data(), 1, weights.size(), stdout);
    std::fwrite(bias.data(), 1, bias.size(), stdout);
  }
}
"""


def test_all_training_steps_in_cpp(heads, tmp_path):
    given, expected = b"", b""
    for case in heads:
        sizes = np.array(case["trainable_dense"], np.int32).tobytes()
        before = case["weights"] + case["bias"]
        for step in case["steps"]:
            numbers = (before, step["input"], step["output_grad"], [step["learning_rate"]])
            given += sizes + b"".join(np.array(each, np.int8).tobytes() for each in numbers)
            before = step["weights"] + step["bias"]
            expected += np.array(before, np.int8).tobytes()
    (tmp_path / "steps.cpp").write_text(TRAINING)
    include = f"-I{data_root() / 'include'}"
    command = ["g++", "-std=c++20", "-O1", include, "steps.cpp", "-o", "steps"]
    subprocess.run(command, check=True, cwd=tmp_path)
    found = subprocess.run([tmp_path / "steps"], input=given, capture_output=True, check=True)
    assert found.stdout == expected


def test_a_dozen_models_in_cpp(models, tmp_path):
    """Different ones: the first models that have a layer which none before them has."""
    chosen, seen = [], set()
    for case in models:
        kinds = {layer["layer"] for layer in case["layers"]}
        if kinds - seen and len(chosen) < 12:
            chosen.append(case)
            seen |= kinds
    wide = [case for case in models if any(
        layer.get("padding", 0) >= min(layer.get("kh", 9), layer.get("kw", 9))
        for layer in case["layers"])]  # fmt: skip
    check_cpp([*chosen, *wide[:2]], tmp_path)


# -- by hand --------------------------------------------------------------------------------------


def small():
    """A model of every layer, and of numbers that leave int8 and 32 bits."""
    rng = np.random.default_rng(8)
    numbers = lambda *shape: rng.integers(-128, 128, shape, dtype=np.int8)  # noqa: E731
    model = PySequentialModel([2, 6, 5], ROOM)
    model.add_conv2d(numbers(3, 2, 3, 3), numbers(3), 2, 3, 3, 3, 1, 1)
    model.add_relu()
    model.add_max_pool2d(2, 2, 2)
    model.add_conv2d_with_requant(numbers(4, 3, 1, 2), numbers(4), 3, 4, 1, 2, 1, 1, -(1 << 31), 3)
    model.add_tanh_scaled(3, 1)
    model.add_flatten()
    model.add_dense_with_requant(numbers(9, 60), numbers(9), 1 << 20, 24)
    model.add_sigmoid()
    model.add_dense(numbers(6, 9), numbers(6))
    model.add_tanh()
    model.add_trainable_dense(6, 5)
    model.load_weights(10, numbers(5, 6), numbers(5))
    model.add_sigmoid_scaled(77, 5)
    model.add_softmax()
    x = [numbers(60) for _ in range(cpp_cases.INFERENCES)]
    return model, x


def test_the_seed_s_own_examples():
    model = PySequentialModel([4], 64)
    model.add_softmax()
    assert model.forward([10, 5, -3, 1]) == [35, 32, 28, 30]
    found = [nano_rust.arithmetic.default_shift(k) for k in (0, 1, 9, 27, 128, 144, 784)]
    assert found == [7, 7, 11, 12, 14, 15, 17]
    assert nano_rust.compute_requant_params(0.01, 0.005, 0.008) == (13421773, 31)
    assert nano_rust.compute_activation_scale_params(0.01, 16.0) == (5243, 15)


def test_layers_and_shapes():
    model, x = small()
    assert model.output_shape() == [5] and model.num_layers() == 13
    assert model.layer_names() == [
        "FrozenConv2D", "ReLU", "MaxPool2D", "FrozenConv2D", "ScaledTanh", "Flatten",
        "FrozenDense", "Sigmoid", "FrozenDense", "Tanh", "TrainableDense", "ScaledSigmoid",
        "Softmax"]  # fmt: skip
    assert model.estimate_arena_size() == 90 + 90 + 18 + 3 * 60 + 2 * 9 + 2 * 6 + 3 * 5
    assert model.needed_arena_size() == model.estimate_arena_size() + 18 * 30 + 6 * 15
    assert model.predict(x[0]) == int(np.argmax(model.forward(x[0])))


@pytest.mark.parametrize("layout", ["nhwc", "nchw"])
def test_the_network_and_its_cpp(layout, tmp_path):
    model, x = small()
    case = cpp_case(model, 0, x, layout)
    (answers,) = cpp_cases.run([case], tmp_path)
    compiled = graven.compile(model, layout=layout)
    for given, found in zip(x, answers, strict=True):
        expected = model.forward(given)
        assert found[case.network.outputs[0]].reshape(-1).tolist() == expected
        image = given.reshape(1, 2, 6, 5)
        image = image.transpose(0, 2, 3, 1) if layout == "nhwc" else image
        assert compiled(image).reshape(-1).tolist() == expected


@pytest.mark.skipif(
    not (shutil.which("arm-none-eabi-g++") and shutil.which("qemu-system-arm")),
    reason="no compiler or emulator of cortex-m4",
)
def test_on_cortex_m4():
    model, x = small()
    found = graven.compile(model, layout="nchw").on("cortex-m4")
    given = np.stack(x[:4]).reshape(4, 2, 6, 5)
    assert found(given).tolist() == [model.forward(each) for each in x[:4]]


WRONG = {
    "input_shape": (lambda: PySequentialModel([], 1), "one to four positive numbers"),
    "weights": (lambda: small()[0].add_dense([1, 2, 3], [1]), "1 outputs .as bias has. times 5"),
    "no int8": (lambda: small()[0].add_dense([1] * 4 + [200], [1]), "quantize_to_i8"),
    "real": (lambda: small()[0].add_dense([0.5] * 5, [1]), "no int8"),
    "image": (lambda: small()[0].add_conv2d([1], [1], 1, 1, 1, 1, 1, 0), "channels, height, width"),
    "pool": (lambda: PySequentialModel([1, 4, 4], 9).add_max_pool2d(2, 2, 0), "stride is 0"),
    "window": (lambda: PySequentialModel([1, 4, 4], 9).add_max_pool2d(5, 2, 1), "5x2 is larger"),
    "channels": (
        lambda: PySequentialModel([2, 4, 4], 9).add_conv2d([1], [1], 1, 1, 1, 1, 1, 0),
        "in_ch is 1, but its input has channels: 2"),
    "requant": (
        lambda: PySequentialModel([1], 9).add_dense_with_requant([1], [1], 1, 64), "0 to 63"),
    "scaled": (lambda: PySequentialModel([1], 9).add_tanh_scaled(1, 32), "0 to 31"),
    "trainable": (lambda: PySequentialModel([3], 9).add_trainable_dense(4, 2), "in_features is 4"),
    "arena": (lambda: PySequentialModel.forward(with_arena(3), [1] * 4), "an arena of 4 bytes"),
    "input": (lambda: with_arena(9).forward([1]), "input has 1 numbers, expected 4"),
    "head": (lambda: small()[0].backward(0, [1], [1], 1), "layer 0: is no trainable layer; .*10"),
}  # fmt: skip


def with_arena(size):
    model = PySequentialModel([4], size)
    model.add_relu()
    return model


@pytest.mark.parametrize("label", WRONG)
def test_wrong_use(label):
    use, sentence = WRONG[label]
    with pytest.raises(ValueError, match=sentence):
        use()


def test_a_model_without_layers_is_none():
    with pytest.raises(GravenError, match="has no layers"):
        graven.compile(PySequentialModel([3], 10))


# -- files ----------------------------------------------------------------------------------------


def test_files(tmp_path):
    model, _ = small()
    model.export_to_flash(tmp_path / "names.bin")
    data = (tmp_path / "names.bin").read_bytes()
    assert data.startswith(b"NANO\x0d\0\0\0\x0c\0FrozenConv2D\x04\0ReLU\x09\0MaxPool2D")
    assert len(data) == 8 + sum(2 + len(name) for name in model.layer_names())
    weights, bias = np.arange(-6, 6, dtype=np.int8).reshape(3, 4), np.array([1, -2, 3], np.int8)
    nano_rust.write_head(tmp_path / "head.bin", weights, bias)
    assert (tmp_path / "head.bin").read_bytes()[:12] == b"NANO\x04\0\0\0\x03\0\0\0"
    found = nano_rust.read_head(tmp_path / "head.bin")
    assert np.array_equal(found[0], weights) and np.array_equal(found[1], bias)
    with pytest.raises(ValueError, match="holds the names"):
        nano_rust.read_head(tmp_path / "names.bin")


def test_quantize_to_i8():
    q, scale = nano_rust.quantize_to_i8(np.array([0.5, -0.3, 1.0, -1.0], np.float32))
    assert q.tolist() == [64, -38, 127, -127] and scale == pytest.approx(1 / 127)
    q, scale = nano_rust.quantize_to_i8(np.zeros(3))
    assert q.tolist() == [0, 0, 0] and scale == 1.0


def test_from_pytorch(tmp_path):
    torch = pytest.importorskip("torch", reason="no package torch")
    nn = torch.nn
    torch.manual_seed(1)
    net = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(64, 12), nn.Tanh(), nn.Linear(12, 5), nn.Sigmoid(),
    )  # fmt: skip
    x = torch.randn(1, 1, 8, 8)
    weights = nano_rust.quantize_weights(net)
    assert list(weights) == [str(k) for k in range(8)] and weights["1"]["weights"] is None
    assert weights["0"]["params"]["kernel_size"] == (3, 3) and weights["2"]["params"]["stride"] == 2
    q, scale = nano_rust.quantize_to_i8(x.numpy())
    calibrated = nano_rust.calibrate_model(net, x, weights, scale)
    assert sorted(calibrated) == ["0", "4", "5", "6", "7"] and calibrated["5"][0] == "tanh"
    model = nano_rust.from_quantized(weights, calibrated, [1, 8, 8])
    real = net(x).detach().numpy().reshape(-1)
    assert np.abs(np.array(model.forward(q)) / 127 - real).max() < 0.1
    path = nano_rust.export_to_header(weights, calibrated, [1, 8, 8], tmp_path / "net.hpp")
    assert "graven::nano_rust::Conv2D<1, 4, 3, 1, 1, " in path.read_text()
    assert len(nano_rust.export_weights_bin(weights, tmp_path / "bins")) == 6
    assert (tmp_path / "bins" / "4_w.bin").stat().st_size == 64 * 12
