"""Arguments by position and by name, dtypes, memory layouts, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from eqc.kernels.kernel import Kernel

Get = Callable[[str], Kernel]
Z = np.array([0.5, -1.0, 2.0])


def numpy_softmax(z: Any) -> Any:
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@pytest.mark.parametrize(
    ("args", "named", "expected"),
    [
        ((3.0,), {}, 4.5),
        ((2.0, 3.0), {}, 18.0),
        ((), {"x": 3.0}, 4.5),
        ((3.0,), {"a": 2.0}, 18.0),
        ((), {"x": 3.0, "a": 2.0}, 18.0),
    ],
)
def test_a_default_may_stand_before_a_required_input(
    kernel: Get, args: tuple[float, ...], named: dict[str, float], expected: float
) -> None:
    assert kernel("parabola")(*args, **named) == expected


def test_tangents_and_cotangents_follow_the_inputs_that_are_given(kernel: Get) -> None:
    parabola = kernel("parabola")
    assert parabola.vjp(3.0, 10.0) == (90.0, 30.0)
    assert parabola.vjp(2.0, 3.0, 10.0) == (90.0, 120.0)
    assert parabola.vjp(2.0, 3.0, y_bar=10.0) == (90.0, 120.0)
    assert parabola.jvp(3.0, x_dot=1.0) == 3.0
    assert parabola.jvp(2.0, 3.0, 1.0, 0.0) == 9.0
    assert parabola.hvp(2.0, 3.0, 1.0, wrt="x") == 4.0
    assert parabola.hvp(2.0, 3.0, wrt=("x", "a"), x_dot=1.0) == (4.0, 6.0)


@pytest.mark.parametrize(
    ("args", "named", "message"),
    [
        ((), {}, "softmax() is missing z: it takes 1 argument (z)"),
        ((Z, Z), {}, "softmax() takes 1 argument (z), but 2 were given by position"),
        ((Z,), {"z": Z}, "softmax() was given 'z' twice, by position and by name"),
        ((), {"zz": Z}, "softmax() has no argument 'zz'; did you mean z?"),
    ],
)
def test_wrong_arguments_are_named(kernel: Get, args: Any, named: Any, message: str) -> None:
    with pytest.raises(TypeError, match=re.escape(message)):
        kernel("softmax")(*args, **named)


def test_missing_cotangents_are_named(kernel: Get) -> None:
    with pytest.raises(TypeError, match=r"softmax.vjp\(\) is missing yhat_bar"):
        kernel("softmax").vjp(Z)
    with pytest.raises(TypeError, match="give the others by name too"):
        kernel("momentum").vjp(Z, Z, 0.9, Z, energy_bar=1.0)


def test_cotangents_left_out_by_name_are_zero(kernel: Get) -> None:
    momentum = kernel("momentum")
    both = momentum.vjp(Z, 2 * Z, m_new_bar=Z, energy_bar=0.0)
    for one, other in zip(momentum.vjp(Z, 2 * Z, m_new_bar=Z), both, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (Z, np.float64),
        (Z.astype(np.float32), np.float32),
        (Z.astype(">f8"), np.float64),
        (Z.astype(">f4"), np.float32),
        (np.array([1, 2, 3]), np.float64),
        (np.array([1, 2, 3], np.uint8), np.float64),
        ([1, 2, 3], np.float64),
        ([0.5, 1.5], np.float64),
        ((0.5, 1.5), np.float64),
    ],
)
def test_float32_and_float64_are_kept_and_the_rest_is_float64(kernel: Get, value: Any, dtype: Any) -> None:
    result = kernel("softmax")(value)
    assert result.dtype == dtype
    np.testing.assert_allclose(result, numpy_softmax(np.asarray(value, dtype)), rtol=1e-6)


@pytest.mark.parametrize(
    ("a", "x", "dtype"),
    [
        (2, 3, np.float64),
        (2.0, np.float32(3), np.float32),
        (2, np.ones(2, np.float32), np.float32),
        (np.float64(2), np.ones(2, np.float32), np.float64),
        (np.int32(2), np.ones(2, np.float32), np.float64),
        (np.array(2.0), np.float32(3), np.float64),
    ],
)
def test_python_numbers_do_not_decide_the_dtype(kernel: Get, a: Any, x: Any, dtype: Any) -> None:
    result = kernel("parabola")(a, x)
    assert result.dtype == dtype
    assert isinstance(result, np.generic if np.ndim(x) == 0 else np.ndarray)


def test_labels_do_not_decide_the_dtype(kernel: Get) -> None:
    result = kernel("pick")(Z.astype(np.float32), np.array([1, 2]))
    assert result.dtype == np.float32


@pytest.mark.parametrize(
    "value",
    [Z.astype(np.float16), Z.astype(complex), Z.astype(object), np.array(["a", "b"]), Z > 0, Z.astype(np.longdouble)],
)
def test_other_dtypes_are_refused_by_name(kernel: Get, value: Any) -> None:
    with pytest.raises(TypeError, match=f"z has the dtype {re.escape(str(value.dtype))}"):
        kernel("softmax")(value)


@pytest.mark.parametrize("value", [None, "abc", {1: 2}, Decimal(1), True])
def test_other_values_are_refused_by_name(kernel: Get, value: Any) -> None:
    with pytest.raises(TypeError, match=r"^x "):
        kernel("parabola")(value)


def test_ragged_lists_and_huge_numbers_are_refused_by_name(kernel: Get) -> None:
    with pytest.raises(ValueError, match="z is no array"):
        kernel("softmax")([[1.0], [1.0, 2.0]])
    with pytest.raises(ValueError, match="x is too large"):
        kernel("parabola")(10**400)


def layouts() -> list[Any]:
    base = np.arange(24.0).reshape(4, 6) / 7
    frozen = base.copy()
    frozen.flags.writeable = False
    unaligned = np.frombuffer(b"x" + base.tobytes(), np.uint8)[1:].view(np.float64).reshape(4, 6)
    return [
        np.asfortranarray(base),
        base[::2, ::-1],
        base.T,
        base[:, 1:4],
        frozen,
        unaligned,
        np.broadcast_to(base[0], (3, 6)),
    ]


@pytest.mark.parametrize("z", layouts())
def test_any_strides_are_accepted(kernel: Get, z: Any) -> None:
    np.testing.assert_allclose(kernel("softmax")(z), numpy_softmax(z))
    np.testing.assert_allclose(kernel("mse")(z, z + 1), np.size(z) / len(z))


def test_no_layout_compiles_a_function_again(kernel: Get) -> None:
    softmax = kernel("softmax")
    for z in layouts():
        softmax(z)
    assert len(softmax.module.softmax_into.signatures) <= 2


@pytest.mark.parametrize("stride", [2, np.int32(2), np.uint64(2), 2.0, np.array(2)])
def test_one_integer_per_call(kernel: Get, stride: Any) -> None:
    x = np.arange(12.0).reshape(2, 6)
    np.testing.assert_array_equal(kernel("every")(x, stride), x[:, ::2])
    np.testing.assert_array_equal(kernel("every")(x, stride=stride), x[:, ::2])


@pytest.mark.parametrize("stride", [2.5, True, np.nan, "2", None])
def test_what_is_no_integer_is_refused(kernel: Get, stride: Any) -> None:
    with pytest.raises(TypeError, match="stride has the"):
        kernel("every")(np.arange(6.0), stride)


def test_a_per_call_integer_is_one_integer(kernel: Get) -> None:
    with pytest.raises(ValueError, match=re.escape("stride has shape (2,), but it is one integer per call")):
        kernel("every")(np.arange(6.0), [1, 2])
    with pytest.raises(ValueError, match="stride is too large"):
        kernel("every")(np.arange(6.0), 10**30)


@pytest.mark.parametrize("labels", [2, np.int8(2), np.array([2, 3]), [2, 3], np.array([2.0, 3.0])])
def test_labels_are_whole_numbers(kernel: Get, labels: Any) -> None:
    expected = 2 * Z[np.asarray(labels, int) - 1]
    np.testing.assert_array_equal(kernel("pick")(Z, labels), expected)


@pytest.mark.parametrize("labels", [1.5, np.array([1.0, 1.5]), np.array([True]), True, np.array(["1"])])
def test_other_labels_are_refused(kernel: Get, labels: Any) -> None:
    with pytest.raises(TypeError, match=r"^y "):
        kernel("pick")(Z, labels)


@pytest.mark.parametrize("labels", [0, 4, np.array([1, 7]), np.int32(-1)])
def test_a_label_outside_its_range_is_named(kernel: Get, labels: Any) -> None:
    value = np.asarray(labels).reshape(-1)[-1]
    with pytest.raises(IndexError, match=f"^y has the value {value}, outside its range 1 to 3$"):
        kernel("pick")(Z, labels)


def test_what_the_kernel_says_of_itself(kernel: Get) -> None:
    momentum = kernel("momentum")
    assert (momentum.id, momentum.inputs, momentum.outputs) == ("momentum", ("m", "g", "beta"), ("m_new", "energy"))
    assert repr(momentum) == "<kernel momentum(m[n], g[n], beta) -> m_new[n], energy; value, jvp, vjp, value_and_vjp>"
    assert momentum.__doc__ == "A moving average and its energy."
