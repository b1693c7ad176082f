"""Resource variables of a .tflite file: handles that operators name, and the subgraphs that say,
once, what is in them at first.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tflite

from graven.errors import GravenError

Key = tuple[bytes, bytes]  # container, shared name
SILENT = ("CALL_ONCE", "VAR_HANDLE")
"""Operators that compute nothing: they say what the resources are."""


class Resources:
    """`name_of` an operator of a subgraph; `constant` is what a tensor's record holds, or None."""

    def __init__(
        self,
        model: tflite.Model,
        source: str,
        name_of: Callable[[tflite.Operator], str],
        constant: Callable[[tflite.Tensor], np.ndarray | None],
    ) -> None:
        self.model = model
        self.source = source
        self.name_of = name_of
        self.constant = constant
        main = self.operators(0)
        self.keys = self.handles(main)
        first: dict[Key, int] = {}
        self.same = {tensor: first.setdefault(key, tensor) for tensor, key in self.keys.items()}
        once = [
            int(_options(each, tflite.CallOnceOptions).InitSubgraphIndex())
            for each in main
            if name_of(each) == "CALL_ONCE"
        ]
        if set(range(1, model.SubgraphsLength())) - set(once):
            raise self.error(
                f"has {model.SubgraphsLength()} subgraphs, expected 1 (and those that set up "
                "variables); export one signature alone."
            )
        self.contents: dict[Key, np.ndarray] = {}
        for index in once:
            self.read_contents(index)
        self.described: dict[int, int] = {}  # by handle, a tensor that is like the content
        for each in main:
            self.describe(each)
        self.expect_values(main)

    def expect_values(self, main: list[tflite.Operator]) -> None:
        """Of all that is read: the converter leaves weights out that it does not find."""
        named = {name: [each for each in main if self.name_of(each) == name and each.InputsLength()]
                 for name in ("READ_VARIABLE", "ASSIGN_VARIABLE")}  # fmt: skip
        read, assigned = ({self.keys.get(int(each.Inputs(0))) for each in named[name]}
                          for name in named)  # fmt: skip
        for _, name in sorted(read - assigned - set(self.contents) - {None}):
            raise self.error(
                f"variable '{name.decode(errors='replace')}' is read, but the file neither holds "
                "nor assigns its value: the converter has left the weights out; convert with "
                "from_saved_model (of model.export) or from_keras_model."
            )

    def error(self, message: str) -> GravenError:
        return GravenError(f"{self.source}: {message}")

    def operators(self, subgraph: int) -> list[tflite.Operator]:
        graph = self.model.Subgraphs(subgraph)
        return [graph.Operators(index) for index in range(graph.OperatorsLength())]

    def handles(self, operators: list[tflite.Operator]) -> dict[int, Key]:
        found = {}
        for each in operators:
            if self.name_of(each) == "VAR_HANDLE":
                options = _options(each, tflite.VarHandleOptions)
                key = (options.Container() or b"", options.SharedName() or b"")
                found[int(each.Outputs(0))] = key
        return found

    def read_contents(self, subgraph: int) -> None:
        """The constants that a subgraph which runs once assigns."""
        if not 0 < subgraph < self.model.SubgraphsLength():
            raise self.error(f"CALL_ONCE names subgraph {subgraph}, which the file lacks.")
        where, operators = f"subgraph {subgraph}, which runs once", self.operators(subgraph)
        keys = self.handles(operators)
        for each in operators:
            name = self.name_of(each)
            if name == "VAR_HANDLE":
                continue
            inputs = [int(each.Inputs(place)) for place in range(each.InputsLength())]
            if name != "ASSIGN_VARIABLE" or len(inputs) != 2 or inputs[0] not in keys:
                raise self.error(
                    f"{where}: has the operator {name}, expected ASSIGN_VARIABLE of constants; "
                    "export the model with variables that start as constants."
                )
            data = self.constant(self.model.Subgraphs(subgraph).Tensors(inputs[1]))
            if data is None:
                raise self.error(
                    f"{where}: assigns what is computed; export the model with variables that "
                    "start as constants."
                )
            self.contents[keys[inputs[0]]] = data

    def describe(self, operator: tflite.Operator) -> None:
        name = self.name_of(operator)
        if name == "READ_VARIABLE" and operator.InputsLength() and operator.OutputsLength():
            handle, like = int(operator.Inputs(0)), int(operator.Outputs(0))
        elif name == "ASSIGN_VARIABLE" and operator.InputsLength() == 2:
            handle, like = int(operator.Inputs(0)), int(operator.Inputs(1))
        else:
            return
        if handle not in self.same:
            raise self.error(
                f"{name}: names tensor {handle}, which no VAR_HANDLE makes; the file is damaged."
            )
        self.described.setdefault(self.same[handle], like)


def _options(operator: tflite.Operator, kind: type) -> object:
    stored = operator.BuiltinOptions()
    if stored is None:
        raise ValueError("an operator lacks its options")
    options = kind()
    options.Init(stored.Bytes, stored.Pos)
    return options
