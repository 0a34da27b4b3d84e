"""The oracle against closed forms in NumPy, on records written by hand."""

from __future__ import annotations

import numpy as np
import pytest
from verify_samples import CROSS_ENTROPY, SOFTMAX, formula, hessian, jacobian, oracle, value

from eqc.errors import ShapeError
from eqc.verify.balls import as_float, radii
from eqc.verify.session import OutOfRange

RNG = np.random.default_rng(20)


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def close(found: np.ndarray, wanted: object) -> None:
    np.testing.assert_allclose(found, wanted, rtol=1e-13, atol=1e-14)


def test_softmax_and_its_jacobian() -> None:
    z = RNG.normal(size=4)
    p = softmax(z)
    close(value(oracle(SOFTMAX), "yhat", z=z), p)
    close(jacobian(oracle(SOFTMAX), "z", "yhat", z=z), np.diag(p) - np.outer(p, p))


def test_softmax_where_floats_overflow() -> None:
    close(value(oracle(SOFTMAX), "yhat", z=np.array([1e4, 1e4])), [0.5, 0.5])


def test_cross_entropy_with_gradient_and_hessian() -> None:
    z, y = RNG.normal(size=(2, 3)), softmax(RNG.normal(size=(2, 3)))
    p, loss = softmax(z), oracle(CROSS_ENTROPY, softmax=SOFTMAX)
    close(value(loss, "L", y=y, z=z), -np.sum(y * np.log(p)) / 2)
    close(jacobian(loss, "z", "L", y=y, z=z), (p - y) / 2)
    blocks = [(np.diag(row) - np.outer(row, row)) / 2 for row in p]
    wanted = np.block([[blocks[0], np.zeros((3, 3))], [np.zeros((3, 3)), blocks[1]]])
    close(hessian(loss, "z", "L", y=y, z=z), wanted)


def test_results_are_certified() -> None:
    truth = oracle(SOFTMAX).evaluate({"z": RNG.normal(size=3)}, [{"z": np.ones(3)}])
    assert truth.is_certified(zero=1e-300)
    assert radii(truth.values["yhat"]).max() < 1e-50
    np.testing.assert_array_equal(as_float(truth.first[0]["yhat"]), 0.0)


def test_cancellation_raises_the_precision() -> None:
    close(value(formula("(1 + x) - 1", x="{}"), x=1e-100) / 1e-100, 1.0)
    close(value(formula("exp(x) - exp(x)", x="{}"), x=1.0), 0.0)
    close(value(formula("(1 - cos(x))/x**2", x="{}"), x=1e-60), 0.5)


def test_convolution_with_centred_kernel() -> None:
    text = """
title: Cross-correlation
sympy: Eq(C[x, y], Sum(I[x + r + u, y + s + v]*K[u + r + 1, v + s + 1], (v, -s, s), (u, -r, r)))
symbols:
  C: {shape: [H - 2*r, W - 2*s]}
  I: {shape: [H, W]}
  K: {shape: [2*r + 1, 2*s + 1]}
  H: rows
  W: columns
  r: half height
  s: half width
"""
    image, kernel = RNG.normal(size=(4, 6)), RNG.normal(size=(3, 5))
    windows = np.lib.stride_tricks.sliding_window_view(image, (3, 5))
    close(value(oracle(text), "C", I=image, K=kernel), np.einsum("xyuv,uv->xy", windows, kernel))
    close(jacobian(oracle(text), "K", "C", I=image, K=kernel), windows)


def test_guarded_reads_of_a_transposed_convolution() -> None:
    text = """
title: Transposed convolution
sympy: |-
  Eq(Y[p], Sum(Piecewise((z[u]*K[p - s*(u - 1)], And(p - s*(u - 1) >= 1, p - s*(u - 1) <= k)), (0, True)), (u, 1, H)))
symbols:
  Y: {shape: [(H - 1)*s + k]}
  z: {shape: [H]}
  K: {shape: [k]}
  s: {domain: natural}
  H: inputs
  k: taps
"""
    z, kernel = RNG.normal(size=3), RNG.normal(size=3)
    wanted = np.zeros(7)
    for u in range(3):
        wanted[2 * u : 2 * u + 3] += z[u] * kernel
    close(value(oracle(text), "Y", z=z, K=kernel, s=2), wanted)


def test_lstm_like_cell_composed_of_records() -> None:
    gate = "title: Gate\nsympy: 1/(1 + exp(-z))\nsymbols: {z: input}"
    cell = """
title: Cell
sympy:
  - Eq(f, gate(W*x + U*h + b))
  - Eq(c_new, HadamardProduct(f, c) + HadamardProduct(1 - f, tanh(W*x)))
  - Eq(h_new, HadamardProduct(f, tanh(c_new)))
symbols:
  h_new: {shape: [n], updates: h}
  c_new: {shape: [n], updates: c}
  x: {shape: [d]}
  h: {shape: [n]}
  c: {shape: [n]}
  W: {shape: [n, d]}
  U: {shape: [n, n]}
  b: {shape: [n]}
  f: {shape: [n]}
  d: inputs
  n: units
"""
    n, d = 3, 2
    given = {"x": (d,), "h": (n,), "c": (n,), "W": (n, d), "U": (n, n), "b": (n,)}
    inputs = {name: RNG.normal(size=shape) for name, shape in given.items()}

    def reference(**a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        f = 1 / (1 + np.exp(-(a["W"] @ a["x"] + a["U"] @ a["h"] + a["b"])))
        c = f * a["c"] + (1 - f) * np.tanh(a["W"] @ a["x"])
        return c, f * np.tanh(c)

    found = oracle(cell, gate=gate)
    assert found.reading.outputs == ("c_new", "h_new")
    for output, wanted in zip(("c_new", "h_new"), reference(**inputs), strict=True):
        close(value(found, output, **inputs), wanted)
        step = 1e-6
        for at in ((0, 0), (2, 1)):
            nudge = np.zeros((n, d))
            nudge[at] = step
            up, down = (reference(**{**inputs, "W": inputs["W"] + sign * nudge})[output == "h_new"] for sign in (1, -1))
            slope = jacobian(found, "W", output, **inputs)[:, at[0], at[1]]
            np.testing.assert_allclose(slope, (up - down) / (2 * step), rtol=1e-6, atol=1e-9)


def test_fields_of_a_record_with_several_outputs() -> None:
    pair = "title: Pair\nsympy: ['Eq(s, a + b)', 'Eq(d, a - b)']\nsymbols: {s: sum, d: difference, a: one, b: other}"
    use = "title: Use\nsympy: pair(x, y).d*pair(x, y).s\nsymbols: {x: one, y: other}"
    close(value(oracle(use, pair=pair), x=5.0, y=3.0), 16.0)


@pytest.mark.parametrize(("m", "n"), [(1, 1), (1, 3), (3, 1), (2, 3)])
def test_matrix_algebra_at_extents_of_one(m: int, n: int) -> None:
    a, x, b = RNG.normal(size=(m, n)), RNG.normal(size=n), RNG.normal(size=m)
    shapes = {"A": "{shape: [m, n]}", "x": "{shape: [n]}", "b": "{shape: [m]}", "m": "rows", "n": "columns"}
    close(value(formula("A*x + b", **shapes), A=a, x=x, b=b), a @ x + b)
    close(value(formula("b.T*A*x/2", **shapes), A=a, x=x, b=b), b @ a @ x / 2)
    close(value(formula("b*x.T + A", **shapes), A=a, x=x, b=b), np.outer(b, x) + a)
    close(
        value(formula("Trace(A.T*A) + Sum((A*x + b)[i], (i, 1, m))", **shapes), A=a, x=x, b=b),
        np.trace(a.T @ a) + np.sum(a @ x + b),
    )


def test_inverse_determinant_and_their_derivatives() -> None:
    a, x = RNG.normal(size=(3, 3)), RNG.normal(size=3)
    shapes = {"A": "{shape: [n, n]}", "x": "{shape: [n]}", "n": "order"}
    inverse = np.linalg.inv(a)
    close(value(formula("x.T*A**-1*x", **shapes), A=a, x=x), x @ inverse @ x)
    close(jacobian(formula("x.T*Inverse(A)*x", **shapes), "A", A=a, x=x), -np.outer(inverse.T @ x, inverse @ x))
    close(jacobian(formula("Determinant(A) + 0*x[1]", **shapes), "A", A=a, x=x), np.linalg.det(a) * inverse.T)


def test_attention_broadcasts_softmax_over_rows() -> None:
    text = """
title: Attention
sympy: Eq(O, softmax(Q*K.T/sqrt(d))*V)
symbols:
  O: {shape: [T, v]}
  Q: {shape: [T, d]}
  K: {shape: [S, d]}
  V: {shape: [S, v]}
  T: queries
  S: keys
  d: width
  v: width
"""
    for t in (1, 3):
        q, k, v = RNG.normal(size=(t, 2)), RNG.normal(size=(4, 2)), RNG.normal(size=(4, 1))
        close(value(oracle(text, softmax=SOFTMAX), "O", Q=q, K=k, V=v), softmax(q @ k.T / np.sqrt(2)) @ v)


def test_gathers_count_from_one_or_from_the_origin() -> None:
    x = RNG.normal(size=(3, 4))
    for origin in (0, 1):
        labels = np.array([0, 3, 2]) + origin
        y = f"{{shape: [N], domain: integer, origin: {origin}}}"
        found = formula("Sum(x[n, y[n]], (n, 1, N))", x="{shape: [N, C]}", y=y, N="rows", C="columns")
        close(value(found, x=x, y=labels), x[np.arange(3), [0, 3, 2]].sum())
        assert found.evaluate({"x": x, "y": labels}).ranges == {"y": (origin, 3 + origin)}
        with pytest.raises(OutOfRange):
            found.value({"x": x, "y": labels + 1})


def test_ragged_and_empty_limits() -> None:
    x = RNG.normal(size=(3, 3))
    triangle = formula("Sum(x[i, j], (j, 1, i - 1), (i, 1, n))", x="{shape: [n, n]}", n="order")
    close(value(triangle, x=x), np.tril(x, -1).sum())
    close(value(formula("Sum(x[i], (i, 2, 1)) + Product(x[i], (i, 2, 1))", x="{shape: [n]}", n="n"), x=np.ones(1)), 1.0)
    with pytest.raises(ShapeError):
        value(formula("MaxOver(x[i], (i, 2, 1))", x="{shape: [n]}", n="n"), x=np.ones(1))


def test_extrema_over_indices_share_ties() -> None:
    top = formula("MaxOver(x[i], (i, 1, n))", x="{shape: [n]}", n="n")
    close(jacobian(top, "x", x=np.array([1.0, 2.0, 2.0, 0.0])), [0, 0.5, 0.5, 0])
    place = formula("ArgMaxOver(x[i], (i, 1, n)) + 10*ArgMinOver(x[i], (i, 1, n))", x="{shape: [n]}", n="n")
    close(value(place, x=np.array([1.0, 2.0, 2.0, 0.0])), 42.0)


def test_zero_times_log_of_zero_is_zero() -> None:
    entropy = formula("-Sum(p[i]*log(p[i]/q[i]), (i, 1, n))", p="{shape: [n]}", q="{shape: [n]}", n="n")
    given = {"p": np.array([0.0, 1.0]), "q": np.array([0.5, 0.5])}
    close(value(entropy, **given), -np.log(2))
    close(jacobian(entropy, "q", **given), [0.0, 2.0])
    assert np.isnan(jacobian(entropy, "p", **given)[0])


def test_extents_are_solved_from_shapes() -> None:
    shapes = {"x": "{shape: [T + 1]}", "y": "{shape: [2*n, C*r**2]}", "r": "{domain: natural}"}
    found = formula("T + 10*n + 100*C + 0*x[1]*y[1, 1]*r", **shapes, T="T", n="n", C="C")
    given = {"x": np.zeros(4), "y": np.zeros((4, 12)), "r": 2}
    close(value(found, **given), 323.0)
    with pytest.raises(ShapeError):
        found.value({**given, "y": np.zeros((3, 12))})
    with pytest.raises(ShapeError):
        found.value({**given, "y": np.zeros((4, 11))})


def test_the_range_of_an_index_on_the_left_follows_from_reads() -> None:
    found = oracle(
        "title: T\nsympy: ['Eq(y[i, j], x[j, i])', 'Eq(s, y[2, 3])']\n"
        "symbols: {y: transposed, s: entry, x: {shape: [m, n]}, m: rows, n: columns}"
    )
    close(value(found, "s", x=np.arange(6.0).reshape(3, 2)), 5.0)


def test_a_chain_of_a_hundred_statements_and_a_sum_of_a_thousand_terms() -> None:
    chain = "\n".join(f"  - Eq(y{k}, sin(y{k - 1})*y{k - 1} + 1)" for k in range(1, 101))
    names = ", ".join(f"y{k}: step" for k in range(101))
    deep = oracle(f"title: Chain\nsympy:\n{chain}\nsymbols: {{{names}}}")
    assert deep.evaluate({"y0": 0.5}, [{"y0": np.ones(())}], {"y0": np.ones(())}).is_certified(1e-300)
    long = formula(" + ".join(f"x*{k}" for k in range(1000)), x="{}")
    close(value(long, x=1.0), 499500.0)


def test_an_expression_of_a_product_rule_by_hand() -> None:
    found = formula("x**2*exp(y)*sin(z)", x="{}", y="{}", z="{}")
    x, y, z = 0.7, -0.3, 1.1
    u, v = {"x": np.array(1.0), "z": np.array(2.0)}, {"y": np.array(3.0), "z": np.array(1.0)}
    wanted = 3 * (2 * x * np.sin(z) + 2 * x**2 * np.cos(z)) * np.exp(y)
    wanted += (2 * x * np.cos(z) - 2 * x**2 * np.sin(z)) * np.exp(y)
    close(as_float(found.second({"x": x, "y": y, "z": z}, u, v)["out"]), wanted)
