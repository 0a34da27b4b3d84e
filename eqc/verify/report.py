"""What a verification found, as frozen data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from eqc.verify.compare import Deviation, Outcome

Status = Literal["passed", "proved", "tested", "failed", "skipped"]
STATUSES: tuple[Status, ...] = ("passed", "proved", "tested", "failed", "skipped")
"""Claims are `proved` or `tested` where other checks are `passed`."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a number comes from: enough to compute it again."""

    dtype: str
    extent: int
    seed: int
    case: str
    inputs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Check:
    """One kind of check over all points and dtypes.

    `compared` counts numbers, and `points`, for a claim, where it was tested. `reason` says why the check failed or was
    skipped, or what part of it was skipped. `errors` are the largest by dtype, relative to the size that the tolerance
    is relative to; `worst` is the number that comes closest to its tolerance, or is furthest beyond it.
    """

    name: str
    status: Status
    reason: str = ""
    compared: int = 0
    worst: Deviation | None = None
    origin: Origin | None = None
    errors: Mapping[str, float] = field(default_factory=dict)
    points: int = 0

    def as_json(self) -> dict[str, Any]:
        """Plain data; infinities and what is not a number become words."""
        plain: dict[str, Any] = {"check": self.name, "status": self.status, "compared": self.compared}
        if self.points:
            plain["points"] = self.points
        if self.reason:
            plain["reason"] = self.reason
        if self.errors:
            plain["errors"] = {dtype: _plain(error) for dtype, error in self.errors.items()}
        if self.worst is not None and self.origin is not None:
            plain["worst"] = {
                "what": self.worst.what,
                "place": list(self.worst.place),
                "got": _plain(self.worst.got),
                "expected": _plain(self.worst.expected),
                "error": _plain(self.worst.error),
                "share": _plain(self.worst.share),
                "dtype": self.origin.dtype,
                "extent": self.origin.extent,
                "seed": self.origin.seed,
                "case": self.origin.case,
            }
        if self.status == "failed" and self.origin is not None:
            plain["inputs"] = {name: _plain(value) for name, value in self.origin.inputs.items()}
        return plain


@dataclass(frozen=True, slots=True)
class Report:
    """The evidence for one record.

    >>> report = Report("softmax", "activations", (Check("value", "passed", compared=6),))
    >>> report.passed, report.as_json()["checks"]
    (True, [{'check': 'value', 'status': 'passed', 'compared': 6}])
    """

    id: str
    area: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether no check failed; skipped ones say why."""
        return all(check.status != "failed" for check in self.checks)

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.status == "failed")

    @property
    def worst_error(self) -> float:
        """The largest error of any check in float64."""
        return max((check.errors.get("float64", 0.0) for check in self.checks), default=0.0)

    def as_json(self) -> dict[str, Any]:
        """Plain data for `--json`."""
        return {
            "id": self.id,
            "area": self.area,
            "passed": self.passed,
            "worst_error": _plain(self.worst_error),
            "checks": [check.as_json() for check in self.checks],
        }


@dataclass(slots=True)
class Tally:
    """Collects the outcomes of one kind of check."""

    name: str
    compared: int = 0
    worst: Deviation | None = None
    origin: Origin | None = None
    problem: str = ""
    skipped: list[str] = field(default_factory=list)
    errors: dict[str, float] = field(default_factory=dict)

    def add(self, outcome: Outcome, origin: Origin) -> None:
        """Count an outcome; the worst one and the first that is wrong in kind are kept."""
        self.compared += outcome.compared
        if outcome.unknown:
            self.skip(f"{origin.case}: entries without a finite true value in {origin.dtype}: {outcome.unknown}")
        if outcome.problem and not self.problem:
            self.fail(outcome.problem, origin)
        if outcome.worst is not None:
            self.errors[origin.dtype] = max(outcome.worst.error, self.errors.get(origin.dtype, 0.0))
        if outcome.worst is not None and (self.worst is None or outcome.worst.share > self.worst.share):
            self.worst = outcome.worst
            if not self.problem:
                self.origin = origin

    def fail(self, problem: str, origin: Origin | None = None) -> None:
        """Note a failure that no number shows."""
        if not self.problem:
            self.problem, self.origin = problem, origin

    def skip(self, reason: str) -> None:
        """Note something that is not checked, and why."""
        if reason not in self.skipped:
            self.skipped.append(reason)

    def result(self) -> Check:
        """The check as it stands."""
        status: Status = "passed" if self.compared else "skipped"
        reason = "; ".join(self.skipped) or ("" if self.compared else "nothing to check")
        if self.worst is not None and self.worst.share > 1:
            status, reason = "failed", _describe(self.worst) + _place(self.origin)
        if self.problem:
            status, reason = "failed", self.problem + _place(self.origin)
        return Check(self.name, status, reason, self.compared, self.worst, self.origin, self.errors)


def _describe(worst: Deviation) -> str:
    at = f" at {worst.place}" if worst.place else ""
    return f"{worst.what}{at} is {worst.got:.17g}, but the truth is {worst.expected:.17g}"


def _place(origin: Origin | None) -> str:
    """Where it happened, for a line of text; nothing where the case already says it."""
    if origin is None or not origin.extent:
        return ""
    return f" ({origin.dtype}, extent {origin.extent}, seed {origin.seed}, {origin.case})"


def _plain(value: Any) -> Any:
    """Numbers and arrays as JSON takes them."""
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value
