"""Calibration, pruning and the numpy reference multiply on one thread: others would spin."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from graven import inputs, ir, layers, reference
from graven.blas import on_one_thread
from graven.checked import checked
from graven.layers.dense import Dense
from graven.pruning import structured
from graven.quantize.batches import Batches
from graven.quantize.post_training import quantize
from threadpoolctl import ThreadpoolController
from zoo import mnist_cnn

BLAS = ThreadpoolController().select(user_api="blas")


def threads() -> list[int]:
    return [each["num_threads"] for each in BLAS.info()]


@pytest.fixture
def two():
    """As many as a machine of two cores has, whatever this one's."""
    if not threads():
        pytest.skip("numpy's BLAS is none that threadpoolctl knows")
    with BLAS.limit(limits=2):
        assert set(threads()) == {2}
        yield
        assert set(threads()) == {2}, "the process's own number is not what it was"


def perceptron() -> ir.Network:
    rng, draft, sizes = np.random.default_rng(0), mnist_cnn.Draft(), (4, 16, 16, 3)
    data = first = draft.tensor((1, sizes[0]))
    for depth, units in pairwise(sizes):
        weights = draft.tensor((units, depth), rng.normal(0, 1, (units, depth)))
        data = draft.add("FULLY_CONNECTED", Dense(), (data, weights), (1, units))
    return checked("perceptron", "a test", "", draft.tensors, draft.operators, [first], [data])


@pytest.fixture
def seen(monkeypatch) -> list[int]:
    """The threads while the layers multiplied."""
    found, module = [], layers.modules()["FULLY_CONNECTED"]
    computed = module.reference

    def watched(*given):
        found.extend(threads())
        return computed(*given)

    monkeypatch.setattr(module, "reference", watched)
    return found


def test_products_have_one_thread(two, seen):
    network = perceptron()
    given = inputs.random(network, 32, 0)
    for work in (
        lambda: reference.run(network, inputs.one(given, 0)),
        lambda: Batches(network).run(given),
        lambda: quantize(network, given),
        lambda: structured.prune(network, given, 0.5),
    ):
        seen.clear()
        work()
        assert set(seen) == {1}


def test_threads_that_ask_at_once_leave_what_was(two):
    """The first one ends while the second one, which has found its limit, is within."""
    inside, done = threading.Event(), threading.Event()

    @on_one_thread
    def second():
        inside.set()
        assert done.wait(10)

    @on_one_thread
    def first(pool):
        found = pool.submit(second)
        assert inside.wait(10)
        assert set(threads()) == {1}
        return found

    with ThreadPoolExecutor() as pool:
        found = first(pool)
        assert set(threads()) == {2}
        done.set()
        found.result()
    assert set(threads()) == {2}


def test_the_search_itself_has_one_thread(two):
    network, found = perceptron(), []
    given = inputs.random(network, 8, 0)
    quantize(network, given, progress=lambda *_: found.extend(threads()))
    assert set(found) == {1}


def test_fine_tuning_has_the_process_s_own(two, monkeypatch):
    found = []
    monkeypatch.setattr(
        structured.trainable, "tuned", lambda network, _: found.extend(threads()) or network
    )
    network = perceptron()
    structured.prune(network, inputs.random(network, 32, 0), 0.5, fine_tune=lambda module: None)
    assert set(found) == {2}
