"""Arrays that are zero but where two indices agree are never stored, and sums over one of those indices vanish.

Derivatives of arrays in themselves are full of them: of U[i, k] in U[p, q] it is 1 where i = p and k = q.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from eqc.ir.opaque import Opaque
from eqc.ir.place import map_statement
from eqc.ir.products import is_rectangular
from eqc.ir.program import Op, Program, Statement, Tensor, free_names, fresh, names_in, reads_of, tensors_read
from eqc.ir.terms import Expr, Index, Read, read
from eqc.ir.walk import substitute


def contract_deltas(program: Program) -> Program:
    """The same program without arrays that are Kronecker deltas times something, and without sums over deltas."""
    taken = names_in(program)
    kept = set(program.outputs).union(*(check.reads for check in program.checks))
    sparse: dict[str, Statement] = {}
    statements: list[Statement] = []
    for statement in program.statements:
        for made in _contracted(_inlined(statement, sparse), taken):
            statements.append(made)
            if made.target.name not in kept and _is_sparse(made):
                sparse[made.target.name] = made
    read_again = frozenset().union(*(tensors_read(s) for s in statements))
    return program.with_statements(
        tuple(s for s in statements if s.target.name not in sparse or s.target.name in read_again)
    )


def _is_sparse(statement: Statement) -> bool:
    """Whether a statement is a product with a delta of two of its own indices."""
    plain = statement.op is Op.NONE and not statement.scatter and not statement.target.integer
    symbols = {loop.symbol for loop in statement.loops}
    return plain and any(_deltas(factor) <= symbols for factor in sp.Mul.make_args(statement.body) if _deltas(factor))


def _deltas(factor: Expr) -> set[Expr]:
    """The two arguments of a delta, without a number that both have; none for other factors."""
    if not isinstance(factor, sp.KroneckerDelta):
        return set()
    (shift, one), (other_shift, other) = (a.as_coeff_Add() for a in factor.args)
    return {one, other} if shift == other_shift else set(factor.args)


def _inlined(statement: Statement, sparse: dict[str, Statement]) -> Statement:
    """A pointwise statement or a sum with the sparse arrays that it reads written out."""
    if not tensors_read(statement) & sparse.keys() or statement.op not in (Op.NONE, Op.SUM):
        return statement
    places = (*statement.positions, *(loop.extent for loop in statement.loops), statement.guard)
    nested = [p for r in reads_of(statement.body) for p in r.positions]
    looked_up = {r.tensor for part in (*places, *nested) for r in reads_of(part)}
    if isinstance(statement.body, Opaque) or looked_up & sparse.keys():
        return statement

    def change(r: Read) -> Expr:
        if r.tensor not in sparse:
            return r
        made = sparse[r.tensor]
        return substitute(made.body, dict(zip(made.positions, r.positions, strict=True)))

    after = map_statement(statement, change)
    return after if _is_sparse(after) or _sums_deltas(after) else statement


def _sums_deltas(statement: Statement) -> bool:
    """Whether a sum can do without some delta in it."""
    plain = statement.op is Op.SUM and not statement.scatter and not statement.target.integer
    terms = sp.Add.make_args(statement.body)
    return plain and is_rectangular(statement) and any(_own_deltas(statement, term) for term in terms)


def _contracted(statement: Statement, taken: set[str]) -> list[Statement]:
    """A sum in which deltas stand, as sums without them."""
    if not _sums_deltas(statement):
        return [statement]
    made: list[Statement] = []
    sums = [_term(statement, term, taken, made) for term in sp.Add.make_args(statement.body)]
    return [*made, replace(statement, loops=statement.free, op=Op.NONE, body=sp.Add(*sums))]


def _own_deltas(statement: Statement, term: Expr) -> list[Expr]:
    """The deltas of a term that its sum can do without."""
    symbols = {loop.symbol for loop in statement.loops}
    own = [f for f in sp.Mul.make_args(term) if _deltas(f) and _deltas(f) <= symbols]
    return [f for f in own if _is_free(statement, f) or _summed(statement, statement.bound, f) is not None]


def _is_free(statement: Statement, delta: Expr) -> bool:
    return _deltas(delta) <= {loop.symbol for loop in statement.free}


def _term(statement: Statement, term: Expr, taken: set[str], made: list[Statement]) -> Expr:
    """The sum of one term: over fewer loops, times the deltas of free indices; what has to be summed is stored."""
    bound = statement.bound
    while summed := [(d, s) for d in _own_deltas(statement, term) if (s := _summed(statement, bound, d)) is not None]:
        delta, (gone, stays) = summed[0]
        rest = sp.Mul(*(f for f in sp.Mul.make_args(term) if f != delta))
        term, bound = substitute(rest, {gone.symbol: stays}), tuple(loop for loop in bound if loop != gone)
    outside = [f for f in sp.Mul.make_args(term) if _deltas(f) and _is_free(statement, f)]
    rest = sp.Mul(*(f for f in sp.Mul.make_args(term) if f not in outside))
    return sp.Mul(_stored(statement, rest, bound, taken, made) if bound else rest, *outside)


def _summed(statement: Statement, bound: tuple[Index, ...], delta: Expr) -> tuple[Index, Expr] | None:
    """The bound loop of a delta, and the index of the same range that takes its place."""
    loops = {loop.symbol: loop for loop in statement.loops}
    one, other = (loops[symbol] for symbol in sorted(_deltas(delta), key=str))
    for gone, stays in ((one, other), (other, one)):
        if gone in bound and gone.extent == stays.extent:
            return gone, stays.symbol
    return None


def _stored(statement: Statement, body: Expr, bound: tuple[Index, ...], taken: set[str], made: list[Statement]) -> Expr:
    """The read of a new sum over the free indices that it depends on."""
    free = tuple(loop for loop in statement.free if loop.name in free_names(body))
    target = Tensor(fresh("part", taken), tuple(loop.extent for loop in free), differentiable=False)
    at = tuple(loop.symbol for loop in free)
    made.append(Statement(target, (*free, *bound), at, Op.SUM, body))
    return read(target.name, at)
