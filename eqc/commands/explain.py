"""`eqc explain`."""

from __future__ import annotations

import click

from eqc.commands.console import say
from eqc.commands.options import project_root, root_option
from eqc.notation.library import Library
from eqc.project import survey

FORMS = ("text", "latex")


@click.command("explain")
@click.argument("record_id", metavar="ID")
@click.option("--as", "form", type=click.Choice(FORMS), default="text", show_default=True, help="How to print it.")
@root_option
def command(record_id: str, form: str) -> int:
    """Print what each pass of the compiler made of a record."""
    root = project_root()
    survey(root).only(record_id)
    from eqc import explanation  # loads SymPy; a mistyped id must not wait for it

    say(explanation.explain(record_id, Library(root), form))
    return 0
