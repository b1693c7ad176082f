"""Vision transformers of PyTorch: nn.TransformerEncoderLayer, nn.MultiheadAttention and norms,
as torch.export has them. transformers/vit.tflite is a small one, vit.npz PyTorch's answers to it
(`python test_torch_attention.py` under PyTorch writes both), so that it compiles everywhere.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import cpp_cases
import numpy as np
import pytest
from graven import api, reference
from graven.errors import GravenError
from graven.frontends import tflite, tflite_writer

SHIPPED = Path(__file__).parent / "transformers"
IMAGES = 4
TOLERANCE = 1e-4  # of the largest output


def vit(norm_first: bool, dim: int = 16, heads: int = 2, blocks: int = 1):
    import torch
    from torch import nn

    class ViT(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.patch = nn.Conv2d(1, dim, 7, 7)
            self.token = nn.Parameter(torch.randn(1, 1, dim) * 0.1)
            self.place = nn.Parameter(torch.randn(1, 5, dim) * 0.1)
            layer = nn.TransformerEncoderLayer(
                dim, heads, 2 * dim, activation="gelu", batch_first=True, norm_first=norm_first
            )
            self.body = nn.TransformerEncoder(layer, blocks, enable_nested_tensor=False)
            self.norm, self.head = nn.LayerNorm(dim), nn.Linear(dim, 10)

        def forward(self, x):
            x = self.patch(x).flatten(2).transpose(1, 2)
            x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.place
            return self.head(self.norm(self.body(x)[:, 0]))

    torch.manual_seed(1)
    return ViT().eval()


def answers(module, images: np.ndarray) -> np.ndarray:
    import torch

    with torch.no_grad():
        return np.stack([module(torch.from_numpy(each)).numpy() for each in images])


def images(shape: tuple[int, ...] = (1, 1, 14, 14)) -> np.ndarray:
    return np.random.default_rng(5).normal(0.0, 1.0, (IMAGES, *shape)).astype(np.float32)


def read(module, shape: tuple[int, ...] = (1, 1, 14, 14)):
    import torch
    from graven.frontends import torch as frontend

    return frontend.from_module(module, (torch.zeros(shape),), "vit", "nchw")


def expect(network, given: np.ndarray, expected: np.ndarray) -> None:
    for each, answer in zip(given, expected, strict=True):
        data = each.reshape(network.tensors[network.inputs[0]].shape)
        found = reference.run(network, [data])[network.outputs[0]]
        assert np.abs(found.reshape(answer.shape) - answer).max() < TOLERANCE * np.abs(answer).max()


def test_a_vision_transformer_compiles_and_agrees_with_torch(tmp_path):
    stored = np.load(SHIPPED / "vit.npz")
    network = tflite.parse((SHIPPED / "vit.tflite").read_bytes(), "vit.tflite", "vit")
    names = [each.name for each in network.operators]
    assert names.count("ATTENTION") == 1 and names.count("LAYER_NORM") == 3
    expect(network, stored["images"], stored["answers"])
    case = cpp_cases.make("vit", 0, network, np.random.default_rng(0))
    shape = network.tensors[network.inputs[0]].shape
    case.inputs[:] = [[stored["images"][k % IMAGES].reshape(shape)] for k in range(10)]
    (found,) = cpp_cases.run([case], tmp_path)
    for k, each in enumerate(found):
        answer = stored["answers"][k % IMAGES]
        worst = np.abs(each[network.outputs[0]].reshape(answer.shape) - answer).max()
        assert worst < TOLERANCE * np.abs(answer).max()


@pytest.mark.parametrize("norm_first", [True, False])
def test_transformer_encoder_layers(norm_first):
    pytest.importorskip("torch")
    module = vit(norm_first, 24, 4, 2)
    expect(read(module), images(), answers(module, images()))


@pytest.mark.parametrize("kind", ["causal", "grouped", "mask", "scale", "negative", "level"])
def test_scaled_dot_product_attention(kind):
    torch = pytest.importorskip("torch")
    from torch.nn import functional

    class Heads(torch.nn.Module):
        def forward(self, x):
            q = x.view(1, 6, 4, 8).transpose(1, 2)
            k = q[:, :2] * 0.5 if kind == "grouped" else q * 0.5
            options = {
                "causal": {"is_causal": True},
                "grouped": {"enable_gqa": True},
                "mask": {"attn_mask": torch.ones(6, 6, dtype=torch.bool).tril()},
                "scale": {"scale": 0.7},
                "negative": {"scale": -0.7},
                "level": {"scale": 0.0},
            }[kind]
            y = functional.scaled_dot_product_attention(q, k, k + 1, **options)
            return functional.rms_norm(y.transpose(1, 2).reshape(1, 6, 32), (32,))

    module, given = Heads().eval(), images((1, 6, 32))
    network = read(module, (1, 6, 32))
    assert "ATTENTION" in [each.name for each in network.operators]
    expect(network, given, answers(module, given))


def test_queries_that_the_model_states():
    torch = pytest.importorskip("torch")

    class Latents(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.queries = torch.nn.Parameter(torch.randn(1, 3, 32))
            self.body = torch.nn.MultiheadAttention(32, 4, batch_first=True)

        def forward(self, x):
            return self.body(self.queries, x, x, need_weights=False)[0]

    module, given = Latents().eval(), images((1, 6, 32))
    network = read(module, (1, 6, 32))
    assert "ATTENTION" in [each.name for each in network.operators]
    expect(network, given, answers(module, given))


@pytest.mark.parametrize("stated", ["query", "key", "value"])
def test_several_sequences_beside_what_the_model_states(stated):
    torch = pytest.importorskip("torch")

    class Stated(torch.nn.Module):
        def forward(self, x):
            q = x.view(3, 6, 4, 8).transpose(1, 2)
            given = {name: constant if name == stated else q for name in ("query", "key", "value")}
            return torch.nn.functional.scaled_dot_product_attention(**given)

    torch.manual_seed(3)
    constant = torch.randn(3, 4, 6, 8)
    module, given = Stated().eval(), images((3, 6, 32))
    expect(read(module, (3, 6, 32)), given, answers(module, given))


def with_a_scale(scale):
    import torch

    class Scaled(torch.nn.Module):
        def forward(self, x):
            x = x[:, None]
            return torch.nn.functional.scaled_dot_product_attention(
                x, 2 * x, x / 2, attn_mask=mask, scale=scale
            )

    mask = torch.randn(6, 6, generator=torch.Generator().manual_seed(1)) * 3
    return Scaled().eval()


@pytest.mark.parametrize(("quantize", "most"), [("int8", 0.05), ("int16x8", 0.01)])
def test_a_scale_of_0_leaves_the_mask_alone_in_integers(quantize, most):
    torch = pytest.importorskip("torch")
    module, given = with_a_scale(0.0), images((1, 6, 8))
    wanted, example = answers(module, given), torch.from_numpy(given[0])
    made = api.compile(module, example=example, calibrate=given, quantize=quantize)
    found = np.stack([made(each) for each in given])
    assert np.sqrt(np.mean((found.reshape(wanted.shape) - wanted) ** 2)) < most * wanted.std()


def test_a_mask_beside_a_tiny_scale_is_refused_in_integers():
    torch = pytest.importorskip("torch")
    given = images((1, 6, 8))
    module, example = with_a_scale(1e-6), torch.zeros(1, 6, 8)
    with pytest.raises(GravenError, match=r"of which a mask adds .* at most, so that all of it"):
        api.compile(module, example=example, calibrate=given, quantize="int8")


@pytest.mark.parametrize(
    ("shape", "batch"),
    [((4, 1, 1), 1), ((1, 4, 6, 1), 1), ((6, 1), 1), ((4, 1, 6), 1), ((2, 1, 6, 1), 2)],
)
@pytest.mark.parametrize("computed", [False, True])
def test_masks_that_broadcast(shape, batch, computed):
    torch = pytest.importorskip("torch")

    class Broadcast(torch.nn.Module):
        def forward(self, x):
            q = x.view(batch, 6, 4, 8).transpose(1, 2)
            added = mask * x.mean() if computed else mask
            y = torch.nn.functional.scaled_dot_product_attention(q, q * 0.7, q, attn_mask=added)
            return y.transpose(1, 2).reshape(batch, 6, 32)

    torch.manual_seed(3)
    mask = torch.randn(shape)
    module, given = Broadcast().eval(), images((batch, 6, 32))
    expect(read(module, (batch, 6, 32)), given, answers(module, given))


def test_attention_without_its_weights_has_one_output():
    torch = pytest.importorskip("torch")

    class Whole(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.body = torch.nn.MultiheadAttention(32, 4, batch_first=True)

        def forward(self, x):
            return self.body(x, x, x, need_weights=False)

    module, given = Whole().eval(), images((1, 6, 32))
    with torch.no_grad():
        wanted = np.stack([module(torch.from_numpy(each))[0].numpy() for each in given])
    expect(read(module, (1, 6, 32)), given, wanted)


def test_masks_of_another_number_of_heads_are_a_sentence():
    torch = pytest.importorskip("torch")
    from graven.frontends.nchw import Draft
    from graven.frontends.transformers import _mask_of

    with pytest.raises(GravenError, match="has 3 masks for 4 heads, expected one for all, or one"):
        _mask_of(Draft("odd.pt2"), torch.rand(1, 3, 6, 6), 4, (6, 6))


def seen(mask):
    """A module with this mask."""
    import torch

    class Seen(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.mask = mask

        def forward(self, x):
            q = x.view(1, 6, 4, 8).transpose(1, 2)
            y = torch.nn.functional.scaled_dot_product_attention(q, q, q, attn_mask=self.mask)
            return y.transpose(1, 2).reshape(1, 6, 32)

    return Seen().eval()


def test_a_mask_of_one_row_is_every_query_s():
    torch = pytest.importorskip("torch")
    module, given = seen(torch.arange(6)[None] < 1), images((1, 6, 32))
    expect(read(module, (1, 6, 32)), given, answers(module, given))


def test_a_computed_mask_of_booleans():
    torch = pytest.importorskip("torch")

    class Above(torch.nn.Module):
        def forward(self, x):
            q = x.view(1, 6, 4, 8).transpose(1, 2)
            mask = x[0, :, :6] > x[0, :, :6].amin(-1, keepdim=True)
            y = torch.nn.functional.scaled_dot_product_attention(q, q, q, attn_mask=mask)
            return y.transpose(1, 2).reshape(1, 6, 32)

    module, given = Above().eval(), images((1, 6, 32))
    expect(read(module, (1, 6, 32)), given, answers(module, given))


def test_a_mask_that_hides_every_key_is_a_sentence():
    torch = pytest.importorskip("torch")
    mask = torch.ones(6, 6, dtype=torch.bool).tril(-1)
    with pytest.raises(GravenError, match="a mask with a row that hides every key, expected one k"):
        read(seen(mask), (1, 6, 32))


def module_of(kind: str, dim: int, heads: int):
    """Where PyTorch's modules hide by booleans, scaled_dot_product_attention shows by them."""
    from torch import nn
    from torch.nn import functional

    class Module(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            options = {"batch_first": True}
            if kind == "encoder":  # nested tensors, which no export has, zero what is padding
                layer = nn.TransformerEncoderLayer(dim, heads, 2 * dim, **options)
                self.body = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
            elif kind == "decoder":
                layer = nn.TransformerDecoderLayer(dim, heads, 2 * dim, **options)
                self.body = nn.TransformerDecoder(layer, 2)
            else:
                self.body = nn.MultiheadAttention(dim, heads, **options)

        def forward(self, x, *masks):
            if kind == "encoder":
                return self.body(x, src_key_padding_mask=masks[0])
            if kind == "decoder":  # the first moments are its memory
                causal = nn.Transformer.generate_square_subsequent_mask(MOMENTS)
                padding = {"memory_key_padding_mask": masks[0][:, :4], "tgt_is_causal": True}
                return self.body(x, x[:, :4], causal, **padding)
            if kind.startswith("sdpa"):
                q = x.view(1, MOMENTS, heads, dim // heads).transpose(1, 2)
                y = functional.scaled_dot_product_attention(q, q * 0.7, q, attn_mask=masks[0])
                return y.transpose(1, 2).reshape(x.shape)
            given = {} if kind == "padding" else {"attn_mask": masks[-1]}
            given |= {} if kind == "square" else {"key_padding_mask": masks[0]}
            return self.body(x, x, x, need_weights=False, **given)[0]

    return Module().eval()


def with_booleans(kind: str, dim: int = 16, heads: int = 2):
    """A module of a sequence and masks that it is given, examples of both, its answers."""
    import torch

    torch.manual_seed(3)
    rng = np.random.default_rng(3)
    square = (MOMENTS, MOMENTS)
    shapes = {
        "square": [square], "both": [(1, MOMENTS), square], "sdpa": [square],
        "sdpa_heads": [(1, heads, *square)], "sdpa_added": [(1, heads, *square)],
        "sdpa_row": [(1, heads, 1, MOMENTS)],
    }.get(kind, [(1, MOMENTS)])  # fmt: skip
    masks = [rng.random((16, *shape)) < 0.3 for shape in shapes]
    for each in masks:
        each[..., 0] = False
    if kind in ("sdpa", "sdpa_heads"):
        masks = [~each for each in masks]
    elif kind.startswith("sdpa"):
        masks = [np.where(each, -np.inf, rng.normal(0, 1, each.shape)) for each in masks]
        masks = [each.astype(np.float32) for each in masks]
    values = rng.normal(0.0, 1.0, (16, 1, MOMENTS, dim)).astype(np.float32)
    module, given = module_of(kind, dim, heads), [values, *masks]
    with torch.no_grad():
        wanted = [module(*map(torch.from_numpy, each)).numpy() for each in zip(*given, strict=True)]
    return module, given, np.stack(wanted)


def laid(network, given):
    """Samples of each input, in the shape that it has."""
    shapes = [network.tensors[index].shape for index in network.inputs]
    return [each.reshape(-1, *shape) for each, shape in zip(given, shapes, strict=True)]


def expect_of_masks(network, given, wanted) -> None:
    """As expect, of a network of several inputs."""
    for inputs, answer in zip(zip(*laid(network, given), strict=True), wanted, strict=True):
        found = reference.run(network, list(inputs))[network.outputs[0]].reshape(answer.shape)
        assert np.abs(found - answer).max() < TOLERANCE * np.abs(answer).max()


GIVEN = [
    "padding", "square", "both", "encoder", "decoder", "sdpa", "sdpa_heads", "sdpa_added",
    "sdpa_row",
]  # fmt: skip


@pytest.mark.parametrize("kind", GIVEN)
def test_masks_of_booleans_and_of_heads(kind):
    torch = pytest.importorskip("torch")
    from graven.frontends import torch as frontend

    module, given, wanted = with_booleans(kind)
    example = tuple(torch.from_numpy(each[0]) for each in given)
    network = frontend.from_module(module, example, "masked", "nchw")
    expect_of_masks(network, given, wanted)


@pytest.mark.parametrize(
    ("kind", "quantize"),
    [("both", None), ("sdpa_heads", "int8"), ("sdpa_added", "int16x8"), ("encoder", "int8")],
)
def test_masks_of_booleans_and_of_heads_are_the_same_in_cpp(kind, quantize):
    torch = pytest.importorskip("torch")
    module, given, wanted = with_booleans(kind)
    example = tuple(torch.from_numpy(each[0]) for each in given)
    options = {}
    if quantize:
        names = ["x", *(f"masks_{k}" for k in range(len(given) - 1))]
        options = {"calibrate": dict(zip(names, given, strict=True)), "quantize": quantize}
    made = api.compile(module, example=example, **options)
    given = laid(made.network, given)
    found = made(*given)
    most = 0.06 if quantize == "int8" else 0.01
    assert np.sqrt(np.mean((found.reshape(wanted.shape) - wanted) ** 2)) < most * wanted.std()
    native = made.native()(*given)
    if quantize:
        np.testing.assert_array_equal(native, found)
    else:
        assert np.abs(native - found).max() < TOLERANCE * np.abs(found).max()


def masked(kind: str, dim: int = 16, heads: int = 2):
    """A module of a sequence and a mask, and examples of both."""
    import torch
    from torch import nn
    from torch.nn import functional

    class Padded(nn.Module):
        """0, or -inf where a moment is padding."""

        def __init__(self) -> None:
            super().__init__()
            self.attention = nn.MultiheadAttention(dim, heads, batch_first=True)

        def forward(self, x, mask):
            return self.attention(x, x, x, key_padding_mask=mask, need_weights=False)[0]

    class Added(nn.Module):
        def forward(self, x, mask):
            q = x.view(1, MOMENTS, heads, dim // heads).transpose(1, 2)
            found = functional.scaled_dot_product_attention(q, q * 0.7, q, attn_mask=mask)
            return found.transpose(1, 2).reshape(x.shape)

    torch.manual_seed(2)
    rng = np.random.default_rng(2)
    shape = {"padded": (1, MOMENTS), "square": (MOMENTS, MOMENTS), "all": (1, 1, 1, MOMENTS)}[kind]
    hidden = rng.random((16, *shape)) < 0.4
    hidden[..., 0] = False
    added = np.zeros(hidden.shape) if kind == "padded" else rng.normal(0, 1, hidden.shape)
    masks = np.where(hidden, -np.inf, added).astype(np.float32)
    values = rng.normal(0.0, 1.0, (16, 1, MOMENTS, dim)).astype(np.float32)
    return (Padded() if kind == "padded" else Added()).eval(), values, masks


MOMENTS = 7
MASKS = ["padded", "square", "all"]


def read_masked(kind: str):
    import torch
    from graven.frontends import torch as frontend

    module, values, masks = masked(kind)
    example = tuple(torch.from_numpy(each[0]) for each in (values, masks))
    answer = np.stack([
        module(*map(torch.from_numpy, each)).detach().numpy()
        for each in zip(values, masks, strict=True)
    ])  # fmt: skip
    return frontend.from_module(module, example, "masked", "nchw"), values, masks, answer


@pytest.mark.parametrize("kind", MASKS)
def test_a_mask_that_the_model_is_given(kind):
    pytest.importorskip("torch")
    network, *given, wanted = read_masked(kind)
    (layer,) = (each for each in network.operators if each.name == "ATTENTION")
    assert len(layer.inputs) == 4
    expect_of_masks(network, given, wanted)


@pytest.mark.parametrize(("quantize", "most"), [("int8", 0.03), ("int16x8", 0.01)])
@pytest.mark.parametrize("kind", MASKS)
def test_masked_attention_is_quantized_and_the_same_in_cpp(kind, quantize, most):
    torch = pytest.importorskip("torch")
    _, *given, wanted = read_masked(kind)
    example = tuple(torch.from_numpy(each[0]) for each in given)
    samples = dict(zip(("x", "mask"), given, strict=True))
    made = api.compile(masked(kind)[0], example=example, calibrate=samples, quantize=quantize)
    tensors = [made.network.tensors[index] for index in made.network.inputs]
    assert [each.element.value for each in tensors] == [quantize.split("x")[0], "float32"]
    given = laid(made.network, given)
    found = made(*given)
    assert np.sqrt(np.mean((found.reshape(wanted.shape) - wanted) ** 2)) < most * wanted.std()
    np.testing.assert_array_equal(made.native()(*given), found)


@pytest.mark.parametrize(("kind", "most"), [("int8", 0.03), ("int16x8", 0.01)])
@pytest.mark.parametrize("norm", ["LayerNorm", "RMSNorm"])
def test_norms_are_quantized_with_factors_in_float32(norm, kind, most):
    torch = pytest.importorskip("torch", reason="no package torch")
    torch.manual_seed(0)
    linear = torch.nn.Linear
    module = torch.nn.Sequential(linear(8, 8), getattr(torch.nn, norm)(8), linear(8, 3)).eval()
    x = np.random.default_rng(0).normal(size=(16, 4, 8)).astype(np.float32)
    made = api.compile(module, calibrate=x, quantize=kind, method="min-max")
    wanted = module(torch.from_numpy(x)).detach().numpy()
    assert np.sqrt(np.mean((made(x) - wanted) ** 2) / np.mean(wanted**2)) < most


WRITTEN = ("masked_fill", "where", "added", "multiplied", "heads", "behind the scale")


def written_out(kind: str):
    """Attention of the last 8 moments of 12 channels, as people write it."""
    torch = pytest.importorskip("torch")

    class Head(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.q, self.k, self.v = (torch.nn.Linear(12, 12) for _ in range(3))
            self.register_buffer("seen", torch.tril(torch.ones(8, 8)))

        def hidden(self, scores):
            if kind == "added":
                return scores + torch.full((8, 8), float("-inf")).triu(1)
            if kind == "multiplied":
                return scores * self.seen - 1e4 * (1 - self.seen)
            if kind == "where":
                return torch.where(self.seen.bool(), scores, torch.finfo(torch.float32).min)
            return scores.masked_fill(self.seen[: scores.shape[-2]] == 0, float("-inf"))

        def forward(self, x):
            q, k, v = self.q(x), self.k(x), self.v(x)
            if kind == "heads":
                q, k, v = (each.view(1, 8, 3, 4).transpose(1, 2) for each in (q, k, v))
            scores = q @ k.transpose(-2, -1)
            scores = (
                self.hidden(scores) / 3 if kind.startswith("behind") else self.hidden(scores / 3)
            )
            found = scores.softmax(dim=-1) @ v
            return found.transpose(1, 2).reshape(1, 8, 12) if kind == "heads" else found

    torch.manual_seed(3)
    return Head().eval()


@pytest.mark.parametrize("kind", WRITTEN)
def test_attention_that_is_written_out_with_a_mask_is_one_layer(kind):
    module, given = written_out(kind), images((1, 8, 12))
    network = read(module, (1, 8, 12))
    names = [each.name for each in network.operators]
    assert "ATTENTION" in names and "SOFTMAX" not in names
    expect(network, given, answers(module, given))


def test_written_attention_is_quantized_without_a_scale_for_minus_infinity():
    torch = pytest.importorskip("torch")
    module, given = written_out("heads"), images((40, 8, 12))[0]
    made = api.compile(
        module, example=torch.zeros(1, 8, 12), layout="nchw", calibrate=given, quantize="int8"
    )
    wanted = answers(module, given[:, None])[:, 0]
    assert np.sqrt(np.mean((made(given) - wanted) ** 2)) < 0.03 * wanted.std()


def no_attention() -> dict:
    """What resembles attention of x, 1 x 8 x 12, and is none: with as many queries as keys no shape
    tells."""
    torch = pytest.importorskip("torch")
    later = torch.ones(8, 8).triu(1).bool()

    def hidden(scores, fill=-torch.inf):
        return scores.masked_fill(later, fill)

    def scores(x):
        return x @ (x * 0.2).mT

    return {
        "weights transposed": lambda x: hidden(scores(x)).softmax(-1).mT @ x,
        "weights transposed by einsum": lambda x: torch.einsum(
            "bqk,bqc->bkc", hidden(scores(x)).softmax(-1), x
        ),
        "weights transposed, then reshaped": lambda x: (
            hidden(scores(x)).softmax(-1).view(1, 8, 8).mT.reshape(8, 8) @ x
        ),
        "scores transposed": lambda x: hidden(scores(x).mT).softmax(-1) @ x,
        "masked scores transposed": lambda x: hidden(scores(x)).mT.softmax(-1) @ x,
        "softmax over queries": lambda x: hidden(scores(x)).softmax(-2) @ x,
        "shrunk mask": lambda x: (hidden(x @ x.mT, -1e4) / 1e4).softmax(-1) @ x,
        "shrunk mask, far": lambda x: (hidden(x @ x.mT, -1e9) / 1e9).softmax(-1) @ x,
        "negative scale": lambda x: (hidden(scores(x), 1e4) * -1).softmax(-1) @ x,
        "scale of each key": lambda x: hidden(scores(x) * torch.arange(1.0, 9) / 8).softmax(-1) @ x,
        "bias and mask": lambda x: hidden(scores(x) + torch.arange(8.0)).softmax(-1) @ x,
        "clamp between": lambda x: hidden(scores(x).clamp(-1, 1)).softmax(-1) @ x,
    }


@pytest.mark.parametrize("kind", no_attention() if importlib.util.find_spec("torch") else ())
def test_what_is_no_attention_stays_as_it_is_written(kind):
    torch = pytest.importorskip("torch")

    class Module(torch.nn.Module):
        def forward(self, x):
            return no_attention()[kind](x)

    module, given = Module().eval(), images((1, 8, 12))
    network = read(module, (1, 8, 12))
    assert "ATTENTION" not in [each.name for each in network.operators]
    expect(network, given, answers(module, given))


def test_weights_that_a_model_yields_stay_as_they_are_written():
    torch = pytest.importorskip("torch")

    class Weights(torch.nn.Module):
        def forward(self, x):
            scores = (x @ x.transpose(1, 2)).masked_fill(torch.ones(8, 8).triu(1) > 0, -torch.inf)
            weights = torch.softmax(scores, -1)
            return torch.cat([weights, weights @ x], -1)

    module, given = Weights().eval(), images((1, 8, 12))
    expect(read(module, (1, 8, 12)), given, answers(module, given))


if __name__ == "__main__":
    made = vit(True)
    (SHIPPED / "vit.tflite").write_bytes(tflite_writer.to_bytes(read(made)))
    np.savez_compressed(SHIPPED / "vit.npz", images=images(), answers=answers(made, images()))
