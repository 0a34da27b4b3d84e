"""Recognising what defines a named quantity, and writing the name: Σ x/n is the mean, exp(z)/Σ exp(z) the softmax."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import sympy as sp

from eqc.ir.opaque import Opaque
from eqc.ir.program import COMPILER_NAMES, Op, Program, Statement
from eqc.ir.terms import Expr, Read, read
from eqc.ir.walk import map_reads, substitute
from eqc.present.bound import Total
from eqc.present.closed import Inliner, TooLarge
from eqc.present.matching import depends, exchange, match

_SIMPLE = 2
"""Operations of a named quantity that may stand for a sum: n·mean and n·sd² may, 4/margin² may not."""
_INVERTIBLE = (sp.Rational(1, 2), sp.Rational(-1, 2), sp.Integer(-1), sp.Rational(1, 3))


@dataclass(frozen=True, slots=True)
class Definition:
    """`name[positions] = body`; `closed` is the body with all that only the compiler named put in."""

    statement: Statement
    closed: Expr | None

    @property
    def positions(self) -> tuple[Expr, ...]:
        return self.statement.positions

    @property
    def body(self) -> Expr:
        return self.statement.body

    @property
    def plain(self) -> bool:
        """Whether every entry is an expression of its own."""
        return self.statement.op is Op.NONE and not self.statement.scatter and not isinstance(self.body, Opaque)

    def at(self, positions: tuple[Expr, ...]) -> Expr:
        """The name at some positions."""
        return read(self.statement.target.name, positions)


def definitions_of(program: Program, kept: Collection[str]) -> tuple[Definition, ...]:
    """The definitions of kept tensors."""
    named = frozenset(name for name in kept if not name.startswith(COMPILER_NAMES))
    wanted = [s for s in program.statements if s.target.name in kept]
    return tuple(Definition(statement, _closed(program, statement, named)) for statement in wanted)


def _closed(program: Program, statement: Statement, named: frozenset[str]) -> Expr | None:
    name = statement.target.name
    if statement.scatter:
        return None
    try:
        return Inliner(program, named - {name}, limit=120).entry(name, statement.positions)
    except TooLarge:
        return None


def fold(expression: Expr, definition: Definition) -> Expr:
    """Write the name of a quantity where what defines it occurs.

    y[j] = a(j)/t turns a(j) into y[j]*t, m = t*c turns t into m/c, and s = sqrt(Σ b/n) turns that sum into n*s**2.
    """
    expression = _fold_root(_fold_total(expression, definition), definition)
    if definition.statement.op is Op.SUM and not definition.statement.scatter:
        return _fold_sum(expression, definition)
    if not definition.plain:
        return expression
    inverse = _inverted(definition.body, definition.at(definition.positions), _is_unnamed)
    if inverse is not None:
        return _replace_reads(expression, *inverse, definition)
    return _fold_numerator(expression, definition)


def _is_unnamed(node: Expr) -> bool:
    return isinstance(node, Read) and node.tensor.startswith(COMPILER_NAMES)


def _inverted(body: Expr, value: Expr, is_core: Callable[[Expr], bool]) -> tuple[Expr, Expr] | None:
    """The one core of a body, and what it is in terms of the body's value; None where that is not simple."""
    while not is_core(body):
        if body.is_Mul or body.is_Add:
            inner = [a for a in body.args if any(is_core(n) for n in sp.preorder_traversal(a))]
            if len(inner) != 1:
                return None
            rest = body.func(*(a for a in body.args if a is not inner[0]))
            value = value / rest if body.is_Mul else value - rest
            body = inner[0]
        elif body.is_Pow and body.exp in _INVERTIBLE:
            value, body = value ** (1 / body.exp), body.base
        else:
            return None
    below = value.as_numer_denom()[1]
    simple = sp.count_ops(value) <= _SIMPLE and not any(isinstance(s, Read) for s in below.free_symbols)
    return (body, value) if simple and sum(1 for s in value.free_symbols if isinstance(s, Read)) == 1 else None


def _fold_total(expression: Expr, definition: Definition) -> Expr:
    """Sums by the names of what they define."""
    if definition.closed is None or not expression.has(Total):
        return expression
    inverse = _inverted(definition.closed, definition.at(definition.positions), lambda n: isinstance(n, Total))
    if inverse is None:
        return expression
    core, value = inverse
    mapping = {}
    for node in sorted(expression.atoms(Total), key=sp.default_sort_key):
        binding = match(core, node, set(definition.positions))
        if binding is not None and set(binding) == set(definition.positions):
            mapping[node] = substitute(value, binding)
    return _without_signs(exchange(expression, mapping), definition) if mapping else expression


def _fold_root(expression: Expr, definition: Definition) -> Expr:
    """Powers of what a root is drawn of, by the root: (Σ x²/n + ε)^(-3/2) is r^-3."""
    root = definition.closed
    if (
        root is None
        or not definition.plain
        or not root.has(Total)
        or not (root.is_Pow and root.exp == sp.Rational(1, 2))
    ):
        return expression
    mapping = {}
    for node in sorted(expression.atoms(sp.Pow), key=sp.default_sort_key):
        binding = match(root.base, node.base, set(definition.positions)) if node.exp.is_Rational else None
        if binding is not None and set(binding) == set(definition.positions):
            mapping[node] = definition.at(tuple(binding[p] for p in definition.positions)) ** (2 * node.exp)
    return exchange(expression, mapping)


def _without_signs(expression: Expr, definition: Definition) -> Expr:
    """A root is its own absolute value."""
    if not (definition.body.is_Pow and definition.body.exp == sp.Rational(1, 2)):
        return expression
    roots = [node for node in expression.atoms(sp.Abs) if isinstance(node.args[0], Read)]
    name = definition.statement.target.name
    return expression.xreplace({node: node.args[0] for node in roots if node.args[0].tensor == name})


def _replace_reads(expression: Expr, total: Read, value: Expr, definition: Definition) -> Expr:
    """Only where the indices say which entry is meant."""
    if set(total.positions) != set(definition.positions):
        return expression

    def change(r: Read) -> Expr:
        if r.tensor != total.tensor:
            return r
        return substitute(value, dict(zip(total.positions, r.positions, strict=True)))

    return _without_signs(map_reads(expression, change), definition)


def _fold_sum(expression: Expr, definition: Definition) -> Expr:
    statement = definition.statement
    if len(statement.bound) != 1:
        return expression
    bound = statement.bound[0].symbol
    pattern = Total(statement.body, bound, statement.bound[0].extent)
    mapping = {}
    for node in sorted(expression.atoms(Total), key=sp.default_sort_key):
        binding = match(pattern, node, set(statement.positions))
        if binding is not None and set(binding) == set(statement.positions):
            mapping[node] = definition.at(tuple(binding[p] for p in statement.positions))
    return exchange(expression, mapping)


def _fold_numerator(expression: Expr, definition: Definition) -> Expr:
    numerator, denominator = _quotient(definition.body)
    if denominator == 1 or not isinstance(numerator, sp.Function):
        return expression
    mapping = {}
    for node in sorted(expression.atoms(type(numerator)), key=sp.default_sort_key):
        binding = match(numerator, node, set(definition.positions))
        if binding is not None and set(binding) == set(definition.positions):
            at = tuple(binding[p] for p in definition.positions)
            mapping[node] = definition.at(at) * substitute(denominator, binding)
    return exchange(expression, mapping)


def _quotient(body: Expr) -> tuple[Expr, Expr]:
    numerator, denominator = [], []
    for factor in sp.Mul.make_args(body):
        base, exponent = factor.as_base_exp()
        if exponent == -1 and isinstance(base, Read):
            denominator.append(base)
        else:
            numerator.append(factor)
    return sp.Mul(*numerator), sp.Mul(*denominator)


def stochastic_of(definitions: Collection[Definition]) -> Mapping[str, Expr]:
    """Quantities a(j)/Σ_k a(k), which sum to one over their last axis, with its extent."""
    found: dict[str, Expr] = {}
    for definition in definitions:
        body = definition.closed
        if body is None or not definition.plain or not definition.positions:
            continue
        for total in sorted(body.atoms(Total), key=sp.default_sort_key):
            last = definition.positions[-1]
            shape = definition.statement.target.shape
            rest = body * total
            whole = not rest.has(Total) and not depends(total, last) and shape[-1] == total.args[2]
            if whole and substitute(rest, {last: total.args[1]}) == total.args[0]:
                found[definition.statement.target.name] = shape[-1]
    return found


def nonnegative_of(definitions: Collection[Definition]) -> frozenset[str]:
    """Quantities that are exponentials divided by sums of exponentials."""
    names = (
        d.statement.target.name for d in definitions if d.plain and d.closed is not None and _is_positive(d.closed)
    )
    return frozenset(names)


def _is_positive(body: Expr) -> bool:
    if isinstance(body, sp.exp) or (body.is_number and body.is_positive):
        return True
    if isinstance(body, Total):
        return _is_positive(body.args[0])
    if body.is_Pow:
        return _is_positive(body.base)
    return bool(body.is_Mul or body.is_Add) and all(_is_positive(a) for a in body.args)


def counts_of(definitions: Collection[Definition]) -> Mapping[Expr, Expr]:
    """What whole numbers are defined as."""
    whole = [d for d in definitions if d.plain and d.statement.target.integer and not d.positions]
    names = {d: read(d.statement.target.name, (), integer=True) for d in whole}
    return {names[d]: d.closed for d in whole if d.closed is not None}


def solved_reads(definition: Definition) -> Mapping[Expr, Expr]:
    """Reads that a definition is linear in, at its own positions, by the name: x = m + s*z where z = (x - m)/s."""
    if not definition.plain or not definition.positions:
        return {}
    found: dict[Expr, Expr] = {}
    for r in sorted((s for s in definition.body.free_symbols if isinstance(s, Read)), key=lambda s: s.name):
        if r.positions != definition.positions or _is_unnamed(r) or not definition.body.is_Mul:
            continue
        terms = sp.Add.make_args(sp.expand(definition.body))
        slope = sp.Add(*(t / r for t in terms if r in t.free_symbols))
        if r not in slope.free_symbols and slope.is_Pow:
            rest = sp.Add(*(t / slope for t in terms if r not in t.free_symbols))
            found[r] = definition.at(definition.positions) / slope - rest
    return found
