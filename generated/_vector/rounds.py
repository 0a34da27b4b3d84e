# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""How a loop in LLVM's language counts its rounds."""

import re
from typing import NamedTuple

NAME = r'%(?:[\w.$-]+|"[^"]+")'
_NAME = re.compile(NAME)
_MEANING = re.compile(rf"^  ({NAME}) = (.*)$")
_LAST = re.compile(r"  (?:br|ret|switch|unreachable)\b")
_BLOCK_END = re.compile(r"min\.i64\(i64 .*, i64 512\)")
"""How blocks of sums in pairs end; `_pairs.BLOCK` are the rounds of one."""
_STEPS = 4
"""Instructions between where a block ends and the rounds that a vectorised loop has."""

_END = re.compile(rf"^  br i1 ({NAME}), label ({NAME}), label ({NAME})", re.MULTILINE)
_WAY = re.compile(rf"\[ (\S+), ({NAME}) \]")


class Rounds(NamedTuple):
    """How a loop counts: from 0 in steps to an end, between two blocks."""

    before: str
    after: str
    end: str
    step: int


def rounds_of(lines, label):
    """How the loop of a block counts; None if it does in another way."""
    text = "\n".join(lines)
    end = _END.search(text)
    test = end and _line(text, rf"{re.escape(end[1])} = icmp eq i64 (\S+), (\S+)")
    for counted, bound in (test.groups(), test.groups()[::-1]) if test else ():
        step = _line(text, rf"{re.escape(counted)} = add [a-z ]*i64 ({NAME}), (\d+)")
        phi = step and _line(text, rf"{re.escape(step[1])} = phi i64 (.+)")
        starts = dict(_WAY.findall(phi[1])) if phi else {}
        if "0" in starts and starts.get(counted) == f"%{label}":
            (after,) = (way for way in (end[2], end[3]) if way != f"%{label}")
            return Rounds(starts["0"][1:], after[1:], bound, int(step[2]))
    return None


def _line(text, pattern):
    return re.search(rf"^  {pattern}$", text, re.MULTILINE)


def block_before(blocks, rounds):
    """The block from which a loop is entered; the first block of a function may have no label."""
    return blocks.get(rounds.before, blocks[""])


def last(lines):
    """Where a block has its last instruction, which may take several lines."""
    return max(n for n, line in enumerate(lines) if _LAST.match(line))


def block_ends(lines):
    """Which numbers of a function follow from where a block of a longer loop ends, and little else."""
    if not any(map(_BLOCK_END.search, lines)):
        return lambda name: False
    meanings = dict(found.groups() for found in map(_MEANING.match, lines) if found)

    def follows(name, steps=_STEPS):
        meaning = meanings.get(name, "phi")
        if steps == 0 or meaning.startswith(("phi", "load")):
            return False
        known = bool(_BLOCK_END.search(meaning))
        return known or any(follows(other, steps - 1) for other in _NAME.findall(meaning))

    return follows
