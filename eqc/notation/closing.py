"""What was lowered inside a scope as a closed program: what it takes from outside becomes its inputs and parameters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import sympy as sp

from eqc.ir.place import map_statement
from eqc.ir.program import Parameter, Program, Statement, Tensor, statement_reads
from eqc.ir.terms import Expr, Index, Read, read


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed program; `integers` are the values of its parameters outside, `reads` those of its further inputs."""

    program: Program
    integers: tuple[Expr, ...]
    reads: tuple[Read, ...]


def close(
    name: str,
    statements: Sequence[Statement],
    own: Sequence[Tensor],
    tensors: dict[str, Tensor],
    loops: Sequence[Index],
    outputs: tuple[str, ...],
) -> Closed:
    """The program of some statements with the inputs `own`, and then whatever else they read.

    An array that is read only at indices of `loops` outside is taken at these; other uses of such an index make it a
    parameter.
    """
    statements = _without_loops(statements, {loop.name for loop in loops})
    made = {t.name for t in own} | {s.target.name for s in statements}
    taken = _taken(statements, made, loops, tensors)
    captured = [replace(tensors[n], shape=tensors[n].shape[len(at) :], default=None) for n, at in taken.items()]

    def change(r: Read) -> Expr:
        return read(r.tensor, r.positions[len(taken.get(r.tensor, ())) :], integer=bool(r.is_integer))

    statements = [map_statement(s, change) for s in statements]
    integers = _integers(statements, [*own, *captured])
    inputs = (*own, *(replace(t, differentiable=not t.integer) for t in captured))
    program = Program(
        name=name,
        inputs=inputs,
        parameters=tuple(Parameter(symbol.name, symbol) for symbol in integers),
        arguments=(*(t.name for t in inputs), *(symbol.name for symbol in integers)),
        extents=(),
        statements=tuple(statements),
        outputs=outputs,
    )
    return Closed(program, integers, tuple(read(n, at, integer=tensors[n].integer) for n, at in taken.items()))


def _without_loops(statements: Iterable[Statement], outer: set[str]) -> list[Statement]:
    """The statements for one round of the loops outside, which came first among their own."""
    dropped: dict[str, int] = {}
    result = []

    def change(r: Read) -> Expr:
        return read(r.tensor, r.positions[dropped.get(r.tensor, 0) :], integer=bool(r.is_integer))

    for statement in statements:
        count = sum(1 for loop in statement.loops if loop.name in outer)
        dropped[statement.target.name] = count
        target = replace(statement.target, shape=statement.target.shape[count:])
        inner = replace(statement, target=target, loops=statement.loops[count:], positions=statement.positions[count:])
        result.append(map_statement(inner, change))
    return result


def _taken(
    statements: Sequence[Statement], made: set[str], loops: Sequence[Index], tensors: dict[str, Tensor]
) -> dict[str, tuple[Expr, ...]]:
    """The tensors from outside by name, each with the indices outside that all its reads begin with."""
    outside = {loop.symbol: loop.extent for loop in loops}
    found: dict[str, tuple[Expr, ...]] = {}
    for statement in statements:
        for r in statement_reads(statement):
            if r.tensor in made:
                continue
            shape = tensors[r.tensor].shape
            head = []
            for position, extent in zip(r.positions, shape, strict=False):
                if position in outside and sp.expand(outside[position] - extent) == 0:
                    head.append(position)
                else:
                    break
            before = found.get(r.tensor)
            found[r.tensor] = tuple(head) if before is None else _common(before, tuple(head))
    return found


def _common(a: tuple[Expr, ...], b: tuple[Expr, ...]) -> tuple[Expr, ...]:
    length = next((n for n, (p, q) in enumerate(zip(a, b, strict=False)) if p != q), min(len(a), len(b)))
    return a[:length]


def _integers(statements: Sequence[Statement], inputs: Sequence[Tensor]) -> tuple[sp.Symbol, ...]:
    """The indices outside, extents and parameters that the statements use."""
    own = {loop.name for s in statements for loop in s.loops}
    parts = [e for t in inputs for e in t.shape]
    for s in statements:
        parts += [s.body, s.guard, *s.positions, *s.target.shape, *(loop.extent for loop in s.loops)]
    found: dict[str, sp.Symbol] = {}
    while parts:
        for symbol in parts.pop().free_symbols:
            if isinstance(symbol, Read):
                parts.extend(symbol.positions)
            elif symbol.name not in own:
                found[symbol.name] = symbol
    return tuple(found[n] for n in sorted(found))
