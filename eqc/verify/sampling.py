"""Random inputs for a record: extents that fit together, entries from the declared domains, positions in range.

Everything follows from the record's id, the extent asked for and the seed by a stable hash, so a point can be drawn
again. Entries have moderate magnitudes and are representable in float32, so that one truth serves both dtypes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqc.errors import EqcError, ShapeError
from eqc.notation.tree import Name, Node, walk
from eqc.records.model import Domain
from eqc.verify.balls import Undecided
from eqc.verify.draws import Style, draw, draw_integers
from eqc.verify.functions import Decisions
from eqc.verify.oracle import Oracle
from eqc.verify.reading import Reading
from eqc.verify.session import Session
from eqc.verify.tree_eval import Evaluator

_TRIES_FOR_SIZES = 400
_TRIES_FOR_POSITIONS = 30
_VARIED = (3, 4, 2)
_NATURALS = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """Inputs by name, in the glossary's order, with what made them."""

    inputs: Mapping[str, NDArray[Any]]
    sizes: Mapping[str, int]
    seed: int
    extent: int
    style: Style


class NoSample(Exception):
    """No inputs were found at which the formula can be evaluated."""


def generator(id: str, *parts: int) -> np.random.Generator:
    """A random generator that depends only on a record's id and some numbers.

    >>> int(generator("softmax", 3, 0).integers(1000)) == int(generator("softmax", 3, 0).integers(1000))
    True
    """
    text = ":".join((id, *map(str, parts)))
    return np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))


def sample(oracle: Oracle, seed: int, extent: int, style: Style = "single", first: int = 0) -> Sample:
    """Random inputs with extents near `extent` (3 means different extents of 2 to 4).

    `style` says what entries are like; if the `first` try is not number 0, extents are random from there. Raises
    NoSample if no extents fit the declared shapes or every try reads outside an array.

    >>> from eqc.records.load import load_text
    >>> text = "title: Sum\\nsympy: Sum(p[i], (i, 1, n))\\nsymbols: {p: {shape: [n], domain: simplex}, n: count}"
    >>> drawn = sample(Oracle(load_text(text, id="s", area="a", file="s.yaml"), {}), seed=0, extent=2)
    >>> drawn.inputs["p"].shape, round(float(drawn.inputs["p"].sum()), 6)
    ((2,), 1.0)
    """
    reading = oracle.reading
    problem: EqcError | None = None
    for attempt in range(first, first + _TRIES_FOR_POSITIONS):
        rng = generator(reading.record.id, extent, seed, attempt)
        sizes = _sizes(oracle, rng, extent, attempt)
        inputs = _entries(oracle, rng, sizes, style, max(1, _NATURALS - attempt // 6))
        try:
            return Sample(_with_positions(oracle, rng, inputs, frozenset(sizes)), sizes, seed, extent, style)
        except ShapeError as error:
            problem = error
    raise NoSample(f"no inputs fit at extent {extent}: {problem}")


def another(oracle: Oracle, drawn: Sample, seed: int) -> Sample:
    """Other entries of the same extents; integers without axes stay as they are, for they may be one per call."""
    rng = generator(oracle.reading.record.id, drawn.extent, drawn.seed, -1 - seed)
    fixed = {n: drawn.inputs[n] for n in _integer_numbers(oracle.reading)}
    inputs = {**_entries(oracle, rng, drawn.sizes, drawn.style, _NATURALS), **fixed}
    labels = {n: v for n, v in drawn.inputs.items() if oracle.reading.is_integer(n) and n not in fixed}
    try:
        found = _with_positions(oracle, rng, inputs, frozenset(fixed))
    except ShapeError:
        found = {**inputs, **labels}
    return replace(drawn, inputs=found, seed=seed)


def _sizes(oracle: Oracle, rng: np.random.Generator, extent: int, attempt: int) -> dict[str, int]:
    """Extents, and integer inputs that shapes use, for which every declared shape has positive whole extents."""
    reading = oracle.reading
    names = [*reading.extents, *(n for n in _integer_numbers(reading) if n in _names_in_shapes(reading))]
    sizes = {name: _first_size(extent, place) for place, name in enumerate(names)}
    sizes |= {name: max(_least(reading.entry(name).domain), min(extent, 2)) for name in names[len(reading.extents) :]}
    spread = attempt
    for step in range(_TRIES_FOR_SIZES):
        if step or attempt:
            spread = attempt + step // 20
            for name in _names_to_change(oracle, sizes) if step else names:
                lowest = 1 if name in reading.extents else _least(reading.entry(name).domain)
                sizes[name] = int(rng.integers(lowest, max(extent, lowest) + 2 + spread))
        if not _misfits(oracle, sizes):
            return sizes
    raise NoSample(f"no extents near {extent} fit the declared shapes")


def _first_size(extent: int, place: int) -> int:
    return _VARIED[place % len(_VARIED)] if extent == _VARIED[0] else extent


def _least(domain: Domain) -> int:
    return 1 if domain.lower is None else max(0, int(np.ceil(float(domain.lower))))


def _integer_numbers(reading: Reading) -> list[str]:
    return [n for n in reading.inputs if reading.is_integer(n) and not reading.shapes.get(n)]


def _names_in(nodes: tuple[Node, ...]) -> set[str]:
    return {part.name for node in nodes for part in walk(node) if isinstance(part, Name)}


def _names_in_shapes(reading: Reading) -> set[str]:
    return {name for shape in reading.shapes.values() for name in _names_in(shape)}


def _misfits(oracle: Oracle, sizes: Mapping[str, int]) -> list[tuple[Node, ...]]:
    """The declared shapes that are not positive and whole at these sizes."""
    reading = oracle.reading
    evaluator = Evaluator(Session(oracle.catalog, Decisions()), reading, dict(sizes))

    def fits(axis: Node) -> bool:
        try:
            return evaluator.whole(axis) >= 1
        except ShapeError:
            return False

    used = {n: s for n, s in reading.shapes.items() if _names_in(s) <= set(sizes)}
    return [shape for _, shape in sorted(used.items()) if not all(map(fits, shape))]


def _names_to_change(oracle: Oracle, sizes: Mapping[str, int]) -> list[str]:
    broken = {name for shape in _misfits(oracle, sizes) for name in _names_in(shape)}
    return [name for name in sizes if name in broken]


def _entries(
    oracle: Oracle, rng: np.random.Generator, sizes: Mapping[str, int], style: Style, most: int
) -> dict[str, NDArray[Any]]:
    """Entries from the domains; naturals go up to `most`."""
    reading = oracle.reading
    evaluator = Evaluator(Session(oracle.catalog, Decisions()), reading, dict(sizes))
    inputs: dict[str, NDArray[Any]] = {}
    for name in reading.inputs:
        shape = tuple(evaluator.whole(axis) for axis in reading.shapes.get(name, ()))
        if name in sizes:
            inputs[name] = np.asarray(sizes[name], dtype=np.int64)
        elif reading.is_integer(name):
            inputs[name] = draw_integers(reading.entry(name).domain, rng, shape, most)
        else:
            inputs[name] = draw(reading.entry(name).domain, rng, shape, style)
    return inputs


def _with_positions(
    oracle: Oracle, rng: np.random.Generator, inputs: dict[str, NDArray[Any]], fixed: frozenset[str]
) -> dict[str, NDArray[Any]]:
    """Redraw the integers that are read as positions within the axes they index; ShapeError if that is not enough."""
    reading = oracle.reading
    free = [n for n in reading.inputs if reading.is_integer(n) and n not in fixed]
    if not free and not fixed:
        return inputs  # another try would have the same shapes
    if not free:
        _ranges(oracle, inputs)
        return inputs
    lowest = {n: np.full_like(inputs[n], reading.entry(n).origin) for n in free}
    ranges = _ranges(oracle, {**inputs, **lowest})
    drawn = {n: rng.integers(ranges[n][0], ranges[n][1] + 1, size=inputs[n].shape) for n in free if n in ranges}
    found = {**inputs, **{n: np.asarray(values, dtype=np.int64) for n, values in drawn.items()}}
    _ranges(oracle, found)
    return found


def _ranges(oracle: Oracle, inputs: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """What the integer inputs may be as positions, from evaluating the formula."""
    try:
        return oracle.evaluate(inputs, bits=64).ranges
    except Undecided:
        return oracle.evaluate(inputs).ranges
