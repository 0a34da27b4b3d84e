"""Sums near an entry have their channels side by side."""

from __future__ import annotations

from core_samples import program

from eqc.derive.vjp import vjp
from eqc.ir.program import Program
from eqc.ir.show import show_statement
from eqc.ir.spec import check
from eqc.schedule.channels import join_channels
from eqc.schedule.gathered import gather

LAYER = "Eq(y[o, s, t], b[o] + Sum(w[o, c, u, v]*x[c, s + u - 1, t + v - 1], (v, 1, q), (u, 1, p), (c, 1, k)))"
SYMBOLS = {"y": "{shape: [r, n - p + 1, m - q + 1]}", "b": "{shape: [r]}", "w": "{shape: [r, k, p, q]}"}
SYMBOLS |= {"x": "{shape: [k, n, m]}", "n": "rows", "m": "columns", "p": "rows", "q": "columns"}
SYMBOLS |= {"r": "channels out", "k": "channels"}


def joined(before: Program) -> list[str]:
    return [show_statement(s) for s in check(join_channels(before)).statements if s not in before.statements]


def test_a_layer_is_summed_up_for_several_channels_at_once() -> None:
    total, layer = joined(program(LAYER, **SYMBOLS))
    assert total.startswith("total_side_by_side[s, o, t] = sum(c: k, u: p, v: q)")
    assert layer.startswith("y[o, s, t] = b[o] + total_side_by_side[s, o, t]")


def test_slopes_in_weights_have_the_channels_of_both_arrays_side_by_side() -> None:
    made = joined(gather(vjp(program(LAYER, **SYMBOLS))))
    slope = next(line for line in made if line.startswith("w_bar_side_by_side"))
    assert slope.startswith("w_bar_side_by_side[u, v, o, c] = sum(s: n - p + 1, t: m - q + 1)")
    assert "x_turned[s + u, t + v, c]" in slope
    assert any(line.startswith("x_bar_side_by_side[s, c, t]") for line in made)
    assert [line.split(" = ")[0] for line in made if line.startswith(("w_bar[", "x_bar["))]


def test_one_kernel_for_each_channel_stays_as_it_is() -> None:
    formula = "Eq(y[c, s, t], Sum(w[c, u, v]*x[c, s + u - 1, t + v - 1], (v, 1, q), (u, 1, p)))"
    symbols = SYMBOLS | {"y": "{shape: [k, n - p + 1, m - q + 1]}", "w": "{shape: [k, p, q]}"}
    assert joined(program(formula, **{name: text for name, text in symbols.items() if name not in ("b", "r")})) == []
