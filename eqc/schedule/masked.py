"""Functions that stand in a choice, such as exponentials of all pairs but a point and itself, are computed once.

Where w[i, j] is exp(z[i, j]) under a condition and 0 elsewhere, so is exp(z[i, j]) wherever the same condition holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import sympy as sp

from eqc.ir.opaque import Opaque
from eqc.ir.program import Op, Program, Statement, Tensor, free_names
from eqc.ir.terms import Expr, Index, read
from eqc.ir.walk import branches, is_short, transform
from eqc.schedule.share import EXPENSIVE, by_position, loops_of

_Key = tuple[Expr, Expr, tuple[Expr, ...]]
"""A function and a condition with the loops renamed by position, and their extents."""


def share_masked(program: Program) -> Program:
    """The program with such functions read from where they are stored.

    >>> from eqc.ir.terms import extent_symbol
    >>> n, i, j = extent_symbol("n"), Index("i", extent_symbol("n")), Index("j", extent_symbol("n"))
    >>> at, exp = (i.symbol, j.symbol), sp.exp(read("z", (i.symbol, j.symbol)))
    >>> w = Statement(Tensor("w", (n, n)), (i, j), at, Op.NONE, branches([(exp, sp.Ne(*at)), (sp.Integer(0), sp.true)]))
    >>> slope = branches([(2*exp*read("y", at), sp.Ne(*at)), (sp.Integer(0), sp.true)])
    >>> total = Statement(Tensor("t", (n,)), (i, j), at[:1], Op.SUM, slope)
    >>> print(share_masked(Program("t", (), (), (), (), (w, total), ("w", "t"))).statements[1].body)
    Piecewise((2*w[i, j]*y[i, j], Ne(i, j)), (0, True))
    """
    work = _Masked()
    statements = tuple(work.take(statement) for statement in program.statements)
    return program.with_statements(statements) if statements != program.statements else program


@dataclass
class _Masked:
    """Where such functions are stored: the tensor, and the places of its axes among the loops of the function."""

    stored: dict[_Key, tuple[Tensor, tuple[int, ...]]] = field(default_factory=dict)

    def take(self, statement: Statement) -> Statement:
        """A statement with what is stored already, which is looked at for what it stores itself."""
        if isinstance(statement.body, Opaque) or not statement.body.has(sp.Piecewise) or not is_short(statement.body):
            return statement
        known = {}
        for choice in statement.body.atoms(sp.Piecewise) if self.stored else ():
            changed = self._read(statement, choice)
            if changed != choice:
                known[choice] = changed
        if known:
            statement = replace(statement, body=transform(statement.body, lambda atom: atom, known))
        self._note(statement)
        return statement

    def _read(self, statement: Statement, choice: Expr) -> Expr:
        (value, condition), *others = (pair.args for pair in choice.args)
        found = {}
        for call in _calls(value):
            key, loops = _key(statement, call, condition)
            if key in self.stored:
                target, order = self.stored[key]
                found[call] = read(target.name, tuple(loops[n].symbol for n in order))
        if not found:
            return choice
        return branches([(transform(value, lambda atom: atom, found), condition), *others])

    def _note(self, statement: Statement) -> None:
        body = statement.body
        if statement.op is not Op.NONE or statement.scatter or statement.guard != sp.true:
            return
        if isinstance(body, sp.Piecewise) and isinstance(body.args[0].args[0], EXPENSIVE):
            key, loops = _key(statement, *body.args[0].args)
            if key is not None and set(loops) == set(statement.free):
                self.stored.setdefault(key, (statement.target, tuple(loops.index(loop) for loop in statement.free)))


def _calls(value: Expr) -> Iterator[Expr]:
    return (node for node in sp.preorder_traversal(value) if isinstance(node, EXPENSIVE))


def _key(statement: Statement, call: Expr, condition: Expr) -> tuple[_Key | None, tuple[Index, ...]]:
    """What tells equal work under equal conditions, and the loops that it depends on."""
    loops = loops_of(call, statement)
    if loops is None or not free_names(condition) <= {loop.name for loop in loops}:
        return None, ()
    return (by_position(call, loops), by_position(condition, loops), tuple(loop.extent for loop in loops)), loops
