"""Errors that people can act on: where, what was written, which rule it breaks, what would mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a file; line and column count from 1.

    >>> str(Span("equations/a/b.yaml", 3, 7))
    'equations/a/b.yaml:3:7'
    """

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def shifted(self, columns: int) -> Span:
        """The place `columns` characters to the right on the same line."""
        return Span(self.file, self.line, self.column + columns)


class EqcError(Exception):
    """An error in four parts.

    >>> print(EqcError(Span("a.yaml", 2, 1), written="symbls:", rule="unknown key", remedy="did you mean symbols?"))
    a.yaml:2:1: unknown key
      written: symbls:
      remedy:  did you mean symbols?
    """

    def __init__(self, where: Span | None, *, written: str, rule: str, remedy: str) -> None:
        super().__init__(rule)
        self.where = where
        self.written = written
        self.rule = rule
        self.remedy = remedy

    def __reduce__(self) -> tuple[object, ...]:
        """Errors cross process borders in parallel builds; keyword-only arguments need this."""
        return _rebuild, (type(self), self.where, self.written, self.rule, self.remedy)

    def __str__(self) -> str:
        head = f"{self.where}: {self.rule}" if self.where else self.rule
        return f"{head}\n  written: {_clip(self.written)}\n  remedy:  {self.remedy}"

    def as_json(self) -> dict[str, object]:
        """The four parts as plain data, for `--json`."""
        where = {"file": self.where.file, "line": self.where.line, "column": self.where.column} if self.where else None
        return {"where": where, "written": _clip(self.written), "rule": self.rule, "remedy": self.remedy}


class RecordError(EqcError):
    """The YAML of a record breaks the format."""


class NotationError(EqcError):
    """A formula cannot be read."""


class ShapeError(EqcError):
    """Extents, axes or positions in a formula do not fit together."""


class DerivationError(EqcError):
    """A derivative was asked for that the formula does not have."""


class BuildError(EqcError):
    """Reading or writing project files failed."""


def _rebuild(kind: type[EqcError], where: Span | None, written: str, rule: str, remedy: str) -> EqcError:
    return kind(where, written=written, rule=rule, remedy=remedy)


def _clip(text: str, limit: int = 160) -> str:
    """One printable line of at most `limit` characters, whatever was written."""
    line = " ".join(text.split())
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)
    return line if len(line) <= limit else f"{line[: limit - 1]}\N{HORIZONTAL ELLIPSIS}"


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint at the nearest known name, or at the known names if none is near.

    >>> nearest("sofmax", ["softmax", "tanh"])
    'did you mean softmax?'
    >>> nearest("q", ["softmax", "tanh"])
    'known: softmax, tanh'
    """
    names = sorted(set(known))
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f"did you mean {close[0]}?"
    if not names:
        return "nothing is known here yet"
    shown = ", ".join(names[:12])
    return f"known: {shown}" + (", …" if len(names) > 12 else "")
