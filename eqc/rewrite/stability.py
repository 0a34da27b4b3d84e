"""Stable forms: the rules applied to every body, arguments first.

A value that is one stable function is also looked at where later statements read it, so that its complement or its
product with that is recognised across statements.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import sympy as sp

from eqc.ir.program import Op, Program, Statement
from eqc.ir.stable import Stable
from eqc.ir.terms import Expr, Read
from eqc.ir.walk import branches, map_reads, rebuild, substitute
from eqc.rewrite.rule import Rule
from eqc.rewrite.rules import RULES

_MOST_STEPS = 12


_BY_HEAD: Mapping[type, tuple[Rule, ...]] = {
    head: tuple(rule for rule in RULES if rule.head is head) for head in {rule.head for rule in RULES}
}
"""The rules that nodes of a head may match."""


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


@dataclass(frozen=True, slots=True)
class _Guarded:
    """A term that is `value` where `guard` holds, and else 0."""

    term: Expr
    value: Expr
    guard: Expr


def _guarded(term: Expr) -> _Guarded | None:
    number, choice = term.as_coeff_Mul()
    if not isinstance(choice, sp.Piecewise) or len(choice.args) != 2 or choice.args[1].args != (0, sp.true):
        return None
    value, guard = choice.args[0].args
    return _Guarded(term, number * value, guard)


_CASE, _POWER = sp.Symbol("case", real=True), sp.Symbol("power", real=True)
_CHOICES = (
    Rule(1 - _CASE, 1 - _CASE, "a complement of a complement is exact", "case by case"),
    Rule(sp.log(_CASE), sp.log(_CASE), "each logarithm gets the form that suits it", "case by case"),
    Rule(_CASE**_POWER, _CASE**_POWER, "each power gets the form that suits it", "case by case"),
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
    """Whether a statement is one stable function, a complement, a mean, or a choice among short values."""
    if statement.op is not Op.NONE or statement.scatter or statement.guard != sp.true:
        return False
    body = statement.body
    if isinstance(body, sp.Piecewise):
        return all(_is_complement(pair.args[0]) or isinstance(pair.args[0], Read) for pair in body.args)
    return isinstance(body, Stable) or _is_complement(body) or _is_mean(body)


def _is_mean(body: Expr) -> bool:
    """Half of one number and half of another."""
    parts = [term.as_coeff_Mul() for term in sp.Add.make_args(body)]
    return len(parts) == 2 and all(half == sp.Rational(1, 2) and isinstance(r, Read) for half, r in parts)


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
    if r.tensor not in known or len(r.positions) < known[r.tensor].target.rank:  # solvers read whole arrays
        return r
    statement = known[r.tensor]
    return substitute(statement.body, dict(zip(statement.positions, r.positions, strict=True)))


class _Rewriter:
    """The rules on one body."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.fired: list[Fired] = []
        self.done: dict[Expr, Expr] = {}

    def run(self, node: Expr) -> Expr:
        if isinstance(node, Read) or not node.args:
            return node
        if node not in self.done:
            self.done[node] = self._improved(node)
        return self.done[node]

    def _improved(self, node: Expr) -> Expr:
        """A node by the rules; what a rule gives is looked at again, its arguments first."""
        for _ in range(_MOST_STEPS):
            node = self._inside(node)
            step = self._step(node)
            if step is None:
                break
            node = step
        return node

    def _inside(self, node: Expr) -> Expr:
        """A node with its arguments by the rules; rebuilding may give it others."""
        for _ in range(_MOST_STEPS):
            if isinstance(node, Read) or not node.args:
                break
            args = tuple(self.run(a) for a in node.args)
            if args == node.args:
                break
            node = rebuild(node, args)
        return node

    def _step(self, node: Expr) -> Expr | None:
        for rule in _BY_HEAD.get(type(node), ()):
            after = rule.apply(node)
            if after is not None and after != node:
                self.fired.append(Fired(self.target, rule, node, after))
                return after
        return self._paired_choices(node) or self._opened_choice(node)

    def _paired_choices(self, node: Expr) -> Expr | None:
        """Two guarded terms of a sum for which there is a rule: where both guards hold, the rule is used."""
        guarded = [g for g in map(_guarded, node.args) if g is not None] if isinstance(node, sp.Add) else []
        for one, other in combinations(guarded, 2):
            pair = one.value + other.value
            rule = next((r for r in _BY_HEAD.get(type(pair), ()) if r.apply(pair) is not None), None)
            if rule is not None:
                both = (rule.apply(pair), sp.And(one.guard, other.guard))
                joined = branches([both, (one.value, one.guard), (other.value, other.guard), (sp.Integer(0), sp.true)])
                after = sp.Add(joined, *(t for t in node.args if t not in (one.term, other.term)))
                self.fired.append(Fired(self.target, rule, node, after))
                return after
        return None

    def _opened_choice(self, node: Expr) -> Expr | None:
        """A complement or a logarithm of a choice is a choice of complements or logarithms."""
        if _is_complement(node) and isinstance(-node.args[1], sp.Piecewise):
            return self._each(node, (-node.args[1]).args, _complement, _CHOICES[0])
        if isinstance(node, sp.log) and isinstance(node.args[0], sp.Piecewise):
            return self._each(node, node.args[0].args, sp.log, _CHOICES[1])
        if isinstance(node, sp.Pow) and isinstance(node.args[0], sp.Piecewise) and not node.args[1].is_number:
            return self._each(node, node.args[0].args, lambda base: sp.Pow(base, node.args[1]), _CHOICES[2])
        return None

    def _each(self, node: Expr, pairs: tuple[Expr, ...], function: Callable[[Expr], Expr], rule: Rule) -> Expr:
        after = branches([(self.run(function(pair.args[0])), pair.args[1]) for pair in pairs])
        self.fired.append(Fired(self.target, rule, node, after))
        return after
