"""`graven compare`: two reports side by side; what it says is what `inspect` and `run` say."""

from __future__ import annotations

import json

import pytest
from graven import compare
from graven.paths import data_root
from test_cli import MODEL, refused, run

DIGITS = data_root() / "firmware/models/digits/digits.tflite"


def report_of(*ops, macs=10):
    layers = [
        {"index": k, "name": f"layer_{k}", "op": op, "kernel": "scalar.x", "output_shape": [2, 3],
         "macs": macs, "weight_bytes": 4, "expanded_bytes": 1}
        for k, op in enumerate(ops)
    ]  # fmt: skip
    return {"model": "m", "source": "m.tflite", "target": "host", "isa": "scalar",
            "plan": "fastest", "layers": layers, "macs": macs * len(ops), "arena_bytes": 64,
            "arena_bound_bytes": 60, "input_bytes": 8,
            "flash_bytes": {"weights": 40, "code": None}}  # fmt: skip


def test_layers_that_stand_for_each_other():
    first, second = report_of("CONV_2D", "RELU", "SOFTMAX"), report_of("CONV_2D", "MUL", "SOFTMAX")
    pairs = [
        [None if layer is None else layer["op"] for layer in pair]
        for pair in compare.pairs(first, second)
    ]
    assert pairs == [
        ["CONV_2D", "CONV_2D"], ["RELU", None], [None, "MUL"], ["SOFTMAX", "SOFTMAX"]
    ]  # fmt: skip


def test_figures():
    found = compare.compared(report_of("CONV_2D"), report_of("CONV_2D", "RELU"))
    assert found["figures"]["layers"] == [1, 2] and found["figures"]["MACs"] == [10, 20]
    assert found["figures"]["of these expanded"] == [1, 2]
    assert found["figures"]["flash, bytes"] == [None, None]  # no code on the host
    assert found["figures"]["instructions"] == [None, None]
    assert [compare.change(10, 20), compare.change(0, 3), compare.change(4, 4)] == [
        "+100.0%", "+3", ""
    ]  # fmt: skip
    assert compare.change(None, 3) == ""


def test_two_models(capsys):
    code, out, _ = run(capsys, "compare", MODEL, DIGITS, "--json")
    found = json.loads(out)
    inspected = [json.loads(run(capsys, "inspect", m, "--json")[1]) for m in (MODEL, DIGITS)]
    assert code == 0 and [side["model"] for side in found["sides"]] == ["sequence", "digits"]
    assert found["figures"]["arena, bytes"] == [each["arena_bytes"] for each in inspected]
    code, out, _ = run(capsys, "compare", MODEL, DIGITS)
    assert code == 0 and "A: sequence (sequence.tflite)" in out and "MACs B" in out


def test_one_model_on_two_targets_is_run(capsys):
    arguments = ["compare", DIGITS, "--target", "cortex-m4,cortex-m0", "--run", "--json"]
    code, out, _ = run(capsys, *arguments)
    figures = json.loads(out)["figures"]
    assert code == 0 and 0 < figures["instructions"][0] < figures["instructions"][1]
    assert all(figures["flash, bytes"]) and all(figures["RAM in all, bytes"])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([MODEL], "nothing to compare; give two models, or two of --target"),
        ([MODEL, MODEL, MODEL], "MODEL is given 3 times, at most two"),
        ([MODEL, "--target", "host,cortex-m4,cortex-m0"], "--target is given 3 times"),
        ([MODEL, "--target", "host,z80"], "--target 'z80': is unknown"),
        ([MODEL, "none.tflite"], "none.tflite: cannot be read"),
    ],
)
def test_refusals(capsys, arguments, expected):
    refused(capsys, expected, "compare", *arguments)


def test_how_often_both_say_the_same(capsys):
    data = DIGITS.with_name("digits_test.npz")
    arguments = [
        "compare",
        DIGITS,
        "--target",
        "host",
        "--plan",
        "fastest,smallest",
        "--data",
        data,
    ]
    code, out, _ = run(capsys, *arguments, "--json")
    assert code == 0 and json.loads(out)["agreement"] == 1.0
