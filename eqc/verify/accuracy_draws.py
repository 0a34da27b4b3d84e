"""Inputs for measuring accuracy: every kind of magnitude and of relation between entries that formulas meet.

*Plain* inputs are 0 or between 1e-8 and 1e8; the others go over all exponents of the dtype, its edges included.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqc.records.model import Domain
from eqc.verify.draws import draw

Floats = NDArray[np.float64]
Shape = tuple[int, ...]
Maker = Callable[[np.random.Generator, Shape, np.finfo[Any]], Floats]

SMALLEST, LARGEST = 1e-8, 1e8
"""The magnitudes of plain inputs other than 0."""

_STRUCTURED = frozenset({"one_hot", "binary", "sign", "symmetric", "spd", "orthogonal", "lower_triangular"})
_DECIMALS = (-8.0, 8.0)


def _signed(rng: np.random.Generator, size: Floats) -> Floats:
    return np.asarray(np.where(rng.random(size.shape) < 0.5, -size, size))


def _ordinary(rng: np.random.Generator, shape: Shape, info: np.finfo[Any]) -> Floats:
    return np.asarray(rng.normal(size=shape) * 10.0 ** rng.uniform(-0.5, 1.5))


def _all_decimals(rng: np.random.Generator, shape: Shape, info: np.finfo[Any]) -> Floats:
    return _signed(rng, np.asarray(10.0 ** rng.uniform(*_DECIMALS, shape)))


def _one_scale(rng: np.random.Generator, shape: Shape, info: np.finfo[Any]) -> Floats:
    return np.asarray(rng.normal(size=shape) * 10.0 ** rng.uniform(*_DECIMALS))


def _offset(rng: np.random.Generator, shape: Shape, info: np.finfo[Any]) -> Floats:
    """A large common part with a small spread."""
    centre = 10.0 ** rng.uniform(-1, 6) * rng.choice((-1.0, 1.0))
    return np.asarray(centre * (1 + rng.normal(size=shape) * 10.0 ** rng.uniform(-7, 0)))


def _ties(rng: np.random.Generator, shape: Shape, info: np.finfo[Any]) -> Floats:
    few = np.append(_ordinary(rng, (2,), info), 0.0)
    return np.asarray(rng.choice(few, shape))


def _all_exponents(rng: np.random.Generator, shape: Shape, info: np.finfo[Any]) -> Floats:
    return _signed(rng, np.asarray(2.0 ** rng.uniform(info.minexp - info.nmant, info.maxexp - 0.01, shape)))


def _any_scale(rng: np.random.Generator, shape: Shape, info: np.finfo[Any]) -> Floats:
    return np.asarray(rng.uniform(-1, 1, shape) * 2.0 ** rng.uniform(info.minexp, info.maxexp - 0.01))


def _edges(rng: np.random.Generator, shape: Shape, info: np.finfo[Any]) -> Floats:
    """Zero, the borders of the dtype, and where exp leaves it."""
    top = np.log(float(info.max))
    tiny, least = float(info.tiny), float(info.smallest_subnormal)
    edges = (0.0, least, tiny, float(info.eps), 1.0, top - 0.01, top + 0.01, 1.05 * top, float(info.max))
    return _signed(rng, np.asarray(rng.choice(edges, shape), dtype=np.float64))


def _mixed(rng: np.random.Generator, shape: Shape, info: np.finfo[Any]) -> Floats:
    return np.asarray(np.where(rng.random(shape) < 0.5, _ordinary(rng, shape, info), _all_exponents(rng, shape, info)))


PLAIN: tuple[Maker, ...] = (_ordinary, _ordinary, _all_decimals, _one_scale, _offset, _ties)
WHOLE: tuple[Maker, ...] = (_all_exponents, _any_scale, _edges, _mixed)
RANGES: Mapping[str, tuple[Maker, ...]] = {"plain": PLAIN, "whole": WHOLE}


def makers(rng: np.random.Generator, range_: str, count: int) -> list[Maker]:
    """How the entries of each of `count` inputs are made: mostly alike."""
    choices = RANGES[range_]
    alike = bool(rng.random() < 0.6)
    first = int(rng.integers(len(choices)))
    return [choices[first if alike else int(rng.integers(len(choices)))] for _ in range(count)]


def entries(domain: Domain, make: Maker, rng: np.random.Generator, shape: Shape, dtype: str, plain: bool) -> Floats:
    """Entries of a domain in a dtype, of the magnitudes that `make` gives.

    >>> rng = np.random.default_rng(0)
    >>> bool(np.all(entries(Domain("positive", lower=0), PLAIN[0], rng, (9,), "float32", True) > 0))
    True
    """
    if domain.name in _STRUCTURED:
        return _in_dtype(draw(domain, rng, shape, "double"), dtype)
    raw = _clipped(make(rng, shape, np.finfo(dtype)), dtype, plain)
    if domain.name == "simplex":
        return _in_dtype(_simplex(raw), dtype)
    return _inside(domain, raw, rng, dtype)


def _clipped(raw: Floats, dtype: str, plain: bool) -> Floats:
    """Within the dtype, and for plain inputs within their magnitudes."""
    low, high = (SMALLEST, LARGEST) if plain else (0.0, float(np.finfo(dtype).max))
    size = np.clip(np.abs(raw), low, high)
    return np.asarray(np.where(raw == 0, 0.0, np.copysign(size, raw)))


def _in_dtype(values: Floats, dtype: str) -> Floats:
    return values.astype(dtype).astype(np.float64)


def _simplex(raw: Floats) -> Floats:
    size = np.abs(raw) / max(float(np.max(np.abs(raw), initial=0.0)), float(np.finfo(np.float64).tiny))
    total = size.sum(axis=-1, keepdims=True)
    return np.asarray(np.where(total > 0, size / np.where(total > 0, total, 1.0), 1.0 / max(raw.shape[-1], 1)))


def _inside(domain: Domain, raw: Floats, rng: np.random.Generator, dtype: str) -> Floats:
    """The magnitudes as distances from a bound of the domain."""
    if domain.lower is None and domain.upper is None:
        values = _in_dtype(raw, dtype)
        return np.where((values == 0) & (domain.name == "nonzero"), 1.0, values)
    if domain.lower is not None and domain.upper is not None:
        return _between(domain, raw, rng, dtype)
    size = np.abs(raw)
    bound = float(domain.lower if domain.lower is not None else domain.upper or 0)
    values = _in_dtype(bound + size if domain.lower is not None else bound - size, dtype)
    is_open = domain.lower_open if domain.lower is not None else domain.upper_open
    step = 1.0 if domain.lower is not None else -1.0
    return np.where((values == bound) & is_open, _in_dtype(np.asarray(bound + step), dtype), values)


def _between(domain: Domain, raw: Floats, rng: np.random.Generator, dtype: str) -> Floats:
    low, high = float(domain.lower or 0), float(domain.upper or 0)
    share = np.abs(raw)
    share = np.where(share > 1, 1 / np.maximum(share, 1), share)
    share = np.where(rng.random(raw.shape) < 0.5, share, 1 - share)
    even = rng.random(raw.shape)
    values = _in_dtype(low + (high - low) * np.where(rng.random(raw.shape) < 0.4, even, share), dtype)
    middle = _in_dtype(np.asarray((low + high) / 2), dtype)
    values = np.where((values == low) & domain.lower_open, middle, values)
    return np.where((values == high) & domain.upper_open, middle, values)
