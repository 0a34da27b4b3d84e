"""Calls of compiled kernels by several threads: each takes a part of the items, or all of them share every item.

Items do not depend on each other, so that their results are the same to the bit. Sums that threads share are added up
in another order than in one thread, and in the same order whenever as many threads take part.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any, Final

from eqc.kernels.direct import opened
from eqc.kernels.watchers import Watch, meeting_of, watch_of
from eqc.kernels.workers import thread_count

WORTH: Final = 1e-5
"""Seconds in one thread from which a call can be faster in several."""

Loading = Callable[[], AbstractContextManager[None]]
"""What is entered when Numba compiles a function, or loads it."""


class Shared:
    """Calls of a compiled function by several threads; arguments are of the same types each time.

    Each thread takes a part of the `items`; if none are given, the function takes the threads' team as a last argument,
    and they share every item. `alone` is the call by one thread, if it is not the function's own.
    """

    def __init__(
        self, function: Any, loading: Loading, items: int | None = None, alone: Callable[..., object] | None = None
    ) -> None:
        self.worth = WORTH if thread_count() > 1 and hasattr(function, "overloads") else math.inf
        self._function, self._loading, self._items = function, loading, items
        self._alone: Callable[..., object] = alone or function
        self._launch: Callable[..., int] | None = None
        self._address, self._like, self._fine = 0, None, 0
        self._watch: Watch

    def ready(self, patience: float) -> bool:
        """Whether the threads are there, or a call may wait for them, for so many seconds."""
        return self._launch is None or self._watch.ready(patience)

    def run(self, *arguments: Any) -> bool:
        """Whether the function gave something true; while another call keeps the threads busy, in this one alone."""
        if self._launch is None:
            with self._loading():
                return self._first(arguments)
        watch = self._watch
        if not watch.busy.acquire(blocking=False):
            return bool(self._alone(*arguments))
        try:
            common = self._items or watch.meeting
            found = self._launch(self._address, self._like, watch.posts, watch.patience, common, arguments)
        finally:
            watch.busy.release()
        return found != self._fine and self._unusual(found, arguments)

    def _first(self, arguments: tuple[Any, ...]) -> bool:
        """The first call, in one thread: what later ones need is compiled, or loaded."""
        runtime = import_module(f"{self._function.__module__.split('.')[0]}._team.launch")
        self._watch = watch_of(runtime, thread_count())
        ended = arguments if self._items is not None else (*arguments, solo())
        entry, rest = opened(self._function, ended)
        found = bool(entry(*ended, *rest))
        self._address, self._like = runtime.compiled(self._function, ended)
        launch = runtime.launch_team if self._items is None else runtime.launch_items
        self._fine, watch = runtime.FINE, self._watch
        given = self._address, self._like, watch.posts, watch.patience, self._items or watch.meeting, arguments
        self._launch = runtime.entry_of(launch, given)
        return found

    def _unusual(self, found: int, arguments: tuple[Any, ...]) -> bool:
        """Whether a result is not finite; a call that failed is made again in one thread, which says why."""
        if found == self._watch.runtime.LOST:
            return True
        self._alone(*arguments)
        raise RuntimeError("a thread of this call failed, for want of memory perhaps")


MakeShared = Callable[..., Shared]
"""What makes calls of a function by several threads."""


def solo() -> tuple[int, int, Any]:
    """A team of one thread."""
    return 0, 1, meeting_of(1)
