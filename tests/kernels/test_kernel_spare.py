"""Results that are not wanted are left out of long calls that come again and again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from kernel_samples import write_project

import eqc
from eqc.kernels.kernel import Kernel
from eqc.kernels.single import PATIENCE

SCALED = '''"""a x, with the arrays of results that it is given."""
SIGNATURE = {
    "id": "scaled",
    "inputs": (
        {"name": "a", "kind": "real", "shape": ("N",), "per_call": False, "default": None, "differentiable": True},
        {"name": "x", "kind": "real", "shape": ("N",), "per_call": False, "default": None, "differentiable": True},
    ),
    "extents": (("N", "a", 0, "_size"),),
    "outputs": ({"name": "y", "kind": "real", "shape": ("N",)},),
    "kernels": ("value", "vjp"),
    "shares_items": True,
    "optional": {"vjp": (0, 1)},
}
KINDS = []


def scaled_into(a, x, y):
    y[:] = a * x


def scaled_vjp_into(a, x, y_bar, a_bar, x_bar):
    KINDS.append((type(a_bar).__name__, type(x_bar).__name__))
    if not x.any():
        raise IndexError("x: position outside its axis", 0, 1, 1)
    for item in range(x_bar.shape[0]):
        a_bar[item, :] = x[item] * y_bar[item]
        x_bar[item, :] = a[item % len(a)] * y_bar[item]
'''

UNWANTED = """
class Unwanted:
    def __init__(self, shape, dtype):
        self.shape, self.dtype = shape, dtype

    def __getitem__(self, part):
        return Unwanted((len(range(self.shape[0])[part]), *self.shape[1:]), self.dtype)

    def __setitem__(self, place, value):
        pass
"""


@pytest.fixture
def scaled(tmp_path: Path) -> Kernel:
    root = write_project(tmp_path, {"scaled": SCALED})
    folder = root / "generated/_vector"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "unwanted.py").write_text(UNWANTED)
    return eqc.kernel("scaled", root=root)


@pytest.mark.parametrize("shape", [(4000,), (3, 4000), (2, 3, 2000)])
@pytest.mark.parametrize("wrt", ["x", ("x",), "a"])
def test_long_results_are_left_out(scaled: Kernel, shape: tuple[int, ...], wrt: str | tuple[str, ...]) -> None:
    rng = np.random.default_rng(len(shape))
    a, x, bar = rng.normal(size=(3, *shape))
    for _ in range(PATIENCE + 2):
        found = scaled.vjp(a, x, bar, wrt=wrt)
        result = found[0] if isinstance(wrt, tuple) else found
        np.testing.assert_array_equal(result, (x if wrt == "a" else a) * bar)
        assert result.shape == shape
    kinds = scaled.module.KINDS
    assert kinds[0] == ("ndarray", "ndarray")
    assert kinds[-1] == (("ndarray", "Unwanted") if wrt == "a" else ("Unwanted", "ndarray"))
    both = scaled.vjp(a, x, bar)
    np.testing.assert_array_equal(both.a, x * bar)


@pytest.mark.parametrize("wrt", ["x", "a"])
def test_results_that_are_summed_over_items_can_be_left_out(scaled: Kernel, wrt: str) -> None:
    rng = np.random.default_rng(3)
    a, (x, bar) = rng.normal(size=4000), rng.normal(size=(2, 3, 4000))
    for _ in range(PATIENCE + 2):
        found = scaled.vjp(a, x, bar, wrt=wrt)
        np.testing.assert_allclose(found, (x * bar).sum(0) if wrt == "a" else a * bar, rtol=1e-12, atol=1e-12)
    assert scaled.module.KINDS[-1] == (("ndarray", "Unwanted") if wrt == "a" else ("Unwanted", "ndarray"))


def test_short_results_are_not(scaled: Kernel) -> None:
    x = np.arange(1.0, 5.0)
    for _ in range(PATIENCE + 2):
        np.testing.assert_array_equal(scaled.vjp(x, 2 * x, x, wrt="x"), x * x)
    assert {*scaled.module.KINDS} == {("ndarray", "ndarray")}


def test_errors_are_told_as_ever(scaled: Kernel) -> None:
    x = np.ones(4000)
    for _ in range(PATIENCE + 2):
        scaled.vjp(x, x, x, wrt="x")
    with pytest.raises(IndexError, match="x has the value 0, outside its range 1 to 1"):
        scaled.vjp(x, 0 * x, x, wrt="x")
