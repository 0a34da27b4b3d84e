"""What cannot be read is refused at its place, and no text breaks the reader or is passed over."""

from __future__ import annotations

import random

import pytest
from latex_samples import CONSTRUCTS, agreement, record_of, record_with

from eqc.errors import NotationError
from eqc.notation.latex.reader import read_latex
from eqc.records.model import Record

SYMBOLS = "f: o, a: in, b: in, x: {latex: 'x_{i}', index: [i], shape: [n]}, n: size, g: {kind: function}"


def read(record: Record) -> None:
    read_latex(record, record.latex_sources[0], (), {}.get)


# LaTeX -> column in the file of the part at fault, and a piece of the rule.
REFUSED = {
    r"f = a + q": (11, "q is not in the glossary"),
    r"f = a + \hat{b}": (11, r"\hat{b} is not in the glossary"),
    r"f = a + b'": (11, "b' is not in the glossary"),
    r"f = a_2 + b": (7, "a_{2} is not in the glossary"),
    r"f = a \pm b": (9, "two formulas in one"),
    r"f = a + \ldots + b": (11, "dots leave something out"),
    r"f = (a + b": (7, "never closed"),
    r"f = a + b)": (12, ") has no partner here"),
    r"f = \frac{a}{b": (15, "never closed"),
    r"f = |a + b": (7, "never closed"),
    r"f = a + ": (9, "ends where a value should follow"),
    r"f = \foo a": (7, r"\foo is not in the glossary"),
    r"f = \sum a": (7, "does not say over which index"),
    r"f = \sum_{k} a": (13, "how far k runs is not known"),
    r"f = \sum_{i \in S_i} x_i": (19, "which elements this set has"),
    r"f = \int a b": (7, "in which variable"),
    r"f = \sin": (7, "has no argument"),
    r"f = x_{i,j}": (7, "positions"),
    r"f = a^{b}^{2}": (12, "a second superscript"),
    r"f = \begin{cases} a & a > 0 \\ b": (7, "never closed"),
    r"f = \begin{cases} a \\ b \end{cases}": (7, "only the last case"),
    r"f = \begin{foo} a \end{bar}": (21, r"closes \begin{foo}"),
    r"f = \nabla a": (7, "in what the derivative is taken"),
    r"f = \left[ a \right": (12, "never closed"),
    r"f = a \mid b": (9, "has no partner here"),
    r"f = \operatorname{foo}(a)": (7, "foo is not in the glossary"),
    r"f = a^{+}": (10, "is no power"),
    r"= a": (3, "a side of this equation is missing"),
    r"\text{only words}": (19, "states no equation"),
    r"f = \underbrace{a}": (7, ""),
    r"f = \lfloor a \rceil b": (17, r"\rceil closes \lfloor"),
    r"f = (a + b]": (13, "] closes ("),
    r"f = a!!": (8, "double factorial"),
    r"f = g(a, b)": (7, "g takes 1 argument, not 2"),
    r"f = \binom{a}": (7, "lacks what it is about"),
    r"f = a_": (8, "lacks what it is about"),
    r"f = \sum_{i=1}^{n}": (7, r"\sum has no body"),
    r"f = \sin(a, b)": (7, "sin takes 1 argument, not 2"),
    r"f = \det x": (7, "the determinant of an array of shape [n]"),
    r"f = \operatorname{clip}(a, b)": (7, "clip takes 3 arguments, not 2"),
    r"f = [a, ]": (7, "an item of this list is missing"),
    r"f = [a, \ldots]": (7, "what these dots leave out"),
    r"f = \lim_{h} a": (7, "what goes where"),
    r"f = \mathcal{N}(a, b)": (7, "does not say of what"),
    r"f = a|_{b=}": (13, "ends where a value should follow"),
    r"f = a \% b": (9, r"\% has no place here"),
    r"f = \begin{pmatrix} a & b \\ a \end{pmatrix}": (7, "rows of different lengths"),
    r"f = x_{i}_{j}": (12, "a second subscript"),
}


@pytest.mark.parametrize("latex", REFUSED)
def test_errors_point_into_the_latex(latex: str) -> None:
    column, rule = REFUSED[latex]
    if not rule:
        read(record_with(latex, SYMBOLS))
        return
    with pytest.raises(NotationError) as caught:
        read(record_with(latex, SYMBOLS))
    error = caught.value
    assert error.where is not None
    assert rule in error.rule
    assert (error.where.file, error.where.line, error.where.column) == ("sample.yaml", 3, column)
    assert error.written and error.remedy


def test_places_on_later_lines() -> None:
    record = record_of(
        "latex: |-\n  \\begin{aligned}\n  u &= a \\\\\n  f &= u + q\n  \\end{aligned}\nsymbols: {f: o, u: m, a: i}\n"
    )
    with pytest.raises(NotationError) as caught:
        read(record)
    assert str(caught.value.where) == "sample.yaml:5:12"


def test_a_difference_shows_both_readings_the_point_and_both_values() -> None:
    found = agreement(record_with(r"f = a - b", "f: o, a: in, b: in", "Eq(f, a + b)"))
    assert found.state == "differs"
    assert found.error is not None and found.error.where is not None
    assert (found.error.where.line, found.error.where.column) == (3, 7)
    for piece in ("a = ", "b = ", "the left side is", "the right side", "f = a - b", "a + b"):
        assert piece in found.reason


def test_an_output_that_is_not_printed_is_a_difference() -> None:
    text = "latex: f = a\nsympy: ['Eq(f, a)', 'Eq(g, 2*a)']\nsymbols: {f: o, g: o, a: in}\n"
    assert agreement(record_of(text)).reason.startswith("the LaTeX says nothing of g")


def test_what_cannot_be_read_says_why() -> None:
    found = agreement(record_with(r"f = a \pm b", "f: o, a: in, b: in", "Eq(f, a + b)"))
    assert (found.state, "two formulas in one" in found.reason) == ("unread", True)


def test_a_stated_reason_is_taken_over() -> None:
    text = "latex: f = a \\pm b\nlatex_check: two signs\nsympy: Eq(f, a + b)\nsymbols: {f: o, a: in, b: in}\n"
    found = agreement(record_of(text))
    assert (found.state, found.reason, found.error) == ("unread", "two signs", None)


HOSTILE = {
    "deep braces": "f = " + "{" * 5000 + "a" + "}" * 5000,
    "deep fractions": "f = " + r"\frac{a}{" * 2000 + "b" + "}" * 2000,
    "deep brackets": "f = " + "(" * 3000 + "a" + ")" * 3000,
    "deep roots": "f = " + r"\sqrt{" * 500 + "a" + "}" * 500,
    "deep scripts": "f = " + "a^{" * 800 + "b" + "}" * 800,
    "deep bars": "f = " + "|" * 400 + "a" + "|" * 400,
    "many minus signs": "f = " + "-" * 4000 + "a",
    "many nots": "f = " + r"\begin{cases} a & " + r"\lnot " * 3000 + r"a > b \\ b & \text{else} \end{cases}",
    "too long": "f = " + "a + " * 40000 + "b",
    "huge numbers": "f = " + "9" * 20000,
    "huge powers": "f = a^{9^{9^{9^9}}}",
    "many sums": "f = " + r"\sum_{i} " * 300 + "x_i",
    "nothing": "%",
    "only scripts": "f = ^2_3",
    "control characters": "f = a \x7f b",
    "a command at the end": "f = a \\",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_texts_are_refused_or_read(what: str) -> None:
    record = record_with("f = a", SYMBOLS)
    source = record.latex_sources[0]
    text = HOSTILE[what]
    try:
        read_latex(record, type(source)(text, source.span), (), {}.get)
    except NotationError as error:
        assert len(str(error)) < 2000


@pytest.mark.parametrize("what", list(CONSTRUCTS)[::5])
def test_damaged_texts_are_refused_or_read(what: str) -> None:
    record = record_of(CONSTRUCTS[what])
    source = record.latex_sources[0]
    rng = random.Random(what)
    for _ in range(40):
        characters = list(source.text)
        for _ in range(rng.randint(1, 3)):
            place = rng.randrange(len(characters))
            characters[place] = rng.choice(["", "{", "}", "\\", "_", "^", "(", "|", "&", "=", "x", "'"])
        try:
            read_latex(record, type(source)("".join(characters), source.span), (), {}.get)
        except NotationError:
            continue
