"""Derivatives and substitutions inside formulas.

`Derivative(expression, x[i])` stores a copy of the variable for every round of the loops in scope that the expression
depends on, lowers the expression in terms of the copies, and differentiates the statements that this makes, by whatever
`state.calculus` is: forward for a number, in reverse for an array. One slope of 1 per round is then enough, since each
round has a copy of its own. Assigned names that depend on the variable are worked out anew from the copies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

import sympy as sp

from eqc.errors import NotationError
from eqc.ir.program import Op, Program, Statement, Tensor, box
from eqc.ir.terms import Expr, Index, Read, read
from eqc.ir.walk import map_reads
from eqc.notation.builder import Lowering, context, guarded
from eqc.notation.roles import target_name
from eqc.notation.tree import Assign, Call, Name, Node, Number, Subscript, TupleNode, walk
from eqc.notation.value import Scope, Value, show_shape

_MOST_TIMES = 4


def substitution(state: Lowering, node: Call, scope: Scope) -> Value:
    """`expression.subs(symbol, value)`: the expression where the symbol has that value."""
    expression, symbol, value = node.arguments
    if not isinstance(symbol, Name):
        raise NotationError(
            symbol.span, written="subs", rule="subs replaces a symbol", remedy="write L.subs(x, value) with a name x"
        )
    return state.lower(state, expression, _with_value(state, symbol.name, state.lower(state, value, scope), scope))


def derivative(state: Lowering, node: Call, scope: Scope) -> Value:
    """`Derivative(expression, x, …)` with symbols, entries, or pairs (x, times), the innermost first."""
    expression, *variables = (node.arguments[0], *(v for a in node.arguments[1:] for v in _repeated(a)))
    if not variables:
        return state.lower(state, expression, scope)
    *inner, last = variables
    for variable in inner:
        expression = Call(node.span, node.function, (expression, variable))
    return _Slope(state, expression, last, scope).value()


def _repeated(node: Node) -> list[Node]:
    """The variable of `(x, 2)` twice; others once."""
    if not isinstance(node, TupleNode):
        return [node]
    times = node.items[1] if len(node.items) == 2 else None
    if isinstance(times, Number) and times.value.denominator == 1 and 0 <= times.value <= _MOST_TIMES:
        return [node.items[0]] * int(times.value)
    raise NotationError(
        node.span,
        written="Derivative",
        rule=f"a variable may come with a whole number of times, up to {_MOST_TIMES}",
        remedy="write Derivative(f(x), (x, 2))",
    )


@dataclass
class _Slope:
    """One derivative in one variable."""

    state: Lowering
    expression: Node
    variable: Node
    scope: Scope

    def value(self) -> Value:
        """The derivative: a number for an entry or a number, an array for a whole array."""
        base = self.variable.base if isinstance(self.variable, Subscript) else self.variable
        if not isinstance(base, Name):
            raise self._no_variable("a derivative is taken in a symbol or an entry of one")
        if isinstance(self.variable, Subscript) and self._is_only_entry(self.variable, base.name):
            name = f"{base.name}[…]"
            entry = self.state.lower(self.state, self.variable, self.scope)
            return self._in(name, entry, _renamed(self.expression, self.variable, Name(self.variable.span, name)))
        slope = self._in(base.name, self.state.lower(self.state, base, self.scope), self.expression)
        if not isinstance(self.variable, Subscript):
            return slope
        name = f"{base.name}'"
        scope = self.scope.with_value(name, slope)
        at = replace(self.variable, base=Name(base.span, name))
        return self.state.lower(self.state, at, scope)

    def _no_variable(self, rule: str) -> NotationError:
        return NotationError(
            self.variable.span, written="Derivative", rule=rule, remedy="write Derivative(L, x) or Derivative(L, x[i])"
        )

    def _is_only_entry(self, variable: Subscript, name: str) -> bool:
        """Whether the expression reads the symbol at just this entry, and through no assigned name."""
        nodes = list(walk(self.expression))
        reads = sum(isinstance(n, Subscript) and _same(n, variable) for n in nodes)
        names = sum(isinstance(n, Name) and n.name == name for n in nodes)
        own = sum(isinstance(n, Name) and n.name == name for n in walk(variable))
        return reads * own == names and own == 1 and not _dependents(self.state, self.expression, name)

    def _in(self, name: str, value: Value, expression: Node) -> Value:
        """The derivative of an expression in the symbol that has this value."""
        state = self.state
        count, checks = len(state.statements), len(state.checks)
        loops = context(state, (self._body(name, value, expression),), self.scope)
        del state.statements[count:], state.checks[checks:]
        axes = state.new_axes(value.shape, self.scope)
        at = tuple(axis.symbol for axis in axes)
        outer = tuple(loop.symbol for loop in loops)
        copy = self._store("point", (*loops, *axes), value.at(at))
        copied = Value(value.shape, lambda p: read(copy.name, (*outer, *p)), None if loops else copy.name)
        first = len(state.statements)
        body = guarded(self._body(name, copied, expression), self.scope, sp.Integer(0))
        result = self._store("value", loops, body)
        slope = self._differentiated(first, copy, result, loops)
        return Value(value.shape, lambda p: read(slope, (*outer, *p)), None if loops else slope)

    def _body(self, name: str, value: Value, expression: Node) -> Expr:
        """The expression as a number, where the symbol has this value."""
        found = self.state.lower(self.state, expression, _with_value(self.state, name, value, self.scope))
        if found.rank:
            raise NotationError(
                expression.span,
                written=f"Derivative of an array of shape {show_shape(found.shape)}",
                rule="the derivative of a number is taken",
                remedy="give positions: Derivative(F(x)[a], x[b])",
            )
        return found.at(())

    def _store(self, base: str, loops: Sequence[Index], body: Expr) -> Tensor:
        at = tuple(loop.symbol for loop in loops)
        target = Tensor(self.state.name(base), box(loops), differentiable=False)
        return self.state.add(Statement(target, tuple(loops), at, Op.NONE, body))

    def _differentiated(self, first: int, copy: Tensor, result: Tensor, loops: tuple[Index, ...]) -> str:
        """Append the derivative of the statements from `first` on; the tensor that holds it."""
        state = self.state
        own = tuple(state.statements[first:])
        made = {s.target.name for s in own}
        others = tuple(
            replace(t, differentiable=False) for n, t in state.tensors.items() if n not in made | {copy.name}
        )
        program = Program(
            name=result.name,
            inputs=(*others, replace(copy, differentiable=True)),
            parameters=(),
            arguments=tuple(sorted({*state.symbols, *state.loop_names})),
            extents=(),
            statements=own,
            outputs=(result.name,),
        )
        rule = state.calculus.reverse if copy.rank > len(loops) else state.calculus.forward
        derived = rule(program)
        (seed,) = (t for t in derived.inputs if t not in program.inputs)
        axes = (*loops, *state.new_axes(seed.shape[len(loops) :], self.scope))
        ones = Statement(seed, axes, tuple(axis.symbol for axis in axes), Op.NONE, sp.Integer(1))
        return self._append((ones, *derived.statements), made)[derived.outputs[0]]

    def _append(self, statements: Sequence[Statement], known: set[str]) -> dict[str, str]:
        """Statements under names that the program does not have yet; the new names by the old ones."""
        names: dict[str, str] = {}

        def change(r: Read) -> Expr:
            return read(names.get(r.tensor, r.tensor), r.positions, integer=bool(r.is_integer))

        for statement in statements:
            names[statement.target.name] = self.state.name(statement.target.name)
            self.state.loop_names.update(loop.name for loop in statement.loops)
            self.state.add(_renaming(statement, names[statement.target.name], change))
        return names


def _renaming(statement: Statement, name: str, change: Callable[[Read], Expr]) -> Statement:
    return replace(
        statement,
        target=replace(statement.target, name=name),
        loops=tuple(Index(loop.name, map_reads(loop.extent, change)) for loop in statement.loops),
        positions=tuple(map_reads(p, change) for p in statement.positions),
        body=map_reads(statement.body, change),
        guard=map_reads(statement.guard, change),
    )


def _with_value(state: Lowering, name: str, value: Value, scope: Scope) -> Scope:
    """The scope where a symbol has another value; what is assigned from it follows."""
    inner = scope.with_value(name, value)
    for statement in state.roles.statements:
        target = target_name(statement)
        if target in state.tensors and _mentions(statement.value, name, state):
            inner = inner.with_value(target, statement)
    return inner


def assigned_again(state: Lowering, statement: Assign, scope: Scope) -> Value:
    """The value of an assigned name in a scope where something that it is made of has another value."""
    target = statement.target
    names = [p.name for p in target.positions if isinstance(p, Name)] if isinstance(target, Subscript) else []
    tensor = state.tensors[target_name(statement)]
    if not names:
        return state.lower(state, statement.value, scope)
    inner = Scope((), scope.loops, scope.guards, scope.values)
    own: list[Index] = []
    for name, extent in zip(names, tensor.shape, strict=False):
        loop = state.new_index(name, extent, inner)
        own.append(loop)
        inner = inner.with_index(name, loop.symbol + 1, loop)
    body = guarded(state.lower(state, statement.value, inner).at(()), scope, sp.Integer(0))
    outer = context(state, (body,), scope)
    loops = (*outer, *own)
    stored = Tensor(state.name(tensor.name), box(loops), differentiable=False)
    state.add(Statement(stored, loops, tuple(loop.symbol for loop in loops), Op.NONE, body))
    prefix = tuple(loop.symbol for loop in outer)
    return Value(tensor.shape, lambda p: read(stored.name, (*prefix, *p)), None if outer else stored.name)


def _dependents(state: Lowering, expression: Node, name: str) -> bool:
    """Whether an expression reads an assigned name that is made of a symbol."""
    used = {n.name for n in walk(expression) if isinstance(n, Name)}
    return any(
        target_name(s) in used and target_name(s) != name and _mentions(s.value, name, state)
        for s in state.roles.statements
    )


def _mentions(node: Node, name: str, state: Lowering) -> bool:
    """Whether a formula is made of a symbol, also through assigned names."""
    assigned = {target_name(s): s.value for s in state.roles.statements}
    seen: set[str] = set()
    stack = [node]
    while stack:
        for part in walk(stack.pop()):
            if not isinstance(part, Name) or part.name in seen:
                continue
            if part.name == name:
                return True
            seen.add(part.name)
            if part.name in assigned:
                stack.append(assigned[part.name])
    return False


def _same(a: Node, b: Node) -> bool:
    """Whether two formulas are the same but for their places in the text."""
    if type(a) is not type(b):
        return False
    ours, theirs = list(a.children()), list(b.children())
    plain = all(
        getattr(a, f.name) == getattr(b, f.name)
        for f in fields(a)
        if not isinstance(getattr(a, f.name), Node | tuple) and f.name != "span"
    )
    return plain and len(ours) == len(theirs) and all(map(_same, ours, theirs))


def _renamed(node: Node, old: Node, new: Node) -> Node:
    """A formula with every part that is the same as `old` replaced."""
    if _same(node, old):
        return new
    changes: dict[str, object] = {}
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, Node):
            changes[field.name] = _renamed(value, old, new)
        elif isinstance(value, tuple):
            changes[field.name] = tuple(_renamed(v, old, new) if isinstance(v, Node) else v for v in value)
    return replace(node, **changes)  # type: ignore[arg-type]


def bound_value(state: Lowering, node: Name, scope: Scope) -> Value | None:
    """The value that a substitution or a derivative gives to a symbol; None if there is none."""
    value = scope.bound(node.name)
    if isinstance(value, Assign):
        return assigned_again(state, value, scope)
    return value
