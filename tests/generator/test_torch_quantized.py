"""Quantized programs of torch.export: scales, zero points and weights as they state them, the numpy
reference of what is read against torch. Skipped where torch is not installed.
"""

import numpy as np
import pytest
from graven import cli, ir, reference
from graven.errors import GravenError
from graven.frontends import torch as frontend
from graven.frontends import torch_quantized
from graven.quantize.scales import quantized, scale_in

torch = pytest.importorskip("torch", reason="no package torch: pip install 'graven[torch]'")
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

torch_quantized.register()
ops = torch.ops.quantized_decomposed


def pair(x, scale, point, low=-128, high=127, kind=torch.int8):
    """Quantized, and back."""
    whole = ops.quantize_per_tensor(x, scale, point, low, high, kind)
    return ops.dequantize_per_tensor(whole, scale, point, low, high, kind)


class Exported(nn.Module):
    """As PT2E leaves it: int8 weights per channel, biases in float32, pairs between all layers."""

    def __init__(self, low=-128, high=127, kind=torch.int8):
        super().__init__()
        self.limits = (low, high, kind)
        make = torch.Generator().manual_seed(0)
        for name, shape in {"conv": (8, 3, 3, 3), "dense": (5, 8)}.items():
            whole = torch.randint(-127, 128, shape, generator=make, dtype=torch.int8)
            self.register_buffer(f"{name}_weight", whole)
            scales = torch.rand(shape[0], generator=make) * 0.004 + 0.001
            self.register_buffer(f"{name}_scales", scales)
            self.register_buffer(f"{name}_points", torch.zeros(shape[0], dtype=torch.int64))
            self.register_buffer(f"{name}_bias", torch.randn(shape[0], generator=make))

    def weights(self, name):
        stored = [getattr(self, f"{name}_{each}") for each in ("weight", "scales", "points")]
        return ops.dequantize_per_channel(*stored, 0, -127, 127, torch.int8)

    def forward(self, x):
        low, *_ = self.limits
        x = pair(x, 0.03, low + 117, *self.limits)
        x = F.relu(F.conv2d(x, self.weights("conv"), self.conv_bias, padding=1))
        x = pair(x, 0.04, low, *self.limits)
        x = pair(x.mean((2, 3)), 0.01, low, *self.limits)
        x = F.linear(x, self.weights("dense"), self.dense_bias)
        return pair(x, 0.05, low + 100, *self.limits)


class Trained(nn.Module):
    """As quantization-aware training leaves it before it is converted."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        scales = self.conv.weight.detach().abs().amax((1, 2, 3)) / 127
        self.register_buffer("scales", scales)
        self.register_buffer("points", torch.zeros(8, dtype=torch.int32))

    def forward(self, x):
        x = torch.fake_quantize_per_tensor_affine(x, 0.03, 117, 0, 255)
        weights = torch.fake_quantize_per_channel_affine(
            self.conv.weight, self.scales, self.points, 0, -127, 127
        )
        x = F.relu(F.conv2d(x, weights, self.conv.bias, padding=1))
        return torch.fake_quantize_per_tensor_affine(x, 0.02, 0, 0, 255)


def apart(module, network, count=4):
    """Steps of the output, of all values."""
    (data,), (output,) = network.inputs, network.outputs
    data, output = network.tensors[data], network.tensors[output]
    scale, point = output.quantization.scale[0], output.quantization.zero_point[0]
    found = []
    for seed in range(count):
        value = torch.randn(1, 3, 8, 6, generator=torch.Generator().manual_seed(seed))
        expected = module(value).detach().numpy()
        if expected.ndim == 4:
            expected = expected.transpose(0, 2, 3, 1)
        whole = quantized(value.numpy().transpose(0, 2, 3, 1), scale_in(data))
        result = reference.run(network, [whole])[output.index]
        found.append(np.round(expected / scale) + point - result)
    return np.abs(np.concatenate(found))


EXAMPLE = (torch.zeros(1, 3, 8, 6),)


@pytest.mark.parametrize("limits", [(-128, 127, torch.int8), (0, 255, torch.uint8)])
def test_exported(limits):
    """Three layers round once each."""
    module = Exported(*limits).eval()
    network = frontend.from_module(module, EXAMPLE, layout="nhwc")
    assert [each.name for each in network.operators] == ["CONV_2D", "MEAN", "FULLY_CONNECTED"]
    weights = network.tensors[network.operators[0].inputs[1]]
    assert np.array_equal(weights.data, module.conv_weight.numpy().transpose(0, 2, 3, 1))
    assert weights.quantization.scale == tuple(module.conv_scales.numpy().astype(float))
    ends = [network.tensors[each].quantization for each in (*network.inputs, *network.outputs)]
    wanted = [(0.03, -11), (0.05, -28)]
    assert ends == [ir.Quantization((float(np.float32(a)),), (b,)) for a, b in wanted]
    found = apart(module, network)
    assert found.max() <= 1 and (found > 0).mean() <= 0.3


def test_fake_quantization():
    module = Trained().eval()
    network = frontend.from_module(module, EXAMPLE, layout="nhwc")
    assert [each.name for each in network.operators] == ["CONV_2D"]
    found = apart(module, network)
    assert found.max() <= 1 and (found > 0).mean() <= 0.01


def test_file(tmp_path, capsys):
    """A .pt2 file to C++ that equals TensorFlow Lite Micro."""
    program = torch.export.export(Exported().eval(), EXAMPLE)
    torch.export.save(program, tmp_path / "whole.pt2")
    path = str(tmp_path / "whole.pt2")
    assert cli.main(["compile", path, "-o", str(tmp_path / "whole.hpp")]) == 0
    assert "graven::Conv2D<3, 8, 3, 1, graven::same" in (tmp_path / "whole.hpp").read_text()


def test_refusals():
    class Reduced(nn.Module):
        def forward(self, x):
            return pair(F.relu(pair(x, 0.1, 0, 0, 127, torch.uint8)), 0.1, 0, 0, 127, torch.uint8)

    with pytest.raises(GravenError, match="has integers from 0 to 127, expected"):
        frontend.from_module(Reduced().eval(), EXAMPLE)
