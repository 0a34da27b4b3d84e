"""Expressions as Python source for Numba."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

import sympy as sp
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from eqc.emit.heads import MATH, OF_PRODUCTS, RUNTIME, STABLE
from eqc.emit.selects import is_plain, is_without_branches, parts_indices
from eqc.ir import stable
from eqc.ir.terms import Expr, FloorDivide, FunctionName, Maximum, Minimum, Read, Remainder
from eqc.ir.walk import is_short, rebuild, transform
from eqc.ir.whole import is_whole
from eqc.loops.vectors import VECTOR

_INFIX: Mapping[type, str] = {FloorDivide: "//", Remainder: "%"}
_BIG = 2**31
_EXACT = 2**53
_RELATIONS = {"==": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


class RationalPower(sp.Function):  # type: ignore[misc]
    """x**(p/q) for long whole numbers p and q."""

    nargs = 3


class SourcePrinter(StrPrinter):  # type: ignore[misc]
    """SymPy's printer with Python's names; `place(read)` says how a read is spelt, `function` how a function input is.

    `gap` may spell a sum in its own way, from which a pair of floats is taken off.

    `used` collects imported names.
    """

    def __init__(
        self,
        place: Callable[[Read], str],
        function: Callable[[FunctionName], str] = str,
        gap: Callable[[Expr], str | None] = lambda expression: None,
    ) -> None:
        super().__init__({"order": "none"})
        self.place = place
        self.function = function
        self.gap = gap
        self.used: set[str] = set()
        self.whole = False

    def index_source(self, expression: Expr) -> str:
        """A position or an extent: arithmetic of integers, which must stay exact."""
        self.whole = True
        self._settings["order"] = None
        try:
            return str(self.doprint(expression))
        finally:
            self.whole = False

    def source(self, expression: Expr) -> str:
        """A number or a condition as source; sorting the factors of long ones would take too long."""
        self._settings["order"] = None if is_short(expression) else "none"
        return str(self.doprint(_plain_numbers(expression)))

    def _call(self, name: str, args: tuple[Expr, ...]) -> str:
        if name.startswith("_"):
            self.used.add(name)
        return f"{name}({', '.join(self._print(a) for a in args)})"

    def _real_call(self, name: str, args: tuple[Expr, ...]) -> str:
        """A call of a function that is compiled for floats only; numbers take the precision of the data."""
        self.used.add(name)
        return f"{name}({', '.join(self._float(a) for a in args)})"

    def _print_SharedQuotient(self, expr: Expr) -> str:
        return self._real_call("_quotient", expr.args)

    def _float(self, expr: Expr) -> str:
        return repr(float(expr)) if expr.is_Integer else str(self._print(expr))

    def _print_Read(self, expr: Read) -> str:
        return self.place(expr)

    def _print_Add(self, expr: Expr, order: str | None = None) -> str:
        """Terms with a minus sign go last: x - mu rather than -mu + x."""
        apart = self.gap(expr)
        if apart is not None:
            return apart
        ordered = expr.args if self._settings["order"] == "none" else _minus_last(expr)
        terms = [self._print(t) for t in ordered]
        rest = (f" - {t[1:]}" if t.startswith("-") else f" + {t}" for t in terms[1:])
        return f"{terms[0]}{''.join(rest)}"

    def _print_Function(self, expr: Expr) -> str:
        head = type(expr)
        if head in (Maximum, Minimum):
            return self._extremum(VECTOR[head], expr.args)
        if head in _INFIX:
            left, right = (self.parenthesize(a, PRECEDENCE["Pow"]) for a in expr.args)
            return f"({left} {_INFIX[head]} {right})"
        if head in MATH:
            return self._call(f"math.{MATH[head]}", expr.args)
        if head is stable.Difference:
            left, right = (self.parenthesize(a, PRECEDENCE["Mul"]) for a in expr.args)
            return f"({left} - {right})"
        if head in VECTOR:
            return self._real_call(VECTOR[head], expr.args)
        if head in OF_PRODUCTS and expr.args[0].is_Mul and len(expr.args[0].args) == 2:
            return self._real_call(OF_PRODUCTS[head], (*expr.args[0].args, *expr.args[1:]))
        if head in STABLE:
            return self._real_call(STABLE[head], expr.args)
        if head in RUNTIME:
            return self._call(RUNTIME[head], expr.args)
        raise NotImplementedError(f"no source for {head.__name__}")

    _print_log = _print_exp = _print_sign = _print_gamma = _print_loggamma = _print_Function

    def _extremum(self, name: str, args: tuple[Expr, ...]) -> str:
        if len(args) == 1:
            return str(self._print(args[0]))
        self.used.add(name)
        return f"{name}({self._print(args[0])}, {self._extremum(name, args[1:])})"

    def _print_Applied(self, expr: Expr) -> str:
        name, *arguments = expr.args
        return f"{self.function(name)}({', '.join(self._real(a) for a in arguments)})"

    def _real(self, expr: Expr) -> str:
        """A number as a float, since people's functions are written for those."""
        if expr.is_Rational:
            return repr(float(expr))
        return f"float({self._print(expr)})" if expr.is_integer else str(self._print(expr))

    def _print_Abs(self, expr: Expr) -> str:
        return f"abs({self._print(expr.args[0])})"

    _print_Magnitude = _print_Abs

    def _print_NonZero(self, expr: Expr) -> str:
        return f"(1.0 if {self.parenthesize(expr.args[0], PRECEDENCE['Relational'])} != 0 else 0.0)"

    def _print_floor(self, expr: Expr) -> str:
        return f"np.floor({self._print(expr.args[0])})"

    def _print_ceiling(self, expr: Expr) -> str:
        return f"np.ceil({self._print(expr.args[0])})"

    def _print_Mod(self, expr: Expr) -> str:
        left, right = (self.parenthesize(a, PRECEDENCE["Pow"]) for a in expr.args)
        return f"({left} % {right})"

    def _print_KroneckerDelta(self, expr: Expr) -> str:
        left, right = (self._print(a) for a in expr.args)
        return f"(1.0 if {left} == {right} else 0.0)"

    def _print_Piecewise(self, expr: Expr) -> str:
        cases, other = [(pair.args[0], pair.args[1]) for pair in expr.args], sp.nan
        if cases[-1][1] == sp.true:
            other = cases.pop()[0]
        if is_without_branches(expr):
            return self._picks(cases, other)
        text = self._print(other)
        for value, condition in reversed(cases):
            text = f"{self._print(value)} if {self._print(condition)} else {text}"
        return f"({text})"

    def _picks(self, cases: Sequence[tuple[Expr, Expr]], other: Expr) -> str:
        """A choice among numbers that are all computed."""
        self.used.add("_pick")
        text = self._picked(other)
        for value, condition in reversed(cases):
            text = f"_pick({self._print(condition)}, {self._picked(value)}, {text})"
        return text

    def _picked(self, expr: Expr) -> str:
        return repr(float(expr)) if expr.is_Rational else str(self._print(expr))

    def _print_Relational(self, expr: Expr) -> str:
        left, right = (self.parenthesize(a, PRECEDENCE["Relational"]) for a in expr.args)
        return f"{left} {_RELATIONS[expr.rel_op]} {right}"

    def _print_And(self, expr: Expr) -> str:
        """Conditions on data in range are joined without branches, which loops in vectors cannot have."""
        conditions = sorted(expr.args, key=sp.default_sort_key)
        if all(is_plain(a) or parts_indices(a) for a in conditions):
            return " & ".join(f"({self._print(a)})" for a in conditions)
        return " and ".join(self._condition(a) for a in conditions)

    def _print_Or(self, expr: Expr) -> str:
        return " or ".join(self._condition(a) for a in sorted(expr.args, key=sp.default_sort_key))

    def _print_Not(self, expr: Expr) -> str:
        return f"not {self._condition(expr.args[0])}"

    def _condition(self, expr: Expr) -> str:
        text = self._print(expr)
        return text if isinstance(expr, sp.core.relational.Relational) else f"({text})"

    def _print_BooleanTrue(self, expr: Expr) -> str:
        return "True"

    def _print_BooleanFalse(self, expr: Expr) -> str:
        return "False"

    def _print_Pow(self, expr: Expr, rational: bool = False) -> str:
        base, exponent = expr.args
        if exponent == sp.Rational(1, 2):
            return self._call("math.sqrt", (base,))
        if exponent == sp.Rational(3, 2):
            return self._call("_root_of_cube", (base,))
        if exponent == sp.Rational(5, 2):
            return f"({self._atom(base)}*{self._call('_root_of_cube', (base,))})"
        if exponent.is_number and exponent.could_extract_minus_sign():
            return f"1/{self.parenthesize(sp.Pow(base, -exponent), PRECEDENCE['Pow'], strict=True)}"
        if self.whole:
            return f"{self._atom(base)}**{self._atom(exponent)}"
        if is_ratio(exponent):
            return self._call("_rational_power", (base, *_terms_of(exponent)))
        if not exponent.is_number or not (exponent.is_integer or is_whole(base)):
            halves = exponent.is_Rational and not exponent.is_integer
            return self._call("_power", (base, sp.Float(exponent, 17) if halves else exponent))
        if exponent != 2 and is_whole(base):
            return f"float({self._print(base)})**{self._atom(exponent)}"
        return f"{self._atom(base)}**{self._atom(exponent)}"

    def _print_RationalPower(self, expr: Expr) -> str:
        return self._call("_rational_power", expr.args)

    def _atom(self, expr: Expr) -> str:
        return str(self.parenthesize(expr, PRECEDENCE["Atom"], strict=True))

    def _print_Float(self, expr: Expr) -> str:
        return repr(float(expr))

    def _print_Exp1(self, expr: Expr) -> str:
        return self._constant("e")

    def _print_Pi(self, expr: Expr) -> str:
        return self._constant("pi")

    def _print_Infinity(self, expr: Expr) -> str:
        return self._constant("inf")

    def _print_NegativeInfinity(self, expr: Expr) -> str:
        return f"-{self._constant('inf')}"

    def _print_NaN(self, expr: Expr) -> str:
        return self._constant("nan")

    def _print_NumberSymbol(self, expr: Expr) -> str:
        return repr(float(expr))

    _print_EulerGamma = _print_GoldenRatio = _print_Catalan = _print_NumberSymbol

    def _constant(self, name: str) -> str:
        return f"math.{name}"


def is_ratio(exponent: Expr) -> bool:
    """Whether an exponent is a quotient that no float has, of whole numbers that floats have.

    >>> is_ratio(sp.Rational(1, 3)), is_ratio(sp.Rational(5, 4)), is_ratio(sp.Integer(3))
    (True, False, False)
    """
    short = bool(exponent.is_Rational) and max(abs(exponent.p), exponent.q) < _EXACT
    return short and exponent.q & (exponent.q - 1) != 0


def _terms_of(ratio: Expr) -> tuple[Expr, Expr]:
    return sp.Integer(ratio.p), sp.Integer(ratio.q)


def _minus_last(expr: Expr) -> tuple[Expr, ...]:
    """The terms of a sum, those with a minus sign last."""
    return tuple(sorted(expr.as_ordered_terms(), key=lambda t: t.could_extract_minus_sign()))


def _plain_numbers(expression: Expr) -> Expr:
    """Numbers that source should not spell as long quotients or as integers beyond 64 bits become floats."""

    def leaf(atom: Expr) -> Expr:
        if not atom.is_Rational or (abs(atom.p) < 1000 and atom.q < 1000) or (atom.is_Integer and abs(atom.p) < _BIG):
            return atom
        return sp.Float(float(Fraction(int(atom.p), int(atom.q))), 17)

    def built(node: Expr, args: tuple[Expr, ...]) -> Expr:
        if isinstance(node, sp.Pow) and is_ratio(node.args[1]):
            return RationalPower(args[0], *_terms_of(node.args[1]))
        return rebuild(node, args)

    return transform(expression, leaf, built=built)
