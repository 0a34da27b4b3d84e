"""Which results may leave the range of floats on the way: what is said to be safe holds for numbers of all sizes."""

from __future__ import annotations

import itertools
import math
import random

import mpmath
import numpy as np
import pytest
import sympy as sp

from eqc.derive.leaving import can_be_widened, can_leave_range
from eqc.ir.interpret import interpret
from eqc.ir.program import Extent, Op, Program, Statement, Tensor
from eqc.ir.stable import ExpDifference, Log1p, Logistic
from eqc.ir.terms import Expr, Index, extent_symbol, read

X, Y, Z = read("x"), read("y"), read("z")
HALF = sp.Rational(1, 2)

SAFE = (
    *(X, -X, X + Y, X - Y, X * Y, X / Y, X**2, 1 / X, sp.sqrt(X), sp.Abs(X), sp.exp(X), sp.exp(-X), sp.log(X)),
    *(2 * X, X / 2, -X * Y, sp.exp(X * Y), sp.exp(-(X**2)), 1 / (1 + sp.exp(-X)), 1 / (1 + X**2), sp.tanh(X * Y)),
    *(sp.sqrt(sp.Abs(X - 3)), X * Logistic(Y), X + Logistic(Y), sp.sin(X), X * sp.sin(Y), sp.sin(X) * sp.cos(Y) / 3),
    *(sp.log(1 + Logistic(X)), Log1p(sp.exp(-Logistic(X))), X - Logistic(Y) + 1, sp.exp(X) * 2, sp.exp(X) + 1),
    *(X**2 + Y**2, (X - Y) ** 2, sp.sqrt(X) * Y, sp.sqrt(X) / 2, X * (2 + Logistic(Y)), X * (Logistic(Y) + HALF)),
)
UNSAFE = (
    *(X * Y * Z, X * Y / Z, X / (Y * Z), X**2 / Y, sp.sqrt(X**2 + Y**2), 1 / sp.sqrt(X**2 + Y**2), sp.log(X * Y)),
    *(X**2 - Y**2, X + Y - Z, 2 * X * Y, sp.Rational(2, 3) * X, sp.sin(X * Y), sp.exp(X) / (1 + sp.exp(X))),
    *(X * sp.exp(Y), sp.exp(X) - sp.exp(Y), sp.log(sp.exp(X) + 1), (X - Y) / Z, X**2 * HALF, sp.log(X**2)),
)
SIZES = (0.0, 5e-324, 1e-310, 2.3e-308, 1e-200, 1e-20, 0.3, 1.0, 2.5, 700.0, 1e3, 1e20, 1e160, 1e308, 1.797e308)


def program(*statements: Statement, inputs: tuple[Tensor, ...] = ()) -> Program:
    """A program whose result is that of its last statement."""
    scalars = tuple(Tensor(name) for name in "xyz")
    return Program("f", inputs or scalars, (), (), (), statements, (statements[-1].target.name,))


def number(body: Expr) -> Program:
    return program(Statement(Tensor("r"), (), (), Op.NONE, body))


@pytest.mark.parametrize("body", SAFE, ids=str)
def test_what_is_safe_is_finite_where_it_should_be(body: Expr) -> None:
    assert not can_leave_range(number(body))
    rng = random.Random(str(body))
    signed = [s * x for x in SIZES for s in (1, -1)]
    count = len({s.name for s in body.free_symbols})
    points = list(itertools.product(signed, repeat=count))
    for point in points if count < 2 else rng.sample(points, 60):
        given = dict(zip("xyz", (*point, 1.0, 1.0), strict=False))
        with np.errstate(all="ignore"):
            found = in_floats(body, given)
        if not math.isfinite(found):
            assert not is_within_range(body, given), given


def in_floats(node: Expr, given: dict[str, float]) -> float:
    """A body in floats, operation by operation."""
    if isinstance(node, sp.Symbol):
        return given[node.name]
    if node.is_number:
        return float(node)
    inverse = isinstance(node, sp.Mul)
    operands = [a.base if inverse and isinstance(a, sp.Pow) and a.exp == -1 else a for a in node.args]
    parts = [np.float64(in_floats(a, given)) for a in operands]
    if isinstance(node, sp.Add | sp.Mul):
        return combined(node, parts)
    functions = {sp.Pow: np.power, sp.exp: np.exp, sp.log: np.log, sp.Abs: np.abs, sp.tanh: np.tanh, sp.sin: np.sin}
    own = {sp.cos: np.cos, Log1p: np.log1p, Logistic: lambda x: 1 / (1 + np.exp(-x))}
    return float({**functions, **own}[type(node)](*parts))


def combined(node: Expr, parts: list[np.float64]) -> float:
    """A sum or a product from the left; then inverses are divided by."""
    if isinstance(node, sp.Add):
        return float(sum(parts))
    total = np.float64(1.0)
    factors = [(isinstance(f, sp.Pow) and f.exp == -1, part) for f, part in zip(node.args, parts, strict=True)]
    for below, part in sorted(factors, key=lambda pair: pair[0]):
        total = total / part if below else total * part
    return float(total)


def is_within_range(body: Expr, given: dict[str, float]) -> bool:
    """Whether the formula has a value there that a float can hold."""
    whole = number(body)
    try:
        with mpmath.workprec(4000):
            value = interpret(whole, {name: mpmath.mpf(v) for name, v in given.items()})["r"]
            real = isinstance(value, mpmath.mpf)
            return bool(real and mpmath.isfinite(value) and abs(value) < mpmath.mpf("1.797e308"))
    except (ArithmeticError, ValueError, TypeError):
        return False


@pytest.mark.parametrize("body", UNSAFE, ids=str)
def test_what_may_leave_the_range_is_known(body: Expr) -> None:
    assert can_leave_range(number(body))


def test_cotangents_are_of_ordinary_size() -> None:
    assert can_leave_range(number(X * Y * Logistic(Z)))
    assert not can_leave_range(number(X * Y * Logistic(Z)), ["x", "y"])
    assert can_leave_range(number(X * Y * Z), ["x"])


N = Index("n", extent_symbol("N"))
K = Index("k", extent_symbol("N"))
VECTOR = Tensor("x", (N.extent,))


def of_vector(*statements: Statement) -> Program:
    scalars = (Tensor("y"), Tensor("z"))
    extents = (Extent("N", N.extent, "x", 0),)
    result = statements[-1].target.name
    return Program("f", (VECTOR, *scalars), extents, ("x", "y", "z"), (), statements, (result,))


def shares(top: Statement) -> Program:
    """exp(x - top) over the sum of them."""
    powers = ExpDifference(read("x", (N.symbol,)), read("top"))
    total = Statement(Tensor("total"), (N,), (), Op.SUM, powers)
    share = Statement(Tensor("r", (N.extent,)), (N,), (N.symbol,), Op.NONE, powers / read("total"))
    return of_vector(top, total, share)


def test_exponentials_below_their_peak_are_at_most_1() -> None:
    entry = read("x", (N.symbol,))
    peak = Statement(Tensor("top"), (N,), (), Op.MAX, entry)
    # The sum is not known to be 1 at least, so that it may underflow: only what is above is known.
    sum_of_them = Statement(Tensor("r"), (N,), (), Op.SUM, -ExpDifference(entry, read("top")) * entry)
    assert not can_leave_range(
        of_vector(peak, Statement(Tensor("r"), (N,), (), Op.SUM, ExpDifference(entry, read("top"))))
    )
    assert can_leave_range(of_vector(peak, sum_of_them))
    assert can_leave_range(shares(peak))
    half = Index("h", N.extent // 2)
    part = Statement(Tensor("top"), (half,), (), Op.MAX, read("x", (half.symbol,)))
    product = ExpDifference(entry, read("top")) * Logistic(entry)
    for top, safe in ((peak, True), (part, False)):
        share = Statement(Tensor("r", (N.extent,)), (N,), (N.symbol,), Op.NONE, product)
        assert can_leave_range(of_vector(top, share)) is not safe


def test_sums_of_one_sign_are_safe_and_others_are_not() -> None:
    entry = read("x", (N.symbol,))
    for body, safe in (
        (entry**2, True),
        (sp.exp(entry), True),
        (entry, False),
        (Logistic(entry) - sp.tanh(entry), True),
    ):
        assert can_leave_range(of_vector(Statement(Tensor("r"), (N,), (), Op.SUM, body))) is not safe


def test_work_in_wide_numbers_is_bounded_by_the_data() -> None:
    entry, other = read("x", (N.symbol,)), read("x", (K.symbol,))
    once = Statement(Tensor("r"), (N,), (), Op.SUM, entry**2)
    pairs = Statement(Tensor("r"), (N, K), (), Op.SUM, entry * other)
    table = Statement(Tensor("r", (N.extent, N.extent)), (N, K), (N.symbol, K.symbol), Op.NONE, entry * other)
    few = Statement(Tensor("r"), (N, Index("m", sp.Integer(3))), (), Op.SUM, entry**2)
    assert can_be_widened(of_vector(once))
    assert not can_be_widened(of_vector(pairs))
    assert can_be_widened(of_vector(table))
    assert can_be_widened(of_vector(few))
