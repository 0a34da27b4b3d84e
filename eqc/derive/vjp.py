"""Reverse mode: cotangents of all statements after their values, in reverse order.

The cotangent of `x` at position e gathers over the loops that e does not bind. A read at plain indices over whole axes
renames them (no Kronecker delta appears); any other read scatters to its position.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import sympy as sp

from eqc.derive import applied, implicit, linalg
from eqc.derive.algebra import Algebra, Operation
from eqc.derive.jvp import jvp, whole_axes, zero
from eqc.derive.partials import Partial, partials, weigh
from eqc.derive.reductions import others, winners
from eqc.ir.opaque import Apply, Opaque
from eqc.ir.program import Op, Program, Statement, Tensor, axes_of, fixed_names, fresh, names_in, tensors_read
from eqc.ir.solver import Solution
from eqc.ir.terms import Expr, Index, Maximum, Minimum, Read, read
from eqc.ir.walk import branches, substitute


def bar_name(name: str) -> str:
    """The cotangent's name.

    >>> bar_name("y")
    'y_bar'
    """
    return f"{name}_bar"


def vjp(program: Program) -> Program:
    """The program with a cotangent input per real output, whose outputs are the cotangents of the inputs."""
    seeds = {t.name: Tensor(bar_name(t.name), t.shape, differentiable=False) for t in program.real_outputs}
    reverse = _Reverse(program, {bar_name(name) for name in seeds})
    for name, seed in seeds.items():
        axes = axes_of(seed.shape, reverse.fixed)
        at = tuple(axis.symbol for axis in axes)
        reverse.contribute(name, Contribution(axes, at, read(seed.name, at)))
    outputs = reverse.run()
    return replace(
        program,
        inputs=(*program.inputs, *seeds.values()),
        arguments=(*program.arguments, *(t.name for t in seeds.values())),
        statements=(*program.statements, *reverse.statements),
        outputs=outputs,
    )


def gradient(program: Program) -> Program:
    """The cotangents for the cotangent 1 of the one real output, which must be a number."""
    (output,) = program.real_outputs
    reverse = _Reverse(program, set())
    reverse.contribute(output.name, Contribution((), (), sp.Integer(1)))
    outputs = reverse.run()
    return replace(program, statements=(*program.statements, *reverse.statements), outputs=outputs)


@dataclass(frozen=True, slots=True)
class Contribution:
    """A part of a cotangent; `loops` that are no positions are summed over."""

    loops: tuple[Index, ...]
    positions: tuple[Expr, ...]
    body: Expr
    scatter: bool = False
    guard: Expr = sp.true

    @property
    def pointwise(self) -> bool:
        return not self.scatter and len(self.loops) == len(self.positions)

    @property
    def is_copy(self) -> bool:
        """Another tensor, entry by entry."""
        return self.pointwise and isinstance(self.body, Read) and self.body.positions == self.positions

    def statement(self, target: Tensor) -> Statement:
        op = Op.NONE if self.pointwise else Op.SUM
        return Statement(target, self.loops, self.positions, op, self.body, self.scatter, self.guard)


class _Reverse:
    """The sweep from the outputs back to the inputs."""

    def __init__(self, program: Program, reserved: set[str]) -> None:
        self.program = program
        self.given = names_in(program) | reserved
        self.taken = set(self.given)
        self.fixed = fixed_names(program)
        self.active = active_tensors(program)
        self.makers = {s.target.name: s for s in program.statements if s.guard == sp.true and not s.scatter}
        extrema = [s for s in program.statements if s.op in (Op.MAX, Op.MIN)]
        self.selected = frozenset().union(*(tensors_read(s) for s in extrema))
        self.optional = _upstream_of_choices(program, self.active)
        self.parts: dict[str, list[Contribution]] = {}
        self.statements: list[Statement] = []

    def contribute(self, name: str, part: Contribution) -> None:
        self.parts.setdefault(name, []).append(part)

    def run(self) -> tuple[str, ...]:
        for statement in reversed(self.program.statements):
            if statement.target.name in self.parts and statement.target.name in self.active:
                self._pull(statement, self._collect(statement.target))
        return tuple(self._input(tensor) for tensor in self.program.differentiable)

    def _input(self, tensor: Tensor) -> str:
        """The cotangent of an input as a tensor of its own, symmetric for a symmetric input."""
        bar = self._collect(tensor)
        loops = axes_of(bar.shape, self.fixed)
        if not tensor.symmetric:
            if bar.name.startswith(bar_name(tensor.name)) and bar.name not in self.given:
                return bar.name
            at = tuple(loop.symbol for loop in loops)
            own = replace(bar, name=fresh(bar_name(tensor.name), self.taken))
            self.statements.append(Statement(own, loops, at, Op.NONE, read(bar.name, at)))
            return own.name
        i, j = (loop.symbol for loop in loops[-2:])
        body = (read(bar.name, (i, j)) + read(bar.name, (j, i))) / 2
        twin = replace(bar, name=fresh(bar.name, self.taken))
        self.statements.append(Statement(twin, loops, (i, j), Op.NONE, body))
        return twin.name

    def _collect(self, tensor: Tensor) -> Tensor:
        """The whole cotangent of a tensor: its parts added up."""
        parts = self.parts.get(tensor.name, [])
        if len(parts) == 1 and parts[0].is_copy:
            return replace(tensor, name=parts[0].body.tensor, differentiable=False)
        bar = Tensor(fresh(bar_name(tensor.name), self.taken), tensor.shape, differentiable=False)
        if not parts:
            self.statements.append(zero(bar, self.fixed))
        elif len(parts) == 1:
            self.statements.append(parts[0].statement(bar))
        else:
            self.statements.append(self._added(bar, parts))
        return bar

    def _added(self, bar: Tensor, parts: list[Contribution]) -> Statement:
        axes = next((p.loops for p in parts if p.pointwise), axes_of(bar.shape, self.fixed))
        at = tuple(axis.symbol for axis in axes)
        terms: list[Expr] = []
        for part in parts:
            if part.pointwise:
                terms.append(substitute(part.body, dict(zip(part.positions, at, strict=True))))
            else:
                stored = replace(bar, name=fresh(bar.name, self.taken))
                self.statements.append(part.statement(stored))
                terms.append(read(stored.name, at))
        return Statement(bar, axes, at, Op.NONE, sp.Add(*terms))

    def _pull(self, statement: Statement, bar: Tensor) -> None:
        """The parts that one statement gives to the cotangents of what it reads."""
        if isinstance(statement.body, Opaque):
            self._pull_opaque(statement, bar)
            return
        parts = partials(statement.body, self.active)
        if not parts:
            return
        cotangent = read(bar.name, statement.positions)
        factor: Expr = cotangent
        if statement.op is Op.PRODUCT:
            made, product = others(statement, self.taken)
            self.statements += made
            factor *= product
        elif statement.op in (Op.MAX, Op.MIN):
            count, share = winners(statement, self.taken)
            self.statements.append(count)
            factor = weigh(share, factor)
        tensors = self.program.tensors
        for part in parts:
            body = weigh(part.slope, factor) if isinstance(factor, Read) else weigh(factor, part.slope)
            if self._may_be_passed_over(statement, part):
                # An entry that an extremum passed over adds nothing, whatever its own slope is.
                body = branches([(body, sp.Ne(cotangent, 0)), (sp.Integer(0), sp.true)])
            axes = _whole_axes(statement, part, tensors[part.read.tensor])
            axes = self._made_axes(statement, part) if axes is None else axes
            self.contribute(part.read.tensor, _contribution(statement, part, body, axes, tensors[part.read.tensor]))

    def _made_axes(self, statement: Statement, part: Partial) -> tuple[Index, ...] | None:
        """The loops over just those entries of a ragged temporary that are computed; no others' cotangents are read."""
        maker, r = self.makers.get(part.read.tensor), part.read
        axes = _bare(statement, r)
        if maker is None or axes is None or len(set(maker.positions)) != len(r.positions):
            return None
        own = {loop.symbol: loop.extent for loop in maker.free}
        names = dict(zip(maker.positions, r.positions, strict=True))
        same = all(
            p in own and substitute(own[p], names) == axis.extent for p, axis in zip(maker.positions, axes, strict=True)
        )
        return axes if same else None

    def _may_be_passed_over(self, statement: Statement, part: Partial) -> bool:
        """Whether a cotangent that is 0 says that the value was not chosen, and the slope may be infinite there."""
        name = statement.target.name
        return name in self.selected or (name in self.optional and _may_be_infinite(part.slope))

    def _pull_opaque(self, statement: Statement, bar: Tensor) -> None:
        """The cotangents of whole arrays, by the rule of the function."""
        algebra = Algebra(statement.loops, self.fixed, self.taken, self.statements)
        if isinstance(statement.body, Solution):
            for r, part in implicit.cotangents(algebra, statement, bar, self.active, jvp, vjp):
                self.contribute(r.tensor, _whole(statement, r, part, self.fixed))
            return
        tensors = self.program.tensors
        reads = statement.body.operands
        arguments = tuple(tensors[r.tensor] for r in reads)
        head = type(statement.body)
        algebra.heads |= {r.tensor: r.positions for r in reads}
        if isinstance(statement.body, Apply):
            parts = applied.cotangents(algebra, statement, arguments, bar)
        elif head in linalg.VJP:
            parts = linalg.VJP[head](algebra, Operation(head, statement.target, arguments), bar)
        else:
            raise linalg.no_rule(head)
        for r, argument, part in zip(reads, arguments, parts, strict=True):
            if argument.name in self.active:
                self.contribute(argument.name, _whole(statement, r, part, self.fixed))


def _upstream_of_choices(program: Program, active: frozenset[str]) -> frozenset[str]:
    """What choices and extrema may pass over, and all that it is made of."""
    found: set[str] = set()
    for statement in reversed(program.statements):
        if statement.target.name in found or (statement.op in (Op.MAX, Op.MIN) and statement.target.name in active):
            found |= tensors_read(statement)
        elif statement.target.name in active:
            found |= {r.tensor for value in _alternatives(statement.body) for r in value.atoms(Read)}
    return frozenset(found)


def _alternatives(body: Expr) -> Iterator[Expr]:
    """The values among which the choices of a body choose."""
    for choice in body.atoms(sp.Piecewise, Maximum, Minimum):
        yield from (pair.args[0] for pair in choice.args) if isinstance(choice, sp.Piecewise) else choice.args


def _may_be_infinite(slope: Expr) -> bool:
    """Whether a slope is infinite at 0 where the value is not: that of a root."""
    roots = (p for p in slope.atoms(sp.Pow) if p.exp.is_Rational and -1 < p.exp < 0)
    return any(not p.base.is_number for p in roots)


def _whole(statement: Statement, r: Read, part: Tensor, fixed: set[str]) -> Contribution:
    """The cotangent of an array that a statement takes whole; loops that do not choose it are summed over."""
    avoid = fixed | {loop.name for loop in statement.loops}
    own = axes_of(part.shape[len(statement.loops) :], avoid)
    at = tuple(axis.symbol for axis in own)
    body = read(part.name, (*(loop.symbol for loop in statement.loops), *at))
    chosen = tuple(loop for loop in statement.loops if loop.symbol in r.positions)
    rest = tuple(loop for loop in statement.loops if loop not in chosen)
    return Contribution((*chosen, *own, *rest), (*r.positions, *at), body)


def _contribution(
    statement: Statement, part: Partial, body: Expr, axes: tuple[Index, ...] | None, tensor: Tensor
) -> Contribution:
    """What a read adds to a cotangent: gathered for the `axes`, or scattered where there are none."""
    if axes is None:
        safe = whole_axes(part.read, statement.loops, tensor.shape)
        guard = statement.guard if safe else sp.And(statement.guard, part.guard)
        return Contribution(statement.loops, part.read.positions, body, scatter=True, guard=guard)
    rest = tuple(loop for loop in statement.loops if loop not in axes)
    body = branches([(body, statement.guard), (sp.Integer(0), sp.true)])
    return Contribution((*axes, *rest), part.read.positions, body)


def _whole_axes(statement: Statement, part: Partial, tensor: Tensor) -> tuple[Index, ...] | None:
    """The loops that run over the tensor's axes, if the read is at distinct bare indices over whole axes."""
    axes = _bare(statement, part.read)
    if axes is None or any(
        sp.expand(axis.extent - extent) != 0 for axis, extent in zip(axes, tensor.shape, strict=True)
    ):
        return None
    return axes


def _bare(statement: Statement, r: Read) -> tuple[Index, ...] | None:
    """The loops whose indices are a read's positions, if these are distinct bare indices."""
    by_symbol = {loop.symbol: loop for loop in statement.loops}
    axes = tuple(by_symbol[p] for p in r.positions if p in by_symbol)
    return axes if len(axes) == len(set(axes)) == len(r.positions) else None


def active_tensors(program: Program) -> frozenset[str]:
    """Real tensors that depend on a differentiable input."""
    active = {t.name for t in program.differentiable}
    for statement in program.statements:
        moves = not (statement.target.integer or statement.target.constant)
        if moves and tensors_read(statement) & active:
            active.add(statement.target.name)
    return frozenset(active)
