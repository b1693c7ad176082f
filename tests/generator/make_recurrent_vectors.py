"""Writes golden/recurrent.npz: small recurrent networks as graven reads them from PyTorch, an input
of each and PyTorch's answer. Run it where torch is installed:

    python tests/generator/make_recurrent_vectors.py
"""

from pathlib import Path

import numpy as np
import torch
from graven.frontends import tflite_writer
from test_recurrent import Sequence, expected_of, read
from torch import nn

CASES = {
    "lstm": (nn.LSTM(6, 5), "all"),
    "lstm of two layers, both ways": (nn.LSTM(4, 3, num_layers=2, bidirectional=True), "all"),
    "gru": (nn.GRU(6, 5), "all"),
    "gru, its last step": (nn.GRU(5, 8), "last"),
    "gru both ways": (nn.GRU(4, 3, bidirectional=True), "hidden"),
    "rnn": (nn.RNN(6, 5), "all"),
    "rnn of relu": (nn.RNN(6, 5, nonlinearity="relu"), "last"),
}


def main() -> None:
    stored = {}
    for seed, (name, (layer, taken)) in enumerate(CASES.items()):
        torch.manual_seed(seed)
        for weights in layer.parameters():
            nn.init.normal_(weights, 0, 0.5)
        module, x = Sequence(layer, taken).eval(), torch.randn(7, 1, layer.input_size)
        model = tflite_writer.to_bytes(read(module, x))
        stored |= {
            f"{name}:model": np.frombuffer(model, dtype=np.uint8),
            f"{name}:input": x.numpy(),
            f"{name}:output": expected_of(module, x),
        }
    np.savez_compressed(Path(__file__).parent / "golden" / "recurrent.npz", **stored)


if __name__ == "__main__":
    main()
