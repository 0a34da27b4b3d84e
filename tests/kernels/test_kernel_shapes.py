"""Leading axes, extents and the errors about them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from eqc.kernels import batch
from eqc.kernels.extents import parse_extent
from eqc.kernels.kernel import Kernel

Get = Callable[[str], Kernel]
RNG = np.random.default_rng(7)


def normal(*shape: int) -> Any:
    return RNG.normal(size=shape)


@pytest.mark.parametrize(
    ("lead_w", "lead_x", "lead_b"),
    [
        ((), (), ()),
        ((), (4,), ()),
        ((4,), (), ()),
        ((2, 1), (3,), ()),
        ((2, 1), (1, 3), (2, 3)),
        ((1,), (1, 1), ()),
        ((0,), (), ()),
    ],
)
def test_leading_axes_broadcast(kernel: Get, lead_w: Any, lead_x: Any, lead_b: Any) -> None:
    w, x, b = normal(*lead_w, 2, 5), normal(*lead_x, 5), normal(*lead_b, 2)
    expected = np.matmul(w, x[..., None])[..., 0] + b
    result = kernel("affine")(w, x, b)
    assert result.shape == expected.shape
    np.testing.assert_allclose(result, expected)


@pytest.mark.parametrize("budget", [1, 200, 1000, 1 << 24])
def test_blocks_give_what_the_whole_gives(kernel: Get, monkeypatch: pytest.MonkeyPatch, budget: int) -> None:
    monkeypatch.setattr(batch, "TEMPORARY_BYTES", budget)
    w, x, b, y_bar = normal(2, 1, 2, 5), normal(7, 5), normal(2), normal(2, 7, 2)
    np.testing.assert_allclose(kernel("affine")(w, x, b), np.matmul(w, x[..., None])[..., 0] + b)
    w_bar, x_bar, b_bar = kernel("affine").vjp(w, x, b, y_bar)
    np.testing.assert_allclose(w_bar, np.einsum("abi,bj->aij", y_bar, x)[:, None])
    np.testing.assert_allclose(x_bar, np.einsum("abi,aij->bj", y_bar, w[:, 0]))
    np.testing.assert_allclose(b_bar, y_bar.sum((0, 1)))


def test_records_of_scalars_are_elementwise(kernel: Get) -> None:
    x, a = normal(3, 4), normal(4)
    np.testing.assert_allclose(kernel("parabola")(a, x), a * x * x)
    np.testing.assert_allclose(kernel("parabola").gradient(a, x, wrt="x"), 2 * a * x)
    np.testing.assert_allclose(kernel("parabola").gradient(a, x, wrt="a"), x * x)


def test_empty_batches_give_empty_results(kernel: Get) -> None:
    assert kernel("softmax")(np.ones((0, 3))).shape == (0, 3)
    assert kernel("softmax").jacobian(np.ones((2, 0, 3))).shape == (2, 0, 3, 3)
    w_bar, x_bar, b_bar = kernel("affine").vjp(np.ones((2, 5)), np.ones((0, 5)), np.ones(2), np.ones((0, 2)))
    assert (w_bar.shape, x_bar.shape, b_bar.shape) == ((2, 5), (0, 5), (2,))
    assert not w_bar.any()


def test_without_axes_a_result_is_a_numpy_scalar(kernel: Get) -> None:
    y = np.ones((2, 3), np.float32)
    assert type(kernel("mse")(y, y)) is np.float32
    assert type(kernel("pick")(np.ones(3), 1)) is np.float64
    assert type(kernel("winner")(np.ones(3, np.float32))) is np.int64
    assert kernel("winner")(normal(4, 3)).dtype == np.int64
    assert type(kernel("momentum")(y[0], y[0]).energy) is np.float32
    assert type(kernel("momentum").vjp(normal(2, 3), normal(2, 3), m_new_bar=normal(3)).beta) is np.float64


@pytest.mark.parametrize(
    ("record", "arguments", "message"),
    [
        (
            "mse",
            ((3, 5), (3, 4)),
            "yhat has shape (3, 4) but y has (3, 5): the extent C is 4 in yhat (axis 2) and 5 in y (axis 2)",
        ),
        (
            "mse",
            ((7, 3, 5), (3, 4)),
            "yhat has shape (3, 4) but y has (7, 3, 5): the extent C is 4 in yhat (axis 2) and 5 in y (axis 3)",
        ),
        ("mse", ((3, 5), (5,)), "yhat has shape (5,), but yhat[N, C] has 2 axes"),
        ("softmax", ((),), "z has shape (), but z[C] has 1 axis"),
        (
            "affine",
            ((3, 2, 5), (4, 5), (2,)),
            "W has shape (3, 2, 5) and x has shape (4, 5): their leading axes 3 and 4 do not broadcast",
        ),
        ("every", ((7,),), "x has shape (7,): its axis 1 gives no n, since 7/2 is not a whole number"),
    ],
)
def test_what_does_not_fit_is_named(kernel: Get, record: str, arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        kernel(record)(*(np.ones(shape) for shape in arguments))


def test_shapes_that_depend_on_per_call_integers_are_explained(kernel: Get) -> None:
    with pytest.raises(ValueError, match=re.escape("divides by zero (with n = 3 from axis 1 of x (6,), stride = 0)")):
        kernel("every")(np.ones(6), 0)
    with pytest.raises(ValueError, match=re.escape("axis 1 must be (2*n - 1)//stride + 1 = 3, not 4 (with n = 3")):
        kernel("every").vjp(np.ones(6), 2, np.ones(4))


def test_a_cotangent_of_the_wrong_shape_is_named(kernel: Get) -> None:
    with pytest.raises(ValueError, match=re.escape("yhat_bar has shape (4,) but z has (5,): the extent C is 4")):
        kernel("softmax").vjp(np.ones(5), np.ones(4))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2*n + 1", 11),
        ("-n + 8", 3),
        ("n//2", 2),
        ("n % 3", 2),
        ("n**2", 25),
        ("max(n, 7)", 7),
        ("min(n, 3)", 3),
        ("4", 4),
    ],
)
def test_arithmetic_on_extents(text: str, expected: int) -> None:
    assert parse_extent(text).evaluate({"n": 5}) == expected


@pytest.mark.parametrize("text", ["n/2", "exact(n, 2)", "n//0", "n % 0", "2**(0 - n)", "10**(n*100)", "exact(n, 0)"])
def test_what_is_no_extent(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        parse_extent(text).evaluate({"n": 5})


@pytest.mark.parametrize("text", ["open('x')", "n.real", "[n]", "1.5", "max(n)", "n if n else 1", "lambda: 1"])
def test_nothing_else_is_evaluated(text: str) -> None:
    with pytest.raises(ValueError, match="is no arithmetic on extents"):
        parse_extent(text)
