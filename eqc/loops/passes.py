"""Program -> program, last of all: what suits the loops."""

from __future__ import annotations

from collections.abc import Callable, Collection

from eqc.ir.program import Program
from eqc.loops.lone_entries import choose_entries
from eqc.loops.merged_axes import merge_axes
from eqc.loops.running import run_through

Pass = tuple[str, Callable[[Program], Program]]
"""A name for people, and what runs."""


def loop_passes(apart: Collection[str]) -> tuple[Pass, ...]:
    """The passes in their order; the statements that are `apart`, by their targets, are not summed up otherwise.

    >>> [name for name, _ in loop_passes(())]
    ['choose lone entries', 'run sums through', 'merge axes']
    """
    return (
        ("choose lone entries", choose_entries),
        ("run sums through", lambda program: run_through(program, apart)),
        ("merge axes", merge_axes),
    )
