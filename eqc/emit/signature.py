"""The literal by which the kernel API knows a module's inputs, extents and outputs."""

from __future__ import annotations

import math
from collections.abc import Mapping

from eqc.emit.printer import SourcePrinter
from eqc.ir.program import FunctionInput, Program
from eqc.ir.terms import Expr


def signature(
    program: Program,
    kinds: tuple[str, ...],
    updates: Mapping[str, str],
    needs: Mapping[str, tuple[str, ...]],
    watched: tuple[str, ...] = (),
    batched: tuple[str, ...] = (),
    optional: Mapping[str, tuple[int, ...]] | None = None,
    teams: tuple[str, ...] = (),
) -> str:
    """The source of the SIGNATURE dictionary; `needs` are the function inputs that each kernel calls.

    `watched` kernels say whether a result is not finite, and have a counterpart in wide numbers; those that are
    `batched` have one for many items with the same matrices. `optional` are the results of kernels, by number, that
    need not be stored where nobody wants them. Several threads can share one item of the kernels in `teams`.
    """
    lines = ["{", f'    "id": {program.name!r},', '    "inputs": (']
    lines += [f"        {_literal(_input(program, name))}," for name in program.arguments]
    lines += ["    ),", '    "extents": (']
    lines += [f"        {(e.name, e.input, e.axis, _text(e.solution))!r}," for e in program.extents]
    lines += ["    ),", '    "outputs": (']
    lines += [f"        {_output(program, name, updates)!r}," for name in program.outputs]
    lines += ["    ),", f'    "kernels": {kinds!r},', f'    "shares_items": {shares_items(program)},']
    if program.functions:
        lines += ['    "functions": (', *(f"        {_function(f)!r}," for f in program.functions), "    ),"]
        lines += ['    "needs": {', *(f"        {kind!r}: {needs[kind]!r}," for kind in kinds), "    },"]
    if watched:
        lines.append(f'    "watched": {watched!r},')
    if batched:
        lines.append(f'    "batched": {batched!r},')
    if optional:
        lines.append(f'    "optional": {optional!r},')
    if teams:
        lines.append(f'    "teams": {teams!r},')
    lines.append("}")
    return "\n".join(lines)


def shares_items(program: Program) -> bool:
    """Whether an operand with one item serves all items of a call.

    Not for numbers alone: a loop over items of numbers runs in vectors only if all of them lie side by side.
    """
    return any(program.tensors[name].rank for name in (*(t.name for t in program.inputs), *program.outputs))


def _literal(entry: dict[str, object]) -> str:
    """The dictionary's source; infinite defaults are not literals by themselves."""
    parts = [f"{key!r}: {_number(value)}" for key, value in entry.items()]
    return f"{{{', '.join(parts)}}}"


def _number(value: object) -> str:
    """A literal; an infinite default is written as a number beyond the float range."""
    if isinstance(value, float) and math.isinf(value):
        return "1e999" if value > 0 else "-1e999"
    return repr(value)


_API_WORDS = {"_exact(": "exact(", "_minimum(": "min(", "_maximum(": "max("}


def _text(expression: Expr) -> str:
    """Arithmetic that the API evaluates, in its words."""
    text = SourcePrinter(str).index_source(expression)
    for helper, word in _API_WORDS.items():
        text = text.replace(helper, word)
    return text


def _input(program: Program, name: str) -> dict[str, object]:
    parameters = {p.name: p for p in program.parameters}
    if name in parameters:
        return _entry(name, "integer", (), True, parameters[name].default, False)
    tensor = program.tensors[name]
    kind = "integer" if tensor.integer else "real"
    shape = tuple(_text(e) for e in tensor.shape)
    return _entry(name, kind, shape, False, tensor.default, tensor.differentiable)


def _function(function: FunctionInput) -> dict[str, object]:
    """A function input: the shapes of its arguments and of its value."""
    arguments = tuple(tuple(_text(extent) for extent in shape) for shape in function.arguments)
    returns = tuple(_text(extent) for extent in function.returns)
    return {"name": function.name, "arguments": arguments, "returns": returns, "bound": function.bound}


def _entry(
    name: str, kind: str, shape: tuple[str, ...], per_call: bool, default: float | None, differentiable: bool
) -> dict[str, object]:
    return {
        "name": name,
        "kind": kind,
        "shape": shape,
        "per_call": per_call,
        "default": default,
        "differentiable": differentiable,
    }


def _output(program: Program, name: str, updates: Mapping[str, str]) -> dict[str, object]:
    tensor = program.tensors[name]
    kind = "integer" if tensor.integer else "real"
    entry: dict[str, object] = {"name": name, "kind": kind, "shape": tuple(_text(e) for e in tensor.shape)}
    if name in updates:
        entry["updates"] = updates[name]
    return entry
