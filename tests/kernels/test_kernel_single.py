"""Calls for one item that come again and again go straight to its function, and give what the first calls gave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from eqc.kernels import shortcuts
from eqc.kernels.kernel import Kernel
from eqc.kernels.runner import Runner
from eqc.kernels.single import PATIENCE

Get = Callable[[str], Kernel]
RNG = np.random.default_rng(5)
X = RNG.normal(size=4)

CALLS = {
    "a default": (X, 2),
    "all given": (0.25, X, 2),
    "numbers as arrays": (np.array(0.25), X, np.array(2)),
    "a NumPy number": (np.float64(3), X, 1),
    "whole numbers": (2, X, 4),
    "single precision": (0.1, X.astype(np.float32), 2),
    "one item": (np.array([0.25]), X[None], np.array([2])),
    "one item of one": (0.25, X[None, None], 2),
}


AS_THEY_ARE = "a default", "all given", "a NumPy number", "whole numbers", "single precision"


@pytest.fixture(params=["in compiled code", "in Python"], autouse=True)
def natively(request: pytest.FixtureRequest, kernel: Get, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether short calls are made by compiled code; none are known at first."""
    for name in ("sway", "mse", "parabola"):
        one = kernel(name)
        for memory in (one._short, one._counts, *one._recent.values()):
            memory.clear()
    if request.param == "in Python":
        monkeypatch.setattr(shortcuts, "native_way", lambda *_: None)
    return bool(request.param == "in compiled code")


@pytest.mark.parametrize("name", CALLS)
def test_later_calls_give_what_the_first_gave(kernel: Get, name: str, natively: bool) -> None:
    sway, given = kernel("sway"), CALLS[name]
    found = [sway(*given) for _ in range(PATIENCE + 3)]
    ((_, known),) = sway._short.values()
    if natively and name in AS_THEY_ARE:
        assert isinstance(known[0], int)
    else:
        assert known[1].__qualname__.startswith("Direct")
    for result in found[1:]:
        assert result._fields == ("y", "total", "place")
        for first, later in zip(found[0], result, strict=True):
            np.testing.assert_array_equal(first, later, strict=True)
            assert type(first) is type(later)
    assert not np.shares_memory(found[-1].y, found[-2].y)


def test_arguments_are_looked_at_every_time(kernel: Get) -> None:
    sway = kernel("sway")
    for _ in range(PATIENCE + 2):
        assert sway(2.0, X, 1).place == 1
    assert sway(3.0, 2 * X, 3).place == 3
    np.testing.assert_array_equal(sway(3.0, 2 * X, 3).y, 6 * X)
    np.testing.assert_array_equal(sway(3.0, [1, 2], 1).y, [3.0, 6.0])
    np.testing.assert_array_equal(sway(3.0, np.arange(8.0)[::2], 1).y, [0, 6, 12, 18])


def test_errors_are_told_as_ever(kernel: Get) -> None:
    sway = kernel("sway")
    for _ in range(PATIENCE + 2):
        sway(2.0, X, 1)
        with pytest.raises(IndexError, match="k has the value 9, outside its range 1 to 4"):
            sway(2.0, X, 9)


def test_what_is_not_finite_takes_the_way_that_can_mend_it(kernel: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    sway, seen = kernel("sway"), []
    for _ in range(PATIENCE + 2):
        sway(2.0, X, 1)
    repeat = Runner.repeat

    def spied(*arguments: Any) -> Any:
        seen.append(arguments[1])
        return repeat(*arguments)

    monkeypatch.setattr(Runner, "repeat", spied)
    wrong = np.array([1.0, np.inf, 2.0, 3.0])
    assert sway(2.0, wrong, 1).total == np.inf
    assert sway(2.0, X, 1).total == X.sum() * 2
    assert seen == [(2.0, wrong, 1)]


def test_results_by_name_come_beside_the_value(kernel: Get) -> None:
    mse, x = kernel("mse"), RNG.normal(size=(2, 3, 2))
    for _ in range(PATIENCE + 2):
        value, (slope,) = mse.value_and_gradient(*x, wrt=("yhat",))
        assert value == mse(*x)
        np.testing.assert_array_equal(slope, mse.gradient(*x))
        np.testing.assert_array_equal(slope, mse.value_and_gradient(*x, wrt=["yhat"])[1][0])
        np.testing.assert_array_equal(mse.value_and_gradient(*x, wrt="yhat")[1], slope)
        np.testing.assert_array_equal(mse.gradient(x[0], yhat=x[1], wrt="yhat"), slope)
        np.testing.assert_array_equal(mse.gradient(yhat=x[1], y=x[0]), slope)


def test_tangents_and_directions_take_the_short_way_too(kernel: Get) -> None:
    parabola, (a, x, b, y) = kernel("parabola"), RNG.normal(size=(4, 3))
    for _ in range(PATIENCE + 2):
        np.testing.assert_allclose(parabola.jvp(a, x, b, y), b * x**2 + 2 * a * x * y)
        slopes = parabola.hvp(a, x, b, y)
        np.testing.assert_allclose(slopes.a, 2 * x * y)
        np.testing.assert_allclose(slopes.x, 2 * x * b + 2 * a * y)


@pytest.mark.parametrize(("worth", "quick"), [(10.0, True), (0.0, False)])
def test_longer_calls_are_made_by_compiled_code_if_they_are_quick(
    kernel: Get, natively: bool, monkeypatch: pytest.MonkeyPatch, worth: float, quick: bool
) -> None:
    monkeypatch.setattr(shortcuts, "WORTH", worth)
    sway, x = kernel("sway"), RNG.normal(size=15_000)
    for scale in (1.0, 2.0, 3.0, 4.0, 5.0, 6.0):
        found = sway(scale, x, 3)
        np.testing.assert_array_equal(found.y, scale * x)
        assert found.place == 3
    ((_, known),) = sway._short.values()
    assert isinstance(known[0], int) == (natively and quick)
