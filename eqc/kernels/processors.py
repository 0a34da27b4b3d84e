"""Which processors threads may run on.

A thread that is woken often waits for the very processor that wakes it, while others are idle: where many threads have
just been at work, Linux does not look for an idle one, and may choose the same in vain for a long time.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterable
from functools import cache


def keep_off(threads: Iterable[int]) -> None:
    """Have threads, by their native ids, run on other processors than this one, where the system lets us say so."""
    current = _current()
    if current is None:
        return
    allowed = os.sched_getaffinity(0)
    others = allowed - {current()}
    for thread in threads if others else ():
        os.sched_setaffinity(thread, others)


@cache
def _current() -> Callable[[], int] | None:
    """What says which processor this thread runs on."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    try:
        return ctypes.CDLL(None).sched_getcpu
    except (AttributeError, OSError):
        return None
