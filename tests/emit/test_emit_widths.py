"""How many numbers the loops of kernels take at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import njit

from eqc.emit._vector import KernelCompiler, add, exp


def sum_of_functions(x):
    total_ = np.float64(0)
    for i in range(x.shape[0]):
        if x.shape[0] > 2:
            for j in range(x.shape[1]):
                total_ = add(total_, exp(x[i, j]))
    return total_


def sum_of_numbers(x):
    total_ = np.float64(0)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            total_ = add(total_, x[i, j])
    return total_


def code_of(function: Callable[..., Any], dtype: Any) -> str:
    kernel = njit(error_model="numpy", pipeline_class=KernelCompiler)(function)
    x = np.linspace(-1, 1, 105).astype(dtype).reshape(3, 35)
    terms = np.exp(x.astype(np.float64)) if function is sum_of_functions else x.astype(np.float64)
    assert abs(kernel(x) - terms.sum()) < 1e-5
    (code,) = kernel.inspect_llvm().values()
    return str(code)


def test_loops_with_functions_fill_registers_with_single_numbers() -> None:
    assert "<16 x float>" in code_of(sum_of_functions, np.float32)


def test_other_loops_are_left_to_the_compiler() -> None:
    assert "llvm.sideeffect" not in code_of(sum_of_numbers, np.float32) + code_of(sum_of_functions, np.float64)


def test_vectors_are_as_wide_as_the_processor_has_them() -> None:
    assert '"prefer-vector-width"="512"' in code_of(sum_of_numbers, np.float64)


def recurrence(x):
    total_, last = np.float64(0), x[0, 0]
    for j in range(1, x.shape[1]):
        last = exp(last * x[0, j])
        total_ = add(total_, exp(last))
    return total_


def guarded_sum(x):
    total_ = np.float64(0)
    for j in range(x.shape[1]):
        if x[0, j] > 5:
            raise ValueError("too large")
        total_ = add(total_, exp(x[0, j]))
    return total_


def test_the_compiler_has_nothing_to_tell_of_loops_that_cannot_be_wide(capfd: pytest.CaptureFixture[str]) -> None:
    for function in (recurrence, guarded_sum, sum_of_functions):
        kernel = njit(error_model="numpy", pipeline_class=KernelCompiler)(function)
        assert kernel(np.linspace(0, 1, 105).astype(np.float32).reshape(3, 35)) > 0
    assert capfd.readouterr().err == ""
