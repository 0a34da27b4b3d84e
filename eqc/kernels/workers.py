"""Work in Python on parts of the items, in several threads at once.

Items do not depend on each other, so that their results are the same to the bit as in one thread.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any, Final

Job = Callable[[], object]

_PATIENCE: Final = 1.0
"""Seconds after which a worker is woken again that has not finished."""

_VARIABLES = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS")


def thread_count() -> int:
    """As many threads as the environment allows Numba or OpenMP, or else as there are processors."""
    given = [os.environ[name] for name in _VARIABLES if os.environ.get(name, "").isdigit()]
    return max(1, int(given[0])) if given else _processors()


def _processors() -> int:
    """As many as this process may use, where the system says so."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# threads that wait for work -----------------------------------------------------------------------------------------


class _Worker:
    """A thread that does one job after another.

    Two locks wake it and the caller, which takes less time than queues. What counts is `_finished`: a lock may be open
    once too often, or after an interruption too seldom.
    """

    def __init__(self) -> None:
        self._given, self._done = threading.Lock(), threading.Lock()
        self._given.acquire()
        self._job: Job | None = None
        self._error: BaseException | None = None
        self._finished = True
        self.found: object = None
        threading.Thread(target=self._work, name="eqc", daemon=True).start()

    def _work(self) -> None:
        while True:
            self._given.acquire()
            if self._finished or self._job is None:
                continue
            try:
                self.found = self._job()
            except BaseException as error:  # noqa: BLE001 (it is raised where the job came from)
                self._error = error
            self._finished = True
            _open(self._done)

    def start(self, job: Job) -> None:
        """Begin with a job."""
        self._done.acquire(blocking=False)
        self.found, self._error, self._job = None, None, job
        self._finished = False
        _open(self._given)

    def wait(self, job: Job) -> BaseException | None:
        """Wait until a job is done, if it was begun, whatever happens: it uses the caller's memory. Its error."""
        interruption = None
        while self._job is job and not self._finished:
            try:
                if not self._done.acquire(timeout=_PATIENCE):
                    _open(self._given)
            except BaseException as error:  # noqa: BLE001 (raised later)
                interruption = error
        failure, self._job, self._error = self._error, None, None
        return interruption or failure


def _open(lock: threading.Lock) -> None:
    with suppress(RuntimeError):  # it is open
        lock.release()


class Crew:
    """All workers of a process, of which one call at a time makes use."""

    def __init__(self) -> None:
        self.busy = threading.Lock()
        self._workers: list[_Worker] = []

    def run(self, jobs: Sequence[Job]) -> list[object]:
        """What the jobs give that are done at once; the first error is raised when all have ended."""
        first, *others = jobs
        self._workers += [_Worker() for _ in range(len(others) - len(self._workers))]
        pairs = list(zip(self._workers, others, strict=False))
        errors: list[BaseException | None] = []
        found: list[object] = []
        try:
            for worker, job in pairs:
                worker.start(job)
            found.append(first())
        except BaseException as error:  # noqa: BLE001 (raised below)
            errors.append(error)
        errors += [worker.wait(job) for worker, job in pairs]
        for failure in errors:
            if failure is not None:
                raise failure
        return found + [worker.found for worker, _ in pairs]


@lru_cache(maxsize=1)
def _crew() -> Crew:
    return Crew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_crew.cache_clear)


# what they do together ----------------------------------------------------------------------------------------------


def in_parts(function: Callable[..., object], arguments: Sequence[Any], items: int, count: int) -> bool:
    """Call a function on `count` parts of the items at once; the first error is raised once all are done.

    Arrays with one item, and numbers, serve all parts. Tells whether it gave something true for a part. While another
    call keeps the threads busy, this one does without them.

    >>> import numpy as np
    >>> x, y = np.arange(5.0), np.empty(5)
    >>> in_parts(lambda x, k, y: np.multiply(x, k, out=y).max() > 7, (x, 2, y), 5, 2)
    True
    >>> y
    array([0., 2., 4., 6., 8.])
    """
    crew = _crew()
    if not crew.busy.acquire(blocking=False):
        return bool(function(*arguments))
    try:
        bounds = [items * n // count for n in range(count + 1)]
        parts = [[part_of(a, low, high) for a in arguments] for low, high in pairwise(bounds)]
        return any(crew.run([partial(function, *part) for part in parts]))
    finally:
        crew.busy.release()


def part_of(argument: Any, low: int, high: int) -> Any:
    """What an argument is for some of the items; one item serves all."""
    return argument if isinstance(argument, int) or argument.shape[0] == 1 else argument[low:high]
