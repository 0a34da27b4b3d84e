"""Whether results are finite: a sum of them times 0, which stays 0 or becomes NaN, kept beside what is computed."""

from __future__ import annotations

from eqc.emit import teamed
from eqc.emit.function import Function
from eqc.ir.opaque import Opaque
from eqc.ir.program import Op, Statement


def watched(function: Function) -> tuple[str, ...]:
    """The arrays of reals among the results, if they are watched."""
    return tuple(n for n in function.array_outputs if function.watches and not function.tensors[n].integer)


def start(function: Function) -> None:
    """The line that starts the sum."""
    if watched(function):
        function.line(0, f"{_sum(function)} = 0.0")


def entry(function: Function, statement: Statement, depth: int) -> None:
    """Watch an entry that was just stored."""
    if function.watches and statement.target.rank and statement.target.name in watched(function):
        function.line(depth, step(function, function.target(statement)))


def wholes(function: Function) -> None:
    """Watch the arrays whose entries are not stored one by one."""
    for name in watched(function):
        if not _is_stored_once(function, function.plan.leaves[name].statement):
            array = function.names[name]
            function.line(0, step(function, teamed.call(function, "_share", array) if function.sharing else array))


def step(function: Function, result: str) -> str:
    """The line that watches a number or an array."""
    function.printer.used.add("_watch")
    return f"{_sum(function)} = _watch({_sum(function)}, {result})"


def returned(function: Function) -> list[str]:
    """What is returned beside the numbers among the results."""
    return [_sum(function)] if watched(function) else []


def _sum(function: Function) -> str:
    return function.local("lost")


def _is_stored_once(function: Function, statement: Statement) -> bool:
    plain = statement.op is Op.NONE and not statement.scatter and not isinstance(statement.body, Opaque)
    return plain and function.plan.leaves[statement.target.name].item.product is None
