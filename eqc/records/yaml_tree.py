"""YAML 1.2 as plain data with the place of every key and value.

Events are all that is taken from the YAML library: no object is ever constructed from a tag, and limits on size,
nesting and aliases hold while reading, so that no file can exhaust the machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from eqc.errors import RecordError, Span
from eqc.records.core_schema import core_value
from eqc.records.model import SourceText
from eqc.records.scalar_text import source_text

MAX_BYTES = 1024 * 1024
MAX_NODES = 50_000
MAX_DEPTH = 50

BYTE_ORDER_MARK = "\ufeff"

# No printable text needs these, and they could hide or fake code in what is generated: controls except newline,
# direction marks, line separators, surrogates.
FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")

# What the YAML library says, and what would mend it.
_REMEDIES = (
    ("\\t", "indent with spaces, not tabs"),
    ("mapping values", "put quotes around a text that holds a colon and a space"),
    ("cannot start any token", "put quotes around a text that starts with this character"),
    ("escape", "use single quotes, in which a backslash is itself"),
    ("quoted scalar", "close the quotes"),
    ("flow", 'close the bracket, and put quotes around texts with brackets or commas, such as "[0, 1)"'),
    ("block", "give the keys of one mapping the same indentation"),
)


@dataclass(frozen=True, slots=True)
class YamlNode:
    """A part of a YAML document; `size` counts the parts in it, aliases expanded."""

    span: Span
    size: int


@dataclass(frozen=True, slots=True)
class YamlScalar(YamlNode):
    """A text or number; `value` is what it means in YAML's core schema, `source` how it was written."""

    value: str | int | float | bool | None
    source: SourceText


@dataclass(frozen=True, slots=True)
class YamlSequence(YamlNode):
    """A list."""

    items: tuple[YamlNode, ...]


@dataclass(frozen=True, slots=True)
class YamlMapping(YamlNode):
    """Keys with values, in the order of the file."""

    entries: tuple[tuple[YamlScalar, YamlNode], ...]

    def get(self, key: object) -> tuple[YamlScalar, YamlNode] | None:
        """The key as written and its value."""
        return next((entry for entry in self.entries if entry[0].source.text == key), None)


def read_yaml(data: bytes, file: str) -> YamlMapping:
    """The mapping that a YAML file holds.

    Raises RecordError where the file is no YAML, or uses what records do without: tags, directives, several documents.

    >>> node = read_yaml(b"title: Softplus", "a.yaml")
    >>> node.entries[0][1].value, str(node.entries[0][1].span)
    ('Softplus', 'a.yaml:1:8')
    """
    text = _decode(data, file)
    node = _Reader(text, file).document()
    if not isinstance(node, YamlMapping):
        raise RecordError(
            node.span,
            written=text.strip()[:60],
            rule="a record is a mapping of keys to values",
            remedy="start with title: and symbols:",
        )
    return node


def as_data(node: YamlNode) -> object:
    """Plain lists, dictionaries, texts and numbers."""
    if isinstance(node, YamlMapping):
        return {key.source.text: as_data(value) for key, value in node.entries}
    if isinstance(node, YamlSequence):
        return [as_data(item) for item in node.items]
    return node.value if isinstance(node, YamlScalar) else None


def _decode(data: bytes, file: str) -> str:
    if len(data) > MAX_BYTES:
        raise RecordError(
            Span(file, 1, 1),
            written=f"{len(data)} bytes",
            rule=f"a record has at most {MAX_BYTES // 1024} KB",
            remedy="split the equation into several records",
        )
    try:
        text = data.decode("utf-8").removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        place = Span(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
        written = f"the byte 0x{data[error.start]:02x}"
        raise RecordError(place, written=written, rule="a record is UTF-8 text", remedy="save it as UTF-8") from None
    text = text.replace("\r\n", "\n")
    found = FORBIDDEN.search(text)
    if found:
        before = text[: found.start()]
        row, column = before.count("\n"), found.start() - before.rfind("\n")
        _fail_character(found.group(), Span(file, row + 1, column), text.split("\n")[row])
    return text


def _fail_character(character: str, place: Span, written: str) -> NoReturn:
    if character == "\t":
        rule, remedy = "a record has no tabs", "use spaces"
    else:
        rule = f"a record has no control characters; this is U+{ord(character):04X}"
        remedy = "take the character out"
    raise RecordError(place, written=written, rule=rule, remedy=remedy)


@dataclass(slots=True)
class _Open:
    """A list or mapping that is still being read."""

    span: Span
    mapping: bool
    anchor: str | None
    parts: list[YamlNode] = field(default_factory=list)
    keys: dict[str, Span] = field(default_factory=dict)
    size: int = 1


class _Reader:
    """Builds the tree from the events of the YAML library, without recursion."""

    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._lines = text.split("\n")
        self._file = file
        self._anchors: dict[str, YamlNode] = {}
        self._open: list[_Open] = []
        self._root: YamlNode | None = None

    def document(self) -> YamlNode:
        for event in self._events():
            handler = getattr(self, f"_on_{type(event).__name__}", None)
            if handler is not None:
                handler(event)
        if self._root is None:
            self._fail(Span(self._file, 1, 1), "", "the record is empty", "write title:, latex:, sympy: and symbols:")
        return self._root

    def _events(self) -> Iterator[Any]:
        try:
            yield from YAML(typ="safe", pure=True).parse(self._text)
        except MarkedYAMLError as error:
            self._fail_yaml(error)
        except (YAMLError, ValueError, RecursionError) as error:
            remedy = "check the indentation, brackets and quotes"
            self._fail(Span(self._file, 1, 1), str(error), "this is not YAML", remedy)

    def _fail(self, span: Span, written: str, rule: str, remedy: str) -> NoReturn:
        raise RecordError(span, written=written, rule=rule, remedy=remedy) from None

    def _fail_yaml(self, error: MarkedYAMLError) -> NoReturn:
        mark, context = error.problem_mark, error.context_mark
        said = f"{error.context or ''} {error.problem or ''}"
        if mark is None or (context is not None and ("flow" in said or "quoted" in said) and context.line < mark.line):
            mark = context
        line, column = (mark.line, mark.column) if mark is not None else (0, 0)
        remedy = next((r for sign, r in _REMEDIES if sign in said), "check the indentation, brackets and quotes")
        problem = " ".join((error.problem or "this cannot be read").split())
        written = self._line(line)
        self._fail(Span(self._file, line + 1, column + 1), written, f"this is not YAML: {problem}", remedy)

    def _line(self, row: int) -> str:
        return self._lines[row] if row < len(self._lines) else ""

    def _span(self, mark: Any) -> Span:
        return Span(self._file, mark.line + 1, mark.column + 1)

    def _written(self, event: Any) -> str:
        return self._line(event.start_mark.line)[event.start_mark.column :]

    def _on_DocumentStartEvent(self, event: Any) -> None:
        if self._root is not None:
            rule, remedy = "a file holds one record", "put the second document into a file of its own"
            self._fail(self._span(event.start_mark), self._written(event), rule, remedy)
        if event.version or event.tags:
            rule, remedy = "a record has no YAML directives", "take the lines with % out"
            self._fail(Span(self._file, 1, 1), self._line(0), rule, remedy)

    def _on_MappingStartEvent(self, event: Any) -> None:
        self._start(event, mapping=True)

    def _on_SequenceStartEvent(self, event: Any) -> None:
        self._start(event, mapping=False)

    def _on_MappingEndEvent(self, _event: Any) -> None:
        done = self._open.pop()
        entries = tuple(zip(done.parts[::2], done.parts[1::2], strict=True))
        self._add(YamlMapping(done.span, done.size, entries), done.anchor)  # type: ignore[arg-type]

    def _on_SequenceEndEvent(self, _event: Any) -> None:
        done = self._open.pop()
        self._add(YamlSequence(done.span, done.size, tuple(done.parts)), done.anchor)

    def _on_ScalarEvent(self, event: Any) -> None:
        self._refuse_tag(event)
        span = self._span(event.start_mark)
        source = source_text(event.value, event.style, event.start_mark, event.end_mark, self._text, span)
        found = FORBIDDEN.search(event.value)
        if found:
            _fail_character(found.group(), span, self._written(event))
        plain = event.style is None or event.style == ""
        value = self._resolve(event.value, span) if plain else event.value
        if self._at_key():
            source = SourceText(event.value, source.span, source.columns_are_exact)
        self._add(YamlScalar(span, 1, value, source), event.anchor)

    def _on_AliasEvent(self, event: Any) -> None:
        node = self._anchors.get(event.anchor)
        if node is None:
            rule, remedy = f"nothing before this is marked &{event.anchor}", "write the value out"
            self._fail(self._span(event.start_mark), self._written(event), rule, remedy)
        self._add(node, None)

    def _start(self, event: Any, mapping: bool) -> None:
        self._refuse_tag(event)
        span = self._span(event.start_mark)
        if len(self._open) >= MAX_DEPTH:
            self._fail(span, self._written(event), f"a record nests at most {MAX_DEPTH} deep", "take brackets out")
        if self._at_key():
            self._fail(span, self._written(event), "a key is a plain text", "write key: value")
        self._open.append(_Open(span, mapping, event.anchor))

    def _refuse_tag(self, event: Any) -> None:
        if event.tag is not None:
            rule, remedy = "a record has no YAML tags: it is data only", f"take {event.tag} out"
            self._fail(self._span(event.start_mark), self._written(event), rule, remedy)

    def _at_key(self) -> bool:
        return bool(self._open) and self._open[-1].mapping and len(self._open[-1].parts) % 2 == 0

    def _add(self, node: YamlNode, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        if self._at_key():
            self._check_key(node, parent)
        parent.parts.append(node)
        parent.size += node.size
        if sum(part.size for part in self._open) > MAX_NODES:
            rule = f"a record has at most {MAX_NODES} entries, aliases written out"
            self._fail(node.span, self._line(node.span.line - 1), rule, "leave the large data out")

    def _check_key(self, node: YamlNode, parent: _Open) -> None:
        if not isinstance(node, YamlScalar):
            self._fail(node.span, self._line(node.span.line - 1), "a key is a plain text", "write key: value")
        key = node.source.text
        if key in parent.keys:
            remedy = f"keep one of them; the first is on line {parent.keys[key].line}"
            self._fail(node.span, f"{key}:", f"the key {key} stands twice", remedy)
        parent.keys[key] = node.span

    def _resolve(self, text: str, span: Span) -> str | int | float | bool | None:
        try:
            return core_value(text)
        except ValueError as error:
            self._fail(span, text, str(error), "write a smaller number, .inf, or put quotes around a text")
