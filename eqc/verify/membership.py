"""Whether arrays lie in the domains that the glossary declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from eqc.records.model import Domain

Floats = NDArray[np.float64]


def outside(domain: Domain, values: Floats, slack: float = 1e-9) -> str:
    """What is wrong with values of a domain, or nothing; `slack` allows for rounding.

    >>> outside(Domain("simplex"), np.array([0.5, 0.4]))
    'the last axis does not sum to 1'
    >>> outside(Domain("positive", lower=0), np.array([1.0, 2.0]))
    ''
    """
    for broken, rule in ((_below, "below the domain"), (_above, "above the domain")):
        if broken(domain, values, slack).any():
            return f"an entry is {rule}"
    if domain.integer and (values != np.round(values)).any():
        return "an entry is not whole"
    holds, rule = _RULES.get(domain.name, (None, ""))
    return rule if holds is not None and values.size and not holds(values, slack) else ""


def _below(domain: Domain, values: Floats, slack: float) -> NDArray[np.bool_]:
    if domain.lower is None:
        return np.zeros(values.shape, bool)
    low = float(domain.lower)
    return np.asarray(values < low - slack * max(1.0, abs(low)))


def _above(domain: Domain, values: Floats, slack: float) -> NDArray[np.bool_]:
    if domain.upper is None:
        return np.zeros(values.shape, bool)
    high = float(domain.upper)
    return np.asarray(values > high + slack * max(1.0, abs(high)))


def _transposed(values: Floats) -> Floats:
    return np.swapaxes(values, -1, -2)


def _is_symmetric(values: Floats, slack: float) -> bool:
    return values.ndim > 1 and values.shape[-1] == values.shape[-2] and bool(np.allclose(values, _transposed(values)))


def _is_spd(values: Floats, slack: float) -> bool:
    return _is_symmetric(values, slack) and bool((np.linalg.eigvalsh(values) > 0).all())


def _is_orthogonal(values: Floats, slack: float) -> bool:
    return values.ndim > 1 and bool(np.allclose(values @ _transposed(values), np.eye(values.shape[-2]), atol=1e-6))


def _sums_to_one(values: Floats, slack: float) -> bool:
    return values.ndim > 0 and bool(np.allclose(values.sum(axis=-1), 1, atol=1e-6))


def _is_lower(values: Floats, slack: float) -> bool:
    return values.ndim > 1 and bool((values == np.tril(values)).all())


_RULES: Mapping[str, tuple[Callable[[Floats, float], bool], str]] = {
    "nonzero": (lambda v, slack: bool((v != 0).all()), "an entry is 0"),
    "binary": (lambda v, slack: bool(np.isin(v, (0, 1)).all()), "an entry is neither 0 nor 1"),
    "sign": (lambda v, slack: bool(np.isin(v, (-1, 1)).all()), "an entry is neither -1 nor 1"),
    "simplex": (_sums_to_one, "the last axis does not sum to 1"),
    "one_hot": (
        lambda v, slack: _sums_to_one(v, slack) and bool(np.isin(v, (0, 1)).all()),
        "the last axis does not have a single 1 among zeros",
    ),
    "symmetric": (_is_symmetric, "the matrix is not symmetric"),
    "spd": (_is_spd, "the matrix is not symmetric positive definite"),
    "orthogonal": (_is_orthogonal, "the matrix is not orthogonal"),
    "lower_triangular": (_is_lower, "the matrix is not lower triangular"),
}
"""Domain -> what holds beside its bounds, and how to say that it does not."""
