"""Files that a disk, a network or somebody with bad intentions has changed."""

from __future__ import annotations

import struct

import numpy as np


def damaged(rng: np.random.Generator, data: bytes) -> bytes:
    """Bytes flipped or 32-bit words replaced, most of them where the structure is."""
    changed = bytearray(data)
    for _ in range(rng.integers(1, 4)):
        at = int(rng.integers(len(data) - 4))
        if rng.random() < 0.3:
            at = int(rng.integers(min(64, len(data) - 4)))
        if rng.random() < 0.5:
            changed[at] ^= 1 << int(rng.integers(8))
        else:
            word = int(rng.choice([0, 1, 4, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, len(data)]))
            struct.pack_into("<I", changed, at, word)
    return bytes(changed)
