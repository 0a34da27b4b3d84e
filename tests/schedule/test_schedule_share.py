"""Functions that several statements compute are computed once, wherever their loops allow it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import sympy as sp
from core_samples import SQUARE, VECTOR, case_names, derivatives, program

from eqc.derive.assemble import derivative_programs
from eqc.ir.program import Program, Statement, free_names, reads_of
from eqc.ir.show import show_statement
from eqc.ir.spec import check
from eqc.schedule.masked import share_masked
from eqc.schedule.passes import schedule
from eqc.schedule.share import share_functions


def lines(value: Program) -> list[str]:
    return [show_statement(s) for s in check(value).statements]


def shared(*formulas: str, **symbols: str) -> list[str]:
    return lines(share_functions(program(*formulas, **symbols)))


def distinct(body: Any) -> set[Any]:
    seen: set[Any] = set()
    stack = [body]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack.extend(node.args)
    return seen


def test_a_call_in_two_statements_is_stored() -> None:
    found = shared("Eq(y[i], exp(x[i])*2)", "Eq(z[i], exp(x[i])*3)", y=VECTOR, z=VECTOR, x=VECTOR, n="size")
    assert found == [
        "exp_x[i] = exp(x[i])  for i: n",
        "y[i] = 2*exp_x[i]  for i: n",
        "z[i] = 3*exp_x[i]  for i: n",
    ]


def test_a_call_in_one_statement_stays() -> None:
    assert shared("Eq(y[i], exp(x[i])*exp(2*x[i]))", y=VECTOR, x=VECTOR, n="size") == ["y[i] = exp(3*x[i])  for i: n"]


def test_names_of_indices_do_not_matter() -> None:
    found = shared("Eq(s, Sum(exp(x[k]), (k, 1, n)))", "Eq(y[j], exp(x[j])/s)", s="s", y=VECTOR, x=VECTOR, n="size")
    assert found == ["exp_x[k] = exp(x[k])  for k: n", "s = sum(k: n) exp_x[k]", "y[j] = exp_x[j]/s  for j: n"]


def test_a_statement_that_is_just_the_call_is_where_it_is_stored() -> None:
    found = shared("Eq(y[i], exp(x[i]))", "Eq(z[i], exp(x[i])*3)", y=VECTOR, z=VECTOR, x=VECTOR, n="size")
    assert found == ["y[i] = exp(x[i])  for i: n", "z[i] = 3*y[i]  for i: n"]


def test_a_transposed_call_is_read_transposed() -> None:
    symbols = {"B": SQUARE, "C": SQUARE, "A": SQUARE, "n": "size"}
    found = shared("Eq(B[i, j], exp(A[i, j])*2)", "Eq(C[i, j], exp(A[j, i])*3)", **symbols)
    assert found[0] == "exp_A[i, j] = exp(A[i, j])  for i: n, j: n"
    assert found[2] == "C[i, j] = 3*exp_A[j, i]  for i: n, j: n"


def test_part_of_the_loops_is_enough() -> None:
    """exp(x[i]) in a loop over i and j is computed for i alone."""
    symbols = {"B": SQUARE, "y": VECTOR, "x": VECTOR, "n": "size"}
    found = shared("Eq(B[i, j], exp(x[i])*x[j])", "Eq(y[i], exp(x[i]) + 1)", **symbols)
    assert found[0] == "exp_x[i] = exp(x[i])  for i: n"


def test_calls_over_different_ranges_are_different() -> None:
    found = shared(
        "Eq(y[i], exp(x[i]) + 1)", "Eq(z, Sum(exp(x[i]), (i, 1, n - 1)))", y=VECTOR, z="z", x=VECTOR, n="size"
    )
    assert not any(line.startswith("exp_x") for line in found)


def test_inner_calls_are_shared_too() -> None:
    symbols = {"y": VECTOR, "z": VECTOR, "w": VECTOR, "x": VECTOR, "n": "size"}
    found = shared("Eq(y[i], log(1 + exp(x[i])))", "Eq(z[i], exp(x[i])*2)", "Eq(w[i], log(1 + exp(x[i]))/2)", **symbols)
    assert found == [
        "exp_x[i] = exp(x[i])  for i: n",
        "y[i] = log(exp_x[i] + 1)  for i: n",
        "z[i] = 2*exp_x[i]  for i: n",
        "w[i] = y[i]/2  for i: n",
    ]


def test_calls_inside_branches_stay_there() -> None:
    formula = "Eq(y[i], Piecewise((log(x[i]), x[i] > 0), (0, True)))"
    found = shared(
        formula, "Eq(z[i], Piecewise((log(x[i]), x[i] > 1), (1, True)))", y=VECTOR, z=VECTOR, x=VECTOR, n="n"
    )
    assert len(found) == 2


def test_names_do_not_collide() -> None:
    found = shared("Eq(y, exp(x)*exp_x)", "Eq(z, exp(x) + exp_x)", y="y", z="z", x="x", exp_x="a number")
    assert found[0] == "exp_x1 = exp(x)"


@pytest.mark.parametrize("name", case_names())
def test_after_scheduling_no_call_is_computed_twice(name: str) -> None:
    for kind, value in derivatives(name).items():
        plain = [s for s in schedule(value).statements if is_rectangular(s)]
        counted = Counter(
            (str(node), tuple(str(loop.extent) for loop in s.loops if loop.symbol in free(node)))
            for s in plain
            if not s.body.has(sp.Piecewise) and s.guard == sp.true
            for node in distinct(s.body)
            if isinstance(node, sp.exp | sp.log | sp.tanh) and free(node) and bare(node)
        )
        repeated = [key for key, count in counted.items() if count > 1]
        assert not repeated, f"{name} {kind}: {repeated}"


def is_rectangular(statement: Statement) -> bool:
    symbols = {loop.symbol for loop in statement.loops}
    return not any(loop.extent.free_symbols & symbols for loop in statement.loops)


def free(node: Any) -> set[Any]:
    """The indices of a call."""
    return {symbol for r in reads_of(node) for p in r.positions for symbol in p.free_symbols}


def bare(node: Any) -> bool:
    """Reads at plain indices, and no index outside of them: what can be stored."""
    reads = reads_of(node)
    names = {p.name for r in reads for p in r.positions if p.is_Symbol}
    return all(p.is_Symbol for r in reads for p in r.positions) and free_names(node) == names


def test_value_and_derivatives_share_their_functions() -> None:
    value = program("Eq(y, exp(x)*sin(x))", y="y", x="x")
    found = lines(schedule(derivative_programs(value)["value_and_gradient"]))
    assert sum(line.count("exp(x)") for line in found) == 1
    assert sum(line.count("sin(x)") for line in found) == 1


def exponentials(value: Program) -> int:
    return sum(isinstance(node, sp.exp) for s in value.statements for node in distinct(s.body))


@pytest.mark.parametrize("condition", ["Ne(i, j)", "j <= i"])
def test_functions_in_choices_are_computed_once(condition: str) -> None:
    """Weights of all pairs but some: their slopes need the same exponentials, under the same condition."""
    weights = f"Eq(w[i, j], Piecewise((exp(z[i]*x[j]), {condition}), (0, True)))"
    shares = "Eq(p[i, j], w[i, j]/Sum(w[i, k], (k, 1, n)))"
    made = program(weights, shares, p=SQUARE, w="weights", z=VECTOR, x=VECTOR, n="size")
    assert exponentials(schedule(derivative_programs(made)["vjp"])) == 1


def test_functions_under_other_conditions_stay() -> None:
    weights = "Eq(w[i, j], Piecewise((exp(x[i]*x[j]), Ne(i, j)), (0, True)))"
    other = "Eq(p[i, j], Piecewise((2*exp(x[i]*x[j]), j <= i), (w[i, j], True)))"
    made = program(weights, other, p=SQUARE, w="weights", x=VECTOR, n="size")
    assert share_masked(made) is made
