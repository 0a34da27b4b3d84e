"""Parts of a formula with their axes: what LaTeX leaves to the reader (elementwise or matrix, row or column) decided.

A part is written on whole arrays where the formula language can say it so, and entry by entry in any case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations

from eqc.errors import Span
from eqc.notation.latex.boxes import Box
from eqc.notation.sympy_form import parse_text
from eqc.notation.tree import (
    Attribute,
    Binary,
    BinaryOp,
    Boolean,
    Call,
    Compare,
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


def spread(factors: list[tuple[Box | None, Part]]) -> None:
    """A vector between matrices, as in `U \\Lambda U^\\top`, stands for the diagonal matrix of its entries."""
    for k in range(1, len(factors) - 1):
        before, (box, part), after = factors[k - 1][1], factors[k], factors[k + 1][1]
        if before.rank == 2 and part.rank == 1 and after.rank == 2 and UNIT not in (before.axes[0], after.axes[0]):
            factors[k] = box, diagonal(part)


def diagonal(part: Part) -> Part:
    """The diagonal matrix of a vector."""
    span = part.span
    whole = None if part.whole is None else Call(span, "diag", (part.whole,))

    def entry(at: Positions) -> Node:
        return Binary(span, "*", Call(span, "KroneckerDelta", at), part.entry(at[:1]))

    return Part(span, part.axes * 2, whole, entry)


def transposed(part: Part) -> Part:
    """Rows for columns; a vector becomes a row, a number stays."""
    if part.rank == 0:
        return part
    whole = None if part.whole is None else Attribute(part.span, part.whole, "T")
    if part.rank == 1:
        return Part(part.span, (UNIT, part.axes[0]), whole, lambda at: part.entry(at[1:]))
    if part.rank == 2 and part.axes[0] == UNIT:
        return Part(part.span, part.axes[1:], whole, lambda at: part.entry((_one(part.span), *at)))
    if part.rank > 2:
        raise Misfit(f"a transpose of {part.rank} axes", "write it with indices")
    return Part(part.span, part.axes[::-1], whole, lambda at: part.entry(at[::-1]))


def _one(span: Span) -> Node:
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
    plain = all(p.axes in ((), axes) or _alike(p.axes, axes) for p in operands)

    def entry(at: Positions) -> Node:
        return build(*(e(at[len(at) - r :]) for e, r in zip(aligned, ranks, strict=True)))

    if not plain or any(p.whole is None for p in operands):
        return Part(span, axes, None if axes else entry(()), entry)
    return Part(span, axes, build(*(p.node for p in operands)), entry)


def _common(operands: Sequence[Part]) -> tuple[str, ...]:
    """The axes of a result: those of the operand with most, whose last axes the others must have."""
    longest = max((p.axes for p in operands), key=len)
    for part in operands:
        if not _alike(part.axes, longest[len(longest) - part.rank :]):
            shapes = " and ".join(show(p.axes) for p in operands)
            raise Misfit(f"{shapes} meet entry by entry", "check the shapes in the glossary, or write indices")
    return longest


def _alike(a: Sequence[str], b: Sequence[str]) -> bool:
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


def cross(left: Part, right: Part) -> Part:
    """The cross product of vectors with three entries."""
    span = left.span
    a, b = ([scalar(p.entry((Number(span, Fraction(k)),))) for k in (1, 2, 3)] for p in (left, right))
    turns = ((1, 2), (2, 0), (0, 1))
    return matrix(span, [[added("-", hadamard(a[i], b[j]), hadamard(a[j], b[i]))] for i, j in turns])


def divided(left: Part, right: Part) -> Part:
    """A quotient, entry by entry if an array divides."""
    span = left.span
    result = pointwise(lambda a, b: Binary(span, "/", a, b), left, right)
    if not right.axes or result.whole is None:
        return result
    inverse = Call(right.span, "HadamardPower", (right.node, Unary(right.span, "-", _one(right.span))))
    if left.axes:
        return Part(span, result.axes, Call(span, "HadamardProduct", (left.node, inverse)), result.entry)
    return Part(span, result.axes, Binary(span, "*", left.node, inverse), result.entry)


def product(left: Part, right: Part, fresh: Fresh, *, dot: bool = False) -> Part:
    """Factors side by side: matrices multiply as matrices, vectors of one kind entry by entry (with a dot: summed)."""
    if not left.axes or not right.axes:
        return pointwise(lambda a, b: Binary(left.span, "*", a, b), left, right)
    if left.rank == 1 and right.rank == 1:
        return product(transposed(left), right, fresh) if dot else hadamard(left, right)
    if left.rank > 2 or right.rank > 2:
        return hadamard(left, right)
    if left.rank == 1 and right.rank == 2 and right.axes[0] != UNIT:
        if left.axes[0] != right.axes[0]:
            raise Misfit(f"{show(left.axes)} times {show(right.axes)}", "check the shapes in the glossary")
        return product(transposed(right), left, fresh)  # a row as printed, kept as a column
    inner = left.axes[1] if left.rank == 2 else UNIT
    if not _alike((inner,), right.axes[:1]):
        if left.axes == right.axes:
            return hadamard(left, right)
        raise Misfit(f"{show(left.axes)} times {show(right.axes)}", "check the shapes in the glossary")
    return _matrix_product(left, right, inner, fresh)


def _matrix_product(left: Part, right: Part, inner: str, fresh: Fresh) -> Part:
    span = left.span
    rows = left.axes[:1] if left.axes[0] != UNIT else ()
    columns = right.axes[1:] if right.axes[1:] != (UNIT,) else ()
    axes = (*(rows or ((UNIT,) if columns else ())), *columns)

    def entry(at: Positions) -> Node:
        row = (at[0] if rows or columns else _one(span),)
        column = at[-1:] if columns else ()

        def term(k: Node) -> Node:
            a = left.entry((*row, k)) if left.rank == 2 else left.entry(row)
            b = right.entry((k, *column)) if right.rank == 2 else right.entry((k,))
            return Binary(span, "*", a, b)

        if inner == UNIT:
            return term(_one(span))
        name = Name(span, fresh.name())
        return Call(span, "Sum", (term(name), TupleNode(span, (name, _one(span), size(span, inner)))))

    whole = None if left.whole is None or right.whole is None else Binary(span, "*", left.whole, right.whole)
    return Part(span, axes, whole if axes or whole is not None else entry(()), entry)


def size(span: Span, axis: str) -> Node:
    """An axis as a formula."""
    return parse_text(axis)


def power(base: Part, exponent: Part) -> Part:
    """A power: of a square matrix as a matrix, of other arrays entry by entry."""
    span = base.span
    whole = _integer(exponent)
    if base.rank == 2 and base.axes[0] == base.axes[1] and whole is not None:
        return _matrix_power(base, exponent, whole)
    if base.rank == 2 and whole is None:
        raise Misfit("a power of a matrix that is no whole number", "declare the power as a symbol of its own")
    result = pointwise(lambda a, b: Binary(span, "**", a, b), base, exponent)
    if not base.axes or exponent.axes or result.whole is None:
        return result
    return Part(span, result.axes, Call(span, "HadamardPower", (base.node, exponent.node)), result.entry)


def _integer(part: Part) -> int | None:
    node = part.whole
    sign = 1
    while isinstance(node, Unary) and node.op == "-":
        node, sign = node.operand, -sign
    if isinstance(node, Number) and node.value.denominator == 1:
        return sign * int(node.value)
    return None


def _matrix_power(base: Part, exponent: Part, whole: int) -> Part:
    if base.whole is None:
        if whole == -1 and base.axes[0].isdigit():
            return _inverse_of_entries(base)
        raise Misfit("a power of a matrix that has no name", "name the matrix")
    node = Binary(base.span, "**", base.whole, exponent.node)
    return array(node, base.axes)


def entries_of(part: Part) -> list[list[Node]] | None:
    """The entries of a matrix of known size."""
    if part.rank != 2 or not all(axis.isdigit() for axis in part.axes):
        return None
    rows, columns = (int(axis) for axis in part.axes)
    return [
        [part.entry((Number(part.span, Fraction(i)), Number(part.span, Fraction(j)))) for j in range(1, columns + 1)]
        for i in range(1, rows + 1)
    ]


def determinant(part: Part) -> Part:
    """The determinant, written out for a matrix of entries."""
    if part.rank != 2:
        raise Misfit(f"the determinant of {show(part.axes)}", "a matrix has two axes: give it a shape")
    entries = entries_of(part) if part.whole is None else None
    if entries is None:
        return scalar(Call(part.span, "Determinant", (part.node,)))
    return scalar(_expanded(part.span, entries))


_LARGEST = 4


def _expanded(span: Span, entries: list[list[Node]]) -> Node:
    order = len(entries)
    if order != len(entries[0]) or order > _LARGEST:
        raise Misfit(f"the determinant of {order} by {len(entries[0])} entries", "name the matrix")
    total: Node | None = None
    for columns in permutations(range(order)):
        term = entries[0][columns[0]]
        for row in range(1, order):
            term = Binary(span, "*", term, entries[row][columns[row]])
        odd = sum(a > b for k, a in enumerate(columns) for b in columns[k + 1 :]) % 2
        if total is None:
            total = term
        else:
            total = Binary(span, "-" if odd else "+", total, term)
    assert total is not None
    return total


def _inverse_of_entries(part: Part) -> Part:
    entries = entries_of(part)
    if entries is None or len(entries) != 2 or len(entries[0]) != 2:
        raise Misfit("the inverse of a matrix of entries", "name the matrix")
    (a, b), (c, d) = entries
    span, det = part.span, _expanded(part.span, entries)
    rows = [[d, Unary(span, "-", b)], [Unary(span, "-", c), a]]
    return matrix(span, [[scalar(Binary(span, "/", x, det)) for x in row] for row in rows])


def matrix(span: Span, rows: list[list[Part]]) -> Part:
    """A matrix of entries; with one column it is a vector."""
    widths = {len(row) for row in rows}
    if len(widths) != 1:
        raise Misfit("rows of different lengths", "give every row the same number of entries")
    if any(p.axes for row in rows for p in row):
        raise Misfit("a matrix of arrays", "write its entries")
    column = widths == {1}
    axes = (str(len(rows)),) if column else (str(len(rows)), str(widths.pop()))

    def entry(at: Positions) -> Node:
        cells = [((i, j), p.node) for i, row in enumerate(rows, 1) for j, p in enumerate(row, 1)]
        fixed = tuple(int(n.value) for n in at if isinstance(n, Number))
        if len(fixed) == len(at):
            place = (fixed[0], 1) if column else fixed
            return next((node for where, node in cells if where == place), Number(span, Fraction(0)))
        pairs = [TupleNode(span, (node, _at(span, at, where[: len(at)]))) for where, node in cells[:-1]]
        pairs.append(TupleNode(span, (cells[-1][1], Boolean(span, True))))
        return Call(span, "Piecewise", tuple(pairs))

    return Part(span, axes, None, entry)


def _at(span: Span, at: Positions, where: tuple[int, ...]) -> Node:
    conditions = [Compare(span, "==", node, Number(span, Fraction(k))) for node, k in zip(at, where, strict=True)]
    found: Node = conditions[0]
    for condition in conditions[1:]:
        found = Binary(span, "and", found, condition)
    return found


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
        yield TupleNode(span, (Name(span, name), _one(span), size(span, axis)))
