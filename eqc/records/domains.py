"""The domains that a symbol may have: named ones and intervals."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from fractions import Fraction

from eqc.errors import nearest
from eqc.records.model import Domain

_ZERO, _ONE = Fraction(0), Fraction(1)


def _unit(name: str) -> Domain:
    return Domain(name, _ZERO, _ONE, lower_open=False, upper_open=False)


# Arrays satisfy the elementwise bounds in every entry; the comments say what else holds. `integer` marks symbols whose
# values are integers in the kernels too (labels, strides, counts); binary, sign and one_hot arrays stay real numbers.
DOMAINS: Mapping[str, Domain] = {
    domain.name: domain
    for domain in (
        Domain("real"),
        Domain("positive", _ZERO),
        Domain("nonnegative", _ZERO, lower_open=False),
        Domain("nonzero"),
        _unit("unit_interval"),
        _unit("probability"),  # elementwise; entries need not sum to one
        _unit("simplex"),  # the last axis sums to one
        _unit("one_hot"),  # one 1 along the last axis, 0 elsewhere
        _unit("binary"),  # 0 or 1
        Domain("sign", -_ONE, _ONE, lower_open=False, upper_open=False),  # -1 or 1
        Domain("integer", integer=True),
        Domain("natural", _ZERO, lower_open=False, integer=True),  # 0, 1, 2, …
        Domain("spd"),  # symmetric positive definite
        Domain("symmetric"),
        Domain("orthogonal"),
        Domain("lower_triangular"),
    )
}

_NUMBER = r"[+-]?(?:[0-9]{1,300}(?:\.[0-9]{0,300})?|\.[0-9]{1,300})(?:[eE][+-]?[0-9]{1,3})?"
_BOUND = rf"(?:[+-]?inf|{_NUMBER}|[+-]?(?:[0-9]{{1,3}}\*)?pi(?:/[1-9][0-9]{{0,2}})?)"
_INTERVAL = re.compile(rf"\s*([\[(])\s*({_BOUND})\s*,\s*({_BOUND})\s*([\])])\s*")

INTERVAL_FORM = "an interval is written as [0, 1), (0, inf) or [-pi, pi]"


class DomainError(ValueError):
    """A text that names no domain; holds the rule it breaks and what would mend it."""

    def __init__(self, rule: str, remedy: str) -> None:
        super().__init__(rule)
        self.rule = rule
        self.remedy = remedy


def parse_domain(text: str) -> Domain:
    """The domain that a text names: a word of `DOMAINS` or an interval.

    A bound with pi is the nearest float. Raises DomainError for anything else.

    >>> parse_domain("natural").integer, parse_domain("probability").upper
    (True, Fraction(1, 1))
    >>> interval = parse_domain("[0, inf)")
    >>> interval.name, interval.lower, interval.lower_open, interval.upper
    ('interval', Fraction(0, 1), False, None)
    """
    word = text.strip()
    if word in DOMAINS:
        return DOMAINS[word]
    if not word.startswith(("[", "(")):
        raise DomainError("no domain has this name", nearest(word, DOMAINS) + "; or write an interval such as [0, 1)")
    match = _INTERVAL.fullmatch(text)
    if match is None:
        raise DomainError("this is no interval", f"{INTERVAL_FORM}, with numbers as bounds")
    return _interval(match.group(2), match.group(3), match.group(1) == "(", match.group(4) == ")")


def _interval(low: str, high: str, lower_open: bool, upper_open: bool) -> Domain:
    lower, upper = _bound(low, "-inf"), _bound(high, "inf")
    for bound, is_open in ((lower, lower_open), (upper, upper_open)):
        if bound is None and not is_open:
            raise DomainError("infinity does not belong to an interval", "close it with a round bracket: [0, inf)")
    if lower is not None and upper is not None and _is_empty(lower, upper, lower_open or upper_open):
        raise DomainError("this interval is empty", "write the lower bound first, below the upper one")
    return Domain("interval", lower, upper, lower_open, upper_open)


def _is_empty(lower: Fraction, upper: Fraction, is_open: bool) -> bool:
    return lower > upper or (lower == upper and is_open)


def _bound(text: str, unbounded: str) -> Fraction | None:
    if text.removeprefix("+") == unbounded:
        return None
    if "inf" in text:
        raise DomainError("infinity is on the wrong side of the interval", f"{INTERVAL_FORM}")
    if "pi" not in text:
        return Fraction(text)
    factor, _, divisor = text.partition("pi")
    sign = -1 if factor.startswith("-") else 1
    times = factor.strip("+-*") or "1"
    return sign * Fraction(math.pi) * int(times) / int(divisor.removeprefix("/") or "1")
