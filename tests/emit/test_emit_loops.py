"""Loops over long arrays: they ask for what they will read, and write past the cache."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from eqc.emit._pairs.sums import BLOCK
from eqc.emit._vector import KernelCompiler, ahead, item_of, past
from eqc.emit._vector.loops import with_long_loops

ARRAYS = ", ".join(
    f"ptr %arg.{x}.0, ptr %arg.{x}.1, i64 %arg.{x}.2, i64 %arg.{x}.3, ptr nocapture %arg.{x}.4" for x in "xy"
)
LOOP = """loop:                                             ; preds = %loop, %{before}
  %i = phi i64 [ 0, %{before} ], [ %next, %loop ]
  %a = getelementptr double, ptr %arg.x.4, i64 %i
  %b = load <8 x double>, ptr %a, align 8
  %c = getelementptr double, ptr %arg.y.4, i64 %i
  store <8 x double> %b, ptr %c, align 8
  %next = add nuw i64 %i, 8
  %end = icmp eq i64 %next, %n
  br i1 %end, label %{after}, label %loop
"""
MODULE = f"""target triple = "x86_64-unknown-linux-gnu"

define void @alone({ARRAYS}, i64 %n) {{
  br label %loop

{LOOP.format(before="0", after="done")}
done:                                             ; preds = %loop
  ret void
}}
"""
NEST = f"""target triple = "x86_64-unknown-linux-gnu"

define void @inside({ARRAYS}, i64 %m) {{
entry:
  %n = call i64 @llvm.smin.i64(i64 %m, i64 1024)
  br label %outer

outer:                                            ; preds = %latch, %entry
  br label %loop

{LOOP.format(before="outer", after="latch")}
latch:                                            ; preds = %loop
  br i1 poison, label %outer, label %done

done:                                             ; preds = %latch
  ret void
}}
"""
REQUEST = "call void @llvm.prefetch.p0("


def twice_and_more(x, y, z):
    for i in range(x.shape[0]):
        y[i] = 2.0 * x[i]
        z[i] = x[i] + 1.0


def test_loops_along_columns_run_in_vectors_for_matrices_of_any_width() -> None:
    def symmetric(x, y):
        for i in range(x.shape[0]):
            for j in range(x.shape[0]):
                y[i, j] = x[i, j] + x[j, i]

    made, (x, y) = njit(error_model="numpy", pipeline_class=KernelCompiler)(symmetric), np.arange(98.0).reshape(2, 7, 7)
    made(x, y)
    np.testing.assert_array_equal(y, x + x.T)
    assert "ident.check" not in next(iter(made.inspect_llvm().values()))  # a stride that is compared with 1


def test_a_loop_asks_for_each_vector_that_it_uses_but_not_for_what_it_writes_past_the_cache() -> None:
    lines = with_long_loops(MODULE).split("\n")
    load = lines.index("  %b = load <8 x double>, ptr %a, align 8")
    assert lines[load + 1].endswith("getelementptr i8, ptr %a, i64 %far-1")
    assert lines[load + 2].strip() == f"{REQUEST}ptr %ahead-0, i32 0, i32 3, i32 1)"
    store = lines.index("  store <8 x double> %b, ptr %c, align 8")
    assert lines[store + 1].endswith("getelementptr i8, ptr %c, i64 %far-1")
    assert lines[store + 2].strip() == f"{REQUEST}ptr %ahead-1, i32 1, i32 3, i32 1)"
    assert "\n".join(lines).count(REQUEST) == 2


def test_functions_of_short_arrays_ask_for_nothing_new() -> None:
    changed = with_long_loops(MODULE)
    assert "%far-1.bytes = mul i64 %arg.y.2, %arg.y.3" in changed
    assert f"%far-1.long = icmp uge i64 %far-1.bytes, {ahead.LONG}" in changed
    assert f"%far-1.whole = select i1 %far-1.long, i64 {ahead.DISTANCE}, i64 0" in changed
    assert "%far-1 = select i1 %far-1.more, i64 %far-1.own, i64 %far-0" in changed
    without = MODULE.replace("%arg.", "%")
    assert REQUEST not in with_long_loops(without)


@pytest.mark.parametrize("rank", [4, 5])
def test_arrays_of_many_axes_are_arrays_too(rank: int) -> None:
    def summed(x, y):
        for place in np.ndindex(x.shape[:-1]):
            for i in range(y.shape[0]):
                y[i] += x[place][i]

    made, y = njit(error_model="numpy", pipeline_class=KernelCompiler)(summed), np.zeros(33)
    made(np.ones((2,) * (rank - 1) + (33,)), y)
    np.testing.assert_array_equal(y, np.full(33, 2.0 ** (rank - 1)))
    assert next(iter(made.inspect_asm().values())).count("prefetch")


def test_functions_of_an_item_look_as_far_as_it_says() -> None:
    changed = with_long_loops(MODULE)
    assert "%far-0.said = ptrtoint ptr %arg.x.1 to i64" in changed
    assert "%far-0.item = icmp eq ptr %arg.x.0, null" in changed
    assert "%far-0.own = select i1 %far-0.item, i64 %far-0.said, i64 %far-0.whole" in changed


def test_an_item_says_how_far_to_look_by_the_length_of_the_whole() -> None:
    @intrinsic
    def said(typing, item):
        def code(context, builder, signature, arguments):
            return builder.ptrtoint(make_array(item)(context, builder, arguments[0]).parent, ir.IntType(64))

        return types.intp(item), code

    @njit
    def of_both(x):
        return said(item_of(x, 1)), said(item_of(item_of(x, 1), 2))

    assert of_both(np.zeros((2, 4, 1024))) == (0, 0)
    assert of_both(np.zeros((64, 4, 1024))) == (4 * 8192, 8192)
    assert of_both(np.zeros((4096, 4, 3))) == (ahead.DISTANCE, ahead.DISTANCE)
    assert of_both(np.zeros((2, 4, ahead.LONG))) == (ahead.DISTANCE, ahead.DISTANCE)


def test_a_loop_in_another_one_asks_for_what_it_writes_too_but_writes_as_ever() -> None:
    changed = with_long_loops(NEST)
    assert "ptr %ahead-0, i32 0, i32 3, i32 1)" in changed
    assert "ptr %ahead-1, i32 1, i32 3, i32 1)" in changed
    assert "nontemporal" not in changed
    assert changed.index("entry:") < changed.index("%far-1 = ") < changed.index("label %outer")


def test_what_a_loop_writes_and_reads_again_stays_in_the_cache() -> None:
    again = MODULE.replace("  %next = add", "  %d = load <8 x double>, ptr %c, align 8\n  %next = add")
    assert "nontemporal" in with_long_loops(MODULE)
    assert "nontemporal" not in with_long_loops(again)


def test_loops_over_a_block_of_a_row_stay_as_they_are_unless_they_take_long() -> None:
    block = NEST.replace("1024", str(BLOCK))
    assert with_long_loops(block).startswith(block)
    work = "".join(f"  %x{n} = fneg <8 x double> %b\n" for n in range(20))
    assert with_long_loops(block.replace("  %c =", work + "  %c =")).count(REQUEST) == 2


def test_a_long_loop_stores_whole_vectors_past_the_cache() -> None:
    changed = with_long_loops(MODULE)
    assert f"%past-0 = icmp uge i64 %n, {past.LARGE // 8}" in changed
    assert "store <8 x double> %b, ptr %c, align 64, !nontemporal !0" in changed
    assert changed.count("fence seq_cst") == 1


def test_stores_of_several_vectors_begin_where_one_of_these_may() -> None:
    changed = with_long_loops(MODULE.replace("<8 x double>", "<24 x double>"))
    assert "store <24 x double> %b, ptr %c, align 64, !nontemporal !0" in changed
    assert "i64 63, i64 -1" in changed
    assert "nontemporal" not in with_long_loops(MODULE.replace("<8 x double>", "<9 x double>"))


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


def test_loops_over_many_arrays_run_in_vectors() -> None:
    """Gradients in many inputs: LLVM leaves a loop alone if it takes many comparisons to see that arrays are apart."""
    names = [f"x{k}" for k in range(14)]
    results = [f"{name}_bar" for name in names]
    lines = [
        f"        {bar}[i] = {name}[i] * {other}[i]"
        for bar, name, other in zip(results, names, [*names[1:], "x0"], strict=True)
    ]
    text = "\n".join([f"def slopes({', '.join([*names, *results])}):", "    for i in range(x0.shape[0]):", *lines])
    namespace: dict[str, Any] = {}
    exec(text, namespace)
    made = njit(error_model="numpy", pipeline_class=KernelCompiler)(namespace["slopes"])
    made.compile((types.float64[::1],) * 28)
    assert " x double> " in made.inspect_llvm(made.signatures[0])
