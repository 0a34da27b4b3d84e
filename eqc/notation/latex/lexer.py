"""From LaTeX to tokens: commands and characters, with spacing noted and spellings of the same thing as one."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from eqc.notation.latex import commands as table

_TOKEN = re.compile(
    r"(?P<blank>[ \t\r\n]+|%[^\n]*\n?)"
    r"|(?P<command>\\(?:[A-Za-z]+\*?|.))"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
    r"|(?P<letter>[A-Za-z])"
    r"|(?P<other>.)",
    re.DOTALL,
)


_STARRED = frozenset((r"\operatorname*",))


_NOTHING = r"\left."  # an opening side that is left out, as in \left. f \right|_{x=0}


_ALIASES = {
    "\N{MINUS SIGN}": "-",
    "\N{MIDDLE DOT}": r"\cdot",
    "\N{MULTIPLICATION SIGN}": r"\times",
    "\N{NO-BREAK SPACE}": "~",
    "\N{INFINITY}": r"\infty",
    "\N{LESS-THAN OR EQUAL TO}": "<=",
    "\N{GREATER-THAN OR EQUAL TO}": ">=",
}


@dataclass(frozen=True, slots=True)
class Token:
    """A command or a character; `side` and `spaced` as in a box."""

    text: str
    offset: int
    end: int
    number: bool = False
    spaced: bool = False
    side: str = ""


def tokens_of(text: str) -> list[Token]:
    """Characters and commands, with spacing dropped or noted, and spellings of the same thing as one."""
    found: list[Token] = []
    opened: list[int] = []
    spaced, side = False, ""
    for match in _TOKEN.finditer(text):
        raw, start, end = match.group(), match.start(), match.end()
        if match.lastgroup == "blank" or raw in table.DROPPED or raw == "$":
            continue
        if raw in table.SPACES:
            spaced = True
            continue
        if raw in table.SIZES:
            side = table.SIZES[raw]
            continue
        if raw.endswith("*") and raw not in _STARRED and len(raw) > 2:
            raw, end = raw[:-1], end - 1
            found.append(Token(table.SAME.get(raw, raw), start, end, spaced=spaced, side=side))
            found.append(Token("*", end, end + 1))
        elif raw == "." and side == "open":
            opened.append(len(found))
            found.append(Token(_NOTHING, start, end, spaced=spaced, side=side))
        elif raw == "." and side:
            _drop_partner(side, found, opened)
        else:
            opened += [len(found)] if side == "open" else []
            if side == "close" and opened and found[first := opened.pop()].text == _NOTHING:
                found[first], raw = replace(found[first], text="("), ")"
            name = table.SAME.get(_ALIASES.get(raw, raw), _ALIASES.get(raw, raw))
            side = side or table.SIDE.get(raw, "")
            found.append(Token(name, start, end, match.lastgroup == "number", spaced, side))
        spaced, side = False, ""
    return found


def _drop_partner(side: str, found: list[Token], opened: list[int]) -> None:
    """A bracket whose other side is left out, as around cases, is no bracket."""
    if side == "close" and opened:
        found.pop(opened.pop())


def joined(tokens: list[Token]) -> list[Token]:
    """`<=`, `:=` and `||` typed as two characters are one sign."""
    joined: list[Token] = []
    for token in tokens:
        last = joined[-1] if joined else None
        touches = last is not None and last.end == token.offset
        if last is not None and touches and token.text == "=" and last.text in ("<", ">", ":"):
            joined[-1] = replace(last, text=last.text + "=", end=token.end)
        elif last is not None and touches and token.text == last.text == "|" and not last.side:
            joined[-1] = replace(last, text=r"\|", end=token.end)
        else:
            joined.append(token)
    return joined
