"""From tokens to boxes: groups, arguments, scripts. Length and nesting are bounded before anything is built."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NoReturn

from eqc.notation.latex import commands as table
from eqc.notation.latex.boxes import Box, Boxes, Kind, flat_text
from eqc.notation.latex.lexer import Token, joined, tokens_of
from eqc.notation.tokens import MAX_SOURCE_BYTES, Places

MAX_NESTING = 60


def read_boxes(places: Places) -> Boxes:
    r"""The boxes of a LaTeX text.

    Raises NotationError where the text is too long, nests too deep or has brackets that do not match.

    >>> from eqc.errors import Span
    >>> from eqc.records.model import SourceText
    >>> print(*(b.text for b in read_boxes(Places(SourceText(r"\hat{y}_i + \frac12", Span("r.yaml", 1, 1))))))
    \hat + \frac
    """
    text = places.source.text
    if len(text.encode("utf-8", "surrogatepass")) > MAX_SOURCE_BYTES:
        remedy = "split it into several formulas"
        places.fail(0, f"LaTeX has at most {MAX_SOURCE_BYTES // 1024} KB", remedy)
    return _Scanner(places, tokens_of(text)).whole()


class _Scanner:
    """Recursive descent over groups, whose nesting is bounded."""

    def __init__(self, places: Places, tokens: list[Token]) -> None:
        self._places = places
        self._tokens = joined(tokens)
        self._next = 0
        self._depth = 0

    def whole(self) -> Boxes:
        boxes = self._list(())
        if self._peek is not None:
            self._fail(self._peek, f"{self._peek.text} closes nothing", "take it out, or write what it should close")
        return boxes

    @property
    def _peek(self) -> Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self) -> Token:
        token = self._tokens[self._next]
        self._next += 1
        return token

    def _fail(self, token: Token, rule: str, remedy: str) -> NoReturn:
        self._places.fail(token.offset, rule, remedy)

    def _list(self, stops: tuple[str, ...]) -> Boxes:
        """Boxes up to one of the stops, which stays."""
        self._depth += 1
        if self._depth > MAX_NESTING:
            token = self._peek or self._tokens[-1]
            self._fail(token, f"LaTeX nests at most {MAX_NESTING} levels deep", "name parts of the formula")
        boxes: list[Box] = []
        while self._peek is not None and self._peek.text not in (*stops, "}", r"\end"):
            if self._peek.text == r"\prime" and not boxes:
                token = self._take()
                boxes.append(Box("sign", token.text, token.offset, token.end))
            elif self._peek.text in ("^", "_", "'", r"\prime"):
                self._script(boxes)
            else:
                boxes += self._box()
        self._depth -= 1
        return tuple(boxes)

    def _script(self, boxes: list[Box]) -> None:
        """A script belongs to the box before it."""
        token = self._take()
        if not boxes:
            boxes.append(Box("group", "{}", token.offset, token.offset, ((),)))
        base = boxes[-1]
        if token.text in ("'", r"\prime"):
            boxes[-1] = replace(base, primes=base.primes + 1, end=token.end)
            return
        inside = self._argument(token)
        end = self._tokens[self._next - 1].end
        if token.text == "^" and inside and all(b.is_sign(r"\prime") for b in inside):
            boxes[-1] = replace(base, primes=base.primes + len(inside), end=end)
            return
        name = "sub" if token.text == "_" else "sup"
        if getattr(base, name) is not None:
            what = "subscript" if name == "sub" else "superscript"
            self._fail(token, f"a second {what} for the same symbol", "put braces around the first one")
        boxes[-1] = replace(base, sub=inside, end=end) if name == "sub" else replace(base, sup=inside, end=end)

    def _argument(self, command: Token) -> Boxes:
        """What stands in braces, or the next single box."""
        token = self._peek
        if token is None or token.text in ("}", "&", r"\\", r"\end"):
            self._fail(token or command, f"{command.text} lacks what it is about", "write it in braces")
        if token.text == "{":
            return self._braces()
        if token.number and len(token.text) > 1:  # x_12 is x_1 followed by 2
            self._tokens[self._next] = replace(token, text=token.text[1:], offset=token.offset + 1)
            return (Box("number", token.text[0], token.offset, token.offset + 1),)
        if token.text == r"\prime":
            self._take()
            return (Box("sign", token.text, token.offset, token.end),)
        return tuple(self._box())

    def _braces(self) -> Boxes:
        opening = self._take()
        inside = self._list(())
        if self._peek is None or self._peek.text != "}":
            self._fail(opening, "this brace is never closed", "write } where it should end")
        self._take()
        return inside

    def _box(self) -> list[Box]:
        token = self._peek
        assert token is not None
        if token.text == "{":
            return self._group()
        self._take()
        if token.text == r"\begin":
            return self._environment(token)
        if token.text in table.WORDS:
            return self._word(token)
        if token.text in table.STYLES:
            return self._styled(token)
        if token.text in table.ACCENTS:
            inside = self._argument(token)
            return [Box("accent", token.text, token.offset, self._end, (_unwrapped(inside),), spaced=token.spaced)]
        if token.text in table.ARGUMENTS:
            return self._command(token)
        if token.text in (r"\arg", r"\arg\,") and self._peek is not None and self._peek.text in (r"\max", r"\min"):
            name = rf"\arg{self._take().text[1:]}"
            return [Box("big", name, token.offset, self._end, spaced=token.spaced)]
        if token.text in table.WIDE_SPACES and self._peek is not None and self._peek.text == "{":
            self._braces()
            return [Box("wide", token.text, token.offset, token.end)]
        return [Box(_kind(token), token.text, token.offset, token.end, spaced=token.spaced, side=token.side)]

    @property
    def _end(self) -> int:
        return self._tokens[self._next - 1].end

    def _group(self) -> list[Box]:
        opening = self._tokens[self._next]
        inside = self._braces()
        if len(inside) == 1 and not (inside[0].has_scripts and self._is_script_next()):
            return [replace(inside[0], offset=opening.offset)] if inside[0].kind != "sign" else list(inside)
        return [Box("group", "{}", opening.offset, self._end, (inside,), spaced=opening.spaced)]

    def _is_script_next(self) -> bool:
        return self._peek is not None and self._peek.text in ("^", "_", "'")

    def _word(self, command: Token) -> list[Box]:
        """A name, or words; what stands in a text is not LaTeX's mathematics."""
        token = self._peek
        if token is None or token.text != "{":
            return self._styled(command)
        start = token.end
        inside = self._braces()
        raw = self._places.source.text[start : self._end - 1]
        plain = raw.replace(r"\_", "").replace(r"\ ", "").replace(r"\,", "")
        if ("\\" in plain or "_" in plain) and _is_name_with_scripts(inside):
            return [_as_word(inside, command, self._end)]
        name = " ".join(raw.replace(r"\_", "_").replace(r"\ ", " ").replace("~", " ").replace(r"\,", " ").split())
        kind: Kind = "word" if re.fullmatch(r"[A-Za-z][\w.-]*(?: [\w.-]+)*", name) else "prose"
        if kind == "word" and command.text in (r"\text", r"\mbox", r"\textrm", r"\textnormal"):
            kind = "prose" if name.lower() in PROSE or " " in name else "word"
        if name in table.BIG_WORDS:
            return [Box("big", table.BIG_WORDS[name], command.offset, self._end, spaced=command.spaced)]
        return [Box(kind, name, command.offset, self._end, spaced=command.spaced)]

    def _styled(self, command: Token) -> list[Box]:
        """A letter in a face of its own is another letter; several make a word, other things keep their own."""
        inside = self._argument(command)
        face = command.text.lstrip("\\") if command.text in table.STYLES else "mathrm"
        if len(inside) == 1 and inside[0].kind in ("letter", "number"):
            box = inside[0]
            return [replace(box, kind="letter", text=f"{face} {box.text}", offset=command.offset, end=self._end)]
        if inside and all(b.kind in ("letter", "number", "word") and not b.has_scripts for b in inside):
            return [Box("word", flat_text(inside), command.offset, self._end, spaced=command.spaced)]
        if len(inside) == 1:
            return [replace(inside[0], offset=command.offset, end=self._end)]
        return [Box("group", "{}", command.offset, self._end, (inside,), spaced=command.spaced)]

    def _command(self, token: Token) -> list[Box]:
        option: Boxes | None = None
        if token.text == r"\sqrt" and self._peek is not None and self._peek.text == "[":
            self._take()
            option = self._list(("]",))
            if self._peek is None or self._peek.text != "]":
                self._fail(token, "the index of the root is never closed", "write ] where it should end")
            self._take()
        parts = tuple(self._argument(token) for _ in range(table.ARGUMENTS[token.text]))
        parts = parts if option is None else (*parts, option)
        if token.text in table.NO_MEANING:
            return []
        if token.text in (r"\underbrace", r"\overbrace", r"\cancel", r"\boxed", r"\textcolor"):
            if token.text.endswith("brace") and self._is_script_next():
                self._take()
                self._argument(token)
            return [Box("group", "{}", token.offset, self._end, parts[-1:], spaced=token.spaced)]
        if token.text in (r"\overset", r"\underset"):
            return self._stacked(token, *parts)
        return [Box("command", token.text, token.offset, self._end, parts, spaced=token.spaced)]

    def _stacked(self, token: Token, over: Boxes, base: Boxes) -> list[Box]:
        """A note above a relation is dropped; what is below an operator is its limit."""
        if len(base) == 1 and base[0].kind == "big":
            return [replace(base[0], sub=over)] if token.text == r"\underset" else [replace(base[0], sup=over)]
        return list(base)

    def _environment(self, token: Token) -> list[Box]:
        name = flat_text(self._argument(token)).replace(" ", "")
        if name in ("array", "alignedat") and self._peek is not None and self._peek.text == "{":
            self._braces()
        rows: list[tuple[Boxes, ...]] = []
        cells: list[Boxes] = []
        while True:
            cells.append(self._list(("&", r"\\")))
            stop = self._peek
            if stop is None or stop.text == "}":
                self._fail(token, rf"\begin{{{name}}} is never closed", rf"write \end{{{name}}}")
            self._take()
            if stop.text == "&":
                continue
            rows.append(tuple(cells))
            cells = []
            if stop.text == r"\end":
                break
            self._skip_option()
        closing = flat_text(self._argument(token)).replace(" ", "")
        if closing != name:
            self._fail(stop, rf"\end{{{closing}}} closes \begin{{{name}}}", rf"write \end{{{name}}}")
        filled = tuple(row for row in rows if any(row))
        return [Box("table", name, token.offset, self._end, rows=filled, spaced=token.spaced)]

    def _skip_option(self) -> None:
        """The distance after the end of a line, `[1ex]`."""
        if self._peek is not None and self._peek.text == "[" and self._next + 1 < len(self._tokens):
            ahead = [t.text for t in self._tokens[self._next : self._next + 6]]
            if "]" in ahead and re.fullmatch(r"-?[\d.]+(pt|ex|em|mm|cm)", "".join(ahead[1 : ahead.index("]")])):
                self._next += ahead.index("]") + 1


_JOINING = ("if", "otherwise", "else", "where", "with", "and", "or", "for", "when", "as", "then", "in", "all", "given")
_EXPLAINING = ("while", "unless", "so", "hence", "thus", "i.e.", "st", "of", "is", "s.t.")
_SEVERAL = ("for all", "subject to", "such that")
PROSE: frozenset[str] = frozenset((*_JOINING, *_EXPLAINING, *_SEVERAL))
"""Words of a text that are no names."""


def _kind(token: Token) -> Kind:
    text = token.text
    if token.number:
        return "number"
    if text in table.OPENERS:
        return "open"
    if text in table.CLOSERS:
        return "close"
    if text in table.BARS:
        return "bar"
    if text in table.BIG:
        return "big"
    if text in table.WIDE_SPACES:
        return "wide"
    if text == r"\\":
        return "line"
    if text == "&":
        return "cell"
    return "letter" if (text.isalpha() or text.startswith("\\")) and text not in table.SIGNS else "sign"


def _unwrapped(boxes: Boxes) -> Boxes:
    if len(boxes) == 1 and boxes[0].kind == "group" and not boxes[0].has_scripts:
        return boxes[0].parts[0]
    return boxes


def _is_name_with_scripts(inside: Boxes) -> bool:
    return bool(inside) and all(b.kind in ("letter", "number", "word") for b in inside)


def _as_word(inside: Boxes, command: Token, end: int) -> Box:
    """`\\text{out}_j` inside one text: the letters are a name, the last one's scripts are the name's."""
    last = inside[-1]
    name = "".join(b.text for b in inside)
    return Box("word", name, command.offset, end, sub=last.sub, sup=last.sup, spaced=command.spaced)
