"""numpy's products of matrices on one thread.

A network's products are small and many. OpenBLAS wakes its other threads for each, and these then
wait for the next one by spinning, a tenth of a second (2^28 ticks): cores that are busy with
nothing, and on a machine that does something else as well, a product that waits for them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import ParamSpec, TypeVar

from threadpoolctl import ThreadpoolController

P, R = ParamSpec("P"), TypeVar("R")


@cache
def _loaded() -> ThreadpoolController:
    """Of the libraries that this process has loaded; to ask takes a moment, numpy's is there."""
    return ThreadpoolController()


def on_one_thread(function: Callable[P, R]) -> Callable[P, R]:
    """While it runs; what the process had before holds behind it."""

    @wraps(function)
    def limited(*args: P.args, **kwargs: P.kwargs) -> R:
        with _loaded().limit(limits=1, user_api="blas"):
            return function(*args, **kwargs)

    return limited
