"""`eqc site`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from eqc import atomic
from eqc.build import place
from eqc.commands.console import progress, report_failures, say
from eqc.commands.options import jobs_option, project_root, root_option
from eqc.commands.show import printed_latex
from eqc.evidence import gather, known
from eqc.freshness import read_if_there, split
from eqc.measured import NOT_MEASURED, records_hash, summary
from eqc.notation.library import Library
from eqc.parallel import over_records
from eqc.records.catalog import Catalog
from eqc.relations.web import read_web
from eqc.signatures import call_forms, signature_of
from eqc.site.pages import STYLE, Facts, index_page, record_page, relations_page


@click.command("site")
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path, file_okay=False), default=Path("site"))
@click.option("--check", "checks", is_flag=True, help="Check the claims first, and show how they came out.")
@jobs_option
@root_option
def command(folder: Path, checks: bool, jobs: int) -> int:
    """Write the collection as static pages into a folder (default: site).

    Every record has its formula, glossary, plot of value and slope, examples, claims, relations, errata, kernels and
    accuracy. Records that cannot be read are left out and reported.
    """
    root = project_root()
    web, failed = read_web(Library(root))
    evidence = gather(root, web, web, jobs, progress) if checks else known(root, web, web)
    pages: dict[Path, bytes] = {}
    records = []
    with progress("writing", len(web.areas)) as step:
        for outcome in over_records(facts_task, root, tuple(web.areas), jobs):
            if outcome.value is not None:
                statuses = {k: s for (name, k), s in evidence.labels.items() if name == outcome.id}
                facts = replace(outcome.value, statuses=statuses)
                records.append(facts.record)
                pages[folder / f"{outcome.id}.html"] = record_page(facts, web).encode()
            elif outcome.error is not None:
                failed[outcome.id] = outcome.error
            step()
    pages[folder / "index.html"] = index_page(records).encode()
    pages[folder / "relations.html"] = relations_page(web).encode()
    pages[folder / "style.css"] = STYLE.encode()
    atomic.commit(folder, dict(sorted(pages.items())))
    report_failures(dict(sorted({**failed, **evidence.errors}.items())))
    say(f"wrote {len(records)} equations: {folder / 'index.html'}")
    return 1 if failed or evidence.errors else 0


def facts_task(record_id: str, catalog: Catalog) -> Facts:
    """What the page of one record tells."""
    from eqc.site.plots import plot_of  # loads the oracle

    record, file = catalog.get(record_id), place(catalog, record_id)
    generated = read_if_there(catalog.root / file.module) or b""
    signature, header = signature_of(generated.decode(errors="replace")), split(generated)
    used = [file, *(place(catalog, name) for name in (header[0].composes if header else ()))]
    accuracy = summary(catalog.root, file, records_hash(catalog.root, used))
    return Facts(
        record,
        record.latex or (printed_latex(record),),
        plot_of(record, catalog),
        call_forms(signature) if signature else ("not built yet",),
        "" if accuracy == NOT_MEASURED else accuracy,
        {},
    )
