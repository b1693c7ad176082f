"""The wake words of the package pymicro-wakeword, frame after frame: what one run leaves in the
variables, the next one reads.
"""

import importlib.util
import shutil
from pathlib import Path

import pytest
from test_cli import run

FRAMES = 500
NAMES = ("alexa", "hey_jarvis", "hey_mycroft", "okay_nabu")


def model(name: str) -> str:
    found = importlib.util.find_spec("pymicro_wakeword")
    if found is None or found.origin is None:
        pytest.skip("no package pymicro-wakeword")
    return str(Path(found.origin).parent / "models" / f"{name}.tflite")


def verify(capsys, *arguments: str) -> None:
    code, out, err = run(capsys, "verify", *arguments, "--random", str(FRAMES))
    assert code == 0, err
    assert f"equal TensorFlow Lite Micro and the numpy reference on {FRAMES} inferences" in out


@pytest.mark.parametrize("name", NAMES)
def test_a_wake_word_equals_tflm_frame_by_frame(name, capsys):
    pytest.importorskip("tflite_micro", reason="no package tflite-micro")
    verify(capsys, model(name))


@pytest.mark.parametrize("core", ["cortex-m4", "cortex-m55", "riscv32"])
@pytest.mark.parametrize("name", NAMES)
def test_a_wake_word_on_a_core(name, core, capsys):
    pytest.importorskip("tflite_micro", reason="no package tflite-micro")
    emulator = "qemu-system-riscv32" if core == "riscv32" else "qemu-system-arm"
    if shutil.which(emulator) is None:
        pytest.skip(f"no {emulator}")
    verify(capsys, model(name), "--target", core)
