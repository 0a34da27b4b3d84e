"""The error model: how far a kernel's result may be from the truth.

A result may differ from the truth by

    rtol * (largest entry of the array)  +  4 * (radius of the formula's own ball at the dtype's precision)

with rtol 1e-9 in float64 and 2e-4 in float32, or what the record's `tolerance:` says for float64 and the same number of
digits less in float32. The radius is what evaluating the printed formula, and differentiating it, in ball arithmetic
with the dtype's 53 or 24 bits gives when each input, and each direction that it is differentiated along, is known to
one unit roundoff only: a bound on what rounding the inputs and every operation can do at this very point, also where
slopes cancel to 0. So it scales the tolerance with the condition of the formula and
stays negligible where that is good. Where it is infinite it counts as 0: there the kernel must do better than the
formula as printed. Numbers below the least normal float of the dtype count as 0 too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqc.verify.balls import Objects, as_float

RTOL: Mapping[str, float] = {"float64": 1e-9, "float32": 2e-4}
_LOOSEST = 0.1
SAFETY = 4.0


@dataclass(frozen=True, slots=True)
class Expected:
    """An array as the oracle has it, and what rounding in each dtype may do to it."""

    truth: Objects
    rounding: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Deviation:
    """The entry that is worst in comparison with what is allowed.

    `error` is relative to the size that the tolerance is relative to: the array's largest entry, or more where the
    formula is badly conditioned. `share` is the error over what is allowed, so more than 1 is a failure.
    """

    what: str
    place: tuple[int, ...]
    got: float
    expected: float
    error: float
    share: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """A comparison: how many numbers were compared, how many truths were not finite, and the worst."""

    compared: int
    unknown: int
    worst: Deviation | None
    problem: str = ""

    @property
    def passed(self) -> bool:
        """Whether the shape and dtype are right and nothing is further off than allowed."""
        return not self.problem and (self.worst is None or self.worst.share <= 1)


def rtol_for(dtype: str, tolerance: float | None) -> float:
    """The relative tolerance of a dtype; a record's own holds for float64 and scales in float32.

    >>> rtol_for("float64", None), rtol_for("float64", 1e-6), rtol_for("float32", 1e-12)
    (1e-09, 1e-06, 2e-07)
    """
    if tolerance is None or dtype == "float64":
        return RTOL[dtype] if tolerance is None else tolerance
    return min(tolerance * RTOL[dtype] / RTOL["float64"], max(_LOOSEST, tolerance))


def compare(what: str, got: Any, expected: Expected, dtype: str, rtol: float) -> Outcome:
    """Compare a kernel's result with the truth by the error model.

    >>> from eqc.verify.balls import ball
    >>> third = Expected(np.array([ball(1) / 3], dtype=object), {"float64": np.zeros(1)})
    >>> compare("y", np.array([0.3333333333]), third, "float64", 1e-9).passed
    True
    >>> compare("y", np.array([0.33333333]), third, "float64", 1e-9).passed
    False
    """
    problem = _type_problem(what, got, expected, dtype)
    if problem:
        return Outcome(0, 0, None, problem)
    truth = as_float(expected.truth)
    known = np.isfinite(truth) & (np.abs(truth) <= float(np.finfo(dtype).max))
    if not known.any():
        return Outcome(0, truth.size, None)
    allowed = _allowed(truth, known, expected, dtype, rtol)
    worst = _worst(what, np.asarray(got, float), truth, known, allowed, rtol)
    return Outcome(int(known.sum()), int((~known).sum()), worst)


def _type_problem(what: str, got: Any, expected: Expected, dtype: str) -> str:
    shape = expected.truth.shape
    if not isinstance(got, np.ndarray | np.generic):
        return f"{what} is a {type(got).__name__}, not an array or NumPy scalar"
    if got.shape != shape:
        return f"{what} has shape {got.shape}, not {shape}"
    whole = np.issubdtype(got.dtype, np.integer) and all(b.is_integer() for b in expected.truth.ravel().tolist())
    if got.dtype != dtype and not whole:
        return f"{what} has dtype {got.dtype}, not {dtype}"
    return ""


def _allowed(
    truth: NDArray[np.float64], known: NDArray[np.bool_], expected: Expected, dtype: str, rtol: float
) -> NDArray[np.float64]:
    largest = float(np.max(np.abs(truth[known])))
    return rtol * largest + SAFETY * expected.rounding[dtype] + float(np.finfo(dtype).tiny)


def _worst(
    what: str,
    got: NDArray[np.float64],
    truth: NDArray[np.float64],
    known: NDArray[np.bool_],
    allowed: NDArray[np.float64],
    rtol: float,
) -> Deviation:
    with np.errstate(invalid="ignore", over="ignore"):
        distance = np.where(known, np.abs(got - truth), 0.0)
    distance = np.where(np.isnan(distance), np.inf, distance)
    share = distance / allowed
    place = tuple(int(k) for k in np.unravel_index(int(np.argmax(share)), share.shape))
    worst = float(share[place])
    return Deviation(what, place, float(got[place]), float(truth[place]), worst * rtol, worst)
