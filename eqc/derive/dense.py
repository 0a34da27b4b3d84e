"""Dense Jacobians and Hessians: tangents for all unit directions at once, as extra axes.

The unit directions are Kronecker deltas; a sum over an index that a delta fixes loses that index.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from eqc.derive.jvp import forward
from eqc.derive.vjp import gradient
from eqc.ir.program import Op, Program, Statement, Tensor, fixed_names, fresh, names_in
from eqc.ir.terms import Expr, Index, Read, read
from eqc.ir.walk import branches, map_reads, substitute


def jacobian(program: Program) -> Program:
    """All blocks ∂output/∂input, by output, then by input: axes of the output, then of the input."""
    blocks = [_blocks(program, tensor) for tensor in program.differentiable]
    statements: list[Statement] = []
    for block, _ in blocks:
        statements += [s for s in block.statements if s not in statements]
    outputs = tuple(names[n] for n in range(len(program.real_outputs)) for _, names in blocks)
    return replace(program, statements=tuple(statements), outputs=outputs)


def hessian(program: Program) -> Program:
    """All blocks ∂²output/∂a∂b of the one output, which is a number, by a, then by b."""
    return jacobian(gradient(program))


def _blocks(program: Program, tensor: Tensor) -> tuple[Program, tuple[str, ...]]:
    """The derivatives of all real outputs in one input, with names that no other input's have."""
    inputs = tuple(replace(t, differentiable=t.differentiable and t.name == tensor.name) for t in program.inputs)
    only = replace(program, inputs=inputs)
    pushed, tangents = forward(only)
    directions = _directions(program, tensor)
    grow = _Grow(tensor, tangents, directions, {t.name: f"{t.name}_{tensor.name}" for t in tangents.values()})
    seed = tangents[tensor.name].name
    taken = names_in(pushed) | set(grow.names.values())
    statements: list[Statement] = []
    for statement in pushed.statements:
        if statement.target.name == seed:
            continue
        if statement.target.name in grow.names:
            statements += contract(grow.statement(statement), taken, directions)
        else:
            statements.append(statement)
    outputs = tuple(grow.names[name] for name in pushed.outputs)
    return replace(program, statements=tuple(statements), outputs=outputs), outputs


def _directions(program: Program, tensor: Tensor) -> tuple[Index, ...]:
    taken = fixed_names(program) | names_in(program)
    return tuple(Index(fresh(f"{tensor.name}_{n}", taken), extent) for n, extent in enumerate(tensor.shape, 1))


class _Grow:
    """Tangents of one direction become tangents of all unit directions, along new last axes."""

    def __init__(
        self, tensor: Tensor, tangents: dict[str, Tensor], directions: tuple[Index, ...], names: dict[str, str]
    ) -> None:
        self.seed = tangents[tensor.name].name
        self.tensor = tensor
        self.directions = directions
        self.at = tuple(d.symbol for d in directions)
        self.names = names

    def statement(self, statement: Statement) -> Statement:
        free = statement.loops if statement.scatter else statement.free
        bound = () if statement.scatter else statement.bound
        shape = (*statement.target.shape, *(d.extent for d in self.directions))
        return replace(
            statement,
            target=replace(statement.target, name=self.names[statement.target.name], shape=shape),
            loops=(*free, *self.directions, *bound),
            positions=(*statement.positions, *self.at),
            body=map_reads(statement.body, self._read),
        )

    def _read(self, r: Read) -> Expr:
        if r.tensor == self.seed:
            deltas = sp.Mul(*(sp.KroneckerDelta(p, d) for p, d in zip(r.positions, self.at, strict=True)))
            return self._symmetric(r, deltas) if self.tensor.symmetric else deltas
        if r.tensor in self.names:
            return read(self.names[r.tensor], (*r.positions, *self.at))
        return r

    def _symmetric(self, r: Read, deltas: Expr) -> Expr:
        i, j = self.at
        row, column = r.positions
        return (deltas + sp.KroneckerDelta(row, j) * sp.KroneckerDelta(column, i)) / 2


def contract(statement: Statement, taken: set[str], directions: tuple[Index, ...]) -> list[Statement]:
    """The statement with every sum over an index that a delta fixes done; parts with other loops come first."""
    if statement.op is not Op.SUM or statement.scatter or statement.guard != sp.true:
        return [statement]
    groups: dict[tuple[Index, ...], list[Expr]] = {}
    for term in sp.Add.make_args(sp.expand_mul(statement.body, deep=False)):
        body, bound = _picked(_deltas_first(term), statement.bound, directions)
        groups.setdefault(bound, []).append(body)
    if set(groups) == {statement.bound}:
        return [statement]
    parts: list[Statement] = []
    terms = list(groups.pop((), []))
    for bound, bodies in groups.items():
        target = replace(statement.target, name=fresh(statement.target.name, taken))
        loops = (*statement.free, *bound)
        parts.append(replace(statement, target=target, loops=loops, body=sp.Add(*bodies)))
        terms.append(read(target.name, statement.positions))
    return [*parts, replace(statement, loops=statement.free, op=Op.NONE, body=sp.Add(*terms))]


def _deltas_first(term: Expr) -> Expr:
    """A product in which the deltas that all branches of a choice have stand before it."""
    factors = sp.Mul.make_args(term)
    choice = next((f for f in factors if isinstance(f, sp.Piecewise)), None)
    if choice is None:
        return term
    cases = [(sp.Mul.make_args(pair.args[0]), pair.args[1]) for pair in choice.args]
    moving = [case for case, _ in cases if case not in ((sp.Integer(0),), (sp.nan,))]
    first = moving[0] if moving else ()
    common = [f for f in first if isinstance(f, sp.KroneckerDelta) and all(f in case for case in moving)]
    rest = branches([(sp.Mul(*(f for f in case if f not in common)), condition) for case, condition in cases])
    return sp.Mul(*(f for f in factors if f is not choice), *common, rest)


def _picked(term: Expr, bound: tuple[Index, ...], directions: tuple[Index, ...]) -> tuple[Expr, tuple[Index, ...]]:
    """One term with the deltas over its bound indices applied, where the loop reaches that far."""
    for factor in sp.Mul.make_args(term):
        if not isinstance(factor, sp.KroneckerDelta):
            continue
        for loop in bound:
            other = _other(factor, loop.symbol)
            if other is not None and not any(loop.symbol in o.extent.free_symbols for o in bound):
                rest = tuple(o for o in bound if o != loop)
                picked, left = _picked(substitute(term / factor, {loop.symbol: other}), rest, directions)
                whole = any(d.symbol == other and sp.expand(d.extent - loop.extent) == 0 for d in directions)
                reached = sp.true if whole else sp.Lt(other, loop.extent)
                return branches([(picked, reached), (sp.Integer(0), sp.true)]), left
    return term, bound


def _other(delta: Expr, symbol: Expr) -> Expr | None:
    """The bare index that a delta equates with a symbol."""
    if symbol not in delta.args:
        return None
    others = [a for a in delta.args if a != symbol]
    return others[0] if len(others) == 1 and others[0].is_Symbol and not isinstance(others[0], Read) else None
