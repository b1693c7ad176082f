"""A float network as a torch.nn.Module, and back: what a training loop of the user's takes,
whatever front end the network came from. It has the shapes that the network has now, so that what
is trained is what will run; normalization is folded into its weights already.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from graven import inputs, ir
from graven.errors import GravenError, ToolError, described
from graven.layers.resize_nearest import ResizeNearest
from graven.node import Node, node_of, shape_text
from graven.window import Span, convolution_spans, pool_spans

if TYPE_CHECKING:
    from torch import Tensor, nn

    Arguments = list[Tensor]
    Function = Callable[[Any, Node, Arguments], Tensor]


def module(network: ir.Network) -> nn.Module:
    """Its float constants are parameters, by their tensors' names; `forward` takes batches as the
    network's inputs are, or with the channels in front, and gives a tensor or a tuple of them."""
    functions = library() and by_operator()
    for operator in network.operators:
        if operator.name not in functions:
            raise node_of(network, operator).error(
                "has no form here that can be trained; prune without fine-tuning, or train the "
                "smaller model with your own framework."
            )
        check_batch(network, operator)
    return module_class()(network, functions)


def check_batch(network: ir.Network, operator: ir.Operator) -> None:
    for index in operator.outputs:
        if network.tensors[index].shape[:1] != (1,):
            raise node_of(network, operator).error(
                "makes a first axis that is no batch, so that it cannot be trained on several "
                "samples; prune without fine-tuning."
            )


def module_class() -> type[nn.Module]:
    import torch

    class Trainable(torch.nn.Module):
        def __init__(self, network: ir.Network, functions: dict[str, Function]) -> None:
            super().__init__()
            self.network, self.functions = network, functions
            self.places: dict[int, str] = {}  # name of a parameter by the index of its tensor
            for index in sorted({each for op in network.operators for each in op.inputs}):
                if index >= 0 and is_parameter(network.tensors[index]):
                    tensor = network.tensors[index]
                    data = torch.tensor(np.array(tensor.data))
                    self.places[index] = parameter_name(tensor)
                    self.register_parameter(self.places[index], torch.nn.Parameter(data))

        def forward(self, *samples: Tensor) -> Tensor | tuple[Tensor, ...]:
            values = {
                index: as_input(self.network, self.network.tensors[index], given)
                for index, given in zip(self.network.inputs, samples, strict=True)
            }
            for operator in self.network.operators:
                node, function = node_of(self.network, operator), self.functions[operator.name]
                given = [self.value(index, values) for index in operator.inputs]
                values[operator.output] = function(operator.layer, node, given)
            outputs = tuple(values[index] for index in self.network.outputs)
            return outputs[0] if len(outputs) == 1 else outputs

        def value(self, index: int, values: dict[int, Tensor]) -> Tensor | None:
            if index in self.places:
                return getattr(self, self.places[index])
            if index in values or index < 0:
                return values.get(index)
            return torch.tensor(np.array(self.network.tensors[index].data))

    return Trainable


def parameter_name(tensor: ir.Tensor) -> str:
    letters = (each if each.isalnum() else "_" for each in tensor.name)
    return f"t{tensor.index}_{''.join(letters)}"


def tuned(network: ir.Network, fine_tune: Callable[[Any], Any]) -> ir.Network:
    """The network with what a training loop has made of its weights."""
    torch = library()
    made = module(network)
    found = fine_tune(made)
    made = made if found is None else found
    tensors = list(network.tensors)
    for index, name in getattr(made, "places", {}).items():
        data = getattr(made, name).detach().cpu().numpy().astype(np.float32)
        if data.shape != tensors[index].shape or not np.isfinite(data).all():
            raise GravenError(
                f"--fine-tune: has left '{name}' as {shape_text(data.shape)} with numbers that are "
                f"NaN or infinite, or not {shape_text(tensors[index].shape)}; train it at a lower "
                "rate, and change no shapes."
            )
        tensors[index] = replace(tensors[index], data=data)
    if not isinstance(made, torch.nn.Module) or not hasattr(made, "places"):
        raise GravenError(
            f"--fine-tune: has returned a {type(made).__name__}; return the module that it was "
            "given, or nothing."
        )
    return replace(network, tensors=tuple(tensors))


def function(given: Callable[[Any], Any] | str) -> Callable[[Any], Any]:
    """What trains: a function, or one of the user's by its name, "module:function"."""
    if isinstance(given, str):
        return named(given)
    if not callable(given):
        raise GravenError(
            f"--fine-tune: is a {type(given).__name__}; give a function that trains the "
            "torch.nn.Module that it gets, or its name, 'module:function'."
        )
    return given


def named(text: str) -> Callable[[Any], Any]:
    place, _, name = text.partition(":")
    sys.path.insert(0, os.getcwd())
    try:
        found = getattr(importlib.import_module(place), name)
    except Exception as error:  # of the user's own code as well
        raise GravenError(
            f"--fine-tune '{text}': cannot be loaded, expected module:function: "
            f"{described(error).rstrip('.')}."
        ) from None
    finally:
        sys.path.pop(0)
    tune = function(found)

    def told(module: Any) -> Any:
        """Whoever named it sees no traceback, but a sentence."""
        try:
            return tune(module)
        except GravenError:
            raise
        except Exception as error:
            raise GravenError(
                f"--fine-tune '{text}': has failed: {described(error).rstrip('.')}."
            ) from error

    return told


def library() -> Any:
    try:
        import torch
    except ImportError:
        raise ToolError(
            "--fine-tune: PyTorch, which trains, is missing; pip install 'graven[torch]'."
        ) from None
    return torch


def is_parameter(tensor: ir.Tensor) -> bool:
    return tensor.data is not None and tensor.element is ir.Element.FLOAT32


def as_input(network: ir.Network, tensor: ir.Tensor, given: Tensor) -> Tensor:
    """As `inputs.shaped` has it."""
    shape, axes = tensor.shape[1:], inputs.as_imported(network, tensor, alone=True)
    if tuple(given.shape[1:]) != shape and given.ndim == len(axes):
        moved = given.permute(axes)
        given = moved if tuple(moved.shape[1:]) == shape else given
    return given.reshape(len(given), *shape)


# -- operators ------------------------------------------------------------------------------------


def by_operator() -> dict[str, Function]:
    """What PyTorch makes of each, on batches with channels last."""
    return {**windows(), **pairs(), **curves(), **moves()}


def windows() -> dict[str, Function]:
    return {
        "CONV_2D": conv2d,
        "DEPTHWISE_CONV_2D": depthwise,
        "FULLY_CONNECTED": dense,
        "MAX_POOL_2D": max_pool,
        "AVERAGE_POOL_2D": avg_pool,
        "RESIZE_NEAREST_NEIGHBOR": nearest,
    }


def pairs() -> dict[str, Function]:
    """Of two values, element by element."""
    import torch

    def every(function: Callable) -> Function:
        return lambda layer, node, given: clamped(layer, function(*given))

    return {
        "ADD": every(torch.add),
        "SUB": every(torch.sub),
        "MUL": every(torch.mul),
        "DIV": every(torch.div),
        "MAXIMUM": every(torch.maximum),
        "MINIMUM": every(torch.minimum),
        "PRELU": every(lambda x, slope: torch.where(x >= 0, x, x * slope)),
    }


def curves() -> dict[str, Function]:
    """Of each element."""
    import torch
    from torch.nn import functional as F

    def one(function: Callable) -> Function:
        return lambda layer, node, given: function(given[0])

    return {
        "RELU": one(torch.relu),
        "RELU6": one(F.relu6),
        "RELU_N1_TO_1": one(lambda x: x.clamp(-1, 1)),
        "LOGISTIC": one(torch.sigmoid),
        "TANH": one(torch.tanh),
        "HARD_SWISH": one(F.hardswish),
        "ELU": one(F.elu),
        "SILU": one(F.silu),
        "SOFTMAX": lambda layer, node, given: torch.softmax(layer.beta * given[0], -1),
        "LEAKY_RELU": lambda layer, node, given: F.leaky_relu(given[0], layer.alpha),
        "GELU": lambda layer, node, given: F.gelu(
            given[0], approximate="tanh" if layer.approximate else "none"
        ),
    }


def moves() -> dict[str, Function]:
    """Of axes and shapes."""
    import torch

    def reduced(function: Callable) -> Function:
        return lambda layer, node, given: function(
            given[0], dim=layer.axes, keepdim=layer.keep_dims
        )

    def reshaped(layer: Any, node: Node, given: Arguments) -> Tensor:
        return given[0].reshape(len(given[0]), *node.output.shape[1:])

    def joined(layer: Any, node: Node, given: Arguments) -> Tensor:
        return clamped(layer, torch.cat(given, dim=layer.axis))

    return {
        "PAD": pad,
        "CONCATENATION": joined,
        "MEAN": reduced(torch.mean),
        "SUM": reduced(torch.sum),
        "REDUCE_MAX": reduced(torch.amax),
        **dict.fromkeys(("RESHAPE", "SQUEEZE", "EXPAND_DIMS"), reshaped),
        "TRANSPOSE": lambda layer, node, given: given[0].permute(*layer.axes),
    }


LIMITS = {"RELU": (0, None), "RELU6": (0, 6), "RELU_N1_TO_1": (-1, 1)}


def clamped(layer: Any, value: Tensor) -> Tensor:
    """By a fused activation."""
    limits = LIMITS.get(getattr(layer, "activation", "NONE"))
    return value if limits is None else value.clamp(*limits)


def first(value: Tensor) -> Tensor:
    return value.permute(0, 3, 1, 2)


def last(value: Tensor) -> Tensor:
    return value.permute(0, 2, 3, 1)


def around(value: Tensor, spans: tuple[Span, Span], fill: float = 0.0) -> Tensor:
    """Padded as the window lies; `value` has the channels first."""
    from torch.nn import functional as F

    rows, columns = spans
    sides = (columns.before, columns.after, rows.before, rows.after)
    return F.pad(value, sides, value=fill) if any(sides) else value


def conv2d(layer: Any, node: Node, given: Arguments) -> Tensor:
    weights = given[1].permute(0, 3, 1, 2)
    groups = given[0].shape[3] // given[1].shape[3]
    return convolved(layer, node, given, weights, groups)


def depthwise(layer: Any, node: Node, given: Arguments) -> Tensor:
    return convolved(layer, node, given, given[1].permute(3, 0, 1, 2), given[0].shape[3])


def convolved(layer: Any, node: Node, given: Arguments, weights: Tensor, groups: int) -> Tensor:
    from torch.nn import functional as F

    spans = convolution_spans(layer, node, node.input(0).shape, tuple(weights.shape[2:]))
    data = around(first(given[0]), spans)
    bias = given[2].reshape(-1) if len(given) > 2 and given[2] is not None else None
    found = F.conv2d(data, weights, bias, layer.stride, 0, layer.dilation, groups)
    return clamped(layer, last(found))


def dense(layer: Any, node: Node, given: Arguments) -> Tensor:
    from torch.nn import functional as F

    bias = given[2].reshape(-1) if len(given) > 2 and given[2] is not None else None
    count = len(given[0])
    found = F.linear(given[0].reshape(-1, given[1].shape[1]), given[1], bias)
    return clamped(layer, found.reshape(count, *node.output.shape[1:]))


def max_pool(layer: Any, node: Node, given: Arguments) -> Tensor:
    from torch.nn import functional as F

    data = around(first(given[0]), pool_spans(layer, node), float("-inf"))
    return clamped(layer, last(F.max_pool2d(data, layer.window, layer.stride)))


def avg_pool(layer: Any, node: Node, given: Arguments) -> Tensor:
    """Of what lies inside of the input."""
    from torch.nn import functional as F

    spans, data = pool_spans(layer, node), first(given[0])
    sums = F.avg_pool2d(around(data, spans), layer.window, layer.stride)
    inside = F.avg_pool2d(around(data.new_ones(data.shape), spans), layer.window, layer.stride)
    return clamped(layer, last(sums / inside))


def pad(layer: Any, node: Node, given: Arguments) -> Tensor:
    from torch.nn import functional as F

    return F.pad(given[0], [side for pair in layer.border[::-1] for side in pair])


def nearest(layer: ResizeNearest, node: Node, given: Arguments) -> Tensor:
    from torch.nn import functional as F

    extents = zip(node.output.shape[1:3], node.input(0).shape[1:3], strict=True)
    if layer.align_corners or any(now % before for now, before in extents):
        raise node.error("can be trained where it enlarges by whole numbers only.")
    return last(F.interpolate(first(given[0]), size=node.output.shape[1:3]))
