"""How suites end of which tests are skipped."""

import re

import pytest

NO_PACKAGE = re.compile("no package|could not import")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every-package", action="store_true", help="a missing one is a failure")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Where every test was skipped, ctest is to say so. With --every-package, no test may be
    skipped for want of one.
    """
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", [])
    wanting = [each for each in skipped if NO_PACKAGE.search(str(each.longrepr))]
    if exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        return
    if wanting and session.config.getoption("--every-package"):
        reporter.write_line(f"--every-package: {len(wanting)} were skipped that lack one", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    elif skipped and not reporter.stats.get("passed"):
        session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
