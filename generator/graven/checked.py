"""The gate through which every front end passes: what it found becomes a network, or a sentence.

A front end decodes its file into tensors and Stated operators, and believes nothing. Here each
shape, scale, index and order is checked, once for all of them; the options of an operator are read
by its layer module.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from graven import ir, layers, unsupported
from graven.errors import GravenError
from graven.node import PLAIN, QUANTIZED, Misshapen, Node, Option, node_among, several, shape_text

MOST_AXES = 6
MOST_BYTES = 1 << 28  # of one tensor: far above any microcontroller's memory
MOST_COMPUTED = 1 << 24  # bytes of a tensor that is no constant


@dataclass(frozen=True)
class Stated:
    """An operator as a front end has found it."""

    name: str  # TensorFlow Lite's
    inputs: tuple[int, ...]  # tensor indices; -1 for an absent optional input
    outputs: tuple[int, ...]
    option: Callable[[str], Option]  # as Node has it
    index: int = -1  # in the file, where operators before it are no operators of the network


def stated(
    name: str, record: ir.Layer, inputs: tuple[int, ...], outputs: tuple[int, ...]
) -> Stated:
    """By a layer's record, for front ends whose files have other options than TensorFlow Lite."""
    return Stated(name, inputs, outputs, layers.modules()[name].options(record).__getitem__)


def checked(
    name: str,
    source: str,
    description: str,
    tensors: Sequence[ir.Tensor],
    operators: Sequence[Stated],
    inputs: Sequence[int],
    outputs: Sequence[int],
    open_shapes: Collection[int] = (),
) -> ir.Network:
    """The network; GravenError if it is none. `source` is what messages call the file.
    `open_shapes` are computed tensors of which the file does not know every extent (it counts
    those as 1): what the operator makes of its inputs holds."""
    operators = [
        replace(each, index=index) if each.index < 0 else each
        for index, each in enumerate(operators)
    ]
    gate = _Gate(source, tuple(tensors), open_shapes)
    gate.check_names(operators)
    users = gate.users(operators)
    for index, tensor in enumerate(gate.tensors):
        assert tensor.index == index
        gate.check_tensor(tensor, users.get(index, ""))
    given = gate.indices(inputs, "model's inputs")
    results = gate.indices(outputs, "model's outputs")
    if not given or not results:
        raise gate.error(
            f"has {len(given)} inputs and {len(results)} outputs, expected at least one of each."
        )
    read = (gate.operator(each.index, each) for each in operators)
    found = tuple(operator for operator in read if not gate.folded(operator))
    gate.check_order(found, given, results)
    gate.check_inputs(given)
    return ir.Network(name, source, description, tuple(gate.tensors), found, given, results)


def used(
    tensors: Sequence[ir.Tensor],
    operators: Sequence[Stated],
    inputs: Sequence[int],
    outputs: Sequence[int],
) -> tuple[list[ir.Tensor], list[Stated], list[int], list[int]]:
    """Only the tensors that are mentioned, numbered anew in the order of their mention."""
    mentioned = [*inputs, *outputs]
    mentioned += [index for each in operators for index in (*each.inputs, *each.outputs)]
    kept = dict.fromkeys(index for index in mentioned if index >= 0)
    order = {index: place for place, index in enumerate(kept)} | {-1: -1}
    return (
        [replace(tensors[index], index=order[index]) for index in kept],
        [
            replace(
                each,
                inputs=tuple(order[index] for index in each.inputs),
                outputs=tuple(order[index] for index in each.outputs),
            )
            for each in operators
        ],
        [order[index] for index in inputs],
        [order[index] for index in outputs],
    )


def check_axes(source: str, where: str, count: int) -> None:
    if count > MOST_AXES:
        raise GravenError(f"{source}: {where}: has {count} axes, at most {MOST_AXES} work.")


class _Gate:
    def __init__(
        self, source: str, tensors: tuple[ir.Tensor, ...], open_shapes: Collection[int]
    ) -> None:
        self.source = source
        self.tensors = list(tensors)  # those that are folded become constants
        self.open_shapes = set(open_shapes)  # without those that an operator has closed

    def error(self, message: str) -> GravenError:
        return GravenError(f"{self.source}: {message}")

    def named(self, index: int) -> str:
        return f"tensor {index} '{self.tensors[index].name}'"

    # -- operators -------------------------------------------------------------------------------

    def check_names(self, operators: Sequence[Stated]) -> None:
        names = [each.name for each in operators]

        def where(place: int) -> str:
            return f"operator {operators[place].index} ({names[place]})"

        if text := unsupported.sentence(names, where):
            raise self.error(text)

    def users(self, operators: Sequence[Stated]) -> dict[int, str]:
        """The first operator that mentions each tensor, for messages."""
        found: dict[int, str] = {}
        for each in operators:
            for tensor in (*each.outputs, *each.inputs):
                found.setdefault(int(tensor), f"operator {each.index} ({each.name}), ")
        return found

    def indices(self, values: Sequence[int], what: str) -> tuple[int, ...]:
        for value in values:
            if not 0 <= value < len(self.tensors):
                raise self.error(
                    f"{what} name tensor {value}, but the file has {len(self.tensors)}; it is "
                    "damaged."
                )
        return tuple(int(value) for value in values)

    def operator(self, index: int, each: Stated) -> ir.Operator:
        where = f"operator {index} ({each.name})"
        self.indices([value for value in each.inputs if value != -1], f"{where}: its inputs")
        inputs = tuple(int(value) for value in each.inputs)
        self.check_variables(where, each.name, inputs)
        outputs = self.indices(each.outputs, f"{where}: its outputs")
        if not outputs and each.name != "ASSIGN_VARIABLE":
            raise self.error(f"{where}: has no outputs; the file is damaged.")
        node = self.with_kept(
            Node(
                source=self.source,
                index=index,
                name=each.name,
                inputs=tuple(None if value < 0 else self.tensors[value] for value in inputs),
                outputs=tuple(self.tensors[value] for value in outputs),
                option=each.option,
            )
        )
        inputs = (*inputs, *(each.index for each in node.inputs[len(inputs) :] if each))
        layer = self.layer(node)
        for output in outputs:  # that is open, unless the operator has closed it
            self.check_extents(self.tensors[output].shape, f"{where}, {self.named(output)}")
        return ir.Operator(index, each.name, layer, inputs, outputs)

    def layer(self, node: Node) -> ir.Layer:
        """Of an operator; its outputs whose shape is open get theirs."""
        while True:
            try:
                found = layers.modules()[node.name].read(node)
            except Misshapen as error:
                if error.tensor not in self.open_shapes:
                    raise
                self.open_shapes.remove(error.tensor)
                closed = replace(self.tensors[error.tensor], shape=error.shape)
                self.check_tensor(closed, f"{node.where}, ")
                self.tensors[error.tensor] = closed
                node = replace(
                    node, outputs=tuple(self.tensors[each.index] for each in node.outputs)
                )
            else:
                return found

    def folded(self, operator: ir.Operator) -> bool:
        """Whether its outputs are constants from here on: it reads nothing else, or its module
        knows them by shapes alone. Operators behind it find constants where they need them."""
        module = layers.modules()[operator.name]
        inputs = [self.tensors[index] for index in operator.inputs if index >= 0]
        constant = bool(inputs) and all(tensor.data is not None for tensor in inputs)
        if not (constant or hasattr(module, "known")):
            return False
        node = node_among(self.tensors, self.source, operator)
        if constant:
            values = tuple(None if tensor is None else tensor.data for tensor in node.inputs)
            found = several(module.reference(operator.layer, node, values))
        else:
            found = several(module.known(operator.layer, node))
        for tensor, data in zip(node.outputs, found, strict=True):
            data = np.asarray(data, dtype=tensor.element.dtype).reshape(tensor.shape)
            self.tensors[tensor.index] = replace(tensor, data=data)
        return True

    def with_kept(self, node: Node) -> Node:
        """With the variables that it has without stating them, like its first input."""
        kept = layers.kept(node.name)
        if kept is None or any(tensor and tensor.is_variable for tensor in node.inputs):
            return node
        added = []
        for initial in kept(node):
            like, element = node.input(0), ir.Element(initial.dtype.name)
            stored = like.quantization if element is like.element else None
            name = f"kept_by_{node.index}"
            index = len(self.tensors)
            self.tensors.append(
                ir.Tensor(index, name, initial.shape, element, stored, None, initial)
            )
            added.append(self.tensors[-1])
        return replace(node, inputs=(*node.inputs, *added))

    def check_variables(self, where: str, name: str, inputs: tuple[int, ...]) -> None:
        places = getattr(layers.modules()[name], "VARIABLES", ())
        for place, index in enumerate(inputs):
            if index >= 0 and self.tensors[index].is_variable and place not in places:
                raise self.error(
                    f"{where}, {self.named(index)}: lasts from run to run, which this operator "
                    "does not expect of its input."
                )

    # -- tensors ---------------------------------------------------------------------------------

    def check_tensor(self, tensor: ir.Tensor, user: str) -> None:
        where = f"{user}{self.named(tensor.index)}"
        self.check_shape(tensor, where)
        self.check_quantization(tensor, where)
        data = tensor.data
        if data is not None and (data.shape, data.dtype) != (tensor.shape, tensor.element.dtype):
            raise self.error(
                f"{where}: is {tensor.element.value} {shape_text(tensor.shape)}, but its constant "
                f"is {data.dtype} {shape_text(data.shape)}."
            )
        if data is None and math.prod(tensor.shape) * tensor.element.dtype.itemsize > MOST_COMPUTED:
            raise self.error(
                f"{where}: has shape {shape_text(tensor.shape)}, more than {MOST_COMPUTED >> 20} "
                "MB; no microcontroller holds it."
            )

    def check_shape(self, tensor: ir.Tensor, where: str) -> None:
        shape = tensor.shape
        check_axes(self.source, where, len(shape))
        if any(extent < 0 for extent in shape):
            raise self.error(
                f"{where}: has the dynamic shape {shape_text(shape)}; export the model with a "
                "fixed input shape."
            )
        if not where.startswith("tensor ") and tensor.index not in self.open_shapes:
            self.check_extents(shape, where)
        if math.prod(shape) * tensor.element.dtype.itemsize > MOST_BYTES:
            raise self.error(
                f"{where}: has shape {shape_text(shape)}, more than {MOST_BYTES >> 20} MB."
            )

    def check_extents(self, shape: tuple[int, ...], where: str) -> None:
        if 0 in shape:
            raise self.error(f"{where}: has shape {shape_text(shape)}, which holds nothing.")

    def check_quantization(self, tensor: ir.Tensor, where: str) -> None:
        stored, shape = tensor.quantization, tensor.shape
        if stored is None:  # plain integers: layers that need a scale say so
            return
        if len(stored.scale) != len(stored.zero_point):
            raise self.error(
                f"{where}: has {len(stored.scale)} scales and {len(stored.zero_point)} zero "
                "points; it is damaged."
            )
        for scale in stored.scale:
            if not 0.0 < scale < math.inf or float(np.float32(scale)) != scale:
                raise self.error(
                    f"{where}: has scale {scale}, expected a positive number of float32; quantize "
                    "again."
                )
        limits = np.iinfo(tensor.element.dtype if tensor.element in QUANTIZED else np.int8)
        low, high = limits.min, limits.max
        for point in stored.zero_point:
            if not low <= point <= high:
                raise self.error(
                    f"{where}: has zero point {point}, expected {low} to {high}; quantize again."
                )
        several, axis = len(stored.scale) != 1, stored.axis
        if several and not (0 <= axis < len(shape) and shape[axis] == len(stored.scale)):
            raise self.error(
                f"{where}: has {len(stored.scale)} scales along axis {axis}, which do not fit its "
                f"shape {shape_text(shape)}."
            )

    # -- the graph -------------------------------------------------------------------------------

    def check_order(
        self,
        operators: tuple[ir.Operator, ...],
        inputs: tuple[int, ...],
        outputs: tuple[int, ...],
    ) -> None:
        known = {
            tensor.index for tensor in self.tensors if tensor.data is not None or tensor.is_variable
        }
        for index in inputs:
            if index in known:
                raise self.error(
                    f"{self.named(index)}: is a model input twice, a constant or a variable."
                )
            known.add(index)
        for operator in operators:
            where = f"operator {operator.index} ({operator.name})"
            for index in operator.inputs:
                if index >= 0 and index not in known:
                    raise self.error(
                        f"{where}, {self.named(index)}: is used before any operator has computed "
                        "it; the file is damaged."
                    )
            for index in operator.outputs:
                if index in known:
                    raise self.error(
                        f"{where}, {self.named(index)}: is written although it is an input, a "
                        "constant or another operator's output."
                    )
                known.add(index)
        for index in outputs:
            if index not in known:
                raise self.error(
                    f"{self.named(index)}: is a model output, but no operator computes it."
                )

    def check_inputs(self, inputs: tuple[int, ...]) -> None:
        for index in inputs:
            tensor = self.tensors[index]
            if tensor.element not in (*QUANTIZED, *PLAIN, ir.Element.FLOAT32):
                raise self.error(
                    f"{self.named(index)}: is a model input of {tensor.element.value}, expected "
                    "int8, uint8, int16, int32, bool or float32."
                )
