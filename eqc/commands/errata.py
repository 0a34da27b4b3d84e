"""`eqc verify --errata`: what the sources print, computed again, and what of it is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eqc.commands.console import progress, report_failures, say, say_json
from eqc.errors import EqcError
from eqc.parallel import over_records
from eqc.records.catalog import Catalog

if TYPE_CHECKING:
    from eqc.verify.errata import Recomputed

_KINDS = {"number": "Printed numbers", "derivative": "Printed derivatives", "formula": "Printed formulas"}
_LABELS = ("printed", "right", "why")


def errata_task(record_id: str, catalog: Catalog) -> tuple[Recomputed, ...]:
    """What one record says its sources print, computed again in whatever process this is."""
    from eqc.verify.errata import recompute_record  # heavy: loads Numba and the oracle

    return recompute_record(record_id, catalog.root, catalog)


def report_errata(root: Path, ids: tuple[str, ...], failed: Mapping[str, EqcError], as_json: bool, jobs: int) -> int:
    """Print everything that sources print wrong, or all that was computed again with `as_json`; the exit code.

    What is printed wrong is no failure, for the records have it right. A record that does not hold is one.
    """
    failures, found = dict(failed), list["Recomputed"]()
    with progress("computing", len(ids)) as step:
        for outcome in over_records(errata_task, root, ids, jobs, few=1):
            found += outcome.value or ()
            if outcome.error is not None:
                failures[outcome.id] = outcome.error
            step()
    found.sort(key=lambda one: (list(_KINDS).index(one.kind), one.id))
    if as_json:
        say_json(one.as_json() for one in found)
    else:
        _print(found)
    report_failures(dict(sorted(failures.items())))
    return 1 if failures or any(one.verdict == "failed" for one in found) else 0


def _print(found: Sequence[Recomputed]) -> None:
    for kind, title in _KINDS.items():
        ones = [one for one in found if one.kind == kind]
        counts = [f"{n} {verdict}" for verdict in ("right", "wrong", "failed") if (n := _count(ones, verdict))]
        say(f"{title}: {len(ones)} computed again, {', '.join(counts)}" if ones else f"{title}: none")
        for one in ones:
            if one.verdict != "right":
                say(_entry(one))
        say("")


def _count(ones: Sequence[Recomputed], verdict: str) -> int:
    return sum(one.verdict == verdict for one in ones)


def _entry(one: Recomputed) -> str:
    head = f"  {one.id}" + (f" ({one.source})" if one.source else "") + (": FAILED" if one.verdict == "failed" else "")
    texts = ((label, getattr(one, label)) for label in _LABELS)
    return "\n".join((head, *(f"    {label + ':':8} {text}" for label, text in texts if text)))
