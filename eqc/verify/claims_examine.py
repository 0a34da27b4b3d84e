"""Tests a relation at one point, at as many bits as it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from eqc.errors import ShapeError
from eqc.notation.tree import Node
from eqc.verify.balls import Undecided, current_precision, precision
from eqc.verify.claims_decide import Kind, Outcome, Watched, outcomes
from eqc.verify.claims_eval import LawEvaluator
from eqc.verify.claims_fresh import Shapes, with_fresh
from eqc.verify.claims_points import Place, roots_at
from eqc.verify.claims_reading import Law
from eqc.verify.claims_settings import Setting, settings
from eqc.verify.oracle import PRECISIONS, Oracle
from eqc.verify.reading import Reading
from eqc.verify.session import Session
from eqc.verify.tensor import Tensor, Value


@dataclass(frozen=True, slots=True)
class Failure:
    """Where a relation does not hold."""

    setting: Setting
    outcome: Outcome


@dataclass(slots=True)
class Finding:
    """What was found at one point.

    `counts` has the comparisons by the number of different values of the free indices, and by how they came out.
    `outside` is an error of shape or position, `kinks` whether a derivative was taken on a kink, `sound` whether all
    that the record assigns is finite, `steps` the work done.
    """

    place: Place
    extents: tuple[int, ...] = ()
    counts: dict[tuple[int, Kind], int] = field(default_factory=dict)
    failure: Failure | None = None
    outside: ShapeError | None = None
    kinks: bool = False
    sound: bool = True
    steps: int = 0

    @property
    def compared(self) -> int:
        """How many comparisons were decided."""
        return sum(count for (_, kind), count in self.counts.items() if kind in ("holds", "fails"))

    @property
    def is_idle(self) -> bool:
        """Whether the relation says nothing here, as its condition holds for no values of the indices."""
        return not self.counts and self.outside is None

    @property
    def lopsided(self) -> str:
        """The side that has no finite value here although the other one has; nothing if there is none."""
        kinds = {kind for _, kind in self.counts}
        return kinds.pop().removesuffix(" undefined") if kinds in ({"left undefined"}, {"right undefined"}) else ""

    def add(self, setting: Setting, outcome: Outcome) -> None:
        """Count an outcome; the first failure is kept."""
        key = len(set(setting.values())), outcome.kind
        self.counts[key] = self.counts.get(key, 0) + 1
        if outcome.kind == "fails" and self.failure is None:
            self.failure = Failure(setting, outcome)


@dataclass(frozen=True, slots=True)
class Known:
    """What follows from a point's entries in one precision, the work that it took, and whether there was a tie."""

    roots: Mapping[str, Value]
    values: Mapping[str, Value]
    steps: int
    tied: bool


@dataclass(slots=True)
class Trial:
    """A law of a record to be tested at points.

    `shapes` are those of the symbols that it brings along, `readings` the records that it uses.
    """

    oracle: Oracle
    law: Law
    readings: dict[str, Reading]
    shapes: Shapes = field(default_factory=dict)

    def evaluator(self, place: Place, decide: Watched) -> LawEvaluator:
        """An evaluator at a point, at the precision at hand; what the record assigns there is computed once."""
        session = Session(self.oracle.catalog, decide, self.readings)
        key = (current_precision(), decide.lenient, *map(id, self.law.reading.statements))
        known = place.known.get(key)
        if known is None:
            ev = LawEvaluator(session, self.law, roots_at(self.oracle, place))
            place.known[key] = Known(ev.roots, dict(ev.values), session.steps, bool(decide.ties))
            return ev
        session.steps += known.steps
        decide.ties.extend([True] if known.tied else [])
        return LawEvaluator(session, self.law, known.roots, values=known.values)

    def run(self, place: Place) -> Finding:
        """Test the law at a point.

        Raises NotationError or NotImplementedError where the law cannot be evaluated at any point.
        """
        finding = Finding(place)
        pending: Sequence[Setting] | None = None
        for bits in PRECISIONS:
            with precision(bits):
                try:
                    pending = self._at(bits, finding, pending)
                except Undecided:
                    continue
                except ShapeError as error:
                    finding.outside = error
                    break
            if not pending or finding.failure is not None:
                break
        return finding

    def _at(self, bits: int, finding: Finding, pending: Sequence[Setting] | None) -> list[Setting]:
        """The settings that these bits do not decide."""
        decide = Watched(lenient=bits == PRECISIONS[-1])
        ev = self.evaluator(finding.place, decide)
        if any(name not in finding.place.entries for name in self.shapes):
            finding.place = with_fresh(self.oracle, self.law, finding.place, ev, self.shapes)
            ev = self.evaluator(finding.place, decide)
        if pending is None:
            finding.extents = tuple(ev.values[name] for name in (*self.law.reading.extents, *self.law.reading.sizes))
            pending = self._settings(ev, finding.place)
        left = [setting for setting in pending if not self._decides(ev, setting, finding, last=decide.lenient)]
        finding.sound = ev.is_finite()
        finding.kinks |= bool(decide.ties)
        finding.steps += ev.session.steps
        return left

    def _settings(self, ev: LawEvaluator, place: Place) -> list[Setting]:
        found = settings(ev, self.law, place.generator(17))
        if not found:
            rule = "for no values of the indices all positions are inside the arrays"
            raise ShapeError(self.law.formula.span, written="…", rule=rule, remedy="correct the positions")
        return found

    def _decides(self, ev: LawEvaluator, setting: Setting, finding: Finding, *, last: bool) -> bool:
        """Whether the law is decided at these values of its free indices."""
        ev.indices = dict(setting)
        try:
            if self.law.condition is not None and not _holds(ev, self.law.condition):
                return True
            found = [outcome for part in self.law.parts for outcome in outcomes(ev, part, last=last)]
        except Undecided:
            return False
        kinds = {outcome.kind for outcome in found}
        if "open" in kinds and "fails" not in kinds and not last:
            return False
        for outcome in found:
            finding.add(setting, outcome)
        return True


def _holds(ev: LawEvaluator, condition: Node) -> bool:
    """Whether a condition holds, in all entries if it is about arrays."""
    value = ev.value(condition)
    return bool(all(value.data.ravel()) if isinstance(value, Tensor) else value)
