"""Equations with an unknown: roots, fixed points and optima become one statement each, over a closed residual.

`Root`, `FixedPoint`, `ArgMin` and `ArgMax` name their unknown as their second argument. It is either the target of the
statement, then the whole right side is the solver and the target may be an array; or a name of its own, a number known
inside only, then the solver stands anywhere in an expression.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from eqc.errors import NotationError, ShapeError
from eqc.ir.flat import flatten, place, size
from eqc.ir.opaque import Apply
from eqc.ir.program import Op, Program, Statement, Tensor, box, free_names
from eqc.ir.solver import Method, Problem, Solution
from eqc.ir.terms import Applied, Expr, Index, Read, read
from eqc.notation import positions
from eqc.notation.builder import Lowering, define
from eqc.notation.closing import close
from eqc.notation.linalg import store_whole
from eqc.notation.tree import Assign, Binary, Call, Compare, Name, Node, Subscript, TupleNode
from eqc.notation.value import Scope, Value, elementwise, number, same_shape, show_shape
from eqc.notation.words import SOLVERS

_SIGNS = {"ArgMin": 1, "ArgMax": -1}
"""Word -> what the objective is multiplied by to be minimised."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """What a solver solves for, and where it is told to look: nowhere, at a start, or between two ends."""

    name: str
    guides: tuple[Node, ...]


def unknown_of(node: Call) -> Unknown:
    """The second argument: `x`, `(x, start)` or `(x, low, high)`."""
    spec = node.arguments[1]
    if isinstance(spec, Name):
        return Unknown(spec.name, ())
    if isinstance(spec, TupleNode) and len(spec.items) in (2, 3) and isinstance(spec.items[0], Name):
        return Unknown(spec.items[0].name, spec.items[1:])
    raise NotationError(
        spec.span,
        written=node.function,
        rule=f"the second argument of {node.function} is its unknown",
        remedy="write x, (x, start) or (x, low, high)",
    )


def solution(state: Lowering, node: Call, scope: Scope) -> Value:
    """A solver inside an expression: its unknown is a number that has a name only there."""
    name = unknown_of(node).name
    if name in state.roles.assigned:
        raise NotationError(
            node.span,
            written=f"{node.function}(…, {name})",
            rule=f"{name} is assigned by a statement, so only that statement solves for it, with nothing around",
            remedy=f"write Eq({name}, {node.function}(…, {name})) as a statement of its own",
        )
    return number(_Solver(state, node, Tensor(name), scope).solve((), state.name(name)).at(()))


def solution_into(state: Lowering, statement: Assign, name: str, shape: tuple[Expr, ...]) -> bool:
    """The statement `Eq(x, Root(…, x))` or `Eq(x[i], …)`, whose target is the unknown; False if it is another one."""
    node, target = statement.value, statement.target
    if not (isinstance(node, Call) and node.function in SOLVERS and len(node.arguments) > 1):
        return False
    if unknown_of(node).name != name:
        return False
    indices = tuple(p.name for p in target.positions if isinstance(p, Name)) if isinstance(target, Subscript) else ()
    if indices and len(indices) < len(shape):
        raise ShapeError(
            statement.span,
            written=f"{name}[{', '.join(indices)}]",
            rule=f"{name} has {len(shape)} axes, and a solver finds all of it",
            remedy="write one index per axis, or none",
        )
    _Solver(state, node, Tensor(name, shape, differentiable=False), Scope()).solve(indices, name)
    return True


class _Solver:
    """One use of a solver."""

    def __init__(self, state: Lowering, node: Call, unknown: Tensor, scope: Scope) -> None:
        self.state, self.node, self.unknown, self.scope = state, node, unknown, scope
        self.word = node.function
        # A program of its own: names made inside mean nothing outside.
        self.child = replace(
            state,
            statements=[],
            checks=[],
            tensors={**state.tensors, unknown.name: unknown},
            taken={*state.taken, unknown.name},
            loop_names=set(state.loop_names),
        )

    def solve(self, indices: tuple[str, ...], target: str) -> Value:
        """Append the statement that finds the unknown; `indices` stand for its positions in the equations."""
        inner = Scope(self.scope.indices, self.scope.loops)
        for index, extent in zip(indices, self.unknown.shape, strict=False):
            loop = self.child.new_index(index, extent, inner)
            inner = inner.with_index(index, loop.symbol + 1, loop)
        relations: tuple[str, ...] = ()
        if self.word in _SIGNS:
            outputs, relations = self._objective(inner)
        else:
            outputs = (self._equations(inner),)
        self._settle_checks()
        self._refuse_functions()
        loops = self.scope.loops
        closed = close(self.word, self.child.statements, (self.unknown,), self.state.tensors, loops, outputs)
        if self.word in _SIGNS:
            residual = self.state.calculus.optimality(closed.program, _SIGNS[self.word], relations)
        else:
            residual = flatten(closed.program, [(self.unknown, outputs[0])])
        return self._append(residual, closed.integers, closed.reads, target)

    # the equations --------------------------------------------------------------------------------------------------

    def _equations(self, inner: Scope) -> str:
        """The residual of a root or a fixed point, one equation per entry of the unknown."""
        value = self._left_side(inner)
        own = inner.loops[len(self.scope.loops) :]
        wanted = () if own else self.unknown.shape
        if not same_shape(value.shape, wanted):
            raise ShapeError(
                self.node.span,
                written=f"{self.word} of {show_shape(value.shape)}",
                rule=f"{self.unknown.name} is {show_shape(self.unknown.shape)} and needs as many equations",
                remedy="write the equation for one entry with indices on the left side, or as a matrix equation",
            )
        own = own or self.child.new_axes(wanted, inner)
        at = tuple(loop.symbol for loop in own)
        body = value.at(at if wanted else ())
        if self.word == "FixedPoint":
            body = read(self.unknown.name, at) - body
        return self._define("residual", body, own)

    def _left_side(self, inner: Scope) -> Value:
        equation = self.node.arguments[0]
        if isinstance(equation, Compare) and equation.op == "==" and self.word == "Root":
            return self._difference(equation.left, equation.right, inner)
        return self.child.lower(self.child, equation, inner)

    def _difference(self, left: Node, right: Node, inner: Scope) -> Value:
        sides = [self.child.lower(self.child, side, inner) for side in (left, right)]
        return elementwise(self.node.span, lambda a, b: a - b, sides)

    def _define(self, base: str, body: Expr, own: tuple[Index, ...]) -> str:
        loops = (*self.scope.loops, *own)
        at = tuple(loop.symbol for loop in loops)
        return define(self.child, self.child.name(base), box(loops), loops, at, Op.NONE, body).name

    def _objective(self, inner: Scope) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The objective and the left sides of the conditions `side <= 0` or `side == 0`, with these relations."""
        outer = Scope(self.scope.indices, self.scope.loops)
        value = self.child.lower(self.child, self.node.arguments[0], outer)
        if value.rank:
            raise ShapeError(
                self.node.span,
                written=f"{self.word} of {show_shape(value.shape)}",
                rule="an objective is a number",
                remedy="sum over its entries",
            )
        names = [self._define("objective", value.at(()), ())]
        relations = []
        for condition in self._conditions():
            left, right = condition.left, condition.right
            if condition.op == ">=":
                left, right = right, left
            names.append(self._condition(left, right, inner))
            relations.append("==" if condition.op == "==" else "<=")
        return tuple(names), tuple(relations)

    def _conditions(self) -> Iterator[Compare]:
        stack = list(reversed(self.node.arguments[2:]))
        while stack:
            node = stack.pop()
            if isinstance(node, Binary) and node.op == "and":
                stack += [node.right, node.left]
            elif isinstance(node, Compare) and node.op in ("<=", ">=", "=="):
                yield node
            else:
                raise NotationError(
                    node.span,
                    written=f"a condition of {self.word}",
                    rule="conditions are <=, >= or Eq, joined by commas or And",
                    remedy="write x[i] >= 0 instead of a strict inequality",
                )

    def _condition(self, left: Node, right: Node, inner: Scope) -> str:
        """One condition, or one per value of the indices on the left side that it uses."""
        value = self._difference(left, right, inner)
        own = inner.loops[len(self.scope.loops) :]
        axes = self.child.new_axes(value.shape, inner)
        body = value.at(tuple(axis.symbol for axis in axes))
        used = [loop for loop in own if loop.name in free_names(body)]
        return self._define("side", body, (*used, *axes))

    def _settle_checks(self) -> None:
        """Positions that only data decides are checked outside, so they must not depend on the unknown."""
        known = set(self.state.tensors)
        for check in positions.settle(self.child.checks, self.child.statements):
            if not check.reads <= known:
                raise NotationError(
                    self.node.span,
                    written=check.name,
                    rule=f"a position in {check.tensor} depends on the unknown {self.unknown.name}",
                    remedy="read at positions that are known before",
                )
            self.state.checks.append(check)

    def _refuse_functions(self) -> None:
        if any(s.body.has(Applied) or isinstance(s.body, Apply) for s in self.child.statements):
            raise NotationError(
                self.node.span,
                written=f"{self.word}(…)",
                rule="a function input inside a solver cannot be compiled yet",
                remedy="write the function out, or call a record",
            )

    # the statement --------------------------------------------------------------------------------------------------

    def _append(self, residual: Program, integers: tuple[Expr, ...], given: tuple[Read, ...], target: str) -> Value:
        unknown = residual.inputs[0]
        guides = self._guides(unknown)
        problem = Problem(self._method(), residual, len(guides), size(self.unknown.shape))
        reads = (*guides, *given)
        used = set(integers).union(*(p.free_symbols for r in reads for p in r.positions))
        outer = tuple(loop for loop in self.scope.loops if loop.symbol in used)
        at = tuple(loop.symbol for loop in outer)
        folded = unknown.shape != self.unknown.shape
        name = self.state.name(f"{target}_found") if folded else target
        tensor = Tensor(name, (*box(outer), *unknown.shape), differentiable=False)
        self.state.add(Statement(tensor, outer, at, Op.NONE, Solution(problem, *integers, *reads)))
        if not folded:
            return Value(unknown.shape, lambda p: read(name, (*at, *p)))
        return self._folded(lambda p: read(name, (*at, p)), target)

    def _folded(self, entry: Callable[[Expr], Expr], target: str) -> Value:
        """The unknown in its own shape, from the front of the vector that was solved for."""
        shape = self.unknown.shape
        if self.scope.loops or target != self.unknown.name:
            return Value(shape, lambda p: entry(place(shape, p)))
        loops = self.state.new_axes(shape, self.scope)
        at = tuple(loop.symbol for loop in loops)
        define(self.state, target, shape, loops, at, Op.NONE, entry(place(shape, at)))
        return Value(shape, lambda p: read(target, p), target)

    def _method(self) -> Method:
        if self.word == "FixedPoint":
            return Method.FIXED_POINT
        if self.word == "Root":
            return Method.BRACKET if len(unknown_of(self.node).guides) == 2 else Method.ROOT
        return Method.OPTIMUM if len(self.node.arguments) > 2 else Method.MINIMUM

    def _guides(self, unknown: Tensor) -> list[Read]:
        """The start, or the ends of the bracket, as stored arrays."""
        guides = unknown_of(self.node).guides
        rule = None
        if len(guides) == 2 and (self.word != "Root" or self.unknown.rank):
            rule = "a bracket is for one root of one equation"
        elif guides and self._method() is Method.OPTIMUM:
            rule = "a problem with conditions is solved without a start"
        elif guides and self.unknown.rank > 1:
            rule = "a start is for a number or a vector"
        if rule is not None:
            raise NotationError(
                self.node.arguments[1].span,
                written=f"{self.word}(…, ({self.unknown.name}, …))",
                rule=rule,
                remedy=f"write {self.unknown.name} alone, or ({self.unknown.name}, start)",
            )
        if len(guides) == 2:
            return [self._guide(guide, (), base) for guide, base in zip(guides, ("low", "high"), strict=True)]
        return [self._guide(guide, unknown.shape, "start") for guide in guides]

    def _guide(self, guide: Node, shape: tuple[Expr, ...], base: str) -> Read:
        value = self.state.lower(self.state, guide, self.scope)
        if value.rank and not same_shape(value.shape, shape):
            raise ShapeError(
                guide.span,
                written=f"a start of shape {show_shape(value.shape)}",
                rule=f"{self.unknown.name} is {show_shape(self.unknown.shape)}",
                remedy="give a number or an array of the same shape",
            )
        whole = value if value.rank else Value(shape, lambda p: value.at(()))
        name, outer = store_whole(self.state, whole, self.scope, base)
        return read(name, tuple(loop.symbol for loop in outer))
