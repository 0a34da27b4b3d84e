"""Temporaries stand in the memory of results that are written after them."""

from __future__ import annotations

from core_samples import VECTOR, program

from eqc.emit.body import Body
from eqc.schedule.passes import schedule

SYMBOLS = {"a": VECTOR, "x": VECTOR, "y": VECTOR, "n": "size"}


def lines(*formulas: str, **symbols: str) -> str:
    return "\n".join(Body(schedule(program(*formulas, **{**SYMBOLS, **symbols})), frozenset()).body())


def test_a_temporary_needs_no_memory_of_its_own() -> None:
    text = lines("Eq(a[i], exp(x[i]))", "Eq(y[i], a[i]/Sum(a[k], (k, 1, n)))")
    assert "np.empty" not in text
    assert "y[i] = _quotient(y[i], total)" in text


def test_entries_that_are_read_elsewhere_keep_their_memory() -> None:
    text = lines("Eq(a[i], exp(x[i]))", "Eq(y[i], a[n + 1 - i]/Sum(a[k], (k, 1, n)))")
    assert "a = _shared_empty" in text


def test_what_is_read_after_the_result_keeps_its_memory() -> None:
    entries = "{shape: [n], output: true}"
    formulas = (
        "Eq(a[i], exp(x[i]))",
        "Eq(y[i], a[i]/Sum(a[k], (k, 1, n)))",
        "Eq(s, Sum(a[k]*y[n + 1 - k], (k, 1, n)))",
    )
    text = lines(*formulas, s="sum", y=entries)
    assert "a = _shared_empty" in text


def test_the_last_result_of_a_loop_may_hold_what_others_read_there() -> None:
    two = {"y": "{shape: [n], output: true}", "z": "{shape: [n], output: true}"}
    made = "Eq(a[i], exp(x[i]))"
    text = lines(made, "Eq(y[i], a[i]/Sum(a[k], (k, 1, n)))", "Eq(z[i], 2*y[i]*a[i])", **two)
    assert "np.empty" not in text and "_shared_empty" not in text
    assert "z[i] = 2*y[i]*z[i]" in text or "z[i] = 2*z[i]*y[i]" in text
    text = lines(made, "Eq(y[i], a[i]/Sum(a[k], (k, 1, n)))", "Eq(z[i], a[n + 1 - i] - a[i])", **two)
    assert "a = _shared_empty" in text


def test_a_sum_that_is_stored_is_read_from_its_variable_until_its_loop_ends() -> None:
    """Otherwise the array would be read in every round, since what the loop writes might change it."""
    matrix, output = "{shape: [m, n]}", "{shape: [%s], output: true}"
    symbols = {"A": matrix, "s": output % "m", "P": output % "m, n", "r": output % "m", "m": "rows", "n": "columns"}
    formulas = (
        "Eq(s[i], Sum(A[i, j]**2, (j, 1, n)))",
        "Eq(P[i, j], A[i, j]/s[i])",
        "Eq(r[i], s[i]/Sum(s[k], (k, 1, m)))",
    )
    text = "\n".join(Body(schedule(program(*formulas, **symbols)), frozenset()).body())
    assert "s[i] = s_\n" in text and "P[i, j] = _quotient(A[i, j], s_)" in text
    assert "r[i] = _quotient(s[i], total)" in text
