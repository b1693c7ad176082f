"""Generated headers: equal to the reviewed ones in golden/, letter by letter.

GRAVEN_UPDATE_GOLDEN=1 writes them anew, to be reviewed as a diff.
"""

import dataclasses
import hashlib
import os
import re
import subprocess
from pathlib import Path

import make_c_names
import numpy as np
import pytest
import random_models
from graven import cpp, emit, ir
from graven.errors import GravenError
from graven.frontends import tflite, tflite_writer
from graven.layers.dense import Dense
from graven.paths import data_root

GOLDEN = Path(__file__).parent / "golden"
DIGITS = data_root() / "firmware/models/digits/digits.tflite"
MODELS = [DIGITS, *sorted(GOLDEN.glob("*.tflite"))]


def emitted(path: Path) -> str:
    return emit.header(tflite.load(path), hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_header_equals_the_golden_one(model):
    text = emitted(model)
    golden = GOLDEN / f"{model.stem}.hpp"
    if os.environ.get("GRAVEN_UPDATE_GOLDEN"):
        golden.write_text(text)
    assert text.splitlines() == golden.read_text().splitlines()
    assert text == golden.read_text()


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_header_reads_well(model):
    lines = emitted(model).splitlines()
    assert all(len(line) <= 100 and line == line.rstrip() for line in lines)
    assert model.name in lines[0] and "graven" in lines[0]
    assert hashlib.sha256(model.read_bytes()).hexdigest() in lines[1]
    network = tflite.load(model)
    assert f"{len(network.operators)} operators" in lines[2]


def test_equal_constants_are_one_array():
    b = random_models.Builder(np.random.default_rng(0))
    data = value = b.input((1, 5))
    weights = b.weights(data, (5, 5), 0, per_channel=True)
    for _ in range(2):
        inputs, output = b.weighted(value, weights, 5, 5, (1, 5))
        value = b.add("FULLY_CONNECTED", Dense(), inputs[:2], output)
    text = emit.header(b.network([value]), "0" * 64)
    assert text.count("_filter[] =") == text.count("_scale[] =") == 1
    assert text.count(".filter = graven::whole_array<source::dense_0_filter>") == 2


def test_golden_models_have_every_kind_of_network():
    texts = [emitted(model) for model in MODELS]
    assert any("graven::Sequential<" in text for text in texts)
    assert any("graven::Graph<" in text for text in texts)
    assert any("graven::shapes(" in text for text in texts)


def test_the_golden_headers_compile():
    for compiler in ("g++", "clang++"):
        source = "".join(f'#include "{model.stem}.hpp"\n' for model in MODELS)
        command = [compiler, "-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion",
                   "-Werror", "-fsyntax-only", f"-I{GOLDEN}", "-x", "c++", "-",
                   "-isystem", str(data_root() / "include")]  # fmt: skip
        done = subprocess.run(command, input=source, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]


def test_floats_come_back_exactly():
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 1 << 32, 20000, dtype=np.uint32)
    values = bits.view(np.float32)
    values = values[np.isfinite(values)]
    for value in (*values, *np.float32([0.0, 1.0, -1.0, 1e-45, 3.4028235e38, 1 / 256, 1e10])):
        text = cpp.real(value)
        assert re.fullmatch(r"-?\d+(\.\d+)?(e[-+]\d+)?f", text) and ("." in text or "e" in text)
        assert np.float32(text[:-1]) == value and len(text) < 17


def renamed(network: ir.Network, name: str) -> ir.Network:
    tensors = tuple(dataclasses.replace(tensor, name=name) for tensor in network.tensors)
    return dataclasses.replace(network, tensors=tensors)


@pytest.mark.parametrize(
    "name", ['a "quoted" name', "ends in \\", "a\\nb", "??/", "é" * 30, "x" * 300, "", "%d // /*"]
)
def test_any_name_compiles(name):
    network = random_models.random_case(np.random.default_rng(0), "conv2d")
    network = tflite.parse(tflite_writer.to_bytes(renamed(network, name)), "m.tflite", "m")
    text = emit.header(network, "0" * 64)
    assert all(len(line) <= 100 for line in text.splitlines())
    command = ["g++", "-std=c++20", "-fsyntax-only", "-Wall", "-Werror", "-x", "c++", "-",
               "-I", str(data_root() / "include"), "-include", "cstdint"]  # fmt: skip
    text = text.replace("#pragma once", "")
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
@pytest.mark.parametrize("outputs", [40, 800])
def test_many_weights_are_text(outputs, compiler):
    """Of each byte beside each, behind escapes as well; in the strictest of dialects."""
    b = random_models.Builder(np.random.default_rng(outputs))
    data = b.input((1, 100))
    weights = b.weights(data, (outputs, 100), 0, per_channel=False)
    expected = b.tensors[weights].data
    expected[:] = np.random.default_rng(1).integers(-128, 128, expected.shape, np.int8)
    inputs, output = [data, weights], b.tensor((1, outputs), ir.Element.INT8)
    network = b.network([b.add("FULLY_CONNECTED", random_models.Dense(), inputs, output)])
    text = emit.header(network, "0" * 64).replace("#pragma once", "")
    assert f"graven::Int8Text<{expected.size}> dense_0_filter = {{" in text
    assert all(len(line) <= 100 for line in text.splitlines())
    checksum = 0
    for value in expected.reshape(-1).tolist():
        checksum = (checksum * 31 + value) % (1 << 32)
    check = f"""
template <int first> constexpr unsigned follow(unsigned sum) {{
  const auto& values = {network.name}::source::dense_0_filter.values;
  for (int i = first; i < {expected.size} && i < first + 20000; ++i)
    sum = sum * 31 + static_cast<unsigned>(values[i]);
  return sum;
}}
constexpr unsigned a = follow<0>(0), b = follow<20000>(a), c = follow<40000>(b);
static_assert(follow<60000>(c) == {checksum}u);
"""
    command = [compiler, "-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror",
               "-pedantic-errors", "-fsyntax-only", "-x", "c++", "-",
               "-isystem", str(data_root() / "include")]  # fmt: skip
    done = subprocess.run(command, input=text + check, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_axes_before_the_last_two_are_the_height():
    b = random_models.Builder(np.random.default_rng(0))
    data = b.input((1, 4, 6, 2))
    value = random_models.shaped(b, data, (1, 2, 2, 6, 2))
    text = emit.header(b.network([random_models.relu(b, value)]), "0" * 64)
    assert "graven::Shape{4, 6, 2}" in text


def test_infinite_weights_are_refused():
    b = random_models.Builder(np.random.default_rng(0))
    data = b.input((1, 3), random_models.FLOAT32)
    weights = b.weights(data, (2, 3), 0, per_channel=False)
    b.tensors[weights].data[0, 1] = np.inf
    network = b.network([random_models.relu(b, data)])
    emit.header(network, "0" * 64)  # not used
    inputs, output = [data, weights], b.tensor((1, 2), random_models.FLOAT32)
    network = b.network([b.add("FULLY_CONNECTED", random_models.Dense(), inputs, output)])
    with pytest.raises(GravenError, match="infinity or NaN"):
        emit.header(network, "0" * 64)


@pytest.mark.parametrize("name", ["", "3d", "a b", "class", "a__b", "_a", "std", "a-b", "NULL"])
def test_names_that_are_no_namespace(name):
    with pytest.raises(GravenError, match="is no name for a C"):
        emit.check_name(name)


TAKEN = ("alarm", "int8_t", "NULL", "EOF", "errno", "INFINITY", "BUFSIZ", "FILE", "INT8_MAX",
         "M_PI", "SIGINT", "assert", "gamma", "linux", "pipe", "signal", "stat", "stdin", "time",
         "time_t", "tm", "y0")  # fmt: skip
LIBRARY = ("assert", "errno", "inttypes", "math", "signal", "stdio", "stdlib", "string", "sys/stat",
           "time", "unistd")  # fmt: skip


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_models_named_like_the_c_library_compile(compiler):
    """Beside its headers, in one translation unit."""
    network = random_models.random_case(np.random.default_rng(0), "relu")
    names = [tflite.identifier(word) for word in TAKEN]
    assert names == [f"model_{word}" for word in TAKEN]
    headers = [emit.header(dataclasses.replace(network, name=name), "0" * 64) for name in names]
    source = "".join(f"#include <{name}.h>\n" for name in LIBRARY) + "".join(headers)
    source = source.replace("#pragma once", "")
    command = [compiler, "-std=gnu++20", "-fsyntax-only", "-x", "c++", "-",
               "-isystem", str(data_root() / "include")]  # fmt: skip
    done = subprocess.run(command, input=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_every_global_name_of_the_c_library_is_taken():
    """Those of this machine's library: a model with one of them would not compile."""
    names = make_c_names.names_of("g++", ["clang++"], LIBRARY)
    assert len(names) > 1000 and set(TAKEN) <= names | {"linux", "gamma"}
    assert names <= cpp.taken_names()


def test_common_names_of_models_stay():
    for name in ("CNN", "KWS", "anomaly", "digits", "ecg", "keyword", "model", "person_detect"):
        assert tflite.identifier(name) == name == emit.check_name(name)
