"""Calls whose items have the same matrices: one kernel for all of them, by products of matrices.

Where each item had a product of a matrix and a vector, all items together have one of two matrices; and the cotangents
of the matrices come out summed over the items, rather than as one matrix for each.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from types import ModuleType
from typing import Any, Final

import numpy as np

from eqc.kernels.shapes import Layout
from eqc.kernels.signature import Signature, Tensor, form_of

WORTH: Final = 1 << 18
"""Multiplications from which the kernel for all items is worth being loaded."""


class Together:
    """The counterpart of one kernel for many items with the same matrices; `load` imports its module.

    `functions` are what people passed for function inputs.
    """

    def __init__(
        self, signature: Signature, kernel: str, load: Callable[[], ModuleType], functions: tuple[Any, ...] = ()
    ) -> None:
        form = form_of(signature, kernel)
        shared = {tensor.name for tensor in signature.inputs if is_shared(tensor)}
        tangents = {f"{name}_dot" for name in shared} if kernel == "jvp" else set()
        self.operands = (
            *(tensor.name in shared for tensor in signature.inputs),
            *(tensor.name in tangents for tensor in form.extras),
        )
        self.results = tuple(kernel == "vjp" and tensor.name in shared for tensor in form.results)
        self._name = f"{signature.id}_into" if kernel == "value" else f"{signature.id}_{kernel}_into"
        self._load = load
        self._given = functions
        self._function: Callable[..., object] | None = None

    def takes(self, layout: Layout) -> bool:
        """Whether a call has one item of each matrix, several of something else, and is long enough."""
        matrices = [n for n, shared in enumerate(self.operands) if shared]
        size = sum(prod(layout.cores[n]) for n in matrices)
        return (
            layout.front == 0
            and layout.items > 1
            and layout.items * size >= WORTH
            and all(prod(layout.leads[n] or ()) == 1 for n in matrices)
        )

    def call(self, *arguments: Any) -> object:
        """Run the kernel on operands and memory for results that have the items as their first axis."""
        if self._function is None:
            self._function = getattr(self._load(), self._name)
        return self._function(*self._given, *map(_as_one, (*self.operands, *self.results), arguments))


def is_shared(tensor: Tensor) -> bool:
    """Whether all items are taken to have the same of an input: matrices of real numbers."""
    return tensor.kind == "real" and len(tensor.shape) > 1


def _as_one(shared: bool, argument: Any) -> Any:
    """An argument for one item of the kernel, which is all items."""
    return argument if shared or not isinstance(argument, np.ndarray) else argument[np.newaxis]
