# eqc-inputs: 270613c276f2bcf404bb406ea6164b33b5db04f90e22fa96c0266f0ce99d565c
"""Loops over long arrays ask for what they will read: the processor looks ahead over a few hundred instructions only.

Where each element takes many, it waits for memory at every other line. LLVM has a pass for this, which it runs for
other processors.
"""

import re

_DISTANCE = 4096
"""Bytes from what is read to what is asked for: far enough for slow memory, and little beside the nearest cache."""

_LOAD = re.compile(r"^  %\S+ = load <\d+ x \w+>, ptr (%\S+), align")

REQUEST = "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)"
"""What a module declares that has such loops."""


def ask_ahead(blocks, label, number):
    """Let the loop of a block, the so many-th, ask for a vector further on after each one that it reads."""
    changed = []
    for line in blocks[label]:
        changed.append(line)
        found = _LOAD.match(line)
        if found:
            name = f"%ahead.{number}.{len(changed)}"
            changed.append(f"  {name} = getelementptr i8, ptr {found[1]}, i64 {_DISTANCE}")
            changed.append(f"  call void @llvm.prefetch.p0(ptr {name}, i32 0, i32 3, i32 1)")
    blocks[label] = changed
