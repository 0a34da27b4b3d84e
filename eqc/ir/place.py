"""A closed program inside another one: its statements with new names, over loops of the host."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from eqc.ir.program import Program, Statement, Tensor, base_name, box, free_names, fresh
from eqc.ir.terms import Expr, Index, Read, read
from eqc.ir.walk import map_reads, substitute

Entry = Callable[..., Expr]
"""The entry of an array at its positions, as an expression of the host."""

Change = Callable[[Read], Expr]


def map_statement(statement: Statement, change: Change) -> Statement:
    """A statement with all its reads changed."""

    def apply(expression: Expr) -> Expr:
        return map_reads(expression, change)

    return replace(
        statement,
        loops=tuple(Index(loop.name, apply(loop.extent)) for loop in statement.loops),
        positions=tuple(apply(p) for p in statement.positions),
        body=apply(statement.body),
        guard=apply(statement.guard),
    )


@dataclass
class Placement:
    """Where a program goes: the host's loops around it, names that loops must avoid, names taken, and statements."""

    loops: tuple[Index, ...]
    avoid: set[str]
    taken: set[str]
    statements: list[Statement] = field(default_factory=list)

    def place(
        self, program: Program, given: Mapping[str, Entry], integers: Mapping[Expr, Expr]
    ) -> Mapping[str, tuple[Tensor, tuple[Index, ...]]]:
        """Append the program's statements; each output as a tensor and the loops around it that it depends on."""
        stored: dict[str, tuple[Tensor, tuple[Index, ...]]] = {}

        def change(r: Read) -> Expr:
            if r.tensor in given:
                return given[r.tensor](*r.positions)
            tensor, head = stored[r.tensor]
            return read(tensor.name, (*(loop.symbol for loop in head), *r.positions), integer=tensor.integer)

        for statement in program.statements:
            stored[statement.target.name] = self._append(statement, change, integers)
        return {name: stored[name] for name in program.outputs}

    def _append(
        self, statement: Statement, change: Callable[[Read], Expr], integers: Mapping[Expr, Expr]
    ) -> tuple[Tensor, tuple[Index, ...]]:
        mapping = dict(integers)
        avoid = self.avoid | {loop.name for loop in self.loops}

        def translate(expression: Expr) -> Expr:
            return map_reads(substitute(expression, mapping), change)

        own: list[Index] = []
        for loop in statement.loops:
            own.append(Index(fresh(loop.name, avoid), translate(loop.extent)))
            mapping[loop.symbol] = own[-1].symbol
        body, guard = translate(statement.body), translate(statement.guard)
        positions = tuple(translate(p) for p in statement.positions)
        shape = tuple(translate(e) for e in statement.target.shape)
        head = self._head((body, guard, *positions, *shape, *(loop.extent for loop in own)))
        target = replace(
            statement.target,
            name=fresh(base_name(statement.target.name), self.taken),
            shape=(*box(head), *shape),
            differentiable=False,
        )
        at = (*(loop.symbol for loop in head), *positions)
        made = replace(statement, target=target, loops=(*head, *own), positions=at, body=body, guard=guard)
        self.statements.append(made)
        return target, head

    def _head(self, parts: Sequence[Expr]) -> tuple[Index, ...]:
        """The loops around that a statement depends on."""
        used = frozenset().union(*(free_names(part) for part in parts))
        return tuple(loop for loop in self.loops if loop.name in used)
