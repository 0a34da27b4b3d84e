"""The web of relations: which records' formulas use others, and which claims lead from some records to another.

An equation follows from those that its formula is composed of, and from those that its claims name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from eqc.errors import EqcError
from eqc.notation.sympy_form import parse_expression, parse_statement
from eqc.notation.tree import Call, Name, Node, walk
from eqc.records.catalog import Catalog
from eqc.records.model import Record

Kind = Literal["composition", "claim"]


@dataclass(frozen=True, slots=True)
class Link:
    """Something that leads from premises to a conclusion, all ids; `name` and `number` are those of the claim."""

    premises: tuple[str, ...]
    conclusion: str
    kind: Kind
    name: str = ""
    number: int = -1

    def touches(self, node: str) -> bool:
        """Whether the record is one of its ends."""
        return node == self.conclusion or node in self.premises


@dataclass(frozen=True, slots=True)
class Web:
    """The records of a project, by id with their areas, and all links between them.

    >>> links = (Link(("exp",), "sinh", "composition"), Link(("cosh",), "sinh", "claim", "slope", 0))
    >>> web = Web({"cosh": "a", "exp": "a", "log": "b", "sinh": "a"}, links)
    >>> [link.premises for link in web.into("sinh")], [link.conclusion for link in web.out_of("exp")]
    ([('exp',), ('cosh',)], ['sinh'])
    >>> web.apart
    ('log',)
    """

    areas: Mapping[str, str]
    links: tuple[Link, ...]

    def into(self, node: str) -> tuple[Link, ...]:
        """What an equation follows from."""
        return tuple(link for link in self.links if link.conclusion == node)

    def out_of(self, node: str) -> tuple[Link, ...]:
        """What follows from an equation."""
        return tuple(link for link in self.links if node in link.premises)

    @property
    def apart(self) -> tuple[str, ...]:
        """The records without any relation."""
        joined = {node for link in self.links for node in (link.conclusion, *link.premises)}
        return tuple(node for node in self.areas if node not in joined)

    @property
    def edges(self) -> dict[tuple[str, str], tuple[Link, ...]]:
        """The links by premise and conclusion."""
        found: dict[tuple[str, str], tuple[Link, ...]] = {}
        for link in self.links:
            for premise in link.premises:
                found[premise, link.conclusion] = (*found.get((premise, link.conclusion), ()), link)
        return found

    def around(self, node: str) -> Web:
        """A record with all that it follows from, and that follows from it, by one link."""
        return self._kept(tuple(link for link in self.links if link.touches(node)), {node})

    def of_area(self, area: str) -> Web:
        """The records of an area with all that they follow from."""
        own = {node for node, place in self.areas.items() if place == area}
        return self._kept(tuple(link for link in self.links if link.conclusion in own), own)

    def _kept(self, links: tuple[Link, ...], own: set[str]) -> Web:
        there = own | {node for link in links for node in (link.conclusion, *link.premises)}
        return Web({node: area for node, area in self.areas.items() if node in there}, links)


def read_web(catalog: Catalog, nodes: Iterable[str] | None = None) -> tuple[Web, dict[str, EqcError]]:
    """The web of a project's records, or of some of them, and an error for every record that cannot be read.

    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     area = Path(folder, "equations", "a")
    ...     area.mkdir(parents=True)
    ...     for node, formula in {"half": "x/2", "quarter": "half(half(x))"}.items():
    ...         _ = (area / f"{node}.yaml").write_text(f"{{title: T, sympy: {formula}, symbols: {{x: input}}}}")
    ...     read_web(Catalog(Path(folder)))[0].links
    (Link(premises=('half',), conclusion='quarter', kind='composition', name='', number=-1),)
    """
    areas, links, failed = dict[str, str](), list[Link](), dict[str, EqcError]()
    for node in catalog.ids() if nodes is None else nodes:
        try:
            record = catalog.get(node)
            links += links_of(record, frozenset(catalog.ids()))
        except EqcError as error:
            failed[node] = error
        else:
            areas[node] = record.area
    return Web(areas, tuple(link for link in links if link.conclusion in areas)), failed


def read_around(catalog: Catalog, node: str) -> Web:
    """The web of a record, of those that name it, and of all that these hang on.

    Other files are not read but for the record's name, which takes a tenth of the time.
    """
    name = re.compile(rb"\b%s\b" % re.escape(node).encode())
    naming = [other for other in catalog.ids() if other == node or name.search(_text(catalog, other))]
    found, web = dict.fromkeys(naming), Web({}, ())
    while True:
        web, _ = read_web(catalog, found)
        premises = {premise for link in web.links if _matters(link, naming) for premise in link.premises}
        if premises <= found.keys():
            return web
        found |= dict.fromkeys(sorted(premises))


def _text(catalog: Catalog, node: str) -> bytes:
    """A record as it is written; nothing if it cannot be read, as other commands say."""
    try:
        return catalog.path(node).read_bytes()
    except (EqcError, OSError):
        return b""


def _matters(link: Link, naming: Collection[str]) -> bool:
    """Whether what is known of some records hangs on a link: their own, and what their premises are composed of."""
    return link.kind == "composition" or link.conclusion in naming


def links_of(record: Record, ids: frozenset[str]) -> Iterator[Link]:
    """What one record follows from. Raises NotationError where a formula or a claim cannot be read."""
    bound = (entry.bound for entry in record.symbols.values() if entry.bound is not None)
    composed = {*used(record, map(parse_statement, record.statements), ids), *(node for node in bound if node in ids)}
    yield from (Link((node,), record.id, "composition") for node in sorted(composed - {record.id}))
    for number, claim in enumerate(record.claims):
        premises = used(record, [parse_expression(claim.formula)], ids) - {record.id}
        if premises:
            yield Link(tuple(sorted(premises)), record.id, "claim", claim.name, number)


def used(record: Record, formulas: Iterable[Node], ids: frozenset[str]) -> set[str]:
    """The ids of the records that formulas call, or give to records as functions."""
    own = {name for name, entry in record.symbols.items() if entry.kind == "function"}
    calls = [node for formula in formulas for node in walk(formula) if isinstance(node, Call) if node.function in ids]
    given = {part.name for call in calls for part in call.arguments if isinstance(part, Name)}
    return {call.function for call in calls if call.function not in own} | {
        name for name in given if name in ids and name not in record.symbols
    }
