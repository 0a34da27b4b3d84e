"""Which names a record may give: its own id and area, and its symbols."""

from __future__ import annotations

import re
from keyword import iskeyword

NAME_PATTERN = r"[A-Za-z][A-Za-z0-9_]*"
ID_PATTERN = r"[a-z][a-z0-9_]*"

RESERVED_ENDINGS = {"_bar": "cotangents", "_dot": "tangents"}
BARE_OUTPUT = "out"
HOLDS, RESIDUAL = "holds", "residual"
UNDECLARED = (BARE_OUTPUT, HOLDS, RESIDUAL)


def is_name(text: str) -> bool:
    """Whether a text may be a name in a formula: letters, digits and _, starting with a letter, no word of Python's.

    >>> is_name("W_1"), is_name("_x"), is_name("lambda")
    (True, False, False)
    """
    return re.fullmatch(NAME_PATTERN, text) is not None and not iskeyword(text)


def symbol_name_problem(name: str) -> tuple[str, str] | None:
    """The rule that a symbol's name breaks and what would mend it, or None for a good name.

    >>> symbol_name_problem("yhat")
    >>> symbol_name_problem("z_bar")
    ('names that end in _bar stand for cotangents', 'call it z_mean, or anything without that ending')
    """
    if iskeyword(name):
        return f"{name} is a word of Python's", "call it lam" if name == "lambda" else f"call it {name}_0"
    if not is_name(name):
        return "a symbol's name has letters, digits and _, and starts with a letter", "rename it, such as W_1 or sigma"
    for ending, meaning in RESERVED_ENDINGS.items():
        if name.endswith(ending):
            stem = name.removesuffix(ending)
            return (
                f"names that end in {ending} stand for {meaning}",
                f"call it {stem}_mean, or anything without that ending",
            )
    if name == "wrt":
        return "wrt is an argument of every kernel", "give the symbol another name"
    return None


def id_problem(name: str, what: str = "id") -> tuple[str, str] | None:
    """The rule that a record's id, or the name of its area, breaks and what would mend it; None for a good one.

    >>> id_problem("softmax_2d")
    >>> id_problem("Soft-Max")
    ("a record's id has lower-case letters, digits and _, and starts with a letter", 'rename it to soft_max')
    """
    if iskeyword(name):
        return f"{name} is a word of Python's and cannot be a record's {what}", f"rename it to {name}_0"
    if re.fullmatch(ID_PATTERN, name) is None:
        return (
            f"a record's {what} has lower-case letters, digits and _, and starts with a letter",
            f"rename it to {_suggested(name)}",
        )
    return None


def _suggested(name: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return words if re.fullmatch(ID_PATTERN, words) else f"equation_{words}".rstrip("_")
