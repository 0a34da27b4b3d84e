"""The closed forms that several tests look at: finding them is what takes long."""

from __future__ import annotations

from functools import cache

from core_samples import case

from eqc.present.derivative import ClosedForm, derivative


@cache
def closed_forms(name: str, wrt: str, order: int = 1) -> tuple[ClosedForm, ...]:
    """The forms of a case's derivative, with the index names that its glossary gives."""
    of = case(name)
    patterns = {n: e.index for n, e in of.record.symbols.items() if e.index}
    return derivative(of.value, wrt, order, patterns)
