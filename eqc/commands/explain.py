"""`eqc explain`."""

from __future__ import annotations

import click

from eqc.commands.console import say
from eqc.commands.options import project_root, root_option
from eqc.project import survey
from eqc.records.catalog import Catalog


@click.command("explain")
@click.argument("record_id", metavar="ID")
@root_option
def command(record_id: str) -> int:
    """Print what each pass of the compiler made of a record."""
    root = project_root()
    survey(root).only(record_id)
    from eqc import pipeline  # loads SymPy; a mistyped id must not wait for it

    say(pipeline.explain(record_id, Catalog(root)))
    return 0
