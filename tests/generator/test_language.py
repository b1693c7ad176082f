"""Decoders by their weights: over a whole sequence and token by token, in float32 and int8."""

from __future__ import annotations

import importlib
import sys

import cpp_cases
import numpy as np
import pytest
from graven import ir, language, passes, reference
from graven.errors import GravenError
from graven.frontends import tflite
from graven.paths import data_root

CONFIG = language.Config(vocabulary=17, dim=16, layers=2, heads=4, kv_heads=2, hidden=24, context=6)
TOKENS = np.random.default_rng(4).integers(0, 17, 15).astype(np.int32)


def checkpoint() -> language.Checkpoint:
    rng, c = np.random.default_rng(3), CONFIG
    kept = c.kv_heads * c.head
    weights = {"embedding.weight": rng.normal(0, 1, (c.vocabulary, c.dim)), "norm": np.ones(c.dim)}
    for block in range(c.layers):
        for name, shape in {
            "q": (c.dim, c.dim), "k": (kept, c.dim), "v": (kept, c.dim), "o": (c.dim, c.dim),
            "gate": (c.hidden, c.dim), "up": (c.hidden, c.dim), "down": (c.dim, c.hidden),
        }.items():  # fmt: skip
            weights[f"blocks.{block}.{name}.weight"] = rng.normal(0, 0.3, shape)
        for name in ("input_norm", "post_attention_norm"):
            weights[f"blocks.{block}.{name}"] = rng.normal(1, 0.2, c.dim)
    return language.Checkpoint(c, {k: v.astype(np.float32) for k, v in weights.items()})


def logits(network: ir.Network, tokens: np.ndarray) -> np.ndarray:
    """In runs of as many tokens as the network takes."""
    state, (output,) = reference.reset(network), network.outputs
    (moments,) = network.tensors[network.inputs[0]].shape
    return np.concatenate(
        [
            reference.run(network, [tokens[at : at + moments]], state)[output]
            for at in range(0, len(tokens), moments)
        ]
    )


def scales(made: language.Checkpoint) -> language.Scales:
    rng = np.random.default_rng(5)
    return language.calibrated(made, [rng.integers(0, 17, 15) for _ in range(8)])


@pytest.mark.parametrize("quantized", [False, True])
def test_token_by_token_is_the_whole_sequence(quantized):
    made = checkpoint()
    each = scales(made) if quantized else None
    whole = logits(language.decoder(made, len(TOKENS), "sliding", each), TOKENS)
    for moments in (1, 3, 5):
        parts = logits(language.decoder(made, moments, "sliding", each), TOKENS)
        np.testing.assert_array_equal(parts, whole)
    early = CONFIG.context  # nothing has slid out yet
    past = logits(language.decoder(made, len(TOKENS), "past", each), TOKENS)
    np.testing.assert_array_equal(past[:early], whole[:early])
    assert (past[early:] != whole[early:]).any()


def test_int8_and_int4_lose_little():
    made = checkpoint()
    windows = [np.random.default_rng(seed).integers(0, 17, 15) for seed in range(6)]
    network = language.decoder(made, 14)
    # Of the float network's own distribution, a better one does not exist.
    exact = language.bits_per_token(network, windows, 8)
    for bits, most in ((8, 0.2), (4, 1.5)):
        found = language.decoder(made, 14, scales=scales(made), bits=bits)
        assert abs(language.bits_per_token(found, windows, 8) - exact) < most


def test_cpp_equals_numpy(tmp_path):
    made = checkpoint()
    each = scales(made)
    cases = []
    for bits in (8, 4):
        network = language.decoder(made, 1, "sliding", each, bits)
        case = cpp_cases.make(f"int{bits}", len(cases), network, np.random.default_rng(0))
        case.inputs[:] = [[TOKENS[k : k + 1]] for k in range(cpp_cases.INFERENCES)]
        cases.append(case)
    for case, found in zip(cases, cpp_cases.run(cases, tmp_path), strict=True):
        expected = logits(case.network, TOKENS[: cpp_cases.INFERENCES])
        (output,) = case.network.outputs
        np.testing.assert_array_equal(np.concatenate([one[output] for one in found]), expected)


def test_the_embedding_lies_in_flash_once():
    """The output's product reads the table of the embedding, and has the bits of a dense layer."""
    made = checkpoint()
    network = language.decoder(made, 3, "past", scales(made))
    compiled = passes.canonical(network)
    (literal,) = (each for each in compiled.operators if each.name == "LITERAL")
    product = compiled.operators[-1]
    assert (product.name, product.inputs[1]) == ("BATCH_MATMUL", literal.output)
    assert literal.output in compiled.operators[1].inputs
    np.testing.assert_array_equal(logits(compiled, TOKENS), logits(network, TOKENS))


def test_what_a_checkpoint_lacks_is_said():
    weights = dict(checkpoint().weights)
    del weights["blocks.1.o.weight"]
    with pytest.raises(GravenError, match=r"blocks.1.o.weight is missing, expected \(16, 16\)"):
        language.Checkpoint(CONFIG, weights)
    with pytest.raises(GravenError, match="no samples of text to calibrate with"):
        language.calibrated(checkpoint(), [])


def test_the_file_that_ships_is_judged_by_its_own_weights_and_scales(monkeypatch):
    folder = data_root() / "firmware/models/language"
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    judge = importlib.import_module("judge")
    network = tflite.load(folder / "language.tflite")
    made = language.decoder(judge.checkpoint_of(network), 4, scales=judge.scales_of(network))
    judge.check_equal(network, made)
