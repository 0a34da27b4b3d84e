"""Lowering: a record's formula becomes a program.

Scalar expressions become bodies; every sum, product or extremum inside a larger expression, every matrix product and
every use of another record becomes statements of its own, over just those indices in scope that it depends on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from eqc.errors import NotationError, ShapeError
from eqc.ir.program import FunctionInput, Op, Parameter, Program, Tensor
from eqc.ir.terms import Expr, extent_symbol, integer_symbol
from eqc.notation import extents, positions
from eqc.notation.builder import STOCHASTIC, SYMMETRIC, Calculus, Compose, Lowering, define
from eqc.notation.expression import lower_expression, lower_integer, lower_number
from eqc.notation.functions import check_bindings, unify
from eqc.notation.matrix import stray_identity
from eqc.notation.reduce import reduction_into
from eqc.notation.roles import Roles, target_name
from eqc.notation.solver import solution_into
from eqc.notation.tree import Assign, Name, Node, Subscript
from eqc.notation.value import Scope, Value, as_vector, same_shape, show_shape
from eqc.records.model import Record


def lower(
    record: Record,
    roles: Roles,
    compose: Compose,
    record_ids: frozenset[str],
    bindings: Mapping[str, str] | None = None,
    calculus: Calculus | None = None,
) -> Program:
    """The program of a record, errors point at the place in the formula.

    `bindings` are the functions that are to be other records, `calculus` serves derivatives inside formulas.
    """
    state = Lowering(record, roles, compose, record_ids, lower_expression, bindings=bindings or {})
    state.calculus = calculus or state.calculus
    _declare(state)
    for statement in roles.statements:
        _lower_statement(state, statement)
    _check_updates(state)
    arguments = tuple(n for n in record.symbols if n in roles.inputs or n in roles.parameters)
    defaults = {n: record.symbols[n].default for n in roles.parameters}
    return Program(
        name=record.id,
        inputs=tuple(state.inputs),
        parameters=tuple(Parameter(n, state.symbols[n], defaults[n]) for n in roles.parameters),
        arguments=arguments,
        extents=extents.solve(record, roles, tuple(state.inputs), state.symbols),
        statements=tuple(state.statements),
        outputs=roles.outputs,
        checks=positions.settle(state.checks, state.statements),
        functions=tuple(f for name, f in state.functions.items() if name not in state.bindings),
        uses=tuple(state.uses),
        areas=tuple(state.areas),
    )


def _check_updates(state: Lowering) -> None:
    """The new value of a state has the state's shape."""
    for name, entry in state.record.symbols.items():
        if entry.updates is None or name not in state.tensors:
            continue
        old = () if entry.updates in state.symbols else state.tensors[entry.updates].shape
        if not same_shape(old, state.tensors[name].shape):
            raise ShapeError(
                entry.span,
                written=f"{name}: updates: {entry.updates}",
                rule="a state and its new value are arrays of one shape",
                remedy="name an input of the same shape, or drop updates",
            )


def _declare(state: Lowering) -> None:
    """Make the symbols of extents and parameters, then the input tensors."""
    roles, entries = state.roles, state.record.symbols
    for name in (*roles.extents, *roles.parameters):
        entry = entries.get(name)
        low = entry.domain.lower if entry is not None else None
        counts = name in roles.extents or (low is not None and low >= 0)
        state.symbols[name] = extent_symbol(name) if counts else integer_symbol(name)
        state.taken.add(name)
    state.taken.update(roles.inputs, roles.assigned, roles.functions)
    _declare_functions(state)
    for name in roles.inputs:
        entry = entries[name]
        shape = tuple(lower_integer(state, axis, Scope()) for axis in roles.shapes.get(name, ()))
        integer = entry.domain.integer
        if entry.domain.name in SYMMETRIC and not (len(shape) == 2 and same_shape(shape[:1], shape[1:])):
            raise ShapeError(
                entry.span,
                written=f"{name} with shape {show_shape(shape)}",
                rule=f"a matrix of domain {entry.domain.name} has two equal axes",
                remedy="declare shape: [n, n]; further axes come as leading axes of the call",
            )
        if entry.default is not None and entry.default != entry.default:
            raise NotationError(
                entry.span, written=f"default: {entry.default}", rule="a default is a number", remedy="drop it"
            )
        if entry.default is not None and shape:
            raise NotationError(
                entry.span,
                written=f"default: {entry.default}",
                rule=f"{name} is an array, and a default is a number",
                remedy="drop the default, or make it a scalar",
            )
        tensor = Tensor(
            name,
            shape,
            integer=integer,
            differentiable=entry.differentiable and not integer,
            symmetric=entry.domain.name in SYMMETRIC,
            stochastic=entry.domain.name in STOCHASTIC,
            default=entry.default,
        )
        state.tensors[name] = tensor
        state.inputs.append(tensor)


def _declare_functions(state: Lowering) -> None:
    """The shapes of the function inputs; extents follow from the records that functions are bound to."""
    _read_functions(state)
    check_bindings(state, state.bindings)
    for name, record_id in state.bindings.items():
        if unify(state, state.functions[name], state.compose(record_id)):
            _read_functions(state)


def _read_functions(state: Lowering) -> None:
    for name, signature in state.roles.functions.items():
        arguments = tuple(_extents(state, shape) for shape in signature.arguments)
        state.functions[name] = FunctionInput(
            name, arguments, _extents(state, signature.returns), state.record.symbols[name].bound
        )


def _extents(state: Lowering, axes: Iterable[Node]) -> tuple[Expr, ...]:
    return tuple(lower_integer(state, axis, Scope()) for axis in axes)


def _lower_statement(state: Lowering, statement: Assign) -> None:
    state.span = statement.span
    target = statement.target
    if isinstance(target, Subscript):
        _lower_indexed(state, statement, target)
    else:
        _lower_whole(state, statement)


def _lower_indexed(state: Lowering, statement: Assign, target: Subscript) -> None:
    """`Eq(y[i, j], …)`: one body over the indices on the left."""
    name = target_name(statement)
    names = [p.name if isinstance(p, Name) else "" for p in target.positions]
    shape = _target_shape(state, statement, name, names)
    if solution_into(state, statement, name, shape):
        return
    scope = Scope()
    for index, extent in zip(names, shape, strict=False):
        loop = state.new_index(index, extent, scope)
        scope = scope.with_index(index, loop.symbol + 1, loop)
    if len(names) < len(shape):
        _lower_rows(state, statement, name, shape, scope)
    else:
        assign(state, name, shape, statement.value, scope)


def _lower_rows(state: Lowering, statement: Assign, name: str, shape: tuple[Expr, ...], scope: Scope) -> None:
    """`Eq(Y[h], …)` with fewer indices than axes: the right side gives the rest of the axes."""
    value = lower_expression(state, statement.value, scope)
    rest = shape[len(scope.loops) :]
    if not same_shape(value.shape, rest):
        value = _fit(value, rest, statement)
    axes = state.new_axes(rest, scope)
    own = tuple(axis.symbol for axis in axes)
    loops = (*scope.loops, *axes)
    define(state, name, shape, loops, tuple(loop.symbol for loop in loops), Op.NONE, value.at(own))


def _lower_whole(state: Lowering, statement: Assign) -> None:
    """`Eq(y, …)` or a bare expression: the right side decides the shape, and must fit the declared one."""
    name = target_name(statement)
    entry = state.record.symbols.get(name)
    declared = _declared_shape(state, name)
    if solution_into(state, statement, name, declared or ()):
        return
    if not declared and reduction_into(state, name, (), statement.value, Scope()):
        return
    value = lower_expression(state, statement.value, Scope())
    if value.identity:
        raise stray_identity(statement.span)
    if declared is not None and not same_shape(value.shape, declared):
        value = _fit(value, declared, statement)
    loops = state.new_axes(value.shape, Scope(), entry.index if entry is not None else ())
    at = tuple(loop.symbol for loop in loops)
    define(state, name, value.shape, loops, at, Op.NONE, value.at(at))


def _fit(value: Value, declared: tuple[Expr, ...], statement: Assign) -> Value:
    vector = as_vector(value)
    if same_shape(vector.shape, declared):
        return vector
    raise ShapeError(
        statement.span,
        written=f"{target_name(statement)} with shape {show_shape(declared)}",
        rule=f"the right side is {show_shape(value.shape)}",
        remedy="make the declared shape and the formula agree",
    )


def assign(state: Lowering, name: str, shape: tuple[Expr, ...], node: Node, scope: Scope) -> None:
    """Define `name` over the loops in scope by an expression that is a number there."""
    if reduction_into(state, name, shape, node, scope):
        return
    at = tuple(loop.symbol for loop in scope.loops)
    define(state, name, shape, scope.loops, at, Op.NONE, lower_number(state, node, scope))


def _declared_shape(state: Lowering, name: str) -> tuple[Expr, ...] | None:
    axes = state.roles.shapes.get(name)
    return None if axes is None else tuple(lower_integer(state, axis, Scope()) for axis in axes)


def _target_shape(state: Lowering, statement: Assign, name: str, names: list[str]) -> tuple[Expr, ...]:
    declared = _declared_shape(state, name)
    if declared is None:
        return tuple(positions.extent_of_index(state.tensors, statement, index) for index in names)
    if len(declared) < len(names):
        raise ShapeError(
            statement.span,
            written=f"{name}[{', '.join(names)}]",
            rule=f"{name} has {len(declared)} axes in the glossary and {len(names)} positions here",
            remedy=f"write one index per axis of {show_shape(declared)}, or fewer for rows",
        )
    return declared
