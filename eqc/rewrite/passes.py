"""The rewriting passes in their order."""

from __future__ import annotations

from collections.abc import Callable

from eqc.ir.program import Program
from eqc.rewrite.shift import shift_exponentials
from eqc.rewrite.split import split
from eqc.rewrite.stability import stabilise

STABILITY: tuple[tuple[str, Callable[[Program], Program]], ...] = (
    ("shift sums of exponentials", shift_exponentials),
    ("stable forms", stabilise),
)
"""Left out for a record that says `stabilise: false`."""

SIZE: tuple[tuple[str, Callable[[Program], Program]], ...] = (("split large bodies", split),)


def rewrite(program: Program, *, stable: bool) -> Program:
    """All passes in turn."""
    for _, run in (*(STABILITY if stable else ()), *SIZE):
        program = run(program)
    return program
