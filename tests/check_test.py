"""Tests of check.py on a build folder of its own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import check

PROJECT = """cmake_minimum_required(VERSION 3.25)
project(tiny LANGUAGES NONE)
enable_testing()
add_custom_command(OUTPUT good.txt COMMAND ${CMAKE_COMMAND} -E touch good.txt)
add_custom_command(OUTPUT bad.txt COMMAND ${CMAKE_COMMAND} -E false)
add_custom_target(both DEPENDS good.txt bad.txt)
add_test(NAME family/good COMMAND ${CMAKE_COMMAND} -E cat ${CMAKE_BINARY_DIR}/good.txt)
add_test(NAME family/wrong COMMAND ${CMAKE_COMMAND} -E false)
add_custom_command(OUTPUT tool COMMAND ${CMAKE_COMMAND} -E create_symlink /bin/true tool)
add_custom_target(program DEPENDS tool)
add_test(NAME program/run COMMAND ${CMAKE_BINARY_DIR}/tool)
add_test(NAME familiar COMMAND ${CMAKE_COMMAND} -E false)
add_test(NAME bad COMMAND ${CMAKE_COMMAND} -E cat ${CMAKE_BINARY_DIR}/bad.txt)
"""


class Check(unittest.TestCase):
    def setUp(self) -> None:
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.folder = Path(place.name).resolve() / "build"
        (self.folder.parent / "CMakeLists.txt").write_text(PROJECT)
        command = ["cmake", "-S", place.name, "-B", str(self.folder), "-G", "Ninja"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def check(self, test: str) -> int:
        with mock.patch.object(check, "configure", lambda preset: self.folder):
            with mock.patch.object(sys, "argv", ["check.py", test]):
                return check.main()

    def test_builds_what_the_test_needs_and_no_more(self) -> None:
        self.assertEqual(self.check("family/good"), 0)
        self.assertTrue((self.folder / "good.txt").exists())

    def test_builds_the_program_that_is_the_test(self) -> None:
        self.assertEqual(self.check("program"), 0)

    def test_a_family_is_what_stands_before_a_slash(self) -> None:
        self.assertEqual(self.check("family"), 1)
        self.assertEqual(self.check("fami"), 2)

    def test_a_build_that_fails(self) -> None:
        self.assertEqual(self.check("bad"), 3)


if __name__ == "__main__":
    unittest.main()
