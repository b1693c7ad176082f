"""`graven compile --search`: the plan that a search finds is a value in the header, for the
instruction set it was made for; the compiler repeats it.
"""

import dataclasses
import json
import re

import numpy as np
from graven import build, cli, emit, inputs, runner
from graven.frontends import tflite
from graven.paths import data_root
from test_cli import TWO_INPUTS, check_rows

MODEL = data_root() / "firmware/models/digits/digits.tflite"


def inspected(capsys, *arguments):
    assert cli.main(["inspect", str(MODEL), "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_smallest_plan_is_searched(capsys):
    simple = inspected(capsys)
    smallest = inspected(capsys, "--plan", "smallest")
    assert smallest["arena_bytes"] < simple["arena_bytes"]  # a search can find a smaller one here
    check_rows(smallest)


def test_a_header_with_plans_gives_the_same_outputs(tmp_path, capsys):
    file = tmp_path / "model.hpp"
    assert cli.main(["compile", str(MODEL), "-o", str(file), "--search", "host"]) == 0
    text = file.read_text()
    named = re.findall(r"graven::plan::Found graven::plan::found<digits::plans::(\w+)>", text)
    assert named == ["scalar", "scalar_by_rows"]
    assert max(map(len, text.splitlines())) <= emit.COLUMNS
    network = tflite.load(MODEL)
    given = inputs.random(network, 4, seed=3)
    outputs, arenas = [], []
    for header in (emit.header(network, "0" * 64), text):
        for by_rows in (False, True):
            choice = build.Choice("host", "native", "smallest", by_rows)
            built = build.build(network.name, header, choice)
            arenas.append(built.facts.arena_bytes)
            outputs.append(runner.run(network, built, given, profile=False).outputs[0])
    for output in outputs[1:]:
        np.testing.assert_array_equal(output, outputs[0])
    assert arenas[2] < arenas[0] and arenas[3] <= arenas[1]
    # the arenas that the header's comments promise
    assert [f"an arena of {arena} bytes" in text for arena in arenas[2:]] == [True, True]


def test_the_plan_of_another_instruction_set_is_left_alone(tmp_path):
    network = tflite.load(MODEL)
    choice = build.Choice("host", "native", "smallest")
    header = emit.header(network, "0" * 64)
    found = build.build(network.name, header, choice, build.Parts.SEARCH).found
    other = build.build(network.name, header, choice, build.Parts.FACTS).facts.arena_bytes
    stranger = dataclasses.replace(found, isa="mve")
    planned = emit.header(network, "0" * 64, [stranger])
    built = build.build(network.name, planned, choice, build.Parts.FACTS)
    assert built.facts.arena_bytes == other


def test_models_with_several_inputs_have_no_row_input(tmp_path):
    file = tmp_path / "model.hpp"
    assert cli.main(["compile", str(TWO_INPUTS), "-o", str(file), "--search", "host"]) == 0
    assert file.read_text().count("graven::plan::Found") == 1


def test_an_unknown_target_leaves_no_file(tmp_path, capsys):
    file = tmp_path / "model.hpp"
    assert cli.main(["compile", str(MODEL), "-o", str(file), "--search", "cortex-m99"]) == 2
    assert "cortex-m99" in capsys.readouterr().err and not file.exists()
