"""Interleaved timing: contenders take turns, so that a slow moment of the machine meets all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter

SHORTEST_TURN = 2e-3
"""Seconds that one turn should last at least, for the clock to resolve it."""


def interleave(contenders: Mapping[str, Callable[[], object]], turns: int, budget: float) -> dict[str, float]:
    """Seconds a call of each contender, the median over its turns.

    There are `turns` of them, or fewer (but three at least) where that would take longer than `budget` seconds.

    >>> times = interleave({"short": lambda: sum(range(10)), "long": lambda: sum(range(10_000))}, 5, 1.0)
    >>> times["short"] < times["long"]
    True
    """
    repeats = {name: _repeats(run) for name, run in contenders.items()}
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    started = perf_counter()
    for turn in range(turns):
        if turn >= 3 and perf_counter() - started > budget:
            break
        for name, run in contenders.items():
            taken[name].append(_time(run, repeats[name]))
    return {name: median(times) for name, times in taken.items()}


def _repeats(run: Callable[[], object]) -> int:
    """How many calls make a turn; the first call, which may compile, is not counted."""
    run()
    count = 1
    while (seconds := _time(run, count) * count) < SHORTEST_TURN:
        count *= max(2, int(SHORTEST_TURN / max(seconds, 1e-7)))
    return count


def _time(run: Callable[[], object], repeats: int) -> float:
    started = perf_counter()
    for _ in range(repeats):
        run()
    return (perf_counter() - started) / repeats
