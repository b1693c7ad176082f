"""Random graphs under all kinds of plans: the same bits as numpy, from an arena full of garbage,
with nothing written around it. A failure names the seed that repeats it.
"""

import time

import cpp_cases
import numpy as np
import pytest
import random_models
from graven.errors import GravenError
from test_layers_cpp import REFUSED, compare, report

PROGRAMS, GRAPHS = 10, 20  # translation units, graphs of each
ORDERS = ("layers", "stream", "best", "mixed")
WHOLE = ("0x5555555555555555u", "0x9249249249249249u", "0x00000000000000f0u")


def policies(rng):
    """A policy for each graph of a program."""
    found = []
    for _ in range(GRAPHS):
        order = rng.choice(ORDERS)
        fields = [f".order = graven::plan::Order::{order}"]
        extra = int(rng.integers(5))
        fields += [".keep_input = true"] * (extra == 3) + [".row_input = true"] * (extra == 4)
        fields += [".fuse = false"] * (rng.random() < 0.2)
        fields += [f".whole = {{{rng.choice(WHOLE)}}}"] * (order == "mixed")
        found.append(f"graven::plan::Policy{{{', '.join(fields)}}}")
    return found


@pytest.mark.parametrize("program", range(PROGRAMS))
def test_random_graphs_under_random_plans(program, tmp_path):
    started = time.perf_counter()
    cases, seed = [], 1000 * program
    chosen = policies(np.random.default_rng([program, 5]))
    while len(cases) < GRAPHS:
        rng = np.random.default_rng([seed, 6])
        network = random_models.random_graph(rng)
        if "row_input" in chosen[len(cases)] and len(network.inputs) > 1:  # rows of one input
            seed += 1
            continue
        label = f"graph seed {seed}, {chosen[len(cases)]}"
        try:
            cases.append(cpp_cases.make(label, len(cases), network, rng))
        except GravenError as error:
            assert any(text in str(error) for text in REFUSED), f"seed {seed}: {error}"
        seed += 1
    compare(cases, cpp_cases.run(cases, tmp_path, chosen), with_tflm=False)
    report(cases, started)
