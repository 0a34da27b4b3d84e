"""Leading axes: operands repeated to the batch and results stored, in blocks so that temporaries stay small.

Every operand reaches a generated function with the whole batch as one leading axis, contiguous: zero strides would
need a compilation of their own for every combination of operands, and would keep matrix products from BLAS. An operand
with one item reaches a function as it is, if the function takes that for all items.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, Final

import numpy as np

from eqc.kernels.memory import POOL
from eqc.kernels.shapes import Shape
from eqc.kernels.values import FLOAT64, Array, DType

TEMPORARY_BYTES: Final = 1 << 20  # repeated operands and results that are summed or not wanted, per block of items

Feed = Callable[[int, int], Any]


class Sink:
    """Where one result goes; this one drops it."""

    def __init__(self, batch: Shape, core: Shape, dtype: DType) -> None:
        self.batch, self.core, self.dtype = batch, core, dtype
        self._block = np.empty((0, *core), dtype)

    def buffer(self, low: int, high: int) -> Array:
        """The memory for the items from `low` to `high`: the same for all blocks, of which the first is the largest."""
        if len(self._block) < high - low:
            self._block = np.empty((high - low, *self.core), self.dtype)
        return self._block[: high - low]

    def store(self, low: int, high: int, block: Array) -> None:
        """Take the items that were written."""

    def bytes_per_item(self) -> int:
        """The temporary memory that one item takes."""
        return prod(self.core) * self.dtype.itemsize


class Direct(Sink):
    """A result of the batch's shape, written in place: into `out` if that is contiguous."""

    def __init__(self, batch: Shape, core: Shape, dtype: DType, out: Array | None) -> None:
        super().__init__(batch, core, dtype)
        flat = (prod(batch), *core)
        self._out = out
        self._target = POOL.empty(flat, dtype) if out is None or not out.flags.carray else out.reshape(flat)

    def buffer(self, low: int, high: int) -> Array:
        return self._target[low:high]

    def bytes_per_item(self) -> int:
        return 0

    def result(self) -> Any:
        """The result once every block is stored; a NumPy scalar if it has no axes."""
        whole = self._target.reshape(self.batch + self.core)
        if self._out is None:
            return whole[()]
        if not self._out.flags.carray:
            self._out[...] = whole
        return self._out


class Summed(Sink):
    """A result that is summed, in float64, over the axes of the batch that `lead` lacks behind its first `front`."""

    def __init__(self, batch: Shape, core: Shape, dtype: DType, lead: Shape, front: int, out: Array | None) -> None:
        super().__init__(batch, core, dtype)
        self._lead, self._out = lead, out
        self._padded = lead[:front] + (1,) * (len(batch) - len(lead)) + lead[front:]
        self._axes = tuple(axis for axis, size in enumerate(self._padded) if size != batch[axis])
        self._total = np.zeros((prod(lead), *core), FLOAT64)
        self._rows: Array | None = None

    def store(self, low: int, high: int, block: Array) -> None:
        if high - low == prod(self.batch):
            whole = block.reshape(self.batch + self.core)
            self._total += np.sum(whole, axis=self._axes, dtype=FLOAT64).reshape(self._total.shape)
        elif self._total.shape[0] == 1:
            self._total[0] += np.sum(block, axis=0, dtype=FLOAT64)
        else:
            self._rows = row_numbers(self._padded, self.batch) if self._rows is None else self._rows
            np.add.at(self._total, self._rows[low:high], block)

    def result(self) -> Any:
        """The sum once every block is stored; a NumPy scalar if it has no axes."""
        whole = self._total.reshape(self._lead + self.core)
        if self._out is None:
            return whole.astype(self.dtype)[()]
        self._out[...] = whole
        return self._out


def row_numbers(lead: Shape, batch: Shape) -> Array:
    """For each item of the batch, in C order, the item of an operand with these leading axes.

    >>> row_numbers((2, 1), (2, 3))
    array([0, 0, 0, 1, 1, 1])
    """
    return np.broadcast_to(np.arange(prod(lead)).reshape(lead), batch).reshape(-1)


def feed(operand: Array | int, lead: Shape | None, batch: Shape, step: int, *, alone: bool = False) -> Feed:
    """A function from a range of at most `step` items to the operand's part of it, as one contiguous array.

    An operand that stands `alone` has one item that serves all.
    """
    if isinstance(operand, int) or lead is None:
        return lambda low, high: operand
    items, core = prod(lead), operand.shape[len(lead) :]
    flat = operand.reshape((items, *core))
    if alone:
        return lambda low, high: flat
    if items == prod(batch):
        return lambda low, high: flat[low:high]
    if items == 1:
        block = flat if step == 1 else np.repeat(flat, step, axis=0)
        return lambda low, high: block[: high - low]
    rows = row_numbers(lead, batch)
    return lambda low, high: flat[rows[low:high]]


def block_size(
    operands: Sequence[Array | int],
    leads: Sequence[Shape | None],
    alone: Sequence[bool],
    sinks: Sequence[Sink],
    items: int,
) -> int:
    """How many items to run at once so that the temporary memory stays bounded."""
    size = sum(sink.bytes_per_item() for sink in sinks)
    for operand, lead, is_alone in zip(operands, leads, alone, strict=True):
        if isinstance(operand, np.ndarray) and lead is not None and prod(lead) != items and not is_alone:
            size += operand.nbytes // max(1, prod(lead))
    return max(1, min(items, TEMPORARY_BYTES // max(1, size)))


def run_blocks(
    function: Callable[..., object], feeds: Sequence[Feed], sinks: Sequence[Sink], items: int, step: int
) -> None:
    """Call the function on one block of items after another."""
    for low in range(0, items, step):
        high = min(low + step, items)
        blocks = [sink.buffer(low, high) for sink in sinks]
        function(*(part(low, high) for part in feeds), *blocks)
        for sink, block in zip(sinks, blocks, strict=True):
            sink.store(low, high, block)
