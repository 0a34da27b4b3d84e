"""What the findings at all points say together about a relation, in words for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from eqc.errors import EqcError
from eqc.verify.claims_examine import Finding
from eqc.verify.compare import Deviation
from eqc.verify.report import Check, Origin

_LONGEST = 120
_SEVERAL = 3


def verdict(name: str, findings: Sequence[Finding]) -> Check:
    """The check of a relation from what was found at its points.

    It has failed where the sides differ, where it reads outside arrays that are as large as others at which it does
    not, and where one side is never finite while the other is. It is skipped if neither side was ever finite.
    """
    smooth = [f for f in findings if not f.kinks]
    chosen = smooth if any(f.compared for f in smooth) else findings
    for finding in chosen:
        if finding.failure is not None:
            return _failed(name, finding)
    stray = _stray(chosen)
    if stray is not None:
        return _failed_outside(name, stray)
    lopsided = _lopsided(chosen)
    if lopsided is not None:
        side = "left" if any(kind == "left undefined" for _, kind in lopsided.counts) else "right"
        reason = f"the {side} side is not finite, though the other one is{_again(lopsided)}"
        return Check(name, "failed", f"FAILED at {_where(lopsided, [])}: {reason}", 0, None, _origin(lopsided, []))
    tested = [f for f in chosen if f.compared]
    if not tested:
        why = "its condition holds at none" if all(f.is_idle for f in chosen) else "neither side is finite at any"
        return Check(name, "skipped", f"cannot be tested: {why} of {len(findings)} points")
    compared = sum(f.compared for f in tested)
    return Check(name, "tested", _points(chosen, tested, smooth), compared, points=len(tested))


def _points(chosen: Sequence[Finding], tested: Sequence[Finding], smooth: Sequence[Finding]) -> str:
    """How many points were tested, and why others were not."""
    outside = sum(f.outside is not None for f in chosen)
    idle = sum(f.is_idle for f in chosen)
    undefined = len(chosen) - len(tested) - outside - idle
    notes = (
        "" if chosen is smooth else "all on kinks",
        f"a side is not finite at {undefined} more" if undefined else "",
        f"the arrays are too small at {outside} more" if outside else "",
        f"the condition does not hold at {idle} more" if idle else "",
    )
    points = f"tested {len(tested)} point{'s' if len(tested) != 1 else ''}"
    return ", ".join((points, *filter(None, notes)))


def unreadable(name: str, error: EqcError) -> Check:
    """The check of a relation that cannot be read or has no value."""
    return Check(name, "failed", f"FAILED at {error.where}: {error.rule} ({error.written}); {error.remedy}")


def _stray(findings: Sequence[Finding]) -> Finding | None:
    """A point that does not fit the arrays, though another one with extents no larger does, or none does."""
    stray = [f for f in findings if f.outside is not None]
    fine = [f for f in findings if f.outside is None]
    for finding in stray:
        if not fine or any(_is_as_large(finding, other) for other in fine):
            return finding
    return None


def _is_as_large(finding: Finding, other: Finding) -> bool:
    return all(a >= b for a, b in zip(finding.extents, other.extents, strict=True))


def _lopsided(findings: Sequence[Finding]) -> Finding | None:
    """A point at which one side is not finite, like at all others of its kind, although the other side is.

    Of its kind are the points at which the free indices differ as much as they can; or those of the same extents, at
    which the record's own values are finite, if they are several and no extent is 1.
    """
    most = max((different for f in findings for different, _ in f.counts), default=0)
    widest = [f for f in findings if any(different == most for different, _ in f.counts)]
    kinds = {kind for f in widest for different, kind in f.counts if different == most}
    if not kinds & {"holds", "fails"}:
        return next((f for f in widest if f.lopsided), None)
    for finding in findings:
        alike = [f for f in findings if f.extents == finding.extents and f.sound]
        if len(alike) >= _SEVERAL and min(finding.extents, default=1) > 1 and all(f.lopsided for f in alike):
            return alike[0]
    return None


def _failed(name: str, finding: Finding) -> Check:
    failure = finding.failure
    assert failure is not None
    outcome, setting = failure.outcome, failure.setting
    places = [f"{index} = {place}" for index, place in setting.items()]
    reason = f"FAILED at {_where(finding, places)}: {outcome.what}{_again(finding)}"
    if outcome.sides is None:
        return Check(name, "failed", reason, finding.compared, None, _origin(finding, places))
    left, right = outcome.sides
    at = (*setting.values(), *(k + 1 for k in outcome.at))
    error = abs(left - right) / max(abs(left), abs(right), np.finfo(float).tiny)
    worst = Deviation("the left side", at, left, right, error, float("inf"))
    return Check(name, "failed", reason, finding.compared, worst, _origin(finding, places))


def _failed_outside(name: str, finding: Finding) -> Check:
    error = finding.outside
    assert error is not None
    what = f"{error.where}: {error.rule} ({error.written}); {error.remedy}"
    return Check(
        name, "failed", f"FAILED at {_where(finding, [])}: {what}{_again(finding)}", 0, None, _origin(finding, [])
    )


def _origin(finding: Finding, places: Sequence[str]) -> Origin:
    drawn = finding.place.drawn
    return Origin("exact", drawn.extent, drawn.seed, ", ".join(places), finding.place.shown())


def _again(finding: Finding) -> str:
    return f" (extent {finding.place.drawn.extent}, seed {finding.place.drawn.seed})"


def _where(finding: Finding, places: Sequence[str]) -> str:
    """Free indices and inputs; long arrays by their shape only."""
    inputs = [f"{name} = {_shown(array)}" for name, array in finding.place.shown().items()]
    return ", ".join((*places, *inputs)) or "its only point"


def _shown(array: Any) -> str:
    text = str(array.tolist())
    return text if len(text) <= _LONGEST else f"an array of shape {array.shape}"
