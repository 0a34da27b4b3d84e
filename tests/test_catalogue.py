"""The collection against the catalogue of the source documents: every entry has a record, and no record is a stub.

`catalogue.csv` lists the entries of `../shared/catalogue.yaml`, which need not be there.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

import pytest
from own_records import CATALOG, ROOT
from ruamel.yaml import YAML

SOURCE = ROOT.parent / "shared" / "catalogue.yaml"


class Entry(NamedTuple):
    """One entry of the catalogue."""

    id: str
    area: str
    nature: str


def entries() -> list[Entry]:
    with (Path(__file__).parent / "catalogue.csv").open(encoding="utf-8") as file:
        return [Entry(**row) for row in csv.DictReader(file)]


ENTRIES = entries()

# Entries that have no record yet. Whoever writes one takes it out here.
MISSING: frozenset[str] = frozenset()
PRESENT = [entry for entry in ENTRIES if entry.id in CATALOG]


def test_every_entry_has_a_record() -> None:
    assert {entry.id for entry in ENTRIES if entry.id not in CATALOG} <= MISSING


@pytest.mark.parametrize("entry", PRESENT, ids=lambda entry: entry.id)
def test_the_record_is_that_of_the_entry(entry: Entry) -> None:
    record = CATALOG.get(entry.id)
    assert (record.area, record.nature) == (entry.area, entry.nature)


@pytest.mark.parametrize("entry", PRESENT, ids=lambda entry: entry.id)
def test_no_record_is_a_stub(entry: Entry) -> None:
    """Worked cases or laws that could fail, a source, and a meaning for every symbol that is no record's name."""
    record = CATALOG.get(entry.id)
    assert record.examples or record.claims
    assert record.sources and record.summary and record.latex
    assert [one.name for one in record.symbols.values() if not one.meaning and one.name not in CATALOG] == []


@pytest.mark.skipif(not SOURCE.is_file(), reason="the catalogue itself is not here")
def test_the_list_is_the_catalogue() -> None:
    found = YAML(typ="safe").load(SOURCE)
    assert [Entry(one["id"].lower(), one["area"], one["nature"]) for one in found] == ENTRIES
