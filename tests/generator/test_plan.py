"""`graven plan`: the picture's files, and what they say, against the plan's data."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from graven import cli, memory, picture

DIGITS = Path(__file__).parents[2] / "firmware/models/digits/digits.tflite"
GOLDEN = Path(__file__).parent / "golden"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module", params=["digits", "branches", "row input"])
def usage(request):
    arguments = {
        "digits": [DIGITS],
        "branches": [GOLDEN / "branches.tflite"],
        "row input": [DIGITS, "--row-input", "--plan", "smallest"],
    }[request.param]
    options = cli.parser().parse_args(["plan", *map(str, arguments), "-o", "x.svg"])
    return memory.Usage(cli.load(options, cli.chosen(options)).inspect())


def made(capsys, *arguments) -> str:
    assert cli.main([str(argument) for argument in arguments]) == 0
    return capsys.readouterr().out


def test_bars_never_overlap_in_both_address_and_time(usage):
    for k, one in enumerate(usage.bars):
        for two in usage.bars[:k]:
            apart = two.offset + two.bytes <= one.offset or one.offset + one.bytes <= two.offset
            assert apart or two.last < one.first or one.last < two.first, (one, two)


def test_the_bars_reach_the_arena_s_end_and_the_bound(usage):
    end = max(bar.offset + bar.bytes for bar in usage.bars)
    assert usage.arena - 8 < end <= usage.arena  # padding may be the last
    assert usage.arena >= usage.bound == usage.alive().max()


def test_the_peak_is_where_most_is_alive(usage):
    alive = usage.alive()
    assert alive[usage.peak] == usage.bound == sum(share.bytes for share in usage.shares)
    assert all(alive[step] == usage.bound for step in usage.peaks)
    assert (alive == usage.bound).sum() == len(usage.peaks)


def test_every_row_of_a_value_is_there_once(usage):
    rows = [(bar.layer, bar.row) for bar in usage.bars if bar.layer < 0]
    heights = len(rows)
    assert sorted(rows) == [(-1, row) for row in range(heights)] and heights > 1
    last = len(usage.report["layers"]) - 1
    outputs = [bar for bar in usage.bars if bar.layer == last and not bar.is_scratch]
    assert outputs and all(bar.last == usage.steps - 1 for bar in outputs)


def test_half_of_a_layer_lowers_the_bound_by_half_of_it_at_most(usage):
    for share in usage.shares:
        assert usage.bound - share.bytes // 2 <= share.halved <= usage.bound


def test_the_advice_names_a_layer_of_the_peak(usage):
    assert any(usage.name(share.layer) in usage.advice for share in usage.shares)
    size = sum(share.bytes for share in usage.shares if share.layer < 0)
    much = size > 0.05 * usage.bound and not usage.report["row_input"]
    assert ("--row-input" in usage.advice) == much
    above = usage.arena > 1.02 * usage.bound and usage.report["plan"] == "fastest"
    assert ("--plan smallest" in usage.advice) == above


def bar(layer, row, offset, size, first, last):
    return [layer, row], [offset, size, first, last]


def report_of(*bars):
    owners, rows = zip(*bars, strict=True)
    layers = [
        {"index": k, "name": f"layer_{k}", "op": "CONV_2D", "output_shape": [4, 4, 1]}
        for k in range(3)
    ]
    peak = memory.Usage({"rows": rows, "row_owners": owners}).alive().max()
    return {"model": "m", "target": "host", "isa": "scalar", "plan": "fastest", "layers": layers,
            "row_input": False, "arena_bytes": 100, "arena_bound_bytes": int(peak),
            "rows": rows, "row_owners": owners}  # fmt: skip


def test_what_to_change_where_one_layer_dominates():
    usage = memory.Usage(report_of(bar(0, 0, 0, 60, 0, 2), bar(0, 1, 60, 20, 1, 2),
                                 bar(1, 0, 80, 20, 2, 3), bar(2, 0, 0, 40, 3, 4)))  # fmt: skip
    assert (usage.bound, usage.peaks, usage.steps) == (100, (2,), 5)
    assert [(share.layer, share.rows, share.bytes, share.halved) for share in usage.shares] == [
        (0, 2, 80, 60), (1, 1, 20, 90)
    ]  # fmt: skip
    assert usage.advice.startswith("The rows of '0 layer_0' are 80% of the peak")
    assert "from 100 to 60 bytes" in usage.advice
    assert usage.title.endswith("arena 100 bytes (the lower bound of this order of steps)")


def test_what_to_change_where_scratch_or_the_input_dominates():
    scratch = memory.Usage(report_of(bar(1, -1, 0, 60, 1, 1), bar(1, 0, 60, 20, 1, 2)))
    assert scratch.advice.startswith("The scratch of '1 layer_1' is 75% of the peak")
    fed = memory.Usage(report_of(bar(-1, 0, 0, 40, 0, 1), bar(-1, 1, 40, 20, 0, 1),
                                bar(0, 0, 60, 20, 1, 2)))  # fmt: skip
    assert fed.advice.startswith("The input is 75% of the peak") and "--row-input" in fed.advice


def test_no_advice_that_would_be_refused():
    """Rows of several inputs cannot be fed one by one."""
    bars = [bar(-1, 0, 0, 40, 0, 1), bar(-1, 1, 40, 20, 0, 1), bar(0, 0, 60, 20, 1, 2)]
    assert "--row-input" in memory.Usage(report_of(*bars)).advice
    assert "--row-input" not in memory.Usage(report_of(*bars, bar(-2, 0, 80, 4, 2, 2))).advice


def test_what_to_change_where_two_peaks_are_alike():
    usage = memory.Usage(report_of(bar(0, 0, 0, 80, 0, 0), bar(1, 0, 0, 80, 1, 1)))
    assert usage.advice.startswith("No layer alone decides")
    assert "'0 layer_0' and '1 layer_1'" in usage.advice


@pytest.mark.parametrize("kind", picture.FORMATS)
def test_the_file(capsys, tmp_path, kind):
    pytest.importorskip("matplotlib")
    file = tmp_path / f"plan.{kind}"
    out = made(capsys, "plan", DIGITS, "-o", file)
    assert "alive at step" in out and "bound if halved" in out and f"wrote {file}" in out
    data = file.read_bytes()
    report = json.loads(made(capsys, "inspect", DIGITS, "--json"))
    if kind == "png":
        assert data.startswith(b"\x89PNG\r\n") and len(data) > 20_000
        return
    text = data.decode()
    bars = re.findall(r'<g id="bar-(\d+)"><title>([^<]+)</title>', text)
    assert [int(number) for number, _ in bars] == list(range(len(report["rows"])))
    assert f"arena {report['arena_bytes']:,} bytes" in text and "digits on host" in text
    if kind == "svg":
        assert ElementTree.fromstring(text).tag == f"{SVG}svg"
        made(capsys, "plan", DIGITS, "-o", file)
        assert file.read_bytes() == data  # deterministic
    else:
        assert text.startswith("<!DOCTYPE html>") and "<svg" in text and "</table>" in text


@pytest.mark.filterwarnings("error")
def test_names_that_the_font_lacks():
    pytest.importorskip("matplotlib")
    usage = memory.Usage(report_of(bar(0, 0, 0, 80, 0, 0)))
    for each in usage.report["layers"]:
        each["name"] = "\u5c64"
    assert picture.draw(usage, "svg")


def test_refusals(capsys, tmp_path):
    assert cli.main(["plan", str(DIGITS), "-o", str(tmp_path / "plan.pdf")]) == 2
    assert "take one of .svg, .html, .png" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
