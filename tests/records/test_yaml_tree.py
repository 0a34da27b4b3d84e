"""YAML is read as data with places; whatever could execute, exhaust or mislead is refused with four parts."""

from __future__ import annotations

import math

import pytest

from eqc.errors import RecordError, Span
from eqc.records.core_schema import core_value
from eqc.records.model import SourceText
from eqc.records.yaml_tree import YamlScalar, as_data, read_yaml

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


def test_data() -> None:
    text = "a: {b: [1, 2.5, x], c: true}\nd: |\n  two\n  lines\ne:\nf: &f [1]\ng: *f\n"
    expected = {"a": {"b": [1, 2.5, "x"], "c": True}, "d": "two\nlines\n", "e": None, "f": [1], "g": [1]}
    assert as_data(read_yaml(text.encode(), "f.yaml")) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-5", 1e-5),
        ("1E+5", 1e5),
        (".5", 0.5),
        ("-3", -3),
        ("012", 12),
        ("0x1F", 31),
        ("0o17", 15),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("n", "n"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2024-01-01", "2024-01-01"),
        ("True", True),
        ("~", None),
        ("", None),
        (".inf", math.inf),
        ("-.Inf", -math.inf),
    ],
)
def test_plain_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    assert core_value(text) == value


def _source(text: str) -> SourceText:
    entry = read_yaml(text.encode(), "f.yaml").get("a")
    assert entry is not None and isinstance(entry[1], YamlScalar)
    return entry[1].source


@pytest.mark.parametrize(
    ("text", "source", "line", "column"),
    [
        ("a: x + y\n", "x + y", 1, 4),
        ("a:   x + y  # remark\n", "x + y", 1, 6),
        ("a: 'x + y'\n", "x + y", 1, 5),
        ('a: "x + y"\n', "x + y", 1, 5),
        ("a: |-\n  x +\n    y\nb: 1\n", "x +\n  y", 2, 3),
        ("a: |\n\n  x +\n    y\n\n# tail\n", "\nx +\n  y", 2, 3),
        ("a: |2\n    x\n", "  x", 2, 3),
        ("a: >-  # remark\n  x +\n  y\nb: 1\n", "x +\ny", 2, 3),
        ("a:\n  x + y\n", "x + y", 2, 3),
        ("\ufeffa: x\r\nb: y\r\n", "x", 1, 4),
    ],
)
def test_sources_start_where_their_text_starts(text: str, source: str, line: int, column: int) -> None:
    found = _source(text)
    assert (found.text, found.span, found.columns_are_exact) == (source, Span("f.yaml", line, column), True)


def test_plain_texts_over_several_lines_keep_their_places() -> None:
    found = _source("a: x +\n  y\n")
    assert (found.text, found.continuation, found.columns_are_exact) == ("x +\n  y", 1, True)


@pytest.mark.parametrize("text", ["a: 'it''s'\n", 'a: "x\\ty"\n'.replace("\\t", "\\u0041")])
def test_escaped_texts_have_no_exact_columns(text: str) -> None:
    assert not _source(text).columns_are_exact


REFUSED = [
    # (file, line, column, part of the rule, part of the remedy)
    (b"", 1, 1, "empty", "title"),
    (b"# a remark\n", 1, 1, "empty", "title"),
    (b"- a\n", 1, 1, "a mapping of keys", "title"),
    (b"text\n", 1, 1, "a mapping of keys", "title"),
    (b"a: [0, 1)\n", 1, 4, "not YAML", '"[0, 1)"'),
    (b"a: {b: c\nd: 1\n", 1, 4, "not YAML", "close the bracket"),
    (b"a: b: c\n", 1, 5, "not YAML", "quotes"),
    (b"a: 'x\n", 1, 4, "not YAML", "close the quotes"),
    (b'a: "\\q"\n', 1, 6, "not YAML", "single quotes"),
    (b"a: @x\n", 1, 4, "not YAML", "quotes"),
    (b"a:\n  b: 1\n c: 2\n", 3, 2, "not YAML", "indentation"),
    (b"{a: 1}}\n", 1, 7, "not YAML", "brackets"),
    (b"\ta: 1\n", 1, 1, "no tabs", "spaces"),
    (b"a:\n\tb: 1\n", 2, 1, "no tabs", "spaces"),
    (b'a: "x\\ty"\n', 1, 4, "no tabs", "spaces"),
    (b"a: 1\na: 2\n", 2, 1, "stands twice", "line 1"),
    (b"a: {b: 1, b: 2}\n", 1, 11, "stands twice", "line 1"),
    (b"? [a]\n: 1\n", 1, 3, "a key is a plain text", "key: value"),
    (b"{{a: 1}: 2}\n", 1, 2, "a key is a plain text", "key: value"),
    (b"a: 1\n---\nb: 2\n", 2, 1, "one record", "file of its own"),
    (b"%YAML 1.1\n---\na: 1\n", 1, 1, "no YAML directives", "%"),
    (b"%TAG ! tag:x,2000:\n---\na: 1\n", 1, 1, "no YAML directives", "%"),
    (b"a: !!python/object/apply:os.system ['x']\n", 1, 4, "no YAML tags", "out"),
    (b"a: !!python/name:os.system\n", 1, 4, "no YAML tags", "out"),
    (b"!!python/object:os.system {a: 1}\n", 1, 1, "no YAML tags", "out"),
    (b"a: !!str 1\n", 1, 4, "no YAML tags", "out"),
    (b"a: !x [1]\n", 1, 4, "no YAML tags", "out"),
    (b"a: *b\n", 1, 4, "nothing before this", "write the value out"),
    (b"a: &b [*b]\n", 1, 8, "nothing before this", "write the value out"),
    (BOMB.encode(), 4, 4, "at most 50000 entries", "large data"),
    (b"a: [" + b"1, " * 60_000 + b"1]\n", 1, 149_996, "at most 50000 entries", "large data"),
    (b"a: " + b"[" * 100_000, 1, 53, "at most 50 deep", "brackets"),
    (b"a: " + b"9" * 5_000 + b"\n", 1, 4, "too long", "smaller"),
    (b"a: 1e999\n", 1, 4, "too large", "smaller"),
    (b"x" * 1_100_000, 1, 1, "at most 1024 KB", "split"),
    (b"a: 1\nb: \xff\n", 2, 4, "UTF-8", "save it as UTF-8"),
    (b"a: \xc3\x28\n", 1, 4, "UTF-8", "save it as UTF-8"),
    (b"a: 1\nb: x\x00\n", 2, 5, "control characters; this is U+0000", "out"),
    (b"a: x\x1b[31m\n", 1, 5, "control characters; this is U+001B", "out"),
    (b'a: "\\0"\n', 1, 4, "control characters; this is U+0000", "out"),
    (b'a: "\\u202e"\n', 1, 4, "control characters; this is U+202E", "out"),
    (b'a: "\\ud800"\n', 1, 4, "control characters; this is U+D800", "out"),
    ("a: x\u2028y\n".encode(), 1, 5, "control characters; this is U+2028", "out"),
]


@pytest.mark.parametrize(("data", "line", "column", "rule", "remedy"), REFUSED, ids=[repr(d[:24]) for d, *_ in REFUSED])
def test_refused_with_four_parts(data: bytes, line: int, column: int, rule: str, remedy: str) -> None:
    with pytest.raises(RecordError) as caught:
        read_yaml(data, "f.yaml")
    error = caught.value
    assert rule in error.rule
    assert remedy in error.remedy
    assert error.where == Span("f.yaml", line, column)
    assert str(error).count("\n") == 2 and str(error).replace("\n", "").isprintable()
