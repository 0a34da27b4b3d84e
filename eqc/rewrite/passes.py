"""The rewriting passes in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from eqc.ir.alike import merge_equal
from eqc.ir.program import Program
from eqc.rewrite.discounts import run_discounts
from eqc.rewrite.excess import part_excess
from eqc.rewrite.join import join_sums
from eqc.rewrite.others import part_greatest
from eqc.rewrite.powers import part_powers
from eqc.rewrite.shift import shift_exponentials
from eqc.rewrite.split import split
from eqc.rewrite.stability import fired_rules, stabilise

STABILITY: tuple[tuple[str, Callable[[Program], Program]], ...] = (
    ("part the greatest of exponentials", part_greatest),
    ("shift sums of exponentials", shift_exponentials),
    ("part powers of two from logarithms", part_powers),
    ("join sums", join_sums),
    ("stable forms", stabilise),
    ("part differences from relative entropies", part_excess),
)
"""Left out for a record that says `stabilise: false`."""

REASONS: Mapping[str, Callable[[Program], tuple[object, ...]]] = {"stable forms": fired_rules}
"""Pass -> what it did to a program and why that is right, for `eqc explain`."""

SIZE: tuple[tuple[str, Callable[[Program], Program]], ...] = (
    ("run discounts through", run_discounts),
    ("merge equal statements", merge_equal),
    ("split large bodies", split),
)
"""Sums that are one pass stay so; what is written twice has one cotangent, and large bodies are parted."""


def rewrite(program: Program, *, stable: bool) -> Program:
    """All passes in turn."""
    for _, run in (*(STABILITY if stable else ()), *SIZE):
        program = run(program)
    return program
