"""The SymPy form of a record that has LaTeX only: its equations as statements, definitions before their use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from eqc.errors import NotationError
from eqc.notation.latex.context import Lookup
from eqc.notation.latex.reader import Equation, read_latex
from eqc.notation.text import formula_text
from eqc.notation.tree import Boolean, Name, Node, Subscript, walk
from eqc.records.model import Record, SourceText


def completed(record: Record, record_ids: Iterable[str], lookup: Lookup) -> Record:
    """The record with the statements that its LaTeX makes.

    Raises NotationError where the LaTeX cannot be read, or defines nothing that could be computed.
    """
    equations = read_latex(record, record.latex_sources[0], record_ids, lookup)
    return replace(record, statements=tuple(_statement(record, e) for e in _in_order(_definitions(equations))))


def _definitions(equations: Iterable[Equation]) -> list[Equation]:
    """The first link of every definition, as further ones say the same, and laws that define nothing."""
    found: dict[str, Equation] = {}
    for equation in equations:
        found.setdefault(equation.defines or f"law {len(found)}", equation)
    return list(found.values())


def _in_order(definitions: list[Equation]) -> list[Equation]:
    """Definitions before their use; the printed order where that leaves a choice."""
    waiting, ordered = list(definitions), list[Equation]()
    while waiting:
        open_names = {e.defines for e in waiting}
        ready = next((e for e in waiting if not (_names(e.right) & open_names - {e.defines})), None)
        if ready is None:
            rule = "these definitions need each other"
            raise NotationError(waiting[0].span, written=waiting[0].text, rule=rule, remedy="print one of them solved")
        waiting.remove(ready)
        ordered.append(ready)
    return ordered


def _names(node: Node) -> set[str | None]:
    return {n.name for n in walk(node) if isinstance(n, Name)}


def _statement(record: Record, equation: Equation) -> SourceText:
    value = formula_text(equation.right)
    if equation.defines is None:
        is_equation = not isinstance(equation.left, Boolean)
        law = f"Eq({formula_text(equation.left)}, {value})" if is_equation else value
        return SourceText(law, equation.span, columns_are_exact=False)
    if isinstance(equation.left, Subscript) and not all(isinstance(p, Name) for p in equation.left.positions):
        rule, remedy = "an entry is defined at indices", "print plain indices on the left side, or add sympy:"
        raise NotationError(equation.span, written=equation.text, rule=rule, remedy=remedy)
    text = value if equation.defines == "out" else f"Eq({formula_text(equation.left)}, {value})"
    return SourceText(text, equation.span, columns_are_exact=False)
