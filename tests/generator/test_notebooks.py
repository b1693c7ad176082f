"""The notebooks: each has run to its end, says nothing of the machine, and names what there is.
What they say is compared by test_notebooks_deep.
"""

import ast
import importlib
import json
import re
from pathlib import Path

import graven
import pytest
from graven.api import Model

FOLDER = Path(__file__).resolve().parents[2] / "generator" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
MOST_BYTES = 20_000
PATHS = re.compile(r"(?<![\w.:/<])/(?:home|root|tmp|usr|opt|var|work|Users)\b|[A-Z]:\\\\")


def code(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def source(cell):
    return "".join(cell["source"])


@pytest.fixture(params=NOTEBOOKS, ids=[each.stem for each in NOTEBOOKS])
def notebook(request):
    return json.loads(request.param.read_text())


def test_there_are_ten():
    assert [each.name[:2] for each in NOTEBOOKS] == [f"{k:02}" for k in range(1, 11)]


def test_each_cell_has_run_in_turn_and_none_has_failed(notebook):
    cells = code(notebook)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert not [each for each in outputs if each["output_type"] == "error"]
    assert not [each for each in outputs if each.get("name") == "stderr"]
    for cell in cells:  # who prints, or ends with a value, has said something
        last = ast.parse(source(cell)).body[-1]
        speaks = isinstance(last, ast.Expr) or "print(" in source(cell)
        assert bool(cell["outputs"]) or not speaks


def test_it_says_nothing_of_the_machine_and_is_light(notebook):
    text = json.dumps(notebook)
    assert not PATHS.search(text) and len(text) < MOST_BYTES
    assert all(cell["metadata"] == {} for cell in notebook["cells"])


def names(tree, module):
    """What is read of an imported module."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == module
    }


def test_what_it_names_exists(notebook):
    for cell in code(notebook):
        tree = ast.parse(source(cell))
        for name in names(tree, "graven"):
            assert hasattr(graven, name) or importlib.import_module(f"graven.{name}")
        for name in names(tree, "model"):
            assert hasattr(Model, name) or name in ("exact", "network", "quantization", "slimmed")
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] in ("graven", "zoo"):
                found = importlib.import_module(node.module)
                for each in node.names:
                    assert hasattr(found, each.name) or importlib.import_module(
                        f"{node.module}.{each.name}"
                    )


def test_the_readme_leads_to_them():
    root = FOLDER.parents[1]
    for page in ("README.md", "docs/python.md"):
        assert "generator/notebooks" in (root / page).read_text()
