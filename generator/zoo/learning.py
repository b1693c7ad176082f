"""PyTorch as all members use it: modules are stated channels first, samples lie channels last."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import graven
import numpy as np

from zoo.data import require

if TYPE_CHECKING:
    import torch

Loss = Callable[["torch.Tensor", "torch.Tensor"], "torch.Tensor"]
"""Of a batch's outputs and what is wanted."""


def seeded(make: Callable[[], torch.nn.Module], seed: int) -> torch.nn.Module:
    """A module whose first weights are those of the seed. One thread: sums of several threads are
    not the same on every machine."""
    require("torch")
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    return make()


def to_torch(x: np.ndarray) -> torch.Tensor:
    """Images channels first; all else as it is."""
    import torch

    value = np.moveaxis(x, -1, 1) if x.ndim == 4 else x
    return torch.from_numpy(np.ascontiguousarray(value))


def fit(
    module: torch.nn.Module,
    x: np.ndarray,
    y: np.ndarray,
    *,
    epochs: int,
    rate: float = 1e-3,
    batch: int = 64,
    decay: float = 0.0,
    loss: Loss | None = None,
    cycle: bool = False,
    smoothing: float = 0.0,
) -> torch.nn.Module:
    """Trains in place by AdamW what of the module asks for gradients, with cross-entropy (of
    labels smoothed by `smoothing`) unless a loss is given; `cycle` lets the rate rise and fall
    once. The seed is torch's own."""
    import torch

    measure = loss or torch.nn.CrossEntropyLoss(label_smoothing=smoothing)
    inputs, wanted = to_torch(x), torch.from_numpy(y)
    module.train()
    chosen = [each for each in module.parameters() if each.requires_grad]
    optimizer = torch.optim.AdamW(chosen, lr=rate, weight_decay=decay)
    steps = epochs * -(-len(inputs) // batch)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, steps) if cycle else None
    for _ in range(epochs):
        for part in torch.randperm(len(inputs)).split(batch):
            error = measure(module(inputs[part]), wanted[part])
            optimizer.zero_grad()
            error.backward()
            optimizer.step()
            if rates is not None:
                rates.step()
    return module.eval()


def outputs(module: torch.nn.Module, x: np.ndarray, batch: int = 256) -> np.ndarray:
    import torch

    with torch.no_grad():
        parts = [module(to_torch(x[at : at + batch])) for at in range(0, len(x), batch)]
        return torch.cat(parts).numpy()


def compiled(module: torch.nn.Module, calibrate: np.ndarray, name: str) -> graven.Model:
    """The int8 model, calibrated on samples that lie channels last."""
    return graven.compile(
        module, example=to_torch(calibrate[:1]), calibrate=calibrate, quantize="int8",
        layout="nhwc" if calibrate.ndim == 4 else None, name=name,
    )  # fmt: skip
