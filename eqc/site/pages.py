"""The pages: one for each record, one with all of them by area, and one with the graph of relations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from eqc.present.mathml import html_of
from eqc.records.model import Example, Record
from eqc.relations.draw import as_svg
from eqc.relations.web import Link, Web

STYLE = """body { font: 16px/1.5 Georgia, serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
h1 { font-size: 1.6rem } h2 { font-size: 1.1rem; margin-top: 2rem; border-bottom: 1px solid #ddd }
a { color: #1f6fb2; text-decoration: none } a:hover { text-decoration: underline }
table { border-collapse: collapse } td, th { text-align: left; padding: .15rem .8rem .15rem 0; vertical-align: top }
code, pre { font: 13px/1.4 monospace } pre { white-space: pre-wrap } .note { color: #666 }
.formula { overflow-x: auto; margin: 1rem 0 } .plot { font: 11px monospace }
.proved { color: #1a7f37 } .tested { color: #7a6200 } .failed { color: #b00020 }
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a record's page tells besides the record: LaTeX, a plot, the kernels' forms, accuracy, claims' statuses."""

    record: Record
    latex: Sequence[str]
    plot: str | None
    kernels: Sequence[str]
    accuracy: str
    statuses: Mapping[int, str]


def record_page(facts: Facts, web: Web) -> str:
    """The page of one record."""
    record = facts.record
    parts = [
        f"<h1>{escape(record.title)}</h1>",
        f'<p class="note">{escape(record.area)} / <code>{escape(record.id)}</code></p>',
        *(f'<div class="formula">{html_of(text)}</div>' for text in facts.latex),
        f"<p>{escape(record.summary)}</p>" if record.summary else "",
        _section("Symbols", _glossary(record)),
        _section("Value and slope", facts.plot or ""),
        _section("SymPy form", f"<pre>{escape(_joined(one.text for one in record.statements))}</pre>"),
        _section("Examples", _list(map(_example, record.examples))),
        _section("Claims", _list(_claim(k, one.name, one.formula.text, facts) for k, one in enumerate(record.claims))),
        _section("Follows from", _list(_way(link, link.premises) for link in web.into(record.id))),
        _section("From it follow", _list(_way(link, (link.conclusion,)) for link in web.out_of(record.id))),
        _section("Printed wrong", _list(_erratum(one.printed, one.right, one.source) for one in record.errata)),
        _section("Kernels", f"<pre>{escape(_joined(facts.kernels))}</pre><p>{escape(facts.accuracy)}</p>"),
        _section(
            "Sources", _list(escape(", ".join(filter(None, (s.title, s.section, s.url)))) for s in record.sources)
        ),
    ]
    return page(record.title, "\n".join(part for part in parts if part))


def index_page(records: Iterable[Record]) -> str:
    """All records by area."""
    found = sorted(records, key=lambda one: (one.area, one.title))
    parts = []
    for area, ones in groupby(found, lambda one: one.area):
        parts += [f"<h2>{escape(area)}</h2>", _list(f"{_link(one.id, one.title)}{_short(one)}" for one in ones)]
    return page("Equations", "\n".join(('<h1>Equations</h1><p><a href="relations.html">Relations</a></p>', *parts)))


def relations_page(web: Web) -> str:
    """The graph; pointing at an edge tells what it stands for."""
    note = "An arrow leads to what follows: whole lines where a formula uses another, dashed ones where a claim does."
    return page("Relations", f'<h1>Relations</h1><p class="note">{note}</p><div class="formula">{as_svg(web)}</div>')


def page(title: str, body: str) -> str:
    """A page as a whole.

    >>> page("a < b", "").splitlines()[3]
    '<title>a &lt; b</title>'
    """
    head = f'<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{escape(title)}</title>'
    links = '<link rel="stylesheet" href="style.css">\n<p><a href="index.html">Equations</a></p>'
    return f"{head}\n{links}\n{body}\n</html>\n"


def _section(title: str, body: str) -> str:
    return f"<h2>{title}</h2>\n{body}" if body else ""


def _list(items: Iterable[str]) -> str:
    found = [f"<li>{item}</li>" for item in items]
    return "<ul>\n" + "\n".join(found) + "\n</ul>" if found else ""


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(lines)


def _link(id: str, text: str) -> str:
    return f'<a href="{escape(id)}.html">{escape(text)}</a>'


def _short(record: Record) -> str:
    return f' <span class="note">{escape(record.summary)}</span>' if record.summary else ""


def _glossary(record: Record) -> str:
    head = "<tr><th></th><th>name</th><th>shape</th><th>domain</th><th>meaning</th></tr>"
    rows = []
    for name, entry in record.symbols.items():
        drawn = html_of(entry.latex[0]).replace('display="block"', 'display="inline"') if entry.latex else ""
        shape = ", ".join(axis.text for axis in entry.shape or ())
        cells = (f"<code>{escape(name)}</code>", escape(shape), escape(entry.domain.name), escape(entry.meaning))
        rows.append(f"<tr><td>{drawn}</td>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    return f"<table>{head}{''.join(rows)}</table>"


def _example(example: Example) -> str:
    given, expected, printed = (
        escape(", ".join(f"{name} = {value}" for name, value in part.items()))
        for part in (example.given, example.expect, example.printed)
    )
    notes = [example.source and escape(example.source), printed and f"printed as {printed}", escape(example.erratum)]
    return f'<code>{given} → {expected}</code> <span class="note">{"; ".join(filter(None, notes))}</span>'


def _claim(number: int, name: str, formula: str, facts: Facts) -> str:
    status = facts.statuses.get(number, "")
    known = f' <span class="{escape(status)}">{escape(status)}</span>' if status else ""
    return f"{escape(name)}{known}<br><code>{escape(formula)}</code>"


def _way(link: Link, ends: Sequence[str]) -> str:
    how = escape(link.name) if link.kind == "claim" else "by composition"
    return f'{", ".join(_link(one, one) for one in ends)} <span class="note">{how}</span>'


def _erratum(printed: str, right: str, source: str) -> str:
    where = f' <span class="note">{escape(source)}</span>' if source else ""
    return f"<code>{escape(printed)}</code>{where}<br>right: {escape(right)}"
