"""Records made of a LaTeX text, for the tests of its reader."""

from __future__ import annotations

from pathlib import Path

from eqc.records.load import load_text
from eqc.records.model import Record
from eqc.verify.agreement import Agreement, check_agreement
from eqc.verify.instances import instances
from eqc.verify.oracle import Oracle

HERE = Path(__file__).parent


def sections(file: str) -> dict[str, str]:
    """The text of every entry, as it stands in a file without its indentation."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in (HERE / file).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith((" ", "#")):
            name = line.removesuffix(":")
            found[name] = []
        elif line.startswith("  "):
            found[name].append(line[2:])
    return {name: "\n".join(lines) for name, lines in found.items()}


CONSTRUCTS = sections("constructs.yaml")
SOURCES = sections("sources.yaml")


def record_of(text: str, id: str = "sample") -> Record:
    """A record of the keys that a text has, with a title."""
    return load_text(f"title: T\n{text}", id=id, area="a", file=f"{id}.yaml")


def record_with(latex: str, symbols: str, sympy: str = "") -> Record:
    """A record with one LaTeX text in a block."""
    form = f"sympy: '{sympy}'\n" if sympy else ""
    return record_of(f"latex: |-\n  {latex}\n{form}symbols: {{{symbols}}}\n")


def agreement(record: Record) -> Agreement:
    """What the LaTeX of a record says of its SymPy form."""
    functions = instances(record)[-1].functions
    return check_agreement(Oracle(record, {}, functions=functions), (), {}.get)
