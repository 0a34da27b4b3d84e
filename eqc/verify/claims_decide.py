"""Decides a relation between two numbers known as balls: it holds, it fails, or more bits are needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

import numpy as np

from eqc.errors import ShapeError
from eqc.notation.tree import Compare, Node
from eqc.verify.balls import Ball
from eqc.verify.claims_eval import LawEvaluator
from eqc.verify.functions import RELATIONS, Decisions
from eqc.verify.hyperdual import HyperDual, Scalar, lift
from eqc.verify.tensor import Tensor, Value, as_column, identity, matrix_product, show, square
from eqc.verify.tree_eval import IdentityMultiple

RELATIVE = 1e-25
ABSOLUTE = 1e-45
_DIGITS = (17, 34)
_WORDS = {"!=": "different from", "<": "below", "<=": "at most", ">": "above", ">=": "at least"}
Kind = Literal["holds", "fails", "left undefined", "right undefined", "undefined", "open"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one comparison came out; `what` says what fails, with the numbers on both sides where there are any."""

    kind: Kind
    what: str = ""
    at: tuple[int, ...] = ()
    sides: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Watched(Decisions):
    """Decisions that remember whether a derivative was taken on a kink: at equal numbers, or where floor jumps."""

    ties: list[bool] = field(default_factory=list)

    def order(self, left: Scalar, right: Scalar) -> int | None:
        found = Decisions.order(self, left, right)
        if found == 0 and any(isinstance(x, HyperDual) and not x.is_constant for x in (left, right)):
            self.ties.append(True)
        return found

    def floor(self, x: Scalar) -> Scalar:
        if isinstance(x, HyperDual) and not x.is_constant and x.value.is_integer():
            self.ties.append(True)
        return Decisions.floor(self, x)


def outcomes(ev: LawEvaluator, part: Node, *, last: bool) -> Iterator[Outcome]:
    """A relation at the evaluator's indices, entry by entry if its sides are arrays; `last` means at the most bits."""
    if not isinstance(part, Compare):
        holds = ev.value(part)
        every = all(holds.data.ravel()) if isinstance(holds, Tensor) else holds
        yield Outcome("holds") if every else Outcome("fails", "the condition does not hold")
        return
    for at, left, right in _pairs(part, ev.value(part.left), ev.value(part.right)):
        kind = decided(part.op, left, right, last=last)
        yield _failed(part.op, at, lift(left).value, lift(right).value) if kind == "fails" else Outcome(kind)


def _pairs(part: Compare, left: Value, right: Value) -> Iterator[tuple[tuple[int, ...], Scalar, Scalar]]:
    """Entries that stand opposite each other; vectors are columns, and a number stands opposite every entry."""
    left, right = _of_an_order(part, left, right), _of_an_order(part, right, left)
    sides = [_in_rank_two(left, right), _in_rank_two(right, left)]
    for side in sides:
        if not isinstance(side, Tensor | HyperDual | int | Fraction):
            raise ShapeError(part.span, written=show(side), rule="a side has no single value", remedy="name a field")
    shapes = {side.data.shape for side in sides if isinstance(side, Tensor)}
    if len(shapes) > 1:
        written = f"{show(left)} and {show(right)}"
        raise ShapeError(part.span, written=written, rule="the sides have different shapes", remedy="use indices")
    for at in np.ndindex(*(shapes.pop() if shapes else ())):
        yield at, _entry(sides[0], at), _entry(sides[1], at)


def _of_an_order(part: Compare, side: Value, other: Value) -> Value:
    """A multiple of `I` as the matrix that the other side asks for."""
    if not isinstance(side, IdentityMultiple):
        return side
    return matrix_product(part.span, side.scale, identity(square(part.span, other).data.shape[0]))


def _entry(side: Value, at: tuple[int, ...]) -> Scalar:
    number: Scalar = side.data[at] if isinstance(side, Tensor) else side
    return number


def _in_rank_two(side: Value, other: Value) -> Value:
    both = isinstance(side, Tensor) and isinstance(other, Tensor)
    return as_column(side) if both and side.rank == 1 and other.rank == 2 else side


def decided(op: str, left: Scalar, right: Scalar, *, last: bool) -> Kind:
    """Whether a relation holds between two numbers.

    Balls apart decide it. Balls that overlap agree if they are narrow; then equality holds at once, and an order is
    decided as for equal numbers, but only at the most bits.

    >>> decided("==", Fraction(1, 3), Fraction(1, 3), last=False), decided("<", 2, 1, last=False)
    ('holds', 'fails')
    """
    if not isinstance(left, HyperDual) and not isinstance(right, HyperDual):
        return _by_order(op, (left > right) - (left < right))
    a, b = lift(left).value, lift(right).value
    if not (a.is_finite() and b.is_finite()):
        return _undefined(a, b) if last else "open"
    if a < b or a > b:
        return _by_order(op, -1 if a < b else 1)
    if _agree(a, b) and (op == "==" or last):
        return _by_order(op, 0)
    return "open"


def _by_order(op: str, order: int) -> Kind:
    return "holds" if RELATIONS[op](order, 0) else "fails"


def _undefined(a: Ball, b: Ball) -> Kind:
    if not a.is_finite() and not b.is_finite():
        return "undefined"
    return "right undefined" if a.is_finite() else "left undefined"


def _agree(a: Ball, b: Ball) -> bool:
    distance = (a - b).abs_upper()
    largest = max(a.abs_upper(), b.abs_upper())
    return bool(distance <= largest * RELATIVE or distance <= ABSOLUTE)


def _failed(op: str, at: tuple[int, ...], left: Ball, right: Ball) -> Outcome:
    texts = next(t for d in _DIGITS if (t := (_digits(left, d), _digits(right, d)))[0] != t[1] or d == _DIGITS[-1])
    entry = f"in entry {tuple(k + 1 for k in at)} " if at else ""
    word = f"not {_WORDS[op]} the right side, " if op in _WORDS else "the right side "
    what = f"{entry}the left side is {texts[0]}, {word}{texts[1]}"
    return Outcome("fails", what, at, (_rounded(left), _rounded(right)))


def _digits(number: Ball, digits: int) -> str:
    return str(number.str(digits, radius=False))


def _rounded(number: Ball) -> float:
    return 0.0 if number.contains(0) else float(number.mid())
