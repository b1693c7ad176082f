"""No shape costs much more than its family's line says, and no line rises.

The record is of benchmarks/shapes.py; the whole of it is measured anew by `make bench-shapes`, some
shapes of each family here.
"""

from __future__ import annotations

import shutil

import figures
import pytest
import shapes
from shape_families import FAMILIES, Shape

RECORD = shapes.read_record()
REFERENCE = Shape("ten rows", rows=10, outputs=1000, operations=9000)
WORST = {
    "max_pool": 2.11,
    "average_pool": 2.0,
    "conv2d": 3.34,
    "conv2d_first": 2.64,
    "conv2d_float32": 2.37,
    "depthwise_3x3": 3.75,
    "depthwise_any": 2.86,
}
"""Ratio to the line; 1.5 where no other is given."""
COSTS = {
    "max_pool": 10_878,
    "average_pool": 21_322,
    "softmax": 38_912,
    "add": 13_162,
    "quantize": 10_535,
    "dense_flat": 32_999,
    "dense_image": 83_325,
    "pointwise": 16_569,
    "conv2d": 18_537,
    "conv2d_first": 27_665,
    "conv2d_float32": 56_932,
    "depthwise_3x3": 27_671,
    "depthwise_any": 43_005,
}
"""Instructions of REFERENCE by each family's line: they may fall."""
needs_target = pytest.mark.skipif(
    shutil.which("qemu-system-arm") is None or shutil.which("arm-none-eabi-g++") is None,
    reason="no compiler or emulator for Cortex-M4",
)


def test_every_family_is_in_the_record():
    assert set(RECORD) == set(FAMILIES) == set(COSTS)
    assert all(len(cases) == shapes.COUNT for cases in RECORD.values())


@pytest.mark.parametrize("family", FAMILIES)
def test_no_shape_is_a_cliff(family):
    ratio, case = shapes.worst(RECORD[family], shapes.fit(RECORD[family]))
    assert ratio <= WORST.get(family, 1.5), case.shape.text


@pytest.mark.parametrize("family", FAMILIES)
def test_no_line_rises(family):
    assert shapes.fit(RECORD[family]).of(REFERENCE) <= COSTS[family]


@needs_target
@pytest.mark.parametrize("family", ["max_pool", "softmax", "add"])
def test_the_record_is_of_these_kernels(family, capsys):
    assert shapes.check([family], shapes.TOGETHER), capsys.readouterr().out


def test_a_cliff_is_seen():
    """Of lines through ten shapes, one of which costs four times as much."""
    cases = [
        shapes.Case(Shape(str(n), 4, 100 * n, 900 * n), 400 + 2 * 100 * n + 900 * n)
        for n in range(1, 11)
    ]
    line = shapes.fit(cases)
    assert shapes.worst(cases, line)[0] < 1.01
    assert line.of(cases[0].shape) == pytest.approx(1500, rel=0.01)
    high = shapes.Case(cases[4].shape, 4 * cases[4].instructions)
    ratio, found = shapes.worst([*cases[:4], high, *cases[5:]], line)
    assert found == high and ratio == pytest.approx(4, rel=0.01)


def test_another_family_is_refused():
    with pytest.raises(figures.BenchError, match="sigmoids is no family"):
        shapes.chosen_of(["sigmoids"])
