"""Expectations, means, variances and covariances of arrays, as sums."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from eqc.notation.latex import big, parts
from eqc.notation.latex.boxes import Box, Boxes
from eqc.notation.latex.expression import Expression
from eqc.notation.latex.parts import Part
from eqc.notation.latex.patterns import split
from eqc.notation.tree import Binary, Call, Name, Node, Subscript


def expectation(expr: Expression, box: Box) -> Part:
    """`\\mathbb{E}[…]`: the mean over whole arrays and over indices that nothing else binds.

    It is weighted by the glossary's distribution over the same axis, if the LaTeX does not print that one itself.
    """
    expr.take()
    pieces, close = _argument(expr, box)
    pieces = split(pieces, "|")[0]  # what it is conditioned on says which distribution is meant
    before = set(expr.context.free)
    outside, expr.context.hidden = expr.context.hidden, {}
    with expr.context.pointing_at(box):
        expr.context.averaging += 1
        body = expr.inside(pieces)
        expr.context.averaging -= 1
        indices = [n.name for key, n in expr.context.free.items() if key not in before]
        indices += expr.context.hidden
        expr.context.hidden = outside
        for key in [k for k in expr.context.free if k not in before]:
            del expr.context.free[key]
        part = _mean_over(expr, box, body, indices)
        return expr.scripted(part, box, replace(close, sub=None))


def mean_of(expr: Expression, box: Box, part: Part) -> Part:
    """The mean over the entries of an array."""
    return _mean_over(expr, box, part, ())


def _argument(expr: Expression, box: Box) -> tuple[Boxes, Box]:
    if expr.peek is None or expr.peek.kind != "open":
        expr.context.fail(box, f"{box.text} has no brackets", "write what it is about in brackets")
    return expr.bracket()


def _mean_over(expr: Expression, box: Box, body: Part, indices: Sequence[str]) -> Part:
    """The mean of a body over free indices; without any, over the entries of the array."""
    span = expr.context.span(box)
    if indices:
        sample = body.whole if body.whole is not None else parts.looped(body, expr.context.fresh)[0]
        axes = [(name, big.axis_of(expr, name, sample)) for name in indices]
        unknown = next((name for name, axis in axes if axis is None), None)
        if unknown is not None:
            expr.context.fail(box, f"how far {unknown} runs is not known", "give the arrays a shape in the glossary")
        pairs = [(name, axis) for name, axis in axes if axis is not None]
        return parts.reduced(body, lambda node: _weighted(expr, box, node, pairs))
    if not body.axes:
        expr.context.fail(box, "nothing here varies that a mean could be taken over", "give what varies an index")
    node, names = parts.looped(body, expr.context.fresh)
    return replace(parts.scalar(_weighted(expr, box, node, names)), span=span)


def _weighted(expr: Expression, box: Box, node: Node, names: Sequence[tuple[str, str]]) -> Node:
    span = expr.context.span(box)
    limits = tuple(parts.limits(span, names))
    weights = _distribution(expr, tuple(axis for _, axis in names))
    if weights is not None:
        at = tuple(Name(span, name) for name, _ in names)
        return Call(span, "Sum", (Binary(span, "*", Subscript(span, Name(span, weights), at), node), *limits))
    total: Node = Call(span, "Sum", (node, *limits))
    for _, axis in names:
        total = Binary(span, "/", total, parts.size(span, axis))
    return total


def _distribution(expr: Expression, axes: tuple[str, ...]) -> str | None:
    """The only distribution of the glossary over these axes, unless the LaTeX prints it."""
    context = expr.context
    found = [
        e.name
        for e in context.record.symbols.values()
        if e.domain.name == "simplex" and context.glossary.axes[e.name] == axes and e.name not in context.assigned
    ]
    return found[0] if len(found) == 1 and found[0] not in context.printed else None


def _entries(expr: Expression, box: Box) -> tuple[list[Part], Box]:
    """The arrays in the brackets, on shared fresh indices."""
    expr.take()
    inside, close = _argument(expr, box)
    return [expr.inside(piece) for piece in split(inside, ",")], close


def _moments(expr: Expression, box: Box, left: Part, right: Part) -> Node:
    """The mean product of deviations, divided by the number of entries."""
    if not left.axes or left.axes != right.axes:
        expr.context.fail(box, f"{box.text} of {parts.show(left.axes)}", "give the arrays a shape, or declare it")
    names = [(expr.context.fresh.name(), axis) for axis in left.axes]
    at = tuple(Name(left.span, name) for name, _ in names)

    def deviation(part: Part) -> Node:
        node, loops = parts.looped(part, expr.context.fresh)
        return Binary(part.span, "-", part.entry(at), _weighted(expr, box, node, loops))

    return _weighted(expr, box, Binary(left.span, "*", deviation(left), deviation(right)), names)


def _mean(expr: Expression, box: Box) -> Part:
    return expectation(expr, box)


def _spread(expr: Expression, box: Box) -> Part:
    (part, *more), close = _entries(expr, box)
    if more:
        expr.context.fail(box, f"{box.text} of several arrays", "give it one")
    return expr.scripted(parts.scalar(_moments(expr, box, part, part)), box, close)


def _deviation(expr: Expression, box: Box) -> Part:
    part = _spread(expr, box)
    return parts.call(part.span, "sqrt", part)


def _joint_spread(expr: Expression, box: Box) -> Part:
    found, close = _entries(expr, box)
    if len(found) != 2:
        expr.context.fail(box, r"\mathrm{Cov} takes two arrays", r"write \mathrm{Cov}(X, Y)")
    return expr.scripted(parts.scalar(_moments(expr, box, *found)), box, close)


WORDS: Mapping[str, Callable[[Expression, Box], Part]] = {
    "mean": _mean,
    "Mean": _mean,
    "avg": _mean,
    "Var": _spread,
    "var": _spread,
    "Std": _deviation,
    "std": _deviation,
    "Cov": _joint_spread,
    "cov": _joint_spread,
}
"""Statistics by their usual names, over whole arrays; variances are divided by the number of entries."""
