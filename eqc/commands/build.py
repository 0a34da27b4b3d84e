"""`eqc build`."""

from __future__ import annotations

import time

import click

from eqc.build import Report, build
from eqc.commands.console import note, progress, report_failures, say
from eqc.commands.options import ids_argument, jobs_option, project_root, root_option

WAITING = "another build of this project is running; waiting for it to end …"


@click.command("build")
@ids_argument
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 unless every file is what the records give.")
@click.option("--compile", "compile_now", is_flag=True, help="Then compile the kernels for the machine.")
@jobs_option
@root_option
def command(ids: tuple[str, ...], check: bool, compile_now: bool, jobs: int) -> int:
    """Write the kernels of records that changed (all, or those named) into generated/.

    Records that fail keep their old kernels and are reported; the others are built.
    """
    if check and compile_now:
        raise click.UsageError("--check writes nothing, so --compile does not go with it")
    if check:
        return _check(ids, jobs)
    start = time.perf_counter()
    report = build(project_root(), ids, jobs=jobs, progress=progress, waiting=lambda: note(WAITING))
    report_failures(report.failed)
    say(summary(report, time.perf_counter() - start))
    compiled = _compile(ids, report, jobs) if compile_now else True
    return 0 if report.ok and compiled else 1


def summary(report: Report, seconds: float) -> str:
    """One line on what a build did.

    >>> summary(Report(("a", "b"), (), (), {}), 1.25)
    'built 2 (1.2 s)'
    >>> summary(Report((), ("a",), (), {}), 0.01)
    'nothing to do: 1 up to date'
    """
    counts = {
        "built": len(report.built),
        "removed": len(report.removed),
        "failed": len(report.failed),
        "up to date": len(report.unchanged),
    }
    done = ", ".join(f"{name} {count}" for name, count in counts.items() if count and name != "up to date")
    rest = f"{counts['up to date']} up to date"
    if not done:
        return f"nothing to do: {rest}"
    return f"{done}{', ' + rest if report.unchanged else ''} ({seconds:.1f} s)"


def _check(ids: tuple[str, ...], jobs: int) -> int:
    from eqc.drift import compare  # compiles everything, which a plain build need not load

    found = compare(project_root(), ids, jobs=jobs, progress=progress)
    report_failures(found.failed)
    for drift in found.drifts:
        say(f"{drift.path}: {drift.kind}")
        if drift.diff:
            say(drift.diff)
    if found.ok:
        say(f"nothing to do: {found.agreeing} up to date")
        return 0
    say(f"{found.agreeing} up to date, {len(found.drifts)} files differ, {len(found.failed)} records failed")
    if found.drifts:
        say(" ".join(["to accept what the records give, run: eqc build", *ids]))
    return 1


def _compile(ids: tuple[str, ...], report: Report, jobs: int) -> bool:
    from eqc.precompile import precompile  # loads Numba, which a plain build must not

    good = [name for name in (*report.built, *report.unchanged) if name not in report.failed]
    failed = precompile(project_root(), sorted(good), jobs=jobs, progress=progress)
    report_failures(failed)
    say(f"compiled {len(good) - len(failed)}")
    return not failed
