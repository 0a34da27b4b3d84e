"""Cases: the arguments of kernels with what each kernel must give, for one item and for leading axes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqc.verify.balls import Objects, bounded_radii, precision
from eqc.verify.compare import Expected
from eqc.verify.oracle import PRECISIONS, Oracle
from eqc.verify.points import ROUGH_BITS, Local, Point, companion, contract

Arrays = Mapping[str, NDArray[Any]]
Results = Mapping[tuple[str, ...], Expected]


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a kernel's arguments and results; `per_call` are integers without leading axes."""

    inputs: tuple[str, ...]
    per_call: frozenset[str]
    differentiable: tuple[str, ...]
    outputs: tuple[str, ...]
    real_outputs: tuple[str, ...]

    @property
    def batched(self) -> tuple[str, ...]:
        """The inputs that take leading axes."""
        return tuple(n for n in self.inputs if n not in self.per_call)


@dataclass(frozen=True, slots=True)
class Case:
    """Arguments and expected results, by kernel and then by what the result is of."""

    label: str
    point: Point
    inputs: Arrays
    tangents: Arrays
    cotangents: Arrays
    expected: Mapping[str, Results]


def single_case(point: Point, names: Names) -> Case:
    """One item, without leading axes."""
    cotangents = {n: point.cotangents[n] for n in names.real_outputs}
    return Case("one item", point, point.sample.inputs, point.tangents, cotangents, _expected(point, names))


def batch_cases(oracle: Oracle, point: Point, names: Names) -> list[Case]:
    """Two items along a leading axis: in all inputs, and in the first input alone."""
    if not names.batched:
        return []
    shares = {"leading axes": frozenset[str](), "leading axes in one input": frozenset(names.batched[1:])}
    cases = []
    for label, shared in shares.items():
        if shared or label == "leading axes":
            other = companion(oracle, point, shared)
            cases += [] if other is None else [_batched(label, (point, other), names, shared)]
    return cases


def _batched(label: str, items: tuple[Point, Point], names: Names, shared: frozenset[str]) -> Case:
    single = shared | names.per_call
    inputs = {n: _stack([p.sample.inputs[n] for p in items], n not in single) for n in names.inputs}
    tangents = {n: _stack([p.tangents[n] for p in items], n not in single) for n in names.differentiable}
    cotangents = {n: np.stack([p.cotangents[n] for p in items]) for n in names.real_outputs}
    parts = [_expected(p, names) for p in items]
    expected = {kernel: _joined([part[kernel] for part in parts], kernel, shared) for kernel in parts[0]}
    return Case(label, items[0], inputs, tangents, cotangents, expected)


def _stack(items: Sequence[NDArray[Any]], along: bool) -> NDArray[Any]:
    return np.stack(items) if along else items[0]


def _joined(parts: Sequence[Results], kernel: str, shared: frozenset[str]) -> Results:
    """Results per item, stacked; a cotangent of an input without leading axes is summed over the items."""
    joined = {}
    for what in parts[0]:
        pieces = [part[what] for part in parts if what in part]
        if len(pieces) == len(parts):
            summed = kernel == "vjp" and what[0] in shared
            joined[what] = _sum_of(pieces) if summed else _stack_of(pieces)
    return joined


def _stack_of(pieces: Sequence[Expected]) -> Expected:
    rounding = {d: np.stack([p.rounding[d] for p in pieces]) for d in ROUGH_BITS}
    return Expected(np.stack([p.truth for p in pieces]), rounding)


def _sum_of(pieces: Iterable[Expected]) -> Expected:
    pieces = tuple(pieces)
    rounding = {d: np.sum([p.rounding[d] for p in pieces], axis=0) for d in ROUGH_BITS}
    return Expected(_added([p.truth for p in pieces], PRECISIONS[0]), rounding)


def _added(arrays: Sequence[Objects], bits: int) -> Objects:
    with precision(bits):
        result: Objects = sum(arrays[1:], start=np.array(arrays[0], dtype=object))
        return np.asarray(result, dtype=object)


def _expected(point: Point, names: Names) -> dict[str, Results]:
    """What every kernel must give at a point."""
    truth = _results(point.truth, point, names, PRECISIONS[0])
    rough = {d: _results(local, point, names, ROUGH_BITS[d]) for d, local in point.rough.items()}

    def expect(kernel: str, what: tuple[str, ...], array: Objects) -> Expected:
        return Expected(array, {d: bounded_radii(found[kernel][what]) for d, found in rough.items()})

    return {
        kernel: {what: expect(kernel, what, array) for what, array in found.items()} for kernel, found in truth.items()
    }


def _results(local: Local, point: Point, names: Names, bits: int) -> dict[str, dict[tuple[str, ...], Objects]]:
    outputs, inputs = names.real_outputs, names.differentiable
    jacobian: dict[tuple[str, ...], Objects] = {(o, a): local.jacobian[o, a] for o in outputs for a in inputs}
    found: dict[str, dict[tuple[str, ...], Objects]] = {"value": {(o,): local.values[o] for o in names.outputs}}
    if inputs and outputs:
        found["jacobian"] = jacobian
        found["jvp"] = {(o,): _added([_along(local, point, o, a, bits) for a in inputs], bits) for o in outputs}
        found["vjp"] = {(a,): _added([_against(local, point, o, a, bits) for o in outputs], bits) for a in inputs}
    if local.hvp or local.hessian:
        found["gradient"] = {(a,): jacobian[outputs[0], a] for a in inputs}
        found["value_and_gradient"] = {**found["value"], **{("gradient", a): jacobian[outputs[0], a] for a in inputs}}
        found["hvp"] = {(a,): _curvature(local, point, a, bits) for a in inputs}
        found["hessian"] = dict(local.hessian.items())
    return found


def _along(local: Local, point: Point, output: str, name: str, bits: int) -> Objects:
    return contract(local.jacobian[output, name], point.tangents[name], bits, leading=False)


def _curvature(local: Local, point: Point, name: str, bits: int) -> Objects:
    """The Hessian times the tangents."""
    if local.hvp:
        return local.hvp[name]
    rows = {b: array for (a, b), array in local.hessian.items() if a == name}
    return _added([contract(array, point.tangents[b], bits, leading=False) for b, array in rows.items()], bits)


def _against(local: Local, point: Point, output: str, name: str, bits: int) -> Objects:
    return contract(local.jacobian[output, name], point.cotangents[output], bits, leading=True)
