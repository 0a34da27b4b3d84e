"""From the text of a formula to tokens with places: the first and strictest gate for what a record says.

The limits on length and nesting are checked here, before anything is built, so that no text can exhaust the machine.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NoReturn

from eqc.errors import NotationError, Span
from eqc.records.model import SourceText
from eqc.records.names import NAME_PATTERN

MAX_SOURCE_BYTES = 64 * 1024
MAX_NESTING = 100

Kind = Literal["number", "name", "operator", "end"]

_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]+|\#[^\n]*)"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z0-9_]+)"
    r"|(?P<operator>\*\*|//|<=|>=|==|!=|:=|->|<<|>>|[-+*/%()\[\],.<>&|~^=@:;{}])"
)

CLOSERS = {"(": ")", "[": "]", "{": "}"}

# Characters that people paste or type from other notations, and what the formula language writes instead.
LOOKALIKES = {
    "'": "leave the quotes out: a formula has no texts",
    '"': "leave the quotes out: a formula has no texts",
    "\\": "write SymPy's form here; LaTeX belongs under latex:",
    "$": "write SymPy's form here; LaTeX belongs under latex:",
    "`": "leave the backquotes out",
    "!": "write factorial(n), or != for not equal",
    "\N{MINUS SIGN}": "write - for minus",
    "\N{EN DASH}": "write - for minus",
    "\N{MULTIPLICATION SIGN}": "write * for times",
    "\N{MIDDLE DOT}": "write * for times",
    "\N{DOT OPERATOR}": "write * for times",
    "\N{DIVISION SIGN}": "write / for division",
    "\N{SUPERSCRIPT TWO}": "write **2 for a square",
    "\N{SUPERSCRIPT THREE}": "write **3 for a cube",
    "\N{LESS-THAN OR EQUAL TO}": "write <= for at most",
    "\N{GREATER-THAN OR EQUAL TO}": "write >= for at least",
    "\N{NOT EQUAL TO}": "write Ne(a, b) for not equal",
    "\N{INFINITY}": "write oo for infinity",
    "\N{SQUARE ROOT}": "write sqrt(x)",
    "\N{N-ARY SUMMATION}": "write Sum(body, (i, 1, n))",
    "\N{NO-BREAK SPACE}": "write an ordinary space",
}


@dataclass(frozen=True, slots=True)
class Token:
    """A word, number or sign of a formula, and its offset in the text."""

    kind: Kind
    text: str
    offset: int

    @property
    def end(self) -> int:
        """The offset just behind the token."""
        return self.offset + len(self.text)


class Places:
    """Maps offsets in a formula's text to places in the file, and raises errors there."""

    def __init__(self, source: SourceText) -> None:
        self.source = source
        self._starts = [0] + [match.end() for match in re.finditer("\n", source.text)]

    def span(self, offset: int) -> Span:
        """The place of an offset.

        >>> Places(SourceText("a +\\nb", Span("r.yaml", 3, 9))).span(4)
        Span(file='r.yaml', line=4, column=9)
        """
        source = self.source
        if not source.columns_are_exact:
            return source.span
        row = bisect_right(self._starts, offset) - 1
        column = self._first_column(row) + offset - self._starts[row]
        return Span(source.span.file, source.span.line + row, column)

    def fail(self, offset: int, rule: str, remedy: str) -> NoReturn:
        """Raises the error that names this offset, showing the formula around it."""
        raise NotationError(self.span(offset), written=self.excerpt(offset), rule=rule, remedy=remedy)

    def fail_at(self, span: Span, rule: str, remedy: str) -> NoReturn:
        """Raises the error for a part of the formula that was already read."""
        raise NotationError(span, written=self.excerpt(self._offset(span)), rule=rule, remedy=remedy)

    def _offset(self, span: Span) -> int:
        row = span.line - self.source.span.line
        if not self.source.columns_are_exact or not 0 <= row < len(self._starts):
            return 0
        return self._starts[row] + span.column - self._first_column(row)

    def _first_column(self, row: int) -> int:
        continuation = self.source.continuation
        return self.source.span.column if row == 0 or continuation is None else continuation

    def excerpt(self, offset: int, reach: int = 60) -> str:
        """The formula's text around an offset, on one line."""
        text = self.source.text
        start, stop = max(0, offset - reach), offset + reach
        dots = "\N{HORIZONTAL ELLIPSIS}"
        return (dots if start else "") + text[start:stop].strip() + (dots if stop < len(text) else "")


def tokenize(places: Places) -> list[Token]:
    """The tokens of a formula, with brackets that match and an `end` token.

    Raises NotationError where the text is too long, nests too deep, or has a character that no formula has.

    >>> [t.text for t in tokenize(Places(SourceText("2*x[i]", Span("r.yaml", 1, 1))))]
    ['2', '*', 'x', '[', 'i', ']', '']
    """
    _check_length(places)
    tokens = list(_scan(places))
    _check_brackets(tokens, places)
    return tokens


def _check_length(places: Places) -> None:
    size = len(places.source.text.encode("utf-8", "surrogatepass"))
    if size > MAX_SOURCE_BYTES:
        places.fail(
            0,
            f"a formula has at most {MAX_SOURCE_BYTES // 1024} KB; this one has {size} bytes",
            "split it into several statements, with a name for each part",
        )


def _scan(places: Places) -> Iterator[Token]:
    text, offset, previous = places.source.text, 0, None
    while offset < len(text):
        match = _TOKEN.match(text, offset)
        if match is None:
            _fail_character(places, offset)
        if match.lastgroup != "space":
            token = Token(_kind(match), match.group(), offset)
            _check_word(token, previous, places)
            yield token
            previous = token
        offset = match.end()
    yield Token("end", "", len(text))


def _kind(match: re.Match[str]) -> Kind:
    if match.lastgroup == "number":
        return "number"
    return "name" if match.lastgroup == "name" else "operator"


def _fail_character(places: Places, offset: int) -> NoReturn:
    character = places.source.text[offset]
    remedy = LOOKALIKES.get(character, "write names in the letters A-Z, a-z, digits and _, such as sigma")
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    places.fail(offset, f"the character {shown} has no place in a formula", remedy)


def _check_word(token: Token, previous: Token | None, places: Places) -> None:
    if token.kind != "name":
        return
    if previous is not None and previous.kind == "number" and previous.end == token.offset:
        number, name = _short(previous.text), _short(token.text)
        product = f"write {number}*{name}; " if token.text[0].isalpha() else ""
        remedy = f"{product}numbers are decimal, such as 12000, 0.5 or 1e-5"
        places.fail(previous.offset, f"the number {number} runs into {name}", remedy)
    if re.fullmatch(NAME_PATTERN, token.text) is None:
        places.fail(
            token.offset,
            f"the name {_short(token.text)} does not start with a letter",
            "name symbols with letters, digits and _, starting with a letter",
        )


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}\N{HORIZONTAL ELLIPSIS}"


def _check_brackets(tokens: list[Token], places: Places) -> None:
    opened: list[Token] = []
    for token in tokens:
        if token.kind != "operator":
            continue
        if token.text in CLOSERS:
            opened.append(token)
            check_nesting(len(opened), token.offset, places)
        elif token.text in CLOSERS.values():
            _check_closing(token, opened, places)
    if opened:
        last = opened[-1]
        places.fail(last.offset, f"this {last.text} is never closed", f"add the missing {CLOSERS[last.text]}")


def _check_closing(token: Token, opened: list[Token], places: Places) -> None:
    if not opened:
        places.fail(token.offset, f"this {token.text} closes nothing", "take it out, or add what opens it")
    wanted = CLOSERS[opened.pop().text]
    if token.text != wanted:
        places.fail(token.offset, f"{token.text} stands where {wanted} should close", f"write {wanted} here")


def check_nesting(depth: int, offset: int, places: Places) -> None:
    """Raises NotationError where a formula nests deeper than the limit."""
    if depth > MAX_NESTING:
        places.fail(
            offset,
            f"a formula nests at most {MAX_NESTING} deep",
            "take redundant brackets and signs out, or give the inner parts names in statements of their own",
        )
