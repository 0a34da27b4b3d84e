"""What the function inputs of a record are while it is verified: records that it names, and functions of our own.

Our own functions are bumps, F_o(x) = exp(-s_o²/2) with s_o a weighted sum of all entries of the arguments: smooth,
positive, at most 1, and integrable in one argument. Their derivatives of any order are Hermite polynomials times F.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations_with_replacement
from typing import Any

from eqc.errors import RecordError
from eqc.kernels.functions import derivative_name
from eqc.records.bindings import Bindings, named_bindings, with_defaults
from eqc.records.model import Example, Record, SymbolEntry
from eqc.verify.hyperdual import Scalar, lift, multiply, total

HIGHEST_ORDER = 3


def weight(o: int, k: int) -> Fraction:
    """How much entry k of the arguments counts in entry o of the value: exact in every float type."""
    return Fraction((3 + (2 * o + 3 * k) % 5) * (1 if (o + k) % 2 == 0 else -1), 4)


def offset(o: int) -> Fraction:
    """Where entry o of the value has its slope at zero arguments."""
    return Fraction(1 + o % 3, 4)


@dataclass(frozen=True, slots=True)
class Bump:
    """A function of our own, as the oracle evaluates it."""

    def entries(self, arguments: Sequence[Scalar]) -> Callable[[tuple[int, ...]], Scalar]:
        """The value's entries by position; a value with several axes repeats along the later ones.

        >>> round(float(Bump().entries([0])(()).value), 12)
        0.969233234476
        """

        def entry(at: tuple[int, ...]) -> Scalar:
            o = sum((1 + 2 * axis) * place for axis, place in enumerate(at))
            terms = [multiply(weight(o, k), x) for k, x in enumerate(arguments)]
            return lift(total([offset(o), *terms])).apply(lambda s: (-(s * s) / 2).exp())

        return entry


@dataclass(frozen=True, slots=True)
class Instance:
    """One way to fill in the functions of a record: `record` has just the examples that go with it."""

    label: str
    record: Record
    functions: Mapping[str, Any]

    def given(self, sizes: Mapping[str, int]) -> dict[str, Any]:
        """The functions as `eqc.kernel` takes them, with their derivatives; `sizes` are the extents of their values.

        `sizes` is read when the functions are called, so that it may change.
        """
        found = {name: value for name, value in self.functions.items() if isinstance(value, str)}
        for name in self.functions.keys() - found.keys():
            found |= _compiled(self.record.symbols[name], sizes)
        return found


def instances(record: Record) -> tuple[Instance, ...]:
    """The bindings that a record names, then our own functions; just one, without functions, if it has none."""
    names = [name for name, entry in record.symbols.items() if entry.kind == "function"]
    if not names:
        return (Instance("", record, {}),)
    found = [_instance(record, names, bindings) for bindings in (*named_bindings(record), ())]
    return tuple(found)


def bound_instance(record: Record) -> Instance | None:
    """The first binding that a record names for all of its functions, if any; a record without functions as it is."""
    return next((i for i in instances(record) if all(isinstance(f, str) for f in i.functions.values())), None)


def _instance(record: Record, names: Sequence[str], bindings: Bindings) -> Instance:
    functions: dict[str, Any] = {name: dict(bindings).get(name, Bump()) for name in names}
    examples = tuple(_bare(e, names) for e in record.examples if with_defaults(record, e.given) == bindings)
    label = ", ".join(f"{name} = {used}" for name, used in bindings) or f"our own {', '.join(names)}"
    return Instance(label, replace(record, examples=examples), functions)


def _bare(example: Example, names: Sequence[str]) -> Example:
    return replace(example, given={name: value for name, value in example.given.items() if name not in names})


def _compiled(entry: SymbolEntry, sizes: Mapping[str, int]) -> dict[str, Any]:
    """A bump and its derivatives as njit functions, by the names under which kernels take them."""
    from eqc.verify.bumps import MOST_ARGUMENTS, bump  # brings Numba in

    count = len(entry.arguments)
    if count > MOST_ARGUMENTS:
        rule = f"a function of {count} arguments is not verified with functions of eqc's own"
        remedy = f"name a record for it with `default`, or take at most {MOST_ARGUMENTS} arguments"
        raise RecordError(entry.span, written=entry.name, rule=rule, remedy=remedy)
    ranks = tuple(len(shape) for shape in entry.arguments)
    returns = tuple(axis.text for axis in entry.returns)
    return {
        derivative_name(entry.name, count, wrt): bump(ranks, returns, wrt, sizes)
        for order in range(HIGHEST_ORDER + 1)
        for wrt in combinations_with_replacement(range(count), order)
    }
