"""Mistakes in a record's LaTeX are reported, whatever the record; what means the same by the oracle is no mistake."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from latex_mutants import Mutant, mutants
from own_records import CATALOG

from eqc.notation.latex.reader import read_latex
from eqc.notation.tree import Compare
from eqc.records.model import Record
from eqc.verify.agreement import check_agreement
from eqc.verify.claims import Points, check_relation
from eqc.verify.instances import instances
from eqc.verify.oracle import Oracle

READ = [id for id in CATALOG.ids() if CATALOG.get(id).latex and not CATALOG.get(id).latex_check]
SEEDS = (1_000, 2_000, 3_000, 4_000, 5_000)  # 20 points each
LEAST = 0.99


@cache
def ids() -> frozenset[str]:
    return frozenset(CATALOG.ids())


def mutated(record: Record, mutant: Mutant) -> Record:
    source = replace(record.latex_sources[0], text=mutant.latex)
    return replace(record, latex=(mutant.latex,), latex_sources=(source,))


def oracle_of(record: Record) -> Oracle:
    """An oracle in which the record's functions are smooth ones."""
    return Oracle(record, CATALOG, functions=instances(record)[-1].functions)


def survives(record: Record) -> bool:
    """Whether a record with a mistake is still said to agree."""
    return check_agreement(oracle_of(record), ids(), CATALOG.get).state == "agrees"


def means_the_same(record: Record) -> bool:
    """Whether all links hold at 100 points more."""
    oracle = oracle_of(record)
    for equation in read_latex(record, record.latex_sources[0], ids(), CATALOG.get):
        if equation.defines is None:
            continue
        relation = Compare(equation.span, "==", equation.left, equation.right)
        checks = (check_relation(oracle, "mutant", relation, Points(oracle, seed), prove=False) for seed in SEEDS)
        if any(check.status == "failed" for check in checks):
            return False
    return True


def missed(id: str, most: int | None = None) -> tuple[list[str], int]:
    """The mistakes that are not reported although they change the meaning, and how many there were."""
    record = CATALOG.get(id)
    chosen = mutants(record, ids())[:most]
    survivors = [m for m in chosen if survives(mutated(record, m))]
    wrong = [m for m in survivors if not means_the_same(mutated(record, m))]
    return [f"{id}: {m.what}" for m in wrong], len(chosen) - len(survivors) + len(wrong)


@pytest.mark.parametrize("id", READ[4::9])
def test_mistakes_are_reported(id: str) -> None:
    wrong, _ = missed(id, 6)
    assert wrong == []


@pytest.mark.slow
def test_nearly_all_mistakes_in_all_records_are_reported() -> None:
    results = [missed(id) for id in READ]
    wrong, count = [what for found, _ in results for what in found], sum(count for _, count in results)
    assert count > 4 * len(READ)
    assert len(wrong) <= (1 - LEAST) * count, "\n".join(wrong)
