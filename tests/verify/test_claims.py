"""True claims pass, false ones fail with the point, and nothing else decides: not the extents, kinks or the seed."""

from __future__ import annotations

from functools import cache

import pytest
from verify_samples import record

from eqc.errors import NotationError
from eqc.notation.sympy_form import parse_text
from eqc.records.model import Record
from eqc.verify.claims import Points, check_relation
from eqc.verify.oracle import Oracle
from eqc.verify.report import Check
from eqc.verify.run import ZERO

RECORDS = {
    "probabilities": """
title: Softmax
sympy: Eq(yhat[c], exp(z[c])/Sum(exp(z[k]), (k, 1, C)))
symbols: {yhat: {shape: [C], domain: simplex}, z: {shape: [C]}, C: classes}
""",
    "code_length": """
title: Cross-entropy
sympy: Eq(L, -Sum(y[i, c]*log(p[i, c]), (c, 1, C), (i, 1, N))/N)
symbols:
  L: loss
  y: {shape: [N, C], domain: simplex, differentiable: false}
  p: {shape: [N, C], domain: probability}
  N: samples
  C: classes
""",
    "squares": """
title: Least squares
sympy: ["Eq(r[i], y[i] - Sum(A[i, j]*x[j], (j, 1, m)))", "Eq(L, Sum(r[i]**2, (i, 1, n))/n)"]
symbols: {L: loss, r: {shape: [n]}, y: {shape: [n]}, x: {shape: [m]}, A: {shape: [n, m]}, n: rows, m: columns}
""",
    "length": """
title: Norm
sympy: Eq(r, sqrt(Sum(x[i]**2, (i, 1, n))))
symbols: {r: norm, x: {shape: [n]}, n: size}
""",
    "form": """
title: Quadratic form
sympy: ["Eq(q, x.T*S*x)", "Eq(h, log(Determinant(S)))"]
symbols: {q: form, h: volume, S: {shape: [n, n], domain: spd}, x: {shape: [n]}, n: size}
""",
    "wave": """
title: Growing wave
sympy: Eq(f, exp(a*x)*sin(x))
symbols: {f: value, x: place, a: {domain: positive}}
""",
    "spread": """
title: Sample variance
sympy: Eq(s, Sum((x[i] - Sum(x[k], (k, 1, n))/n)**2, (i, 1, n))/(n - 1))
symbols: {s: variance, x: {shape: [n]}, n: size}
""",
    "turn": """
title: Rotation
sympy: Eq(y, Q*x)
symbols: {y: {shape: [n]}, Q: {shape: [n, n], domain: orthogonal}, x: {shape: [n]}, n: size}
""",
    "clip": """
title: Clipped rectifier
sympy: Eq(a, Min(Max(x, 0), 6))
symbols: {a: value, x: input}
""",
    "surprise": """
title: Surprise
sympy: Eq(L, -log(p[y]))
symbols: {L: loss, p: {shape: [C], domain: positive}, y: {domain: integer}, C: classes}
""",
    "order": """
title: Share of pairs in order, ties by half
sympy: >-
  Eq(A, Sum(Piecewise((1, x[i] > y[j]), (1/2, Eq(x[i], y[j])), (0, True)), (j, 1, m), (i, 1, n))/(m*n))
symbols: {A: share, x: {shape: [n]}, y: {shape: [m]}, n: size, m: size}
""",
}

TRUE = [
    # entries, sums, conditions
    ("probabilities", "Eq(Sum(yhat[j], (j, 1, C)), 1)"),
    ("probabilities", "And(yhat[j] > 0, yhat[j] <= 1)"),
    ("probabilities", "Ne(yhat[j], 2)"),
    ("length", "Not(r < 0)"),
    ("length", "Or(x[i] > 0, x[i] <= 0)"),
    ("length", "r <= Sum(Abs(x[i]), (i, 1, n))"),
    ("length", "Eq(x[i + 1]*2, x[i + 1] + x[i + 1])"),
    ("length", "Eq((x[2] - x[1])**2 + 2*x[1]*x[2], x[1]**2 + x[2]**2)"),
    ("surprise", "Eq(exp(-L), p[y])"),
    ("order", "Eq(2*A - 1, Sum(sign(x[i] - y[j]), (j, 1, m), (i, 1, n))/(m*n))"),
    # derivatives
    ("probabilities", "Eq(Derivative(yhat[j], z[k]), yhat[j]*(KroneckerDelta(j, k) - yhat[k]))"),
    ("probabilities", "Eq(Derivative(Derivative(yhat[j], z[k]), z[l]), Derivative(yhat[j], z[l], z[k]))"),
    ("probabilities", "Eq(Sum(Derivative(yhat[j], z[k]), (k, 1, C)), 0)"),
    ("squares", "Eq(Derivative(L, x[j]), -2*Sum(r[i]*A[i, j], (i, 1, n))/n)"),
    ("squares", "Eq(Derivative(L, A[i, j], x[k]), 2*(A[i, k]*x[j] - KroneckerDelta(j, k)*r[i])/n)"),
    ("squares", "Eq(Derivative(L, r[i]), 2*r[i]/n)"),
    ("length", "Eq(Sum(x[i]*Derivative(r, x[i]), (i, 1, n)), r)"),
    ("form", "Eq(Derivative(q, S[i, j]), x[i]*x[j])"),
    ("form", "Eq(Derivative(h, S[i, j]), (S**-1)[i, j])"),
    ("wave", "Eq(Derivative(f, (x, 2)), 2*a*Derivative(f, x) - (a**2 + 1)*f)"),
    ("wave", "Eq(Derivative(x*Derivative(f, a), x), 2*x*f + x**2*Derivative(f, x))"),
    ("clip", "Eq(Derivative(a, x), Piecewise((1, And(x >= 0, x <= 6)), (0, True)))"),
    ("surprise", "Eq(Derivative(L, p[k]), -KroneckerDelta(k, y)/p[y])"),
    # whole arrays
    ("squares", "Eq(r, y - A*x)"),
    ("squares", "Eq(Derivative(L, x), -2*A.T*(y - A*x)/n)"),
    ("squares", "Eq(Derivative(r, x), -A)"),
    ("form", "Eq(S*S**-1, Identity(n))"),
    ("form", "Eq(S**-1*S, I)"),
    ("turn", "Eq(Q.T*Q, I)"),
    ("turn", "Eq(Q.T*y, x)"),
    # other records, and the record itself
    ("code_length", "Eq(L, code_length(y, p))"),
    ("length", "r.subs(x, x + u) <= r + length(u)"),
    # substitutions
    ("probabilities", "Eq(yhat.subs(z, z + t), yhat)"),
    ("probabilities", "Eq(yhat[j].subs(j, 1), yhat[1])"),
    ("code_length", "Eq(Derivative(L.subs(p, probabilities(z)), z[i, c]), (probabilities(z)[i, c] - y[i, c])/N)"),
    ("code_length", "Eq(Derivative(L, p[i, c]).subs(p, probabilities(z)), -y[i, c]/probabilities(z)[i, c]/N)"),
    ("squares", "Eq(r.subs(x, x + u), r - A*u)"),
    ("squares", "Eq(L.subs(y, A*u).subs(x, u), 0)"),
    ("squares", "Eq(L.subs(r, 3*r), 9*L)"),
    ("squares", "Eq(L.subs(x, 0), Sum(y[i]**2, (i, 1, n))/n)"),
    ("length", "Eq(r.subs(x, t*x), Abs(t)*r)"),
    ("length", "Eq(r.subs(x[i], 0)**2, r**2 - x[i]**2)"),
    ("wave", "Eq(f.subs(x, x + 2*pi), exp(2*pi*a)*f)"),
    ("clip", "Eq(a.subs(x, a), a)"),
    # under a condition
    ("length", "Implies(r > 0, Eq(Derivative(r, x[i]), x[i]/r))"),
    ("length", "Implies(x[i] >= 0, Eq(Abs(x[i]), x[i]))"),
    ("length", "Implies(i < n, x[i + 1]**2 <= r**2)"),
    ("code_length", "Implies(And(N > 1, y[i, c] > 0), L > -y[i, c]*log(p[i, c])/N)"),
    # not defined for one number
    ("spread", "Eq(s.subs(x, t*x), t**2*s)"),
    ("spread", "Eq((n - 1)*s, Sum(x[i]**2, (i, 1, n)) - Sum(x[i], (i, 1, n))**2/n)"),
]

FALSE = [
    ("probabilities", "Eq(yhat.subs(z, t*z), yhat)", "the left side is"),
    ("probabilities", "Eq(Sum(yhat[j], (j, 2, C)), 1)", "the right side 1.0"),
    ("probabilities", "Eq(Sum(yhat[j], (j, 1, C + 1)), 1)", "the position is outside"),
    ("probabilities", "Eq(yhat[j], yhat[k])", "j = 1, k = 2"),
    ("probabilities", "yhat[j] < 1", "not below the right side"),
    ("probabilities", "Ne(Sum(yhat[j], (j, 1, C)), 1)", "not different from the right side"),
    ("probabilities", "And(yhat[j] > 0, yhat[j] <= 1/2)", "not at most the right side"),
    ("code_length", "Eq(Derivative(L.subs(p, probabilities(z)), z[i, c]), (probabilities(z)[i, c] - y[i, c])/C)", ""),
    ("code_length", "Eq(Derivative(L.subs(p, probabilities(z)), z[i, c]), (probabilities(z)[i, c] + y[i, c])/N)", ""),
    ("code_length", "L >= L.subs(p, y)", "p = "),
    ("squares", "Eq(r, y - A.T*x)", "x = "),
    ("squares", "Eq(r, y - x.T*A)", "the inner extents"),
    ("squares", "Eq(Derivative(r, x), -A.T)", "A = "),
    ("squares", "Eq(L.subs(x, t*x), t**2*L)", "t = "),
    ("length", "Eq(r.subs(x, t*x), t*r)", "t = -"),
    ("length", "Eq(r, x[1])", "x = "),
    ("length", "r < Sum(Abs(x[i]), (i, 1, n))", "x = "),
    ("length", "Eq(Sum(x[i + 2] - x[i + 1], (i, 1, n - 1)), x[n] - x[1])", "the position is outside"),
    ("length", "Eq(x, x.T)", "different shapes"),
    ("length", "Or(x[i] > 0, x[i] < 0)", "the condition does not hold"),
    ("form", "Eq(Derivative(q, S[i, j]), 2*x[i]*x[j])", "i = 1, j = 1"),
    ("form", "Eq(S*S, S)", "in entry (1, 1)"),
    ("wave", "Eq(Derivative(f, x, x), 2*a*Derivative(f, x) - (a**2 - 1)*f)", "a = "),
    ("wave", "Eq(log(-a), f)", "the left side is not finite"),
    ("spread", "Eq(n*s, Sum(x[i]**2, (i, 1, n)) - Sum(x[i], (i, 1, n))**2/n)", "x = "),
    ("turn", "Eq(Q, Q.T)", "Q = "),
    ("clip", "Eq(a, Max(x, 0))", "the left side is 6.0"),
    ("clip", "Eq(a, Min(x, 6))", "x = -"),
    ("surprise", "Eq(Derivative(L, p[k]), -1/p[y])", "y = "),
    ("length", "Implies(x[i] >= 0, Eq(Abs(x[j]), x[j]))", "j = "),
    ("length", "Implies(r > 0, Eq(Derivative(r, x[i]), -x[i]/r))", "x = "),
    ("order", "Eq(A, Sum(Piecewise((1, x[i] > y[j]), (0, True)), (j, 1, m), (i, 1, n))/(m*n))", "x = "),
]

REFUSED = [
    ("probabilities", "Eq(yhat[j], zz[j])", "zz is neither a symbol of the record"),
    ("probabilities", "yhat[1]", "a claim is a relation"),
    ("squares", "Eq(Derivative(L, n), 0)", "n is an extent"),
    ("squares", "Eq(L.subs(n, 2), 0)", "n is an extent"),
    ("surprise", "Eq(Derivative(L, y), 0)", "takes whole numbers"),
    ("wave", "Implies(x, Eq(f, f))", "what implies a claim is a condition"),
    ("wave", "Eq(f.subs(x + 1, 2), 0)", "subs replaces a symbol"),
    ("wave", "Eq(Derivative(f, x + 1), 0)", "a derivative is taken in a symbol"),
    ("length", "Eq(KroneckerDelta(i, i), KroneckerDelta(i, x[1]))", "i is neither a symbol"),
]


@cache
def known() -> dict[str, Record]:
    return {id: record(text, id) for id, text in RECORDS.items()}


@cache
def of(id: str) -> tuple[Oracle, Points]:
    found = Oracle(known()[id], known(), ZERO)
    return found, Points(found)


def checked(id: str, text: str) -> Check:
    found, points = of(id)
    return check_relation(found, text, parse_text(text), points)


@pytest.mark.parametrize(("id", "text"), TRUE)
def test_true_claims_pass(id: str, text: str) -> None:
    check = checked(id, text)
    assert check.status in ("proved", "tested"), check.reason
    assert check.compared and check.points and f"tested {check.points} point" in check.reason


@pytest.mark.parametrize(("id", "text", "reason"), FALSE)
def test_false_claims_fail_with_the_point(id: str, text: str, reason: str) -> None:
    check = checked(id, text)
    assert check.status == "failed"
    assert check.reason.startswith("FAILED at ") and reason in check.reason
    assert "seed " in check.reason
    assert check.origin is not None and set(check.origin.inputs) >= set(of(id)[0].reading.inputs)


@pytest.mark.parametrize(("id", "text", "rule"), REFUSED)
def test_what_is_no_claim_is_an_error(id: str, text: str, rule: str) -> None:
    with pytest.raises(NotationError) as found:
        checked(id, text)
    assert rule in found.value.rule


@pytest.mark.parametrize(
    "text", ["Eq(Limit(f, x, 0), 0)", "Eq(Derivative(f, x, x, x), 0)", "Eq(log(-exp(x)), f*log(-1))"]
)
def test_what_cannot_be_tested_is_skipped_with_a_reason(text: str) -> None:
    check = checked("wave", text)
    assert (check.status, check.compared) == ("skipped", 0)
    assert check.reason.startswith("cannot be tested: ")
