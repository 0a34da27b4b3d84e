# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Elementary functions that LLVM compiles to vector instructions, and sums and extrema that it may reorder."""

from . import tile_memory  # noqa: F401 (teaches arrays to be read and written at rows and columns)
from .blas import load_blas
from .discounts import discounted
from .functions import (
    cos,
    cosh,
    erf,
    erfc,
    exp,
    exp_difference,
    expm1,
    log,
    log1p,
    log_cosh,
    logistic_slope,
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
    soft_tangent_gate,
    soft_tangent_gate_slope,
)
from .items import item_of
from .linking import PART
from .others import products_without
from .places import place_of_largest, place_of_least
from .powers import one_plus_power, power, power_at_ends, power_complement, power_parts, rational_power, root_of_cube
from .precision import DoubleCompiler, KernelCompiler
from .products import block_rows, matrix_product, mirror, symmetric_product
from .quotients import quotient
from .ratios import (
    binary_exponent,
    log_apart,
    log_excess,
    log_over_mean,
    log_ratio,
    logit,
    mean_divergence,
    one_plus_log,
    one_plus_log_ratio,
)
from .reductions import add, add_product, add_square, largest, least, maximum, minimum, multiply, pick, watch
from .shaped import shaped, shaped_result
from .tiles import across, columns_at, inside, no_tile, rows_at, width
from .turns import cosine_of_turns, sine_of_turns
from .vectors import vector_product

load_blas()

__all__ = [
    "PART",
    "DoubleCompiler",
    "KernelCompiler",
    "across",
    "add",
    "add_product",
    "add_square",
    "binary_exponent",
    "block_rows",
    "columns_at",
    "cos",
    "cosh",
    "cosine_of_turns",
    "discounted",
    "erf",
    "erfc",
    "exp",
    "exp_difference",
    "expm1",
    "inside",
    "item_of",
    "largest",
    "least",
    "log",
    "log1p",
    "log_apart",
    "log_cosh",
    "log_excess",
    "log_over_mean",
    "log_ratio",
    "logistic_gate",
    "logistic_gate_slope",
    "logistic_slope",
    "logit",
    "matrix_product",
    "maximum",
    "mean_divergence",
    "minimum",
    "mirror",
    "multiply",
    "no_tile",
    "normal_density",
    "normal_gate",
    "normal_gate_slope",
    "normal_probability",
    "one_plus_log",
    "one_plus_log_ratio",
    "one_plus_power",
    "pick",
    "place_of_largest",
    "place_of_least",
    "power",
    "power_at_ends",
    "power_complement",
    "power_parts",
    "products_without",
    "quotient",
    "rational_power",
    "root_of_cube",
    "rows_at",
    "shaped",
    "shaped_result",
    "sigmoid",
    "sin",
    "sine_of_turns",
    "sinh",
    "soft_tangent_gate",
    "soft_tangent_gate_slope",
    "softplus",
    "symmetric_product",
    "tanh",
    "vector_product",
    "watch",
    "width",
]
