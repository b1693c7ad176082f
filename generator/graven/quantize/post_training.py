"""Post-training quantization: scales from samples, chosen by what loses least at the output.

Every group of tensors with one scale (sharing.py) starts with the range that its samples have;
then, group by group in the order of the network, each of the other ranges (ranges.py) is tried and
stays if the outputs of the simulated integer network come closer to those of the float network, by
TRIED samples, and do not lose to the first range by JUDGED ones, both spread evenly over all; the
ranges themselves come from all. int16 keeps the range that its samples have. Then
weights are rounded by the error of their layer (weights.py) on the first ROUNDED samples, and
biases take up the mean error of the weights before them: each stays where it brings the outputs
closer. Nothing is random: the same samples make the same network.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Set
from dataclasses import dataclass, replace

import numpy as np

from graven import inputs, ir, layers
from graven.blas import on_one_thread
from graven.errors import GravenError
from graven.node import PLAIN, node_of
from graven.quantize.batches import ACCESS
from graven.quantize.convert import Converter
from graven.quantize.decisions import Choice, Report, Step, decibels, measured, sources_of
from graven.quantize.equalize import equalized
from graven.quantize.kinds import kind_of
from graven.quantize.products import as_products, as_sums
from graven.quantize.rules import NONE, SAME, Fixed, rule_of
from graven.quantize.scales import as_stored
from graven.quantize.search import BATCH, Progress, Search, check_method, observed, quiet
from graven.quantize.sequences import Sequences, sequences
from graven.quantize.sharing import sharing, stays_real
from graven.quantize.simulate import Decisions, Simulation
from graven.quantize.tables import as_tables, in_words
from graven.quantize.weights import Moments, Rounded, by_error
from graven.quantize.widths import split

TRIED, JUDGED = 32, 256
ROUNDED = 512
EQUALIZED = "cross-layer equalization"


@dataclass(frozen=True)
class Quantized:
    network: ir.Network
    report: Report


@on_one_thread
def quantize(
    network: ir.Network,
    samples: inputs.Samples,
    method: str = "best",
    correct: bool = True,
    progress: Progress = quiet,
    kind: str = "int8",
) -> Quantized:
    """The network of integers, of a kind in kinds.py; `samples` are an array per model input, a
    first axis and its shape behind; of one with variables, an array or a list of sequences, whose
    first axis are the steps that the variables last. `method` is one for all ranges, or the best
    for each; `correct` lets weights and biases take up errors, else weights are rounded to the
    nearest."""
    quantizer = Quantizer(network, samples, kind, method, progress)
    return quantizer.quantized(quantizer.bits(kind_of(kind).bits), correct)


class Quantizer:
    """The ranges of a network's tensors, found once; then any choice of bits for its weights."""

    def __init__(
        self,
        network: ir.Network,
        samples: inputs.Samples,
        kind: str = "int8",
        method: str = "best",
        progress: Progress = quiet,
    ) -> None:
        check_method(method)
        self.kind, self.progress = kind, progress
        element = kind_of(kind).activations
        network = as_sums(network)
        if element is ir.Element.INT16:
            network = as_products(network)
        network = as_tables(network, element)
        check(network)
        self.samples = sequences(network, samples)
        check_samples(network, self.samples)
        self.simulation = Simulation(network, sharing(network))
        self.steps: list[Step] = []
        self.equalize()
        self.network = self.simulation.network
        self.search = self.search_of(self.simulation, self.samples, progress)
        judges = self.samples.spread(JUDGED)
        best = method == "best"
        self.chosen = self.search.best(judges, progress) if best else self.search.all_by(method)
        self.plain = replace(self.search.decided(self.chosen), bits=self.bits(8))
        self._moments: dict[int, Moments] | None = None
        self._rounded: dict[tuple[int, int], Rounded] = {}

    def equalize(self) -> None:
        """If the outputs of TRIED samples come closer, with ranges and weights as they are."""
        tried = self.samples.spread(TRIED)
        network = equalized(self.simulation, self.simulation.exact(tried))
        if network is self.simulation.network:
            return
        other = Simulation(network, self.simulation.shared)
        noise = []
        for simulation in (self.simulation, other):
            search = self.search_of(simulation, tried, quiet)
            noise.append(search.noise(search.decided(search.all_by("min-max"))))
        self.steps = [step(EQUALIZED, *noise)]
        if self.steps[0].taken:
            self.simulation = other

    def search_of(self, simulation: Simulation, samples: Sequences, progress: Progress) -> Search:
        """Ranges by all samples, tried on some."""
        kind, tried = kind_of(self.kind), samples.spread(TRIED)
        ranges = observed(simulation.network, simulation.shared, samples, progress)
        return Search(simulation, tried, ranges, kind.activations, self.bits(kind.bits))

    def widened(self, chosen: Set[int]) -> Quantizer:
        """With int16 activations at these operators with weights; ranges as they were found, where
        int16 covers all that was seen."""
        found, old = copy.copy(self), self.simulation.shared
        weighted = self.simulation.weighted.keys() | self.simulation.stacked.keys()
        parted = split(self.network, weighted, chosen)
        parted.network = in_words(parted.network, parted.wide)
        shared = sharing(parted.network)
        found.network, found.simulation = parted.network, Simulation(parted.network, shared)
        found._moments, found._rounded = None, {}
        words = {name for index, name in shared.group.items() if index in parted.wide}
        before = {name: old.group[parted.origin.get(name, name)] for name in shared.free}
        ranges = {name: self.search.ranges.get(group) for name, group in before.items()}
        for name, group in before.items():
            if group in old.fixed:
                ranges[name] = {"min-max": old.fixed[group].of(self.search.element).range}
        found.search = Search(found.simulation, self.search.samples, ranges, self.search.element,
                              self.search.bits, words)  # fmt: skip
        found.chosen = found.search.all_by("min-max") | {
            name: self.chosen[group] for name, group in before.items()
            if name not in words and group in self.chosen
        }  # fmt: skip
        found.search.tried |= {
            name: self.search.tried.get(before[name], {}) for name in shared.free
        }
        found.plain = replace(found.search.decided(found.chosen), bits=self.plain.bits)
        return found

    def bits(self, wanted: int) -> dict[int, int]:
        """By operator with weights; those that do not take so few keep 8."""
        return {
            index: 8 if weights.int4 == NONE else wanted
            for index, (_, weights) in self.simulation.weighted.items()
        } | dict.fromkeys(self.simulation.stacked, wanted)

    def decided(self, bits: dict[int, int], correct: bool = True) -> Decisions:
        """What is tried on the whole network, and stays if its outputs come closer."""
        self.steps = [each for each in self.steps if each.name == EQUALIZED]
        found = replace(self.plain, bits=bits)
        if correct:
            found = self.better("bias correction", found, self.search.with_corrected_biases)
            found = self.better("weights by the error of their layer", found, self.with_rounded)
        return found

    def better(
        self, name: str, before: Decisions, change: Callable[[Decisions], Decisions]
    ) -> Decisions:
        after = change(before)
        self.steps.append(step(name, self.search.noise(before), self.search.noise(after)))
        return after if self.steps[-1].taken else before

    def with_rounded(self, decisions: Decisions) -> Decisions:
        """And biases that take up what it changes of the means."""
        found = {index: self.rounded(index, decisions.bits[index]) for index in self.moments()}
        return self.search.with_corrected_biases(replace(decisions, weights=found))

    def moments(self) -> dict[int, Moments]:
        if self._moments is None:
            count = min(len(self.samples), ROUNDED)
            starts = range(0, count, BATCH)
            self.progress(f"rounding weights by {count} samples")
            batches = (self.samples.part(start, min(start + BATCH, count)) for start in starts)
            self._moments = self.simulation.moments(batches, self.plain)
        return self._moments

    def rounded(self, index: int, bits: int) -> Rounded:
        """The weights of an operator with moments, by the error of their layer."""
        if (index, bits) not in self._rounded:
            operator, weights = self.simulation.weighted[index]
            data = self.network.tensors[operator.inputs[weights.weights]].data
            least = self.simulation.least_scale(operator, self.plain)
            found = by_error(data, weights, bits, least, self.moments()[index])
            self._rounded[index, bits] = found
        return self._rounded[index, bits]

    def quantized(
        self, bits: dict[int, int], correct: bool = True, why: dict[int, str] | None = None
    ) -> Quantized:
        """`why` an operator's weights have their bits."""
        decisions = self.decided(bits, correct)
        whole = Converter(self.simulation, decisions).convert()
        search = self.search
        layers = measured(self.network, whole, search.samples, search.exact, why or self.why(bits))
        count, tried = len(self.samples), len(search.samples)
        choices = [self.choice(name) for name in self.simulation.shared.free]
        outputs = sources_of(self.network)
        report = Report(self.kind, count, tried, choices, self.steps, layers, outputs=outputs)
        return Quantized(whole, report)

    def converted(self, bits: dict[int, int]) -> ir.Network:
        """As quantized, with weights to the nearest: the same bytes, in less time."""
        return Converter(self.simulation, replace(self.plain, bits=bits)).convert()

    def why(self, bits: dict[int, int]) -> dict[int, str]:
        wanted = kind_of(self.kind).bits
        return {
            index: self.kind
            if found == wanted
            else f"{self.simulation.weighted[index][0].name} takes no weights of {wanted} bits"
            for index, found in bits.items()
        }

    def choice(self, name: int) -> Choice:
        """What was decided about a group, for the report."""
        ranges, method = self.search.ranges[name], self.chosen[name]
        each = self.plain.scales[name]
        tensor = self.network.tensors[self.simulation.shared.sources[name][0]].name
        seen = ranges.get("min-max", ranges[method])
        tried = self.search.tried[name]
        return Choice(tensor, method, ranges[method], seen, each.scale, each.zero_point, tried)


def step(name: str, without: float, with_it: float) -> Step:
    """By the noise at the outputs."""
    return Step(name, with_it < without, decibels(without), decibels(with_it))


def quantize_input(network: ir.Network, place: int, values: np.ndarray) -> np.ndarray:
    """Real numbers as a model's integer input has them."""
    return as_stored(values, network.tensors[network.inputs[place]])


# -- what cannot be quantized ---------------------------------------------------------------------


def check(network: ir.Network) -> None:
    """Real numbers, and whole ones that have no scale; variables that integers are made of."""
    computed = {index for operator in network.operators for index in operator.outputs}
    for index in (*network.inputs, *sorted(computed)):
        tensor = network.tensors[index]
        if tensor.element is not ir.Element.FLOAT32 and tensor.element not in PLAIN:
            raise GravenError(
                f"{network.source}: tensor '{tensor.name}' is {tensor.element.value}; only a "
                "float32 network can be quantized, give the model from before it was."
            )
    for index in sorted({index for each in network.operators for index in each.inputs} - {-1}):
        check_constant(network, network.tensors[index])
    for operator in network.operators:
        check_operator(network, operator)
    check_rankings(network)


def check_rankings(network: ir.Network) -> None:
    """Rows of a table that a ranking names."""
    ranked: set[int] = set()
    for each in network.operators:
        if each.name == "TOPK_V2" or (each.name == "RESHAPE" and each.inputs[0] in ranked):
            ranked.add(each.outputs[-1])
        if each.name == "EMBEDDING_LOOKUP" and each.inputs[0] in ranked:
            raise GravenError(
                f"{network.source}: looks up by a ranking (TOPK_V2), and integers put what is near "
                "in another order; keep it in float32, or, of neighbours, train trees or a network "
                "on the same data."
            )


def check_constant(network: ir.Network, tensor: ir.Tensor) -> None:
    for data, what in ((tensor.data, "constant"), (tensor.initial, "variable")):
        if data is not None and not np.isfinite(data).all():
            raise GravenError(
                f"{network.source}: {what} '{tensor.name}' has numbers that are NaN or infinite; "
                "train the model again."
            )


def check_operator(network: ir.Network, operator: ir.Operator) -> None:
    module, node = layers.modules()[operator.name], node_of(network, operator)
    known = (0,) if operator.name in ACCESS else tuple(getattr(module, "STATES", {}))
    for place, tensor in enumerate(node.inputs):
        if tensor is None or not tensor.is_variable or tensor.element is not ir.Element.FLOAT32:
            continue
        if place not in known and not hasattr(module, "integers"):
            raise node.error("lasts from run to run in float32, of which no integers are made.",
                             tensor)  # fmt: skip
    rule = rule_of(module, operator.name)
    kinds = {
        tensor.element is ir.Element.FLOAT32
        for tensor in (*node.inputs, *node.outputs)
        if tensor is not None and tensor.data is None and not tensor.is_variable
    }
    truths = isinstance(rule, Fixed) and node.input(0).element is ir.Element.BOOLEAN
    if len(kinds) > 1 and rule != SAME and not truths:
        raise node.error(
            "makes whole numbers of real ones, or the other way round, which have no scale in "
            "common; do it outside of the model."
        )


def check_samples(network: ir.Network, samples: Sequences) -> None:
    if len(samples) == 0:
        raise GravenError(
            f"{network.source}: there are no samples to calibrate with; give some hundred of "
            "the data that the model was trained on."
        )
    for tensor, value in zip(inputs.tensors(network), samples.values, strict=True):
        added = stays_real(network, tensor.index)  # where minus infinity hides
        if not (np.isfinite(value) | (added & np.isneginf(value))).all():
            raise GravenError(
                f"{network.source}: the samples of '{tensor.name}' have numbers that are NaN or "
                "infinite; clean the calibration data."
            )
    if network.variables and samples.lengths.max() < 2:
        raise GravenError(
            f"{network.source}: the sequences to calibrate with have one step, behind which the "
            "model's state is never read; give sequences of as many steps as it runs on end."
        )
