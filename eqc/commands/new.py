"""`eqc new`."""

from __future__ import annotations

import click

from eqc.commands.console import say
from eqc.commands.options import project_root, root_option
from eqc.scaffold import create_record


@click.command("new")
@click.argument("record_id", metavar="ID")
@click.option("--area", metavar="AREA", help="The folder in equations/ (default: the only one, else general).")
@root_option
def command(record_id: str, area: str | None) -> int:
    """Add a commented record to fill in; it is valid, and builds, as it stands."""
    path = create_record(project_root(), record_id, area)
    say(f"wrote {path}")
    say(f"fill it in, then:  eqc check {record_id} && eqc build {record_id}")
    return 0
