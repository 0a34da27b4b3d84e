"""Which loops ask for what they will read."""

from __future__ import annotations

import numpy as np
from numba import njit

from eqc.emit._vector import KernelCompiler, exp
from eqc.emit._vector.ahead import looking_ahead

MODULE = """define void @alone(ptr %x) {
  br label %loop

loop:                                             ; preds = %loop, %0
  %a = getelementptr double, ptr %x, i64 4
  %b = load <8 x double>, ptr %a, align 8
  br i1 poison, label %loop, label %done

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


def slope(x, y):
    for i in range(x.shape[0]):
        y[i] = exp(x[i])


def test_a_loop_asks_for_each_vector_that_it_reads() -> None:
    lines = looking_ahead(MODULE).split("\n")
    load = lines.index("  %b = load <8 x double>, ptr %a, align 8")
    assert lines[load + 1].endswith("getelementptr i8, ptr %a, i64 2048")
    assert lines[load + 2].strip().startswith(REQUEST)


def test_a_loop_in_another_one_does_not_ask() -> None:
    assert looking_ahead(MODULE).count(REQUEST) == 1


def test_modules_that_ask_and_those_without_vectors_stay_as_they_are() -> None:
    changed = looking_ahead(MODULE)
    assert looking_ahead(changed) == changed
    plain = MODULE.replace("<8 x double>", "double")
    assert looking_ahead(plain) == plain


def test_compiled_functions_ask_and_are_right_to_the_last_element() -> None:
    kernel = njit(error_model="numpy", pipeline_class=KernelCompiler)(slope)
    x = np.linspace(-1, 1, 103)
    y = np.zeros_like(x)
    kernel(x, y)
    np.testing.assert_allclose(y, np.exp(x), rtol=1e-15)
    assert REQUEST in next(iter(kernel.inspect_llvm().values()))
