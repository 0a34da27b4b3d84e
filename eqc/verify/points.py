"""Points at which kernels are checked: inputs with what the oracle knows about the formula there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqc.verify.balls import Ball, Objects, Undecided, ball, blurred, is_certain, precision
from eqc.verify.draws import Style
from eqc.verify.oracle import Direction, Oracle, Truth
from eqc.verify.sampling import NoSample, Sample, another, generator, sample
from eqc.verify.tensor import filled

SYMMETRIC = frozenset({"spd", "symmetric"})
ROUGH_BITS: Mapping[str, int] = {"float64": 53, "float32": 24}
_DISCRETE = frozenset({"binary", "sign", "one_hot"})
_KINK_BITS = 20
_DRAWS = 12
_ENTRIES_FOR_HESSIAN = 8


@dataclass(frozen=True, slots=True)
class Local:
    """A formula at a point, at one precision.

    There are values and Jacobians by (output, input); for one scalar output also its Hessian by (input, input) or,
    where the inputs have many entries, only that times the point's tangents.
    """

    values: dict[str, Objects]
    jacobian: dict[tuple[str, str], Objects]
    hvp: dict[str, Objects]
    hessian: dict[tuple[str, str], Objects]


@dataclass(frozen=True, slots=True)
class Point:
    """Inputs, directions and the truth there; `note` says what is not ideal about it.

    `rough` is the same at the precision of each dtype, from inputs known to one roundoff of it.
    """

    sample: Sample
    tangents: dict[str, NDArray[Any]]
    cotangents: dict[str, NDArray[Any]]
    truth: Local
    rough: Mapping[str, Local]
    ranges: dict[str, tuple[int, int]]
    note: str = ""


def find_point(oracle: Oracle, seed: int, extent: int, style: Style = "single") -> Point:
    """Draw inputs until the formula and its derivatives are finite there and no kink is near.

    If no draw is ideal, the last one with certified values is taken, with a note. Raises NoSample if there is none.
    """
    found = _first_ideal(oracle, (Draw(sample(oracle, seed + k, extent, style)) for k in range(_DRAWS)))
    if found is None:
        raise NoSample(f"the formula has no finite value at {_DRAWS} random points of extent {extent}")
    return found


def tie_points(oracle: Oracle, seed: int, extent: int) -> Iterator[Point]:
    """Points with many ties and zeros, at which exact arithmetic in float64 decides every comparison."""
    for k in range(_DRAWS // 3):
        drawn = sample(oracle, seed + k, extent, "grid")
        try:
            oracle.evaluate(drawn.inputs, bits=ROUGH_BITS["float64"])
        except Undecided:
            continue
        found = point_at(oracle, Draw(drawn))
        if found is not None:
            yield found


def companion(oracle: Oracle, point: Point, shared: frozenset[str]) -> Point | None:
    """A second point of the same extents; inputs named in `shared` keep their values and tangents."""
    kept = {n: point.sample.inputs[n] for n in point.sample.inputs if n in shared}
    tangents = {n: t for n, t in point.tangents.items() if n in shared}

    def draw(attempt: int) -> Draw:
        drawn = another(oracle, point.sample, attempt)
        return Draw(replace(drawn, inputs={**drawn.inputs, **kept}), tangents)

    return _first_ideal(oracle, (draw(k) for k in range(_DRAWS)))


@dataclass(frozen=True, slots=True)
class Draw:
    """Inputs that were drawn, with the tangents that are given."""

    sample: Sample
    tangents: Direction = field(default_factory=dict)


def _first_ideal(oracle: Oracle, draws: Iterable[Draw]) -> Point | None:
    """The first point without a note, else the last one with a note: only those are looked at in full."""
    noted: list[Draw] = []
    for draw in draws:
        point = point_at(oracle, draw, strict=True)
        if point is not None:
            return point
        noted.insert(0, draw)
    return next((point for draw in noted if (point := point_at(oracle, draw)) is not None), None)


def point_at(oracle: Oracle, draw: Draw, *, strict: bool = False) -> Point | None:
    """What the oracle knows at given inputs; None if a value is not finite or certain, or if there is a note.

    A point with a note is None only when one is `strict`.
    """
    drawn = draw.sample
    near = _near_values(oracle, drawn)
    note = _note_of_values(near)
    if strict and note:
        return None
    rng = generator(oracle.record.id, drawn.extent, drawn.seed, 7)
    view = View(oracle, drawn.inputs, {**_tangents(oracle, drawn, rng), **draw.tangents}, _has_hessian(oracle, near))
    exact: list[Truth] = []
    for truth in view.look():
        exact.append(truth)
        if not truth.is_certified(oracle.zero):
            note = "some derivatives are not finite there"
            if strict:
                return None
    values = exact[0].values
    if not all(is_certain(number, oracle.zero) for array in values.values() for number in array.ravel()):
        return None
    rough = {dtype: view.local([*view.look(bits)]) for dtype, bits in ROUGH_BITS.items()}
    cotangents = {name: _rounded(rng.uniform(-1, 1, v.shape), drawn.style) for name, v in values.items()}
    return Point(drawn, dict(view.tangents), cotangents, view.local(exact), rough, exact[0].ranges, note)


def _near_values(oracle: Oracle, drawn: Sample) -> dict[str, Objects] | None:
    """The values in few bits, much cheaper to find than anything about derivatives; None if a kink is near."""
    try:
        return oracle.evaluate(drawn.inputs, bits=_KINK_BITS).values
    except Undecided:
        return None


def _note_of_values(near: Mapping[str, Objects] | None) -> str:
    """What is not ideal about the values."""
    if near is None:
        return "a kink is near"
    finite = all(number.is_finite() for array in near.values() for number in array.ravel())
    return "" if finite else "the formula is badly conditioned there"


def _has_hessian(oracle: Oracle, near: Mapping[str, Objects] | None) -> bool:
    """Whether the output is one number, which alone has second derivatives among the kernels."""
    if len(oracle.reading.outputs) != 1:
        return False
    (output,) = oracle.reading.outputs
    return not (oracle.reading.shapes.get(output) if near is None else near[output].ndim)


def _tangents(oracle: Oracle, drawn: Sample, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
    """A random direction per differentiable input, symmetric where the input is."""
    found = {}
    for name in oracle.reading.differentiable:
        direction = rng.uniform(-1, 1, drawn.inputs[name].shape)
        if oracle.reading.entry(name).domain.name in SYMMETRIC:
            direction = (direction + np.swapaxes(direction, -1, -2)) / 2
        found[name] = _rounded(direction, drawn.style)
    return found


def _rounded(values: Any, style: Style) -> NDArray[Any]:
    return np.asarray(values) if style == "double" else np.asarray(values, np.float32).astype(np.float64)


def units(oracle: Oracle, inputs: Mapping[str, Any]) -> list[tuple[str, tuple[int, ...], Direction]]:
    """A direction for every entry of every differentiable input; along both mirrored entries if it is symmetric."""
    found: list[tuple[str, tuple[int, ...], Direction]] = []
    for name in oracle.reading.differentiable:
        shape = np.shape(inputs[name])
        for at in np.ndindex(*shape):
            direction = np.zeros(shape)
            direction[at] = 1.0
            if oracle.reading.entry(name).domain.name in SYMMETRIC:
                direction = (direction + np.swapaxes(direction, -1, -2)) / 2
            found.append((name, at, {name: direction}))
    return found


@dataclass(frozen=True, slots=True)
class View:
    """What of a formula is evaluated at a point: its derivatives in every entry, and second ones if it is `curved`.

    Where there are few entries these are a row of the Hessian for each, which is symmetric, so that a row begins on the
    diagonal; where there are many, the Hessian times the tangents.
    """

    oracle: Oracle
    inputs: Mapping[str, Any]
    tangents: Direction
    curved: bool

    def look(self, bits: int | None = None) -> Iterator[Truth]:
        """The evaluations: certified, or in some bits from inputs known to one roundoff.

        The first has the values and all first derivatives.
        """
        along = [direction for _, _, direction in units(self.oracle, self.inputs)]
        others: list[Direction | None] = [self.tangents if self.curved and along else None]
        if self.curved and 0 < len(along) <= _ENTRIES_FOR_HESSIAN:
            others = [*along]
        for k, other in enumerate(others):
            yield _evaluate(self.oracle, self.inputs, along[k:], other, bits)

    def local(self, truths: Sequence[Truth]) -> Local:
        """The results of a look by name."""
        entries = [(name, at) for name, at, _ in units(self.oracle, self.inputs)]
        shapes = {name: np.shape(self.inputs[name]) for name, _ in entries}
        whole, out = truths[0], self.oracle.reading.outputs[0]
        jacobian = {
            (o, name): _gathered(whole.first, o, name, shapes[name], entries) for o in whole.values for name in shapes
        }
        if not self.curved or not entries or whole.values[out].ndim:
            return Local(whole.values, jacobian, {}, {})
        if len(entries) > _ENTRIES_FOR_HESSIAN:
            hvp = {name: _gathered(whole.mixed, out, name, shapes[name], entries) for name in shapes}
            return Local(whole.values, jacobian, hvp, {})
        return Local(whole.values, jacobian, {}, _hessian([truth.mixed for truth in truths], out, shapes, entries))


def _hessian(
    rows: Sequence[Sequence[Mapping[str, Objects]]],
    out: str,
    shapes: Mapping[str, tuple[int, ...]],
    entries: Sequence[tuple[str, tuple[int, ...]]],
) -> dict[tuple[str, str], Objects]:
    """All second derivatives by inputs, from rows that begin on the diagonal."""
    number = {entry: k for k, entry in enumerate(entries)}

    def second(i: int, j: int) -> Ball:
        first, last = sorted((i, j))
        return rows[first][last - first][out][()]

    def block(a: str, b: str) -> Objects:
        depth = len(shapes[a])
        return filled((*shapes[a], *shapes[b]), lambda at: second(number[a, at[:depth]], number[b, at[depth:]]))

    return {(a, b): block(a, b) for a in shapes for b in shapes}


def _evaluate(
    oracle: Oracle, inputs: Mapping[str, Any], along: list[Direction], other: Direction | None, bits: int | None
) -> Truth:
    if bits is None:
        return oracle.evaluate(inputs, along, other)
    blur = frozenset(n for n in oracle.reading.inputs if oracle.reading.entry(n).domain.name not in _DISCRETE)
    # At a kink that these bits do not decide the balls still say what rounding does to all that is no choice.
    for blurred_inputs, lenient in ((blur, False), (frozenset[str](), False), (blur, True)):
        try:
            return oracle.evaluate(inputs, along, other, bits, blurred_inputs, lenient=lenient)
        except Undecided:
            continue
    return oracle.evaluate(inputs, along, other)


def _gathered(
    parts: tuple[dict[str, Objects], ...],
    out: str,
    name: str,
    shape: tuple[int, ...],
    names: Sequence[tuple[str, tuple[int, ...]]],
) -> Objects:
    """Derivatives along single entries as one array of shape output + input."""
    columns = {at: part[out] for (n, at), part in zip(names, parts, strict=True) if n == name}
    rows = next(iter(columns.values())).shape if columns else ()
    depth = len(rows)
    return filled((*rows, *shape), lambda at: columns[at[depth:]][at[:depth]])


def contract(array: Objects, weights: NDArray[Any], bits: int, *, leading: bool) -> Objects:
    """The sum over the array's leading (or trailing) axes, weighted: a product with a cotangent (or tangent)."""
    with precision(bits):
        matrix = array if leading else _axes_last_first(array, weights.ndim)
        rest = matrix.shape[weights.ndim :]
        flat = matrix.reshape(weights.size, -1)
        lift = blurred if bits in ROUGH_BITS.values() else ball
        scalars = [lift(float(w)) for w in weights.ravel()]
        data = filled((flat.shape[1],), lambda at: _dot(scalars, flat[:, at[0]]))
        return data.reshape(rest)


def _axes_last_first(array: Objects, count: int) -> Objects:
    return np.moveaxis(array, range(array.ndim - count, array.ndim), range(count))


def _dot(weights: list[Any], column: Objects) -> Any:
    result = ball(0)
    for weight, number in zip(weights, column.tolist(), strict=True):
        result = result + weight * number
    return result
