"""The choice of a kind for every layer, under a budget of flash and RAM.

What each layer loses with weights of 4 bits is measured at the outputs, one layer at a time; the
layers that lose least for the bytes they save are the first to get them, as many as it takes. Then
those that need not, get their 8 bits back, the greatest loss first. How much a network needs says
whoever asks, by the target's compiler and planner: kernels differ in code and in what they expand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from graven import inputs, ir
from graven.errors import GravenError
from graven.quantize.decisions import decibels
from graven.quantize.post_training import Quantized, Quantizer
from graven.quantize.search import Progress

MIXED = "mixed"  # among KINDS, as a name for `quantize=`
NARROW, WHOLE = 4, 8


@dataclass(frozen=True)
class Bytes:
    """What there is, or what a network needs; None: no matter."""

    flash: int | None = None
    ram: int | None = None

    def beyond(self, limit: Bytes) -> str:
        """What of it the limit does not hold, in words."""
        pairs = ((self.flash, limit.flash, "flash"), (self.ram, limit.ram, "RAM"))
        return " and ".join(
            f"{needed:,} bytes of {what} of {most:,}"
            for needed, most, what in pairs
            if most is not None and needed is not None and needed > most
        )


Measure = Callable[[ir.Network], Bytes]


def mixed(
    network: ir.Network,
    samples: inputs.Samples,
    method: str,
    budget: Bytes,
    measure: Measure,
    progress: Progress,
) -> Quantized:
    """The network that loses least of those that fit."""
    refused: list[str] = []
    if budget.ram is not None:
        found = words(network, samples, method, progress)
        if not isinstance(found, str):
            beyond = measure(found.network).beyond(budget)
            if not beyond:
                return found
            found = f"needs {beyond}"
        refused.append(f"int16x8: {found}")
    quantizer = Quantizer(network, samples, "int8", method, progress)
    choice = Mixture(quantizer, budget, measure, progress).found()
    return replace(choice, report=replace(choice.report, kind=MIXED, refused=refused))


def words(
    network: ir.Network, samples: inputs.Samples, method: str, progress: Progress
) -> Quantized | str:
    """With int16 activations; or why there is none."""
    try:
        quantizer = Quantizer(network, samples, "int16x8", method, progress)
        return quantizer.quantized(quantizer.bits(WHOLE))
    except GravenError as error:
        return error.said


class Mixture:
    """int8 activations; weights of 4 or 8 bits."""

    def __init__(
        self, quantizer: Quantizer, budget: Bytes, measure: Measure, progress: Progress
    ) -> None:
        self.quantizer, self.budget, self.measure = quantizer, budget, measure
        self.progress = progress
        self.whole, self.least = quantizer.bits(WHOLE), quantizer.bits(NARROW)
        self.losses: dict[int, float] = {}  # at the outputs, of one layer's weights in 4 bits

    def found(self) -> Quantized:
        if not self.beyond(self.whole):
            return self.made(self.whole)
        if beyond := self.beyond(self.least):
            raise GravenError(
                f"{self.quantizer.network.source}: with weights of 4 bits it still needs {beyond}; "
                "make the model smaller, or raise the budget."
            )
        order = self.order()
        few, many = 0, len(order)  # so many first ones do not fit, and do
        while many - few > 1:
            middle = (few + many) // 2
            if self.beyond(self.with_narrow(order[:middle])):
                few = middle
            else:
                many = middle
        return self.made(self.with_narrow(self.needed(order[:many])))

    def needed(self, narrow: list[int]) -> list[int]:
        """Without those that fit in 8 bits after all."""
        for index in sorted(narrow, key=lambda each: -self.losses[each]):
            rest = [each for each in narrow if each != index]
            if not self.beyond(self.with_narrow(rest)):
                narrow = rest
        return narrow

    def order(self) -> list[int]:
        """Operators that can have weights of 4 bits, the least loss per byte first."""
        simulation, search = self.quantizer.simulation, self.quantizer.search
        before = search.noise(self.quantizer.decided(self.whole))
        found = {}
        for index in (each for each, bits in self.least.items() if bits == NARROW):
            operator, weights = simulation.weights_of(index)
            self.progress(f"weighing {operator.name} {index} with weights of 4 bits")
            after = search.noise(self.quantizer.decided(self.with_narrow([index])))
            self.losses[index] = after
            size = sum(simulation.network.tensors[each].data.size for each in weights)
            found[index] = max(after - before, 0.0) / size
        return sorted(found, key=lambda index: (found[index], index))

    def with_narrow(self, indices: list[int]) -> dict[int, int]:
        return self.whole | dict.fromkeys(indices, NARROW)

    def beyond(self, bits: dict[int, int]) -> str:
        narrow = sum(each == NARROW for each in bits.values())
        self.progress(f"measuring {narrow} of {len(bits)} layers with weights of 4 bits")
        return self.measure(self.quantizer.converted(bits)).beyond(self.budget)

    def made(self, bits: dict[int, int]) -> Quantized:
        return self.quantizer.quantized(bits, why={each: self.why(each, bits) for each in bits})

    def why(self, index: int, bits: dict[int, int]) -> str:
        if index not in self.losses:
            return "all fits in 8 bits" if bits == self.whole else "takes no weights of 4 bits"
        loss = f"alone in 4 bits: outputs {decibels(self.losses[index]):.1f} dB"
        return f"{loss}; the budget needs it" if bits[index] == NARROW else loss
