"""Products, powers, transposes and determinants of parts: what depends on their being matrices, columns or rows."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

from eqc.errors import Span
from eqc.notation.latex.boxes import Box
from eqc.notation.latex.parts import (
    UNIT,
    Fresh,
    Misfit,
    Part,
    Positions,
    added,
    alike,
    array,
    hadamard,
    one,
    pointwise,
    scalar,
    show,
    size,
)
from eqc.notation.tree import (
    Attribute,
    Binary,
    Boolean,
    Call,
    Compare,
    Name,
    Node,
    Number,
    TupleNode,
    Unary,
)


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
        return Part(part.span, part.axes[1:], whole, lambda at: part.entry((one(part.span), *at)))
    if part.rank > 2:
        raise Misfit(f"a transpose of {part.rank} axes", "write it with indices")
    return Part(part.span, part.axes[::-1], whole, lambda at: part.entry(at[::-1]))


def cross(left: Part, right: Part) -> Part:
    """The cross product of vectors with three entries."""
    span = left.span
    a, b = ([scalar(p.entry((Number(span, Fraction(k)),))) for k in (1, 2, 3)] for p in (left, right))
    turns = ((1, 2), (2, 0), (0, 1))
    return matrix(span, [[added("-", hadamard(a[i], b[j]), hadamard(a[j], b[i]))] for i, j in turns])


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
    if not alike((inner,), right.axes[:1]):
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
        row = (at[0] if rows or columns else one(span),)
        column = at[-1:] if columns else ()

        def term(k: Node) -> Node:
            a = left.entry((*row, k)) if left.rank == 2 else left.entry(row)
            b = right.entry((k, *column)) if right.rank == 2 else right.entry((k,))
            return Binary(span, "*", a, b)

        if inner == UNIT:
            return term(one(span))
        name = Name(span, fresh.name())
        return Call(span, "Sum", (term(name), TupleNode(span, (name, one(span), size(span, inner)))))

    whole = None if left.whole is None or right.whole is None else Binary(span, "*", left.whole, right.whole)
    return Part(span, axes, whole if axes or whole is not None else entry(()), entry)


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

    return Part(span, axes, _written_out(span, rows), entry)


def _written_out(span: Span, rows: list[list[Part]]) -> Node:
    """The matrix as the formula language writes it."""
    if len(rows[0]) == 1:
        return Call(span, "Matrix", tuple(row[0].node for row in rows))
    return Call(span, "Matrix", tuple(TupleNode(span, tuple(p.node for p in row)) for row in rows))


def _at(span: Span, at: Positions, where: tuple[int, ...]) -> Node:
    conditions = [Compare(span, "==", node, Number(span, Fraction(k))) for node, k in zip(at, where, strict=True)]
    found: Node = conditions[0]
    for condition in conditions[1:]:
        found = Binary(span, "and", found, condition)
    return found
