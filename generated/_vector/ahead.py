# eqc-inputs: f8d649419888a8b3ad4ce124fe5a7d09c33e5939a37c75ce719d348810e9c28a
"""Loops over long arrays ask for what they will read and write: the processor looks ahead too little.

It does so for a few hundred instructions, and no further than a page: where each element takes many instructions, it
waits for memory at every other line, and where rows are read and written, at the beginning of every row. LLVM has a
pass for this, which it runs for other processors. Functions of short arrays ask for nothing new: behind a short array
there may be memory that the system has to be asked about, which takes longer than the loop.
"""

import re

from .rounds import NAME, last

_DISTANCE = 4096
"""Bytes from what is used to what is asked for: far enough for slow memory, and little beside the nearest cache."""

LONG = 1 << 18
"""Bytes of an array from which loops ask ahead: less is in the second cache."""

_ARRAY = re.compile(r"i64 (?:\w+ )*(%arg\.[\w.]+)\.2, i64 (?:\w+ )*\1\.3, ptr")
"""How many numbers an array has that a function is given, and how many bytes each."""

_USE = re.compile(rf"^  (?:%\S+ = load <\d+ x \w+>|(store) <\d+ x \w+> {NAME}), ptr ({NAME}), align \d+")

REQUEST = "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)"
"""What a module declares that has such loops."""


def ask_ahead(blocks, labels, inner):
    """Let the loops of some blocks of a function ask for a vector further on after each one that they use.

    Only `inner` ones, in other loops, ask for what they write: the others write past the cache where it matters most.
    """
    arrays = [found[1] for line in blocks[""] for found in _ARRAY.finditer(line)]
    if not arrays or not any(map(_USE.match, (line for label in labels for line in blocks[label]))):
        return
    entry = next(block for block in blocks.values() if any(line.startswith("  ") for line in block))
    entry[last(entry) : last(entry)] = _far(arrays)
    count = 0
    for label in labels:
        changed = []
        for line in blocks[label]:
            changed.append(line)
            found = _USE.match(line)
            if found and (label in inner or not found[1]):
                changed += _request(f"%ahead-{count}", found[2], int(found[1] is not None))
                count += 1
        blocks[label] = changed


def _far(arrays):
    """The lines that decide how far loops look: not at all if all arrays are short."""
    lines, known = [], "false"
    for n, array in enumerate(arrays):
        own = f"%far-{n}"
        lines.append(f"  {own}.bytes = mul i64 {array}.2, {array}.3")
        lines.append(f"  {own}.is = icmp uge i64 {own}.bytes, {LONG}")
        lines.append(f"  {own} = or i1 {own}.is, {known}")
        known = own
    return [*lines, f"  %far- = select i1 {known}, i64 {_DISTANCE}, i64 0"]


def _request(own, place, writes):
    return [
        f"  {own} = getelementptr i8, ptr {place}, i64 %far-",
        f"  call void @llvm.prefetch.p0(ptr {own}, i32 {writes}, i32 3, i32 1)",
    ]
