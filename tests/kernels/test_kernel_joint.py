"""The value and the cotangents of the inputs by one kernel: what the value and the vjp give, called one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import eqc
from eqc.kernels import plans
from eqc.kernels.kernel import Kernel
from eqc.kernels.single import PATIENCE

Get = Callable[[str], Kernel]
RNG = np.random.default_rng(29)


def normal(*shape: int) -> Any:
    return RNG.normal(size=shape)


CALLS: dict[str, tuple[str, tuple[Any, ...], tuple[Any, ...]]] = {
    "one item": ("softmax", (normal(3),), (normal(3),)),
    "many items": ("softmax", (normal(2, 4, 3),), (normal(2, 4, 3),)),
    "one cotangent for all": ("softmax", (normal(4, 3),), (normal(3),)),
    "no items": ("softmax", (normal(0, 3),), (normal(0, 3),)),
    "several inputs": ("affine", (normal(2, 5), normal(5), normal(2)), (normal(2),)),
    "shared inputs": ("affine", (normal(2, 5), normal(4, 5), normal(1, 2)), (normal(4, 2),)),
    "several outputs": ("momentum", (normal(3), normal(3), 0.8), (normal(3), 1.5)),
    "several outputs of items": ("momentum", (normal(6, 3), normal(3), 0.8), (normal(6, 3), normal(6))),
    "single precision": ("softmax", (normal(4, 3).astype(np.float32),), (normal(4, 3).astype(np.float32),)),
}


def leaves(found: Any) -> list[Any]:
    return [leaf for one in found for leaf in leaves(one)] if isinstance(found, tuple) else [found]


def check_alike(found: Any, expected: Any) -> None:
    for one, other in zip(leaves(found), leaves(expected), strict=True):
        np.testing.assert_array_equal(one, other)
        assert (type(one), one.dtype) == (type(other), other.dtype)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("summed", [0, 1 << 20])
def test_it_gives_what_two_calls_give(kernel: Get, call: str, summed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "_SUMMED", summed)
    name, inputs, cotangents = CALLS[call]
    one = kernel(name)
    first, last = one.inputs[0], one.inputs[-1]
    for wrt in (None, first, (last,), one.inputs[::-1]):
        expected = one(*inputs), one.vjp(*inputs, *cotangents, wrt=wrt)
        for _ in range(PATIENCE + 2):
            found = one.value_and_vjp(*inputs, *cotangents, wrt=wrt)
            assert type(found) is tuple and [type(part) for part in found] == [type(part) for part in expected]
            check_alike(found, expected)


def test_arguments_go_by_name(kernel: Get) -> None:
    momentum, m, g, bar = kernel("momentum"), normal(3), normal(3), normal(3)
    for _ in range(PATIENCE + 2):
        value, bars = momentum.value_and_vjp(m, g, m_new_bar=bar)
        check_alike((value, bars), (momentum(m, g), momentum.vjp(m, g, m_new_bar=bar)))
    assert bars.m_bar is bars.m and value.energy > 0
    with pytest.raises(TypeError, match=r"momentum.value_and_vjp\(\) is missing energy_bar"):
        momentum.value_and_vjp(m, g, 0.9)
    with pytest.raises(ValueError, match="momentum has no input 'betta'; did you mean beta"):
        momentum.value_and_vjp(m, g, 0.9, bar, 1.0, wrt="betta")


def test_results_go_to_given_memory(kernel: Get) -> None:
    momentum, g, bar = kernel("momentum"), normal(2, 3), normal(2, 3)
    m, energy, beta = normal(2, 3), np.empty(2), np.empty(2)
    expected = momentum.value_and_vjp(m, g, np.full(2, 0.9), bar, 1.0, wrt=("g", "beta"))
    found = momentum.value_and_vjp(m, g, np.full(2, 0.9), bar, 1.0, wrt=("g", "beta"), out=((m, energy), (None, beta)))
    check_alike(found, expected)
    assert found[0].m_new is m and found[0].energy is energy and found[1][1] is beta
    with pytest.raises(ValueError, match="out for m shares memory with m_new_bar"):
        momentum.value_and_vjp(m, g, 0.9, bar, 1.0, wrt="m", out=((None, None), bar))


@pytest.mark.parametrize("shape", [(4, 3), (2, 1, 3)])
def test_there_is_one_value_for_an_item(kernel: Get, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"go beyond those of the inputs, .*: there is one value for each item"):
        kernel("softmax").value_and_vjp(normal(3), normal(*shape))


def test_the_value_of_one_number_comes_with_its_gradient(kernel: Get) -> None:
    with pytest.raises(eqc.EqcError, match="mse gives one number") as caught:
        kernel("mse").value_and_vjp(normal(2, 3), normal(2, 3), 1.0)
    assert caught.value.remedy == "use mse.value_and_gradient"
