"""Sums and products over a named index in closed forms."""

from __future__ import annotations

import sympy as sp
from sympy.printing.precedence import PRECEDENCE


class Total(sp.Function):  # type: ignore[misc]
    """`Total(body, i, n)`: the sum of body over i = 0 … n - 1."""

    nargs = 3
    is_real = True
    precedence = PRECEDENCE["Mul"]


class Whole(sp.Function):  # type: ignore[misc]
    """`Whole(body, i, n)`: the product of body over i = 0 … n - 1."""

    nargs = 3
    is_real = True
    precedence = PRECEDENCE["Mul"]
