"""Which builds serve again, and what is left of those that did not end."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from graven import build, cache, emit
from graven.frontends import tflite
from test_cli import MODEL
from test_misuse import ENVIRONMENT

MVE, SCALAR = "include/graven/isa/mve/pool.hpp", "include/graven/isa/scalar/pool.hpp"


@pytest.fixture
def builds(tmp_path, monkeypatch):
    """A folder of builds, and how one gets there."""
    monkeypatch.setenv("GRAVEN_CACHE", str(tmp_path))
    network = tflite.load(MODEL)
    header = emit.header(network, "0" * 64)

    def make(parts=build.Parts.FACTS, target=build.HOST):
        return build.build(network.name, header, build.Choice(target), parts).folder

    return tmp_path, make


def changed(monkeypatch, name):
    known = cache.sources()
    assert name in known
    monkeypatch.setattr(cache, "sources", lambda: {**known, name: "other"})


@pytest.mark.parametrize("parts", [build.Parts.FACTS, build.Parts.PROGRAM, build.Parts.SEARCH])
def test_an_edit_discards_the_builds_that_have_read_the_file(builds, monkeypatch, parts):
    folder, make = builds
    first = make(parts)
    plan = "include/graven/plan/place.hpp"
    read = json.loads((first / cache.READ).read_text())
    assert MVE not in read and {SCALAR, plan} <= set(read) and all(read.values())
    changed(monkeypatch, MVE)
    assert make(parts) == first
    changed(monkeypatch, plan)
    second = make(parts)
    assert second != first and len(list(folder.iterdir())) == 2
    monkeypatch.undo()
    monkeypatch.setenv("GRAVEN_CACHE", str(folder))
    assert make(parts) == first, "the edit is taken back"


def test_a_target_reads_its_own_instruction_set(builds):
    _, make = builds
    read = set(json.loads((make(target="cortex-m55") / cache.READ).read_text()))
    others = {f"include/graven/isa/{isa}.hpp" for isa in ("armv6m", "armv7m", "armv7em", "rv32imc")}
    assert MVE in read and not others & read
    assert "firmware/apps/minimal/cortex_m.cpp" in read


def test_the_list_of_a_compiler():
    text = "facts.o: a.cpp /in/a\\ b.hpp \\\n  c.hpp\n"
    assert cache.listed(text) == ["a.cpp", "/in/a b.hpp", "c.hpp"]


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_build_leaves_nothing_for_long(tmp_path, sent):
    running = subprocess.Popen(
        [sys.executable, "-m", "graven", "inspect", MODEL],
        env={**ENVIRONMENT, "GRAVEN_CACHE": str(tmp_path)},
        start_new_session=True,
    )
    while not list(tmp_path.glob(f"{cache.PREFIX}*")) and running.poll() is None:
        time.sleep(0.05)
    cache.prune(tmp_path)
    assert list(tmp_path.iterdir()), "it is still at work"
    os.killpg(running.pid, sent)
    running.wait()
    if sent == signal.SIGKILL:  # the next build clears away
        cache.prune(tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_oldest_builds_go(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "MOST_KEPT", 2)
    for age, name in enumerate(("c-1", "b-1", "a-1")):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (age, age))
    cache.prune(tmp_path)
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["a-1", "b-1"]
