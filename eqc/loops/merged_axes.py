"""Neighbouring axes that all loops run through together become one axis.

A loop over the rows of a matrix, with one over each row's entries inside, starts anew with every row: where rows are
short, or their sums are taken in blocks, that takes longer than the entries do. If nothing looks at rows or columns
alone, one loop runs over all entries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sympy as sp

from eqc.ir.opaque import Opaque
from eqc.ir.products import is_rectangular
from eqc.ir.program import Op, Program, Statement, Tensor, statement_reads
from eqc.ir.terms import Expr, Index, Read, read
from eqc.ir.walk import map_reads

_Link = tuple[str, int]
"""A tensor, and one of its axes: this one and the next are one."""

_PLACES = (Op.ARGMAX, Op.ARGMIN)
"""What gives a place on an axis."""


def merge_axes(program: Program) -> Program:
    """The program, its tensors with fewer axes."""
    links = _links(program)
    if not links:
        return program
    statements = tuple(_merged_statement(s, links) for s in program.statements)
    return replace(program, inputs=tuple(_merged_tensor(t, links) for t in program.inputs), statements=statements)


def _links(program: Program) -> frozenset[_Link]:
    """The axes that are one with the next: those that no statement keeps apart."""
    tensors = program.tensors
    checked = frozenset().union(*(check.reads for check in program.checks))
    used = {s.target.name for s in program.statements}.union(
        r.tensor for s in program.statements for r in statement_reads(s)
    )
    links = {(name, axis) for name in used - checked for axis in range(tensors[name].rank - 1)}
    count = -1
    while links and count != len(links):
        count = len(links)
        for statement in program.statements:
            links -= _kept_apart(statement, links, tensors)
    return frozenset(links)


def _kept_apart(statement: Statement, links: set[_Link], tensors: Mapping[str, Tensor]) -> set[_Link]:
    """The links that a statement does not bear."""
    accesses = [_Access(statement.target, statement.positions)]
    accesses += [_Access(tensors[r.tensor], r.positions) for r in statement_reads(statement)]
    whole = isinstance(statement.body, Opaque) or statement.scatter or not is_rectangular(statement)
    loops = {} if whole or statement.guard != sp.true else _plain_loops(statement)
    found: set[_Link] = set()
    for access in accesses:
        for axis in range(access.tensor.rank - 1):
            link = (access.tensor.name, axis)
            if link in links and not _is_pair(access, axis, accesses, loops, links):
                found.add(link)
    return found


@dataclass(frozen=True, slots=True)
class _Access:
    """Where a statement reads or writes a tensor."""

    tensor: Tensor
    positions: tuple[Expr, ...]

    def has(self, axis: int, loop: Index) -> bool:
        """Whether a loop runs through all of an axis."""
        inside = 0 <= axis < len(self.positions)
        return inside and self.positions[axis] == loop.symbol and self.tensor.shape[axis] == loop.extent


def _plain_loops(statement: Statement) -> dict[Expr, Index]:
    """The loops whose counters are used for nothing but positions, by their symbols."""
    used = statement.body.free_symbols
    places = statement.bound if statement.op in _PLACES else ()
    return {loop.symbol: loop for loop in statement.loops if loop.symbol not in used and loop not in places}


def _is_pair(
    access: _Access, axis: int, accesses: Sequence[_Access], loops: Mapping[Expr, Index], links: set[_Link]
) -> bool:
    """Whether the loops through an axis and the next stand side by side wherever one of them does."""
    positions = access.positions[axis : axis + 2]
    if len(positions) < 2 or any(p not in loops for p in positions) or positions[0] == positions[1]:
        return False
    outer, inner = (loops[p] for p in positions)
    return all(
        (one.has(at, outer) and one.has(at + 1, inner) and (one.tensor.name, at) in links)
        or (one.has(at, inner) and one.has(at - 1, outer) and (one.tensor.name, at - 1) in links)
        for one in accesses
        for at, position in enumerate(one.positions)
        if {outer.symbol, inner.symbol} & position.free_symbols
    )


def _merged_tensor(tensor: Tensor, links: frozenset[_Link]) -> Tensor:
    return replace(tensor, shape=_shape(tensor, links))


def _shape(tensor: Tensor, links: frozenset[_Link]) -> tuple[Expr, ...]:
    shape: list[Expr] = []
    for axis, extent in enumerate(tensor.shape):
        if (tensor.name, axis - 1) in links:
            shape[-1] *= extent
        else:
            shape.append(extent)
    return tuple(shape)


def _merged_statement(statement: Statement, links: frozenset[_Link]) -> Statement:
    """With the outermost of the loops that are one, which has all their rounds."""

    def places(tensor: str, positions: Sequence[Expr]) -> tuple[Expr, ...]:
        return tuple(p for axis, p in enumerate(positions) if (tensor, axis - 1) not in links)

    def merged(r: Read) -> Read:
        return read(r.tensor, places(r.tensor, r.positions), integer=bool(r.is_integer))

    lengths = _lengths(statement, links)
    loops = tuple(Index(loop.name, lengths[loop.symbol]) for loop in statement.loops if loop.symbol in lengths)
    target = _merged_tensor(statement.target, links)
    positions = places(target.name, statement.positions)
    return replace(statement, target=target, loops=loops, positions=positions, body=map_reads(statement.body, merged))


def _lengths(statement: Statement, links: frozenset[_Link]) -> dict[Expr, Expr]:
    """The rounds of the loops that stay, by their symbols."""
    lengths = {loop.symbol: loop.extent for loop in statement.loops}
    accesses = [(statement.target.name, statement.positions)]
    accesses += [(r.tensor, r.positions) for r in statement_reads(statement)]
    for tensor, positions in accesses:
        for axis in reversed(range(len(positions) - 1)):
            if (tensor, axis) in links and positions[axis + 1] in lengths:
                lengths[positions[axis]] *= lengths.pop(positions[axis + 1])
    return lengths
