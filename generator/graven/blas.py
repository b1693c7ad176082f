"""numpy's products of matrices on one thread.

A network's products are small and many. OpenBLAS wakes its other threads for each, and these then
wait for the next one by spinning, a tenth of a second (2^28 ticks): cores that are busy with
nothing, and on a machine that does something else as well, a product that waits for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cache, wraps
from threading import Lock
from typing import ParamSpec, TypeVar

from threadpoolctl import ThreadpoolController

P, R = ParamSpec("P"), TypeVar("R")


@cache
def _loaded() -> ThreadpoolController:
    """Of the libraries that this process has loaded; to ask takes a moment, numpy's is there."""
    return ThreadpoolController()


_one_at_a_time = Lock()


@contextmanager
def _one_thread() -> Iterator[None]:
    """For the process as a whole, and some libraries take it from the thread alone that first used
    them: who finds it set leaves it to whoever did that, and computes on as it then is."""
    mine = _one_at_a_time.acquire(blocking=False)
    try:
        with _loaded().limit(limits=1, user_api="blas") if mine else nullcontext():
            yield
    finally:
        if mine:
            _one_at_a_time.release()


def on_one_thread(function: Callable[P, R]) -> Callable[P, R]:
    """While it runs; what the process had before holds behind it."""

    @wraps(function)
    def limited(*args: P.args, **kwargs: P.kwargs) -> R:
        with _one_thread():
            return function(*args, **kwargs)

    return limited
