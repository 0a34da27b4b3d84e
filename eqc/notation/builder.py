"""The program under construction during lowering, and the ways to add to it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import sympy as sp

from eqc.errors import NotationError, Span
from eqc.ir.program import Area, Check, FunctionInput, Op, Program, Statement, Tensor, Use, free_names, fresh, reads_of
from eqc.ir.terms import Expr, Index
from eqc.ir.walk import branches, map_reads
from eqc.notation.roles import BARE_OUTPUT, Roles
from eqc.notation.tree import Node
from eqc.notation.value import Scope, Value
from eqc.records.model import Record

Compose = Callable[[str], Program]
SYMMETRIC = frozenset({"spd", "symmetric"})
STOCHASTIC = frozenset({"simplex", "one_hot"})
_LARGEST_FLOAT = sp.Float(sys.float_info.max, 25)
_AXIS_NAMES = "ijklmnpqrst"


@dataclass(frozen=True, slots=True)
class Calculus:
    """How programs are differentiated: their tangents, and their cotangents (the compiler's later stages know how).

    `optimality` makes the conditions for an optimum of a program; see `eqc.derive.optimality`.
    """

    forward: Callable[[Program], Program]
    reverse: Callable[[Program], Program]
    optimality: Callable[[Program, int, Sequence[str]], Program]


def _underivable(program: Program, *further: object) -> Program:
    raise NotImplementedError("nothing says how to differentiate")


@dataclass
class Lowering:
    """The program under construction; `compose(id)` is another record's program, `lower` reads an expression.

    `bindings` are the function inputs that are to be other records, by their ids.
    """

    record: Record
    roles: Roles
    compose: Compose
    record_ids: frozenset[str]
    lower: Callable[[Lowering, Node, Scope], Value]
    tensors: dict[str, Tensor] = field(default_factory=dict)
    symbols: dict[str, sp.Symbol] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    areas: list[Area] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    inputs: list[Tensor] = field(default_factory=list)
    span: Span | None = None
    loop_names: set[str] = field(default_factory=set)
    functions: dict[str, FunctionInput] = field(default_factory=dict)
    bindings: Mapping[str, str] = field(default_factory=dict)
    calculus: Calculus = field(default_factory=lambda: Calculus(_underivable, _underivable, _underivable))

    def new_index(self, preferred: str, extent: Expr, scope: Scope) -> Index:
        """A loop whose name no tensor, extent or loop in scope has."""
        avoid = self.taken | {loop.name for loop in scope.loops}
        index = Index(fresh(preferred, avoid), extent)
        self.loop_names.add(index.name)
        return index

    def new_axes(self, shape: Sequence[Expr], scope: Scope, preferred: Sequence[str] = ()) -> tuple[Index, ...]:
        """Loops over all axes of a shape."""
        names = list(preferred) if len(preferred) == len(shape) else list(_AXIS_NAMES[: len(shape)])
        loops: list[Index] = []
        for name, extent in zip(names, shape, strict=True):
            inner = Scope(scope.indices, (*scope.loops, *loops), scope.guards)
            loops.append(self.new_index(name, extent, inner))
        return tuple(loops)

    def add(self, statement: Statement) -> Tensor:
        """Append a statement; its target is known from then on."""
        self.statements.append(statement)
        self.tensors[statement.target.name] = statement.target
        self.taken.add(statement.target.name)
        return statement.target

    def name(self, base: str) -> str:
        """A new tensor's name."""
        avoid = self.taken | self.loop_names | set(self.record.symbols) | {BARE_OUTPUT}
        name = fresh(base, avoid)
        self.taken.add(name)
        return name


def define(
    state: Lowering,
    name: str,
    shape: tuple[Expr, ...],
    loops: tuple[Index, ...],
    at: tuple[Expr, ...],
    op: Op,
    body: Expr,
) -> Tensor:
    """Append the statement `name[at] = op body`; whole-numbered bodies make integer tensors."""
    finite(state, name, body)
    entry = state.record.symbols.get(name)
    stochastic = entry is not None and entry.domain.name in STOCHASTIC
    integer = _is_integer(state, name, op, body)
    tensor = Tensor(name, shape, integer=integer, differentiable=False, stochastic=stochastic)
    return state.add(Statement(tensor, loops, at, op, body))


def finite(state: Lowering, name: str, body: Expr) -> None:
    """Refuse a formula that is undefined whatever its inputs are, such as 1/0, and numbers beyond float64."""
    if body.has(sp.zoo, sp.nan, sp.I):
        raise NotationError(
            state.span,
            written=name,
            rule=f"the formula of {name} is undefined or complex for all inputs",
            remedy="look for a division by zero, or a logarithm or root of a negative constant",
        )
    if any(abs(number) > _LARGEST_FLOAT for number in body.atoms(sp.Rational)):
        raise NotationError(
            state.span,
            written=name,
            rule="a number in the formula is beyond float64",
            remedy=f"numbers go up to {sys.float_info.max:.4g}; work with logarithms",
        )


def _is_integer(state: Lowering, name: str, op: Op, body: Expr) -> bool:
    if op in (Op.ARGMAX, Op.ARGMIN):
        return True
    entry = state.record.symbols.get(name)
    reads = reads_of(body)
    if entry is not None and entry.domain.integer:
        if not body.is_integer:
            raise NotationError(
                entry.span,
                written=f"{name} with domain {entry.domain.name}",
                rule=f"the formula of {name} is not known to be a whole number",
                remedy="round it with floor or ceiling, or drop the domain",
            )
        return True
    if any(not r.is_integer for r in reads) or not body.is_integer:
        return False
    return bool(reads) or name in state.roles.positions


def context(state: Lowering, parts: Sequence[Expr], scope: Scope) -> tuple[Index, ...]:
    """The loops in scope that some expressions depend on, also through ragged extents, outermost first."""
    names: set[str] = set().union(*(free_names(p) for p in parts)) if parts else set()
    chosen: list[Index] = []
    for loop in reversed(scope.loops):
        if loop.name in names:
            chosen.append(loop)
            names |= free_names(loop.extent)
    return tuple(reversed(chosen))


def guarded(body: Expr, scope: Scope, neutral: Expr) -> Expr:
    """A body lifted out of a branch is evaluated only where that branch holds."""
    return branches([(body, scope.guard), (neutral, sp.true)])


def origin_shift(state: Lowering, position: Expr) -> Expr:
    """Positions that come from an integer input with `origin: 0` are counted from 0 in the data."""

    def shift(r: Expr) -> Expr:
        entry = state.record.symbols.get(r.tensor)
        return r + 1 if entry is not None and entry.origin == 0 else r

    return map_reads(position, shift)
