"""Items whose results left the range of floats are computed again by the module of wide numbers; others never are."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kernel_samples import write_project

import eqc
from eqc.kernels import mending
from eqc.kernels.kernel import Kernel

BIG = 2.0**600

HYPOTENUSE = '''"""The length of a pair, and its number of digits."""
import numpy as np

SIGNATURE = {
    "id": "hypotenuse",
    "inputs": (
        {"name": "x", "kind": "real", "shape": ("n",), "per_call": False, "default": None, "differentiable": True},
        {"name": "k", "kind": "integer", "shape": (), "per_call": True, "default": 1, "differentiable": False},
    ),
    "extents": (("n", "x", 0, "_size"),),
    "outputs": ({"name": "r", "kind": "real", "shape": ()},),
    "kernels": ("value", "jvp", "vjp", "value_and_vjp", "gradient", "value_and_gradient"),
    "watched": ("value", "vjp", "value_and_vjp", "gradient", "value_and_gradient"),
}


def hypotenuse_into(x, k, r):
    with np.errstate(all="ignore"):
        r[:] = k * np.sqrt(np.sum(x * x, axis=1))
    return not np.all(np.isfinite(r))


def hypotenuse_vjp_into(x, k, r_bar, x_bar):
    with np.errstate(all="ignore"):
        x_bar[:] = r_bar[:, None] * k * x / np.sqrt(np.sum(x * x, axis=1))[:, None]
    return not np.all(np.isfinite(x_bar))


def hypotenuse_jvp_into(x, k, x_dot, r_dot):
    r_dot[:] = np.inf


def hypotenuse_gradient_into(x, k, x_bar):
    return hypotenuse_vjp_into(x, k, np.ones(len(x)), x_bar)


def hypotenuse_value_and_gradient_into(x, k, r, x_bar):
    return hypotenuse_into(x, k, r) | hypotenuse_gradient_into(x, k, x_bar)


def hypotenuse_value_and_vjp_into(x, k, r_bar, r, x_bar):
    return hypotenuse_into(x, k, r) | hypotenuse_vjp_into(x, k, r_bar, x_bar)
'''

WIDE = '''"""By scaling, and counting the items in a file."""
import numpy as np


def noted(x):
    assert x.dtype == np.float64
    with open(__file__ + ".items", "a") as file:
        file.write(f"{len(x)} ")


def hypotenuse_into(x, k, r):
    noted(x)
    with np.errstate(all="ignore"):
        top = np.max(np.abs(x), axis=1)
        r[:] = k * top * np.sqrt(np.sum((x / top[:, None]) ** 2, axis=1))


def hypotenuse_vjp_into(x, k, r_bar, x_bar):
    noted(x)
    with np.errstate(all="ignore"):
        y = x / np.max(np.abs(x), axis=1)[:, None]
        x_bar[:] = r_bar[:, None] * k * y / np.sqrt(np.sum(y * y, axis=1))[:, None]
'''


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_project(tmp_path, {"hypotenuse": HYPOTENUSE})
    folder = tmp_path / "generated" / "sample" / "_wide"
    folder.mkdir()
    (folder / "hypotenuse.py").write_text(WIDE)
    return tmp_path


@pytest.fixture
def kernel(root: Path) -> Kernel:
    return eqc.kernel("hypotenuse", root=root)


def counted(root: Path) -> list[int]:
    """How many items each call in wide numbers had; the first call of a function has one of them before."""
    file = root / "generated/sample/_wide/hypotenuse.py.items"
    return [int(word) for word in file.read_text().split()] if file.is_file() else []


def rows(count: int = 6, dtype: Any = float) -> Any:
    return np.random.default_rng(count).uniform(1, 2, (count, 2)).astype(dtype)


def test_only_the_items_that_left_the_range_are_computed_again(kernel: Kernel, root: Path) -> None:
    x = rows()
    plain = kernel(x)
    x[2] = 3 * BIG, 4 * BIG
    x[4] = 3e-200, 0.0
    found = kernel(x)
    assert found[2] == 5 * BIG
    np.testing.assert_array_equal(found[[0, 1, 3, 5]], plain[[0, 1, 3, 5]])
    assert counted(root) == [1, 1]


@pytest.mark.parametrize("again", [False, True])
def test_every_way_of_calling_is_mended(kernel: Kernel, again: bool) -> None:
    x = np.array([3 * BIG, 4 * BIG])
    for _ in range(1 + again):
        assert kernel(x, 2) == 10 * BIG
        assert kernel(x=x, k=2) == 10 * BIG
        out = np.empty(())
        assert kernel(x, out=out) is out
        assert out == 5 * BIG
        whole = kernel(np.stack([x, [3.0, 4.0], x]), out=np.empty(3))
        np.testing.assert_array_equal(whole, [5 * BIG, 5, 5 * BIG])


def test_gradients_are_those_for_a_cotangent_of_1(kernel: Kernel) -> None:
    x = np.array([[3e-200, 4e-200], [0.6, 0.8]])
    np.testing.assert_allclose(kernel.gradient(x), [[0.6, 0.8], [0.6, 0.8]], rtol=1e-15)
    value, gradient = kernel.value_and_gradient(x)
    np.testing.assert_allclose(gradient, [[0.6, 0.8], [0.6, 0.8]], rtol=1e-15)
    assert value[1] == 1.0
    np.testing.assert_allclose(kernel.vjp(x, 2.0), [[1.2, 1.6], [1.2, 1.6]], rtol=1e-15)
    np.testing.assert_allclose(kernel.jacobian(x[0]), [0.6, 0.8], rtol=1e-15)


def test_values_are_mended_beside_cotangents(kernel: Kernel) -> None:
    value, x_bar = kernel.value_and_vjp(np.array([[3 * BIG, 4 * BIG], [3.0, 4.0]]), np.array([2.0, 1.0]))
    np.testing.assert_array_equal(value, [5 * BIG, 5])
    np.testing.assert_allclose(x_bar, [[1.2, 1.6], [0.6, 0.8]], rtol=1e-15)


def test_single_precision_is_mended_in_double(kernel: Kernel) -> None:
    found = kernel(np.array([[3e30, 4e30], [3e38, 3e38]], np.float32))
    assert found.dtype == np.float32
    assert found[0] == np.float32(5e30)
    assert found[1] == math.inf  # beyond the range of single precision


def test_kernels_that_are_not_watched_stay_as_they_are(kernel: Kernel, root: Path) -> None:
    assert kernel.jvp(np.array([3.0, 4.0]), np.ones(2)) == math.inf
    assert counted(root) == []


def test_data_that_are_not_finite_are_never_computed_again(kernel: Kernel, root: Path) -> None:
    (root / "generated/sample/_wide/hypotenuse.py").write_text("raise AssertionError\n")
    found = kernel(np.array([[np.nan, 1.0], [np.inf, 1.0], [3.0, 4.0]]))
    np.testing.assert_array_equal(found, [np.nan, np.inf, 5.0])
    assert np.isnan(kernel.vjp(np.array([3.0, 4.0]), np.nan)).all()


def test_what_has_no_finite_result_stays_as_it_was(kernel: Kernel, root: Path) -> None:
    assert np.isnan(kernel.gradient(np.zeros(2))).all()
    assert kernel(np.full(2, 1.7e308)) == math.inf
    assert counted(root) == [1, 1, 1, 1]


def test_nothing_is_tried_for_long_where_it_does_not_help(
    kernel: Kernel, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mending, "_AT_ONCE", 10 * 4)
    monkeypatch.setattr(mending, "_SHARED", 1 << 30)
    assert np.isnan(kernel.gradient(np.zeros((100, 2)))).all()
    assert counted(root) == [1, 10]
    x = np.full((100, 2), 1e300)
    np.testing.assert_allclose(kernel(x), math.sqrt(2) * 1e300, rtol=1e-15)
    assert sum(counted(root)[2:]) == 101


def test_threads_share_what_is_mended(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_NUM_THREADS", "3")
    x = rows(20000)
    x[[5, 19999]] = 3 * BIG, 4 * BIG
    for _ in range(4):
        found = kernel(x)
        assert found[5] == found[19999] == 5 * BIG
        assert np.isfinite(found).all()


def test_a_broadcast_cotangent_is_summed_after_mending(kernel: Kernel) -> None:
    x = np.array([3e-200, 4e-200])
    np.testing.assert_allclose(kernel.vjp(x, np.ones(5)), [[0.6, 0.8]] * 5, rtol=1e-15)
