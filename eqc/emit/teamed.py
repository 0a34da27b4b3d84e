"""What the threads of a team do in a kernel's source: shares of loops, meetings, and what is put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from eqc.emit import paired, sums
from eqc.ir.program import Op, Statement
from eqc.ir.terms import Index
from eqc.loops.nest import Loop, Nest
from eqc.loops.order import Item
from eqc.loops.sharing import How

if TYPE_CHECKING:
    from eqc.emit.function import Function

_WHOLES = {Op.SUM: "_whole_sum", Op.PRODUCT: "_whole_product", Op.MAX: "_whole_maximum", Op.MIN: "_whole_minimum"}


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


def run(function: Function, number: int, node: Nest) -> None:
    """One of the outermost nests."""
    if function.sharing is None:
        function.nest(node, 0)
        return
    part = function.sharing.parts[number]
    if part.waits:
        function.line(0, call(function, "_meet"))
    if part.how is How.ONE:
        function.line(0, f"if {call(function, '_leads')}:")
    function.split = node if part.how is How.SHARE else None
    function.nest(node, int(part.how is How.ONE))
    function.split = None


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


def open_sums(function: Function, loop: Loop, depth: int) -> None:
    """Before a loop that threads share: each thread adds products of matrices to an array of its own."""
    for item in loop.sums if function.split is loop else ():
        name = item.statement.target.name
        if item.product is not None and name in function.array_outputs:
            own = function.local(f"{function.names[name]}_")
            function.line(depth, f"{own} = {call(function, '_own', function.names[name])}")
            function.names[name] = own


def close_sums(function: Function, loop: Loop, names: Mapping[str, str]) -> None:
    """After such a loop results have their own names again."""
    for item in loop.sums:
        function.names[item.statement.target.name] = names[item.statement.target.name]


def combine(function: Function, loop: Loop, item: Item, depth: int) -> None:
    """After a loop that threads share: make one of what each has summed up."""
    if function.split is not loop:
        return
    if item.product is not None:
        function.line(depth, call(function, "_whole_array", function.names[item.statement.target.name]))
        return
    total, pairs = sums.collected(function, item), paired.is_sum(function, item.statement)
    if item.free_inside:
        function.line(depth, call(function, "_whole_pairs" if pairs else "_whole_array", total))
    elif not pairs:
        function.line(depth, f"{total} = {call(function, _WHOLES[item.statement.op], total)}")


def is_shared_sum(function: Function, statement: Statement) -> bool:
    """Whether threads share the loop that sums up a statement."""
    return isinstance(function.split, Loop) and any(item.statement is statement for item in function.split.sums)


def leave(function: Function) -> None:
    """Keep what threads share until none of them needs it."""
    arrays = _arrays(function)
    if arrays:
        function.line(0, call(function, "_leave", f"({', '.join(arrays)}{',' if len(arrays) == 1 else ''})"))


def _arrays(function: Function) -> Sequence[str]:
    if function.sharing is None:
        return []
    names = [s.target.name for s in function.program.statements if s.target.name in function.sharing.arrays]
    own = [name for name in names if name not in function.reused]
    lows = [paired.low_name(function, name) for name in own if function.pairs.get(name)]
    return [*(function.names[name] for name in own), *lows]
