"""Which choices loops make without branches."""

from __future__ import annotations

from typing import Any

import pytest
import sympy as sp

from eqc.derive.partials import partials
from eqc.emit.printer import SourcePrinter
from eqc.emit.selects import is_without_branches
from eqc.ir.terms import Maximum, Minimum, index_symbol, read
from eqc.ir.walk import branches

i = index_symbol("i")
X, Y = read("x", (i,)), read("y", (i,))
K = read("k", (i,), integer=True)


def four(value: Any, condition: Any = X > Y) -> Any:
    return branches([(value, condition), (X, X < 0), (Y, sp.Eq(X, Y)), (sp.Integer(0), sp.true)])


def test_slopes_of_an_extremum_in_another_have_no_branches() -> None:
    """Loops with so many took eight times as long."""
    slopes = [p.slope for p in partials(Minimum(X * Y, Y * Maximum(X, Y)), ["x", "y"])]
    assert len(slopes) == 2
    for slope in slopes:
        assert is_without_branches(slope)
        assert SourcePrinter(lambda r: r.tensor).source(slope).count("_pick") >= 3


def test_what_is_picked_from_is_real() -> None:
    printer = SourcePrinter(lambda r: r.tensor)
    assert printer.source(four(X / 2 + Y)) == "_pick(x > y, x/2 + y, _pick(x < 0, x, _pick(x == y, y, 0.0)))"
    assert printer.used == {"_pick"}


@pytest.mark.parametrize(
    "choice",
    [
        branches([(X, X > Y), (Y, sp.true)]),
        four(sp.exp(X)),
        four(1 / X),
        four(read("x", (i - 1,))),
        four(X, i > 0),
        four(X, read("x", (i - 1,)) > 0),
        four(K),
        branches([(sp.Integer(n), sp.Gt(X, n)) for n in range(4)]),
    ],
    ids=str,
)
def test_what_may_not_be_computed_or_is_dear_keeps_its_condition(choice: Any) -> None:
    assert not is_without_branches(choice)
