"""Work in other processes, item by item: one that dies or takes too long costs only the item that it had in hand."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import inf, isfinite
from multiprocessing.connection import Connection, wait
from time import monotonic
from typing import Final

Work = Callable[[str], bytes]
"""What is done with an item, which gives some bytes; it must be picklable."""

DEATHS: Final = 5
"""So many processes that die one after the other mean that none can work here."""

_SPAWN: Final = multiprocessing.get_context("spawn")  # a forked child that runs a parallel kernel dies with OpenMP


_STARTED: Final = b""


@dataclass(frozen=True, slots=True)
class Lost:
    """An item that came to nothing: its process died, or was ended because it was `late`."""

    late: bool


def results(
    work: Work, items: Sequence[str], count: int, limit: float = inf, turns: float = inf
) -> Iterator[tuple[str, bytes | Lost]]:
    """What `work` gives for every item, as it comes.

    `limit` is in seconds for each; after so many `turns` a process makes room for a new one, with the memory it holds.
    """
    waiting, busy, idle = deque(items), list[_Worker](), list[_Worker]()
    deaths = 0
    try:
        while busy or (waiting and deaths < DEATHS):
            while waiting and deaths < DEATHS and len(busy) < count:
                busy.append(idle.pop() if idle else _Worker(work, limit))
                busy[-1].take(waiting.popleft())
            for worker in _finished(busy):
                result = worker.result()
                if result == _STARTED:
                    continue
                busy.remove(worker)
                if isinstance(result, bytes) and worker.turns < turns:
                    idle.append(worker)
                else:
                    worker.end()
                deaths = deaths + 1 if result == Lost(late=False) else 0
                yield worker.item, result
        yield from ((item, Lost(late=False)) for item in waiting)
    finally:
        for worker in (*busy, *idle):
            worker.end()


class _Worker:
    """A process that is given one item after the other."""

    def __init__(self, work: Work, limit: float) -> None:
        self.item, self.limit, self.turns = "", limit, 0
        self.started, self.deadline = False, inf
        self.connection, other = _SPAWN.Pipe()
        self.process = _SPAWN.Process(target=_serve, args=(other, work), daemon=True)
        self.process.start()
        other.close()

    def take(self, item: str) -> None:
        """Begin with an item."""
        self.item = item
        self.turns += 1
        self._set_clock()
        with suppress(OSError):  # the process has died: there will be no result
            self.connection.send(item)

    def _set_clock(self) -> None:
        """Give an item its time, of which none is spent before the process has started."""
        self.deadline = monotonic() + self.limit if self.started else inf

    def result(self) -> bytes | Lost:
        """What came of the item, once it is finished or late; or that the process has started."""
        if not self.connection.poll():
            self.end()
            return Lost(late=True)
        try:
            result = self.connection.recv_bytes()
        except (EOFError, OSError):
            self.end()
            return Lost(late=False)
        if result == _STARTED:
            self.started = True
            self._set_clock()
        return result

    def end(self) -> None:
        """Stop it, whatever it does."""
        self.process.kill()
        self.process.join()
        self.connection.close()


def _finished(busy: Sequence[_Worker]) -> list[_Worker]:
    """Wait for workers that have a result, or are late."""
    soonest = min(worker.deadline for worker in busy)
    ready = wait([worker.connection for worker in busy], soonest - monotonic() if isfinite(soonest) else None)
    return [worker for worker in busy if worker.connection in ready or monotonic() >= worker.deadline]


def _serve(connection: Connection, work: Work) -> None:
    """Do what comes until the other side closes."""
    with suppress(EOFError):
        connection.send_bytes(_STARTED)
        while True:
            connection.send_bytes(work(connection.recv()))
