"""Pieces of typeset mathematics and how they join: brackets only where the meaning needs them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

_TALL = re.compile(r"\\(frac|tfrac|dfrac|sum|prod|int|begin|binom|max_|min_|underset)")
_BIG = re.compile(r"^\\(sum|prod|int|max_|min_|operatorname\*)")


class Level(IntEnum):
    """How tightly a piece binds."""

    CONDITION = 0
    SUM = 1
    PRODUCT = 2
    POWER = 3
    ATOM = 4


@dataclass(frozen=True, slots=True)
class Piece:
    """LaTeX with its binding. `opens`: it would swallow factors to its right; `closed` is the form that would not."""

    text: str
    level: Level = Level.ATOM
    opens: bool = False
    closed: str = ""

    @property
    def negative(self) -> bool:
        """Whether it starts with a sign."""
        return self.text.startswith("-")

    @property
    def tall(self) -> bool:
        """Whether it is higher than a line of text."""
        return bool(_TALL.search(self.text))

    @property
    def slope(self) -> bool:
        """Whether it is a derivative, which is written beside a fraction, not in it."""
        return self.text.startswith((r"\frac{\partial", r"\left. "))

    @property
    def big(self) -> bool:
        """Whether it is a sum, product or extremum with limits."""
        return bool(_BIG.match(self.text))


def brackets(piece: Piece | str) -> str:
    r"""A piece in round brackets that fit its height.

    >>> brackets(Piece("a + b")), brackets(Piece(r"\frac{a}{b}"))
    ('(a + b)', '\\left(\\frac{a}{b}\\right)')
    """
    return enclosed(piece, "(", ")")


def enclosed(piece: Piece | str, left: str, right: str) -> str:
    """A piece between delimiters that fit its height."""
    shown = piece if isinstance(piece, Piece) else Piece(piece)
    before, after = (" " if side.startswith("\\") else "" for side in (left, right))
    if shown.tall:
        return rf"\left{left}{before}{shown.text}{after}\right{right}"
    return f"{left}{before}{shown.text}{after}{right}"


def at_least(piece: Piece, level: Level) -> str:
    """The text of a piece, in brackets if it binds less tightly than `level`."""
    return piece.text if piece.level >= level else brackets(piece)


def product(factors: Sequence[Piece]) -> Piece:
    r"""Factors side by side; the last may be a sum with limits.

    >>> product([Piece("2"), Piece("a + b", Level.SUM), Piece("c")]).text
    '2(a + b) c'
    """
    if not factors:
        return Piece("1")
    if len(factors) == 1:
        return factors[0]
    texts = [_factor(piece, first=n == 0, last=n == len(factors) - 1) for n, piece in enumerate(factors)]
    joined = texts[0]
    for text in texts[1:]:
        joined += _joint(joined, text) + text
    return Piece(joined, Level.PRODUCT, opens=factors[-1].opens)


def _factor(piece: Piece, *, first: bool, last: bool) -> str:
    if piece.level < Level.PRODUCT or (piece.negative and not first):
        return brackets(piece)
    if piece.opens and not last:
        return piece.closed or brackets(piece)
    return piece.text


def _joint(before: str, after: str) -> str:
    """What stands between two factors: nothing before a bracket, a dot before a digit."""
    if after[0].isdigit() or (after.startswith(r"\frac{") and before[-1].isdigit()):
        return r" \cdot "
    return "" if after.startswith(("(", r"\left(")) else " "


def quotient(numerator: Piece, denominator: Piece, *, flat: bool = False) -> Piece:
    """A fraction, or within a line where that is `flat`; a sign of the numerator stands before it.

    >>> quotient(Piece("a"), Piece("b c", Level.PRODUCT)).text, quotient(Piece("a"), Piece("b"), flat=True).text
    ('\\\\frac{a}{b c}', 'a/b')
    """
    if flat:
        return Piece(f"{at_least(numerator, Level.PRODUCT)}/{at_least(denominator, Level.POWER)}", Level.PRODUCT)
    if numerator.negative and numerator.level >= Level.PRODUCT:
        return Piece(rf"-\frac{{{numerator.text[1:]}}}{{{denominator.text}}}", Level.PRODUCT)
    return Piece(rf"\frac{{{numerator.text}}}{{{denominator.text}}}", Level.PRODUCT)


def total(terms: Sequence[Piece]) -> Piece:
    """Terms with their signs.

    >>> total([Piece("a"), Piece("-b", Level.PRODUCT)]).text
    'a - b'
    """
    text = terms[0].text
    for term in terms[1:]:
        shown = brackets(term) if term.level < Level.SUM else term.text
        text += f" - {shown[1:]}" if term.negative else f" + {shown}"
    return terms[0] if len(terms) == 1 else Piece(text, Level.SUM)


def negated(piece: Piece) -> Piece:
    """The piece with the other sign."""
    if piece.negative and piece.level >= Level.PRODUCT:
        return Piece(piece.text[1:], piece.level, piece.opens)
    return Piece(f"-{at_least(piece, Level.PRODUCT)}", Level.PRODUCT, piece.opens)


def power(base: Piece, exponent: Piece) -> Piece:
    r"""A power; a base with a script of its own is put in brackets.

    >>> power(Piece("x"), Piece("2")).text, power(Piece("y^{(i)}"), Piece("n + 1")).text
    ('x^2', '(y^{(i)})^{n + 1}')
    """
    shown = base.text if base.level is Level.ATOM and not has_superscript(base.text) else brackets(base)
    return Piece(f"{shown}^{script(exponent.text)}", Level.POWER)


def script(text: str) -> str:
    """A superscript or subscript, in braces unless it is one letter."""
    return text if len(text) == 1 else f"{{{text}}}"


def has_superscript(text: str) -> bool:
    """Whether a `^` stands outside all brackets."""
    depth = 0
    for character in text:
        depth += (character in "{([") - (character in "})]")
        if character == "^" and depth == 0:
            return True
    return False


def named(latex: str) -> Piece:
    r"""A symbol of the glossary as a piece: some are whole expressions.

    >>> named(r"\hat{y}_j").level.name, named(r"a + b").level.name
    ('ATOM', 'SUM')
    """
    depth = 0
    for character in latex:
        depth += (character in "{([") - (character in "})]")
        if depth == 0 and character in "+-=":
            return Piece(latex, Level.SUM)
    if latex.startswith((r"\frac", r"\sum", r"\tfrac")):
        return Piece(latex, Level.PRODUCT, opens=latex.startswith(r"\sum"))
    return Piece(latex)
