"""Derivative programs against differences of their value program, at 50 digits.

A difference of two values knows nothing of the rules by which programs are derived. Random directions see every entry:
two linear maps that agree along a random direction are equal but for a set of directions without volume.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import mpmath
import numpy as np
from core_samples import Case, assert_close, direction, dot, draw, moved, seed_of

from eqc.ir.interpret import interpret
from eqc.ir.program import Program
from eqc.ir.spec import check

STEP = mpmath.mpf(10) ** -14
WIDE_STEP = mpmath.mpf(10) ** -10


class Point:
    """A random point of a case with two directions and a cotangent; two runs of a test see the same one."""

    def __init__(self, of: Case, programs: Mapping[str, Program]) -> None:
        self.of = of
        self.programs = programs
        self.label = f"{of.name} at the point of seed {seed_of(of.name)}"
        rng = random.Random(seed_of(of.name))
        self.arguments = draw(self.of, rng)
        self.first = direction(self.of, self.arguments, rng)
        self.second = direction(self.of, self.arguments, rng)
        self.outputs = [t.name for t in self.of.value.real_outputs]
        self.inputs = [t.name for t in self.of.value.differentiable]
        value = self.value(self.arguments)
        self.bars = {n: _random_like(value[n], rng) for n in self.outputs}

    def value(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return interpret(self.of.value, arguments)

    def difference(self, along: Mapping[str, Any]) -> dict[str, Any]:
        ahead = self.value(moved(self.of, self.arguments, along, STEP))
        behind = self.value(moved(self.of, self.arguments, along, -STEP))
        return {n: (ahead[n] - behind[n]) / (2 * STEP) for n in self.outputs}

    def second_difference(self) -> Any:
        """The second derivative of the one output along both directions."""
        total = mpmath.mpf(0)
        for a in (1, -1):
            for b in (1, -1):
                once = moved(self.of, self.arguments, self.first, a * WIDE_STEP)
                total += a * b * self.value(moved(self.of, once, self.second, b * WIDE_STEP))[self.outputs[0]]
        return total / (4 * WIDE_STEP**2)

    def run(self, kind: str, **more: Any) -> list[Any]:
        """The outputs of a derivative program in their order."""
        program = check(self.programs[kind])
        tangents = {f"{n}_dot": self.first[n] for n in self.inputs}
        found = interpret(program, {**self.arguments, **tangents, **more})
        return [found[n] for n in program.outputs]

    @property
    def cotangents(self) -> dict[str, Any]:
        return {f"{n}_bar": bar for n, bar in self.bars.items()}


def _random_like(array: Any, rng: random.Random) -> Any:
    return array * 0 + (rng.uniform(-1, 1) if not hasattr(array, "shape") else _numbers(array.shape, rng))


def _numbers(shape: tuple[int, ...], rng: random.Random) -> Any:
    return np.array([rng.uniform(-1, 1) for _ in range(int(np.prod(shape)))]).reshape(shape).astype(object)


def check_everything(of: Case, programs: Mapping[str, Program]) -> None:
    """All programs of a case at its point; they share the differences that they are compared with."""
    if "jvp" not in programs:
        return
    point = Point(of, programs)
    along_first, along_second = (point.difference(way) for way in (point.first, point.second))
    tangents = check_tangents(point, along_first)
    cotangents = check_cotangents(point, along_first, along_second)
    check_dot_products(point, tangents, cotangents)
    if "value_and_vjp" in programs:
        check_joint(point, cotangents)
    if "jacobian" in programs:
        check_jacobian(point, along_first)
    if "gradient" in programs:
        check_gradients(point, along_first)
        check_second_derivatives(point)


def check_tangents(point: Point, expected: dict[str, Any]) -> list[Any]:
    tangents = point.run("jvp")
    for output, tangent in zip(point.outputs, tangents, strict=True):
        assert_close(tangent, expected[output], 1e-18, f"{point.label}: tangent of {output}")
    return tangents


def check_cotangents(point: Point, *differences: dict[str, Any]) -> list[Any]:
    cotangents = point.run("vjp", **point.cotangents)
    for along, expected in zip((point.first, point.second), differences, strict=True):
        forward = mpmath.fsum(dot(point.bars[n], expected[n]) for n in point.outputs)
        reverse = mpmath.fsum(dot(bar, along[n]) for n, bar in zip(point.inputs, cotangents, strict=True))
        assert_close(reverse, forward, 1e-18, f"{point.label}: cotangents")
    return cotangents


def check_dot_products(point: Point, tangents: list[Any], cotangents: list[Any]) -> None:
    """vjp and jvp are each other's transposes to all digits, which differences do not give."""
    forward = mpmath.fsum(dot(point.bars[n], t) for n, t in zip(point.outputs, tangents, strict=True))
    reverse = mpmath.fsum(dot(bar, point.first[n]) for n, bar in zip(point.inputs, cotangents, strict=True))
    assert_close(reverse, forward, 1e-40, f"{point.label}: dot products")


def check_joint(point: Point, cotangents: list[Any]) -> None:
    """Where a record gives more than one number, its value and its cotangents come out of one program too."""
    values = point.value(point.arguments)
    expected = [*(values[t.name] for t in point.of.value.real_outputs), *cotangents]
    found = point.run("value_and_vjp", **point.cotangents)
    real = [f for name, f in zip(point.of.value.outputs, found, strict=False) if name in point.outputs]
    for one, other in zip([*real, *found[len(point.of.value.outputs) :]], expected, strict=True):
        assert_close(one, other, 1e-45, f"{point.label}: value and cotangents")


def check_gradients(point: Point, difference: dict[str, Any]) -> None:
    gradient = point.run("gradient")
    along = mpmath.fsum(dot(g, point.first[n]) for n, g in zip(point.inputs, gradient, strict=True))
    assert_close(along, difference[point.outputs[0]], 1e-18, f"{point.label}: gradient")
    value, *again = point.run("value_and_gradient")
    assert_close(value, point.value(point.arguments)[point.outputs[0]], 1e-45, f"{point.label}: value")
    for one, other in zip(again, gradient, strict=True):
        assert_close(one, other, 1e-45, f"{point.label}: gradient beside the value")


def check_second_derivatives(point: Point) -> None:
    expected = point.second_difference()
    products = point.run("hvp")
    bent = mpmath.fsum(dot(p, point.second[n]) for n, p in zip(point.inputs, products, strict=True))
    assert_close(bent, expected, 1e-12, f"{point.label}: Hessian times a direction")
    if "hessian" not in point.programs:
        return
    blocks = iter(point.run("hessian"))
    total = mpmath.fsum(
        dot(point.first[a], contracted(next(blocks), point.second[b])) for a in point.inputs for b in point.inputs
    )
    assert_close(total, expected, 1e-12, f"{point.label}: Hessian")


def check_jacobian(point: Point, expected: dict[str, Any]) -> None:
    blocks = iter(point.run("jacobian"))
    for output in point.outputs:
        total = sum(contracted(next(blocks), point.first[n]) for n in point.inputs)
        assert_close(total, expected[output], 1e-18, f"{point.label}: Jacobian of {output}")


def contracted(block: Any, way: Any) -> Any:
    """A block summed over its last axes, which are those of a direction."""
    rank = np.ndim(way)
    array = np.asarray(block, dtype=object)
    assert array.shape[array.ndim - rank :] == np.shape(way)
    return np.tensordot(array, np.asarray(way, dtype=object), rank)[()]
