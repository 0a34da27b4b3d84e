# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Long loops write their results past the cache.

A plain store reads the line of memory of which it changes a part, and takes room from what is in the cache: a third or
more of all traffic where results are too long to stay there. A store past the cache does neither. It keeps later reads
waiting, though, so that only loops gain that ask ahead for what they read. LLVM vectorises no such stores, since they
have to begin at whole vectors; so each store of a vectorised loop becomes a choice of two.
"""

import re

from .rounds import NAME, block_before, last

LARGE = 1 << 23
"""Bytes of results from which a loop writes them past the cache: more than a core's part of all caches.

Each thread counts its own share. Shorter loops take as long either way, but who reads their results next finds them in
the cache.
"""

_WIDTHS = {"double": 8, "float": 4}
_NARROWEST = 16
"""Bytes of a number, and of the shortest vectors that are written past the cache."""

_LOAD = re.compile(rf"= load <\d+ x \w+>, ptr ({NAME}),")
_STORE = re.compile(rf"^  store <(\d+) x (double|float)> ({NAME}), ptr ({NAME}), align \d+(.*)$")


def write_past(blocks, label, rounds, number, once):
    """Let the loop of a block, the so many-th, write past the cache if it is long; `once` marks stores that do.

    What it writes and reads again it writes as ever: memory would have to give back what it was just given.
    """
    read = {found[1] for found in map(_LOAD.search, blocks[label]) if found}
    stores = {n: found for n, found in enumerate(map(_STORE.match, blocks[label])) if found and found[4] not in read}
    sizes = [int(found[1]) * _WIDTHS[found[2]] for found in stores.values()]
    width = _whole_vector(max(sizes, default=0))
    if min([*sizes, width]) < _NARROWEST:
        return
    own = f"past-{number}"
    before = block_before(blocks, rounds)
    before[last(before) : last(before)] = [
        f"  %{own} = icmp uge i64 {rounds.end}, {LARGE * rounds.step // sum(sizes)}",
        f"  %{own}.low = select i1 %{own}, i64 {width - 1}, i64 -1",
    ]
    changed, count = [], 0
    for n, line in enumerate(blocks[label]):
        found = stores.get(n)
        changed += _choice(found, f"{own}.{count}", f"%{own}.low", width, once) if found else [line]
        count += bool(found)
    _rename(changed, label, f"{own}.{count - 1}.next")
    _rename(blocks[rounds.after], label, f"{own}.over")
    changed[last(changed)] = changed[last(changed)].replace(f"label %{rounds.after},", f"label %{own}.done,")
    blocks[label] = [*changed, *_leave(own, rounds.after)]


def _whole_vector(size):
    """The bytes of the longest vectors of which a store consists: three, say, where it writes points in space."""
    return size & -size


def _choice(found, own, low, width, once):
    """The lines of a store that goes past the cache if the loop is long, and it begins at a whole vector."""
    count, kind, value, place, more = found.groups()
    return [
        f"  %{own}.place = ptrtoint ptr {place} to i64",
        f"  %{own}.rest = and i64 %{own}.place, {low}",
        f"  %{own}.fits = icmp eq i64 %{own}.rest, 0",
        f"  br i1 %{own}.fits, label %{own}.past, label %{own}.plain",
        "",
        f"{own}.past:",
        f"  store <{count} x {kind}> {value}, ptr {place}, align {width}{more}, !nontemporal {once}",
        f"  br label %{own}.next",
        "",
        f"{own}.plain:",
        found[0],
        f"  br label %{own}.next",
        "",
        f"{own}.next:",
    ]


def _leave(own, after):
    """The blocks that follow the loop: other threads must not see what comes later before what it wrote."""
    return [
        f"{own}.done:",
        f"  br i1 %{own}, label %{own}.fence, label %{own}.over",
        "",
        f"{own}.fence:",
        "  fence seq_cst",
        f"  br label %{own}.over",
        "",
        f"{own}.over:",
        f"  br label %{after}",
        "",
    ]


def _rename(lines, old, new):
    """Say in a block that one of those that lead to it has another name."""
    for n, line in enumerate(lines):
        if " = phi " in line:
            lines[n] = line.replace(f", %{old} ]", f", %{new} ]")
