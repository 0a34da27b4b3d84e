"""Definitions of the names that a closed form uses and that are no inputs and no outputs."""

from __future__ import annotations

from collections.abc import Mapping

from eqc.ir.program import Program
from eqc.ir.terms import read
from eqc.notation.tree import Name, Node, walk
from eqc.present.closed import Inliner, TooLarge
from eqc.present.counting import count_from_one
from eqc.present.formula import formula_of
from eqc.present.nodes import name
from eqc.present.uses import Calls


class Definitions:
    """What the names of a program stand for."""

    def __init__(self, value: Program, calls: Calls, stated: Mapping[str, tuple[Node, Node]]) -> None:
        self.value = value
        self.stated = stated
        self.calls = calls
        inputs = {t.name for t in value.inputs}
        shown = {*value.outputs, *(area.node for area in value.areas if area.node == area.variable)}
        self.statements = {s.target.name: s for s in value.statements if s.target.name not in shown}
        self.kept = frozenset(self.statements.keys() | set(value.outputs) | inputs)

    def of(self, formula: Node) -> list[tuple[Node, Node]]:
        """Names and their definitions, those that are used first first."""
        found: dict[str, tuple[Node, Node]] = {}
        waiting = self._names(formula)
        while waiting:
            tensor = waiting.pop()
            definition = None if tensor in found else self._definition(tensor)
            if definition is not None:
                found[tensor] = definition
                waiting += self._names(definition[1])
        return list(found.values())

    def _names(self, formula: Node) -> list[str]:
        """The names of intermediate results in a formula, the last first."""
        names = {part.name for part in walk(formula) if isinstance(part, Name) and part.name in self.statements}
        return sorted(names)

    def _definition(self, tensor: str) -> tuple[Node, Node] | None:
        statement = self.statements[tensor]
        whole = self.calls.whole(tensor, statement.positions) if tensor in self.calls.uses else None
        if whole is not None:
            return name(tensor), whole
        if tensor in self.stated:
            return self.stated[tensor]
        called = self.calls.entry(tensor, statement.positions) if tensor in self.calls.uses else None
        head = formula_of(count_from_one(read(tensor, statement.positions), statement.positions))
        if called is not None and not statement.positions:
            return head, called
        plain = frozenset(t for t in self.kept if t not in self.statements or not self.statements[t].bound)
        try:
            body = Inliner(self.value, plain - {tensor}).entry(tensor, statement.positions)
        except TooLarge:
            return None
        return head, self.calls.formula(count_from_one(body, statement.positions, self.calls.known))
