"""Random entries of every domain that a symbol may have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eqc.records.model import Domain

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Floats]
Style = Literal["single", "double", "grid"]
"""Entries of float32, of float64, or from a coarse grid, where ties and zeros are frequent."""

_COARSE = (-1.0, 0.0, 0.5, 1.0)


def draw_integers(domain: Domain, rng: np.random.Generator, shape: tuple[int, ...], most: int) -> NDArray[np.int64]:
    """Small whole numbers of a domain."""
    low = -3 if domain.lower is None else int(np.ceil(float(domain.lower)))
    high = max(low, most) if domain.upper is None else int(np.floor(float(domain.upper)))
    return np.asarray(rng.integers(low, high + 1, size=shape), dtype=np.int64)


def draw(domain: Domain, rng: np.random.Generator, shape: tuple[int, ...], style: Style = "single") -> Floats:
    """Real entries of a domain, as float64.

    >>> q = draw(Domain("orthogonal"), np.random.default_rng(0), (3, 3), "double")
    >>> bool(np.allclose(q @ q.T, np.eye(3)))
    True
    >>> np.unique(draw(Domain("real"), np.random.default_rng(0), (50,), "grid")).tolist()
    [-1.0, 0.0, 0.5, 1.0]
    """
    if style == "grid":
        return (_GRIDS.get(domain.name) or _grid(domain))(rng, shape)
    values = (_DRAWS.get(domain.name) or _interval(domain))(rng, shape)
    return values.astype(np.float32).astype(np.float64) if style == "single" else values


def _real(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Away from 0, where many formulas have their kinks."""
    return _signs(rng, shape) * np.asarray(rng.uniform(0.1, 1.6, shape))


def _signs(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return np.asarray(rng.integers(0, 2, shape) * 2.0 - 1.0, dtype=np.float64)


def _positive(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return np.asarray(np.exp(rng.uniform(-1.2, 0.9, shape)), dtype=np.float64)


def _simplex(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    weights = _positive(rng, shape)
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True), dtype=np.float64)


def _one_hot(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    chosen = rng.integers(0, shape[-1], shape[:-1])
    return np.asarray(np.arange(shape[-1]) == chosen[..., None], dtype=np.float64)


def _symmetric(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    matrix = _real(rng, shape)
    return np.asarray((matrix + np.swapaxes(matrix, -1, -2)) / 2, dtype=np.float64)


def _spd(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    matrix = _real(rng, shape)
    return np.asarray(matrix @ np.swapaxes(matrix, -1, -2) / shape[-1] + np.eye(shape[-1]), dtype=np.float64)


def _orthogonal(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return np.asarray(np.linalg.qr(rng.normal(size=shape))[0])


def _lower_triangular(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """With a positive diagonal, as a Cholesky factor has."""
    diagonal = np.eye(shape[-1]) * _positive(rng, shape)
    return np.asarray(np.tril(_real(rng, shape), -1) + diagonal)


def _between(low: float, high: float) -> Draw:
    """Inside an interval, away from its ends."""
    margin = 0.05 * (high - low)
    return lambda rng, shape: np.asarray(rng.uniform(low + margin, high - margin, shape), dtype=np.float64)


def _interval(domain: Domain) -> Draw:
    if domain.lower is not None and domain.upper is not None:
        return _between(float(domain.lower), float(domain.upper))
    if domain.lower is not None:
        start = float(domain.lower)
        return lambda rng, shape: start + _positive(rng, shape)
    if domain.upper is not None:
        end = float(domain.upper)
        return lambda rng, shape: end - _positive(rng, shape)
    return _real


_DRAWS: Mapping[str, Draw] = {
    "binary": lambda rng, shape: (_signs(rng, shape) + 1.0) / 2.0,
    "sign": _signs,
    "simplex": _simplex,
    "one_hot": _one_hot,
    "symmetric": _symmetric,
    "spd": _spd,
    "orthogonal": _orthogonal,
    "lower_triangular": _lower_triangular,
}
"""Domain -> how to draw from it; the others are intervals."""


def _grid(domain: Domain) -> Draw:
    """From the coarse numbers that lie inside the domain, and its middle if none does."""
    inside = [x for x in _COARSE if _is_inside(domain, x)]
    if not inside and domain.lower is not None and domain.upper is not None:
        inside = [float(domain.lower + domain.upper) / 2]
    return (lambda rng, shape: np.asarray(rng.choice(inside, shape), dtype=np.float64)) if inside else _interval(domain)


def _is_inside(domain: Domain, x: float) -> bool:
    if domain.lower is not None and (x < domain.lower or (domain.lower_open and x == domain.lower)):
        return False
    return not (domain.upper is not None and (x > domain.upper or (domain.upper_open and x == domain.upper)))


def _coarse(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return np.asarray(rng.choice(_COARSE, shape), dtype=np.float64)


def _coarse_symmetric(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    lower = np.tril(_coarse(rng, shape))
    return np.asarray(lower + np.swapaxes(np.tril(lower, -1), -1, -2), dtype=np.float64)


def _identity(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return np.broadcast_to(np.eye(shape[-2], shape[-1]), shape).copy()


_GRIDS: Mapping[str, Draw] = {
    "nonzero": _signs,
    "binary": _DRAWS["binary"],
    "sign": _signs,
    "simplex": _one_hot,
    "one_hot": _one_hot,
    "symmetric": _coarse_symmetric,
    "spd": _identity,
    "orthogonal": _identity,
    "lower_triangular": lambda rng, shape: np.tril(_coarse(rng, shape), -1) + _identity(rng, shape),
}
"""The same on the coarse grid."""
