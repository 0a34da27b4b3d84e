"""Sums of deviations from a mean are left out: Σ (x[k] - m) is 0 for m = Σ x[k]/n.

Derivatives of variances and of normalisations are full of them, and floats do not find 0.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import sympy as sp

from eqc.ir.program import Op, Program, Statement, reads_of
from eqc.ir.terms import Expr, Index, Read, index_symbol, read
from eqc.ir.walk import map_reads, substitute, transform

_MOST_TERMS = 40
_ANY = index_symbol("_")


@dataclass
class Known:
    """The statements so far; `sums` over one loop are found by what they sum up, whatever its positions."""

    statements: dict[str, Statement] = field(default_factory=dict)
    sums: defaultdict[Expr, list[Statement]] = field(default_factory=lambda: defaultdict(list))

    def add(self, statement: Statement) -> None:
        """Note one more statement."""
        self.statements[statement.target.name] = statement
        plain = statement.op is Op.SUM and statement.guard == sp.true and not statement.scatter
        if plain and len(statement.bound) == 1:
            self.sums[_without_positions(statement.body)].append(statement)

    def sum_of(self, moving: Expr, loop: Index) -> Expr | None:
        """The tensor, or its entry, that is the sum of just this over the whole loop."""
        for statement in self.sums.get(_without_positions(moving), ()):
            (own,) = statement.bound
            if own.extent == loop.extent:
                names = _matched(statement.body, moving)
                if names.get(own.symbol, loop.symbol) == loop.symbol and substitute(statement.body, names) == moving:
                    return read(statement.target.name, tuple(substitute(p, names) for p in statement.positions))
        return None


def _without_positions(body: Expr) -> Expr:
    """A body with all indices alike and reads without positions: the same for bodies whose indices differ."""

    def leaf(atom: Expr) -> Expr:
        if isinstance(atom, Read):
            return read(atom.tensor, integer=bool(atom.is_integer))
        return _ANY if atom.is_Symbol else atom

    return transform(body, leaf)


def drop_centred(program: Program) -> Program:
    """Put 0 for every sum over one loop that is 0 by the definitions of the means in it.

    >>> from eqc.ir.program import Tensor
    >>> from eqc.ir.terms import extent_symbol
    >>> k, n = Index("k", extent_symbol("n")), extent_symbol("n")
    >>> x, s, m = read("x", (k.symbol,)), read("s"), read("m")
    >>> def one(name, body, *loops):
    ...     return Statement(Tensor(name), loops, (), Op.SUM if loops else Op.NONE, body)
    >>> mean = (one("s", x, k), one("m", s/n), one("d", 3*x - 3*m, k), one("e", m + read("d")))
    >>> drop_centred(Program("p", (Tensor("x", (n,)),), (), (), (), mean, ("e",))).statements[-1].body
    m
    """
    known = Known()
    zeros: set[str] = set()
    statements: list[Statement] = []
    for old in program.statements:
        statement = _without(old, zeros)
        if statement.target.name not in program.outputs and _vanishes(statement, known):
            statement = Statement(statement.target, statement.free, statement.positions, Op.NONE, sp.Integer(0))
            zeros.add(statement.target.name)
        known.add(statement)
        statements.append(statement)
    return program.with_statements(tuple(statements))


def _without(statement: Statement, zeros: set[str]) -> Statement:
    """The statement with 0 for what is 0."""
    if not any(r.tensor in zeros for r in reads_of(statement.body)):
        return statement
    body = map_reads(statement.body, lambda r: sp.Integer(0) if r.tensor in zeros else r)
    return Statement(statement.target, statement.loops, statement.positions, statement.op, body, statement.scatter)


def _vanishes(statement: Statement, known: Known) -> bool:
    """Whether a sum is 0 once it is taken term by term and the means in it are written out."""
    if statement.op is not Op.SUM or statement.scatter or statement.guard != sp.true or len(statement.bound) != 1:
        return False
    total = _term_by_term(statement.body, statement.bound[0], known)
    return total is not None and _opened(total, known) == 0


def _term_by_term(body: Expr, loop: Index, known: Known) -> Expr | None:
    """Σ over a loop of a sum of constants and of multiples of what is summed up elsewhere; None if it is none."""
    terms = sp.Add.make_args(sp.expand_mul(body))
    if len(terms) < 2 or len(terms) > _MOST_TERMS:
        return None
    total = sp.Integer(0)
    for term in terms:
        factors = sp.Mul.make_args(term)
        moving = [f for f in factors if moves(f, loop)]
        rest = sp.Mul(*(f for f in factors if f not in moving))
        summed = loop.extent if not moving else known.sum_of(sp.Mul(*moving), loop)
        if summed is None:
            return None
        total += rest * summed
    return total


def moves(factor: Expr, loop: Index) -> bool:
    """Whether a factor is not the same in all rounds of a loop."""
    return loop.symbol in factor.free_symbols or any(
        loop.symbol in p.free_symbols for r in reads_of(factor) for p in r.positions
    )


def _matched(body: Expr, other: Expr) -> dict[sp.Symbol, Expr]:
    """What the indices of the first read of a body stand for if this is the other expression."""
    for r in reads_of(body):
        same = [s for s in reads_of(other) if s.tensor == r.tensor]
        if same and r.positions:
            return {p: q for p, q in zip(r.positions, same[0].positions, strict=True) if p.is_Symbol}
    return {}


def _opened(total: Expr, known: Known) -> Expr:
    """The sum with its means written out."""

    def definition(r: Read) -> Expr:
        statement = known.statements.get(r.tensor)
        if statement is None or statement.op is not Op.NONE or statement.scatter or not statement.body.is_Mul:
            return r
        symbols = [loop.symbol for loop in statement.loops]
        if len(reads_of(statement.body)) != 1 or list(statement.positions) != symbols:
            return r
        return substitute(statement.body, dict(zip(symbols, r.positions, strict=True)))

    return sp.expand_mul(map_reads(total, definition))
