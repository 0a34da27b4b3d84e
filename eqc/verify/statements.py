"""Runs a record's statements at concrete inputs: extents from shapes, then one assignment after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from eqc.errors import NotationError, ShapeError
from eqc.notation.tree import Assign, Call, Name, Node, Subscript, TupleNode, walk
from eqc.verify.reading import BINDERS, target_name, unknown_name
from eqc.verify.solving import solution
from eqc.verify.tensor import Tensor, Value, filled, places, show

if TYPE_CHECKING:
    from eqc.verify.tree_eval import Evaluator


def run(ev: Evaluator) -> Mapping[str, Value]:
    """The outputs of a record whose inputs stand in `ev.values`."""
    solve_extents(ev)
    for statement in ev.reading.statements:
        ev.memo.clear()
        ev.values[target_name(statement)] = _assigned(ev, statement)
    return {name: ev.values[name] for name in ev.reading.outputs}


def again(ev: Evaluator, changed: str, expression: Node) -> None:
    """Assign anew what an expression reads and what has been assigned from a symbol that now has another value."""
    wanted, moved = _names(expression), {changed}
    for statement in reversed(ev.reading.statements):
        if target_name(statement) in wanted:
            wanted |= _names(statement.value)
    for statement in ev.reading.statements:
        name = target_name(statement)
        if name in wanted and name in ev.values and name != changed and _names(statement.value) & moved:
            moved.add(name)
            ev.memo.clear()
            ev.values[name] = _assigned(ev, statement)


def _names(node: Node) -> set[str]:
    return {part.name for part in walk(node) if isinstance(part, Name)}


def solve_extents(ev: Evaluator) -> None:
    """Find every extent from the sizes of the inputs' axes; ShapeError where they do not fit together."""
    axes = list(_axes(ev))
    waiting = [n for n in ev.reading.extents if n not in ev.values]
    while waiting:
        for node, size in axes:
            unknown = sorted({n.name for n in walk(node) if isinstance(n, Name)} & set(waiting))
            if len(unknown) == 1:
                ev.values[unknown[0]] = _solve(ev, node, unknown[0], size)
                waiting.remove(unknown[0])
                break
        else:
            raise _unfit(ev, waiting[0], "the extent does not follow from the shapes of the inputs")
    for node, size in axes:
        wanted = ev.whole(node)
        if wanted != size:
            raise _unfit(ev, str(wanted), f"an axis has {size} entries and another extent in the glossary")


def _axes(ev: Evaluator) -> list[tuple[Node, int]]:
    """The declared extent and the actual size of every axis of every input; bare names first."""
    pairs = []
    for name in ev.reading.inputs:
        declared, value = ev.reading.shapes.get(name, ()), ev.values[name]
        actual: tuple[int, ...] = value.data.shape if isinstance(value, Tensor) else ()
        if len(declared) != len(actual):
            raise _unfit(ev, f"{name}: {show(value)}", f"the glossary gives it {len(declared)} axes")
        pairs += list(zip(declared, actual, strict=True))
    return sorted(pairs, key=lambda pair: not isinstance(pair[0], Name))


def _solve(ev: Evaluator, node: Node, name: str, size: int) -> int:
    """The least extent for which the axis has that size."""
    candidates: list[int] = [size, *range(2 * size + 64)]
    for candidate in candidates:
        ev.values[name] = candidate
        if ev.number(node) == size:
            return candidate
    del ev.values[name]
    raise _unfit(ev, name, f"no extent gives an axis of {size} entries")


def _assigned(ev: Evaluator, statement: Assign) -> Value:
    if isinstance(statement.target, Subscript):
        return _indexed(ev, statement, statement.target)
    return _whole(ev, statement)


def _indexed(ev: Evaluator, statement: Assign, target: Subscript) -> Tensor:
    """`Eq(y[i, j], …)`: one number for every value of the indices."""
    names = [p.name for p in target.positions if isinstance(p, Name)]
    if len(names) < len(target.positions):
        raise NotationError(target.span, written="…", rule="positions on the left are indices", remedy="write y[i, j]")
    shape = _ranges(ev, statement, names)
    if _solves_for_target(statement):
        found: Tensor = solution(ev, statement.value, shape, names)
        return found
    rest = _rest(ev, statement, len(names))

    def entry(at: tuple[int, ...]) -> Value:
        ev.indices = {name: place + 1 for name, place in zip(names, at, strict=True)}
        if not rest:
            return ev.number(statement.value)
        return _fitted(ev, target_name(statement), ev.value(statement.value), rest)

    rows = {at: entry(at) for at in places(shape)}
    ev.indices = {}
    data = filled((*shape, *rest), lambda at: rows[at[: len(shape)]].data[at[len(shape) :]] if rest else rows[at])
    return Tensor(data, ev.reading.unit_axes(target_name(statement)) or (False,) * data.ndim)


def _solves_for_target(statement: Assign) -> bool:
    """Whether the right side is a solver, and the left side what it solves for."""
    return unknown_name(statement.value) == target_name(statement)


def _rest(ev: Evaluator, statement: Assign, count: int) -> tuple[int, ...]:
    """The extents of the axes that have no index on the left: `Eq(O[h], …)` assigns whole rows or matrices."""
    declared = ev.reading.shapes.get(target_name(statement), ())
    return tuple(ev.whole(axis) for axis in declared[count:])


def _ranges(ev: Evaluator, statement: Assign, names: list[str]) -> tuple[int, ...]:
    declared = ev.reading.shapes.get(target_name(statement))
    if declared is None:
        return tuple(_range_from_reads(ev, statement, name) for name in names)
    if len(declared) < len(names):
        raise _unfit(ev, target_name(statement), f"the glossary gives it {len(declared)} axes")
    return tuple(ev.whole(axis) for axis in declared[: len(names)])


def _range_from_reads(ev: Evaluator, statement: Assign, index: str) -> int:
    """The size of an axis that is read at the bare index."""
    stack: list[Node] = [statement.value]
    while stack:
        node = stack.pop()
        if isinstance(node, Subscript):
            found = _size_at(ev, node, index)
            if found is not None:
                return found
        if not (isinstance(node, Call) and index in _bound_by(node)):
            stack.extend(reversed(list(node.children())))
    raise _unfit(ev, index, "the range of the index is not known: declare the shape of the left side")


def _size_at(ev: Evaluator, node: Subscript, index: str) -> int | None:
    for axis, position in enumerate(node.positions):
        if isinstance(position, Name) and position.name == index:
            base = ev.value(node.base) if isinstance(node.base, Name | Call) else None
            if isinstance(base, Tensor) and axis < base.rank:
                return int(base.data.shape[axis])
    return None


def _bound_by(call: Call) -> set[str]:
    if call.function not in BINDERS:
        return set()
    limits = [a for a in call.arguments[1:] if isinstance(a, TupleNode)]
    return {first.name for limit in limits if isinstance(first := limit.items[0], Name)}


def _whole(ev: Evaluator, statement: Assign) -> Value:
    """`Eq(y, …)`: the right side decides the shape; a row or column may fill a declared vector."""
    if _solves_for_target(statement):
        shape = ev.reading.shapes.get(target_name(statement), ())
        return solution(ev, statement.value, tuple(ev.whole(axis) for axis in shape))
    value = ev.value(statement.value)
    declared = ev.reading.shapes.get(target_name(statement))
    if isinstance(value, Mapping):
        raise _unfit(ev, target_name(statement), "a record with several outputs needs a field: record(x).output")
    if declared is None:
        return value
    value = _fitted(ev, target_name(statement), value, tuple(ev.whole(axis) for axis in declared))
    unit = ev.reading.unit_axes(target_name(statement))
    return Tensor(value.data, unit) if isinstance(value, Tensor) else value


def _fitted(ev: Evaluator, name: str, value: Value, shape: tuple[int, ...]) -> Value:
    """The value in a declared shape; a row or column may fill a vector."""
    if isinstance(value, Tensor) and any(value.unit) and value.rank == len(shape) + 1 == 2:
        value = Tensor(value.data.reshape(-1), (False,))
    if (value.data.shape if isinstance(value, Tensor) else ()) != shape:
        raise _unfit(ev, name, f"the right side is {show(value)}, not of shape {shape}")
    return value


def _unfit(ev: Evaluator, written: str, rule: str) -> ShapeError:
    return ShapeError(ev.reading.record.span, written=written, rule=rule, remedy="check the declared shapes")
