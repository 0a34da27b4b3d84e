"""Proofs: what is found to hold for all inputs and extents, and that nothing false is."""

from __future__ import annotations

from contextlib import suppress

import pytest
import sympy as sp
from test_claims import FALSE, TRUE, of

from eqc.errors import EqcError
from eqc.notation.sympy_form import parse_text
from eqc.verify.claims_prove import is_proved
from eqc.verify.claims_reading import read_law
from eqc.verify.claims_terms import Terms, Unsuited, index


def proved(id: str, text: str) -> bool:
    oracle, _ = of(id)
    return is_proved(oracle, read_law(oracle.reading, parse_text(text)), {})


PROVED = [
    ("probabilities", "Eq(Sum(yhat[j], (j, 1, C)), 1)"),
    ("probabilities", "Eq(Derivative(yhat[j], z[k]), yhat[j]*(KroneckerDelta(j, k) - yhat[k]))"),
    ("probabilities", "Eq(Sum(Derivative(yhat[j], z[k]), (k, 1, C)), 0)"),
    ("probabilities", "Eq(Derivative(Derivative(yhat[j], z[k]), z[l]), Derivative(yhat[j], z[l], z[k]))"),
    ("probabilities", "Eq(log(yhat[j]/yhat[k]), z[j] - z[k])"),
    ("squares", "Eq(Derivative(L, x[j]), -2*Sum(r[i]*A[i, j], (i, 1, n))/n)"),
    ("squares", "Eq(Derivative(L, A[i, j], x[k]), 2*(A[i, k]*x[j] - KroneckerDelta(j, k)*r[i])/n)"),
    ("squares", "Eq(Derivative(L, r[i]), 2*r[i]/n)"),
    ("squares", "Eq(r, y - A*x)"),
    ("squares", "Eq(L.subs(r, 3*r), 9*L)"),
    ("squares", "Eq((A.T*A)*x, A.T*(A*x))"),
    ("squares", "Eq(Trace(A*A.T), Sum(A[i, j]**2, (i, 1, n), (j, 1, m)))"),
    ("length", "Eq(Sum(x[i]*Derivative(r, x[i]), (i, 1, n)), r)"),
    ("code_length", "Eq(Sum(Sum(y[i, c], (c, 1, C)), (i, 1, N)), N)"),
    ("code_length", "Eq(L, code_length(y, p))"),
    ("wave", "Eq(Derivative(f, x, x), 2*a*Derivative(f, x) - (a**2 + 1)*f)"),
    ("spread", "Eq((n - 1)*s, Sum(x[i]**2, (i, 1, n)) - Sum(x[i], (i, 1, n))**2/n)"),
]

# Beyond what is tried: kinks, inequalities, factorisations.
OPEN = [
    ("clip", "Eq(a.subs(x, a), a)"),
    ("length", "r <= Sum(Abs(x[i]), (i, 1, n))"),
    ("form", "Eq(S**-1*S, I)"),
]


@pytest.mark.parametrize(("id", "text"), PROVED)
def test_what_is_proved(id: str, text: str) -> None:
    assert proved(id, text)


@pytest.mark.parametrize(("id", "text"), OPEN)
def test_what_is_not_tried(id: str, text: str) -> None:
    assert (id, text) in TRUE
    assert not proved(id, text)


@pytest.mark.parametrize(("id", "text", "reason"), FALSE)
def test_nothing_false_is_proved(id: str, text: str, reason: str) -> None:
    with suppress(EqcError):
        assert not proved(id, text)


def test_sums_are_equal_whatever_their_indices_are_called() -> None:
    terms = Terms()
    n, m = index("n"), index("m")
    i, j, k = (terms.new_index(extent) for extent in (n, m, n))

    def entry(*at: sp.Symbol) -> sp.Symbol:
        return terms.entry("A", at, {"real": True})

    one = terms.total(terms.total(entry(i, j) * entry(k, j), i, n) * entry(k, i), j, m)
    assert terms.total(entry(i, j), i, n) == terms.total(entry(k, j), k, n)
    assert terms.total(terms.total(entry(i, j) ** 2, i, n), j, m) == terms.total(
        terms.total(entry(i, j) ** 2, j, m), i, n
    )
    assert terms.total(entry(i, j), i, n) != terms.total(entry(i, j), j, m)
    assert not terms.depends(one, j) and terms.depends(one, k)


def test_a_delta_is_used_only_where_the_sum_reaches() -> None:
    terms = Terms()
    n = index("n")
    i, j, free = terms.new_index(n), terms.new_index(n - 1), index("free")
    x = terms.entry("x", (i,), {"real": True})
    assert terms.total(terms.delta(i, terms.new_index(n)) * x, i, n) == terms.entry("x", (index("_3"),), {"real": True})
    for other in (j, free):
        with pytest.raises(Unsuited):
            terms.total(terms.delta(i, other) * x, i, n)
