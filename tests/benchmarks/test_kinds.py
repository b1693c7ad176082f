"""Layers of int8 and int16 keep their instructions: per element of sums and products, and against
each other."""

from __future__ import annotations

import math

import kinds
import pytest


@pytest.mark.parametrize("target", kinds.TARGETS)
def test_an_element_takes_no_more_than_is_promised(target, capsys):
    assert kinds.compare_elementwise(target), capsys.readouterr().out


def test_int16_takes_no_more_of_int8s_instructions_than_is_promised_on_a_cortex_m55():
    target = kinds.TARGETS[1]
    own, found = (kinds.measure(kind, target) for kind in ("int8", "int16"))
    slow = {
        title: count / own[title][0]
        for title, (count, _) in found.items()
        if count > kinds.limit(title, "int16", own[title][0], math.inf, target)
    }
    assert not slow
