"""What a file is that is no model, by its first bytes: a download or a copy that went wrong."""

from __future__ import annotations

import zipfile
from pathlib import Path

from graven.errors import GravenError
from graven.frontends import tflite

ARCHIVES = (*tflite.CONVERTERS, ".h5", ".hdf5", ".keras", ".pt", ".pt2", ".pth")
"""What may be a zip archive, or is told by its name what to do."""
ZIP = b"PK\x03\x04"
ARRAY = (b"unsigned char", b"alignas(", b"uint8_t")


SCRIPT = (
    "is a program of TorchScript, which torch.export does not take; give the torch.nn.Module that "
    "it was made of, or torch.export.save that as .pt2"
)


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
    found = archived(path) if head.startswith(ZIP) else mistaken(head, path.suffix.lower())
    if found is not None:
        raise GravenError(f"{path}: {found}.")


def archived(path: Path) -> str | None:
    """What is wrong with a zip archive, by what is in it."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, zipfile.BadZipFile):
        names = []  # who reads it says so
    pickled = any(each.endswith("/data.pkl") for each in names)
    if pickled and any("/code/" in each for each in names):
        return SCRIPT
    if path.suffix.lower() in ARCHIVES:
        return None
    if pickled:
        return "is a file of torch.save; name it .pth, and its class with --class module:Name"
    return "is a zip archive; unpack it, and give the model in it"


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
    if suffix != ".json" and text.isascii() and any(each in text for each in ARRAY):
        return "is a C array of a model; give the .tflite file that it was made of"
    return None
