"""Function inputs: `f(x)` for a symbol of `kind: function`.

A function of numbers to a number acts entry by entry and stays a part of the bodies. Any other one becomes a statement
over whole arrays; an argument with more axes than the glossary gives it is run over along its leading axes. A function
that is bound to a record is that record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import sympy as sp

from eqc.errors import NotationError, ShapeError, nearest
from eqc.ir.opaque import Apply
from eqc.ir.program import FunctionInput, Op, Program, Statement, Tensor, box
from eqc.ir.terms import Applied, Expr, Index, Read, extent_symbol, read
from eqc.ir.walk import substitute
from eqc.notation import compose
from eqc.notation.builder import Lowering, context, guarded
from eqc.notation.extents import SIZE
from eqc.notation.tree import Call
from eqc.notation.value import Scope, Value, as_vector, elementwise, same_extent, same_shape, show_shape
from eqc.records.model import SymbolEntry


def call(state: Lowering, node: Call, scope: Scope) -> Value:
    """The value of `f(arguments)`."""
    function = state.functions[node.function]
    if len(node.arguments) != len(function.arguments):
        raise NotationError(
            node.span,
            written=f"{node.function} with {len(node.arguments)} argument(s)",
            rule=f"{node.function} takes {len(function.arguments)}: {_listed(function)}",
            remedy="give it those, or mend arguments: in the glossary",
        )
    if node.function in state.bindings:
        bound = compose.call(state, replace(node, function=state.bindings[node.function]), scope, None)
        return bound if function.is_pointwise else _checked(node, function, bound)
    values = [state.lower(state, argument, scope) for argument in node.arguments]
    if function.is_pointwise:
        return elementwise(node.span, lambda *x: Applied(function.head, *x), values)
    return _Use(state, node, function, scope).value(values)


def _listed(function: FunctionInput) -> str:
    return " and ".join(show_shape(shape) for shape in function.arguments)


def _checked(node: Call, function: FunctionInput, value: Value) -> Value:
    """A bound function gives the shape that the glossary says."""
    own = value.shape[value.rank - len(function.returns) :]
    if not same_shape(own, function.returns):
        raise ShapeError(
            node.span,
            written=f"{node.function}(…) of shape {show_shape(own)}",
            rule=f"{node.function} returns {show_shape(function.returns)}",
            remedy="bind another record, or mend returns: in the glossary",
        )
    return value


class _Use:
    """One call of a function of arrays."""

    def __init__(self, state: Lowering, node: Call, function: FunctionInput, scope: Scope) -> None:
        self.state = state
        self.node = node
        self.function = function
        self.scope = scope

    def value(self, values: list[Value]) -> Value:
        """The statement, and its result over the leading axes and the function's own."""
        fitted = [self._fit(v, shape) for v, shape in zip(values, self.function.arguments, strict=True)]
        extras = [v.shape[: v.rank - len(s)] for v, s in zip(fitted, self.function.arguments, strict=True)]
        lead = self.state.new_axes(self._common(extras), self.scope)
        reads = [self._argument(v, lead[len(lead) - len(e) :]) for v, e in zip(fitted, extras, strict=True)]
        used = {p for r in reads for p in r.positions}
        outer = tuple(loop for loop in self.scope.loops if loop.symbol in used)
        loops = (*outer, *lead)
        at = tuple(loop.symbol for loop in loops)
        name = self.state.name(f"{self.function.name}_value")
        target = Tensor(name, (*box(loops), *self.function.returns), differentiable=False)
        self.state.add(Statement(target, loops, at, Op.NONE, Apply(self.function.head, *reads)))
        prefix = tuple(loop.symbol for loop in outer)
        shape = (*(loop.extent for loop in lead), *self.function.returns)
        return Value(shape, lambda p: read(name, (*prefix, *p)), None if outer else name)

    def _fit(self, value: Value, shape: tuple[Expr, ...]) -> Value:
        """The argument, if its last axes are those that the glossary gives."""
        value = as_vector(value) if len(shape) == 1 and not same_shape(value.shape[-1:], shape) else value
        if value.rank >= len(shape) and same_shape(value.shape[value.rank - len(shape) :], shape):
            return value
        raise self._wrong(value.shape)

    def _wrong(self, shape: tuple[Expr, ...]) -> ShapeError:
        return ShapeError(
            self.node.span,
            written=f"an argument of shape {show_shape(shape)}",
            rule=f"{self.function.name} takes {_listed(self.function)}",
            remedy="give a row, x[i], or mend arguments: in the glossary",
        )

    def _common(self, extras: list[tuple[Expr, ...]]) -> tuple[Expr, ...]:
        """The leading axes that the arguments share from the right."""
        longest = max(extras, key=len)
        for extra in extras:
            if not same_shape(longest[len(longest) - len(extra) :], extra):
                raise self._wrong(extra)
        return longest

    def _argument(self, value: Value, lead: tuple[Index, ...]) -> Read:
        """The argument as a stored array, read at the loops in scope that it depends on and at the leading axes."""
        if value.tensor is not None:
            return read(value.tensor, tuple(loop.symbol for loop in lead))
        inner = Scope(self.scope.indices, (*self.scope.loops, *lead), self.scope.guards)
        own = self.state.new_axes(value.shape[len(lead) :], inner)
        body = guarded(value.at(tuple(loop.symbol for loop in (*lead, *own))), self.scope, sp.Integer(0))
        if self._is_row(body, (*self.scope.loops, *lead), own):
            return read(body.tensor, body.positions[: len(body.positions) - len(own)])
        loops = (*context(self.state, (body,), self.scope), *lead)
        at = tuple(loop.symbol for loop in (*loops, *own))
        name = self.state.name("argument")
        self.state.add(
            Statement(Tensor(name, box((*loops, *own)), differentiable=False), (*loops, *own), at, Op.NONE, body)
        )
        return read(name, tuple(loop.symbol for loop in loops))

    def _is_row(self, body: Expr, loops: tuple[Index, ...], own: tuple[Index, ...]) -> bool:
        """Whether a body is an array at loops over whole axes, then all its other axes: it is stored then."""
        if not isinstance(body, Read):
            return False
        extents = {loop.symbol: loop.extent for loop in loops}
        count = len(body.positions) - len(own)
        head, tail = body.positions[:count], body.positions[count:]
        shape = self.state.tensors[body.tensor].shape
        whole = all(p in extents and same_shape((extents[p],), (e,)) for p, e in zip(head, shape, strict=False))
        return whole and len(set(head)) == len(head) and tail == tuple(axis.symbol for axis in own)


def check_bindings(state: Lowering, bindings: Mapping[str, str]) -> None:
    """Every bound record takes and gives what the glossary says of the function."""
    entries = state.record.symbols
    for name, record_id in bindings.items():
        if name not in state.functions:
            raise NotationError(
                state.record.span,
                written=f"{name} = {record_id}",
                rule=f"{state.record.id} has no function {name}",
                remedy=nearest(name, state.functions),
            )
        if record_id not in state.record_ids:
            raise NotationError(
                entries[name].span,
                written=f"{name} = {record_id}",
                rule=f"{record_id} is no record",
                remedy=nearest(record_id, state.record_ids),
            )
        _check_fit(state, entries[name], state.functions[name], record_id)


def unify(state: Lowering, function: FunctionInput, callee: Program) -> bool:
    """Make the extents of a function's value those that its record gives; whether any of them changed."""
    shapes = dict(zip(callee.arguments, function.arguments, strict=False))
    known: dict[Expr, Expr] = {}
    for extent in callee.extents:
        if extent.input in shapes:
            size = shapes[extent.input][extent.axis]
            known[extent_symbol(extent.name)] = substitute(extent.solution, {**known, SIZE: size})
    given = tuple(substitute(e, known) for e in callee.tensors[callee.outputs[0]].shape)
    changed = False
    for declared, actual in zip(function.returns, given, strict=True):
        free = next((e for e in (declared, actual) if e.is_Symbol and e.name in state.roles.extents), None)
        if free is not None and not same_extent(declared, actual):
            state.symbols[free.name] = actual if free == declared else declared
            changed = True
    return changed


def _check_fit(state: Lowering, entry: SymbolEntry, function: FunctionInput, record_id: str) -> None:
    callee = state.compose(record_id)
    tensors, count = callee.tensors, len(function.arguments)
    first, rest = callee.arguments[:count], callee.arguments[count:]
    defaults = {t.name: t.default for t in callee.inputs} | {p.name: p.default for p in callee.parameters}
    ranks = [tensors[n].rank if n in tensors else -1 for n in first]
    spare = [n for n in rest if defaults[n] is None]
    results = [tensors[n].rank for n in callee.outputs]
    if ranks == [len(s) for s in function.arguments] and not spare and results == [len(function.returns)]:
        return
    raise ShapeError(
        entry.span,
        written=f"{entry.name} = {record_id}",
        rule=f"{entry.name} takes {_listed(function)} and returns {show_shape(function.returns)}, but {record_id} "
        f"takes {', '.join(callee.arguments)} and gives {', '.join(callee.outputs)}",
        remedy="bind a record of these shapes, whose further inputs have defaults",
    )
