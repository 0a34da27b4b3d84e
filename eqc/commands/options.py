"""Options and arguments that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from eqc.parallel import usable_cores
from eqc.project import find_root, given_root

F = TypeVar("F", bound=Callable[..., Any])


def _keep_root(context: click.Context, parameter: click.Parameter, value: Path | None) -> Path | None:
    """Remember the project's folder, wherever on the line it was named."""
    if value is not None:
        context.find_root().obj = value
    return value


root_option = click.option(
    "--root",
    metavar="DIR",
    type=click.Path(path_type=Path),
    callback=_keep_root,
    expose_value=False,
    help="The project's folder (default: the nearest one upward that has equations/).",
)

ids_argument = click.argument("ids", metavar="[ID]...", nargs=-1)

json_option = click.option("--json", "as_json", is_flag=True, help="Print a JSON array with one object per record.")

jobs_option = click.option(
    "--jobs",
    "-j",
    metavar="N",
    type=click.IntRange(min=1),
    default=usable_cores,
    help="Processes to use (default: the cores).",
)


def project_root() -> Path:
    """The root that this command works on. Raises BuildError if there is none."""
    named = click.get_current_context().find_root().obj
    return given_root(named) if named is not None else find_root()
