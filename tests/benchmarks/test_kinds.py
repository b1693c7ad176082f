"""Sums and products of two rows keep their instructions per element, of int8 and of int16."""

from __future__ import annotations

import kinds
import pytest


@pytest.mark.parametrize("target", kinds.TARGETS)
def test_an_element_takes_no_more_than_is_promised(target, capsys):
    assert kinds.compare_elementwise(target), capsys.readouterr().out
