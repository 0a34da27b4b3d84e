# eqc-inputs: e343a42ffa9bdc4605b23e128e2d9951c4baf8a6c884db4b1325565bb7f87925
"""Loops over long arrays ask for what they will read: the processor looks ahead over a few hundred instructions only.

Where each element takes many, it waits for memory at every other line. LLVM has a pass for this, which it runs for
other processors. Short loops ask for nothing new: behind a short array there may be memory that the system has to be
asked about, which takes longer than the loop.
"""

import re

from .rounds import block_before, last

_DISTANCE = 4096
"""Bytes from what is read to what is asked for: far enough for slow memory, and little beside the nearest cache."""

LONG = 1 << 18
"""Bytes of an array from which a loop asks ahead: less is in the second cache."""

_LOAD = re.compile(r"^  %\S+ = load <\d+ x (\w+)>, ptr (%\S+), align")
_BYTES = {"double": 8, "i64": 8}

REQUEST = "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)"
"""What a module declares that has such loops."""


def ask_ahead(blocks, label, rounds, number):
    """Let the loop of a block, the so many-th, ask for a vector further on after each one that it reads."""
    loads = [found for found in map(_LOAD.match, blocks[label]) if found]
    if not loads:
        return
    own, width = f"%ahead.{number}", max(_BYTES.get(found[1], 4) for found in loads)
    before = block_before(blocks, rounds)
    before[last(before) : last(before)] = [
        f"  {own} = icmp uge i64 {rounds.end}, {LONG // width}",
        f"  {own}.far = select i1 {own}, i64 {_DISTANCE}, i64 0",
    ]
    changed = []
    for line in blocks[label]:
        changed.append(line)
        found = _LOAD.match(line)
        if found:
            name = f"{own}.{len(changed)}"
            changed.append(f"  {name} = getelementptr i8, ptr {found[2]}, i64 {own}.far")
            changed.append(f"  call void @llvm.prefetch.p0(ptr {name}, i32 0, i32 3, i32 1)")
    blocks[label] = changed
