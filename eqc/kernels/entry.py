"""Compiled functions without Numba's look at the types of their arguments, which a plan's key fixes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


def entry_of(function: Any, arguments: Sequence[Any]) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """What a function was compiled to for arguments such as it was called with, and what is to be put after them.

    That are the defaults of its further parameters. The function itself, if it was not compiled by Numba.
    """
    kinds = tuple(map(function.typeof_pyval, arguments)) if hasattr(function, "overloads") else ()
    for kind, compiled in getattr(function, "overloads", {}).items():
        if kind[: len(kinds)] == kinds:
            more = len(kind) - len(kinds)
            return compiled.entry_point, (function.py_func.__defaults__ or ())[-more:] if more else ()
    return function, ()
