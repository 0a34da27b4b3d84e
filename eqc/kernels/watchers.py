"""Threads that watch for calls of compiled kernels: they are handed over and given back without Python's lock.

A call takes less than a microsecond to reach a thread that watches. One that nothing was given to for a while sleeps,
and is woken again.
"""

from __future__ import annotations

import os
import threading
from functools import cache
from time import perf_counter
from types import ModuleType
from typing import Any, Final

import numpy as np

from eqc.kernels.processors import keep_off

WATCHED: Final = 1e-4
"""Seconds after which a thread that watches its post sleeps: about as many as it takes to wake it."""

SOON: Final = 4e-6
"""Seconds for which a short call waits for threads that watch."""

LATER: Final = 1e-4
"""Seconds for which a long call waits at least for those that it wakes."""

_LOOKS: Final = 2000
"""Looks whose time is taken: processors differ tenfold in how long they pause after each."""

DENSE: Final = 5e-4
"""Seconds in which another short call must come for threads to be woken: they are for the calls that follow."""


_LINE: Final = 8
"""Numbers of a line of the cache."""


class Watch:
    """Threads that take part in calls, one call at a time; `runtime` is what the project's kernels import for it.

    `count` is how many threads there are with the one that calls.
    """

    def __init__(self, runtime: ModuleType, count: int) -> None:
        self.runtime, self.count = runtime, count
        self.begin()

    def begin(self) -> None:
        """Forget the threads, as a forked process must: it has none of them. They are started when they are woken."""
        self.busy = threading.Lock()
        self.posts = np.zeros((self.count - 1) * self.runtime.POST, np.int64)
        self.meeting = meeting_of(self.count)
        self.runtime.make_beds(self.posts)
        self._look = min(self._time_looks() for _ in range(3))
        self.patience = self._soon = self._looks(SOON), False
        self._threads: list[threading.Thread] = []
        self._places = range(self.runtime.STATE, len(self.posts), self.runtime.POST)
        self._asked = 0.0

    def ready(self, patience: float) -> bool:
        """Whether all threads watch, or a call may wait for so many seconds; those that sleep may be woken."""
        if patience:
            self.patience = self._looks(max(LATER, patience)), True
            if not self._watching():
                keep_off(self._threads)  # the call wakes those that sleep
            return bool(self._threads) or self._wake()
        self.patience = self._soon
        return self._watching() or self._asks()

    def _watching(self) -> bool:
        """Whether no thread sleeps."""
        return bool(min(map(self.posts.item, self._places)) >= self.runtime.READY)

    def _asks(self) -> bool:
        """Wake threads that sleep if calls come so soon after each other that they are worth it; not for this call."""
        now = perf_counter()
        if now < self._asked + DENSE:
            self._wake()
        self._asked = now
        return False

    def _wake(self) -> bool:
        """Start the threads, or wake them, unless they are at work; whether they are there."""
        if not self.busy.acquire(blocking=False):
            return False
        try:
            keep_off(self._threads)
            self.runtime.wake(self.posts)
            if not self._threads:
                self._start()
        finally:
            self.busy.release()
        return True

    def _start(self) -> None:
        for post in range(0, len(self.posts), self.runtime.POST):
            arguments = self.posts, post, self._looks(WATCHED)
            thread = threading.Thread(target=self.runtime.serve, args=arguments, name="eqc", daemon=True)
            thread.start()
            self._threads.append(thread)
        keep_off(self._threads)

    def _looks(self, seconds: float) -> int:
        """How many looks take so long."""
        return max(1, int(seconds / self._look))

    def _time_looks(self) -> float:
        """Seconds that a look at a post takes, with the pause after it."""
        start = perf_counter()
        self.runtime.idle(self.posts, _LOOKS)
        return (perf_counter() - start) / _LOOKS


def meeting_of(count: int) -> Any:
    """Where so many threads meet; what it holds is described in the module that generated kernels import."""
    return np.zeros(2 * _LINE * (1 + count), np.int64)


@cache
def watch_of(runtime: ModuleType, count: int) -> Watch:
    """The threads for the kernels of a project, all calls of which share them."""
    none = np.zeros(0, np.int64)
    calls = (runtime.make_beds, ()), (runtime.wake, ()), (runtime.idle, (0,)), (runtime.serve, (0, 0))
    for function, numbers in calls:
        runtime.entry_of(function, (none, *numbers))
    watch = Watch(runtime, count)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=watch.begin)
    return watch
