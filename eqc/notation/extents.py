"""How extents follow from the shapes of the inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy as sp

from eqc.errors import ShapeError
from eqc.ir.program import Extent, Tensor
from eqc.ir.terms import Expr, Quotient, extent_symbol
from eqc.notation.roles import Roles
from eqc.records.model import Record

SIZE = extent_symbol("_size")


def solve(
    record: Record, roles: Roles, inputs: Sequence[Tensor], symbols: Mapping[str, sp.Symbol]
) -> tuple[Extent, ...]:
    """One equation per extent, each solvable with those before it; axes that are a bare name come first."""
    # An extent that a function input's record decides stands for another expression.
    wanted = {name: symbols[name] for name in roles.extents if symbols[name] == extent_symbol(name)}
    axes = [(t.name, axis, extent) for t in inputs for axis, extent in enumerate(t.shape)]
    axes.sort(key=lambda item: not item[2].is_Symbol)
    found: dict[str, Extent] = {}
    progress = True
    while progress:
        progress = False
        for tensor, axis, extent in axes:
            missing = [n for n, s in wanted.items() if n not in found and s in extent.free_symbols]
            solution = _solve_for(extent, wanted[missing[0]]) if len(missing) == 1 else None
            if solution is not None:
                found[missing[0]] = Extent(missing[0], tensor, axis, solution)
                progress = True
    for name in wanted:
        if name not in found:
            raise ShapeError(
                record.symbols[name].span if name in record.symbols else record.span,
                written=name,
                rule=f"the extent {name} does not follow from the shapes of the inputs",
                remedy=f"make it an argument: {name}: {{domain: natural, meaning: …}}",
            )
    return tuple(found.values())


def _solve_for(extent: Expr, unknown: sp.Symbol) -> Expr | None:
    """The unknown in `extent == size`, if it stands there linearly (or inside one exact quotient)."""
    if extent == unknown:
        return SIZE
    if isinstance(extent, Quotient) and extent.args[0] == unknown:
        return SIZE * extent.args[1]
    if not extent.is_polynomial(unknown) or sp.degree(extent, unknown) != 1:
        return None
    slope, rest = extent.coeff(unknown, 1), extent.coeff(unknown, 0)
    return SIZE - rest if slope == 1 else Quotient(sp.expand(SIZE - rest), slope)
