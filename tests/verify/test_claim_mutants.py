"""Every claim of every record with one sign, factor, index, limit, number or word of it changed is reported as failed.

Some changes leave a claim true: the order of a symmetric matrix's indices, a sign before 0, a looser bound. A changed
claim counts as missed if it passes where it is tested first, and fails at points that are drawn from other seeds.
"""

from __future__ import annotations

from functools import cache

import pytest
from claim_mutants import mutants, show
from own_records import CATALOG

from eqc.errors import EqcError
from eqc.notation.sympy_form import parse_expression
from eqc.notation.tree import Node
from eqc.verify.claims import Points, check_relation
from eqc.verify.claims_reading import read_law
from eqc.verify.instances import instances
from eqc.verify.oracle import Oracle
from eqc.verify.run import ZERO

CLAIMED = [id for id in CATALOG.ids() if CATALOG.get(id).claims]
FEW = 4
SEEDS = (1000, 2000, 3000)
SHARE = 0.99


@cache
def oracle(id: str) -> Oracle:
    instance = instances(CATALOG.get(id))[0]
    return Oracle(instance.record, CATALOG, ZERO, instance.functions)


def is_caught(id: str, formula: Node, points: Points) -> bool:
    try:
        return check_relation(oracle(id), "mutant", formula, points, prove=False).status == "failed"
    except EqcError:
        return True


def swept(id: str, most: int | None) -> tuple[int, list[str]]:
    """How many changed claims were caught, and those that were missed; evenly chosen ones if there are too many."""
    caught, missed = 0, []
    points, others = Points(oracle(id)), [Points(oracle(id), seed) for seed in SEEDS]
    for claim in CATALOG.get(id).claims:
        formula = parse_expression(claim.formula)
        found = list(mutants(formula, read_law(oracle(id).reading, formula).indices))
        step = 1 if most is None else max(1, len(found) // most)
        for what, changed in found[::step]:
            if is_caught(id, changed, points):
                caught += 1
            elif any(is_caught(id, changed, other) for other in others):
                missed.append(f"{id}: {claim.name}: {what}: {show(changed)}")
    return caught, missed


def is_dear(id: str) -> bool:
    """Whether every point of its claims takes an optimisation in balls: those are left to the whole sweep."""
    return any(word in statement.text for statement in CATALOG.get(id).statements for word in ("ArgMin(", "ArgMax("))


@pytest.mark.parametrize("id", [id for id in CLAIMED if not is_dear(id)])
def test_changed_claims_fail(id: str) -> None:
    caught, missed = swept(id, FEW)
    assert caught and not missed


@pytest.mark.slow
def test_nearly_all_changed_claims_fail() -> None:
    caught, missed = 0, list[str]()
    for id in CLAIMED:
        found, lost = swept(id, None)
        caught += found
        missed += lost
    assert caught / (caught + len(missed)) >= SHARE, "\n".join(missed)
