"""Samples from a folder and those within: images as bytes, recordings as real numbers; in the order
of their names.
"""

from __future__ import annotations

import wave
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from graven.errors import GravenError, ToolError, first_line
from graven.node import shape_text

IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".pgm", ".ppm")
RECORDINGS = (".wav",)


def read(folder: Path) -> np.ndarray:
    """uint8 of samples x height x width x channels (1 or 3), or float32 of samples x moments, -1 to
    1; all files of one shape."""
    wanted = (*IMAGES, *RECORDINGS)
    files = sorted(each for each in folder.rglob("*") if each.suffix.lower() in wanted)
    kinds = Counter(each.suffix.lower() in RECORDINGS for each in files)
    if len(kinds) != 1:
        found = "both" if kinds else "neither"
        raise GravenError(
            f"{folder}: has {found} of images ({', '.join(IMAGES)}) and recordings (.wav), "
            "expected one kind."
        )
    reader: Callable[[Path], np.ndarray] = recording if True in kinds else image
    found = [reader(each) for each in files]
    for file, value in zip(files, found, strict=True):
        if value.shape != found[0].shape:
            raise GravenError(
                f"{file}: is {shape_text(value.shape)}, but {files[0].name} is "
                f"{shape_text(found[0].shape)}; bring all to the size of the model's input."
            )
    return np.stack(found)


def image(file: Path) -> np.ndarray:
    try:
        from PIL import Image
    except ImportError:
        raise ToolError(
            f"{file}: the Python package pillow, which reads images, is missing; "
            "pip install pillow."
        ) from None
    try:
        with Image.open(file) as opened:
            if opened.mode not in ("1", "L", "P", "RGB"):
                raise GravenError(
                    f"{file}: is an image of mode {opened.mode}, expected grey or red, green and "
                    "blue of 8 bits; save it so."
                )
            plain = opened.convert("L" if opened.mode in ("1", "L") else "RGB")
            value = np.asarray(plain, np.uint8)
    except OSError as error:
        raise GravenError(f"{file}: is no image that can be read: {first_line(error)}.") from None
    return value if value.ndim == 3 else value[..., None]


def recording(file: Path) -> np.ndarray:
    try:
        with wave.open(str(file)) as opened:
            width, channels = opened.getsampwidth(), opened.getnchannels()
            data = opened.readframes(opened.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise GravenError(
            f"{file}: is no recording that can be read: {first_line(error)}."
        ) from None
    if (width, channels) != (2, 1):
        raise GravenError(
            f"{file}: has {channels} channels of {8 * width} bits, expected one of 16 bits."
        )
    return (np.frombuffer(data, "<i2") / 32768.0).astype(np.float32)
