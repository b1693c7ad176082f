"""What quantization has decided, and what it costs: the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from graven import ir, layers
from graven.quantize.batches import Batches
from graven.quantize.ranges import Range
from graven.quantize.scales import as_stored, dequantized, scale_in
from graven.quantize.sequences import Sequences

LOST = 0.25  # of an output's standard deviation: more is worth a warning
FINER = {
    "int4": "quantize to int8, or mixed by a budget of flash",
    "int8": "try int16x8, or mixed by a budget of RAM, which gives layers 16 bits where it can",
    "int16x8": "give samples that are more like what the model will see",
    "mixed": "give it a larger budget, samples that are more like what the model will see",
}


@dataclass(frozen=True)
class Choice:
    """Of one group of tensors."""

    tensor: str  # the first that sets the range
    method: str
    range: Range
    seen: Range  # the least and the greatest value of the samples
    scale: float
    zero_point: int
    tried: Mapping[str, float] = field(default_factory=dict)  # noise_db of the outputs by method


@dataclass(frozen=True)
class Step:
    """What was tried on the whole network, and stayed if it brought the outputs closer."""

    name: str
    taken: bool
    without_db: float  # signal to quantization noise at the outputs
    with_db: float


@dataclass(frozen=True)
class Layer:
    """What integers make of one operator's output, on the samples it is tried on."""

    index: int
    op: str
    tensor: str
    noise_db: float  # signal to quantization noise, the higher the better
    saturated: float  # share of values at an end of the integers that lie beyond it
    lost: float  # root of the mean square error, as a part of the values' standard deviation
    weights: str = ""  # their element
    why: str = ""  # ... and why that one


@dataclass(frozen=True)
class Report:
    kind: str
    samples: int
    tried: int
    choices: list[Choice] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    layers: list[Layer] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)  # kinds, and why
    outputs: Mapping[str, set[str]] = field(default_factory=dict)  # and what each is made of

    @property
    def warnings(self) -> list[str]:
        """Of each output that integers lose more than LOST of: from which layer on, what to do."""
        found = []
        for name, sources in self.outputs.items():
            known = [each for each in self.layers if each.tensor == name]
            if not known or known[-1].lost <= LOST:
                continue
            first = next(each for each in self.layers
                         if each.lost > LOST and each.tensor in sources)  # fmt: skip
            found.append(
                f"output '{name}': {self.kind} loses {100 * known[-1].lost:.0f} % of "
                f"its spread on the samples, more than {100 * LOST:.0f} %, from '{first.tensor}' "
                f"({first.op} {first.index}) on; {FINER[self.kind]}, or keep the model in float32."
            )
        return found

    @property
    def corrected(self) -> bool:
        """Are biases other than the float network's?"""
        return any(step.taken for step in self.steps if step.name == "bias correction")


def decibels(share: float) -> float:
    """Of a noise's energy over its signal's."""
    return -10.0 * float(np.log10(max(share, 1e-30)))


def lost(noise: float, wanted: np.ndarray) -> float:
    """An error's energy as a part of the values' standard deviation."""
    energy = float(np.sum(wanted**2))
    spread = float(np.sum((wanted - wanted.mean()) ** 2))
    return float(np.sqrt(noise / max(spread, 1e-12 * energy, 1e-30)))


def sources_of(network: ir.Network) -> dict[str, set[str]]:
    """By output the names of all tensors that it is made of, its own among them."""
    makers = {index: each for each in network.operators for index in each.outputs}
    found = {}
    for output in network.outputs:
        seen, open = set(), [output]
        while open:
            index = open.pop()
            if index in makers and index not in seen:
                open += [each for each in makers[index].inputs if each >= 0]
            seen.add(index)
        found[network.tensors[output].name] = {network.tensors[each].name for each in seen}
    return found


def makers_of(network: ir.Network) -> dict[str, tuple[ir.Operator, int]]:
    """By the tensor's name; files may use one twice, which nobody is found by."""
    computed = [(operator, index) for operator in network.operators for index in operator.outputs]
    names = Counter(network.tensors[index].name for _, index in computed)
    return {
        name: (operator, index)
        for operator, index in computed
        if names[name := network.tensors[index].name] == 1
    }


def measured(
    network: ir.Network,
    whole: ir.Network,
    samples: Sequences,
    exact: dict[int, np.ndarray],
    why: Mapping[int, str],
) -> list[Layer]:
    """Of the integer network's own arithmetic against the float network's values, `exact`."""
    ends = zip(whole.inputs, samples.values, strict=True)
    given = [as_stored(value, whole.tensors[index]) for index, value in ends]
    values = Batches(whole).over(replace(samples, values=given))
    makers = makers_of(network)
    found = []
    for operator in whole.operators:
        tensor = whole.tensors[operator.known_by]
        if tensor.name not in makers or tensor.quantization is None:
            continue
        source, index = makers[tensor.name]
        each, wanted = scale_in(tensor), exact[index].astype(np.float64)
        noise = float(np.sum((dequantized(values[tensor.index], each) - wanted) ** 2))
        low, high = each.range
        beyond = (wanted < low - each.scale / 2) | (wanted > high + each.scale / 2)
        found.append(
            Layer(
                operator.index,
                operator.name,
                tensor.name,
                decibels(noise / max(float(np.sum(wanted**2)), 1e-30)),
                float(beyond.mean()),
                lost(noise, wanted),
                weights_in(whole, operator) if source.index in why else "",
                why.get(source.index, ""),
            )
        )
    return found


def weights_in(network: ir.Network, operator: ir.Operator) -> str:
    place, *_ = getattr(layers.modules()[operator.name], "STACKS", (1,))
    return network.tensors[operator.inputs[place]].element.value
