"""The atoms and extra function heads of a statement's body.

A body is a SymPy expression whose atoms are numbers, indices, extents and reads. A read is a plain real `Symbol`
(differentiating `Indexed` is slower and wrong in places) that carries its tensor and its 0-based positions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import sympy as sp

Expr = Any
"""A SymPy expression; SymPy is untyped."""


class Read(sp.Symbol):  # type: ignore[misc]
    """The value of `tensor` at `positions`; equal reads are the same object's equals by their name.

    >>> i = index_symbol("i")
    >>> r = read("x", (i + 1,))
    >>> r, r.tensor, r.positions
    (x[i + 1], 'x', (i + 1,))
    """

    tensor: str
    positions: tuple[Expr, ...]


class Maximum(sp.Function):  # type: ignore[misc]
    """The largest argument, in the order written (SymPy's `Max` sorts by hash and compares symbolically)."""

    is_real = True

    def _eval_is_integer(self) -> bool | None:
        return _all_integers(self)


class Minimum(sp.Function):  # type: ignore[misc]
    """The smallest argument, in the order written."""

    is_real = True

    def _eval_is_integer(self) -> bool | None:
        return _all_integers(self)


def _all_integers(node: Expr) -> bool | None:
    return True if all(a.is_integer for a in node.args) else None


class XLogY(sp.Function):  # type: ignore[misc]
    """`x*log(y)`, which is 0 where x is 0, whatever y is."""

    nargs = 2
    is_real = True


class Magnitude(sp.Function):  # type: ignore[misc]
    """|x|, left as it is written (SymPy's `Abs` would look for signs in every product)."""

    nargs = 1
    is_real = True
    is_nonnegative = True


class NonZero(sp.Function):  # type: ignore[misc]
    """1 where x is not 0, else 0."""

    nargs = 1
    is_real = True
    is_nonnegative = True


class Converged(sp.Function):  # type: ignore[misc]
    """`Converged(fine, coarse, size)`: the finer estimate of an integral, or an error if the coarser one disagrees."""

    nargs = 3
    is_real = True


class FunctionName(sp.Atom):  # type: ignore[misc]
    """A function input, differentiated in its arguments `wrt` (numbered from 0, in ascending order).

    `ranks` are the axes of the arguments of the function itself, `returns` those of its value.

    >>> f = FunctionName("f", (0,), 0)
    >>> f.differentiated(0), f.differentiated(0).differentiated(0)
    (f_derivative, f_second_derivative)
    >>> FunctionName("g", (1, 0), 1).differentiated(1), FunctionName("g", (1, 0), 1).differentiated(0).result
    (g_derivative_2, 2)
    """

    __slots__ = ("name", "ranks", "returns", "wrt")

    def __new__(cls, name: str, ranks: tuple[int, ...], returns: int, wrt: tuple[int, ...] = ()) -> Self:
        made = super().__new__(cls)
        made.name, made.ranks, made.returns, made.wrt = name, ranks, returns, wrt
        return made  # type: ignore[no-any-return]

    def __getnewargs__(self) -> tuple[Any, ...]:
        return self.name, self.ranks, self.returns, self.wrt

    def _hashable_content(self) -> tuple[Any, ...]:
        return self.__getnewargs__()

    def differentiated(self, argument: int) -> FunctionName:
        """The derivative in one more argument."""
        return FunctionName(self.name, self.ranks, self.returns, tuple(sorted((*self.wrt, argument))))

    @property
    def result(self) -> int:
        """The axes of what this gives: those of the function's value, then those of each argument of `wrt`."""
        return int(self.returns + sum(self.ranks[n] for n in self.wrt))

    def __str__(self) -> str:
        if not self.wrt:
            return str(self.name)
        order = len(self.wrt)
        word = f"{_ORDINALS[order]}derivative" if order < len(_ORDINALS) else f"derivative_of_order_{order}"
        places = "".join(str(n + 1) for n in self.wrt) if len(self.ranks) > 1 else ""
        return f"{self.name}_{word}_{places}" if places else f"{self.name}_{word}"

    def _sympystr(self, printer: Any) -> str:
        return str(self)

    def _latex(self, printer: Any) -> str:
        name = printer.doprint(sp.Symbol(self.name))
        if len(self.ranks) == 1:
            return str(name) + "'" * len(self.wrt)
        return rf"\partial_{{{''.join(str(n + 1) for n in self.wrt)}}} {name}" if self.wrt else str(name)


_ORDINALS = ("", "", "second_", "third_", "fourth_", "fifth_", "sixth_")


class Applied(sp.Function):  # type: ignore[misc]
    """`Applied(name, x, …)`: a function input of numbers at some numbers."""

    is_real = True

    def _sympystr(self, printer: Any) -> str:
        return f"{self.args[0]}({', '.join(printer.doprint(a) for a in self.args[1:])})"

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        arguments = ", ".join(printer.doprint(a) for a in self.args[1:])
        text = rf"{printer.doprint(self.args[0])}\left({arguments}\right)"
        return text if exp is None else rf"\left[{text}\right]^{{{exp}}}"


class Quotient(sp.Function):  # type: ignore[misc]
    """An exact quotient of two extents: an integer, or an error when the kernel is called."""

    nargs = 2
    is_integer = True
    is_nonnegative = True

    @classmethod
    def eval(cls, dividend: Expr, divisor: Expr) -> Expr | None:
        return dividend if divisor == 1 else None


class FloorDivide(sp.Function):  # type: ignore[misc]
    """The quotient of two integers, rounded down (`floor(a/b)` is not known to be an integer where b may be 0)."""

    nargs = 2
    is_integer = True

    @classmethod
    def eval(cls, dividend: Expr, divisor: Expr) -> Expr | None:
        return dividend if divisor == 1 else None


class Remainder(sp.Function):  # type: ignore[misc]
    """The remainder of two integers, with the divisor's sign."""

    nargs = 2
    is_integer = True

    @classmethod
    def eval(cls, dividend: Expr, divisor: Expr) -> Expr | None:
        if divisor == 1:
            return sp.Integer(0)
        return dividend % divisor if dividend.is_Integer and divisor.is_Integer and divisor != 0 else None


def remainder(dividend: Expr, divisor: Expr) -> Expr:
    """What division leaves over; for numbers that are no integers it is SymPy's `Mod`."""
    if dividend.is_integer and divisor.is_integer and not (dividend.is_Integer and divisor.is_Integer):
        return Remainder(dividend, divisor)
    return sp.Mod(dividend, divisor)


def floor_divide(numerator: Expr, denominator: Expr) -> Expr:
    """The whole quotient, worked out where it is one for all sizes.

    >>> n = extent_symbol("n")
    >>> floor_divide(6*n, sp.Integer(2)), floor_divide(n, sp.Integer(2))
    (3*n, FloorDivide(n, 2))
    """
    quotient = sp.expand(numerator / denominator)
    if quotient.is_integer:
        return quotient
    if numerator.is_integer and denominator.is_integer:
        return FloorDivide(numerator, denominator)
    return sp.floor(numerator / denominator)


def floor(argument: Expr) -> Expr:
    """The greatest integer not above; quotients of integers are divided as integers."""
    numerator, denominator = sp.fraction(sp.together(argument))
    if denominator == 1 or not (numerator.is_integer and denominator.is_integer):
        return sp.floor(argument)
    return floor_divide(sp.expand(numerator), sp.expand(denominator))


def ceiling(argument: Expr) -> Expr:
    """The least integer not below."""
    return -floor(-argument)


def read(tensor: str, positions: tuple[Expr, ...] = (), *, integer: bool = False) -> Read:
    """The read of `tensor` at 0-based `positions`."""
    name = f"{tensor}[{', '.join(str(p) for p in positions)}]" if positions else tensor
    assumptions = {"integer": True} if integer else {"real": True}
    symbol = Read(name, **assumptions)
    symbol.tensor = tensor
    symbol.positions = positions
    return symbol


def index_symbol(name: str) -> sp.Symbol:
    """An index runs over 0, 1, …, extent - 1."""
    return sp.Symbol(name, integer=True, nonnegative=True)


def extent_symbol(name: str) -> sp.Symbol:
    """An extent, or an integer that stays the same for a whole call, such as a stride."""
    return sp.Symbol(name, integer=True, nonnegative=True)


def integer_symbol(name: str) -> sp.Symbol:
    """An integer argument of a call that may be negative."""
    return sp.Symbol(name, integer=True)


@dataclass(frozen=True, slots=True)
class Index:
    """A loop over 0 … extent - 1; the extent may use extents and outer indices (a ragged loop).

    >>> Index("i", extent_symbol("n"))
    Index(name='i', extent=n)
    """

    name: str
    extent: Expr

    @property
    def symbol(self) -> sp.Symbol:
        return index_symbol(self.name)
