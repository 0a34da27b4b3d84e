"""Decides a relation at a point: its two sides as balls, at as many bits as it takes to tell them apart or agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Literal

import numpy as np

from eqc.errors import ShapeError
from eqc.notation.tree import Compare, Name, Node, Subscript, walk
from eqc.verify.balls import Ball, Undecided, precision
from eqc.verify.claims_eval import LawEvaluator
from eqc.verify.claims_points import Place, roots_at
from eqc.verify.claims_reading import Law
from eqc.verify.functions import RELATIONS, Decisions
from eqc.verify.hyperdual import HyperDual, Scalar, lift
from eqc.verify.oracle import PRECISIONS, Oracle
from eqc.verify.reading import Reading
from eqc.verify.session import Session
from eqc.verify.tensor import Tensor, Value, as_column, show

RELATIVE = 1e-25
ABSOLUTE = 1e-45
_MOST_SETTINGS = 100
_MOST_CANDIDATES = 5000
_RELATION_WORDS = {"==": "", "!=": "another value than", "<": "below", "<=": "at most", ">": "above", ">=": "at least"}
Setting = Mapping[str, int]
Kind = Literal["holds", "fails", "left undefined", "right undefined", "undefined", "open"]


@dataclass(frozen=True, slots=True)
class Failure:
    """Where a relation does not hold; `left` and `right` are its sides there, None if they cannot be compared."""

    setting: Setting
    what: str
    left: float | None = None
    right: float | None = None


@dataclass(slots=True)
class Finding:
    """What was found at one point.

    `kinds` counts comparisons by the number of different values that the free indices had and by how they came out.
    `outside` is the first error of shape or position, `kinks` whether a derivative was taken on a kink.
    """

    place: Place
    sizes: dict[str, int] = field(default_factory=dict)
    kinds: dict[tuple[int, Kind], int] = field(default_factory=dict)
    failure: Failure | None = None
    outside: ShapeError | None = None
    settings: int = 0
    kinks: bool = False

    @property
    def compared(self) -> int:
        """How many numbers were decided."""
        return sum(count for (_, kind), count in self.kinds.items() if kind in ("holds", "fails"))

    def count(self, setting: Setting, kind: Kind) -> None:
        key = len(set(setting.values())), kind
        self.kinds[key] = self.kinds.get(key, 0) + 1


@dataclass(frozen=True, slots=True)
class Watched(Decisions):
    """Decisions that remember whether two equal numbers with derivatives were compared, which is what a kink is."""

    ties: list[bool] = field(default_factory=list)

    def order(self, left: Scalar, right: Scalar) -> int | None:
        found = Decisions.order(self, left, right)
        if found == 0 and any(isinstance(x, HyperDual) and not x.is_constant for x in (left, right)):
            self.ties.append(True)
        return found


def examine(oracle: Oracle, law: Law, place: Place, readings: dict[str, Reading], rng: np.random.Generator) -> Finding:
    """Test a law at a point, for all values of its free indices or some of them drawn by `rng`.

    Raises NotationError or NotImplementedError where the law cannot be evaluated anywhere.
    """
    finding = Finding(place)
    pending: list[Setting] | None = None
    for bits in PRECISIONS:
        with precision(bits):
            decide = Watched(lenient=bits == PRECISIONS[-1])
            try:
                ev = LawEvaluator(Session(oracle.catalog, decide, readings), law, roots_at(oracle, law, place))
                if pending is None:
                    pending = settings(ev, law, rng)
                    finding.sizes = {n: int(ev.values[n]) for n in law.reading.extents}
                    finding.settings = len(pending)
                pending = _examine_all(ev, law, pending, finding, last=decide.lenient)
            except Undecided:
                continue
            except ShapeError as error:
                finding.outside = error
                return finding
            finding.kinks = bool(decide.ties)
        if not pending or finding.failure:
            break
    return finding


def _examine_all(
    ev: LawEvaluator, law: Law, pending: Sequence[Setting], finding: Finding, *, last: bool
) -> list[Setting]:
    """The settings that need more bits."""
    open_settings = []
    for setting in pending:
        ev.indices = dict(setting)
        try:
            outcomes = [outcome for part in law.parts for outcome in _outcomes(ev, part, last=last)]
        except Undecided:
            open_settings.append(setting)
            continue
        if any(kind == "open" for kind, _ in outcomes) and not last:
            open_settings.append(setting)
            continue
        for kind, failure in outcomes:
            finding.count(setting, kind)
            if failure is not None and finding.failure is None:
                finding.failure = Failure(setting, *failure)
    return open_settings


Outcome = tuple[Kind, tuple[str, float | None, float | None] | None]


def _outcomes(ev: LawEvaluator, part: Node, *, last: bool) -> Iterator[Outcome]:
    """One relation at one setting of the indices: entry by entry if its sides are arrays."""
    if not isinstance(part, Compare):
        holds = ev.value(part)
        every = all(holds.data.ravel()) if isinstance(holds, Tensor) else holds
        yield ("holds", None) if every else ("fails", ("the condition does not hold", None, None))
        return
    for at, left, right in _pairs(part, ev.value(part.left), ev.value(part.right)):
        kind = _decide(part.op, left, right, last=last)
        yield kind, _described(part.op, at, left, right) if kind == "fails" else None


def _pairs(part: Compare, left: Value, right: Value) -> Iterator[tuple[tuple[int, ...], Scalar, Scalar]]:
    """Entries that stand opposite each other; vectors are columns, and a number stands opposite every entry."""
    for side in (left, right):
        if not isinstance(side, Tensor | Scalar.__value__ if False else (Tensor, int, HyperDual) + _EXACT):
            raise ShapeError(part.span, written=show(side), rule="this has no single value", remedy="name a field")
    arrays = [side for side in (left, right) if isinstance(side, Tensor)]
    rank = max((side.rank for side in arrays), default=0)
    aligned = [as_column(a) if a.rank == 1 and rank == 2 else a for a in arrays]
    shapes = {side.data.shape for side in aligned}
    if len(shapes) > 1:
        written = f"{show(left)} and {show(right)}"
        raise ShapeError(part.span, written=written, rule="the sides have different shapes", remedy="use indices")
    for at in np.ndindex(*(shapes.pop() if shapes else ())):
        entries = [side.data[at] for side in aligned]
        yield at, *_two(left, right, entries)


def _two(left: Value, right: Value, entries: list[Scalar]) -> tuple[Scalar, Scalar]:
    rest = iter(entries)
    a = next(rest) if isinstance(left, Tensor) else left
    return a, next(rest) if isinstance(right, Tensor) else right
