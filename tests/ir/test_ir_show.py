"""The text form of a handful of programs: what lowering and reverse mode give, as people read it."""

from __future__ import annotations

from textwrap import dedent

import pytest
import sympy as sp
from core_samples import LIBRARY, SQUARE, VECTOR, case, compiler, program

from eqc.derive.vjp import vjp
from eqc.ir.program import Op, Statement, Tensor
from eqc.ir.show import body_text, show, show_statement
from eqc.ir.terms import Index, extent_symbol, index_symbol, read


def test_softmax() -> None:
    value = compiler("x", x="x", others=LIBRARY).program("soft")
    assert_shown(
        value,
        """
        program soft(z)
          input z[C]
          extent C = _size where _size is axis 1 of z
          total = sum(k: C) exp(z[k])
          yhat[j] = exp(z[j])/total  for j: C
          return yhat
        """,
    )


def test_softmax_backwards() -> None:
    value = compiler("x", x="x", others=LIBRARY).program("soft")
    assert_shown(
        vjp(value),
        """
        program soft(z, yhat_bar)
          input z[C]
          input yhat_bar[C]
          extent C = _size where _size is axis 1 of z
          total = sum(k: C) exp(z[k])
          yhat[j] = exp(z[j])/total  for j: C
          total_bar = sum(j: C) -yhat_bar[j]*exp(z[j])/total**2
          z_bar[j] = total_bar*exp(z[j]) + yhat_bar[j]*exp(z[j])/total  for j: C
          return z_bar
        """,
    )


def test_attention() -> None:
    value = program(
        "Eq(O, soft(Q*K.T/sqrt(d))*V)",
        others=LIBRARY,
        O="{shape: [T, e]}",
        Q="{shape: [T, d]}",
        K="{shape: [S, d]}",
        V="{shape: [S, e]}",
        T="queries",
        S="keys",
        d="width",
        e="width of values",
    )
    assert_shown(
        value,
        """
        program sample(Q, K, V)
          input Q[T, d]
          input K[S, d]
          input V[S, e]
          extent T = _size where _size is axis 1 of Q
          extent d = _size where _size is axis 2 of Q
          extent S = _size where _size is axis 1 of K
          extent e = _size where _size is axis 2 of V
          product[i, j] = sum(k: d) K[j, k]*Q[i, k]  for i: T, j: S
          z[i, i1] = product[i, i1]/sqrt(d)  for i: T, i1: S
          total[i] = sum(k: S) exp(z[i, k])  for i: T
          yhat[i, j] = exp(z[i, j])/total[i]  for i: T, j: S
          O[i, j] = sum(k: S) V[k, j]*yhat[i, k]  for i: T, j: e
          return O
        """,
    )


def test_a_gate_by_composition() -> None:
    value = program(
        "Eq(gate, squash(W*x + U*h + b))",
        others=LIBRARY,
        gate=VECTOR,
        W="{shape: [n, d]}",
        U=SQUARE,
        x="{shape: [d]}",
        h=VECTOR,
        b=VECTOR,
        n="hidden size",
        d="input size",
    )
    assert_shown(
        value,
        """
        program sample(W, U, x, h, b)
          input W[n, d]
          input U[n, n]
          input x[d]
          input h[n]
          input b[n]
          extent n = _size where _size is axis 1 of W
          extent d = _size where _size is axis 2 of W
          product[i] = sum(k: d) W[i, k]*x[k]  for i: n
          product1[i] = sum(k: n) U[i, k]*h[k]  for i: n
          z[i] = b[i] + product1[i] + product[i]  for i: n
          gate[i] = 1/(1 + exp(-z[i]))  for i: n
          return gate
        """,
    )


def test_convolution() -> None:
    value = program(
        "Eq(Y[x, y], Sum(I[x + r + u, y + r + v]*K[u + r + 1, v + r + 1], (v, -r, r), (u, -r, r)))",
        Y="{shape: [H - 2*r, W - 2*r]}",
        I="{shape: [H, W]}",
        K="{shape: [2*r + 1, 2*r + 1]}",
        H="rows",
        W="columns",
        r="reach",
    )
    assert_shown(
        value,
        """
        program sample(I, K)
          input I[H, W]
          input K[2*r + 1, 2*r + 1]
          extent H = _size where _size is axis 1 of I
          extent W = _size where _size is axis 2 of I
          extent r = Quotient(_size - 1, 2) where _size is axis 1 of K
          Y[x, y] = sum(u: 2*r + 1, v: 2*r + 1) I[u + x, v + y]*K[u, v]  for x: H - 2*r, y: W - 2*r
          return Y
        """,
    )


def test_a_ragged_sum() -> None:
    assert_shown(
        case("ragged_sum").value,
        """
        program ragged_sum(x)
          input x[n]
          extent n = _size where _size is axis 1 of x
          y[i] = sum(j: i + 1) x[j]*exp(x[i])  for i: n
          return y
        """,
    )


def test_a_class_label_and_its_scatter() -> None:
    value = program("-log(p[y])", p="{shape: [C]}", y="{domain: natural}", C="classes")
    assert_shown(
        vjp(value),
        """
        program sample(p, y, out_bar)
          input p[C]
          input y integer
          input out_bar
          extent C = _size where _size is axis 1 of p
          check p: 0 <= y - 1 < C
          out = -log(p[y - 1])
          p_bar[y - 1] += sum() -out_bar/p[y - 1]
          return p_bar
        """,
    )


def test_a_guarded_scatter() -> None:
    value = program("Eq(y[i], Piecewise((x[i + 1], i < n), (0, True)))", y=VECTOR, x=VECTOR, n="size")
    assert_shown(
        vjp(value),
        """
        program sample(x, y_bar)
          input x[n]
          input y_bar[n]
          extent n = _size where _size is axis 1 of x
          y[i] = Piecewise((x[i + 1], i + 1 < n), (0, True))  for i: n
          x_bar[i + 1] += sum(i: n) Piecewise((y_bar[i], i + 1 < n), (0, True))  if i + 1 < n
          return x_bar
        """,
    )


def test_extrema_store_what_they_compare() -> None:
    assert_shown(
        program("MaxOver(Abs(x[i]), (i, 1, n))", x=VECTOR, n="size"),
        """
        program sample(x)
          input x[n]
          extent n = _size where _size is axis 1 of x
          out_of[i] = Abs(x[i])  for i: n
          out = max(i: n) out_of[i]
          return out
        """,
    )


def assert_shown(value: object, text: str) -> None:
    assert show(value) == dedent(text).strip()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("op", "text"),
    [
        (Op.SUM, "y = sum(i: n) x[i]"),
        (Op.PRODUCT, "y = product(i: n) x[i]"),
        (Op.MAX, "y = max(i: n) x[i]"),
        (Op.MIN, "y = min(i: n) x[i]"),
        (Op.ARGMAX, "y = argmax(i: n) x[i]"),
        (Op.ARGMIN, "y = argmin(i: n) x[i]"),
    ],
)
def test_every_operation_has_a_word(op: Op, text: str) -> None:
    i = Index("i", extent_symbol("n"))
    assert show_statement(Statement(Tensor("y"), (i,), (), op, read("x", (i.symbol,)))) == text


def test_long_bodies_are_counted_only() -> None:
    long = sp.Add(*(read(f"x{k}") for k in range(500)))
    assert body_text(long) == "… (an expression of more than 400 nodes)"
    assert body_text(read("x") + 1) == "x + 1"
    assert body_text(long, limit=501).count("x") == 500


def test_positions_show_as_written() -> None:
    i = index_symbol("i")
    assert str(read("x", (2 * i + 1, sp.Integer(0)))) == "x[2*i + 1, 0]"
