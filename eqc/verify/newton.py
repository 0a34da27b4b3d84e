"""What refinements by Newton's method share."""

from __future__ import annotations

from collections.abc import Sequence

from eqc.verify.balls import ball
from eqc.verify.hyperdual import HyperDual

_SPARE_BITS = 8


def middle(x: HyperDual) -> HyperDual:
    """The number and its derivatives without their radii."""
    first = {k: part.mid() for k, part in x.first.items()}
    mixed = {k: part.mid() for k, part in x.mixed.items()}
    return HyperDual(x.value.mid(), first, None if x.other is None else x.other.mid(), mixed)


def constant(x: HyperDual) -> HyperDual:
    """The number without derivatives and radius."""
    return HyperDual(x.value.mid())


def settled(before: Sequence[HyperDual], now: Sequence[HyperDual], bits: int) -> bool:
    """Whether a step left half of the digits as they were: twice as many are right after it, which are all.

    >>> one, two = HyperDual(ball(1)), HyperDual(ball(2))
    >>> settled([one], [one], 100), settled([one], [two], 100)
    (True, False)
    """
    size = max((abs(x.value.mid()) for x in now), default=ball(0))
    least = size * ball(2) ** -(bits // 2 + _SPARE_BITS)
    return all(bool(abs(b.value.mid() - x.value.mid()) <= least) for b, x in zip(before, now, strict=True))
