"""Layers of int8 and int16 keep their instructions: per element of sums and products, and against
each other."""

from __future__ import annotations

import math

import figures
import kinds
import numpy as np
import pytest
from graven import ir
from graven.layers.reduce import Reduce


@pytest.mark.parametrize("target", kinds.TARGETS)
def test_an_element_takes_no_more_than_is_promised(target, capsys):
    assert kinds.compare_elementwise(target), capsys.readouterr().out


@pytest.mark.parametrize("kind, target", [("int4", "cortex-m4"), ("int16", "cortex-m55")])
def test_no_more_of_int8s_instructions_than_is_promised(kind, target):
    own, found = (kinds.measure(each, target) for each in ("int8", kind))
    base = {
        title: count if target == kinds.TARGETS[0] else math.inf
        for title, (count, _) in own.items()
    }
    slow = {
        title: count / own[title][0]
        for title, (count, _) in found.items()
        if count > kinds.limit(title, kind, own[title][0], base[title], target)
    }
    assert not slow


def test_a_mean_of_many_pixels_takes_two_instructions_per_element_on_a_cortex_m4():
    layers, image = kinds.Kinds("int8"), (1, 24, 24, 16)
    axes = layers.tensor((2,), ir.Element.INT32, None, data=np.array([1, 2], np.int32))
    data = [layers.activation(image, True), axes]
    layers.measure("MEAN", Reduce((1, 2), True), data, layers.activation((1, 1, 1, 16), False))
    row = figures.run_json(layers.network(), kinds.TARGETS[0])["layers"][layers.measured[0]]
    assert row["instructions"] <= 2 * math.prod(image), row
