"""`eqc init`."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from eqc.commands.console import say
from eqc.scaffold import EXAMPLE, create_project


@click.command("init")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def command(folder: Path) -> int:
    """Start a project in DIR, with one worked example. Nothing that exists is overwritten."""
    for path in create_project(folder):
        say(f"wrote {path}")
    change = "" if folder.resolve() == Path.cwd() else f"cd {shlex.quote(str(folder))} && "
    say(f"next:  {change}eqc build")
    say(f"then:  eqc derive {EXAMPLE.id} --wrt x")
    return 0
