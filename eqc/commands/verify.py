"""`eqc verify`."""

from __future__ import annotations

from pathlib import Path

import click

from eqc.build import record_state
from eqc.commands.accuracy import measure_all
from eqc.commands.console import note, progress, report_failures, say, say_json, table
from eqc.commands.errata import report_errata
from eqc.commands.options import ids_argument, jobs_option, json_option, project_root, root_option
from eqc.errors import BuildError, EqcError, Span
from eqc.freshness import Inputs, State
from eqc.parallel import Outcome, over_records
from eqc.project import RecordFile, Survey, survey
from eqc.records.catalog import Catalog
from eqc.verify.report import STATUSES, Check, Report

Outcomes = dict[str, Outcome[Report]]

REMEDIES = {"stale": "are not what the record gives now", "not built": "are not built yet"}


@click.command("verify")
@ids_argument
@json_option
@click.option("--accuracy", is_flag=True, help="Measure bits of error, and keep them beside the kernels.")
@click.option("--errata", is_flag=True, help="Compute again what the sources print, and list what is wrong.")
@jobs_option
@root_option
def command(ids: tuple[str, ...], as_json: bool, accuracy: bool, errata: bool, jobs: int) -> int:
    """Compare the kernels of records (all, or those named) with an independent oracle, and test their claims.

    Kernels that are not up to date are not verified: they are reported, and `eqc build` mends that. With --accuracy
    their errors are measured in bits instead, over plain inputs and over the whole range of floats; a build writes
    what was found into the docstrings. With --errata the numbers, derivatives and formulas that the sources print are
    computed again, and what they print wrong is listed with what is right.
    """
    if accuracy and errata:
        raise click.UsageError("--accuracy and --errata are two reports: ask for one at a time")
    root = project_root()
    whole = survey(root)
    chosen = whole.choose(ids)
    failed = {**chosen.problems, **outdated(root, whole, chosen)}
    sound = tuple(name for name in chosen.files if name not in failed)
    if accuracy:
        return measure_all(root, sound, failed, as_json, jobs)
    if errata:
        return report_errata(root, sound, failed, as_json, jobs)
    outcomes = _verify(root, sound, jobs)
    failed |= {name: one.error for name, one in outcomes.items() if one.error is not None}
    if as_json:
        say_json(_object(name, outcomes.get(name), failed.get(name)) for name in sorted({*chosen.files, *failed}))
    else:
        _print(outcomes, dict(sorted(failed.items())), in_detail=bool(ids))
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
        for outcome in over_records(verify_task, root, ids, jobs, few=1):
            outcomes[outcome.id] = outcome
            step()
    return dict(sorted(outcomes.items()))


def _object(name: str, outcome: Outcome[Report] | None, error: EqcError | None) -> dict[str, object]:
    if outcome is not None and outcome.value is not None:
        return {"id": name, "ok": outcome.value.passed, **outcome.value.as_json(), "error": None}
    return {"id": name, "ok": False, "checks": [], "error": error.as_json() if error else None}


def _print(outcomes: Outcomes, failed: dict[str, EqcError], in_detail: bool) -> None:
    reports = [outcome.value for outcome in outcomes.values() if outcome.value is not None]
    if in_detail:
        rows = [(one.id, *_check_row(check)) for one in reports for check in one.checks]
        table(("id", "check", "result", "numbers", "worst error", "reason"), rows)
    else:
        table(("id", "result", "checks", "numbers", "worst error"), map(_report_row, reports))
        for one in reports:
            for check in one.failures:
                note(f"{one.id}: {check.name}: {check.reason}")
    report_failures(failed)
    passed = sum(one.passed for one in reports)
    say(f"verified {passed}, wrong {len(reports) - passed}, not verified {len(failed)}")


def _report_row(report: Report) -> tuple[str, ...]:
    statuses = [check.status for check in report.checks]
    counts = ", ".join(f"{statuses.count(one)} {one}" for one in STATUSES if one in statuses)
    numbers = sum(check.compared for check in report.checks)
    result = "passed" if report.passed else "FAILED"
    return report.id, result, counts, str(numbers), f"{report.worst_error:.1e}"


def _check_row(check: Check) -> tuple[str, ...]:
    worst = f"{float(check.worst.error):.1e} ({check.worst.what})" if check.worst is not None else ""
    return check.name, check.status, str(check.compared or ""), worst, check.reason
