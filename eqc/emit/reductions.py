"""Statements that go through loops of their own: sums, products, extrema, and the places of extrema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eqc.emit import checks, teamed
from eqc.emit.nest import Leaf
from eqc.emit.sums import STARTS, STEPS
from eqc.ir.program import Op

if TYPE_CHECKING:
    from eqc.emit.function import Function


def reduce(function: Function, leaf: Leaf, depth: int) -> None:
    """Accumulate in a local number, then store."""
    statement, op = leaf.statement, leaf.statement.op
    target = function.target(statement)
    wide = op in (Op.SUM, Op.PRODUCT) and not statement.target.integer
    total = function.local(f"{function.names[statement.target.name]}_") if wide or "[" in target else target
    if op in (Op.MAX, Op.MIN) and not statement.target.constant:
        checks.refuse_empty(function, leaf.inner, statement, depth)
    function.line(depth, f"{total} = np.float64({STARTS[op]})" if wide else f"{total} = {STARTS[op]}")
    inside = function.open_loops(leaf.inner, depth)
    value = function.value(statement)
    function.printer.used.add(STEPS[op])
    function.line(inside, f"{total} = {STEPS[op]}({total}, {value})")
    if total != target:
        function.line(depth, f"{target} = {total}")


def winner(function: Function, leaf: Leaf, depth: int) -> None:
    """The first position of the extremum; NaN never wins over a number."""
    statement = leaf.statement
    target, (loop,) = function.target(statement), leaf.inner
    name = function.names[statement.target.name]
    best, place, index = function.local(f"{name}_value"), function.local(f"{name}_place"), function.names[loop.name]
    largest = statement.op is Op.ARGMAX
    step = "_largest" if largest else "_least"
    function.printer.used.add(step)
    checks.refuse_empty(function, leaf.inner, statement, depth)
    function.line(depth, f"{best} = {'-' if largest else ''}math.inf")
    split = function.split is leaf
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
    function.line(depth, f"{target} = {place} if {place} < {extent} else 0")
