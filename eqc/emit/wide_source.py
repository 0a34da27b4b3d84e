"""Expressions as calls of the functions on wide numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy as sp

from eqc.emit.heads import IN_WIDE, MATH, RUNTIME, STABLE, WIDE
from eqc.emit.printer import SourcePrinter
from eqc.ir.terms import Expr, Maximum, Minimum, NonZero, Read
from eqc.ir.whole import is_whole
from eqc.loops.vectors import VECTOR

_RELATIONS = {"==": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_CONSTANTS: Mapping[Expr, str] = {sp.pi: "_PI", sp.E: "_E", sp.Integer(0): "_ZERO", sp.Integer(1): "_ONE"}


class WideSource:
    """Wide-valued source of expressions; `place` spells reads, `plain` prints what needs no wide numbers."""

    def __init__(self, place: Callable[[Read], str], plain: SourcePrinter) -> None:
        self.place = place
        self.plain = plain

    def call(self, name: str, *arguments: str) -> str:
        """A call of a helper, which is noted for the imports."""
        self.plain.used.add(name)
        return f"{name}({', '.join(arguments)})"

    def constant(self, name: str) -> str:
        self.plain.used.add(name)
        return name

    def number(self, node: Expr) -> str:
        """An expression as a wide number."""
        if isinstance(node, Read):
            return self.place(node)
        if node in _CONSTANTS:
            return self.constant(_CONSTANTS[node])
        if node.is_number and (node.is_Rational or node.is_Float):
            return self._rational(node)
        if isinstance(node, sp.KroneckerDelta | NonZero):
            return self._indicator(node)
        if is_whole(node) and not any(isinstance(s, Read) and not s.is_integer for s in node.free_symbols):
            return self.call("_wide", self.plain.index_source(node))
        if isinstance(node, sp.Add):
            return self._sum(node.args)
        if isinstance(node, sp.Mul):
            return self._product(node.args)
        if isinstance(node, sp.Pow):
            return self._power(*node.args)
        if isinstance(node, sp.Piecewise):
            return self._choice(node)
        return self._function(node)

    def condition(self, node: Expr) -> str:
        """A condition, with comparisons of wide numbers."""
        if isinstance(node, sp.core.relational.Relational):
            if all(a.is_integer for a in node.args):
                return self.plain.source(node)
            left, right = (self.number(a) for a in node.args)
            return f"{self.call('_compare', left, right)} {_RELATIONS[node.rel_op]} 0.0"
        if isinstance(node, sp.And | sp.Or):
            word = " and " if isinstance(node, sp.And) else " or "
            return word.join(f"({self.condition(a)})" for a in sorted(node.args, key=sp.default_sort_key))
        if isinstance(node, sp.Not):
            return f"not ({self.condition(node.args[0])})"
        return "True" if node == sp.true else "False"

    def _rational(self, node: Expr) -> str:
        if node.is_Rational and node.q != 1:
            return self.call("_ratio", f"{node.p}.0", f"{node.q}.0")
        return self.call("_wide", repr(float(node)))

    def _indicator(self, node: Expr) -> str:
        if isinstance(node, NonZero):
            holds = f"{self.call('_compare', self.number(node.args[0]), self.constant('_ZERO'))} != 0.0"
            return f"({self.constant('_ONE')} if {holds} else {self.constant('_ZERO')})"
        left, right = (self.plain.index_source(a) for a in node.args)
        return f"({self.constant('_ONE')} if {left} == {right} else {self.constant('_ZERO')})"

    def _sum(self, terms: tuple[Expr, ...]) -> str:
        positive = [t for t in terms if not t.could_extract_minus_sign()]
        text = self.number(positive[0]) if positive else self.call("_negative", self.number(-terms[0]))
        for term in positive[1:]:
            text = self.call("_plus", text, self.number(term))
        rest = [t for t in terms if t.could_extract_minus_sign()]
        for term in rest if positive else rest[1:]:
            text = self.call("_minus", text, self.number(-term))
        return text

    def _product(self, factors: tuple[Expr, ...]) -> str:
        if factors[0] == -1:
            return self.call("_negative", self._product(factors[1:]))
        above = [f for f in factors if not _is_below(f)]
        below = [sp.Pow(f.args[0], -f.args[1]) for f in factors if _is_below(f)]
        text = self.number(above[0]) if above else self.constant("_ONE")
        for factor in above[1:]:
            text = self.call("_times", text, self.number(factor))
        for factor in below:
            text = self.call("_over", text, self.number(factor))
        return text

    def _power(self, base: Expr, exponent: Expr) -> str:
        if exponent == sp.Rational(1, 2):
            return self.call("_wide_root", self.number(base))
        if exponent == sp.Rational(-1, 2):
            return self.call("_over", self.constant("_ONE"), self.call("_wide_root", self.number(base)))
        if exponent.is_Integer:
            return self.call("_whole_power", self.number(base), str(int(exponent)))
        return self.call("_wide_power", self.number(base), self.number(exponent))

    def _choice(self, node: Expr) -> str:
        cases = [(pair.args[0], pair.args[1]) for pair in node.args]
        text = self.number(cases.pop()[0]) if cases[-1][1] == sp.true else self.call("_wide", "math.nan")
        for value, condition in reversed(cases):
            text = f"{self.number(value)} if {self.condition(condition)} else {text}"
        return f"({text})"

    def _function(self, node: Expr) -> str:
        head = type(node)
        if head in (Maximum, Minimum):
            return self._extremum("_greater" if head is Maximum else "_lesser", node.args)
        if head is sp.polygamma and node.args[0] == 0:
            return self.call("_wide_digamma", self.number(node.args[1]))
        if head in WIDE:
            return self.call(WIDE[head], *(self.number(a) for a in node.args))
        if head in IN_WIDE:
            return self.number(IN_WIDE[head](*node.args))
        if node in (sp.oo, -sp.oo, sp.nan) or not node.args:
            return self.call("_wide", self.plain.source(node))
        return self._in_floats(node)

    def _extremum(self, name: str, arguments: tuple[Expr, ...]) -> str:
        if len(arguments) == 1:
            return self.number(arguments[0])
        return self.call(name, self.number(arguments[0]), self._extremum(name, arguments[1:]))

    def _in_floats(self, node: Expr) -> str:
        """A function that has no form for wide numbers."""
        head = type(node)
        name = f"math.{MATH[head]}" if head in MATH else {**RUNTIME, **STABLE, **VECTOR}[head]
        if not name.startswith("math."):
            self.plain.used.add(name)
        whole = head is sp.polygamma
        arguments = [
            str(a) if whole and n == 0 else self.call("_narrow", self.number(a)) for n, a in enumerate(node.args)
        ]
        return self.call("_wide", f"{name}({', '.join(arguments)})")


def _is_below(factor: Expr) -> bool:
    return isinstance(factor, sp.Pow) and bool(factor.args[1].is_Integer) and factor.args[1] < 0
