"""Laws: a statement that is a condition becomes assignments that check it.

`Eq(A*v, lam*v)` assigns nothing, so it is a law and its outputs are `holds`, 1 or 0, and `residual`. `Eq(fits, a < b)`
names the first output; of several laws in one record the second outputs are `fits_residual` and so on.

An equation's residual is the difference of its sides; it holds where that is at most the tolerance, relative to the
largest term of either side in any entry. An inequality's residual is by how much it is violated, 0 where it is not; one
with `<=` or `>=` may be violated by the tolerance, one with `<` or `>` not at all. `And` and `Or` take the largest and
the least residual of their parts. A law about arrays or free indices means all entries, unless its name has indices.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from eqc.errors import NotationError, Span
from eqc.ir.program import fresh
from eqc.notation.operators import is_condition
from eqc.notation.sympy_form import parse_statement
from eqc.notation.tree import (
    Assign,
    Binary,
    BinaryOp,
    Boolean,
    Call,
    Compare,
    CompareOp,
    Name,
    Node,
    Number,
    Subscript,
    TupleNode,
    Unary,
    walk,
)
from eqc.notation.words import BINDERS, CONSTANTS
from eqc.records.model import Domain, Record, SymbolEntry
from eqc.records.names import HOLDS, RESIDUAL

TOLERANCE = 1e-6
TRUTH = Domain("binary", Fraction(0), Fraction(1), lower_open=False, upper_open=False, integer=True)

_OPPOSITE: Mapping[CompareOp, CompareOp] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_OTHER: Mapping[BinaryOp, BinaryOp] = {"and": "or", "or": "and"}


def read_statements(record: Record) -> tuple[Record, tuple[Assign, ...]]:
    """A record's statements with its laws spelled out, and the record with entries for all that they assign.

    >>> from eqc.records.load import load_text
    >>> text = "{title: Unit, sympy: 'Eq(Sum(p[k], (k, 1, K)), 1)', symbols: {p: {shape: [K]}, K: count}}"
    >>> record, statements = read_statements(load_text(text, id="unit", area="a", file="unit.yaml"))
    >>> [s.target.name for s in statements]
    ['term', 'gap', 'scale', 'holds', 'residual']
    """
    statements = [parse_statement(text) for text in record.statements]
    count = sum(is_condition(s.value) for s in statements)
    if not count:
        return record, tuple(statements)
    parts = [part for s in statements for part in (s.target, s.value) if part is not None]
    names = {n.name for part in parts for n in walk(part) if isinstance(n, Name)}
    taken = names | set(record.symbols) | {HOLDS, RESIDUAL}
    tolerance = TOLERANCE if record.tolerance is None else record.tolerance
    checked: list[Assign] = []
    entries = dict(record.symbols)
    for statement in statements:
        if is_condition(statement.value):
            law = _Law(record, statement, tolerance, taken, single=count == 1)
            checked += law.assignments()
            entries |= law.entries()
        else:
            checked.append(statement)
    return replace(record, symbols=entries), tuple(checked)


@dataclass(slots=True)
class _Leaf:
    """One comparison: the condition for it, and how far it is from holding, in its natural shape and as one number."""

    holds: Node
    residual: Node
    amount: Node
    indices: tuple[str, ...]


@dataclass(slots=True)
class _Law:
    """Spells out one law; `made` are the assignments so far."""

    record: Record
    statement: Assign
    tolerance: float
    taken: set[str]
    single: bool
    made: list[Assign] = field(default_factory=list)
    helpers: dict[str, SymbolEntry] = field(default_factory=dict)

    @property
    def span(self) -> Span:
        return self.statement.span

    @property
    def name(self) -> str:
        target = self.statement.target
        base = target.base if isinstance(target, Subscript) else target
        return base.name if isinstance(base, Name) else HOLDS

    @property
    def indices(self) -> tuple[str, ...]:
        """The indices of the law's own name: it holds or not at each of their values."""
        target = self.statement.target
        positions = target.positions if isinstance(target, Subscript) else ()
        return tuple(p.name for p in positions if isinstance(p, Name))

    @property
    def residual(self) -> str:
        return RESIDUAL if self.single else f"{self.name}_{RESIDUAL}"

    def entries(self) -> dict[str, SymbolEntry]:
        """Glossary entries for all that is assigned; those of the record keep their words."""
        symbols = self.record.symbols
        misses = symbols.get(self.residual) or SymbolEntry(self.residual, self.span, "by how much the law is missed")
        if self.name not in symbols and self.name != HOLDS:
            return {**self.helpers, self.residual: misses}
        holds = symbols.get(self.name) or SymbolEntry(HOLDS, self.span, "1 if the law holds, else 0")
        shape = holds.shape if self.indices else misses.shape
        outputs = {self.name: replace(holds, domain=TRUTH), self.residual: replace(misses, shape=shape)}
        return {**self.helpers, **outputs}

    def assignments(self) -> list[Assign]:
        if self.statement.target is None and self.name in self.record.symbols:
            raise self._taken(self.name)
        condition, leaves = self._condition(self.statement.value, positive=True)
        truth = self._choice(Number(self.span, Fraction(1)), condition, Number(self.span, Fraction(0)))
        only = leaves[0] if len(leaves) == 1 else None
        indices = self.indices or (only.indices if only else ())
        residual = only.residual if only else self._amount(self.statement.value, iter(leaves), positive=True)
        self._assign(self.name, self.indices, truth)
        self._assign(self.residual, indices, residual)
        return self.made

    def _taken(self, name: str) -> NotationError:
        rule = f"a law without a name has the output {name}, which is another symbol here"
        return NotationError(self.span, written=name, rule=rule, remedy="name the law: Eq(valid, …)")

    def _assign(self, name: str, indices: Sequence[str], value: Node) -> None:
        self.made.append(Assign(self.span, self._at(name, indices), value))

    def _at(self, name: str, indices: Sequence[str]) -> Name | Subscript:
        base = Name(self.span, name)
        return Subscript(self.span, base, tuple(Name(self.span, i) for i in indices)) if indices else base

    def _hidden(self, base: str, value: Node, indices: Sequence[str]) -> Node:
        """A name for a part; its axes are the law's own where that has indices."""
        name = fresh(base, self.taken)
        declared = self.record.symbols[self.name].shape if self.indices and self.name in self.record.symbols else None
        axes = dict(zip(self.indices, declared or (), strict=False))
        shape = tuple(axes[i] for i in indices) if axes and indices else None
        self.helpers[name] = SymbolEntry(name, self.span, shape=shape)
        self._assign(name, indices, value)
        return self._at(name, indices)

    def _call(self, function: str, *arguments: Node) -> Node:
        return Call(self.span, function, arguments)

    def _choice(self, value: Node, condition: Node, other: Node) -> Node:
        pairs = ((value, condition), (other, Boolean(self.span, value=True)))
        return self._call("Piecewise", *(TupleNode(self.span, pair) for pair in pairs))

    def _condition(self, node: Node, *, positive: bool) -> tuple[Node, list[_Leaf]]:
        """The condition with every comparison spelled out, and the comparisons from left to right."""
        if isinstance(node, Unary):
            return self._condition(node.operand, positive=not positive)
        if isinstance(node, Binary) and node.op in ("and", "or"):
            left, leaves = self._condition(node.left, positive=positive)
            right, more = self._condition(node.right, positive=positive)
            return Binary(node.span, node.op if positive else _OTHER[node.op], left, right), [*leaves, *more]
        if not isinstance(node, Compare) or is_condition(node.right):
            rule, remedy = "a law is made of comparisons", "compare two numbers, and join comparisons by And and Or"
            raise NotationError(node.span, written="…", rule=rule, remedy=remedy)
        leaf = self._leaf(node, node.op if positive else _OPPOSITE[node.op])
        return leaf.holds, [leaf]

    def _amount(self, node: Node, leaves: Iterator[_Leaf], *, positive: bool) -> Node:
        """How far a whole condition is from holding, as one number."""
        if isinstance(node, Unary):
            return self._amount(node.operand, leaves, positive=not positive)
        if isinstance(node, Binary):
            left = self._amount(node.left, leaves, positive=positive)
            right = self._amount(node.right, leaves, positive=positive)
            return self._call("Max" if (node.op == "and") == positive else "Min", left, right)
        return next(leaves).amount

    def _leaf(self, node: Compare, op: CompareOp) -> _Leaf:
        indices = self.indices or free_indices(node, self.record)
        terms = [(sign, self._part(part, indices)) for sign, part in _terms(node)]
        signed = terms if op not in (">", ">=") else [(-sign, term) for sign, term in terms]
        gap = self._hidden("gap", _sum(node.span, signed), indices)
        zero = Number(self.span, Fraction(0))
        over = gap if op in ("==", "!=") else self._call("Max", gap, zero)
        amount = self._largest(self._call("Abs", gap) if op in ("==", "!=") else over)
        holds = self._within(op, gap, [term for _, term in terms], indices)
        if op != "!=":
            return _Leaf(holds, over, amount, indices)
        missed = self._choice(zero, holds, Number(self.span, Fraction(1)))
        return _Leaf(holds, missed, missed, self.indices)

    def _within(self, op: CompareOp, gap: Node, terms: Sequence[Node], indices: Sequence[str]) -> Node:
        """The condition that a gap is small enough for its relation."""
        if op in ("<", ">"):
            return Compare(self.span, "<", self._largest(gap), Number(self.span, Fraction(0)))
        sizes = [self._call("Abs", term) for term in terms if not self._is_sizeless(term)]
        scale = self._hidden("scale", self._call("Max", *sizes or [Number(self.span, Fraction(0))]), indices)
        bound = Binary(self.span, "*", Number(self.span, Fraction(repr(self.tolerance))), self._largest(scale))
        size = self._call("Abs", gap) if op in ("==", "!=") else gap
        return Compare(self.span, ">" if op == "!=" else "<=", self._largest(size), bound)

    def _is_sizeless(self, term: Node) -> bool:
        """Whether a term says nothing of a relation's size: 0, and the identity matrix, whose order others decide."""
        return (isinstance(term, Number) and not term.value) or self._is_identity(term)

    def _is_identity(self, term: Node) -> bool:
        return "I" not in self.record.symbols and any(isinstance(n, Name) and n.name == "I" for n in walk(term))

    def _largest(self, value: Node) -> Node:
        """Over all entries that the law is about."""
        if self.indices:
            return value
        whole = _without_positions(value)
        return self._call("MaxEntry", whole)

    def _part(self, term: Node, indices: Sequence[str]) -> Node:
        """A term under a name of its own, so that it is computed once."""
        names = {n.name for n in walk(term) if isinstance(n, Name)}
        if isinstance(term, Name | Number | Subscript) or self._is_identity(term):
            return term
        return self._hidden("term", term, [i for i in indices if i in names])


def _without_positions(value: Node) -> Node:
    """What stands for one entry, as the whole array of them."""
    if isinstance(value, Subscript):
        return value.base
    if isinstance(value, Call):
        return replace(value, arguments=tuple(_without_positions(a) for a in value.arguments))
    return value


def _terms(node: Compare) -> list[tuple[int, Node]]:
    """The terms of the left side less those of the right one, with their signs."""
    found: list[tuple[int, Node]] = []
    stack = [(-1, node.right), (1, node.left)]
    while stack:
        sign, part = stack.pop()
        if isinstance(part, Binary) and part.op in ("+", "-"):
            stack += [(sign if part.op == "+" else -sign, part.right), (sign, part.left)]
        elif isinstance(part, Unary) and part.op in ("+", "-"):
            stack.append((sign if part.op == "+" else -sign, part.operand))
        else:
            found.append((sign, part))
    return found


def _sum(span: Span, terms: Sequence[tuple[int, Node]]) -> Node:
    (sign, total), *rest = terms
    total = total if sign > 0 else Unary(span, "-", total)
    for sign, term in rest:
        total = Binary(span, "+" if sign > 0 else "-", total, term)
    return total


def free_indices(node: Node, record: Record) -> tuple[str, ...]:
    """The names in positions that are no symbols and that nothing in the formula binds, in reading order."""
    found: dict[str, None] = {}
    stack: list[tuple[Node, bool, frozenset[str]]] = [(node, False, frozenset())]
    while stack:
        top, placed, bound = stack.pop()
        if isinstance(top, Name) and placed and top.name not in bound:
            found[top.name] = None
        if isinstance(top, Call) and top.function in BINDERS:
            limits = [a.items[0] for a in top.arguments[1:] if isinstance(a, TupleNode) and a.items]
            bound |= {n.name for n in limits if isinstance(n, Name)}
        positions = top.positions if isinstance(top, Subscript) else ()
        stack += [(c, placed or any(c is p for p in positions), bound) for c in reversed(list(top.children()))]
    return tuple(name for name in found if name not in record.symbols and name not in CONSTANTS)
