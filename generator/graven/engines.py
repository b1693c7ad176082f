"""The engines that ours is compared with: every operator's output, by tensor index."""

from __future__ import annotations

import contextlib
import importlib
import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from graven import ir, layers
from graven.errors import ToolError
from graven.frontends import tflite_writer
from graven.node import node_of

ARENA = 1 << 22  # TensorFlow Lite Micro needs some for itself and crashes where it is too small


def require(engine: str) -> None:
    """Says what is missing before anything slow begins."""
    package, module = PACKAGES[engine]
    try:
        importlib.import_module(module)
    except ImportError:
        raise ToolError(
            f"graven verify --against {engine}: the Python package {package} is missing; "
            f"pip install {package}."
        ) from None


Run = Callable[[list[np.ndarray]], dict[int, np.ndarray]]
"""One inference after the other; variables last from one to the next."""


def lasting(network: ir.Network) -> ir.Network | None:
    """With the states that each run begins anew as variables, for engines that know no others: they
    are reset before each run. None where there are no such states."""
    tensors, operators = list(network.tensors), []
    for operator in network.operators:
        inputs = list(operator.inputs)
        for place in getattr(layers.modules()[operator.name], "VARIABLES", ()):
            tensor = tensors[inputs[place]]
            if tensor.data is not None:
                inputs[place] = len(tensors)
                index = len(tensors)
                tensors.append(replace(tensor, index=index, data=None, initial=tensor.data))
        operators.append(replace(operator, inputs=tuple(inputs)))
    if len(tensors) == len(network.tensors):
        return None
    return replace(network, tensors=tuple(tensors), operators=tuple(operators))


def tflm(model: bytes, network: ir.Network) -> Run:
    from tflite_micro import runtime

    if begun := lasting(network):
        model = tflite_writer.to_bytes(begun)
    tensors = sum(
        math.prod(tensor.shape) * tensor.element.dtype.itemsize for tensor in network.tensors
    )
    interpreter = runtime.Interpreter.from_bytes(
        model,
        arena_size=ARENA + 4 * tensors,
        intrepreter_config=runtime.InterpreterConfig.kPreserveAllTensors,
    )

    def run(inputs: list[np.ndarray]) -> dict[int, np.ndarray]:
        for position, value in enumerate(inputs):
            interpreter.set_input(value, position)
        if begun:
            interpreter.reset()
        interpreter.invoke()
        return meant(
            network,
            {index: interpreter.GetTensor(index, 0)["tensor_data"] for index in _computed(network)},
        )

    return run


def meant(network: ir.Network, values: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    """Without the outputs of operators that say they are not valid, and all that reads them."""
    left = dict(values)
    for operator in network.operators:
        find = getattr(layers.modules()[operator.name], "is_valid", None)
        outputs = tuple(values[index] for index in operator.outputs if index in values)
        unknown = any(index in values and index not in left for index in operator.inputs)
        if unknown or (find and not find(operator.layer, node_of(network, operator), outputs)):
            for index in operator.outputs[: None if unknown else 1]:
                left.pop(index, None)
    return left


def litert(model: bytes, network: ir.Network) -> Run:
    """By its reference kernels."""
    return _litert(model, network, "BUILTIN_REF")


def litert_shipped(model: bytes, network: ir.Network) -> Run:
    """By its optimized kernels and XNNPACK, which keep the model's outputs alone."""
    return _litert(model, network, "AUTO")


def _litert(model: bytes, network: ir.Network, resolver: str) -> Run:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    @contextlib.contextmanager
    def told() -> Iterator[None]:
        try:
            yield
        except (RuntimeError, ValueError) as error:
            text = " ".join(str(error).split())
            raise ToolError(f"graven verify --against litert: LiteRT refuses it: {text}") from None

    if begun := lasting(network):
        model = tflite_writer.to_bytes(begun)
    with told():
        interpreter = Interpreter(
            model_content=model,
            experimental_preserve_all_tensors=resolver == "BUILTIN_REF",
            experimental_op_resolver_type=OpResolverType[resolver],
        )
        interpreter.allocate_tensors()

    known = len(interpreter.get_tensor_details())

    def run(inputs: list[np.ndarray]) -> dict[int, np.ndarray]:
        with told():
            for index, value in zip(network.inputs, inputs, strict=True):
                interpreter.set_tensor(index, value)
            if begun:
                interpreter.reset_all_variables()
            interpreter.invoke()
        return {
            index: _as_ours(interpreter.get_tensor(index).copy(), network.tensors[index])
            for index in (_computed(network) if resolver == "BUILTIN_REF" else network.outputs)
            if index < known
        }

    return run


def _as_ours(value: np.ndarray, tensor: ir.Tensor) -> np.ndarray:
    """What is uint8 in the file can be int8 in the network (frontends/unsigned.py)."""
    if value.dtype == np.uint8 and tensor.element is ir.Element.INT8:
        return (value.astype(np.int16) - 128).astype(np.int8)
    return value


ENGINES = {"tflm": tflm, "litert": litert}
PACKAGES = {
    "tflm": ("tflite-micro", "tflite_micro"),
    "litert": ("ai-edge-litert", "ai_edge_litert.interpreter"),
}
TITLES = {"tflm": "TensorFlow Lite Micro", "litert": "LiteRT", "numpy": "the numpy reference"}


def _computed(network: ir.Network) -> list[int]:
    return [index for operator in network.operators for index in operator.outputs]
