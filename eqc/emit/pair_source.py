"""Expressions as arithmetic of pairs of floats.

Compiled code knows the operators on pairs; so wherever both operands are floats, one of them is marked as `_as_pair`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import sympy as sp

from eqc.emit.heads import PAIRS, PAIRS_OF_TWO
from eqc.emit.printer import SourcePrinter, is_ratio
from eqc.ir.stable import Difference, ExpDifference, Log1p
from eqc.ir.terms import Expr, Read
from eqc.ir.whole import is_whole

_LARGEST_WHOLE = 2**53
_CONSTANTS = {sp.pi: "_pair_pi", sp.E: "_pair_e"}
_POWERS = {2: "_square_of", 3: "_cube_of"}


class Binding(IntEnum):
    """How firmly the parts of a text hold together."""

    SUM = 0
    PRODUCT = 1
    ATOM = 2


@dataclass(frozen=True, slots=True)
class Text:
    """The source of a number, and whether it is a pair or a float."""

    source: str
    is_pair: bool = False
    binding: Binding = Binding.ATOM

    def within(self, binding: Binding) -> str:
        """The source as an operand, in brackets if it needs them."""
        return self.source if self.binding >= binding else f"({self.source})"


@dataclass(frozen=True, slots=True)
class PairSource:
    """The printer; `place` spells reads, and `plain` prints what is a float's work."""

    place: Callable[[Read], Text]
    plain: SourcePrinter

    def call(self, name: str, *arguments: str) -> str:
        """A call of a helper, which is noted for the imports."""
        self.plain.used.add(name)
        return f"{name}({', '.join(arguments)})"

    def pair(self, node: Expr) -> str:
        """An expression as a pair."""
        text = self.text(node)
        return text.source if text.is_pair else self.call("_as_pair", text.source)

    def nearest(self, node: Expr) -> str:
        """An expression as the float nearest to it."""
        return self.call("_nearest", self.text(node).source)

    def text(self, node: Expr) -> Text:
        """An expression as a pair, or as a float or a whole number if it is that exactly."""
        if isinstance(node, Read):
            return self.place(node)
        if node.is_Rational and max(abs(node.p), node.q) < _LARGEST_WHOLE:
            return self._rational(node)
        if node in _CONSTANTS:
            return self._made(_CONSTANTS[node])
        if is_whole(node) and not any(isinstance(s, Read) and not s.is_integer for s in node.free_symbols):
            return Text(self.plain.index_source(node), binding=Binding.SUM if node.args else Binding.ATOM)
        if isinstance(node, sp.Add):
            return self._sum(node)
        if isinstance(node, sp.Mul):
            return self._product(node)
        if isinstance(node, sp.Pow):
            return self._power(*node.args)
        if isinstance(node, sp.Piecewise):
            return self._choice(node)
        return self._function(node)

    def _rational(self, node: Expr) -> Text:
        if node.q == 1:
            return Text(str(node), binding=Binding.ATOM if node >= 0 else Binding.SUM)
        return self._chain([Text(str(node.p))], [Text(str(node.q))])

    def _sum(self, node: Expr) -> Text:
        """Terms with a minus sign go last: x - mu rather than -mu + x."""
        terms = sorted(node.as_ordered_terms(), key=lambda t: t.could_extract_minus_sign())
        minus = [t.could_extract_minus_sign() for t in terms]
        texts = [self.text(-t if m and n else t) for n, (t, m) in enumerate(zip(terms, minus, strict=True))]
        texts = self._with_pair(texts)
        source = texts[0].within(Binding.SUM)
        for text, below in zip(texts[1:], minus[1:], strict=True):
            source += f" - {text.within(Binding.PRODUCT)}" if below else f" + {text.within(Binding.PRODUCT)}"
        return Text(source, is_pair=True, binding=Binding.SUM)

    def _product(self, node: Expr) -> Text:
        number, rest = node.as_coeff_Mul()
        factors = sp.Mul.make_args(rest)
        if not number.is_Rational or max(abs(number.p), number.q) >= _LARGEST_WHOLE:
            number, factors = sp.Integer(1), node.args
        above = [self.text(f) for f in factors if not _is_below(f)]
        below = [self.text(sp.Pow(f.args[0], -f.args[1])) for f in factors if _is_below(f)]
        if abs(number.p) != 1 or not above:
            above.insert(0, Text(str(abs(number.p))))
        if number.q != 1:
            below.append(Text(str(number.q)))
        text = self._chain(above, below) if below or not _is_exact(above) else _scaled(*above)
        return text if number > 0 else Text(f"-{text.within(Binding.PRODUCT)}", text.is_pair, Binding.PRODUCT)

    def _chain(self, above: list[Text], below: list[Text]) -> Text:
        """A product with divisors, which is a float if it has only one factor."""
        if len(above) + len(below) == 1:
            return above[0]
        texts = self._with_pair([*above, *below])
        source = texts[0].within(Binding.PRODUCT)
        for place, text in enumerate(texts[1:], 1):
            source += f"{'*' if place < len(above) else '/'}{text.within(Binding.ATOM)}"
        return Text(source, is_pair=True, binding=Binding.PRODUCT)

    def _with_pair(self, texts: list[Text]) -> list[Text]:
        """The operands of a chain, one of the first two being a pair."""
        if any(text.is_pair for text in texts[:2]):
            return texts
        return [Text(self.call("_as_pair", texts[0].source), is_pair=True), *texts[1:]]

    def _power(self, base: Expr, exponent: Expr) -> Text:
        if _is_below(sp.Pow(base, exponent, evaluate=False)):
            return self._chain([Text("1")], [self._power(base, -exponent)])
        if exponent.is_Rational and exponent.q == 2:
            return self._whole(self._made("_root_of", self.text(base).source), sp.Integer(exponent.p))
        if exponent.is_integer:
            return self._whole(self.text(base), exponent)
        if is_ratio(exponent):
            return self._made("_rational_power_of", self.text(base).source, str(exponent.p), str(exponent.q))
        return self._made("_power_of", self.text(base).source, self.plain.source(exponent))

    def _whole(self, base: Text, exponent: Expr) -> Text:
        """A power with a whole exponent."""
        if exponent == 1:
            return base
        if exponent in _POWERS:
            return self._made(_POWERS[int(exponent)], base.source)
        return self._made("_power_of", base.source, self.plain.index_source(exponent))

    def _made(self, name: str, *arguments: str) -> Text:
        """A pair that a function gives."""
        return Text(self.call(name, *arguments), is_pair=True)

    def _choice(self, node: Expr) -> Text:
        """A choice among floats: each branch is rounded once."""
        cases = [(self.nearest(pair.args[0]), pair.args[1]) for pair in node.args]
        source = cases.pop()[0] if cases[-1][1] == sp.true else "math.nan"
        for value, condition in reversed(cases):
            source = f"{value} if {self.plain.source(condition)} else {source}"
        return Text(f"({source})")

    def _function(self, node: Expr) -> Text:
        head = type(node)
        if head is Log1p:
            return self._made("_log_of", self.pair(1 + node.args[0]))
        if head in (ExpDifference, Difference):
            gap = self._difference(*node.args)
            return gap if head is Difference else self._made("_exp_of", gap.source)
        if head in PAIRS_OF_TWO:
            return self._extremum(node)
        if head in PAIRS:
            return self._made(PAIRS[head], self.text(node.args[0]).source)
        return Text(f"({self.plain.source(node)})")

    def _extremum(self, node: Expr) -> Text:
        """The least or the greatest of some numbers, which no pair is needed for if all are floats."""
        texts = [self.text(a) for a in node.args]
        if not any(text.is_pair for text in texts):
            return Text(f"({self.plain.source(node)})")
        first, *others = texts
        for text in others:
            first = self._made(PAIRS_OF_TWO[type(node)], first.source, text.source)
        return first

    def _difference(self, left: Expr, right: Expr) -> Text:
        first, second = self._with_pair([self.text(left), self.text(right)])
        source = f"{first.within(Binding.SUM)} - {second.within(Binding.PRODUCT)}"
        return Text(source, is_pair=True, binding=Binding.SUM)


def _is_exact(factors: list[Text]) -> bool:
    """Whether floats have the product of a whole number and a float exactly."""
    first, *others = factors
    return len(others) == 1 and not others[0].is_pair and first.source.isdigit() and int(first.source).bit_count() == 1


def _scaled(number: Text, factor: Text) -> Text:
    return Text(f"{number.source}*{factor.within(Binding.ATOM)}", binding=Binding.PRODUCT)


def _is_below(factor: Expr) -> bool:
    """Whether a factor is a divisor."""
    return isinstance(factor, sp.Pow) and bool(factor.args[1].is_Rational) and bool(factor.args[1] < 0)
