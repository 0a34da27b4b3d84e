"""Threads are kept off the processor of the thread that wakes them."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest

from eqc.kernels import processors

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="the system does not say where threads run"
)


@pytest.fixture
def thread() -> Iterator[threading.Thread]:
    """A thread that waits."""
    over = threading.Event()
    waiting = threading.Thread(target=over.wait)
    waiting.start()
    yield waiting
    over.set()
    waiting.join()


def test_a_thread_runs_on_the_other_processors(thread: threading.Thread, monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = os.sched_getaffinity(0)
    for current in sorted(allowed):
        monkeypatch.setattr(processors, "_current", lambda current=current: lambda: current)
        processors.keep_off([thread])
        assert os.sched_getaffinity(thread.native_id or 0) == (allowed - {current} if len(allowed) > 1 else allowed)
    assert os.sched_getaffinity(0) == allowed


def test_where_there_is_one_processor_all_run_on_it(thread: threading.Thread, monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = os.sched_getaffinity(0)
    only = min(allowed)
    monkeypatch.setattr(processors, "_current", lambda: lambda: only)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {only})
    processors.keep_off([thread])
    monkeypatch.undo()
    assert os.sched_getaffinity(thread.native_id or 0) == allowed


def test_a_system_that_forbids_it_is_left_alone(thread: threading.Thread, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbid(thread: int, processors: set[int]) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setaffinity", forbid)
    processors.keep_off([thread])


def test_this_processor_is_among_the_allowed() -> None:
    current = processors._current()
    assert current is None or current() in os.sched_getaffinity(0)
