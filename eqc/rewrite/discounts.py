"""Sums of discounted terms in one pass instead of one for every entry, and so are their derivatives.

y[t] = Σ_{s <= t} g^(t - s) f(s) is y[t] = f(t) + g y[t - 1]: moving averages, traces, filters. What is still to come,
y[t] = Σ_k g^k f(t + k), goes the other way: returns and advantages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import sympy as sp

from eqc.ir.opaque import Discounted, DiscountedBack, Opaque
from eqc.ir.program import Op, Program, Statement, Tensor, free_names, fresh, names_in, reads_of
from eqc.ir.ragged import Ragged, parted, raggeds_of
from eqc.ir.terms import Expr, Index, Read, read
from eqc.ir.walk import branches


def run_discounts(program: Program) -> Program:
    """The program with such sums."""
    taken, tensors = names_in(program), dict(program.tensors)
    statements: list[Statement] = []
    for statement in program.statements:
        statements += _run(statement, tensors, taken) or [statement]
    return program if len(statements) == len(program.statements) else program.with_statements(tuple(statements))


@dataclass(frozen=True, slots=True)
class _Parts:
    """The body of such a sum: what is discounted, by which rate, and what all is multiplied by."""

    terms: Expr
    rate: Expr
    outside: Expr


def _run(statement: Statement, tensors: Mapping[str, Tensor], taken: set[str]) -> list[Statement] | None:
    """What stands for a statement, if it is one of these."""
    plain = statement.op is Op.SUM and statement.guard == sp.true and not isinstance(statement.body, Opaque)
    if not plain or statement.scatter:
        return None
    for ragged in raggeds_of(statement):
        parts = _parts_of(ragged, tensors)
        if parts is not None:
            return _statements(ragged, parts, tensors, taken)
    return None


def _statements(ragged: Ragged, parts: _Parts, tensors: Mapping[str, Tensor], taken: set[str]) -> list[Statement]:
    """What is discounted as an array, the rate as a number, the sums, and what is made of them."""
    made: list[Statement] = []
    name, at, axis = ragged.statement.target.name, ragged.at, Index(ragged.inner.name, ragged.end)

    def store(what: str, loops: tuple[Index, ...], body: Expr) -> Tensor:
        target = Tensor(fresh(f"{name}_{what}", taken), tuple(loop.extent for loop in loops))
        made.append(Statement(target, loops, tuple(loop.symbol for loop in loops), Op.NONE, body))
        return target

    terms = _stored(parts.terms, (*at, axis.symbol), (*(loop.extent for loop in ragged.rest), axis.extent), tensors)
    terms = terms or read(store("terms", (*ragged.rest, axis), parts.terms).name, at)
    rate = parts.rate if isinstance(parts.rate, Read) else read(store("rate", (), parts.rate).name)
    whole = Tensor(fresh(f"{name}_discounted", taken), (*(loop.extent for loop in ragged.rest), ragged.end))
    head = (DiscountedBack if ragged.back else Discounted)(terms, rate)
    made.append(Statement(whole, ragged.rest, at, Op.NONE, head))
    return [
        *made,
        replace(ragged.statement, loops=ragged.statement.free, op=Op.NONE, body=_result(ragged, parts, whole)),
    ]


def _stored(terms: Expr, at: tuple[Expr, ...], shape: tuple[Expr, ...], tensors: Mapping[str, Tensor]) -> Read | None:
    """The rows of an array of which all entries are discounted as they are."""
    known = tensors.get(terms.tensor) if isinstance(terms, Read) and terms.positions == at else None
    return read(known.name, at[:-1]) if known is not None and known.shape == shape and not known.integer else None


def _result(ragged: Ragged, parts: _Parts, whole: Tensor) -> Expr:
    """The entry of the sums that belongs to each round; there is none where the range is empty."""
    last = _last(ragged)
    found = parts.outside * read(whole.name, (*ragged.at, last))
    if last == ragged.outer.symbol and ragged.end == ragged.outer.extent:
        return found
    inside = sp.Lt(last, ragged.end) if ragged.back else sp.Ge(last, 0)
    return branches([(found, inside), (sp.Integer(0), sp.true)])


def _last(ragged: Ragged) -> Expr:
    """Where the sums stand that go up to a round, or start from it."""
    return ragged.outer.symbol + ragged.shift - (0 if ragged.back else 1)


def _parts_of(ragged: Ragged, tensors: Mapping[str, Tensor]) -> _Parts | None:
    """How the body is made, if it is of this kind: the rate is a number that is the same in all rounds."""
    outer, inner = ragged.outer.name, ragged.inner.name
    factors = sp.Mul.make_args(ragged.body)
    powers = [f for f in factors if isinstance(f, sp.Pow) and inner in free_names(f.args[1])]
    steps = [_steps(power.args[1], ragged) for power in powers]
    terms, outside = parted(sp.Mul(*(f for f in factors if f not in powers)), outer, inner)
    if not powers or outside is None or None in steps:
        return None
    rate, more = (sp.Mul(*(p.args[0] ** s[n] for p, s in zip(powers, steps, strict=True) if s)) for n in (0, 1))
    return _Parts(terms, rate, outside * more) if _is_rate(rate, ragged, tensors) else None


def _steps(exponent: Expr, ragged: Ragged) -> tuple[Expr, Expr] | None:
    """By how much an exponent grows from term to term, and what it is for the first one; None if that is no power."""
    distance = (ragged.place - _last(ragged)) * (1 if ragged.back else -1)
    step = sp.expand(exponent).coeff(ragged.place) * (1 if ragged.back else -1)
    first = sp.expand(exponent - step * distance)
    return (step, first) if step.is_Integer and step > 0 and first.is_Integer and first >= 0 else None


def _is_rate(rate: Expr, ragged: Ragged, tensors: Mapping[str, Tensor]) -> bool:
    """Whether that is an entry for each of the other rounds, or made of numbers alone."""
    if any(tensors[r.tensor].integer for r in reads_of(rate) if r.tensor in tensors):
        return False
    if isinstance(rate, Read):
        return set(rate.positions) <= set(ragged.at)
    loops = {loop.name for loop in ragged.statement.loops}
    return not loops & free_names(rate)
