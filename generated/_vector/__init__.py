# eqc-inputs: 130895621acf88bd01e485d7fcd6d83efd9942ae0644655d496ba126496cdb0f
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
from .gates import (
    logistic_gate,
    logistic_gate_slope,
    normal_density,
    normal_gate,
    normal_gate_slope,
    normal_probability,
)
from .precision import KernelCompiler
from .products import block_rows, matrix_product
from .reductions import add, largest, least, maximum, minimum, multiply, watch

__all__ = [
    "KernelCompiler",
    "add",
    "block_rows",
    "cos",
    "cosh",
    "erf",
    "erfc",
    "exp",
    "expm1",
    "largest",
    "least",
    "log",
    "log1p",
    "logistic_gate",
    "logistic_gate_slope",
    "matrix_product",
    "maximum",
    "minimum",
    "multiply",
    "normal_density",
    "normal_gate",
    "normal_gate_slope",
    "normal_probability",
    "power",
    "sigmoid",
    "sin",
    "sinh",
    "softplus",
    "tanh",
    "watch",
]
