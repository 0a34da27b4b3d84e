"""What the oracle makes of a record before it knows any numbers: statements, shapes, inputs, extents, outputs.

It follows the rules of the record format on its own; nothing of the compiler's lowering is used, so that a mistake
there cannot hide here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from eqc.errors import NotationError
from eqc.notation.laws import read_statements
from eqc.notation.sympy_form import parse_expression
from eqc.notation.tree import Assign, Call, Name, Node, Number, Subscript, TupleNode, placeholders, walk
from eqc.notation.words import SOLVERS
from eqc.records.model import Record, SymbolEntry

BARE_OUTPUT = "out"
EXTREMA = {"MaxOver": 1, "MinOver": -1}
ARG_EXTREMA = {"ArgMaxOver": 1, "ArgMinOver": -1}
REDUCTIONS = frozenset({"Sum", "Product", *EXTREMA, *ARG_EXTREMA})
BINDERS = REDUCTIONS | {"Integral"}


@dataclass(frozen=True, slots=True)
class Reading:
    """A record with the part that each name plays; names are in the glossary's order, outputs in the statements'.

    `functions` says what the function inputs are: the id of a record, an `instances.Bump`, or None.
    """

    record: Record
    statements: tuple[Assign, ...]
    shapes: dict[str, tuple[Node, ...]]
    inputs: tuple[str, ...]
    extents: tuple[str, ...]
    outputs: tuple[str, ...]
    names_below: dict[int, tuple[str, ...]]
    functions: Mapping[str, Any] = field(default_factory=dict)

    def entry(self, name: str) -> SymbolEntry:
        """The glossary's line for a name."""
        return self.record.symbols[name]

    def is_integer(self, name: str) -> bool:
        """Whether a symbol takes whole numbers."""
        return name in self.record.symbols and self.record.symbols[name].domain.integer

    @property
    def differentiable(self) -> tuple[str, ...]:
        """The inputs that derivatives are taken in."""
        return tuple(n for n in self.inputs if self.entry(n).differentiable and not self.is_integer(n))

    @property
    def sizes(self) -> tuple[str, ...]:
        """The inputs that stand in shapes."""
        names = {n.name for shape in self.shapes.values() for axis in shape for n in walk(axis) if isinstance(n, Name)}
        return tuple(n for n in self.inputs if n in names)

    def unit_axes(self, name: str) -> tuple[bool, ...]:
        """Which axes have the literal extent 1."""
        return tuple(isinstance(axis, Number) and axis.value == 1 for axis in self.shapes.get(name, ()))


def target_name(statement: Assign) -> str:
    """The name that a statement assigns."""
    target = statement.target
    if target is None:
        return BARE_OUTPUT
    base = target.base if isinstance(target, Subscript) else target
    if isinstance(base, Name):
        return base.name
    raise NotationError(base.span, written="…", rule="a statement assigns a name", remedy="write Eq(y[i], …)")


def unknown_name(node: Node) -> str | None:
    """The name that a solver solves for; None for what is no solver."""
    if not (isinstance(node, Call) and node.function in SOLVERS and len(node.arguments) > 1):
        return None
    spec = node.arguments[1]
    first = spec.items[0] if isinstance(spec, TupleNode) else spec
    return first.name if isinstance(first, Name) else None


def read_record(record: Record) -> Reading:
    """Read a record's formulas and tell its names apart.

    >>> from eqc.records.load import load_text
    >>> text = "title: Mean\\nlatex: m\\nsympy: Sum(x[i], (i, 1, n))/n\\nsymbols: {x: {shape: [n]}, n: count}"
    >>> reading = read_record(load_text(text, id="mean", area="a", file="mean.yaml"))
    >>> reading.inputs, reading.extents, reading.outputs
    (('x',), ('n',), ('out',))
    """
    record, statements = read_statements(record)
    shapes = {
        name: tuple(parse_expression(axis) for axis in entry.shape)
        for name, entry in record.symbols.items()
        if entry.shape is not None
    }
    assigned = {target_name(s) for s in statements}
    bound = set(_bound_names(statements)) | placeholders(s.value for s in statements)
    sizes = set(_size_names(statements, [*shapes.values(), *_function_axes(record)])) - bound
    mentioned = {n.name for s in statements for n in walk(s.value) if isinstance(n, Name)} | sizes
    given = [
        entry
        for entry in record.symbols.values()
        if entry.kind == "value" and entry.name in mentioned and entry.name not in assigned | bound
    ]
    extents = tuple(e.name for e in given if e.shape is None and e.name in sizes and not e.domain.integer)
    inputs = tuple(e.name for e in given if e.name not in extents)
    functions = {n: e.bound for n, e in record.symbols.items() if e.kind == "function"}
    outputs = _outputs(record, statements)
    return Reading(record, statements, shapes, inputs, extents, outputs, _names_below(statements, shapes), functions)


def words_of(record: Record) -> frozenset[str]:
    """The functions that a record's formulas call, and the records that its function inputs name."""
    calls = (n for s in read_statements(record)[1] for n in walk(s.value) if isinstance(n, Call))
    bound = (entry.bound for entry in record.symbols.values() if entry.kind == "function" and entry.bound)
    return frozenset([*(call.function for call in calls), *bound])


def _bound_names(statements: Iterable[Assign]) -> Iterator[str]:
    """Index names: of limits, and on left sides."""
    for statement in statements:
        if isinstance(statement.target, Subscript):
            yield from (p.name for p in statement.target.positions if isinstance(p, Name))
        yield from (name for node in walk(statement.value) if (name := unknown_name(node)) is not None)
        for limit in _limits(statement.value, BINDERS):
            first = limit.items[0]
            if isinstance(first, Name):
                yield first.name


def _limits(node: Node, words: frozenset[str]) -> Iterator[TupleNode]:
    for call in walk(node):
        if isinstance(call, Call) and call.function in words:
            yield from (a for a in call.arguments[1:] if isinstance(a, TupleNode) and a.items)


def _function_axes(record: Record) -> Iterator[tuple[Node, ...]]:
    """The shapes of the arguments and values of function inputs."""
    for entry in record.symbols.values():
        for shape in (*entry.arguments, entry.returns):
            yield tuple(parse_expression(axis) for axis in shape)


def _size_names(statements: Iterable[Assign], shapes: Iterable[tuple[Node, ...]]) -> Iterator[str]:
    """Names in shapes, and in the ends of limits unless they are read inside brackets."""
    for shape in shapes:
        yield from (n.name for axis in shape for n in walk(axis) if isinstance(n, Name))
    ends = [end for s in statements for limit in _limits(s.value, REDUCTIONS) for end in limit.items[1:]]
    while ends:
        node = ends.pop()
        if isinstance(node, Name):
            yield node.name
        elif not isinstance(node, Subscript):
            ends.extend(node.children())


def _outputs(record: Record, statements: tuple[Assign, ...]) -> tuple[str, ...]:
    """Assigned names that no later statement reads, with updates and marked outputs."""
    chosen = []
    for place, statement in enumerate(statements):
        name = target_name(statement)
        later = {n.name for s in statements[place + 1 :] for n in walk(s.value) if isinstance(n, Name)}
        entry = record.symbols.get(name)
        if name not in later or (entry is not None and (entry.output or entry.updates)):
            chosen.append(name)
    return tuple(chosen)


def _names_below(statements: Iterable[Assign], shapes: dict[str, tuple[Node, ...]]) -> dict[int, tuple[str, ...]]:
    """For every call, the names inside: what its value can depend on within one statement."""
    formulas = [*(s.value for s in statements), *(axis for shape in shapes.values() for axis in shape)]
    return {
        id(call): tuple(sorted({n.name for n in walk(call) if isinstance(n, Name)}))
        for formula in formulas
        for call in walk(formula)
        if isinstance(call, Call)
    }
