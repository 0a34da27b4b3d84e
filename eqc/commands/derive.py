"""`eqc derive`."""

from __future__ import annotations

import click

from eqc.commands.console import say
from eqc.commands.options import project_root, root_option
from eqc.notation.library import Library
from eqc.project import survey

FORMS = ("text", "latex", "sympy", "code")


@click.command("derive")
@click.argument("record_id", metavar="ID")
@click.option("--wrt", metavar="SYMBOL", required=True, help="The input to differentiate with respect to.")
@click.option("--order", type=click.IntRange(1, 2), default=1, show_default=True, help="First or second derivative.")
@click.option("--as", "form", type=click.Choice(FORMS), default="text", show_default=True, help="How to print it.")
@root_option
def command(record_id: str, wrt: str, order: int, form: str) -> int:
    """Print the derivative of an equation in closed form, as a person would write it."""
    root = project_root()
    survey(root).only(record_id)
    from eqc import pipeline  # loads SymPy; a mistyped id must not wait for it

    derived = pipeline.derive(record_id, wrt, order, Library(root))
    say(str(getattr(derived, form)))
    return 0
