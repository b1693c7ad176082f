"""docs/roofline.svg: MACs per instruction of every layer against its MACs, under the roofs.

    plot.py [--check]

Drawn from the record benchmarks/results/qemu.json. Each point carries its numbers as a tooltip;
--check compares them with the record and draws nothing (1: they differ). Needs matplotlib.
"""

from __future__ import annotations

import argparse
import html
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import figures
from figures import BenchError, Record, Row

PICTURE = figures.ROOT / "docs/roofline.svg"
ROOFS = {
    "cortex-m4": (("SMLAD: 2 (0.5 instructions per MAC)", 2.0), ("MLA: 1 (scalar)", 1.0)),
    "cortex-m55": (
        ("VMLADAV.S8: 16 (0.0625 instructions per MAC)", 16.0),
        ("MLA: 1 (scalar)", 1.0),
    ),
}
"""MACs per instruction if there were nothing else to do."""
MARKERS = {"CONV_2D": "o", "DEPTHWISE_CONV_2D": "^", "FULLY_CONNECTED": "s"}
COLOURS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#aa3377", "#66ccee", "#bb5500", "#777777",
           "#332288")  # fmt: skip


@dataclass(frozen=True)
class Point:
    target: str
    model: str
    op: str  # empty: the whole model
    macs: int
    instructions: int
    text: str

    @property
    def speed(self) -> float:
        return self.macs / self.instructions


def points_of(record: Record) -> Iterator[Point]:
    for row in record.rows:
        if row.target in ROOFS and row.asked == "native" and row.plan == "fastest":
            yield from points_of_row(row)


def points_of_row(row: Row) -> Iterator[Point]:
    def point(op: str, name: str, macs: int, instructions: int) -> Point:
        numbers = f"{macs:,} MACs, {instructions:,} instructions"
        text = f"{row.model} on {row.target}, {name}: {numbers}"
        return Point(row.target, row.model, op, macs, instructions, text)

    for index, layer in enumerate(row.layers):
        if layer.macs and layer.instructions:
            name = f"layer {index} ({layer.op})"
            yield point(layer.op, name, layer.macs, layer.instructions)
    yield point("", "the whole model", row.macs, row.instructions)


def draw(points: list[Point]) -> str:
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError:
        raise BenchError("matplotlib: is not installed; pip install 'graven[plot]'.") from None
    with matplotlib.rc_context({"svg.hashsalt": "graven", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(13, 6), layout="constrained")
        colours = dict(zip(sorted({p.model for p in points}), COLOURS * 9, strict=False))
        for axes, target in zip(figure.subplots(1, len(ROOFS)), ROOFS, strict=True):
            draw_roofs(axes, target)
            for k, point in enumerate(points):
                if point.target == target:
                    axes.plot(
                        point.macs, point.speed, MARKERS.get(point.op, "*"), gid=f"point-{k}",
                        color=colours[point.model], markersize=6 if point.op else 15,
                        markeredgecolor="black", markeredgewidth=0.4 if point.op else 0.9,
                        alpha=0.85,
                    )  # fmt: skip
        add_legend(figure, colours)
        to = io.BytesIO()
        figure.savefig(to, format="svg", metadata={"Date": None})
    return with_tooltips(points, to.getvalue().decode())


def draw_roofs(axes, target: str) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set(title=target, xlabel="MACs of the layer", ylabel="MACs per instruction",
             xlim=(50, 3e7), ylim=(0.08, 30))  # fmt: skip
    axes.grid(which="major", linewidth=0.3)
    for name, height in ROOFS[target]:
        axes.axhline(height, color="#c00000", linewidth=1.2, linestyle="--")
        axes.text(60, height * 1.05, name, color="#c00000", fontsize=8, va="bottom")


def add_legend(figure, colours: dict[str, str]) -> None:
    from matplotlib.lines import Line2D

    def entry(label: str, marker: str, colour: str) -> Line2D:
        return Line2D([], [], marker=marker, color=colour, linestyle="", label=label)

    handles = [entry(model, "o", colour) for model, colour in colours.items()]
    handles += [entry(op, marker, "#333333") for op, marker in MARKERS.items()]
    handles.append(entry("the whole model", "*", "#333333"))
    figure.legend(handles=handles, loc="outside lower center", ncols=6, frameon=False)


def with_tooltips(points: list[Point], svg: str) -> str:
    def title(match: re.Match[str]) -> str:
        return f"{match[0]}<title>{html.escape(points[int(match[1])].text)}</title>"

    return re.sub(r'<g id="point-(\d+)">', title, svg)


def drawn(file: Path) -> list[str]:
    """The numbers that the picture holds."""
    text = file.read_text() if file.exists() else ""
    return [html.unescape(found) for found in re.findall(r"<title>([^<]* MACs, [^<]*)<", text)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--check", action="store_true", help="only compare picture and record")
    options = parser.parse_args()
    points = list(points_of(figures.read_record(figures.RESULTS)))
    if not options.check:
        PICTURE.write_text(draw(points))
    elif sorted(drawn(PICTURE)) != sorted(point.text for point in points):
        print(f"{PICTURE.name}: is not of {figures.RESULTS.name}; run `make bench-pages`")
        return 1
    return 0


if __name__ == "__main__":
    figures.exit_with(main)
