"""`eqc check`."""

from __future__ import annotations

import click

from eqc.checking import check_task
from eqc.commands.console import note, progress, report_failures, say, say_json
from eqc.commands.options import ids_argument, jobs_option, json_option, project_root, root_option
from eqc.errors import EqcError
from eqc.parallel import over_records
from eqc.project import Survey, survey


@click.command("check")
@ids_argument
@json_option
@jobs_option
@root_option
def command(ids: tuple[str, ...], as_json: bool, jobs: int) -> int:
    """Read records (all, or those named), their formulas and examples, and report mistakes. Nothing is written."""
    root = project_root()
    chosen = survey(root).choose(ids)
    failed = dict(chosen.problems)
    with progress("checking", len(chosen.files)) as step:
        for outcome in over_records(check_task, root, tuple(chosen.files), jobs):
            if outcome.error is not None:
                failed[outcome.id] = outcome.error
            step()
    if as_json:
        say_json(_objects(chosen, failed))
    else:
        _print(chosen, failed)
    return 1 if failed else 0


def _objects(chosen: Survey, failed: dict[str, EqcError]) -> list[dict[str, object]]:
    objects: list[dict[str, object]] = []
    for name in sorted({*chosen.files, *failed}):
        file, error = chosen.files.get(name), failed.get(name)
        objects.append(
            {
                "id": name,
                "area": file.area if file else None,
                "file": file.source if file else None,
                "ok": error is None,
                "error": error.as_json() if error else None,
            }
        )
    return objects


def _print(chosen: Survey, failed: dict[str, EqcError]) -> None:
    for name in sorted(chosen.files):
        say(f"{'fails' if name in failed else 'ok   '}  {name}")
    report_failures(dict(sorted(failed.items())))
    if not chosen.files and not failed:
        note("no records yet: add one with `eqc new ID`")
    elif failed:
        note(f"{len(failed)} failed, {len(set(chosen.files) - set(failed))} ok")
