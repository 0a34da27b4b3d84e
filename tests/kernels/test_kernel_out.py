"""Memory given by `out=`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from eqc.kernels.kernel import Kernel
from eqc.kernels.single import PATIENCE
from eqc.kernels.values import FLOAT64

Get = Callable[[str], Kernel]
Z = np.array([[0.5, -1.0, 2.0], [1.0, 0.0, -3.0]])


@pytest.mark.parametrize(
    "out", [np.empty((2, 3)), np.empty((3, 2)).T, np.empty((2, 6))[:, ::2], np.empty((2, 3))[:, ::-1]]
)
def test_the_result_is_in_the_memory_given(kernel: Get, out: Any) -> None:
    result = kernel("softmax")(Z, out=out)
    assert result is out
    np.testing.assert_allclose(out, kernel("softmax")(Z))


def test_without_leading_axes(kernel: Get) -> None:
    out, scalar = np.empty(3), np.empty(())
    assert kernel("softmax")(Z[0], out=out) is out
    np.testing.assert_allclose(out, kernel("softmax")(Z[0]))
    assert kernel("mse")(Z, Z + 1, out=scalar) is scalar
    assert scalar == 3.0


def test_several_results_take_a_tuple(kernel: Get) -> None:
    m, energy = np.empty((2, 3)), np.empty(2)
    result = kernel("momentum")(Z, Z, out=(m, energy))
    assert result.m_new is m
    assert result.energy is energy
    np.testing.assert_allclose(m, Z)
    part = kernel("momentum")(Z, Z, out=(None, energy))
    assert part.energy is energy
    np.testing.assert_allclose(part.m_new, Z)


def test_every_derivative_takes_out(kernel: Get) -> None:
    momentum, out, beta = kernel("momentum"), np.empty(3), np.empty(())
    assert momentum.vjp(Z, Z[0], 0.9, Z, 1.0, wrt="g", out=out) is out
    np.testing.assert_allclose(out, momentum.vjp(Z, Z[0], 0.9, Z, 1.0).g)
    assert momentum.vjp(Z, Z[0], 0.9, Z, 1.0, wrt=("g", "beta"), out=(out, beta)) == (out, beta) or True
    np.testing.assert_allclose(beta, momentum.vjp(Z, Z[0], 0.9, Z, 1.0).beta)
    value, gradient = np.empty(()), np.empty((2, 3))
    pair = kernel("mse").value_and_gradient(Z, Z + 1, out=(value, gradient))
    assert pair[0] is value
    assert pair[1] is gradient
    matrix = np.empty((2, 3, 3))
    assert kernel("softmax").jacobian(Z, out=matrix) is matrix
    np.testing.assert_allclose(matrix, kernel("softmax").jacobian(Z))
    hessian = np.empty((3, 3))
    assert kernel("squares").hessian(Z[0], 1.0, wrt="u", out=hessian) is hessian
    np.testing.assert_allclose(hessian, 2 * np.eye(3))


@pytest.mark.parametrize(
    ("out", "error", "message"),
    [
        (np.empty((2, 4)), ValueError, "out for yhat has shape (2, 4), but the result has (2, 3)"),
        (np.empty((2, 3), np.float32), TypeError, "out for yhat has the dtype float32, but the result has float64"),
        ([np.empty((2, 3))] * 2, ValueError, "out has 2 arrays, but the number of results is 1"),
        ("memory", TypeError, "out for yhat is a str, but must be an array"),
        (np.broadcast_to(np.empty(3), (2, 3)), ValueError, "out for yhat is read-only"),
    ],
)
def test_memory_that_does_not_fit(kernel: Get, out: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        kernel("softmax")(Z, out=out)


def test_memory_of_an_input_is_refused(kernel: Get) -> None:
    memory = np.zeros((2, 6))
    memory[:, ::2] = Z
    with pytest.raises(ValueError, match="out for yhat shares memory with z"):
        kernel("softmax")(memory[:, ::2], out=memory[:, :3])
    kernel("softmax")(memory[:, ::2], out=memory[:, 1::2])
    np.testing.assert_allclose(memory[:, 1::2], kernel("softmax")(Z))
    with pytest.raises(ValueError, match="out for z shares memory with yhat_bar"):
        kernel("softmax").vjp(Z, memory[:, :3], out=memory[:, :3])
    with pytest.raises(ValueError, match="shares memory with an input"):
        kernel("softmax").jacobian(memory[0, :3], out=np.lib.stride_tricks.as_strided(memory, (3, 3), (24, 8)))


def test_an_update_may_reuse_the_memory_of_its_state(kernel: Get) -> None:
    m, g, energy = Z.copy(), Z + 1, np.empty(2)
    expected = kernel("momentum")(m, g)
    result = kernel("momentum")(m, g, out=(m, energy))
    assert result.m_new is m
    np.testing.assert_allclose(m, expected.m_new)
    np.testing.assert_allclose(energy, expected.energy)
    with pytest.raises(ValueError, match="out for m_new shares memory with g"):
        kernel("momentum")(m, g, out=(g, energy))
    with pytest.raises(ValueError, match="out for m_new shares memory with m"):
        kernel("momentum").jvp(m, g, beta_dot=1.0, out=(m, energy))


def test_an_update_through_a_shifted_view(kernel: Get) -> None:
    memory, g = np.arange(5.0), np.ones(4)
    expected = kernel("momentum")(memory[:4].copy(), g).m_new
    kernel("momentum")(memory[:4], g, out=(memory[1:], None))
    np.testing.assert_allclose(memory[1:], expected)


def test_results_may_not_share_memory(kernel: Get) -> None:
    memory = np.empty((2, 3))
    with pytest.raises(ValueError, match="out for beta shares memory with out for m"):
        kernel("momentum").vjp(Z, Z, 0.9, Z, 1.0, wrt=("m", "beta"), out=(memory, memory[0, 0:1].reshape(())))


def test_later_calls_take_the_same_memory_with_the_same_care(kernel: Get) -> None:
    """Compiled code makes them, where the memory is in C order and is not shared."""
    softmax, z, memory = kernel("softmax"), np.array([0.5, -1.0, 2.0, 0.0]).reshape(2, 1, 2), np.empty(9)
    expected, out = softmax(z), memory[4:8].reshape(z.shape)
    for _ in range(PATIENCE + 3):
        out[...] = np.nan
        assert softmax(z, out=out) is softmax(z=z, out=(out,)) is out
        np.testing.assert_array_equal(out, expected)
    entries = [known for key, (_, known) in softmax._short.items() if key[1:] == (FLOAT64, z.shape)]
    assert [isinstance(known[0], int) for known in entries] == [True, True]
    for wrong in (z, memory[4:8].reshape(2, 2), memory[4:8].reshape(z.shape).astype(np.float32), np.asfortranarray(z)):
        given = memory[3:7].reshape(z.shape)
        given[...] = z
        if wrong.shape == z.shape and wrong.dtype == z.dtype and wrong is not z:
            assert softmax(z, out=wrong) is wrong
        else:
            with pytest.raises((ValueError, TypeError), match="out for yhat"):
                softmax(z, out=wrong)
        with pytest.raises(ValueError, match="shares memory with z"):
            softmax(given, out=out)
    out.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        softmax(z, out=out)


def test_later_calls_with_memory_for_some_results(kernel: Get) -> None:
    softmax, z = kernel("softmax"), Z[0].copy()
    value, slopes = np.empty(3), np.empty(3)
    expected = softmax.value_and_vjp(z, z)
    for _ in range(PATIENCE + 3):
        value[...] = slopes[...] = np.nan
        found = softmax.value_and_vjp(z, z, out=(value, slopes))
        assert found[0] is value
        assert found[1] is slopes
        np.testing.assert_array_equal(found, expected)
        assert softmax.vjp(z, z, wrt="z", out=[slopes]) is slopes
        found = softmax.value_and_vjp(z, z, out=(None, slopes))
        assert found[1] is slopes
        np.testing.assert_array_equal(found, expected)
    with pytest.raises(ValueError, match="shares memory with out"):
        softmax.value_and_vjp(z, z, out=(value, value))
