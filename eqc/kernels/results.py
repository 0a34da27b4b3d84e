"""How results come back: bare, as a named tuple or as a tuple in the order asked for; and memory given by `out=`."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from operator import itemgetter
from typing import Any

import numpy as np

from eqc.errors import nearest
from eqc.kernels.signature import Signature, Tensor
from eqc.kernels.values import Array, DType


@cache
def named_results(title: str, names: tuple[str, ...], suffix: str = "") -> Any:
    """A named-tuple class with a field per name, each also readable with the suffix.

    >>> grads = named_results("mse_vjp", ("y", "yhat"), "_bar")(1.0, 2.0)
    >>> grads, grads.yhat_bar
    (mse_vjp(y=1.0, yhat=2.0), 2.0)
    """
    base: Any = namedtuple(title, names)  # type: ignore[misc]
    aliases = {name + suffix: getattr(base, name) for name in names} if suffix else {}
    pickled = {"__reduce__": lambda self: (_rebuild, (title, names, suffix, tuple(self)))}
    return type(title, (base,), {"__slots__": (), **aliases, **pickled})


def _rebuild(title: str, names: tuple[str, ...], suffix: str, values: tuple[Any, ...]) -> Any:
    return named_results(title, names, suffix)(*values)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of several results are wanted, by number, and how they come back.

    `pack` is a tuple class for several results, or None for one that comes bare; `wanted` are the numbers, or None for
    all results in their order. The first ones may be `values`, which are always wanted and come beside the others;
    `pack_values` is then a tuple class for several.
    """

    indices: tuple[int, ...]
    pack: Any
    wanted: tuple[int, ...] | None = None
    values: int = 0
    pack_values: Any = None

    def give(self, results: Sequence[Any]) -> Any:
        """What the caller gets of the wanted results."""
        n = self.values
        others = results[n] if self.pack is None else self.pack(results[n:])
        if not n:
            return others
        return results[0] if self.pack_values is None else self.pack_values(results[:n]), others

    def take(self) -> Callable[[Sequence[Any]], Any]:
        """A function that gives the caller what is wanted of all results."""
        if self.wanted is None:
            return self._take_all()
        if len(self.wanted) == 1:
            (wanted,) = self.wanted
            return itemgetter(wanted) if self.pack is None else lambda results: self.pack((results[wanted],))
        choose = itemgetter(*self.wanted)
        if self.pack is None and self.pack_values is None:
            return choose
        return lambda results: self.give(choose(results))

    def _take_all(self) -> Callable[[Sequence[Any]], Any]:
        """A function that gives the caller all results, with as little around it as can be."""
        pack = self.pack
        if not self.values:
            return pack or itemgetter(0)
        if self.pack_values is not None:
            return self.give
        return tuple if pack is None else lambda results: (results[0], pack(results[1:]))


def select_all(title: str, tensors: Sequence[Tensor], suffix: str = "") -> Selection:
    """Everything: one result bare, several as a named tuple."""
    names = tuple(tensor.name for tensor in tensors)
    pack = None if len(names) == 1 else partial(tuple.__new__, named_results(title, names, suffix))
    return Selection(tuple(range(len(names))), pack)


def select_inputs(signature: Signature, caller: str, wrt: Any, suffix: str = "", *, values: int = 0) -> Selection:
    """The differentiable inputs that `wrt` names: a name, a tuple of names, or None for all; beside some `values`.

    Raises ValueError for a name that is no differentiable input.
    """
    inputs = signature.differentiable
    outputs = select_all(signature.id, signature.outputs).pack if values else None
    if wrt is None:
        title = caller.replace(".value_and_", "_").replace(".", "_")
        return replace(select_all(title, inputs, suffix), values=values, pack_values=outputs)
    names = wrt if isinstance(wrt, tuple) else (wrt,)
    known = [tensor.name for tensor in inputs]
    for name in names:
        _check_wrt(signature, caller, name, known)
    if not names or len(set(names)) < len(names):
        raise ValueError(f"{caller}: wrt={wrt!r} has to name one or more inputs, each once")
    numbers = tuple(known.index(name) for name in names)
    wanted = (*range(values), *[n + values for n in numbers])
    whole = numbers == tuple(range(len(known)))
    return Selection(numbers, tuple if isinstance(wrt, tuple) else None, None if whole else wanted, values, outputs)


def _check_wrt(signature: Signature, caller: str, name: Any, known: list[str]) -> None:
    if name in known:
        return
    if any(name == tensor.name for tensor in signature.inputs):
        raise ValueError(f"{caller}: {signature.id} is not differentiated in {name!r}; {nearest('', known)}")
    raise ValueError(f"{caller}: {signature.id} has no input {name!r}; {nearest(str(name), known)}")


def results_of(buffers: list[Array], batch: tuple[int, ...]) -> list[Any]:
    """What people get for the memory that a function wrote to; a NumPy scalar for a number."""
    if not batch:
        return list(map(itemgetter(0), buffers))
    return buffers if len(batch) == 1 else [buffer.reshape(batch + buffer.shape[1:]) for buffer in buffers]


def flatten(value: Any) -> list[Any]:
    """The leaves of nested tuples and lists, in order; None gives none.

    >>> flatten((1, (2, 3)))
    [1, 2, 3]
    """
    if value is None:
        return []
    if not isinstance(value, (tuple, list)):
        return [value]
    return [leaf for item in value for leaf in ([None] if item is None else flatten(item))]


def check_out(out: Any, name: str, shape: tuple[int, ...], dtype: DType) -> None:
    """An array given by `out=` must be writable and have the result's shape and dtype."""
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out for {name} is a {type(out).__name__}, but must be an array")
    if out.shape != shape:
        raise ValueError(f"out for {name} has shape {out.shape}, but the result has {shape}")
    if out.dtype != dtype:
        raise TypeError(f"out for {name} has the dtype {out.dtype}, but the result has {dtype}")
    if not out.flags.writeable:
        raise ValueError(f"out for {name} is read-only")


def check_distinct(outs: Iterable[tuple[str, Array]]) -> None:
    """No two arrays given by `out=` share memory."""
    seen: list[tuple[str, Array]] = []
    for name, out in outs:
        for other, earlier in seen:
            if share_memory(out, earlier):
                raise ValueError(f"out for {name} shares memory with out for {other}")
        seen.append((name, out))


def share_memory(a: Array, b: Array) -> bool:
    """Whether two arrays share memory; yes if that is too hard to say."""
    if not np.may_share_memory(a, b):
        return False
    try:
        return np.shares_memory(a, b, max_work=10_000)  # type: ignore[arg-type]
    except np.exceptions.TooHardError:
        return True


def nest(select: Selection, entries: Sequence[Any]) -> list[Any]:
    """The entries of a matrix by rows."""
    width = len(select.indices)
    return [level(select, entries[start : start + width]) for start in range(0, len(entries), width)]


def level(select: Selection, members: Sequence[Any]) -> Any:
    """One level of nesting, dropped if it has one member."""
    return members[0] if len(members) == 1 else select.give(members)


def deliver(results: Sequence[Any], out: Sequence[Any], names: Sequence[str], inputs: Sequence[Any]) -> list[Any]:
    """Results copied into the memory given for them, if any, by the rules of `out=`."""
    if not out:
        return list(results)
    if len(out) != len(results):
        raise ValueError(f"out has {len(out)} arrays, but the number of results is {len(results)}")
    given = {i: array for i, array in enumerate(out) if array is not None}
    for i, array in given.items():
        check_out(array, names[i], np.shape(results[i]), results[i].dtype)
        if any(isinstance(value, np.ndarray) and share_memory(array, value) for value in inputs):
            raise ValueError(f"out for {names[i]} shares memory with an input")
    check_distinct((names[i], array) for i, array in given.items())
    for i, array in given.items():
        array[...] = results[i]
    return [given.get(i, result) for i, result in enumerate(results)]


def deliver_matrix(
    rows: Sequence[Tensor], columns: Sequence[Tensor], entries: list[list[Any]], values: list[Any], out: Any
) -> list[Any]:
    """The entries of a matrix of results, by rows, likewise."""
    names = [f"{row.name}_{column.name}" for row in rows for column in columns]
    return deliver([entry for row in entries for entry in row], flatten(out), names, values)
