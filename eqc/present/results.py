"""Forms in terms of results: from a = 1/(1 + E) follows E = 1/a - 1, so that slopes need no exponential."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from eqc.ir.terms import Expr
from eqc.ir.walk import substitute
from eqc.present.definitions import Definition
from eqc.present.matching import match


def in_results(expression: Expr, definitions: Sequence[Definition]) -> list[Expr]:
    """Forms in terms of results: from a = 1/(1 + E) follows E = 1/a - 1, and E may be all there is."""
    forms: list[Expr] = []
    given = _divisors(expression)
    for definition in definitions:
        for body in _bodies(definition):
            argument = _one_exponential(body)
            if argument is None:
                continue
            for at, instance in _instances(expression, argument, definition):
                known = substitute(body, at), substitute(argument, at)
                name = definition.at(tuple(at[p] for p in definition.positions))
                swapped = _swapped(expression, name, known, instance)
                if swapped is not None:
                    forms.append(expression.xreplace({sp.exp(instance): swapped[0]}))
                    expression = sp.factor(swapped[1])
                    forms += [expression, sp.expand(expression)]
    return [form for form in forms if all(d.is_nonzero for d in _divisors(form) - given)]


def _divisors(expression: Expr) -> set[Expr]:
    """What is divided by: a result may be 0 where the slope is finite, so that no form may divide by more."""
    return {p.base for p in expression.atoms(sp.Pow) if p.exp.could_extract_minus_sign()}


def _bodies(definition: Definition) -> list[Expr]:
    """What an entry is made from: as the program says it, and with sums put in."""
    if not definition.plain:
        return []
    closed = definition.closed
    return [definition.body] if closed is None or closed == definition.body else [definition.body, closed]


def _instances(expression: Expr, argument: Expr, definition: Definition) -> list[tuple[dict[Expr, Expr], Expr]]:
    """The entries of a definition whose exponential occurs, with the argument there."""
    found: dict[Expr, dict[Expr, Expr]] = {}
    for node in sorted(expression.atoms(sp.exp), key=sp.default_sort_key):
        whole = node.args[0].as_coeff_Mul()[1]
        for candidate in (whole, -whole, node.args[0], -node.args[0]):
            binding = match(argument, candidate, set(definition.positions))
            if binding is not None and set(binding) == set(definition.positions):
                found.setdefault(candidate, binding)
    return [(binding, instance) for instance, binding in found.items()]


def _swapped(expression: Expr, name: Expr, known: tuple[Expr, Expr], argument: Expr) -> tuple[Expr, Expr] | None:
    """An exponential solved for from `name` = body, and the expression with it; `known` is body and argument."""
    power = sp.Symbol("_power", positive=True)
    halve = _has_both_signs(known[0])
    body = _in_powers(*known, power, halve)
    wanted = _in_powers(expression, argument, power, halve)
    if body is None or wanted is None:
        return None
    solutions = sp.solve(sp.Eq(body, name), power)
    if len(solutions) != 1:
        return None
    root = sp.sqrt(solutions[0]) if halve else solutions[0]
    return root, wanted.xreplace({power: solutions[0]})


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
