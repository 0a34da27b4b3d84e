"""Long calls run in several threads: each takes a part of the items, or all of them share the loops of one item.

Items do not depend on each other, so that their results are the same to the bit. Sums that threads share are added up
in another order than in one thread, in the same order every time.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from functools import lru_cache, partial
from itertools import pairwise
from time import perf_counter
from typing import Any, Final

import numpy as np

Job = Callable[[], object]

WORTH: Final = 1e-4
"""Seconds from which a call is worth waking other threads."""

TRIALS: Final = 4
"""Calls in several threads after which these rest, if each call was hindered."""

ALONE: Final = 2
"""Calls in one thread that are measured first: memory may be new to one of them."""

REST: Final = 8
"""Calls for which threads rest at first; twice as many each time that they are tried again in vain."""

HINDERED: Final = 1.1
"""So many times as long as one thread's must calls in several be to rest: idle threads of other libraries keep spinning
for some milliseconds, in which ours gain nothing but lose little.
"""

_PATIENCE: Final = 1.0
"""Seconds after which a worker is woken again that has not finished."""

_VARIABLES = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS")


class Pace:
    """How long a call takes in one thread and in several: the first calls are measured, and decide about the others.

    `function` is the call in one thread, `shared` that in several.
    """

    def __init__(self, function: Callable[..., object], shared: Callable[..., object]) -> None:
        self.function, self.shared = function, shared
        self.alone: list[float] = []
        self.trials: list[float] = []
        self.resting, self.rest = 0, REST

    def run(self, *arguments: Any) -> object:
        """What the function gives, or all threads together."""
        if len(self.alone) < ALONE:
            return self._timed(self.alone, self.function, *arguments)
        if min(self.alone) < WORTH or thread_count() == 1:
            return self.function(*arguments)
        if self.resting:
            return self._rested(*arguments)
        found = self._timed(self.trials, self.shared, *arguments)
        self._judge()
        return found

    def _rested(self, *arguments: Any) -> object:
        """A call in one thread, which shows how long these take by now: other work may have taken the cache."""
        self.resting -= 1
        found = self._timed(self.alone, self.function, *arguments)
        del self.alone[:-TRIALS]
        return found

    def _timed(self, times: list[float], function: Callable[..., object], *arguments: Any) -> object:
        found, seconds = _timed(function, *arguments)
        times.append(seconds)
        return found

    def _judge(self) -> None:
        """Let the threads rest if they hinder, as where waking them takes longer than their share of the work."""
        if len(self.trials) >= TRIALS:
            if min(self.trials) > HINDERED * min(self.alone):
                self.resting, self.rest = self.rest, 2 * self.rest
            else:
                self.rest = REST
            self.trials = []


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

    def run(self, jobs: Sequence[Job], abandon: Callable[[], None] = lambda: None) -> list[object]:
        """What the jobs give that are done at once; the first error is raised when all have ended.

        `abandon` is called if the first job, which the calling thread does, comes to no end.
        """
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
            abandon()
            errors.append(error)
        errors += [worker.wait(job) for worker, job in pairs]
        _raise_first(errors)
        return found + [worker.found for worker, _ in pairs]


def _raise_first(errors: Sequence[BaseException | None]) -> None:
    """Raise an error, if there is one: rather its cause than what it brought about in other threads."""
    found = [error for error in errors if error is not None]
    for error in sorted(found, key=lambda error: isinstance(error, RuntimeError)):
        raise error


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


_LINE, _BROKEN = 8, 8
"""Numbers of a cache line; where a meeting says that a thread has failed."""


class Team:
    """Calls of a function each of whose items several threads share: it takes their team as a last argument.

    Arguments are always of the same types.
    `loading` is entered when Numba compiles the function for teams, or loads it: a team of one does that.
    """

    def __init__(self, function: Callable[..., object], loading: Callable[[], AbstractContextManager[None]]) -> None:
        self._function, self._loading = function, loading
        self._ready = False

    def run(self, *arguments: Any) -> bool:
        """Whether the function gave something true; while another call keeps the threads busy, in this one alone."""
        crew = _crew()
        if not self._ready:
            with self._loading():
                found = self._function(*arguments, solo())
            self._ready = True
            return bool(found)
        if not crew.busy.acquire(blocking=False):
            return bool(self._function(*arguments))
        try:
            count = thread_count()
            meeting = _meeting(count)
            jobs = [partial(self._part, arguments, (n, count, meeting)) for n in range(count)]
            return any(crew.run(jobs, partial(_break, meeting)))
        finally:
            crew.busy.release()

    def _part(self, arguments: Sequence[Any], team: tuple[int, int, Any]) -> object:
        try:
            return self._function(*arguments, team)
        except BaseException:
            _break(team[-1])
            raise


MakeTeam = Callable[[Callable[..., object]], Team]
"""What makes the team of a function."""


def solo() -> tuple[int, int, Any]:
    """A team of one thread."""
    return 0, 1, _meeting(1)


def _break(meeting: Any) -> None:
    """Tell the threads that one has failed: nobody waits for it any more."""
    meeting[_BROKEN] = 1


def _meeting(count: int) -> Any:
    """Where so many threads meet; what it holds is described in the module that generated kernels import."""
    return np.zeros(2 * _LINE * (1 + count), np.int64)
