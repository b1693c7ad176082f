"""Post-training quantization: scales from samples, chosen by what loses least at the output.

Every group of tensors with one scale (sharing.py) starts with the range that its samples have;
then, group by group in the order of the network, each of the other ranges (ranges.py) is tried and
stays if the outputs of the simulated int8 network come closer to those of the float network. That
comparison uses a subset, the first TRIED samples; the ranges themselves come from all. Biases take
up the mean error of the weights before them, where that brings the outputs closer as well. Nothing
is random: the same samples make the same network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from graven import inputs, ir
from graven.errors import GravenError
from graven.quantize.batches import Batches, joined
from graven.quantize.convert import Converter, Scale, dequantized
from graven.quantize.convert import quantized as to_int8
from graven.quantize.ranges import Histogram, Range, candidates, scale_and_zero_point
from graven.quantize.sharing import Sharing, sharing
from graven.quantize.simulate import Simulation, Values

BATCH = 32
TRIED = 32
METHODS = ("best", "min-max", "percentile 99.9", "percentile 99.99", "percentile 99.999", "mse",
           "entropy")  # fmt: skip

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Choice:
    """Of one group of tensors."""

    tensor: str  # the first that sets the range
    method: str
    range: Range
    seen: Range  # the least and the greatest value of the samples
    scale: float
    zero_point: int


@dataclass(frozen=True)
class Layer:
    """What int8 makes of one operator's output, on the first samples."""

    index: int
    op: str
    tensor: str
    noise_db: float  # signal to quantization noise, the higher the better
    saturated: float  # share of values at an end of int8 that lie beyond it


@dataclass(frozen=True)
class Report:
    samples: int
    tried: int
    corrected: bool  # biases
    choices: list[Choice] = field(default_factory=list)
    layers: list[Layer] = field(default_factory=list)


@dataclass(frozen=True)
class Quantized:
    network: ir.Network
    report: Report


def quantize(
    network: ir.Network,
    samples: inputs.Inputs,
    method: str = "best",
    correct: bool = True,
    progress: Progress = lambda text: None,
) -> Quantized:
    """The int8 network; `samples` are an array per model input, a first axis and its shape behind.
    `method` is one for all tensors, or the best for each; `correct` lets biases take up errors.
    """
    check(network, samples)
    samples = joined(network, samples)
    if method not in METHODS:
        raise GravenError(f"method '{method}': expected one of {', '.join(METHODS)}.")
    shared = sharing(network)
    ranges = {
        name: candidates(values) for name, values in observed(network, shared, samples, progress)
    }
    simulation = Simulation(network, shared)
    search = Search(simulation, [each[:TRIED] for each in samples], ranges)
    chosen = search.best(progress) if method == "best" else search.all_by(method)
    scales = search.scales(chosen)
    biases = search.biases(scales) if correct else {}
    quantized = Converter(network, shared, scales, biases).convert()
    report = Report(
        len(samples[0]),
        len(search.samples[0]),
        bool(biases),
        [choice(network, shared, ranges[name], name, chosen[name]) for name in shared.free],
        measured(network, quantized, search),
    )
    return Quantized(quantized, report)


def check(network: ir.Network, samples: inputs.Inputs) -> None:
    """Float activations throughout, no state, and samples that are numbers."""
    computed = {index for operator in network.operators for index in operator.outputs}
    for index in (*network.inputs, *sorted(computed)):
        tensor = network.tensors[index]
        if tensor.element is not ir.Element.FLOAT32:
            raise GravenError(
                f"{network.source}: tensor '{tensor.name}' is {tensor.element.value}; only a "
                "float32 network can be quantized, give the model from before it was."
            )
    for tensor in network.tensors:
        check_constant(network, tensor)
    for tensor, value in zip(inputs.tensors(network), samples, strict=True):
        if len(value) == 0:
            raise GravenError(
                f"{network.source}: there are no samples to calibrate with; give some hundred of "
                "the data that the model was trained on."
            )
        if not np.isfinite(value).all():
            raise GravenError(
                f"{network.source}: the samples of '{tensor.name}' have numbers that are NaN or "
                "infinite; clean the calibration data."
            )


def check_constant(network: ir.Network, tensor: ir.Tensor) -> None:
    if tensor.initial is not None:
        raise GravenError(
            f"{network.source}: variable '{tensor.name}' lasts from run to run; only networks "
            "without state can be quantized here."
        )
    if tensor.data is not None and not np.isfinite(tensor.data).all():
        raise GravenError(
            f"{network.source}: constant '{tensor.name}' has numbers that are NaN or infinite; "
            "train the model again."
        )


def observed(
    network: ir.Network, shared: Sharing, samples: inputs.Inputs, progress: Progress
) -> list[tuple[int, Histogram]]:
    """The values of every group whose scale is free, over all samples."""
    found = {name: Histogram() for name in shared.free}
    sources = {index: name for name in shared.free for index in shared.sources[name]}
    for index, name in sources.items():
        data = network.tensors[index].data
        if data is not None:
            finite = data[np.abs(data) < 1e30]  # the least number pads for a maximum
            if finite.size:
                found[name].add(finite)
    batches, count = Batches(network), len(samples[0])
    for start in range(0, count, BATCH):
        progress(f"calibrating with samples {start} of {count}")
        values = batches.run([each[start : start + BATCH] for each in samples])
        for index in sources.keys() & values.keys():
            if not np.isfinite(values[index]).all():
                raise GravenError(
                    f"{network.source}: tensor '{network.tensors[index].name}' has values that are "
                    "NaN or infinite on the calibration data; scale it as for training."
                )
            found[sources[index]].add(values[index])
    return list(found.items())


class Search:
    """Ranges for the groups, by their error at the outputs."""

    def __init__(
        self, simulation: Simulation, samples: inputs.Inputs, ranges: dict[int, dict[str, Range]]
    ) -> None:
        self.simulation, self.samples, self.ranges = simulation, samples, ranges
        self.exact = simulation.exact(samples)
        self.judged = [self.before_softmax(index) for index in simulation.network.outputs]

    def before_softmax(self, index: int) -> int:
        """Where an output's error is measured: a softmax hides it where it is sure."""
        for operator in self.simulation.network.operators:
            if operator.outputs == (index,) and operator.name in ("SOFTMAX", "LOGISTIC"):
                return operator.inputs[0]
        return index

    def scales(self, chosen: dict[int, str]) -> dict[int, Scale]:
        fixed = self.simulation.shared.fixed
        found = {
            name: scale_and_zero_point(self.ranges[name][method])
            for name, method in chosen.items()
            if name not in fixed
        }
        return found | {name: (rule.scale, rule.zero_point) for name, rule in fixed.items()}

    def all_by(self, method: str) -> dict[int, str]:
        """One method for all; where another one says the same range, by its name."""
        return {name: method if method in each else next(iter(each))
                for name, each in self.ranges.items()}  # fmt: skip

    def loss(self, values: Values) -> float:
        """The energy of the outputs' error over their own, on the mean of the outputs."""
        total = 0.0
        for index in self.judged:
            exact = self.exact[index].astype(np.float64)
            error = values[index] - exact
            total += float(np.sum(error**2) / max(np.sum(exact**2), 1e-30))
        return total / len(self.judged)

    def best(self, progress: Progress) -> dict[int, str]:
        chosen = self.all_by("min-max")
        values, least = self.run(chosen)
        for place, name in enumerate(self.simulation.shared.free):
            progress(f"choosing range {place} of {len(chosen)}")
            first = self.simulation.first_place(name)
            for method in self.ranges[name]:
                if method == chosen[name]:
                    continue
                tried, found = self.run(chosen | {name: method}, values, first)
                if found < least:
                    chosen, values, least = chosen | {name: method}, tried, found
        return chosen

    def run(
        self, chosen: dict[int, str], known: Values | None = None, first: int = 0
    ) -> tuple[Values, float]:
        scales = self.scales(chosen)
        constants = self.simulation.constants(scales, {})
        values = self.simulation.run(self.samples, scales, constants, known, first)
        return values, self.loss(values)

    def biases(self, scales: dict[int, Scale]) -> dict[int, np.ndarray]:
        """Corrected ones, if they bring the outputs closer."""
        simulation = self.simulation
        found = simulation.corrected(self.samples, scales, self.exact)
        with_them, without = (
            self.loss(simulation.run(self.samples, scales, simulation.constants(scales, each)))
            for each in (found, {})
        )
        return found if with_them < without else {}


def choice(
    network: ir.Network, shared: Sharing, ranges: dict[str, Range], name: int, method: str
) -> Choice:
    scale, zero_point = scale_and_zero_point(ranges[method])
    tensor = network.tensors[shared.sources[name][0]].name
    seen = ranges["min-max"] if "min-max" in ranges else ranges[method]
    return Choice(tensor, method, ranges[method], seen, scale, zero_point)


def measured(network: ir.Network, quantized: ir.Network, search: Search) -> list[Layer]:
    """Of the int8 network's own arithmetic against the float network."""
    given = [quantize_input(quantized, place, each) for place, each in enumerate(search.samples)]
    values = Batches(quantized).run(given)
    names = {tensor.name: tensor.index for tensor in network.tensors if tensor.data is None}
    found = []
    for operator in quantized.operators:
        tensor = quantized.tensors[operator.known_by]
        index = names.get(tensor.name)
        if index is None or tensor.quantization is None:
            continue
        each = (tensor.quantization.scale[0], tensor.quantization.zero_point[0])
        exact, whole = search.exact[index].astype(np.float64), values[tensor.index]
        noise = np.sum((dequantized(whole, each) - exact) ** 2)
        ends = ((-128 - each[1]) * each[0], (127 - each[1]) * each[0])
        half = each[0] / 2
        beyond = (exact < ends[0] - half) | (exact > ends[1] + half)
        ratio = 10.0 * np.log10(max(np.sum(exact**2), 1e-30) / max(noise, 1e-30))
        found.append(
            Layer(operator.index, operator.name, tensor.name, float(ratio), float(beyond.mean()))
        )
    return found


def quantize_input(network: ir.Network, place: int, values: np.ndarray) -> np.ndarray:
    """Real numbers as a model's int8 input has them."""
    found = network.tensors[network.inputs[place]].quantization
    return to_int8(values, (found.scale[0], found.zero_point[0]))
