# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Loops over long arrays ask for what they will read and write: the processor looks ahead too little.

It does so for a few hundred instructions, and no further than a page: where each element takes many instructions, it
waits for memory at every other line, and where rows are read and written, at the beginning of every row. LLVM has a
pass for this, which it runs for other processors. Functions of short arrays ask for nothing new: behind a short array
there may be memory that the system has to be asked about, which takes longer than the loop.
"""

import re

from .rounds import NAME, last

DISTANCE = 4096
"""Bytes from what is used to what is asked for: far enough for slow memory, and little beside the nearest cache."""

LONG = 1 << 18
"""Bytes of an array from which loops ask ahead: less is in the second cache."""

_SLOW = 10
"""Instructions for each vector that is used, from which a loop gives memory the time to bring what it asks for."""

_ARRAY = re.compile(r"ptr (?:[\w()]+ )*(%arg\.[\w.]+)\.1, i64 (?:\w+ )*\1\.2, i64 (?:\w+ )*\1\.3, ptr")
"""Who holds an array that a function is given, how many numbers it has, and how many bytes each."""

_USE = re.compile(rf"^  (?:%\S+ = load <\d+ x \w+>|(store) <\d+ x \w+> {NAME}), ptr ({NAME}), align \d+")

REQUEST = "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)"
"""What a module declares that has such loops."""


def is_slow(lines):
    """Whether a loop takes many instructions for each vector that it uses."""
    uses = sum(_USE.match(line) is not None for line in lines)
    return len(lines) >= _SLOW * uses > 0


def ask_ahead(blocks, labels):
    """Let the loops of some blocks of a function ask for a vector further on after each one that they use.

    They do not ask for what they write past the cache.
    """
    arrays = [found[1] for line in blocks[""] for found in _ARRAY.finditer(line)]
    if not arrays or not any(map(_USE.match, (line for label in labels for line in blocks[label]))):
        return
    entry = next(block for block in blocks.values() if any(line.startswith("  ") for line in block))
    entry[last(entry) : last(entry)] = _far(arrays)
    far, count = f"%far-{len(arrays) - 1}", 0
    for label in labels:
        changed = []
        for line in blocks[label]:
            changed.append(line)
            found = _USE.match(line)
            if found and "!nontemporal" not in line:
                changed += _request(f"%ahead-{count}", found[2], far, int(found[1] is not None))
                count += 1
        blocks[label] = changed


def _far(arrays):
    """The lines that decide how far loops look: as far as they do for any of the arrays.

    That is not at all for short ones. Items, of which nobody counts the holders, say it themselves: a function that is
    given one row of many sees a short array, and the next row will be read soon.
    """
    lines, known = [], "0"
    for n, array in enumerate(arrays):
        own = f"%far-{n}"
        lines += [
            f"  {own}.bytes = mul i64 {array}.2, {array}.3",
            f"  {own}.long = icmp uge i64 {own}.bytes, {LONG}",
            f"  {own}.whole = select i1 {own}.long, i64 {DISTANCE}, i64 0",
            f"  {own}.said = ptrtoint ptr {array}.1 to i64",
            f"  {own}.item = icmp eq ptr {array}.0, null",
            f"  {own}.own = select i1 {own}.item, i64 {own}.said, i64 {own}.whole",
            f"  {own}.more = icmp ugt i64 {own}.own, {known}",
            f"  {own} = select i1 {own}.more, i64 {own}.own, i64 {known}",
        ]
        known = own
    return lines


def _request(own, place, far, writes):
    return [
        f"  {own} = getelementptr i8, ptr {place}, i64 {far}",
        f"  call void @llvm.prefetch.p0(ptr {own}, i32 {writes}, i32 3, i32 1)",
    ]
