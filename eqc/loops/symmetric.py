"""Which products of matrices are symmetric, so that half of their entries are enough."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from eqc.ir.opaque import Opaque
from eqc.ir.program import Op
from eqc.ir.terms import Expr, Read
from eqc.ir.walk import map_reads, substitute
from eqc.loops.nest import Leaf, Loop
from eqc.loops.order import Item


def is_symmetric(item: Item, leaves: Mapping[str, Leaf], block: Loop | None = None) -> bool:
    """Whether a product of two factors stays what it is when rows and columns change places.

    Other loops than its three would have to end before the result is whole, and a `block` of its rows is no square.
    `leaves` are those of the kernel, by their targets.
    """
    product, statement = item.product, item.statement
    if product is None or len(product.terms) > 1 or len(statement.loops) > 3 or statement.target.rank > 2:
        return False
    if block is not None and block.index.symbol in (product.row.symbol, product.column.symbol):
        return False
    if sp.expand(product.row.extent - product.column.extent) != 0:
        return False
    body = map_reads(statement.body, lambda r: _definition(leaves, r))
    turned = substitute(body, {product.row.symbol: product.column.symbol, product.column.symbol: product.row.symbol})
    return bool(turned == body)


def _definition(leaves: Mapping[str, Leaf], r: Read) -> Expr:
    """What a temporary was computed from, entry by entry."""
    made = leaves.get(r.tensor)
    if made is None or made.statement.op is not Op.NONE or made.statement.scatter or not r.positions:
        return r
    if isinstance(made.statement.body, Opaque) or not all(p.is_Symbol for p in r.positions):
        return r
    return substitute(made.statement.body, dict(zip(made.statement.positions, r.positions, strict=True)))
