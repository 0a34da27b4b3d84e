"""The prover of ranges: what it must show, what it must not, and that it never shows what is false."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import sympy as sp
from hypothesis import example, given, settings
from hypothesis import strategies as st

from eqc.ir.interpret import evaluate
from eqc.ir.ranges import is_nonnegative
from eqc.ir.terms import (
    FloorDivide,
    Index,
    Maximum,
    Minimum,
    Quotient,
    Remainder,
    extent_symbol,
    floor_divide,
    index_symbol,
    integer_symbol,
)

n, m, k, s = (extent_symbol(name) for name in "nmks")
i, j = index_symbol("i"), index_symbol("j")
z = integer_symbol("z")
I, J = Index("i", n), Index("j", n)  # noqa: E741
RAGGED = Index("j", i + 1)
REST = Index("j", n - i - 1)

# (what is claimed to be >= 0, loops, facts): True must be shown
TRUE: list[tuple[Any, list[Index], list[Any]]] = [
    (i, [I], []),
    (n - 1 - i, [I], []),
    (sp.Integer(0), [], []),
    (n, [], []),
    (n - 1, [I], []),  # a loop that runs has an extent
    (2 * n - 2 - i - j, [I, J], []),
    (i - j, [I, RAGGED], []),
    (n - 1 - j, [I, RAGGED], []),
    (n - 1 - (i + j + 1), [I, REST], []),
    (n - 2 - i, [I], [n - 2 - i]),
    (n - 1 - (i + 1), [I], [n - 1 - i - 1]),
    (i - 1, [I], [i - 1]),
    (k * n - 1 - (k * i + j), [I, Index("j", k)], []),  # blocks of length k
    (n - 1 - (s * i + j), [Index("i", FloorDivide(n - k, s) + 1), Index("j", k)], []),  # a strided window
    (n - 1 - FloorDivide(i, 2), [I], []),
    (n - FloorDivide(n, 2), [], []),
    (n - 1 - Remainder(i + 3, n), [I], []),
    (Remainder(i, n), [I], []),
    (n - 1 - FloorDivide(i, k), [Index("i", k * n)], []),
    (n - Quotient(n, sp.Integer(2)), [], []),
    (Maximum(i - 3, sp.Integer(0)), [I], []),
    (n - 1 - Minimum(i + 3, n - 1), [I], []),
    (n - Maximum(i, sp.Integer(0)), [I], []),
    (z - 3, [], [z - 3]),
    (z - 4 + 1, [], [z - 3]),
    (n + m - 2 - i - j, [I, Index("j", m)], []),
    (n**2 - 1 - n * i - j, [I, J], []),
    (-i, [Index("i", sp.Integer(1))], []),
]

# true, and not shown yet
WHOLE: list[tuple[Any, list[Index], list[Any]]] = [
    (FloorDivide(i, 2), [I], []),
    (n - 1 - (2 * FloorDivide(n, 2) - 1), [], []),
]

# claims that are false for some sizes: they must not be shown
FALSE: list[tuple[Any, list[Index], list[Any]]] = [
    (n - 2 - i, [I], []),
    (i - 1, [I], []),
    (n - 1, [], []),
    (z, [], []),
    (-i, [I], []),
    (-n, [], []),
    (n - m, [], []),
    (j - i, [I, RAGGED], []),
    (n - 2 - j, [I, RAGGED], []),
    (n - 1 - (i + j + 2), [I, REST], []),
    (k * n - 1 - (k * i + j + 1), [I, Index("j", k)], []),
    (n - 1 - (s * i + j), [Index("i", FloorDivide(n - k, s) + 2), Index("j", k)], []),
    (n - 1 - Remainder(i + 1, n + 1), [I], []),
    (FloorDivide(i, 2) - 1, [I], []),
    (n - 2 - FloorDivide(i, 2), [I], []),
    (Minimum(i, n - 2 - i), [I], []),
    (i - Maximum(j, i), [I, J], []),
    (n - 1 - 2 * FloorDivide(i + 1, 2), [I], []),
    (i * j - 1, [I, J], []),
    (n - 1 - i**2, [I], []),
    (z - 3, [], [z - 2]),
    (2 * i - n, [I], []),
    (i - n + 2, [I], []),
    (sp.Integer(-1), [], []),
]


@pytest.mark.parametrize("claim", TRUE, ids=str)
def test_shown(claim: tuple[Any, list[Index], list[Any]]) -> None:
    assert holds(*claim), "the table is wrong"
    assert is_nonnegative(*claim)


@pytest.mark.parametrize("claim", WHOLE, ids=str)
def test_shown_by_whole_numbers(claim: tuple[Any, list[Index], list[Any]]) -> None:
    assert holds(*claim), "the table is wrong"
    assert is_nonnegative(*claim)


@pytest.mark.parametrize("claim", FALSE, ids=str)
def test_not_shown(claim: tuple[Any, list[Index], list[Any]]) -> None:
    assert not holds(*claim), "the table is wrong"
    assert not is_nonnegative(*claim)


def test_a_loop_that_never_runs_shows_anything() -> None:
    assert is_nonnegative(sp.Integer(-1), [Index("i", sp.Integer(0))])


def holds(expression: Any, loops: list[Index], facts: list[Any]) -> bool:
    """Whether an expression is >= 0 at all sizes up to 4 wherever the facts hold."""
    sizes = sorted({e for part in (expression, *facts, *(loop.extent for loop in loops)) for e in free(part)}, key=str)
    sizes = [size for size in sizes if size.name not in {loop.name for loop in loops}]
    ranges = [range(-3, 5) if size.is_nonnegative is None else range(5) for size in sizes]
    return all(
        at_all_rounds(expression, loops, facts, dict(zip(sizes, values, strict=True)))
        for values in itertools.product(*ranges)
    )


def free(expression: Any) -> set[Any]:
    return set(sp.sympify(expression).free_symbols)


def at_all_rounds(expression: Any, loops: list[Index], facts: list[Any], at: dict[Any, int]) -> bool:
    try:
        if not loops:
            true = all(evaluate(fact, at, {}) >= 0 for fact in facts)
            return not true or evaluate(expression, at, {}) >= 0
        rounds = range(int(evaluate(loops[0].extent, at, {})))
    except ZeroDivisionError:
        return True  # a quotient by a size that is 0 has no value
    if not exact(expression, at) or not all(exact(loop.extent, at) for loop in loops):
        return True  # an inexact quotient raises when the kernel is called
    return all(at_all_rounds(expression, loops[1:], facts, {**at, loops[0].symbol: value}) for value in rounds)


def exact(expression: Any, at: dict[Any, int]) -> bool:
    for node in sp.sympify(expression).atoms(Quotient):
        if node.free_symbols <= set(at):
            top, bottom = (int(evaluate(a, at, {})) for a in node.args)
            if bottom == 0 or top % bottom:
                return False
    return True


# expressions at random ----------------------------------------------------------------------------------------------

ATOMS = [i, j, n, m, sp.Integer(1), sp.Integer(2), sp.Integer(-1), sp.Integer(-2)]


def combined(parts: Any) -> Any:
    pairs = st.tuples(parts, parts)
    return st.one_of(
        pairs.map(lambda p: p[0] + p[1]),
        pairs.map(lambda p: p[0] - p[1]),
        pairs.map(lambda p: p[0] * p[1]),
        pairs.map(lambda p: Maximum(*p)),
        pairs.map(lambda p: Minimum(*p)),
        parts.map(lambda p: floor_divide(p, sp.Integer(2))),
        parts.map(lambda p: floor_divide(p, m + 1)),
        parts.map(lambda p: Remainder(p, sp.Integer(3))),
        parts.map(lambda p: sp.ceiling(p / 2)),
    )


EXPRESSIONS = st.recursive(st.sampled_from(ATOMS), combined, max_leaves=5)
LOOPS = st.sampled_from(
    [
        (I, J),
        (I, Index("j", m)),
        (I, RAGGED),
        (I, REST),
        (I, Index("j", Minimum(m, i + 1))),
        (Index("i", Maximum(n - 1, sp.Integer(0))), Index("j", sp.Integer(2))),
        (Index("i", FloorDivide(n, 2) + 1), Index("j", 2 * i + 1)),
    ]
)
FACTS = st.lists(st.sampled_from([i - 1, n - 2 - i, i - j, j - i, m - 2, n - m, m - 1 - i]), max_size=2)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(EXPRESSIONS, LOOPS, FACTS)
@example(n - 1 - j, (I, REST), [])
@example(Minimum(n, m) - 1 - i, (I, J), [m - 1 - i])
def test_what_is_shown_is_true(expression: Any, loops: tuple[Index, ...], facts: list[Any]) -> None:
    if is_nonnegative(expression, list(loops), facts):
        assert holds(expression, list(loops), facts)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    st.integers(0, 2),
    st.integers(0, 2),
    st.integers(-2, 3),
    st.integers(-1, 1),
    st.integers(-1, 1),
    LOOPS,
)
def test_affine_positions(a: int, b: int, c: int, p: int, q: int, loops: tuple[Index, ...]) -> None:
    """Both claims that a read makes: a*i + b*j + c >= 0 and below p*n + q*m."""
    position = a * i + b * j + c
    for claim in (position, p * n + q * m - 1 - position):
        if is_nonnegative(claim, list(loops)):
            assert holds(sp.sympify(claim), list(loops), [])
