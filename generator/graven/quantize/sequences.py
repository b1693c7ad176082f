"""Calibration samples as sequences of moments: variables last over those of one, and begin anew
with the next. Of a network without variables each sample is a sequence of one moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from graven import inputs, ir
from graven.errors import GravenError


@dataclass(frozen=True)
class Sequences:
    values: inputs.Inputs  # by model input: all moments, sequence after sequence
    lengths: np.ndarray  # of each sequence, in moments

    def __len__(self) -> int:
        return len(self.lengths)

    def part(self, start: int, stop: int) -> Sequences:
        ends = np.concatenate([[0], np.cumsum(self.lengths)])
        stop = min(stop, len(self))
        rows = slice(ends[start], ends[stop])
        return Sequences([each[rows] for each in self.values], self.lengths[start:stop])

    def spread(self, count: int) -> Sequences:
        """So many at equal distances over all, from the first on; all where there are no more."""
        if count >= len(self):
            return self
        parts = [self.part(start, start + 1) for start in np.arange(count) * len(self) // count]
        values = [
            np.concatenate(each) for each in zip(*(part.values for part in parts), strict=True)
        ]
        return Sequences(values, np.concatenate([part.lengths for part in parts]))

    def moments(self) -> Iterator[np.ndarray]:
        """The places of all first moments, of all second ones ...; those of the longest sequences
        come first, so that what ends leaves at the end."""
        order = np.argsort(-self.lengths, kind="stable")
        starts = (np.cumsum(self.lengths) - self.lengths)[order]
        for step in range(int(self.lengths.max(initial=0))):
            lasting = np.count_nonzero(self.lengths > step)
            yield starts[:lasting] + step


def sequences(network: ir.Network, samples: inputs.Samples) -> Sequences:
    """Of samples as `quantize` takes them."""
    if not network.variables:
        return Sequences(joined(network, samples), np.ones(len(samples[0]), np.int64))
    given = [
        inputs.sequences(tensor, value, "calibrate")
        for tensor, value in zip(inputs.tensors(network), samples, strict=True)
    ]
    lengths = [[len(sequence) for sequence in each] for each in given]
    if any(each != lengths[0] for each in lengths):
        raise GravenError(
            f"{network.source}: the sequences of the model's inputs differ in number or in steps; "
            "give each input the same ones."
        )
    values = [np.concatenate(each) if each else np.empty(0, np.float32) for each in given]
    return Sequences(joined(network, values), np.array(lengths[0], np.int64))


def joined(network: ir.Network, samples: list[np.ndarray]) -> list[np.ndarray]:
    """Samples of whole inputs with these inputs' batch axis as that of the samples."""
    shapes = (network.tensors[index].shape for index in network.inputs)
    return [
        value.reshape(len(value), *shape[1:]) if shape[:1] == (1,) else value
        for value, shape in zip(samples, shapes, strict=True)
    ]
