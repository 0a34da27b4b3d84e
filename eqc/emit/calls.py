"""Statements that call a function of whole arrays, a solver or a function input."""

from __future__ import annotations

import re

from eqc.emit.function import Function
from eqc.emit.linalg import CALLS
from eqc.emit.names import words
from eqc.emit.solve import solver_call
from eqc.ir.opaque import Apply, Opaque
from eqc.ir.program import Statement
from eqc.ir.solver import Solution
from eqc.ir.terms import Read

HELPERS = frozenset(word for call in (*CALLS.values(), "_fitted") for word in re.findall(r"\b_\w+", call))
"""The runtime's functions that calls of whole arrays need."""


def call(function: Function, statement: Statement, depth: int) -> None:
    """One call; a result that is stored is copied to its place."""
    body = statement.body
    text = _solve(function, body) if isinstance(body, Solution) else _of_arrays(function, statement, body)
    target = function.target(statement)
    stored = statement.target.rank > len(statement.positions)
    fresh = stored and target == function.names[statement.target.name] and target not in function.allocated
    function.line(depth, f"{target}[:] = {text}" if stored and not fresh else f"{target} = {text}")


def _of_arrays(function: Function, statement: Statement, body: Opaque) -> str:
    """The call of a function of linear algebra, or of a function input."""
    form = _given(function, statement, body) if isinstance(body, Apply) else CALLS[type(body)]
    function.printer.used.update(word for word in words(form) if word in HELPERS)
    integers = [function.whole(a) for a in body.args if a.is_integer and not isinstance(a, Read)]
    return form.format(*(_operand(function, body, r) for r in body.operands), *integers)


def _operand(function: Function, body: Opaque, operand: Read) -> str:
    """An array or a number, which functions of linear algebra take as a pair if it is one."""
    whole = isinstance(body, Apply) or body.rank_of(operand)
    return function.place(operand) if whole else function.element(operand)


def _solve(function: Function, solution: Solution) -> str:
    """The call of a solver for the equations of a problem."""
    guides = [function.place(r) for r in solution.guides]
    integers = [function.whole(e) for e in solution.integers]
    exact = {t.name for t in function.program.inputs if function.doubled}
    plain = [r.is_integer or r.tensor in exact for r in solution.given]
    places = [function.place(r) for r in solution.given]
    given = [text if known else f"_double({text})" for text, known in zip(places, plain, strict=True)]
    lengths = [function.whole(e) for e in solution.lengths]
    equations = function.solvers[solution.problem]
    text = solver_call(solution.problem, equations, guides, (*given, *integers), lengths)
    function.printer.used.update(["_double"] if "_double(" in text else [])
    return text


def _given(function: Function, statement: Statement, body: Apply) -> str:
    """The call of a function input; the shape of an array that it gives is checked."""
    text = f"{function.function_name(body.name)}({', '.join(f'{{{n}}}' for n in range(len(body.operands)))})"
    own = statement.target.shape[len(statement.positions) :]
    if not own:
        return text
    sizes = ", ".join(function.whole(extent) for extent in own)
    return f'_fitted({text}, ({sizes}{"," if len(own) == 1 else ""}), "{body.name}")'
