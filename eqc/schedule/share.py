"""Work that several statements repeat is done once: functions of the same reads become a tensor of their own."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

import sympy as sp

from eqc.ir.program import Op, Program, Statement, Tensor, free_names, fresh, names_in, reads_of
from eqc.ir.terms import Expr, Index, read
from eqc.ir.walk import substitute, transform

_EXPENSIVE = (
    sp.exp,
    sp.log,
    sp.sin,
    sp.cos,
    sp.tan,
    sp.sinh,
    sp.cosh,
    sp.tanh,
    sp.asin,
    sp.acos,
    sp.atan,
    sp.erf,
    sp.erfc,
    sp.gamma,
    sp.loggamma,
    sp.polygamma,
)
_Key = tuple[Expr, tuple[Expr, ...]]
"""A call with its loops renamed by position, and their extents: equal for equal work."""


@dataclass(frozen=True, slots=True)
class _Call:
    node: Expr
    key: _Key
    loops: tuple[Index, ...]


def share_functions(program: Program) -> Program:
    """Compute a function that stands in more than one statement, over the same indices, once."""
    sharing = _Sharing(list(program.statements), names_in(program))
    while sharing.step():
        pass
    return program.with_statements(tuple(sharing.statements))


@dataclass
class _Sharing:
    statements: list[Statement]
    taken: set[str]
    known: dict[Statement, tuple[_Call, ...]] = field(default_factory=dict)

    def step(self) -> bool:
        """Share the first repeated call; False if there is none."""
        counted: Counter[_Key] = Counter()
        for statement in self.statements:
            counted.update({call.key: 1 for call in self._calls(statement)})
        repeated = next((key for key, count in counted.items() if count > 1), None)
        if repeated is not None:
            self._share(repeated)
        return repeated is not None

    def _calls(self, statement: Statement) -> tuple[_Call, ...]:
        if statement not in self.known:
            self.known[statement] = _find_calls(statement)
        return self.known[statement]

    def _share(self, key: _Key) -> None:
        """Store the call before its first use, unless that use is a statement of its own, and read it everywhere."""
        first, call = next((n, c) for n, s in enumerate(self.statements) for c in self._calls(s) if c.key == key)
        owner = self.statements[first]
        if owner.op is Op.NONE and owner.body == call.node and set(owner.free) == set(call.loops):
            target, order = owner.target, [call.loops.index(loop) for loop in owner.free]
            head = self.statements[: first + 1]
        else:
            name = fresh(_name(call.node), self.taken)
            target, order = Tensor(name, key[1], differentiable=False), list(range(len(call.loops)))
            at = tuple(loop.symbol for loop in call.loops)
            head = [*self.statements[:first], Statement(target, call.loops, at, Op.NONE, call.node)]
        rest = self.statements[first + 1 :] if target is owner.target else self.statements[first:]
        self.statements = [*head, *(self._rewritten(s, key, target, order) for s in rest)]

    def _rewritten(self, statement: Statement, key: _Key, target: Tensor, order: list[int]) -> Statement:
        memo: dict[Expr, Expr] = {}
        for call in self._calls(statement):
            if call.key == key:
                memo[call.node] = read(target.name, tuple(call.loops[n].symbol for n in order))
        if not memo:
            return statement
        return replace(statement, body=transform(statement.body, lambda atom: atom, memo))


def _find_calls(statement: Statement) -> tuple[_Call, ...]:
    """The calls of a statement that may be stored; those inside branches stay there."""
    if statement.guard != sp.true or statement.body.has(sp.Piecewise):
        return ()
    found: dict[_Key, _Call] = {}
    for node in sorted(statement.body.atoms(*_EXPENSIVE), key=sp.default_sort_key):
        loops = _loops_of(node, statement)
        if loops is not None:
            names = {loop.symbol: Index(f"axis{n}", sp.Integer(0)).symbol for n, loop in enumerate(loops)}
            key = (substitute(node, names), tuple(loop.extent for loop in loops))
            found.setdefault(key, _Call(node, key, loops))
    return tuple(found.values())


def _loops_of(node: Expr, statement: Statement) -> tuple[Index, ...] | None:
    """The loops that a call depends on, in the order of its reads' positions; None if it cannot be stored."""
    reads = reads_of(node)
    positions = [p for r in reads for p in r.positions]
    if not reads or any(not p.is_Symbol for p in positions):
        return None
    loops = {loop.name: loop for loop in statement.loops}
    order = tuple(dict.fromkeys(p.name for p in positions))
    if set(order) != free_names(node) & set(loops) or any(free_names(loops[n].extent) & set(loops) for n in order):
        return None
    return tuple(loops[n] for n in order)


def _name(call: Expr) -> str:
    """exp(z[i]) is named exp_z."""
    return f"{type(call).__name__}_{reads_of(call)[0].tensor}"
