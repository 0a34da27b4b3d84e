"""Functions that people print by name and the formula language builds from others: clip, sigmoid, softmax."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from eqc.errors import Span
from eqc.notation.latex import matrices, parts
from eqc.notation.latex.boxes import Box
from eqc.notation.latex.calls import operands_behind, with_later_scripts
from eqc.notation.latex.expression import Expression
from eqc.notation.latex.factors import FACTORS
from eqc.notation.latex.parts import Fresh, Part
from eqc.notation.tree import Binary, Call, Name, Node, Number

Build = Callable[..., Part]


def _clip(span: Span, fresh: Fresh, x: Part, low: Part, high: Part) -> Part:
    return parts.call(span, "Min", parts.call(span, "Max", x, low), high)


def _positive_part(span: Span, fresh: Fresh, x: Part) -> Part:
    return parts.call(span, "Max", parts.number(span, 0), x)


def _logistic(span: Span, fresh: Fresh, x: Part) -> Part:
    one = parts.number(span, 1)
    return parts.divided(one, parts.added("+", one, parts.call(span, "exp", parts.negated(x))))


def _smooth_ramp(span: Span, fresh: Fresh, x: Part) -> Part:
    return parts.call(span, "log", parts.added("+", parts.number(span, 1), parts.call(span, "exp", x)))


def _gated(span: Span, fresh: Fresh, x: Part) -> Part:
    return parts.pointwise(lambda a, b: Binary(span, "*", a, b), x, _logistic(span, fresh, x))


def _softly_gated(span: Span, fresh: Fresh, x: Part) -> Part:
    gate = parts.call(span, "tanh", _smooth_ramp(span, fresh, x))
    return parts.pointwise(lambda a, b: Binary(span, "*", a, b), x, gate)


def _normally_gated(span: Span, fresh: Fresh, x: Part) -> Part:
    root = parts.call(span, "sqrt", parts.number(span, 2))
    likely = parts.added("+", parts.number(span, 1), parts.call(span, "erf", _quotient(span, x, root)))
    half = _quotient(span, likely, parts.number(span, 2))
    return parts.pointwise(lambda a, b: Binary(span, "*", a, b), x, half)


def _quotient(span: Span, x: Part, y: Part) -> Part:
    return parts.pointwise(lambda a, b: Binary(span, "/", a, b), x, y)


def _log_odds(span: Span, fresh: Fresh, p: Part) -> Part:
    rest = parts.added("-", parts.number(span, 1), p)
    return parts.call(span, "log", parts.divided(p, rest))


def _over_last_axis(span: Span, fresh: Fresh, x: Part, word: str) -> Part:
    """A reduction over the last axis of an array."""
    if not x.axes:
        raise parts.Misfit("this is about an array, not a number", "give its argument a shape in the glossary")

    def entry(at: tuple[Node, ...]) -> Node:
        name = Name(span, fresh.name())
        return Call(span, word, (x.entry((*at, name)), *parts.limits(span, [(name.name, x.axes[-1])])))

    return Part(span, x.axes[:-1], entry(()) if x.rank == 1 else None, entry)


def _shares(span: Span, fresh: Fresh, x: Part) -> Part:
    powers = parts.call(span, "exp", x)
    total = _over_last_axis(span, fresh, powers, "Sum")

    def entry(at: tuple[Node, ...]) -> Node:
        share = parts.divided(parts.scalar(powers.entry(at)), parts.scalar(total.entry(at[:-1])))
        return share.node

    return Part(span, x.axes, None, entry)


def _log_total(span: Span, fresh: Fresh, x: Part) -> Part:
    return parts.call(span, "log", _over_last_axis(span, fresh, parts.call(span, "exp", x), "Sum"))


def _log_shares(span: Span, fresh: Fresh, x: Part) -> Part:
    return parts.call(span, "log", _shares(span, fresh, x))


def _sum(span: Span, fresh: Fresh, x: Part) -> Part:
    node, names = parts.looped(x, fresh)
    return parts.scalar(Call(span, "Sum", (node, *parts.limits(span, names)))) if names else x


def _mean_square(span: Span, fresh: Fresh, a: Part, b: Part) -> Part:
    square = parts.pointwise(lambda x, y: _power(Binary(span, "-", x, y)), a, b)
    node, names = parts.looped(square, fresh)
    total: Node = Call(span, "Sum", (node, *parts.limits(span, names))) if names else node
    for _, axis in names:
        total = Binary(span, "/", total, parts.size(span, axis))
    return parts.scalar(total)


def _power(node: Node) -> Node:
    return Binary(node.span, "**", node, Number(node.span, Fraction(2)))


def _beta(span: Span, fresh: Fresh, a: Part, b: Part) -> Part:
    return parts.call(span, "beta", a, b)


def _digamma(span: Span, fresh: Fresh, x: Part) -> Part:
    return parts.call(span, "digamma", x)


USUAL: Mapping[str, tuple[int, Build]] = {
    "clip": (3, _clip),
    "clamp": (3, _clip),
    "relu": (1, _positive_part),
    "sigmoid": (1, _logistic),
    "logistic": (1, _logistic),
    "softplus": (1, _smooth_ramp),
    "silu": (1, _gated),
    "swish": (1, _gated),
    "gelu": (1, _normally_gated),
    "mish": (1, _softly_gated),
    "logit": (1, _log_odds),
    "softmax": (1, _shares),
    "logsoftmax": (1, _log_shares),
    "logsumexp": (1, _log_total),
    "lse": (1, _log_total),
    "sum": (1, _sum),
    "mse": (2, _mean_square),
    "b": (2, _beta),
    "digamma": (1, _digamma),
    **FACTORS,
}
"""Name in small letters -> number of arguments and how it is built."""

USUAL_LETTERS: Mapping[str, str] = {r"\sigma": "sigmoid", "mathrm B": "b", "B": "b", r"\psi": "digamma"}
"""Letters that mean a function where the glossary does not have them and an argument in brackets follows."""

_ORDERED: Mapping[str, str] = {"digamma": "polygamma"}
"""Functions at which an order in brackets stands for a derivative: \\psi^{(1)}(x)."""


def usual(expr: Expression, name: str, box: Box) -> Part:
    """A function that is written with others."""
    count, build = USUAL[name]
    expr.take()
    operands = list(operands_behind(expr, box))
    if len(operands) != count:
        takes = f"{count} argument{'s' if count > 1 else ''}"
        expr.context.fail(box, f"{box.text} takes {takes}, not {len(operands)}", "check its brackets")
    with expr.context.pointing_at(box):
        if name in _ORDERED and box.sup and box.sup[0].kind == "open":
            part = parts.call(expr.context.span(box), _ORDERED[name], expr.inside(box.sup), *operands)
            return with_later_scripts(expr, part, box)
        part = build(expr.context.span(box), expr.context.fresh, *operands)
        part = part if box.sup is None else matrices.power(part, expr.inside(box.sup))
        return with_later_scripts(expr, part, box)
