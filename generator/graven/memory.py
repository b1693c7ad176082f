"""What the plan of a model says about its RAM: who is alive at the peak, and what to change.

Read from the object that `inspect --json` prints, so that nothing here knows more than its user.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from graven.node import counted

TITLES = ("layer", "alive", "output", "bytes", "share", "bound if halved")  # of Usage.table
NAME_LENGTH = 26
MOST_PEAKS = 100  # that are looked at
SCRATCH = -1  # as a bar's row


def bound_text(arena: int, bound: int) -> str:
    """How far an arena is from the most bytes that its order of steps keeps alive at once."""
    return f"lower bound {bound:,}" if arena > bound else "the lower bound of this order of steps"


@dataclass(frozen=True)
class Bar:
    """Bytes of the arena during steps [first, last]."""

    layer: int  # position in the report's layers; -1 - i: input i of the model
    row: int
    offset: int
    bytes: int
    first: int
    last: int

    @property
    def is_scratch(self) -> bool:
        return self.row == SCRATCH


@dataclass(frozen=True)
class Share:
    """What of one layer is alive at the peak, rows or scratch."""

    layer: int
    is_scratch: bool
    rows: int
    bytes: int
    halved: int  # the bound if all of these took half the bytes


@dataclass(frozen=True)
class Usage:
    """Who uses the arena, and when."""

    report: dict[str, Any]  # as of inspect --json

    @cached_property
    def bars(self) -> tuple[Bar, ...]:
        both = zip(self.report["row_owners"], self.report["rows"], strict=True)
        return tuple(Bar(*owner, *row) for owner, row in both)

    @cached_property
    def steps(self) -> int:
        """One more than the last step: outputs stay."""
        return max(bar.last for bar in self.bars) + 1

    @property
    def arena(self) -> int:
        return self.report["arena_bytes"]

    @property
    def bound(self) -> int:
        return self.report["arena_bound_bytes"]

    def alive(self, bars: Iterable[Bar] | None = None) -> np.ndarray:
        """Bytes alive at each step."""
        change = np.zeros(self.steps + 1, np.int64)
        for bar in self.bars if bars is None else bars:
            change[bar.first] += bar.bytes
            change[bar.last + 1] -= bar.bytes
        return np.cumsum(change)[:-1]

    @cached_property
    def peaks(self) -> tuple[int, ...]:
        """The steps at which most is alive."""
        alive = self.alive()
        return tuple(int(step) for step in np.flatnonzero(alive == alive.max()))

    @property
    def peak(self) -> int:
        return self.peaks[0]

    @cached_property
    def shares(self) -> tuple[Share, ...]:
        """What is alive at the peak, the most first."""
        alive, found = self.alive(), []
        at_peak = [bar for bar in self.bars if bar.first <= self.peak <= bar.last]
        for layer, scratch in {(bar.layer, bar.is_scratch) for bar in at_peak}:
            mine = [bar for bar in self.bars if (bar.layer, bar.is_scratch) == (layer, scratch)]
            here = [bar for bar in mine if bar.first <= self.peak <= bar.last]
            halved = int(np.max(alive - self.alive(mine) // 2))
            found.append(Share(layer, scratch, len(here), sum(bar.bytes for bar in here), halved))
        return tuple(sorted(found, key=lambda share: (-share.bytes, share.layer)))

    @cached_property
    def running(self) -> int:
        """The layer whose step is at the peak."""
        made = [bar for bar in self.bars if self.peak == bar.first and bar.layer >= 0]
        busy = [bar for bar in self.bars if bar.is_scratch and bar.first <= self.peak <= bar.last]
        return max((bar.layer for bar in made or busy), default=-1)

    # -- in words ---------------------------------------------------------------------------------

    def name(self, layer: int) -> str:
        if layer < 0:
            return "input" if layer == -1 else f"input {-1 - layer}"
        found = self.report["layers"][layer]
        name = found["name"]
        short = name if len(name) <= NAME_LENGTH else f"...{name[3 - NAME_LENGTH :]}"
        return f"{found['index']} {short}"

    def shape(self, layer: int) -> str:
        return "" if layer < 0 else "x".join(map(str, self.report["layers"][layer]["output_shape"]))

    def what(self, share: Share) -> str:
        if share.is_scratch:
            return "scratch"
        return counted(share.rows, "row")

    @property
    def table(self) -> list[tuple[str, ...]]:
        """What is alive at the peak, a line for each layer's rows or scratch."""
        return [
            (self.name(share.layer), self.what(share), self.shape(share.layer), f"{share.bytes:,}",
             f"{share.bytes / self.bound:.0%}", f"{share.halved:,}")
            for share in self.shares
        ]  # fmt: skip

    @property
    def title(self) -> str:
        found = self.report
        by_rows = ", row input" if found["row_input"] else ""
        state = bound_text(self.arena, self.bound)
        return (
            f"{found['model']} on {found['target']}, isa {found['isa']}, plan {found['plan']}"
            f"{by_rows}: arena {self.arena:,} bytes ({state})"
        )

    @property
    def moment(self) -> str:
        more = f" and {len(self.peaks) - 1} more" if len(self.peaks) > 1 else ""
        return (
            f"{self.bound:,} bytes are alive at step {self.peak}{more} of {self.steps - 1}, "
            f"in '{self.name(self.running)}'"
        )

    @property
    def advice(self) -> str:
        """What to change in the network to need less RAM."""
        parts = (self._best_change, self._row_input, self._placement)
        return " ".join(part for part in parts if part)

    @property
    def _placement(self) -> str:
        if self.report["plan"] != "fastest" or self.arena < 1.02 * self.bound:
            return ""
        above = self.arena - self.bound
        return f"The arena is {above:,} bytes above the bound: try --plan smallest."

    @property
    def _row_input(self) -> str:
        inputs = [share for share in self.shares if share.layer < 0]
        if self.report["row_input"] or sum(share.rows for share in inputs) < 2:
            return ""
        if len({bar.layer for bar in self.bars if bar.layer < 0}) > 1:
            return ""  # several inputs cannot be fed so
        size = sum(share.bytes for share in inputs)
        if size < 0.05 * self.bound:
            return ""
        return f"{size:,} bytes of the peak are the input: --row-input feeds it row by row."

    @property
    def _heads(self) -> list[str]:
        """What takes most of each peak, the commonest first."""
        heads = [
            max((bar for bar in self.bars if bar.first <= step <= bar.last), key=lambda b: b.bytes)
            for step in self.peaks[:MOST_PEAKS]
        ]
        names = Counter(self.name(bar.layer) for bar in heads)
        return [name for name, _ in names.most_common(3)]

    @property
    def _best_change(self) -> str:
        best = min(self.shares, key=lambda share: (share.halved, -share.bytes))
        if best.halved >= self.bound:
            names = " and ".join(f"'{name}'" for name in self._heads)
            return f"No layer alone decides: steps at the peak are mostly {names}; shrink them all."
        name, part = f"'{self.name(best.layer)}'", f"{best.bytes / self.bound:.0%}"
        then = f"the bound falls from {self.bound:,} to {best.halved:,} bytes"
        if best.is_scratch:
            return (
                f"The scratch of {name} is {part} of the peak: with half of it (a smaller window, "
                f"fewer input channels or another --isa) {then}."
            )
        if best.layer < 0:
            return (
                f"The {name[1:-1]} is {part} of the peak: with half its columns or channels {then}."
            )
        return (
            f"The rows of {name} are {part} of the peak: with half its channels or columns {then}."
        )
