"""Elementary functions that LLVM compiles to vector instructions, and sums and extrema that it may reorder."""

from .functions import (
    cos,
    cosh,
    erf,
    erfc,
    exp,
    expm1,
    log,
    log1p,
    power,
    sigmoid,
    sin,
    sinh,
    softplus,
    tanh,
)

__all__ = [
    "cos",
    "cosh",
    "erf",
    "erfc",
    "exp",
    "expm1",
    "log",
    "log1p",
    "power",
    "sigmoid",
    "sin",
    "sinh",
    "softplus",
    "tanh",
]
