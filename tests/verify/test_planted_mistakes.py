"""Mistakes planted in the records are caught by `eqc check` or by what `eqc verify` finds without kernels.

Without kernels: the examples, claims, errata and domains on the formula itself. An edit that leaves the meaning as it
was, such as swapped indices of a symmetric matrix, is no mistake; the oracle decides that at points of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np
import pytest
from own_records import CATALOG, ROOT
from planted import Planted, PlantedLibrary, chosen

from eqc.checking import check_task
from eqc.errors import EqcError
from eqc.notation.latex.reader import read_latex
from eqc.notation.library import Library
from eqc.notation.sympy_form import parse_expression
from eqc.notation.tree import Compare, Node
from eqc.records.model import Record
from eqc.verify.balls import as_float
from eqc.verify.cases import Names
from eqc.verify.claims import Points, check_relation
from eqc.verify.errata import check_errata
from eqc.verify.examples import check_examples
from eqc.verify.instances import instances
from eqc.verify.membership import outside
from eqc.verify.oracle import Oracle
from eqc.verify.report import Tally
from eqc.verify.run import claims_of
from eqc.verify.sampling import NoSample, Sample, sample

IDS = frozenset(CATALOG.ids())
EACH = 2  # mistakes in every part of every record; one where only some records are tried
SOME = sorted(IDS)[3::30]
SEEDS = (1_000, 2_000, 3_000)
STRANGE = (TypeError, ValueError, ArithmeticError, AttributeError, RecursionError, NotImplementedError)
LEAST = 0.98


class NoKernel:
    """Stands where a kernel would; what is checked of it does not count here."""

    def __call__(self, **given: Any) -> NoReturn:
        raise NotImplementedError


def library_with(record: Record) -> PlantedLibrary:
    library = PlantedLibrary(ROOT, record)
    library._records |= {id: CATALOG.get(id) for id in IDS - {record.id}}  # read once, for all mistakes
    return library


def oracles(record: Record, library: Library) -> list[Oracle]:
    return [Oracle(one.record, library, functions=one.functions) for one in instances(record)]


def is_caught(planted: Planted) -> bool:
    library = library_with(planted.record)
    try:
        found = check_task(planted.record.id, library)  # unread LaTeX is reported too
        return found.state == "differs" or found.error is not None or is_refuted(planted.record, library)
    except EqcError:
        return True


def is_refuted(record: Record, library: Library) -> bool:
    """Whether the record contradicts itself by what verification does without kernels."""
    first, *others = oracles(record, library)
    checks = [*claims_of(record.id, library), *check_errata(first, Points(first))]
    for oracle in (first, *others):
        kernel, formula, domains = (Tally(name) for name in ("examples", "formula examples", "domains"))
        check_examples(oracle, NoKernel(), Names((), frozenset(), (), (), ()), kernel, formula, domains)  # type: ignore[arg-type]
        checks += [formula.result(), domains.result()]
    return any(check.status == "failed" for check in checks) or not lies_in_its_domains(first)


def samples(oracle: Oracle, seeds: Sequence[int]) -> list[Sample]:
    found = []
    for seed in seeds:
        for extent in (1, 2, 3):
            try:
                found.append(sample(oracle, seed, extent))
            except NoSample:
                continue
    return found


def lies_in_its_domains(oracle: Oracle) -> bool:
    entries = oracle.record.symbols
    bounded = [name for name in oracle.reading.outputs if name in entries and entries[name].domain.name != "real"]
    for drawn in samples(oracle, (0,)) if bounded else ():
        values = oracle.value(drawn.inputs)
        if any(outside(entries[name].domain, as_float(values[name])) for name in bounded):
            return False
    return True


def means_the_same(planted: Planted) -> bool:
    """Whether nothing is seen of an edit at points that verification does not draw."""
    original = CATALOG.get(planted.record.id)
    library = library_with(planted.record)
    oracle, before = oracles(planted.record, library)[0], oracles(original, CATALOG)[0]
    if planted.part == "example":
        return False
    try:
        if planted.part == "formula":
            return all(same_values(before, oracle, drawn) for drawn in samples(before, SEEDS))
        return all(holds(before, relation) for relation in relations(planted, original))
    except (EqcError, *STRANGE):
        return False


def same_values(one: Oracle, other: Oracle, drawn: Sample) -> bool:
    left, right = one.value(drawn.inputs), other.value(drawn.inputs)
    return all(
        left[name].shape == right[name].shape
        and np.allclose(as_float(left[name]), as_float(right[name]), rtol=1e-12, atol=1e-30, equal_nan=True)
        for name in left
    )


def relations(planted: Planted, original: Record) -> list[Node]:
    """What the mistake claims."""
    if planted.part == "claim":
        pairs = zip(planted.record.claims, original.claims, strict=True)
        return [parse_expression(new.formula) for new, old in pairs if new != old]
    links = read_latex(planted.record, planted.record.latex_sources[0], IDS, CATALOG.get)
    return [Compare(link.span, "==", link.left, link.right) for link in links if link.defines is not None]


def holds(oracle: Oracle, relation: Node) -> bool:
    return all(check_relation(oracle, "planted", relation, Points(oracle, seed)).status != "failed" for seed in SEEDS)


def sweep(ids: Sequence[str], each: int) -> tuple[Counter[tuple[str, str]], list[str]]:
    """How many mistakes of each part were caught and missed, and those that were missed."""
    counts: Counter[tuple[str, str]] = Counter()
    missed = []
    for id in ids:
        for planted in chosen(CATALOG.get(id), IDS, each):
            if is_caught(planted):
                counts[planted.part, "caught"] += 1
            elif not means_the_same(planted):
                counts[planted.part, "missed"] += 1
                missed.append(f"{id}: {planted.part}: {planted.what}")
    return counts, missed


def told(counts: Counter[tuple[str, str]]) -> str:
    caught = sum(count for (_, how), count in counts.items() if how == "caught")
    parts = sorted({part for part, _ in counts})
    by_part = (f"{part} {counts[part, 'caught']}/{counts[part, 'caught'] + counts[part, 'missed']}" for part in parts)
    return f"caught {caught} of {counts.total()} planted mistakes: {', '.join(by_part)}"


@pytest.mark.parametrize("id", SOME)
def test_mistakes_are_caught(id: str) -> None:
    counts, missed = sweep([id], 1)
    assert counts and missed == []


@pytest.mark.slow
def test_nearly_all_mistakes_in_all_records_are_caught() -> None:
    counts, missed = sweep(sorted(IDS), EACH)
    print(told(counts))
    assert counts.total() >= 200
    assert len(missed) <= (1 - LEAST) * counts.total(), "\n".join((told(counts), *missed))
