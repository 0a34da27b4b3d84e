"""Long calls over many items run in several threads, each on a part of the items.

Items do not depend on each other, so that results are the same to the bit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise
from time import perf_counter
from typing import Any, Final

WORTH: Final = 2.5e-4
"""Seconds from which a call is worth waking other threads."""

TRIALS: Final = 4
"""Calls in several threads after which they are given up, if each took longer than one thread."""

_VARIABLES = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS")


class Pace:
    """How long a call takes in one thread and in several: the first calls are measured, and decide about the others."""

    def __init__(self) -> None:
        self.seconds: float | None = None
        self.shared: list[float] = []

    def run(self, function: Callable[..., object], items: int, *arguments: Any) -> object:
        """Call a function that takes arrays with `items` as their leading axis; what it gives, for any part of them."""
        if self.seconds is None:
            found, self.seconds = _timed(function, *arguments)
        elif self.seconds < WORTH or thread_count() == 1 or self._is_slower_shared():
            found = function(*arguments)
        else:
            count = min(items, thread_count())
            found, seconds = _timed(in_parts, function, arguments, items, count)
            self.shared = [*self.shared, seconds][:TRIALS]
        return found

    def _is_slower_shared(self) -> bool:
        """Whether threads never helped, as where other work keeps the processors busy."""
        return len(self.shared) == TRIALS and min(self.shared) > (self.seconds or 0.0)


def _timed(function: Callable[..., object], *arguments: Any) -> tuple[object, float]:
    start = perf_counter()
    found = function(*arguments)
    return found, perf_counter() - start


def thread_count() -> int:
    """As many threads as the environment allows Numba or OpenMP, or else as there are processors."""
    given = [os.environ[name] for name in _VARIABLES if os.environ.get(name, "").isdigit()]
    return max(1, int(given[0])) if given else _processors()


def _processors() -> int:
    """As many as this process may use, where the system says so."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_parts(function: Callable[..., object], arguments: Sequence[Any], items: int, count: int) -> bool:
    """Call a function on `count` parts of the items at once; the first error is raised once all are done.

    Arrays with one item, and numbers, serve all parts. Tells whether it gave something true for a part.

    >>> x, y = np.arange(5.0), np.empty(5)
    >>> in_parts(lambda x, k, y: np.multiply(x, k, out=y).max() > 7, (x, 2, y), 5, 2)
    True
    >>> y
    array([0., 2., 4., 6., 8.])
    """
    bounds = [items * n // count for n in range(count + 1)]
    parts = [[part_of(a, low, high) for a in arguments] for low, high in pairwise(bounds)]
    others = [_threads().submit(function, *part) for part in parts[1:]]
    try:
        found = [function(*parts[0])]
    finally:
        errors = [error for other in others if (error := other.exception()) is not None]
    for error in errors:
        raise error
    return any([*found, *(other.result() for other in others)])


def part_of(argument: Any, low: int, high: int) -> Any:
    """What an argument is for some of the items; one item serves all."""
    return argument if isinstance(argument, int) or argument.shape[0] == 1 else argument[low:high]


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(1, thread_count() - 1), thread_name_prefix="eqc")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_threads.cache_clear)
