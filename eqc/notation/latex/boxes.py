"""A formula as TeX sees it: a list of boxes, each with what stands below and above it. Nothing has a meaning yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal[
    "letter",  # x, \alpha, \mathbf{W}: one letter, with its face in `text`
    "word",  # a name of several letters: \mathrm{softmax}
    "prose",  # words that are no name: \text{if }
    "number",
    "sign",  # operators, relations, punctuation
    "open",
    "close",
    "bar",  # | or \|, on a side that nothing says
    "big",  # \sum, \max
    "command",  # \frac, \sqrt, … with arguments in `parts`
    "accent",  # \hat, …; what is below it is the only part
    "group",  # braces around several boxes
    "table",  # an environment; `rows` holds its cells
    "wide",  # \quad
    "line",  # the end of a line
    "cell",  # &
]
Boxes = tuple["Box", ...]


@dataclass(frozen=True, slots=True)
class Box:
    """A nucleus with its subscript, superscript and primes; `offset` is where it starts in the text.

    `spaced` says that a space was typed before it, `side` on which side of something a bar stands.
    """

    kind: Kind
    text: str
    offset: int
    end: int
    parts: tuple[Boxes, ...] = ()
    rows: tuple[tuple[Boxes, ...], ...] = ()
    sub: Boxes | None = None
    sup: Boxes | None = None
    primes: int = 0
    spaced: bool = False
    side: str = ""

    def is_sign(self, *texts: str) -> bool:
        """Whether this is one of some operators or relations."""
        return self.kind == "sign" and self.text in texts

    @property
    def bare(self) -> Box:
        """The nucleus alone."""
        return replace(self, sub=None, sup=None, primes=0)

    @property
    def has_scripts(self) -> bool:
        return self.sub is not None or self.sup is not None or self.primes > 0

    def inner(self) -> Iterator[Boxes]:
        """The lists of boxes inside, scripts included."""
        yield from self.parts
        for row in self.rows:
            yield from row
        yield from (script for script in (self.sub, self.sup) if script is not None)


def same_nucleus(a: Box, b: Box) -> bool:
    """Whether two boxes are the same but for their scripts and places.

    >>> same_nucleus(Box("letter", "x", 0, 1), Box("letter", "x", 7, 8))
    True
    """
    kinds = {a.kind, b.kind}
    if a.kind != b.kind and not (kinds <= {"open", "close", "bar"} or kinds <= {"sign", "bar"}):
        return False
    if a.text != b.text or len(a.parts) != len(b.parts) or len(a.rows) != len(b.rows):
        return False
    cells = zip((c for row in a.rows for c in row), (c for row in b.rows for c in row), strict=False)
    return all(same(x, y) for x, y in zip(a.parts, b.parts, strict=True)) and all(same(x, y) for x, y in cells)


def same(a: Boxes | None, b: Boxes | None) -> bool:
    """Whether two lists of boxes look the same."""
    if a is None or b is None:
        return a is b
    return len(a) == len(b) and all(
        same_nucleus(x, y) and same(x.sub, y.sub) and same(x.sup, y.sup) and x.primes == y.primes
        for x, y in zip(a, b, strict=True)
    )


def flat_text(boxes: Boxes) -> str:
    """What boxes say, as plain text for messages and for names.

    >>> flat_text((Box("letter", r"\\\\alpha", 0, 6), Box("number", "2", 6, 7)))
    '\\\\\\\\alpha2'
    """
    return "".join(_text(box) for box in boxes)


def _text(box: Box) -> str:
    inside = "".join("{" + flat_text(part) + "}" for part in box.parts)
    scripts = "" if box.sub is None else "_{" + flat_text(box.sub) + "}"
    scripts += "" if box.sup is None else "^{" + flat_text(box.sup) + "}"
    return box.text + inside + scripts + "'" * box.primes


def walk(boxes: Boxes) -> Iterator[Box]:
    """Every box, outer ones first, without recursion."""
    stack = list(reversed(boxes))
    while stack:
        box = stack.pop()
        yield box
        for inside in reversed(list(box.inner())):
            stack.extend(reversed(inside))
