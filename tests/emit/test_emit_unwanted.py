"""What stands for results that nobody wants, in compiled functions and in the sources that are given it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numba import njit

from eqc.emit._vector.products import matrix_product, mirror, symmetric_product
from eqc.emit._vector.reductions import watch
from eqc.emit._vector.unwanted import Unwanted
from eqc.pipeline import compile_record
from eqc.records.catalog import Catalog

ROOT = Path(__file__).resolve().parents[2]


@njit
def several(x, y, z):
    lost = 0.0
    for item in range(y.shape[0]):
        part = y[item]
        part[:] = 0
        for i in range(x.shape[0]):
            part[i, 0] += np.exp(x[i])
            lost = watch(lost, part[i, 0])
        lost = watch(lost, part)
        matrix_product(1.0, x.reshape(1, -1), x.reshape(-1, 1), 0.0, part[:1].T)
        symmetric_product(1.0, x.reshape(-1, 1), x.reshape(1, -1), 0.0, part)
        mirror(part)
        z[item] = len(y) + part[0, 1]
    made = np.zeros(2, y.dtype)
    return made, lost


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_what_is_written_is_dropped_and_what_is_read_is_0(dtype: type) -> None:
    z = np.empty(3)
    made, lost = several(np.array([1.0, 1000.0]), Unwanted((3, 2, 2), dtype)[:2], z[:2])
    assert made.dtype == dtype and lost == 0
    np.testing.assert_array_equal(z[:2], 2)


def test_work_for_nothing_is_left_out() -> None:
    several(np.ones(2), Unwanted((1, 2, 2), float), np.empty(1))
    assert "fmul" not in several.inspect_llvm(several.signatures[-1])


@pytest.mark.parametrize(
    ("id", "optional"),
    [("mean_squared_error", {"vjp": (0, 1), "gradient": (0, 1), "value_and_gradient": (1, 2)}), ("softmax", {})],
)
def test_modules_say_which_results_can_be_left_out(id: str, optional: dict[str, object]) -> None:
    text = compile_record(id, Catalog(ROOT)).text
    assert (f'"optional": {optional!r},' in text) == bool(optional)
    assert ('"optional"' in text) == bool(optional)
