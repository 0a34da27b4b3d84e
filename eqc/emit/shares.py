"""What threads do around the loops that they share: they meet, collect sums of their own, and put them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eqc.emit import paired, sums
from eqc.emit.function import Function
from eqc.emit.teamed import call
from eqc.ir.program import Op
from eqc.loops.nest import Loop, Nest
from eqc.loops.order import Item
from eqc.loops.sharing import How

_WHOLES = {Op.SUM: "_whole_sum", Op.PRODUCT: "_whole_product", Op.MAX: "_whole_maximum", Op.MIN: "_whole_minimum"}


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
    for name in loop.summed:
        function.names[name] = names[name]


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
    lows = [function.low_name(name) for name in own if function.pairs.get(name)]
    return [*(function.names[name] for name in own), *lows]
