"""A derivative of a record, as a closed form with the names of its indices."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from math import prod

import sympy as sp

from eqc.derive.vjp import bar_name, gradient, vjp
from eqc.errors import DerivationError, nearest
from eqc.ir.program import Op, Program, Tensor, fixed_names
from eqc.ir.terms import Expr, Read, index_symbol, read
from eqc.ir.walk import branches, is_short, substitute
from eqc.present.closed import Inliner, TooLarge
from eqc.present.definitions import definitions_of
from eqc.present.matching import is_closed
from eqc.present.simplify import tidy
from eqc.present.sums import Facts

_ENTRIES = 8
"""Entries up to which each has its own form."""
_SHORT = 10
"""Nodes of a definition that is put in where only the compiler named it."""


@dataclass(frozen=True, slots=True)
class ClosedForm:
    """∂output/∂inputs at the given indices. `body` is None where the form is too long to write."""

    output: Read
    inputs: tuple[Read, ...]
    body: Expr | None
    program: Program
    intermediates: tuple[str, ...]


def derivative(
    value: Program, wrt: str, order: int, patterns: Mapping[str, tuple[str, ...]], names: Collection[str] | None = None
) -> tuple[ClosedForm, ...]:
    """One form per real output; `patterns` are the index names that the glossary gives to tensors.

    What is in none of `names` and short is put in; without `names` all that the program names is kept.

    Raises DerivationError for a symbol that is no differentiable input, and for order 2 of an output with axes.
    """
    tensor = _input(value, wrt)
    return tuple(_form(value, output, tensor, order, patterns, _kept(value, names)) for output in value.real_outputs)


def _input(value: Program, wrt: str) -> Tensor:
    for tensor in value.differentiable:
        if tensor.name == wrt:
            return tensor
    raise DerivationError(
        None,
        written=f"--wrt {wrt}",
        rule=f"{wrt} is no differentiable input of {value.name}",
        remedy=nearest(wrt, [t.name for t in value.differentiable]),
    )


def _form(
    value: Program,
    output: Tensor,
    tensor: Tensor,
    order: int,
    patterns: Mapping[str, tuple[str, ...]],
    parts: frozenset[str],
) -> ClosedForm:
    taken = fixed_names(value) | {function.name for function in value.functions}
    rows = _indices(output, patterns, taken)
    columns = [_indices(tensor, patterns, taken) for _ in range(order)]
    program, target, seeds = _reverse(value, output, tensor, order, rows, columns)
    result = ClosedForm(
        read(output.name, rows),
        tuple(read(tensor.name, c) for c in columns),
        None,
        program,
        (),
    )
    ranges = _ranges((rows, output), *((column, tensor) for column in columns))
    for names in _choices(value):
        try:
            body = _closed(program, Inliner(program, names, seeds).entry(target, columns[-1]), ranges, names)
        except TooLarge:
            continue
        written = _written_out(value, body, parts)
        body = body if written == body else _closed(program, written, ranges, names)
        stray = {r.tensor for r in body.free_symbols if isinstance(r, Read)} & _temporaries(value, names)
        if not stray and is_closed(body):
            named = {r.tensor for r in body.free_symbols if isinstance(r, Read)} - {t.name for t in value.inputs}
            return replace(result, body=body, intermediates=tuple(sorted(named - set(value.outputs))))
    return result


def _reverse(
    value: Program,
    output: Tensor,
    tensor: Tensor,
    order: int,
    rows: tuple[Expr, ...],
    columns: list[tuple[Expr, ...]],
) -> tuple[Program, str, dict[str, tuple[Expr, ...]]]:
    """The program whose output, for cotangents that are deltas, is the wanted derivative."""
    if order == 1:
        single = replace(value, outputs=(output.name,))
        program = vjp(single)
        position = [t.name for t in value.differentiable].index(tensor.name)
        return program, program.outputs[position], {bar_name(output.name): rows}
    if output.rank:
        raise DerivationError(
            None,
            written=f"--order {order}",
            rule=f"{output.name} has axes; second derivatives are shown for outputs that are numbers",
            remedy="derive the first order, or write a record for one entry",
        )
    first = gradient(replace(value, outputs=(output.name,)))
    position = [t.name for t in value.differentiable].index(tensor.name)
    slope = first.outputs[position]
    second = vjp(replace(first, outputs=(slope,)))
    return second, second.outputs[position], {bar_name(slope): columns[0]}


def _indices(tensor: Tensor, patterns: Mapping[str, tuple[str, ...]], taken: set[str]) -> tuple[Expr, ...]:
    wanted = patterns.get(tensor.name, ())
    names: list[str] = []
    for axis in range(tensor.rank):
        options = [*(wanted[axis : axis + 1]), *"jkilmnpqrst"]
        name = next((o for o in options if o not in taken), f"k{len(taken)}")
        taken.add(name)
        names.append(name)
    return tuple(index_symbol(n) for n in names)


def _kept(value: Program, names: Collection[str] | None) -> frozenset[str]:
    """The tensors that may stay as names: those of the glossary, results of records, and what is long."""
    rules = {name for area in value.areas for name in (area.node, area.weight)}
    wanted = {*value.outputs, *(names or ()), *(use.tensor for use in value.uses), *rules}
    return frozenset(
        s.target.name
        for s in value.statements
        if names is None
        or s.target.name in wanted
        or not (s.op is Op.SUM or (s.op is Op.NONE and is_short(s.body, _SHORT)))
    )


def _written_out(value: Program, body: Expr, parts: frozenset[str]) -> Expr:
    """The form without the names of what is short and only the compiler named."""
    try:
        return Inliner(value, parts).expand(body)
    except TooLarge:
        return body


def _choices(value: Program) -> list[frozenset[str]]:
    """Which tensors to keep as names: outputs and named parts first, then outputs only, then none."""
    parts = frozenset(s.target.name for s in value.statements)
    plain = frozenset(s.target.name for s in value.statements if s.op is Op.NONE)
    outputs = frozenset(value.outputs)
    return [parts, plain | outputs, outputs, frozenset()]


def _temporaries(value: Program, kept: frozenset[str]) -> set[str]:
    """Sums that only the compiler named: they must not be left in a form for people."""
    return {
        s.target.name for s in value.statements if s.op is not Op.NONE and s.target.name not in value.outputs
    } & kept


def _ranges(*places: tuple[tuple[Expr, ...], Tensor]) -> dict[Expr, Expr]:
    """The extent that every free index runs over."""
    return {index: extent for at, tensor in places for index, extent in zip(at, tensor.shape, strict=True)}


def _closed(program: Program, body: Expr, ranges: Mapping[Expr, Expr], kept: frozenset[str]) -> Expr:
    stochastic = {t.name: t.shape[-1] for t in program.tensors.values() if t.stochastic and t.shape}
    facts = Facts(ranges, stochastic, frozenset(stochastic))
    definitions = definitions_of(program, kept)
    return _by_entry(tidy(body, facts, definitions), ranges, lambda entry: tidy(entry, facts, definitions))


def _by_entry(body: Expr, ranges: Mapping[Expr, Expr], tidied: Callable[[Expr], Expr]) -> Expr:
    """A form that differs from entry to entry of a short axis as a choice between the entries' forms."""
    deltas = body.atoms(sp.KroneckerDelta)
    told_apart = {i for i in ranges if any(i in d.args and any(a.is_Integer for a in d.args) for d in deltas)}
    axes = [index for index in ranges if index in told_apart]
    if not axes or not all(ranges[i].is_Integer for i in axes) or prod(int(ranges[i]) for i in axes) > _ENTRIES:
        return body
    index = axes[0]
    rest = {other: extent for other, extent in ranges.items() if other != index}
    places = [sp.Integer(place) for place in range(int(ranges[index]))]
    entries = [_by_entry(tidied(substitute(body, {index: place})), rest, tidied) for place in places]
    cases = [(entry, sp.Eq(index, place)) for entry, place in zip(entries, places, strict=True)]
    return branches([*cases[:-1], (entries[-1], sp.true)])
