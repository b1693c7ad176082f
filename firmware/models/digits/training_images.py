"""Writes digits_train.npz beside this script: the images that train.py trains `digits` with, as the
model takes them. (The held-out ones are digits_test.npz.)

    .venv/bin/pip install scikit-learn
    .venv/bin/python firmware/models/digits/training_images.py

Data: as in train.py (E. Alpaydin and C. Kaynak, UCI Repository, CC BY 4.0).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

HERE = Path(__file__).resolve().parent


def as_input(images: np.ndarray) -> np.ndarray:
    """int8 at the scale of the model's input, 1 / 255 from -128 on."""
    steps = np.round((images / 16).astype(np.float32) / float(np.float32(1 / 255))) - 128
    return np.clip(steps, -128, 127).astype(np.int8)[..., None]


def main() -> None:
    digits = load_digits()
    images, held_out, labels, held_out_labels = train_test_split(
        digits.images, digits.target, test_size=360, stratify=digits.target, random_state=0
    )
    with np.load(HERE / "digits_test.npz") as test:
        same = np.array_equal(test["images"], as_input(held_out))
        if not (same and np.array_equal(test["labels"], held_out_labels)):
            raise SystemExit("digits_test.npz is of another split or scale; run train.py again.")
    path = HERE / "digits_train.npz"
    np.savez_compressed(path, images=as_input(images), labels=labels.astype(np.uint8))
    print(f"{path}: {len(labels)} images")


if __name__ == "__main__":
    main()
