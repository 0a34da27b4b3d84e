"""Items whose results left the range of floats on the way, computed again in wide numbers.

A watched kernel says whether some result is not finite. Only then the items are looked for whose data are finite, and
the record's module of wide numbers is imported, and compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from math import prod
from types import ModuleType
from typing import Any, Final

import numpy as np

from eqc.kernels.direct import stored_entry
from eqc.kernels.signature import Signature, Tensor, form_of
from eqc.kernels.values import FLOAT64, INT64, Array
from eqc.kernels.workers import in_parts, thread_count

_AT_ONCE: Final = 1 << 17
"""Numbers of inputs and results that are copied at once; if that helps no item, no more are tried."""

_SHARED: Final = 64
"""Items from which several threads take part."""


class Mending:
    """The kernel of a signature in wide numbers, for the arguments of its `…_into` function in floats.

    It takes about a microsecond for every operation. So that logarithms of a million zeros do not take minutes, it
    gives up once many items, from all over the call, were as infinite as before.

    `load` imports the module of wide numbers; `loading` is entered when Numba compiles a function of it.
    """

    def __init__(
        self,
        signature: Signature,
        kernel: str,
        load: Callable[[], ModuleType],
        loading: Callable[[], AbstractContextManager[None]],
    ) -> None:
        form = form_of(signature, kernel)
        self._operands = signature.inputs + form.extras
        self._results = form.results
        self._steps = _steps(kernel, form.values)
        self._own = len(signature.inputs)
        self._id = signature.id
        self._load = load
        self._loading = loading
        self._functions: list[Callable[..., object]] = []

    def run(self, arguments: Sequence[Any]) -> None:
        """Mend the results among the arguments, which have the items as their first axis."""
        given, results = arguments[: len(self._operands)], arguments[len(self._operands) :]
        with np.errstate(all="ignore"):
            rows = self._lost(given, results)
            size = sum(prod(a.shape[1:]) for a in arguments if isinstance(a, np.ndarray))
            parts = -(-len(rows) * size // _AT_ONCE)
            for part in range(parts):
                if not self._mend(given, results, rows[part::parts]):
                    return

    def _lost(self, given: Sequence[Any], results: Sequence[Array]) -> Array:
        """The items with a result that is not finite and data that are."""
        lost = ~_finite(self._results, results, len(results[0]))
        lost[lost] = _finite(self._operands, [_rows(a, lost) for a in given], int(lost.sum()))
        return np.flatnonzero(lost)

    def _mend(self, given: Sequence[Any], results: Sequence[Array], rows: Array) -> bool:
        """Compute some items again; whether that made one of them finite."""
        inputs = [_wide(tensor, _rows(a, rows)) for tensor, a in zip(self._operands, given, strict=True)]
        found = [np.empty((len(rows), *a.shape[1:]), _dtype(t)) for t, a in zip(self._results, results, strict=True)]
        self._call(inputs, found, len(rows))
        for array, new in zip(results, found, strict=True):
            array[rows] = np.where(np.isnan(new), array[rows], new)
        return bool(_finite(self._results, [a[rows] for a in results], len(rows)).any())

    def _call(self, inputs: list[Any], found: list[Array], items: int) -> None:
        """Every function of wide numbers that this kernel needs, at first on one item, which compiles it."""
        fresh = not self._functions
        if fresh:
            module = self._load()
            self._functions = [getattr(module, _name(self._id, kernel)) for kernel, *_ in self._steps]
        for function, (kernel, part, seeded) in zip(self._functions, self._steps, strict=True):
            given = inputs[: self._own] if kernel == "value" else inputs
            arguments = [*given, *([np.ones(items)] if seeded else []), *found[part]]
            if fresh:
                with self._loading():
                    stored_entry(function, arguments)
                    in_parts(function, arguments, 1, 1)
            in_parts(function, arguments, items, thread_count() if items >= _SHARED else 1)


def _steps(kernel: str, values: int) -> tuple[tuple[str, slice, bool], ...]:
    """The functions of wide numbers that give a kernel's results: which results, and whether for a cotangent of 1."""
    value, slopes = ("value", slice(values), False), slice(values, None)
    steps = {
        "gradient": (("vjp", slopes, True),),
        "value_and_gradient": (value, ("vjp", slopes, True)),
        "value_and_vjp": (value, ("vjp", slopes, False)),
    }
    return steps.get(kernel, ((kernel, slice(None), False),))


def _name(record_id: str, kernel: str) -> str:
    return f"{record_id}_into" if kernel == "value" else f"{record_id}_{kernel}_into"


def _rows(argument: Any, rows: Array) -> Any:
    """The chosen items; one item that serves all is left as it is."""
    return argument[rows] if isinstance(argument, np.ndarray) and len(argument) > 1 else argument


def _dtype(tensor: Tensor) -> Any:
    return FLOAT64 if tensor.kind == "real" else INT64


def _wide(tensor: Tensor, argument: Any) -> Any:
    return np.ascontiguousarray(argument, _dtype(tensor)) if isinstance(argument, np.ndarray) else argument


def _finite(tensors: Sequence[Tensor], arrays: Sequence[Any], items: int) -> Array:
    """Which items have finite entries only in the arrays of reals."""
    found = np.ones(items, bool)
    for tensor, array in zip(tensors, arrays, strict=True):
        if tensor.kind == "real":
            found &= np.isfinite(array).reshape(len(array), prod(array.shape[1:])).all(axis=1)
    return found
