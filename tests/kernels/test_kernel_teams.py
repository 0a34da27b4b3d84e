"""Several threads run one call: what they give, how they fail, and who may use them."""

from __future__ import annotations

import math
import os
import threading
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import njit

import eqc
from eqc.emit._team import begin, end, launch, shared_empty, whole_sum
from eqc.kernels import pace, teams, watchers
from eqc.kernels.direct import entry_of
from eqc.kernels.teams import Shared
from eqc.kernels.watchers import Watch

ROOT = Path(__file__).resolve().parents[2]


@njit(nogil=True)
def scaled(x, k, factor, y):
    """Items: k times a factor for all or for each, and whether one is not finite."""
    lost = False
    for i in range(len(y)):
        y[i] = k * x[i] * factor[i if len(factor) > 1 else 0]
        lost |= y[i] - y[i] != 0
    return lost


@njit(nogil=True)
def summed(x, total, team=None):
    """One item: the sum, with an error for a number that is 1/8."""
    parts = shared_empty(len(x), np.float64, team)
    found = 0.0
    for i in range(begin(len(x), team), end(len(x), team)):
        if x[i] == 0.125:
            raise IndexError("a position")
        parts[i] = x[i]
        found += parts[i]
    total[0] = whole_sum(found, team)
    total[1] = 1 if team is None else team[1]


@pytest.fixture(autouse=True)
def three_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_NUM_THREADS", "3")
    monkeypatch.setattr(teams, "import_module", lambda name: launch)


def together(function: Any, *arguments: Any, items: int | None = None) -> Shared:
    """Calls by threads that have been woken, after the first."""
    calls = Shared(function, nullcontext, items)
    calls.run(*arguments)
    assert calls.ready(1.0)
    return calls


def waiting(calls: Shared) -> Shared:
    """The same calls, which wait as long as it takes."""
    calls._watch.patience = 1 << 40, True
    return calls


@pytest.mark.parametrize("items", [3, 10, 5000])
def test_every_thread_takes_some_of_the_items(items: int) -> None:
    x, y = np.arange(items) + 0.5, np.zeros(items)
    calls = together(scaled, x, 2, np.full(1, 3.0), y, items=items)
    y[:] = 0
    assert not waiting(calls).run(x, 2, np.full(1, 3.0), y)
    np.testing.assert_array_equal(y, 6 * x)
    assert set(calls._watch.posts[launch.PART :: launch.POST]) == {1, 2}
    calls = together(scaled, x, 2, x, y, items=items)
    x[-1] = math.inf
    assert waiting(calls).run(x, 2, x, y)
    np.testing.assert_array_equal(y, 2 * x * x)


def test_threads_share_an_item() -> None:
    x, total = np.arange(100.0) - 50, np.zeros(2)
    calls = together(summed, x, total)
    for _ in range(20):
        calls.ready(1.0)
        waiting(calls).run(x, total)
        assert total.tolist() == [-50.0, 3.0]


def test_functions_that_were_compiled_for_a_team_first_are_called_without_one() -> None:
    """A team comes after the arguments that calls without one have: None in its place ended the process."""

    @njit(nogil=True)
    def doubled(x, y, team=None):
        for i in range(begin(len(x), team), end(len(x), team)):
            y[i] = 2 * x[i]

    x, y = np.arange(4.0), np.zeros(4)
    for given in (x, y, teams.solo()), (x, y):
        doubled(*given)
    entry, rest = entry_of(doubled, (x, y))
    assert rest == (None,)
    address, _ = launch.compiled(doubled, (x, y))
    assert address != launch.compiled(doubled, (x, y, teams.solo()))[0]
    y[:] = 0
    entry(x, y, *rest)
    assert y.tolist() == [0, 2, 4, 6]


@pytest.mark.parametrize("failing", [0, 50, 99])
def test_an_error_in_one_thread_ends_all_and_is_raised(failing: int) -> None:
    x, total = np.zeros(100), np.zeros(2)
    calls = waiting(together(summed, x, total))
    x[failing] = 0.125
    with pytest.raises(IndexError, match="a position"):
        calls.run(x, total)
    x[failing] = 12
    assert calls.ready(1.0)
    waiting(calls).run(x, total)
    assert total[0] == 12


def test_an_error_that_does_not_come_again_is_not_hidden() -> None:
    x, total = np.zeros(100), np.zeros(2)
    calls = waiting(together(summed, x, total))
    calls._alone = lambda *arguments: None
    x[0] = 0.125
    with pytest.raises(RuntimeError, match="a thread of this call failed"):
        calls.run(x, total)


def test_threads_that_do_not_come_are_done_without() -> None:
    x, total = np.arange(100.0), np.zeros(2)
    calls = together(summed, x, total)
    calls._watch.begin()
    calls.run(x, total)
    assert total.tolist() == [4950.0, 1.0]
    calls._watch.posts[launch.STATE :: launch.POST] = launch.WOKEN
    calls.run(x, total)
    assert total.tolist() == [4950.0, 1.0]


def test_threads_sleep_and_are_woken_by_calls_that_are_dense(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(launch, 2)
    monkeypatch.setattr(watchers, "perf_counter", lambda: now)
    now = 100.0
    assert not watch.ready(0.0)
    assert not watch._threads
    now += 2 * watchers.DENSE
    assert not watch.ready(0.0)
    assert not watch._threads
    now += watchers.DENSE / 2
    assert not watch.ready(0.0)
    assert watch._threads


def test_only_one_call_at_a_time_has_the_threads() -> None:
    x, total = np.arange(100.0), np.zeros(2)
    calls = together(summed, x, total)
    with calls._watch.busy:
        calls.run(x, total)
    assert total.tolist() == [4950.0, 1.0]


def test_many_callers_at_once() -> None:
    x, totals = np.arange(100.0), np.zeros((6, 2))
    calls = together(summed, x, totals[0])

    def call(total: Any) -> None:
        for _ in range(50):
            total[0] = 0
            calls.ready(1.0)
            calls.run(x, total)
            assert total[0] == 4950

    callers = [threading.Thread(target=call, args=(total,)) for total in totals]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(60)
    assert totals[:, 0].tolist() == [4950.0] * 6


def test_functions_that_are_not_compiled_are_run_by_one_thread() -> None:
    assert Shared(lambda x: x, nullcontext).worth == math.inf


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system knows no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own() -> None:
    x, total = np.arange(100.0), np.zeros(2)
    calls = waiting(together(summed, x, total))
    calls.run(x, total)
    child = os.fork()
    if child == 0:
        calls.ready(1.0)
        waiting(calls).run(x, total)
        os._exit(0 if total.tolist() == [4950.0, 3.0] else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_kernels_give_the_same_by_several_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("NUMBA_NUM_THREADS", "2")
    monkeypatch.setattr(pace, "LONG", 0.0)
    monkeypatch.setattr(pace, "PATIENT", 0.0)
    monkeypatch.setattr(teams, "WORTH", 0.0)
    shared, run = [], Shared.run
    monkeypatch.setattr(Shared, "run", lambda self, *arguments: shared.append(self) or run(self, *arguments))
    random, kernel = np.random.default_rng(6), eqc.kernel("mean_squared_error", root=ROOT)
    y, yhat = random.normal(size=(2, 30_001))
    (value, gradient), *others = [kernel.value_and_gradient(y, yhat, wrt="yhat") for _ in range(8)]
    for other in others:
        np.testing.assert_allclose(other[0], value, rtol=1e-14)
        np.testing.assert_array_equal(other[1], gradient)
    assert len(shared) > 2
