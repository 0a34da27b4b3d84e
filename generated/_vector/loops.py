# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Loops in what LLVM made of a function, whose text is changed where LLVM's own passes leave memory to wait for.

Only loops that stand in no other loop write past the cache: what is written in the others is mostly read again. A loop
is a block of the function that ends with a jump to itself, as vectorised ones do. What is new has a hyphen in its name,
unlike what has its name from Python.
"""

import re
from contextlib import contextmanager

from llvmlite import binding

from .ahead import REQUEST, ask_ahead, is_slow
from .linking import Linked
from .past import write_past
from .rounds import block_ends, rounds_of

_LABEL = re.compile(r'^([\w.$-]+|"[^"]+"):')
_TARGET = re.compile(r'label %([\w.$-]+|"[^"]+")')
_NOTE = re.compile(r"^!(\d+) =", re.MULTILINE)
_OPTIONS = (("-enable-mem-access-versioning", "false", "true"), ("-vectorize-memory-check-threshold", "4096", "128"))
_KNOWN = range(15, 23)
"""Options of LLVM with our values and its own, and the versions that have them: another one would end the process."""

_PROCESSOR = 'target triple = "x86_64'
"""The processors on which writing past the cache was measured; elsewhere loops only ask ahead."""


class Library(Linked):
    """What Numba compiles a function to, with such loops."""

    def _optimize_final_module(self):
        with _all_in_vectors():
            super()._optimize_final_module()
        text = str(self._final_module)
        changed = with_long_loops(text)
        if changed != text:
            name = self._final_module.name
            self._final_module = binding.parse_assembly(changed)
            self._final_module.name = name


@contextmanager
def _all_in_vectors():
    """Have LLVM compile loops along columns for matrices of any width, and those over any number of arrays.

    Where a loop along columns also writes, it makes vectors only for matrices of one column otherwise; and where there
    are many arrays, it does not look whether they share memory, as long as that takes more than a few comparisons.
    """
    known = binding.llvm_version_info[0] in _KNOWN
    for name, ours, _ in _OPTIONS if known else ():
        binding.set_option("", f"{name}={ours}")
    try:
        yield
    finally:
        for name, _, usual in _OPTIONS if known else ():
            binding.set_option("", f"{name}={usual}")


def with_long_loops(text):
    """A module in LLVM's language whose outermost loops over vectors are ready for long arrays."""
    if " x double>, ptr " not in text and " x float>, ptr " not in text:
        return text
    once = f"!{max((int(number) for number in _NOTE.findall(text)), default=-1) + 1}" if _PROCESSOR in text else ""
    lines, start, changed = text.split("\n"), 0, []
    while start < len(lines):
        end = lines.index("}", start) if lines[start].startswith("define ") else start
        changed += _function(lines[start : end + 1], once)
        start = end + 1
    if len(changed) == len(lines):
        return text
    known = any(line.startswith("declare void @llvm.prefetch.p0(") for line in lines)
    more = [*([] if known else [REQUEST]), *([f"{once} = !{{i32 1}}"] if once else [])]
    return "\n".join([*changed, *more, ""])


def _function(lines, once):
    """The lines of a function. One that was changed already, since it comes from another module, stays as it is."""
    if len(lines) == 1 or any("@llvm.prefetch" in line or "!nontemporal" in line for line in lines):
        return lines
    blocks = _blocks(lines)
    targets = {label: _targets(block) for label, block in blocks.items()}
    loops = {label: rounds_of(block, label) for label, block in blocks.items() if label in targets[label]}
    counted = {label: rounds for label, rounds in loops.items() if rounds is not None}
    inner = {label for label in counted if not _is_outermost(label, targets)}
    ends_block = block_ends(lines)
    for number, (label, rounds) in enumerate(counted.items()):
        if once and label not in inner:
            write_past(blocks, label, rounds, number, once)
    asking = [label for label, rounds in counted.items() if not ends_block(rounds.end) or is_slow(blocks[label])]
    ask_ahead(blocks, asking)
    return [line for block in blocks.values() for line in block]


def _blocks(lines):
    """The blocks of a function by their labels."""
    blocks, label = {"": []}, ""
    for line in lines:
        found = _LABEL.match(line)
        label = found[1] if found else label
        blocks.setdefault(label, []).append(line)
    return blocks


def _targets(block):
    return {label for line in block for label in _TARGET.findall(line)}


def _is_outermost(label, targets):
    """Whether a block that is a loop by itself is in no other loop."""
    seen, waiting = set(), sorted(targets[label] - {label})
    while waiting:
        block = waiting.pop()
        if block not in seen:
            seen.add(block)
            waiting += sorted(targets[block])
    return label not in seen
