"""Trains the language model that ships here: 127 characters of the King James Bible in, the
probabilities of the next one out.

    apt-get download bible-kjv bible-kjv-text; dpkg -x ... x      # public domain, Debian
    echo gen1:1-rev22:21 | (cd x/usr/lib && ../bin/bible -f -p .) > bible.txt
    python train.py bible.txt language.npz --minutes 50

Romans is held out. Needs torch. The weights are named as in the checkpoints of Llama, float32.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).parent))
from text import read_text

BATCH = 32


@dataclass(frozen=True)
class Config:
    vocabulary: int = 128
    dim: int = 96
    layers: int = 3
    heads: int = 4
    kv_heads: int = 2
    head_dim: int = 24
    hidden: int = 192
    context: int = 128
    base: float = 10000.0
    epsilon: float = 1e-5


def rotations(config: Config, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    rates = config.base ** (-torch.arange(0, config.head_dim, 2) / config.head_dim)
    angles = torch.outer(torch.arange(length), rates)
    return angles.cos(), angles.sin()


def rotated(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)


class Block(nn.Module):
    def __init__(self, c: Config) -> None:
        super().__init__()
        self.c = c
        self.input_norm = nn.Parameter(torch.ones(c.dim))
        self.post_attention_norm = nn.Parameter(torch.ones(c.dim))
        self.q = nn.Linear(c.dim, c.heads * c.head_dim, bias=False)
        self.k = nn.Linear(c.dim, c.kv_heads * c.head_dim, bias=False)
        self.v = nn.Linear(c.dim, c.kv_heads * c.head_dim, bias=False)
        self.o = nn.Linear(c.heads * c.head_dim, c.dim, bias=False)
        self.gate = nn.Linear(c.dim, c.hidden, bias=False)
        self.up = nn.Linear(c.dim, c.hidden, bias=False)
        self.down = nn.Linear(c.hidden, c.dim, bias=False)

    def forward(self, x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
        c = self.c
        y = F.rms_norm(x, (c.dim,), self.input_norm, c.epsilon)
        batch, length, _ = y.shape
        q = self.q(y).view(batch, length, c.heads, c.head_dim).transpose(1, 2)
        k = self.k(y).view(batch, length, c.kv_heads, c.head_dim).transpose(1, 2)
        v = self.v(y).view(batch, length, c.kv_heads, c.head_dim).transpose(1, 2)
        q, k = rotated(q, cos, sin), rotated(k, cos, sin)
        k, v = (t.repeat_interleave(c.heads // c.kv_heads, dim=1) for t in (k, v))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.o(y.transpose(1, 2).reshape(batch, length, -1))
        y = F.rms_norm(x, (c.dim,), self.post_attention_norm, c.epsilon)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


class Language(nn.Module):
    def __init__(self, c: Config) -> None:
        super().__init__()
        self.c = c
        self.embedding = nn.Embedding(c.vocabulary, c.dim)
        self.blocks = nn.ModuleList(Block(c) for _ in range(c.layers))
        self.norm = nn.Parameter(torch.ones(c.dim))
        nn.init.normal_(self.embedding.weight, std=0.05)
        for block in self.blocks:
            for layer in (block.o, block.down):
                nn.init.normal_(layer.weight, std=0.05 / math.sqrt(2 * c.layers))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        cos, sin = rotations(self.c, tokens.shape[1])
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x, cos, sin)
        x = F.rms_norm(x, (self.c.dim,), self.norm, self.c.epsilon)
        return x @ self.embedding.weight.T


def bits_per_character(model: Language, text: torch.Tensor) -> float:
    """Windows that overlap by half: each character is told by at least half of a context."""
    length, step = model.c.context, model.c.context // 2
    total, count = 0.0, 0
    with torch.no_grad():
        for first in range(0, len(text) - length - 1, step * 64):
            starts = range(first, min(first + step * 64, len(text) - length - 1), step)
            batch = torch.stack([text[s : s + length + 1] for s in starts])
            logits = model(batch[:, :-1])[:, -step:]
            loss = F.cross_entropy(logits.reshape(-1, logits.shape[-1]),
                                   batch[:, -step:].reshape(-1), reduction="sum")  # fmt: skip
            total, count = total + float(loss), count + batch.shape[0] * step
    return total / count / math.log(2)


def save(model: Language, path: Path, bits: float) -> None:
    weights = {name: value.detach().numpy() for name, value in model.state_dict().items()}
    np.savez(path, bits_per_character=bits, **weights,
             **{f"config.{name}": value for name, value in asdict(model.c).items()})  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--minutes", type=float, default=50)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    texts = read_text(arguments.text)
    train, held_out = (torch.tensor(list(text), dtype=torch.long) for text in texts)
    model = Language(Config())
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {len(train):,} characters")
    optimizer = torch.optim.AdamW(model.parameters(), lr=0, betas=(0.9, 0.98), weight_decay=0.01)
    began, step, length = time.monotonic(), 0, model.c.context
    while (done := (time.monotonic() - began) / (60 * arguments.minutes)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = (
                4e-3 * min(step / 100, 1) * (0.02 + 0.98 * (1 + math.cos(math.pi * done)) / 2)
            )
        starts = torch.randint(len(train) - length - 1, (BATCH,))
        batch = torch.stack([train[s : s + length + 1] for s in starts])
        logits = model(batch[:, :-1])
        loss = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), batch[:, 1:].reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 500 == 0:
            bits = bits_per_character(model, held_out)
            print(
                f"{step:6} {done:5.1%} loss {loss.item() / math.log(2):.3f} {bits:.3f}", flush=True
            )
            save(model, arguments.output, bits)
        step += 1
    bits = bits_per_character(model, held_out)
    save(model, arguments.output, bits)
    print(f"{step} steps, {bits:.3f} bits per character of the book held out")


if __name__ == "__main__":
    main()
