"""The checks of kernels against the oracle, one per kernel, in a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eqc.verify.cases import Case, Names
from eqc.verify.compare import SAFETY, Deviation, Expected, Outcome, compare

Kernel = Any  # eqc.kernels.kernel.Kernel, or anything with its methods
Got = Iterator[tuple[str, Any, Expected]]


@dataclass(frozen=True, slots=True)
class Call:
    """A kernel with the arguments of a case in one dtype."""

    kernel: Kernel
    names: Names
    case: Case
    dtype: str

    @property
    def inputs(self) -> list[Any]:
        """The inputs as the API takes them: integers per call as Python's, numbers as NumPy scalars."""
        return [self._input(n) for n in self.names.inputs]

    def _input(self, name: str) -> Any:
        value = self.case.inputs[name]
        if name in self.names.per_call:
            return int(value)
        return value[()] if np.issubdtype(value.dtype, np.integer) else self.real(value)

    @property
    def tangents(self) -> list[Any]:
        return [self.real(self.case.tangents[n]) for n in self.names.differentiable]

    @property
    def cotangents(self) -> list[Any]:
        return [self.real(self.case.cotangents[n]) for n in self.names.real_outputs]

    def real(self, value: Any) -> Any:
        """An array in the dtype of this call; a NumPy scalar if it has no axes."""
        return np.asarray(value, dtype=self.dtype)[()]

    def expected(self, kernel: str, *what: str) -> Expected | None:
        """What the oracle says of one result."""
        return self.case.expected[kernel].get(what)


def _many(result: Any, names: Sequence[str]) -> list[Any]:
    """A level of results: bare if there is one."""
    return [result] if len(names) == 1 else list(result)


def _named(call: Call, kernel: str, result: Any, names: Sequence[str], label: str) -> Got:
    for name, got in zip(names, _many(result, names), strict=True):
        expected = call.expected(kernel, name)
        if expected is not None:
            yield label.format(name), got, expected


def _value(call: Call) -> Got:
    yield from _named(call, "value", call.kernel(*call.inputs), call.names.outputs, "{}")


def _jvp(call: Call) -> Got:
    result = call.kernel.jvp(*call.inputs, *call.tangents)
    yield from _named(call, "jvp", result, call.names.real_outputs, "tangent of {}")


def _vjp(call: Call) -> Got:
    result = call.kernel.vjp(*call.inputs, *call.cotangents)
    yield from _named(call, "vjp", result, call.names.differentiable, "cotangent of {}")


def _value_and_vjp(call: Call) -> Got:
    value, cotangents = call.kernel.value_and_vjp(*call.inputs, *call.cotangents)
    yield from _named(call, "value", value, call.names.outputs, "{}")
    yield from _named(call, "vjp", cotangents, call.names.differentiable, "cotangent of {}")


def _gradient(call: Call) -> Got:
    result = call.kernel.gradient(*call.inputs)
    yield from _named(call, "gradient", result, call.names.differentiable, "gradient in {}")


def _value_and_gradient(call: Call) -> Got:
    value, gradient = call.kernel.value_and_gradient(*call.inputs)
    yield from _named(call, "value", value, call.names.outputs, "{}")
    yield from _named(call, "gradient", gradient, call.names.differentiable, "gradient in {}")


def _hvp(call: Call) -> Got:
    result = call.kernel.hvp(*call.inputs, *call.tangents)
    yield from _named(call, "hvp", result, call.names.differentiable, "Hessian times directions in {}")


def _jacobian(call: Call) -> Got:
    rows = _many(call.kernel.jacobian(*call.inputs), call.names.real_outputs)
    for output, row in zip(call.names.real_outputs, rows, strict=True):
        for name, got in zip(call.names.differentiable, _many(row, call.names.differentiable), strict=True):
            expected = call.expected("jacobian", output, name)
            assert expected is not None
            yield f"Jacobian of {output} in {name}", got, expected


def _hessian(call: Call) -> Got:
    """Entry by entry where the oracle has them all; otherwise times the directions."""
    names = call.names.differentiable
    blocks = [_many(row, names) for row in _many(call.kernel.hessian(*call.inputs), names)]
    for a, row in zip(names, blocks, strict=True):
        for b, got in zip(names, row, strict=True):
            expected = call.expected("hessian", a, b)
            if expected is not None:
                yield f"Hessian in {a} and {b}", got, expected
    if call.case.expected["hessian"] or call.case.label != "one item":
        return
    for a, row in zip(names, blocks, strict=True):
        expected = call.expected("hvp", a)
        products = [np.tensordot(b, t, np.ndim(t)) for b, t in zip(row, call.tangents, strict=True)]
        assert expected is not None
        yield f"Hessian in {a} times directions", call.real(sum(products[1:], start=products[0])), expected


KERNEL_CHECKS: Mapping[str, Callable[[Call], Got]] = {
    "value": _value,
    "jvp": _jvp,
    "vjp": _vjp,
    "value_and_vjp": _value_and_vjp,
    "gradient": _gradient,
    "value_and_gradient": _value_and_gradient,
    "hvp": _hvp,
    "jacobian": _jacobian,
    "hessian": _hessian,
}
"""Kernel -> its results with what they must be."""

JOINT: Mapping[str, str] = {"value_and_vjp": "vjp"}
"""Kernels that give what the value and another one give, of which the oracle says nothing by themselves."""


def compare_kernel(kernel: str, call: Call, rtol: float) -> Iterator[Outcome]:
    """The outcomes of one kernel at one case.

    A record whose inputs are all integers computes in float64.
    """
    real = any(np.issubdtype(call.case.inputs[n].dtype, np.floating) for n in call.names.inputs)
    dtype = call.dtype if real else "float64"
    for what, got, expected in KERNEL_CHECKS[kernel](call):
        yield compare(what, got, expected, dtype, rtol)


def dot_product_test(call: Call, rtol: float) -> Iterator[Outcome]:
    """Whether cotangents · jvp = vjp · tangents, the kernels' own results on both sides.

    The difference is compared with the sum of the absolute products, and with what rounding may do to each factor.
    """
    forward = _many(call.kernel.jvp(*call.inputs, *call.tangents), call.names.real_outputs)
    backward = _many(call.kernel.vjp(*call.inputs, *call.cotangents), call.names.differentiable)
    left = [np.multiply(y, w, dtype=np.float64) for y, w in zip(forward, call.cotangents, strict=True)]
    right = [np.multiply(x, v, dtype=np.float64) for x, v in zip(backward, call.tangents, strict=True)]
    sizes = sum(float(np.sum(np.abs(product))) for product in (*left, *right))
    rounding = _rounding(call, "jvp", call.cotangents) + _rounding(call, "vjp", call.tangents)
    allowed = rtol * sizes + SAFETY * rounding + float(np.finfo(call.dtype).tiny)
    a, b = (sum(float(np.sum(product)) for product in side) for side in (left, right))
    error = abs(a - b) if np.isfinite(a - b) else np.inf
    yield Outcome(1, 0, Deviation("cotangents · jvp", (), a, b, error / allowed * rtol, error / allowed))


def _rounding(call: Call, kernel: str, weights: Sequence[Any]) -> float:
    pairs = zip(call.case.expected[kernel].values(), weights, strict=True)
    return sum(float(np.sum(np.abs(weight) * expected.rounding[call.dtype])) for expected, weight in pairs)
