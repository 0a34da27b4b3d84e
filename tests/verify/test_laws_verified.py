"""Laws that hold at a point: what rounding does to their residual is known, though no sign is decided there."""

from __future__ import annotations

import numpy as np
import pytest
from verify_samples import record

from eqc.verify.balls import as_float, radii
from eqc.verify.oracle import Oracle
from eqc.verify.points import find_point
from eqc.verify.run import ZERO, ZERO_OF_INTEGRALS, zero_for

ROTATION = """
title: Rotation
sympy: {law}
symbols: {{Q: {{shape: [n, n], domain: orthogonal}}, n: size}}
"""
EQUATION = "Eq(Q.T*Q, I)"
LAWS = [EQUATION, f"And({EQUATION}, Eq(Q*Q.T, I))", f"Or({EQUATION}, Q[1, 1] > 2)"]


@pytest.mark.parametrize("law", LAWS)
def test_rounding_is_known_where_a_law_holds(law: str) -> None:
    oracle = Oracle(record(ROTATION.format(law=law), "rotation"), {}, ZERO)
    point = find_point(oracle, 0, 3, "double")
    truth, rough = point.truth, point.rough["float64"]
    assert as_float(truth.values["holds"]) == 1
    assert np.abs(as_float(truth.values["residual"])).max() < 1e-12
    assert 1e-17 < radii(rough.values["residual"]).max() < 1e-12
    slope = radii(rough.jacobian["residual", "Q"])
    assert slope.max() > (0 if law == EQUATION else 0.1)  # a compound may lean to either side


def test_nothing_is_unknown_where_a_law_fails() -> None:
    oracle = Oracle(record(ROTATION.format(law="And(Eq(2*Q*Q.T, I), Eq(3*Q, 7*Q))"), "rotation"), {}, ZERO)
    rough = find_point(oracle, 0, 3, "double").rough["float64"]
    assert radii(rough.jacobian["residual", "Q"]).max() < 1e-12


def test_only_what_integrates_may_be_less_certain_of_0() -> None:
    own = record("title: Area\nsympy: Integral(x*t, (t, 0, 1))\nsymbols: {x: number}", "area")
    caller = record("title: Twice\nsympy: 2*area(x)\nsymbols: {x: number}", "twice")
    plain = record("title: Square\nsympy: x**2\nsymbols: {x: number}", "square")
    known = {one.id: one for one in (own, caller, plain)}
    assert [zero_for(one, known) for one in (own, caller, plain)] == [ZERO_OF_INTEGRALS, ZERO_OF_INTEGRALS, ZERO]
