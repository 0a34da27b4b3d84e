"""What plain scalars mean: YAML 1.2's core schema."""

from __future__ import annotations

import math
import re

_NULL = re.compile(r"|~|null|Null|NULL")
_BOOLEAN = re.compile(r"true|True|TRUE|false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INFINITY = re.compile(r"([-+]?)\.(?:inf|Inf|INF)")
_NAN = re.compile(r"\.(?:nan|NaN|NAN)")


def core_value(text: str) -> str | int | float | bool | None:
    """What a plain scalar means in YAML 1.2's core schema.

    Raises ValueError for a number that no float holds.

    >>> [core_value(text) for text in ("1e-5", "yes", "012", "null", "-.inf")]
    [1e-05, 'yes', 12, None, -inf]
    """
    if _NULL.fullmatch(text):
        return None
    if _BOOLEAN.fullmatch(text):
        return text.lower() == "true"
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        return _finite(float(text))
    infinite = _INFINITY.fullmatch(text)
    if infinite:
        return -math.inf if infinite.group(1) == "-" else math.inf
    return math.nan if _NAN.fullmatch(text) else text


def _integer(text: str) -> int:
    if len(text) > 300:
        raise ValueError("this number is too long")
    return int(text, 0) if text[:2] in ("0x", "0o") else int(text)


def _finite(value: float) -> float:
    if math.isinf(value):
        raise ValueError("this number is too large")
    return value
