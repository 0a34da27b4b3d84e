"""What `eqc.emit._team` is for compiled code, for threads that run plain Python."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np


class Broken(Exception):
    """Another thread has failed."""


class Meeting:
    """Where threads meet and hand things over; they take turns, so that what they should wait for is never there yet.

    In every stretch between two meetings, one thread after the other runs, in the order of `turns`.
    """

    def __init__(self, turns: list[int]) -> None:
        self.turns, self.turn, self.broken = turns, 0, False
        self.changed = threading.Condition()
        self.given: list[Any] = [None] * len(turns)

    def wait(self, part: int) -> None:
        """Wait for a thread's turn."""
        with self.changed:
            self.changed.wait_for(lambda: self.broken or self.turns[self.turn] == part, timeout=20)
        if self.broken:
            raise Broken

    def next(self, *, broken: bool = False) -> None:
        """Let the next thread run; after the last one, all have met."""
        with self.changed:
            self.turn, self.broken = (self.turn + 1) % len(self.turns), self.broken or broken
            self.changed.notify_all()

    def meet(self, part: int) -> None:
        self.next()
        self.wait(part)


Team = tuple[int, int, Meeting] | None


def bound(count: int, part: int, parts: int) -> int:
    return max(0, count) * part // parts


def begin(count: int, team: Team) -> int:
    return bound(count, team[0], team[1]) if team else 0


def end(count: int, team: Team) -> int:
    return bound(count, team[0] + 1, team[1]) if team else count


def meet(team: Team) -> None:
    if team:
        team[2].meet(team[0])


def exchanged(x: Any, team: Team) -> list[Any]:
    """What every thread has handed over."""
    if team is None:
        return [x]
    team[2].given[team[0]] = x
    meet(team)
    found = list(team[2].given)
    meet(team)
    return found


def whole(step: Callable[[Any, Any], Any]) -> Callable[[Any, Team], Any]:
    return lambda x, team: reduce(step, exchanged(x, team))


def whole_array(sums: Any, team: Team) -> None:
    found = exchanged(sums.copy(), team)
    sums[...] = sum(found[1:], found[0])


def shared_empty(shape: Any, dtype: Any, team: Team) -> Any:
    return exchanged(np.full(shape, 99, dtype), team)[0]


def shared_zeros(shape: Any, dtype: Any, team: Team) -> Any:
    return exchanged(np.zeros(shape, dtype), team)[0]


PLAIN_TEAM: dict[str, Any] = {
    "begin": begin,
    "end": end,
    "leads": lambda team: team is None or team[0] == 0,
    "meet": meet,
    "leave": lambda arrays, team: meet(team),
    "own": lambda array, team: array if team is None or team[0] == 0 else np.full_like(array, 99),
    "share": lambda array, team: array[begin(len(array), team) : end(len(array), team)],
    "shared_empty": shared_empty,
    "shared_zeros": shared_zeros,
    "whole_array": whole_array,
    "whole_pairs": whole_array,
    "whole_pair": whole(lambda a, b: a + b),
    "whole_sum": whole(lambda a, b: a + b),
    "whole_product": whole(lambda a, b: a * b),
    "whole_maximum": whole(max),
    "whole_minimum": whole(min),
    "whole_largest": whole(max),
    "whole_least": whole(min),
}


def by_threads(function: Callable[..., Any], arguments: tuple[Any, ...], turns: list[int]) -> list[Any]:
    """What a function gives in each thread of a team."""
    found: list[Any] = [None] * len(turns)
    meeting = Meeting(turns)

    def run(part: int) -> None:
        try:
            meeting.wait(part)
            found[part] = function(*arguments, (part, len(turns), meeting))
            meeting.next()
        except BaseException as error:  # noqa: BLE001 (raised below)
            found[part] = error
            meeting.next(broken=True)

    threads = [threading.Thread(target=run, args=(part,)) for part in turns]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    errors = [one for one in found if isinstance(one, BaseException)]
    if errors:
        raise min(errors, key=lambda error: isinstance(error, Broken))
    return found
