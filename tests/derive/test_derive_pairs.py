"""Which statements are computed in pairs of floats."""

from __future__ import annotations

import pytest
from core_samples import program

from eqc.derive.pairs import pairs_of
from eqc.rewrite.passes import rewrite
from eqc.schedule.passes import schedule

CASES = {
    "a mean may cancel": (("Eq(m, Sum(x[i], (i, 1, n))/n)",), {"total"}),
    "a sum of squares cannot": (("Eq(m, Sum(x[i]**2, (i, 1, n)))",), set()),
    "a difference of data is exact": (("Eq(m, Sum((x[i] - y[i])**2, (i, 1, n)))",), set()),
    "an exponential magnifies its argument": (("Eq(m, exp(-Sum((x[i] - y[i])**2, (i, 1, n))))",), {"m", "total"}),
    "a function's rounding stays": (("Eq(m, Sum(tanh(x[i]), (i, 1, n)))",), set()),
    "logarithms have more digits than a float": (("Eq(m, log(Sum(x[i]**2, (i, 1, n))) - 1)",), {"m", "total"}),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_statements_in_pairs(name: str) -> None:
    formulas, expected = CASES[name]
    vectors = {name: "{shape: [n]}" for name in "xy" if f"{name}[" in formulas[0]}
    found = pairs_of(schedule(program(*formulas, m="result", n="size", **vectors)), {})
    assert set(found.reasons) == expected


def test_entries_of_arrays_stay_floats_but_lose_both_floats_of_a_mean() -> None:
    formulas = ("Eq(mu, Sum(x[k], (k, 1, n))/n)", "Eq(d[i], x[i] - mu)")
    whole = schedule(program(*formulas, d="{shape: [n]}", mu="mean", x="{shape: [n]}", n="size"))
    found = pairs_of(whole, {})
    assert "d" not in found.reasons
    assert "mu" in found.kept


def test_discounts_are_no_matrix() -> None:
    formula = "Eq(s, Sum(g**(t - 1)*r[i, t], (t, 1, n), (i, 1, m)))"
    whole = schedule(program(formula, s="sum", g="discount", r="{shape: [m, n]}", m="rows", n="steps"))
    found = pairs_of(whole, {})
    assert (set(found.reasons), found.kept) == ({"power_g", "s"}, {"power_g"})


def test_signs_of_the_data_count() -> None:
    whole = program("Eq(s, Sum(w[i]*x[i]**2, (i, 1, n)))", s="sum", w="{shape: [n]}", x="{shape: [n]}", n="size")
    assert pairs_of(whole, {}).reasons
    assert not pairs_of(whole, {"w": 1}).reasons


def test_what_a_delta_leaves_has_a_sign() -> None:
    terms = "Sum((1 - KroneckerDelta(i, 3))*w[i], (i, 1, n))"
    whole = program(f"Eq(s, {terms})", s="sum", w="{shape: [n]}", n="size")
    assert not pairs_of(whole, {"w": 1}).reasons


def test_sums_of_terms_that_are_rounded_anyway_take_means_off_as_floats() -> None:
    mean = "Eq(mu, Sum(x[k], (k, 1, n))/n)"
    symbols = {"s": "sum", "mu": "mean", "x": "{shape: [n]}", "w": "{shape: [n]}", "n": "size"}
    rounded = pairs_of(schedule(program(mean, "Eq(s, Sum((x[i] - mu)*tanh(w[i]), (i, 1, n)))", **symbols)), {})
    assert "s" not in rounded.reasons and "mu" in rounded.kept
    exact = pairs_of(schedule(program(mean, "Eq(s, Sum((x[i] - mu)*w[i], (i, 1, n)))", **symbols)), {})
    assert "s" in exact.reasons


def test_logarithms_of_probabilities_do_not_cancel() -> None:
    def reasons(formula: str, fractions: str) -> bool:
        whole = rewrite(program(formula, s="sum", p="p", q="q"), stable=True)
        return bool(pairs_of(schedule(whole), {"p": 1, "q": 1}, fractions).reasons)

    assert not reasons("Eq(s, log(p) + log(q) + log(1 - p))", "pq")
    assert reasons("Eq(s, log(p) + log(q) + log(1 - p))", "p")
    assert reasons("Eq(s, log(p) - log(1 - q))", "pq")
    assert reasons("Eq(s, log(p + q) + log(p))", "pq")
