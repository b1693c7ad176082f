"""What users get wrong, and what machines lack: one sentence, the documented exit code, before
anything slow begins, and nothing half written.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from graven import build, cli, paths
from graven.frontends import files, tflite
from test_cli import GOLDEN, MODEL, refused, run

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(build.__file__).parents[1])}


@pytest.fixture
def no_build(monkeypatch):
    """Whoever builds before he has looked for what is wrong fails."""

    def fail(*_):
        raise AssertionError("a build")

    monkeypatch.setattr(build, "build", fail)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("m.onnx", "m.onnx: is a zip archive"),
        ("m.PT", "holds a pickled module|needs the package torch"),
        ("m.CKPT", "m.CKPT: is no .tflite file but weights of PyTorch.*load them into its"),
        ("m.keras", "m.keras: is no whole model of Keras|needs the package h5py"),
        ("m.pb", "m.pb: is no .tflite file but a TensorFlow.*TFLiteConverter"),
        ("m.tflite", "m.tflite: is a zip archive; unpack it"),
    ],
)
def test_models_of_other_frameworks(capsys, tmp_path, name, expected):
    model = tmp_path / name
    model.write_bytes(b"PK\3\4 an archive of weights")
    refused(capsys, expected, "compile", model, "-o", tmp_path / "m.hpp")
    shutil.copy(MODEL, model)  # what is in it decides
    assert run(capsys, "compile", model, "-o", tmp_path / "m.hpp")[0] == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["compile", "-o", "{0}/no/m.hpp"],
        ["compile", "-o", "{0}"],
        ["compile", "-o", "{0}/file/m.hpp"],
        ["compile", "-o", "{0}/m.hpp" + 300 * "x", "--search", "host"],
        ["plan", "-o", "{0}/folder.svg"],
        ["plan", "-o", "{0}/no/p.svg"],
        ["run", "--output-dir", "{0}/file"],
        ["run", "--output-dir", "{0}/file/y"],
    ],
)
def test_places_that_cannot_be_written(capsys, tmp_path, no_build, arguments):
    (tmp_path / "folder.svg").mkdir()
    (tmp_path / "file").write_text("kept")
    verb, *rest = (text.format(tmp_path) for text in arguments)
    refused(capsys, ": cannot be written: ", verb, MODEL, *rest)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.svg"]


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_folder_of_somebody_else(capsys, no_build):
    refused(capsys, "/ is not yours to write to", "plan", MODEL, "-o", "/p.svg")


def test_the_model_is_not_overwritten(capsys, tmp_path):
    model = Path(shutil.copy(MODEL, tmp_path))
    refused(capsys, "is the model itself", "compile", model, "-o", model)
    assert model.read_bytes() == MODEL.read_bytes()


@pytest.mark.parametrize("options", [("--target", "cortex-m4"), ("--flash", "9000")])
def test_what_a_header_does_not_depend_on(options, capsys, tmp_path):
    output = tmp_path / "m.hpp"
    refused(capsys, "are for --quantize mixed", "compile", MODEL, "-o", output, *options)


def test_a_link_stays_a_link(capsys, tmp_path):
    link, header = tmp_path / "link.hpp", tmp_path / "m.hpp"
    link.symlink_to(header)
    assert run(capsys, "compile", MODEL, "-o", link)[0] == 0
    assert link.is_symlink() and "namespace sequence" in header.read_text()


@pytest.mark.parametrize("name", [b"bad\xff", b"new\nline", "ü ß".encode(), b'q"\\u0041'])
def test_odd_file_names(tmp_path, name):
    """In the header and on the screen they are text; nobody but the file system sees the rest."""
    model, output = tmp_path / os.fsdecode(name + b".tflite"), tmp_path / os.fsdecode(name + b".h")
    shutil.copy(MODEL, model)
    assert cli.main(["compile", str(model), "-o", str(output)]) == 0
    lines = output.read_text(encoding="utf-8").splitlines()
    golden = (GOLDEN / "sequence.hpp").read_text().splitlines()
    assert len(lines) == len(golden) and lines[1] == golden[1]
    done = subprocess.run(
        [sys.executable, "-m", "graven", "compile", model, "-o", tmp_path / "no" / output.name],
        env=ENVIRONMENT, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 2 and b"Traceback" not in done.stderr


def test_words_of_c_and_its_library_are_no_namespaces(capsys, tmp_path):
    assert files.default_name(Path("xor.tflite")) == "model_xor"
    assert files.default_name(Path("sin.tflite")) == "model_sin"
    assert files.default_name(Path("index_int8.tflite")) == "model_index"
    expected = "'time': is no name for a C\\+\\+ namespace"
    refused(capsys, expected, "compile", MODEL, "-o", tmp_path / "m.hpp", "--name", "time")


@pytest.mark.parametrize(
    ("arguments", "package"),
    [
        (["plan", "-o", "plan.svg"], "matplotlib"),
        (["verify"], "tflite_micro"),
        (["verify", "--against", "litert"], "ai_edge_litert"),
    ],
)
def test_missing_packages(capsys, monkeypatch, no_build, arguments, package):
    monkeypatch.setitem(sys.modules, package, None)
    verb, *rest = arguments
    name = package.replace("_", "-")
    sentence = f"the Python package {name}.* is missing; pip install '?{name}"
    refused(capsys, sentence, verb, MODEL, *rest, code=3)


@pytest.fixture
def empty_path(tmp_path, monkeypatch):
    """An empty PATH, and a cache of its own."""
    tools = tmp_path / "bin"
    tools.mkdir()
    monkeypatch.setenv("GRAVEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tools))
    return tools


@pytest.mark.parametrize(
    ("given", "arguments", "missing"),
    [
        ([], ["inspect"], "cmake"),
        (["cmake"], ["inspect"], "ninja"),
        (["cmake", "ninja"], ["inspect"], r"c\+\+"),
        (["cmake", "ninja"], ["inspect", "--target", "cortex-m4", "--plan", "smallest"], r"c\+\+"),
    ],
)
def test_missing_tools(capsys, monkeypatch, empty_path, given, arguments, missing):
    monkeypatch.delenv("CXX", raising=False)
    for name in given:
        (empty_path / name).write_text("#!/bin/false\n")
        (empty_path / name).chmod(0o755)
    verb, *rest = arguments
    refused(capsys, f"{missing}: is not installed.*apt-get install", verb, MODEL, *rest, code=3)


def test_a_missing_compiler_of_the_users_choice(capsys, monkeypatch):
    if shutil.which("cmake") is None or shutil.which("ninja") is None:
        pytest.skip("no cmake or ninja")
    monkeypatch.setenv("GRAVEN_CLANG", "clang++-77")
    sentence = "GRAVEN_CLANG: clang.*-77: is not installed or not in PATH; .* install clang-77"
    refused(capsys, sentence, "inspect", MODEL, "--target", "cortex-m4-clang", code=3)


@pytest.mark.parametrize("folder", ["file/in", "a;b", 'a"b', "a\\b"])
def test_folders_that_hold_no_builds(capsys, tmp_path, monkeypatch, folder):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GRAVEN_CACHE", str(tmp_path / folder))
    refused(capsys, "no builds can be kept there; set GRAVEN_CACHE", "inspect", MODEL)


def test_a_damaged_cache(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("GRAVEN_CACHE", str(tmp_path))
    assert run(capsys, "inspect", MODEL)[0] == 0
    (kept,) = tmp_path.iterdir()
    facts = kept / "facts.bin"
    for data in (b"", facts.read_bytes()[:-1], facts.read_bytes()[:64]):
        facts.write_bytes(data)
        sentence = f"facts.bin: its {len(data)} bytes are not .*; remove {re.escape(str(kept))}"
        refused(capsys, sentence, "inspect", MODEL, code=3)
    facts.unlink()
    refused(capsys, "facts.bin: No such file or directory", "inspect", MODEL, code=3)


def test_an_incomplete_installation(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "__file__", str(tmp_path / "graven" / "paths.py"))
    refused(capsys, "has no include/graven, .*install graven again", "inspect", MODEL, code=3)


def test_two_at_a_time_share_a_cache(tmp_path):
    command = [sys.executable, "-m", "graven", "inspect", str(MODEL), "--json"]
    environment = {**ENVIRONMENT, "GRAVEN_CACHE": str(tmp_path)}
    both = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    printed = [one.communicate() for one in both]
    assert [one.returncode for one in both] == [0, 0], printed
    assert printed[0] == printed[1] and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("seconds", [0.0, 1.0])
def test_an_interrupted_search_leaves_nothing(tmp_path, seconds):
    output, cache = tmp_path / "m.hpp", tmp_path / "cache"
    running = subprocess.Popen(
        [sys.executable, "-m", "graven", "compile", MODEL, "-o", output, "--search", "host"],
        env={**ENVIRONMENT, "GRAVEN_CACHE": str(cache)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # as a shell does: Ctrl-C reaches the compiler as well
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    while not list(cache.glob("graven-*")) and running.poll() is None:
        time.sleep(0.05)
    time.sleep(seconds)
    os.killpg(running.pid, signal.SIGINT)
    printed = running.communicate()[1]
    assert (running.returncode, printed) == (130, "graven: interrupted.\n")
    assert not output.exists() and not list(cache.iterdir())


def test_files_that_are_not_what_their_names_say(capsys, tmp_path):
    expected = f"/dev/zero: has 85 bytes.*takes {7 * 6 * 2}"
    refused(capsys, expected, "run", MODEL, "--input", "/dev/zero")
    np.savez(tmp_path / "x.npz", x=np.zeros(3))
    (tmp_path / "x.npz").rename(tmp_path / "x.npy")
    np.save(tmp_path / "y.npy", np.zeros(3))
    (tmp_path / "y.npy").rename(tmp_path / "y.npz")
    refused(capsys, "x.npy: is no array", "run", MODEL, "--input", tmp_path / "x.npy")
    refused(capsys, "y.npz: is one array", "run", MODEL, "--input", tmp_path / "y.npz")


@pytest.mark.parametrize("suffix", [".tflite", ".onnx", ".keras", ".h5", ".pt2", ".pth", ".rnn"])
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "is empty; copy or download it again"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "with git lfs pull"),
        (b"\n<!DOCTYPE html>\n<html>404</html>", "is a web page, not a model; download the raw"),
        (b"\x1f\x8b\x08\x00\x00\x00", "is compressed by gzip; unpack it first"),
        (b"unsigned char model[] = {0x20, 0x00};", "is a C array of a model; give the .tflite"),
    ],
)
def test_copies_and_downloads_that_went_wrong(capsys, tmp_path, suffix, data, expected):
    (tmp_path / f"m{suffix}").write_bytes(data)
    refused(capsys, expected, "compile", tmp_path / f"m{suffix}", "-o", tmp_path / "m.hpp")


def test_a_zip_archive_and_a_folder(capsys, tmp_path):
    header = tmp_path / "m.hpp"
    (tmp_path / "m.tflite").write_bytes(b"PK\x03\x04 and so on")
    refused(capsys, "is a zip archive; unpack it", "compile", tmp_path / "m.tflite", "-o", header)
    refused(capsys, "is a folder without a saved_model.pb", "compile", tmp_path, "-o", header)


def test_what_is_printed_is_text():
    assert tflite.printable("a\u2028b\udcff") == "a?b?"
