"""Operators that only move elements: their references against TensorFlow Lite Micro, the passes and
the C++ against the references. A failure names the seed that repeats it.
"""

import collections

import cpp_cases
import numpy as np
import pytest
import random_models
import tflm
from graven import ir, passes, reference
from graven.frontends import tflite, tflite_writer
from random_movements import MOVEMENTS

CASES = 60
CPP_CASES = 5
INT8, FLOAT32 = ir.Element.INT8, ir.Element.FLOAT32
KINDS = {movement.__name__: movement for movement in MOVEMENTS}


def case(kind: str, seed: int) -> tuple[ir.Network, np.random.Generator]:
    rng = np.random.default_rng([seed, 9])
    b = random_models.Builder(rng)
    data = b.input((1, 2, 2, 2), INT8 if seed % 4 else FLOAT32)
    outputs = KINDS[kind](b, data)
    return b.network(outputs if isinstance(outputs, list) else [outputs]), rng


@pytest.mark.parametrize("kind", KINDS)
def test_references_equal_tflm(kind):
    """Whatever TensorFlow Lite Micro can run of it, which is most."""
    judged = 0
    for seed in range(CASES):
        network, rng = case(kind, seed)
        model = tflite_writer.to_bytes(network)
        parsed = tflite.parse(model, "random.tflite", "random")
        inputs = random_models.random_inputs(rng, network)
        try:
            theirs = tflm.run(model, network, inputs)
        except Exception:  # it lacks the operator, or this rank of it
            continue
        if kind == "space_to_batch_nd" and np.any(network.operators[0].layer.border):
            continue  # what stands in its border is left to chance there
        judged += 1
        ours = reference.run(parsed, inputs)
        assert not tflm.differences(network, ours, theirs), f"{kind} seed {seed}"
    print(kind, judged)


@pytest.mark.parametrize("kind", KINDS)
def test_passes_keep_every_element(kind):
    made = collections.Counter()
    for seed in range(CASES):
        network, rng = case(kind, seed)
        shorter = passes.canonical(network)
        made.update(operator.name for operator in shorter.operators)
        inputs = random_models.random_inputs(rng, network)
        expected, found = reference.run(network, inputs), reference.run(shorter, inputs)
        for output in network.outputs:
            np.testing.assert_array_equal(found[output], expected[output], f"{kind} seed {seed}")
    print(kind, dict(made))


@pytest.mark.parametrize("kinds", [tuple(KINDS)[:6], tuple(KINDS)[6:12], tuple(KINDS)[12:]])
def test_cpp_equals_the_reference(kinds, tmp_path):
    cases = []
    for kind in kinds:
        for seed in range(CPP_CASES):
            network, rng = case(kind, seed)
            if len(network.outputs) < 6:
                cases.append(cpp_cases.make(f"{kind} seed {seed}", len(cases), network, rng))
    for each, inferences in zip(cases, cpp_cases.run(cases, tmp_path), strict=True):
        for inputs, ours in zip(each.inputs, inferences, strict=True):
            expected = reference.run(each.network, inputs)
            for output in each.network.outputs:
                np.testing.assert_array_equal(ours[output], expected[output], each.label)
