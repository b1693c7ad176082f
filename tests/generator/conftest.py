"""Finds the package and the programs of benchmarks/ without an installation, and the shared models
where there are any.
"""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
sys.path.insert(0, str(ROOT / "generator"))
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of the models and golden vectors that are not part of the repository."""
    import figures

    folder = figures.shared_folder()
    if not (folder / "models").is_dir():
        pytest.skip(f"no shared models at {folder}; set GRAVEN_SHARED")
    return folder


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--target", action="append", help="a target of test_targets.py (default: all)")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "target" in metafunc.fixturenames:
        from graven import build

        chosen = metafunc.config.getoption("--target")
        metafunc.parametrize("target", chosen or build.targets(), scope="session")
