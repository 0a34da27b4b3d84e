"""Kernels that call a solver compute in float64, whatever their data are, as the solver does: only results are rounded.

What decides among the entries of a solution, such as which of two actions is better, is often lost by rounding it.
"""

from __future__ import annotations

from eqc.emit.function import Function
from eqc.ir.program import Tensor


def start(function: Function) -> None:
    """The lines that take the data, and room for the results, in float64: what is so already stays where it is."""
    for result in _results(function):
        function.line(0, f"{_rounded(function, result)} = {function.names[result.name]}")
    real = [t for t in (*function.program.inputs, *_results(function)) if not t.integer]
    names = [function.names[t.name] for t in real]
    if names:
        function.printer.used.add("_double")
        function.line(0, f"{', '.join(names)} = {', '.join(f'_double({name})' for name in names)}")


def finish(function: Function) -> None:
    """The lines that round the results."""
    for result in _results(function):
        function.line(0, f"{_rounded(function, result)}[:] = {function.names[result.name]}")


def _results(function: Function) -> list[Tensor]:
    return [t for t in (function.tensors[name] for name in function.array_outputs) if not t.integer]


def _rounded(function: Function, result: Tensor) -> str:
    return function.local(f"{function.names[result.name]}_rounded")
