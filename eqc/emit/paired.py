"""Statements in pairs of floats: how their values are stored, and how their sums are collected.

A number whose both floats are kept is a variable that holds the pair; an array of such has a second one beside it.
"""

from __future__ import annotations

import sympy as sp

from eqc.emit import teamed, watch
from eqc.emit.function import Function
from eqc.emit.pair_source import Text
from eqc.ir.products import is_small
from eqc.ir.program import Op, Statement
from eqc.ir.terms import Index
from eqc.loops.nest import Leaf, Loop

BLOCK = 512
"""How many terms of a sum are computed before they are added up."""


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
        function.line(depth, f"{target}, {function.beside(name, target)} = {call('_parts', source)}")
    else:
        function.line(depth, f"{target} = {source}")


# sums ---------------------------------------------------------------------------------------------------------------


def is_sum(function: Function, statement: Statement) -> bool:
    """Whether a sum is collected in pairs."""
    return statement.op is Op.SUM and statement.target.name in function.pairs


def takes_blocks(function: Function, loop: Loop) -> bool:
    """Whether each round of a loop computes one term of a sum in pairs."""
    return bool(_collected(function, loop))


def _collected(function: Function, loop: Loop) -> list[Statement]:
    """The sums in pairs of which each round of a loop computes one term."""
    leaves = [part for part in loop.body if isinstance(part, Leaf) and part.partial and not part.inner]
    return [leaf.statement for leaf in leaves if is_sum(function, leaf.statement) and not leaf.item.free_inside]


def reduce(function: Function, leaf: Leaf, depth: int) -> None:
    """A sum that opens its loops itself."""
    start(function, leaf.statement, depth)
    step(function, leaf, (), depth)
    finish(function, leaf.statement, (), depth)


def start(function: Function, statement: Statement, depth: int) -> None:
    """Memory for the sum."""
    _start(function, statement, _sums(function, statement), depth)


def _start(function: Function, statement: Statement, sums: str, depth: int) -> None:
    lanes = "_pair_lanes" if _term(function, statement).is_pair else "_lanes"
    lanes = "_few_lanes" if all(map(is_small, statement.bound)) else lanes
    function.line(depth, f"{sums} = {function.pair_source.call(lanes, function.dtype())}")


def step(function: Function, leaf: Leaf, inside: tuple[Index, ...], depth: int) -> None:
    """One round of the loop that sums up; `inside` are the loops of results that it holds."""
    statement, sums = leaf.statement, _sums(function, leaf.statement)
    if not leaf.inner:
        _take(function, leaf, sums, inside, depth)
        return
    own = sums
    if inside:
        own = function.local(f"{sums}entry")
        _start(function, statement, own, depth)
    *outer, last = leaf.inner
    within = function.open_loops(outer, depth)
    _put(function, statement, own, last, open_block(function, last, within))
    _add_up(function, own, last, within + 1)
    function.in_blocks.discard(last.name)
    if inside:
        _collect(function, sums, _flat(function, inside), _total(function, own), depth)


def _take(function: Function, leaf: Leaf, sums: str, inside: tuple[Index, ...], depth: int) -> None:
    """One term of a sum around it."""
    *_, loop = leaf.item.order or ()
    if not inside and loop.name in function.in_blocks:
        _put(function, leaf.statement, sums, loop, depth)
        return
    term = _term(function, leaf.statement).source
    if inside:
        _collect(function, sums, _flat(function, inside), term, depth)
    else:
        function.line(depth, f"{sums} = {function.pair_source.call('_put_one', sums, term)}")


def _collect(function: Function, sums: str, entry: str, term: str, depth: int) -> None:
    function.line(depth, function.pair_source.call("_collect", sums, entry, term))


def finish(function: Function, statement: Statement, inside: tuple[Index, ...], depth: int) -> None:
    """The sum after its last term."""
    sums = _sums(function, statement)
    total = function.pair_source.call("_entry_of", sums, _flat(function, inside)) if inside else _total(function, sums)
    if not inside and teamed.is_shared_sum(function, statement):
        total = teamed.call(function, "_whole_pair", total)
    _store(function, statement.target.name, function.target(statement), total, depth)


def open_block(function: Function, loop: Index, depth: int, *, split: bool = False) -> int:
    """Open a loop over blocks of terms, and the one over the terms of a block; returns the depth inside."""
    function.in_blocks.add(loop.name)
    return _open_terms(function, loop, _open_blocks(function, loop, depth, split=split))


def _open_blocks(function: Function, loop: Index, depth: int, *, split: bool = False) -> int:
    begin, count = _of_block(function, loop, "begin"), _of_block(function, loop, "count")
    first, end = teamed.rounds(function, loop, depth, split=split)
    function.line(depth, f"for {begin} in range({first}, {end}, {BLOCK}):")
    function.line(depth + 1, f"{count} = min({BLOCK}, {end} - {begin})")
    return depth + 1


def _open_terms(function: Function, loop: Index, depth: int) -> int:
    begin, count, lane = (_of_block(function, loop, part) for part in ("begin", "count", "lane"))
    function.line(depth, f"for {lane} in range({count}):")
    function.line(depth + 1, f"{function.names[loop.name]} = {function.pair_source.call('_place_of', begin, lane)}")
    return depth + 1


def close_block(function: Function, loop: Loop, depth: int) -> None:
    """Add up the terms of a block, for all sums that a loop collects."""
    for statement in _collected(function, loop):
        _add_up(function, _sums(function, statement), loop.index, depth)
    function.in_blocks.discard(loop.index.name)


def takes_columns(function: Function, loop: Loop) -> bool:
    """Whether a loop does nothing but run over the columns of matrices, of which it sums up some in pairs."""
    columns = [item for item in loop.sums if is_sum(function, item.statement) and item.free_inside]
    if loop.blocked or len(loop.body) != 1 or not columns:
        return False
    (inner,) = loop.body
    if not isinstance(inner, Loop) or inner.sums or inner.blocked:
        return False
    return loop.index.symbol not in inner.index.extent.free_symbols


def columns(function: Function, loop: Loop, depth: int) -> None:
    """A loop that sums up columns, block by block, so that the sums stay in the cache; it may sum up all terms, too."""
    (inner,) = loop.body
    assert isinstance(inner, Loop)
    blocks = _open_blocks(function, inner.index, depth)
    rows = teamed.open_loop(function, loop.index, blocks, split=function.split is loop)
    within = _open_terms(function, inner.index, rows)
    function.in_blocks.add(inner.index.name)
    for part in inner.body:
        function.nest(part, within)
    close_block(function, inner, rows)


def _of_block(function: Function, loop: Index, part: str) -> str:
    return function.local(f"{function.names[loop.name]}_{part}")


def _put(function: Function, statement: Statement, sums: str, loop: Index, depth: int) -> None:
    lane, term = _of_block(function, loop, "lane"), _term(function, statement).source
    function.line(depth, f"{sums} = {function.pair_source.call('_put', sums, lane, term)}")


def _add_up(function: Function, sums: str, loop: Index, depth: int) -> None:
    function.line(depth, function.pair_source.call("_add_up", sums, _of_block(function, loop, "count")))


def _total(function: Function, sums: str) -> str:
    return function.pair_source.call("_total_of", sums)


def _flat(function: Function, loops: tuple[Index, ...]) -> str:
    """The place of an entry among all entries, row by row."""
    place = sp.Integer(0)
    for loop in loops:
        place = place * loop.extent + loop.symbol
    return function.whole(place)


def _sums(function: Function, statement: Statement) -> str:
    return function.local(f"{function.names[statement.target.name]}_")


def _term(function: Function, statement: Statement) -> Text:
    return function.pair_source.text(function.renamed(statement.body))
