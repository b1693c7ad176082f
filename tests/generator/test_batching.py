"""Padding, masks and lengths, and that attention sees nothing of what fills up."""

from __future__ import annotations

import numpy as np
import pytest
import random_transformers as transformers
from graven import batching, language, reference
from graven.errors import GravenError
from graven.layers.attention import Attention
from test_language import checkpoint


def test_sequences_are_padded_and_come_back():
    sequences = [np.array([1, 2, 3]), np.array([4]), np.array([5, 6])]
    found, lengths = batching.padded(sequences, 4, -1)
    np.testing.assert_array_equal(found, [[1, 2, 3, -1], [4, -1, -1, -1], [5, 6, -1, -1]])
    for one, other in zip(batching.unpadded(found, lengths), sequences, strict=True):
        np.testing.assert_array_equal(one, other)
    assert batching.padded(sequences)[0].shape == (3, 3)
    with pytest.raises(GravenError, match="sequence 0 has 3 moments, more than the length 2"):
        batching.padded(sequences, 2)
    with pytest.raises(GravenError, match="there are no sequences to pad"):
        batching.padded([])


def attend(q: np.ndarray, mask: np.ndarray) -> np.ndarray:
    b = transformers.Kit(np.random.default_rng(0))
    data = b.data(q.shape, transformers.FLOAT32)
    added = b.data(mask.shape, transformers.FLOAT32)
    layer = Attention(2, 2)
    output = b.output(data, q.shape)
    network = b.network([b.add("ATTENTION", layer, [data, data, data, added], output)])
    return reference.run(network, [q, mask.astype(np.float32)])[network.outputs[0]]


def test_what_fills_up_is_not_seen():
    q = np.random.default_rng(1).normal(0, 1, (3, 4)).astype(np.float32)
    found, lengths = batching.padded([q], 5, 9.0)
    mask = batching.padding_mask(lengths, 5)
    alone = attend(q, np.zeros((1, 3), np.float32))
    np.testing.assert_allclose(attend(found[0], mask[0])[:3], alone, rtol=1e-6)


def test_a_causal_mask_sees_a_prefix_and_what_came_before():
    shown = batching.causal_mask(3, 2) == 0
    np.testing.assert_array_equal(shown, np.tri(3, 5, 2, dtype=bool))


def test_lora_is_merged():
    made = checkpoint()
    rng = np.random.default_rng(2)
    name = "blocks.0.q.weight"
    down, up = rng.normal(0, 1, (2, 16)), rng.normal(0, 1, (16, 2))
    merged = language.merged(made, {name: (down, up)}, alpha=4.0)
    x = rng.normal(0, 1, 16)
    expected = made.weights[name] @ x + 2.0 * (up @ (down @ x))
    np.testing.assert_allclose(merged.weights[name] @ x, expected, rtol=1e-5)
    assert merged.weights["norm"] is made.weights["norm"]
    with pytest.raises(GravenError, match=r"LoRA of blocks.0.q.weight has \(2, 16\) and \(8, 2\)"):
        language.merged(made, {name: (down, up[:8])}, 4.0)
    with pytest.raises(GravenError, match="LoRA of nothing: the checkpoint has no such weights"):
        language.merged(made, {"nothing": (down, up)}, 4.0)
