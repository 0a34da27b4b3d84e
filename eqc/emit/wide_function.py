"""A program as a function in wide numbers, for the cases that floats cannot do."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from eqc.emit.body import Body
from eqc.emit.checks import refuse_empty
from eqc.emit.wide_source import WideSource
from eqc.ir.program import Op, Statement
from eqc.ir.terms import Expr, Read, read
from eqc.loops.nest import Leaf
from eqc.loops.plan import WIDE, Manner

_CONDITIONS = sp.core.relational.Relational | sp.And | sp.Or | sp.Not
_STARTS = {Op.SUM: "_ZERO", Op.PRODUCT: "_ONE"}


@dataclass
class WideFunction(Body):
    """Temporaries are wide numbers; arrays of them have a last axis of three floats. Results are rounded once."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.inputs = {t.name for t in self.program.inputs}
        self.wide = WideSource(self._wide_place, self.printer)

    def manner(self) -> Manner:
        """Speed does not matter, and what is summed up stays a number."""
        return WIDE

    def dtype(self) -> str:
        """Temporaries do not depend on the data's type."""
        return "np.float64"

    def source(self, expression: Expr) -> str:
        """A wide number, or a condition."""
        renamed = self.renamed(expression)
        if renamed in (sp.true, sp.false) or isinstance(renamed, _CONDITIONS):
            return self.wide.condition(renamed)
        return self.wide.number(renamed)

    def room(self, shape: tuple[Expr, ...], *, integer: bool) -> str:
        """With the axis of the parts of wide numbers."""
        text = super().room(shape, integer=integer)
        if integer:
            return text
        return f"{text[:-1]}, 3)" if text.startswith("(") else f"({text}, 3)"

    def _is_plain(self, name: str) -> bool:
        """Whether a tensor holds floats or integers: the data and the results."""
        return name in self.inputs or name in self.array_outputs or self.tensors[name].integer

    def _wide_place(self, r: Read) -> str:
        text = self.element(r)
        if self._is_plain(r.tensor):
            return self.wide.call("_wide", text)
        return self.wide.call("_load", text) if "[" in text else text

    def value(self, statement: Statement) -> str:
        return self.source(statement.body)

    def assign(self, statement: Statement, depth: int) -> None:
        self._put(statement, self.value(statement), depth)

    def _put(self, statement: Statement, text: str, depth: int) -> None:
        """Store a wide number at a statement's target, rounded if that is a result."""
        name, target = statement.target.name, self.target(statement)
        if statement.target.integer:
            self.line(depth, f"{target} = np.int64({self.wide.call('_narrow', text)})")
        elif name in self.array_outputs:
            self.line(depth, f"{target} = {self.wide.call('_narrow', text)}")
        elif "[" in target:
            self.line(depth, self.wide.call("_store", target, text))
        else:
            self.line(depth, f"{target} = {text}")

    def add(self, statement: Statement, depth: int) -> None:
        """Add a wide number to what is stored."""
        at = read(statement.target.name, statement.positions)
        self._put(statement, self.wide.call("_plus", self._wide_place(at), self.value(statement)), depth)

    def reduce(self, leaf: Leaf, depth: int) -> None:
        statement, op = leaf.statement, leaf.statement.op
        total = self.local(f"{self.names[statement.target.name]}_")
        if op in (Op.MAX, Op.MIN):
            if not statement.target.constant:
                refuse_empty(self, leaf.inner, statement, depth)
            start = self.wide.call("_wide", "-math.inf" if op is Op.MAX else "math.inf")
            function = "_greater" if op is Op.MAX else "_lesser"
        else:
            start = self.wide.constant(_STARTS[op])
            function = "_plus" if op is Op.SUM else "_times"
        self.line(depth, f"{total} = {start}")
        inside = self.open_loops(leaf.inner, depth)
        self.line(inside, f"{total} = {self.wide.call(function, total, self.value(statement))}")
        self._put(statement, total, depth)

    def winner(self, leaf: Leaf, depth: int) -> None:
        statement = leaf.statement
        name, (loop,) = self.names[statement.target.name], leaf.inner
        best, place, found = (self.local(f"{name}_{what}") for what in ("value", "place", "here"))
        order = ">" if statement.op is Op.ARGMAX else "<"
        refuse_empty(self, leaf.inner, statement, depth)
        self.line(depth, f"{place} = 0")
        self.line(depth, f"{best} = {self.wide.call('_wide', '-math.inf' if order == '>' else 'math.inf')}")
        inside = self.open_loops(leaf.inner, depth)
        self.line(inside, f"{found} = {self.value(statement)}")
        self.line(inside, f"if {self.wide.call('_compare', found, best)} {order} 0.0:")
        self.line(inside + 1, f"{best} = {found}")
        self.line(inside + 1, f"{place} = {self.names[loop.name]}")
        self.line(depth, f"{self.target(statement)} = {place}")

    def returned(self) -> list[str]:
        """Numbers among the results are rounded when they are returned."""
        tensors = self.tensors
        return [
            self.names[n] if tensors[n].integer else self.wide.call("_narrow", self.names[n])
            for n in self.scalar_outputs
        ]
