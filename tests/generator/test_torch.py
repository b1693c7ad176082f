"""The PyTorch front end: modules of each kind, and the networks that people train, the numpy
reference of what is read against torch. Skipped where torch is not installed.
"""

import os
import resource
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from graven import api, cli, inputs, ir, passes, reference
from graven.errors import GravenError
from graven.frontends import files
from graven.frontends import torch as frontend
from graven.quantize.post_training import quantize

torch = pytest.importorskip("torch", reason="no package torch: pip install 'graven[torch]'")
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def seeded(module):
    """In evaluation mode, its batch normalizations as if trained."""
    torch.manual_seed(0)
    for each in module.modules():
        if hasattr(each, "reset_parameters"):
            each.reset_parameters()
        if isinstance(each, nn.BatchNorm1d | nn.BatchNorm2d):
            each.running_mean.normal_(0.0, 0.3)
            each.running_var.uniform_(0.5, 2.0)
            each.weight.data.normal_(1.0, 0.2)
            each.bias.data.normal_(0.0, 0.2)
    return module.eval()


def turned(value, name, description):
    said = dict(each.split(" ") for each in description.split(", ") if each)
    for label, order in said.items():
        if label == name:
            stated = {3: "NCL", 4: "NCHW"}.get(value.ndim, "0123456789")
            value = value.transpose([stated.index(letter) for letter in order])
    return np.ascontiguousarray(value)


def check(module, *shape, layout=None):
    module = seeded(module)
    torch.manual_seed(1)
    x = torch.randn(*shape)
    network = frontend.from_module(module, (x,), layout=layout)
    with torch.no_grad():
        expected = module(x).numpy()
    (given,), (output,) = network.inputs, network.outputs
    value = turned(x.numpy(), network.tensors[given].name, network.description)
    found = reference.run(network, [value])[output]
    expected = turned(expected, network.tensors[output].name, network.description)
    assert found.shape == expected.shape
    assert np.max(np.abs(found - expected)) <= 1e-4 * np.max(np.abs(expected))
    return network


FIRST_ODD = torch.tensor([True, False] * 3 + [False] * 6)
THREE = torch.linspace(-1, 1, 12).reshape(4, 3)
MODULES = {
    "conv": nn.Conv2d(4, 6, 3, padding=1),
    "conv strided": nn.Conv2d(4, 6, 3, stride=2, padding=1),
    "conv same": nn.Conv2d(4, 6, (3, 2), padding="same"),
    "conv dilated": nn.Conv2d(4, 6, 3, dilation=2),
    "conv grouped": nn.Conv2d(4, 6, 3, groups=2),
    "depthwise": nn.Conv2d(4, 8, 3, groups=4),
    "conv transposed": nn.ConvTranspose2d(4, 3, 2, stride=2),
    "conv transposed cut": nn.ConvTranspose2d(4, 3, 4, stride=2, padding=1),
    "normalized": nn.Sequential(nn.Conv2d(4, 6, 3), nn.BatchNorm2d(6), nn.ReLU()),
    "normalized alone": nn.BatchNorm2d(4),
    "max pool": nn.MaxPool2d(2),
    "max pool ceil": nn.MaxPool2d(2, ceil_mode=True),
    "max pool padded": nn.Sequential(nn.ReLU(), nn.MaxPool2d(3, 2, 1)),
    "average pool": nn.AvgPool2d(3, 2),
    "average pool padded": nn.AvgPool2d(3, 1, 1),
    "average pool uncounted": nn.AvgPool2d(3, 1, 1, count_include_pad=False),
    "adaptive": nn.AdaptiveAvgPool2d(1),
    "adaptive parts": nn.AdaptiveAvgPool2d((4, 3)),
    "adaptive max": nn.AdaptiveMaxPool2d(1),
    "flatten": nn.Sequential(nn.Conv2d(4, 3, 3), nn.Flatten(), nn.Linear(180, 5)),
    "mean": Function(lambda x: x.mean((2, 3))),
    "silu": nn.SiLU(),
    "gelu": nn.GELU(),
    "hardswish": nn.Hardswish(),
    "hardsigmoid": nn.Hardsigmoid(),
    "relu6": nn.ReLU6(),
    "hardtanh": nn.Hardtanh(),
    "clamp": Function(lambda x: x.clamp(0.0, 0.7)),
    "leaky": nn.LeakyReLU(0.2),
    "prelu": nn.PReLU(4),
    "elu": nn.ELU(),
    "softmax": nn.Softmax(1),
    "log softmax": nn.LogSoftmax(1),
    "arithmetic": Function(lambda x: (2.0 - x) * x / 3.0 + x.abs() - 0.5),
    "scaled": Function(lambda x: torch.add(x, torch.sigmoid(x), alpha=2.0)),
    "split": Function(lambda x: torch.cat([x.chunk(2, 1)[1], x[:, :2].relu()], 1)),
    "permuted": Function(lambda x: x.permute(0, 2, 3, 1).reshape(1, -1, 4).softmax(-1)),
    "select": Function(lambda x: x[:, 1].relu()),
    "slice": Function(lambda x: x[:, :, 1:-1, ::2].relu()),
    "pad": nn.Sequential(nn.ZeroPad2d((1, 2, 0, 1)), nn.Conv2d(4, 3, 3)),
    "upsample": nn.Upsample(scale_factor=2),
    "upsample bilinear": nn.Upsample(scale_factor=2, mode="bilinear"),
    "pixel shuffle": nn.Sequential(nn.PixelShuffle(2), nn.ReLU()),
    "shuffle": nn.Sequential(nn.Conv2d(4, 6, 1), nn.ChannelShuffle(2), nn.Conv2d(6, 3, 1)),
    "dropout": nn.Sequential(nn.Dropout(), nn.ReLU()),
    "conv transposed grouped": nn.ConvTranspose2d(4, 4, 3, 2, 1, groups=2),
    "average pool ceil": nn.AvgPool2d(3, 2, 1, ceil_mode=True),
    "average pool ceil uncounted": nn.AvgPool2d(3, 2, 1, True, count_include_pad=False),
    "adaptive sizes": nn.AdaptiveAvgPool2d((5, 4)),
    "adaptive max sizes": nn.AdaptiveMaxPool2d((5, 4)),
    "group norm": nn.GroupNorm(2, 4),
    "instance norm": nn.InstanceNorm2d(4, affine=True),
    "replicated": nn.ReplicationPad2d((1, 2, 0, 1)),
    "circular": nn.Conv2d(4, 3, 3, padding=1, padding_mode="circular"),
    "selu": nn.SELU(),
    "celu": nn.CELU(0.5),
    "elu of alpha": nn.ELU(0.7),
    "softplus": nn.Softplus(2.0),
    "log sigmoid": nn.LogSigmoid(),
    "softsign": nn.Softsign(),
    "erf": Function(lambda x: x.erf()),
    "mish": nn.Mish(),
    "softshrink": nn.Softshrink(0.3),
    "hardshrink": nn.Hardshrink(0.3),
    "glu": nn.GLU(1),
    "gate": Function(lambda x: x * x.mean((2, 3), keepdim=True).sigmoid().expand_as(x)),
    "logarithms": Function(lambda x: (x.abs() + 1).log10() + x.abs().log1p() + x.expm1()),
    "powers": Function(lambda x: x.pow(3) + 1 / (x.abs() + 1) ** 0.5 + 2**x),
    "where, constant": Function(
        lambda x: (
            torch.where(torch.arange(14) > 3, x, 0.25) + x.masked_fill(torch.arange(14) < 2, 2)
        )
    ),
    "rounded to tenths": Function(lambda x: x.round(decimals=1)),
    "hyperbolic": Function(lambda x: x.sinh() - x.cosh() + (x / 3).tan() + x.erfc()),
    "cut off": Function(lambda x: x.trunc() + x.frac() + torch.div(x, 0.3, rounding_mode="trunc")),
    "remainders": Function(lambda x: x.fmod(0.7) + x.remainder(0.7) * x.remainder(-0.3)),
    "truth as numbers": Function(lambda x: (x > 0) * x + 2 * (x < -0.5)),
    "truth": Function(lambda x: torch.where(((x > 0) & (x < 1)) | ~(x > -1), x, 0.5)),
    "whole numbers": Function(lambda x: x * torch.arange(14) + torch.arange(12)[:, None]),
    "computed limits": Function(lambda x: x.clamp(min=x.mean(), max=torch.arange(14) / 7)),
    "moments": Function(lambda x: sum(torch.var_mean(x, 1)) + sum(torch.std_mean(x, 1))),
    "nearest, exact": nn.Upsample(scale_factor=2, mode="nearest-exact"),
    "places of two axes": Function(lambda x: x[:, :, [[0], [3], [5]], [2, 1]]),
    "places together": Function(lambda x: x[:, [0, 3, 1], [2, 1, 0]]),
    "places of places": Function(lambda x: x[:, torch.tensor([[0, 3], [1, -1]])].mean(1)),
    "places by booleans": Function(lambda x: x[:, torch.tensor([True, False, False, True])]),
    "columns of windows": nn.Unfold(3, padding=1),
    "negative padding": nn.ZeroPad2d((1, -2, -3, 2)),
    "quarters": Function(lambda x: x.abs().pow(0.75) + x.abs().pow(0.25)),
    "neighbours": nn.LocalResponseNorm(3),
    "softplus, threshold": nn.Softplus(beta=2, threshold=1),
    "softplus, turned": nn.Softplus(beta=-2, threshold=1),
    "negative padding by edges": nn.ReplicationPad2d((-1, 2, 1, -2)),
    "negative padding, circular": Function(
        lambda x: nn.functional.pad(x, (-1, 2, 1, 1), mode="circular")
    ),
    "a sum of booleans": Function(lambda x: ((x > 0) + (x > 0.5)).float() * x),
    "hyperbolic functions of large numbers": Function(
        lambda x: torch.cosh(x * 0.01 + 88.9) + torch.sinh(x * 0.01 + 88.9)
    ),
    "where": Function(lambda x: torch.where(x > 0.2, x, -x) + (x <= 0).float()),
    "deviation": Function(lambda x: torch.cat([x.mean(3), x.std(3), x.var(3)], 1)),
    "norm": Function(lambda x: nn.functional.normalize(x, dim=1)),
    "cosine": Function(lambda x: nn.functional.cosine_similarity(x, x.flip(3))),
    "log of sums": Function(lambda x: x.logsumexp(1)),
    "largest": Function(lambda x: torch.cat([x.max(1)[0], x.min(1)[0], x.amax(1)], 1)),
    "moved": Function(lambda x: x.roll(2, 3) + x.flip(2) + torch.stack(x.unbind(2), 2)),
    "repeated": Function(lambda x: x.repeat(1, 2, 1, 1) + x.tile(1, 2, 1, 1)),
    "picked": Function(lambda x: x[:, [2, 0]] + x.index_select(1, torch.tensor([1, 3]))),
    "windows": Function(lambda x: x.unfold(3, 4, 2).mean(-1)),
    "sums": Function(lambda x: x.cumsum(2)),
    "product": Function(lambda x: torch.einsum("bchw,bkhw->bck", x, x)),
    "product of three": Function(lambda x: torch.einsum("bchw,bkhw,kj->bcj", x, x, THREE)),
    "whole": Function(lambda x: (x**2).mean()),
    "angles": Function(lambda x: x.atan() + torch.atan2(x, x.flip(3)) + torch.atan2(-x, x - x)),
    "angles from constants": Function(
        lambda x: (
            torch.atan2(torch.tensor([-0.5, 0.5]).repeat(7), x)
            + torch.atan2(x, torch.tensor([-0.5, 0.5]).repeat(7))
        )
    ),
    "angles of shares": Function(lambda x: x.tanh().asin() + 2 * x.tanh().acos()),
    "areas": Function(lambda x: x.asinh() + (x.abs() + 1).acosh() + (x.tanh() * 0.9).atanh()),
    "real powers": Function(lambda x: (x.abs() + 0.5) ** 1.7 + (x.abs() + 0.5) ** x + x**5),
    "powers of 0 and less": Function(
        lambda x: torch.pow(torch.tensor([0.0, -2.0]).repeat(7), x.round().abs() * (x > 0))
    ),
    "powers by a number of many axes": Function(
        lambda x: torch.pow(x[0, 0], torch.full((1, 1, 1), 2.0))
    ),
    "bilinear of a constant": Function(
        lambda x: F.bilinear(x, torch.ones(1, 4, 12, 2), torch.ones(3, 14, 2))
    ),
    "powers of two": Function(lambda x: x.exp2() + torch.hypot(x, x.flip(1))),
    "sorted": Function(lambda x: x.sort(-1)[0] + x.sort(-1, descending=True)[0]),
    "ranks": Function(lambda x: x.argsort(-1).float() + x.argsort(1, descending=True)),
    "least": Function(lambda x: sum(x.topk(2, 1, largest=False))),
    "middle": Function(lambda x: x.median(1)[0] + x.kthvalue(2, 1)[0] + x.median()),
    "nothing joined": Function(lambda x: torch.cat([x.sin(), x[..., 14:]], -1)),
    "looked up": Function(lambda x: x[:, x[0].mean((1, 2)).argmax()] + x[0].amax((1, 2)).argmax()),
    "looked up along": Function(
        lambda x: x.gather(1, x.argsort(1)) + x.take_along_dim(x.topk(14, 3)[1], 3)
    ),
    "looked up as one": Function(
        lambda x: x[0, x[0, :4, 0, 0].argsort() - 2, torch.tensor([0, 2, -1, 3])]
    ),
    "looked up in a constant": Function(
        lambda x: (
            torch.arange(12.0).view(4, 3)[:, x.argmax(1) % 3].sum(0)
            + torch.arange(14)[x.argmax(3)].float().sum()
            + torch.arange(8).view(1, 4, 2).gather(2, x.argmax(3)[..., :2] % 2).float().sum()
        )
    ),
    "looked up from behind": Function(lambda x: x[0][x[0, :2, 0, 0].argsort() - 3]),
    "looked up beside booleans": Function(
        lambda x: x[0][x[0, :1, 0, 0].argsort(), FIRST_ODD].sum(0)
    ),
    "looked up beside constants": Function(
        lambda x: x[
            0,
            torch.zeros(3, 1, dtype=torch.int64),
            torch.tensor([1, 2]),
            x[0, 0, :, 0].argsort()[:1],
        ]
    ),
    "a number looked up": Function(lambda x: x * torch.arange(4.0)[x[0, :, 0, 0].argmax()]),
    "nothing summed": Function(
        lambda x: torch.cat([torch.cat([x[..., 14:], x[..., 15:]], -1), x], -1) + x[..., 14:].sum()
    ),
    "gathered": Function(lambda x: x.gather(1, torch.arange(144).reshape(1, 3, 6, 8) % 4)),
    "along": Function(lambda x: torch.take_along_dim(x, torch.tensor([[[[3]], [[0]]]]), 1)),
    "put": Function(
        lambda x: x.index_put((torch.tensor([0]), torch.tensor([1, 3])), torch.ones(2, 12, 14))
    ),
    "put behind": Function(lambda x: x.index_copy(3, torch.tensor([5, 2]), x[..., :2])),
    "put by booleans": Function(
        lambda x: (
            torch.ops.aten.index_put(x, [None, torch.arange(4) > 1], torch.tensor(0.5))
            + torch.ops.aten.index_put(x, [None, None, torch.eye(12, 14) > 0], torch.tensor(0.5))
        )
    ),
    "added": Function(lambda x: x.index_add(1, torch.tensor([1, 3, 1]), x[:, :3])),
    "filled": Function(lambda x: x.index_fill(2, torch.tensor([2, -1]), 0.5)),
    "scattered": Function(
        lambda x: torch.full_like(x, 0.25).scatter(1, torch.arange(28).reshape(1, 2, 1, 14) % 4, x)
    ),
    "scattered, added": Function(
        lambda x: x.scatter_add(3, torch.arange(96).reshape(1, 4, 12, 2) % 5, x)
    ),
    "folded": Function(
        lambda x: nn.functional.fold(nn.functional.unfold(x, 3, padding=1), (12, 14), 3, padding=1)
    ),
    "diagonal": Function(lambda x: x.diagonal(1, 2, 3) + x.diagonal(-1, 3, 2)),
    "counts": Function(
        lambda x: (
            (x > 0).sum(1) + (x > 1).any(1) * x[:, 0] + (x > -1).all(1) + x.relu().count_nonzero(1)
        )
    ),
    "extremes": Function(lambda x: sum(torch.aminmax(x, dim=1))),
    "buckets": Function(
        lambda x: (
            torch.bucketize(x, torch.tensor([-1.0, 0.0, 1.0])).float()
            + torch.searchsorted(torch.tensor([-0.5, 0.5]), x, right=True)
        )
    ),
    "one of several": Function(lambda x: nn.functional.one_hot(x.argmax(1), 4).float()),
    "cut to whole numbers": Function(lambda x: (3 * x).int().float() + (2 * x).long() + x.bool()),
    "own divisor": nn.AvgPool2d(3, 2, 1, divisor_override=5),
    "conv transposed dilated": nn.ConvTranspose2d(4, 3, 3, 2, 1, dilation=2, output_padding=1),
    "products of pairs": Function(
        lambda x: torch.addmm(x[0, 0], x[0, 1] @ x[0, 2].T, x[0, 3], beta=0.5, alpha=2)
    ),
    "distances": Function(
        lambda x: torch.cdist(x[0], x[0].flip(1)) + torch.cdist(x[0], x[0] + 1, p=1)
    ),
    "from centres": Function(lambda x: (-torch.cdist(x[:, 0], torch.ones(5, 14))).exp()),
}


@pytest.mark.parametrize("label", MODULES)
def test_module(label):
    widths = {"adaptive parts": 9, "flatten": 8}
    try:
        check(MODULES[label], 1, 4, 12, widths.get(label, 14))
    except GravenError as error:
        if "which is not supported; what there is" not in str(error):
            raise
        pytest.skip(str(error).split(";")[0])


# -- networks -------------------------------------------------------------------------------------


def normalized(inputs, units, kernel=3, stride=1, groups=1, clamp=nn.ReLU):
    conv = nn.Conv2d(inputs, units, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(units), clamp())


class Residual(nn.Module):
    def __init__(self, inputs, units, stride):
        super().__init__()
        self.body = nn.Sequential(
            normalized(inputs, units, 3, stride),
            nn.Conv2d(units, units, 3, padding=1),
            nn.BatchNorm2d(units),
        )
        self.short = nn.Conv2d(inputs, units, 1, stride) if stride > 1 else nn.Identity()

    def forward(self, x):
        return torch.relu(self.body(x) + self.short(x))


def resnet8():
    blocks = [Residual(16, 16, 1), Residual(16, 32, 2), Residual(32, 64, 2)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10), nn.Softmax(1)]
    return nn.Sequential(normalized(3, 16), *blocks, *head)


def separable(inputs, units, stride=1, clamp=nn.ReLU):
    return nn.Sequential(
        normalized(inputs, inputs, 3, stride, inputs, clamp), normalized(inputs, units, 1)
    )


def ds_cnn():
    first = nn.Conv2d(1, 64, (10, 4), (2, 2), (5, 1))
    body = [separable(64, 64) for _ in range(4)]
    return nn.Sequential(first, nn.ReLU(), *body, nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                         nn.Linear(64, 12))  # fmt: skip


def mobilenet_v1():
    plan = [(8, 16, 1), (16, 32, 2), (32, 32, 1), (32, 64, 2), (64, 64, 1), (64, 128, 2),
            (128, 128, 1), (128, 256, 2)]  # fmt: skip
    body = [separable(*each) for each in plan]
    return nn.Sequential(normalized(3, 8, 3, 2), *body, nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                         nn.Linear(256, 2))  # fmt: skip


class Inverted(nn.Module):
    def __init__(self, inputs, units, stride, factor):
        super().__init__()
        wide = inputs * factor
        self.body = nn.Sequential(
            normalized(inputs, wide, 1, clamp=nn.ReLU6),
            normalized(wide, wide, 3, stride, wide, nn.ReLU6),
            nn.Conv2d(wide, units, 1, bias=False),
            nn.BatchNorm2d(units),
        )
        self.joins = stride == 1 and inputs == units

    def forward(self, x):
        return x + self.body(x) if self.joins else self.body(x)


def mobilenet_v2():
    plan = [
        (16, 8, 1, 1),
        (8, 8, 2, 6),
        (8, 8, 1, 6),
        (8, 16, 2, 6),
        (16, 16, 1, 6),
        (16, 24, 2, 6),
    ]
    body = [Inverted(*each) for each in plan]
    head = [normalized(24, 64, 1, clamp=nn.ReLU6), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
            nn.Linear(64, 10)]  # fmt: skip
    return nn.Sequential(normalized(3, 16, 3, 2, clamp=nn.ReLU6), *body, *head)


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down, self.middle = normalized(3, 8), normalized(8, 16)
        self.up, self.last = nn.ConvTranspose2d(16, 8, 2, 2), nn.Conv2d(16, 2, 1)

    def forward(self, x):
        wide = self.down(x)
        deep = self.middle(F.max_pool2d(wide, 2))
        return torch.sigmoid(self.last(torch.cat([self.up(deep), wide], 1)))


NETWORKS = {
    "ResNet-8": (resnet8, (1, 3, 32, 32)),
    "DS-CNN": (ds_cnn, (1, 1, 49, 10)),
    "MobileNetV1": (mobilenet_v1, (1, 3, 32, 32)),
    "MobileNetV2": (mobilenet_v2, (1, 3, 32, 32)),
    "U-Net": (UNet, (1, 3, 16, 16)),
}


@pytest.mark.parametrize("label", NETWORKS)
def test_network(label):
    make, shape = NETWORKS[label]
    network = check(make(), *shape)
    kinds = [operator.name for operator in network.operators]
    assert not {"TRANSPOSE", "MUL", "RELU", "RELU6"} & set(kinds), kinds
    generator = np.random.default_rng(0)
    samples = generator.normal(0, 1, (16, *network.tensors[network.inputs[0]].shape))
    report = quantize(network, [samples.astype(np.float32)]).report
    assert report.layers[-1].noise_db > 10.0


class Frames(nn.Module):
    """Each image of a clip by the same layers, as each signal of several sensors."""

    def __init__(self, *layers):
        super().__init__()
        self.body = nn.Sequential(*layers)

    def forward(self, x):
        return self.body(x.flatten(0, 1)).unflatten(0, (1, -1)).mean(1)


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (Frames(nn.Conv2d(3, 4, 3, 2, 1), nn.ReLU(), nn.Conv2d(4, 4, 3)), (1, 5, 3, 9, 8)),
        (Frames(nn.Conv2d(4, 4, 3, padding=1, groups=4), nn.BatchNorm2d(4)), (1, 5, 4, 6, 7)),
        (Frames(nn.Conv1d(2, 4, 5, 2, 2), nn.Tanh(), nn.Flatten(), nn.Linear(20, 3)),
         (1, 3, 2, 10)),
        (Frames(nn.Conv2d(4, 4, 3), nn.GroupNorm(2, 4)), (1, 5, 4, 9, 8)),
        (Frames(nn.Conv2d(3, 4, 3), nn.MaxPool2d(3, 2, 1), nn.Upsample(scale_factor=2)),
         (1, 3, 3, 9, 8)),
        (Frames(nn.Conv1d(4, 4, 3), nn.InstanceNorm1d(4, affine=True)), (1, 5, 4, 9)),
    ],
)  # fmt: skip
def test_the_same_for_each_frame(module, shape):
    check(module.eval(), *shape)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv3d(2, 3, 3, padding=1),
        nn.Conv3d(2, 3, (1, 2, 3), stride=(1, 2, 1)),
        nn.Conv3d(2, 3, 2, stride=2, padding=(1, 0, 1)),
        nn.Conv3d(2, 3, (3, 2, 2), padding="same", dilation=(1, 2, 1)),
        nn.Conv3d(2, 4, 3, padding=1, groups=2),
    ],
)
def test_convolutions_of_volumes(layer):
    network = check(nn.Sequential(layer, nn.ReLU()), 1, 2, 5, 6, 7)
    assert "CONV_3D" in [each.name for each in network.operators]


@pytest.mark.parametrize(
    "layer",
    [
        nn.ConvTranspose1d(3, 4, 4, 2, 1),
        nn.AdaptiveAvgPool1d(4),
        Function(lambda x: nn.functional.pad(x, (2, 1), mode="replicate")),
    ],
)
def test_of_one_axis(layer):
    check(layer, 1, 3, 15)


@pytest.mark.parametrize("layer", [nn.MaxPool3d(2), nn.AvgPool3d(2), nn.AdaptiveAvgPool3d(1)])
def test_pools_of_volumes(layer):
    check(layer, 1, 3, 4, 6, 8, layout="nchw")


def test_several_sequences_pay_attention():
    check(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 3, 5, 8)


class LearnedMemory(nn.Module):
    """Keys and values that the model states; of queries see test_torch_attention.py."""

    def __init__(self):
        super().__init__()
        self.memory = nn.Parameter(torch.randn(1, 2, 6))
        self.attention = nn.MultiheadAttention(6, 2, batch_first=True)

    def forward(self, x):
        return self.attention(x, self.memory, self.memory, need_weights=False)[0]


def test_attention_to_what_is_learned():
    check(LearnedMemory(), 1, 7, 6)


def test_a_layer_of_two_inputs():
    class Twice(nn.Bilinear):
        def forward(self, x):
            return super().forward(x, x.tanh())

    check(Twice(5, 5, 3), 1, 4, 5)


def test_a_bag_of_words():
    bag = nn.EmbeddingBag(10, 4, mode="mean").eval()
    tokens = torch.tensor([[1, 7, 7, 3]])
    network = frontend.from_module(bag, (tokens,))
    found = reference.run(network, [tokens.numpy().astype(np.int32)])[network.outputs[0]]
    np.testing.assert_allclose(found, bag(tokens).detach().numpy(), rtol=1e-5)


def test_parts_have_names_of_their_own():
    """By which a quantized network's layers are compared with the float ones'."""
    gate = Function(lambda x: x * x.mean((2, 3), keepdim=True).sigmoid().expand_as(x))
    module = nn.Sequential(nn.Conv2d(3, 4, 3, 2), gate, nn.Conv2d(4, 6, 3, 2), gate)
    network = check(module, 1, 3, 16, 16)
    names = [network.tensors[each.output].name for each in network.operators]
    assert len(set(names)) == len(names)
    x = np.random.default_rng(0).normal(size=(6, 3, 16, 16)).astype(np.float32)
    made = api.compile(module, calibrate=x, quantize="int8", method="min-max")
    assert made.quantization is not None


PRODUCTS = {
    "by a vector": ((1, 5, 6), lambda x: x @ torch.linspace(-1, 1, 6)),
    "of a vector": ((1, 6, 5), lambda x: torch.linspace(-1, 1, 6) @ x),
    "by matrices": ((1, 3, 5, 6), lambda x: x @ torch.linspace(-1, 1, 72).reshape(3, 6, 4)),
    "of matrices": ((1, 3, 6, 5), lambda x: torch.linspace(-1, 1, 72).reshape(3, 4, 6) @ x),
    "over two axes": (
        (1, 3, 6),
        lambda x: torch.einsum("bni,nij->bj", x, torch.linspace(-1, 1, 72).reshape(3, 6, 4)),
    ),
    "of inputs": ((1, 5, 6), lambda x: x @ x.mean(1)[0]),
}


@pytest.mark.parametrize("label", PRODUCTS)
def test_products(label):
    """Pooling by attention multiplies by a vector, a capsule's votes by many matrices."""
    shape, function = PRODUCTS[label]
    check(Function(function), *shape)


def test_samples_without_a_batch():
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.MaxPool2d(2), nn.ConvTranspose2d(8, 4, 2, 2), nn.AvgPool2d(3),
        nn.AdaptiveMaxPool2d(2), nn.AdaptiveAvgPool2d(1), nn.Flatten(0), nn.Linear(4, 2),
    )  # fmt: skip
    check(net, 3, 20, 20)
    check(Function(lambda x: F.avg_pool2d(x, (x.shape[1], 1)).squeeze(1)), 1, 12, 8)


def test_conv1d_network():
    net = nn.Sequential(
        nn.Conv1d(6, 16, 5, padding=2), nn.BatchNorm1d(16), nn.ReLU(), nn.MaxPool1d(2),
        nn.Conv1d(16, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, 4),
    )  # fmt: skip
    network = check(net, 1, 6, 40)
    assert "TRANSPOSE" not in [operator.name for operator in network.operators]


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_padding_of_a_maximum_has_no_part_in_scales():
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.MaxPool2d(3, 2, 1), nn.Flatten(), nn.Linear(128, 5))
    network = check(net, 1, 3, 10, 10)
    samples = np.random.default_rng(0).normal(0, 1, (32, *network.tensors[0].shape))
    report = quantize(network, [samples.astype(np.float32)]).report
    assert report.layers[-1].noise_db > 25.0


# -- files ----------------------------------------------------------------------------------------


def test_file_of_export_and_command(tmp_path):
    module = seeded(resnet8())
    path = tmp_path / "net.pt2"
    torch.export.save(torch.export.export(module, (torch.randn(1, 3, 32, 32),)), path)
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(0, 1, (8, 3, 32, 32)))
    header = tmp_path / "net.hpp"
    assert cli.main(["compile", str(path), "-o", str(header), "--quantize", "int8",
                     "--calibrate", str(tmp_path / "x.npy")]) == 0  # fmt: skip
    assert "int8 1x32x32x3 -> int8 1x10" in header.read_text()


@pytest.mark.deep
def test_first_header_within_30_seconds(tmp_path):
    """Of a .pth in a new process, import included; of a core, since machines are shared."""
    (tmp_path / "nets.py").write_text(
        "from torch import nn\n\n\ndef net():\n"
        "    return nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),\n"
        "                         nn.Conv2d(16, 32, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1),\n"
        "                         nn.Flatten(), nn.Linear(32, 10))\n"
    )
    torch.manual_seed(0)
    net = runpy.run_path(str(tmp_path / "nets.py"))["net"]()
    torch.save(net.state_dict(), tmp_path / "net.pth")
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(0, 1, (200, 3, 32, 32)))
    command = [sys.executable, "-m", "graven", "compile", "net.pth", "--class", "nets:net",
               "--shape", "1,3,32,32", "-o", "net.hpp", "--quantize", "int8",
               "--calibrate", "x.npy"]  # fmt: skip
    path = os.pathsep.join((str(Path(frontend.__file__).parents[2]), str(tmp_path)))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (tmp_path / "net.hpp").is_file()
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 30


def test_pickled_files(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(
        "from torch import nn\n\n\nclass Net(nn.Sequential):\n    def __init__(self):\n"
        "        super().__init__(nn.Linear(4, 3), nn.ReLU())\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    import mine

    net = mine.Net()
    torch.save(net.state_dict(), "weights.pth")
    torch.save(net, "whole.pth")
    for name in ("weights.pth", "whole.pth"):
        network = files.read(tmp_path / name, of="mine:Net", shape=(1, 4)).network
        assert [operator.name for operator in network.operators] == ["FULLY_CONNECTED"]
    with pytest.raises(GravenError, match="name the class"):
        files.read(tmp_path / "whole.pth", shape=(1, 4))
    with pytest.raises(GravenError, match="give its shape"):
        files.read(tmp_path / "whole.pth", of="mine:Net")
    with pytest.raises(GravenError, match="cannot be read as mine:Other: AttributeError"):
        files.read(tmp_path / "whole.pth", of="mine:Other", shape=(1, 4))


@pytest.mark.parametrize("name", ["m.pt", "m.pth", "m.ts", "m.torchscript"])
def test_torchscript_is_refused(name, tmp_path):
    script = torch.jit.trace(nn.Linear(4, 3).eval(), torch.zeros(1, 4))
    script.save(tmp_path / name)
    sentence = "is a program of TorchScript, .*give the torch.nn.Module that it was made of"
    with pytest.raises(GravenError, match=sentence):
        files.read(tmp_path / name)
    with pytest.raises(GravenError, match=sentence):
        api.compile(script, example=torch.zeros(1, 4))


def test_weights_alone_are_refused(tmp_path):
    weights = nn.Linear(4, 3).state_dict()
    torch.save(weights, tmp_path / "pytorch_model.bin")
    with pytest.raises(GravenError, match=r"is a file of torch.save; name it .pth, and its class"):
        files.read(tmp_path / "pytorch_model.bin")
    with pytest.raises(
        GravenError, match=r"a OrderedDict of weights, .*into their torch.nn.Module"
    ):
        api.compile(weights)


def test_a_program_without_a_file():
    module, x = nn.Sequential(nn.Linear(4, 3), nn.ReLU()).eval(), torch.randn(2, 4)
    program = torch.export.export(module, (x[:1],))
    found = api.compile(program)(x.numpy())
    np.testing.assert_allclose(found, module(x).detach().numpy(), atol=1e-6)


# -- writes into tensors ---------------------------------------------------------------------------


def through_a_slice(y):
    y[:, 1] *= 2
    y[:, :, ::3] = 0
    y[:, 2:, 1:3] = y[:, :2, 4:6]
    return y


def through_a_view(y):
    y.view(1, -1).relu_()
    y.transpose(2, 3).add_(1)
    y.chunk(2, 1)[1].mul_(3)
    return y


def behind_a_view(y):
    seen = y[:, 1]
    y.add_(1)
    return seen * y.mean()


def into_a_new_one(y):
    found = torch.zeros(1, 4, 12, 14)
    for each in range(4):
        found[:, each] = y[:, each] * each
    return found


def all_over(y):
    return y + y.clone().fill_(0.5) + torch.ones_like(y) + torch.full_like(y, 2)


def by_a_mask(y):
    y.masked_fill_(torch.arange(14) > 9, -1.0)
    return y.clamp_(-0.5, 1).sub_(0.5).div_(2)


@pytest.mark.parametrize(
    "write",
    [through_a_slice, through_a_view, behind_a_view, into_a_new_one, all_over, by_a_mask],
    ids=lambda write: write.__name__,
)
def test_writes(write):
    check(Function(lambda x: write(x * 1.5)), 1, 4, 12, 14)


def test_dropout_in_place_rewrites_nothing(monkeypatch):
    """To rewrite a graph takes PyTorch longer than all that is done here."""
    monkeypatch.setattr(torch.export.ExportedProgram, "run_decompositions", None)
    check(nn.Sequential(nn.Flatten(), nn.Dropout(inplace=True), nn.Linear(12, 3)), 1, 3, 4)


class Region(nn.Module):
    def __init__(self, within):
        super().__init__()
        self.within = within

    def forward(self, x):
        y = x * 2
        with self.within():
            z = (y @ y.transpose(1, 2)).add_(1)
            y = torch.relu(y)
        return z.float() @ y + x


def autocast_to(device, enabled):
    return lambda: torch.autocast(device, torch.bfloat16, enabled)


@pytest.mark.parametrize("within", [torch.enable_grad, autocast_to("cpu", False)])
def test_regions(within):
    check(Region(within), 1, 3, 4)


class Kept:
    def __init__(self, x):
        self.x = x


def test_what_is_no_tensor_is_refused():
    with pytest.raises(GravenError, match=r"yields a Kept, which is no tensor; .*use_cache=False"):
        frontend.from_module(Function(lambda x: (x * 2, Kept(x))).eval(), (torch.zeros(1, 3),))


def test_a_region_of_other_numbers_is_refused():
    with pytest.raises(GravenError, match=r"in bfloat16 by torch.autocast, .*; leave autocast out"):
        frontend.from_module(Region(autocast_to("cpu", True)).eval(), (torch.zeros(1, 3, 4),))


def test_an_input_that_is_written():
    check(Function(lambda x: x.relu_() + 1), 1, 4, 12, 14)


def test_a_buffer_that_is_written_is_refused():
    class Counter(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("count", torch.zeros(1))

        def forward(self, x):
            self.count += 1
            return x + self.count

    with pytest.raises(GravenError, match="buffer 'count': is written, and would keep its value"):
        frontend.from_module(Counter().eval(), (torch.zeros(1, 3),))


def test_bits_of_whole_numbers_are_refused():
    module = Function(lambda x: (x > 0) & x.to(torch.int32))
    with pytest.raises(GravenError, match=r"computes 'and' of other values than booleans"):
        frontend.from_module(module.eval(), (torch.zeros(1, 3, dtype=torch.int32),))


def test_truth_beside_numbers_is_refused():
    example = (torch.zeros(1, 3),)
    module = Function(lambda x: (x > 0) & torch.tensor([0, 1, 2]))
    with pytest.raises(GravenError, match="computes 'and' of other values"):
        frontend.from_module(module.eval(), example)
    with pytest.raises(GravenError, match="computes with bool and float32 at once"):
        frontend.from_module(Function(lambda x: ((x > 0) == 2).float()).eval(), example)


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.BatchNorm2d(4), nn.ReLU(),
                       nn.MaxPool2d(3, 2, 1), nn.Flatten(), nn.Linear(36, 5)), (3, 3, 9, 10)),
        (nn.Sequential(nn.Conv2d(4, 4, 3, groups=4), nn.AvgPool2d(2, ceil_mode=True),
                       nn.Upsample(scale_factor=2, mode="bilinear"), nn.PixelShuffle(2)),
         (2, 4, 8, 7)),
        (nn.Sequential(nn.ConvTranspose2d(4, 3, 4, 2, 1), nn.AdaptiveAvgPool2d(1)), (2, 4, 5, 6)),
        (nn.Sequential(nn.Conv1d(4, 3, 3), nn.AvgPool1d(3, 2, 1), nn.MaxPool1d(2)), (3, 4, 21)),
        (nn.Sequential(nn.Conv3d(2, 3, 3), nn.MaxPool3d(2)), (2, 2, 4, 5, 6)),
    ],
)  # fmt: skip
def test_batches_of_several(module, shape):
    network = check(module, *shape)
    tensor = network.tensors[network.inputs[0]]
    # Samples are batches, or images one by one; channels first or last.
    samples = np.random.default_rng(0).normal(size=(2, *shape)).astype(np.float32)
    wanted = np.moveaxis(samples, 2, -1)
    assert wanted.shape == (2, *tensor.shape)
    for given in (samples, wanted, np.concatenate(samples), np.concatenate(wanted)):
        np.testing.assert_array_equal(inputs.shaped(network, tensor, given, "here"), wanted)


class Squeezed(nn.Module):
    """A residual block with gates of its channels."""

    def __init__(self, channels):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.Hardswish())
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        self.gates = nn.Linear(channels, channels)

    def forward(self, x):
        y = self.second(self.first(x))
        gates = torch.sigmoid(self.gates(y.mean((2, 3))))[:, :, None, None]
        return torch.relu(x + y * gates)


def test_images_of_a_batch_stay_apart():
    """Between windows, too: they do not lie side by side in memory, but for what is reduced."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), Squeezed(8), nn.AvgPool2d(4), nn.Flatten())
    network = check(module, 3, 3, 9, 10)
    made = passes.canonical(network)
    joined = {made.tensors[each.output].shape for each in made.operators
              if each.name == "CONCATENATION"}  # fmt: skip
    assert joined == {(3, 8)}
    x = np.random.default_rng(0).normal(size=(4, 3, 3, 9, 10)).astype(np.float32)
    quantized = api.compile(
        module.eval(), example=torch.zeros(3, 3, 9, 10), quantize="int8", calibrate=x
    )
    np.testing.assert_array_equal(quantized.native()(x), quantized(x))
    plain = reference.run(quantized.network, quantized.inputs(x)[0][:1])
    apart = reference.run(passes.canonical(quantized.network), quantized.inputs(x)[0][:1])
    (output,) = quantized.network.outputs
    np.testing.assert_array_equal(apart[output], plain[output])


class OfFrames(nn.Module):
    """Features of each frame of a clip, then a recurrent layer over them."""

    def __init__(self):
        super().__init__()
        self.of_frame = nn.Sequential(
            nn.Conv2d(3, 4, 3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
        )
        self.over_frames = nn.LSTM(4, 5, batch_first=True)

    def forward(self, x):
        found = self.of_frame(x.flatten(0, 1)).view(x.shape[0], x.shape[1], -1)
        return self.over_frames(found)[0][:, -1]


def test_frames_of_a_clip_come_as_images():
    """Each with its channels last, one after the other: nothing is moved."""
    torch.manual_seed(0)
    module = OfFrames().eval()
    # as many frames as channels: only the stated order tells which of them is which
    x = torch.randn(4, 3, 3, 9, 12)
    compiled = api.compile(module, example=x[:1])
    assert compiled.network.tensors[compiled.network.inputs[0]].shape == (1, 3, 9, 12, 3)
    assert compiled.network.order(compiled.network.tensors[compiled.network.inputs[0]]) == "01342"
    made = passes.canonical(compiled.network)
    frames = [each.layer for each in made.operators if each.name == "INDEX_MAP"]
    assert [each.base for each in frames[:3]] == [0, 9 * 12 * 3, 2 * 9 * 12 * 3]
    assert not any(each.name == "TRANSPOSE" for each in made.operators)
    np.testing.assert_allclose(compiled(x.numpy()), module(x).detach().numpy(), atol=1e-5)
    quantized = api.compile(module, example=x[:1], quantize="int8", calibrate=x.numpy())
    np.testing.assert_array_equal(quantized.native()(x.numpy()), quantized(x.numpy()))
    assert quantized.verify(x.numpy(), against="numpy").difference is None


def test_a_layout_that_is_none_is_a_sentence():
    with pytest.raises(GravenError, match="layout: is 'NCHW', expected nhwc or nchw"):
        api.compile(nn.Conv2d(3, 4, 3).eval(), example=torch.zeros(1, 3, 5, 5), layout="NCHW")


@pytest.mark.parametrize("name", ["a", "a, b", "a 01342, b"])
def test_the_order_of_an_input_of_any_name(name):
    tensor = ir.Tensor(0, name, (1, 3, 9, 12, 3), ir.Element.FLOAT32, None, None)
    network = ir.Network("n", "n", f"{name} 01342, z 0132", (tensor,), (), (0,), (0,))
    assert network.order(tensor) == "01342"


def test_states_that_begin_anew_are_judged():
    """TensorFlow Lite Micro's LSTM has variables for states: they are reset before each run."""
    pytest.importorskip("tflite_micro")
    torch.manual_seed(0)
    x = torch.randn(3, 3, 3, 9, 12)
    compiled = api.compile(OfFrames().eval(), example=x[:1], quantize="int8", calibrate=x.numpy())
    assert compiled.verify(x.numpy(), against="tflm").difference is None


def test_a_volume_is_no_batch():
    module, x = nn.Conv3d(3, 3, 3).eval(), torch.randn(1, 3, 3, 5, 6)
    found = np.asarray(api.compile(module, example=x)(x.numpy()))
    wanted = np.moveaxis(module(x).detach().numpy(), 1, -1)
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_a_batch_is_quantized_and_has_no_classes():
    x = torch.rand(2, 3, 5, 6)
    module = nn.Sequential(nn.ConvTranspose2d(3, 4, 3), nn.Flatten(), nn.Linear(224, 5)).eval()
    model = api.compile(module, example=x, quantize="int8", calibrate=torch.rand(6, 3, 5, 6))
    np.testing.assert_allclose(model(x.numpy())[0], module(x).detach().numpy(), atol=0.05)
    with pytest.raises(GravenError, match="answers 2 samples at once"):
        model.predict(x.numpy())


# -- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", frontend.RANDOM)
def test_what_draws_is_called_as_aten_calls_it(name):
    assert hasattr(torch.ops.aten, name)


@pytest.mark.parametrize(
    ("module", "shape", "sentence"),
    [
        (Function(lambda x: torch.linalg.det(x)), (1, 3, 3), "is not supported; end the model"),
        (Function(lambda x: x.erfinv()), (1, 3, 3), r"its part erf_inv: is not supported"),
        (Function(lambda x: torch.fft.rfft(x, 2048).abs()), (1, 3, 4), "'fft_rfft'.* 4198400 cosi"),
        (Function(lambda x: torch.fft.hfft(x).abs()), (1, 3, 4), "'fft_hfft'.*or take torch.fft"),
        (Function(torch.fft.rfft), (1, 3, 4), "output 'fft_rfft' is complex; yield torch.view_as_"),
        (
            Function(lambda x: torch.complex(x, x).cos().abs()),
            (1, 3),
            "computes with complex numbers; keep the real",
        ),
        (Function(lambda x: x + torch.rand(3)), (1, 3), "'rand' .*draws random numbers, .*leave"),
        (Function(lambda x: torch.bernoulli(x.sigmoid())), (1, 3), "draws random numbers"),
        (Function(lambda x: x + torch.empty(3).cauchy_()), (1, 3), "draws random numbers"),
        (Function(lambda x: x + torch.empty(3).geometric_(0.5)), (1, 3), "draws random numbers"),
        (Function(lambda x: x + torch.empty(3).log_normal_()), (1, 3), "draws random numbers"),
        (Function(lambda x: x + torch.zeros(3).random_(9)), (1, 3), "draws random numbers"),
        (Function(lambda x: F.rrelu(x, training=True)), (1, 3), "draws random numbers"),
        (
            Function(lambda x: x.scatter(1, x.argsort(1), x)),
            (1, 3),
            "places that the model computes",
        ),
        (Function(lambda x: torch.cdist(x, x, p=3.0)), (1, 2, 3), "of p=3; take 1, 2 or infinity"),
        (
            Function(lambda x: x[x > 0]),
            (1, 3),
            "'index' .*booleans that the model computes; how many",
        ),
        (Function(lambda x: x.masked_select(x > 0)), (1, 3), "no fixed shape; multiply by the mas"),
        (nn.MaxPool2d(2, return_indices=True), (1, 3, 4, 4), "pool without return_indices"),
        (nn.AvgPool2d(2, ceil_mode=True, divisor_override=3), (1, 3, 5, 5), "beside ceil_mode"),
        (
            Function(lambda x: x.scatter(1, torch.zeros(1, 1).long(), 2.0, reduce="multiply")),
            (1, 3),
            "reduces what it puts",
        ),
        (
            Function(lambda x: x[:, torch.ones(3, 3).bool().tril()]),
            (1, 3, 3),
            "picks by booleans of shape 3x3",
        ),
        (Function(lambda x: x if x.sum() > 0 else -x), (1, 3), "torch.export does not take it"),
        (torch.nn.Upsample(scale_factor=1.5, mode="bilinear"), (1, 2, 5, 5), "no whole number"),
        (
            Function(lambda x: torch.cond(x.sum() > 0, torch.sin, torch.cos, (x,))),
            (1, 3),
            r"'cond' \(cond\): is not supported; compute both branches, and choose",
        ),
        (Function(lambda x: x.double()), (1, 3), "converts to float64, which no inference"),
        (
            Function(lambda x: x.masked_fill(torch.arange(3) > 1, torch.nan)),
            (1, 3),
            r"node 'masked_fill' .*a constant that is no number \(NaN\), though all weights are",
        ),
        (Function(lambda x: torch.xlogy(x, x)), (1, 3), "'xlogy' .*, though all weights are numb"),
        (Function(lambda x: (None,)), (1, 3), "has 1 inputs and 0 outputs, expected at least one"),
    ],
)
def test_refused(module, shape, sentence):
    with pytest.raises(GravenError, match=sentence):
        frontend.from_module(module.eval(), (torch.zeros(*shape),))


HANN = torch.hann_window(32)
FACTORS = torch.complex(torch.arange(96.0).view(8, 3, 4) / 50, torch.ones(8, 3, 4))
TRANSFORMS = {
    "spectrum": lambda x: torch.fft.rfft(x).abs(),
    "cut and filled up": lambda x: torch.cat([
        torch.fft.rfft(x, n=24, dim=1, norm="ortho").real, torch.fft.fft(x, n=7, dim=1).imag], 1),
    "of both axes": lambda x: torch.fft.fft(torch.fft.fft(x, dim=-1), dim=-2).real,
    "of all axes": lambda x: torch.fft.fftn(x, dim=(1, 2)).real + torch.fft.rfftn(x).sum().imag,
    "there and back": lambda x: torch.fft.irfft(torch.fft.rfft(x) * 2, n=32),
    "back to an odd number": lambda x: torch.fft.irfft(torch.fft.rfft(x, n=31)[..., :9], n=31),
    "inverse": lambda x: torch.fft.ifft(torch.fft.fft(x) + 1).real,
    "images": lambda x: torch.fft.irfft2(torch.fft.rfft2(x) * 2, norm="forward", s=(8, 32)),
    "angles": lambda x: torch.fft.rfft(x).angle().cos(),
    "windows": lambda x: torch.stft(
        x.reshape(1, -1), 32, 16, 32, HANN, return_complex=True).abs().pow(2),
    "narrow windows": lambda x: torch.view_as_real(torch.stft(
        x.reshape(1, -1), 32, 16, 20, HANN[:20], center=False, normalized=True,
        return_complex=True)),
    "turns": lambda x: torch.view_as_real(torch.view_as_complex(x.reshape(1, 8, 16, 2))
        * torch.polar(torch.ones(8, 16), torch.arange(128.0).view(8, 16))),
    "parts": lambda x: torch.cat([torch.fft.rfft(x), torch.fft.rfft(x).conj()], 1)
        .transpose(1, 2)[:, 3:9].imag,
    "weights": lambda x: torch.einsum("bix,iox->box", torch.fft.rfft(x)[..., :4], FACTORS).abs(),
    "real beside complex": lambda x: torch.view_as_real(
        x[..., :17] - torch.fft.rfft(x) / 2 * torch.sigmoid(x[..., :17])),
    "exponential": lambda x: torch.exp(1j * x).real,
    "real ones joined": lambda x: torch.cat([torch.fft.rfft(x), x[..., :17]], 1).imag,
    "real ones written": lambda x: written(x).imag,
    "wider ones": lambda x: torch.view_as_real(x[..., :17] + torch.fft.rfft(x.mean(1, True)))
        .sum(1) + torch.view_as_real(1 - torch.complex(x, x[:, :1])).mean(),
    "constant parts": lambda x: torch.cat([
        torch.complex(torch.ones(8, 32), x).abs(), (x + 1j).abs(), (x - FACTORS[0, 0, 0]).imag,
        torch.polar(x, torch.ones(8, 32)).imag], 1),
    "all ways": lambda x: torch.fft.irfftn(torch.fft.rfftn(x, s=(8, 32)))
        + torch.fft.ifftn(torch.fft.fftn(x)).real + torch.fft.fft(x).chunk(2, 1)[1].real.mean(),
    "one signal": lambda x: torch.stft(
        x.reshape(-1), 32, 16, 32, HANN, return_complex=True).abs(),
    "several signals": lambda x: torch.stft(
        x.reshape(4, 64), 32, 16, 32, HANN, return_complex=True).abs(),
}  # fmt: skip


def written(x):
    y = torch.zeros(1, 8, 17, dtype=torch.cfloat)
    y[:, :, :4] = x[..., :4]
    return torch.fft.rfft(x) + y


class SpectralConvolution(nn.Module):
    """Of a Fourier neural operator: the lowest frequencies by weights, no others."""

    def forward(self, x):
        found = torch.fft.rfft(x)
        y = torch.zeros(1, 3, found.shape[-1], dtype=torch.cfloat)
        y[:, :, :4] = torch.einsum("bix,iox->box", found[:, :, :4], FACTORS)
        return torch.fft.irfft(y, n=x.shape[-1])


TRANSFORMS["low frequencies"] = SpectralConvolution()


class ComplexLinear(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(17, 5, dtype=torch.cfloat)

    def forward(self, x):
        return torch.view_as_real(self.layer(torch.fft.rfft(x)))


TRANSFORMS["complex weights"] = ComplexLinear()


@pytest.mark.parametrize("label", TRANSFORMS)
def test_complex_numbers(label):
    """As two real tensors."""
    check(Function(TRANSFORMS[label]), 1, 8, 32)


def test_signals_of_one_sample_are_quantized():
    """As rows of one image."""
    module = seeded(nn.Sequential(Function(lambda x: x.transpose(0, 1)), nn.Conv1d(1, 4, 5, 2)))
    x = torch.randn(8, 6, 20).numpy()
    found = api.compile(module, calibrate=x, quantize="int8")
    assert "CONV_2D" in [each.name for each in found.network.operators]


def test_whole_numbers_beyond_those_of_float32_are_refused():
    table = torch.tensor([16777217, 3])
    with pytest.raises(GravenError, match="looks up whole numbers beyond 16,777,216"):
        frontend.from_module(Function(lambda x: table[x.argmax(1)]).eval(), (torch.zeros(1, 2),))


def test_a_weight_that_is_no_number_is_refused():
    module = nn.Linear(3, 2).eval()
    module.weight.data[0, 0] = torch.nan
    with pytest.raises(GravenError, match=r"weight that is no number .NaN.: training has diverged"):
        frontend.from_module(module, (torch.zeros(1, 3),))


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (
            lambda x: x.clamp(-2.5, 3),
            r"node 'clamp' \(clamp\): computes with float32 and int32 at ",
        ),
        (torch.sin, r"node 'sin' \(sin\): computes SIN of int32; convert all to float32 first"),
    ],
)
def test_whole_numbers_as_real_ones_are_refused(function, sentence):
    with pytest.raises(GravenError, match=sentence):
        frontend.from_module(Function(function).eval(), (torch.zeros(1, 3, dtype=torch.int32),))


def test_training_mode_is_refused():
    with pytest.raises(GravenError, match=r"call model\.eval\(\) first"):
        frontend.from_module(nn.Sequential(nn.Dropout()), (torch.zeros(1, 3),))


class Words(nn.Module):
    """Scores of a text, whatever the order of its words."""

    def __init__(self):
        super().__init__()
        self.table, self.scores = nn.Embedding(20, 8), nn.Linear(8, 4)

    def forward(self, tokens):
        return self.scores(self.table(tokens).relu().mean(1))


def test_embedding_of_a_count():
    table = torch.randn(4, 8)
    check(Function(lambda x: F.embedding((x > 0).sum(1), table)), 2, 3, 5)


def test_embedding_in_float_and_int8():
    """Tokens of 64 bits are int32 inputs; C++ looks the table up as numpy does."""
    module = seeded(Words())
    rng = np.random.default_rng(0)
    seen, tokens = (rng.integers(0, 20, (count, 6)) for count in (200, 30))
    with torch.no_grad():
        wanted = module(torch.from_numpy(tokens)).numpy()
    example = torch.zeros(1, 6, dtype=torch.int64)
    exact = api.compile(module, example=example)
    np.testing.assert_allclose(exact(tokens), wanted, rtol=1e-5, atol=1e-6)
    whole = api.compile(module, calibrate=seen, quantize="int8")
    error = np.sqrt(np.mean((whole(tokens) - wanted) ** 2) / np.mean(wanted**2))
    assert error < 0.05
    np.testing.assert_array_equal(whole.native()(tokens), whole(tokens))


WHOLE = {
    "remainder": lambda x: x % 3 + x.remainder(-4) * x.fmod(3),
    "quotient": lambda x: x // 3 + torch.div(x, 3, rounding_mode="trunc"),
    "limits": lambda x: x.clamp(-2, 3) + x.clamp(min=0) * x.clamp(torch.arange(4), torch.tensor(5)),
    "sums": lambda x: 2 - x + torch.arange(4) * x - x.sum(1, keepdim=True),
    "choice": lambda x: torch.where((x > 2) | (x == -1), x, 7).masked_fill(torch.arange(4) < 1, 9),
    "real": lambda x: x * 0.5 + x / 3 + (x > 2.5) * torch.arange(4) / 7,
    "truth": lambda x: ((x > 0) & torch.tensor([True, False, True, True])) * 1.5,
}


@pytest.mark.parametrize("kind", WHOLE)
def test_whole_numbers(kind):
    """As torch: int32, and float32 where a real number is among them."""
    module, x = Function(WHOLE[kind]).eval(), torch.arange(-6, 6, dtype=torch.int32).view(3, 4)
    network = frontend.from_module(module, (x,), layout="nchw")
    found, wanted = reference.run(network, [x.numpy()])[network.outputs[0]], module(x).numpy()
    assert (found.dtype.kind, found.dtype.itemsize) == (wanted.dtype.kind, 4)
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_whole_numbers_in_cpp():
    def function(x):
        return tuple(each(x) for each in WHOLE.values())

    made = api.compile(Function(function).eval(), example=torch.zeros(3, 4, dtype=torch.int32))
    given = np.random.default_rng(0).integers(-9, 9, (20, 3, 4), np.int32)
    for found, wanted in zip(made.native()(given), made(given), strict=True):
        np.testing.assert_array_equal(found, wanted)


class Largest(nn.Module):
    def __init__(self, axis, count):
        super().__init__()
        self.before, self.axis, self.count = nn.Conv2d(3, 6, 3, padding=1), axis, count

    def forward(self, x):
        return torch.topk(self.before(x), self.count, dim=self.axis)


@pytest.mark.parametrize(("axis", "count"), [(1, 3), (-1, 2), (2, 4)])
def test_the_largest_along_any_axis(axis, count):
    module = seeded(Largest(axis, count))
    x = torch.randn(1, 3, 5, 7)
    network = frontend.from_module(module, (x,), layout="nchw")
    found = reference.run(network, [x.numpy()])
    with torch.no_grad():
        values, indices = (each.numpy() for each in module(x))
    np.testing.assert_allclose(found[network.outputs[0]], values, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(found[network.outputs[1]], indices)


def test_the_largest_in_int8():
    """Indices have no scale; C++ finds what numpy does."""
    module = seeded(nn.Sequential(nn.Flatten(), nn.Linear(12, 8), Function(lambda x: x.topk(2)[1])))
    seen = np.random.default_rng(0).normal(0, 1, (100, 12)).astype(np.float32)
    with torch.no_grad():
        wanted = module(torch.from_numpy(seen)).numpy()
    whole = api.compile(module, calibrate=seen, quantize="int8")
    found = whole(seen)
    assert found.dtype == np.int32 and np.mean(found.reshape(wanted.shape) == wanted) > 0.9


@pytest.mark.parametrize(
    "function",
    [F.softplus, F.mish, F.logsigmoid, lambda x: torch.exp(-torch.square(x))],
    ids=["softplus", "mish", "logsigmoid", "bell"],
)
def test_functions_in_int8(function):
    """What they consist of has integers, NEG and SQUARE as products."""
    module = seeded(nn.Sequential(nn.Linear(12, 8), Function(function)))
    seen = np.random.default_rng(0).normal(0, 1, (100, 12)).astype(np.float32)
    with torch.no_grad():
        wanted = module(torch.from_numpy(seen)).numpy()
    found = api.compile(module, calibrate=seen, quantize="int8", method="min-max")(seen)
    assert np.abs(found - wanted).max() < 0.05 * np.abs(wanted).max()


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.index_fill(1, torch.tensor([2]), -torch.inf).max(1)[0],
        lambda x: torch.bucketize(x, torch.tensor([-torch.inf, 0.0, torch.inf])).float(),
    ],
    ids=["filled", "buckets"],
)
def test_infinities_that_are_put_are_large_numbers(function):
    seen = torch.randn(8, 12)
    network = frontend.from_module(Function(function).eval(), (seen,))
    assert all(np.isfinite(t.data).all() for t in network.tensors if t.data is not None)
    found = reference.run(network, [seen.numpy()])[network.outputs[0]]
    np.testing.assert_array_equal(found.reshape(-1), function(seen).numpy().reshape(-1))


def test_powers_in_int8_are_tables_or_a_sentence():
    seen = np.random.default_rng(0).uniform(-2, 2, (9, 12)).astype(np.float32)
    model = api.compile(Function(lambda x: x.abs() ** 1.7).eval(), calibrate=seen, quantize="int8")
    assert [each.op for each in model.layers] == ["TABLE"]
    np.testing.assert_allclose(model(seen), np.abs(seen) ** 1.7, atol=0.03)
    with pytest.raises(GravenError, match=r"POW of two tensors has no integers; keep the model in"):
        module = Function(lambda x: x.abs() ** x.flip(-1)).eval()
        api.compile(module, calibrate=seen, quantize="int8")


def test_mask_in_int8():
    """The class of each pixel, as a network for segmentation ends."""
    module = seeded(nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), Function(lambda x: x.argmax(1))))
    seen = np.random.default_rng(0).normal(0, 1, (20, 3, 8, 8)).astype(np.float32)
    with torch.no_grad():
        wanted = module(torch.from_numpy(seen)).numpy()
    found = api.compile(module, calibrate=seen, quantize="int8")(seen)
    assert found.dtype == np.int32 and np.mean(found.reshape(wanted.shape) == wanted) > 0.95
