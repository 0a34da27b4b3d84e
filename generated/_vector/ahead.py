# eqc-inputs: cf86491dd82e1463d486365530ab6a088136880b33c2d5eeefe2a78349020ef6
"""Loops over long arrays ask for what they will read: the processor looks ahead over a few hundred instructions only.

Where each element takes many, it waits for memory at every other line. LLVM has a pass for this that it runs for other
processors; this one works on the text of what LLVM made. Only loops that stand in no other loop are changed: what a
loop inside another one reads is mostly in the cache.
"""

import re
from itertools import count

from llvmlite import binding
from numba.core.codegen import JITCodeLibrary

_DISTANCE = 2048
"""Bytes from what is read to what is asked for: far enough for slow memory, and little beside the nearest cache."""

_LABEL = re.compile(r'^([\w.$-]+|"[^"]+"):')
_TARGET = re.compile(r'label %([\w.$-]+|"[^"]+")')
_LOAD = re.compile(r"^  %\S+ = load <\d+ x \w+>, ptr (%\S+), align")
_DECLARED = "declare void @llvm.prefetch.p0("


class Library(JITCodeLibrary):
    """What Numba compiles a function to, with such loops."""

    def _optimize_final_module(self):
        super()._optimize_final_module()
        text = str(self._final_module)
        changed = looking_ahead(text)
        if changed != text:
            name = self._final_module.name
            self._final_module = binding.parse_assembly(changed)
            self._final_module.name = name


def looking_ahead(text):
    """A module in LLVM's language whose outermost loops over vectors ask for what they read next."""
    if " = load <" not in text:
        return text
    lines, start, changed = text.split("\n"), 0, []
    while start < len(lines):
        end = lines.index("}", start) if lines[start].startswith("define ") else start
        changed += _function(lines[start : end + 1])
        start = end + 1
    if len(changed) > len(lines) and not any(line.startswith(_DECLARED) for line in lines):
        changed.append(f"{_DECLARED}ptr, i32, i32, i32)")
    return "\n".join(changed)


def _function(lines):
    """The lines of a function. One that asks already, since it comes from another module, is left as it is."""
    if len(lines) == 1 or any("@llvm.prefetch" in line for line in lines):
        return lines
    blocks = _blocks(lines)
    targets = {label: _targets(block) for label, block in blocks.items()}
    numbers = count()
    changed = []
    for label, block in blocks.items():
        loop = _is_outermost(label, targets)
        changed += [new for line in block for new in (line, *(_request(line, numbers) if loop else ()))]
    return changed


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
    """Whether a block is a loop by itself, and in no other loop."""
    if label not in targets[label]:
        return False
    seen, waiting = set(), sorted(targets[label] - {label})
    while waiting:
        block = waiting.pop()
        if block not in seen:
            seen.add(block)
            waiting += sorted(targets[block])
    return label not in seen


def _request(line, numbers):
    """The lines that ask for a vector further on, after a line that reads one."""
    found = _LOAD.match(line)
    if not found:
        return ()
    name = f"%ahead.{next(numbers)}"
    place = f"  {name} = getelementptr i8, ptr {found[1]}, i64 {_DISTANCE}"
    return place, f"  call void @llvm.prefetch.p0(ptr {name}, i32 0, i32 3, i32 1)"
