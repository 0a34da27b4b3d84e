"""Memory for results: large arrays that nobody holds any more are used again.

The system clears every page of a large new array when it is first written, which takes longer than most kernels. For
smaller arrays, and for what kernels need themselves, GNU's C library does without new pages once an array of that size
was freed; so one is, that is never written.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from functools import partial
from math import prod
from typing import Final

import numpy as np

from eqc.kernels.shapes import Shape
from eqc.kernels.values import Array, DType

LARGE: Final = 1 << 17
"""Bytes from which memory is kept."""

LINE: Final = 64
"""Bytes of a line of the cache, where large arrays begin: vectors that cross lines are stored at half the speed."""

LINED: Final = 1 << 13
"""Bytes from which that takes longer than finding such a place, in compiled code."""

KEPT: Final = 1 << 28
"""Bytes that are kept at most."""


class Pool:
    """Blocks of memory that results were written to; a block is free once no array refers to it.

    >>> pool = Pool()
    >>> first = pool.empty((1 << 17,), np.dtype(float))
    >>> place = first.ctypes.data
    >>> del first
    >>> pool.empty((2, 1 << 16), np.dtype(float)).ctypes.data == place
    True
    """

    def __init__(self) -> None:
        self._blocks: list[Array] = []
        self._lock = threading.Lock()

    def empty(self, shape: Shape, dtype: DType) -> Array:
        """An array whose values are whatever the memory holds."""
        size = prod(shape) * dtype.itemsize
        if size < LARGE:
            return np.empty(shape, dtype)
        with self._lock:
            return self._block(size).view(dtype).reshape(shape)

    def release(self) -> None:
        """Give all free memory back to the system."""
        with self._lock:
            for n in reversed(range(len(self._blocks))):
                if self._is_free(n):
                    del self._blocks[n]

    def _block(self, size: int) -> Array:
        """A view of a free block of a size, or of a new one; the block that was used last is the last to go."""
        for n in range(len(self._blocks)):
            if self._blocks[n].nbytes == size + LINE and self._is_free(n):
                self._blocks.append(self._blocks.pop(n))
                return _whole_lines(self._blocks[-1], size)
        self._make_room(size)
        block = np.empty(size + LINE, np.uint8)
        if self._total() + size <= KEPT:
            self._blocks.append(block)
        return _whole_lines(block, size)

    def _make_room(self, size: int) -> None:
        n = 0
        while n < len(self._blocks) and self._total() + size > KEPT:
            if self._is_free(n):
                del self._blocks[n]
            else:
                n += 1

    def _is_free(self, n: int) -> bool:
        """Whether only the pool refers to a block."""
        return sys.getrefcount(self._blocks[n]) <= _ALONE

    def _total(self) -> int:
        return sum(block.nbytes for block in self._blocks)


def _whole_lines(block: Array, size: int) -> Array:
    """So many bytes of a block, from where a line of the cache begins."""
    start = -block.ctypes.data % LINE
    return block[start : start + size]


_ONE = [np.empty(0)]
_ALONE = sys.getrefcount(_ONE[0])
"""What is counted of an object in a list that nothing else refers to."""

FREED: Final = 1 << 24
"""Bytes of the array that is freed at once: the library keeps up to twice as many for the next arrays."""

np.empty(FREED, np.uint8)

POOL: Final = Pool()
"""The memory of this process."""


def memory_for(shape: Shape, dtype: DType) -> Callable[[], Array]:
    """A function that gives new memory for a result, from what is kept if it is large."""
    large = prod(shape) * dtype.itemsize >= LARGE
    return partial(POOL.empty if large else np.empty, shape, dtype)
