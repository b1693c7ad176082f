"""`graven ops`: it prints what the layers take, what the other engine registers, what docs say."""

from __future__ import annotations

import json
import os
import re

import flatbuffers
import operators
import pytest
import tflite
from graven import layers, ops
from graven.frontends import tflite_writer as writer
from graven.paths import data_root
from test_cli import run

PAGE = data_root() / "docs/operators.md"


@pytest.mark.deep
def test_the_record_says_which_elements_the_layers_take():
    """Random operators of every element: which of them are read, and written as C++."""
    assert ops.recorded()["elements"] == operators.elements(), (
        "run: benchmarks/operators.py --elements --update"
    )


def test_the_record_has_what_the_layers_take():
    """The same of few random ones, which miss some elements."""
    recorded, found = ops.recorded()["elements"], operators.elements(seeds=2, cases=1)
    more = {name: {*its} - {*recorded.get(name, ())} for name, its in found.items()}
    assert not any(more.values()), "run: benchmarks/operators.py --elements --update"
    assert sum(map(len, found.values())) > 0.95 * sum(map(len, recorded.values()))
    constants = {each.operator for each in ops.table() if each.folded}
    written = {name for name in constants if hasattr(layers.modules()[name], "cpp")}
    assert not written, "have no random case"


def with_operator(name: str) -> bytes:
    """A file of one operator, with senseless inputs and options."""
    b = flatbuffers.Builder(1024)
    code = writer.CODES.get(name, writer.CODES["CUSTOM"])
    fields = {"CustomCode": b.CreateString(name)} if name not in writer.CODES else {}
    shape = writer._integers(b, (1, 4))
    tensors = [
        writer._table(b, "Tensor", Shape=shape, Type=tflite.TensorType.FLOAT32, HasRank=True)
        for _ in range(2)
    ]
    ends = {"Inputs": writer._integers(b, (0,)), "Outputs": writer._integers(b, (1,))}
    operators = [writer._table(b, "Operator", OpcodeIndex=0, **ends)]
    lists = {"Tensors": tensors, "Operators": operators}
    offsets = {field: writer._offsets(b, value) for field, value in lists.items()}
    graphs = writer._offsets(b, [writer._table(b, "SubGraph", **offsets, **ends)])
    old = min(code, 127)
    codes = [
        writer._table(b, "OperatorCode", DeprecatedBuiltinCode=old, BuiltinCode=code, **fields)
    ]
    codes, buffers = (
        writer._offsets(b, codes), writer._offsets(b, [writer._table(b, "Buffer")])
    )  # fmt: skip
    model = writer._table(
        b, "Model", Version=3, OperatorCodes=codes, Subgraphs=graphs, Buffers=buffers
    )
    b.Finish(model, file_identifier=writer.IDENTIFIER)
    return bytes(b.Output())


def is_registered(name: str) -> bool:
    """In a process of its own: whatever else is wrong with the operator may abort."""
    runtime = pytest.importorskip("tflite_micro").runtime
    data = with_operator(name)
    end, start = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(start, 1)
        os.dup2(start, 2)
        try:
            runtime.Interpreter.from_bytes(data, arena_size=1 << 16)
        finally:
            os._exit(0)
    os.close(start)
    with os.fdopen(end, "rb") as printed:
        said = printed.read()
    os.waitpid(child, 0)
    return b"Failed to get registration" not in said


def test_the_list_of_what_tflm_has_is_what_it_registers():
    customs = [name for name in ops.TFLM.split() if name not in writer.CODES]
    assert not is_registered("Nonsense") and not is_registered("GELU")
    found = [name for name in (*writer.CODES, *customs) if is_registered(name)]
    assert sorted(found) == sorted(ops.TFLM.split())


def test_against_tflm(capsys, monkeypatch):
    code, out, _ = run(capsys, "ops", "--against", "tflm")
    missing = out.split()
    assert missing == ops.missing() and code == (1 if missing else 0)
    assert not {"CONV_2D", "IF", "WHILE", "TFLM_DECODE"} & set(missing)
    monkeypatch.setattr(ops, "TFLM", "CONV_2D IF")
    assert run(capsys, "ops", "--against", "tflm") == (0, "", "")
    monkeypatch.setattr(ops, "TFLM", "CONV_2D IF FOO")
    assert run(capsys, "ops", "--against", "tflm", "--json") == (1, '["FOO"]\n', "")


def test_json(capsys):
    code, out, _ = run(capsys, "ops", "--json")
    found = json.loads(out)
    assert code == 0 and list(found) == [each.operator for each in ops.table()]
    assert found["DEQUANTIZE"]["elements"][:2] == ["int8", "uint8"]
    assert "INDEX_MAP" not in found  # no operator of a file
    assert set(found["CONV_2D"]) == {"elements", "constants_only", "kernels"}


def test_in_a_terminal(capsys):
    code, out, _ = run(capsys, "ops")
    assert code == 0 and all(name in out for name in ("CONV_2D", "TANH")) and ops.LEGEND in out


def test_the_page(capsys):
    """`graven ops --markdown` is the table of docs/operators.md."""
    code, out, _ = run(capsys, "ops", "--markdown")
    begin, end = "<!-- table: ops -->\n", "<!-- end -->"
    stored = PAGE.read_text().split(begin)[1].split(end)[0]
    assert code == 0
    assert stored == out, "run: benchmarks/operators.py --page"


def test_the_table_of_layers_in_the_readme_marks_their_elements():
    text = (
        (data_root() / "README.md").read_text().split("## What is supported")[1].split("\n## ")[0]
    )
    heading, _, *rows = [line for line in text.splitlines() if line.startswith("|")]
    columns = [cell.strip() for cell in heading.split("|")[1:-1]]
    listed = {}
    for row in rows:
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
        names = re.sub(r"\([^)]*\)", "", cells[0])
        for name in re.findall(r"\b[A-Z][A-Z0-9_]{2,}\b|\bSignal\w+|\bTFLite_\w+", names):
            listed[name] = {c for c, cell in zip(columns, cells, strict=True) if cell == "x"}
    stated = {each.operator: set(each.elements) for each in ops.table() if not each.folded}
    del stated["DEQUANTIZE"]  # to float32, not from it
    wrong = {name: its for name, its in stated.items() if listed[name] != its & set(columns)}
    assert not wrong
