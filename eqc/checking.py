"""`eqc check`: read a record, give its formulas a meaning, and see that its examples lie in their domains."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from eqc.errors import EqcError, RecordError
from eqc.records.model import Example, Record, SymbolEntry
from eqc.verify.agreement import Agreement, check_agreement
from eqc.verify.instances import instances
from eqc.verify.membership import outside
from eqc.verify.oracle import Oracle

if TYPE_CHECKING:
    from eqc.records.catalog import Catalog


def check_task(record_id: str, catalog: Catalog) -> Agreement:
    """Check one record, and give what its LaTeX says of its SymPy form. Raises EqcError with the first mistake."""
    from eqc import pipeline  # heavy, and of no use for a record that cannot be read

    record = catalog.get(record_id)
    pipeline.check_record(record_id, catalog)
    for example in record.examples:
        problem = example_problem(record, example)
        if problem is not None:
            raise problem
    lookup = partial(_record_if_there, catalog)
    functions = instances(record)[-1].functions  # smooth ones, for the record's functions
    return check_agreement(Oracle(record, catalog, functions=functions), catalog.ids(), lookup)


def _record_if_there(catalog: Catalog, record_id: str) -> Record | None:
    return catalog.get(record_id) if record_id in catalog else None


def example_problem(record: Record, example: Example) -> EqcError | None:
    """The first value of an example that is no array of the symbol's axes or lies outside its domain."""
    for name, value in example.given.items():
        entry = record.symbols.get(name)
        reason = _value_problem(entry, value) if entry is not None and entry.kind == "value" else None
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
    problem = outside(entry.domain, values)
    if problem:
        rule = f"the example's {entry.name} lies outside its domain, {entry.domain.name}: {problem}"
        return rule, "correct the example or the domain"
    return None
