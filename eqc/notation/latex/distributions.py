"""Distributions: `\\mathcal{N}(x; m, V)` as a density, `x \\sim \\mathcal{N}(m, V)` as a sample made of a draw."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from eqc.errors import Span
from eqc.notation.latex import matrices, parts
from eqc.notation.latex.boxes import Box, Boxes
from eqc.notation.latex.context import Context
from eqc.notation.latex.expression import Expression
from eqc.notation.latex.parts import Part
from eqc.notation.latex.patterns import split
from eqc.notation.latex.statements import Clause
from eqc.notation.tree import Attribute, Binary, Boolean, Call, Compare, Name, Node, TupleNode

Sampler = Callable[[Context, Sequence[Part], Part], Part]

_SHORT: Mapping[str, str] = {
    "mathcal N": "normal",
    "N": "normal",
    "Normal": "normal",
    "Gaussian": "normal",
    "Bernoulli": "bernoulli",
    "Bern": "bernoulli",
    "Uniform": "uniform",
    "mathcal U": "uniform",
    "Unif": "uniform",
    "U": "uniform",
}
"""How distributions are printed -> their names here."""


def distribution_at(boxes: Boxes) -> str | None:
    """The distribution that boxes are: a name and its parameters in brackets, and nothing else."""
    is_call = len(boxes) > 2 and boxes[1].kind == "open" and boxes[-1].kind == "close" and not boxes[0].has_scripts
    return _SHORT.get(boxes[0].text) if is_call else None


def parameters(expr: Expression, boxes: Boxes) -> tuple[Boxes, list[Part]]:
    """What is distributed, if it is printed before a semicolon or a bar, and the parameters."""
    inside = boxes[2:-1]
    sides = split(inside, ";", "|")
    variable, rest = (sides[0], inside[len(sides[0]) + 1 :]) if len(sides) > 1 else ((), inside)
    pieces = [piece for side in split(rest, ";") for piece in split(side, ",")]
    return variable, [expr.inside(piece) for piece in pieces if piece]


def log_density(expr: Expression, box: Box, x: Part, given: Sequence[Part]) -> Part:
    """The logarithm of a normal density."""
    if len(given) != 2:
        expr.context.fail(box, "a normal distribution has two parameters", r"write \mathcal{N}(x; \mu, V)")
    mean, variance = given
    span, fresh = expr.context.span(box), expr.context.fresh
    with expr.context.pointing_at(box):
        spread = _independent(variance)
        if spread is None:
            return _joint(span, x, mean, variance)
        term = parts.pointwise(lambda a, m, v: _normal_term(span, a, m, v), x, mean, spread)
        node, names = parts.looped(term, fresh)
        return parts.scalar(Call(span, "Sum", (node, *parts.limits(span, names))) if names else node)


def _normal_term(span: Span, x: Node, mean: Node, variance: Node) -> Node:
    two = parts.number(span, 2).node
    around = Binary(span, "*", Binary(span, "*", two, Name(span, "pi")), variance)
    square = Binary(span, "**", Binary(span, "-", x, mean), two)
    total = Binary(span, "+", Call(span, "log", (around,)), Binary(span, "/", square, variance))
    return Binary(span, "/", Binary(span, "*", parts.number(span, -1).node, total), two)


def _independent(variance: Part) -> Part | None:
    """The variances of independent entries: a number, a multiple of I, or a diagonal."""
    if variance.rank < 2:
        return variance
    node, factors = variance.whole, list[Node]()
    while isinstance(node, Binary) and node.op == "*":
        factors.append(node.left)
        node = node.right
    if _is_identity(node):
        found = parts.number(variance.span, 1)
        for factor in factors:
            found = parts.pointwise(lambda a, b: Binary(a.span, "*", a, b), found, parts.scalar(factor))
        return found
    if isinstance(node, Call) and node.function == "diag" and not factors:
        return parts.array(node.arguments[0], variance.axes[:1])
    return None


def _is_identity(node: Node | None) -> bool:
    is_name = isinstance(node, Name) and node.name == "I"
    return is_name or (isinstance(node, Call) and node.function == "Identity")


def _joint(span: Span, x: Part, mean: Part, covariance: Part) -> Part:
    """With a covariance matrix, which has a name."""
    away = Binary(span, "-", x.node, mean.node)
    inverse = Binary(span, "**", covariance.node, parts.number(span, -1).node)
    square = Binary(span, "*", Binary(span, "*", Attribute(span, away, "T"), inverse), away)
    two = parts.number(span, 2).node
    constant = Call(span, "log", (Binary(span, "*", two, Name(span, "pi")),))
    size = Binary(span, "*", parts.size(span, covariance.axes[0]), constant)
    spread = Call(span, "LogDeterminant", (covariance.node,))
    total = Binary(span, "+", Binary(span, "+", size, spread), square)
    return parts.scalar(Binary(span, "/", Binary(span, "*", parts.number(span, -1).node, total), two))


def density(expr: Expression, box: Box) -> Part:
    r"""`\mathcal{N}(x \mid \mu, \Sigma)` in a formula."""
    start = expr.place
    expr.take()
    _, close = expr.bracket()
    variable, given = parameters(expr, expr.boxes[start : expr.place])
    if not variable:
        expr.context.fail(box, "this density does not say of what", r"write \mathcal{N}(x; \mu, V)")
    value = parts.call(expr.context.span(box), "exp", log_density(expr, box, expr.inside(variable), given))
    return expr.scripted(value, box, close)


# -- samples


def sample(context: Context, name: str, given: Sequence[Part], target: Part) -> Part | None:
    """A sample as a function of the draw that the glossary has and the LaTeX does not print; None without one."""
    sampler = _SAMPLERS.get(name)
    draw = _draw(context, target)
    return None if sampler is None or draw is None else sampler(context, given, draw)


def _draw(context: Context, target: Part) -> Part | None:
    """The only input of the sample's shape that is printed nowhere."""
    axes = context.glossary.axes
    sizes = {axis for shape in axes.values() for axis in shape}
    found = [
        e.name
        for e in context.record.symbols.values()
        if e.kind == "value" and e.name not in context.printed | context.assigned | sizes and not e.domain.integer
        if axes[e.name] == target.axes
    ]
    return parts.array(Name(target.span, found[0]), target.axes) if len(found) == 1 else None


def _normal(context: Context, given: Sequence[Part], draw: Part) -> Part:
    mean, variance = given
    spread = _independent(variance)
    if spread is None:
        factor = parts.array(Call(variance.span, "Cholesky", (variance.node,)), variance.axes)
        return parts.added("+", mean, matrices.product(factor, draw, context.fresh))
    return parts.added("+", mean, parts.hadamard(parts.call(variance.span, "sqrt", spread), draw))


def _bernoulli(context: Context, given: Sequence[Part], draw: Part) -> Part:
    span = draw.span
    one, zero = parts.number(span, 1).node, parts.number(span, 0).node
    rest = TupleNode(span, (zero, Boolean(span, True)))

    def drawn(u: Node, p: Node) -> Node:
        return Call(span, "Piecewise", (TupleNode(span, (one, Compare(span, "<", u, p))), rest))

    return parts.pointwise(drawn, draw, *given)


def _uniform(context: Context, given: Sequence[Part], draw: Part) -> Part:
    low, high = given
    return parts.added("+", low, parts.hadamard(parts.added("-", high, low), draw))


_SAMPLERS: Mapping[str, Sampler] = {"normal": _normal, "bernoulli": _bernoulli, "uniform": _uniform}
"""How a sample follows from parameters and a draw, standard normal or uniform in [0, 1)."""


# -- clauses


def stated(
    context: Context, clause: Clause, outputs: Sequence[str], *, alone: bool
) -> list[tuple[Part, Part, Boxes]] | None:
    """What `q(x) = \\mathcal{N}(x; …)` or `x \\sim \\mathcal{N}(…)` says: the log-density and the sample of the record.

    `outputs` are those that nothing defines yet, `alone` says that there is no other clause. None if the clause is
    about no distribution, or gives the density itself.
    """
    left, right = _sides_of_distribution(clause)
    name = distribution_at(right)
    if name is None or context.glossary.at(right, 0) or (clause.kind == "equation" and _has(context, left)):
        return None
    expr = Expression(context, right)
    variable, given = parameters(expr, right)
    found: list[tuple[Part, Part, Boxes]] = []
    if variable and clause.kind == "equation" and name == "normal" and (log := _logarithm_of(context, left)):
        x = expr.inside(variable)
        found.append((log, log_density(expr, right[0], x, given), right))
    found += _sampled(context, outputs, name, given, variable or left, right)
    return None if alone and clause.kind == "equation" and not found and variable else found


def _sides_of_distribution(clause: Clause) -> tuple[Boxes, Boxes]:
    """What is distributed, and how, if a clause may say so."""
    if clause.kind == "equation" and len(clause.sides) == 2:
        return clause.sides[0], clause.sides[1]
    boxes = clause.sides[0]
    place = next((k for k, b in enumerate(boxes) if b.is_sign(r"\sim")), None)
    return (boxes, ()) if clause.kind != "remark" or not place else (boxes[:place], boxes[place + 1 :])


def _has(context: Context, left: Boxes) -> bool:
    return any(f.match.end == len(left) for f in context.glossary.at(left, 0))


def _logarithm_of(context: Context, left: Boxes) -> Part | None:
    """The symbol that the glossary has for the logarithm of a density."""
    boxes = (Box("letter", r"\log", left[0].offset, left[0].offset), *left)
    found = next((f for f in context.glossary.at(boxes, 0) if f.match.end == len(boxes)), None)
    return None if found is None else parts.scalar(Name(context.span(left[0]), found.spelling.name))


def _sampled(
    context: Context, outputs: Sequence[str], name: str, given: Sequence[Part], variable: Boxes, right: Boxes
) -> list[tuple[Part, Part, Boxes]]:
    """The sample of a distribution, if the record computes one of a draw."""
    context.target = True
    try:
        found = context.symbol(variable, 0)
    finally:
        context.target = False
    if found is None or found.spelling.name not in outputs or found.match.end != len(variable):
        return []
    axes = context.glossary.axes[found.spelling.name]
    target = parts.array(Name(context.span(variable[0]), found.spelling.name), axes)
    with context.pointing_at(right[0]):
        value = sample(context, name, given, target)
    return [] if value is None else [(target, value, right)]
