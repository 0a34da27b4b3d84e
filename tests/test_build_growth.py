"""What it takes to build a record grows with its formula, not with the square: counted in calls, not in time."""

from __future__ import annotations

import cProfile
import pstats
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import eqc
from eqc.notation.library import Library
from eqc.pipeline import compile_record

OURS = str(Path(eqc.__file__).parent)
SIZES = (16, 32, 64)


def chain(size: int) -> str:
    """Statements that each use the two before."""
    names = [f"u{n}" for n in range(size + 2)]
    formulas = [f"Eq({names[n]}, sin({names[n - 1]}) + {names[n - 1]}*{names[n - 2]})" for n in range(2, size + 2)]
    return record(formulas, dict.fromkeys(names, "a number"))


def products(size: int) -> str:
    """A sum of products of as many inputs."""
    names = [f"x{n}" for n in range(size + 1)]
    terms = [f"{n + 2}*{names[n]}*{names[n + 1]}" for n in range(size)]
    return record([f"Eq(y, {' + '.join(terms)})"], {"y": "a sum"} | dict.fromkeys(names, "a number"))


def choices(size: int) -> str:
    """One choice of many cases."""
    cases = ", ".join(f"(sin({n}*x), x < {n})" for n in range(1, size + 1))
    return record([f"Eq(y, Piecewise({cases}, (x, True)))"], {"y": "a choice", "x": "a number"})


def sums(size: int) -> str:
    """Many sums over one array."""
    terms = " + ".join(f"Sum(sin({n}*x[i])*w[i], (i, 1, N))" for n in range(1, size + 1))
    symbols = {"y": "a sum", "x": "{shape: [N]}", "w": "{shape: [N]}", "N": "size"}
    return record([f"Eq(y, {terms})"], symbols)


def record(formulas: list[str], symbols: dict[str, str]) -> str:
    lines = ["title: A long record", "sympy:", *(f"  - {formula}" for formula in formulas), "symbols:"]
    return "\n".join([*lines, *(f"  {name}: {meaning}" for name, meaning in symbols.items()), ""])


Calls = Mapping[str, int]
"""How often each function of eqc was called, by its place."""


def calls(family: Callable[[int], str], size: int, folder: Path) -> Calls:
    """What is called to build a record of a size."""
    area = folder / "equations" / "area"
    area.mkdir(parents=True, exist_ok=True)
    (area / f"long{size}.yaml").write_text(family(size))
    profile = cProfile.Profile()
    profile.runcall(compile_record, f"long{size}", Library(folder))
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    own = {place: found for place, found in stats.items() if place[0].startswith(OURS)}
    return {f"{Path(file).name}:{line} {name}": found[1] for (file, line, name), found in own.items()}


@pytest.mark.parametrize("family", [chain, products, choices, sums])
def test_builds_grow_linearly(family: Callable[[int], str], tmp_path: Path) -> None:
    """Twice the terms take twice the calls of every function; four times, again and again, would be a square."""
    small, middle, large = (calls(family, size, tmp_path) for size in SIZES)
    often = [place for place, count in large.items() if count >= SIZES[-1] ** 2 // 4]
    counts = {place: tuple(found.get(place, 0) for found in (small, middle, large)) for place in often}
    assert not {place: (a, b, c) for place, (a, b, c) in counts.items() if a and b > 3 * a and c > 3 * b}
