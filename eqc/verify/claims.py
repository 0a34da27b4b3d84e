"""Claims: what a record says about its equation, tested at random points and, where that is easy, proved.

A claim is tested at points of the domains with exact inputs and balls, so a difference is a proof that it is false. It
is meant where both of its sides are finite. Points with a derivative on a kink count only if there are no others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from eqc.errors import EqcError
from eqc.notation.sympy_form import parse_expression
from eqc.notation.tree import Node
from eqc.records.model import SourceText
from eqc.verify.balls import precision
from eqc.verify.claims_decide import Watched
from eqc.verify.claims_examine import Finding, Trial
from eqc.verify.claims_fresh import Shapes, readings
from eqc.verify.claims_points import PLAN, Place, places
from eqc.verify.claims_prove import is_proved
from eqc.verify.claims_reading import Law, makes_choices, read_law
from eqc.verify.claims_verdict import unreadable, verdict
from eqc.verify.oracle import PRECISIONS, Oracle
from eqc.verify.report import Check
from eqc.verify.sampling import NoSample

_MOST_STEPS = 100_000
_MEANINGLESS = (TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
"""What Python raises where a formula puts values together that do not go together."""


class Points:
    """The points of a record at which its claims are tested, drawn when they are asked for the first time."""

    def __init__(self, oracle: Oracle, seed: int = 0) -> None:
        self._source = places(oracle, seed)
        self._drawn: list[Place] = []
        self._problem: Exception | None = None

    def __iter__(self) -> Iterator[Place]:
        yield from self._drawn
        while (place := self._another()) is not None:
            yield place

    def _another(self) -> Place | None:
        """One more point; what keeps the record from having any is raised every time."""
        if self._problem is not None:
            raise self._problem
        try:
            place = next(self._source, None)
        except (EqcError, NoSample, NotImplementedError) as error:
            self._problem = error
            raise
        if place is not None:
            self._drawn.append(place)
        return place


def check_claims(oracle: Oracle, seed: int = 0) -> tuple[Check, ...]:
    """A check for every claim of a record, named after it.

    >>> from eqc.records.load import load_text
    >>> text = "title: Cube\\nsympy: Eq(y, x**3)\\nsymbols: {x: input, y: output}\\nclaims: "
    >>> text += "[{name: slope, sympy: 'Eq(Derivative(y, x), 3*x**2)'}, {name: even, sympy: 'Eq(y.subs(x, -x), y)'}]"
    >>> slope, even = check_claims(Oracle(load_text(text, id="cube", area="a", file="cube.yaml"), {}))
    >>> slope.name, slope.status, slope.reason
    ('claim: slope', 'proved', 'proved; tested 20 points')
    >>> even.status, even.reason.partition(":")[0]
    ('failed', 'FAILED at x = -0.6548988223075867')
    """
    points = Points(oracle, seed)
    return tuple(_checked(oracle, f"claim: {claim.name}", claim.formula, points) for claim in oracle.record.claims)


def _checked(oracle: Oracle, name: str, source: SourceText, points: Points) -> Check:
    try:
        return check_relation(oracle, name, parse_expression(source), points)
    except EqcError as error:
        return unreadable(name, error)


def check_relation(oracle: Oracle, name: str, formula: Node, points: Points, *, prove: bool = True) -> Check:
    """Test a relation about a record, and try to prove it unless only the test is asked for.

    The check is `tested` if the relation held wherever it was tested, and `proved` if it follows from the formulas
    too; it is skipped with the reason if it could be tested nowhere, and has failed otherwise. Raises EqcError if the
    formula is no relation or has no value.
    """
    law = read_law(oracle.reading, formula)
    try:
        check, shapes = _tested(oracle, name, law, points)
    except (NoSample, NotImplementedError) as error:
        return Check(name, "skipped", f"cannot be tested: {error}")
    except _MEANINGLESS as error:
        return Check(name, "failed", f"FAILED: it cannot be evaluated: {type(error).__name__}: {error}")
    if prove and check.status == "tested" and is_proved(oracle, law, shapes):
        return replace(check, status="proved", reason=f"proved; {check.reason}")
    return check


def _tested(oracle: Oracle, name: str, law: Law, points: Points) -> tuple[Check, Shapes]:
    """The check in the first reading of the symbols' shapes in which it passes, else in the first one."""
    trial = Trial(oracle, law, {oracle.record.id: oracle.reading})
    choices = _shapes(trial, points) if law.fresh else [{}]
    checks = []
    for shapes in choices:
        check = verdict(name, list(_findings(replace(trial, shapes=shapes), points)))
        if check.status == "tested":
            several = f"{check.reason}, {_with_shapes(shapes)}"
            return check if len(choices) == 1 else replace(check, reason=several), shapes
        checks.append(check)
    return checks[0], choices[0]


def _shapes(trial: Trial, points: Points) -> Sequence[Shapes]:
    """The readings that fit at two points of different extents."""
    chosen = [*islice(points, 1), *islice(points, len(PLAN) // 2, len(PLAN) // 2 + 1)]
    with precision(PRECISIONS[0]):
        return readings(trial.law, [trial.evaluator(place, Watched(lenient=True)) for place in chosen])


def _with_shapes(shapes: Shapes) -> str:
    return ", ".join(f"with {name} as {_like(axes)}" for name, axes in shapes.items())


def _like(axes: Sequence[tuple[str, int]]) -> str:
    names = dict.fromkeys(name for name, _ in axes)
    return f"an array with axes of {', '.join(names)}" if names else "a number"


def _findings(trial: Trial, points: Iterable[Place]) -> Iterator[Finding]:
    """What is found at one point after the other, up to a failure that no kink can excuse.

    There are more points where the formulas make choices, as long as they cost little.
    """
    many = makes_choices(trial.law, trial.oracle.catalog)
    steps = 0
    for place in points:
        if place.number >= len(PLAN) and not (many and steps < _MOST_STEPS):
            return
        finding = trial.run(place)
        yield finding
        steps += finding.steps
        if finding.failure is not None and not finding.kinks:
            return
