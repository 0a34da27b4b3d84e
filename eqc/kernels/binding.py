"""Which argument belongs to which name, by position in the glossary's order or by keyword."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from eqc.errors import nearest
from eqc.kernels.signature import Tensor


class Zero:
    """Stands for a tangent or cotangent that was left out."""

    def __repr__(self) -> str:
        return "zero"


ZERO: Final = Zero()


class Binder:
    """The parameters of one callable: inputs, then tangents or cotangents (`extras`).

    A default may stand before a required input: then the positional arguments go to the required ones first, and what
    is left of them to the ones with a default, all in the glossary's order. Extras are given all by position, or by
    name, and then those not named are zero.

    >>> x, a = Tensor("x", "real", ()), Tensor("a", "real", (), default=0.5)
    >>> bind = Binder("f.jvp", (a, x), ("x_dot",)).bind
    >>> bind((2.0, 1.0), {}), bind((2.0,), {"a": 3.0, "x_dot": 1.0})
    ([0.5, 2.0, 1.0], [3.0, 2.0, 1.0])
    """

    def __init__(self, caller: str, inputs: Sequence[Tensor], extras: Iterable[str] = ()) -> None:
        self._caller = caller
        self._extras = tuple(extras)
        self._inputs = tuple(tensor.name for tensor in inputs)
        self._defaults = {tensor.name: tensor.default for tensor in inputs if tensor.default is not None}
        self._names = self._inputs + self._extras
        self._templates: dict[int, list[int]] = {}

    def bind(self, positional: tuple[Any, ...], named: Mapping[str, Any]) -> list[Any]:
        """The values in the order of the parameters. Raises TypeError for missing, unknown and duplicate arguments."""
        if not named:
            return self._bind_positional(positional)
        extras_named = any(name in named for name in self._extras)
        values = {**self._defaults, **(dict.fromkeys(self._extras, ZERO) if extras_named else {})}
        given = dict(zip(self._slots(len(positional), extras_named), positional, strict=True))
        for name, value in named.items():
            self._check_named(name, given)
            given[name] = value
        values.update(given)
        self._check_complete(values)
        return [values[name] for name in self._names]

    def slots(self, count: int, names: Iterable[str] = ()) -> list[int]:
        """The places among all values of so many positional arguments and then of named ones, which fit."""
        names = tuple(names)
        if not names:
            return self._templates.get(count) or list(range(count))
        positional = self._slots(count, extras_named=any(name in names for name in self._extras))
        return [self._names.index(name) for name in (*positional, *names)]

    def _bind_positional(self, positional: tuple[Any, ...]) -> list[Any]:
        count = len(positional)
        if count == len(self._names):
            return list(positional)
        if count not in self._templates:
            slots = self._slots(count, extras_named=False)
            self._check_complete({**self._defaults, **dict.fromkeys(slots)})
            self._templates[count] = [self._names.index(name) for name in slots]
        values = [self._defaults.get(name) for name in self._names]
        for slot, value in zip(self._templates[count], positional, strict=True):
            values[slot] = value
        return values

    def _check_complete(self, values: Mapping[str, Any]) -> None:
        missing = [name for name in self._names if name not in values]
        if missing:
            raise TypeError(f"{self._caller}() is missing {', '.join(missing)}: it takes {self._listed()}")

    def _slots(self, count: int, extras_named: bool) -> list[str]:
        """The parameters that `count` positional arguments go to."""
        candidates = self._inputs if extras_named else self._names
        if count > len(candidates):
            mixed = "; give the others by name too" if extras_named and len(self._extras) > 1 else ""
            raise TypeError(f"{self._caller}() takes {self._listed()}, but {count} were given by position{mixed}")
        spare = max(0, count - sum(name not in self._defaults for name in candidates))
        optional = set([name for name in candidates if name in self._defaults][:spare])
        return [name for name in candidates if name not in self._defaults or name in optional][:count]

    def _check_named(self, name: str, given: Mapping[str, Any]) -> None:
        if name not in self._names:
            raise TypeError(f"{self._caller}() has no argument {name!r}; {nearest(name, self._names)}")
        if name in given:
            raise TypeError(f"{self._caller}() was given {name!r} twice, by position and by name")

    def _listed(self) -> str:
        known = (f"{name}={self._defaults[name]}" if name in self._defaults else name for name in self._names)
        count = len(self._names)
        return f"{count} argument{'s' * (count != 1)} ({', '.join(known)})"
