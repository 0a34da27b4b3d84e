"""Integrals in closed forms: a sum over the nodes of a rule is shown as the integral that it computes."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from eqc.ir.program import Area, Program
from eqc.ir.terms import Expr, Read
from eqc.ir.walk import map_reads
from eqc.present.closed import Inliner, TooLarge, Total
from eqc.present.matching import depends


class Integral(sp.Function):  # type: ignore[misc]
    """`Integral(body, x, low, high)`, which stays as it is written."""

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
    weights = [f for f in sp.Mul.make_args(body) if isinstance(f, Read) and f.tensor in areas]
    if len(weights) != 1 or weights[0].positions != (index,):
        return None
    area = areas[weights[0].tensor]
    variable = sp.Symbol(area.variable, real=True)
    kept = frozenset(s.target.name for s in value.statements if not _runs_over(s.target.name, body, index))
    try:
        inner = Inliner(value, kept | {area.node}, limit=200).expand(body / weights[0])
    except TooLarge:
        return None
    shown = map_reads(inner, lambda r: variable if r.tensor == area.node else r)
    return None if depends(shown, index) else Integral(shown, variable, area.low, area.high)


def _runs_over(name: str, body: Expr, index: Expr) -> bool:
    """Whether a tensor is read at the index of the nodes."""
    reads = (s for s in body.free_symbols if isinstance(s, Read) and s.tensor == name)
    return any(depends(position, index) for r in reads for position in r.positions)
