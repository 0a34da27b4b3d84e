"""Partial derivatives of a body in its reads: one reverse sweep over the shared expression.

A choice (`Piecewise`, a maximum) is differentiated branch by branch, so that a derivative reads and computes only what
its branch does. Ties of a maximum with a constant give 0, other ties share equally; NaN stays NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

import sympy as sp

from eqc.derive.rules import local_derivatives
from eqc.ir.terms import Expr, Maximum, Minimum, Read
from eqc.ir.walk import branches, negation, relation

_ZERO, _ONE = sp.Integer(0), sp.Integer(1)


@dataclass(frozen=True, slots=True)
class Partial:
    """The derivative in one read; `where` gives the condition under which the body looks at that read at all.

    That is worked out only for reads that may be out of range: of a choice of many cases it takes long.
    """

    read: Read
    slope: Expr
    where: Callable[[], Expr] = lambda: sp.true

    @property
    def guard(self) -> Expr:
        """The condition."""
        return self.where()


def partials(body: Expr, active: Collection[str]) -> tuple[Partial, ...]:
    """The non-zero derivatives of `body` in the reads of active tensors, by the reads' names.

    >>> from eqc.ir.terms import read
    >>> x, y = read("x"), read("y")
    >>> [(p.read, p.slope) for p in partials(x**2*y, ["x", "y"])]
    [(x, 2*x*y), (y, x**2)]
    """
    found = _sweep(body, frozenset(active))
    return tuple(found[r] for r in sorted(found, key=lambda r: r.name) if found[r].slope != 0)


def _sweep(body: Expr, active: frozenset[str]) -> dict[Read, Partial]:
    order = _active_nodes(body, active)
    bars: dict[Expr, list[Expr]] = {node: [] for node in order}
    if body in bars:
        bars[body].append(_ONE)
    chosen: dict[Read, list[Partial]] = {}
    for node in reversed(order):
        bar = sp.Add(*bars[node])
        if isinstance(node, Read):
            chosen.setdefault(node, []).append(Partial(node, bar))
        elif isinstance(node, sp.Piecewise | Maximum | Minimum):
            for part in _choice(node, active).values():
                chosen.setdefault(part.read, []).append(Partial(part.read, bar * part.slope, part.where))
        else:
            for argument, slope in zip(node.args, local_derivatives(node), strict=True):
                if argument in bars and slope != 0:
                    bars[argument].append(bar * slope)
    return {r: _merged(r, parts) for r, parts in chosen.items()}


def _merged(r: Read, parts: list[Partial]) -> Partial:
    used = [p for p in parts if p.slope != 0]
    return Partial(r, sp.Add(*(p.slope for p in used)), lambda: sp.Or(*(p.guard for p in used)))


def _active_nodes(body: Expr, active: frozenset[str]) -> list[Expr]:
    """Nodes that depend on active reads, arguments before their parents; choices are not entered."""
    order: list[Expr] = []
    depends: dict[Expr, bool] = {}
    stack = [body]
    while stack:
        node = stack[-1]
        if node in depends:
            stack.pop()
            continue
        if isinstance(node, Read):
            depends[node] = node.tensor in active
        elif isinstance(node, sp.Piecewise | Maximum | Minimum):
            depends[node] = any(isinstance(s, Read) and s.tensor in active for s in node.free_symbols)
        else:
            waiting = [a for a in node.args if a not in depends]
            if waiting:
                stack.extend(reversed(waiting))
                continue
            depends[node] = any(depends[a] for a in node.args)
        stack.pop()
        if depends[node]:
            order.append(node)
    return order


def _choice(node: Expr, active: frozenset[str]) -> dict[Read, Partial]:
    """The derivative of a choice: the same choice among the branches' derivatives."""
    if isinstance(node, sp.Piecewise):
        cases = [(pair.args[0], pair.args[1]) for pair in node.args]
        swept = [(_sweep(value, active), condition) for value, condition in cases]
        return _combine(swept, padded=())
    return _extremum(node, active)


def _combine(
    swept: list[tuple[dict[Read, Partial], Expr]], padded: tuple[tuple[Expr, Expr], ...]
) -> dict[Read, Partial]:
    result: dict[Read, Partial] = {}
    for r in sorted({r for found, _ in swept for r in found}, key=lambda r: r.name):
        slopes = [(found[r].slope if r in found else _ZERO, condition) for found, condition in swept]
        result[r] = Partial(r, branches([*slopes, *padded]), partial(_guard, r, swept))
    return result


def _guard(r: Read, swept: list[tuple[dict[Read, Partial], Expr]]) -> Expr:
    """Where the chosen branch is one that reads `r`."""
    earlier: list[Expr] = []
    places: list[Expr] = []
    for found, condition in swept:
        if r in found and found[r].slope != 0:
            places.append(sp.And(condition, *(negation(e) for e in earlier), found[r].guard))
        earlier.append(condition)
    return sp.Or(*places)


def _extremum(node: Expr, active: frozenset[str]) -> dict[Read, Partial]:
    """The winner's derivative. With two arguments the cases are written out; with more, by equality with the result."""
    beats = partial(relation, sp.Gt if isinstance(node, Maximum) else sp.Lt)
    keeps = partial(relation, sp.Ge if isinstance(node, Maximum) else sp.Le)
    swept = [(a, _sweep(a, active)) for a in node.args]
    constants = [a for a, found in swept if not found]
    if len(node.args) > 2:
        return _many(node, swept, constants)
    (a, da), (b, db) = swept
    if constants:
        if not db:
            (a, da), (b, db) = (b, db), (a, da)
        cases = [(db, beats(b, a)), (da, keeps(a, b))]
    else:
        cases = [(da, beats(a, b)), (db, beats(b, a)), (_scaled_sum(da, db, sp.Rational(1, 2)), relation(sp.Eq, a, b))]
    return _guarded_by(_combine(cases, padded=((sp.nan, sp.true),)), (da, db))


def _guarded_by(found: dict[Read, Partial], swept: tuple[dict[Read, Partial], ...]) -> dict[Read, Partial]:
    """An extremum looks at all its arguments, whichever wins: what guards a read is what the arguments guard it by."""

    def guard(r: Read) -> Expr:
        return sp.Or(*(d[r].guard for d in swept if r in d and d[r].slope != 0))

    return {r: Partial(r, part.slope, partial(guard, r)) for r, part in found.items()}


def _many(node: Expr, swept: list[tuple[Expr, dict[Read, Partial]]], constants: list[Expr]) -> dict[Read, Partial]:
    moving = [a for a, found in swept if found]
    wins = [branches([(_ONE, relation(sp.Eq, a, node)), (_ZERO, sp.true)]) for a in moving]
    # Where one expression is all that can win, it has won: SymPy would carry 1/x into a single choice, and divide by 0.
    winners = sp.Add(*wins) if len(set(moving)) > 1 else sp.Integer(len(moving))
    lost_to = [(_ZERO, relation(sp.Eq, c, node)) for c in constants]
    terms: dict[Read, list[Partial]] = {}
    loses = partial(relation, sp.Lt if isinstance(node, Maximum) else sp.Gt)
    for a, found in swept:
        for r, part in found.items():
            weight = branches(
                [*lost_to, (1 / winners, relation(sp.Eq, a, node)), (_ZERO, loses(a, node)), (sp.nan, sp.true)]
            )
            terms.setdefault(r, []).append(Partial(r, weigh(weight, part.slope), part.where))
    return {r: _merged(r, parts) for r, parts in terms.items()}


def _scaled_sum(a: dict[Read, Partial], b: dict[Read, Partial], scale: Expr) -> dict[Read, Partial]:
    reads = sorted({*a, *b}, key=lambda r: r.name)
    return {r: _merged(r, [_scaled(d[r], scale) for d in (a, b) if r in d]) for r in reads}


def _scaled(part: Partial, scale: Expr) -> Partial:
    return Partial(part.read, scale * part.slope, part.where)


def weigh(factor: Expr, body: Expr) -> Expr:
    """factor·body, where a choice of factors reaches the product: what was not chosen is not multiplied by 0."""
    choice = next((f for f in sp.Mul.make_args(factor) if isinstance(f, sp.Piecewise)), None)
    if choice is None:
        return factor * body
    rest = sp.Mul(*(f for f in sp.Mul.make_args(factor) if f is not choice))
    return branches([(pair.args[0] * rest * body, pair.args[1]) for pair in choice.args])
