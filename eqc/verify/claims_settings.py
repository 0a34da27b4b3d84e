"""The values of a relation's free indices at a point: those at which its reads stay inside the arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import numpy as np

from eqc.errors import EqcError, NotationError
from eqc.notation.tree import Name, Subscript, walk
from eqc.verify.claims_eval import LawEvaluator
from eqc.verify.claims_reading import Law
from eqc.verify.session import OutOfRange
from eqc.verify.tensor import Tensor

_MOST_SETTINGS = 100
_MOST_CANDIDATES = 4000
Setting = Mapping[str, int]


def settings(ev: LawEvaluator, law: Law, rng: np.random.Generator) -> list[Setting]:
    """Values of the free indices, drawn by `rng` where there are too many.

    Raises NotationError if the range of an index cannot be told.
    """
    ranges = [_range(ev, law, index) for index in law.indices]
    found = [s for s in _candidates(law.indices, ranges, rng) if _stays_inside(ev, law, s)]
    if len(found) <= _MOST_SETTINGS:
        return found
    chosen = rng.choice(len(found), _MOST_SETTINGS, replace=False)
    return [found[k] for k in sorted(chosen.tolist())]


def _candidates(indices: Sequence[str], ranges: Sequence[range], rng: np.random.Generator) -> Iterator[Setting]:
    count = int(np.prod([len(r) for r in ranges], dtype=float))
    if count <= _MOST_CANDIDATES:
        values = list(product(*ranges))
    else:
        draws = rng.integers(0, [len(r) for r in ranges], (_MOST_CANDIDATES, len(ranges)))
        rows = (tuple(r[k] for r, k in zip(ranges, row, strict=True)) for row in draws.tolist())
        values = list(dict.fromkeys(rows))
    return (dict(zip(indices, chosen, strict=True)) for chosen in values)


def _range(ev: LawEvaluator, law: Law, index: str) -> range:
    """The longest axis that is read at the bare index; where it is never bare, all that could be inside an axis."""
    ev.indices = dict.fromkeys((*law.indices, *law.placed), 1)
    sizes = [size for read in law.hints for size in _sizes_at(ev, read, index)]
    if sizes:
        return range(1, max(sizes) + 1)
    if not any(index in _names_at(read) for read in law.reads):
        rule = f"the range of the index {index} cannot be told"
        raise NotationError(law.formula.span, written=index, rule=rule, remedy=f"read an array at [{index}]")
    longest = max(max(v.data.shape, default=1) for v in ev.values.values() if isinstance(v, Tensor))
    return range(-2 * longest, 3 * longest + 1)


def _names_at(read: Subscript) -> set[str]:
    return {n.name for position in read.positions for n in walk(position) if isinstance(n, Name)}


def _sizes_at(ev: LawEvaluator, read: Subscript, index: str) -> Iterator[int]:
    axes = [axis for axis, p in enumerate(read.positions) if isinstance(p, Name) and p.name == index]
    if not axes:
        return
    try:
        base = ev.value(read.base)
    except EqcError:
        return
    if isinstance(base, Tensor) and base.rank >= len(read.positions):
        yield from (int(base.data.shape[axis]) for axis in axes)


def _stays_inside(ev: LawEvaluator, law: Law, setting: Setting) -> bool:
    ev.indices = dict(setting)
    try:
        for read in law.reads:
            ev.value(read)
    except OutOfRange:
        return False
    return True
