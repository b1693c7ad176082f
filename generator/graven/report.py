"""What `inspect` and `run` say of a model: one JSON object for machines, a table for people."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from graven import ir, memory
from graven.build import Build, Choice
from graven.emit import label
from graven.facts import Facts, StreamFacts
from graven.node import counted, shape_text
from graven.pruning import exact
from graven.quantize.decisions import Report
from graven.runner import Run


def inspected(
    network: ir.Network, built: Build, choice: Choice, pruned: exact.Report | None = None
) -> dict[str, Any]:
    facts = built.facts
    layers = [
        {
            "index": operator.index,
            "name": label(network.tensors[operator.known_by]),
            "op": operator.name,
            "kernel": facts.layers[k].kernel,
            "output_shape": without_batch(network.tensors[operator.known_by].shape),
            "macs": facts.layers[k].macs,
            "weight_bytes": facts.layers[k].weight_bytes,
            "expanded_bytes": facts.layers[k].expanded_bytes,
        }
        for k, operator in enumerate(network.operators)
    ]
    return {
        **_what(network, facts.isa, choice),
        "row_input": choice.row_input,
        "interface": interface(network),
        "arena_bytes": facts.arena_bytes,
        "arena_bound_bytes": facts.arena_bound_bytes,
        "input_bytes": sum(tensor_bytes(network.tensors[index]) for index in network.inputs),
        "flash_bytes": _flash(built, facts),
        "macs": facts.macs,
        "pruned": None if pruned is None else pruning(pruned),
        "layers": layers,
        "rows": [[row.offset, row.bytes, row.first_step, row.last_step] for row in facts.rows],
        "row_owners": [[row.layer, row.row] for row in facts.rows],
    }


def interface(network: ir.Network) -> dict[str, list[dict[str, Any]]]:
    """What a model takes and gives: real = scale * (q - zero_point), scale None: as it is."""
    return {
        "inputs": [_end(network, index) for index in network.inputs],
        "outputs": [_end(network, index) for index in network.outputs],
    }


def _end(network: ir.Network, index: int) -> dict[str, Any]:
    tensor = network.tensors[index]
    found = tensor.quantization
    return {
        "name": label(tensor),
        "element": tensor.element.value,
        "shape": list(tensor.shape),
        "layout": layout(network, tensor),
        "scale": found.scale[0] if found else None,
        "zero_point": found.zero_point[0] if found else None,
    }


def layout(network: ir.Network, tensor: ir.Tensor) -> str | None:
    """NHWC or what a front end says of the tensor; None where there is no height and width."""
    if len(tensor.shape) < 3:
        return None
    return network.order(tensor) or "NHWC"[-len(tensor.shape) :]


def pruning(report: exact.Report) -> dict[str, Any]:
    """What exact pruning took: [before, after], and the operators that are gone."""
    return {
        "weights": list(report.weights),
        "macs": list(report.macs),
        "channels_removed": sum(change.removed for change in report.operators),
        "operators_removed": [change.index for change in report.operators if change.vanished],
    }


def measured(
    network: ir.Network,
    built: Build,
    choice: Choice,
    run: Run,
    files: list[str],
    pruned: exact.Report | None = None,
) -> dict[str, Any]:
    """As `inspected`, with the figures of a run."""
    found = inspected(network, built, choice, pruned)
    timed = bool(run.layers)  # not on the host, and not where rows are fed one by one
    layers = [
        {
            **{
                name: layer[name]
                for name in ("index", "name", "op", "kernel", "output_shape", "macs")
            },
            "instructions": run.layers.get(position, 0) if timed else None,
            "weight_bytes": layer["weight_bytes"],
            "expanded_bytes": layer["expanded_bytes"],
        }
        for position, layer in enumerate(found["layers"])
    ]
    first = ("model", "source", "description", "target", "isa", "plan", "row_input", "arena_bytes",
             "arena_bound_bytes", "input_bytes")  # fmt: skip
    return {
        **{name: found[name] for name in first},
        **_costs(built, run, built.facts),
        "pruned": found["pruned"],
        "layers": layers,
        "rows": found["rows"],
        "row_owners": found["row_owners"],
        "outputs": files,
    }


def streamed(
    network: ir.Network,
    built: Build,
    choice: Choice,
    run: Run,
    files: list[str],
    pruned: exact.Report | None = None,
) -> dict[str, Any]:
    """What `run --stream` says: figures of the last push of a recording."""
    facts, stream = built.stream_facts, choice.stream
    assert stream is not None
    return {
        **_what(network, facts.isa, choice),
        "stream": {
            "window_rows": facts.window,
            "rows_per_push": facts.hop,
            "pushes_to_fill": facts.pushes_to_fill,
            "padding": stream.padding,
        },
        "arena_bytes": facts.arena_bytes,
        "state_bytes": facts.state_bytes,
        **_costs(built, run, facts),
        "pruned": None if pruned is None else pruning(pruned),
        "outputs": files,
    }


def _what(network: ir.Network, isa: str, choice: Choice) -> dict[str, Any]:
    return {
        "model": network.name,
        "source": network.source,
        "description": network.description,
        "target": choice.target,
        "isa": isa,
        "plan": choice.plan,
    }


def _flash(built: Build, facts: Facts | StreamFacts) -> dict[str, int | None]:
    found = {"weights": facts.weight_bytes, "code": built.code_bytes}
    if isinstance(facts, Facts):  # what --flash limits
        found["counted"] = facts.weight_bytes + facts.table_bytes + facts.code_estimate_bytes
    return found


def _costs(built: Build, run: Run, facts: Facts | StreamFacts) -> dict[str, Any]:
    """Of one inference, or of one push."""
    image = built.image
    return {
        "ram_bytes": None if image is None else image["data"] + image["bss"] + run.stack_bytes,
        "flash_bytes": _flash(built, facts),
        "stack_bytes": run.stack_bytes,
        "macs": facts.macs,
        "instructions": run.instructions,
    }


def without_batch(shape: tuple[int, ...]) -> list[int]:
    return list(shape[1:] if len(shape) > 1 and shape[0] == 1 else shape)


def tensor_bytes(tensor: ir.Tensor) -> int:
    size = tensor.element.dtype.itemsize
    for extent in tensor.shape:
        size *= extent
    return size


# -- tables ---------------------------------------------------------------------------------------


def show_stream(report: dict[str, Any], console: Console) -> None:
    stream, flash = report["stream"], report["flash_bytes"]
    code = "" if flash["code"] is None else f", code {flash['code']:,}"
    ram = "" if report["ram_bytes"] is None else f"; RAM in all {report['ram_bytes']:,}"
    lines = [
        f"{report['model']} ({report['source']}) as a stream: a window of "
        f"{counted(stream['window_rows'], 'row')}, {stream['rows_per_push']} new in each push, "
        f"full after {counted(stream['pushes_to_fill'], 'push', 'pushes')}",
        f"{report['target']}, isa {report['isa']}, plan {report['plan']}",
        f"arena {report['arena_bytes']:,} bytes, state {report['state_bytes']:,}; flash: weights "
        f"{flash['weights']:,}{code}; {report['macs']:,} MACs per push",
        f"stack {report['stack_bytes']:,} bytes{ram}",
    ]
    if report["instructions"] is not None:
        lines.append(f"{report['instructions']:,} instructions per push")
    for line in lines:
        console.print(line, highlight=False, markup=False)


def show(network: ir.Network, report: dict[str, Any], console: Console) -> None:
    timed = any(layer.get("instructions") is not None for layer in report["layers"])
    table = Table(title=escape(f"{report['model']} ({network.source})"), title_justify="left")
    table.add_column("", justify="right")
    for title in ("operator", "name", "kernel"):
        table.add_column(title, overflow="fold")
    table.add_column("output")
    if "outputs" not in report:
        table.add_column("quantization")
    expanded = any(layer["expanded_bytes"] for layer in report["layers"])
    for title in ("MACs", "weights", *(("expanded",) if expanded else ()),
                  *(("instructions",) if timed else ())):  # fmt: skip
        table.add_column(title, justify="right")
    for operator, layer in zip(network.operators, report["layers"], strict=True):
        tensor = network.tensors[operator.known_by]
        cells = [str(layer["index"]), layer["op"], escape(layer["name"]), layer["kernel"]]
        cells.append(f"{tensor.element.value} {shape_text(tensor.shape)}")
        if "outputs" not in report:
            cells.append(quantization(tensor))
        cells += [number(layer["macs"]), number(layer["weight_bytes"])]
        if expanded:
            cells.append(number(layer["expanded_bytes"]))
        if timed:
            cells.append(number(layer["instructions"]))
        table.add_row(*cells)
    console.print(table)
    if network.description:  # of models stated channels first: how inputs and outputs lie
        console.print(network.description, highlight=False, markup=False)
    for line in [*ends(report), *summary(report)]:
        console.print(line, highlight=False, markup=False)


def ends(report: dict[str, Any]) -> list[str]:
    """Inputs and outputs, a line each."""
    return [
        f"{kind} '{each['name']}': {each['element']} {shape_text(each['shape'])}"
        + (f" {each['layout']}" if each["layout"] else "")
        + ("" if each["scale"] is None else f", {affine(each['scale'], each['zero_point'])}")
        for kind in ("input", "output")
        for each in report.get("interface", {}).get(f"{kind}s", ())
    ]


def show_quantization(report: Report, console: Console) -> None:
    """Which range every tensor got and why, and what int8 loses layer by layer."""
    title = f"{report.kind}, calibrated on {report.samples} samples"
    table = Table(title=title, title_justify="left")
    for title in ("tensor", "range of the samples", "method", "range taken", "scale", "zero"):
        table.add_column(title, overflow="fold")
    for each in report.choices:
        seen, range = (f"{low:.4g} .. {high:.4g}" for low, high in (each.seen, each.range))
        cells = (each.tensor, seen, each.method, range, f"{each.scale:.6g}", str(each.zero_point))
        table.add_row(*map(escape, cells))
    console.print(table)
    if not report.layers:  # trees decide on integers as on reals
        return
    table = Table()
    for title in ("", "operator", "output", "weights", "signal to noise", "saturated"):
        table.add_column(title, overflow="fold")
    for each in report.layers:
        noise, share = f"{each.noise_db:.1f} dB", f"{100 * each.saturated:.3f} %"
        weights = each.weights if each.why in ("", report.kind) else f"{each.weights}: {each.why}"
        table.add_row(str(each.index), each.op, escape(each.tensor), weights, noise, share)
    console.print(table)
    said = f"chosen by the outputs of {report.tried} samples spread over all"
    console.print(said, highlight=False)
    for line in report.refused:
        console.print(f"refused {line}", highlight=False, markup=False)
    for step in report.steps:
        taken = "taken" if step.taken else "refused"
        line = f"{step.name}: {taken}, outputs {step.without_db:.1f} -> {step.with_db:.1f} dB"
        console.print(line, highlight=False, markup=False)


def show_peak(usage: memory.Usage, console: Console) -> None:
    """What is alive at the peak, and what to change."""
    console.print(f"{usage.title}\n{usage.moment}:", highlight=False, markup=False)
    table = Table()
    for title in memory.TITLES:
        table.add_column(title, justify="left" if title in ("layer", "alive") else "right")
    for cells in usage.table:
        table.add_row(*map(escape, cells))
    console.print(table)
    console.print(usage.advice, highlight=False, markup=False)


def quantization(tensor: ir.Tensor) -> str:
    found = tensor.quantization
    if found is None:
        return ""
    return affine(found.scale[0], found.zero_point[0])


def affine(scale: float, zero_point: int) -> str:
    return f"{scale:.6g} * (q {-zero_point:+d})"


def number(value: int | None) -> str:
    return "" if not value else f"{value:,}"


def summary(report: dict[str, Any]) -> list[str]:
    flash = report["flash_bytes"]
    state = memory.bound_text(report["arena_bytes"], report["arena_bound_bytes"])
    code = "" if flash["code"] is None else f", code {flash['code']:,}"
    expanded = sum(layer["expanded_bytes"] for layer in report["layers"])
    spent = f" ({expanded:,} expanded)" if expanded else ""
    lines = [
        f"{report['target']}, isa {report['isa']}, plan {report['plan']}",
        f"arena {report['arena_bytes']:,} bytes ({state}); flash: weights "
        f"{flash['weights']:,}{spent}{code}; {report['macs']:,} MACs",
    ]
    if (taken := report["pruned"]) is not None and taken["channels_removed"] > 0:
        (weights, weights_left), (macs, macs_left) = taken["weights"], taken["macs"]
        lines.append(
            f"pruned exactly: {counted(taken['channels_removed'], 'channel')}; weights "
            f"{weights:,} -> {weights_left:,}, MACs {macs:,} -> {macs_left:,}"
        )
    if "outputs" in report:
        ram = "" if report["ram_bytes"] is None else f"; RAM in all {report['ram_bytes']:,}"
        lines.append(f"stack {report['stack_bytes']:,} bytes{ram}")
        if report["instructions"] is not None:
            lines.append(f"{report['instructions']:,} instructions per inference")
    return lines
