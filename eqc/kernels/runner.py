"""Calling one `…_into` function of a generated module with whatever arrays people pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any

import numpy as np

from eqc.errors import BuildError
from eqc.kernels.batch import Direct, Sink, Summed, block_size, feed, run_blocks
from eqc.kernels.binding import Zero
from eqc.kernels.functions import describe
from eqc.kernels.memory import LARGE, POOL
from eqc.kernels.results import check_distinct, check_out, share_memory
from eqc.kernels.shapes import Layout, Shape, lay_out
from eqc.kernels.signature import Form, Signature, Tensor
from eqc.kernels.values import INT64, Array, DType, Operand, convert, read_operands
from eqc.kernels.workers import Pace

_REMEMBERED = 256

_SHORT = 1 << 14
"""Numbers up to which a call is too short to be worth a look at the clock."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a call goes whose operands are contiguous arrays of the right dtype, with the same leading axes."""

    dtype: DType
    layout: Layout
    dtypes: tuple[DType, ...]
    make: Callable[..., Array]
    pace: Pace | None


def _planned(dtype: DType, layout: Layout, dtypes: tuple[DType, ...]) -> _Plan:
    """Large results take memory from the pool, and many items may be shared out among threads."""
    sizes = [prod(shape) for shape in (*layout.blocks, *layout.buffers)]
    large = any(prod(s) * d.itemsize >= LARGE for s, d in zip(layout.buffers, dtypes, strict=True))
    pace = Pace() if layout.items > 1 and sum(sizes) > _SHORT else None
    return _Plan(dtype, layout, dtypes, POOL.empty if large else np.empty, pace)


def _key(values: Sequence[Any]) -> tuple[object, ...] | None:
    """What decides how a call goes, if it is one of contiguous arrays only."""
    key: list[object] = []
    for value in values:
        if type(value) is not np.ndarray or not value.flags.carray:
            return None
        key += (value.dtype, value.shape)
    return tuple(key)


def _results(buffers: list[Array], layout: Layout) -> list[Any]:
    """What people get for the memory that a function wrote to; a NumPy scalar for a number."""
    if layout.batch:
        return [buffer.reshape(layout.batch + buffer.shape[1:]) for buffer in buffers]
    return [buffer[0] for buffer in buffers]


def _remember(memory: dict[Any, Any], key: tuple[object, ...], value: object) -> None:
    """Keep a value, and forget the others once they are many."""
    if len(memory) >= _REMEMBERED:
        memory.clear()
    memory[key] = value


class Runner:
    """One kernel's function: checks and converts operands, gives it buffers, and runs it over the leading axes.

    `functions` are what people passed for function inputs.

    `loading` is entered around the first call for each dtype, when Numba compiles the function or loads it.
    """

    def __init__(
        self,
        signature: Signature,
        form: Form,
        function: Callable[..., object],
        loading: Callable[[], AbstractContextManager[None]],
        functions: tuple[Any, ...] = (),
    ) -> None:
        self.signature = signature
        self.form = form
        self.tensors = signature.inputs + form.extras
        self._everything = tuple(range(len(form.results)))
        self._fixed = [None if tensor.kind == "real" else INT64 for tensor in form.results]
        self._function = partial(function, *functions) if functions else function
        self._given = functions
        self._loading = loading
        self._loaded: set[DType] = set()
        self._layouts: dict[tuple[object, ...], Layout] = {}
        self._plans: dict[tuple[object, ...] | None, _Plan] = {}

    def run(self, values: Sequence[Any], wanted: tuple[int, ...] | None = None, out: Sequence[Any] = ()) -> list[Any]:
        """The wanted results (all by default) for one value per operand, `out` being memory for them or empty."""
        operands, dtype = read_operands(self.tensors, values)
        layout = self.layout(operands)
        some = wanted is not None and len(wanted) < len(self._everything)
        wanted = self._everything if wanted is None else wanted
        if out or not layout.is_even or (layout.batch and some):
            call = _Call(self.tensors, self.form, operands, dtype, layout)
            return call.run(lambda *arguments: self._invoke(dtype, arguments), wanted, out)
        self._plan(values, dtype, layout)
        results = self._run_whole(operands, dtype, layout)
        return results if wanted is self._everything else [results[i] for i in wanted]

    def repeat(self, values: Sequence[Any], wanted: tuple[int, ...] | None = None) -> list[Any] | None:
        """The wanted results, if an earlier call had the same shapes and dtypes, so that nothing is left to check.

        None if no call had; see `_Plan`.
        """
        plan = self._plans.get(_key(values))
        if plan is None or (plan.layout.batch and wanted is not None and len(wanted) < len(self._everything)):
            return None
        layout = plan.layout
        buffers = list(map(plan.make, layout.buffers, plan.dtypes))
        self._invoke(plan.dtype, (*map(np.ndarray.reshape, values, layout.blocks), *buffers), plan)
        results = _results(buffers, layout)
        return results if wanted is None else [results[i] for i in wanted]

    def _plan(self, values: Sequence[Any], dtype: DType, layout: Layout) -> None:
        """Remember how the call goes, if every value reaches the function as it is."""
        key = _key(values)
        if key is None or not layout.items or any(tensor.per_call for tensor in self.tensors):
            return
        if all(value.dtype is _final(tensor, dtype) for tensor, value in zip(self.tensors, values, strict=True)):
            _remember(self._plans, key, _planned(dtype, layout, tuple(fixed or dtype for fixed in self._fixed)))

    def _run_whole(self, operands: list[Operand], dtype: DType, layout: Layout) -> list[Any]:
        """All results at once, for operands that have the same leading axes: the common and fast case."""
        arguments: list[Any] = []
        for tensor, operand, shape in zip(self.tensors, operands, layout.blocks, strict=True):
            if isinstance(operand, np.ndarray):
                arguments.append(convert(tensor, operand, dtype).reshape(shape))
            else:
                arguments.append(np.zeros(shape, dtype) if isinstance(operand, Zero) else operand)
        buffers = [POOL.empty(shape, fixed or dtype) for shape, fixed in zip(layout.buffers, self._fixed, strict=True)]
        if layout.items:
            self._invoke(dtype, (*arguments, *buffers))
        return _results(buffers, layout)

    def layout(self, operands: Sequence[Operand]) -> Layout:
        """The shapes of a call, remembered by the operands' shapes."""
        key = tuple([operand.shape if isinstance(operand, np.ndarray) else operand for operand in operands])
        layout = self._layouts.get(key)
        if layout is None:
            layout = lay_out(self.signature, self.form, operands)
            _remember(self._layouts, key, layout)
        return layout

    def compile(self, dtype: DType) -> None:
        """Have Numba compile the function for one dtype, or load it from its cache, without running it."""
        compiler: Any = self._function
        arguments = [
            1 if tensor.per_call else np.empty((1,) * (1 + len(tensor.shape)), _final(tensor, dtype))
            for tensor in self.tensors + self.form.results
        ]
        with self._loading():
            compiler.compile(tuple(compiler.typeof_pyval(argument) for argument in arguments))
        self._loaded.add(dtype)

    def _invoke(self, dtype: DType, arguments: tuple[Any, ...], plan: _Plan | None = None) -> None:
        try:
            if dtype in self._loaded:
                if plan is not None and plan.pace is not None:
                    plan.pace.run(self._function, arguments, plan.layout.items)
                else:
                    self._function(*arguments)
                return
            with self._loading():
                self._function(*arguments)
            self._loaded.add(dtype)
        except IndexError as error:
            raise _located(error) from None
        except ValueError as error:
            raise _named(error) from None
        except Exception as error:
            if not self._given or type(error).__name__ not in _TYPING_ERRORS:
                raise
            raise _uncallable(self.signature, self._given, error) from error


@dataclass(frozen=True, slots=True)
class _Call:
    """A call with leading axes or with memory given for results."""

    tensors: tuple[Tensor, ...]
    form: Form
    operands: list[Operand]
    dtype: DType
    layout: Layout

    def run(self, function: Callable[..., object], wanted: tuple[int, ...], out: Sequence[Any]) -> list[Any]:
        """The wanted results, in the memory given for them."""
        layout, given = self.layout, self._check_out(wanted, out)
        ready = [self._ready(i, given.values()) for i in range(len(self.tensors))]
        results = {i: self._sink(i, given.get(i)) for i in wanted}
        sinks = [results.get(i) or self._dropped(i) for i in range(len(layout.results))]
        if layout.items:
            step = block_size(ready, layout.leads, sinks, layout.items)
            feeds = [feed(one, lead, layout.batch, step) for one, lead in zip(ready, layout.leads, strict=True)]
            run_blocks(function, feeds, sinks, layout.items, step)
        return [results[i].result() for i in wanted]

    def _check_out(self, wanted: tuple[int, ...], out: Sequence[Any]) -> Mapping[int, Array]:
        """The arrays given for results, by the results' numbers."""
        if out and len(out) != len(wanted):
            raise ValueError(f"out has {len(out)} arrays, but the number of results is {len(wanted)}")
        given = {i: array for i, array in zip(wanted, out, strict=False) if array is not None}
        for i, array in given.items():
            result = self.form.results[i]
            check_out(array, result.name, self._shape(i), _final(result, self.dtype))
            self._check_sharing(result, array)
        check_distinct((self.form.results[i].name, array) for i, array in given.items())
        return given

    def _check_sharing(self, result: Tensor, array: Array) -> None:
        for tensor, operand in zip(self.tensors, self.operands, strict=True):
            if tensor.name != result.updates and isinstance(operand, np.ndarray) and share_memory(array, operand):
                raise ValueError(f"out for {result.name} shares memory with {tensor.name}")

    def _ready(self, index: int, given: Iterable[Array]) -> Array | int:
        """An operand as generated functions take it, apart from the memory that results are written to."""
        tensor, operand = self.tensors[index], self.operands[index]
        if isinstance(operand, Zero):
            return np.zeros(self.layout.cores[index], self.dtype)
        if isinstance(operand, int):
            return operand
        array = convert(tensor, operand, self.dtype)
        return array.copy() if any(share_memory(array, memory) for memory in given) else array

    def _sink(self, index: int, out: Array | None) -> Direct | Summed:
        layout, dtype = self.layout, _final(self.form.results[index], self.dtype)
        lead, core = layout.targets[index], layout.results[index]
        if lead == layout.batch:
            return Direct(layout.batch, core, dtype, out)
        return Summed(layout.batch, core, dtype, lead, layout.front, out)

    def _dropped(self, index: int) -> Sink:
        return Sink(self.layout.batch, self.layout.results[index], _final(self.form.results[index], self.dtype))

    def _shape(self, index: int) -> Shape:
        return self.layout.targets[index] + self.layout.results[index]


def _final(tensor: Tensor, dtype: DType) -> DType:
    return dtype if tensor.kind == "real" else INT64


_TYPING_ERRORS = ("TypingError", "LoweringError", "UnsupportedError")
"""What Numba raises for code that it cannot compile; kernels themselves never bring that about."""


def _named(error: ValueError) -> ValueError:
    """Generated functions raise a wrong result of a function with its name, its shape and the shape it should have."""
    if len(error.args) != 4:
        return error
    message, name, shape, wanted = error.args
    return ValueError(f"{name} gave {message}: {shape}, but the glossary says {wanted}")


def _uncallable(signature: Signature, functions: tuple[Any, ...], error: Exception) -> BuildError:
    """The error for a function that Numba cannot compile for the arguments, or whose value has the wrong form."""
    names = ", ".join(function.py_func.__name__ for function in functions)
    wanted = "; ".join(describe(signature, name) for name in dict.fromkeys(f.name for f in signature.functions))
    return BuildError(
        None,
        written=f"{signature.id} with {names}",
        rule=f"Numba cannot compile {signature.id} with these functions",
        remedy=f"check what they take and give: {wanted}. Numba says: {_last_line(error)}",
    )


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith(("File", "<source", "During", "Failed", "^"))]
    return (told or lines or [""])[0]


def _located(error: IndexError) -> IndexError:
    """Generated functions raise a position out of range with its value and range as further arguments."""
    if len(error.args) != 4:
        return error
    message, value, low, high = error.args
    return IndexError(f"{message.partition(':')[0]} has the value {value}, outside its range {low} to {high}")
