"""What the threads of a team do in a kernel's source: shares of loops, meetings, and what is put together."""

from __future__ import annotations

from eqc.emit.function import Function
from eqc.ir.program import Statement
from eqc.ir.terms import Index
from eqc.loops.nest import Loop


def call(function: Function, name: str, *arguments: str) -> str:
    """A call of a function that also takes the team."""
    function.printer.used.add(name)
    return f"{name}({', '.join([*arguments, team(function)])})"


def team(function: Function) -> str:
    """The name of the team."""
    return function.local("team")


def parameter(function: Function) -> list[str]:
    """The parameter with which a function that threads can share is given their team."""
    return [f"{team(function)}=None"] if function.sharing else []


def argument(function: Function) -> list[str]:
    """What a function passes on to one that threads can share."""
    return [team(function)] if function.sharing else []


def rounds(function: Function, loop: Index, depth: int, *, split: bool) -> tuple[str, str]:
    """Where a loop in steps of several rounds begins and ends, for this thread."""
    extent = function.whole(loop.extent)
    if not split:
        return "0", extent
    end = function.local(f"{function.names[loop.name]}_end")
    function.line(depth, f"{end} = {call(function, '_end', extent)}")
    return call(function, "_begin", extent), end


def open_loop(function: Function, loop: Index, depth: int, *, split: bool) -> int:
    """The head of a loop; gives the depth inside it."""
    extent = function.whole(loop.extent)
    own = f"{call(function, '_begin', extent)}, {call(function, '_end', extent)}" if split else extent
    function.line(depth, f"for {function.names[loop.name]} in range({own}):")
    return depth + 1


def is_shared_sum(function: Function, statement: Statement) -> bool:
    """Whether threads share the loop that sums up a statement."""
    return isinstance(function.split, Loop) and statement.target.name in function.split.summed
