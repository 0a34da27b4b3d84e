"""The reference interpreter: what a program means, in NumPy object arrays of mpmath numbers.

It is slow and plain on purpose; kernels and passes are tested against it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import mpmath
import numpy as np
import sympy as sp

from eqc.ir.interpret_solver import solve
from eqc.ir.opaque import (
    Adjugate,
    AdjugateTangent,
    Apply,
    Cholesky,
    Determinant,
    Discounted,
    DiscountedBack,
    EigenvalueImaginaryParts,
    EigenvalueRealParts,
    Eigenvalues,
    Eigenvectors,
    FactorInverse,
    FactorLogDeterminant,
    FactorSolve,
    FactorSolveVector,
    Inverse,
    LeftSingularVectors,
    LogDeterminant,
    LogDeterminantSpd,
    Opaque,
    Powers,
    ProjectorImaginaryParts,
    ProjectorRealParts,
    RealEigenvalues,
    SingularValues,
    Solve,
    SolveTransposed,
    SolveVector,
    SolveVectorTransposed,
)
from eqc.ir.program import Op, Program, Statement
from eqc.ir.solver import Problem, Solution
from eqc.ir.stable import DEFINITIONS, Stable, XLog1pY
from eqc.ir.terms import (
    Applied,
    Converged,
    Expr,
    FloorDivide,
    Index,
    Magnitude,
    Maximum,
    Minimum,
    NonZero,
    Quotient,
    Read,
    Remainder,
    XLogY,
)

Value = Any
"""An mpmath number, an int or a bool."""

Environment = dict[Expr, Value]


def _extremum(choose: Callable[..., Value], values: tuple[Value, ...]) -> Value:
    """The greatest or least value; NaN if any is NaN."""
    return next((v for v in values if mpmath.isnan(v)), choose(values))


FUNCTIONS: Mapping[type, Callable[..., Value]] = {
    sp.exp: mpmath.exp,
    sp.log: lambda x: mpmath.log(x) if x != 0 else -mpmath.inf,
    sp.sin: mpmath.sin,
    sp.cos: mpmath.cos,
    sp.tan: mpmath.tan,
    sp.asin: mpmath.asin,
    sp.acos: mpmath.acos,
    sp.atan: mpmath.atan,
    sp.atan2: mpmath.atan2,
    sp.sinh: mpmath.sinh,
    sp.cosh: mpmath.cosh,
    sp.tanh: mpmath.tanh,
    sp.asinh: mpmath.asinh,
    sp.acosh: mpmath.acosh,
    sp.atanh: mpmath.atanh,
    sp.erf: mpmath.erf,
    sp.erfc: mpmath.erfc,
    sp.gamma: mpmath.gamma,
    sp.loggamma: mpmath.loggamma,
    sp.polygamma: mpmath.polygamma,
    sp.Abs: abs,
    Magnitude: abs,
    NonZero: lambda x: int(x != 0),
    sp.sign: mpmath.sign,
    sp.floor: mpmath.floor,
    sp.ceiling: mpmath.ceil,
    sp.Mod: lambda a, b: a - b * mpmath.floor(mpmath.mpf(a) / b),
    sp.KroneckerDelta: lambda a, b: int(a == b),
    Maximum: lambda *values: _extremum(max, values),
    Minimum: lambda *values: _extremum(min, values),
    FloorDivide: lambda a, b: int(a) // int(b),
    Quotient: lambda a, b: int(a) // int(b),
    Converged: lambda fine, coarse, size: fine,
    XLogY: lambda x, y: x if x == 0 and not mpmath.isnan(y) else x * mpmath.log(y),
    Remainder: lambda a, b: int(a) % int(b),
    sp.Add: lambda *terms: mpmath.fsum(terms),
    sp.Mul: lambda *factors: mpmath.fprod(factors),
    sp.Pow: mpmath.power,
    sp.StrictLessThan: lambda a, b: a < b,
    sp.LessThan: lambda a, b: a <= b,
    sp.StrictGreaterThan: lambda a, b: a > b,
    sp.GreaterThan: lambda a, b: a >= b,
    sp.Equality: lambda a, b: a == b,
    sp.Unequality: lambda a, b: a != b,
    sp.Not: lambda a: not a,
}


def interpret(
    program: Program, arguments: Mapping[str, object], functions: Mapping[str, Callable[..., Value]] | None = None
) -> dict[str, Value]:
    """The outputs of a program for arrays (nested lists or NumPy) and parameters by name.

    `functions` are the function inputs and their derivatives, by the names under which kernels take them.

    >>> from eqc.ir.terms import read
    >>> from eqc.ir.program import Tensor
    >>> double = Statement(Tensor("y"), (), (), Op.NONE, 2*read("x"))
    >>> interpret(Program("double", (Tensor("x"),), (), ("x",), (), (double,), ("y",)), {"x": 3})
    {'y': mpf('6.0')}
    """
    memory: dict[str, Value] = {f"{name}()": function for name, function in (functions or {}).items()}
    for tensor in program.inputs:
        array = np.asarray(arguments[tensor.name], dtype=object)
        convert = int if tensor.integer else mpmath.mpf
        memory[tensor.name] = np.vectorize(convert, otypes=[object])(array) if array.size else array
    environment: Environment = {p.symbol: int(str(arguments[p.name])) for p in program.parameters}
    for extent in program.extents:
        size = memory[extent.input].shape[extent.axis]
        environment[Index(extent.name, sp.Integer(0)).symbol] = _whole(
            extent.solution, {**environment, Index("_size", sp.Integer(0)).symbol: size}, memory
        )
    for statement in program.statements:
        _run(statement, environment, memory)
    return {name: _plain(memory[name]) for name in program.outputs}


def _plain(array: Value) -> Value:
    return array[()] if array.ndim == 0 else array


def _whole(expression: Expr, environment: Environment, memory: Mapping[str, Value]) -> int:
    return int(evaluate(expression, environment, memory))


def _run(statement: Statement, environment: Environment, memory: dict[str, Value]) -> None:
    shape = tuple(max(_whole(e, environment, memory), 0) for e in statement.target.shape)
    result = np.empty(shape, dtype=object)
    start = {Op.SUM: 0, Op.NONE: 0, Op.PRODUCT: 1}.get(statement.op)
    result[...] = mpmath.mpf(start) if start is not None else None
    best: dict[tuple[int, ...], Value] = {}
    for inner in _rounds(statement.loops, dict(environment), memory):
        if evaluate(statement.guard, inner, memory):
            position = tuple(_whole(p, inner, memory) for p in statement.positions)
            if isinstance(statement.body, Opaque):
                result[position] = _whole_arrays(statement.body, inner, memory)
                continue
            value = evaluate(statement.body, inner, memory)
            _combine(statement, result, position, value, inner, best)
    if start is None and not statement.target.constant and any(entry is None for entry in result.flat):
        raise ValueError(f"{statement.target.name}: an extremum over an empty range")
    memory[statement.target.name] = result


def _whole_arrays(body: Opaque, environment: Environment, memory: Mapping[str, Value]) -> Value:
    if isinstance(body, Solution):
        return _solution(body, environment, memory)
    if isinstance(body, Powers):
        return _powers(_slice(body.args[0], environment, memory), _whole(body.args[1], environment, memory))
    return _opaque(body, [_slice(r, environment, memory) for r in body.operands], memory)


def _solution(body: Solution, environment: Environment, memory: Mapping[str, Value]) -> Value:
    """The unknown that makes the residual zero."""
    problem = body.problem
    arrays = zip(problem.arguments, body.given, strict=True)
    given = {t.name: _kept(_slice(r, environment, memory)) for t, r in arrays}
    numbers = zip(problem.residual.parameters, body.integers, strict=True)
    given |= {p.name: ((), (_whole(e, environment, memory),)) for p, e in numbers}
    guides = tuple(tuple(_entries(_slice(r, environment, memory))) for r in body.guides)
    length = _whole(body.lengths[0], environment, memory)
    point = _solved(problem, tuple(given.items()), length, guides, mpmath.mp.prec)
    return np.array(point, dtype=object) if problem.unknown.rank else point[0]


_Kept = tuple[tuple[int, ...], tuple[Value, ...]]
"""An array that can be looked up: its shape and its entries."""


def _kept(array: Value) -> _Kept:
    whole = np.asarray(array, dtype=object)
    return whole.shape, tuple(whole.ravel())


def _whole_again(kept: _Kept) -> Value:
    shape, entries = kept
    return np.array(entries, dtype=object).reshape(shape) if shape else entries[0]


@lru_cache(maxsize=256)
def _solved(
    problem: Problem,
    given: tuple[tuple[str, _Kept], ...],
    length: int,
    guides: tuple[tuple[Value, ...], ...],
    bits: int,
) -> tuple[Value, ...]:
    """The point where the residual is zero, found once for the same data: a pass seldom changes what is solved."""
    data = {name: _whole_again(kept) for name, kept in given}

    def residual(point: list[Value], smoothing: Value) -> list[Value]:
        smooth = {} if problem.smoothing is None else {problem.smoothing.name: smoothing}
        unknown = np.array(point, dtype=object) if problem.unknown.rank else point[0]
        found = interpret(problem.residual, {**data, **smooth, problem.unknown.name: unknown})
        return _entries(found[problem.residual.outputs[0]])

    return tuple(solve(problem.method, residual, length, [list(guide) for guide in guides]))


def _entries(array: Value) -> list[Value]:
    return [mpmath.mpf(x) for x in np.asarray(array, dtype=object).ravel()]


def _slice(r: Read, environment: Environment, memory: Mapping[str, Value]) -> Value:
    return memory[r.tensor][tuple(_whole(p, environment, memory) for p in r.positions)]


def _combine(
    statement: Statement,
    result: Value,
    position: tuple[int, ...],
    value: Value,
    environment: Environment,
    best: dict[tuple[int, ...], Value],
) -> None:
    op = statement.op
    if statement.scatter or op is Op.SUM:
        result[position] = result[position] + value
    elif op is Op.PRODUCT:
        result[position] = result[position] * value
    elif op is Op.NONE:
        result[position] = int(value) if statement.target.integer else value
    else:
        smaller = op in (Op.MIN, Op.ARGMIN)
        index = environment[statement.bound[0].symbol]
        held = best.get(position)
        beats = held is None or (value < held if smaller else value > held)
        if beats or (op in (Op.MAX, Op.MIN) and mpmath.isnan(value)):
            best[position] = value
            result[position] = index if op in (Op.ARGMAX, Op.ARGMIN) else value


def _opaque(body: Opaque, arguments: list[Value], memory: Mapping[str, Value]) -> Value:
    """A function of whole arrays: a given one, or one of linear algebra by mpmath."""
    if isinstance(body, Apply):
        return np.asarray(memory[f"{body.name}()"](*arguments), dtype=object)[()]
    head = type(body)
    if isinstance(body, Discounted):
        return _discounted(arguments[0], arguments[1], -1 if head is DiscountedBack else 1)
    matrix = mpmath.matrix(arguments[0].tolist())
    if head in _OF_FACTOR:
        head, matrix = _OF_FACTOR[head], matrix * matrix.T
    if head in (LogDeterminant, LogDeterminantSpd):
        return mpmath.log(mpmath.det(matrix))
    if head is Determinant:
        return mpmath.det(matrix)
    if head in _GENERAL:
        return _spectrum(head, matrix)
    if head in (Adjugate, AdjugateTangent):
        return _adjugate(*arguments) if head is Adjugate else _adjugate_tangent(*arguments)
    if head in (Solve, SolveVector, SolveTransposed, SolveVectorTransposed):
        matrix = matrix.T if head in (SolveTransposed, SolveVectorTransposed) else matrix
        right = arguments[1].reshape(len(arguments[1]), -1)
        solved = matrix**-1 * mpmath.matrix(right.tolist())
        return np.array(solved.tolist(), dtype=object).reshape(arguments[1].shape)
    return np.array(_factor(head, matrix).tolist(), dtype=object)


def _discounted(terms: Value, rate: Value, way: int) -> Value:
    found, total = terms.copy(), mpmath.mpf(0)
    for place in range(len(terms))[::way]:
        total = found[place] = terms[place] + rate * total
    return found


def _powers(matrix: Value, count: int) -> Value:
    found = [np.array(mpmath.eye(len(matrix)).tolist(), dtype=object)]
    for _ in range(count):
        found.append(found[-1] @ matrix)
    return np.array(found, dtype=object)


def _adjugate(matrix: Value) -> Value:
    """The transposed cofactors."""
    n = len(matrix)

    def minor(i: int, j: int) -> Value:
        kept = np.delete(np.delete(matrix, i, axis=0), j, axis=1)
        return (-1) ** (i + j) * (mpmath.det(mpmath.matrix(kept.tolist())) if n > 1 else 1)

    return np.array([[mpmath.mpf(minor(j, i)) for j in range(n)] for i in range(n)], dtype=object)


def _adjugate_tangent(matrix: Value, direction: Value) -> Value:
    """The derivative of a polynomial, by a difference of half the digits."""
    with mpmath.workdps(3 * mpmath.mp.dps):
        step = mpmath.mpf(10) ** (-mpmath.mp.dps // 3)
        return (_adjugate(matrix + step * direction) - _adjugate(matrix - step * direction)) / (2 * step)


def _spectrum(head: type[Opaque], matrix: Value) -> Value:
    """Eigenvalues or spectral projectors of any matrix, by real part and then by imaginary part."""
    values, left, right = mpmath.eig(matrix, left=True, right=True)
    close = mpmath.mpf(10) ** (-mpmath.mp.dps // 2)
    order = sorted(range(len(values)), key=lambda i: (mpmath.nint(mpmath.re(values[i]) / close), mpmath.im(values[i])))
    part = mpmath.im if head in (EigenvalueImaginaryParts, ProjectorImaginaryParts) else mpmath.re
    if head not in (ProjectorRealParts, ProjectorImaginaryParts):
        return np.array([part(values[i]) for i in order], dtype=object)
    found = [right[:, i] * left[i, :] / (left[i, :] * right[:, i])[0] for i in order]
    return np.array([[[part(x) for x in row] for row in m.tolist()] for m in found], dtype=object)


_GENERAL = (
    EigenvalueImaginaryParts,
    EigenvalueRealParts,
    ProjectorImaginaryParts,
    ProjectorRealParts,
    RealEigenvalues,
)


_OF_FACTOR: Mapping[type[Opaque], type[Opaque]] = {
    FactorInverse: Inverse,
    FactorLogDeterminant: LogDeterminant,
    FactorSolve: Solve,
    FactorSolveVector: SolveVector,
}


def _factor(head: type[Opaque], matrix: Value) -> Value:
    if head is Inverse:
        return matrix**-1
    if head is Cholesky:
        return mpmath.cholesky(matrix)
    if head in (Eigenvalues, Eigenvectors):
        values, vectors = mpmath.eigsy(matrix)
        return np.array(list(values), dtype=object) if head is Eigenvalues else _turned(vectors, vectors)[0]
    left, values, right = mpmath.svd_r(matrix)
    if head is SingularValues:
        return np.array(list(values), dtype=object)
    turned_right, turned_left = _turned(right.T, left)
    return turned_left if head is LeftSingularVectors else turned_right


def _turned(columns: Value, partner: Value) -> tuple[Value, Value]:
    """Columns whose largest component is positive, and those of a partner turned alike."""
    first = np.array(columns.tolist(), dtype=object)
    second = np.array(partner.tolist(), dtype=object)
    for j in range(first.shape[1]):
        best = max(range(first.shape[0]), key=lambda i: abs(first[i, j]))
        if first[best, j] < 0:
            first[:, j], second[:, j] = -first[:, j], -second[:, j]
    return first, second


def _rounds(loops: tuple[Index, ...], environment: Environment, memory: Mapping[str, Value]) -> Iterator[Environment]:
    if not loops:
        yield environment
        return
    for value in range(_whole(loops[0].extent, environment, memory)):
        yield from _rounds(loops[1:], {**environment, loops[0].symbol: value}, memory)


def evaluate(expression: Expr, environment: Environment, memory: Mapping[str, Value]) -> Value:
    """The value of a body; branches that do not hold are not evaluated."""
    if isinstance(expression, Read):
        return memory[expression.tensor][tuple(_whole(p, environment, memory) for p in expression.positions)]
    if expression in environment:
        return environment[expression]
    if isinstance(expression, sp.Piecewise):
        for pair in expression.args:
            if evaluate(pair.args[1], environment, memory):
                return evaluate(pair.args[0], environment, memory)
        return mpmath.nan
    if isinstance(expression, Applied):
        name, *operands = expression.args
        return memory[f"{name}()"](*(evaluate(a, environment, memory) for a in operands))
    if isinstance(expression, sp.And):
        return all(evaluate(a, environment, memory) for a in expression.args)
    if isinstance(expression, sp.Or):
        return any(evaluate(a, environment, memory) for a in expression.args)
    if not expression.args:
        return _atom(expression)
    values = tuple(evaluate(a, environment, memory) for a in expression.args)
    return _stable(type(expression), values) if isinstance(expression, Stable) else FUNCTIONS[type(expression)](*values)


def _stable(head: type[Stable], values: tuple[Value, ...]) -> Value:
    """A stable head by its definition, where no product 0·∞ is met."""
    if head is XLog1pY and values[0] == 0:
        return values[0]
    symbols = tuple(sp.Symbol(f"argument_{n}", real=True) for n in range(len(values)))
    return evaluate(DEFINITIONS[head](*symbols), dict(zip(symbols, values, strict=True)), {})


def _atom(expression: Expr) -> Value:
    if expression in (sp.true, sp.false):
        return bool(expression)
    if expression.is_Integer:
        return int(expression)
    if expression.is_Rational:
        return mpmath.mpf(expression.p) / expression.q
    special = {sp.oo: mpmath.inf, -sp.oo: -mpmath.inf, sp.nan: mpmath.nan}
    return special[expression] if expression in special else mpmath.mpmathify(expression.evalf(mpmath.mp.dps + 5))
