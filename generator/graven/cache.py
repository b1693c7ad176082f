"""Where builds are kept, and which of them an edit of the C++ side leaves as they are.

A build is kept under a hash of what was asked for, together with the names and hashes of the files
of this package that its compilers have read. It serves again as long as these are the same: an edit
of one instruction set leaves the builds for all targets that do not include it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import functools
import hashlib
import json
import os
import re
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from graven.errors import GravenError, ToolError
from graven.paths import data_root

MOST_KEPT = 1000  # builds
PREFIX = "graven-"  # of builds that are not finished
READ = "read.json"  # in a build: hashes of the files that went into it
DAY = 86_400  # seconds
NOT_IN_A_PATH = '";\\\n'  # CMake cannot build there
COMPILED = ("include", "firmware/apps/run", "firmware/apps/minimal", "firmware/boards",
            "firmware/runtime")  # fmt: skip
TEMPLATES = Path(__file__).resolve().parent / "templates"


def folder_of_builds() -> Path:
    chosen = os.environ.get("GRAVEN_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    private = Path(tempfile.gettempdir(), f"graven-{os.getuid()}")
    for folder in (Path(chosen),) if chosen else (Path(home, "graven"), private):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                found = folder.resolve()
        except OSError:
            continue
        mine = chosen or found.stat().st_uid == os.getuid()
        if mine and not set(NOT_IN_A_PATH) & set(str(found)):
            return found
    raise GravenError(
        f"{folder}: no builds can be kept there; set GRAVEN_CACHE to a folder of yours that can be "
        "written and has no quotes, semicolons or backslashes in its path."
    )


# -- what a build has read ------------------------------------------------------------------------


def digest(*parts: str | bytes) -> str:
    data = (part if isinstance(part, bytes) else part.encode() for part in parts)
    return hashlib.sha256(b"\0".join(data)).hexdigest()[:32]


@functools.cache
def sources() -> dict[str, str]:
    """The hash of every file that a compiler may read, by a name that no place is in."""
    root = data_root()
    files = {
        file.relative_to(root).as_posix(): file
        for folder in COMPILED
        for file in (root / folder).rglob("*")
        if file.suffix in (".hpp", ".cpp")
    }
    files |= {f"templates/{file.name}": file for file in TEMPLATES.iterdir()}
    return {name: digest(file.read_bytes()) for name, file in files.items()}


@functools.cache
def recipe() -> str:
    """A hash of what says how to build: it counts for every build."""
    root = data_root()
    files = [file for folder in ("firmware", "toolchains") for file in (root / folder).rglob("*")]
    wanted = [file for file in files if file.suffix in (".cmake", ".ld")]
    wanted += [root / "firmware/apps/run/CMakeLists.txt", *TEMPLATES.glob("*.j2")]
    return digest(*(file.read_bytes() for file in sorted(wanted)))


def listed(depfile: str) -> list[str]:
    """The files that a compiler's list names, in the form of make."""
    _, _, files = depfile.replace("\\\n", " ").partition(": ")
    return [name.replace("\\ ", " ") for name in re.split(r"(?<!\\)\s+", files.strip())]


def read_of(files: Iterable[Path]) -> dict[str, str]:
    """Those of the files that belong to this package, with their hashes."""
    known, root = sources(), data_root()
    found = {}
    for file in {Path(os.path.realpath(file)) for file in files}:
        name = f"templates/{file.name}"
        if file.parent != TEMPLATES:
            name = file.relative_to(root).as_posix() if file.is_relative_to(root) else ""
        if name in known:
            found[name] = known[name]
    return dict(sorted(found.items()))


def keep(made: Path, cache: Path, asked: str, files: Iterable[Path]) -> Path:
    """Takes a finished build, which has read `files`, among those that are kept."""
    text = json.dumps(read_of(files), indent=1)
    (made / READ).write_text(text)
    final = cache / f"{asked}-{digest(text)[:16]}"
    try:
        made.rename(final)
    except OSError:
        if not final.is_dir():  # otherwise somebody else has built the same meanwhile
            raise
    return final


def find(cache: Path, asked: str) -> Path | None:
    for folder in sorted(cache.glob(f"{asked}-*")):
        with contextlib.suppress(FileNotFoundError):  # somebody else prunes
            if _is_current(folder):
                os.utime(folder)
                return folder
    return None


def _is_current(folder: Path) -> bool:
    data = (folder / READ).read_bytes()
    try:
        read, known = json.loads(data), sources()
        return all(known.get(name) == value for name, value in read.items())
    except (ValueError, AttributeError):
        raise ToolError(
            f"{folder / READ}: its {len(data)} bytes are not what a build writes there; remove "
            f"{folder} and try again."
        ) from None


# -- builds that are not finished ------------------------------------------------------------------


@contextlib.contextmanager
def _lock(folder: Path, mode: int = fcntl.LOCK_EX) -> Iterator[None]:
    """Holds a folder as long as this process lives: who is killed lets go."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, mode)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def _ended_in_order() -> Iterator[None]:
    """Who is asked to end clears away first, as after Ctrl-C."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def workplace(cache: Path) -> Iterator[Path]:
    """A folder for a build; it goes with the end of the build."""
    with _ended_in_order(), contextlib.ExitStack() as held:
        with _lock(cache):  # nobody takes the folder for one that was left before it is locked
            folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=cache))
            held.callback(shutil.rmtree, folder, ignore_errors=True)
            held.enter_context(_lock(folder))
        yield folder


def _is_left(folder: Path) -> bool:
    """Is the build that was made here dead?"""
    try:
        with _lock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
            return True
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.ENOENT):
            return False
        return time.time() - folder.stat().st_mtime > DAY  # no locks in this file system


def prune(cache: Path) -> None:
    """Removes what builds that were killed have left, and the oldest builds."""
    with _lock(cache):
        left = [folder for folder in cache.glob(f"{PREFIX}*") if _is_left(folder)]
        for folder in left:
            shutil.rmtree(folder, ignore_errors=True)
    ages = {}
    for folder in cache.glob("*-*"):
        with contextlib.suppress(FileNotFoundError):  # somebody else prunes as well
            if not folder.name.startswith(PREFIX):
                ages[folder] = folder.stat().st_mtime
    for folder in sorted(ages, key=lambda folder: ages[folder])[:-MOST_KEPT]:
        shutil.rmtree(folder, ignore_errors=True)
