"""Differences from which numbers are taken off: x - mu."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from eqc.ir.program import reads_of
from eqc.ir.terms import Expr, Read


def parted(node: Expr, is_taken: Callable[[Read], bool]) -> tuple[Expr, Expr, tuple[tuple[int, Expr], ...]] | None:
    """A sum as scale·(rest + Σ sign·number), if some numbers are `taken` and not all signs are alike.

    A number is a read, or a product of reads and whole numbers.

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
    taken = tuple((sign, t) for sign, t in signed if is_made_of(t, is_taken))
    rest = sp.Add(*(t for t, pair in zip(terms, signed, strict=True) if pair not in taken))
    return (scale, rest, taken) if taken and rest != 0 else None


def is_made_of(term: Expr, is_taken: Callable[[Read], bool]) -> bool:
    """Whether a term is a product or a quotient of such numbers, and of whole ones."""
    factors = [f.args[0] if isinstance(f, sp.Pow) and f.args[1].is_Integer else f for f in sp.Mul.make_args(term)]
    own = [f for f in factors if isinstance(f, Read) and is_taken(f)]
    others = [f for f in factors if f not in own]
    return bool(own) and all(f.is_number or (f.is_integer and not reads_of(f)) for f in others)
