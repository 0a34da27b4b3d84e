"""Sums of what stands near an entry, such as convolutions, and which of their loops run along the memory."""

from __future__ import annotations

import sympy as sp

from eqc.ir.program import Statement, statement_reads
from eqc.ir.terms import Index


def runs_along(statement: Statement, column: Index, inner: Index) -> Index:
    """Which of two loops should be innermost: the one that runs along rows of memory, or else the longer one."""
    across = {column.symbol: 0, inner.symbol: 0}
    for r in statement_reads(statement):
        symbols = [p.free_symbols for p in r.positions]
        if symbols and across.keys() <= symbols[-1]:
            return inner if is_shorter(column, inner) else column
        for symbol in across:
            across[symbol] += any(symbol in s for s in symbols[:-1])
    return column if across[inner.symbol] > across[column.symbol] else inner


def is_convolution(statement: Statement) -> bool:
    """Whether something is read at a sum of a free index and a bound one."""
    free, bound = ({loop.symbol for loop in loops} for loops in (statement.free, statement.bound))
    positions = [p.free_symbols for r in statement_reads(statement) for p in r.positions]
    return any(symbols & free and symbols & bound for symbols in positions)


def is_shorter(one: Index, other: Index) -> bool:
    """Whether one extent is taken from the other, as the width of a kernel is from that of an image.

    >>> from eqc.ir.terms import extent_symbol
    >>> width, size = extent_symbol("k"), extent_symbol("n")
    >>> is_shorter(Index("u", width), Index("x", size - width + 1))
    True
    """
    sizes = one.extent.free_symbols
    return any(sp.expand(other.extent).coeff(size).is_negative for size in sorted(sizes, key=str))
