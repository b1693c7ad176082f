"""Files that are written; one that cannot be is a sentence, if possible before slow work begins.
So is one that will be read late."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from graven.errors import GravenError

if TYPE_CHECKING:
    import numpy as np


def check_output(path: Path, model: Path, *others: Path | None) -> None:
    """Finds out before anything slow begins that a file cannot be written, or would be over one
    that is read."""
    try:
        for given in filter(None, (model, *others)):
            if path.exists() and given.exists() and path.samefile(given):
                what = "the model itself" if given is model else "what is read"
                raise GravenError(f"{path}: is {what}; name another file with --output.")
        if path.is_dir():
            raise GravenError(f"{path}: cannot be written: it is a folder; name a file in it.")
        if not is_special(path):
            check_folder(path.resolve().parent, path)
    except OSError as error:
        raise GravenError(f"{path}: cannot be written: {error.strerror}.") from None


def check_inputs(*files: Path | None) -> None:
    """Finds out as early that a file or folder which will be read is not there."""
    for file in filter(None, files):
        if not file.exists():
            raise GravenError(f"{file}: cannot be read: no such file.")


def check_folder(folder: Path, of: Path) -> None:
    if not folder.is_dir():
        reason = "is no folder" if folder.exists() else "does not exist"
    elif not os.access(folder, os.W_OK | os.X_OK):
        reason = "is not yours to write to"
    else:
        return
    raise GravenError(f"{of}: cannot be written: {folder} {reason}.")


def check_output_folder(folder: Path) -> None:
    """As check_output; what is not there will be made."""
    there = folder.resolve()
    while not there.exists():
        there = there.parent
    check_folder(there, folder)


def is_special(path: Path) -> bool:
    """A pipe, or /dev/stdout."""
    return path.exists() and not path.is_file()


def write_file(path: Path, data: bytes) -> None:
    """All of it or nothing: written beside its place, then renamed."""
    temporary = None
    try:
        if is_special(path):
            path.write_bytes(data)
            return
        path = path.resolve()  # a link stays a link
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".graven-", delete=False) as file:
            temporary = Path(file.name)
            file.write(data)
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(path)
        temporary = None
    except OSError as error:
        raise GravenError(f"{path}: cannot be written: {error.strerror}.") from None
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()


def write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """As write_file, an .npz archive."""
    import numpy as np

    data = io.BytesIO()
    np.savez_compressed(data, **arrays)
    write_file(path, data.getvalue())
