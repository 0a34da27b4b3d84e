"""Which calls are run by several threads: those that prove to be long enough, where several do prove to be faster."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any, Final, Protocol

ALONE: Final = 2
"""Calls in one thread that are measured first: memory may be new to one of them."""

MEASURED: Final = 8
"""Calls in one thread of which one is worth it, or none ever is."""

LONG: Final = 1e-4
"""Seconds from which a call is worth at once what it takes to have a function for several threads."""

SPENT: Final = 5e-3
"""Seconds that shorter calls have taken together when it is."""

PATIENT: Final = 3e-4
"""Seconds from which a call is worth waiting for threads that have to be woken."""

WAITED: Final = 0.2
"""For this part of its time such a call waits at most: another library's thread may keep a processor for a while."""

ENDURING: Final = 1e-2
"""Seconds from which a call outlasts what hinders its threads: they never rest."""

TRIALS: Final = 4
"""Calls in several threads after which these rest, if each call was hindered."""

FEW: Final = 2
"""As many of calls that wait for threads: one that is hindered may take milliseconds longer."""

TRUSTED: Final = 28
"""Short calls in several threads that are not measured after these were found to help."""

REST: Final = 8
"""Short calls for which threads rest at first; twice as many each time that they are tried again in vain."""

SPINNING: Final = 5e-3
"""Seconds for which they rest at first from calls that wait for them: for so long other libraries' threads spin."""

LONGEST: Final = 8
"""So many times as long they rest at most."""

HINDERED: Final = 1.1
"""So many times as long as one thread's must calls in several be to rest: idle threads of other libraries keep spinning
for some milliseconds, in which ours gain nothing but lose little.
"""


class Several(Protocol):
    """A call by several threads."""

    worth: float
    """Seconds that the call takes in one thread from which it can be faster."""

    def ready(self, patience: float) -> bool:
        """Whether the threads are there, or a call may wait for them, for so many seconds."""
        ...

    def run(self, *arguments: Any) -> object:
        """What the call gives."""
        ...


class Pace:
    """How long a call takes in one thread and in several: the first calls are measured, and decide about the others.

    `function` is the call in one thread. Its arguments have the same types and shapes each time. Short calls take the
    `way` that there is by now, which wants the arguments as a tuple.
    """

    def __init__(self, function: Callable[..., object], several: Several) -> None:
        self.function, self.several = function, several
        self.way: Callable[[tuple[Any, ...]], object] = self._measured
        self._alone: list[float] = []
        self._trials: list[float] = []
        self._calls, self._spent = 0, 0.0
        self._trusted, self._resting = 0, 0
        self._patience = 0.0
        self._rest = self._first_rest = REST

    def run(self, *arguments: Any) -> object:
        """What the function gives, or all threads together."""
        return self.way(arguments)

    def _measured(self, arguments: tuple[Any, ...]) -> object:
        """One of the first calls, in one thread."""
        found = self._by_one(arguments)
        self._calls += 1
        self._spent += self._alone[-1]
        least = min(self._alone)
        if least < self.several.worth:
            if self._calls >= MEASURED:
                self.way = self._untimed
        elif self._calls >= ALONE and (least >= LONG or self._spent >= SPENT):
            if least >= PATIENT:
                self._patience = WAITED * least
                self._rest = self._first_rest = max(1, round(SPINNING / least))
            self.way = self._by_all if least < ENDURING else self._always
        return found

    def _untimed(self, arguments: tuple[Any, ...]) -> object:
        return self.function(*arguments)

    def _by_one(self, arguments: tuple[Any, ...]) -> object:
        found, seconds = _timed(self.function, *arguments)
        self._alone = [*self._alone[1 - TRIALS :], seconds]
        return found

    def _by_all(self, arguments: tuple[Any, ...]) -> object:
        if self._resting:  # how long does one thread take by now? Other work may have taken the cache.
            self._resting -= 1
            return self._by_one(arguments)
        if not self.several.ready(self._patience):
            return self.function(*arguments)
        if self._trusted:
            self._trusted -= 1
            return self.several.run(*arguments)
        found, seconds = _timed(self.several.run, *arguments)
        self._trials.append(seconds)
        if len(self._trials) >= (FEW if self._patience else TRIALS):
            self._judge()
        return found

    def _always(self, arguments: tuple[Any, ...]) -> object:
        run = self.several.run if self.several.ready(self._patience) else self.function
        return run(*arguments)

    def _judge(self) -> None:
        """Let the threads rest if they hinder, as where waking them takes longer than their share of the work."""
        if min(self._trials) > HINDERED * min(self._alone):
            self._resting, self._rest = self._rest, min(2 * self._rest, LONGEST * self._first_rest)
        else:
            self._trusted, self._rest = 0 if self._patience else TRUSTED, self._first_rest
        self._trials = []


def _timed(function: Callable[..., object], *arguments: Any) -> tuple[object, float]:
    start = perf_counter()
    found = function(*arguments)
    return found, perf_counter() - start
