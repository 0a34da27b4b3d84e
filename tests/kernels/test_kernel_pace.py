"""Which calls several threads run: those that take long enough, while several threads do take less time."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from eqc.kernels import pace
from eqc.kernels.pace import ALONE, ENDURING, FEW, LONG, MEASURED, PATIENT, SPENT, SPINNING, WAITED, Pace


class Calls:
    """Calls that take the seconds given for them; `there` is whether the threads are."""

    worth = 1e-5

    def __init__(self, alone: float, shared: float, *, there: bool = True) -> None:
        self.seconds = {"alone": alone, "shared": shared}
        self.there, self.made, self.patience = there, list[str](), set[float]()

    def alone(self) -> str:
        self.made.append("alone")
        return "alone"

    def run(self) -> str:
        self.made.append("shared")
        return "shared"

    def ready(self, patience: float) -> bool:
        self.patience.add(patience)
        return self.there


@pytest.fixture
def after(monkeypatch: pytest.MonkeyPatch) -> Callable[[Calls, int], list[str]]:
    def run(calls: Calls, count: int) -> list[str]:
        monkeypatch.setattr(pace, "_timed", lambda function, *_: (None, calls.seconds[function()]))
        one = Pace(calls.alone, calls)
        for _ in range(count):
            one.run()
        return calls.made

    return run


After = Callable[[Calls, int], list[str]]


def test_long_calls_are_shared_after_the_first(after: After) -> None:
    calls = Calls(2 * PATIENT, PATIENT)
    assert after(calls, 10) == ["alone"] * ALONE + ["shared"] * (10 - ALONE)
    assert calls.patience == {WAITED * 2 * PATIENT}


def test_shorter_calls_are_shared_once_they_have_taken_some_time(after: After) -> None:
    calls = Calls(LONG / 4, LONG / 8)
    first = math.ceil(4 * SPENT / LONG)
    made = after(calls, first + 9)
    assert first <= made.index("shared") <= first + 1
    assert set(made[first + 1 :]) == {"shared"}
    assert calls.patience == {0.0}


def test_shorter_calls_do_not_wait_for_threads(after: After) -> None:
    assert set(after(Calls(LONG / 4, LONG / 8, there=False), 500)) == {"alone"}


def test_short_calls_are_no_longer_looked_at(after: After) -> None:
    calls = Calls(Calls.worth / 2, Calls.worth / 4)
    assert after(calls, MEASURED + 3) == ["alone"] * (MEASURED + 3)
    assert calls.patience == set()


@pytest.mark.parametrize("seconds", [PATIENT, 2 * PATIENT, SPINNING])
def test_threads_that_do_not_help_rest_for_some_time_and_are_tried_again(after: After, seconds: float) -> None:
    tries, rests = ["shared"] * FEW, ["alone"] * round(SPINNING / seconds)
    made = after(Calls(seconds, 2 * seconds), ALONE + 3 * (FEW + len(rests)))
    assert made == ["alone"] * ALONE + tries + rests + tries + 2 * rests + tries


def test_threads_that_run_long_calls_never_rest(after: After) -> None:
    assert after(Calls(ENDURING, 2 * ENDURING), 20) == ["alone"] * ALONE + ["shared"] * (20 - ALONE)


def test_few_of_the_short_calls_that_are_shared_are_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    timed = []

    def look(function: Callable[[], str]) -> tuple[str, float]:
        timed.append(function())
        return timed[-1], calls.seconds[timed[-1]]

    monkeypatch.setattr(pace, "_timed", look)
    calls = Calls(2 * LONG, LONG)
    one = Pace(calls.alone, calls)
    assert [one.run() for _ in range(1000)][ALONE:] == ["shared"] * (1000 - ALONE)
    assert timed.count("shared") < 300
