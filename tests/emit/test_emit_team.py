"""What threads of a team call, compiled: shares, meetings, and what is put together; and where kernels use it."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from emit_samples import sample_source, signature_of
from numba import njit

from eqc.emit import _team
from eqc.emit._pairs import add_up, collect, lanes, nearest, put, total_of, whole_pair, whole_pairs

begin, end, meet, leave, leads, share = _team.begin, _team.end, _team.meet, _team.leave, _team.leads, _team.share
whole_sum, whole_array, whole_least = _team.whole_sum, _team.whole_array, _team.whole_least
shared_empty, shared_zeros = _team.shared_empty, _team.shared_zeros


@njit(nogil=True, error_model="numpy")
def everything(x, fails, team=None):
    """Σ x in floats and in pairs, a product with itself turned, the least place of a 1, columns and who was first."""
    n = x.shape[0]
    total, pairs = 0.0, lanes(np.float64)
    turned = shared_empty((n, 2), np.float64, team)
    ones = shared_zeros(1, np.int64, team)
    columns, column_pairs = np.zeros(3), np.zeros((2, 3))
    place = n
    for i in range(begin(n, team), end(n, team)):
        total += x[i]
        pairs = put(pairs, 0, x[i])
        add_up(pairs, 1)
        turned[n - 1 - i, 1] = x[i]
        columns[i % 3] += x[i]
        collect(column_pairs, i % 3, x[i])
        if x[i] == 1.0:
            place = min(place, i)
    if fails and end(n, team) == n:
        raise ValueError("the last one fails")
    if leads(team):
        ones[0] += 1
    total = whole_sum(total, team)
    whole_array(columns, team)
    whole_pairs(column_pairs, team)
    place = whole_least(place, team)
    product = 0.0
    for i in range(begin(n, team), end(n, team)):
        product += x[i] * turned[i, 1]
    product = whole_sum(product, team)
    exact = nearest(whole_pair(total_of(pairs), team))
    count = ones[0]
    rest = whole_sum(float(share(x, team).shape[0]), team)
    leave((turned, ones), team)
    return total, exact, product, place, columns.sum(), column_pairs.sum(), count, rest


def by_threads(parts: int, x: Any, fails: bool = False) -> list[Any]:
    """What each thread of a team gives; a failure breaks the meeting, as the caller of kernels does."""
    meeting, found = np.zeros(16 * (1 + parts), np.int64), [None] * parts

    def run(part: int) -> None:
        try:
            found[part] = everything(x, fails, (part, parts, meeting))
        except (ValueError, RuntimeError) as error:
            meeting[8] = 1
            found[part] = error

    threads = [threading.Thread(target=run, args=(part,)) for part in range(parts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return found


@pytest.mark.parametrize("parts", [1, 2, 3, 5])
def test_threads_together_give_what_one_gives(parts: int) -> None:
    for n in (1, 2, 40, 2047, 2048, 5003):
        x = np.random.default_rng(n).integers(-3, 4, n) * 1.0
        alone = everything(x, False)
        assert alone[0] == x.sum() and alone[2] == x @ x[::-1] and alone[7] == n
        assert by_threads(parts, x) == [alone] * parts


def test_a_failure_ends_all_threads() -> None:
    found = by_threads(3, np.ones(5000), fails=True)
    assert [type(one) for one in found] == [RuntimeError, RuntimeError, ValueError]
    assert by_threads(3, np.ones(5000)) == [everything(np.ones(5000), False)] * 3


VECTOR = "{shape: [n]}"


def body(*formulas: str, kind: str = "", **symbols: str) -> str:
    source = sample_source(*formulas, **symbols)
    name = f"_sample{kind}("
    return source.split(f"def {name}")[1].split("\n\n\n")[0]


def test_what_another_thread_wrote_is_read_after_they_have_met() -> None:
    text = body(
        "Eq(y[i], exp(x[i]))",
        "Eq(z[i], y[n + 1 - i]*y[i])",
        y="{shape: [n], output: true}",
        z=VECTOR,
        x=VECTOR,
        n="size",
    )
    first, second = text.split("_meet(team)")
    assert "y[i] =" in first and "z[i] =" in second


def test_entries_that_a_thread_wrote_itself_need_no_meeting() -> None:
    text = body(
        "Eq(a[i], exp(x[i])*Sum(x[k], (k, 1, n)))",
        "Eq(y[i], a[i] + Sum(a[k]**2, (k, 1, n)))",
        a=VECTOR,
        y=VECTOR,
        x=VECTOR,
        n="size",
    )
    assert "_meet(" not in text
    assert "in range(n)" not in text


def test_one_thread_adds_where_anybody_might() -> None:
    source = sample_source(
        "Eq(y[i], E[c[i]])", y=VECTOR, E="{shape: [V]}", c="{shape: [n], domain: natural}", n="size", V="words"
    )
    text = source.split("def _sample_vjp(")[1].split("\n\n\n")[0]
    assert "team" not in text  # the one loop there is cannot be shared
    assert "vjp" not in signature_of(source)["teams"]


def test_kernels_of_numbers_take_no_team() -> None:
    assert "team" not in sample_source("exp(x)*y", x="a", y="b")
