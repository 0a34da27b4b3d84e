"""`eqc watch`."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import click

from eqc.build import build
from eqc.checking import check_task
from eqc.commands.build import WAITING, summary
from eqc.commands.console import note, progress, report_failures, say
from eqc.commands.options import jobs_option, project_root, root_option
from eqc.errors import EqcError
from eqc.parallel import over_records
from eqc.project import survey
from eqc.watching import changes


@click.command("watch")
@click.option(
    "--interval",
    metavar="SECONDS",
    type=click.FloatRange(min=0.01),
    default=0.5,
    help="How long to wait between two looks (default: 0.5).",
)
@jobs_option
@root_option
def command(interval: float, jobs: int) -> int:
    """Build whenever a record changes, and say what is wrong with it, until Ctrl-C.

    Changed records are also checked: their LaTeX against their SymPy form, their examples against their domains.
    """
    root = project_root()
    try:
        _build(root, (), jobs)
        say("watching equations/ (Ctrl-C ends)")
        for found in changes(root, partial(time.sleep, interval)):
            say("\n".join(f"{word}: {path}" for path, word in found.items()))
            _build(root, _changed(root, found), jobs)
    except KeyboardInterrupt:
        say("stopped")
    return 0


def _changed(root: Path, paths: Iterable[str]) -> tuple[str, ...]:
    """The ids of the records at some paths that can be read."""
    places = set(paths)
    return tuple(name for name, file in survey(root).files.items() if file.source in places)


def _build(root: Path, changed: tuple[str, ...], jobs: int) -> None:
    """Bring everything up to date and print what came of it; a mistake stops nothing."""
    start = time.perf_counter()
    try:
        report = build(root, jobs=jobs, progress=progress, waiting=lambda: note(WAITING))
    except EqcError as error:
        note(str(error))
        return
    problems = {**report.failed, **_mistakes(root, [name for name in changed if name not in report.failed])}
    report_failures(dict(sorted(problems.items())))
    say(summary(report, time.perf_counter() - start))


def _mistakes(root: Path, ids: list[str]) -> dict[str, EqcError]:
    """What `eqc check` says of some records."""
    found: dict[str, EqcError] = {}
    for outcome in over_records(check_task, root, ids):
        error = outcome.error
        if outcome.value is not None and outcome.value.state == "differs":
            error = outcome.value.error
        if error is not None:
            found[outcome.id] = error
    return found
