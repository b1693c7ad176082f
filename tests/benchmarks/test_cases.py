"""What benchmarks/qemu.py measures when it is told what."""

from __future__ import annotations

import figures


def test_other_kernels_are_counted_with_the_plan_that_the_record_has_of_them():
    models = [figures.load_model(figures.DIGITS)]

    def asked(*plans):
        return {
            (case.isa, case.plan) for case in figures.cases_of(models, ["cortex-m4"], plans)
        }  # fmt: skip

    recorded = {("native", plan) for plan in ("fastest", "smallest", "lean")}
    assert asked() == recorded | {("scalar", "fastest")}
    assert asked("lean") == {("native", "lean")}
    assert asked("fastest") == {("native", "fastest"), ("scalar", "fastest")}
