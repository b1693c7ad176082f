"""As test_mutants.py, for longer: many more changed files, those of the corpus where they are at
hand, and what TensorFlow Lite Micro computes of those that are taken.
"""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import mutants
import numpy as np
import pytest
import random_models
import tflm
from graven import engines, ir, reference
from graven.frontends import tflite_writer
from test_mutants import MAKERS, survey, write

COUNT = {".pt2": 300, ".keras": 1500, ".h5": 1500}
JUDGED = 6000
OF_THE_CORPUS = 25  # of each of its files
DEADLINE = 60  # seconds of TensorFlow Lite Micro


@pytest.mark.parametrize("suffix", MAKERS)
def test_many_changed_files(suffix, tmp_path):
    data = write(tmp_path, suffix).read_bytes()
    survey(data, suffix, range(1000, 1000 + COUNT.get(suffix, 6000)), tmp_path)


def test_changed_files_of_the_corpus(shared, tmp_path):
    paths = sorted((shared / "corpus").glob("*.tflite"))
    if not paths:
        pytest.skip("no corpus")
    for number, path in enumerate(paths):
        first = number * OF_THE_CORPUS
        survey(path.read_bytes(), ".tflite", range(first, first + OF_THE_CORPUS), tmp_path)


def test_what_is_taken_computes_what_tflm_does(tmp_path):
    pytest.importorskip("tflite_micro", reason="no package tflite-micro")
    path, equal = tmp_path / "mutant.tflite", 0
    for seed in range(JUDGED):
        rng = np.random.default_rng([4, seed])
        whole = tflite_writer.to_bytes(random_models.random_graph(np.random.default_rng(seed % 40)))
        path.write_bytes(mutants.mutant(rng, whole, ".tflite"))
        network = mutants.outcome(path)
        if isinstance(network, str):
            continue
        lines = differences(path, network)
        equal += lines == []
        assert not lines, f"seed {seed}: {lines[0]}"
    assert equal > JUDGED // 100


def differences(path: Path, network: ir.Network) -> list[str] | None:
    """To TensorFlow Lite Micro; None where it refuses the file, does not survive it
    or is not followed."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=_judge, args=(theirs, path, network))
    child.start()
    theirs.close()
    try:
        return ours.recv() if ours.poll(DEADLINE) else None
    except EOFError:
        return None
    finally:
        child.kill()
        child.join()


def _judge(answer, path: Path, network: ir.Network) -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    inputs = random_models.random_inputs(np.random.default_rng(0), network)
    expected = engines.tflm(path.read_bytes(), network)(inputs)
    found = reference.run(network, inputs, reference.reset(network))
    lines = tflm.differences(network, found, expected)
    forgotten = any(name in line for line in lines for name in ("RELU6", "CONCATENATION"))
    answer.send(None if forgotten else lines)  # TensorFlow Lite Micro does not rescale there
