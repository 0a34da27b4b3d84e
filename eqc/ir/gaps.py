"""Differences from which numbers are taken off: x - mu."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from eqc.ir.terms import Expr, Read


def parted(node: Expr, is_taken: Callable[[Read], bool]) -> tuple[Expr, Expr, tuple[tuple[int, Read], ...]] | None:
    """A sum as scale·(rest + Σ sign·number), if some numbers are `taken` and not all signs are alike.

    >>> from eqc.ir.terms import read
    >>> x, mu = read("x"), read("mu")
    >>> parted(2*x - 2*mu, lambda r: r == mu)
    (2, x, ((-1, mu),))
    >>> parted(x + mu, lambda r: r == mu) is None
    True
    """
    scale, inner = node.primitive()
    terms = inner.args if isinstance(inner, sp.Add) else ()
    if len({t.could_extract_minus_sign() for t in terms}) < 2:
        return None
    signed = [(-1, -t) if t.could_extract_minus_sign() else (1, t) for t in terms]
    taken = tuple((sign, r) for sign, r in signed if isinstance(r, Read) and is_taken(r))
    rest = sp.Add(*(t for t, pair in zip(terms, signed, strict=True) if pair not in taken))
    return (scale, rest, taken) if taken and rest != 0 else None
