"""The other engine in its own process: what it says, and what becomes of us when it dies."""

from __future__ import annotations

import numpy as np
import pytest
import random_models
from graven import ir, judge, verify
from graven.errors import ToolError
from graven.frontends import tflite_writer
from graven.layers.softmax import Softmax


def test_an_engine_that_aborts_ends_nothing_else():
    """TensorFlow Lite Micro aborts where 512 and more classes are equally likely."""
    pytest.importorskip("tflite_micro")
    b = random_models.Builder(np.random.default_rng(0))
    classes = b.tensor((1, 1100), ir.Element.INT8, ir.Quantization((0.5,), (0,)))
    b.inputs.append(classes)
    output = b.tensor((1, 1100), ir.Element.INT8, ir.Quantization((1 / 256,), (-128,)))
    network = b.network([b.add("SOFTMAX", Softmax(), [classes], output)])
    values = np.zeros((2, 1, 1100), dtype=np.int8)
    values[0, 0, 7] = 100  # one winner: the first inference is judged
    with pytest.raises(ToolError) as caught:
        judge.opinions("tflm", tflite_writer.to_bytes(network), network, [values])
    assert str(caught.value).startswith(
        "random.tflite: TensorFlow Lite Micro aborted (SIGABRT) in inference 1"
    )
    assert str(caught.value).endswith("it cannot judge this model, take against='litert'.")
    found = judge.opinions("tflm", tflite_writer.to_bytes(network), network, [values[:1]])
    assert found[0][output].reshape(-1)[7] == 127


def test_what_the_judge_says_of_itself_is_kept(monkeypatch):
    monkeypatch.setitem(judge.engines.TITLES, "none", "nobody")
    network = random_models.random_case(np.random.default_rng(0), "relu")
    values = [np.zeros((1, *network.tensors[network.inputs[0]].shape), dtype=np.int8)]
    with pytest.raises(ToolError, match=r"nobody ended with code 1 .* KeyError: 'none'"):
        judge.opinions("none", tflite_writer.to_bytes(network), network, values)


@pytest.mark.parametrize(
    ("ours", "theirs", "wrong"),
    [
        ([50.0, 0.01438], [50.0, 0.01440], [False, False]),  # what is left of terms of about 50
        ([0.5, 0.01438], [0.5, 0.01440], [False, True]),
        ([50.0, 0.0148], [50.0, 0.0143], [False, True]),
        ([50.1, 0.0], [50.0, 0.0], [True, False]),
        ([np.inf, 0.1], [np.inf, 0.2], [False, True]),  # and it is no largest value
        ([np.nan, 1.0], [np.nan, 1.0], [False, False]),
        ([np.nan, 1.0], [1.0, np.nan], [True, True]),
    ],
)
def test_the_tolerance_of_float32(ours, theirs, wrong):
    found = verify.unequal(np.float32(ours), np.float32(theirs))
    np.testing.assert_array_equal(found, wrong)


def test_integers_have_no_tolerance():
    np.testing.assert_array_equal(verify.unequal(np.int8([1, 2]), np.int8([1, 3])), [False, True])
