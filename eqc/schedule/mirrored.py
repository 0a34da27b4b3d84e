"""Sums over one index of a pair that are those over the other one are taken once.

The slope of Σ f(x[i] - x[j]) in every x[k] is Σ f'(x[k] - x[j]) - Σ f'(x[i] - x[k]), and for an even f the sums differ
in their signs only: so it is with the forces between particles and with distances of all pairs of points.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations

import sympy as sp

from eqc.ir.opaque import Opaque
from eqc.ir.place import map_statement
from eqc.ir.program import Op, Program, Statement, tensors_read
from eqc.ir.stable import HyperbolicTangent, LogCosh, NormalDensity
from eqc.ir.terms import Expr, Read, index_symbol, read
from eqc.ir.walk import branches, is_short, rebuild, substitute

_ODD = (sp.sin, sp.tan, sp.sinh, sp.tanh, sp.asin, sp.atan, sp.asinh, sp.atanh, sp.erf, sp.sign, HyperbolicTangent)
_EVEN = (sp.cos, sp.cosh, sp.Abs, LogCosh, NormalDensity)

_Turn = tuple[int, int, int]
"""A pair of axes in which a tensor is symmetric, with 1, or changes its sign, with -1."""

_Turns = Mapping[str, tuple[_Turn, ...]]


def merge_mirrored(program: Program) -> Program:
    """The same program, in which sums that others give are copies of these, which all that follows reads.

    >>> from eqc.ir.program import Tensor
    >>> from eqc.ir.terms import Index, extent_symbol
    >>> n = extent_symbol("n")
    >>> i, j = Index("i", n), Index("j", n)
    >>> body = sp.cos(read("x", (i.symbol,)) - read("x", (j.symbol,)))
    >>> rows = Statement(Tensor("rows", (n,)), (i, j), (i.symbol,), Op.SUM, body)
    >>> columns = Statement(Tensor("columns", (n,)), (j, i), (j.symbol,), Op.SUM, body)
    >>> both = Program("p", (Tensor("x", (n,)),), (), (), (), (rows, columns), ("rows", "columns"))
    >>> merge_mirrored(both).statements[1].body
    rows[j]
    """
    turns: dict[str, tuple[_Turn, ...]] = {}
    seen: dict[tuple[object, ...], str] = {}
    copied: dict[str, str] = {}
    kept: list[Statement] = []

    def change(r: Read) -> Expr:
        return read(copied[r.tensor], r.positions) if r.tensor in copied else r

    for given in program.statements:
        statement = map_statement(given, change) if copied.keys() & tensors_read(given) else given
        if _is_plain(statement):
            name = statement.target.name
            turns[name] = tuple(_turns(statement, turns))
            first = seen.setdefault(_meaning(statement, turns), name) if _is_of_pairs(statement) else name
            if first != name:
                copied[name] = first
                body = read(first, statement.positions)
                statement = replace(statement, loops=statement.free, op=Op.NONE, body=body)
        kept.append(statement)
    return program.with_statements(tuple(kept))


def _is_of_pairs(statement: Statement) -> bool:
    """Whether a sum runs as far as one of its axes, so that both may be those of a pair."""
    extents = {loop.extent for loop in statement.free}
    return statement.op is Op.SUM and any(loop.extent in extents for loop in statement.bound)


def _is_plain(statement: Statement) -> bool:
    """Whether a statement gives real entries, one by one."""
    real = not (statement.target.integer or statement.scatter or isinstance(statement.body, Opaque))
    plain = statement.op in (Op.NONE, Op.SUM) and statement.guard == sp.true
    return real and plain and all(p.is_Symbol for p in statement.positions) and is_short(statement.body)


def _meaning(statement: Statement, turns: _Turns) -> tuple[object, ...]:
    """What a statement computes, whatever its indices are called and however its differences are written."""
    loops = (*statement.free, *statement.bound)
    names = {loop.symbol: index_symbol(f"_{n}") for n, loop in enumerate(loops)}
    sign, body = _signed(substitute(statement.body, names), turns)
    extents = (substitute(loop.extent, names) for loop in loops)
    places = (substitute(p, names) for p in statement.positions)
    return sign, statement.op, len(loops), *extents, *places, body


def _turns(statement: Statement, turns: _Turns) -> Iterator[_Turn]:
    """The pairs of axes that may change places."""
    if any(loop.extent.free_symbols & {other.symbol for other in statement.loops} for loop in statement.loops):
        return
    axes = list(enumerate(zip(statement.positions, statement.target.shape, strict=True)))
    for (one, (p, extent)), (other, (q, same)) in combinations(axes, 2):
        if extent == same:
            (sign, body), (turned, found) = (
                _signed(substitute(statement.body, names), turns) for names in ({}, {p: q, q: p})
            )
            if body == found:
                yield one, other, sign * turned


def _signed(node: Expr, turns: _Turns) -> tuple[int, Expr]:
    """An expression as a sign times one that does not depend on how differences and symmetric entries are written."""
    if isinstance(node, Read):
        return _entry(node, turns)
    if isinstance(node, sp.Eq | sp.Ne):
        return 1, rebuild(node, tuple(sorted(node.args, key=str)))
    if not node.args or node.is_Boolean:
        return 1, node
    if isinstance(node, sp.Piecewise):
        return _choice(node, turns)
    parts = [_signed(part, turns) for part in node.args]
    if isinstance(node, sp.Mul):
        sign, rest = 1, rebuild(node, tuple(part for _, part in parts))
        for own, _ in parts:
            sign *= own
        return _without_sign(sign, rest)
    if isinstance(node, sp.Pow) and node.args[1].is_Integer:
        return parts[0][0] ** int(abs(node.args[1])), sp.Pow(parts[0][1], node.args[1])
    if isinstance(node, _ODD):
        return parts[0][0], rebuild(node, (parts[0][1],))
    if isinstance(node, _EVEN):
        return 1, rebuild(node, (parts[0][1],))
    return _without_sign(1, rebuild(node, tuple(sign * part for sign, part in parts)))


def _choice(node: Expr, turns: _Turns) -> tuple[int, Expr]:
    """A choice whose values but 0 have one sign has it, too."""
    values, conditions = (
        [_signed(part, turns) for part in column] for column in zip(*(p.args for p in node.args), strict=True)
    )
    signs = {sign for sign, value in values if value != 0}
    common = signs.pop() if len(signs) == 1 else 1
    rest = [sign * common * value for sign, value in values]
    return common, branches(list(zip(rest, (condition for _, condition in conditions), strict=True)))


def _without_sign(sign: int, node: Expr) -> tuple[int, Expr]:
    """A sum or a product without its sign."""
    if isinstance(node, sp.Add | sp.Mul) and node.could_extract_minus_sign():
        return -sign, -node
    return sign, node


def _entry(r: Read, turns: _Turns) -> tuple[int, Expr]:
    """An entry with the positions that may change places in the order of their names."""
    positions, total = list(r.positions), 1
    for one, other, sign in turns.get(r.tensor, ()):
        if str(positions[one]) > str(positions[other]):
            positions[one], positions[other] = positions[other], positions[one]
            total *= sign
    return total, read(r.tensor, tuple(positions)) if turns.get(r.tensor) else r
