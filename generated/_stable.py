"""Functions that generated kernels share: stable forms with errors of one or two units in the last place.

Each holds over the whole range of floats, its slopes as well: no result overflows or loses digits where the exact one
does not, and NaN stays NaN.
"""

from math import copysign, erfc, exp, expm1, log, log1p, sinh, tanh

from numba import njit

_LOG_2 = 0.6931471805599453
_ROOT_HALF, _ROOT_HALF_REST = 0.7071067811865476, -4.833646656726457e-17
_ONE_BY_ROOT_2_PI = 0.3989422804014327
_TWO_BY_ROOT_PI = 1.1283791670955126
_SPLIT = 134217729.0
_NEAR = 0.25


@njit(cache=True, inline="always")
def log_1p(x):
    """log(1 + x)."""
    return log1p(x)


@njit(cache=True, inline="always")
def exp_m1(x):
    """exp(x) - 1."""
    return expm1(x)


@njit(cache=True, inline="always")
def hyperbolic_tangent(x):
    """tanh(x)."""
    return tanh(x)


@njit(cache=True, inline="always")
def logistic(x):
    """1/(1 + exp(-x)) from exp(-|x|), which cannot overflow."""
    e = exp(-abs(x))
    return 1.0 / (1.0 + e) if x >= 0.0 else e / (1.0 + e)


@njit(cache=True, inline="always")
def logistic_slope(x):
    """e/(1 + e)² with e = exp(-|x|): never s(1 - s), which cancels."""
    e = exp(-abs(x))
    return e / ((1.0 + e) * (1.0 + e))


@njit(cache=True, inline="always")
def log_1p_exp(x):
    """log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|))."""
    small = log1p(exp(-abs(x)))
    return x + small if x > 0.0 else small


@njit(cache=True, inline="always")
def log_1m_exp(x):
    """log(1 - exp(x)) for negative x; which of the two forms is exact depends on log 2."""
    return log(-expm1(x)) if x > -_LOG_2 else log1p(-exp(x))


@njit(cache=True, inline="always")
def log_cosh(x):
    """log(cosh(x)); near 0 by log(1 + 2 sinh²(x/2))."""
    size = abs(x)
    if size < 2.0:
        half = sinh(0.5 * size)
        return log1p(2.0 * half * half)
    return (size - _LOG_2) + log1p(exp(-2.0 * size))


@njit(cache=True, inline="always")
def exp_difference(x, y):
    """exp(x - y), with what rounding takes from x - y put back as a factor."""
    d = x - y
    back = d - x
    rest = (x - (d - back)) + (-y - back)
    e = exp(d)
    return e + e * rest if abs(rest) < 1.0 else e


@njit(cache=True, inline="always")
def power_complement(x, y):
    """1 - xʸ; near 0 by expm1."""
    a = y * log(x) if x > 0.0 else 1.0
    return -expm1(a) if a < 0.5 else 1.0 - x**y


@njit(cache=True, inline="always")
def xlog1py(x, y):
    """x·log(1 + y), which is 0 where x is 0."""
    return 0.0 * y if x == 0.0 and y < 1e300 else x * log1p(y)


@njit(cache=True, inline="always")
def soft_tangent(x):
    """tanh(log(1 + exp(x))) = n/(n + 2) with n = w(w + 2), w = exp(x); for positive x in powers of exp(-x)."""
    w = exp(-abs(x))
    if x > 0.0:
        top = 1.0 + 2.0 * w
        return top / (top + 2.0 * w * w)
    top = w * (w + 2.0)
    return top / (top + 2.0)


@njit(cache=True, inline="always")
def soft_tangent_slope(x):
    """4w(w + 1)/(n + 2)², in the same terms."""
    w = exp(-abs(x))
    if x > 0.0:
        below = 1.0 + 2.0 * w + 2.0 * w * w
        return 4.0 * w * w * (1.0 + w) / (below * below)
    below = w * (w + 2.0) + 2.0
    return 4.0 * w * (w + 1.0) / (below * below)


@njit(cache=True, inline="always")
def _product_rest(x, y, product):
    """x·y - product, exactly (Dekker)."""
    c = _SPLIT * x
    x_high = c - (c - x)
    x_low = x - x_high
    c = _SPLIT * y
    y_high = c - (c - y)
    y_low = y - y_high
    return ((x_high * y_high - product) + x_high * y_low + x_low * y_high) + x_low * y_low


@njit(cache=True)
def normal_density(x):
    """exp(-x²/2)/√(2π), with what rounding takes from x² put back as a factor."""
    x = 1.0 * x
    if abs(x) > 1e3:
        return 0.0
    square = x * x
    rest = _product_rest(x, x, square)
    e = exp(-0.5 * square)
    return _ONE_BY_ROOT_2_PI * (e - e * (0.5 * rest))


@njit(cache=True)
def normal_probability(x):
    """The standard normal distribution function by erfc, its argument -x/√2 corrected by its rest."""
    x = 1.0 * x
    if abs(x) > 1e3:
        return 0.0 if x < 0.0 else 1.0
    z = -x * _ROOT_HALF
    rest = -_product_rest(x, _ROOT_HALF, -z) - x * _ROOT_HALF_REST
    return 0.5 * (erfc(z) - _TWO_BY_ROOT_PI * exp(-z * z) * rest)


@njit(cache=True, inline="always")
def _scaled_tail(x):
    """x·exp(x) for large negative x, rounded once also where exp(x) is subnormal."""
    half = exp(0.5 * x)
    return x * half * half


@njit(cache=True)
def logistic_gate(x):
    """x/(1 + exp(-x))."""
    if x < -40.0:
        return _scaled_tail(x) if x > -1e4 else copysign(0.0, x)
    return x * logistic(x)


@njit(cache=True)
def soft_tangent_gate(x):
    """x·tanh(log(1 + exp(x)))."""
    if x < -40.0:
        return _scaled_tail(x) if x > -1e4 else copysign(0.0, x)
    return x * soft_tangent(x)


@njit(cache=True)
def normal_gate(x):
    """x times the standard normal distribution function."""
    if x < -1e3:
        return copysign(0.0, x)
    return x * normal_probability(x)


_LOGISTIC_ROOT, _LOGISTIC_ROOT_REST = -1.2784645427610737, -1.0946994183093437e-16
_NORMAL_ROOT, _NORMAL_ROOT_REST = -0.7517915246935645, 1.4956759177009883e-17
_SOFT_ROOT, _SOFT_ROOT_REST = -1.1924312145154952, -4.8484829848031044e-17

_LOGISTIC_SERIES = (
    -9.266646309267441e-08,
    -3.051244750055421e-08,
    8.599695028268575e-07,
    2.346029682463866e-06,
    -2.942631888842464e-06,
    -2.9733542213263917e-05,
    -4.090534237428612e-05,
    0.00018570724361186496,
    0.0007985218818397998,
    0.000126627410081122,
    -0.006606589138356696,
    -0.015222655223188032,
    0.018874814223782312,
    0.1466487969969469,
    0.2178117057198001,
)
_NORMAL_SERIES = (
    -3.5459866461783865e-08,
    -1.6044265494246427e-09,
    5.702764979242107e-07,
    4.3284506257392273e-07,
    -7.74846130700372e-06,
    -1.121438018842664e-05,
    8.615947861116571e-05,
    0.00018633974623233514,
    -0.0007448268386746817,
    -0.002239538068073497,
    0.004539228379125415,
    0.019421679838189067,
    -0.014771522148244337,
    -0.1140082332972217,
    -0.018199676398671087,
    0.388284982990552,
    0.4314939923140469,
)
_SOFT_SERIES = (
    2.6879417855557728e-08,
    1.071676702702074e-06,
    2.9088199364912223e-06,
    9.427361327376651e-07,
    -1.72992708103044e-05,
    -5.582891567360688e-05,
    -4.1961496031696126e-05,
    0.00025412936386191073,
    0.0009898181021289196,
    0.0010924055409445854,
    -0.0033606849270232685,
    -0.01582112656173338,
    -0.020271822716684245,
    0.04190782104360987,
    0.20473126408010586,
    0.2669479140495345,
)


@njit(cache=True)
def _near_root(x, root, rest, series):
    """A function near its root by its Taylor series there, without the constant term; the root is a pair."""
    d = (x - root) - rest
    total = 0.0
    for c in series:
        total = total * d + c
    return total * d


@njit(cache=True)
def logistic_gate_slope(x):
    """s(x)(1 + x·s(-x)), by a series near its root."""
    if abs(x - _LOGISTIC_ROOT) < _NEAR:
        return _near_root(x, _LOGISTIC_ROOT, _LOGISTIC_ROOT_REST, _LOGISTIC_SERIES)
    if x < -40.0:
        return _scaled_tail(x) + exp(x) if x > -1e4 else copysign(0.0, x)
    return logistic(x) * (1.0 + x * logistic(-x)) if x < 1e4 else 1.0 * x / x


@njit(cache=True)
def normal_gate_slope(x):
    """P(x) + x·p(x), by a series near its root."""
    if abs(x - _NORMAL_ROOT) < _NEAR:
        return _near_root(x, _NORMAL_ROOT, _NORMAL_ROOT_REST, _NORMAL_SERIES)
    if abs(x) > 1e3:
        return copysign(0.0, x) if x < 0.0 else 1.0
    return normal_probability(x) + x * normal_density(x)


@njit(cache=True)
def soft_tangent_gate_slope(x):
    """t + x·t' with t = tanh(log(1 + exp(x))), by a series near its root."""
    if abs(x - _SOFT_ROOT) < _NEAR:
        return _near_root(x, _SOFT_ROOT, _SOFT_ROOT_REST, _SOFT_SERIES)
    if x < -40.0:
        return _scaled_tail(x) + exp(x) if x > -1e4 else copysign(0.0, x)
    return soft_tangent(x) + x * soft_tangent_slope(x) if x < 1e4 else 1.0 * x / x
