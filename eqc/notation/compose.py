"""Composition: another record's program, with its inputs replaced by expressions, becomes part of this one.

Arrays with more axes than the record asks for broadcast over the leading ones, and an argument that uses indices in
scope makes the record's statements run over those indices too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import sympy as sp

from eqc.errors import NotationError, ShapeError, nearest
from eqc.ir.opaque import Opaque
from eqc.ir.program import Check, Op, Program, Statement, Tensor, Use, base_name, box, reads_of, tensors_read
from eqc.ir.terms import Expr, Index, Read, index_symbol, read
from eqc.ir.walk import map_reads, substitute
from eqc.notation.builder import Lowering, context, guarded
from eqc.notation.extents import SIZE
from eqc.notation.tree import Call
from eqc.notation.value import Scope, Value, number, same_extent, show_shape
from eqc.notation.words import FUNCTION_WORDS


@dataclass(frozen=True, slots=True)
class Argument:
    """An input of the callee as a tensor here: `outer` and `lead` are its axes before the callee's own."""

    tensor: str
    outer: tuple[Index, ...]
    lead: tuple[Index, ...]
    unit_axes: tuple[bool, ...]
    integer: bool

    def read(self, own: Sequence[Expr]) -> Read:
        positions = [loop.symbol for loop in (*self.outer, *self.lead)]
        positions += [p for p, unit in zip(own, self.unit_axes, strict=False) if not unit]
        return read(self.tensor, tuple(positions), integer=self.integer)


def is_record(state: Lowering, name: str) -> bool:
    """Whether a call means a record; a record's own id means SymPy's function of that name, if there is one."""
    return name in state.record_ids and (name != state.record.id or name not in FUNCTION_WORDS)


def call(state: Lowering, node: Call, scope: Scope, field: str | None) -> Value:
    """The value of `record(arguments)`, or of one of its outputs."""
    callee = state.compose(node.function)
    if callee.functions:
        raise NotationError(
            node.span,
            written=f"{node.function}(…)",
            rule=f"{node.function} takes functions: {', '.join(f.name for f in callee.functions)}",
            remedy="give them a default there, a record's id, or write its formula out here",
        )
    output = _output(node, callee, field)
    values = [state.lower(state, argument, scope) for argument in node.arguments]
    rest = _defaults(callee)[len(values) :]
    values += [number(exact(d)) for d in rest if d is not None] if None not in rest else []
    if len(values) != len(callee.arguments):
        raise NotationError(
            node.span,
            written=f"{node.function} with {len(values)} argument(s)",
            rule=f"{node.function} takes {', '.join(callee.arguments)} in this order",
            remedy="give each input once, without extents",
        )
    return _Inlining(state, node, callee, scope, dict(zip(callee.arguments, values, strict=True))).result(output)


def exact(value: float) -> Expr:
    """A default as the decimal that was written."""
    fraction = Fraction(str(value))
    return sp.Rational(fraction.numerator, fraction.denominator)


def _defaults(callee: Program) -> list[float | None]:
    """The default of every argument in order; None where one must be given."""
    known = {t.name: t.default for t in callee.inputs} | {p.name: p.default for p in callee.parameters}
    return [known[name] for name in callee.arguments]


def _output(node: Call, callee: Program, field: str | None) -> str:
    if field is None and len(callee.outputs) == 1:
        return callee.outputs[0]
    if field in callee.outputs:
        return str(field)
    written = node.function if field is None else f"{node.function}(…).{field}"
    raise NotationError(
        node.span,
        written=written,
        rule=f"{node.function} gives {', '.join(callee.outputs)}",
        remedy=f"write {node.function}(…).{callee.outputs[0]}" if field is None else nearest(field, callee.outputs),
    )


_NEUTRAL = {Op.NONE: sp.Integer(0), Op.SUM: sp.Integer(0), Op.PRODUCT: sp.Integer(1)}
"""What a callee's statement gives in a branch that does not hold; extrema are of stored values, guarded already."""


class _Inlining:
    """One use of a record."""

    def __init__(self, state: Lowering, node: Call, callee: Program, scope: Scope, values: Mapping[str, Value]) -> None:
        self.state = state
        self.node = node
        self.callee = callee
        self.scope = scope
        self.symbols: dict[Expr, Expr] = {}
        self.lead = self._broadcast(values)
        self.arguments = {t.name: self._argument(t, values[t.name]) for t in callee.inputs}
        self.outer = {name: (*a.outer, *a.lead) for name, a in self.arguments.items()}
        self.names: dict[str, Tensor] = {}
        self._parameters(values)
        self._extents(values)

    def _broadcast(self, values: Mapping[str, Value]) -> tuple[Index, ...]:
        """Loops over the leading axes that arguments have beyond the callee's own."""
        shape: tuple[Expr, ...] = ()
        for tensor in self.callee.inputs:
            value = values[tensor.name]
            if value.rank < tensor.rank:
                raise self._wrong_shape(tensor, value)
            extra = value.shape[: value.rank - tensor.rank]
            common = min(len(extra), len(shape))
            for a, b in zip(extra[len(extra) - common :], shape[len(shape) - common :], strict=True):
                if not same_extent(a, b):
                    raise self._wrong_shape(tensor, value)
            shape = extra if len(extra) > len(shape) else shape
        return self.state.new_axes(shape, self.scope)

    def _wrong_shape(self, tensor: Tensor, value: Value) -> ShapeError:
        return ShapeError(
            self.node.span,
            written=f"{tensor.name} = an array of shape {show_shape(value.shape)}",
            rule=f"{self.node.function} takes {tensor.name} with shape {show_shape(tensor.shape)}",
            remedy="check the order of the arguments and their declared shapes",
        )

    def _argument(self, tensor: Tensor, value: Value) -> Argument:
        """The argument as a stored tensor; one that is a tensor already is taken as it stands."""
        extra = value.rank - tensor.rank
        lead = self.lead[len(self.lead) - extra :] if extra else ()
        inner = Scope(self.scope.indices, (*self.scope.loops, *lead), self.scope.guards)
        own = self.state.new_axes(value.shape[extra:], inner)
        if value.tensor is not None:
            known = self.state.tensors[value.tensor]
            self._require_whole(tensor, known.integer)
            return Argument(known.name, (), lead, (False,) * tensor.rank, known.integer)
        units = tuple(axis.extent == 1 and tensor.rank > 0 for axis in own)
        body = guarded(value.at(tuple(loop.symbol for loop in (*lead, *own))), self.scope, sp.Integer(0))
        body = substitute(body, {a.symbol: sp.Integer(0) for a, unit in zip(own, units, strict=True) if unit})
        outer = context(self.state, (body,), self.scope)
        loops = (*outer, *lead, *(a for a, unit in zip(own, units, strict=True) if not unit))
        at = tuple(loop.symbol for loop in loops)
        self._require_whole(tensor, bool(body.is_integer))
        name = self.state.name(tensor.name)
        stored = Tensor(name, box(loops), integer=tensor.integer, differentiable=False)
        self.state.add(Statement(stored, loops, at, Op.NONE, body))
        return Argument(name, outer, lead, units, tensor.integer)

    def _require_whole(self, tensor: Tensor, whole: bool) -> None:
        if tensor.integer and not whole:
            raise NotationError(
                self.node.span,
                written=tensor.name,
                rule=f"{tensor.name} must be whole numbers: {self.node.function} reads positions by it",
                remedy="declare domain: natural or integer for what is passed",
            )

    def _parameters(self, values: Mapping[str, Value]) -> None:
        for parameter in self.callee.parameters:
            value = values[parameter.name]
            expression = value.at(()) if value.rank == 0 else sp.nan
            if not expression.is_integer:
                raise NotationError(
                    self.node.span,
                    written=parameter.name,
                    rule=f"{self.node.function} takes a whole number as {parameter.name}",
                    remedy="pass an extent or an integer argument",
                )
            self.symbols[parameter.symbol] = expression

    def _extents(self, values: Mapping[str, Value]) -> None:
        """The callee's extents in terms of the arguments' shapes, which must then fit everywhere."""
        inputs = {t.name: t for t in self.callee.inputs}
        for extent in self.callee.extents:
            value = values[extent.input]
            size = value.shape[value.rank - inputs[extent.input].rank + extent.axis]
            solution = substitute(extent.solution, {**self.symbols, SIZE: size})
            self.symbols[index_symbol(extent.name)] = solution
        for tensor in self.callee.inputs:
            value = values[tensor.name]
            own = value.shape[value.rank - tensor.rank :]
            for wanted, actual in zip(tensor.shape, own, strict=True):
                if not same_extent(substitute(wanted, self.symbols), actual):
                    raise self._wrong_shape(tensor, value)

    def result(self, output: str) -> Value:
        """Append the callee's statements and read the wanted output."""
        for statement in _needed(self.callee, output):
            self._append(statement)
        for check in self.callee.checks:
            if check.reads <= self.outer.keys():
                self.state.checks.append(self._check(check))
        self._note(output)
        shape = tuple(substitute(e, self.symbols) for e in self.callee.tensors[output].shape)
        return self._value(self.names[output], self.outer[output], shape)

    def _note(self, output: str) -> None:
        """Remember for display what the callee's tensors are: this use of it, and its own uses of others."""
        if any(any(argument.unit_axes) for argument in self.arguments.values()):
            return
        parameters = {p.name: self.symbols[p.symbol] for p in self.callee.parameters}
        given = [
            self.arguments[name].read(()) if name in self.arguments else parameters[name]
            for name in self.callee.arguments
        ]
        field = output if len(self.callee.outputs) > 1 else ""
        head = tuple(loop.symbol for loop in self.outer[output])
        self.state.uses.append(Use(self.names[output].name, self.node.function, field, head, tuple(given)))
        for use in self.callee.uses:
            if use.tensor in self.names:
                self.state.uses.append(self._inner(use))

    def _inner(self, use: Use) -> Use:
        """A use inside the callee; its own head gets names that no loop has."""
        fresh_names = [index_symbol(f"{symbol.name}__{use.tensor}") for symbol in use.head]
        renamed = {**self.symbols, **dict(zip(use.head, fresh_names, strict=True))}
        arguments = tuple(self._translate(argument, renamed) for argument in use.arguments)
        head = (*(loop.symbol for loop in self.outer[use.tensor]), *fresh_names)
        return Use(self.names[use.tensor].name, use.record, use.field, head, arguments)

    def _value(self, stored: Tensor, prefix: tuple[Index, ...], shape: tuple[Expr, ...]) -> Value:
        """The output over the broadcast axes, then its own."""
        count = len(self.lead)
        place = {loop.symbol: n for n, loop in enumerate(self.lead)}

        def at(p: tuple[Expr, ...]) -> Expr:
            head = [p[place[loop.symbol]] if loop.symbol in place else loop.symbol for loop in prefix]
            return read(stored.name, (*head, *p[count:]), integer=stored.integer)

        return Value((*(loop.extent for loop in self.lead), *shape), at, stored.name if prefix == self.lead else None)

    def _append(self, statement: Statement) -> None:
        """One statement of the callee, over the outer loops that its reads bring along."""
        head = self._head(tensors_read(statement))
        neutral = _NEUTRAL.get(statement.op)
        if neutral is not None:
            guards = context(self.state, (self.scope.guard,), self.scope)
            head = tuple(loop for loop in (*self.scope.loops, *self.lead) if loop in head or loop in guards)
        renamed, own = self._rename(statement.loops, head)
        body = self._translate(statement.body, renamed)
        if neutral is not None and not isinstance(body, Opaque):
            body = guarded(body, self.scope, neutral)
        shape = tuple(substitute(e, self.symbols) for e in statement.target.shape)
        name = self.state.name(base_name(statement.target.name))
        target = replace(statement.target, name=name, shape=(*box(head), *shape))
        positions = tuple(self._translate(p, renamed) for p in statement.positions)
        self.state.add(
            replace(
                statement,
                target=target,
                loops=(*head, *own),
                positions=(*(loop.symbol for loop in head), *positions),
                body=body,
                guard=self._translate(statement.guard, renamed),
            )
        )
        self.names[statement.target.name] = target
        self.outer[statement.target.name] = head

    def _check(self, check: Check) -> Check:
        """The callee's check, over the loops that the arguments bring along."""
        parts = sp.Tuple(check.position, check.extent, check.guard, *(loop.extent for loop in check.loops))
        head = self._head(frozenset(r.tensor for r in reads_of(parts)))
        renamed, own = self._rename(check.loops, head)
        return replace(
            check,
            loops=(*head, *own),
            guard=self._translate(check.guard, renamed),
            position=self._translate(check.position, renamed),
            extent=self._translate(check.extent, renamed),
        )

    def _head(self, tensors: frozenset[str]) -> tuple[Index, ...]:
        brought = {loop for name in tensors for loop in self.outer[name]}
        return tuple(loop for loop in (*self.scope.loops, *self.lead) if loop in brought)

    def _translate(self, expression: Expr, renamed: Mapping[Expr, Expr]) -> Expr:
        """An expression of the callee in names of this program."""
        return map_reads(substitute(expression, renamed), self._read)

    def _read(self, r: Read) -> Read:
        if r.tensor in self.arguments:
            return self.arguments[r.tensor].read(r.positions)
        tensor = self.names[r.tensor]
        prefix = tuple(loop.symbol for loop in self.outer[r.tensor])
        return read(tensor.name, (*prefix, *r.positions), integer=tensor.integer)

    def _rename(self, loops: tuple[Index, ...], head: tuple[Index, ...]) -> tuple[dict[Expr, Expr], tuple[Index, ...]]:
        """New names for the callee's loops where they collide with names here."""
        mapping: dict[Expr, Expr] = dict(self.symbols)
        taken = (*self.scope.loops, *self.lead, *head)
        own: list[Index] = []
        for loop in loops:
            extent = self._translate(loop.extent, mapping)
            new = self.state.new_index(loop.name, extent, Scope(loops=(*taken, *own)))
            mapping[loop.symbol] = new.symbol
            own.append(new)
        return mapping, tuple(own)


def _needed(callee: Program, output: str) -> list[Statement]:
    """The statements that an output depends on, in order."""
    wanted, chosen = {output}, []
    for statement in reversed(callee.statements):
        if statement.target.name in wanted:
            wanted |= tensors_read(statement)
            chosen.append(statement)
    return chosen[::-1]
