"""Which processors threads may run on.

A thread that is woken often waits for the very processor that wakes it, while others are idle: where many threads have
just been at work, Linux does not look for an idle one, and may choose the same in vain for a long time.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from threading import Thread


def keep_off(threads: Iterable[Thread]) -> None:
    """Have threads run on other processors than this one, where the system lets us say so."""
    current = _current()
    if current is None:
        return
    others = os.sched_getaffinity(0) - {current()}
    for thread in threads if others else ():
        if thread.native_id is not None:
            with suppress(OSError):  # a sandbox may forbid it
                os.sched_setaffinity(thread.native_id, others)


@cache
def _current() -> Callable[[], int] | None:
    """What says which processor this thread runs on."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    try:
        return ctypes.CDLL(None).sched_getcpu
    except (AttributeError, OSError):
        return None
