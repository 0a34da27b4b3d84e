"""Calling one `…_into` function of a generated module with whatever arrays people pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from operator import is_
from typing import Any

import numpy as np

from eqc.kernels.batch import Direct, Sink, Summed, block_size, feed, run_blocks
from eqc.kernels.binding import Zero
from eqc.kernels.complaints import TYPING_ERRORS, reworded, uncallable
from eqc.kernels.direct import Call, Given, ended_by, stored_entry
from eqc.kernels.looks import Short
from eqc.kernels.memory import POOL
from eqc.kernels.native import compile_beside
from eqc.kernels.plans import NUMBERS, Key, Mend, Plan, key_of, plan_call, remember
from eqc.kernels.results import Selection, check_distinct, check_out, results_of, share_memory
from eqc.kernels.shapes import Layout, Shape, lay_out
from eqc.kernels.shortcuts import Shortcuts
from eqc.kernels.signature import Form, Signature, Tensor
from eqc.kernels.single import Core, Single, single
from eqc.kernels.spare import Spare
from eqc.kernels.straight import package_of
from eqc.kernels.teams import Shared
from eqc.kernels.together import Together
from eqc.kernels.totals import Adder
from eqc.kernels.values import INT64, Array, DType, Operand, convert, read_operands

Loaded = dict[DType, Callable[..., object]]
"""What is called for each dtype of which a function was called before."""


class Runner:
    """One kernel's function: checks and converts operands, gives it buffers, and runs it over the leading axes.

    `functions` are what people passed for function inputs.

    `loading` is entered around the first call for each dtype, when Numba compiles the function or loads it. `mend`
    is called where the function says that a result is not finite. Items with the same matrices are run `together`.
    With `teams`, several threads can share an item.
    """

    def __init__(
        self,
        signature: Signature,
        form: Form,
        function: Callable[..., object],
        loading: Callable[[], AbstractContextManager[None]],
        functions: tuple[Any, ...] = (),
        mend: Mend | None = None,
        together: Together | None = None,
        core: Core | None = None,
        spare: Spare | None = None,
        teams: bool = False,
    ) -> None:
        self.signature = signature
        self.form = form
        self.tensors = signature.inputs + form.extras
        self._everything = tuple(range(len(form.results)))
        self._fixed = [None if tensor.kind == "real" else INT64 for tensor in form.results]
        self._function = partial(function, *functions) if functions else function
        self._given = functions
        self._loading = loading
        self._mend: Mend = mend or _leave
        self._together = together
        self._core = core
        self._spare = spare
        self._teams = teams
        self._loaded: Loaded = {}
        self._loaded_together: Loaded = {}
        self._layouts: dict[tuple[object, ...], Layout] = {}
        self._plans: dict[Key | None, Plan] = {}
        self._singles: dict[Key | None, Single] = {}
        self.integers_matter = decide_shapes(signature)

    def run(self, values: Sequence[Any], wanted: tuple[int, ...] | None = None, out: Sequence[Any] = ()) -> list[Any]:
        """The wanted results (all by default) for one value per operand, `out` being memory for them or empty."""
        operands, dtype = read_operands(self.tensors, values)
        layout = self.layout(operands)
        some = wanted is not None and len(wanted) < len(self._everything)
        wanted = self._everything if wanted is None else wanted
        if self._together is not None and self._together.takes(layout):
            found = self._run_together(self._together, operands, dtype, layout, wanted, out)
            if found is not None:
                return found
        if out or not layout.is_even or (layout.batch and some):
            call = _Call(self.tensors, self.form, operands, dtype, layout)
            return call.run(lambda *arguments: self._invoke(dtype, arguments), wanted, out)
        results = self._run_whole(operands, dtype, layout)
        return results if wanted is self._everything else [results[i] for i in wanted]

    def repeat(
        self, values: Given, names: tuple[str, ...] = (), wanted: tuple[int, ...] | None = None, out: Any = None
    ) -> list[Any] | None:
        """The wanted results, if an earlier call had the same types and shapes, so that nothing is left to check.

        The last of the values have `names`. None if no call had; see `Plan`.
        """
        plan = self._plans.get(key_of(values, self.integers_matter, *names))
        if plan is None or (wanted is not None and out is not None) or not plan.is_frugal(wanted):
            return None
        try:
            results = plan.run(values) if out is None else plan.run_into(values, out)
        except (IndexError, ValueError) as error:
            raise reworded(error) from None
        return results if wanted is None or results is None else [results[i] for i in wanted]

    def plain(self, values: Sequence[Any]) -> Given | None:
        """The values, those that are no numbers as arrays that the function takes as they are.

        None if they are so already, or if one of them was left out or is of no use.
        """
        try:
            operands, dtype = read_operands(self.tensors, values)
            trios = zip(self.tensors, values, operands, strict=True)
            made = tuple(value if type(value) in NUMBERS else _plain(t, operand, dtype) for t, value, operand in trios)
        except (TypeError, ValueError):
            return None
        given_up = any(isinstance(value, Zero) for value in made)
        return None if given_up or all(map(is_, made, values)) else made

    def plan(self, given: Sequence[Any], names: tuple[str, ...], slots: Sequence[int], values: Sequence[Any]) -> None:
        """Remember how a call went: its arguments, the last of which have `names`, their places, and all values."""
        key = key_of(given, self.integers_matter, *names)
        if key is None or key in self._plans or any(isinstance(value, Zero) for value in values):
            return
        operands, dtype = read_operands(self.tensors, values)
        placed = dict(zip(slots, given, strict=True))
        function, layout, results = self._loaded.get(dtype), self.layout(operands), self.form.results
        if function is None:
            return
        if self._together is not None and self._together.takes(layout):
            return
        share, adder = partial(Shared, loading=self._loading), Adder(self._function, self._loading, dtype)
        plan = plan_call(
            function, self.tensors, results, placed, values, dtype, layout, self._mend, adder, share, teams=self._teams
        )
        if plan is None:
            return
        remember(self._plans, key, plan)
        one = single(self._core, layout, dtype, placed, values) if self._core is not None else None
        if one is not None:
            remember(self._singles, key, one)

    def short_way(
        self, values: Given, names: tuple[str, ...], otherwise: Call, select: Selection, outs: Given = ()
    ) -> Short | None:
        """A short way for calls like one that is planned, if there is one; see `Shortcuts`."""
        key = key_of(values, self.integers_matter, *names)
        shortcuts = Shortcuts(self._function, self._spare, self._loading, self.integers_matter)
        if outs:
            return shortcuts.way_into(self._plans.get(key), values, select, outs)
        return shortcuts.way(self._singles.get(key), self._plans.get(key), values, otherwise, select)

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
        return results_of(buffers, layout.batch)

    def _run_together(
        self,
        together: Together,
        operands: list[Operand],
        dtype: DType,
        layout: Layout,
        wanted: tuple[int, ...],
        out: Sequence[Any],
    ) -> list[Any] | None:
        """The wanted results of items that have the same matrices; None if one is not finite, or hard to put in place.

        Items one by one then show which of them has such results, and whether wide numbers give better ones.
        """
        if any(share_memory(a, b) for a in out if a is not None for b in operands if isinstance(b, np.ndarray)):
            return None
        lost: list[bool] = []

        def function(*arguments: Any) -> None:
            lost.append(bool(self._enter(together.call, self._loaded_together, dtype, arguments)))

        call = _Call(self.tensors, self.form, operands, dtype, layout, together)
        found = call.run(function, wanted, out)
        return None if any(lost) else found

    def layout(self, operands: Sequence[Operand]) -> Layout:
        """The shapes of a call, remembered by the operands' shapes."""
        key = tuple([operand.shape if isinstance(operand, np.ndarray) else operand for operand in operands])
        layout = self._layouts.get(key)
        if layout is None:
            layout = lay_out(self.signature, self.form, operands)
            remember(self._layouts, key, layout)
        return layout

    def compile(self, dtype: DType) -> None:
        """Have Numba compile the function for one dtype, or load it from its cache, without running it."""
        compiler: Any = self._function
        arguments = [
            1 if tensor.per_call else np.empty((1,) * (1 + len(tensor.shape)), _final(tensor, dtype))
            for tensor in self.tensors + self.form.results
        ]
        with self._loading():
            compiler.get_call_template([compiler.typeof_pyval(argument) for argument in arguments], {})  # with defaults
        self._loaded[dtype] = compiler
        if self.form.summed:
            Adder(self._function, self._loading, dtype).rows()
        if not self._given:
            with self._loading():
                compile_beside(package_of(self._function))
        if self._together is not None:
            self._together.compile(arguments)
            self._loaded_together[dtype] = self._together.call

    def _invoke(self, dtype: DType, arguments: tuple[Any, ...]) -> None:
        if self._enter(self._function, self._loaded, dtype, arguments):
            self._mend(arguments)

    def _enter(
        self, function: Callable[..., object], loaded: Loaded, dtype: DType, arguments: tuple[Any, ...]
    ) -> object:
        """Call a generated function, whose first call for a dtype compiles it or loads it."""
        known = loaded.get(dtype)
        try:
            if known is not None:
                return known(*arguments)
            with self._loading():
                known = ended_by(*(stored_entry(function, arguments) or (function, ())))
                found = known(*arguments)
            loaded[dtype] = known
        except (IndexError, ValueError) as error:
            raise reworded(error) from None
        except Exception as error:
            if not self._given or type(error).__name__ not in TYPING_ERRORS:
                raise
            raise uncallable(self.signature, self._given, error) from error
        return found


@dataclass(frozen=True, slots=True)
class _Call:
    """A call with leading axes or with memory given for results; items with the same matrices are run `together`."""

    tensors: tuple[Tensor, ...]
    form: Form
    operands: list[Operand]
    dtype: DType
    layout: Layout
    together: Together | None = None

    def run(self, function: Callable[..., object], wanted: tuple[int, ...], out: Sequence[Any]) -> list[Any]:
        """The wanted results, in the memory given for them."""
        layout, given = self.layout, self._check_out(wanted, out)
        ready = [self._ready(i, given.values()) for i in range(len(self.tensors))]
        results = {i: self._sink(i, given.get(i)) for i in wanted}
        sinks = [results.get(i) or self._dropped(i) for i in range(len(layout.results))]
        if layout.items:
            alone = self.together.operands if self.together else layout.alone
            step = layout.items if self.together else block_size(ready, layout.leads, alone, sinks, layout.items)
            places = zip(ready, layout.leads, alone, strict=True)
            feeds = [feed(one, lead, layout.batch, step, alone=alone) for one, lead, alone in places]
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
        if lead == layout.batch or self._is_whole(index):
            return Direct(lead, core, dtype, out)
        return Summed(layout.batch, core, dtype, lead, layout.front, out)

    def _is_whole(self, index: int) -> bool:
        """Whether a result comes out once for all items."""
        return self.together is not None and self.together.results[index]

    def _dropped(self, index: int) -> Sink:
        return (
            self._sink(index, None)
            if self._is_whole(index)
            else Sink(self.layout.batch, self.layout.results[index], _final(self.form.results[index], self.dtype))
        )

    def _shape(self, index: int) -> Shape:
        return self.layout.targets[index] + self.layout.results[index]


def _plain(tensor: Tensor, operand: Operand, dtype: DType) -> Operand:
    return convert(tensor, operand, dtype) if isinstance(operand, np.ndarray) else operand


def _leave(arguments: Sequence[Any]) -> None:
    """Results that are not finite stay so."""


def _final(tensor: Tensor, dtype: DType) -> DType:
    return dtype if tensor.kind == "real" else INT64


def decide_shapes(signature: Signature) -> bool:
    """Whether an integer per call, such as a stride, decides about some shape."""
    tensors = (*signature.inputs, *signature.outputs)
    extents = [*(axis for tensor in tensors for axis in tensor.shape), *(rule.value for rule in signature.extents)]
    names = {name for extent in extents for name in extent.names}
    return any(tensor.per_call and tensor.name in names for tensor in signature.inputs)
