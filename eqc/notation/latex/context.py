"""What the reader of a formula knows at a place: the glossary, which letters are indices, which symbols are renewed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from eqc.errors import Span, nearest
from eqc.notation.latex.boxes import Box, Boxes, flat_text
from eqc.notation.latex.glossary import Found, Glossary, name_of
from eqc.notation.latex.parts import Fresh, Misfit, Part
from eqc.notation.latex.sets import BuiltSet
from eqc.notation.tokens import Places
from eqc.notation.tree import Name
from eqc.records.model import Record

if TYPE_CHECKING:
    from eqc.notation.latex.expression import Expression

MAX_DEPTH = 40

Lookup = Callable[[str], Record | None]


def _no_reader(*_: object) -> NoReturn:
    raise NotImplementedError


@dataclass(slots=True)
class Context:
    """One formula's state; `bound` are indices of sums around, `free` those of the statement.

    `assigned` are the symbols that the record defines, `renewed` those of them that an update has set already,
    `printed` all that the LaTeX shows. `target` says that a left side is read, `wanted` are its axes, `averaging` how
    many expectations are around, `kept` which indices they leave alone. `functions` are those that the LaTeX defines
    for itself, `parameters` what their letters stand for while one of them is read, `sets` the sets that it builds,
    `phrases` what it prints in several places and defines in one. The three functions at the end read what the
    expression parser leaves to the modules above it.
    """

    places: Places
    glossary: Glossary
    lookup: Lookup
    fresh: Fresh
    assigned: frozenset[str] = frozenset()
    renewed: set[str] = field(default_factory=set)
    bound: dict[str, Name] = field(default_factory=dict)
    free: dict[str, Name] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)
    printed: frozenset[str] = frozenset()
    target: bool = False
    wanted: tuple[str, ...] = ()
    functions: dict[str, tuple[tuple[str, ...], Boxes]] = field(default_factory=dict)
    parameters: dict[str, Part] = field(default_factory=dict)
    sets: dict[str, BuiltSet] = field(default_factory=dict)
    phrases: dict[Boxes, Boxes] = field(default_factory=dict)
    averaging: int = 0
    depth: int = 0
    kept: frozenset[str] = frozenset()
    read_atom: Callable[[Expression, Box], Part] = _no_reader
    apply_record: Callable[[Expression, Found, Box, Box], Part] = _no_reader
    apply_function: Callable[[Expression, str, Sequence[Boxes], Box, Box], Part] = _no_reader

    @property
    def record(self) -> Record:
        return self.glossary.record

    @contextmanager
    def deeper(self, box: Box | None) -> Iterator[None]:
        """One level further inside, of which there are not arbitrarily many."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(box, f"a formula nests at most {MAX_DEPTH} levels deep", "name parts of it")
        try:
            yield
        finally:
            self.depth -= 1

    def span(self, box: Box) -> Span:
        """The place of a box in the file."""
        return self.places.span(box.offset)

    def fail(self, box: Box | None, rule: str, remedy: str) -> NoReturn:
        """Raise the error that points at a box, or at the end of the formula."""
        offset = box.offset if box is not None else max(len(self.places.source.text) - 1, 0)
        self.places.fail(offset, rule, remedy)

    @contextmanager
    def pointing_at(self, box: Box) -> Iterator[None]:
        """Parts that do not fit are an error at this box."""
        try:
            yield
        except Misfit as error:
            self.fail(box, error.rule, error.remedy)

    @contextmanager
    def binding(self, boxes: Iterable[Box]) -> Iterator[list[Name]]:
        """Letters as indices of a sum, within it."""
        before = dict(self.bound)
        names = []
        for box in boxes:
            name = Name(self.span(box), self.fresh.like(name_of(box) or "k"))
            self.bound[index_key(box)] = name
            names.append(name)
        try:
            yield names
        finally:
            self.bound = before

    @contextmanager
    def standing_for(self, parameters: Mapping[str, Part]) -> Iterator[None]:
        """Letters that stand for parts, within it."""
        before = self.parameters
        self.parameters = {**before, **parameters}
        try:
            yield
        finally:
            self.parameters = before

    def index(self, box: Box) -> Name | None:
        """The index that a letter is, innermost first."""
        key = index_key(box)
        return self.bound.get(key) or (self.free.get(key) if not self.declares(box) else None)

    def declares(self, box: Box) -> bool:
        """Whether the glossary has this very letter as a symbol."""
        return any(f.match.end == 1 for f in self.glossary.at((box,), 0))

    def free_letter(self, box: Box) -> Name:
        """A letter in a position as a free index of the statement."""
        return self.free_index(name_of(box) or "k", box, index_key(box))

    def free_index(self, name: str, box: Box, key: str = "") -> Name:
        """A free index of the statement, or one that a sum around binds."""
        key = key or name
        if key in self.bound:
            return self.bound[key]
        if key not in self.free:
            self.free[key] = Name(self.span(box), self.fresh.like(name))
        return self.free[key]

    def symbol(self, boxes: Boxes, place: int) -> Found | None:
        """The symbol at a place; of several with one spelling the one that is meant here."""
        found = self.glossary.at(boxes, place)
        if len(found) < 2:
            return found[0] if found else None
        wanted = [f for f in found if self._is_meant(f.spelling.name)]
        if len(wanted) != 1:
            names = " and ".join(f.spelling.name for f in found)
            self.fail(boxes[place], f"{names} are printed alike", "give one of them another latex in the glossary")
        return wanted[0]

    def _is_meant(self, name: str) -> bool:
        """On the left side the symbol that is assigned; on the right the old value, until it is renewed."""
        if self.target or name in self.renewed:
            return name in self.assigned
        olds = {self.record.symbols[new].updates for new in self.renewed}
        return name not in self.assigned and name not in olds

    def unknown(self, box: Box) -> NoReturn:
        """Raise the error for a letter that stands for nothing."""
        text = flat_text((box,))
        known = [s for e in self.record.symbols.values() for s in (e.latex or (e.name,))]
        self.fail(box, f"{text} is not in the glossary", f"add it under symbols with its latex; {nearest(text, known)}")


def index_key(box: Box) -> str:
    """A letter with its primes and subscript, as a key."""
    sub = "" if box.sub is None else "_" + flat_text(box.sub)
    inside = "".join("{" + flat_text(part) + "}" for part in box.parts)
    return f"{box.text}{inside}{sub}" + "'" * box.primes
