"""Temporary arrays that can stand in the memory of a result, which is written after their last use.

New memory for a long array costs more than the work on it: the system clears every page when it is first touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eqc.emit.nest import Kept, Leaf, Nest, leaves_of
from eqc.ir.opaque import Opaque
from eqc.ir.program import Op, Program, statement_reads, tensors_read


def standing_in(program: Program, tree: Sequence[Nest], storage: Mapping[str, Kept]) -> dict[str, str]:
    """Temporaries by name, each with the result in whose memory it stands."""
    leaves = [(number, leaf) for number, node in enumerate(tree) for leaf in leaves_of([node])]
    checked = frozenset().union(*(check.reads for check in program.checks))
    results = [pair for pair in leaves if pair[1].statement.target.name in program.outputs and _is_entrywise(pair[1])]
    found: dict[str, str] = {}
    for number, leaf in leaves:
        name = leaf.statement.target.name
        is_whole = name in storage and storage[name] == Kept() and name not in checked
        if not is_whole or not leaf.statement.target.rank or not _is_entrywise(leaf):
            continue
        for place, result in results:
            free = result.statement.target.name not in found.values()
            if free and number < place and _fits(leaf, result) and _is_done(name, place, result, leaves):
                found[name] = result.statement.target.name
                break
    return found


def _is_entrywise(leaf: Leaf) -> bool:
    """Whether a statement writes every entry of an array of reals once."""
    statement = leaf.statement
    plain = statement.op is Op.NONE and not statement.scatter and not isinstance(statement.body, Opaque)
    places = {loop.symbol for loop in statement.loops}
    return plain and leaf.item.product is None and not statement.target.integer and places == {*statement.positions}


def _fits(temporary: Leaf, result: Leaf) -> bool:
    return temporary.statement.target.shape == result.statement.target.shape


def _is_done(name: str, place: int, result: Leaf, leaves: Sequence[tuple[int, Leaf]]) -> bool:
    """Whether a temporary is read for the last time where the result is written, entry by entry, or before.

    The result itself must not be needed before its own loop.
    """
    own = result.statement
    if any(r.positions != own.positions for r in statement_reads(own) if r.tensor == name):
        return False
    others = [(number, leaf.statement) for number, leaf in leaves if leaf is not result]
    late = any(name in tensors_read(statement) and number >= place for number, statement in others)
    return not late and not any(own.target.name in tensors_read(statement) for _, statement in others)
