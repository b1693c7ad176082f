"""Dense networks in the format RMD1: read, written, refused."""

import struct
import subprocess
import sys

import graven
import numpy as np
import pytest
from graven import cli, reference
from graven.errors import GravenError
from graven.frontends import files, rmd1
from graven.frontends.nchw import Draft

SAMPLE = bytes.fromhex(
    "524d4431 0100 0000 01000000 02000000 01000000"  # RMD1, 1, 0; a layer, two weights, a bias
    "02000000 01000000 00000000 00000000 00 000000"  # 2 -> 1 from 0 and 0, identity
    "00000040 000080bf 0000003f"
)


def layers(seed=0, sizes=(5, 7, 6, 4, 3)):
    rng = np.random.default_rng(seed)
    kinds = ("RELU", "LOGISTIC", "TANH", None)
    return [
        rmd1.Dense(
            rng.normal(0, 0.5, (after, before)).astype(np.float32),
            rng.normal(0, 0.5, after).astype(np.float32),
            kind,
        )
        for before, after, kind in zip(sizes, sizes[1:], kinds, strict=False)
    ]


def plainly(model, x):
    functions = {"RELU": lambda v: np.maximum(v, 0), "LOGISTIC": lambda v: 1 / (1 + np.exp(-v)),
                 "TANH": np.tanh, None: lambda v: v}  # fmt: skip
    for each in model:
        x = functions[each.activation](each.weights.astype(np.float64) @ x + each.bias)
    return x


def test_sample(tmp_path):
    path = tmp_path / "sample.rnn"
    subprocess.run([sys.executable, "-m", "graven.frontends.rmd1", str(path)], check=True)
    assert path.read_bytes() == SAMPLE
    network = files.read(path).network
    found = reference.run(network, [np.float32([[3, 4]])])[network.outputs[0]]
    assert found.reshape(-1).tolist() == [2.5]


def test_read_and_written(tmp_path):
    model = layers()
    path = tmp_path / "m.rnn"
    path.write_bytes(rmd1.to_bytes(model))
    source = files.read(path)
    for seed in range(5):
        x = np.random.default_rng(seed).normal(0, 1, 5).astype(np.float32)
        found = reference.run(source.network, [x[None]])[source.network.outputs[0]]
        np.testing.assert_allclose(found[0], plainly(model, x), rtol=1e-4, atol=1e-5)
    assert rmd1.to_bytes(rmd1.layers_of(source.network)) == path.read_bytes()


def test_saved_by_the_api(tmp_path):
    (tmp_path / "m.rnn").write_bytes(rmd1.to_bytes(layers()))
    model = graven.compile(tmp_path / "m.rnn")
    assert model.save(tmp_path / "again.rnn").read_bytes() == (tmp_path / "m.rnn").read_bytes()
    x = np.random.default_rng(0).normal(0, 1, (50, 5)).astype(np.float32)
    whole = graven.compile(tmp_path / "m.rnn", calibrate=x, quantize="int8")
    assert np.max(np.abs(whole(x) - model(x))) < 0.05
    with pytest.raises(GravenError, match="is not float32, all that RMD1 has"):
        whole.save(tmp_path / "whole.rnn")


def test_command_line(tmp_path):
    path = tmp_path / "m.rnn"
    path.write_bytes(rmd1.to_bytes(layers()))
    assert cli.main(["compile", str(path), "-o", str(tmp_path / "m.hpp")]) == 0
    assert "graven::Dense<5, 7, graven::relu>" in (tmp_path / "m.hpp").read_text()


def patched(offset, form, *values):
    data = bytearray(rmd1.to_bytes(layers()))
    struct.pack_into(form, data, offset, *values)
    return bytes(data)


MISTAKES = {
    "empty": (b"", "is empty; copy or download it again"),
    "container": (b"RNN\0" + bytes(20), r"is a container of blobs \(RNN.0\)"),
    "header": (SAMPLE[:16], "has 16 bytes, too few for a header"),
    "cut": (SAMPLE[:-3], "has 49 bytes, but its header makes them 52"),
    "longer": (SAMPLE + b"x", "has 53 bytes, but its header makes them 52"),
    "version": (patched(4, "<H", 2), "is of version 2 with flags 0, expected 1 and 0"),
    "flags": (patched(6, "<H", 1), "is of version 1 with flags 1, expected 1 and 0"),
    "no layers": (patched(8, "<I", 0)[:20], "has no layers"),
    "activation": (patched(36, "<B", 4), "layer 0: has activation 4, expected 0"),
    "no outputs": (patched(24, "<I", 0), "layer 0: has 5 inputs and 0 outputs"),
    "weights": (patched(28, "<I", 100), "layer 0: reads weights 100 to 135, but the file has 113"),
    "biases": (patched(32, "<I", 14), "layer 0: reads biases 14 to 21, but the file has 20"),
    "chain": (patched(40, "<I", 6), "layer 1: has 6 inputs, but the layer before it has 7 outputs"),
    "no number": (patched(-4, "<f", float("nan")), "has a weight that is no number"),
}


@pytest.mark.parametrize("label", MISTAKES)
def test_mistake(label, tmp_path):
    data, text = MISTAKES[label]
    (tmp_path / "m.rnn").write_bytes(data)
    with pytest.raises(GravenError, match=text):
        files.read(tmp_path / "m.rnn")


def test_networks_that_it_cannot_say():
    draft = Draft("m.rnn", "layer 0")
    view = draft.dense(draft.input("x", (1, 3), "nchw"), np.ones((3, 3), np.float32), None)
    network = draft.network("m", {"y": draft.softmax(view, -1)}, "nchw")
    with pytest.raises(GravenError, match=r"operator 1 \(SOFTMAX\): is no Dense layer"):
        rmd1.layers_of(network)
    draft = Draft("m.rnn", "layer 0")
    view = draft.dense(draft.input("x", (1, 3), "nchw"), np.ones((3, 3), np.float32), None)
    network = draft.network("m", {"y": draft.clip(view, 0.0, 6.0)}, "nchw")
    with pytest.raises(GravenError, match="ends in RELU6, which RMD1 has not"):
        rmd1.layers_of(network)
