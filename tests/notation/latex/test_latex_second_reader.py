"""Where latex2sympy2 can read a formula at all, it reads it as eqc does."""

from __future__ import annotations

import random

import pytest
from latex_samples import CONSTRUCTS, record_of
from own_records import CATALOG
from second_reader import Sent, Unsuited, second_reading, value

from eqc.errors import NotationError
from eqc.notation.latex.glossary import Glossary
from eqc.notation.latex.reader import read_latex
from eqc.notation.latex.scan import read_boxes
from eqc.notation.latex.statements import clauses
from eqc.notation.text import formula_text
from eqc.notation.tokens import Places
from eqc.records.model import Record

IDS = frozenset(CATALOG.ids())
LEAST = 12


def compared(record: Record) -> int:
    """How many sides of equations both readers agree on; those that only one of them reads do not count."""
    source, count = record.latex_sources[0], 0
    try:
        equations = {e.span: e for e in read_latex(record, source, IDS, CATALOG.get)}
    except NotationError:
        return 0
    places, glossary = Places(source), Glossary(record, IDS)
    for clause in clauses(read_boxes(places)):
        for side in clause.sides[1:]:
            equation = equations.get(places.span(side[0].offset)) if side else None
            if equation is None:
                continue
            try:
                count += agree(Sent(side, glossary), equation.right, record)
            except Unsuited:
                continue
    return count


def agree(sent: Sent, node: object, record: Record) -> int:
    """Compare at random values; 1 if both readings are there."""
    rng = random.Random(sent.latex)
    other = second_reading(sent)
    own = {token: own_name(record, token, sent) for token in sent.symbols}
    for _ in range(5):
        numbers = {token: rng.uniform(0.2, 0.9) for token in sent.symbols}
        here = value(node, {own[token]: number for token, number in numbers.items()})  # type: ignore[arg-type]
        there = complex(other.subs(numbers).evalf())
        assert abs(there - here) <= 1e-9 * max(1.0, abs(here)), f"{sent.latex}: {there} and {formula_text(node)}"
    return 1


def own_name(record: Record, token: str, sent: Sent) -> str:
    """The symbol that a token stands for, as the tree names it."""
    found = Glossary(record, IDS).at(sent.symbols[token], 0)[0]
    if found.match.slots or record.symbols[found.spelling.name].shape is not None:
        raise Unsuited
    return found.spelling.name


def test_both_readers_agree_on_the_records() -> None:
    assert sum(compared(CATALOG.get(id)) for id in CATALOG.ids() if CATALOG.get(id).latex) >= LEAST


@pytest.mark.parametrize("what", list(CONSTRUCTS)[::2])
def test_both_readers_agree_on_constructs(what: str) -> None:
    compared(record_of(CONSTRUCTS[what]))


def test_constructs_are_not_all_unsuited() -> None:
    assert sum(compared(record_of(CONSTRUCTS[what])) for what in list(CONSTRUCTS)[::2]) >= LEAST
