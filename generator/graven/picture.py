"""The plan of a model as a picture: arena address against time, what is alive, and the peak."""

from __future__ import annotations

import html
import io
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from graven.errors import GravenError, ToolError
from graven.memory import TITLES, Bar, Usage

if TYPE_CHECKING:  # a picture is rare, and matplotlib slow to load
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("svg", "html", "png")
MOST_SHARES = 10  # as bars at the peak; the table has them all
INPUT_COLOUR = "#9a9a9a"
PEAK_COLOUR = "#111111"
BOUND_COLOUR = "#c00000"


def format_of(path: Path) -> str:
    kind = path.suffix[1:].lower()
    if kind not in FORMATS:
        raise GravenError(
            f"{path}: has no picture's ending; take one of {', '.join('.' + f for f in FORMATS)}."
        )
    return kind


def require(verb: str) -> None:
    """Says what a verb misses before anything slow begins."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise ToolError(
            f"graven {verb}: the Python package matplotlib, which draws the pictures, is missing; "
            "pip install 'matplotlib>=3.8'."
        ) from None


def draw(usage: Usage, kind: str) -> bytes:
    """The picture's file."""
    import matplotlib

    settings = {
        "svg.fonttype": "none", "svg.hashsalt": "graven", "font.family": "DejaVu Sans",
        "hatch.linewidth": 0.4, "font.size": 9,
    }  # fmt: skip
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # names of layers in scripts that it lacks
        figure = _figure(usage)
        to = io.BytesIO()
        if kind == "png":
            figure.savefig(to, format="png", dpi=110)
            return to.getvalue()
        figure.savefig(to, format="svg", metadata={"Date": None})
    svg = _with_tooltips(usage, to.getvalue().decode())
    return (svg if kind == "svg" else _page(usage, svg)).encode()


# -- what is drawn --------------------------------------------------------------------------------


def _figure(usage: Usage) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 8.4), layout="constrained")
    grid = figure.add_gridspec(2, 2, width_ratios=(3, 1.15), height_ratios=(3.2, 1))
    addresses = figure.add_subplot(grid[0, 0])
    alive = figure.add_subplot(grid[1, 0], sharex=addresses)
    shares = figure.add_subplot(grid[0, 1])
    words = figure.add_subplot(grid[1, 1])
    figure.suptitle(usage.title, x=0.01, ha="left", fontsize=12, fontweight="bold")
    colours = _colours(usage)
    _draw_addresses(usage, addresses, colours)
    _draw_alive(usage, alive, colours)
    _draw_shares(usage, shares, colours)
    _write_words(usage, words)
    _list_layers(usage, figure, colours)
    return figure


def _colours(usage: Usage) -> dict[int, str]:
    """Neighbours differ much: steps of the golden angle through the hues."""
    from matplotlib.colors import hsv_to_rgb, to_hex

    layers = sorted({bar.layer for bar in usage.bars})
    found = {layer: INPUT_COLOUR for layer in layers if layer < 0}
    for k, layer in enumerate(layer for layer in layers if layer >= 0):
        hue, light = (0.58 + 0.381966 * k) % 1, (0.92, 0.74)[k % 2]
        found[layer] = to_hex(hsv_to_rgb((hue, 0.55, light)))
    return found


def _draw_addresses(usage: Usage, axes: Axes, colours: dict[int, str]) -> None:
    from matplotlib.patches import Rectangle

    for k, bar in enumerate(usage.bars):
        axes.add_patch(
            Rectangle(
                (bar.first, bar.offset), bar.last - bar.first + 1, bar.bytes,
                facecolor=colours[bar.layer], edgecolor="#333333",
                linewidth=0.25 if bar.bytes > 0.01 * usage.arena else 0.08,
                hatch="////" if bar.is_scratch else None, gid=f"bar-{k}",
            )
        )  # fmt: skip
    top = 1.04 * usage.arena
    axes.set(xlim=(0, usage.steps), ylim=(0, top), ylabel="address in the arena, bytes")
    axes.axhline(usage.bound, color=BOUND_COLOUR, linewidth=1.2, linestyle="--")
    text = "the arena is the lower bound of this order of steps"
    if usage.arena != usage.bound:
        axes.axhline(usage.arena, color=PEAK_COLOUR, linewidth=1)
        text = f"lower bound {usage.bound:,}: most bytes alive at one step"
    axes.text(
        0.995 * usage.steps, usage.bound - 0.004 * top, text, ha="right", va="top",
        color=BOUND_COLOUR, fontsize=8, bbox={"facecolor": "white", "alpha": 0.75, "pad": 1,
                                             "linewidth": 0},
    )  # fmt: skip
    _mark_peak(usage, axes)
    axes.text(
        usage.peak + 0.5, top, f"peak: step {usage.peak}", ha="center", va="bottom", fontsize=8.5,
        fontweight="bold",
    )  # fmt: skip
    _number_bars(usage, axes)


def _mark_peak(usage: Usage, axes: Axes) -> None:
    for step in usage.peaks:
        axes.axvspan(step, step + 1, color=PEAK_COLOUR, alpha=0.13, linewidth=0)
    axes.axvline(usage.peak + 0.5, color=PEAK_COLOUR, linewidth=1.1, linestyle=":")


def _number_bars(usage: Usage, axes: Axes) -> None:
    """The layer's index on every bar that has room for it."""
    for bar in usage.bars:
        text = "in" if bar.layer < 0 else usage.name(bar.layer).split()[0]
        steps = bar.last - bar.first + 1
        if steps > 0.009 * len(text) * usage.steps and bar.bytes > 0.018 * usage.arena:
            axes.text(
                bar.first + steps / 2, bar.offset + bar.bytes / 2, text, fontsize=6.5,
                ha="center", va="center", clip_on=True,
            )  # fmt: skip


def _draw_alive(usage: Usage, axes: Axes, colours: dict[int, str]) -> None:
    layers = sorted(colours)
    stacks = [usage.alive(bar for bar in usage.bars if bar.layer == layer) for layer in layers]
    axes.stackplot(
        [step + 0.5 for step in range(usage.steps)], stacks, step="mid", linewidth=0,
        colors=[colours[layer] for layer in layers],
    )  # fmt: skip
    axes.axhline(usage.bound, color=BOUND_COLOUR, linewidth=1.2, linestyle="--")
    axes.set(ylim=(0, 1.08 * usage.bound), xlabel="step (one band of rows of one layer each)",
             ylabel="bytes alive")  # fmt: skip
    _mark_peak(usage, axes)


def _draw_shares(usage: Usage, axes: Axes, colours: dict[int, str]) -> None:
    shares = usage.shares[:MOST_SHARES]
    for at, share in enumerate(shares):
        axes.barh(
            at, share.bytes, color=colours[share.layer], edgecolor="#333333", linewidth=0.4,
            hatch="////" if share.is_scratch else None, height=0.34,
        )  # fmt: skip
        label = f"{usage.name(share.layer)}  {usage.shape(share.layer)}"
        number = f"{usage.what(share)}, {share.bytes:,} bytes, {share.bytes / usage.bound:.0%}"
        axes.text(0, at - 0.22, label, va="bottom", fontsize=8, fontweight="bold")
        axes.text(0, at + 0.2, number, va="top", fontsize=7.5, color="#333333")
    axes.set(xlim=(0, 1.02 * max(share.bytes for share in shares)), yticks=[])
    axes.set_ylim(max(len(shares), 8) - 0.2, -0.6)
    if rest := usage.shares[MOST_SHARES:]:
        text = f"and {len(rest)} more, {sum(share.bytes for share in rest):,} bytes"
        axes.text(0, len(shares) - 0.4, text, va="top", fontsize=7.5, color="#333333")
    axes.set_title(f"alive at the peak, step {usage.peak}: {usage.bound:,} bytes", fontsize=9.5,
                   loc="left")  # fmt: skip
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(bottom=False, labelbottom=False)


def _list_layers(usage: Usage, figure: Figure, colours: dict[int, str]) -> None:
    from matplotlib.patches import Patch

    handles = [
        Patch(facecolor=colour, edgecolor="#333333", linewidth=0.4, label=usage.name(layer))
        for layer, colour in sorted(colours.items())
    ]
    figure.legend(
        handles=handles, loc="outside lower left", ncols=6, fontsize=7, frameon=False,
        handlelength=1.2, columnspacing=1.2,
    )  # fmt: skip


def _write_words(usage: Usage, axes: Axes) -> None:
    import textwrap

    axes.axis("off")
    text = textwrap.fill(usage.advice, 46, break_on_hyphens=False)
    axes.text(0, 1, "To need less RAM", fontweight="bold", va="top", transform=axes.transAxes)
    axes.text(0, 0.86, text, va="top", fontsize=9, transform=axes.transAxes)
    note = "hatched: scratch; grey: the model's input; shaded: steps at the peak"
    axes.text(0, 0, note, va="bottom", fontsize=7.5, color="#555555", transform=axes.transAxes)


# -- files ----------------------------------------------------------------------------------------


def describe(usage: Usage, bar: Bar) -> str:
    what = "scratch" if bar.is_scratch else f"row {bar.row}"
    return (
        f"{usage.name(bar.layer)}, {what}: {bar.bytes:,} bytes at {bar.offset:,}, "
        f"steps {bar.first} to {bar.last}"
    )


def _with_tooltips(usage: Usage, svg: str) -> str:
    def title(match: re.Match[str]) -> str:
        return f"{match[0]}<title>{html.escape(describe(usage, usage.bars[int(match[1])]))}</title>"

    return re.sub(r'<g id="bar-(\d+)">', title, svg)


def _page(usage: Usage, svg: str) -> str:
    picture = re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', "", svg[svg.index("<svg") :], count=1)
    lines = (
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>"
        for cells in usage.table
    )
    heads = "".join(f"<th>{title}</th>" for title in TITLES)
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{html.escape(usage.title)}</title><style>
body {{ font: 15px sans-serif; margin: 1em }} svg {{ width: 100%; height: auto }}
td, th {{ text-align: right; padding: .1em .8em }} td:first-child, th:first-child,
td:nth-child(2), th:nth-child(2) {{ text-align: left }}
g[id^=bar]:hover path {{ stroke: #000; stroke-width: 2 }}
</style></head><body>
{picture}
<p>{html.escape(usage.moment)}:</p>
<table><tr>{heads}</tr>{"".join(lines)}</table>
<p>{html.escape(usage.advice)}</p>
</body></html>
"""
