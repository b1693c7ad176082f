"""Pictures of a report: matplotlib's as SVG in the page's own colours, samples, the graph."""

from __future__ import annotations

import base64
import html
import io
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from graven import ir, report
from graven.node import shape_text
from graven.ranks import Rank
from graven.sphere import Sphere5D

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#010203"  # stands for the page's colour of text
ACCENT = "#2f6fde"
MOST_CURVES = 8
MOST_POINTS = 4000  # of a sphere
CHANNELS = 6  # of a waveform


def new(width: float, height: float) -> tuple[Figure, Axes]:
    import matplotlib
    from matplotlib.figure import Figure

    matplotlib.rcParams["svg.fonttype"] = "none"
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(INK)
    axes.tick_params(colors=INK, labelsize=9)
    axes.xaxis.label.set_color(INK)
    axes.yaxis.label.set_color(INK)
    return figure, axes


def svg(figure: Figure, name: str) -> str:
    """As it stands in a page; `name` keeps its ids apart from those of others."""
    import matplotlib

    to = io.BytesIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(to, format="svg", transparent=True, metadata={"Date": None})
    return inlined(to.getvalue().decode(), name)


def inlined(text: str, name: str) -> str:
    """An SVG file as a part of a page: its width is the page's, its ids are its own."""
    text = text[text.index("<svg") :]
    text = re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', f'role="img" aria-label="{name}"', text,
                  count=1)  # fmt: skip
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<style[^>]*>\*.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r'( id="|url\(#|href="#)', rf"\1{name}-", text)
    text = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", text)
    return re.sub(r"\n\s*", "\n", text.replace(INK, "currentColor"))


# -- plots ----------------------------------------------------------------------------------------


def spectra(found: Sequence[Rank]) -> str:
    """Singular values, of the layers that a smaller one could replace best."""
    figure, axes = new(7, 3)
    best = sorted(found, key=lambda each: each.effective / each.most)[:MOST_CURVES]
    for each in sorted(best, key=lambda each: each.index):
        place = (np.arange(len(each.spectrum)) + 1) / len(each.spectrum)
        axes.plot(place, each.spectrum, linewidth=1.6, label=f"{each.index} {each.op}")
    axes.set(xlabel="share of the layer's rank", ylabel="singular value / largest", ylim=(0, 1.02),
             xlim=(0, 1))  # fmt: skip
    axes.legend(fontsize=8, frameon=False, labelcolor=INK, ncols=2)
    return svg(figure, "spectra")


def sphere(found: Sphere5D, names: Sequence[str]) -> str:
    figure, axes = new(6.4, 3.6)
    places = found.projected()
    layer = np.array([point.layer for point in found.points])
    step = max(1, len(layer) // MOST_POINTS)
    turn = np.linspace(0, 2 * np.pi, 100)
    axes.plot(found.radius * np.cos(turn), found.radius * np.sin(turn), color=INK, linewidth=0.6)
    for each in range(layer.max() + 1):
        mine = np.flatnonzero(layer == each)[::step]
        label = f"{names[each]} ({int((layer == each).sum())})"
        axes.scatter(*places[mine].T, s=9, alpha=0.75, linewidths=0, label=label)
    axes.plot(*found.centroid()[[1, 0]], marker="+", color=INK, markersize=11)
    axes.set_aspect("equal")
    axes.axis("off")
    if len(names) <= 24:
        figure.legend(loc="outside right center", fontsize=8, frameon=False, labelcolor=INK,
                      markerscale=1.8)  # fmt: skip
    return svg(figure, "sphere")


def pareto(
    points: Sequence[tuple[float, float, str, bool]], labels: tuple[str, str], name: str
) -> str:
    """Points (x, y, what it is, whether it is on the front)."""
    figure, axes = new(7, 4)
    front = sorted((x, y) for x, y, _, best in points if best)
    axes.step(*zip(*front, strict=True), where="post", color=ACCENT, linewidth=1.4)
    for x, y, text, best in points:
        axes.scatter(x, y, s=34 if best else 16, color=ACCENT if best else INK,
                     alpha=1.0 if best else 0.45, linewidths=0)  # fmt: skip
        if best:
            axes.annotate(text, (x, y), xytext=(5, -9), textcoords="offset points", fontsize=7.5,
                          color=INK)  # fmt: skip
    axes.set(xlabel=labels[0], ylabel=labels[1])
    axes.margins(x=0.12, y=0.12)
    return svg(figure, name)


# -- samples --------------------------------------------------------------------------------------


def sample(value: np.ndarray, name: str) -> str:
    """One sample of an input: a picture where it has height, width and 1, 3 or 4 channels, else
    lines over time."""
    value = value.reshape([extent for extent in value.shape[:-1] if extent > 1] + [value.shape[-1]])
    if value.ndim == 3 and value.shape[-1] in (1, 3, 4):
        return picture(value.astype(np.float64))
    return waveform(value.reshape(-1, value.shape[-1]) if value.ndim > 1 else value[:, None], name)


def picture(value: np.ndarray) -> str:
    from matplotlib.image import imsave

    low, high = value.min(), value.max()
    shown = (value - low) / (high - low if high > low else 1.0)
    to = io.BytesIO()
    if shown.shape[-1] == 1:
        imsave(to, shown[..., 0], cmap="gray", vmin=0, vmax=1, format="png")
    else:
        imsave(to, shown, format="png")
    data = base64.b64encode(to.getvalue()).decode()
    return f'<img class="pixels" alt="" src="data:image/png;base64,{data}">'


def waveform(value: np.ndarray, name: str) -> str:
    figure, axes = new(2.2, 1.4)
    axes.axis("off")
    if len(value) > 1:
        axes.plot(value[:, :CHANNELS], linewidth=0.9)
    else:
        axes.bar(range(value.shape[1]), value[0], color=ACCENT, width=0.8)
    return svg(figure, name)


# -- the graph ------------------------------------------------------------------------------------

BOX, GAP = (210, 40), (26, 26)
COLOURS = {
    "CONV_2D": "conv", "DEPTHWISE_CONV_2D": "conv", "TRANSPOSE_CONV": "conv",
    "FULLY_CONNECTED": "dense", "MAX_POOL_2D": "pool", "AVERAGE_POOL_2D": "pool", "MEAN": "pool",
    "SOFTMAX": "end", "LOGISTIC": "end",
}  # fmt: skip


def graph(network: ir.Network) -> str:
    """Boxes for inputs and operators, each below all that it reads; lines between them."""
    owner = {index: -1 - place for place, index in enumerate(network.inputs)}
    reads: dict[int, list[int]] = {node: [] for node in owner.values()}
    for place, operator in enumerate(network.operators):
        reads[place] = sorted({owner[index] for index in operator.inputs if index in owner})
        owner.update((index, place) for index in operator.outputs)
    places = _places(reads)
    width = max(x for x, _ in places.values()) + BOX[0] + 12
    height = max(y for _, y in places.values()) + BOX[1] + 12
    lines = [
        _line(places[source], places[node]) for node, sources in reads.items() for source in sources
    ]
    boxes = [_box(network, node, at) for node, at in places.items()]
    return (
        f'<svg viewBox="0 0 {width} {height}" style="max-width:{width}px" class="graph" '
        f'role="img" aria-label="the network as a graph">{"".join(lines + boxes)}</svg>'
    )


def _places(reads: Mapping[int, Sequence[int]]) -> dict[int, tuple[float, float]]:
    """Rows by the longest way from an input; in a row, those whose sources are further left."""
    rows: dict[int, int] = {}
    for node, sources in reads.items():
        rows[node] = max((rows[source] + 1 for source in sources), default=0)
    columns: dict[int, float] = {}
    for row in range(max(rows.values()) + 1):
        here = [node for node in reads if rows[node] == row]
        wanted = {
            node: float(np.mean([columns[source] for source in reads[node]] or [node / 1e6]))
            for node in here
        }
        for place, node in enumerate(sorted(here, key=lambda node: (wanted[node], node))):
            columns[node] = place
    step = (BOX[0] + GAP[0], BOX[1] + GAP[1])
    return {node: (6 + columns[node] * step[0], 6 + rows[node] * step[1]) for node in reads}


def _line(source: tuple[float, float], to: tuple[float, float]) -> str:
    x1, y1, x2, y2 = source[0] + BOX[0] / 2, source[1] + BOX[1], to[0] + BOX[0] / 2, to[1]
    if x1 == x2 and y2 - y1 > GAP[1]:  # past the boxes between them
        side = source[0] + BOX[0]
        return (
            f'<path d="M{side} {y1 - BOX[1] / 2} C{side + 40} {y1}, {side + 40} {y2}, '
            f'{side} {y2 + BOX[1] / 2}"/>'
        )
    middle = (y1 + y2) / 2
    return f'<path d="M{x1} {y1} C{x1} {middle}, {x2} {middle}, {x2} {y2}"/>'


def _box(network: ir.Network, node: int, at: tuple[float, float]) -> str:
    if node < 0:
        tensor, title, kind = network.tensors[network.inputs[-1 - node]], "input", "end"
    else:
        operator = network.operators[node]
        tensor = network.tensors[operator.known_by]
        title, kind = f"{operator.index} {operator.name}", COLOURS.get(operator.name, "other")
    about = f"{tensor.element.value} {shape_text(tuple(report.without_batch(tensor.shape)))}"
    quantization = report.quantization(tensor)
    tip = html.escape(f"{tensor.name}: {about} {quantization}")
    x, y = at[0] + BOX[0] / 2, at[1]
    return (
        f'<g class="{kind}"><title>{tip}</title><rect x="{at[0]}" y="{at[1]}" width="{BOX[0]}" '
        f'height="{BOX[1]}" rx="7"/><text x="{x}" y="{y + 17}" class="op">{html.escape(title)}'
        f'</text><text x="{x}" y="{y + 32}">{html.escape(about)}</text></g>'
    )


def embedded(data: bytes, kind: str, name: str) -> str:
    """A picture's file as a part of a page."""
    if kind == "svg":
        return inlined(data.decode(), name)
    text = base64.b64encode(data).decode()
    return f'<img alt="{name}" src="data:image/{kind};base64,{text}">'
