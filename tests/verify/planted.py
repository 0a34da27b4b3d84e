"""Mistakes planted in records: one edit of a formula, LaTeX, an example or a claim, as people make them."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from latex_mutants import mutants as latex_mutants

from eqc.notation.library import Library
from eqc.records.model import Claim, Example, Record, SourceText


class Planted(NamedTuple):
    """A record with a mistake, and what was done: the kind of mistake and the part that it is in."""

    part: str
    what: str
    record: Record


class PlantedLibrary(Library):
    """The records of a project, one of them with a mistake."""

    def __init__(self, root: Path, planted: Record) -> None:
        super().__init__(root)
        self._planted = planted

    def get(self, id: str) -> Record:
        return self._planted if id == self._planted.id else super().get(id)


Change = Callable[[re.Match[str]], str]

OTHER = {"Max": "Min", "Min": "Max", "MaxOver": "MinOver", "MinOver": "MaxOver", "exp": "log", "log": "exp"} | {
    "sin": "cos",
    "cos": "sin",
    "+": "-",
    "-": "+",
    ">": "<",
    "<": ">",
    ">=": "<=",
    "<=": ">=",
}

EDITS: Mapping[str, tuple[str, Change]] = {
    "sign": (r"(?<= )[+-](?= )", lambda m: OTHER[m[0]]),
    "sign dropped": (r"(?<![\w)\]*] )(?<![\w)\]*])-(?=[\w(])", lambda m: ""),
    "factor": (r"(?<!\*)\*(?!\*)", lambda m: "/"),
    "factor dropped": (r"/\w+(?![\w(\[])", lambda m: ""),
    "number": (r"(?<![\w.])\d+(?![\w.])", lambda m: str(int(m[0]) + 1)),
    "indices swapped": (r"\[(\w+), (\w+)\]", lambda m: f"[{m[2]}, {m[1]}]"),
    "arguments swapped": (r"(?<=\w)\((\w+), (\w+)\)", lambda m: f"({m[2]}, {m[1]})"),
    "word": (r"\b(?:Max|Min|MaxOver|MinOver|exp|log|sin|cos)(?=\()", lambda m: OTHER[m[0]]),
    "relation": (r"(?<= )[<>]=?(?= )", lambda m: OTHER[m[0]]),
    "transpose": (r"\.T\b", lambda m: ""),
}
"""Each kind of mistake in a formula: where it can be made, and what is written then."""


def edited(text: str) -> Iterator[tuple[str, str]]:
    """A formula with one mistake each, with the kind of the mistake.

    >>> [new for kind, new in edited("Eq(y, -x[i, j] + 2)")]
    ['Eq(y, -x[i, j] - 2)', 'Eq(y, x[i, j] + 2)', 'Eq(y, -x[i, j] + 3)', 'Eq(y, -x[j, i] + 2)']
    """
    for kind, (pattern, change) in EDITS.items():
        for match in re.finditer(pattern, text):
            new = text[: match.start()] + change(match) + text[match.end() :]
            if new != text:
                yield kind, new


def planted(record: Record, ids: frozenset[str]) -> dict[str, list[Planted]]:
    """All mistakes by the part of the record that they are in."""
    return {
        "formula": list(_in_formula(record)),
        "latex": list(_in_latex(record, ids)),
        "example": list(_in_examples(record)),
        "claim": list(_in_claims(record)),
    }


def chosen(record: Record, ids: frozenset[str], each: int) -> list[Planted]:
    """A few mistakes in each part, the same in every run."""
    draw = random.Random(f"planted in {record.id}")
    return [one for found in planted(record, ids).values() for one in draw.sample(found, min(each, len(found)))]


def _with_text(source: SourceText, text: str) -> SourceText:
    return replace(source, text=text)


def _in_formula(record: Record) -> Iterator[Planted]:
    for place, statement in enumerate(record.statements):
        for kind, text in edited(statement.text):
            changed = (*record.statements[:place], _with_text(statement, text), *record.statements[place + 1 :])
            yield Planted("formula", f"{kind}: {text}", replace(record, statements=changed))


def _in_latex(record: Record, ids: frozenset[str]) -> Iterator[Planted]:
    if record.latex_sources and not record.latex_check:
        for mutant in latex_mutants(record, ids):
            source = _with_text(record.latex_sources[0], mutant.latex)
            yield Planted("latex", mutant.what, replace(record, latex=(mutant.latex,), latex_sources=(source,)))


def _in_examples(record: Record) -> Iterator[Planted]:
    for place, example in enumerate(record.examples):
        for name, value in example.expect.items():
            for what, wrong in _wrong(value):
                changed = replace(example, expect={**example.expect, name: wrong})
                examples: tuple[Example, ...] = (*record.examples[:place], changed, *record.examples[place + 1 :])
                yield Planted("example", f"{what} in {name}: {wrong}", replace(record, examples=examples))


def _wrong(value: Any) -> Iterator[tuple[str, Any]]:
    """A result with one entry wrong: its sign, its fourth digit, or another number."""
    if isinstance(value, list):
        for place, entry in enumerate(value):
            yield from ((what, [*value[:place], new, *value[place + 1 :]]) for what, new in _wrong(entry))
    elif isinstance(value, int | float) and math.isfinite(value):
        yield "another number", value + 1
        if value:
            yield "sign", -value
            yield "digit", value * 1.001


def _in_claims(record: Record) -> Iterator[Planted]:
    for place, claim in enumerate(record.claims):
        for kind, text in edited(claim.formula.text):
            wrong = Claim(claim.name, _with_text(claim.formula, text))
            claims = (*record.claims[:place], wrong, *record.claims[place + 1 :])
            yield Planted("claim", f"{kind}: {text}", replace(record, claims=claims))
