"""vjp, jvp, gradient, hvp, Jacobian and Hessian: values, nesting and leading axes."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import eqc
from eqc.kernels import dense
from eqc.kernels.kernel import Kernel
from eqc.kernels.single import PATIENCE

Get = Callable[[str], Kernel]
RNG = np.random.default_rng(11)


def normal(*shape: int) -> Any:
    return RNG.normal(size=shape)


def softmax_jacobian(z: Any) -> Any:
    p = np.exp(z) / np.exp(z).sum(-1, keepdims=True)
    return p[..., :, None] * (np.eye(z.shape[-1]) - p[..., None, :])


def test_softmax(kernel: Get) -> None:
    softmax, z, v = kernel("softmax"), normal(2, 3), normal(2, 3)
    matrix = softmax_jacobian(z)
    np.testing.assert_allclose(softmax.vjp(z, v), np.einsum("bi,bij->bj", v, matrix))
    np.testing.assert_allclose(softmax.jvp(z, v), np.einsum("bij,bj->bi", matrix, v))
    np.testing.assert_allclose(softmax.jacobian(z), matrix)
    np.testing.assert_allclose(softmax.jacobian(z[0], wrt="z"), matrix[0])


def test_cotangents_of_inputs_without_the_batch_are_summed(kernel: Get) -> None:
    w, x, b, y_bar = normal(2, 5), normal(4, 5), normal(1, 2), normal(4, 2)
    w_bar, x_bar, b_bar = kernel("affine").vjp(w, x, b, y_bar)
    np.testing.assert_allclose(w_bar, y_bar.T @ x)
    np.testing.assert_allclose(x_bar, y_bar @ w)
    np.testing.assert_allclose(b_bar, y_bar.sum(0, keepdims=True))


def test_one_cotangent_serves_the_whole_batch(kernel: Get) -> None:
    w, x, b, y_bar = normal(2, 5), normal(4, 5), normal(2), normal(2)
    np.testing.assert_allclose(kernel("affine").vjp(w, x, b, y_bar, wrt="b"), 4 * y_bar)


def test_further_axes_of_cotangents_and_tangents_come_first(kernel: Get) -> None:
    w, x, b, y_bar = normal(2, 5), normal(4, 5), normal(2), normal(3, 4, 2)
    w_bar, x_bar, b_bar = kernel("affine").vjp(w, x, b, y_bar)
    np.testing.assert_allclose(w_bar, np.einsum("kbi,bj->kij", y_bar, x))
    np.testing.assert_allclose(x_bar, y_bar @ w)
    np.testing.assert_allclose(b_bar, y_bar.sum(1))
    z = normal(3)
    np.testing.assert_allclose(kernel("softmax").jvp(z, np.eye(3)), softmax_jacobian(z).T)


def test_float32_sums_are_made_in_float64(kernel: Get) -> None:
    x = np.full((100_000, 1), 0.1, np.float32)
    b_bar = kernel("affine").vjp(np.ones((1, 1), np.float32), x, np.ones(1, np.float32), x, wrt="b")
    assert b_bar.dtype == np.float32
    np.testing.assert_allclose(b_bar, [np.float64(np.float32(0.1)) * 100_000], rtol=1e-7)


def test_gradients_are_per_item(kernel: Get) -> None:
    mse, y, yhat = kernel("mse"), normal(2, 3), normal(4, 2, 3)
    np.testing.assert_allclose(mse.gradient(y, yhat), yhat - y)
    np.testing.assert_allclose(mse.gradient(yhat, y), y - yhat)
    value, gradient = mse.value_and_gradient(y, yhat, wrt="yhat")
    np.testing.assert_allclose(value, ((y - yhat) ** 2).sum((1, 2)) / 2)
    np.testing.assert_allclose(gradient, yhat - y)
    np.testing.assert_allclose(mse.hvp(y, yhat, y), np.broadcast_to(y, (4, 2, 3)))
    expected = np.broadcast_to(np.eye(6).reshape(2, 3, 2, 3), (4, 2, 3, 2, 3))
    np.testing.assert_allclose(mse.hessian(y, yhat), expected)
    np.testing.assert_allclose(mse.jacobian(y, yhat), yhat - y)


def test_several_results_come_by_name(kernel: Get) -> None:
    momentum, m, g = kernel("momentum"), normal(3), normal(3)
    value = momentum(m, g)
    np.testing.assert_allclose(value.m_new, 0.9 * m + 0.1 * g)
    np.testing.assert_allclose(value.energy, (value.m_new**2).sum())
    bars = momentum.vjp(m, g, 0.9, g, 1.0)
    assert bars._fields == ("m", "g", "beta")
    assert bars.m_bar is bars.m
    dots = momentum.jvp(m, g, beta_dot=2.0)
    np.testing.assert_allclose(dots.m_new, 2 * (m - g))
    assert dots.energy_dot == dots.energy
    restored = pickle.loads(pickle.dumps(bars))
    assert type(restored) is type(bars)
    np.testing.assert_array_equal(restored.m, bars.m)


def test_wrt_is_a_name_a_tuple_or_nothing(kernel: Get) -> None:
    momentum, m, g = kernel("momentum"), normal(3), normal(3)
    every = momentum.vjp(m, g, 0.9, g, 1.0)
    assert momentum.vjp(m, g, 0.9, g, 1.0, wrt="beta") == every.beta
    pair = momentum.vjp(m, g, 0.9, g, 1.0, wrt=("beta", "m"))
    assert type(pair) is tuple
    assert pair[0] == every.beta
    np.testing.assert_array_equal(pair[1], every.m)


@pytest.mark.parametrize(
    ("wrt", "message"),
    [
        ("yhta", "mse.gradient: mse has no input 'yhta'; did you mean yhat?"),
        ("y", "mse.gradient: mse is not differentiated in 'y'; known: yhat"),
        (("yhat", "q"), "mse.gradient: mse has no input 'q'; known: yhat"),
        (("yhat", "yhat"), "mse.gradient: wrt=('yhat', 'yhat') has to name one or more inputs, each once"),
        (0, "mse.gradient: mse has no input 0; known: yhat"),
        ((), "mse.gradient: wrt=() has to name one or more inputs, each once"),
    ],
)
def test_wrong_names_in_wrt(kernel: Get, wrt: Any, message: str) -> None:
    y = np.ones((2, 3))
    with pytest.raises(ValueError, match=re.escape(message)):
        kernel("mse").gradient(y, y, wrt=wrt)


def numeric_jacobian(function: Callable[[Any], Any], x: Any) -> Any:
    x = np.asarray(x, float)
    columns = []
    for i in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[i] = 1e-6
        columns.append((function(x + step) - function(x - step)) / 2e-6)
    return np.moveaxis(np.array(columns), 0, -1).reshape(np.shape(function(x)) + x.shape)


@pytest.mark.parametrize("limit", [1, 100, 1 << 24])
def test_jacobians_are_assembled_in_blocks(kernel: Get, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setattr(dense, "BASIS_BYTES", limit)
    momentum, m, g, beta = kernel("momentum"), normal(3), normal(3), np.float64(0.7)
    nested = momentum.jacobian(m, g, beta)
    assert nested._fields == ("m_new", "energy")
    assert nested.energy._fields == ("m", "g", "beta")
    for output in range(2):
        for name, point in {"m": m, "g": g, "beta": beta}.items():
            base = {"m": m, "g": g, "beta": beta}
            expected = numeric_jacobian(lambda v: momentum(**{**base, name: v})[output], point)  # noqa: B023
            np.testing.assert_allclose(getattr(nested[output], name), expected, atol=1e-7)
            alone = momentum.jacobian(m, g, beta, wrt=name)[output]
            np.testing.assert_allclose(alone, expected, atol=1e-7)
            assert np.shape(alone) == np.shape(expected)


def test_batched_jacobians_are_per_item(kernel: Get) -> None:
    affine, w, x, b = kernel("affine"), normal(2, 5), normal(4, 5), normal(3, 1, 2)
    by_w, by_x, by_b = affine.jacobian(w, x, b)
    assert (by_w.shape, by_x.shape, by_b.shape) == ((3, 4, 2, 2, 5), (3, 4, 2, 5), (3, 4, 2, 2))
    np.testing.assert_allclose(by_x, np.broadcast_to(w, (3, 4, 2, 5)))
    np.testing.assert_allclose(by_b, np.broadcast_to(np.eye(2), (3, 4, 2, 2)))
    np.testing.assert_allclose(by_w[1], np.einsum("ik,bj->bikj", np.eye(2), x))
    by_beta = kernel("momentum").jacobian(normal(4, 6), normal(6), wrt="beta")
    assert (by_beta.m_new.shape, by_beta.energy.shape) == ((4, 6), (4,))


def test_hessians_nest_and_dense_kernels_agree(kernel: Get) -> None:
    squares, u, v = kernel("squares"), normal(4, 3), normal(4)
    own = squares.hessian(u, v)
    rows = dense.hessian(squares._runners.of("hvp"), [u, v], (0, 1))
    for row, expected in zip(rows, own, strict=True):
        for entry, part in zip(row, expected, strict=True):
            np.testing.assert_allclose(entry, part)
    assert own.u.v.shape == (4, 3)
    np.testing.assert_allclose(own.v.v, 2 * (u**2).sum(-1))
    np.testing.assert_allclose(squares.hessian(u, v, wrt="u"), own.u.u)
    pair = squares.hessian(u, v, wrt=("v", "u"))
    np.testing.assert_allclose(pair[0][1], own.v.u)
    np.testing.assert_allclose(squares.jacobian(u, v).v, 2 * v * (u**2).sum(-1))
    np.testing.assert_allclose(squares.jacobian(u, v, wrt="u"), 2 * v[:, None] ** 2 * u)


@pytest.mark.parametrize("wrt", [None, "u", ("u",), ["u"]])
def test_matrices_of_one_entry_come_bare_however_often(kernel: Get, wrt: Any) -> None:
    cubes = kernel("cubes")
    for _ in range(PATIENCE + 3):
        for u in (normal(3), normal(4, 3), normal(3).astype(np.float32)):
            by_u, twice = cubes.jacobian(u, wrt=wrt), cubes.hessian(u=u, wrt=wrt)
            assert by_u.dtype == twice.dtype == u.dtype
            np.testing.assert_allclose(by_u, 3 * u**2)
            np.testing.assert_allclose(twice, 6 * u[..., None] * np.eye(3, dtype=u.dtype))
    room = np.empty((3, 3), np.float32)
    assert cubes.hessian(u, wrt=wrt, out=room) is room
    with pytest.raises(ValueError, match=r"cubes\.hessian: cubes has no input 'w'"):
        cubes.hessian(u, wrt="w")


@pytest.mark.parametrize(
    ("method", "remedy"),
    [
        *((method, "use softmax.vjp or softmax.jacobian") for method in ("gradient", "hvp", "hessian")),
        ("value_and_gradient", "use softmax.value_and_vjp"),
    ],
)
def test_only_a_scalar_has_a_gradient(kernel: Get, method: str, remedy: str) -> None:
    with pytest.raises(eqc.EqcError, match="needs one scalar output, but softmax gives yhat") as caught:
        getattr(kernel("softmax"), method)(np.ones(3))
    assert caught.value.remedy == remedy


@pytest.mark.parametrize("method", ["vjp", "jvp", "value_and_vjp", "jacobian", "gradient"])
def test_integer_outputs_have_no_derivative(kernel: Get, method: str) -> None:
    with pytest.raises(eqc.EqcError, match=r"winner gives integers \(k\), which have no derivative"):
        getattr(kernel("winner"), method)(np.ones(3))
