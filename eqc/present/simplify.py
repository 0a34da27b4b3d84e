"""Making closed forms short: sums pull out what they do not bind, deltas pick entries, definitions are recognised."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import sympy as sp

from eqc.ir.program import COMPILER_NAMES, Op, Program, Statement
from eqc.ir.terms import Expr, Read, read
from eqc.ir.walk import branches, map_reads, rebuild, substitute
from eqc.present.closed import Total

_SMALL = 120


@dataclass(frozen=True, slots=True)
class Facts:
    """What a closed form may use: the range of every free index, and tensors that sum to one over their last axis."""

    ranges: Mapping[Expr, Expr]
    stochastic: Mapping[str, Expr]


def tidy(expression: Expr, facts: Facts, definitions: Sequence[Statement]) -> Expr:
    """The shortest form found."""
    for _ in range(4):
        before = expression
        bound = {total.args[1]: total.args[2] for total in expression.atoms(Total)}
        expression = _bottom_up(expression, replace(facts, ranges={**facts.ranges, **bound}))
        for statement in definitions:
            expression = fold(expression, statement)
        if expression == before:
            break
    return _shortest(expression, definitions)


def _bottom_up(expression: Expr, facts: Facts) -> Expr:
    if not expression.args:
        return expression
    args = tuple(_bottom_up(a, facts) for a in expression.args)
    node = rebuild(expression, args)
    if isinstance(node, Total):
        return _total(node, facts)
    if isinstance(node, sp.Piecewise):
        return _without_nan(node)
    return node


def _without_nan(node: Expr) -> Expr:
    """The last case of an extremum's slope, for NaN, is no part of the mathematics."""
    pairs = [(p.args[0], p.args[1]) for p in node.args]
    if pairs[-1] == (sp.nan, sp.true):
        pairs = [*pairs[:-2], (pairs[-2][0], sp.true)]
    return branches(pairs)


def _total(node: Expr, facts: Facts) -> Expr:
    body, index, extent = node.args
    body = sp.expand(body) if sp.count_ops(body) < _SMALL else body
    if body.is_Add:
        return sp.Add(*(_total(Total(term, index, extent), facts) for term in body.args))
    outer, inner = _split(body, index)
    return outer * _pick(inner, index, extent, facts)


def _split(body: Expr, index: Expr) -> tuple[Expr, Expr]:
    """Factors that do not depend on the index, and those that do (reads depend through their positions)."""
    outer: list[Expr] = []
    inner: list[Expr] = []
    for factor in sp.Mul.make_args(body):
        (inner if depends(factor, index) else outer).append(factor)
    return sp.Mul(*outer), sp.Mul(*inner)


def depends(expression: Expr, index: Expr) -> bool:
    """Whether an index occurs in an expression or in the position of a read."""
    stack = [expression]
    while stack:
        for symbol in stack.pop().free_symbols:
            if symbol == index:
                return True
            if isinstance(symbol, Read):
                stack.extend(symbol.positions)
    return False


def _pick(inner: Expr, index: Expr, extent: Expr, facts: Facts) -> Expr:
    if inner == 1:
        return extent
    for factor in sp.Mul.make_args(inner):
        if isinstance(factor, sp.KroneckerDelta) and index in factor.args:
            (other,) = [a for a in factor.args if a != index] or [index]
            if not depends(other, index):
                picked = substitute(inner / factor, {index: other})
                reached = facts.ranges.get(other) == extent
                return picked if reached else branches([(picked, sp.Lt(other, extent)), (sp.Integer(0), sp.true)])
    if _is_distribution(inner, index, extent, facts):
        return sp.Integer(1)
    return Total(inner, index, extent)


def _is_distribution(inner: Expr, index: Expr, extent: Expr, facts: Facts) -> bool:
    """Whether a summand is an entry of a stochastic tensor, summed over its whole last axis."""
    if not isinstance(inner, Read) or facts.stochastic.get(inner.tensor) != extent or not inner.positions:
        return False
    return bool(inner.positions[-1] == index) and not any(depends(p, index) for p in inner.positions[:-1])


def fold(expression: Expr, definition: Statement) -> Expr:
    """Recognise what defines a named tensor, and write the name.

    y[j] = a(j)/t turns a(j) into y[j]*t, m = t*c turns t into m/c, and t = Σ b turns such a sum into t.
    """
    if definition.op is Op.SUM:
        return _fold_sum(expression, definition)
    if definition.op is not Op.NONE or definition.scatter:
        return expression
    linear = _linear_in_total(definition.body)
    if linear is not None:
        total, factor = linear
        return _replace_reads(
            expression, total, read(definition.target.name, definition.positions) / factor, definition
        )
    numerator, denominator = _quotient(definition.body)
    if denominator == 1 or not isinstance(numerator, sp.Function):
        return expression
    mapping = {}
    for node in sorted(expression.atoms(type(numerator)), key=sp.default_sort_key):
        binding = match(numerator, node, set(definition.positions))
        if binding is not None and set(binding) == set(definition.positions):
            at = tuple(binding[p] for p in definition.positions)
            mapping[node] = read(definition.target.name, at) * substitute(denominator, binding)
    return expression.xreplace(mapping)


def _linear_in_total(body: Expr) -> tuple[Read, Expr] | None:
    """The one read of a body that is a read times factors without reads."""
    reads = [f for f in sp.Mul.make_args(body) if isinstance(f, Read)]
    rest = sp.Mul(*(f for f in sp.Mul.make_args(body) if not isinstance(f, Read)))
    if len(reads) != 1 or any(isinstance(s, Read) for s in rest.free_symbols) or rest == 1:
        return None
    return reads[0], rest


def _replace_reads(expression: Expr, total: Read, value: Expr, definition: Statement) -> Expr:
    """Only sums that the compiler named are replaced, and only where the indices say which entry is meant."""
    if set(total.positions) != set(definition.positions) or not total.tensor.startswith(COMPILER_NAMES):
        return expression

    def change(r: Read) -> Expr:
        if r.tensor != total.tensor:
            return r
        return substitute(value, dict(zip(total.positions, r.positions, strict=True)))

    return map_reads(expression, change)


def _fold_sum(expression: Expr, definition: Statement) -> Expr:
    if len(definition.bound) != 1 or definition.scatter:
        return expression
    bound = definition.bound[0].symbol
    free = {*definition.positions, bound}
    mapping = {}
    for node in sorted(expression.atoms(Total), key=sp.default_sort_key):
        binding = match(definition.body, node.args[0], free)
        if binding is None or binding.get(bound) != node.args[1]:
            continue
        if set(binding) == free and not any(depends(binding[p], node.args[1]) for p in definition.positions):
            mapping[node] = read(definition.target.name, tuple(binding[p] for p in definition.positions))
    return expression.xreplace(mapping)


def _quotient(body: Expr) -> tuple[Expr, Expr]:
    numerator, denominator = [], []
    for factor in sp.Mul.make_args(body):
        base, exponent = factor.as_base_exp()
        if exponent == -1 and isinstance(base, Read):
            denominator.append(base)
        else:
            numerator.append(factor)
    return sp.Mul(*numerator), sp.Mul(*denominator)


def match(pattern: Expr, node: Expr, free: set[Expr]) -> dict[Expr, Expr] | None:
    """What the free indices of a pattern must be for it to equal `node`; None if nothing fits."""
    if isinstance(pattern, Read) and isinstance(node, Read):
        if pattern.tensor != node.tensor:
            return None
        pairs = list(zip(pattern.positions, node.positions, strict=True))
    elif pattern in free:
        return {pattern: node}
    elif not pattern.args or type(pattern) is not type(node) or len(pattern.args) != len(node.args):
        return {} if pattern == node else None
    else:
        pairs = list(zip(pattern.args, node.args, strict=True))
    binding: dict[Expr, Expr] = {}
    for part, other in pairs:
        found = match(part, other, free)
        if found is None or any(binding.get(k, v) != v for k, v in found.items()):
            return None
        binding.update(found)
    return binding


def _shortest(expression: Expr, definitions: Sequence[Statement]) -> Expr:
    """Among a few equal forms the one with the fewest operations."""
    if sp.count_ops(expression) > _SMALL:
        return expression
    plain = _same_index(sp.expand(expression))
    forms = [
        expression,
        plain,
        *_inverted(expression, definitions),
        sp.factor_terms(plain),
        sp.factor_terms(sp.factor_terms(plain, sign=False)),
    ]
    if not expression.has(sp.Piecewise):
        forms += [sp.factor(plain), sp.cancel(expression), sp.factor(sp.together(plain))]
    if not expression.has(Total, sp.Piecewise):
        forms += [sp.simplify(expression)] if sp.count_ops(expression) < 40 else []
    return min(forms, key=lambda e: (_length(e), e.is_Add, len(str(e)), str(e)))


def _length(expression: Expr) -> int:
    """Operations and leaves, with functions dear: a*(1 - a) is shorter than 1/(4*cosh(z/2)**2)."""
    nodes = list(sp.preorder_traversal(expression))
    functions = sum(
        1 for node in nodes if isinstance(node, sp.Function) and not isinstance(node, sp.KroneckerDelta | Total)
    )
    return int(sp.count_ops(expression)) + sum(1 for node in nodes if not node.args) + 3 * functions


def _inverted(expression: Expr, definitions: Sequence[Statement]) -> list[Expr]:
    """Forms in terms of results: from a = 1/(1 + E) follows E = 1/a - 1, and E may be all there is."""
    forms: list[Expr] = []
    for definition in definitions:
        argument = None if definition.scatter or definition.bound else _one_exponential(definition.body)
        if argument is None:
            continue
        for at, instance in _instances(expression, argument, definition):
            swapped = _swapped(expression, definition, at, instance)
            if swapped is not None:
                expression = sp.factor(swapped)
                forms += [expression, _complement(expression), sp.expand(expression)]
    return forms


def _instances(expression: Expr, argument: Expr, definition: Statement) -> list[tuple[dict[Expr, Expr], Expr]]:
    """The entries of a definition whose exponential occurs, with the argument there."""
    found: dict[Expr, dict[Expr, Expr]] = {}
    for node in sorted(expression.atoms(sp.exp), key=sp.default_sort_key):
        whole = node.args[0].as_coeff_Mul()[1]
        for candidate in (whole, -whole):
            binding = match(argument, candidate, set(definition.positions))
            if binding is not None and set(binding) == set(definition.positions):
                found.setdefault(substitute(argument, binding), binding)
    return [(binding, instance) for instance, binding in found.items()]


def _swapped(expression: Expr, definition: Statement, at: dict[Expr, Expr], argument: Expr) -> Expr | None:
    power = sp.Symbol("_power", positive=True)
    name = read(definition.target.name, tuple(at[p] for p in definition.positions))
    halve = _has_both_signs(definition.body)
    body = _in_powers(substitute(definition.body, at), argument, power, halve)
    wanted = _in_powers(expression, argument, power, halve)
    if body is None or wanted is None:
        return None
    solutions = sp.solve(sp.Eq(body, name), power)
    return wanted.xreplace({power: solutions[0]}) if len(solutions) == 1 else None


def _one_exponential(body: Expr) -> Expr | None:
    """The argument u if all exponentials in a body are exp(u) or exp(-u)."""
    arguments = sorted({node.args[0] for node in body.atoms(sp.exp)}, key=sp.default_sort_key)
    if len(arguments) == 1 or (len(arguments) == 2 and sp.expand(arguments[0] + arguments[1]) == 0):
        return arguments[0]
    return None


def _in_powers(expression: Expr, argument: Expr, power: Expr, halve: bool) -> Expr | None:
    """An expression as a rational function of exp(u), or of exp(2u) where `halve` says so; None if it is none."""
    mapping = {}
    for node in expression.atoms(sp.exp):
        exponent = sp.cancel(node.args[0] / argument)
        if exponent.is_Integer:
            mapping[node] = power**exponent
    rational = sp.cancel(sp.together(expression.xreplace(mapping))) if mapping else expression
    if halve:
        rational = sp.cancel(rational.subs(power, sp.sqrt(power)))
    return rational if mapping and rational.is_rational_function(power) else None


def _has_both_signs(expression: Expr) -> bool:
    """Both signs of an exponent occur: hyperbolic functions are functions of exp(2u)."""
    return len(expression.atoms(sp.exp)) == 2


def _complement(expression: Expr) -> Expr:
    """-a*(a - 1) is written a*(1 - a)."""
    coefficient, factors = expression.as_coeff_mul()
    turned = [f for f in factors if f.is_Add and f.could_extract_minus_sign() != (-f).could_extract_minus_sign()]
    if coefficient.is_negative and turned:
        rest = [f for f in factors if f is not turned[0]]
        return sp.Mul(-coefficient, *rest, -turned[0])
    return expression


def _same_index(expression: Expr) -> Expr:
    """δ[j, k]·f[k] is written δ[j, k]·f[j], so that terms show their common factor."""

    def term(product: Expr) -> Expr:
        for factor in sp.Mul.make_args(product):
            if isinstance(factor, sp.KroneckerDelta) and all(a.is_Symbol for a in factor.args):
                first, second = sorted(factor.args, key=lambda s: _rank(s.name))
                return factor * substitute(product / factor, {second: first})
        return product

    return sp.Add(*(term(t) for t in sp.Add.make_args(expression)))


def _rank(name: str) -> tuple[int, str]:
    return (len(name), name)


def kept_definitions(program: Program, kept: Collection[str]) -> tuple[Statement, ...]:
    """The statements that define kept tensors."""
    return tuple(s for s in program.statements if s.target.name in kept)
