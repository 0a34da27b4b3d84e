"""`eqc check`: read a record, give its formulas a meaning, and see that its examples lie in their domains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eqc.errors import EqcError, RecordError
from eqc.records.model import Domain, Example, Record, SymbolEntry

if TYPE_CHECKING:
    from eqc.records.catalog import Catalog

Array = NDArray[np.float64]

# Printed values are rounded, so laws between the entries of an array hold only about.
_ROUNDING = 1e-2


def _transposed(values: Array) -> Array:
    return np.swapaxes(values, -1, -2)


def _is_square(values: Array) -> bool:
    return values.ndim >= 2 and values.shape[-1] == values.shape[-2]


def _is_orthogonal(values: Array) -> bool:
    return _is_square(values) and np.allclose(values @ _transposed(values), np.eye(values.shape[-1]), atol=_ROUNDING)


def _is_spd(values: Array) -> bool:
    return LAWS["symmetric"](values) and bool(np.all(np.linalg.eigvalsh(values) > 0))


# What a named domain asks for beyond its bounds.
LAWS: Mapping[str, Callable[[Array], bool]] = {
    "nonzero": lambda values: bool(np.all(values != 0)),
    "binary": lambda values: bool(np.all((values == 0) | (values == 1))),
    "sign": lambda values: bool(np.all(abs(values) == 1)),
    "simplex": lambda values: np.allclose(values.sum(axis=-1), 1, atol=_ROUNDING) if values.ndim else False,
    "one_hot": lambda values: bool(np.all((values == 1).sum(-1) + values.sum(-1) == 2)) if values.ndim else False,
    "symmetric": lambda values: _is_square(values) and np.allclose(values, _transposed(values)),
    "spd": _is_spd,
    "orthogonal": _is_orthogonal,
    "lower_triangular": lambda values: values.ndim >= 2 and np.array_equal(values, np.tril(values)),
}


def contains(domain: Domain, values: Array) -> bool:
    """Whether an array lies in a domain: every entry within the bounds, and what the domain's name asks for.

    >>> contains(Domain("simplex"), np.array([0.25, 0.75])), contains(Domain("nonzero"), np.array(0.0))
    (True, False)
    """
    inside = np.full(values.shape, not np.isnan(values).any())
    if domain.lower is not None:
        lower = float(domain.lower)
        inside &= values > lower if domain.lower_open else values >= lower
    if domain.upper is not None:
        upper = float(domain.upper)
        inside &= values < upper if domain.upper_open else values <= upper
    if domain.integer:
        inside &= values == np.floor(values)
    return bool(inside.all()) and LAWS.get(domain.name, _anything)(values)


def _anything(values: Array) -> bool:
    return True


def check_task(record_id: str, catalog: Catalog) -> None:
    """Check one record. Raises EqcError with the first mistake."""
    from eqc import pipeline  # heavy, and of no use for a record that cannot be read

    record = catalog.get(record_id)
    pipeline.check_record(record_id, catalog)
    for example in record.examples:
        problem = example_problem(record, example)
        if problem is not None:
            raise problem


def example_problem(record: Record, example: Example) -> EqcError | None:
    """The first value of an example that is no array of the symbol's axes or lies outside its domain."""
    for name, value in example.given.items():
        entry = record.symbols.get(name)
        reason = _value_problem(entry, value) if entry is not None else None
        if reason is not None:
            rule, remedy = reason
            return RecordError(example.span, written=f"{name}: {value}", rule=rule, remedy=remedy)
    return None


def _value_problem(entry: SymbolEntry, value: object) -> tuple[str, str] | None:
    try:
        values = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        return f"the example's {entry.name} is no array of numbers", "give every row the same length"
    axes = len(entry.shape or ())
    if values.ndim != axes:
        rule = f"the example's {entry.name} has {values.ndim} axes, its symbol has {axes}"
        return rule, f"give it {axes} levels of brackets, or correct the symbol's shape"
    if not contains(entry.domain, values):
        return f"the example's {entry.name} lies outside its domain", "correct the example or the domain"
    return None
