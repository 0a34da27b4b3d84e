"""Solutions of equations and optima in hyperdual balls, by other means than the kernels'.

SciPy finds the unknown in float64, and for an optimum the conditions that hold it. Newton's method then refines it at
high precision: first the value, then with a fixed Jacobian the derivatives, each round settling one more order. The
equations of an optimum are first derivatives of the formula, which hyperdual numbers give; what they lack for second
derivatives of the solution comes from a difference of very high precision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import flint
import numpy as np
import scipy.optimize
from numpy.typing import NDArray

from eqc.errors import NotationError
from eqc.notation.tree import Binary, Call, Compare, Name, Node, TupleNode
from eqc.verify.balls import Ball, ball, precision
from eqc.verify.hyperdual import HyperDual, Scalar, lift, multiply, total, undefined
from eqc.verify.newton import constant, middle, settled
from eqc.verify.reading import BINDERS, unknown_name
from eqc.verify.tensor import Tensor, Value, filled, places, plain

if TYPE_CHECKING:
    from eqc.verify.tree_eval import Evaluator

Duals = list[HyperDual]
Change = Callable[[HyperDual], HyperDual]

_SIGNS = {"ArgMin": 1, "ArgMax": -1}
_LEAST_BITS = 192
_ACTIVE = 1e-6
_FAR = 2.0**40
_NEAR = 1e-5
"""The relative change of a fixed point's iteration from which on a solver takes over."""


def solution(ev: Evaluator, call: Node, shape: tuple[int, ...] = (), indices: Sequence[str] = ()) -> Value:
    """The value of a solver; `shape` is that of its unknown, and `indices` stand for its positions."""
    name = unknown_name(call)
    if name is None or not isinstance(call, Call):
        raise NotationError(call.span, written="a solver", rule="no unknown is named", remedy="write (x, start)")
    scene = _Scene(ev, call, name, shape, tuple(indices))
    found = _optimum(scene) if call.function in _SIGNS else _root(scene)
    return scene.shaped(found) if shape else found[0]


@dataclass(frozen=True, slots=True)
class _Scene:
    """A solver in its place."""

    ev: Evaluator
    call: Call
    name: str
    shape: tuple[int, ...]
    indices: tuple[str, ...]

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=int))

    def evaluator(self, point: Sequence[Scalar], change: Change) -> Evaluator:
        """An evaluator where the unknown is a point, and every other number is changed."""
        values = {n: _changed(v, change) for n, v in self.ev.values.items()}
        inner = self.ev.with_values(values)
        inner.indices = {n: _changed(v, change) for n, v in self.ev.indices.items()}
        if self.shape:
            inner.values[self.name] = self.shaped(point)
        else:
            inner.indices.pop(self.name, None)
            inner.values[self.name] = point[0]
        return inner

    def shaped(self, point: Sequence[Scalar]) -> Tensor:
        return plain(self.shape, lambda at: point[int(np.ravel_multi_index(at, self.shape))])

    def differences(self, inner: Evaluator, left: Node, right: Node | None, *, every: bool) -> list[Scalar]:
        """left - right: one for every value of the indices, all of them or those that a side uses."""
        used = self.indices if every else sorted(_free(left) | (_free(right) if right else set()))
        extents = {n: size for n, size in zip(self.indices, self.shape, strict=False) if n in used}
        found: list[Scalar] = []
        for at in places(extents.values()):
            inner.indices.update({n: place + 1 for n, place in zip(extents, at, strict=True)})
            sides = [_numbers(inner.value(side)) for side in (left, right) if side is not None]
            length = max(len(side) for side in sides)
            a, b = [side * length if len(side) == 1 else side for side in (*sides, list[Scalar]([0]))[:2]]
            found += [total((x, -y)) for x, y in zip(a, b, strict=True)]
        return found

    def guides(self) -> list[NDArray[np.float64]]:
        spec = self.call.arguments[1]
        nodes = spec.items[1:] if isinstance(spec, TupleNode) else ()
        return [_floats([lift(x) for x in _numbers(self.ev.value(node))]) for node in nodes]


def _changed(value: Value, change: Change) -> Value:
    if isinstance(value, HyperDual):
        return change(value)
    if isinstance(value, Tensor):
        return Tensor(filled(value.data.shape, lambda at: _changed(value.data[at], change)), value.unit)
    return value


def _numbers(value: Value) -> list[Scalar]:
    return list(value.data.ravel()) if isinstance(value, Tensor) else [value]


def _floats(numbers: Sequence[HyperDual]) -> NDArray[np.float64]:
    return np.array(
        [float(x.value.mid()) if x.value.is_finite() else float(x.value) for x in numbers], dtype=np.float64
    )


def _same(x: HyperDual) -> HyperDual:
    return x


Residual = Callable[[Duals, Change], Duals]


def _root(scene: _Scene) -> Duals:
    """The unknown of an equation."""
    equation, word = scene.call.arguments[0], scene.call.function

    def residual(point: Duals, change: Change) -> Duals:
        inner = scene.evaluator(point, change)
        if word == "Root" and isinstance(equation, Compare):
            return [lift(x) for x in scene.differences(inner, equation.left, equation.right, every=True)]
        values = scene.differences(inner, equation, None, every=True)
        if word == "Root":
            return [lift(x) for x in values]
        return [lift(total((x, -g))) for x, g in zip(point, values, strict=True)]

    return refined(residual, _start(scene, residual))


def _free(node: Node) -> set[str]:
    """The names in a part that no sum or integral inside binds."""
    if isinstance(node, Name):
        return {node.name}
    names = set().union(*(_free(child) for child in node.children()))
    if isinstance(node, Call) and node.function in BINDERS:
        limits = [a for a in node.arguments[1:] if isinstance(a, TupleNode)]
        names -= {first.name for limit in limits if isinstance(first := limit.items[0], Name)}
    return names


def _start(scene: _Scene, residual: Residual) -> NDArray[np.float64]:
    """The unknown in float64."""

    def rough(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return _floats(residual([HyperDual(ball(float(v))) for v in x], constant))

    guides = scene.guides()
    if len(guides) == 2:
        low, high = _ends(lambda x: float(rough(np.array([x]))[0]), float(guides[0][0]), float(guides[1][0]))
        return np.array([scipy.optimize.brentq(lambda x: float(rough(np.array([x]))[0]), low, high, xtol=1e-300)])
    start = np.broadcast_to(guides[0], (scene.size,)).copy() if guides else np.zeros(scene.size)
    if scene.call.function == "FixedPoint":
        for _ in range(200):
            change = rough(start)
            start = start - change
            if np.max(np.abs(change)) <= _NEAR * np.max(np.abs(start)):
                break
    found = scipy.optimize.root(rough, start, method="hybr", options={"xtol": 1e-13})
    return np.asarray(found.x, dtype=np.float64)


def _ends(function: Callable[[float], float], low: float, high: float) -> tuple[float, float]:
    """Finite ends between which the sign changes."""
    for k in range(-40, 80):
        reach = 2.0**k
        middle = low if np.isfinite(low) else high if np.isfinite(high) else 0.0
        a = low if np.isfinite(low) else middle - reach
        b = high if np.isfinite(high) else middle + reach
        if function(a) * function(b) <= 0:
            return a, b
    return low, high


def _optimum(scene: _Scene) -> Duals:
    """The point of an optimum, whose multipliers are found along with it."""
    sign, size = _SIGNS[scene.call.function], scene.size
    conditions = list(_conditions(scene.call.arguments[2:]))

    def sides(point: Duals, change: Change) -> Duals:
        """The left sides of the conditions, which are at most 0 or equal to it."""
        inner = scene.evaluator(point, change)
        return [lift(s) for condition in conditions for s in _side(scene, inner, condition)]

    def objective(point: Duals, change: Change) -> HyperDual:
        return lift(multiply(sign, scene.evaluator(point, change).number(scene.call.arguments[0])))

    start, equal = _rough_optimum(scene, objective, sides, conditions)
    active = _active(_floats(sides([HyperDual(ball(float(v))) for v in start], constant)), equal)
    while True:
        residual = _stationary(objective, sides, size, active)
        found = refined(residual, np.concatenate([start, _multipliers(residual, start, len(active))]))
        wrong = [k for k, x in zip(active, found[size:], strict=True) if not equal[k] and x.value.mid() < 0]
        if not wrong:
            return found[:size]
        active = [k for k in active if k != wrong[0]]


def _conditions(nodes: Sequence[Node]) -> Iterator[Compare]:
    for node in nodes:
        if isinstance(node, Binary):
            yield from _conditions((node.left, node.right))
        elif isinstance(node, Compare):
            yield node


def _side(scene: _Scene, inner: Evaluator, condition: Compare) -> list[Scalar]:
    left, right = condition.left, condition.right
    if condition.op == ">=":
        left, right = right, left
    return scene.differences(inner, left, right, every=False)


def _rough_optimum(
    scene: _Scene,
    objective: Callable[[Duals, Change], HyperDual],
    sides: Callable[[Duals, Change], Duals],
    conditions: Sequence[Compare],
) -> tuple[NDArray[np.float64], list[bool]]:
    """The optimum in float64, and which of the sides are equations."""
    size = scene.size
    counts = [len(_side(scene, scene.evaluator([HyperDual(ball(0))] * size, constant), c)) for c in conditions]
    equal = [c.op == "==" for c, count in zip(conditions, counts, strict=True) for _ in range(count)]

    def duals(x: NDArray[np.float64]) -> Duals:
        return [HyperDual(ball(float(v)), {k: ball(1)}) for k, v in enumerate(x)]

    def slopes(numbers: Sequence[HyperDual]) -> NDArray[np.float64]:
        return np.array([[float(x.first.get(k, ball(0)).mid()) for k in range(size)] for x in numbers])

    def group(wanted: bool) -> dict[str, Any]:
        chosen = [k for k, e in enumerate(equal) if e == wanted]
        return {
            "type": "eq" if wanted else "ineq",
            "fun": lambda x: -_floats(sides(duals(x), constant))[chosen],
            "jac": lambda x: -slopes(sides(duals(x), constant))[chosen],
        }

    guides = scene.guides()
    found = scipy.optimize.minimize(
        lambda x: float(objective(duals(x), constant).value.mid()),
        np.broadcast_to(guides[0], (size,)).copy() if guides else np.zeros(size),
        jac=lambda x: slopes([objective(duals(x), constant)])[0],
        method="SLSQP" if equal else "BFGS",
        constraints=[group(wanted) for wanted in sorted(set(equal))],
        options={"ftol": 1e-14, "maxiter": 1000} if equal else {"gtol": 1e-12},
    )
    return np.asarray(found.x, dtype=np.float64), equal


def _active(sides: NDArray[np.float64], equal: Sequence[bool]) -> list[int]:
    return [k for k, (side, e) in enumerate(zip(sides, equal, strict=True)) if e or abs(side) < _ACTIVE]


def _multipliers(residual: Residual, start: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Those that bring the gradient nearest to zero."""
    if not count:
        return np.zeros(0)
    size = len(start)
    base = _floats(residual([HyperDual(ball(float(v))) for v in (*start, *np.zeros(count))], constant))[:size]
    columns = [
        _floats(residual([HyperDual(ball(float(v))) for v in (*start, *unit)], constant))[:size] - base
        for unit in np.eye(count)
    ]
    return np.asarray(np.linalg.lstsq(np.array(columns).T, -base, rcond=None)[0])


def _stationary(
    objective: Callable[[Duals, Change], HyperDual],
    sides: Callable[[Duals, Change], Duals],
    size: int,
    active: Sequence[int],
) -> Residual:
    """The gradient of the Lagrangian, then the active sides; all with derivatives along the usual directions."""

    def lagrangian(point: Duals, change: Change) -> HyperDual:
        held = sides(point[:size], change) if active else []
        parts = [multiply(m, held[k]) for m, k in zip(point[size:], active, strict=True)]
        return lift(total((objective(point[:size], change), *parts)))

    def slope(point: Duals, change: Change, j: int, shift: Ball) -> HyperDual:
        """The j-th partial derivative at a point moved along the other direction, and its derivatives `first`."""

        def moved(x: HyperDual) -> HyperDual:
            value = x.value if x.other is None else x.value + shift * x.other
            return HyperDual(value, {k: p + shift * x.mixed.get(k, ball(0)) for k, p in _padded(x).items()})

        seeded = []
        for n, x in enumerate(point):
            at = moved(x)
            seeded.append(HyperDual(at.value, at.first, ball(1) if n == j else None))
        found = lagrangian(seeded, lambda x: moved(change(x)))
        return HyperDual(ball(0) if found.other is None else found.other, found.mixed)

    def row(point: Duals, change: Change, j: int) -> HyperDual:
        here = slope(point, change, j, ball(0))
        if change is constant and all(x.other is None for x in point):
            return here  # nothing moves along the other direction
        step = ball(2) ** -(flint.ctx.prec // 3)
        ahead, behind = slope(point, change, j, step), slope(point, change, j, -step)
        other = (ahead.value - behind.value) / (2 * step)
        mixed = {
            k: (ahead.first.get(k, ball(0)) - behind.first.get(k, ball(0))) / (2 * step)
            for k in sorted({*ahead.first, *behind.first})
        }
        return HyperDual(here.value, here.first, other, mixed)

    def residual(point: Duals, change: Change) -> Duals:
        held = sides(point[:size], change) if active else []
        return [*(row(point, change, j) for j in range(size)), *(held[k] for k in active)]

    return residual


def _padded(x: HyperDual) -> dict[int, Ball]:
    return {k: x.first.get(k, ball(0)) for k in sorted({*x.first, *x.mixed})}


def refined(residual: Residual, start: NDArray[np.float64]) -> Duals:
    """Newton's method at high precision, then with derivatives, then once more with the radii of what is given."""
    size = len(start)
    unknowns = [HyperDual(ball(float(x))) for x in start]
    bits = 3 * max(_LEAST_BITS, flint.ctx.prec)
    try:
        with precision(bits):
            for _ in range(bits.bit_length() + 2):
                inverse, before = _inverse(residual, unknowns), unknowns
                unknowns = [constant(x) for x in _step(unknowns, inverse, residual(unknowns, constant))]
                if settled(before, unknowns, bits):
                    break
            if not _stayed(unknowns, start):
                return [undefined(*residual(unknowns, _same)) for _ in range(size)]
            for _ in range(3):
                unknowns = [middle(x) for x in _step(unknowns, inverse, residual(unknowns, middle))]
    except ZeroDivisionError:
        return [undefined(*residual(unknowns, _same)) for _ in range(size)]
    return _step(unknowns, inverse, residual(unknowns, _same))


def _inverse(residual: Residual, unknowns: Duals) -> Any:
    """The inverse of the Jacobian in the unknowns."""
    seeded = [HyperDual(x.value, {k: ball(1)}) for k, x in enumerate(unknowns)]
    rows = residual(seeded, constant)
    matrix = flint.arb_mat([[row.first.get(k, ball(0)).mid() for k in range(len(unknowns))] for row in rows])
    found = matrix.inv()
    return [[found[i, j].mid() for j in range(len(unknowns))] for i in range(len(unknowns))]


def _step(unknowns: Duals, inverse: Any, values: Duals) -> Duals:
    changes = [total(multiply(HyperDual(c), v) for c, v in zip(row, values, strict=True)) for row in inverse]
    return [lift(total((x, -change))) for x, change in zip(unknowns, changes, strict=True)]


def _stayed(unknowns: Duals, start: NDArray[np.float64]) -> bool:
    """Whether Newton's method converged near where it started."""
    scale = max(float(np.max(np.abs(start), initial=0.0)), 1e-4)
    return all(
        bool(x.value.is_finite()) and abs(float(x.value.mid()) - float(s)) <= 1e-3 * scale
        for x, s in zip(unknowns, start, strict=True)
    )
