"""Statements that go through loops of their own: sums, products, extrema, and the places of extrema."""

from __future__ import annotations

from eqc.emit import checks, teamed
from eqc.emit.function import Function
from eqc.emit.sums import STARTS, added
from eqc.ir.program import Op
from eqc.ir.terms import Read
from eqc.loops.nest import Leaf


def reduce(function: Function, leaf: Leaf, depth: int) -> None:
    """Accumulate in a local number, then store."""
    statement, op = leaf.statement, leaf.statement.op
    target = function.target(statement)
    wide = op in (Op.SUM, Op.PRODUCT) and not statement.target.integer
    total = function.local(f"{function.names[statement.target.name]}_") if wide or "[" in target else target
    if op in (Op.MAX, Op.MIN) and not statement.target.constant:
        checks.refuse_empty(function, leaf.inner, statement, depth)
    function.line(depth, f"{total} = np.float64({STARTS[op]})" if wide else f"{total} = {STARTS[op]}")
    inside, left = function.open_guarded(statement, leaf.inner, depth)
    function.line(inside, added(function, left, total))
    if total != target:
        function.line(depth, f"{target} = {total}")


def winner(function: Function, leaf: Leaf, depth: int) -> None:
    """The first position of the extremum; NaN never wins over a number."""
    checks.refuse_empty(function, leaf.inner, leaf.statement, depth)
    row = _row(function, leaf)
    place = _place_in_row(function, leaf, row, depth) if row else _place_by_loops(function, leaf, depth)
    function.line(depth, f"{function.target(leaf.statement)} = {place}")


def _row(function: Function, leaf: Leaf) -> str | None:
    """The array whose entries are compared, if they are all on its last axis."""
    body, (loop,) = leaf.statement.body, leaf.inner
    if not isinstance(body, Read) or not body.positions:
        return None
    *before, last = function.kept_positions(body) or [""]
    if last != function.names[loop.name] or any(loop.symbol in p.free_symbols for p in body.positions[:-1]):
        return None
    row = function.names[body.tensor]
    for position in before:
        function.printer.used.add("_item_of")
        row = f"_item_of({row}, {position})"
    return row


def _place_in_row(function: Function, leaf: Leaf, row: str, depth: int) -> str:
    """All in one pass through an array's row; threads that share it compare what each has found."""
    (loop,), statement = leaf.inner, leaf.statement
    extreme = "largest" if statement.op is Op.ARGMAX else "least"
    search, extent = f"_place_of_{extreme}", function.whole(loop.extent)
    function.printer.used.add(search)
    if function.split is not leaf:
        return f"{search}({row}, 0, {extent})"
    name = function.names[statement.target.name]
    place, best = function.local(f"{name}_place"), function.local(f"{name}_value")
    own = ", ".join(teamed.call(function, bound, extent) for bound in ("_begin", "_end"))
    function.line(depth, f"{place} = {search}({row}, {own})")
    function.line(depth, f"{best} = {teamed.call(function, f'_whole_{extreme}', f'{row}[{place}]')}")
    here = f"{place} if {row}[{place}] == {best} else {extent}"
    function.line(depth, f"{place} = {teamed.call(function, '_whole_least', here)}")
    return f"{place} if {place} < {extent} else 0"


def _place_by_loops(function: Function, leaf: Leaf, depth: int) -> str:
    """The extremum first, then the first place where it is."""
    statement = leaf.statement
    (loop,), split, largest = leaf.inner, function.split is leaf, statement.op is Op.ARGMAX
    name = function.names[statement.target.name]
    best, place, index = function.local(f"{name}_value"), function.local(f"{name}_place"), function.names[loop.name]
    step = "_largest" if largest else "_least"
    function.printer.used.add(step)
    function.line(depth, f"{best} = {'-' if largest else ''}math.inf")
    inside = teamed.open_loop(function, loop, depth, split=split)
    function.line(inside, f"{best} = {step}({best}, {function.value(statement)})")
    if split:
        function.line(depth, f"{best} = {teamed.call(function, f'_whole{step}', best)}")
    extent = function.whole(loop.extent)
    function.line(depth, f"{place} = {extent}")
    teamed.open_loop(function, loop, depth, split=split)
    here = f"{index} if {function.value(statement)} == {best} else {extent}"
    function.line(inside, f"{place} = min({place}, {here})")  # a loop that ends early would not run in vectors
    if split:
        function.line(depth, f"{place} = {teamed.call(function, '_whole_least', place)}")
    return f"{place} if {place} < {extent} else 0"
