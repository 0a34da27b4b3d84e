"""Points at which kernels are checked: inputs with what the oracle knows about the formula there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqc.verify.balls import Objects, Undecided, ball, blurred, is_certain, precision
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

    There are values and Jacobians by (output, input); for one scalar output also its Hessian times the point's
    tangents and, where the inputs have few entries, its Hessian by (input, input).
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
    note = _note_of_values(oracle, drawn)
    if strict and note:
        return None
    rng = generator(oracle.record.id, drawn.extent, drawn.seed, 7)
    along = {**_tangents(oracle, drawn, rng), **draw.tangents}
    whole = _first_look(oracle, drawn.inputs, along)
    if not all(is_certain(number, oracle.zero) for array in whole.values.values() for number in array.ravel()):
        return None
    if not whole.is_certified(oracle.zero):
        note = "some derivatives are not finite there"
    if strict and note:
        return None
    truth = look(oracle, drawn.inputs, whole)
    rough = {
        dtype: look(oracle, drawn.inputs, _first_look(oracle, drawn.inputs, along, bits), bits)
        for dtype, bits in ROUGH_BITS.items()
    }
    cotangents = {name: _rounded(rng.uniform(-1, 1, v.shape), drawn.style) for name, v in whole.values.items()}
    return Point(drawn, along, cotangents, truth, rough, whole.ranges, note)


def _note_of_values(oracle: Oracle, drawn: Sample) -> str:
    """What is not ideal about the values; much cheaper to find than anything about derivatives."""
    try:
        near = oracle.evaluate(drawn.inputs, bits=_KINK_BITS).values
    except Undecided:
        return "a kink is near"
    finite = all(number.is_finite() for array in near.values() for number in array.ravel())
    return "" if finite else "the formula is badly conditioned there"


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


def _first_look(oracle: Oracle, inputs: Mapping[str, Any], tangents: Direction, bits: int | None = None) -> Truth:
    """Values and first derivatives, and second ones along the tangents if there is one output."""
    along = [direction for _, _, direction in units(oracle, inputs)]
    scalar = len(oracle.reading.outputs) == 1 and bool(along)
    return _evaluate(oracle, inputs, along, tangents if scalar else None, bits)


def look(oracle: Oracle, inputs: Mapping[str, Any], whole: Truth, bits: int | None = None) -> Local:
    """Everything about the formula at a point: certified, or in some bits from inputs known to one roundoff.

    `whole` is what the first look found there.
    """
    entries = units(oracle, inputs)
    scalar = len(oracle.reading.outputs) == 1 and bool(entries) and all(v.ndim == 0 for v in whole.values.values())
    names = [(name, at) for name, at, _ in entries]
    shapes = {name: np.shape(inputs[name]) for name, _ in names}
    jacobian = {
        (out, name): _gathered(whole.first, out, name, shapes[name], names) for out in whole.values for name in shapes
    }
    if not scalar:
        return Local(whole.values, jacobian, {}, {})
    out = oracle.reading.outputs[0]
    hvp = {name: _gathered(whole.mixed, out, name, shapes[name], names) for name in shapes}
    return Local(whole.values, jacobian, hvp, _hessian(oracle, inputs, entries, bits))


def _hessian(
    oracle: Oracle, inputs: Mapping[str, Any], entries: list[tuple[str, tuple[int, ...], Direction]], bits: int | None
) -> dict[tuple[str, str], Objects]:
    """All second derivatives, row by row, if there are few entries."""
    if len(entries) > _ENTRIES_FOR_HESSIAN:
        return {}
    out = oracle.reading.outputs[0]
    names = [(name, at) for name, at, _ in entries]
    along = [direction for _, _, direction in entries]
    rows = {(n, at): _evaluate(oracle, inputs, along, d, bits).mixed for n, at, d in entries}
    shapes = {name: np.shape(inputs[name]) for name, _ in names}

    def block(a: str, b: str) -> Objects:
        found = {at: _gathered(row, out, b, shapes[b], names) for (n, at), row in rows.items() if n == a}
        depth = len(shapes[a])
        return filled((*shapes[a], *shapes[b]), lambda at: found[at[:depth]][at[depth:]])

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
    names: list[tuple[str, tuple[int, ...]]],
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
