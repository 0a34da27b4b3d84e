"""Blocks of source that modules of kernels are made of."""

from __future__ import annotations

from collections.abc import Sequence

from eqc.emit import teamed, watch
from eqc.emit.calls import HELPERS
from eqc.emit.function import Function
from eqc.emit.heads import MODULES, RUNTIME
from eqc.emit.signature import shares_items
from eqc.emit.solve import SOLVER_NAMES

_INDENT = "    "
_BESIDE = frozenset([*MODULES, *RUNTIME.values(), *HELPERS, "_dtype_of", "_double"])
"""Functions that modules of kernels may import."""


def import_lines(body: str, used: set[str], dots: str) -> list[str]:
    """The imports of a module with this body, which has `used` some of the helpers; `dots` lead to their folder."""
    lines = ["import math", ""] if "math." in body else []
    lines += ["import numpy as np"] if "np." in body else []
    return [*lines, "from numba import njit", *(["", *_helper_imports(used, dots)] if used else [])]


def _helper_imports(used: set[str], dots: str) -> list[str]:
    """The imports of functions that are written beside the kernels, by module."""
    modules: dict[str, list[str]] = {}
    for name in sorted(used):
        module = "_solvers" if name in SOLVER_NAMES else MODULES.get(name, "_runtime")
        modules.setdefault(module, []).append(f"{name[1:]} as {name}")
    return [f"from {dots}{module} import {', '.join(names)}" for module, names in sorted(modules.items())]


def constant_tables(function: Function) -> list[str]:
    """The constant arrays that a function runs over, as one block."""
    lines: list[str] = []
    for rows, name in function.tables.items():
        lines += [f"{name} = np.array(", f"{_INDENT}("]
        lines += [f"{_INDENT * 2}({', '.join(map(repr, row))}{',' if len(row) == 1 else ''})," for row in rows]
        lines += [f"{_INDENT}),", ")"]
    return ["\n".join(lines)] if lines else []


def indented(lines: Sequence[str]) -> list[str]:
    """The lines of a body."""
    return [f"{_INDENT}{line}" for line in lines] or [f"{_INDENT}pass"]


def core_name(name: str) -> str:
    """The function that writes a kernel's results to given arrays, unlike those that stand beside the kernels.

    >>> core_name("softmax"), core_name("exp")
    ('_softmax', '_exp_core')
    """
    return f"_{name}_core" if f"_{name}" in _BESIDE else f"_{name}"


def _own_numbers(function: Function) -> list[str]:
    """Variables for an item's numbers, each of which is stored and watched before the next one.

    LLVM would read all of them again after it has written the others, and such loops take no vectors.
    """
    return [function.local(f"own_{function.names[n]}") for n in function.scalar_outputs]


def items_loop(function: Function, name: str, core: str, jit: str, first: str = "") -> str:
    """The loop over leading axes; parameters are the same for all items."""
    program, names = function.program, function.names
    parameters = {p.name for p in program.parameters}
    given = function.arguments
    results = [names[n] for n in program.outputs]
    items = [function.function_name(f) for f in program.applied]
    arrays = [*program.arguments, *function.array_outputs]
    place = "_item_of({}, item)" if shares_items(program) else "{}[item]"
    function.printer.used.update(["_item_of"] if shares_items(program) else [])
    items += [names[a] if a in parameters else place.format(names[a]) for a in arrays]
    scalars = [f"{names[n]}[item]" for n in function.scalar_outputs]
    call = f"{core}({', '.join([*items, *teamed.argument(function)])})"
    free = jit.replace('error_model="numpy"', 'error_model="numpy", nogil=True')  # so that threads can share the items
    lines = [free, f"def {name}_into({', '.join([*given, *results, *teamed.parameter(function)])}):"]
    lines.append(f'{_INDENT}"""{name} for every item of one leading axis, written to its last arguments."""')
    part = [function.local("part")] if watch.watched(function) else []
    numbers = scalars if len(scalars) == 1 or not function.watches else _own_numbers(function)
    left = ", ".join([*numbers, *part])
    step = [f"{first}{left} = {call}" if left else call]
    loop = f"for item in range({results[0]}.shape[0]):"
    if function.watches:
        for n, number, place in zip(function.scalar_outputs, numbers, scalars, strict=True):
            step += [f"{place} = {number}"] if number != place else []
            step += [watch.step(function, place)] if not function.tensors[n].integer else []
        step += [watch.step(function, number) for number in part]
        lost = function.local("lost")
        return "\n".join([*lines, *indented([f"{lost} = 0.0", loop, *indented(step), f"return {lost} != 0.0"])])
    return "\n".join([*lines, *indented([loop, *indented(step)])])
