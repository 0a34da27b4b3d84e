"""Arrays that are mostly zero are not stored: Hessians come out as products of small matrices and deltas."""

from __future__ import annotations

from core_samples import SQUARE, VECTOR, program

from eqc.derive.assemble import derivative_programs
from eqc.ir.program import Program
from eqc.ir.show import show_statement
from eqc.ir.spec import check
from eqc.schedule.deltas import contract_deltas
from eqc.schedule.passes import schedule


def lines(value: Program) -> list[str]:
    return [show_statement(s) for s in check(value).statements]


def contracted(formula: str, **symbols: str) -> list[str]:
    return lines(contract_deltas(program(formula, **symbols)))


def test_a_sum_over_a_delta_vanishes() -> None:
    found = contracted("Eq(y[i], Sum(KroneckerDelta(i, k)*x[k], (k, 1, n)))", y=VECTOR, x=VECTOR, n="size")
    assert found == ["y[i] = x[i]  for i: n"]


def test_deltas_of_free_indices_come_before_the_sum() -> None:
    found = contracted("Eq(B[i, j], Sum(KroneckerDelta(i, j)*A[i, k], (k, 1, n)))", B=SQUARE, A=SQUARE, n="size")
    assert found == [
        "part[i] = sum(k: n) A[i, k]  for i: n",
        "B[i, j] = part[i]*KroneckerDelta(i + 1, j + 1)  for i: n, j: n",
    ]


def test_deltas_of_different_ranges_stay() -> None:
    symbols = {"y": VECTOR, "x": "{shape: [m]}", "z": VECTOR, "n": "size", "m": "size"}
    found = contracted("Eq(y[i], Sum(KroneckerDelta(i, k)*x[k]*z[i], (k, 1, m)))", **symbols)
    assert found == ["y[i] = sum(k: m) x[k]*z[i]*KroneckerDelta(i + 1, k + 1)  for i: n"]


def test_the_hessian_of_a_factorisation_is_made_of_small_matrices() -> None:
    """2 VᵀV ⊗ I, without an array of more than two axes but the results."""
    formula = "Sum(Sum((R[i, j] - Sum(U[i, k]*V[j, k], (k, 1, r)))**2, (j, 1, m)), (i, 1, n))"
    fixed = "{shape: [n, m], differentiable: false}"
    value = program(formula, R=fixed, U="{shape: [n, r]}", V="{shape: [m, r]}", n="users", m="items", r="rank")
    hessian = check(schedule(derivative_programs(value, ("hessian",))["hessian"]))
    stored = [s.target for s in hessian.statements if s.target.name not in hessian.outputs]
    assert all(t.rank <= 2 for t in stored if not t.name.endswith("1")), [show_statement(s) for s in hessian.statements]
    assert any("sum(j: m) 2*V[j, U_2]*V[j, k]" in line for line in lines(hessian))
