"""The oracle: a record's formula at concrete inputs, with derivatives, as certified numbers.

It evaluates the notation tree entry by entry in ball arithmetic and carries derivatives by hyperdual numbers, so it
shares nothing with the compiler's lowering, derivation or rewriting. Precision rises until every ball is small.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eqc.errors import ShapeError, nearest
from eqc.records.model import Record
from eqc.verify.balls import LEAST_CERTAIN, Ball, Objects, Undecided, ball, blurred, is_certain, precision
from eqc.verify.functions import Decisions
from eqc.verify.hyperdual import HyperDual, Scalar, lift
from eqc.verify.reading import Reading, read_record
from eqc.verify.session import Label, Records, Session
from eqc.verify.statements import run
from eqc.verify.tensor import Tensor, Value, filled
from eqc.verify.tree_eval import Evaluator

PRECISIONS = (192, 768, 3072)
Inputs = Mapping[str, ArrayLike]
Direction = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Truth:
    """Balls per output: values, derivatives along each direction, second derivatives along each and the other one."""

    values: dict[str, Objects]
    first: tuple[dict[str, Objects], ...]
    mixed: tuple[dict[str, Objects], ...]
    ranges: dict[str, tuple[int, int]]
    steps: int

    def is_certified(self, zero: float) -> bool:
        """Whether every number is finite and its ball small; see `is_certain`."""
        parts = (self.values, *self.first, *self.mixed)
        return all(is_certain(number, zero) for part in parts for array in part.values() for number in array.ravel())


class Oracle:
    """Evaluates one record.

    `value`, `jvp` and `second` take inputs by name, as arrays or numbers without leading axes, and give one array of
    balls per output; `eqc.verify.balls.as_float` rounds them. Wrong shapes raise ShapeError, positions outside an axis
    OutOfRange, words that the oracle does not know NotImplementedError. A ball that holds 0 and is narrower than `zero`
    counts as 0: by default that is less than any float, which costs time where results are exactly zero.

    >>> from eqc.records.load import load_text
    >>> text = "title: Cube\\nlatex: x^3\\nsympy: x**3\\nsymbols: {x: input}"
    >>> oracle = Oracle(load_text(text, id="cube", area="a", file="cube.yaml"), {})
    >>> x, one = {"x": 2.0}, {"x": np.ones(())}
    >>> float(oracle.value(x)["out"][()]), float(oracle.jvp(x, one)["out"][()])
    (8.0, 12.0)
    >>> float(oracle.second(x, one, one)["out"][()])
    12.0
    """

    def __init__(
        self,
        record: Record,
        catalog: Records,
        zero: float = LEAST_CERTAIN,
        functions: Mapping[str, Any] | None = None,
    ) -> None:
        self.zero = zero
        self.record = record
        self.catalog = catalog
        reading = read_record(record)
        self.reading = replace(reading, functions={**reading.functions, **(functions or {})})
        self._readings: dict[str, Reading] = {}

    def value(self, inputs: Inputs) -> dict[str, Objects]:
        """The outputs."""
        return self.evaluate(inputs).values

    def jvp(self, inputs: Inputs, direction: Direction) -> dict[str, Objects]:
        """The derivative of every output along a direction (arrays by input name; left out means zero)."""
        return self.evaluate(inputs, [direction]).first[0]

    def second(self, inputs: Inputs, u: Direction, v: Direction) -> dict[str, Objects]:
        """The second derivative of every output along u and v."""
        return self.evaluate(inputs, [u], v).mixed[0]

    def evaluate(
        self,
        inputs: Inputs,
        along: Sequence[Direction] = (),
        other: Direction | None = None,
        bits: int | None = None,
        blur: frozenset[str] = frozenset(),
        *,
        lenient: bool = False,
    ) -> Truth:
        """Values, derivatives along each direction, and mixed ones with `other`.

        Without `bits` the result is certified: precision rises until every ball is small, and kinks that no precision
        decides count as ties. With `bits` it is computed once, and `Undecided` tells that a kink is too near, unless
        `lenient` takes it as a tie; the inputs named in `blur`, and their entries in the directions, are then
        known to one roundoff of those bits only: slopes that cancel are rounded before they meet.
        """
        if bits is not None:
            return self._at(inputs, along, other, bits, Decisions(lenient, rough=lenient), blur)
        for step in PRECISIONS:
            last = step == PRECISIONS[-1]
            try:
                truth = self._at(inputs, along, other, step, Decisions(lenient=last))
            except Undecided:
                continue
            if last or truth.is_certified(self.zero):
                break
        return truth

    def _at(
        self,
        inputs: Inputs,
        along: Sequence[Direction],
        other: Direction | None,
        bits: int,
        decide: Decisions,
        blur: frozenset[str] = frozenset(),
    ) -> Truth:
        with precision(bits):
            session = Session(self.catalog, decide, self._readings)
            values = {name: self._lifted(name, inputs, along, other, blur) for name in self.reading.inputs}
            outputs = run(Evaluator(session, self.reading, values))
            arrays = {name: _dual_array(value) for name, value in outputs.items()}
            first = tuple(_parts(arrays, _first_part(k)) for k in range(len(along)))
            mixed = tuple(_parts(arrays, _mixed_part(k)) for k in range(len(along) if other else 0))
            return Truth(_parts(arrays, _value_part), first, mixed, session.ranges, session.steps)

    def _lifted(
        self, name: str, inputs: Inputs, along: Sequence[Direction], other: Direction | None, blur: frozenset[str]
    ) -> Value:
        """An input as numbers with the directions' parts."""
        given = inputs.get(name, self.reading.entry(name).default)
        if given is None:
            missing = nearest(name, inputs)
            raise ShapeError(self.record.span, written=name, rule="an input is missing", remedy=missing)
        array = np.asarray(given)
        if self.reading.is_integer(name):
            shift = 1 - self.reading.entry(name).origin
            data = filled(array.shape, lambda at: Label.of(int(array[at]), name, shift))
        else:
            seeds = [(k, np.asarray(d[name])) for k, d in enumerate(along) if name in d]
            opposite = None if other is None else other.get(name)
            exact = blurred if name in blur else ball
            data = filled(array.shape, lambda at: _seeded(exact, array[at], seeds, opposite, at))
        return Tensor(data, self.reading.unit_axes(name)) if array.ndim else data[()]


def _seeded(
    exact: Callable[[float], Ball],
    number: Any,
    seeds: Sequence[tuple[int, NDArray[Any]]],
    other: NDArray[Any] | None,
    at: tuple[int, ...],
) -> HyperDual:
    first = {k: exact(float(direction[at])) for k, direction in seeds if direction[at] != 0}
    opposite = None if other is None or np.asarray(other)[at] == 0 else exact(float(np.asarray(other)[at]))
    return HyperDual(exact(float(number)), first, opposite)


def _dual_array(value: Value) -> Objects:
    """An output as an array of hyperdual numbers, without axes for a number."""
    if isinstance(value, Tensor):
        return filled(value.data.shape, lambda at: lift(value.data[at]))
    return filled((), lambda at: lift(_as_number(value)))


def _as_number(value: Value) -> Scalar:
    return int(value) if isinstance(value, bool) else value


def _value_part(x: HyperDual) -> Ball:
    return x.value


def _first_part(k: int) -> Callable[[HyperDual], Ball]:
    return lambda x: x.first.get(k)


def _mixed_part(k: int) -> Callable[[HyperDual], Ball]:
    return lambda x: x.mixed.get(k)


def _parts(arrays: Mapping[str, Objects], part: Callable[[HyperDual], Ball]) -> dict[str, Objects]:
    """One part of every number of every output; a part that is left out is zero."""
    return {name: _taken(array, part) for name, array in arrays.items()}


def _taken(array: Objects, part: Callable[[HyperDual], Ball]) -> Objects:
    zero = ball(0)

    def entry(at: tuple[int, ...]) -> Ball:
        found = part(array[at])
        return zero if found is None else found

    return filled(array.shape, entry)
