"""Closed forms as text, LaTeX and SymPy, counted from 1 as in the mathematics."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sympy as sp
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from eqc.ir.terms import Expr, FloorDivide, Maximum, Minimum, Quotient, Read, Remainder, read
from eqc.ir.walk import rebuild
from eqc.present.closed import Total, Whole


@dataclass(frozen=True, slots=True)
class Notation:
    """How a tensor is typeset: its LaTeX, in which the index names of `index` stand for its positions."""

    latex: str
    index: tuple[str, ...] = ()


def count_from_one(expression: Expr, indices: tuple[Expr, ...]) -> Expr:
    """Positions and indices that run from 0 as the mathematics writes them; bound indices get short names."""
    taken = {s.name for s in _symbols(expression)} | {i.name for i in indices}
    return _Shift({i: i for i in indices}, taken).run(expression)


def _symbols(expression: Expr) -> set[Expr]:
    found: set[Expr] = set()
    stack = [expression]
    while stack:
        for symbol in stack.pop().free_symbols:
            found.add(symbol)
            if isinstance(symbol, Read):
                stack.extend(symbol.positions)
    return found


class _Shift:
    """The walk of `count_from_one`: index i of the program becomes i - 1, positions p become p + 1."""

    def __init__(self, shown: dict[Expr, Expr], taken: set[str]) -> None:
        self.shown = shown
        self.taken = taken

    def run(self, node: Expr) -> Expr:
        if isinstance(node, Read):
            return read(node.tensor, tuple(self._position(p) for p in node.positions), integer=bool(node.is_integer))
        if node in self.shown:
            return self.shown[node] - 1
        if isinstance(node, Total | Whole):
            return self._bound(node)
        if isinstance(node, sp.KroneckerDelta):
            return sp.KroneckerDelta(*(self._position(a) for a in node.args))
        if isinstance(node, sp.core.relational.Relational) and all(a in self.shown for a in node.args):
            return node.func(*(self._position(a) for a in node.args))
        return rebuild(node, tuple(self.run(a) for a in node.args)) if node.args else node

    def _position(self, position: Expr) -> Expr:
        return sp.expand(self.run(position) + 1)

    def _bound(self, node: Expr) -> Expr:
        body, index, extent = node.args
        name = self._name(index.name.split("__")[0])
        symbol = sp.Symbol(name, integer=True, nonnegative=True)
        self.shown[index] = symbol
        result = node.func(self.run(body), symbol, self.run(extent))
        self.taken.discard(name)
        return result

    def _name(self, base: str) -> str:
        options = [base, *"kijlmnpqrst"]
        name = next((o for o in options if o not in self.taken), f"{base}{len(self.taken)}")
        self.taken.add(name)
        return name


class TextPrinter(StrPrinter):  # type: ignore[misc]
    """One line of plain text with δ and Σ."""

    def _print_Read(self, expr: Read) -> str:
        positions = ", ".join(self._print(p) for p in expr.positions)
        return f"{expr.tensor}[{positions}]" if positions else str(expr.tensor)

    def _print_KroneckerDelta(self, expr: Expr) -> str:
        return f"δ[{', '.join(self._print(a) for a in _alphabetic(expr.args))}]"

    def _print_Total(self, expr: Expr) -> str:
        return f"Σ_{expr.args[1]} {self.parenthesize(expr.args[0], PRECEDENCE['Mul'], strict=True)}"

    def _print_Whole(self, expr: Expr) -> str:
        return f"Π_{expr.args[1]} {self.parenthesize(expr.args[0], PRECEDENCE['Mul'], strict=True)}"

    def _print_Mul(self, expr: Expr) -> str:
        """A sum at the end needs no brackets, elsewhere it does."""
        sums = {t: sp.Symbol(f"({self._print(t)})") for t in expr.args if isinstance(t, Total | Whole)}
        return str(super()._print_Mul(expr.xreplace(sums) if sums else expr))

    def _print_Add(self, expr: Expr, order: str | None = None) -> str:
        terms = [self._print(t) for t in positive_first(expr)]
        return "".join(_signed(t, first=n == 0) for n, t in enumerate(terms))

    def _print_Piecewise(self, expr: Expr) -> str:
        parts = []
        for pair in expr.args:
            value, condition = pair.args
            where = "otherwise" if condition == sp.true else f"if {self._print(condition)}"
            parts.append(f"{self._print(value)} {where}")
        return "{" + "; ".join(parts) + "}"

    def _print_Maximum(self, expr: Expr) -> str:
        return f"max({', '.join(self._print(a) for a in expr.args)})"

    def _print_Minimum(self, expr: Expr) -> str:
        return f"min({', '.join(self._print(a) for a in expr.args)})"

    def _print_Abs(self, expr: Expr) -> str:
        return f"|{self._print(expr.args[0])}|"

    def _print_Remainder(self, expr: Expr) -> str:
        return f"Mod({', '.join(self._print(a) for a in expr.args)})"

    def _print_FloorDivide(self, expr: Expr) -> str:
        return f"floor({self._print(expr.args[0] / expr.args[1])})"


def positive_first(expr: Expr) -> list[Expr]:
    """The terms of a sum in SymPy's order, those with a minus sign last."""
    return sorted(expr.as_ordered_terms(), key=lambda t: t.could_extract_minus_sign())


def _signed(term: str, *, first: bool) -> str:
    if first:
        return term
    return f" - {term[1:]}" if term.startswith("-") else f" + {term}"


def _alphabetic(args: tuple[Expr, ...]) -> list[Expr]:
    return sorted(args, key=str)


class FormulaPrinter(LatexPrinter):  # type: ignore[misc]
    """LaTeX with the glossary's symbols."""

    def __init__(self, notation: Mapping[str, Notation]) -> None:
        super().__init__({"ln_notation": False, "fold_short_frac": False, "mul_symbol": None})
        self.notation = notation

    def _print_Read(self, expr: Read) -> str:
        positions = [self._print(p) for p in expr.positions]
        known = self.notation.get(expr.tensor) or self.notation.get(expr.tensor.rstrip("0123456789"))
        if known is None:
            return _indexed(super()._print(sp.Symbol(expr.tensor)), positions)
        extra = len(positions) - len(known.index)
        if not known.index or extra < 0:
            return _indexed(known.latex, positions)
        positions = [" ".join(positions[: extra + 1]), *positions[extra + 1 :]]
        return put_indices(known.latex, dict(zip(known.index, positions, strict=True)))

    def _print_Symbol(self, expr: Expr, style: str = "plain") -> str:
        if isinstance(expr, Read):
            return self._print_Read(expr)
        known = self.notation.get(expr.name)
        return known.latex if known is not None else str(super()._print_Symbol(expr))

    def _print_Add(self, expr: Expr, order: str | None = None) -> str:
        terms = [str(self._print(t)).strip() for t in positive_first(expr)]
        return "".join(
            _signed(t.replace("- ", "-", 1) if t.startswith("- ") else t, first=n == 0) for n, t in enumerate(terms)
        )

    def _print_KroneckerDelta(self, expr: Expr, exp: str | None = None) -> str:
        text = rf"\delta_{{{' '.join(self._print(a) for a in _alphabetic(expr.args))}}}"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"

    def _print_Total(self, expr: Expr, exp: str | None = None) -> str:
        return self._power(self._big(r"\sum", expr), exp)

    def _print_Whole(self, expr: Expr, exp: str | None = None) -> str:
        return self._power(self._big(r"\prod", expr), exp)

    def _power(self, text: str, exp: str | None) -> str:
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"

    def _big(self, symbol: str, expr: Expr) -> str:
        body, index, extent = expr.args
        inner = self.parenthesize(body, PRECEDENCE["Mul"], strict=True)
        return rf"{symbol}_{{{self._print(index)}=1}}^{{{self._print(extent)}}} {inner}"

    def _print_Maximum(self, expr: Expr, exp: str | None = None) -> str:
        return self._power(rf"\max\left({', '.join(self._print(a) for a in expr.args)}\right)", exp)

    def _print_Minimum(self, expr: Expr, exp: str | None = None) -> str:
        return self._power(rf"\min\left({', '.join(self._print(a) for a in expr.args)}\right)", exp)

    def _print_Remainder(self, expr: Expr, exp: str | None = None) -> str:
        text = rf"\left({self._print(expr.args[0])} \bmod {self._print(expr.args[1])}\right)"
        return self._power(text, exp)

    def _print_FloorDivide(self, expr: Expr, exp: str | None = None) -> str:
        text = rf"\left\lfloor {self._print(expr.args[0] / expr.args[1])} \right\rfloor"
        return self._power(text, exp)

    def _needs_mul_brackets(self, expr: Expr, first: bool = False, last: bool = False) -> bool:
        if isinstance(expr, Total | Whole):
            return not last
        return bool(super()._needs_mul_brackets(expr, first=first, last=last))


def _indexed(base: str, positions: list[str]) -> str:
    """x with positions i, j is x_{i j}; a base that has a subscript already is put in brackets."""
    if not positions:
        return base
    head = rf"\left({base}\right)" if "_" in base or "(" in base else base
    return f"{head}_{{{' '.join(positions)}}}"


def put_indices(latex: str, positions: Mapping[str, str]) -> str:
    """Replace index names where they stand as subscripts or superscripts.

    >>> put_indices(r"\\\\hat{y}_{c}^{(i)}", {"c": "k", "i": "n"})
    '\\\\\\\\hat{y}_{k}^{(n)}'
    """

    def group(found: re.Match[str]) -> str:
        return re.sub(r"(?<![\\\\A-Za-z])[A-Za-z]\w*", lambda m: positions.get(m[0], m[0]), found[0])

    return re.sub(r"[_^](\{[^{}]*\}|[A-Za-z0-9])", group, latex)


def _inert(head: type, body: Expr, index: Expr, extent: Expr) -> Expr:
    """A sum or product as it stands: SymPy's constructor pulls conditions on inner indices out of it."""
    total = sp.Expr.__new__(head, body, sp.Tuple(index, sp.Integer(1), extent))
    total.is_commutative = True
    return total


def to_sympy(expression: Expr) -> Expr:
    """The closed form in SymPy's own objects: Indexed, Sum, Product, Max, Min."""
    heads: Mapping[type, Callable[..., Expr]] = {
        Total: lambda body, i, n: _inert(sp.Sum, body, i, n),
        Whole: lambda body, i, n: _inert(sp.Product, body, i, n),
        Maximum: sp.Max,
        Minimum: sp.Min,
        FloorDivide: lambda a, b: sp.floor(a / b),
        Remainder: sp.Mod,
        Quotient: lambda a, b: a / b,
    }
    if isinstance(expression, Read):
        if not expression.positions:
            return sp.Symbol(expression.tensor, real=True)
        return sp.Indexed(sp.IndexedBase(expression.tensor, real=True), *(to_sympy(p) for p in expression.positions))
    if not expression.args:
        return expression
    args = tuple(to_sympy(a) for a in expression.args)
    head = heads.get(type(expression))
    return head(*args) if head is not None else rebuild(expression, args)
