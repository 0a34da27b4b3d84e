"""`eqc relations`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from eqc.commands.console import note, progress, report_failures, say, say_json
from eqc.commands.options import jobs_option, project_root, root_option
from eqc.errors import BuildError, nearest
from eqc.evidence import Evidence, gather, known
from eqc.notation.library import Library
from eqc.project import survey
from eqc.relations.draw import as_dot, as_svg, as_text
from eqc.relations.web import Web, read_around, read_web


@click.command("relations")
@click.argument("record_id", metavar="[ID]", required=False)
@click.option("--area", metavar="AREA", help="Only the records of one area, with what they follow from.")
@click.option("--check", "checks", is_flag=True, help="Check the claims first; exit with 1 if one does not hold.")
@click.option("--dot", "form", flag_value="dot", help="Print the graph in the DOT language.")
@click.option("--svg", "form", flag_value="svg", help="Print the graph as a picture.")
@click.option("--json", "form", flag_value="json", help="Print a JSON array with one object per relation.")
@jobs_option
@root_option
def command(record_id: str | None, area: str | None, checks: bool, form: str | None, jobs: int) -> int:
    """Show how the equations follow from each other: all of them, or those around one.

    An equation follows from those that its formula is composed of, and from those that its claims name. With --check
    the claims are proved or tested; what is known of them from earlier is shown in any case.
    """
    root = project_root()
    if record_id is not None:
        survey(root).only(record_id)
    whole, failed = read_web(Library(root))
    web = _chosen(whole, record_id, area)
    evidence = gather(root, whole, web, jobs, progress) if checks else known(root, whole, web)
    _print(web, evidence, form)
    failed |= evidence.errors
    report_failures(dict(sorted(failed.items())))
    for (name, number), verdict in evidence.failures.items():
        note(f"{name}: claim {number + 1}: {verdict.reason}")
    return 1 if failed or evidence.failures else 0


def _chosen(web: Web, record_id: str | None, area: str | None) -> Web:
    if area is not None and area not in web.areas.values():
        raise BuildError(None, written=area, rule="no area has this name", remedy=nearest(area, web.areas.values()))
    web = web if area is None else web.of_area(area)
    return web if record_id is None else web.around(record_id)


def _print(web: Web, evidence: Evidence, form: str | None) -> None:
    if form == "json":
        say_json(_objects(web, evidence))
    elif form is not None:
        say(as_dot(web) if form == "dot" else as_svg(web))
    else:
        _print_text(web, evidence)


def _print_text(web: Web, evidence: Evidence) -> None:
    text = as_text(web, evidence.labels)
    if text:
        say(f"{text}\n")
    if web.apart:
        say(f"without relations: {', '.join(web.apart)}\n")
    claims = [link for link in web.links if link.kind == "claim"]
    statuses = [evidence.labels.get((link.conclusion, link.number), "not checked") for link in claims]
    counts = ", ".join(f"{statuses.count(one)} {one}" for one in dict.fromkeys(sorted(statuses)))
    composed = len(web.links) - len(claims)
    say(
        f"{len(web.areas)} equations, {composed} compositions, {len(claims)} claims" + (f": {counts}" if counts else "")
    )


def _objects(web: Web, evidence: Evidence) -> Iterator[dict[str, object]]:
    for link in web.links:
        verdict = evidence.verdicts.get((link.conclusion, link.number))
        yield {
            "equation": link.conclusion,
            "follows_from": list(link.premises),
            "by": link.kind,
            "claim": link.name or None,
            "status": verdict.status if verdict else None,
            "reason": verdict.reason if verdict else None,
        }


def evidence_around(root: Path, record_id: str, jobs: int) -> tuple[Web, Evidence]:
    """The relations of one record, with their claims checked."""
    web = read_around(Library(root), record_id)
    part = web.around(record_id)
    return part, gather(root, web, part, jobs, progress)
