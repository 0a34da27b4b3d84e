"""`eqc verify`."""

from __future__ import annotations

from pathlib import Path

import click

from eqc.build import record_state
from eqc.commands.console import note, progress, report_failures, say, say_json, table
from eqc.commands.options import ids_argument, jobs_option, json_option, project_root, root_option
from eqc.errors import BuildError, EqcError, Span
from eqc.freshness import Inputs, State
from eqc.parallel import Outcome, over_records
from eqc.project import RecordFile, Survey, survey
from eqc.records.catalog import Catalog
from eqc.verify.report import Check, Report

Outcomes = dict[str, Outcome[Report]]

REMEDIES = {"stale": "are not what the record gives now", "not built": "are not built yet"}


@click.command("verify")
@ids_argument
@json_option
@jobs_option
@root_option
def command(ids: tuple[str, ...], as_json: bool, jobs: int) -> int:
    """Compare the kernels of records (all, or those named) with an independent oracle at random points.

    Kernels that are not up to date are not verified: they are reported, and `eqc build` mends that.
    """
    root = project_root()
    whole = survey(root)
    chosen = whole.choose(ids)
    failed = {**chosen.problems, **outdated(root, whole, chosen)}
    outcomes = _verify(root, tuple(name for name in chosen.files if name not in failed), jobs)
    failed |= {name: one.error for name, one in outcomes.items() if one.error is not None}
    if as_json:
        say_json(_object(name, outcomes.get(name), failed.get(name)) for name in sorted({*chosen.files, *failed}))
    else:
        _print(outcomes, dict(sorted(failed.items())))
    return 0 if not failed and all(one.value is not None and one.value.passed for one in outcomes.values()) else 1


def outdated(root: Path, whole: Survey, chosen: Survey) -> dict[str, EqcError]:
    """An error for every chosen record whose kernels are not up to date."""
    inputs = Inputs(root, whole.files)
    found: dict[str, EqcError] = {}
    for name, file in chosen.files.items():
        try:
            state = record_state(root, file, inputs)
        except EqcError as error:
            found[name] = error
        else:
            if state != "fresh":
                found[name] = _outdated(file, state)
    return found


def _outdated(file: RecordFile, state: State) -> EqcError:
    rule = f"the kernels {REMEDIES[state]}"
    return BuildError(Span(file.source, 1, 1), written=file.id, rule=rule, remedy=f"run `eqc build {file.id}`")


def verify_task(record_id: str, catalog: Catalog) -> Report:
    """Verify one record's kernels, in whatever process this is."""
    from eqc.verify.run import verify_record  # heavy: loads Numba and the oracle

    return verify_record(record_id, catalog.root, catalog=catalog)


def _verify(root: Path, ids: tuple[str, ...], jobs: int) -> Outcomes:
    outcomes = {}
    with progress("verifying", len(ids)) as step:
        for outcome in over_records(verify_task, root, ids, jobs):
            outcomes[outcome.id] = outcome
            step()
    return dict(sorted(outcomes.items()))


def _object(name: str, outcome: Outcome[Report] | None, error: EqcError | None) -> dict[str, object]:
    if outcome is not None and outcome.value is not None:
        return {"id": name, "ok": outcome.value.passed, **outcome.value.as_json(), "error": None}
    return {"id": name, "ok": False, "checks": [], "error": error.as_json() if error else None}


def _row(name: str, check: Check) -> tuple[str, ...]:
    worst = f"{float(check.worst.error):.1e} ({check.worst.what})" if check.worst is not None else ""
    return name, check.name, check.status, str(check.compared or ""), worst, check.reason


def _print(outcomes: Outcomes, failed: dict[str, EqcError]) -> None:
    rows, wrong = [], 0
    for name, outcome in outcomes.items():
        if outcome.value is not None:
            rows += [_row(name, check) for check in outcome.value.checks]
            wrong += not outcome.value.passed
    if rows:
        table(("id", "check", "result", "numbers", "worst error", "reason"), rows)
    report_failures(failed)
    say(
        f"verified {sum(one.value is not None and one.value.passed for one in outcomes.values())}, wrong {wrong}, "
        f"not verified {len(failed)}"
    )
    if not outcomes and not failed:
        note("no records yet: add one with `eqc new ID`")
