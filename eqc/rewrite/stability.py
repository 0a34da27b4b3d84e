"""Stable forms: the rules applied to every body, arguments first.

A value that is one stable function is also looked at where later statements read it, so that its complement or its
product with that is recognised across statements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import sympy as sp

from eqc.ir.program import Op, Program, Statement
from eqc.ir.stable import Stable
from eqc.ir.terms import Expr, Read
from eqc.ir.walk import branches, map_reads, rebuild, substitute
from eqc.rewrite.rule import Rule
from eqc.rewrite.rules import RULES

_MOST_STEPS = 12


def _complement(value: Expr) -> Expr:
    return 1 - value


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that was used, in which statement, on what and with what result."""

    target: str
    rule: Rule
    before: Expr
    after: Expr

    def __str__(self) -> str:
        reason = f"{self.rule.identity}, {self.rule.holds}: {self.rule.because}"
        return f"{self.target}: {self.before} -> {self.after}\n    {reason}"


_CASE = sp.Symbol("case", real=True)
_CHOICES = (
    Rule(1 - _CASE, 1 - _CASE, "a complement of a complement is exact", "case by case"),
    Rule(sp.log(_CASE), sp.log(_CASE), "each logarithm gets the form that suits it", "case by case"),
)


def stabilise(program: Program) -> Program:
    """Apply every rule bottom-up to every body."""
    return rewritten(program)[0]


def fired_rules(program: Program) -> tuple[Fired, ...]:
    """The rules that `stabilise` uses on a program."""
    return rewritten(program)[1]


def rewritten(program: Program) -> tuple[Program, tuple[Fired, ...]]:
    """The same, with the rules that fired."""
    statements: list[Statement] = []
    fired: list[Fired] = []
    known: dict[str, Statement] = {}
    for statement in program.statements:
        body, used = _best(statement, known)
        statements.append(replace(statement, body=body))
        fired += used
        if _may_be_opened(statements[-1]):
            known[statement.target.name] = statements[-1]
    return program.with_statements(tuple(statements)), tuple(fired)


def _may_be_opened(statement: Statement) -> bool:
    """Whether a statement is one stable function, a complement, or a choice among short values."""
    if statement.op is not Op.NONE or statement.scatter or statement.guard != sp.true:
        return False
    body = statement.body
    if isinstance(body, sp.Piecewise):
        return all(_is_complement(pair.args[0]) or isinstance(pair.args[0], Read) for pair in body.args)
    return isinstance(body, Stable) or _is_complement(body)


def _is_complement(body: Expr) -> bool:
    return isinstance(body, sp.Add) and len(body.args) == 2 and body.args[0] == 1


def _best(statement: Statement, known: dict[str, Statement]) -> tuple[Expr, list[Fired]]:
    """The body by the rules; stable functions of earlier statements are put in where that lets more rules fire."""
    alone = _Rewriter(statement.target.name)
    body = alone.run(statement.body)
    opened = map_reads(statement.body, lambda r: _definition(r, known))
    if opened == statement.body:
        return body, alone.fired
    together = _Rewriter(statement.target.name)
    merged = together.run(opened)
    return (merged, together.fired) if len(together.fired) > len(alone.fired) else (body, alone.fired)


def _definition(r: Read, known: dict[str, Statement]) -> Expr:
    if r.tensor not in known:
        return r
    statement = known[r.tensor]
    return substitute(statement.body, dict(zip(statement.positions, r.positions, strict=True)))


class _Rewriter:
    """The rules on one body."""

    def __init__(self, target: str, rules: Iterable[Rule] = RULES) -> None:
        self.target = target
        self.rules = tuple(rules)
        self.fired: list[Fired] = []
        self.done: dict[Expr, Expr] = {}

    def run(self, node: Expr) -> Expr:
        if isinstance(node, Read) or not node.args:
            return node
        if node not in self.done:
            args = tuple(self.run(a) for a in node.args)
            self.done[node] = self._improved(node if args == node.args else rebuild(node, args))
        return self.done[node]

    def _improved(self, node: Expr) -> Expr:
        for _ in range(_MOST_STEPS):
            step = self._step(node)
            if step is None:
                break
            node = step
        return node

    def _step(self, node: Expr) -> Expr | None:
        for rule in self.rules:
            after = rule.apply(node)
            if after is not None and after != node:
                self.fired.append(Fired(self.target, rule, node, after))
                return after
        return self._opened_choice(node)

    def _opened_choice(self, node: Expr) -> Expr | None:
        """A complement or a logarithm of a choice is a choice of complements or logarithms."""
        if _is_complement(node) and isinstance(-node.args[1], sp.Piecewise):
            return self._each(node, (-node.args[1]).args, _complement, _CHOICES[0])
        if isinstance(node, sp.log) and isinstance(node.args[0], sp.Piecewise):
            return self._each(node, node.args[0].args, sp.log, _CHOICES[1])
        return None

    def _each(self, node: Expr, pairs: tuple[Expr, ...], function: Callable[[Expr], Expr], rule: Rule) -> Expr:
        after = branches([(self.run(function(pair.args[0])), pair.args[1]) for pair in pairs])
        self.fired.append(Fired(self.target, rule, node, after))
        return after
