"""Calls whose items have the same matrices: one kernel for all of them, by products of matrices.

Where each item had a product of a matrix and a vector, all items together have one of two matrices; and the cotangents
of the matrices come out summed over the items, rather than as one matrix for each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from math import prod
from types import ModuleType
from typing import Any, Final

import numpy as np

from eqc.kernels.direct import stored_entry
from eqc.kernels.pace import Pace
from eqc.kernels.plans import remember
from eqc.kernels.shapes import Layout
from eqc.kernels.signature import Signature, Tensor, form_of
from eqc.kernels.teams import Shared, solo
from eqc.kernels.values import DType

WORTH: Final = 1 << 18
"""Multiplications from which the kernel for all items is worth being loaded."""


class Together:
    """The counterpart of one kernel for many items with the same matrices; `load` imports its module.

    `functions` are what people passed for function inputs, `loading` is entered when Numba compiles something.
    """

    def __init__(
        self,
        signature: Signature,
        kernel: str,
        load: Callable[[], ModuleType],
        loading: Callable[[], AbstractContextManager[None]],
        functions: tuple[Any, ...] = (),
    ) -> None:
        form = form_of(signature, kernel)
        shared = {tensor.name for tensor in signature.inputs if is_shared(tensor)}
        tangents = {f"{name}_dot" for name in shared} if kernel == "jvp" else set()
        self.operands = (
            *(tensor.name in shared for tensor in signature.inputs),
            *(tensor.name in tangents for tensor in form.extras),
        )
        self.results = tuple(form.summed and tensor.name in shared for tensor in form.results)
        self._kernel = kernel
        self._name = f"{signature.id}_into" if kernel == "value" else f"{signature.id}_{kernel}_into"
        self._load, self._loading = load, loading
        self._given = functions
        self._function: Callable[..., object] | None = None
        self._has_teams = False
        self._known: set[tuple[DType, ...]] = set()
        self._paces: dict[Any, Pace] = {}

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
        """Run the kernel on operands and memory for results that have the items as their first axis.

        Calls with the same shapes are run by several threads once they prove to be long.
        """
        function, ready = self._open(), self._ready(arguments)
        if not self._has_teams:
            return self._loaded(function, ready)(*ready)
        key = tuple((a.shape, a.dtype) for a in arguments if isinstance(a, np.ndarray))
        if key in self._paces:
            return self._paces[key].run(*ready)
        found = self._by_one(*ready)
        remember(self._paces, key, Pace(self._by_one, Shared(function, self._loading, alone=self._by_one)))
        return found

    def compile(self, arguments: Sequence[Any]) -> None:
        """Have Numba compile the kernel for arguments such as these, or load it from its cache, without running it."""
        with self._loading():
            compiler: Any = self._open()
            ready = [*self._ready(arguments), *([solo()] if self._has_teams else [])]
            compiler.compile(tuple(map(compiler.typeof_pyval, ready)))

    def _open(self) -> Callable[..., object]:
        if self._function is None:
            module = self._load()
            self._function = getattr(module, self._name)
            self._has_teams = self._kernel in module.SIGNATURE.get("teams", ())
        return self._function

    def _by_one(self, *ready: Any) -> object:
        """A call of the kernel, which knows teams, by a team of one thread."""
        ended = *ready, solo()
        return self._loaded(self._open(), ended)(*ended)

    def _loaded(self, function: Callable[..., object], given: Sequence[Any]) -> Callable[..., object]:
        """The function, which is loaded for such a call if it is stored on disk."""
        dtypes = tuple(a.dtype for a in given if isinstance(a, np.ndarray))
        if dtypes not in self._known:
            self._known.add(dtypes)
            stored_entry(function, given)
        return function

    def _ready(self, arguments: Sequence[Any]) -> list[Any]:
        """What the kernel takes for operands and memory."""
        return [*self._given, *map(_as_one, (*self.operands, *self.results), arguments)]


def is_shared(tensor: Tensor) -> bool:
    """Whether all items are taken to have the same of an input: matrices of real numbers."""
    return tensor.kind == "real" and len(tensor.shape) > 1


def _as_one(shared: bool, argument: Any) -> Any:
    """An argument for one item of the kernel, which is all items."""
    return argument if shared or not isinstance(argument, np.ndarray) else argument[np.newaxis]
