"""Loops over long arrays: they ask for what they will read, and write past the cache."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numba import njit

from eqc.emit._vector import KernelCompiler, ahead, past
from eqc.emit._vector.loops import with_long_loops

MODULE = """target triple = "x86_64-unknown-linux-gnu"

define void @alone(ptr %x, ptr %y, i64 %n) {
  br label %loop

loop:                                             ; preds = %loop, %0
  %i = phi i64 [ 0, %0 ], [ %next, %loop ]
  %a = getelementptr double, ptr %x, i64 %i
  %b = load <8 x double>, ptr %a, align 8
  %c = getelementptr double, ptr %y, i64 %i
  store <8 x double> %b, ptr %c, align 8
  %next = add nuw i64 %i, 8
  %end = icmp eq i64 %next, %n
  br i1 %end, label %done, label %loop

done:                                             ; preds = %loop
  ret void
}

define void @inside(ptr %x) {
  br label %outer

outer:                                            ; preds = %latch, %0
  br label %loop

loop:                                             ; preds = %loop, %outer
  %b = load <8 x double>, ptr %x, align 8
  br i1 poison, label %loop, label %latch

latch:                                            ; preds = %loop
  br i1 poison, label %outer, label %done

done:                                             ; preds = %latch
  ret void
}
"""
REQUEST = "call void @llvm.prefetch.p0("


def twice_and_more(x, y, z):
    for i in range(x.shape[0]):
        y[i] = 2.0 * x[i]
        z[i] = x[i] + 1.0


def test_a_loop_asks_for_each_vector_that_it_reads() -> None:
    lines = with_long_loops(MODULE).split("\n")
    load = lines.index("  %b = load <8 x double>, ptr %a, align 8")
    assert lines[load + 1].endswith("getelementptr i8, ptr %a, i64 %ahead.0.far")
    assert lines[load + 2].strip().startswith(REQUEST)


def test_short_loops_ask_for_nothing_new() -> None:
    changed = with_long_loops(MODULE)
    assert f"%ahead.0 = icmp uge i64 %n, {ahead.LONG // 8}" in changed
    assert "%ahead.0.far = select i1 %ahead.0, i64 4096, i64 0" in changed


def test_a_loop_in_another_one_stays_as_it_is() -> None:
    changed = with_long_loops(MODULE)
    assert changed.count(REQUEST) == 1
    assert MODULE[MODULE.index("define void @inside") :] in changed


def test_a_long_loop_stores_whole_vectors_past_the_cache() -> None:
    changed = with_long_loops(MODULE)
    assert f"%past.0 = icmp uge i64 %n, {past.LARGE // 8}" in changed
    assert "store <8 x double> %b, ptr %c, align 64, !nontemporal !0" in changed
    assert changed.count("fence seq_cst") == 1


def test_processors_on_which_that_was_not_measured_only_ask() -> None:
    changed = with_long_loops(MODULE.replace("x86_64", "aarch64"))
    assert REQUEST in changed
    assert "nontemporal" not in changed


def test_modules_that_ask_and_those_without_vectors_stay_as_they_are() -> None:
    changed = with_long_loops(MODULE)
    assert with_long_loops(changed) == changed
    plain = MODULE.replace("<8 x double>", "double")
    assert with_long_loops(plain) == plain


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_results_are_right_wherever_they_begin_and_end(dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "LARGE", 0)
    kernel = njit(error_model="numpy", pipeline_class=KernelCompiler)(twice_and_more)
    for start, size in ((0, 0), (0, 256), (1, 103), (3, 517), (8, 64), (16, 1000)):
        x, y, z = (np.full(1100, fill, dtype) for fill in (0.5, -1, -1))
        x[start : start + size] = np.arange(size)
        kernel(x[start : start + size], y[start : start + size], z[2 : size + 2])
        assert (y[start : start + size] == 2 * np.arange(size)).all()
        assert (z[2 : size + 2] == np.arange(size) + 1).all()
        assert (y == -1).sum() == (z == -1).sum() == 1100 - size
    code = next(iter(kernel.inspect_llvm().values()))
    assert REQUEST in code
    assert "nontemporal" in code
