"""Mixtures of experts of PyTorch, in the forms that people write them in: a layer MOE, or a
sentence; in float32, and quantized to the weights of 8 and 4 bits that a calibration finds."""

from __future__ import annotations

import numpy as np
import pytest
from graven import api, reference
from graven.errors import GravenError
from graven.frontends import torch as frontend

torch = pytest.importorskip("torch", reason="no package torch")
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

MOMENTS, DIM, HIDDEN, EXPERTS, TOP = 6, 16, 24, 4, 2


class Expert(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.w1, self.w3 = (nn.Linear(DIM, HIDDEN, bias=False) for _ in range(2))
        self.w2 = nn.Linear(HIDDEN, DIM, bias=False)

    def forward(self, x):
        return self.w2(functional.silu(self.w1(x)) * self.w3(x))


class Perceptron(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(nn.Linear(DIM, HIDDEN), nn.GELU(), nn.Linear(HIDDEN, DIM))


class Mixture(nn.Module):
    top = TOP

    def __init__(self, expert=Expert) -> None:
        super().__init__()
        self.gate = nn.Linear(DIM, EXPERTS, bias=False)
        self.experts = nn.ModuleList(expert() for _ in range(EXPERTS))

    def chosen(self, x):
        """Shares and experts, as Mixtral normalizes them."""
        best, chosen = torch.topk(functional.softmax(self.gate(x), -1), self.top)
        return best / best.sum(-1, keepdim=True), chosen


class Loop(Mixture):
    """As Mixtral in transformers."""

    def forward(self, x):
        shape = x.shape
        x = x.view(-1, shape[-1])
        shares, chosen = self.chosen(x)
        found = torch.zeros_like(x)
        mask = functional.one_hot(chosen, EXPERTS).permute(2, 1, 0)
        for each, expert in enumerate(self.experts):
            place, token = torch.where(mask[each])
            found.index_add_(0, token, expert(x[token]) * shares[token, place, None])
        return found.view(shape)


class Assigned(Mixture):
    """As mistral-inference."""

    def forward(self, x):
        best, chosen = torch.topk(self.gate(x), self.top)
        shares, found = functional.softmax(best, -1), torch.zeros_like(x)
        for each, expert in enumerate(self.experts):
            row, token, place = torch.where(chosen == each)
            found[row, token] += shares[row, token, place, None] * expert(x[row, token])
        return found


class OnlyOne(Loop):
    top = 1


class Scattered(Mixture):
    """All experts, most of them times zero."""

    def forward(self, x):
        shares, chosen = self.chosen(x)
        gate = torch.zeros(*x.shape[:-1], EXPERTS).scatter(-1, chosen, shares)
        return (torch.stack([each(x) for each in self.experts], -2) * gate[..., None]).sum(-2)


class Dense(Mixture):
    """All experts."""

    def forward(self, x):
        gate = functional.softmax(self.gate(x), -1)
        return sum(gate[..., n : n + 1] * each(x) for n, each in enumerate(self.experts))


class Unscaled(Loop):
    """Shares that do not add up to 1."""

    def chosen(self, x):
        return torch.topk(functional.softmax(self.gate(x), -1), self.top)


class Stacked(nn.Module):
    """As gpt-fast: the weights of all experts in one, of which tokens gather theirs."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(DIM, EXPERTS, bias=False)
        self.w1, self.w3, self.w2 = (
            nn.Parameter(torch.randn(EXPERTS, *shape) / 4)
            for shape in ((HIDDEN, DIM), (HIDDEN, DIM), (DIM, HIDDEN))
        )

    def forward(self, x):
        shape = x.shape
        x = x.view(-1, DIM)
        best, chosen = torch.topk(functional.softmax(self.gate(x), -1), TOP)
        best = best / best.sum(-1, keepdim=True)
        opened = functional.silu(torch.einsum("ti,teoi->teo", x, self.w1[chosen]))
        passed = opened * torch.einsum("ti,teoi->teo", x, self.w3[chosen])
        found = torch.einsum("teo,teio->tei", passed, self.w2[chosen])
        return torch.einsum("tei,te->ti", found, best).view(shape)


class Fused(nn.Module):
    """As transformers from version 5 on: gate and up of all experts in one."""

    def __init__(self) -> None:
        super().__init__()
        self.router = nn.Parameter(torch.randn(EXPERTS, DIM) / 4)
        self.gate_up_proj = nn.Parameter(torch.randn(EXPERTS, 2 * HIDDEN, DIM) / 4)
        self.down_proj = nn.Parameter(torch.randn(EXPERTS, DIM, HIDDEN) / 4)

    def forward(self, x):
        shape = x.shape
        x = x.reshape(-1, DIM)
        best, chosen = torch.topk(functional.softmax(x @ self.router.T, -1), TOP)
        best, found = best / best.sum(-1, keepdim=True), torch.zeros_like(x)
        for each in range(EXPERTS):
            token, place = torch.where(chosen == each)
            gate, up = functional.linear(x[token], self.gate_up_proj[each]).chunk(2, -1)
            down = functional.linear(functional.silu(gate) * up, self.down_proj[each])
            found.index_add_(0, token, down * best[token, place, None])
        return found.reshape(shape)


class Block(nn.Module):
    """A transformer's."""

    def __init__(self, mixture: nn.Module) -> None:
        super().__init__()
        self.first, self.second = nn.LayerNorm(DIM), nn.RMSNorm(DIM)
        self.attention = nn.MultiheadAttention(DIM, 2, batch_first=True)
        self.mixture = mixture

    def forward(self, x):
        y = self.first(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        return x + self.mixture(self.second(x))


def samples(count: int) -> np.ndarray:
    rng = np.random.default_rng(3)
    return rng.normal(0.0, 1.0, (count, 1, MOMENTS, DIM)).astype(np.float32)


def read(module):
    return frontend.from_module(module.eval(), (torch.zeros(1, MOMENTS, DIM),), "m", "nchw")


def expect(module, network, count: int) -> None:
    names = [each.name for each in network.operators]
    assert names.count("MOE") == count and "SOFTMAX" not in names
    for each in samples(8):
        answer = module(torch.from_numpy(each)).detach().numpy()
        found = reference.run(network, [each.reshape(network.tensors[network.inputs[0]].shape)])
        worst = np.abs(found[network.outputs[0]].reshape(answer.shape) - answer).max()
        assert worst < 1e-5 * np.abs(answer).max()


FORMS = [Loop, Assigned, OnlyOne, Scattered, Dense, Stacked, Fused]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_a_block_with_experts_agrees_with_torch(form):
    torch.manual_seed(0)
    block = Block(form())
    network = read(block)
    expect(block, network, 1)
    (layer,) = (each.layer for each in network.operators if each.name == "MOE")
    assert layer.top == {OnlyOne: 1, Dense: EXPERTS}.get(form, TOP)


def test_several_and_alone():
    torch.manual_seed(0)
    several = nn.Sequential(Block(Loop()), Loop(), Block(Assigned()))
    expect(several, read(several), 3)


def test_a_file_of_torch_export(tmp_path):
    torch.manual_seed(0)
    block = Block(Loop()).eval()
    torch.export.save(
        torch.export.export(block, (torch.zeros(1, MOMENTS, DIM),)), tmp_path / "m.pt2"
    )
    expect(block, frontend.load(tmp_path / "m.pt2", "nchw"), 1)


@pytest.mark.parametrize(
    ("mixture", "reason"),
    [(lambda: Loop(Perceptron), "have biases"), (Unscaled, "are other ones")],
)
def test_other_mixtures_are_a_sentence(mixture, reason):
    with pytest.raises(GravenError, match=f"a mixture of 4 experts that {reason}, expected exp"):
        read(Block(mixture()))


class Clamped(Expert):
    """As gpt-oss limits them."""

    def forward(self, x):
        opened = functional.silu(self.w1(x)).clamp(max=30)
        return self.w2(opened * self.w3(x).clamp(-30, 30))


def test_experts_with_limits_are_other_ones():
    torch.manual_seed(0)
    network = read(Block(Dense(Clamped)))
    assert "MOE" not in [each.name for each in network.operators]


class Gated(Expert):
    def forward(self, x):
        return self.w2(functional.gelu(self.w1(x)) * self.w3(x))


def test_what_lies_flat_behind_other_experts_is_read():
    torch.manual_seed(0)
    module = nn.Sequential(Dense(Gated), nn.Flatten(), nn.Linear(MOMENTS * DIM, MOMENTS * DIM))
    assert "MOE" not in [each.name for each in read(module).operators]


def test_a_convolution_behind_a_softmax_is_no_mixture():
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(8, 8), nn.Conv1d(8, 8, 1)

        def forward(self, x):
            y = self.second(functional.softmax(self.first(x), -1).transpose(1, 2))
            return torch.special.i0(y)

    with pytest.raises(GravenError) as error:
        frontend.from_module(Odd().eval(), (torch.zeros(1, 8, 8),), "m", "nchw")
    assert "mixture" not in str(error.value) and "i0" in str(error.value)


def test_other_experts_that_are_all_computed_are_read():
    torch.manual_seed(0)
    block = Block(Dense(Perceptron))
    network = read(block)
    assert "MOE" not in [each.name for each in network.operators]
    assert [each.name for each in network.operators].count("GELU") == EXPERTS


@pytest.mark.parametrize(("kind", "most"), [("int8", 0.02), ("int4", 0.035), ("int16x8", 0.01)])
def test_a_quantized_block_is_the_same_in_cpp(kind, most):
    torch.manual_seed(0)
    block = Block(Loop()).eval()
    given = samples(64)
    made = api.compile(block, calibrate=given[:, 0], quantize=kind)
    (experts,) = (each for each in made.network.operators if each.name == "MOE")
    weights = [made.network.tensors[index].element.value for index in experts.inputs[2:]]
    assert weights == [{"int16x8": "int8"}.get(kind, kind)] * 3
    wanted = block(torch.from_numpy(given[:, 0])).detach().numpy()
    found = made(given[:, 0]).reshape(wanted.shape)
    assert np.sqrt(np.mean((found - wanted) ** 2) / np.mean(wanted**2)) < most
    np.testing.assert_array_equal(made.native()(given[:8, 0]), made(given[:8, 0]))
