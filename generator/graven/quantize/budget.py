"""The choice of a kind for every layer, under a budget of flash and RAM.

What each layer loses with weights of 4 bits is measured at the outputs, one layer at a time; the
layers that lose least for the bytes they save are the first to get them, as many as it takes. Then
those that need not, get their 8 bits back, the greatest loss first. How much a network needs says
whoever asks, by the target's compiler and planner: kernels differ in code and in what they expand.

Where there is a limit of RAM, activations get 16 bits: all of them if they fit, else those at the
layers that lose most in 8, as many as the budget holds and the outputs gain from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from graven import inputs, ir
from graven.blas import on_one_thread
from graven.errors import GravenError
from graven.quantize.decisions import decibels
from graven.quantize.post_training import Quantized, Quantizer
from graven.quantize.search import Progress

MIXED = "mixed"  # among KINDS, as a name for `quantize=`
NARROW, WHOLE = 4, 8
GAIN = 0.95  # of the noise at the outputs, to which 16 bits must bring it


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


@on_one_thread
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
    mixture = Mixture(quantizer, budget, measure, progress)
    choice = mixture.found()
    refused += mixture.refused
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
    """Weights of 4 or 8 bits; int8 activations, int16 ones at some layers."""

    def __init__(
        self, quantizer: Quantizer, budget: Bytes, measure: Measure, progress: Progress
    ) -> None:
        self.quantizer, self.budget, self.measure = quantizer, budget, measure
        self.progress = progress
        self.whole, self.least = quantizer.bits(WHOLE), quantizer.bits(NARROW)
        self.losses: dict[int, float] = {}  # at the outputs, of one layer's weights in 4 bits
        self.wide: dict[int, float] = {}  # layers of 16 bits; the loss if they alone had 8
        self.refused: list[str] = []

    def found(self) -> Quantized:
        bits = self.narrowed()
        if self.budget.ram is not None and not self.quantizer.network.variables:
            self.widened(bits)
        return self.made(bits)

    def narrowed(self) -> dict[int, int]:
        """As few layers with weights of 4 bits as the budget allows."""
        if not self.beyond(self.whole):
            return self.whole
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
        return self.with_narrow(self.needed(order[:many]))

    # -- 16 bits -------------------------------------------------------------------------------

    def widened(self, bits: dict[int, int]) -> None:
        """16 bits at those layers with weights of 8 where 8 lose most, as many as the budget allows
        and as the outputs gain from: what feeds one sum only gains together, so all begin wide."""
        base = self.quantizer
        every = self.able(base, {index for index, each in bits.items() if each == WHOLE})
        plain, loss = self.noise(base, bits), {}
        if not every or self.noise(base.widened(every), bits) > GAIN * plain:
            return
        for index in sorted(every):
            self.progress(f"weighing {self.named(index)} with 8 bits where others have 16")
            loss[index] = self.noise(base.widened(every - {index}), bits)
        order = sorted(every, key=lambda index: (loss[index], index))
        few, many = 0, len(order)  # so many first ones in 8 bits do not fit, and do
        while many - few > 1:
            middle = (few + many) // 2
            if self.beyond_wide(base, every - set(order[:middle]), bits):
                few = middle
            else:
                many = middle
        wide = every - set(order[:many])
        for index in order[:many][::-1]:
            if not self.beyond_wide(base, wide | {index}, bits):
                wide |= {index}
        wide = self.needed_wide(base, wide, [index for index in order if index in wide], bits)
        if wide and self.noise(base.widened(wide), bits) <= GAIN * plain:
            self.wide = {index: loss[index] for index in wide}
            self.quantizer = base.widened(wide)

    def needed_wide(
        self, base: Quantizer, wide: set[int], order: list[int], bits: dict[int, int]
    ) -> set[int]:
        """Without those that the outputs gain nothing from, or little."""
        for index in order:
            rest = wide - {index}
            if GAIN * self.noise(base.widened(rest), bits) > self.noise(base.widened(wide), bits):
                continue
            if not self.beyond_wide(base, rest, bits):
                wide = rest
        return wide

    def able(self, base: Quantizer, wanted: set[int]) -> set[int]:
        """The operators that can have int16 together."""
        if not self.refusal(base, wanted):
            return wanted
        found: set[int] = set()
        for index in sorted(wanted):
            if reason := self.refusal(base, found | {index}):
                self.refused.append(f"int16 at {self.named(index)}: {reason}")
            else:
                found.add(index)
        return found

    def refusal(self, base: Quantizer, wide: set[int]) -> str:
        try:
            base.widened(wide).converted(self.whole)
        except GravenError as error:
            return error.said
        return ""

    def beyond_wide(self, base: Quantizer, wide: set[int], bits: dict[int, int]) -> str:
        self.progress(f"measuring {len(wide)} of {len(bits)} layers with 16 bits")
        return self.measure(base.widened(wide).converted(bits)).beyond(self.budget)

    def noise(self, quantizer: Quantizer, bits: dict[int, int]) -> float:
        """At the outputs, with weights to the nearest."""
        return quantizer.search.noise(replace(quantizer.plain, bits=bits))

    def named(self, index: int) -> str:
        operator, _ = self.quantizer.simulation.weights_of(index)
        return f"{operator.name} {index}"

    # -- 4 bits --------------------------------------------------------------------------------

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
        if index in self.wide:
            return f"int16 around it; alone in int8: outputs {decibels(self.wide[index]):.1f} dB"
        if index not in self.losses:
            return "all fits in 8 bits" if bits == self.whole else "takes no weights of 4 bits"
        loss = f"alone in 4 bits: outputs {decibels(self.losses[index]):.1f} dB"
        return f"{loss}; the budget needs it" if bits[index] == NARROW else loss
