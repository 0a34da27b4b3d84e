"""Several threads share one item: what they give, how they fail, and who may use them."""

from __future__ import annotations

import os
import threading
import time
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

from eqc.kernels import workers
from eqc.kernels.workers import Crew, Team


def wait_for_all(meeting: Any, part: int, count: int) -> None:
    """A meeting of plain Python, which looks for a broken one as compiled kernels do."""
    meeting[16 + part] = 1
    end = time.monotonic() + 20
    while meeting[16 : 16 + count].sum() < count:
        if meeting[workers._BROKEN] or time.monotonic() > end:
            raise RuntimeError("another thread of this call failed")
        time.sleep(0)


def summed(x: Any, out: Any, team: Any = None) -> bool:
    """The sum of an array; every thread adds its share."""
    part, count, meeting = team or (0, 1, workers._meeting(1))
    wait_for_all(meeting, part, count)
    out[part] = x[part::count].sum()
    return bool(x[part] < 0)


def ready(function: Any) -> Team:
    team = Team(function, nullcontext)
    team._ready = True
    return team


@pytest.fixture(autouse=True)
def three_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_NUM_THREADS", "3")


def test_every_thread_does_its_share() -> None:
    out, x = np.zeros(3), np.arange(10.0)
    assert not ready(summed).run(x, out)
    assert out.tolist() == [18.0, 12.0, 15.0]
    assert ready(summed).run(np.array([1.0, -1.0, 1.0]), out)


def test_the_first_call_is_a_team_of_one() -> None:
    out, entered = np.zeros(3), []
    team = Team(summed, lambda: nullcontext(entered.append(1)))
    for _ in range(3):
        team.run(np.arange(10.0), out)
    assert entered == [1]
    assert out.sum() == 45.0


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_an_error_in_one_thread_ends_all_and_is_raised(failing: int) -> None:
    def fails(x: Any, team: Any) -> None:
        part, count, meeting = team
        if part == failing:
            raise IndexError("a position")
        wait_for_all(meeting, part, count)

    with pytest.raises(IndexError, match="a position"):
        ready(fails).run(np.arange(3))
    out = np.zeros(3)
    ready(summed).run(np.arange(10.0), out)
    assert out.sum() == 45.0


def test_an_interruption_waits_for_the_others() -> None:
    ended: list[int] = []

    def interrupted(x: Any, team: Any) -> None:
        if team[0] == 0:
            raise KeyboardInterrupt
        try:
            wait_for_all(team[2], team[0], team[1])
        finally:
            ended.append(team[0])

    with pytest.raises(KeyboardInterrupt):
        ready(interrupted).run(np.arange(3))
    assert sorted(ended) == [1, 2]


def test_only_one_call_at_a_time_has_the_threads() -> None:
    alone, out = [], np.zeros(3)

    def nested(x: Any, team: Any = None) -> None:
        if team is None:
            alone.append(threading.current_thread())
        elif team[0] == 0:
            ready(nested).run(x)

    ready(nested).run(np.arange(3))
    assert alone == [threading.current_thread()]
    ready(summed).run(np.arange(10.0), out)
    assert out.sum() == 45.0


def test_many_callers_at_once() -> None:
    outs = [np.zeros(3) for _ in range(6)]

    def call(out: Any) -> None:
        for _ in range(20):
            out[:] = 0
            ready(summed).run(np.arange(10.0), out)
            assert out.sum() == 45.0

    callers = [threading.Thread(target=call, args=(out,)) for out in outs]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(60)
    assert [out.sum() for out in outs] == [45.0] * 6


def test_a_lost_call_to_wake_up_is_made_up_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_PATIENCE", 0.01)
    crew = Crew()
    assert crew.run([lambda: 1, lambda: 2]) == [1, 2]
    opened = workers._open
    monkeypatch.setattr(workers, "_open", lambda lock: None)
    threading.Timer(0.1, lambda: monkeypatch.setattr(workers, "_open", opened)).start()
    assert crew.run([lambda: 3, lambda: 4]) == [3, 4]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system knows no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own() -> None:
    out = np.zeros(3)
    ready(summed).run(np.arange(10.0), out)
    child = os.fork()
    if child == 0:
        ready(summed).run(np.arange(20.0), out)
        os._exit(0 if out.sum() == 190.0 else 1)
    assert os.waitpid(child, 0)[1] == 0
