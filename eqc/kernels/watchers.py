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

LOOK: Final = 1e-7
"""Seconds that a look at a post takes, with the pause after it."""

WATCHED: Final = 2500
"""Looks at its post after which a thread sleeps: some 100 µs, about as long as it takes to wake it."""

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
        self.patience = self.runtime.SOON
        self.runtime.make_beds(self.posts)
        self._has_threads = False
        self._places = range(self.runtime.STATE, len(self.posts), self.runtime.POST)
        self._asked = 0.0

    def ready(self, patience: float) -> bool:
        """Whether all threads watch, or a call may wait for so many seconds; those that sleep may be woken."""
        runtime = self.runtime
        if patience:
            self.patience = max(runtime.LATER, int(patience / LOOK))
            return self._has_threads or self._wake()
        self.patience = runtime.SOON
        for place in self._places:
            if self.posts.item(place) < runtime.READY:
                return self._asks()
        return True

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
            self.runtime.wake(self.posts)
            if not self._has_threads:
                self._start()
        finally:
            self.busy.release()
        return True

    def _start(self) -> None:
        self._has_threads = True
        for post in range(0, len(self.posts), self.runtime.POST):
            arguments = self.posts, post, WATCHED
            threading.Thread(target=self.runtime.serve, args=arguments, name="eqc", daemon=True).start()


def meeting_of(count: int) -> Any:
    """Where so many threads meet; what it holds is described in the module that generated kernels import."""
    return np.zeros(2 * _LINE * (1 + count), np.int64)


@cache
def watch_of(runtime: ModuleType, count: int) -> Watch:
    """The threads for the kernels of a project, all calls of which share them."""
    watch = Watch(runtime, count)
    runtime.wake(watch.posts[:0])
    runtime.serve.compile(tuple(map(runtime.serve.typeof_pyval, (watch.posts, 0, 0))))
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=watch.begin)
    return watch
