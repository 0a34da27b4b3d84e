"""The text of a YAML scalar as it stands in the file, so that an error inside a formula has its own line and column."""

from __future__ import annotations

from typing import Protocol

from eqc.errors import Span
from eqc.records.model import SourceText


class Mark(Protocol):
    """A place in a text: line and column from 0, and the offset."""

    line: int
    column: int
    index: int


def source_text(value: str, style: str | None, start: Mark, end: Mark, document: str, span: Span) -> SourceText:
    """A scalar's text with its place: the characters of the file where they mean the same, else the value.

    Lines that YAML would join stay apart, which changes nothing in a formula.
    """
    if style in ("|", ">"):
        return _block_text(value, start, document, span) or SourceText(value, span, columns_are_exact=False)
    quotes = 1 if style in ("'", '"') else 0
    raw = document[start.index + quotes : end.index - quotes]
    if raw.split() != value.split():
        return SourceText(value, span, columns_are_exact=False)
    return SourceText(raw, span.shifted(quotes), continuation=1 if "\n" in raw else None)


def _block_text(value: str, start: Mark, document: str, span: Span) -> SourceText | None:
    """The lines of a block scalar without their common indentation, or None if they are not found as they should be."""
    lines = document.split("\n")[start.line + 1 :]
    filled = next((line for line in lines if line.strip()), "")
    first = next((line for line in value.split("\n") if line.strip()), "")
    indent = _leading(filled) - _leading(first)
    if not value.strip() or indent < 0:
        return None
    kept: list[str] = []
    for line in lines:
        if line.strip() and _leading(line) < indent:
            break
        kept.append(line[indent:])
    text = "\n".join(kept).rstrip()
    return SourceText(text, Span(span.file, span.line + 1, indent + 1)) if text.split() == value.split() else None


def _leading(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
