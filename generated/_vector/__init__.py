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
from .reductions import add, maximum, minimum, multiply

__all__ = [
    "add",
    "cos",
    "cosh",
    "erf",
    "erfc",
    "exp",
    "expm1",
    "log",
    "log1p",
    "maximum",
    "minimum",
    "multiply",
    "power",
    "sigmoid",
    "sin",
    "sinh",
    "softplus",
    "tanh",
]
