"""Large bodies are split into statements, so that derivatives grow with the formula, not with its square.

Differentiating n nested calls or n factors in one expression writes each of them n times; as statements they are
written once. What is small stays as it was written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import sympy as sp

from eqc.ir.opaque import Opaque
from eqc.ir.program import Op, Program, Statement, Tensor, free_names, fresh, names_in, reads_of
from eqc.ir.terms import Expr, Maximum, Minimum, Read, read
from eqc.ir.walk import rebuild

MOST_FACTORS = 6
_CHUNK = 4
_MOST_TERMS = 6
_DEEPEST = 3
_LARGEST = 30
_REPEATED = 12
"""A part that occurs twice is stored from this weight on; smaller ones the machine's compiler finds itself."""

_LARGEST_IN_SUM = 200
"""Parts of a summand need an array over all its loops, so only huge ones are worth it, and long sums: the slope in each
of their terms would write them out again."""


def split(program: Program) -> Program:
    """Store the parts of large bodies; a body's weight is its depth in calls times their breadth, not its terms."""
    taken = names_in(program)
    statements: list[Statement] = []
    for statement in program.statements:
        if statement.scatter or statement.op not in (Op.NONE, Op.SUM, Op.PRODUCT):
            statements.append(statement)
            continue
        splitter = _Splitter(statement, taken)
        body = splitter.run()
        statements += [*splitter.statements, replace(statement, body=body)]
    return program.with_statements(tuple(statements))


class _Splitter:
    """The parts of one statement's body, arguments first."""

    def __init__(self, host: Statement, taken: set[str]) -> None:
        self.host = host
        self.taken = taken
        self.limit = _LARGEST if host.op is Op.NONE else _LARGEST_IN_SUM
        self.statements: list[Statement] = []
        self.done: dict[Expr, Expr] = {}
        self.weight: dict[Expr, int] = {}
        self.depth: dict[Expr, int] = {}

    def run(self) -> Expr:
        nodes = list(_nodes(self.host.body))
        parents = Counter(a for node in nodes if not _is_closed(node) for a in node.args)
        for node in nodes:
            self._take(node, last=node == self.host.body, repeated=parents[node] > 1)
        return self.done[self.host.body]

    def _take(self, node: Expr, *, last: bool, repeated: bool) -> None:
        if _is_closed(node):
            result, weight = node, 1
        else:
            args = tuple(self.done[a] for a in node.args)
            result = self._product(args) if isinstance(node, sp.Mul) else rebuild(node, args)
            weight = self._weigh(node)
        self.depth[node] = max((self.depth.get(a, 0) for a in node.args), default=0) + isinstance(node, sp.Function)
        worth = weight > self.limit or self._is_long(node)
        worth = worth or (self.host.op is Op.NONE and self._spreads(node, weight, repeated))
        if worth and not last and reads_of(node):
            result, weight, self.depth[node] = self._stored(result), 1, 0
        self.done[node], self.weight[node] = result, weight

    def _spreads(self, node: Expr, weight: int, repeated: bool) -> bool:
        """Whether derivatives would write a part out often: it is deep, or occurs twice."""
        return (isinstance(node, sp.Function) and self.depth[node] > _DEEPEST) or (repeated and weight >= _REPEATED)

    def _is_long(self, node: Expr) -> bool:
        """Whether a part is a long sum; one of a summand must be no larger than the data that it is made of."""
        if not isinstance(node, sp.Add) or len(node.args) <= _MOST_TERMS:
            return False
        loops = {loop.name for loop in self.host.loops}
        return self.host.op is Op.NONE or (
            self.host.op is Op.SUM and any(loops <= free_names(sp.Tuple(*r.positions)) for r in reads_of(node))
        )

    def _weigh(self, node: Expr) -> int:
        weights = [self.weight[a] for a in node.args]
        return 1 + (max(weights) if isinstance(node, sp.Add) else sum(weights))

    def _product(self, factors: tuple[Expr, ...]) -> Expr:
        parts = [f for f in factors if not f.is_number]
        if len(parts) <= MOST_FACTORS or self.host.op is not Op.NONE:
            return sp.Mul(*factors)
        while len(parts) > MOST_FACTORS:
            chunks = [parts[n : n + _CHUNK] for n in range(0, len(parts), _CHUNK)]
            parts = [self._stored(sp.Mul(*chunk)) if len(chunk) > 1 else chunk[0] for chunk in chunks]
        return sp.Mul(*(f for f in factors if f.is_number), *parts)

    def _stored(self, body: Expr) -> Expr:
        if isinstance(body, Read):
            return body
        target = Tensor(fresh("part", self.taken), tuple(i.extent for i in self.host.loops), differentiable=False)
        at = tuple(loop.symbol for loop in self.host.loops)
        self.statements.append(Statement(target, self.host.loops, at, Op.NONE, body))
        return read(target.name, at)


def _is_closed(node: Expr) -> bool:
    """Leaves, and choices, whose branches stay where their conditions guard them."""
    return not node.args or isinstance(node, sp.Piecewise | Maximum | Minimum | sp.KroneckerDelta | Opaque)


def _nodes(body: Expr) -> Iterator[Expr]:
    """Every distinct part of a body once, arguments before what uses them."""
    seen: set[Expr] = set()
    stack = [(body, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            yield node
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            if not _is_closed(node):
                stack.extend((a, False) for a in reversed(node.args))
