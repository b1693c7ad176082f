"""Structured pruning: a float network without the channels that its outputs lose least by.

Which of a group's units (groups.py) go first says the error that the layers which read them are
left with, after their other weights have made up for it as well as they can: the optimal brain
surgeon over the second moments of their inputs (Hassibi and Stork, 1992; of whole channels: Kurtic
et al., 2023), in closed form. How many each group loses says the error at the model's outputs of
each group alone: the groups that lose least by it per weight go first, as mixed quantization does
it. Then the layers behind are fitted anew (refit.py), and whoever has labels and a training loop
may tune all of it (trainable.py). Nothing is random: the same samples make the same network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from graven import ir
from graven.blas import on_one_thread
from graven.errors import GravenError
from graven.pruning import refit, trainable
from graven.pruning.groups import Group, Unit, groups, labels, reads_all, rule_of, without
from graven.quantize.batches import Batches
from graven.quantize.post_training import check_samples
from graven.quantize.rules import Weights
from graven.quantize.search import Progress, quiet
from graven.quantize.sequences import sequences
from graven.quantize.weights import Moments, patches

SEEN, TRIED = 512, 32  # samples for moments and fits; for the errors at the outputs
MULTIPLE = 4  # channels that kernels take at once
LEVELS = 6  # numbers of units that are tried for a group, about
CRITERIA = ("reconstruction", "l1")

Keep = float | Mapping[str, float]
FineTune = Callable[[Any], Any]
"""Trains a torch.nn.Module, and returns it or nothing."""


@dataclass(frozen=True)
class Loss:
    """What a group has lost."""

    name: str
    channels: tuple[int, int]  # before and after
    tensors: tuple[str, ...]
    kept: tuple[int, ...]  # units, as channels of the first tensor
    error: float  # at the outputs, of it alone, before layers are fitted: a share of their variance


@dataclass(frozen=True)
class Report:
    weights: tuple[int, int]  # numbers in all constants, before and after
    criterion: str
    groups: tuple[Loss, ...]
    refitted: bool
    tuned: bool


@dataclass(frozen=True)
class Pruned:
    network: ir.Network
    report: Report


def prune(
    network: ir.Network,
    samples: list[np.ndarray],
    keep: Keep,
    *,
    criterion: str = "reconstruction",
    reconstruct: bool = True,
    fine_tune: FineTune | str | None = None,
    multiple: int = MULTIPLE,
    progress: Progress = quiet,
) -> Pruned:
    """`keep` is the share of the weights that may stay, or that of the channels by the name of a
    group (its first tensor); `samples` are an array for each input. Of a group of 2 * `multiple` or
    more a multiple stays. `reconstruct` fits the layers behind, then comes `fine_tune`, also by its
    name, "module:function"."""
    check_keep(keep)
    tune = None if fine_tune is None else trainable.function(fine_tune)
    pruner = Pruner(network, samples, criterion, multiple, progress)
    return pruner.pruned(keep, reconstruct, tune)


class Pruner:
    """Looks at a network once; then any number of shares."""

    @on_one_thread
    def __init__(
        self,
        network: ir.Network,
        samples: list[np.ndarray],
        criterion: str = "reconstruction",
        multiple: int = MULTIPLE,
        progress: Progress = quiet,
    ) -> None:
        check(network, criterion)
        self.weights, self.criterion, self.multiple = weight_count(network), criterion, multiple
        check_samples(network, given := sequences(network, samples))
        self.samples, self.progress = given.values, progress
        self.network = refit.with_biases(network)
        self.groups = groups(self.network)
        if not self.groups:
            raise GravenError(
                f"{network.source}: no channels can go: all of them are the model's inputs or "
                "outputs, or are read by operators that need them all."
            )
        self.ranking = Ranking(
            self.network, self.groups, self.samples, criterion, multiple, progress
        )

    def pruned(
        self, keep: Keep, reconstruct: bool = True, fine_tune: FineTune | str | None = None
    ) -> Pruned:
        check_keep(keep)
        if isinstance(keep, Mapping):
            counts = stated(self.groups, keep, self.multiple)
        else:
            counts = self.ranking.allocated(keep, self.weights)
        removed = [unit for group in self.groups for unit in self.gone(group, counts)]
        smaller = without(self.network, removed) if removed else self.network
        reconstruct = reconstruct and bool(removed)
        if reconstruct:
            self.progress(f"fitting the layers behind to {min(len(self.samples[0]), SEEN)} samples")
            given = refit.batches(self.samples, SEEN)
            smaller = refit.Refit(self.network, removed).run(given)
        if fine_tune is not None:
            self.progress("fine-tuning")
            smaller = trainable.tuned(smaller, trainable.function(fine_tune))
        losses = tuple(self.ranking.loss(group, counts[group.name]) for group in self.groups)
        weights = self.weights, weight_count(smaller)
        report = Report(weights, self.criterion, losses, reconstruct, fine_tune is not None)
        return Pruned(smaller, report)

    def gone(self, group: Group, counts: Mapping[str, int]) -> list[Unit]:
        order = self.ranking.order(group)
        return [group.units[k] for k in order[: len(order) - counts[group.name]]]


def check(network: ir.Network, criterion: str) -> None:
    if any(network.tensors[index].element is not ir.Element.FLOAT32 for index in network.inputs):
        raise GravenError(
            f"{network.source}: structured pruning is for float32 networks; prune the model from "
            "before it was quantized, then quantize it."
        )
    if network.variables:
        raise GravenError(
            f"{network.source}: keeps variables from run to run, of which structured pruning does "
            "not know how many channels may go; train a smaller model."
        )
    check_criterion(criterion)


def check_criterion(criterion: str) -> None:
    if criterion not in CRITERIA:
        raise GravenError(f"criterion '{criterion}': expected one of {', '.join(CRITERIA)}.")


def check_keep(keep: Keep) -> None:
    for share in keep.values() if isinstance(keep, Mapping) else (keep,):
        check_share(share)


def check_share(share: Any) -> None:
    real = isinstance(share, Real) and not isinstance(share, bool)
    if not real or not 0.0 < share <= 1.0:
        what = f"{share:g}" if real else repr(share)
        raise GravenError(f"keep={what}: expected a share above 0, at most 1, as in 0.5.")


def weight_count(network: ir.Network) -> int:
    """Numbers in the float constants that operators read."""
    used = {index for operator in network.operators for index in operator.inputs if index >= 0}
    read = (network.tensors[index] for index in used)
    real = (each.data for each in read if each.element is ir.Element.FLOAT32)
    return sum(data.size for data in real if data is not None)


def stated(found: list[Group], keep: Mapping[str, float], multiple: int) -> dict[str, int]:
    names = [group.name for group in found]
    if unknown := [name for name in keep if name not in names]:
        raise GravenError(
            f"keep: there is no group '{unknown[0]}'; the network has {', '.join(names)}."
        )
    sizes = {group.name: len(group.units) for group in found}
    return {
        name: rounded(size * keep.get(name, 1.0), size, multiple) for name, size in sizes.items()
    }


def rounded(count: float, size: int, multiple: int) -> int:
    step = multiple if size >= 2 * multiple else 1
    return min(max(int(np.ceil(count / step - 1e-9)) * step, 1), size)


def levels(size: int, multiple: int) -> list[int]:
    """Numbers of units that may stay, falling."""
    least = multiple if size >= 2 * multiple else 1
    step = least * max(1, round(size / least / LEVELS))
    found = [size, *range((size - 1) // step * step, 0, -step)]
    return found if least in found else [*found, least]


# -- which units go -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reader:
    """A layer that reads some of a group's units, and what its weights look like to them."""

    operator: ir.Operator
    rule: Weights
    blocks: np.ndarray  # units x weights of a filter that read them


class Ranking:
    def __init__(
        self,
        network: ir.Network,
        found: list[Group],
        samples: list[np.ndarray],
        criterion: str,
        multiple: int,
        progress: Progress,
    ) -> None:
        self.network, self.groups, self.multiple = network, found, multiple
        self.criterion, self.progress = criterion, progress
        self.runs = Batches(network)
        self.first = [value[:TRIED] for value in samples]
        self.exact = self.runs.run(self.first)
        progress(f"looking at {min(len(samples[0]), SEEN)} samples")
        self.moments = self.seen(samples)
        self.spread = [self.exact[index].var() or 1.0 for index in network.outputs]
        self.orders: dict[str, list[int]] = {}
        self.weights: dict[str, dict[int, dict[int, np.ndarray]]] = {}  # by group and units left
        self.errors: dict[tuple[str, int], float] = {}

    def seen(self, samples: list[np.ndarray]) -> dict[int, Moments]:
        """By operator, of what it multiplies by its weights."""
        found: dict[int, Moments] = {}
        readers = [each for each in self.network.operators if reads_all(self.network, each)]
        for batch in refit.batches(samples, SEEN):
            values = self.runs.run(batch)
            for operator in readers:
                rule = rule_of(self.network, operator)
                shape = self.network.tensors[operator.inputs[0]].shape[1:]
                data = values[operator.inputs[0]].reshape(-1, *shape)
                x = patches(self.network, operator, rule, data) if rule else None
                if x is not None:
                    found.setdefault(operator.index, Moments()).add(x)
        return found

    def readers(self, group: Group) -> list[Reader]:
        found = []
        for operator in self.network.operators:
            data, rule = operator.inputs[0], rule_of(self.network, operator)
            if operator.index not in self.moments or rule is None or data not in group.tensors:
                continue
            of_input, columns = labels(self.network, operator)
            width = self.network.tensors[operator.inputs[rule.weights]].data[0].size
            whole = np.resize(columns, width)  # a filter's places in the window, channels last
            blocks = [np.flatnonzero(np.isin(whole, of_input[unit[data]])) for unit in group.units]
            found.append(Reader(operator, rule, np.array(blocks)))
        return found

    def order(self, group: Group) -> list[int]:
        """Units, the first to go first."""
        if group.name not in self.orders:
            if self.criterion == "l1":
                norms = self.norms(group)
                self.orders[group.name] = sorted(range(len(norms)), key=lambda k: (norms[k], k))
                self.weights[group.name] = {}
            else:
                surgeon = Surgeon(self, group)
                self.orders[group.name], self.weights[group.name] = surgeon.run()
        return self.orders[group.name]

    def norms(self, group: Group) -> np.ndarray:
        """Of the filters that make each unit, over those of their layer on the mean."""
        total = np.zeros(len(group.units))
        for operator in self.network.operators:
            rule = rule_of(self.network, operator)
            if rule is None or operator.output not in group.tensors:
                continue
            data = self.network.tensors[operator.inputs[rule.weights]].data
            each = np.abs(np.moveaxis(data, rule.axis, 0)).reshape(data.shape[rule.axis], -1)
            sums = each.sum(axis=1) / max(each.sum(axis=1).mean(), 1e-12)
            total += [sums[unit[operator.output]].sum() for unit in group.units]
        return total

    # -- how many go -----------------------------------------------------------------------------

    def error(self, group: Group, left: int) -> float:
        """At the outputs, when this group alone has so many units left."""
        if left == len(group.units):
            return 0.0
        if (group.name, left) not in self.errors:
            order = self.order(group)
            constants = self.weights[group.name].get(left)
            if constants is None:
                gone = [group.units[k] for k in order[: len(order) - left]]
                found = Batches(without(self.network, gone)).run(self.first)
            else:
                found = self.runs.run(self.first, constants=constants)
            off = [
                ((found[index] - self.exact[index]) ** 2).mean() / spread
                for index, spread in zip(self.network.outputs, self.spread, strict=True)
            ]
            self.errors[group.name, left] = float(np.sum(off))
        return self.errors[group.name, left]

    def loss(self, group: Group, left: int) -> Loss:
        order, size = self.order(group), len(group.units)
        stays = sorted(order[size - left :])
        kept = tuple(int(group.units[k][group.tensors[0]][0]) for k in stays)
        names = tuple(self.network.tensors[index].name for index in group.tensors)
        return Loss(group.name, (size, left), names, kept, self.error(group, left))

    def allocated(self, keep: float, before: int) -> dict[str, int]:
        """Units that stay: step by step from the group that loses least by it per weight."""
        counts = {group.name: len(group.units) for group in self.groups}
        steps = {group.name: levels(len(group.units), self.multiple) for group in self.groups}
        size = self.size(counts)
        while size > keep * before:
            best: tuple[float, str, int] | None = None
            for place, group in enumerate(self.groups):
                now = counts[group.name]
                lower = [each for each in steps[group.name] if each < now]
                if not lower:
                    continue
                self.progress("weighing groups of channels", place, len(self.groups))
                more = self.error(group, lower[0]) - self.error(group, now)
                saved = size - self.size(counts | {group.name: lower[0]})
                price = max(more, 0.0) / max(saved, 1)
                if best is None or price < best[0]:
                    best = price, group.name, lower[0]
            if best is None:
                raise GravenError(
                    f"{self.network.source}: --keep {keep:g}: at least {size / before:.3g} of the "
                    "weights have to stay; the rest of the channels cannot go."
                )
            counts[best[1]] = best[2]
            size = self.size(counts)
        return counts

    def size(self, counts: Mapping[str, int]) -> int:
        """Numbers in the constants with so many units left, whichever they are."""
        gone = [unit for group in self.groups for unit in group.units[counts[group.name] :]]
        return weight_count(without(self.network, gone))


class Surgeon:
    """Takes the unit whose loss the others make up for best, one after the other.

    With the inverse H of the moments of a layer's inputs, the error of losing the weights w of a
    block B is w' (H_BB)^-1 w, and the others change by -H_B (H_BB)^-1 w."""

    def __init__(self, ranking: Ranking, group: Group) -> None:
        self.network, self.group = ranking.network, group
        self.kept = set(levels(len(group.units), ranking.multiple))
        self.readers = ranking.readers(group)
        self.states = []
        for reader in self.readers:
            moments = ranking.moments[reader.operator.index]
            squares = moments.centred[0]
            data = self.network.tensors[reader.operator.inputs[reader.rule.weights]].data
            weights = refit.by_part(data, reader.rule, 1)[0].T  # weights of a filter x filters
            energy = float((weights * (squares @ weights)).sum()) or 1.0
            mean = moments.sums[0] / moments.count
            self.states.append((weights, np.linalg.inv(squares), energy, mean))

    def run(self) -> tuple[list[int], dict[int, dict[int, np.ndarray]]]:
        """The order, and the readers' constants at the numbers of units that are tried."""
        left, order = list(range(len(self.group.units))), []
        found: dict[int, dict[int, np.ndarray]] = {}
        while len(left) > 1:
            errors = sum(
                self.errors(reader, state, left)
                for reader, state in zip(self.readers, self.states, strict=True)
            )
            unit = left[int(np.argmin(errors))] if self.readers else left[-1]
            left.remove(unit)
            order.append(unit)
            self.states = [
                self.removed(reader, state, unit)
                for reader, state in zip(self.readers, self.states, strict=True)
            ]
            if len(left) in self.kept:
                found[len(left)] = self.constants()
        return [*order, *left], found

    def errors(self, reader: Reader, state: tuple, left: list[int]) -> np.ndarray:
        weights, inverse, energy, _ = state
        blocks = reader.blocks[left]
        within = inverse[blocks[:, :, None], blocks[:, None, :]]
        lost = weights[blocks]
        return (lost * np.linalg.solve(within, lost)).sum(axis=(1, 2)) / energy

    def removed(self, reader: Reader, state: tuple, unit: int) -> tuple:
        weights, inverse, energy, mean = state
        block = reader.blocks[unit]
        within, beside = inverse[np.ix_(block, block)], inverse[:, block]
        weights = weights - beside @ np.linalg.solve(within, weights[block])
        inverse = inverse - beside @ np.linalg.solve(within, beside.T)
        weights[block] = 0.0
        inverse[block], inverse[:, block] = 0.0, 0.0
        inverse[block, block] = 1.0  # never asked for again
        return weights, inverse, energy, mean

    def constants(self) -> dict[int, np.ndarray]:
        """Weights, and biases that have taken up the means of what is gone."""
        found = {}
        for reader, (weights, _, _, mean) in zip(self.readers, self.states, strict=True):
            stored, bias = (
                reader.operator.inputs[place] for place in (reader.rule.weights, reader.rule.bias)
            )
            data = self.network.tensors[stored].data
            was = refit.by_part(data, reader.rule, 1)[0].T
            found[stored] = refit.as_stored(weights.T, data, reader.rule)
            shift = mean @ (was - weights)
            found[bias] = (self.network.tensors[bias].data.reshape(-1) + shift).astype(np.float32)
        return found
