"""Calls like an earlier one take a short way: what they give is what a first call gives, whatever came before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from eqc.kernels import plans, totals
from eqc.kernels.kernel import Kernel
from eqc.kernels.single import PATIENCE

Get = Callable[[str], Kernel]
RNG = np.random.default_rng(11)


def read_only(array: Any) -> Any:
    array.setflags(write=False)
    return array


VARIANTS = {
    "again": (RNG.normal(size=3), RNG.normal(size=3)),
    "another shape": (RNG.normal(size=(2, 3)), RNG.normal(size=(2, 3))),
    "single precision": (RNG.normal(size=3).astype(np.float32), RNG.normal(size=3).astype(np.float32)),
    "strided": (RNG.normal(size=6)[::2], RNG.normal(size=6)[::-2]),
    "read-only": (read_only(RNG.normal(size=3)), RNG.normal(size=3)),
    "Python numbers": (2, 3.0),
    "other Python numbers": (-1, 0.5),
    "NumPy numbers": (np.float64(2), np.float64(3)),
    "numbers of single precision": (np.float32(2), np.float32(0.5)),
    "a number beyond": (2, 10**17),
    "integers": (np.array([1, 2, 3]), RNG.normal(size=3)),
    "other byte order": (RNG.normal(size=3).astype(">f8"), RNG.normal(size=3)),
    "broadcast": (RNG.normal(size=(4, 1)), RNG.normal(size=3)),
    "no axes": (np.array(2.0), np.array(3.0)),
    "no items": (RNG.normal(size=(0,)), RNG.normal(size=(0,))),
}


@pytest.mark.parametrize("second", VARIANTS)
@pytest.mark.parametrize("first", ["again", "no axes", "Python numbers"])
def test_an_earlier_call_changes_nothing(kernel: Get, first: str, second: str) -> None:
    parabola = kernel("parabola")
    for a, x in [VARIANTS[first]] * (PATIENCE + 2) + [VARIANTS[second]] * 2 + [VARIANTS[first]]:
        wide = any(np.asarray(v).dtype != np.float32 for v in (a, x))
        exact = np.asarray(a, float), np.asarray(x, float)
        for found, expected in (
            (parabola(a, x), exact[0] * exact[1] ** 2),
            (parabola.gradient(a, x, wrt="x"), 2 * exact[0] * exact[1]),
            (parabola.value_and_gradient(a, x)[1][0], exact[1] ** 2 + 0 * exact[0]),
        ):
            np.testing.assert_allclose(found, expected, rtol=1e-6)
            assert np.shape(found) == np.shape(expected)
            assert found.dtype == (np.float64 if wide else np.float32)


def test_results_are_new_memory_every_time(kernel: Get) -> None:
    a, x = RNG.normal(size=3), RNG.normal(size=3)
    first = kernel("parabola")(a, x)
    kept = first.copy()
    second = kernel("parabola")(a, 2 * x)
    assert not np.shares_memory(first, second)
    np.testing.assert_array_equal(first, kept)


def test_too_few_arguments_are_still_named(kernel: Get) -> None:
    mse = kernel("mse")
    mse(np.ones((2, 2)), np.ones((2, 2)))
    with pytest.raises(TypeError, match="is missing yhat"):
        mse(np.ones((2, 2)))


def test_a_wrong_position_is_still_named(kernel: Get) -> None:
    pick, x = kernel("pick"), RNG.normal(size=3)
    assert pick(x, np.array(2)) / x[1] == pick(x, np.array(3)) / x[2]
    with pytest.raises(IndexError, match="y"):
        pick(x, np.array(4))


def test_integers_decide_again_about_shapes(kernel: Get) -> None:
    every, x = kernel("every"), np.arange(6.0)
    for stride in (1, 1, 2, 2, 5, 2, *[1] * PATIENCE, 2, *[5] * PATIENCE, 1, 2):
        np.testing.assert_array_equal(every(x, stride), x[::stride])
        np.testing.assert_array_equal(every(x), x)
    with pytest.raises(TypeError, match="stride"):
        every(x, 1.5)


def test_defaults_and_numbers_stand_for_themselves(kernel: Get) -> None:
    momentum, m, g = kernel("momentum"), RNG.normal(size=3), RNG.normal(size=3)
    for given in ((m, g), (m, g), (m, g, 0.9), (m, g, 0.9), (m, g)):
        np.testing.assert_allclose(momentum(*given)[0], 0.9 * m + 0.1 * g)
    np.testing.assert_allclose(momentum(m, g, 0.25)[0], 0.25 * m + 0.75 * g)


def test_memory_for_results_is_looked_at_every_time(kernel: Get) -> None:
    parabola, x = kernel("parabola"), RNG.normal(size=4)
    room = np.empty(4)
    for _ in range(3):
        assert parabola(x, x, out=room) is room
        np.testing.assert_allclose(room, x**3)
    strided = np.empty(8)[::2]
    assert parabola(x, x, out=strided) is strided
    np.testing.assert_allclose(strided, x**3)
    with pytest.raises(ValueError, match="shares memory with x"):
        parabola(room + 0, x, out=x)
    with pytest.raises(ValueError, match="shape"):
        parabola(x, x, out=np.empty(5))
    with pytest.raises(TypeError, match="float32"):
        parabola(x, x, out=np.empty(4, np.float32))


@pytest.mark.parametrize("items", [1, 5, 3000])
def test_one_item_serves_all(kernel: Get, items: int) -> None:
    momentum, m, g = kernel("momentum"), RNG.normal(size=(items, 4)), RNG.normal(size=4)
    bar = RNG.normal(size=(items, 4))
    for beta in (0.9, 0.9, np.array([0.5]), np.linspace(0, 1, items), 0.25):
        rate = np.reshape(beta, (-1, 1))
        new = rate * m + (1 - rate) * g
        for _ in range(2):
            np.testing.assert_allclose(momentum(m, g, beta).m_new, new)
            slopes = momentum.vjp(m, g, beta, bar, 1.0)
            total = bar + 2 * new
            np.testing.assert_allclose(slopes.m, rate * total)
            np.testing.assert_allclose(slopes.g, ((1 - rate) * total).sum(0), rtol=1e-9, atol=1e-9)
            summed = ((m - g) * total).sum(1)
            np.testing.assert_allclose(slopes.beta, summed if np.size(beta) == items > 1 else summed.sum())
            assert slopes.g.shape == (4,) and slopes.beta.shape == np.shape(beta)


@pytest.mark.parametrize("items", [2, 77, 1000])
def test_long_sums_over_items_are_added_up_in_blocks(kernel: Get, monkeypatch: pytest.MonkeyPatch, items: int) -> None:
    monkeypatch.setattr(plans, "_SUMMED", 0)
    monkeypatch.setattr(totals, "BLOCK", 300)
    momentum, m, g = kernel("momentum"), RNG.normal(size=(items, 5)), RNG.normal(size=5)
    bar = RNG.normal(size=(items, 5))
    for scale in (1.0, 2.0, 3.0):
        slopes = momentum.vjp(scale * m, g, 0.9, bar, 1.0)
        total = bar + 2 * (0.9 * scale * m + 0.1 * g)
        np.testing.assert_allclose(slopes.m, 0.9 * total)
        np.testing.assert_allclose(slopes.g, (0.1 * total).sum(0), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(slopes.beta, ((scale * m - g) * total).sum(), rtol=1e-9)
        assert slopes.m.shape == m.shape and slopes.g.shape == (5,) and slopes.beta.shape == ()


UNUSUAL = {
    "a list": lambda x: x.tolist(),
    "strides": lambda x: np.repeat(x, 2)[::2],
    "columns": lambda x: np.asfortranarray(np.stack([x, x])),
    "no memory to write to": lambda x: np.broadcast_to(x, (2, *x.shape)),
    "whole numbers": lambda x: np.arange(len(x)),
    "few bytes": lambda x: np.arange(len(x), dtype=np.int8),
    "another byte order": lambda x: x.astype(">f8"),
    "single precision": lambda x: x.astype(np.float32),
    "single precision in another byte order": lambda x: x.astype(">f4"),
    "another class": lambda x: np.ma.masked_array(x, mask=False),
}


@pytest.mark.parametrize("unusual", UNUSUAL)
def test_arguments_that_need_a_copy_are_as_good_every_time(kernel: Get, unusual: str) -> None:
    sway, x = kernel("sway"), np.array([0.5, -1.0, 2.0, 4.0])
    other = UNUSUAL[unusual](x)
    plain = np.asarray(other)
    plain = np.array(plain, np.float32 if plain.dtype.itemsize == 4 else np.float64)
    expected = sway(0.25, plain, 2)
    for _ in range(PATIENCE + 4):
        for found in (sway(0.25, other, 2), sway(x=other, k=2, rate=0.25)):
            for one, like in zip(found, expected, strict=True):
                np.testing.assert_array_equal(one, like, strict=True)
                assert type(one) is type(like)
    with pytest.raises(ValueError, match="shape"):
        sway(0.25, 1.0, 2)
    with pytest.raises(TypeError, match="missing"):
        sway(rate=0.25, k=2)


def test_memory_for_results_is_compared_with_what_was_given_not_with_a_copy(kernel: Get) -> None:
    softmax, z = kernel("softmax"), np.arange(8.0)
    for _ in range(PATIENCE + 4):
        with pytest.raises(ValueError, match="shares memory with z"):
            softmax(z[::2], out=z[:4])
        assert softmax(z[::2])[0] < softmax(z[::2])[3]
