"""Integrals in closed forms: a sum over the nodes of a rule is shown as the integral that it computes."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from eqc.ir.program import Area, Program
from eqc.ir.terms import Expr, Read
from eqc.ir.walk import map_reads
from eqc.present.bound import Total
from eqc.present.closed import Inliner, TooLarge
from eqc.present.matching import depends


class Integrated(sp.Function):  # type: ignore[misc]
    """`Integrated(body, x, low, high)`, which stays as it is written."""

    nargs = 4
    is_real = True


def with_integrals(body: Expr, value: Program) -> Expr:
    """A closed form with its sums over nodes as integrals, where nothing of the rule is left."""
    areas = {area.weight: area for area in value.areas}
    if not areas:
        return body
    mapping = {}
    for total in sorted(body.atoms(Total), key=sp.default_sort_key):
        found = _integral(total, areas, value)
        if found is not None:
            mapping[total] = found
    return body.xreplace(mapping)


def _integral(total: Expr, areas: Mapping[str, Area], value: Program) -> Expr | None:
    body, index, _ = total.args
    rule = {name for area in areas.values() for name in (area.node, area.weight)}
    names = {s.target.name for s in value.statements}
    kept = frozenset(n for n in names if n in rule or not _runs_over(n, body, index))
    try:
        inner = Inliner(value, kept, limit=200).expand(body)
    except TooLarge:
        return None
    weights = [s for s in inner.free_symbols if isinstance(s, Read) and s.tensor in areas and s.positions == (index,)]
    if len(weights) != 1 or inner.xreplace({weights[0]: sp.Integer(0)}) != 0:
        return None
    area = areas[weights[0].tensor]
    slope = inner.diff(weights[0])
    variable = sp.Symbol(area.variable, real=True)
    shown = map_reads(slope, lambda r: variable if r.tensor == area.node else r)
    plain = weights[0] not in slope.free_symbols and not depends(shown, index)
    return Integrated(shown, variable, area.low, area.high) if plain else None


def _runs_over(name: str, body: Expr, index: Expr) -> bool:
    """Whether a tensor is read at the index of the nodes."""
    reads = (s for s in body.free_symbols if isinstance(s, Read) and s.tensor == name)
    return any(depends(position, index) for r in reads for position in r.positions)
