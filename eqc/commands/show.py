"""`eqc show`."""

from __future__ import annotations

import re
from collections.abc import Iterable

import click

from eqc.commands.console import say, table
from eqc.commands.options import jobs_option, project_root, root_option
from eqc.commands.relations import evidence_around
from eqc.freshness import read_if_there
from eqc.notation.library import Library
from eqc.project import survey
from eqc.records.model import Domain, Erratum, Example, Record, SymbolEntry
from eqc.relations.draw import conclusions, premises
from eqc.signatures import call_forms, signature_of


@click.command("show")
@click.argument("record_id", metavar="ID")
@jobs_option
@root_option
def command(record_id: str, jobs: int) -> int:
    """Show one equation: its formula, glossary, examples, sources, relations, and the kernels that are built.

    What it follows from and what follows from it is told with its evidence: claims that were not checked yet, or not
    since a record changed, are checked now.
    """
    root = project_root()
    file = survey(root).only(record_id)
    record = Library(root).get(record_id)
    generated = (read_if_there(root / file.module) or b"").decode(errors="replace")
    _show_formula(record)
    _show_symbols(record)
    _section("Examples", map(_example, record.examples))
    _section("Errata", map(_erratum, record.errata))
    _section("Sources", (", ".join(filter(None, (one.title, one.section, one.url))) for one in record.sources))
    web, evidence = evidence_around(root, record_id, jobs)
    _section("Follows from", premises(web.into(record_id), evidence.labels))
    _section("From it follow", conclusions(web.out_of(record_id), evidence.labels))
    signature = signature_of(generated)
    _section("Kernels", call_forms(signature) if signature else [f"not built yet: run `eqc build {record_id}`"])
    return 0


def _show_formula(record: Record) -> None:
    say(f"{record.title}\n{record.path}\n")
    if record.summary:
        say(f"{record.summary}\n")
    _section("LaTeX", record.latex or [printed_latex(record)])
    _section("SymPy", (one.text for one in record.statements))
    _section("Formula", pretty_formulas(record))


def printed_latex(record: Record) -> str:
    """The LaTeX of a record that states none, printed from its SymPy form."""
    from eqc.documentation import latex_of  # loads the compiler

    return latex_of(record)


def pretty_formulas(record: Record) -> list[str]:
    """A record's statements drawn with letters over several lines, as SymPy does."""
    import sympy  # heavy, and first needed here

    from eqc.notation.to_sympy import to_sympy

    found = to_sympy(record)
    statements = found if isinstance(found, list) else [found]
    return [sympy.pretty(one, use_unicode=True, wrap_line=False) for one in statements]


def _show_symbols(record: Record) -> None:
    say("Symbols")
    axes = [axis.text for entry in record.symbols.values() for axis in entry.shape or ()]
    sizes = set(re.findall(r"\w+", " ".join(axes)))
    rows = [_symbol_row(entry, entry.name in sizes) for entry in record.symbols.values()]
    table(("name", "latex", "shape", "domain", "meaning"), rows)


def _symbol_row(entry: SymbolEntry, is_size: bool) -> tuple[str, ...]:
    shape = "" if entry.shape is None else f"[{', '.join(one.text for one in entry.shape)}]"
    notes = [entry.meaning, entry.unit and f"in {entry.unit}"]
    notes += [f"default {entry.default}"] if entry.default is not None else []
    notes += [f"new value of {entry.updates}"] if entry.updates else []
    domain = "size" if is_size and not entry.domain.integer else domain_text(entry.domain)
    return entry.name, ", ".join(entry.latex), shape, domain, "; ".join(filter(None, notes))


def domain_text(domain: Domain) -> str:
    """A domain as it is written in a record.

    >>> from fractions import Fraction
    >>> domain_text(Domain("interval", Fraction(0), Fraction(1, 2), lower_open=False))
    '[0, 1/2)'
    >>> domain_text(Domain("simplex"))
    'simplex'
    """
    if domain.name != "interval":
        return domain.name
    left, right = "(" if domain.lower_open else "[", ")" if domain.upper_open else "]"
    lower = "-oo" if domain.lower is None else domain.lower
    upper = "oo" if domain.upper is None else domain.upper
    return f"{left}{lower}, {upper}{right}"


def _example(example: Example) -> str:
    given, expected, printed = (
        ", ".join(f"{name} = {value}" for name, value in part.items())
        for part in (example.given, example.expect, example.printed)
    )
    erratum = "; ".join(filter(None, (printed and f"printed: {printed}", example.erratum)))
    notes = [note for note in (example.source, erratum and f"erratum: {erratum}") if note]
    return f"{given}  gives  {expected}" + (f"  ({'; '.join(notes)})" if notes else "")


def _erratum(erratum: Erratum) -> str:
    where = f"  ({erratum.source})" if erratum.source else ""
    return f"printed: {erratum.printed}{where}\n  right: {erratum.right}"


def _section(title: str, texts: Iterable[str]) -> None:
    found = list(texts)
    if not found:
        return
    say(title)
    for text in found:
        for line in text.splitlines():
            say(f"  {line}".rstrip())
    say("")
