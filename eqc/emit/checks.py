"""What a function does besides computing: it reads extents off the inputs, and checks counts, positions and ranges."""

from __future__ import annotations

import re

import sympy as sp

from eqc.emit.function import Function
from eqc.ir.program import Check, Statement, free_names, reads_of
from eqc.ir.terms import Index


def extent_lines(function: Function, used: set[str]) -> list[str]:
    """The extents that some lines use, read off the inputs' shapes."""
    lines: list[str] = []
    needed = set(used)
    for extent in reversed(function.program.extents):
        name = function.names[extent.name]
        if name in needed:
            size = f"{function.names[extent.input]}.shape[{extent.axis}]"
            solved = extent.solution
            lines.append(f"{name} = {_put_size(function.whole(solved), size)}")
            needed |= {function.names.get(n, n) for n in free_names(solved)}
    return lines[::-1]


def _put_size(text: str, size: str) -> str:
    return re.sub(r"\b_size\b", size, text)


def check_sizes(function: Function) -> None:
    """Counts must not be negative: the proofs that positions are in range lean on it."""
    program = function.program
    counts = [p.name for p in program.parameters if p.symbol.is_nonnegative]
    counts += [e.name for e in program.extents if not e.solution.is_Symbol]
    for name in counts:
        function.line(0, f"if {function.names[name]} < 0:")
        function.line(1, f'raise ValueError("{name} must not be negative", {function.names[name]})')


def check_positions(function: Function, checks: list[Check], known: set[str]) -> list[Check]:
    """Emit the checks whose positions are known; the others are left."""
    for check in checks:
        if not check.reads <= known:
            continue
        depth = function.open_loops(check.loops, 0)
        condition = f"not 0 <= {function.whole(check.position)} < {function.whole(check.extent)}"
        if check.guard != sp.true:
            condition = f"({function.source(check.guard)}) and {condition}"
        function.line(depth, f"if {condition}:")
        function.line(depth + 1, f"raise IndexError({_complaint(function, check)})")
    return [check for check in checks if not check.reads <= known]


def _complaint(function: Function, check: Check) -> str:
    """What was given and between which values it must lie, as the caller counts."""
    inputs = {t.name for t in function.program.inputs}
    given = [r for r in reads_of(check.position) if r.tensor in inputs and (check.position - r).is_Integer]
    offset = check.position - given[0] if given else sp.Integer(-1)
    value = function.whole(check.position - offset)
    what = given[0].tensor if given else check.tensor
    low, high = function.whole(-offset), function.whole(check.extent - 1 - offset)
    return f'"{what}: position outside its axis", {value}, {low}, {high}'


def refuse_empty(function: Function, loops: tuple[Index, ...], statement: Statement, depth: int) -> None:
    """An extremum over nothing is an error."""
    sizes = [function.whole(loop.extent) for loop in loops if not _depends(loop, loops)]
    function.line(depth, f"if {' or '.join(f'{s} <= 0' for s in sizes)}:")
    what = function.names[statement.target.name]
    function.line(depth + 1, f'raise ValueError("{what}: an extremum over an empty range")')


def _depends(loop: Index, others: tuple[Index, ...]) -> bool:
    return bool(free_names(loop.extent) & {o.name for o in others}) or bool(reads_of(loop.extent))
