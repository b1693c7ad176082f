"""images.py <digits_test.npz> <images.hpp> [<namespace>]: digits as constants of the firmware.

The build calls it; the images are int8 as the model takes them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

HEADER = """\
// Generated from {source} by firmware/apps/digits/images.py.
#pragma once

#include <array>
#include <cstdint>

namespace {name} {{

inline constexpr int count = {count};

inline constexpr std::array<std::uint8_t, count> labels{{
{labels}
}};

inline constexpr std::int8_t images[count][{size}]{{
{images}
}};

}} // namespace {name}
"""


def lines(values: np.ndarray, per_line: int) -> str:
    rows = [values[start : start + per_line] for start in range(0, len(values), per_line)]
    return "\n".join("    " + " ".join(f"{value}," for value in row) for row in rows)


def header(source: Path, name: str) -> str:
    with np.load(source) as data:
        labels, images = data["labels"], data["images"]
    if images.dtype != np.int8 or labels.shape != images.shape[:1]:
        raise SystemExit(
            f"{source}: expected int8 images and one label for each, got {images.dtype} "
            f"{images.shape} and {labels.shape}; run firmware/models/digits/train.py again."
        )
    pixels = images.reshape(len(images), -1)
    return HEADER.format(
        source=source.name,
        name=name,
        count=len(images),
        size=pixels.shape[1],
        labels=lines(labels, 20),
        images="\n".join(f"    {{\n{lines(image, images.shape[2])}\n    }}," for image in pixels),
    )


if __name__ == "__main__":
    name = sys.argv[3] if len(sys.argv) > 3 else "held_out"
    Path(sys.argv[2]).write_text(header(Path(sys.argv[1]), name), encoding="utf-8")
