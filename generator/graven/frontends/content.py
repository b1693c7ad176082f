"""What a file is that is no model, by its first bytes: a download or a copy that went wrong."""

from __future__ import annotations

from pathlib import Path

from graven.errors import GravenError
from graven.frontends import tflite

ARCHIVES = (*tflite.CONVERTERS, ".h5", ".hdf5", ".keras", ".pt", ".pt2", ".pth")
"""What may be a zip archive, or is told by its name what to do."""
ARRAY = (b"unsigned char", b"alignas(", b"uint8_t")


def check(path: Path) -> None:
    """A sentence if the file cannot be a model of any kind."""
    try:
        if path.is_dir():
            raise GravenError(
                f"{path}: is a folder without a saved_model.pb; give a file, or the folder of a "
                "SavedModel."
            )
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError:
        return  # who reads it says so
    if found := mistaken(head, path.suffix.lower()):
        raise GravenError(f"{path}: {found}.")


def mistaken(head: bytes, suffix: str) -> str | None:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head:
        return "is empty; copy or download it again"
    if text.startswith(b"version https://git-lfs"):
        return "is a pointer of Git LFS, not the model; fetch the file with git lfs pull"
    if text[:15].lower().startswith((b"<!doctype html", b"<html")):
        return "is a web page, not a model; download the raw file"
    if head.startswith(b"\x1f\x8b"):
        return "is compressed by gzip; unpack it first"
    if head.startswith(b"PK\x03\x04") and suffix not in ARCHIVES:
        return "is a zip archive; unpack it, and give the model in it"
    if suffix != ".json" and text.isascii() and any(each in text for each in ARRAY):
        return "is a C array of a model; give the .tflite file that it was made of"
    return None
