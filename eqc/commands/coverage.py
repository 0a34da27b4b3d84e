"""`eqc list --coverage`: what there is of every record, by area and nature."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from eqc.build import place
from eqc.checking import check_task
from eqc.commands.console import progress, report_failures, say_json, table
from eqc.errors import EqcError
from eqc.freshness import read_if_there
from eqc.measured import NOT_MEASURED
from eqc.parallel import over_records
from eqc.project import RecordFile, Survey
from eqc.records.catalog import Catalog
from eqc.records.model import Record
from eqc.records.natures import UNSTATED
from eqc.signatures import signature_of

SECOND_ORDER = frozenset(("hvp", "hessian"))
COUNTED = ("LaTeX", "value", "jvp", "vjp", "Hessian", "examples", "claims", "accuracy")
"""What is counted: LaTeX that agrees with the SymPy form, kernels that are built, and evidence."""


@dataclass(frozen=True, slots=True)
class Covered:
    """What there is of one record: members of `COUNTED`."""

    id: str
    area: str
    nature: str
    there: frozenset[str] = frozenset()

    def as_json(self) -> dict[str, object]:
        """The record with true or false for everything that is counted."""
        counted = {name.lower(): name in self.there for name in COUNTED}
        return {"id": self.id, "area": self.area, "nature": self.nature, **counted}


def coverage_task(record_id: str, catalog: Catalog) -> Covered:
    """What there is of one record. Raises EqcError if the record has a mistake."""
    record = catalog.get(record_id)
    agrees = check_task(record_id, catalog).state == "agrees"
    generated = (read_if_there(catalog.root / place(catalog, record_id).module) or b"").decode(errors="replace")
    there = frozenset((*_evidence(record), *_built(generated), *(("LaTeX",) if agrees else ())))
    return Covered(record_id, record.area, record.nature or UNSTATED, there)


def _evidence(record: Record) -> Iterable[str]:
    return (name for name, entries in (("examples", record.examples), ("claims", record.claims)) if entries)


def _built(generated: str) -> Iterable[str]:
    signature = signature_of(generated)
    if signature is None:
        return
    yield from (name for name in COUNTED if name in signature.kernels)
    if SECOND_ORDER & set(signature.kernels):
        yield "Hessian"
    if NOT_MEASURED not in generated:
        yield "accuracy"


def show_coverage(root: Path, found: Survey, as_json: bool, jobs: int) -> int:
    """Print the counts of all records by area and nature, or each record with `as_json`; the exit code.

    A record with a mistake counts as an entry of which there is nothing.
    """
    failed: dict[str, EqcError] = dict(found.problems)
    covered = {name: _nothing(file) for name, file in found.files.items()}
    with progress("checking", len(covered)) as step:
        for outcome in over_records(coverage_task, root, tuple(covered), jobs):
            if outcome.value is not None:
                covered[outcome.id] = outcome.value
            if outcome.error is not None:
                failed[outcome.id] = outcome.error
            step()
    _print(covered, as_json)
    report_failures(dict(sorted(failed.items())))
    return 1 if failed else 0


def _nothing(file: RecordFile) -> Covered:
    return Covered(file.id, file.area, UNSTATED)


def _print(covered: Mapping[str, Covered], as_json: bool) -> None:
    rows = sorted(covered.values(), key=lambda one: (one.area, one.nature, one.id))
    if as_json:
        say_json(one.as_json() for one in rows)
        return
    groups = [(area, nature, tuple(ones)) for (area, nature), ones in groupby(rows, lambda one: (one.area, one.nature))]
    table(("area", "nature", "entries", *COUNTED), [*(_counts(*group) for group in groups), _counts("all", "", rows)])


def _counts(area: str, nature: str, ones: Collection[Covered]) -> list[str]:
    """A row of the table.

    >>> _counts("losses", "loss", [Covered("a", "losses", "loss", frozenset({"value"}))])[2:6]
    ['1', '0', '1', '0']
    """
    return [area, nature, str(len(ones)), *(str(sum(name in one.there for one in ones)) for name in COUNTED)]
