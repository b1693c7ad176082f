"""numpy's products of matrices on one thread.

A network's products are small and many. OpenBLAS wakes its other threads for each, and these then
wait for the next one by spinning, a tenth of a second (2^28 ticks): cores that are busy with
nothing, and on a machine that does something else as well, a product that waits for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from threading import Lock
from typing import ParamSpec, TypeVar

from threadpoolctl import ThreadpoolController

P, R = ParamSpec("P"), TypeVar("R")


@cache
def _loaded() -> ThreadpoolController:
    """Of the libraries that this process has loaded; to ask takes a moment, numpy's is there."""
    return ThreadpoolController()


class _Limit:
    """For the process as a whole, whose threads may ask for it at once: the first sets it, and the
    last takes it back."""

    def __init__(self) -> None:
        self.lock, self.users = Lock(), 0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self.lock:
            if self.users == 0:
                self.set = _loaded().limit(limits=1, user_api="blas")
            self.users += 1
        try:
            yield
        finally:
            with self.lock:
                self.users -= 1
                if self.users == 0:
                    self.set.restore_original_limits()


_one_thread = _Limit()


def on_one_thread(function: Callable[P, R]) -> Callable[P, R]:
    """While it runs; what the process had before holds behind it."""

    @wraps(function)
    def limited(*args: P.args, **kwargs: P.kwargs) -> R:
        with _one_thread():
            return function(*args, **kwargs)

    return limited
