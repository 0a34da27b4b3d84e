"""A record's second module: its kernels in wide numbers, for items whose results leave the range of floats on the way.

It stands beside the ordinary one and is imported, and compiled, when the first such item comes up.
"""

from __future__ import annotations

from collections.abc import Mapping

from eqc.emit.pieces import constant_tables, core_name, import_lines, indented, items_loop
from eqc.emit.wide_function import WideFunction
from eqc.ir.program import Program

WIDE_FOLDER = "_wide"
"""The folder beside the kernels in which such modules stand."""

_JIT = '@njit(cache=True, error_model="numpy")'


def wide_module_source(record_id: str, kernels: Mapping[str, Program]) -> str:
    """The module, without the header that freshness checks read; `kernels` are programs by their functions' names."""
    reserved = frozenset([*kernels, *(f"{name}_into" for name in kernels), *(core_name(name) for name in kernels)])
    blocks: list[str] = []
    used: set[str] = set()
    for name, program in kernels.items():
        function = WideFunction(program, reserved, name)
        buffers = [function.names[n] for n in function.array_outputs]
        head = [_JIT, f"def {core_name(name)}({', '.join([*function.arguments, *buffers])}):"]
        core = "\n".join([*head, *indented(function.body())])
        blocks += [*constant_tables(function), core, items_loop(function, name, core_name(name), _JIT)]
        used |= function.printer.used
    body = "\n\n\n".join(blocks)
    title = f'"""{record_id} in numbers of 106 bits with an unlimited exponent."""'
    return "\n".join([title, "", *import_lines(body, used, "..."), "", "", body, ""])
