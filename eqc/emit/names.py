"""The names of generated source: one for every tensor, extent and index, and none that hides what is called."""

from __future__ import annotations

import keyword
import re
from collections.abc import Container, Iterable

from eqc.ir.program import Program

RESERVED = frozenset(
    {*keyword.kwlist, "abs", "float", "max", "min", "range", "IndexError", "ValueError", "math", "np", "njit", "item"}
)


def names_of(program: Program, reserved: Iterable[str]) -> dict[str, str]:
    """How a program's functions, arguments, extents, tensors and indices are spelled."""
    taken = set(RESERVED.union(reserved))
    names: dict[str, str] = {}
    known = (
        *(str(f) for f in program.applied),
        *program.arguments,
        *(e.name for e in program.extents),
        *program.tensors,
        *(i.name for s in program.statements for i in s.loops),
    )
    for name in dict.fromkeys(known):
        names[name] = unlike(name, taken)
        taken.add(names[name])
    for check in program.checks:
        for loop in check.loops:
            names.setdefault(loop.name, loop.name)
    return names


def unlike(name: str, taken: Container[str]) -> str:
    """The name itself, or with underscores behind it until it is new.

    >>> unlike("range", {"range", "range_"})
    'range__'
    """
    while name in taken:
        name += "_"
    return name


def words(text: str) -> list[str]:
    """The names in some source, but for attributes.

    >>> words("x.shape[0] + n_1")
    ['x', 'n_1']
    """
    return re.findall(r"(?<![\w.])[A-Za-z_]\w*", text)
