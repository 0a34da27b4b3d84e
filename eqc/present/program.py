"""Programs in LaTeX: the steps of a computation with the glossary's symbols, one line each."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from eqc.ir.opaque import Opaque
from eqc.ir.program import Op, Program, Statement
from eqc.ir.terms import Expr, Read, index_symbol, read
from eqc.ir.walk import branches, substitute
from eqc.notation.tree import Call, Node
from eqc.present.bound import Total, Whole
from eqc.present.counting import count_from_one
from eqc.present.formula import formula_of
from eqc.present.glossary import Glossary
from eqc.present.latex import LatexWriter, formula_latex
from eqc.present.nodes import NOWHERE, call, number, pair

_BIG: Mapping[Op, type] = {Op.SUM: Total, Op.PRODUCT: Whole}
_EXTREMA: Mapping[Op, str] = {
    Op.MAX: "MaxOver",
    Op.MIN: "MinOver",
    Op.ARGMAX: "ArgMaxOver",
    Op.ARGMIN: "ArgMinOver",
}


def program_latex(program: Program, glossary: Glossary) -> str:
    r"""The statements of a program, aligned at their signs.

    >>> from eqc.ir.terms import Index, extent_symbol, index_symbol
    >>> from eqc.ir.program import Tensor
    >>> i, n = index_symbol("i"), extent_symbol("n")
    >>> body = read("x", (i,))**2
    >>> line = Statement(Tensor("s"), (Index("i", n),), (), Op.SUM, body)
    >>> print(program_latex(Program("p", (), (), (), (), (line,), ("s",)), Glossary()))
    \begin{aligned}
    s &= \sum_{i=1}^{n} x_i^2
    \end{aligned}
    """
    rows = [_line(statement, glossary) for statement in program.statements]
    return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def _line(statement: Statement, glossary: Glossary) -> str:
    free = tuple(loop.symbol for loop in (statement.loops if statement.scatter else statement.free))
    head = read(statement.target.name, statement.positions)
    left = LatexWriter(glossary).write(formula_of(count_from_one(head, free))).text
    sign = r"\mathrel{+}=" if statement.scatter else "="
    return f"{left} &{sign} {formula_latex(_right(statement, free), glossary)}"


def _right(statement: Statement, free: tuple[Expr, ...]) -> Node:
    renamed = {loop.symbol: index_symbol(f"{loop.name}__{n}") for n, loop in enumerate(statement.bound)}
    body = substitute(statement.body, renamed)
    if isinstance(body, Opaque):
        return call(type(body).__name__, *(formula_of(_whole(a, free)) for a in body.operands))
    if statement.op in _EXTREMA:
        limits = [_limits(loop.symbol, loop.extent, free) for loop in reversed(statement.bound)]
        bound = (*free, *(loop.symbol for loop in statement.bound))
        return Call(NOWHERE, _EXTREMA[statement.op], (formula_of(count_from_one(statement.body, bound)), *limits))
    loops = statement.loops if statement.scatter else statement.bound
    if statement.scatter:
        body = branches([(statement.body, statement.guard), (sp.Integer(0), sp.true)])
    head = _BIG.get(statement.op, Total)
    for loop in () if statement.scatter else reversed(loops):
        body = head(body, renamed[loop.symbol], substitute(loop.extent, renamed))
    shown = (*free, *(loop.symbol for loop in loops)) if statement.scatter else free
    return formula_of(count_from_one(body, shown))


def _limits(index: Expr, extent: Expr, free: tuple[Expr, ...]) -> Node:
    return pair(formula_of(index), number(1), formula_of(count_from_one(extent, free)))


def _whole(argument: Expr, free: tuple[Expr, ...]) -> Expr:
    return count_from_one(argument, free) if isinstance(argument, Read) else argument
