"""Large results take memory that nobody holds; long calls run in threads. Neither changes what a call gives."""

from __future__ import annotations

import os
import platform
import runpy
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from eqc.kernels import memory, workers
from eqc.kernels.kernel import Kernel
from eqc.kernels.memory import KEPT, LARGE, Pool

Get = Callable[[str], Kernel]
FLOAT = np.dtype(float)
MANY = LARGE // FLOAT.itemsize


def place(array: Any) -> int:
    return int(array.__array_interface__["data"][0])


def test_memory_that_is_held_is_not_given_again() -> None:
    pool = Pool()
    first = pool.empty((MANY,), FLOAT)
    view = first[3:5]
    taken = place(first)
    del first
    other = pool.empty((MANY,), FLOAT)
    assert not np.shares_memory(view, other)
    del view
    assert place(pool.empty((MANY,), FLOAT)) == taken


def test_large_arrays_begin_where_lines_of_the_cache_do() -> None:
    pool = Pool()
    held = [pool.empty((MANY + n,), FLOAT) for n in range(3)]
    assert not any(place(array) % 64 for array in (*held, pool.empty((MANY,), FLOAT)))


def test_small_arrays_own_their_memory() -> None:
    assert Pool().empty((3, 4), FLOAT).flags.owndata


def test_no_more_than_a_limit_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "KEPT", 3 * LARGE)
    pool = Pool()
    held = [pool.empty((MANY + n,), FLOAT) for n in range(4)]
    assert sum(b.nbytes for b in pool._blocks) <= 3 * LARGE
    assert all(not np.shares_memory(a, b) for n, a in enumerate(held) for b in held[:n])
    del held
    pool.empty((MANY + 9,), FLOAT)
    assert sum(b.nbytes for b in pool._blocks) <= 3 * LARGE
    pool.release()
    assert pool._blocks == []
    assert KEPT <= 1 << 28


def test_repeated_large_calls_give_memory_of_their_own(kernel: Get) -> None:
    a, x = (np.random.default_rng(3).standard_normal(MANY) for _ in range(2))
    results = [kernel("parabola")(a, (n + 1) * x) for n in range(4)]
    for n, result in enumerate(results):
        np.testing.assert_allclose(result, a * ((n + 1) * x) ** 2, rtol=1e-14)


def test_an_error_in_any_part_is_raised() -> None:
    def fails(x: Any, out: Any) -> None:
        if x[-1] == 9:
            raise IndexError("a position")

    with pytest.raises(IndexError, match="a position"):
        workers.in_parts(fails, (np.arange(10), np.empty(10)), 10, 2)


@pytest.mark.parametrize(("given", "count"), [({"NUMBA_NUM_THREADS": "1"}, 1), ({"OMP_NUM_THREADS": "7"}, 7)])
def test_the_environment_limits_threads(given: dict[str, str], count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert workers.thread_count() == count


def test_systems_without_affinity_and_fork_count_their_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    for name in ("sched_getaffinity", "register_at_fork"):
        monkeypatch.delattr(os, name, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert runpy.run_path(workers.__file__)["thread_count"]() == 3
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert workers.thread_count() == 1


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries have rules of their own")
def test_arrays_of_middling_size_take_no_new_pages() -> None:
    """In a process of its own, since whatever was freed before counts too; the first round may take new pages."""
    program = """
import resource, numpy as np
import eqc.kernels.memory
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        arrays = [np.ones(1 << 15) for _ in range(8)]
        del arrays
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(faults())
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert int(ran.stdout) < 20 * 8  # not one for an array, each of which is of 64 pages
