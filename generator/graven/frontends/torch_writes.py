"""What a module of PyTorch writes into tensors that it has: through views, by assignment to slices.

torch.export keeps such writes as they are. Where the tensor is seen under another name as well,
PyTorch itself rewrites the graph such that nothing is written, and what was becomes the functions
here (slice_scatter, select_scatter, copy, fill).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

from graven.errors import GravenError
from graven.frontends import functions
from graven.frontends.nchw import Operand, View

Arguments = dict[str, Any]
FRESH = (
    "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "batch_norm", "linear",
    "layer_norm", "group_norm", "instance_norm", "add", "sub", "mul", "div", "matmul", "cat",
    "stack",
)  # fmt: skip
"""Operators whose result nothing else is a view of."""


def functional(program: Any, source: str, kind_of: Callable[[Any], str]) -> Any:
    """The program, without writes that more than the writing node would see."""
    found = program
    if any(is_seen(node, kind_of) for node in nodes(program) if writes(node)):
        with warnings.catch_warnings():  # of PyTorch's own making
            warnings.simplefilter("ignore")
            found = program.run_decompositions({})
    for name in found.graph_signature.buffers_to_mutate.values():
        raise GravenError(
            f"{source}: buffer '{name}': is written, and would keep its value from run to run; let "
            "forward take the state as an input and return the new one."
        )
    return found


def nodes(program: Any) -> Iterator[Any]:
    """Of the program's graph, and of those within."""
    import torch

    for each in program.graph_module.modules():
        if isinstance(each, torch.fx.GraphModule):
            yield from each.graph.nodes


def writes(node: Any) -> bool:
    """Dropout in evaluation does not."""
    schema = getattr(node.target, "_schema", None)
    if node.op != "call_function" or schema is None or not schema.is_mutable:
        return False
    return not (schema.name.endswith("dropout_") and node.args[-1] is False)


def is_seen(node: Any, kind_of: Callable[[Any], str]) -> bool:
    """What it writes into has another name: more users, or it is a view or an input itself."""
    target = node.args[0]
    if kind_of(node.target) in ("copy_", "fill_", "zero_") or len(target.users) != 1:
        return True
    if writes(target):
        return is_seen(target, kind_of)
    return target.op != "call_function" or kind_of(target.target) not in FRESH


# -- the functions --------------------------------------------------------------------------------


def copied(reader: Any, given: Arguments) -> Any:
    source, shape = given["src"], tuple(given["self"].shape)
    if isinstance(source, View):
        return source if source.shape == shape else reader.draft.expand(source, shape)
    return source.expand(shape)


def filled(value: float | None) -> Callable[[Any, Arguments], Any]:
    def handler(reader: Any, given: Arguments) -> Any:
        import torch

        number = next(
            each
            for each in (value, given.get("value"), given.get("fill_value"))
            if each is not None
        )
        if isinstance(number, View):
            return reader.draft.expand(number, tuple(given["self"].shape))
        return torch.full(tuple(given["self"].shape), float(number))

    return handler


def slice_scatter(reader: Any, given: Arguments) -> View:
    axis = given["dim"] % len(given["self"].shape)
    limits = slice(given["start"], given["end"], given["step"])
    places = range(*limits.indices(given["self"].shape[axis]))
    return put(reader.draft, given["self"], given["src"], axis, places)


def select_scatter(reader: Any, given: Arguments) -> View:
    data, source = given["self"], given["src"]
    axis = given["dim"] % len(data.shape)
    place = given["index"] % data.shape[axis]
    shape = (*data.shape[:axis], 1, *data.shape[axis + 1 :])
    laid = reader.draft.reshape(source, shape) if isinstance(source, View) else source.view(shape)
    return put(reader.draft, data, laid, axis, range(place, place + 1))


def put(draft: Any, data: Any, source: Any, axis: int, places: range) -> View:
    """The data with the source's parts at these places of an axis."""
    data, source = (each if isinstance(each, View) else each.numpy() for each in (data, source))
    if len(places) == 0:
        return data
    runs = [places] if places.step == 1 else [range(each, each + 1) for each in places]
    cuts: list[tuple[Operand, int, int]] = []
    end = 0
    for count, run in enumerate(runs):
        cuts += [(data, end, run.start), (source, count, count + len(run))]
        end = run.stop
    cuts.append((data, end, data.shape[axis]))
    parts = [part(draft, operand, axis, begin, end) for operand, begin, end in cuts if begin != end]
    return parts[0] if len(parts) == 1 else draft.concat(parts, axis)


def part(draft: Any, operand: Operand, axis: int, begin: int, end: int) -> Operand:
    if isinstance(operand, View):
        return functions.part(draft, operand, axis, begin, end - begin)
    return operand.take(range(begin, end), axis=axis)


HANDLERS: dict[str, Callable[[Any, Arguments], Any]] = {
    "copy": copied, "fill": filled(None), "full_like": filled(None), "ones_like": filled(1.0),
    "select_scatter": select_scatter, "slice_scatter": slice_scatter, "zero": filled(0.0),
    "zeros_like": filled(0.0),
}  # fmt: skip
