"""The `eqc` command: a table of commands, each loaded only when it is called.

Commands return their exit code: 0 fine, 1 a record failed or the input is bad, 2 wrong usage (130 after Ctrl-C).
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

import click

from eqc.commands.options import root_option
from eqc.errors import EqcError, nearest

COMMANDS = {
    "init": "Start a project in a new folder.",
    "new": "Add a record to fill in.",
    "check": "Read records and report mistakes; write nothing.",
    "build": "Write the kernels of records that changed.",
    "watch": "Build whenever a record changes, and say what is wrong.",
    "verify": "Compare kernels with an independent oracle.",
    "list": "List the records and the state of their kernels.",
    "show": "Show one equation with its glossary, sources and kernels.",
    "relations": "Show how the equations follow from each other, as text or as a graph.",
    "derive": "Print the derivative of an equation.",
    "explain": "Print what each pass of the compiler did to a record.",
    "site": "Write the collection as static pages.",
    "bench": "Time kernels beside NumPy, JAX and PyTorch.",
    "schema": "Print the JSON Schema of the record format, for editors.",
}

_INTERRUPTED = 130

# SymPy forgets all but its last 1,000 results unless told otherwise before it is imported: formulas of 1,000 terms
# would then be worked out many times over. 100,000 results take some ten megabytes.
os.environ.setdefault("SYMPY_CACHE_SIZE", "100000")


class Commands(click.Group):
    """The commands by name, in the order of the table; their modules are imported on demand to start fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = importlib.import_module(f"eqc.commands.{cmd_name}").command
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"no command {args[0]!r}: {nearest(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _show_version(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        from eqc.freshness import installed_version  # seldom asked for

        click.echo(f"eqc {installed_version('eqc')}")
        context.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show it.")
@root_option
def eqc() -> None:
    """Equations as source code: one reviewed record per equation, verified fast kernels and derivatives out of it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code; every error ends as a message, none as a traceback.

    >>> main(["list", "--root", "/nowhere"])
    1
    """
    _print_anything()
    try:
        result = eqc.main(arguments, prog_name="eqc", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return _INTERRUPTED
    except EqcError as error:
        click.echo(str(error), err=True)
        return 1
    except Exception as error:
        return _report_defect(error, arguments)
    return result if isinstance(result, int) else 0


def _report_defect(error: Exception, arguments: Sequence[str] | None) -> int:
    from eqc.parallel import internal_error  # not needed where all goes well

    words = sys.argv[1:] if arguments is None else arguments
    click.echo(str(internal_error(error, " ".join(["eqc", *words]))), err=True)
    return 1


def _print_anything() -> None:
    """A terminal that cannot show some letter of a formula gets a question mark, not an error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
