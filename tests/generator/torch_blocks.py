"""Blocks with attention as people write them in PyTorch: BLOCKS, each a function that makes a
module for sequences of MOMENTS vectors of DIM (windows: images of 8 x 8 such vectors)."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

DIM, MOMENTS, HEADS = 16, 12, 4
HEAD = DIM // HEADS
BLOCKS: dict[str, Callable[[], nn.Module]] = {}


def block(name: str) -> Callable:
    def add(make: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
        BLOCKS[name] = make
        return make

    return add


def in_heads(x: Tensor, count: int = HEADS) -> Tensor:
    return x.view(1, MOMENTS, count, x.shape[-1] // count).transpose(1, 2)


def out_of_heads(x: Tensor) -> Tensor:
    return x.transpose(1, 2).reshape(1, MOMENTS, DIM)


class Projected(nn.Module):
    """What `between` makes of q, k and v."""

    def __init__(self, between: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.qkv, self.between = nn.Linear(DIM, 3 * DIM), between

    def forward(self, x: Tensor) -> Tensor:
        return out_of_heads(self.between(*map(in_heads, self.qkv(x).chunk(3, -1))))


@block("weights")
def weights() -> nn.Module:
    class Weights(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.MultiheadAttention(DIM, HEADS, batch_first=True)

        def forward(self, x: Tensor) -> Tensor:
            y, seen = self.body(x, x, x, average_attn_weights=False)
            return torch.cat([y, seen.mean(1)], -1)

    return Weights()


class GptBlock(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.LayerNorm(DIM), nn.LayerNorm(DIM)
        self.qkv, self.out = nn.Linear(DIM, 3 * DIM), nn.Linear(DIM, DIM)
        self.up, self.down = nn.Linear(DIM, 4 * DIM), nn.Linear(4 * DIM, DIM)
        self.register_buffer("seen", torch.tril(torch.ones(64, 64)).view(1, 1, 64, 64))

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = map(in_heads, self.qkv(self.first(x)).split(DIM, 2))
        scores = q @ k.transpose(-2, -1) * (1 / math.sqrt(HEAD))
        scores = scores.masked_fill(self.seen[:, :, :MOMENTS, :MOMENTS] == 0, float("-inf"))
        x = x + self.out(out_of_heads(F.softmax(scores, -1) @ v))
        return x + self.down(F.gelu(self.up(self.second(x)), approximate="tanh"))


block("GPT-2")(lambda: nn.Sequential(GptBlock(), GptBlock(), nn.LayerNorm(DIM)))


class Root(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(DIM) + 0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5))


class LlamaBlock(nn.Module):
    KV = 2

    def __init__(self) -> None:
        super().__init__()
        kept = self.KV * HEAD
        self.q, self.k, self.v = (nn.Linear(DIM, n, bias=False) for n in (DIM, kept, kept))
        self.out = nn.Linear(DIM, DIM, bias=False)
        self.first, self.second = Root(), Root()
        self.gate, self.up = nn.Linear(DIM, 24, bias=False), nn.Linear(DIM, 24, bias=False)
        self.down = nn.Linear(24, DIM, bias=False)
        rates = 10000 ** -(torch.arange(0, HEAD, 2) / HEAD)
        angles = torch.outer(torch.arange(MOMENTS).float(), rates).repeat(1, 2)
        self.register_buffer("cos", angles.cos())
        self.register_buffer("sin", angles.sin())

    def turned(self, x: Tensor) -> Tensor:
        a, b = x.chunk(2, -1)
        return x * self.cos + torch.cat((-b, a), -1) * self.sin

    def repeated(self, x: Tensor) -> Tensor:
        shape = (1, self.KV, HEADS // self.KV, MOMENTS, HEAD)
        return x[:, :, None].expand(shape).reshape(1, HEADS, MOMENTS, HEAD)

    def forward(self, x: Tensor) -> Tensor:
        h = self.first(x)
        q = self.turned(in_heads(self.q(h)))
        k = self.repeated(self.turned(in_heads(self.k(h), self.KV)))
        v = self.repeated(in_heads(self.v(h), self.KV))
        x = x + self.out(out_of_heads(F.scaled_dot_product_attention(q, k, v, is_causal=True)))
        h = self.second(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


block("LLaMA")(lambda: nn.Sequential(LlamaBlock(), LlamaBlock(), Root()))


class Windows(nn.Module):
    """Swin's: windows of 4 x 4, moved by `shift`, with a bias by relative places."""

    def __init__(self, shift: int) -> None:
        super().__init__()
        self.shift, self.qkv, self.out = shift, nn.Linear(DIM, 3 * DIM), nn.Linear(DIM, DIM)
        self.table = nn.Parameter(torch.randn(49, HEADS))
        at = torch.stack(torch.meshgrid(torch.arange(4), torch.arange(4), indexing="ij")).flatten(1)
        apart = (at[:, :, None] - at[:, None]).permute(1, 2, 0) + 3
        self.register_buffer("places", apart[..., 0] * 7 + apart[..., 1])
        region = torch.zeros(8, 8)
        for k, rows in enumerate((slice(0, 4), slice(4, 6), slice(6, 8))):
            for j, columns in enumerate((slice(0, 4), slice(4, 6), slice(6, 8))):
                region[rows, columns] = 3 * k + j
        region = region.view(2, 4, 2, 4).permute(0, 2, 1, 3).reshape(4, 16)
        mask = (region[:, None] != region[:, :, None]) * -100.0
        self.register_buffer("mask", mask if shift else torch.zeros(4, 16, 16))

    def forward(self, x: Tensor) -> Tensor:
        y = torch.roll(x, (-self.shift, -self.shift), (1, 2)) if self.shift else x
        y = y.view(1, 2, 4, 2, 4, DIM).permute(0, 1, 3, 2, 4, 5).reshape(-1, 16, DIM)
        q, k, v = self.qkv(y).reshape(4, 16, 3, HEADS, HEAD).permute(2, 0, 3, 1, 4)
        bias = self.table[self.places.view(-1)].view(16, 16, HEADS).permute(2, 0, 1)
        scores = q * HEAD**-0.5 @ k.transpose(-2, -1) + bias[None] + self.mask[:, None]
        y = self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(4, 16, DIM))
        y = y.view(1, 2, 2, 4, 4, DIM).permute(0, 1, 3, 2, 4, 5).reshape(1, 8, 8, DIM)
        return x + (torch.roll(y, (self.shift, self.shift), (1, 2)) if self.shift else y)


block("windows")(lambda: Windows(0))
block("shifted windows")(lambda: Windows(2))


class Conformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()

        def feed_forward() -> nn.Module:
            layers = nn.Linear(DIM, 32), nn.SiLU(), nn.Linear(32, DIM)
            return nn.Sequential(nn.LayerNorm(DIM), *layers)

        self.first, self.second = feed_forward(), feed_forward()
        self.before, self.body = (
            nn.LayerNorm(DIM),
            nn.MultiheadAttention(DIM, HEADS, batch_first=True),
        )
        self.between, self.after = nn.LayerNorm(DIM), nn.LayerNorm(DIM)
        self.gate, self.out = nn.Conv1d(DIM, 2 * DIM, 1), nn.Conv1d(DIM, DIM, 1)
        self.deep = nn.Conv1d(DIM, DIM, 7, padding=3, groups=DIM)
        self.norm = nn.BatchNorm1d(DIM)

    def forward(self, x: Tensor) -> Tensor:
        x = x + 0.5 * self.first(x)
        h = self.before(x)
        x = x + self.body(h, h, h, need_weights=False)[0]
        h = F.glu(self.gate(self.between(x).transpose(1, 2)), 1)
        x = x + self.out(F.silu(self.norm(self.deep(h)))).transpose(1, 2)
        return self.after(x + 0.5 * self.second(x))


block("Conformer")(Conformer)


def linear(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    q, k = F.elu(q) + 1, F.elu(k) + 1
    return q @ (k.transpose(-2, -1) @ v) / (q @ k.sum(2).unsqueeze(-1))


def linear_causal(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    q, k = F.elu(q) + 1, F.elu(k) + 1
    sums = torch.einsum("nhsd,nhsm->nhsdm", k, v).cumsum(2)
    return torch.einsum("nhsd,nhsdm->nhsm", q, sums) / (q * k.cumsum(2)).sum(-1, keepdim=True)


FEATURES = torch.randn(8, HEAD, generator=torch.Generator().manual_seed(1))
PLACES = torch.randn(1, HEADS, 2 * MOMENTS - 1, HEAD, generator=torch.Generator().manual_seed(2))


def performer(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    def positive(x: Tensor) -> Tensor:
        x = x * HEAD**-0.25
        return torch.exp(x @ FEATURES.T - (x**2).sum(-1, keepdim=True) / 2) / math.sqrt(8) + 1e-4

    q, k = positive(q), positive(k)
    return q @ (k.transpose(-2, -1) @ v) / (q @ k.sum(-2, keepdim=True).transpose(-2, -1))


def alibi(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    slopes = torch.tensor([2 ** (-8 * (head + 1) / HEADS) for head in range(HEADS)])
    at = torch.arange(MOMENTS)
    bias = slopes[:, None, None] * (at[None, :] - at[:, None])[None].float()
    later = torch.triu(torch.full((MOMENTS, MOMENTS), float("-inf")), 1)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=bias + later)


def sliding(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    at = torch.arange(MOMENTS)
    seen = (at[None] <= at[:, None]) & (at[None] > at[:, None] - 4)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=seen)


def capped(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return (torch.tanh(q @ k.transpose(-2, -1) / 10) * 5).softmax(-1) @ v


def relative(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Transformer-XL's: scores of distances, each row moved to its place."""
    moved = F.pad(q @ PLACES.transpose(-2, -1), (1, 0)).view(1, HEADS, 2 * MOMENTS, MOMENTS)
    moved = moved[:, :, 1:].reshape(1, HEADS, MOMENTS, 2 * MOMENTS - 1)[..., :MOMENTS]
    return ((q @ k.transpose(-2, -1) + moved) / 2).softmax(-1) @ v


for each in (linear, linear_causal, performer, alibi, sliding, capped, relative):
    block(each.__name__.replace("_", " "))(lambda each=each: Projected(each))


class Buckets(nn.Module):
    """T5's: a bias by distance, in buckets that grow."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v, self.out = (nn.Linear(DIM, DIM, bias=False) for _ in range(4))
        self.bias, self.norm = nn.Embedding(8, HEADS), Root()

    def bucket(self, apart: Tensor) -> Tensor:
        side, apart = (apart > 0).long() * 4, apart.abs()
        far = 2 + (torch.log(apart.float() / 2) / math.log(16) * 2).long()
        return side + torch.where(apart < 2, apart, torch.min(far, torch.full_like(far, 3)))

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (in_heads(each(self.norm(x))) for each in (self.q, self.k, self.v))
        at = torch.arange(MOMENTS)
        bias = self.bias(self.bucket(at[None] - at[:, None])).permute(2, 0, 1)[None]
        return x + self.out(out_of_heads(F.softmax(q @ k.transpose(3, 2) + bias, -1) @ v))


block("T5")(Buckets)


def shape_of(name: str) -> tuple[int, ...]:
    return (1, 8, 8, DIM) if "windows" in name else (1, MOMENTS, DIM)


def made(name: str) -> nn.Module:
    torch.manual_seed(1)
    return BLOCKS[name]().eval()
