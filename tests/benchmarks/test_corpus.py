"""Sums over a folder of models: what counts as scalar, what a model's share of the means is."""

from __future__ import annotations

import shutil

import corpus
import corpus_record
import figures
import pytest
from corpus_record import Found, Part


def found(name: str, macs: int, *parts: tuple[str, int]) -> Found:
    kernels = tuple(Part("CONV_2D", kernel, 1, macs, count) for kernel, count in parts)
    total = sum(part.instructions for part in kernels)
    return Found(name, "0" * 64, "cortex-m4", macs, total, parts=kernels)


def test_layers_of_one_operator_and_kernel_are_one_part():
    layer = {"op": "CONV_2D", "kernel": "armv7em.bytes", "macs": 10, "instructions": 20}
    free = {"op": "RESHAPE", "kernel": "", "macs": 0, "instructions": 0}
    assert corpus.parts_of([layer, free, layer]) == (Part("CONV_2D", "armv7em.bytes", 2, 20, 40),)


def test_the_summary():
    rows = [
        found("a", 2000, ("armv7em.bytes", 1500), ("scalar.copy", 500)),
        found("b", 4000, ("armv7em.bytes", 16000)),
        found("small", 10, ("scalar.softmax", 2000)),
        found("refused", 0).saying("is not supported"),
        found("slow", 0).saying("took more than 9 seconds"),
    ]
    line = corpus_record.summary(rows, "cortex-m4")
    assert (line.models, line.counted, line.left_out) == (3, 2, ("slow",))
    assert (line.scalar, line.instructions) == (2500, 20000)
    assert line.geometric_mean == pytest.approx(2.0)  # of 1 and 4: small models do not count
    assert line.median == 2.5 and line.percentile_90 == 4.0
    assert corpus_record.cells_of([line])[0][2] == "12.5%"


def test_no_model_of_products():
    with pytest.raises(figures.BenchError, match="no model of more than 1000 MACs"):
        corpus_record.summary([found("small", 10, ("scalar.softmax", 2000))], "cortex-m4")


def test_what_was_measured_is_kept(tmp_path):
    rows = [found("a", 2000, ("scalar.copy", 500)), found("b", 0).saying("no")]
    corpus_record.write(rows, tmp_path / "corpus.json")
    assert corpus_record.read(tmp_path / "corpus.json") == rows
    model = figures.Model(tmp_path, "a", "0" * 64, None)
    assert corpus.is_known(rows[0], model, [])
    assert not corpus.is_known(rows[0], model, ["copy"])  # that kernel is to be measured again
    assert not corpus.is_known(None, model, [])


def test_summaries_of_other_targets_stay(tmp_path):
    file = tmp_path / "summaries.json"
    line = corpus_record.summary([found("a", 2000, ("scalar.copy", 500))], "cortex-m4")
    corpus_record.write_summaries([line], {"cortex-m4": "g++ 12"}, file)
    assert corpus_record.read_summaries(file) == [line]


def test_models_of_equal_operators_count_once(tmp_path):
    for name in ("a", "b"):
        shutil.copy(figures.DIGITS, tmp_path / f"{name}.tflite")
    shutil.copy(figures.SHAPES, tmp_path / "c.tflite")
    (tmp_path / "broken.tflite").write_bytes(b"no model")
    names = [path.stem for path in corpus.distinct(sorted(tmp_path.glob("*.tflite")))]
    assert sorted(names) == ["a", "c"]
    few = corpus.distinct(sorted(tmp_path.glob("*.tflite")), 200_000)
    assert [path.stem for path in few] == ["a"]
