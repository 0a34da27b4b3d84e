"""A record's kernels as one callable object."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType
from typing import Any

from eqc.kernels import dense
from eqc.kernels.binding import ZERO, Binder
from eqc.kernels.complaints import no_kernel
from eqc.kernels.direct import Given
from eqc.kernels.functions import check_given
from eqc.kernels.looks import Recent, Short
from eqc.kernels.plans import Key, key_of, remember
from eqc.kernels.results import Selection, deliver_matrix, flatten, level, nest, select_all, select_inputs
from eqc.kernels.runner import decide_shapes
from eqc.kernels.runners import Runners
from eqc.kernels.signature import Signature, Tensor, form_of, read_signature
from eqc.kernels.single import PATIENCE
from eqc.kernels.values import FLOAT32, FLOAT64


class Kernel:
    """The value and the derivatives of one equation, for arrays.

    Arguments go by position in the glossary's order or by name. Leading axes before a symbol's own broadcast as in
    NumPy and come first in every result. Results are float64 if any real array among the arguments is float64 or of
    integers, else float32; Python numbers do not decide. `out=` takes arrays for the results, in the results' order.
    `wrt=` names an input, or a tuple of inputs; all differentiable ones are meant without it.
    `functions` are the njit functions for the function inputs and for derivatives of them, by name.

    Every method raises TypeError for missing or unknown arguments and for dtypes that kernels do not take, ValueError
    for shapes that do not fit, IndexError for a position (such as a class label) outside its range, and
    DerivationError for a derivative that the equation does not have.
    """

    def __init__(
        self,
        module: ModuleType,
        root: Path,
        loading: Callable[[], AbstractContextManager[None]],
        functions: Mapping[str, Any] | None = None,
        reopen: tuple[Callable[..., Kernel], tuple[Any, ...]] | None = None,
    ) -> None:
        self.signature: Signature = read_signature(module.SIGNATURE)
        self.root = root
        self.__doc__ = module.__doc__
        self.__name__ = self.id
        self._functions = dict(functions or {})
        self.reopen = reopen
        check_given(self.signature, self._functions)
        self._runners = Runners(module, self.signature, loading, self._functions)
        self._binders: dict[tuple[str, tuple[int, ...] | None], Binder] = {}
        self._selections: dict[str | tuple[str, str | tuple[str, ...]], Selection] = {
            "value": select_all(self.id, self.signature.outputs)
        }
        self._integers_matter = decide_shapes(self.signature)
        self._recent = {method: Recent() for method in _METHODS}
        self._short: dict[Key | None, Short] = {}
        self._counts: dict[Key, int] = {}

    @property
    def id(self) -> str:
        """The record's id."""
        return self.signature.id

    @property
    def module(self) -> ModuleType:
        """The generated module, whose functions may be called from njit code."""
        return self._runners.module

    @property
    def inputs(self) -> tuple[str, ...]:
        """The inputs' names in the order of positional arguments."""
        return tuple(tensor.name for tensor in self.signature.inputs)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The outputs' names in the order of the results."""
        return tuple(tensor.name for tensor in self.signature.outputs)

    def __call__(self, /, *args: Any, out: Any = None, **named: Any) -> Any:
        """The value: one output bare, several as a named tuple."""
        if out is not None:
            return self._run_into("value", None, args, named, out)
        way, known = self._recent["value"][(None, _NAMED, *named) if named else None]
        found = way(known, (*args, *named.values()) if named else args)
        return self._run("value", None, args, named) if found is None else found

    def vjp(self, /, *args: Any, wrt: Any = None, out: Any = None, **named: Any) -> Any:
        """Cotangents of the inputs, from the inputs and then a cotangent `y_bar` for each real output `y`.

        Cotangents given by name may be left out: they are zero. What an input lacks of the leading axes of all inputs
        is summed over; further leading axes of the cotangents come first in the result.
        """
        wrt = tuple(wrt) if type(wrt) is list else wrt
        if out is not None:
            return self._run_into("vjp", wrt, args, named, out)
        way, known = self._recent["vjp"][(wrt, _NAMED, *named) if named else wrt]
        found = way(known, (*args, *named.values()) if named else args)
        return self._run("vjp", wrt, args, named) if found is None else found

    def value_and_vjp(self, /, *args: Any, wrt: Any = None, out: Any = None, **named: Any) -> Any:
        """The value and the cotangents of the inputs as a pair, from what `vjp` takes; for all but one scalar output.

        Cotangents broadcast to the leading axes of the inputs, and have no further ones.
        """
        wrt = tuple(wrt) if type(wrt) is list else wrt
        if out is not None:
            return self._run_into("value_and_vjp", wrt, args, named, out)
        way, known = self._recent["value_and_vjp"][(wrt, _NAMED, *named) if named else wrt]
        found = way(known, (*args, *named.values()) if named else args)
        return self._run("value_and_vjp", wrt, args, named) if found is None else found

    def jvp(self, /, *args: Any, out: Any = None, **named: Any) -> Any:
        """Tangents of the real outputs, from the inputs and then a tangent `x_dot` for each differentiable input `x`.

        Tangents given by name may be left out: they are zero.
        """
        if out is not None:
            return self._run_into("jvp", None, args, named, out)
        way, known = self._recent["jvp"][(None, _NAMED, *named) if named else None]
        found = way(known, (*args, *named.values()) if named else args)
        return self._run("jvp", None, args, named) if found is None else found

    def gradient(self, /, *args: Any, wrt: Any = None, out: Any = None, **named: Any) -> Any:
        """Derivatives of the one scalar output, per item of the leading axes."""
        wrt = tuple(wrt) if type(wrt) is list else wrt
        if out is not None:
            return self._run_into("gradient", wrt, args, named, out)
        way, known = self._recent["gradient"][(wrt, _NAMED, *named) if named else wrt]
        found = way(known, (*args, *named.values()) if named else args)
        return self._run("gradient", wrt, args, named) if found is None else found

    def value_and_gradient(self, /, *args: Any, wrt: Any = None, out: Any = None, **named: Any) -> Any:
        """The value and the gradient as a pair."""
        wrt = tuple(wrt) if type(wrt) is list else wrt
        if out is not None:
            return self._run_into("value_and_gradient", wrt, args, named, out)
        way, known = self._recent["value_and_gradient"][(wrt, _NAMED, *named) if named else wrt]
        found = way(known, (*args, *named.values()) if named else args)
        return self._run("value_and_gradient", wrt, args, named) if found is None else found

    def hvp(self, /, *args: Any, wrt: Any = None, out: Any = None, **named: Any) -> Any:
        """The Hessian in `wrt` times directions: the inputs, then one direction `x_dot` for each name `x` in `wrt`."""
        wrt = tuple(wrt) if type(wrt) is list else wrt
        if out is None:
            way, known = self._recent["hvp"][(wrt, _NAMED, *named) if named else wrt]
            found = way(known, (*args, *named.values()) if named else args)
            if found is not None:
                return found
        select = self._select("hvp", wrt)
        if select.wanted is None:
            return self._run("hvp", wrt, args, named) if out is None else self._run_into("hvp", wrt, args, named, out)
        values = self._binder("hvp", select.indices).bind(args, named)
        count = len(self.signature.inputs)
        known = dict(zip(select.indices, values[count:], strict=True))
        directions = [known.get(i, ZERO) for i in range(len(self.signature.differentiable))]
        return select.give(self._runners.of("hvp").run(values[:count] + directions, select.indices, flatten(out)))

    def jacobian(self, /, *args: Any, wrt: Any = None, out: Any = None, **named: Any) -> Any:
        """Derivatives of every real output in every input of `wrt`, each of shape output + input.

        Nested by output, then by input; a level with one member is dropped.
        """
        if self._has_one_entry("jacobian", wrt):
            return self._entry("jacobian", wrt, args, named, out)
        select = self._select("jacobian", wrt)
        outputs = self.signature.real_outputs
        if "jacobian" in self.signature.kernels:
            entries = self._dense("jacobian", range(len(outputs)), select, args, named, out)
        else:
            values = self._binder("jacobian").bind(args, named)
            rows = dense.jacobian(self._runners.of_each("vjp"), self._runners.of_each("jvp"), values, select.indices)
            entries = deliver_matrix(outputs, self._chosen(select), rows, values, out)
        return select_all(f"{self.id}_jacobian", outputs).give(nest(select, entries))

    def hessian(self, /, *args: Any, wrt: Any = None, out: Any = None, **named: Any) -> Any:
        """Second derivatives of the one scalar output, each of shape first input + second input.

        Nested by first, then by second input; a level with one member is dropped.
        """
        if self._has_one_entry("hessian", wrt):
            return self._entry("hessian", wrt, args, named, out)
        select = self._select("hessian", wrt)
        if "hessian" in self.signature.kernels:
            entries = self._dense("hessian", select.indices, select, args, named, out)
        else:
            values = self._binder("hessian").bind(args, named)
            rows = dense.hessian(self._runners.of("hvp"), values, select.indices)
            chosen = self._chosen(select)
            entries = deliver_matrix(chosen, chosen, rows, values, out)
        return level(select, nest(select, entries))

    def compile(self) -> None:
        """Compile every kernel for float64 and float32 now, which also fills Numba's cache on disk."""
        for name in self.signature.kernels:
            if self.signature.needs.get(name):
                continue  # waits for a function
            for dtype in (FLOAT64, FLOAT32):
                self._runners.of(name).compile(dtype)

    def __repr__(self) -> str:
        return f"<kernel {self.signature}; {', '.join(self.signature.kernels)}>"

    def _run(self, method: str, wrt: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """What a kernel gives; calls that come again and again get a short way under their key."""
        return self._run_anew(method, wrt, args, named, None, ())

    def _run_into(self, method: str, wrt: Any, args: tuple[Any, ...], named: dict[str, Any], out: Any) -> Any:
        """The same, with memory for the results."""
        outs = out if type(out) is tuple else (out,)
        way, known = self._recent[method][wrt, _INTO, len(outs), *named]
        found = way(known, (*args, *named.values(), *outs))
        return self._run_anew(method, wrt, args, named, out, outs) if found is None else found

    def _run_anew(
        self, method: str, wrt: Any, args: tuple[Any, ...], named: dict[str, Any], out: Any, outs: tuple[Any, ...]
    ) -> Any:
        """The same, where the way that was taken last does not serve."""
        select = self._select(method, wrt)
        given, names = ((*args, *named.values()), tuple(named)) if named else (args, ())
        whole, count = (*given, *outs), len(outs)
        key = key_of(whole, self._integers_matter, id(select), names, count)
        kind = (wrt, _INTO, count, *named) if out is not None else (wrt, _NAMED, *named) if named else wrt
        found = self._by_short_way(method, kind, key, whole)
        if found is not None:
            return found
        has_none = out is None and (key is None or self._counts.get(key, 0) >= PATIENCE)
        plain = self._plain(method, args, named) if has_none else None
        if plain is not None:
            way, known = self._recent[method][wrt]
            found = way(known, plain)
            return self._run(method, wrt, plain, {}) if found is None else found
        results = self._results(method, select.wanted, args, named, out)
        if key is not None:
            self._count(method, select, key, given, names, outs)
        return select.give(results)

    def _plain(self, method: str, args: tuple[Any, ...], named: dict[str, Any]) -> Given | None:
        """All arguments by position, and as kernels take them; None if they are so, or cannot be made so."""
        return self._runners.of(method).plain(self._binder(method).bind(args, named))

    def _by_short_way(self, method: str, kind: Any, key: Key | None, given: Given) -> Any:
        """What the short way for a key gives, which is then the recent one; None if there is none, or it was tried."""
        short, recent = self._short.get(key), self._recent[method]
        if short is None or short is recent.get(kind):
            return None
        recent[kind] = short
        way, known = short
        return way(known, given)

    def _results(
        self, method: str, wanted: tuple[int, ...] | None, args: tuple[Any, ...], named: dict[str, Any], out: Any
    ) -> list[Any]:
        """The wanted results of a kernel (all by default)."""
        runner = self._runners.of(method)
        given, names = ((*args, *named.values()), tuple(named)) if named else (args, ())
        results = runner.repeat(given, names, wanted, out)
        if results is None:
            binder = self._binder(method)
            values = binder.bind(args, named)
            results = runner.run(values, wanted, flatten(out))
            runner.plan(given, names, binder.slots(len(args), names), values)
        return results

    def _count(
        self, method: str, select: Selection, key: Key, given: Given, names: tuple[str, ...], outs: Given
    ) -> None:
        """Count calls alike, and look for a short way when they are many."""
        count = self._counts.get(key, 0) + 1
        remember(self._counts, key, count)
        if count != PATIENCE:
            return
        runner, binder, first = self._runners.of(method), self._binder(method), len(given) - len(names)

        def closer(values: Given) -> Any:
            results = runner.repeat(values, names, select.wanted)
            if results is None:
                named = dict(zip(names, values[first:], strict=True))
                results = runner.run(binder.bind(values[:first], named), select.wanted)
            return select.give(results)

        short = runner.short_way(given, names, closer, select, outs)
        if short is not None:
            remember(self._short, key, short)

    def _binder(self, method: str, chosen: tuple[int, ...] | None = None) -> Binder:
        """The parameters of a method; `chosen` are the inputs that have a direction, if not all."""
        binder = self._binders.get((method, chosen))
        if binder is None:
            extras = form_of(self.signature, method).extras
            wanted = extras if chosen is None else [extras[i] for i in chosen]
            caller = self.id if method == "value" else f"{self.id}.{method}"
            binder = Binder(caller, self.signature.inputs, (tensor.name for tensor in wanted))
            self._binders[method, chosen] = binder
        return binder

    def _select(self, method: str, wrt: Any) -> Selection:
        wrt = tuple(wrt) if isinstance(wrt, list) else wrt
        key = method if wrt is None else (method, wrt)
        select = self._selections.get(key)
        if select is None:
            self._require(_NEEDS.get(method, method), method)
            select = self._selections[key] = self._new_selection(method, wrt)
        return select

    def _new_selection(self, method: str, wrt: Any) -> Selection:
        if method == "jvp":
            return select_all(f"{self.id}_jvp", self.signature.real_outputs, "_dot")
        values = form_of(self.signature, method).values
        return select_inputs(self.signature, f"{self.id}.{method}", wrt, _SUFFIXES.get(method, ""), values=values)

    def _require(self, kernel: str, method: str) -> None:
        """Raise DerivationError unless the record has a kernel that the method needs."""
        if kernel not in self.signature.kernels:
            raise no_kernel(self.signature, kernel, method)

    def _has_one_entry(self, kernel: str, wrt: Any) -> bool:
        """Whether a matrix of derivatives that the record has a kernel for is one array, which comes bare."""
        outputs, inputs = self.signature.real_outputs, self.signature.differentiable
        one = len(outputs) == len(inputs) == 1 and (wrt is None or type(wrt) is str)
        return one and kernel in self.signature.kernels

    def _entry(self, kernel: str, wrt: str | None, args: tuple[Any, ...], named: dict[str, Any], out: Any) -> Any:
        """The one entry of such a matrix."""
        if out is not None:
            return self._run_into(kernel, wrt, args, named, out)
        way, known = self._recent[kernel][(wrt, _NAMED, *named) if named else wrt]
        found = way(known, (*args, *named.values()) if named else args)
        return self._run(kernel, wrt, args, named) if found is None else found

    def _chosen(self, select: Selection) -> list[Tensor]:
        return [self.signature.differentiable[i] for i in select.indices]

    def _dense(
        self,
        kernel: str,
        rows: Sequence[int],
        select: Selection,
        args: tuple[Any, ...],
        named: dict[str, Any],
        out: Any,
    ) -> list[Any]:
        """The wanted entries of a matrix that the record has a kernel for."""
        width = len(self.signature.differentiable)
        wanted = tuple(row * width + column for row in rows for column in select.indices)
        return self._results(kernel, wanted if select.wanted else None, args, named, flatten(out) or None)


_NEEDS = {"jacobian": "vjp", "hessian": "hvp"}
_METHODS = ("value", "vjp", "jvp", "value_and_vjp", "gradient", "value_and_gradient", "hvp", "jacobian", "hessian")
_SUFFIXES = {"vjp": "_bar", "value_and_vjp": "_bar"}
_NAMED = object()
"""Stands between what is wanted and the names of arguments, where there are any."""
_INTO = object()
"""The same, where memory is given for so many results."""
