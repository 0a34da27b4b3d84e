"""Jacobians and Hessians assembled from vjp, jvp or hvp, one basis vector per entry, in blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any, Final

import numpy as np

from eqc.kernels.binding import ZERO
from eqc.kernels.runner import Runner
from eqc.kernels.shapes import Shape
from eqc.kernels.values import Array, DType, convert, read_operands

BASIS_BYTES: Final = 1 << 24  # basis vectors that are held at once


class Basis:
    """Applies a linear kernel (vjp, jvp or hvp) to basis vectors.

    The inputs get one more leading axis, behind their own, along which the basis vectors lie.
    """

    def __init__(self, runner: Runner, values: Sequence[Any]) -> None:
        inputs = runner.signature.inputs
        operands, self._dtype = read_operands(inputs, values)
        layout = runner.layout([*operands, *[ZERO] * len(runner.form.extras)])
        self._runner = runner
        self._inputs = [
            np.expand_dims(convert(tensor, operand, self._dtype), len(lead or ()))
            if isinstance(operand, np.ndarray)
            else operand
            for tensor, operand, lead in zip(inputs, operands, layout.leads, strict=False)
        ]
        self.batch, self.extras, self.results = layout.batch, layout.cores[len(inputs) :], layout.results

    def apply(self, extra: int, wanted: Sequence[int]) -> list[Array]:
        """The wanted results for every basis vector of one extra, as batch + (vectors,) + the result's shape."""
        core = self.extras[extra]
        whole = [np.empty((*self.batch, prod(core), *self.results[i]), self._dtype) for i in wanted]
        extras: list[Any] = [ZERO] * len(self.extras)
        for low, vectors in _blocks(core, self._dtype):
            extras[extra] = vectors
            place = (slice(None),) * len(self.batch) + (slice(low, low + len(vectors)),)
            for target, part in zip(whole, self._runner.run([*self._inputs, *extras], tuple(wanted)), strict=True):
                target[place] = part
        return whole


def jacobian(vjp: Runner | None, jvp: Runner | None, values: Sequence[Any], wanted: Sequence[int]) -> list[list[Any]]:
    """For each real output and each wanted differentiable input, the derivative: batch + output + input.

    Takes whichever of vjp (without summing over leading axes) and jvp needs fewer basis vectors.
    """
    backward, forward = (Basis(runner, values) if runner else None for runner in (vjp, jvp))
    if backward and (not forward or _entries(backward.extras) <= _entries(forward.extras[i] for i in wanted)):
        return [_rows(backward, output, wanted) for output in range(len(backward.extras))]
    assert forward is not None, "every record with a Jacobian has a vjp or a jvp"
    columns = [_columns(forward, i) for i in wanted]
    return [list(row) for row in zip(*columns, strict=True)]


def hessian(hvp: Runner, values: Sequence[Any], wanted: Sequence[int]) -> list[list[Any]]:
    """For each pair of wanted differentiable inputs, the second derivative: batch + first + second."""
    basis = Basis(hvp, values)
    return [_rows(basis, i, wanted) for i in wanted]


def _rows(basis: Basis, extra: int, wanted: Sequence[int]) -> list[Any]:
    """Results whose row for each basis vector is a row of the matrix."""
    front = basis.batch + basis.extras[extra]
    parts = basis.apply(extra, wanted)
    return [part.reshape(front + basis.results[i])[()] for i, part in zip(wanted, parts, strict=True)]


def _columns(basis: Basis, extra: int) -> list[Any]:
    """Results whose row for each basis vector is a column of the matrix, transposed."""
    parts = basis.apply(extra, range(len(basis.results)))
    moved = [np.ascontiguousarray(np.moveaxis(part, len(basis.batch), -1)) for part in parts]
    shapes = [basis.batch + core + basis.extras[extra] for core in basis.results]
    return [part.reshape(shape)[()] for part, shape in zip(moved, shapes, strict=True)]


def _entries(cores: Iterator[Shape] | Sequence[Shape]) -> int:
    return sum(map(prod, cores))


def _blocks(core: Shape, dtype: DType) -> Iterator[tuple[int, Array]]:
    """All basis vectors of a shape, as many at once as fit the memory for them."""
    entries = prod(core)
    step = max(1, BASIS_BYTES // max(1, entries * dtype.itemsize))
    for low in range(0, entries, step):
        rows = np.arange(min(step, entries - low))
        vectors = np.zeros((len(rows), entries), dtype)
        vectors[rows, low + rows] = 1
        yield low, vectors.reshape(len(rows), *core)
