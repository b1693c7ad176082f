"""What is supported: operators, element types and instruction sets. The layer modules say which
operators; operators.json, written by benchmarks/operators.py, what they and the compilers take.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from graven import ir, layers, unsupported
from graven.frontends import resources

NOT_OURS = ("IF", "WHILE", "TFLM_DECODE", "ethos-u")
"""Control flow is unrolled by whoever exports; compressed and foreign weights are not read."""

TFLM = """
    ABS ADD ADD_N ARG_MAX ARG_MIN ASSIGN_VARIABLE AVERAGE_POOL_2D BATCH_MATMUL BATCH_TO_SPACE_ND
    BROADCAST_ARGS BROADCAST_TO CALL_ONCE CAST CEIL CIRCULAR_BUFFER CONCATENATION CONV_2D COS CUMSUM
    DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE DIV DYNAMIC_UPDATE_SLICE ELU EMBEDDING_LOOKUP EQUAL
    EXP EXPAND_DIMS FILL FLOOR FLOOR_DIV FLOOR_MOD FULLY_CONNECTED GATHER GATHER_ND GREATER
    GREATER_EQUAL HARD_SWISH IF L2_NORMALIZATION L2_POOL_2D LEAKY_RELU LESS LESS_EQUAL LOG
    LOGICAL_AND LOGICAL_NOT LOGICAL_OR LOGISTIC LOG_SOFTMAX MAXIMUM MAX_POOL_2D MEAN MINIMUM
    MIRROR_PAD MUL NEG NOT_EQUAL PACK PAD PADV2 PRELU QUANTIZE READ_VARIABLE REDUCE_ALL REDUCE_MAX
    REDUCE_MIN RELU RELU6 RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR REVERSE_V2 ROUND RSQRT
    SELECT_V2 SHAPE SIN SLICE SOFTMAX SPACE_TO_BATCH_ND SPACE_TO_DEPTH SPLIT SPLIT_V SQRT SQUARE
    SQUARED_DIFFERENCE SQUEEZE STRIDED_SLICE SUB SUM SVDF SignalDelay SignalEnergy
    SignalFftAutoScale SignalFilterBank SignalFilterBankLog SignalFilterBankSpectralSubtraction
    SignalFilterBankSquareRoot SignalFramer SignalIrfft SignalOverlapAdd SignalPCAN SignalRfft
    SignalStacker SignalWindow TANH TFLM_DECODE TFLite_Detection_PostProcess TRANSPOSE
    TRANSPOSE_CONV UNIDIRECTIONAL_SEQUENCE_LSTM UNPACK VAR_HANDLE WHILE ZEROS_LIKE
"""
"""What the package tflite-micro registers; a test asks it."""


def of_tflm() -> tuple[str, ...]:
    """What TensorFlow Lite Micro has and graven wants to have."""
    return tuple(name for name in TFLM.split() if name not in NOT_OURS)


@dataclass(frozen=True)
class Support:
    operator: str
    elements: tuple[str, ...]  # of its first activation
    folded: bool  # it is never computed on the target: its inputs are constants
    kernels: dict[str, list[str]]  # by instruction set: elements with a kernel beside scalar's


def table() -> list[Support]:
    """Every operator of a file that is read, by name."""
    known = recorded()
    return [
        Support(
            name,
            tuple(known["elements"].get(name, ())),
            name not in known["elements"],
            {isa: found[name] for isa, found in known["kernels"].items() if name in found},
        )
        for name in sorted(layers.modules())
        if name in unsupported.BUILTIN or (layers.is_custom(name) and name in known["elements"])
    ]


def missing() -> list[str]:
    """What TensorFlow Lite Micro has and graven lacks."""
    return sorted(set(of_tflm()) - layers.modules().keys() - set(resources.SILENT))


@functools.cache
def recorded() -> dict[str, dict[str, Any]]:
    """`elements`: by operator; `kernels`: elements by instruction set and operator."""
    return json.loads(Path(__file__).with_name("operators.json").read_text())


def as_json() -> dict[str, Any]:
    return {
        each.operator: {
            "elements": list(each.elements),
            "constants_only": each.folded,
            "kernels": each.kernels,
        }
        for each in table()
    }


# -- as a table -----------------------------------------------------------------------------------


def cells() -> list[list[str]]:
    """The heading, then a line per operator."""
    rows = table()
    elements = [each.value for each in ir.Element]
    shown = [each for each in elements if any(each in row.elements for row in rows)]
    isas = list(recorded()["kernels"])
    lines = [["operator", *shown, "constants", *isas]]
    for row in rows:
        has = ["x" if element in row.elements else "" for element in shown]
        folded = "x" if row.folded else ""
        lines.append([row.operator, *has, folded, *(_own(row, isa) for isa in isas)])
    return lines


def _own(row: Support, isa: str) -> str:
    """Which of its elements have a kernel of the instruction set's own."""
    own = [element for element in row.elements if element in row.kernels.get(isa, ())]
    return "x" if own and len(own) == len(row.elements) else " ".join(own)


LEGEND = (
    "x: supported; for an instruction set: it has a kernel of its own for every one of these "
    "element types (or none is needed), else for those that stand there: the others run the one of "
    "scalar. constants: only of them, of whatever type; it is computed before C++ is written."
)


def show(console: Console) -> None:
    heading, *rows = cells()
    lines = Table()
    for place, title in enumerate(heading):
        lines.add_column(title, justify="center" if place else "left")
    for row in rows:
        lines.add_row(*row)
    console.print(lines)
    console.print(LEGEND, highlight=False, markup=False)


def markdown() -> str:
    heading, *rows = cells()
    lines = [heading, [":-:" if place else "---" for place in range(len(heading))], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
