"""What each glossary name is: an input, an integer parameter, an extent, an index, an assigned name or a notation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from eqc.errors import NotationError, ShapeError, nearest
from eqc.notation.laws import read_statements
from eqc.notation.sympy_form import parse_expression
from eqc.notation.tree import Assign, Call, Name, Node, Subscript, TupleNode, placeholders, walk
from eqc.notation.words import BINDERS, CONSTANTS, SOLVERS
from eqc.records.model import Record, SourceText, SymbolEntry

BARE_OUTPUT = "out"


@dataclass(frozen=True, slots=True)
class Signature:
    """The shapes of a function input's arguments and of its value."""

    arguments: tuple[tuple[Node, ...], ...]
    returns: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Roles:
    """The statements of a record with the part that each name plays in them.

    `record` has entries for what its laws assign; `positions` are the names that positions are made of, also through
    other statements.
    """

    record: Record
    statements: tuple[Assign, ...]
    shapes: Mapping[str, tuple[Node, ...]]
    inputs: tuple[str, ...]
    parameters: tuple[str, ...]
    extents: tuple[str, ...]
    assigned: tuple[str, ...]
    outputs: tuple[str, ...]
    positions: frozenset[str]
    functions: Mapping[str, Signature] = field(default_factory=dict)


def target_name(statement: Assign) -> str:
    """The name that a statement assigns."""
    target = statement.target
    if target is None:
        return BARE_OUTPUT
    if isinstance(target, Name):
        return target.name
    if isinstance(target.base, Name):
        return target.base.name
    raise NotationError(
        target.span,
        written="…[…][…]",
        rule="the left side must be a name or name[i, j]",
        remedy="use one pair of brackets",
    )


PositionArguments = Callable[[str], Sequence[bool]]
"""Record id -> for each of its arguments whether it is an integer that it reads as a position."""


def find_roles(record: Record, record_ids: Iterable[str], position_arguments: PositionArguments) -> Roles:
    """Infer the role of every name of a record; errors for undeclared, unused and doubly used names."""
    record, statements = read_statements(record)
    shapes = {
        name: tuple(parse_expression(axis) for axis in entry.shape)
        for name, entry in record.symbols.items()
        if entry.shape is not None
    }
    assigned = tuple(dict.fromkeys(target_name(s) for s in statements))
    _check_targets(statements)
    _check_assigned(record, statements)
    used = _names_in_statements(statements)
    indices = set(_index_names(statements)) | placeholders(s.value for s in statements)
    sizes = {n.name for shape in shapes.values() for axis in shape for n in walk(axis) if isinstance(n, Name)}
    sizes |= _names_in_limits(statements)
    calls = {n.function for s in statements for n in walk(s.value) if isinstance(n, Call)}
    functions = {name: _signature(e) for name, e in record.symbols.items() if e.kind == "function" and name in calls}
    sizes |= {n.name for f in functions.values() for axis in _axes(f) for n in walk(axis) if isinstance(n, Name)}
    _check_declared(record, statements, used | sizes, indices, assigned, set(record_ids))
    in_positions = _names_in_positions(statements) | _passed_as_positions(
        statements, calls & set(record_ids) - {record.id} - functions.keys(), position_arguments
    )
    inputs, parameters, extents = [], [], []
    for name, entry in record.symbols.items():
        if name in assigned or name in indices or name not in used | sizes or entry.kind != "value":
            continue
        if entry.shape is None and entry.domain.integer and (name in sizes or name not in in_positions):
            parameters.append(name)
        elif entry.shape is None and name in sizes:
            extents.append(name)
        elif name in used:
            inputs.append(name)
        else:
            raise _unused(entry)
    _check_used(record, used | sizes | calls | set(assigned) | indices | set(record_ids))
    return Roles(
        record=record,
        statements=statements,
        shapes=shapes,
        inputs=tuple(inputs),
        parameters=tuple(parameters),
        extents=tuple(extents),
        assigned=assigned,
        outputs=_outputs(record, statements),
        positions=_sources(statements, in_positions),
        functions=functions,
    )


def _signature(entry: SymbolEntry) -> Signature:
    arguments = tuple(tuple(parse_expression(axis) for axis in shape) for shape in entry.arguments)
    return Signature(arguments, tuple(parse_expression(axis) for axis in entry.returns))


def _axes(signature: Signature) -> Iterable[Node]:
    for shape in (*signature.arguments, signature.returns):
        yield from shape


def _outputs(record: Record, statements: tuple[Assign, ...]) -> tuple[str, ...]:
    """Assigned names that no later statement reads, and those marked as outputs or updates, in order."""
    later: set[str] = set()
    chosen = []
    for statement in reversed(statements):
        name = target_name(statement)
        entry = record.symbols.get(name)
        if name not in later or (entry is not None and (entry.output or entry.updates)):
            chosen.append(name)
        later |= _names_in_statements([statement])
    return tuple(reversed(chosen))


def _names_in_statements(statements: Iterable[Assign]) -> set[str]:
    return {n.name for s in statements for n in walk(s.value) if isinstance(n, Name)}


def _limits(statements: Iterable[Assign], binders: Collection[str]) -> Iterable[TupleNode]:
    for statement in statements:
        for node in walk(statement.value):
            if isinstance(node, Call) and node.function in binders:
                yield from (a for a in node.arguments[1:] if isinstance(a, TupleNode))


def _index_names(statements: Sequence[Assign]) -> Iterable[str]:
    for limit in _limits(statements, BINDERS):
        if limit.items and isinstance(limit.items[0], Name):
            yield limit.items[0].name
    yield from _unknowns(statements)
    for statement in statements:
        if isinstance(statement.target, Subscript):
            yield from (p.name for p in statement.target.positions if isinstance(p, Name))


def _unknowns(statements: Sequence[Assign]) -> Iterable[str]:
    """Names that solvers find and that no statement assigns: they are known inside only."""
    assigned = {target_name(s) for s in statements}
    for statement in statements:
        for node in walk(statement.value):
            if isinstance(node, Call) and node.function in SOLVERS and len(node.arguments) > 1:
                spec = node.arguments[1]
                first = spec.items[0] if isinstance(spec, TupleNode) and spec.items else spec
                if isinstance(first, Name) and first.name not in assigned:
                    yield first.name


def _names_in_limits(statements: Sequence[Assign]) -> set[str]:
    """Names in the ends of limits that are sizes: not indices, not inside a gather."""
    names: set[str] = set()
    for limit in _limits(statements, BINDERS.keys() - {"Integral"}):
        for end in limit.items[1:]:
            names |= {n.name for n in _outside_subscripts(end)}
    return names - set(_index_names(statements))


def _outside_subscripts(node: Node) -> Iterable[Name]:
    stack = [node]
    while stack:
        top = stack.pop()
        if isinstance(top, Name):
            yield top
        if not isinstance(top, Subscript):
            stack.extend(top.children())


def _names_in_positions(statements: Iterable[Assign]) -> set[str]:
    return {
        inner.name
        for s in statements
        for node in walk(s.value)
        if isinstance(node, Subscript)
        for position in node.positions
        for inner in walk(position)
        if isinstance(inner, Name)
    }


def _passed_as_positions(
    statements: Iterable[Assign], callees: set[str], position_arguments: PositionArguments
) -> set[str]:
    """Names that stand alone as an argument which another record reads as a position."""
    names: set[str] = set()
    for statement in statements:
        for node in walk(statement.value):
            if isinstance(node, Call) and node.function in callees:
                pairs = zip(node.arguments, position_arguments(node.function), strict=False)
                names |= {a.name for a, position in pairs if position and isinstance(a, Name)}
    return names


def _sources(statements: Sequence[Assign], names: set[str]) -> frozenset[str]:
    """The names, and all that the statements make them of."""
    found = set(names)
    for statement in reversed(statements):
        if target_name(statement) in found:
            found |= _names_in_statements([statement])
    return frozenset(found)


def _check_targets(statements: Iterable[Assign]) -> None:
    """Left sides are names with different bare indices."""
    for statement in statements:
        target = statement.target
        if not isinstance(target, Subscript):
            continue
        names = [p.name if isinstance(p, Name) else "" for p in target.positions]
        if "" in names or len(set(names)) < len(names):
            raise NotationError(
                target.span,
                written=target_name(statement),
                rule="positions on the left side must be different index names",
                remedy="write Eq(y[i, j], …) with plain indices and put the arithmetic on the right side",
            )


def _check_assigned(record: Record, statements: tuple[Assign, ...]) -> None:
    seen: set[str] = set()
    for statement in statements:
        name = target_name(statement)
        if name in seen:
            raise NotationError(
                statement.span,
                written=name,
                rule=f"{name} is assigned twice",
                remedy="give the second one its own name",
            )
        seen.add(name)
        if name != BARE_OUTPUT and name not in record.symbols:
            raise NotationError(
                statement.span,
                written=name,
                rule=f"{name} is assigned but not in the glossary",
                remedy=f"add it under symbols, or {nearest(name, record.symbols)}",
            )


def _check_declared(
    record: Record,
    statements: tuple[Assign, ...],
    used: set[str],
    indices: set[str],
    assigned: tuple[str, ...],
    record_ids: set[str],
) -> None:
    known = set(record.symbols) | indices | set(assigned) | set(CONSTANTS)
    for statement in statements:
        for node in walk(statement.value):
            if isinstance(node, Name) and node.name not in known:
                raise NotationError(
                    node.span,
                    written=node.name,
                    rule=f"{node.name} is not declared",
                    remedy=f"add it under symbols, or {nearest(node.name, known - set(CONSTANTS))}",
                )
    for name in sorted(used - known):
        span = next(e.span for e in record.symbols.values() for a in _all_axes(e) if name in a.text)
        raise ShapeError(
            span,
            written=name,
            rule=f"the extent {name} is not declared",
            remedy=f"add it under symbols, or {nearest(name, known - set(CONSTANTS))}",
        )


def _all_axes(entry: SymbolEntry) -> Iterable[SourceText]:
    for shape in (entry.shape or (), *entry.arguments, entry.returns):
        yield from shape


def _check_used(record: Record, used: set[str]) -> None:
    for name, entry in record.symbols.items():
        if name not in used:
            raise _unused(entry)


def _unused(entry: SymbolEntry) -> NotationError:
    return NotationError(
        entry.span,
        written=entry.name,
        rule=f"{entry.name} is declared but not used in the formula",
        remedy="remove it from symbols, or check its spelling in the formula",
    )
