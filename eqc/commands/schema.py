"""`eqc schema`."""

from __future__ import annotations

import json

import click

from eqc.commands.console import say
from eqc.records.schema import json_schema


@click.command("schema")
def command() -> int:
    """Print the JSON Schema of the record format, which editors use to complete and check records."""
    say(json.dumps(json_schema(), indent=2, sort_keys=True))
    return 0
