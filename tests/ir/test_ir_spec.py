"""Every rule of the spec refuses a program that breaks it, and every program of every case keeps all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sympy as sp
from core_samples import case, case_names, derivatives, rewritten

from eqc.ir.program import Extent, Op, Parameter, Program, Statement, Tensor
from eqc.ir.spec import FORBIDDEN, check
from eqc.ir.terms import Index, extent_symbol, index_symbol, read

N = extent_symbol("n")
I = Index("i", N)  # noqa: E741
J = Index("j", N)
i, j = I.symbol, J.symbol
X = Tensor("x", (N,))
GOOD = Statement(Tensor("y", (N,)), (I,), (i,), Op.NONE, 2 * read("x", (i,)))
TOTAL = Statement(Tensor("s"), (I,), (), Op.SUM, read("x", (i,)))


def make(*statements: Statement, outputs: tuple[str, ...] = ("y",)) -> Program:
    sizes = (Extent("n", "x", 0, extent_symbol("_size")),)
    stride = Parameter("k", extent_symbol("k"))
    return Program("p", (X,), (stride,), ("x", "k"), sizes, statements, outputs)


def test_good_programs_pass_as_they_are() -> None:
    value = make(GOOD, TOTAL, outputs=("y", "s"))
    assert check(value) is value


SCATTER = Statement(Tensor("y", (N,)), (I,), (i + 1,), Op.SUM, read("x", (i,)), scatter=True)

VIOLATIONS: dict[str, tuple[Program, str]] = {
    "an output that nothing assigns": (make(GOOD, outputs=("z",)), "the output z is never assigned"),
    "assigned twice": (make(GOOD, GOOD), "y is assigned twice"),
    "an input assigned": (make(replace(GOOD, target=X)), "x is assigned twice"),
    "too few positions": (make(replace(GOOD, positions=())), "a position too many or too few"),
    "two loops of one name": (
        make(replace(GOOD, loops=(I, Index("i", N - 1)))),
        "two loops of one name",
    ),
    "read before it is assigned": (
        make(replace(GOOD, body=read("s")), TOTAL),
        "y reads s before it is assigned",
    ),
    "read of nothing": (make(replace(GOOD, body=read("nothing"))), "reads nothing before"),
    "read inside a position": (
        make(replace(GOOD, body=read("x", (read("label", integer=True),)))),
        "reads label before",
    ),
    "a read of the wrong rank": (make(replace(GOOD, body=read("x", (i, i)))), "the wrong number of positions"),
    "an index out of scope": (make(replace(GOOD, body=read("x", (j,)))), "uses ['j'] out of scope"),
    "a size out of scope": (make(replace(GOOD, body=extent_symbol("m") * 2)), "uses ['m'] out of scope"),
    "a guard out of scope": (make(replace(GOOD, guard=sp.Gt(j, 0))), "uses ['j'] out of scope"),
    "a position out of scope": (make(replace(SCATTER, positions=(j,))), "uses ['j'] out of scope"),
    "a loop that uses a later one": (
        make(replace(TOTAL, target=Tensor("y"), loops=(Index("i", j), J))),
        "the loop i uses ['j'] out of scope",
    ),
    "arithmetic on the left without scatter": (make(replace(SCATTER, scatter=False)), "no scatter"),
    "one index twice on the left": (
        make(replace(GOOD, target=Tensor("y", (N, N)), positions=(i, i))),
        "no scatter",
    ),
    "a reduction without an operation": (make(replace(TOTAL, op=Op.NONE, target=Tensor("y"))), "operation and loops"),
    "an operation without a reduction": (make(replace(GOOD, op=Op.SUM)), "operation and loops disagree"),
    "an extremum of what is not stored": (
        make(replace(TOTAL, op=Op.MAX, target=Tensor("y"), body=2 * read("x", (i,)))),
        "an extremum of what is not stored",
    ),
}


@pytest.mark.parametrize("label", VIOLATIONS)
def test_violations_raise(label: str) -> None:
    value, message = VIOLATIONS[label]
    with pytest.raises(AssertionError) as error:
        check(value)
    assert message in str(error.value)
    assert str(error.value).startswith("program p: ")


R = sp.Symbol("r", real=True)
HEADS: dict[type, Any] = {
    sp.Heaviside: sp.Heaviside(R),
    sp.DiracDelta: sp.DiracDelta(R),
    sp.Derivative: sp.Derivative(sp.Function("f")(R), R),
    sp.re: sp.re(sp.Symbol("c")),
    sp.im: sp.im(sp.Symbol("c")),
    sp.Sum: sp.Sum(R, (sp.Symbol("q"), 1, 3)),
    sp.Indexed: sp.Indexed(sp.IndexedBase("A"), 1),
    sp.Dummy: sp.Dummy("d"),
    sp.Subs: sp.Subs(sp.Function("f")(R), R, 0),
}


@pytest.mark.parametrize("head", FORBIDDEN, ids=lambda head: head.__name__)
def test_heads_that_only_a_missing_rule_leaves_are_refused(head: type) -> None:
    names = {s.name for s in HEADS[head].free_symbols}
    sizes = tuple(Parameter(name, sp.Symbol(name)) for name in sorted(names))
    body = HEADS[head] + read("x", (i,))
    value = replace(make(replace(GOOD, body=body)), parameters=sizes)
    with pytest.raises(AssertionError, match=f"y holds .*{head.__name__}"):
        check(value)


def test_every_forbidden_head_is_tried() -> None:
    assert set(HEADS) == set(FORBIDDEN)


def test_ragged_loops_may_use_outer_ones() -> None:
    inner = Index("j", i + 1)
    check(make(Statement(Tensor("y", (N,)), (I, inner), (i,), Op.SUM, read("x", (inner.symbol,)))))


def test_parameters_and_extents_are_in_scope() -> None:
    check(make(replace(GOOD, body=read("x", (i,)) * N * extent_symbol("k"))))


@pytest.mark.parametrize("name", case_names())
def test_every_program_keeps_the_spec(name: str) -> None:
    check(case(name).value)
    check(rewritten(name))
    for value in derivatives(name).values():
        check(value)


@pytest.mark.parametrize("name", case_names())
def test_names_are_unique_and_none_is_a_dummy(name: str) -> None:
    for value in (case(name).value, *derivatives(name).values()):
        targets = [s.target.name for s in value.statements]
        assert len(set(targets)) == len(targets)
        sizes = {e.name for e in value.extents} | set(value.arguments)
        loops = {loop.name for s in value.statements for loop in s.loops}
        assert not loops & (set(targets) | sizes), "an index that is called like an array or a size"


def test_symbols_of_one_name_have_one_set_of_assumptions() -> None:
    """Two unequal symbols that print alike would be two variables in one loop."""
    for name in case_names():
        for value in derivatives(name).values():
            for statement in value.statements:
                bodies = sp.Tuple(statement.body, *statement.positions, *(loop.extent for loop in statement.loops))
                seen: dict[str, Any] = {}
                for symbol in bodies.free_symbols:
                    assert seen.setdefault(symbol.name, symbol) == symbol, f"{name}: {symbol}"


def test_index_symbols_are_made_alike() -> None:
    assert I.symbol == index_symbol("i") == extent_symbol("i")
