"""Parts of a formula with their axes: what LaTeX leaves to the reader (elementwise or matrix, row or column) decided.

A part is written on whole arrays where the formula language can say it so, and entry by entry in any case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from eqc.errors import Span
from eqc.notation.sympy_form import parse_text
from eqc.notation.tree import (
    Binary,
    BinaryOp,
    Call,
    Name,
    Node,
    Number,
    Subscript,
    TupleNode,
    Unary,
)

Positions = tuple[Node, ...]
UNIT = "1"
ANY = "?"


class Misfit(Exception):
    """Parts that do not go together: (rule, remedy), for an error at their place."""

    def __init__(self, rule: str, remedy: str) -> None:
        super().__init__(rule)
        self.rule = rule
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Part:
    """A part that was read: its tree, its axes (extents as text), and its entry at positions.

    `whole` is None where only the entries can be written.
    """

    span: Span
    axes: tuple[str, ...]
    whole: Node | None
    entry: Callable[[Positions], Node]

    @property
    def node(self) -> Node:
        """The tree of the whole part; the entry if it is a number."""
        if self.whole is not None:
            return self.whole
        if self.axes:
            raise Misfit("this array has no name and no formula as a whole", "write it with indices")
        return self.entry(())

    @property
    def rank(self) -> int:
        return len(self.axes)


class Fresh:
    """Names for indices that the LaTeX does not print, none of them taken."""

    def __init__(self, taken: Sequence[str]) -> None:
        self._taken = set(taken)
        self._count = 0

    def name(self) -> str:
        """Another name."""
        self._count += 1
        while (name := f"k{self._count}") in self._taken:
            self._count += 1
        return name

    def like(self, wanted: str) -> str:
        """A name, or one like it that is not taken."""
        name = wanted
        while name in self._taken:
            name += "_"
        return name


def number(span: Span, value: int | Fraction) -> Part:
    """A number.

    >>> number(Span("r", 1, 1), 2).node.value
    Fraction(2, 1)
    """
    node = Number(span, Fraction(value))
    return scalar(node)


def scalar(node: Node) -> Part:
    """A part without axes."""
    return Part(node.span, (), node, lambda at: node)


def array(node: Node, axes: tuple[str, ...]) -> Part:
    """An array that has a name, or rows of one."""
    if not axes:
        return scalar(node)
    return Part(node.span, axes, node, lambda at: _subscript(node, at))


def _subscript(base: Node, at: Positions) -> Node:
    if isinstance(base, Subscript):
        return Subscript(base.span, base.base, (*base.positions, *at))
    return Subscript(base.span, base, at)


def index_into(part: Part, at: Positions) -> Part:
    """The part at some positions, or its rows there."""
    if len(at) > part.rank:
        raise Misfit(f"{len(at)} positions for an array of {part.rank} axes", "check the shape in the glossary")
    if len(at) == part.rank:
        return scalar(part.entry(at))
    whole = _subscript(part.whole, at) if isinstance(part.whole, Name | Subscript) else None
    return Part(part.span, part.axes[len(at) :], whole, lambda rest: part.entry((*at, *rest)))


def sliced(part: Part, at: Sequence[Node | None]) -> Part:
    """The part at some positions; axes with None, and those behind, stay."""
    while at and at[-1] is None:
        at = at[:-1]
    if None not in at:
        return index_into(part, tuple(node for node in at if node is not None))
    kept = [k for k, node in enumerate(at) if node is None]

    def entry(rest: Positions) -> Node:
        inner = iter(rest)
        return part.entry((*(next(inner) if node is None else node for node in at), *inner))

    axes = (*(part.axes[k] for k in kept), *part.axes[len(at) :])
    return Part(part.span, axes, None, entry)


def one(span: Span) -> Node:
    """The number 1."""
    return Number(span, Fraction(1))


def call(span: Span, word: str, *operands: Part) -> Part:
    """A function of numbers, entry by entry."""
    return pointwise(lambda *nodes: Call(span, word, nodes), *operands)


def negated(part: Part) -> Part:
    """The part with the other sign."""
    return pointwise(lambda x: Unary(part.span, "-", x), part)


def added(op: BinaryOp, left: Part, right: Part) -> Part:
    """A sum or difference; a vector beside a matrix goes with each of its rows, as in a layer's bias."""
    return pointwise(lambda a, b: Binary(left.span, op, a, b), left, right)


def pointwise(build: Callable[..., Node], *operands: Part) -> Part:
    """A function of parts entry by entry; numbers go with any shape."""
    axes = _common(operands)
    aligned = [p.entry for p in operands]
    ranks = [p.rank for p in operands]
    span = operands[0].span
    plain = all(p.axes in ((), axes) or alike(p.axes, axes) for p in operands)

    def entry(at: Positions) -> Node:
        return build(*(e(at[len(at) - r :]) for e, r in zip(aligned, ranks, strict=True)))

    if not plain or any(p.whole is None for p in operands):
        return Part(span, axes, None if axes else entry(()), entry)
    return Part(span, axes, build(*(p.node for p in operands)), entry)


def _common(operands: Sequence[Part]) -> tuple[str, ...]:
    """The axes of a result: those of the operand with most, whose last axes the others must have."""
    longest = max((p.axes for p in operands), key=len)
    for part in operands:
        if not alike(part.axes, longest[len(longest) - part.rank :]):
            shapes = " and ".join(show(p.axes) for p in operands)
            raise Misfit(f"{shapes} meet entry by entry", "check the shapes in the glossary, or write indices")
    return longest


def alike(a: Sequence[str], b: Sequence[str]) -> bool:
    """Whether axes are the same, as far as they are known."""
    return len(a) == len(b) and all(x == y or ANY in (x, y) or _same_sum(x, y) for x, y in zip(a, b, strict=True))


def _same_sum(a: str, b: str) -> bool:
    """Whether two extents are the same sum; one with a name of its own may be any sum."""
    sums = [axis for axis in (a, b) if "+" in axis]
    if len(sums) == 1 and (a + b).removeprefix(sums[0]).removesuffix(sums[0]).isidentifier():
        return True
    return bool(sums) and _terms(a) == _terms(b)


def _terms(axis: str) -> Counter[str]:
    """How often each term stands in a sum: f+f is twice f, like 2*f."""
    found: Counter[str] = Counter()
    for term in axis.split("+"):
        factor, times, rest = term.partition("*")
        found[rest if times and factor.isdigit() else term] += int(factor) if times and factor.isdigit() else 1
    return found


def show(axes: tuple[str, ...]) -> str:
    """Axes in words.

    >>> show(()), show(("n", "d"))
    ('a number', 'an array of shape [n, d]')
    """
    return f"an array of shape [{', '.join(axes)}]" if axes else "a number"


def hadamard(left: Part, right: Part) -> Part:
    """The product entry by entry."""
    span = left.span
    result = pointwise(lambda a, b: Binary(span, "*", a, b), left, right)
    if not (left.axes and right.axes) or result.whole is None:
        return result
    return Part(span, result.axes, Call(span, "HadamardProduct", (left.node, right.node)), result.entry)


def divided(left: Part, right: Part) -> Part:
    """A quotient, entry by entry if an array divides."""
    span = left.span
    result = pointwise(lambda a, b: Binary(span, "/", a, b), left, right)
    if not right.axes or result.whole is None:
        return result
    inverse = Call(right.span, "HadamardPower", (right.node, Unary(right.span, "-", one(right.span))))
    if left.axes:
        return Part(span, result.axes, Call(span, "HadamardProduct", (left.node, inverse)), result.entry)
    return Part(span, result.axes, Binary(span, "*", left.node, inverse), result.entry)


def size(span: Span, axis: str) -> Node:
    """An axis as a formula."""
    return parse_text(axis)


def reduced(part: Part, wrap: Callable[[Node], Node]) -> Part:
    """A sum, mean or the like of a part, entry by entry if it is an array."""

    def entry(at: Positions) -> Node:
        return wrap(part.entry(at))

    return Part(part.span, part.axes, None if part.axes else entry(()), entry)


def looped(part: Part, fresh: Fresh) -> tuple[Node, list[tuple[str, str]]]:
    """The entry at fresh indices, and each index with its axis."""
    names = [(fresh.name(), axis) for axis in part.axes]
    return part.entry(tuple(Name(part.span, name) for name, _ in names)), names


def limits(span: Span, names: Sequence[tuple[str, str]]) -> Iterator[TupleNode]:
    """Limits over whole axes, the last one innermost."""
    for name, axis in reversed(names):
        yield TupleNode(span, (Name(span, name), one(span), size(span, axis)))
