"""Products of matrices that are added up become one sum, to which BLAS adds one product after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import sympy as sp

from eqc.ir.products import matrix_product
from eqc.ir.program import Op, Program, Statement, Tensor, fresh, names_in, statement_reads
from eqc.ir.terms import Expr, Index, Read, read
from eqc.ir.walk import substitute

_MOST = 4
"""Products that one sum holds."""


def add_products(program: Program) -> Program:
    """The same program, in which no product is stored only to be added to another one of the same length."""
    uses = Counter(r.tensor for s in program.statements for r in statement_reads(s))
    made = {
        s.target.name: s
        for s in program.statements
        if uses[s.target.name] == 1 and s.target.name not in program.outputs and _is_product(s, program.tensors)
    }
    taken, merged = names_in(program), set[str]()
    statements: list[Statement] = []
    for statement in program.statements:
        for group in _groups(statement, made):
            whole = _added(statement, group, made, taken)
            if _is_product(whole, program.tensors):
                merged |= {r.tensor for r in group}
                statement = _without(statement, group, whole)
                statements += [whole] if statement.target != whole.target else []
        statements.append(statement)
    return program.with_statements(tuple(s for s in statements if s.target.name not in merged))


def _is_product(statement: Statement, tensors: Mapping[str, Tensor]) -> bool:
    product = matrix_product(statement)
    return product is not None and product.is_plain(tensors) and len(statement.bound) == 1


def _groups(statement: Statement, made: Mapping[str, Statement]) -> list[list[Read]]:
    """Reads of products that are added up entry by entry, by what the products sum over."""
    if statement.op is not Op.NONE or statement.scatter or statement.guard != sp.true:
        return []
    groups: dict[Expr, list[Read]] = {}
    for term in sp.Add.make_args(statement.body):
        if isinstance(term, Read) and term.tensor in made and {*term.positions} == {*statement.positions}:
            groups.setdefault(made[term.tensor].bound[0].extent, []).append(term)
    found = [group[n : n + _MOST] for group in groups.values() for n in range(0, len(group), _MOST)]
    return [group for group in found if len(group) > 1]


def _added(statement: Statement, group: list[Read], made: Mapping[str, Statement], taken: set[str]) -> Statement:
    """The sum over all products of a group: the statement itself, if there is nothing else in it."""
    inner = Index(fresh("k", taken), made[group[0].tensor].bound[0].extent)
    bodies = []
    for r in group:
        part = made[r.tensor]
        letters = dict(zip(part.positions, r.positions, strict=True)) | {part.bound[0].symbol: inner.symbol}
        bodies.append(substitute(part.body, letters))
    alone = len(group) == len(sp.Add.make_args(statement.body))
    name = statement.target.name if alone else fresh("product", taken)
    target = statement.target if alone else Tensor(name, statement.target.shape, differentiable=False)
    loops = (*statement.free, inner)
    return Statement(target, loops, statement.positions, Op.SUM, sp.Add(*bodies))


def _without(statement: Statement, group: list[Read], whole: Statement) -> Statement:
    """The statement with the sum in place of the products."""
    if statement.target == whole.target:
        return whole
    rest = [term for term in sp.Add.make_args(statement.body) if term not in group]
    return Statement(
        statement.target,
        statement.loops,
        statement.positions,
        Op.NONE,
        sp.Add(*rest, read(whole.target.name, statement.positions)),
    )
