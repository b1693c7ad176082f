"""Blocks with attention that people write in PyTorch (torch_blocks.py): numpy's answers are within
1e-4 of PyTorch's, those of the calibrated network near them."""

from __future__ import annotations

import numpy as np
import pytest
from graven import api
from graven.errors import GravenWarning

torch = pytest.importorskip("torch", reason="no package torch: pip install 'graven[torch]'")
import torch_blocks  # noqa: E402

SAMPLES, ANSWERS = 24, 4
MOST = {"performer": 0.12, "relative": 0.06}  # relative error of root mean squares
FLOAT_ONLY = ("linear causal",)  # divides sums over time by such sums: more than 8 bits


def samples(name: str) -> np.ndarray:
    shape = SAMPLES, *torch_blocks.shape_of(name)
    return np.random.default_rng(3).normal(0.0, 1.0, shape).astype(np.float32)


def answers(module, given: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return np.stack([module(torch.from_numpy(each)).numpy() for each in given])


def judged(name: str, model, call, quantized: bool) -> None:
    given = samples(name)[:ANSWERS]
    wanted = answers(model, given)
    found = np.stack([np.asarray(call(each)) for each in given]).reshape(wanted.shape)
    if quantized:
        error = np.sqrt(np.mean((found - wanted) ** 2) / np.mean(wanted**2))
        assert error < MOST.get(name, 0.04), f"{name}: {error:.3f}"
    else:
        assert np.abs(found - wanted).max() < 1e-4 * np.abs(wanted).max()


def compiled(name: str, module, kind: str | None):
    example = torch.zeros(torch_blocks.shape_of(name))
    given = {"quantize": kind, "calibrate": samples(name)} if kind else {}
    return api.compile(module, example=example, layout="nchw", **given)


@pytest.mark.parametrize("name", torch_blocks.BLOCKS)
def test_a_block(name):
    module = torch_blocks.made(name)
    judged(name, module, compiled(name, module, None), False)


@pytest.mark.parametrize("name", [each for each in torch_blocks.BLOCKS if each not in FLOAT_ONLY])
def test_a_calibrated_block(name):
    module = torch_blocks.made(name)
    judged(name, module, compiled(name, module, "int8"), True)


def test_what_8_bits_cannot_say_is_a_warning():
    """Sums over time divided by such sums lose more than half of what the outputs spread."""
    with pytest.warns(GravenWarning, match=r"int8 loses \d+ % of its spread .* on; try int16x8"):
        compiled(FLOAT_ONLY[0], torch_blocks.made(FLOAT_ONLY[0]), "int8")
