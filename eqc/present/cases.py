"""Cases in closed forms: where their factors stand, and which of them are needless."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sympy as sp

from eqc.ir.terms import Expr, Read
from eqc.ir.walk import branches, rebuild
from eqc.present.wording import everywhere


def tidy_cases(expression: Expr, nonnegative: Collection[str], counts: Mapping[Expr, Expr] | None = None) -> Expr:
    """Factors go into the cases of which one is 0, numbers into all; cases with equal conditions are added.

    Cases that say nothing are dropped; `nonnegative` tensors have no entry below 0, `counts` says what whole numbers
    are.
    """
    if not expression.has(sp.Piecewise):
        return expression
    if counts:
        expression = everywhere(expression, lambda node: _decided(node, counts))
    expression = _within(everywhere(expression, _plain_conditions), {})

    def change(node: Expr) -> Expr:
        if node.is_Mul:
            return _into_cases(node)
        if node.is_Add:
            return _added(node)
        return _needed(node, nonnegative) if isinstance(node, sp.Piecewise) else node

    return everywhere(everywhere(expression, change), change)


def _plain_conditions(node: Expr) -> Expr:
    """Conditions without cases: that {1 if c; 0 otherwise} is not 0 says c."""
    if not isinstance(node, sp.Piecewise):
        return node
    return branches([(p.args[0], _plain(p.args[1])) for p in node.args])


def _plain(condition: Expr) -> Expr:
    if not isinstance(condition, sp.Unequality) or condition.args[1] != 0:
        return condition
    inner = condition.args[0]
    factors = [f for f in sp.Mul.make_args(inner) if not f.is_Number and not f.as_base_exp()[1].is_negative]
    if len(factors) != 1 or not isinstance(factors[0], sp.Piecewise) or len(factors[0].args) != 2:
        return condition
    (value, inside), (other, _) = factors[0].args
    return inside if other == 0 and _is_nowhere_zero(value) else condition


def _is_nowhere_zero(value: Expr) -> bool:
    """Numbers other than 0, and what divides them."""
    return value != 0 and all(f.is_Number or f.as_base_exp()[1].is_negative for f in sp.Mul.make_args(value))


def _within(node: Expr, known: Mapping[Expr, Expr]) -> Expr:
    """Choices inside a case without what the case has decided; the choice of nothing joins the case's condition."""
    if not node.args or isinstance(node, sp.core.relational.Relational) or not node.has(sp.Piecewise):
        return node
    if not isinstance(node, sp.Piecewise):
        args = tuple(_within(a, known) for a in node.args)
        return node if args == node.args else rebuild(node, args)
    pairs, assumed = [], dict(known)
    for value, condition in (p.args for p in node.args):
        settled = assumed.get(condition, condition)
        if settled == sp.false:
            continue
        pairs.append((_within(value, {**assumed, condition: sp.true}), settled))
        if settled == sp.true:
            break
        assumed[condition] = sp.false
    nothing = len(pairs) - 2 if pairs[-1][0] == 0 else None
    return branches([_joined(*pair) if n == nothing else pair for n, pair in enumerate(pairs)])


def _joined(value: Expr, condition: Expr) -> tuple[Expr, Expr]:
    """{{a if d; 0 otherwise} if c; 0 otherwise} is {a if c and d; 0 otherwise}."""
    if isinstance(value, sp.Piecewise) and len(value.args) == 2 and value.args[1].args[0] == 0:
        inner, also = value.args[0].args
        return inner, sp.And(condition, also, evaluate=False)
    return value, condition


def _decided(node: Expr, counts: Mapping[Expr, Expr]) -> Expr:
    """Cases without those that never hold: n + 1 = 0 does not."""
    if not isinstance(node, sp.Piecewise):
        return node
    pairs = [(p.args[0], p.args[1]) for p in node.args]
    known = [condition.xreplace(counts) for _, condition in pairs]
    settled = [k if k in (sp.true, sp.false) else c for k, (_, c) in zip(known, pairs, strict=True)]
    return branches([(value, condition) for (value, _), condition in zip(pairs, settled, strict=True)])


def _into_cases(product: Expr) -> Expr:
    cases = [f for f in product.args if isinstance(f, sp.Piecewise)]
    if len(cases) != 1:
        return product
    rest = sp.Mul(*(f for f in product.args if f is not cases[0]))
    pairs = [(p.args[0], p.args[1]) for p in cases[0].args]
    zeros = sum(1 for value, _ in pairs if value == 0)
    if zeros < len(pairs) - 1 and not rest.is_Number:
        return product
    return branches([(value * rest, condition) for value, condition in pairs])


def _added(total: Expr) -> Expr:
    groups: dict[tuple[Expr, ...], list[Expr]] = {}
    others = []
    for term in total.args:
        if isinstance(term, sp.Piecewise):
            groups.setdefault(tuple(p.args[1] for p in term.args), []).append(term)
        else:
            others.append(term)
    if all(len(same) == 1 for same in groups.values()):
        return total
    merged = [
        branches([(sp.Add(*(p.args[n].args[0] for p in same)), condition) for n, condition in enumerate(conditions)])
        for conditions, same in groups.items()
    ]
    return sp.Add(*others, *merged)


def _needed(node: Expr, nonnegative: Collection[str]) -> Expr:
    """{x·c if x > 0; 0 otherwise} is x·c for an x that is nowhere negative, {c·x if x ≠ 0; 0 otherwise} for any."""
    pairs = [(p.args[0], p.args[1]) for p in node.args]
    if len(pairs) == 2 and pairs[0][0] == 0 and isinstance(pairs[0][1], sp.Equality) and pairs[0][1].args[1] == 0:
        return pairs[1][0] if _vanishes_with(pairs[1][0], pairs[0][1].args[0]) else node
    if len(pairs) != 2 or pairs[1][0] != 0:
        return node
    value, condition = pairs[0]
    if isinstance(condition, sp.Unequality) and condition.args[1] == 0:
        return value if _vanishes_with(value, condition.args[0]) else node
    if not isinstance(condition, sp.StrictGreaterThan) or condition.args[1] != 0:
        return node
    x = condition.args[0]
    known = isinstance(x, Read) and x.tensor in nonnegative
    return value if known and _vanishes_with(value, x) else node


def _vanishes_with(value: Expr, x: Expr) -> bool:
    """Whether x is a factor of a value that divides by nothing but numbers and extents."""
    below = [f.as_base_exp()[0] for f in sp.Mul.make_args(value) if f.as_base_exp()[1].is_negative]
    whole = all(base.is_number or (base.is_Symbol and not isinstance(base, Read)) for base in below)
    return whole and any(f in (x, -x) for f in sp.Mul.make_args(value))
