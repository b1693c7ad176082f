"""Reads PyTorch: a module with an example input, or a .pt2 file, both by torch.export.

The exported graph is of ATen's operators; each has a function here that tells nchw.Draft what it
computes. Operators on nothing but constants are computed by torch itself.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import math
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graven import ir
from graven.errors import GravenError, first_line, printable
from graven.frontends import (
    content,
    functions,
    lookups,
    products,
    recurrent,
    torch_complex,
    torch_decomposed,
    torch_experts,
    torch_operators,
    torch_places,
    torch_quantized,
    torch_writes,
    transformers,
)
from graven.frontends.fourier import Complex
from graven.frontends.integers import Integers
from graven.frontends.nchw import Draft, Sliding, View, cheapest, plain
from graven.frontends.onnx import OTHERWISE, nearest
from graven.frontends.tflite import identifier
from graven.node import shape_text

if TYPE_CHECKING:
    import torch

ELEMENTWISE = {
    "abs": "ABS", "ceil": "CEIL", "cos": "COS", "exp": "EXP", "floor": "FLOOR",
    "hardswish": "HARD_SWISH", "log": "LOG", "neg": "NEG", "relu": "RELU", "relu6": "RELU6",
    "rsqrt": "RSQRT", "sigmoid": "LOGISTIC", "sign": "SIGN", "sin": "SIN",
    "sqrt": "SQRT", "tanh": "TANH",
}  # fmt: skip
UNCHANGED = (
    "alias",
    "clone",
    "contiguous",
    "detach",
    "dropout",
    "feature_dropout",
    "lift_fresh_copy",
)
COMPLEX = "keep the real and the imaginary part as tensors of their own"
APART = "put it before the model, or take torch.fft.rfft or fft along one axis or two"
INSTEAD = {
    "cond": "compute both branches, and choose between them by torch.where",
    "map_impl": "write the loop out", "scan": "write the loop out",
    "while_loop": "write out as many rounds as there are",
    "bincount": "compare with each number, and sum",
    "fft_hfft": APART, "fft_ihfft": APART,
    "istft": "transform back behind the model",
    "max_pool2d_with_indices": "pool without return_indices",
    "nonzero": "its result has no fixed shape; multiply by the condition",
    "masked_select": "its result has no fixed shape; multiply by the mask",
}  # fmt: skip
RANDOM = (
    "bernoulli", "binomial", "cauchy", "exponential", "geometric", "log_normal", "multinomial",
    "normal", "normal_functional", "poisson", "rand", "rand_like", "randint", "randint_like",
    "randn", "randn_like", "random", "randperm", "uniform",
)  # fmt: skip
DRAWS = (
    "draws random numbers, of which one draw would be in the firmware for good; in evaluation "
    "leave them out, or make them an input"
)
ELEMENTS = {
    "torch.float32": ir.Element.FLOAT32,
    "torch.int32": ir.Element.INT32,
    "torch.int64": ir.Element.INT32,
    "torch.bool": ir.Element.BOOLEAN,
}
"""Of model inputs; tokens of 64 bits are int32 here."""

KEPT = re.compile(r"Found <class '(?:[\w.]*\.)?(\w+)'> in output, which is not a known type")
"""How torch.export says that a module yields what is no tensor, as a cache of keys and values."""

PRIMITIVE = {"inp": "self", "a": "self", "dims": "dim"}
"""What torch.ops.prims, of which decompositions consist, calls the arguments of aten."""

Arguments = dict[str, Any]
Handler = Callable[["_Reader", Arguments], Any]
HANDLERS: dict[str, Handler] = {
    **transformers.HANDLERS, **torch_operators.HANDLERS, **torch_places.HANDLERS,
    **torch_writes.HANDLERS,
}  # fmt: skip


def require() -> None:
    try:
        import torch  # noqa: F401
    except ImportError:
        raise GravenError(
            "reading PyTorch needs the package torch: pip install 'graven[torch]'."
        ) from None


def load(
    path: str | Path,
    layout: str | None = None,
    of: str | None = None,
    shape: Sequence[int] | None = None,
) -> ir.Network:
    """The network in a .pt2 file, or in a .pt or .pth file: a module or its state dict, `of` the
    class module:Name, for an input of this shape."""
    require()
    import torch

    path = Path(path)
    source, name = printable(path.name), identifier(path.stem)
    if path.suffix.lower() == ".pt2":
        torch_quantized.register()
        try:
            with unlogged("torch.export"):  # which logs a traceback before it raises
                program = torch.export.load(path)
        except Exception as error:  # whatever its archive's readers raise
            reason = first_line(error)
            raise GravenError(
                f"{path}: is no program of torch.export ({reason}); export it again with "
                "torch.export.save."
            ) from None
        return parse(program, source, name, layout)
    module = unpickled(path, of)
    if shape is None:
        raise GravenError(
            f"{path}: says nothing about its input; give its shape, as in --shape 1,3,32,32."
        )
    return from_module(module, (torch.zeros(tuple(shape)),), name, layout, source)


@contextlib.contextmanager
def unlogged(name: str) -> Iterator[None]:
    logger = logging.getLogger(name)
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def unpickled(path: Path, of: str | None) -> torch.nn.Module:
    """A whole module, or the class with the state dict in the file; unpickling runs code, so that
    the class must be named."""
    import torch

    if of is None or of.count(":") != 1:
        raise GravenError(
            f"{path}: holds a pickled module or its weights; name the class that it is of with "
            "--class module:Name (only for files that you trust: reading one runs code), or save "
            "it with torch.export.save."
        )
    place, name = of.split(":")
    sys.path.insert(0, os.getcwd())
    try:
        kind = getattr(importlib.import_module(place), name)
        found = torch.load(path, map_location="cpu", weights_only=False)
        if isinstance(found, dict):
            found, weights = kind(), found.get("state_dict", found)
            found.load_state_dict(weights)
    except Exception as error:  # of the user's own code as well
        reason = first_line(error)
        raise GravenError(
            f"{path}: cannot be read as {of}: {type(error).__name__}: {reason}."
        ) from None
    finally:
        sys.path.pop(0)
    if not isinstance(found, torch.nn.Module):
        raise GravenError(f"{path}: holds a {type(found).__name__}, expected a module.")
    return found.eval()


def from_module(
    module: torch.nn.Module,
    example: tuple,
    name: str = "model",
    layout: str | None = None,
    source: str | None = None,
) -> ir.Network:
    """The network that a module in evaluation mode computes, for inputs such as the example."""
    require()
    import torch

    source = source or type(module).__name__
    if module.training:
        raise GravenError(
            f"{source}: is in training mode, where dropout and batch normalization act otherwise; "
            "call model.eval() first."
        )
    if isinstance(module, torch.jit.ScriptModule):
        raise GravenError(f"{source}: {content.SCRIPT}.")
    try:
        with torch.no_grad():
            program = torch.export.export(module, example)
    except Exception as error:  # of the user's own code as well
        if packs(error):
            raise GravenError(
                f"{source}: packs its sequences (pack_padded_sequence), which torch.export does "
                "not take; leave that out, and give each sequence alone, as long as it is."
            ) from None
        if (kind := KEPT.search(str(error))) is not None:
            raise GravenError(
                f"{source}: yields a {kind[1]}, which is no tensor; call it within a module whose "
                "forward returns tensors alone, or turn that off (use_cache=False of transformers)."
            ) from None
        reason = first_line(error)
        raise GravenError(
            f"{source}: torch.export does not take it ({type(error).__name__}: {reason}); its "
            "forward must not depend on values."
        ) from None
    return parse(program, source, name, layout)


def is_program(model: Any) -> bool:
    """A torch.export.ExportedProgram, asked without torch."""
    return hasattr(model, "graph_signature") and hasattr(model, "run_decompositions")


def packs(error: Exception) -> bool:
    """Did a recurrent module of PyTorch get a PackedSequence before it failed?"""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return any(
        Path(frame.f_code.co_filename).name == "rnn.py"
        and frame.f_locals.get("batch_sizes") is not None
        for frame in frames
    )


def parse(
    program: torch.export.ExportedProgram, source: str, name: str, layout: str | None = None
) -> ir.Network:
    program = torch_writes.functional(program, source, kind_of)
    return cheapest(lambda each: _Reader(program, source).network(name, each), layout)


def handles(*names: str) -> Callable[[Handler], Handler]:
    def add(function: Handler) -> Handler:
        HANDLERS.update(dict.fromkeys(names, function))
        return function

    return add


class _Reader:
    def __init__(self, program: torch.export.ExportedProgram, source: str) -> None:
        self.program = program
        self.draft = Draft(source)
        self.values: dict[str, Any] = {}

    def network(self, name: str, layout: str) -> ir.Network:
        self.read_inputs(layout)
        constants = self.constants()
        stated = self.program.graph_signature.inputs_to_lifted_tensor_constants
        weights = [each for label, (_, each) in constants.items() if label not in stated]
        self.draft.note_weights(weights)
        experts = torch_experts.mixtures(self.program.graph, constants, kind_of)
        for node in self.program.graph.nodes:
            if node.name in experts.by_result:
                self.values[node.name] = self.mixture(node, experts.by_result[node.name])
            elif node.op == "call_function" and node.name not in experts.inside:
                with experts.explained(node, self.draft), self.draft.trusting("PyTorch"):
                    self.values[node.name] = self.call(node)
            elif node.op == "get_attr":
                self.values[node.name] = attribute(node)
            elif node.op not in ("placeholder", "output", "call_function"):
                self.draft.where = f"node '{node.name}'"
                raise self.draft.error(f"is of the kind {node.op}, which is not supported.")
        outputs: dict[str, View] = {}
        for each in self.program.graph_signature.user_outputs:
            if each is None:  # as attention yields beside its answer where nobody wants weights
                continue
            value = self.values.get(each)
            if isinstance(value, Complex):
                raise GravenError(
                    f"{self.draft.source}: output '{each}' is complex; yield torch.view_as_real of "
                    "it, or its magnitude."
                )
            if not isinstance(value, View):
                raise GravenError(
                    f"{self.draft.source}: output '{each}' does not depend on the input."
                )
            outputs[printable(each)] = value
        return self.draft.network(name, outputs, layout)

    def constants(self) -> dict[str, tuple[str, Any]]:
        """By placeholder: the constant's own name, and what it is."""
        signature, program = self.program.graph_signature, self.program
        names = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
        names |= signature.inputs_to_lifted_tensor_constants
        stored = {**program.state_dict, **program.constants}
        return {each: (name, stored[name].detach().cpu()) for each, name in names.items()}

    def read_inputs(self, layout: str) -> None:
        constants = self.constants()
        for node in self.program.graph.nodes:
            if node.op != "placeholder":
                continue
            if node.name in constants:
                self.values[node.name] = constants[node.name][1]
                continue
            self.draft.where = f"input '{node.name}'"
            value = node.meta.get("val")
            element = ELEMENTS.get(str(getattr(value, "dtype", "")))
            if element is None:
                raise self.draft.error(
                    "is no float32 tensor, nor one of tokens (int32, int64) or booleans; export "
                    "the model in float32."
                )
            shape = [
                1 if axis == 0 and not isinstance(n, int) else n
                for axis, n in enumerate(value.shape)
            ]
            if not all(isinstance(n, int) for n in shape):
                raise self.draft.error(
                    "has a dynamic extent behind the batch; export the model with a fixed shape."
                )
            self.values[node.name] = self.draft.input(node.name, tuple(shape), layout, element)

    def mixture(self, node: Any, found: torch_experts.Mixture) -> View:
        """A layer MOE."""
        draft, data = self.draft, self.values[found.data.name]
        draft.where = f"node '{place(node)}' (a mixture of experts)"
        logits = self.values[found.router.name]
        logits = draft.reshape(logits, (*data.shape[:-1], logits.shape[-1]))
        order = tuple(range(len(data.shape)))
        inputs = [draft.demand(each, order) for each in (data, logits)]
        inputs += [draft.constant(np.ascontiguousarray(each)) for each in found.weights]
        made = plain(draft.emit("MOE", inputs, data.shape, {"top": found.top}), data.shape)
        made = self.renamed(made, node.name)
        return draft.reshape(made, tuple(node.meta["val"].shape))

    def call(self, node: Any, within: str | None = None) -> Any:
        """`within`: what the operator is a part of."""
        kind = kind_of(node.target)
        where = f"node '{place(node)}' ({kind})" if within is None else f"{within}, its part {kind}"
        self.draft.where = where
        arguments = {**dict(enumerate(node.args)), **node.kwargs}
        known = {key: self.known(value) for key, value in arguments.items()}
        if kind in torch_quantized.HANDLERS:
            return torch_quantized.HANDLERS[kind](self, bind(node.target, known))
        if kind.removesuffix("_") in RANDOM:
            raise self.draft.error(f"{DRAWS}.")
        if not has_view(known):
            return self.computed(node, known)
        if kind == "getitem":
            return known[0][known[1]]
        if kind in torch_complex.STARTS or torch_complex.has_complex(known):
            return self.of_complex(node, kind, known)
        if is_empty(node.meta.get("val")):  # as what a rotation of all channels leaves out
            return nothing_like(node.meta["val"])
        handler = HANDLERS.get(kind) or HANDLERS.get(kind.removesuffix("_"))
        if handler is None:
            return self.decomposed(node, kind)
        bound = bind(node.target, known)
        if kind in recurrent.TORCH:
            bound["stepped"] = any(each.args[1:] == (2,) and each.users for each in node.users)
        found = batched(self.draft, kind, partial(handler, self), bound)
        named = isinstance(found, View) and within is None  # parts have the same names everywhere
        return self.renamed(found, node.name) if named else found

    def of_complex(self, node: Any, kind: str, known: Arguments) -> Any:
        def again(given: Arguments) -> Any:
            if not has_view(given):
                return operand(
                    self.computed(
                        node, {key: torch_constant(value) for key, value in given.items()}
                    )
                )
            return HANDLERS[kind](self, bind(node.target, given))

        if kind not in HANDLERS and kind not in torch_complex.HANDLERS:
            return self.decomposed(node, kind)
        found = torch_complex.call(self, kind, known, again)
        if found is None:
            raise self.draft.error(f"computes with complex numbers; {INSTEAD.get(kind, COMPLEX)}.")
        return found

    def decomposed(self, node: Any, kind: str) -> Any:
        """By what PyTorch says that the operator consists of."""
        graph = None if kind in INSTEAD else torch_decomposed.expanded(node)
        if graph is None:
            raise self.draft.error(f"is not supported; {INSTEAD.get(kind, OTHERWISE)}.")
        given = [self.values[each.name] for each in node.all_input_nodes]
        found = self.inside(graph, given, self.draft.where)
        return self.renamed(found, node.name) if isinstance(found, View) else found

    def inside(self, graph: Any, given: Sequence[Any], within: str | None = None) -> Any:
        """What a graph within the program yields of these."""
        outside, where = self.values, self.draft.where
        self.values = {}
        for each in graph.nodes:
            if each.op == "placeholder":
                self.values[each.name] = given[len(self.values)]
            elif each.op == "get_attr":
                self.values[each.name] = attribute(each)
            elif each.op == "output":
                found = self.known(each.args[0])
            else:
                self.values[each.name] = self.call(each, within)
        self.values, self.draft.where = outside, where
        return found

    def renamed(self, view: View, name: str) -> View:
        tensor = self.draft.tensors[view.index]
        if tensor.name.startswith(self.draft.where):
            self.draft.tensors[view.index] = replace(tensor, name=printable(name))
        return view

    def known(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [self.known(each) for each in value]
        return self.values[value.name] if hasattr(value, "op") else value

    def computed(self, node: Any, known: Arguments) -> Any:
        """Of constants, by torch."""
        import torch

        if isinstance(known.get(0), Integers) and kind_of(node.target) in ("permute", "t"):
            return known[0].transpose(known.get(1, (1, 0)))
        known = {
            key: torch.from_numpy(value.real()) if isinstance(value, Integers) else value
            for key, value in known.items()
        }
        positional = [known[key] for key in known if isinstance(key, int)]
        named = {key: value for key, value in known.items() if isinstance(key, str)}
        with torch.no_grad():
            return node.target(*positional, **named)


def is_empty(value: Any) -> bool:
    return any(isinstance(n, int) and n == 0 for n in getattr(value, "shape", ()))


def attribute(node: Any) -> Any:
    """A constant, or a graph that the node's own one has within."""
    return getattr(node.graph.owning_module, node.target)


def nothing_like(value: Any) -> Any:
    import torch

    return torch.zeros(tuple(value.shape), dtype=value.dtype)


WINDOWED = re.compile(r"(?:conv|conv_transpose|(?:adaptive_)?(?:max|avg)_pool)([123])d")


def batched(draft: Draft, kind: str, handler: Callable[[Arguments], Any], given: Arguments) -> Any:
    """Windows take a sample without a batch, too, which is a batch of one."""
    match = WINDOWED.fullmatch(kind)
    name = "input" if "input" in given else "self"
    if match is None or len(given[name].shape) != int(match[1]) + 1:
        return handler(given)
    view = given[name]
    found = handler({**given, name: draft.reshape(view, (1, *view.shape))})
    if isinstance(found, list):  # with the places of the largest, which are not known here
        return [draft.reshape(found[0], found[0].shape[1:]), *found[1:]]
    return draft.reshape(found, found.shape[1:])


def torch_constant(value: Any) -> Any:
    import torch

    return torch.from_numpy(np.ascontiguousarray(value)) if isinstance(value, np.ndarray) else value


def has_view(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(has_view, value.values()))
    if isinstance(value, list | tuple):
        return any(map(has_view, value))
    return isinstance(value, View | Complex)


def kind_of(target: Any) -> str:
    """aten.conv2d.default is conv2d; a function of Python goes by its name."""
    schema = getattr(target, "_schema", None)
    return schema.name.split("::")[-1] if schema else getattr(target, "__name__", str(target))


def place(node: Any) -> str:
    """The dotted name of the module that a node is of."""
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    return (stack[-1][0] if stack else "") or node.name


def bind(target: Any, known: Arguments) -> Arguments:
    """Arguments by the schema's names, with its defaults; by number where there is no schema."""
    schema = getattr(target, "_schema", None)
    if schema is None:
        return {str(key): value for key, value in known.items()}
    found = {}
    renamed = PRIMITIVE if schema.name.startswith("prims::") else {}
    for position, each in enumerate(schema.arguments):
        if position in known:
            found[renamed.get(each.name, each.name)] = known[position]
        elif each.name in known:
            found[each.name] = known[each.name]
        else:
            found[each.name] = each.default_value if each.has_default_value() else None
    return found


def array(value: Any) -> np.ndarray | None:
    """A constant as numpy has it."""
    if value is None or isinstance(value, np.ndarray):
        return value
    if isinstance(value, Integers):
        return value.real()
    return value.numpy() if hasattr(value, "numpy") else np.array(value, dtype=np.float32)


def constant(reader: _Reader, value: Any, what: str) -> np.ndarray | Integers | None:
    """As it is stored."""
    if isinstance(value, View):
        raise reader.draft.error(f"computes its {what} at run time; make it a constant.")
    return operand(value)


def operand(value: Any) -> View | np.ndarray | Integers | None:
    return value if isinstance(value, View | Integers) else array(value)


def several(value: Any, count: int) -> tuple[int, ...]:
    values = list(value) if isinstance(value, list | tuple) else [value]
    return tuple(values * count if len(values) == 1 else values)


# -- regions --------------------------------------------------------------------------------------


@handles("wrap_with_autocast")
def _autocast(reader: _Reader, given: Arguments) -> Any:
    device, element, enabled, _, body, *inputs = given.values()
    if enabled and device == "cpu":
        raise reader.draft.error(
            f"computes in {str(element).removeprefix('torch.')} by torch.autocast, which would "
            "round otherwise here; leave autocast out of forward."
        )
    return reader.inside(body.graph, inputs)


@handles("wrap_with_set_grad_enabled")
def _with_gradients(reader: _Reader, given: Arguments) -> Any:
    _, body, *inputs = given.values()
    return reader.inside(body.graph, inputs)


# -- convolutions, pools, products ----------------------------------------------------------------


@handles("conv1d", "conv2d", "conv3d")
def _conv(reader: _Reader, given: Arguments) -> View:
    view, weights = given["input"], constant(reader, given["weight"], "weights")
    count = weights.ndim - 2
    stride, dilation = (several(given[name], count) for name in ("stride", "dilation"))
    padding = given["padding"]
    if padding == "valid":
        padding = 0
    if padding == "same":
        reach = [(n - 1) * apart for n, apart in zip(weights.shape[2:], dilation, strict=True)]
        pads = [(each // 2, each - each // 2) for each in reach]
    else:
        pads = [(each, each) for each in several(padding, count)]
    bias = constant(reader, given["bias"], "bias")
    return reader.draft.conv(view, weights, bias, Sliding(stride, dilation, pads, given["groups"]))


@handles("conv_transpose1d", "conv_transpose2d")
def _conv_transpose(reader: _Reader, given: Arguments) -> View:
    view, weights = given["input"], constant(reader, given["weight"], "weights")
    bias = constant(reader, given["bias"], "bias")
    count = weights.ndim - 2
    names = ("stride", "padding", "output_padding", "dilation")
    stride, padding, beyond, dilation = (several(given[name], count) for name in names)
    weights = functions.dilated(weights, dilation)
    pads = [(cut, cut - more) for cut, more in zip(padding, beyond, strict=True)]
    groups = given["groups"]
    return functions.conv_transpose(reader.draft, view, weights, bias, stride, pads, groups)


@handles("max_pool1d", "max_pool2d", "max_pool3d")
def _max_pool(reader: _Reader, given: Arguments) -> View:
    count = len(given["self"].shape) - 2
    if set(several(given["dilation"], count)) != {1}:
        raise reader.draft.error("is dilated; use a pool without dilation.")
    return _pool(reader, given, "MAX", False)


@handles("avg_pool1d", "avg_pool2d", "avg_pool3d")
def _average_pool(reader: _Reader, given: Arguments) -> View:
    divisor = given.get("divisor_override")
    if not divisor:
        return _pool(reader, given, "AVERAGE", given["count_include_pad"])
    if given["ceil_mode"]:
        raise reader.draft.error(
            "has a divisor of its own beside ceil_mode; leave one of them out."
        )
    count = math.prod(several(given["kernel_size"], len(given["self"].shape) - 2))
    return functions.times(reader.draft, _pool(reader, given, "AVERAGE", True), count / divisor)


def _pool(reader: _Reader, given: Arguments, kind: str, counts_pads: bool) -> View:
    view = given["self"]
    count = len(view.shape) - 2
    filter = several(given["kernel_size"], count)
    stride = several(given["stride"], count) if given["stride"] else filter
    pads = [(each, each) for each in several(given["padding"], count)]
    if count == 3:
        how = (kind, view, filter, stride, pads, given["ceil_mode"], counts_pads)
        return functions.pool_volume(reader.draft, *how)
    return reader.draft.pool(kind, view, filter, stride, pads, given["ceil_mode"], counts_pads)


@handles("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d")
def _adaptive_pool(reader: _Reader, given: Arguments) -> View:
    view = given["self"]
    extents = view.shape[2:]
    size = several(given["output_size"], len(extents))
    size = tuple(n if m is None else m for n, m in zip(extents, size, strict=True))
    if any(n % m for n, m in zip(extents, size, strict=True)):
        return functions.adapted(reader.draft, "MEAN", view, size)
    if set(size) == {1}:
        return reader.draft.reduce("MEAN", view, range(2, len(view.shape)), keep=True)
    filter = tuple(n // m for n, m in zip(extents, size, strict=True))
    return reader.draft.pool("AVERAGE", view, filter, filter, [(0, 0)] * len(size))


@handles("adaptive_max_pool1d", "adaptive_max_pool2d")
def _adaptive_max_pool(reader: _Reader, given: Arguments) -> list[View | None]:
    view = given["self"]
    size = several(given["output_size"], len(view.shape) - 2)
    return [functions.adapted(reader.draft, "REDUCE_MAX", view, size), None]


@handles("linear")
def _linear(reader: _Reader, given: Arguments) -> View:
    weights, bias = (constant(reader, given[name], name) for name in ("weight", "bias"))
    return reader.draft.dense(given["input"], weights, bias)


@handles("addmm")
def _addmm(reader: _Reader, given: Arguments) -> View:
    factors = given.get("alpha", 1), given.get("beta", 1)
    first, second, added = (given[name] for name in ("mat1", "mat2", "self"))
    if isinstance(first, View) and not isinstance(second, View) and not isinstance(added, View) \
            and factors == (1, 1) and len(added.shape) == 1:  # fmt: skip
        weights = constant(reader, second, "weights").transpose((1, 0))
        return reader.draft.dense(first, weights, constant(reader, added, "bias"))
    draft = reader.draft
    product = functions.scaled(
        draft, products.matmul(draft, operand(first), operand(second)), factors[0]
    )
    return draft.binary("ADD", product, functions.scaled(draft, operand(added), factors[1]))


@handles("bmm", "matmul", "mm")
def _matmul(reader: _Reader, given: Arguments) -> View:
    first, second = given["self"], given.get("other", given.get("mat2"))
    return products.matmul(reader.draft, operand(first), operand(second))


@handles("batch_norm")
def _batch_norm(reader: _Reader, given: Arguments) -> View:
    view = given["input"]
    if given["training"]:
        raise reader.draft.error("is in training mode; call model.eval() before the export.")
    mean, variance = array(given["running_mean"]), array(given["running_var"])
    ones = np.ones_like(mean)
    scale = ones if given["weight"] is None else array(given["weight"])
    offset = 0 * ones if given["bias"] is None else array(given["bias"])
    return reader.draft.normalized(view, scale, offset, mean, variance, given["eps"])


@handles("_native_batch_norm_legit_no_training")
def _inferred_batch_norm(reader: _Reader, given: Arguments) -> list[View]:
    return [_batch_norm(reader, {**given, "training": False})]


@handles(*recurrent.TORCH)
def _recurrent(reader: _Reader, given: Arguments) -> list:
    arrays = [constant(reader, each, "weights") for each in given["params"]]
    kind = reader.draft.where.split("(")[-1].rstrip(")")
    return recurrent.of_torch(reader.draft, kind, given, arrays)


# -- element by element ---------------------------------------------------------------------------


def _unary(name: str) -> Handler:
    return lambda reader, given: reader.draft.unary(name, given["self"])


HANDLERS.update({kind: _unary(name) for kind, name in ELEMENTWISE.items()})


def _operands(reader: _Reader, given: Arguments) -> tuple:
    return tuple(torch_operators.arithmetic(reader.draft, given["self"], given["other"]))


@handles("add")
def _add(reader: _Reader, given: Arguments) -> View:
    both = [given["self"], given["other"]]
    if all(torch_operators.is_boolean(reader.draft, each) for each in both):
        return torch_operators.OR(reader, {"self": both[0], "other": both[1]})
    first, second = _operands(reader, given)
    second = functions.scaled(reader.draft, second, given.get("alpha", 1))
    return reader.draft.binary("ADD", first, second)


@handles("sub")
def _sub(reader: _Reader, given: Arguments) -> View:
    first, second = _operands(reader, given)
    second = functions.scaled(reader.draft, second, given.get("alpha", 1))
    if isinstance(second, np.ndarray):
        return reader.draft.binary("ADD", first, -second)
    return reader.draft.binary("SUB", first, second)


@handles("rsub")
def _rsub(reader: _Reader, given: Arguments) -> View:
    return _sub(reader, {**given, "self": given["other"], "other": given["self"]})


@handles("mul")
def _mul(reader: _Reader, given: Arguments) -> View:
    return reader.draft.binary("MUL", *_operands(reader, given))


@handles("leaky_relu")
def _leaky_relu(reader: _Reader, given: Arguments) -> View:
    slope = float(given["negative_slope"])
    return reader.draft.unary("LEAKY_RELU", given["self"], {"Alpha": slope})


@handles("rrelu")
def _randomized_relu(reader: _Reader, given: Arguments) -> View:
    """In evaluation, by the mean of its slopes."""
    if given.get("training"):
        raise reader.draft.error(f"{DRAWS}.")
    slope = (float(given["lower"]) + float(given["upper"])) / 2
    return reader.draft.unary("LEAKY_RELU", given["self"], {"Alpha": slope})


@handles("prelu")
def _prelu(reader: _Reader, given: Arguments) -> View:
    view, slope = given["self"], array(constant(reader, given["weight"], "slope"))
    return reader.draft.prelu(view, slope.reshape(-1, *(1,) * (len(view.shape) - 2)))


@handles("gelu")
def _gelu(reader: _Reader, given: Arguments) -> View:
    rough = given["approximate"] == "tanh"
    return reader.draft.unary("GELU", given["self"], {"Approximate": rough})


@handles("silu")
def _silu(reader: _Reader, given: Arguments) -> View:
    view = given["self"]
    return reader.draft.binary("MUL", view, reader.draft.unary("LOGISTIC", view))


@handles("hardsigmoid")
def _hard_sigmoid(reader: _Reader, given: Arguments) -> View:
    return reader.draft.scaled_relu6(given["self"], 1 / 6, 0.5)


@handles("softmax", "_softmax")
def _softmax(reader: _Reader, given: Arguments) -> View:
    return reader.draft.softmax(given["self"], given["dim"])


@handles("log_softmax", "_log_softmax")
def _log_softmax(reader: _Reader, given: Arguments) -> View:
    return reader.draft.softmax(given["self"], given["dim"], "LOG_SOFTMAX")


@handles(*UNCHANGED)
def _unchanged(reader: _Reader, given: Arguments) -> View:
    if given.get("train"):
        raise reader.draft.error("is in training mode; call model.eval() before the export.")
    return next(value for value in given.values() if isinstance(value, View))


@handles("item")
def _item(reader: _Reader, given: Arguments) -> View:
    """A number that the model computes, as it picks by it."""
    return reader.draft.reshape(given["self"], ())


@handles("_assert_async", "_assert_scalar", "_assert_tensor_metadata", "sym_constrain_range",
         "sym_constrain_range_for_size", "_check_is_size")  # fmt: skip
def _assertion(reader: _Reader, given: Arguments) -> None:
    """Of shape and element, which are known, or of values, which are the caller's."""


@handles("embedding")
def _embedding(reader: _Reader, given: Arguments) -> View:
    table = array(constant(reader, given["weight"], "table"))
    if not isinstance(given["indices"], View):
        raise reader.draft.error("looks up constant rows of what is computed; use a Linear.")
    rows = given["indices"]
    if reader.draft.element(rows) is ir.Element.FLOAT32:  # a count, whole to PyTorch alone
        rows = functions.whole(reader.draft, rows)
    return reader.draft.embedding(table, rows)


@handles("embedding_bag")
def _embedding_bag(reader: _Reader, given: Arguments) -> list[View | None]:
    """Of one bag."""
    names = {0: "SUM", 1: "MEAN", 2: "REDUCE_MAX"}
    ends = array(given["offsets"])
    if isinstance(given["offsets"], View) or ends.tolist() != [0] or given["per_sample_weights"]:
        raise reader.draft.error("has several bags, or weights; export it for one bag.")
    rows = _embedding(reader, given)
    return [reader.draft.reduce(names[given["mode"]], rows, [0], keep=True), None, None, None]


# -- shapes ---------------------------------------------------------------------------------------


@handles("sym_size")
def _size(reader: _Reader, given: Arguments) -> int:
    return given["self"].shape[given["dim"]]


@handles("view", "reshape", "_unsafe_view")
def _view(reader: _Reader, given: Arguments) -> View:
    view, shape = given["self"], [int(n) for n in given.get("size", given.get("shape"))]
    if -1 in shape:
        shape[shape.index(-1)] = math.prod(view.shape) // -math.prod(shape)
    return reader.draft.reshape(view, tuple(shape))


@handles("flatten")
def _flatten(reader: _Reader, given: Arguments) -> View:
    view = given["self"]
    rank = len(view.shape)
    first, last = given["start_dim"] % rank, given["end_dim"] % rank
    whole = math.prod(view.shape[first : last + 1])
    shape = (*view.shape[:first], whole, *view.shape[last + 1 :])
    return reader.draft.reshape(view, shape)


@handles("squeeze")
def _squeeze(reader: _Reader, given: Arguments) -> View:
    view = given["self"]
    rank = len(view.shape)
    listed = range(rank) if given.get("dim") is None else several(given["dim"], 1)
    gone = {axis % rank for axis in listed if view.shape[axis] == 1}
    shape = tuple(n for axis, n in enumerate(view.shape) if axis not in gone)
    return reader.draft.reshape(view, shape)


@handles("unsqueeze")
def _unsqueeze(reader: _Reader, given: Arguments) -> View:
    shape = list(given["self"].shape)
    shape.insert(given["dim"] % (len(shape) + 1), 1)
    return reader.draft.reshape(given["self"], tuple(shape))


@handles("permute")
def _permute(reader: _Reader, given: Arguments) -> View:
    view = given["self"]
    return reader.draft.transpose(view, tuple(axis % len(view.shape) for axis in given["dims"]))


@handles("transpose")
def _transpose(reader: _Reader, given: Arguments) -> View:
    view = given["self"]
    axes = list(range(len(view.shape)))
    first, second = given["dim0"], given["dim1"]
    axes[first], axes[second] = axes[second], axes[first]
    return reader.draft.transpose(view, tuple(axes))


@handles("t")
def _t(reader: _Reader, given: Arguments) -> View:
    return reader.draft.transpose(given["self"], (1, 0))


@handles("cat", "concat", "concatenate")
def _cat(reader: _Reader, given: Arguments) -> View:
    parts = [each if isinstance(each, View) else array(each) for each in given["tensors"]]
    return reader.draft.concat(parts, given["dim"])


@handles("split", "split_with_sizes", "chunk")
def _split(reader: _Reader, given: Arguments) -> list[View]:
    view = given["self"]
    axis = given["dim"] % len(view.shape)
    extent = view.shape[axis]
    sizes = given.get("split_sizes") or given.get("split_size")
    if given.get("chunks"):
        sizes = -(-extent // given["chunks"])
    if isinstance(sizes, int):
        sizes = [min(sizes, extent - start) for start in range(0, extent, sizes)]
    return reader.draft.split(view, axis, sizes)


@handles("slice")
def _slice(reader: _Reader, given: Arguments) -> View:
    view = given["self"]
    axis = given["dim"] % len(view.shape)
    begin, end, step = [0] * len(view.shape), list(view.shape), [1] * len(view.shape)
    limits = slice(given["start"], given["end"], given["step"])
    begin[axis], end[axis], step[axis] = limits.indices(view.shape[axis])
    return reader.draft.strided(view, begin, end, step)


@handles("select")
def _select(reader: _Reader, given: Arguments) -> View:
    view = given["self"]
    axis = given["dim"] % len(view.shape)
    if isinstance(given["index"], View):
        data = view if isinstance(view, View) else np.asarray(view)
        return lookups.picked(reader.draft, data, axis, [given["index"]])
    found = functions.part(reader.draft, view, axis, given["index"] % view.shape[axis], 1)
    return reader.draft.reshape(found, (*view.shape[:axis], *view.shape[axis + 1 :]))


@handles("expand")
def _expand(reader: _Reader, given: Arguments) -> View:
    view, size = given["self"], given["size"]
    stated = (1,) * (len(size) - len(view.shape)) + view.shape
    shape = tuple(n if m == -1 else m for n, m in zip(stated, size, strict=True))
    return reader.draft.expand(view, shape)


@handles("pad", "constant_pad_nd")
def _pad(reader: _Reader, given: Arguments) -> View:
    view, flat = given["self"], given["pad"]
    pads = [(0, 0)] * len(view.shape)
    for place, axis in enumerate(range(len(view.shape) - 1, -1, -1)):
        if 2 * place < len(flat):
            pads[axis] = (flat[2 * place], flat[2 * place + 1])
    mode = given.get("mode", "constant")
    if mode in ("replicate", "circular"):
        return functions.padded_like(reader.draft, view, pads, mode == "circular")
    return reader.draft.pad(view, pads, mode, float(given["value"] or 0))


def _reduction(name: str) -> Handler:
    def handler(reader: _Reader, given: Arguments) -> View:
        view, keep = given["self"], bool(given.get("keepdim"))
        if torch_operators.is_boolean(reader.draft, view):  # of which sums count
            view = functions.real(reader.draft, view)
        return reader.draft.reduce(name, view, torch_operators.axes_of(given, view), keep)

    return handler


HANDLERS.update(
    mean=_reduction("MEAN"),
    prod=_reduction("REDUCE_PROD"),
    sum=_reduction("SUM"),
    amax=_reduction("REDUCE_MAX"),
    amin=_reduction("REDUCE_MIN"),
)


# -- other resolutions ----------------------------------------------------------------------------


def _size_of(reader: _Reader, given: Arguments, view: View) -> tuple[int, ...]:
    size, scales = given.get("output_size"), given.get("scale_factors")
    if size:
        return tuple(size)
    exact = [n * scale for n, scale in zip(view.shape[2:], scales, strict=True)]
    if not given.get("align_corners") and any(extent % 1 for extent in exact):
        # PyTorch lays pixels by the factor, not by the sizes.
        raise reader.draft.error(
            f"makes no whole number of pixels of {shape_text(view.shape[2:])}; give size= instead "
            "of scale_factor=."
        )
    return tuple(map(math.floor, exact))


@handles("upsample_nearest2d")
def _nearest(reader: _Reader, given: Arguments) -> View:
    view = given.get("input", given.get("self"))
    size = _size_of(reader, given, view)
    flags = nearest("asymmetric", "floor", view.shape[2:], size)
    if flags is None:
        raise reader.draft.error("picks other pixels than any operator here; use a whole factor.")
    return reader.draft.resize(view, "RESIZE_NEAREST_NEIGHBOR", size, *flags)


@handles("upsample_bilinear2d")
def _bilinear(reader: _Reader, given: Arguments) -> View:
    view, corners = given.get("input", given.get("self")), bool(given["align_corners"])
    size = _size_of(reader, given, view)
    return reader.draft.resize(view, "RESIZE_BILINEAR", size, corners, not corners)


@handles("pixel_shuffle")
def _pixel_shuffle(reader: _Reader, given: Arguments) -> View:
    view, block, draft = given["self"], given["upscale_factor"], reader.draft
    batch, channels, height, width = view.shape
    kept = channels // block**2
    split = draft.reshape(view, (batch, kept, block, block, height, width))
    turned = draft.transpose(split, (0, 1, 4, 2, 5, 3))
    return draft.reshape(turned, (batch, kept, height * block, width * block))


@handles("channel_shuffle")
def _channel_shuffle(reader: _Reader, given: Arguments) -> View:
    view, groups, draft = given["self"], given["groups"], reader.draft
    batch, channels, *rest = view.shape
    split = draft.reshape(view, (batch, groups, channels // groups, *rest))
    turned = draft.transpose(split, (0, 2, 1, *range(3, len(split.shape))))
    return draft.reshape(turned, view.shape)
