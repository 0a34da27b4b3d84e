"""The checks find what is wrong with a kernel, and nothing where all is right."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from verify_samples import record

from eqc.errors import BuildError
from eqc.verify.report import Report
from eqc.verify.run import verify

LOSS = """
title: Weighted squares
sympy: Eq(L, Sum(w[i]*(x[i] - c)**2, (i, 1, n))/n)
symbols:
  L: {domain: nonnegative}
  w: {shape: [n], domain: positive, differentiable: false}
  x: {shape: [n]}
  c: centre
  n: size
examples:
  - {given: {w: [1, 2], x: [1, 3], c: 1}, expect: {L: 4}}
"""


class Handmade:
    """A kernel of that loss in NumPy, with one item or leading axes; `bug` names what is wrong with it."""

    def __init__(self, bug: str = "") -> None:
        self.bug = bug
        real = {"kind": "real", "per_call": False}
        self.signature = SimpleNamespace(
            inputs=(
                SimpleNamespace(name="w", differentiable=False, **real),
                SimpleNamespace(name="x", differentiable=True, **real),
                SimpleNamespace(name="c", differentiable=bug != "signature", **real),
            ),
            outputs=(SimpleNamespace(name="L", kind="real"),),
        )

    def _wrong(self, name: str, result: Any, factor: float = 1 + 1e-6) -> Any:
        return np.asarray(result * factor if self.bug == name else result, np.asarray(result).dtype)[()]

    def _parts(self, w: Any, x: Any, c: Any) -> tuple[Any, Any]:
        r = x - np.asarray(c)[..., None]
        return r, w / np.asarray(x.shape[-1], x.dtype)

    def __call__(self, w: Any, x: Any, c: Any) -> Any:
        if self.bug == "raises":
            raise ZeroDivisionError("division by zero")
        r, u = self._parts(w, x, c)
        found = self._wrong("value", (u * r**2).sum(-1))
        return np.float64(found) if self.bug == "dtype" else found[..., None] if self.bug == "shape" else found

    def gradient(self, w: Any, x: Any, c: Any) -> Any:
        r, u = self._parts(w, x, c)
        gx, gc = 2 * u * r, -(2 * u * r).sum(-1)
        return self._wrong("gradient", gx), self._wrong("gradient_c", gc)

    def value_and_gradient(self, w: Any, x: Any, c: Any) -> Any:
        return self(w, x, c), self.gradient(w, x, c)

    def jvp(self, w: Any, x: Any, c: Any, x_dot: Any, c_dot: Any) -> Any:
        gx, gc = Handmade().gradient(w, x, c)
        return self._wrong("jvp", (gx * x_dot).sum(-1) + gc * c_dot)

    def vjp(self, w: Any, x: Any, c: Any, bar: Any) -> Any:
        gx, gc = Handmade().gradient(w, x, c)
        lead = np.ndim(gc)
        full = [np.asarray(bar)[..., None] * gx, np.asarray(bar) * gc]
        for k, (own, shape) in enumerate(((1, np.shape(x)), (0, np.shape(c)))):
            if len(shape) - own < lead and self.bug != "not summed":
                full[k] = full[k].sum(0)
        return self._wrong("vjp", full[0]), full[1]

    def hvp(self, w: Any, x: Any, c: Any, x_dot: Any, c_dot: Any) -> Any:
        _, u = self._parts(w, x, c)
        d = x_dot - np.asarray(c_dot)[..., None]
        return self._wrong("hvp", 2 * u * d), -(2 * u * d).sum(-1)

    def jacobian(self, w: Any, x: Any, c: Any) -> Any:
        gx, gc = Handmade().gradient(w, x, c)
        return self._wrong("jacobian", gx), gc

    def hessian(self, w: Any, x: Any, c: Any) -> Any:
        _, u = np.broadcast_arrays(*self._parts(w, x, c))
        xx = 2 * u[..., None] * np.eye(u.shape[-1], dtype=u.dtype)
        cross = -2 * u
        return (self._wrong("hessian", xx), cross), (cross, (2 * u).sum(-1))


def run(kernel: Callable[..., Any] | Handmade, text: str = LOSS) -> Report:
    return verify(record(text), {}, lambda: kernel)


def test_a_right_kernel_passes_everything() -> None:
    report = run(Handmade())
    assert [c.reason for c in report.failures] == []
    assert report.passed
    assert {c.name for c in report.checks if c.status == "skipped"} == {"value_and_vjp", "positions"}
    assert all(c.reason for c in report.checks if c.status == "skipped")
    assert report.worst_error < 1e-12


@pytest.mark.parametrize(
    ("bug", "failing"),
    [
        ("value", {"value", "value_and_gradient", "examples", "ties and zeros"}),
        ("gradient", {"gradient", "value_and_gradient", "ties and zeros"}),
        ("gradient_c", {"gradient", "value_and_gradient", "ties and zeros"}),
        ("jvp", {"jvp", "dot product", "ties and zeros"}),
        ("vjp", {"vjp", "dot product", "ties and zeros"}),
        ("not summed", {"vjp"}),
        ("hvp", {"hvp"}),
        ("jacobian", {"jacobian"}),
        ("hessian", {"hessian"}),
        ("dtype", {"value", "value_and_gradient"}),
        ("shape", {"value", "value_and_gradient", "examples", "ties and zeros"}),
        ("signature", {"signature"}),
        ("raises", {"value", "value_and_gradient", "examples", "ties and zeros"}),
    ],
)
def test_a_wrong_kernel_fails_where_it_is_wrong(bug: str, failing: set[str]) -> None:
    report = run(Handmade(bug))
    assert {c.name for c in report.failures} == failing
    assert all(c.reason for c in report.failures)


def test_a_failure_can_be_reproduced_from_the_report() -> None:
    plain = run(Handmade("gradient")).as_json()
    again = json.loads(json.dumps(plain))
    (failed,) = (c for c in again["checks"] if c["check"] == "gradient")
    at = {name: np.array(values) for name, values in failed["inputs"].items()}
    wrong = np.asarray(Handmade("gradient").gradient(**at)[0])[tuple(failed["worst"]["place"])]
    right = np.asarray(Handmade().gradient(**at)[0])[tuple(failed["worst"]["place"])]
    assert failed["worst"]["what"] == "gradient in x"
    assert wrong == pytest.approx(failed["worst"]["got"], rel=1e-6)
    assert right == pytest.approx(failed["worst"]["expected"], rel=1e-6)


def test_a_tolerance_of_the_record_is_respected() -> None:
    assert run(Handmade("jacobian"), LOSS + "tolerance: 1e-5\n").passed
    assert not run(Handmade("jacobian"), LOSS + "tolerance: 1e-7\n").passed


def test_examples_are_checked_on_the_kernel_and_on_the_formula() -> None:
    report = run(Handmade(), LOSS.replace("expect: {L: 4}", "expect: {L: 5}"))
    assert {c.name for c in report.failures} == {"examples", "formula examples"}
    rough = LOSS.replace("expect: {L: 4}", "expect: {L: 4.001}, rtol: 0.001")
    assert run(Handmade(), rough).passed


def test_examples_outside_their_domain_are_noticed() -> None:
    report = run(Handmade(), LOSS.replace("w: [1, 2]", "w: [-1, 2]"))
    assert {c.name for c in report.failures} == {"domains"}


def test_outputs_outside_their_domain_are_noticed() -> None:
    report = run(Handmade(), LOSS.replace("L: {domain: nonnegative}", "L: {domain: '[5, 6]'}"))
    assert "domains" in {c.name for c in report.failures}


def test_kernels_that_cannot_be_loaded_are_a_failure() -> None:
    def load() -> Any:
        raise BuildError(None, written="x", rule="not built", remedy="build it")

    report = verify(record(LOSS), {}, load)
    assert [(c.name, c.status) for c in report.checks] == [("signature", "failed")]


def test_nothing_verified_is_no_success() -> None:
    text = "title: N\nsympy: Eq(L, log(-1 - c**2))\nsymbols: {L: loss, c: centre}"
    kernel = Handmade()
    kernel.signature.inputs = kernel.signature.inputs[2:]
    report = run(kernel, text)
    assert next((c.name, c.status) for c in report.checks if c.status != "passed") == ("points", "failed")
    assert "no finite value" in report.failures[0].reason


class Rectifier:
    """A kernel of Max(0, x) with a slope of its own choice at 0."""

    def __init__(self, at_zero: float) -> None:
        self.at_zero = at_zero
        self.signature = SimpleNamespace(
            inputs=(SimpleNamespace(name="x", kind="real", per_call=False, differentiable=True),),
            outputs=(SimpleNamespace(name="out", kind="real"),),
        )

    def __call__(self, x: Any) -> Any:
        return np.maximum(x, np.asarray(0, np.asarray(x).dtype))[()]

    def gradient(self, x: Any) -> Any:
        return np.heaviside(x, np.asarray(self.at_zero, np.asarray(x).dtype))[()]

    def value_and_gradient(self, x: Any) -> Any:
        return self(x), self.gradient(x)

    def jvp(self, x: Any, x_dot: Any) -> Any:
        return self.gradient(x) * x_dot

    def hvp(self, x: Any, x_dot: Any) -> Any:
        return 0 * x_dot

    def hessian(self, x: Any) -> Any:
        return 0 * x

    vjp, jacobian = jvp, gradient


def test_the_slope_at_a_kink_is_the_one_of_the_rules() -> None:
    text = "title: R\nsympy: Max(0, x)\nsymbols: {x: input}"
    assert run(Rectifier(0.0), text).passed
    assert {c.name for c in run(Rectifier(1.0), text).failures} == {"ties and zeros"}


PICK = """
title: Pick
sympy: x[y]
symbols:
  x: {shape: [n]}
  y: {domain: integer}
  n: size
"""


class Picker:
    """A kernel of that gather, for values only; `checked` says whether it looks at the range."""

    def __init__(self, checked: bool) -> None:
        self.checked = checked
        self.signature = SimpleNamespace(
            inputs=(
                SimpleNamespace(name="x", kind="real", per_call=False, differentiable=True),
                SimpleNamespace(name="y", kind="integer", per_call=False, differentiable=False),
            ),
            outputs=(SimpleNamespace(name="out", kind="real"),),
        )

    def __call__(self, x: Any, y: Any) -> Any:
        if self.checked and (np.any(y < 1) or np.any(y > x.shape[-1])):
            bad = np.ravel(y)[-1]
            raise IndexError(f"y: {bad} is outside 1..{x.shape[-1]}")
        y = np.broadcast_to(y, x.shape[:-1]) if x.ndim > np.ndim(y) + 1 else np.asarray(y)
        x = np.broadcast_to(x, (*y.shape, x.shape[-1]))
        return np.take_along_axis(x, np.clip(y, 1, x.shape[-1])[..., None] - 1, axis=-1)[..., 0][()]


def test_positions_outside_their_range_must_raise() -> None:
    by_name = {c.name: c for c in run(Picker(checked=True), PICK).checks}
    assert (by_name["positions"].status, by_name["value"].status) == ("passed", "passed")
    by_name = {c.name: c for c in run(Picker(checked=False), PICK).checks}
    assert by_name["positions"].status == "failed"
    assert by_name["value"].status == "passed"
