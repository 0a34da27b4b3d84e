"""`eqc verify --accuracy`: bits of error, measured and kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from eqc import atomic
from eqc.build import place
from eqc.commands.console import note, progress, report_failures, say_json, table
from eqc.errors import EqcError
from eqc.freshness import split
from eqc.measured import as_text, records_hash
from eqc.notation.library import Library
from eqc.parallel import over_records
from eqc.project import GENERATED
from eqc.records.catalog import Catalog

if TYPE_CHECKING:
    from eqc.verify.accuracy import Accuracy, Spread

SECONDS: Final = 600.0
"""When a record is given up, where there are several: its compilation, and hundreds of inputs, take far less."""

_HEAD = ("id", "dtype", "inputs", "of", "mean", "p99", "worst", "non-finite", "refused")


@dataclass(frozen=True, slots=True)
class Measured:
    """A record's accuracy, and the hash of the records that it holds for."""

    accuracy: Accuracy
    records: str

    @property
    def is_known(self) -> bool:
        """Whether there was anything that could be compared."""
        return any(kinds for ranges in self.accuracy.values() for kinds in ranges.values())

    def as_json(self) -> dict[str, object]:
        return {
            dtype: {name: {kind: s.as_json() for kind, s in kinds.items()} for name, kinds in ranges.items()}
            for dtype, ranges in self.accuracy.items()
        }


def measure_task(record_id: str, catalog: Catalog) -> Measured:
    """Measure one record's kernels, in whatever process this is."""
    from eqc.verify.accuracy import measure  # heavy: loads the oracle
    from eqc.verify.instances import bound_instance

    file = place(catalog, record_id)
    parts = split((catalog.root / file.module).read_bytes())
    composed = parts[0].composes if parts is not None else ()
    files = [place(catalog, name) for name in (record_id, *composed)]
    instance = bound_instance(catalog.get(record_id))
    given = {} if instance is None else instance.given({})
    found = measure(instance.record, catalog, _kernel(record_id, catalog, given), functions=given) if instance else {}
    return Measured(found, records_hash(catalog.root, files))


def _kernel(record_id: str, catalog: Catalog, functions: Mapping[str, str]) -> Any:
    from eqc.bound import kernel  # heavy: loads Numba

    return kernel(record_id, catalog.root, **functions)


def measure_all(root: Path, ids: tuple[str, ...], failed: Mapping[str, EqcError], as_json: bool, jobs: int) -> int:
    """Measure records, keep what was found beside their kernels and print it; the exit code."""
    failures, found = dict(failed), {}
    catalog = Library(root)
    with progress("measuring", len(ids)) as step:
        for outcome in over_records(measure_task, root, ids, jobs, few=1, limit=SECONDS):
            if outcome.value is not None:
                found[outcome.id] = outcome.value
                _keep(root, place(catalog, outcome.id).accuracy, outcome.value)
            elif outcome.error is not None:
                failures[outcome.id] = outcome.error
            step()
    if as_json:
        say_json({"id": name, **found[name].as_json()} for name in sorted(found))
    else:
        table(_HEAD, [row for name in sorted(found) for row in _rows(name, found[name].accuracy)])
    unknown = sorted(name for name in found if not found[name].is_known)
    if unknown:
        note(f"nothing could be measured: {', '.join(unknown)}")
    report_failures(dict(sorted(failures.items())))
    return 1 if failures else 0


def _keep(root: Path, path: str, measured: Measured) -> None:
    """Write a record's file as soon as it is measured: a sweep over all takes minutes and may be stopped."""
    with atomic.locked(root, root / GENERATED, lambda: None):
        atomic.commit(root, {root / path: as_text(measured.as_json(), measured.records).encode()})


def _rows(name: str, accuracy: Accuracy) -> list[tuple[str, ...]]:
    return [
        (name, dtype, inputs, kind, *_numbers(spread))
        for dtype, ranges in accuracy.items()
        for inputs, kinds in ranges.items()
        for kind, spread in kinds.items()
    ]


def _numbers(spread: Spread) -> tuple[str, ...]:
    bits = (f"{n:.1f}" for n in (spread.mean, spread.p99, spread.worst))
    return (*bits, *(f"{100 * share:.1f} %" for share in (spread.nonfinite, spread.refused)))
