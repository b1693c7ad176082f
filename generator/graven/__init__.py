"""graven: trained networks as C++ types.

model = graven.compile("model.onnx", calibrate=x, quantize="int8", target="cortex-m4")
model(x), model.predict(x), model.evaluate(x, y), model.memory(), model.save("model.hpp")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from graven.api import Model as Model
    from graven.api import compile as compile

API = ("Model", "compile")


def __getattr__(name: str) -> Any:
    """The API, when it is asked for: the command must not wait for numpy to say its version."""
    if name in API:
        from graven import api

        return getattr(api, name)
    raise AttributeError(f"module 'graven' has no attribute '{name}'")
