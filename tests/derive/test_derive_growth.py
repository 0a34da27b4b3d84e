"""Programs of derivatives grow with the formula, not with its square: counted in nodes, which no machine changes."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from core_samples import node_count, program

from eqc.derive.assemble import derivative_programs
from eqc.ir.program import Program
from eqc.rewrite.passes import rewrite
from eqc.schedule.passes import schedule


def chain(length: int) -> Program:
    """Statements that each use the one before twice."""
    names = ["x", *(f"u{k}" for k in range(1, length + 1))]
    formulas = [f"Eq({new}, sin({old})*{old})" for old, new in itertools.pairwise(names)]
    return program(*formulas, **dict.fromkeys(names, "a number"))


def products_of_sines(terms: int) -> Program:
    """A sum of different products in five symbols."""
    names = "abcde"
    parts = [f"{names[k % 5]}*sin({k}*{names[(k + 1) % 5]})/(1 + {names[(k + 2) % 5]}**2)" for k in range(1, terms + 1)]
    return program(" + ".join(parts), **dict.fromkeys(names, "a number"))


def many_symbols(terms: int) -> Program:
    """A sum in as many symbols as terms."""
    return program(
        " + ".join(f"x{k}*exp(x{k - 1})" for k in range(1, terms + 1)),
        **{f"x{k}": "a number" for k in range(terms + 1)},
    )


def factors(count: int) -> Program:
    """One product of different factors."""
    return program("*".join(f"(x + {k})" for k in range(count)), x="x")


def nested(depth: int) -> Program:
    """One expression, calls within calls."""
    text = "x"
    for _ in range(depth):
        text = f"sin({text} + a)"
    return program(text, x="x", a="a")


def branches(count: int) -> Program:
    """A choice of many cases."""
    cases = ", ".join(f"(x**{k}, x < {k})" for k in range(1, count + 1))
    return program(f"Piecewise({cases}, (0, True))", x="x")


FAMILIES: list[tuple[Callable[[int], Program], tuple[int, int, int]]] = [
    (chain, (20, 40, 80)),
    (products_of_sines, (50, 100, 200)),
    (many_symbols, (20, 40, 80)),
    (factors, (25, 50, 100)),
    (nested, (10, 20, 40)),
    (branches, (10, 20, 40)),
]
KINDS = ("jvp", "vjp", "gradient", "hvp")


@pytest.mark.parametrize(("family", "sizes"), FAMILIES, ids=lambda v: getattr(v, "__name__", ""))
def test_derivatives_grow_linearly(family: Callable[[int], Program], sizes: tuple[int, int, int]) -> None:
    """Twice the terms add twice the nodes, and a little for tables and names; four times would be a square."""
    counted = [counts(family(size)) for size in sizes]
    for kind in counted[0]:
        small, middle, large = (count[kind] for count in counted)
        assert large - middle <= 3 * (middle - small), f"{kind}: {small}, {middle}, {large} nodes"


def counts(value: Program) -> dict[str, int]:
    """Nodes of a program and of its derivatives, as they are compiled."""
    value = rewrite(value, stable=True)
    programs = derivative_programs(value, ())
    return {kind: node_count(schedule(programs[kind])) for kind in KINDS if kind in programs}


def test_a_hundred_statements() -> None:
    value = chain(100)
    found = counts(value)
    assert node_count(value) < 800
    assert found["gradient"] < 4_000
    assert found["hvp"] < 20_000


def test_a_thousand_terms() -> None:
    """Ten symbols: each term is derived in the symbols that it has."""
    names = [f"x{k}" for k in range(10)]
    terms = [f"{names[k % 10]}**{k % 7 + 1}/({k + 1} + {names[(k * 3) % 10]})" for k in range(1000)]
    value = program(" + ".join(terms), **dict.fromkeys(names, "{domain: positive}"))
    assert node_count(value) < 10_000
    found = counts(value)
    assert found["vjp"] < 40_000
    assert found["gradient"] < 40_000
