"""Every kind of file through the command: to a header in float32, and in int8 by samples."""

from pathlib import Path

import numpy as np
import pytest
import test_newcomers
from graven import cli
from graven.frontends import rmd1

KERAS = Path(__file__).parent / "keras_files"


def onnx_file(folder):
    return [test_newcomers.save(folder / "net.onnx")], (8, 10, 3)


def keras_file(folder):
    pytest.importorskip("h5py", reason="no package h5py")
    return [KERAS / "small.keras"], (12, 10, 3)


def h5_file(folder):
    pytest.importorskip("h5py", reason="no package h5py")
    return [KERAS / "small.h5"], (12, 10, 3)


def rnn_file(folder):
    (folder / "net.rnn").write_bytes(rmd1.sample())
    return [folder / "net.rnn"], (2,)


def network():
    torch = pytest.importorskip("torch", reason="no package torch")
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(192, 5)
    ).eval()


def pt2_file(folder):
    module = network()
    import torch

    program = torch.export.export(module, (torch.zeros(1, 3, 8, 10),))
    torch.export.save(program, folder / "net.pt2")
    return [folder / "net.pt2"], (8, 10, 3)


def pth_file(folder):
    module = network()
    import torch

    torch.save(module, folder / "net.pth")
    path = [folder / "net.pth", "--class", "torch.nn:Sequential", "--shape", "1,3,8,10"]
    return path, (8, 10, 3)


FILES = {".onnx": onnx_file, ".keras": keras_file, ".h5": h5_file, ".rnn": rnn_file,
         ".pt2": pt2_file, ".pth": pth_file}  # fmt: skip


@pytest.mark.parametrize("ending", FILES)
def test_compiles(ending, tmp_path, capsys):
    path, shape = FILES[ending](tmp_path)
    header, samples = tmp_path / "net.hpp", tmp_path / "x.npy"
    np.save(samples, np.random.default_rng(0).normal(0, 1, (16, *shape)).astype(np.float32))
    arguments = ["compile", *map(str, path), "-o", str(header)]
    said = f"1x{'x'.join(map(str, shape))} -> "
    assert cli.main(arguments) == 0
    assert f"float32 {said}float32" in header.read_text()
    assert cli.main([*arguments, "--quantize", "int8", "--calibrate", str(samples)]) == 0
    assert f"int8 {said}int8" in header.read_text()
    assert "calibrated on 16 samples" in capsys.readouterr().out
