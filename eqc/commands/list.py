"""`eqc list`."""

from __future__ import annotations

from pathlib import Path

import click

from eqc.build import record_state
from eqc.commands.console import note, progress, report_failures, say_json, table
from eqc.commands.options import jobs_option, json_option, project_root, root_option
from eqc.errors import EqcError
from eqc.freshness import Inputs, read_if_there
from eqc.parallel import over_records
from eqc.project import RecordFile, survey
from eqc.records.catalog import Catalog
from eqc.signatures import signature_of

COLUMNS = ("area", "id", "title", "kernels", "state")


@click.command("list")
@click.option("--coverage", is_flag=True, help="Count by area and nature what there is of the records.")
@json_option
@jobs_option
@root_option
def command(coverage: bool, as_json: bool, jobs: int) -> int:
    """List the records with their kernels and their state: fresh, stale (run `eqc build`) or not built.

    A record that cannot be read is listed as broken; `eqc check` says why.

    With --coverage, count how many records of each area and nature have LaTeX that agrees with the SymPy form, kernels
    for the value, jvp, vjp and Hessian, examples, claims, and measured accuracy.
    """
    root = project_root()
    found = survey(root)
    if coverage:
        from eqc.commands.coverage import show_coverage  # heavy: loads the oracle

        return show_coverage(root, found, as_json, jobs)
    inputs = Inputs(root, found.files)
    titles = _titles(root, tuple(found.files))
    rows = [_row(root, file, inputs, titles.get(name)) for name, file in found.files.items()]
    rows.sort(key=lambda row: (str(row["area"]), str(row["id"])))
    if as_json:
        say_json(rows)
    else:
        table(COLUMNS, [[_cell(row[column]) for column in COLUMNS] for row in rows])
        report_failures(found.problems)
        if not rows:
            note("no records yet: add one with `eqc new ID`")
    return 0


def title_task(record_id: str, catalog: Catalog) -> str:
    """The title of one record."""
    return catalog.get(record_id).title


def _titles(root: Path, ids: tuple[str, ...]) -> dict[str, str]:
    titles = {}
    with progress("reading", len(ids)) as step:
        for outcome in over_records(title_task, root, ids, jobs=1):
            if outcome.value is not None:
                titles[outcome.id] = outcome.value
            step()
    return titles


def _row(root: Path, file: RecordFile, inputs: Inputs, title: str | None) -> dict[str, object]:
    try:
        state = str(record_state(root, file, inputs))
    except EqcError:
        state = "stale"
    signature = signature_of((read_if_there(root / file.module) or b"").decode(errors="replace"))
    return {
        "id": file.id,
        "area": file.area,
        "title": title or "",
        "file": file.source,
        "module": file.module,
        "kernels": list(signature.kernels) if signature else [],
        "state": "broken" if title is None else state,
    }


def _cell(value: object) -> str:
    return " ".join(value) if isinstance(value, list) else str(value)
