"""Kernels with function inputs: njit functions, records, both, and what is refused."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import njit

import eqc
from eqc.build import build
from eqc.errors import EqcError
from eqc.kernels.kernel import Kernel

RECORDS = {
    "layer": """
sympy: Eq(a[i], f(z[i]))
symbols: {f: {kind: function}, z: {shape: [n]}, a: {shape: [n]}, n: units}
examples: [{given: {f: squash, z: [0]}, expect: {a: [0]}}]
""",
    "there_and_back": """
sympy: Eq(L, Sum((F(G(x[i]))[a] - x[i, a])**2, (a, 1, d), (i, 1, N)) + h(x[1, 1], 2)*w[1] + s(x[1]))
symbols:
  F: {kind: function, arguments: [m], returns: [d]}
  G: {kind: function, arguments: [d], returns: [m]}
  h: {kind: function, arguments: [[], []]}
  s: {kind: function, arguments: [d], default: size}
  x: {shape: [N, d]}
  w: {shape: [m]}
  L: out
  N: n
  d: d
  m: m
""",
    "squash": "\nsympy: x/(1 + exp(-x))\nsymbols: {x: x}\n",
    "size": "\nsympy: sqrt(Sum(v[i]**2, (i, 1, K)))\nsymbols: {v: {shape: [K]}, K: K}\n",
    "stir": "\nsympy: Eq(o[j], Sum(sin(v[i]*j), (i, 1, K)))\nsymbols: {v: {shape: [K]}, o: {shape: [K]}, K: K}\n",
    "pair": "\nsympy: exp(a)*b\nsymbols: {a: a, b: b}\n",
    "step": """
sympy: Eq(new, old - rate*Derivative(L(old), old))
symbols: {L: {kind: function, arguments: [P]}, old: {shape: [P]}, new: {shape: [P]}, rate: rate, P: P}
""",
}


@njit
def cube(z: Any) -> Any:
    return z**3


@njit
def cube_slope(z: Any) -> Any:
    return 3 * z**2


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    for name, text in RECORDS.items():
        path = root / "equations" / "maps" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"title: {name}{text}")
    report = build(root)
    assert report.ok, report.failed
    return root


@pytest.fixture(scope="module")
def open_kernel(project: Path) -> Callable[..., Kernel]:
    return lambda id, **functions: eqc.kernel(id, root=project, **functions)


def refused(call: Callable[[], object]) -> EqcError:
    with pytest.raises(EqcError) as error:
        call()
    return error.value


def test_njit_functions(open_kernel: Callable[..., Kernel]) -> None:
    layer = open_kernel("layer", f=cube, f_derivative=cube_slope)
    z = np.linspace(-1, 2, 6).reshape(2, 3)
    assert np.allclose(layer(z), z**3)
    assert np.allclose(layer.vjp(z, np.ones(3)), 3 * z**2)
    assert np.allclose(layer.jvp(z, 2 * np.ones(3)), 6 * z**2)
    assert layer(z.astype(np.float32)).dtype == np.float32


def test_the_functions_stand_first_in_compiled_code(project: Path, open_kernel: Callable[..., Kernel]) -> None:
    module = open_kernel("layer", f=cube).module

    @njit
    def twice(z: Any) -> Any:
        return 2 * module_layer(cube, z)

    module_layer = module.layer
    assert twice(np.array([2.0])).tolist() == [16.0]
    assert module.layer_vjp(cube_slope, np.array([2.0]), np.ones(1)).tolist() == [12.0]


def test_records(project: Path, open_kernel: Callable[..., Kernel]) -> None:
    assert (project / "generated/maps/layer__f_squash.py").is_file()
    assert not (project / "generated/maps/layer__f_size.py").exists()
    layer, z = open_kernel("layer", f="squash"), np.array([-1.0, 0.5])
    slope = 1 / (1 + np.exp(-z)) + z * np.exp(-z) / (1 + np.exp(-z)) ** 2
    assert np.allclose(layer.vjp(z, np.ones(2)), slope)
    assert np.allclose(pickle.loads(pickle.dumps(layer))(z), z / (1 + np.exp(-z)))


def test_records_of_vectors_that_the_project_does_not_name(project: Path, open_kernel: Callable[..., Kernel]) -> None:
    loss = open_kernel("there_and_back", F="stir", G="stir", h="pair")
    rng = np.random.default_rng(5)
    x, w, way = rng.normal(size=(3, 2)), rng.normal(size=2), rng.normal(size=(3, 2))

    def value(x: Any) -> float:
        stirred = np.stack([np.sin(x * j).sum(-1) for j in (1, 2)], axis=-1)
        again = np.stack([np.sin(stirred * j).sum(-1) for j in (1, 2)], axis=-1)
        return float(((again - x) ** 2).sum() + math.exp(x[0, 0]) * 2 * w[0] + np.linalg.norm(x[0]))

    assert math.isclose(loss(x, w), value(x))
    slope = (value(x + 1e-6 * way) - value(x - 1e-6 * way)) / 2e-6
    assert math.isclose((loss.gradient(x, w, wrt="x") * way).sum(), slope, rel_tol=1e-7)
    hessian = loss.hessian(x, w, wrt="x")
    assert np.allclose(hessian, hessian.transpose(2, 3, 0, 1))
    assert (project / "generated/__pycache__/bound/generated/maps").is_dir()


def test_records_and_njit_functions_together(open_kernel: Callable[..., Kernel]) -> None:
    @njit
    def h(a: float, b: float) -> float:
        return math.exp(a) * b

    x, w = np.ones((2, 2)), np.ones(2)
    mixed = open_kernel("there_and_back", F="stir", G="stir", h=h)
    assert math.isclose(mixed(x, w), open_kernel("there_and_back", F="stir", G="stir", h="pair")(x, w))


def test_a_gradient_in_a_formula(open_kernel: Callable[..., Kernel]) -> None:
    @njit
    def slope(theta: Any) -> Any:
        return 2 * theta

    old = np.array([3.0, 4.0])
    assert np.allclose(open_kernel("step", L_derivative=slope)(old, 0.25), old / 2)
    assert np.allclose(open_kernel("step", L="size")(old, 0.5), old - 0.1 * old)
    second = refused(lambda: open_kernel("step", L_derivative=slope).jvp(old, 0.25, old, 0.0))
    assert "L_second_derivative: an njit function of an array of shape [P] that gives an array of shape [P, P]" in (
        second.remedy
    )


def test_what_is_missing_is_named(open_kernel: Callable[..., Kernel]) -> None:
    nothing = refused(lambda: open_kernel("layer")([1.0]))
    assert nothing.rule == "it calls f, which was not given"
    slope = refused(lambda: open_kernel("layer", f=cube).vjp([1.0], [1.0]))
    assert slope.rule == "it calls f_derivative, which was not given"
    assert "an njit function of a number that gives a number" in slope.remedy


def test_a_python_function_is_refused(open_kernel: Callable[..., Kernel]) -> None:
    error = refused(lambda: open_kernel("layer", f=lambda z: z))
    assert "plain Python function" in error.rule and "njit" in error.remedy


def test_the_wrong_number_of_arguments_is_refused(open_kernel: Callable[..., Kernel]) -> None:
    error = refused(lambda: open_kernel("layer", f=njit(lambda a, b: a)))
    assert error.rule == "f takes 1 argument"


def test_results_of_the_wrong_kind_are_refused(open_kernel: Callable[..., Kernel]) -> None:
    error = refused(lambda: open_kernel("layer", f=njit(lambda z: np.zeros(3)))([1.0]))
    assert "cannot compile layer" in error.rule


def test_results_of_the_wrong_shape_are_refused(open_kernel: Callable[..., Kernel]) -> None:
    long = njit(lambda x: np.zeros(3))
    kernel = open_kernel("there_and_back", F=long, G=long, h=njit(lambda a, b: a))
    with pytest.raises(ValueError, match=r"G gave an array of the wrong shape: \(3,\), but the glossary says \(2,\)"):
        kernel(np.ones((1, 2)), np.ones(2))


@pytest.mark.parametrize(
    ("functions", "rule", "remedy"),
    [
        ({"f": "squish"}, "squish is no record", "did you mean squash?"),
        ({"g": "squash"}, "layer has no function g", "known: f"),
        ({"g": cube}, "layer takes no function g", "known: f"),
        ({"f": "pair"}, "takes a number and returns a number, but pair takes a, b", "defaults"),
        ({"f": "size"}, "takes a number and returns a number, but size takes v", "defaults"),
    ],
)
def test_wrong_bindings(open_kernel: Callable[..., Kernel], functions: Any, rule: str, remedy: str) -> None:
    error = refused(lambda: open_kernel("layer", **functions))
    assert rule in error.rule and remedy in error.remedy
