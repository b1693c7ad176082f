"""`graven doctor`: what it finds, what it does not, and how to get it."""

from __future__ import annotations

import json

import pytest
from graven import doctor
from test_cli import run


@pytest.fixture
def tools(tmp_path, monkeypatch):
    """A PATH of its own, into which programs are put that print a version; a cache of its own."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("GRAVEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.delenv("GRAVEN_CLANG", raising=False)
    (tmp_path / "bin").mkdir()

    def put(name: str, does: str) -> None:
        file = tmp_path / "bin" / name
        file.write_text(f"#!/bin/sh\n{does}\n")
        file.chmod(0o755)

    return put


def by_name(findings):
    return {each.what: each for each in findings}


def test_this_machine(capsys):
    code, out, _ = run(capsys, "doctor", "--json")
    found = {each["what"]: each for each in json.loads(out)}
    assert code == 0 and found["cmake"]["ok"] and found["c++"]["found"]
    assert found["tflite-micro"]["for"] == "verify --against tflm"
    code, out, _ = run(capsys, "doctor")
    assert code == 0 and "qemu-system-arm" in out


def test_an_empty_machine(capsys, tools):
    code, out, _ = run(capsys, "doctor")
    assert code == 3
    assert "graven compile works; the other verbs need cmake, ninja, c++." in out
    assert "apt-get install cmake" in out and "apt-get install gcc-arm-none-eabi" in out
    assert "apt-get install qemu-system-misc" in out
    found = by_name(doctor.examine())
    assert found["arm-none-eabi-g++"].needed_for.startswith("--target cortex-m0, ")
    assert found["qemu-system-riscv32"].needed_for == "run and verify, --target riscv32"


def test_what_is_too_old_or_broken(tools):
    tools("cmake", "echo cmake version 3.22.1")
    tools("ninja", "echo 1.10.0")
    tools(
        "c++", "case $1 in --version) echo g++ 12.2.0;; *) echo 'x: error: no array'; exit 1; esac"
    )
    tools("qemu-system-arm", "echo Segmentation fault; exit 139")
    found = by_name(doctor.examine())
    assert found["cmake"].found == "3.22.1"
    assert found["cmake"].advice.startswith("too old, expected 3.25; on Debian or Ubuntu: apt-get")
    assert found["ninja"].ok
    assert found["c++"].advice.startswith(
        "cannot compile C++20 with <array>: x: error: no array; on Debian"
    )
    assert found["qemu-system-arm"].advice == (
        "qemu-system-arm --version fails: Segmentation fault"
    )
    assert not doctor.is_fit(list(found.values()))


def test_a_compiler_of_the_users_choice(tools, monkeypatch):
    tools("clang++-13", "echo clang version 13.0.1")
    monkeypatch.setenv("GRAVEN_CLANG", "clang++-13")
    found = by_name(doctor.examine())["clang++-13"]
    assert found.advice.startswith("too old, expected 14; on Debian or Ubuntu: apt-get install")


def test_all_that_is_there(monkeypatch):
    there = doctor.Finding("x", "1.0", "all")
    assert doctor.verdict([there]) == "Everything works." and doctor.is_fit([there])
    lacking = doctor.Finding("y", "", "plan", "get it")
    assert doctor.verdict([there, lacking]) == "Models run on this machine; not there: y (plan)."
    assert doctor.is_fit([there, lacking])


def test_no_place_for_builds(tools, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GRAVEN_CACHE", str(tmp_path / "file/in"))
    found = by_name(doctor.examine())["folder of builds"]
    assert not found.ok and "set GRAVEN_CACHE" in found.advice
