"""Work that several statements repeat is done once: functions of the same reads become a tensor of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import sympy as sp

from eqc.ir.program import Op, Program, Statement, Tensor, free_names, fresh, names_in, reads_of
from eqc.ir.stable import Stable
from eqc.ir.terms import Applied, Expr, Index, XLogY, read
from eqc.ir.walk import is_long_sum, substitute, transform

EXPENSIVE = (
    Applied,
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
    XLogY,
    Stable,
)
"""Functions that take much longer than arithmetic."""

_Key = tuple[Expr, tuple[Expr, ...]]
"""A call with its loops renamed by position, and their extents: equal for equal work."""


@dataclass(frozen=True, slots=True)
class _Call:
    node: Expr
    key: _Key
    loops: tuple[Index, ...]


def share_functions(program: Program) -> Program:
    """Compute a function that stands in more than one statement, over the same indices, once."""
    calls = [_find_calls(statement) for statement in program.statements]
    counted = Counter(call.key for found in calls for call in found)
    repeated = {key for key, count in counted.items() if count > 1}
    if not repeated:
        return program
    sharing = _Sharing(repeated, names_in(program))
    for statement, found in zip(program.statements, calls, strict=True):
        sharing.take(statement, found)
    return program.with_statements(tuple(sharing.statements))


@dataclass
class _Sharing:
    """The statements so far, and where each repeated call is stored: its tensor, and its loops by the tensor's axes."""

    repeated: set[_Key]
    taken: set[str]
    statements: list[Statement] = field(default_factory=list)
    stored: dict[_Key, tuple[Tensor, tuple[int, ...]]] = field(default_factory=dict)

    def take(self, statement: Statement, calls: tuple[_Call, ...]) -> None:
        """Append a statement with its repeated calls read from where they are stored, inner calls first."""
        memo: dict[Expr, Expr] = {}
        for call in calls:
            if call.key not in self.repeated:
                continue
            if call.key not in self.stored:
                if self._is_own(statement, call):
                    order = tuple(call.loops.index(loop) for loop in statement.free)
                    self.stored[call.key] = (statement.target, order)
                    continue
                self._store(call, memo)
            memo[call.node] = self._read(call)
        body = transform(statement.body, lambda atom: atom, dict(memo)) if memo else statement.body
        self.statements.append(replace(statement, body=body))

    def _is_own(self, statement: Statement, call: _Call) -> bool:
        """Whether the statement computes just this call, so that it is where the call is stored."""
        return statement.op is Op.NONE and statement.body == call.node and set(statement.free) == set(call.loops)

    def _store(self, call: _Call, memo: dict[Expr, Expr]) -> None:
        target = Tensor(fresh(call_name(call.node), self.taken), call.key[1], differentiable=False)
        body = transform(call.node, lambda atom: atom, dict(memo)) if memo else call.node
        at = tuple(loop.symbol for loop in call.loops)
        self.statements.append(Statement(target, call.loops, at, Op.NONE, body))
        self.stored[call.key] = (target, tuple(range(len(call.loops))))

    def _read(self, call: _Call) -> Expr:
        target, order = self.stored[call.key]
        return read(target.name, tuple(call.loops[n].symbol for n in order))


def _find_calls(statement: Statement) -> tuple[_Call, ...]:
    """The calls of a statement that may be stored, inner ones first; those inside branches stay there."""
    if statement.guard != sp.true or is_long_sum(statement.body) or statement.body.has(sp.Piecewise):
        return ()
    found: dict[_Key, _Call] = {}
    for node in _calls_in(statement.body):
        loops = loops_of(node, statement)
        if loops is not None:
            key = (by_position(node, loops), tuple(loop.extent for loop in loops))
            found.setdefault(key, _Call(node, key, loops))
    return tuple(found.values())


def by_position(node: Expr, loops: Sequence[Index]) -> Expr:
    """An expression with its loops renamed by position, so that equal work reads alike."""
    return substitute(node, {loop.symbol: Index(f"axis{n}", sp.Integer(0)).symbol for n, loop in enumerate(loops)})


def _calls_in(body: Expr) -> list[Expr]:
    """Distinct expensive calls, arguments before what uses them."""
    order: list[Expr] = []
    seen: set[Expr] = set()
    stack = [(body, False)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif node not in seen and node.args:
            seen.add(node)
            if isinstance(node, EXPENSIVE):
                stack.append((node, True))
            stack.extend((a, False) for a in node.args)
    return order


def loops_of(node: Expr, statement: Statement) -> tuple[Index, ...] | None:
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


def call_name(call: Expr) -> str:
    """exp(z[i]) is named exp_z."""
    head = str(call.args[0]) if isinstance(call, Applied) else type(call).__name__
    return f"{head}_{reads_of(call)[0].tensor}"
