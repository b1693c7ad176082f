"""The range of every group of tensors: what of its values the integers cover, by trial."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import replace

import numpy as np

from graven import ir
from graven.errors import GravenError
from graven.quantize.batches import Batches
from graven.quantize.decisions import decibels
from graven.quantize.ranges import Histogram, Range, candidates, scale_of
from graven.quantize.scales import Scale
from graven.quantize.sequences import Sequences
from graven.quantize.sharing import Sharing
from graven.quantize.simulate import Decisions, Simulation, Values

BATCH = 32
METHODS = ("best", "min-max", "percentile 99.9", "percentile 99.99", "percentile 99.999", "mse",
           "entropy")  # fmt: skip

Progress = Callable[..., None]
"""Hears (what begins), or (what is counted, how many of it are done, of how many)."""


def check_method(method: str) -> None:
    if method not in METHODS:
        raise GravenError(f"method '{method}': expected one of {', '.join(METHODS)}.")


def quiet(what: str, done: int = 0, of: int = 0) -> None:
    """Progress that nobody wants to see."""


Ranges = dict[int, dict[str, Range]]
"""By group and method."""


def observed(
    network: ir.Network, shared: Sharing, samples: Sequences, progress: Progress
) -> Ranges:
    """The candidates for every group whose scale is free, over all samples."""
    found = {name: Histogram() for name in shared.free}
    sources = {index: name for name in shared.free for index in shared.sources[name]}
    for index, name in sources.items():
        tensor = network.tensors[index]
        data = tensor.initial if tensor.is_variable else tensor.data
        if data is not None:
            finite = data[np.abs(data) < 1e30]  # the least number pads for a maximum
            if finite.size:
                found[name].add(finite)
    batches, count = Batches(network), len(samples)
    for start in range(0, count, BATCH):
        progress("calibrating with samples", start, count)
        values = batches.over(samples.part(start, start + BATCH))
        for index in sources.keys() & values.keys():
            if not np.isfinite(values[index]).all():
                raise GravenError(
                    f"{network.source}: tensor '{network.tensors[index].name}' has values that are "
                    "NaN or infinite on the calibration data; scale it as for training."
                )
            found[sources[index]].add(values[index])
    progress("calibrating with samples", count, count)
    return {name: candidates(values) for name, values in found.items()}


def share(energies: np.ndarray) -> float:
    """Of the error in its output, on the mean of the outputs."""
    return float(np.mean(energies[:, 0] / np.maximum(energies[:, 1], 1e-30)))


class Search:
    """Ranges for the groups, by their error at the outputs."""

    def __init__(
        self,
        simulation: Simulation,
        samples: Sequences,
        ranges: Ranges,
        element: ir.Element,
        bits: dict[int, int],
        words: Set[int] = frozenset(),
    ) -> None:
        """`words`: groups that are int16 where `element` is int8."""
        self.simulation, self.samples, self.ranges = simulation, samples, ranges
        self.element, self.bits, self.words = element, bits, words
        self.exact = simulation.exact(samples)
        self.judged = [self.before_softmax(index) for index in simulation.network.outputs]
        self.tried: dict[int, dict[str, float]] = {name: {} for name in ranges}

    def before_softmax(self, index: int) -> int:
        """Where an output's error is measured: a softmax hides it where it is sure."""
        for operator in self.simulation.network.operators:
            if operator.outputs == (index,) and operator.name in ("SOFTMAX", "LOGISTIC"):
                return operator.inputs[0]
        return index

    def scales(self, chosen: dict[int, str]) -> dict[int, Scale]:
        fixed = self.simulation.shared.fixed
        found = {
            name: scale_of(self.ranges[name][method], self.element_of(name))
            for name, method in chosen.items()
            if name not in fixed
        }
        return found | {name: rule.of(self.element_of(name)) for name, rule in fixed.items()}

    def element_of(self, group: int) -> ir.Element:
        return ir.Element.INT16 if group in self.words else self.element

    def decided(self, chosen: dict[int, str]) -> Decisions:
        return Decisions(self.scales(chosen), self.bits)

    def all_by(self, method: str) -> dict[int, str]:
        """One method for all; where another one says the same range, by its name."""
        return {name: method if method in each else next(iter(each))
                for name, each in self.ranges.items()}  # fmt: skip

    def noise(self, decisions: Decisions) -> float:
        return self.loss(self.simulation.run(self.samples, decisions))

    def loss(self, values: Values) -> float:
        return share(self.energies(values, self.exact))

    def energies(self, values: Values, exact: Values) -> np.ndarray:
        """By output: of its error, and of itself."""
        found = []
        for index in self.judged:
            wanted = exact[index].astype(np.float64)
            found.append((np.sum((values[index] - wanted) ** 2), np.sum(wanted**2)))
        return np.array(found)

    def best(self, judges: Sequences, progress: Progress) -> dict[int, str]:
        """By the samples of the search; a range other than min-max stays if it does not lose over
        `judges`. int16 takes min-max: its steps are so fine that clipping is the greater loss."""
        return self.upheld(self.nearest(progress), judges, progress)

    def nearest(self, progress: Progress) -> dict[int, str]:
        chosen = self.all_by("min-max")
        values, least = self.run(chosen)
        for place, name in enumerate(self.simulation.shared.free):
            if self.element_of(name) is ir.Element.INT16:
                continue
            progress("choosing ranges", place, len(self.ranges))
            first = self.simulation.first_place(name)
            self.tried[name][chosen[name]] = decibels(least)
            for method in self.ranges[name]:
                if method == chosen[name]:
                    continue
                tried, found = self.run(chosen | {name: method}, values, first)
                self.tried[name][method] = decibels(found)
                if found < least:
                    chosen, values, least = chosen | {name: method}, tried, found
        progress("choosing ranges", len(self.ranges), len(self.ranges))
        return chosen

    def upheld(
        self, chosen: dict[int, str], judges: Sequences, progress: Progress
    ) -> dict[int, str]:
        """What loses least over `judges`: min-max for all, or as chosen without those ranges to
        which min-max is better, or as chosen."""
        plain = self.all_by("min-max")
        doubted = [name for name in chosen if chosen[name] != plain[name]]
        if not doubted or len(judges) == len(self.samples):  # by which each of them was chosen
            return chosen
        whole, without = 0.0, dict.fromkeys(doubted, 0.0)
        for part, exact in self.parts(judges, progress):
            values = self.simulation.run(part, self.decided(chosen))
            whole = whole + self.energies(values, exact)
            for name in doubted:
                changed = self.decided(chosen | {name: plain[name]})
                first = self.simulation.first_place(name)
                found = self.simulation.run(part, changed, values, first)
                without[name] = without[name] + self.energies(found, exact)
        worse = [name for name in doubted if share(without[name]) <= share(whole)]
        rest = chosen | {name: plain[name] for name in worse}
        losses = [np.zeros_like(whole), np.zeros_like(whole), whole]
        for part, exact in self.parts(judges, quiet):
            for place, each in enumerate((plain, rest)):
                values = self.simulation.run(part, self.decided(each))
                losses[place] += self.energies(values, exact)
        least = min(range(3), key=lambda place: share(losses[place]))
        return (plain, rest, chosen)[least]

    def parts(self, samples: Sequences, progress: Progress) -> Iterator[tuple[Sequences, Values]]:
        """Batch by batch, with the float network's values: all at once may not fit into memory."""
        for start in range(0, len(samples), BATCH):
            progress("judging ranges", start, len(samples))
            part = samples.part(start, start + BATCH)
            yield part, self.simulation.exact(part)
        progress("judging ranges", len(samples), len(samples))

    def run(
        self, chosen: dict[int, str], known: Values | None = None, first: int = 0
    ) -> tuple[Values, float]:
        values = self.simulation.run(self.samples, self.decided(chosen), known, first)
        return values, self.loss(values)

    def with_corrected_biases(self, decisions: Decisions) -> Decisions:
        found = self.simulation.corrected(self.samples, decisions, self.exact)
        return replace(decisions, biases=found)
