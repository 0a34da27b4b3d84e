"""What the evaluations of one formula share: the records it uses, how comparisons are decided, what was seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from eqc.errors import ShapeError
from eqc.records.model import Record
from eqc.verify.functions import Decisions
from eqc.verify.reading import Reading, read_record


class Records(Protocol):
    """Where records that a formula uses are found; `eqc.records.catalog.Catalog` is one."""

    def get(self, id: str) -> Record: ...

    def __contains__(self, id: str) -> bool: ...


class OutOfRange(ShapeError):
    """A position outside its axis."""


class Label(int):
    """An integer input's entry; it remembers its symbol and how far its positions are shifted (`origin: 0`)."""

    name: str
    shift: int

    @classmethod
    def of(cls, value: int, name: str, shift: int) -> Label:
        label = cls(value)
        label.name, label.shift = name, shift
        return label


@dataclass(slots=True)
class Session:
    """What one evaluation shares over all records that it uses.

    `ranges` collects the values that each integer input may take as a position; `steps` counts the work done,
    `level` the derivatives that are being taken.
    """

    records: Records
    decide: Decisions
    readings: dict[str, Reading] = field(default_factory=dict)
    ranges: dict[str, tuple[int, int]] = field(default_factory=dict)
    steps: int = 0
    level: int = 0

    def reading(self, id: str) -> Reading:
        """The record of that id, read once."""
        if id not in self.readings:
            self.readings[id] = read_record(self.records.get(id))
        return self.readings[id]
