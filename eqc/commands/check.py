"""`eqc check`."""

from __future__ import annotations

import click

from eqc.checking import check_task
from eqc.commands.console import note, progress, report_failures, say, say_json
from eqc.commands.options import ids_argument, jobs_option, json_option, project_root, root_option
from eqc.errors import EqcError
from eqc.parallel import over_records
from eqc.project import Survey, survey
from eqc.verify.agreement import Agreement


@click.command("check")
@ids_argument
@json_option
@jobs_option
@root_option
def command(ids: tuple[str, ...], as_json: bool, jobs: int) -> int:
    """Read records (all, or those named), their formulas and examples, and report mistakes. Nothing is written.

    The LaTeX is read too, and compared with the SymPy form: a difference is a mistake, and what cannot be read is
    counted and says why.
    """
    root = project_root()
    chosen = survey(root).choose(ids)
    failed = dict(chosen.problems)
    latex: dict[str, Agreement] = {}
    with progress("checking", len(chosen.files)) as step:
        for outcome in over_records(check_task, root, tuple(chosen.files), jobs):
            if outcome.value is not None:
                latex[outcome.id] = outcome.value
                if outcome.value.state == "differs" and outcome.value.error is not None:
                    failed[outcome.id] = outcome.value.error
            if outcome.error is not None:
                failed[outcome.id] = outcome.error
            step()
    if as_json:
        say_json(_objects(chosen, failed, latex))
    else:
        _print(chosen, failed, latex)
    return 1 if failed else 0


def _objects(chosen: Survey, failed: dict[str, EqcError], latex: dict[str, Agreement]) -> list[dict[str, object]]:
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
                "latex": latex[name].as_json() if name in latex else None,
            }
        )
    return objects


def _print(chosen: Survey, failed: dict[str, EqcError], latex: dict[str, Agreement]) -> None:
    for name in sorted(chosen.files):
        say(f"{'fails' if name in failed else 'ok   '}  {name}")
    report_failures(dict(sorted(failed.items())))
    if not chosen.files and not failed:
        note("no records yet: add one with `eqc new ID`")
    elif failed:
        note(f"{len(failed)} failed, {len(set(chosen.files) - set(failed))} ok")
    unread = {name: one for name, one in sorted(latex.items()) if one.state == "unread"}
    for name, one in unread.items():
        note(f"LaTeX unread  {name}: {one.reason}")
    if unread:
        agreed = sum(one.state == "agrees" for one in latex.values())
        note(f"LaTeX: {agreed} agree with the SymPy form, {len(unread)} unread")
