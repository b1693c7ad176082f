"""graven: trained networks as C++ types.

model = graven.compile("model.onnx", calibrate=x, quantize="int8", target="cortex-m4")
model(x), model.predict(x), model.evaluate(x, y), model.memory(), model.save("model.hpp")
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from graven.api import Model as Model
    from graven.api import compile as compile
    from graven.api import prune as prune
    from graven.curves import Curve as Curve
    from graven.curves import curve as curve

API = {"Model": "api", "compile": "api", "prune": "api", "Curve": "curves", "curve": "curves"}


def __getattr__(name: str) -> Any:
    """The API, when it is asked for: the command must not wait for numpy to say its version."""
    if name in API:
        return getattr(importlib.import_module(f"graven.{API[name]}"), name)
    raise AttributeError(f"module 'graven' has no attribute '{name}'")
