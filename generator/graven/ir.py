"""The network as the generator sees it: what a front end produces and everything later reads.

Shapes are the original's, batch axis included; images are NHWC. Nothing here computes; a front end
has checked every index and size before it builds one of these.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

import numpy as np


class Element(Enum):
    """Element type of a tensor; the value is the numpy name and the C++ name in graven::Element."""

    INT4 = "int4"  # weights alone, one per int8 here
    INT8 = "int8"
    UINT8 = "uint8"
    INT16 = "int16"
    INT32 = "int32"
    INT64 = "int64"
    UINT32 = "uint32"
    UINT64 = "uint64"
    FLOAT16 = "float16"  # constants alone
    FLOAT32 = "float32"
    BOOLEAN = "bool"

    @property
    def dtype(self) -> np.dtype:
        return np.dtype(np.int8 if self is Element.INT4 else self.value)


@dataclass(frozen=True)
class Quantization:
    """real = scale * (q - zero_point); one pair per tensor, or one per index along `axis`."""

    scale: tuple[float, ...]  # each exactly representable as float32
    zero_point: tuple[int, ...]
    axis: int = 0


@dataclass(frozen=True, eq=False)
class Tensor:
    index: int  # in the original file
    name: str
    shape: tuple[int, ...]
    element: Element
    quantization: Quantization | None
    data: np.ndarray | None  # constants only; shape and dtype agree with the fields above
    initial: np.ndarray | None = None  # variables only: what a reset leaves in them

    @property
    def is_variable(self) -> bool:
        """Does it last from run to run? Operators that read it write its new content."""
        return self.initial is not None


class Layer:
    """Base of the option records in graven.layers: one frozen dataclass per operator."""


@dataclass(frozen=True)
class Operator:
    index: int  # in the original file
    name: str  # TFLite's name, e.g. CONV_2D
    layer: Layer
    inputs: tuple[int, ...]  # tensor indices; -1 for an absent optional input
    outputs: tuple[int, ...]

    @property
    def output(self) -> int:
        """Of an operator that has one."""
        (index,) = self.outputs
        return index

    @property
    def known_by(self) -> int:
        """The tensor that an operator goes by: its first output, or the variable it assigns."""
        return (*self.outputs, *self.inputs)[0]


@dataclass(frozen=True)
class Network:
    name: str
    source: str  # file name without its folder
    description: str
    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]  # in execution order
    inputs: tuple[int, ...]  # tensor indices
    outputs: tuple[int, ...]

    @property
    def variables(self) -> tuple[Tensor, ...]:
        return tuple(tensor for tensor in self.tensors if tensor.is_variable)

    def order(self, tensor: Tensor) -> str | None:
        """How the axes of an input or output lie: NHWC, or such as 01342 of the model's own axes;
        None where no front end says it."""
        stated = rf"(?:^|, ){re.escape(tensor.name)} ([A-Z]+|\d+)(?=, |$)"
        found = re.search(stated, self.description)
        return found[1] if found else None
