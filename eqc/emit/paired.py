"""Statements in pairs of floats: how their values are stored, and how their sums are collected.

A number whose both floats are kept is a variable that holds the pair; an array of such has a second one beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sympy as sp

from eqc.emit import watch
from eqc.emit.nest import loops_of
from eqc.emit.pair_source import Text
from eqc.ir.gaps import parted
from eqc.ir.program import Op, Statement
from eqc.ir.terms import Expr, Index, Read

if TYPE_CHECKING:
    from eqc.emit.function import Function
    from eqc.emit.nest import Leaf, Loop

LANES = 32
"""How many partial sums of a sum are collected side by side."""


def place(function: Function, r: Read) -> Text:
    """A read as an operand of a pair's arithmetic."""
    source = function.element(r)
    if not function.pairs.get(r.tensor):
        return Text(source)
    if "[" in source:
        source = function.pair_source.call("_pair", source, _beside(function, r.tensor, source))
    return Text(source, is_pair=True)


def gap(function: Function, node: Expr) -> str | None:
    """A sum from which numbers with both floats are taken off, or None if there are none.

    The other terms are floats: x - mu is (x - high) - low.
    """
    found = parted(node, lambda r: bool(function.pairs.get(r.tensor)))
    if found is None:
        return None
    scale, rest, taken = found
    source = function.printer.doprint(rest)
    for sign, number in taken:
        source = function.pair_source.call("_gap", source, function.pair_source.pair(-sign * number))
    return source if scale == 1 else f"{function.printer.doprint(scale)}*{source}"


def low_name(function: Function, tensor: str) -> str:
    """The second array of pairs."""
    return function.local(f"{function.names[tensor]}_low")


def _beside(function: Function, tensor: str, source: str) -> str:
    """An element of the second array, given that of the first one."""
    return low_name(function, tensor) + source[len(function.names[tensor]) :]


def assign(function: Function, leaf: Leaf, depth: int) -> None:
    """Store one value."""
    body = function.renamed(leaf.statement.body)
    target, name = function.target(leaf.statement), leaf.statement.target.name
    if function.pairs[name]:
        _store(function, name, target, function.pair_source.pair(body), depth)
    else:
        function.line(depth, f"{target} = {function.pair_source.nearest(body)}")
    watch.entry(function, leaf.statement, depth)


def _store(function: Function, name: str, target: str, source: str, depth: int) -> None:
    call = function.pair_source.call
    if not function.pairs.get(name):
        function.line(depth, f"{target} = {call('_nearest', source)}")
    elif "[" in target:
        function.line(depth, f"{target}, {_beside(function, name, target)} = {call('_parts', source)}")
    else:
        function.line(depth, f"{target} = {source}")


# sums ---------------------------------------------------------------------------------------------------------------


def is_sum(function: Function, statement: Statement) -> bool:
    """Whether a sum is collected in pairs."""
    return statement.op is Op.SUM and (
        statement.target.name in function.pairs or statement.target.name in function.beside
    )


def takes_lanes(function: Function, loop: Loop) -> bool:
    """Whether a loop sums up numbers in pairs, term by term."""
    leaves = [
        function.leaves[item.statement.target.name]
        for item in loop.sums
        if item.statement.target.name in function.pairs
    ]
    return not loop.blocked and any(_is_number(leaf) for leaf in leaves)


def beside(function: Function) -> frozenset[str]:
    """The plain sums in loops that take lanes: partial sums of one lane each would be slow."""
    loops = [loop for loop in loops_of(function.tree) if takes_lanes(function, loop)]
    items = [item for loop in loops for item in loop.sums if item.statement.op is Op.SUM]
    plain = [item.statement.target for item in items if item.product is None and not item.statement.target.integer]
    return frozenset(t.name for t in plain if _is_number(function.leaves[t.name]) and t.name not in function.pairs)


def _is_number(leaf: Leaf) -> bool:
    """Whether each round of the loop that sums up adds one term to one number."""
    outside = (leaf.item.order or ())[: leaf.item.first_bound]
    return not leaf.inner and all(loop in outside for loop in leaf.statement.free)


def reduce(function: Function, leaf: Leaf, depth: int) -> None:
    """A sum that opens its loops itself."""
    start(function, leaf.statement, depth)
    step(function, leaf, (), depth)
    finish(function, leaf.statement, (), depth)


def start(function: Function, statement: Statement, depth: int) -> None:
    """Room for the partial sums."""
    function.line(depth, f"{_sums(function, statement)} = {function.pair_source.call('_lanes')}")


def step(function: Function, leaf: Leaf, inside: tuple[Index, ...], depth: int) -> None:
    """One round of the loop that sums up; `inside` are the loops of results that it holds."""
    statement, sums = leaf.statement, _sums(function, leaf.statement)
    if not leaf.inner:
        lane = _flat(function, inside) if inside else _lane(function, _summing(leaf))
        _collect(function, sums, lane, _term(function, statement), depth)
        return
    own = sums
    if inside:
        own = function.local(f"{sums}entry")
        function.line(depth, f"{own} = {function.pair_source.call('_lanes')}")
    *outer, last = leaf.inner
    within = open_lanes(function, last, function.open_loops(outer, depth))
    _collect(function, own, _lane(function, last), _term(function, statement), within)
    function.in_lanes.discard(last.name)
    if inside:
        _collect(function, sums, _flat(function, inside), _total(function, own, last), depth)


def finish(function: Function, statement: Statement, inside: tuple[Index, ...], depth: int) -> None:
    """The sum after its last term."""
    call, sums = function.pair_source.call, _sums(function, statement)
    leaf = function.leaves[statement.target.name]
    total = call("_entry_of", sums, _flat(function, inside)) if inside else _total(function, sums, _summing(leaf))
    _store(function, statement.target.name, function.target(statement), total, depth)


def open_lanes(function: Function, loop: Index, depth: int) -> int:
    """Open a loop whose rounds take turns in the lanes; returns the depth inside."""
    begin, extent, name = _begin(function, loop), function.whole(loop.extent), function.names[loop.name]
    function.line(depth, f"for {begin} in range(0, {extent}, {LANES}):")
    function.line(depth + 1, f"for {name} in range({begin}, min({begin} + {LANES}, {extent})):")
    function.in_lanes.add(loop.name)
    return depth + 2


def _summing(leaf: Leaf) -> Index:
    """The loop whose rounds take turns in the lanes: the statement's own innermost one, or the one that sums up."""
    return leaf.inner[-1] if leaf.inner else (leaf.item.order or ())[leaf.item.first_bound or 0]


def _begin(function: Function, loop: Index) -> str:
    return function.local(f"{function.names[loop.name]}_begin")


def _lane(function: Function, loop: Index) -> str:
    """The lane of a round; the first one in a loop whose rounds take no turns."""
    if loop.name not in function.in_lanes:
        return "0"
    return f"{function.names[loop.name]} - {_begin(function, loop)}"


def _total(function: Function, sums: str, loop: Index) -> str:
    """What all lanes have collected in the rounds of a loop."""
    return function.pair_source.call("_total_of", sums, function.whole(loop.extent))


def _flat(function: Function, loops: tuple[Index, ...]) -> str:
    """The place of an entry among all entries, row by row."""
    place = sp.Integer(0)
    for loop in loops:
        place = place * loop.extent + loop.symbol
    return function.whole(place)


def _sums(function: Function, statement: Statement) -> str:
    return function.local(f"{function.names[statement.target.name]}_")


def _term(function: Function, statement: Statement) -> str:
    if statement.target.name in function.beside:
        return function.value(statement)
    return function.pair_source.text(function.renamed(statement.body)).source


def _collect(function: Function, sums: str, lane: str, term: str, depth: int) -> None:
    function.line(depth, function.pair_source.call("_collect", sums, lane, term))
