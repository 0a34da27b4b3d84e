"""Every pass keeps the meaning of every program, gives the same program twice, and leaves nothing to do."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from typing import Any

import mpmath
import pytest
import sympy as sp
from core_samples import (
    SAMPLES,
    SQUARE,
    VECTOR,
    arguments_of,
    assert_close,
    case,
    derivatives,
    node_count,
    numeric_cases,
    program,
    seed_of,
)

from eqc.derive.assemble import derivative_programs
from eqc.ir.alike import merge_equal
from eqc.ir.interpret import interpret
from eqc.ir.opaque import FactorLogDeterminant, FactorSolveVector
from eqc.ir.program import Program
from eqc.ir.show import show, show_statement
from eqc.ir.spec import check
from eqc.ir.terms import FloorDivide, Quotient, Remainder
from eqc.schedule.clean import drop_dead, rename_copies
from eqc.schedule.deltas import contract_deltas
from eqc.schedule.inline import inline
from eqc.schedule.passes import PASSES, schedule

CHEAP = (sp.KroneckerDelta, sp.Piecewise, FloorDivide, Quotient, Remainder, FactorLogDeterminant, FactorSolveVector)


@pytest.fixture(autouse=True)
def many_digits() -> Iterator[None]:
    with mpmath.workdps(30):
        yield


@pytest.mark.parametrize("name", numeric_cases())
def test_every_pass_keeps_the_meaning(name: str) -> None:
    of = case(name)
    for kind, value in derivatives(name).items():
        label = f"{name} {kind} at the point of seed {seed_of(name)}"
        given = arguments_of(of, value, random.Random(seed_of(name)))
        expected = interpret(value, given)
        program, copies, longer = check(value), set[str](), 0
        for title, run in PASSES:
            after = run(program)
            assert after.inputs == value.inputs and len(after.outputs) == len(value.outputs)
            if after != program:
                found = interpret(check(after), given)
                for before, now in zip(value.outputs, after.outputs, strict=True):
                    assert_close(found[now], expected[before], 1e-25, f"{label} after {title}: {before}")
            if title.startswith("gather"):
                copies |= set(after.tensors) - set(program.tensors)
                longer += node_count(after) - node_count(program)
            program = after
        check_it_settles(value, program, f"{name} {kind}")
        check_it_repeats_no_work(value, program, f"{name} {kind}", copies, longer)


def is_same(one: Program, other: Program) -> bool:
    """Whether two programs read alike; those that are equal do, and comparing them takes less time."""
    return one == other or show(one) == show(other)


def check_it_settles(value: Program, scheduled: Program, label: str) -> None:
    assert is_same(schedule(value), scheduled), label
    twice = schedule(scheduled)
    assert len(schedule(twice).statements) == len(twice.statements) <= len(scheduled.statements), label


def check_it_repeats_no_work(
    value: Program, scheduled: Program, label: str, copies: Collection[str], longer: int
) -> None:
    """Inlining and sharing may leave fewer nodes, never many more, but for what is gathered: copies and conditions."""
    needed = drop_dead(value)
    written = max(node_count(needed), node_count(contract_deltas(needed)))  # sums without deltas are longer, but fewer
    assert node_count(scheduled) <= 1.25 * written + 4 + longer, label
    kept = tuple(s for s in scheduled.statements if s.target.name not in copies)
    assert work(scheduled.with_statements(kept)) <= work(needed), label


@pytest.mark.parametrize(("title", "run"), PASSES, ids=[title for title, _ in PASSES])
@pytest.mark.parametrize("kind", ["value", "vjp", "hvp"])
def test_passes_are_idempotent(title: str, run: Any, kind: str) -> None:
    """What a pass has done once needs no second time."""
    for name in SAMPLES:
        programs = derivatives(name)
        if kind in programs:
            once = run(programs[kind])
            assert is_same(run(once), once), f"{name} {kind}: {title}"


def work(value: Program) -> int:
    """Calls of functions weighted by the loops around them, at a size of 10 for each loop."""
    total = 0
    for statement in value.statements:
        calls = sum(1 for node in distinct(statement.body) if node.is_Function and not isinstance(node, CHEAP))
        total += calls * 10 ** len(statement.loops)
    return total


def distinct(body: Any) -> set[Any]:
    seen: set[Any] = set()
    stack = [body]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack.extend(node.args)
    return seen


# single passes ------------------------------------------------------------------------------------------------------


def lines(value: Program) -> list[str]:
    return [show_statement(s) for s in value.statements]


def test_dead_statements_go() -> None:
    value = derivative_programs(program("Eq(y, Sum(exp(x[i]), (i, 1, n)))", y="y", x=VECTOR, n="size"))["gradient"]
    assert lines(drop_dead(value)) == ["y_bar = 1", "x_bar[i] = y_bar*exp(x[i])  for i: n"]


def test_copies_get_the_name_of_what_they_are_copied_to() -> None:
    value = program("Eq(y, A*x)", y="{shape: [m]}", A="{shape: [m, n]}", x=VECTOR, m="rows", n="columns")
    assert lines(value) == ["y[i] = sum(k: n) A[i, k]*x[k]  for i: m"]


def test_copies_of_inputs_and_of_outputs_stay() -> None:
    symbols = {"y": VECTOR, "z": VECTOR, "x": VECTOR, "n": "size"}
    kept = program("Eq(y[i], x[i])", "Eq(z[i], x[i])", **symbols)
    assert lines(rename_copies(kept)) == ["y[i] = x[i]  for i: n", "z[i] = x[i]  for i: n"]
    symbols["y"] = "{shape: [n], output: true}"
    both = program("Eq(y[i], x[i]**2)", "Eq(z[i], y[i])", **symbols)
    assert lines(rename_copies(both)) == ["y[i] = x[i]**2  for i: n", "z[i] = y[i]  for i: n"]


def test_a_copy_of_part_of_an_array_is_no_other_name_of_it() -> None:
    value = program(
        "Eq(t[i], x[i]**2)",
        "Eq(y[i], t[i])",
        t="{shape: [n + 1]}",
        x="{shape: [n + 1]}",
        y=VECTOR,
        n="size",
    )
    found = interpret(rename_copies(value), {"x": [1, 2, 3]})
    assert list(found["y"]) == [1, 4]


def test_a_transposed_copy_is_no_copy() -> None:
    value = program("Eq(B[i, j], A[i, j]**2)", "Eq(C[j, i], B[i, j])", A=SQUARE, B=SQUARE, C=SQUARE, n="size")
    found = interpret(schedule(value), {"A": [[1, 2], [3, 4]]})
    assert found["C"].tolist() == [[1, 9], [4, 16]]


def test_what_is_read_once_at_all_its_loops_is_inlined() -> None:
    value = program("Eq(u[i], x[i]**2)", "Eq(y[i], sin(u[i]))", u=VECTOR, y=VECTOR, x=VECTOR, n="size")
    assert lines(drop_dead(inline(value))) == ["y[i] = sin(x[i]**2)  for i: n"]


@pytest.mark.parametrize(
    ("second", "why"),
    [
        ("Eq(y[i], Sum(u[i]*x[j], (j, 1, n)))", "the loop over j would repeat it"),
        ("Eq(y[i], u[i]*sin(u[i]))", "it stands twice"),
        ("Eq(y[i], u[1]*i)", "it is read at one place by many rounds"),
        ("Eq(y[i], MaxOver(u[j], (j, 1, i)))", "extrema compare stored values"),
    ],
)
def test_what_would_be_repeated_is_not_inlined(second: str, why: str) -> None:
    value = program("Eq(u[i], exp(x[i]))", second, u=VECTOR, y=VECTOR, x=VECTOR, n="size")
    assert any(s.target.name == "u" for s in inline(value).statements), why


def test_outputs_are_never_inlined() -> None:
    value = program(
        "Eq(u[i], 2*x[i])", "Eq(y[i], u[i] + 1)", u="{shape: [n], output: true}", y=VECTOR, x=VECTOR, n="size"
    )
    assert lines(inline(value)) == lines(value)


def test_indices_of_an_inlined_statement_are_renamed() -> None:
    """i of the temporary is not i of its reader."""
    value = program(
        "Eq(u[i, j], x[i]*w[j]**2)", "Eq(y[i, j], exp(u[j, i]))", u=SQUARE, y=SQUARE, x=VECTOR, w=VECTOR, n="size"
    )
    after = inline(value)
    assert lines(after) == ["y[i, j] = exp(w[i]**2*x[j])  for i: n, j: n"]


def test_sums_that_are_there_already_are_copied() -> None:
    symbols = {"a": "{shape: [n]}", "b": "{shape: [n]}", "x": "{shape: [m, n]}", "m": "rows", "n": "columns"}
    value = program("Eq(a[j], Sum(exp(x[i, j]), (i, 1, m)))", "Eq(b[j], Sum(exp(x[i, j]), (i, 1, m)))", **symbols)
    assert lines(merge_equal(value)) == ["a[j] = sum(i: m) exp(x[i, j])  for j: n", "b[j] = a[j]  for j: n"]


def test_deviations_of_columns_from_their_means_vanish() -> None:
    symbols = {"mu": "{shape: [n]}", "y": VECTOR, "x": "{shape: [m, n]}", "m": "rows", "n": "columns"}
    means = "Eq(mu[j], Sum(x[i, j], (i, 1, m))/m)"
    value = program(means, "Eq(y[j], exp(mu[j]) + Sum(3*x[k, j] - 3*mu[j], (k, 1, m)))", **symbols)
    assert lines(schedule(value))[-1] == "y[j] = exp(total[j]/m)  for j: n"
    value = program(means, "Eq(y[j], exp(mu[j]) + Sum(3*x[k, 1] - 3*mu[j], (k, 1, m)))", **symbols)
    assert len(lines(schedule(value))) > 2
