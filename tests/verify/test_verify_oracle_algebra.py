"""The oracle on rows, decompositions and integrals, against NumPy and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from verify_samples import SOFTMAX, formula, jacobian, oracle, value

RNG = np.random.default_rng(21)
MATRIX = "{shape: [n, n]}"


def close(found: np.ndarray, wanted: object) -> None:
    np.testing.assert_allclose(found, wanted, rtol=1e-13, atol=1e-14)


def symmetric(order: int) -> np.ndarray:
    root = RNG.normal(size=(order, order))
    return root @ root.T + np.eye(order)


def slope(of: object, matrix: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """The oracle's derivative of `out` along a direction of S."""
    return np.array(of.jvp({"S": matrix}, {"S": direction})["out"], dtype=float)  # type: ignore[attr-defined]


def test_rows_on_both_sides() -> None:
    text = """
title: Heads
sympy: Eq(O[h], softmax(Q[h]*K[h].T/sqrt(d))*V[h])
symbols:
  O: {shape: [H, T, e]}
  Q: {shape: [H, T, d]}
  K: {shape: [H, S, d]}
  V: {shape: [H, S, e]}
  H: heads
  T: queries
  S: keys
  d: width
  e: width
"""
    q, k, v = (RNG.normal(size=shape) for shape in ((2, 3, 4), (2, 5, 4), (2, 5, 2)))
    scores = np.exp(q @ k.transpose(0, 2, 1) / 2)
    wanted = scores / scores.sum(-1, keepdims=True) @ v
    close(value(oracle(text, softmax=SOFTMAX), "O", Q=q, K=k, V=v), wanted)


def test_a_row_of_a_matrix_is_a_vector() -> None:
    x = RNG.normal(size=(3, 2))
    found = value(formula("Sum(X[i].T*X[i], (i, 1, n))", X="{shape: [n, d]}", n="rows", d="columns"), X=x)
    close(found, np.sum(x * x))


@pytest.mark.parametrize("n", [1, 3])
def test_one_column_and_a_vector_make_a_vector(n: int) -> None:
    x = RNG.normal(size=n)
    close(value(formula("x + 2*OneMatrix(n, 1)", x="{shape: [n]}", n="size"), x=x), x + 2)


def test_log_determinant() -> None:
    s = symmetric(3)
    of = formula("LogDeterminant(S)", S=MATRIX, n="order")
    close(value(of, S=s), np.linalg.slogdet(s)[1])
    close(jacobian(of, "S", S=s), np.linalg.inv(s).T)


def test_cholesky() -> None:
    s = symmetric(3)
    of = formula("Cholesky(S)", S=MATRIX, n="order")
    factor = np.linalg.cholesky(s)
    close(value(of, S=s), factor)
    move = symmetric(3)
    d = slope(of, s, move)
    close(d @ factor.T + factor @ d.T, move)


def test_eigenpairs_with_their_derivatives() -> None:
    s, move = symmetric(4), symmetric(4)
    w, v = np.linalg.eigh(s)
    v = v * np.sign(v[np.argmax(np.abs(v), axis=0), np.arange(4)])
    values, vectors = (formula(f"{word}(S)", S=MATRIX, n="order") for word in ("Eigenvalues", "Eigenvectors"))
    close(value(values, S=s), w)
    close(value(vectors, S=s), v)
    turned = v.T @ move @ v
    close(slope(values, s, move), np.diag(turned))
    gaps = w[None, :] - w[:, None] + np.eye(4)
    np.testing.assert_allclose(slope(vectors, s, move), v @ (turned * (1 - np.eye(4)) / gaps), rtol=1e-10, atol=1e-12)


def test_second_derivatives_of_eigenvalues() -> None:
    a, b, x = 1.25, 0.5, {"a": 1.25, "b": 0.5}
    text = "Eigenvalues(diag(u)*a + v*v.T*b)[2]"
    of = formula(text, u="{shape: [m]}", v="{shape: [m]}", a="{}", b="{}", m="size")
    u, v = np.array([1.0, -1.0]), np.array([1.0, 1.0])
    one = np.ones(())
    close(np.array(of.value({"u": u, "v": v, **x})["out"], float), b + math.hypot(a, b))
    mixed = of.second({"u": u, "v": v, **x}, {"a": one}, {"b": one})["out"]
    close(np.array(mixed, float), -a * b / math.hypot(a, b) ** 3)


def test_equal_eigenvalues_are_not_certified() -> None:
    truth = formula("Eigenvalues(S)", S=MATRIX, n="order").evaluate({"S": np.eye(2)})
    assert not truth.is_certified(zero=1e-300)


@pytest.mark.parametrize("shape", [(3, 2), (2, 3), (3, 3)])
def test_singular_values_and_vectors(shape: tuple[int, int]) -> None:
    a = RNG.normal(size=shape)
    words = ("LeftSingularVectors", "SingularValues", "RightSingularVectors")
    left, sizes, right = (value(formula(f"{w}(A)", A="{shape: [n, m]}", n="r", m="c"), A=a) for w in words)
    close(sizes, np.linalg.svd(a, compute_uv=False))
    close(left * sizes @ right.T, a)
    assert np.all(right[np.argmax(np.abs(right), axis=0), np.arange(len(sizes))] > 0)


def test_derivatives_of_singular_vectors_rebuild_the_matrix() -> None:
    text = "LeftSingularVectors(S)*diag(SingularValues(S))*RightSingularVectors(S).T"
    a, move = RNG.normal(size=(3, 2)), RNG.normal(size=(3, 2))
    of = formula(text, S="{shape: [n, m]}", n="rows", m="columns")
    close(slope(of, a, move), move)


@pytest.mark.parametrize(
    ("text", "at", "wanted", "derivative"),
    [
        ("Integral(cos(k*x), (x, 0, 1))", 1.5, math.sin(1.5) / 1.5, math.cos(1.5) / 1.5 - math.sin(1.5) / 2.25),
        ("Integral(x*y*k, (x, 0, y), (y, 0, 2))", 3.0, 6.0, 2.0),
        ("Integral(Integral(x*y*k, (x, 0, y)), (y, 0, 2))", 3.0, 6.0, 2.0),
        ("Integral(x**2, (x, k, 1))", 2.0, -7 / 3, -4.0),
        ("Integral(exp(-k*x), (x, 0, oo))", 2.0, 0.5, -0.25),
        ("Integral(exp(x), (x, -oo, k))", 0.5, math.exp(0.5), math.exp(0.5)),
        ("Integral(exp(x), (x, k, -oo))", 0.5, -math.exp(0.5), -math.exp(0.5)),
        ("Integral(exp(-k*x**2), (x, -oo, oo))", 2.0, math.sqrt(math.pi / 2), -math.sqrt(math.pi / 2) / 4),
        ("Integral(1/sqrt(x - k), (x, k, 3))", 1.0, 2 * math.sqrt(2), -1 / math.sqrt(2)),
    ],
)
def test_integrals(text: str, at: float, wanted: float, derivative: float) -> None:
    of = formula(text, k="{}")
    truth = of.evaluate({"k": at}, [{"k": np.ones(())}])
    assert truth.is_certified(zero=1e-300)
    close(np.array(truth.values["out"], float), wanted)
    close(np.array(truth.first[0]["out"], float), derivative)


def test_an_integral_that_does_not_converge_is_not_certified() -> None:
    assert not formula("Integral(1/x, (x, 0, k))", k="{}").evaluate({"k": 1.0}).is_certified(zero=1e-300)
