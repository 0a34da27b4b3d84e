"""A trap in SymPy's parser: whatever asks it to make an expression of a text fails.

As a script it compares what the records give with the files in `generated/`, in one process with the trap set.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import sympy.parsing.sympy_parser as sympy_parser
import sympy.physics.units  # noqa: F401 (parses names of its own once, when `simplify` first imports it)

parse = sympy_parser.parse_expr


class Executed(BaseException):
    """Something that no test expects, and that nothing catches."""


def refuse(text: Any, *rest: Any, **named: Any) -> Any:
    """Numbers pass: SymPy writes them out and reads them again itself when it tries conditions at random points."""
    if isinstance(text, str) and re.fullmatch(r"[\d\s()*/+.-]+", text):
        return parse(text, *rest, **named)
    raise Executed(f"SymPy was asked to execute {text!r}")


if __name__ == "__main__":
    from eqc.drift import compare

    sympy_parser.parse_expr = refuse
    comparison = compare(Path(__file__).resolve().parents[1])
    for drift in comparison.drifts:
        print(f"{drift.path} {drift.kind}\n{drift.diff}")
    for record_id, error in comparison.failed.items():
        print(f"{record_id}: {error}")
    assert comparison.ok
