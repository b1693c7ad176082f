"""Recurrent networks against what PyTorch has answered (make_recurrent_vectors.py), by numpy and in
C++. Needs no torch.
"""

from pathlib import Path

import cpp_cases
import numpy as np
import pytest
from graven import emit, passes, reference
from graven.frontends import tflite

STORED = np.load(Path(__file__).parent / "golden" / "recurrent.npz")
NAMES = sorted({each.rsplit(":", 1)[0] for each in STORED.files})
TOLERANCE = 1e-5  # of the largest output


def network_of(name, position=0):
    return tflite.parse(STORED[f"{name}:model"].tobytes(), "stored.tflite", f"case_{position}")


def check(name, found):
    expected = STORED[f"{name}:output"]
    error = np.max(np.abs(found.reshape(expected.shape) - expected)) / np.max(np.abs(expected))
    assert error <= TOLERANCE, name


@pytest.mark.parametrize("name", NAMES)
def test_numpy_equals_pytorch(name):
    network = network_of(name)
    data = STORED[f"{name}:input"].reshape(network.tensors[network.inputs[0]].shape)
    check(name, reference.run(network, [data])[network.outputs[0]])


def test_cpp_equals_pytorch(tmp_path):
    """Twice: every run of a sequence begins with zeros."""
    cases = []
    for position, name in enumerate(NAMES):
        stated = network_of(name, position)
        parsed = passes.canonical(stated)
        data = STORED[f"{name}:input"].reshape(stated.tensors[stated.inputs[0]].shape)
        header = emit.header(parsed, "0" * 64)
        inputs = [[data]] * cpp_cases.INFERENCES
        cases.append(cpp_cases.Case(name, parsed, stated, b"", header, inputs))
    answers = cpp_cases.run(cases, tmp_path)
    for name, case, inferences in zip(NAMES, cases, answers, strict=True):
        for found in inferences:
            check(name, np.asarray(found[case.network.outputs[0]]))
