"""One module per layer, found by looking into this folder; nothing else lists them.

A module has
    OPERATORS   TensorFlow Lite's names of what it reads
    OPTIONS     the schema's name of its option table, or None
    a record    a frozen dataclass, subclass of ir.Layer
    read(node) -> record               decodes the options, checks shapes and constants
    options(record) -> {name: value}   the inverse of read, for writing a file
    cpp(record, node) -> Cpp           its C++ type, and what its parameter record holds
    reference(record, node, values) -> the output, by numpy
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from types import ModuleType


@functools.cache
def modules() -> dict[str, ModuleType]:
    """Layer modules by operator name."""
    found: dict[str, ModuleType] = {}
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{__name__}.{info.name}")
        found.update({operator: module for operator in module.OPERATORS})
    return found
