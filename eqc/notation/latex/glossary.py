"""What a record's glossary calls things: the spellings of its symbols, and of the records and functions it uses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal as OneOf

from eqc.notation.latex import commands as table
from eqc.notation.latex.boxes import Box, Boxes
from eqc.notation.latex.patterns import (
    Literal,
    Match,
    Pattern,
    compile_pattern,
    literal_count,
    match,
    plain_name,
    slot_names,
    symbol_alone,
)
from eqc.notation.latex.scan import read_boxes
from eqc.notation.tokens import Places
from eqc.records.model import Record, SourceText, SymbolEntry

Role = OneOf["value", "function", "record", "index"]


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way in which a symbol is printed; with `whole`, the array without its indices.

    `shortened` says that the glossary has it with indices only.
    """

    name: str
    role: Role
    pattern: Pattern
    index: tuple[str, ...]
    whole: bool
    shortened: bool = False

    @property
    def hidden(self) -> tuple[str, ...]:
        """Indices that are not printed."""
        printed = set(slot_names(self.pattern))
        return tuple(name for name in self.index if name not in printed)


@dataclass(frozen=True, slots=True)
class Found:
    """A spelling at a place of the formula."""

    spelling: Spelling
    match: Match


class Glossary:
    """The symbols of a record by how they are printed.

    >>> from eqc.records.load import load_text
    >>> text = "{title: T, sympy: 'x[i]*TP', symbols: {x: {latex: 'x_{i}', index: [i], shape: [n]}, TP: hits, n: size}}"
    >>> record = load_text(text, id="t", area="a", file="t.yaml")
    >>> boxes = boxes_of("TP x_{k+1}", record.symbols["x"])
    >>> glossary = Glossary(record, frozenset())
    >>> [f.spelling.name for f in glossary.at(boxes, 0)], [f.spelling.name for f in glossary.at(boxes, 2)]
    (['TP'], ['x'])
    """

    def __init__(self, record: Record, record_ids: frozenset[str]) -> None:
        self.record = record
        self.axes = {name: _axes(entry) for name, entry in record.symbols.items()}
        self.record_ids = record_ids
        self._by_start: dict[str, list[Spelling]] = {}
        looks = Counter(text for entry in record.symbols.values() for text in entry.latex)
        for entry in record.symbols.values():
            alike = any(looks[text] > 1 for text in entry.latex)
            for spelling in (*_spellings(entry, record_ids, alike), *_long_indices(entry, record)):
                for key in sorted(_keys(spelling.pattern[0])):
                    self._by_start.setdefault(key, []).append(spelling)

    def at(self, boxes: Boxes, place: int) -> list[Found]:
        """The symbols whose spelling is the longest here: more than one if they share it."""
        if place >= len(boxes):
            return []
        box = boxes[place]
        for loose in (False, True):
            found = [
                Found(spelling, one)
                for key in (_key(box), *((_loose_key(box),) if loose else ()))
                for spelling in self._by_start.get(key, ())
                if (one := match(spelling.pattern, boxes, place, loose=loose)) is not None
                and (one.primes == 0 or spelling.role != "value")
            ]
            if found:
                best = max(_weight(one) for one in found)
                return list({f.spelling.name: f for f in found if _weight(f) == best}.values())
        return []


def _weight(found: Found) -> tuple[int, int, int, bool]:
    """Longer first; then what leaves no script over, is literal rather than a slot, and stands so in the glossary."""
    left = sum(part is not None for part in (found.match.sub, found.match.sup))
    return found.match.end, -left, literal_count(found.spelling.pattern), not found.spelling.shortened


def _key(box: Box) -> str:
    return box.text


def _loose_key(box: Box) -> str:
    return box.text.rpartition(" ")[2]


def _keys(item: object) -> set[str]:
    if not isinstance(item, Literal):
        return set()
    return {_key(item.box), _loose_key(item.box)}


def _axes(entry: SymbolEntry) -> tuple[str, ...]:
    if entry.shape is not None:
        return tuple(re.sub(r"\s+", "", axis.text) for axis in entry.shape)
    return ("?",) * len(entry.index)


def _spellings(entry: SymbolEntry, record_ids: frozenset[str], alike: bool) -> Iterator[Spelling]:
    """The spellings of an entry, its own or those that its name suggests; both if another one looks `alike`."""
    role: Role = "function" if entry.kind == "function" else "value"
    if entry.kind == "value" and entry.shape is None and entry.name in record_ids and not entry.meaning:
        role = "record"
    index = entry.index if entry.shape is None or len(entry.index) <= len(entry.shape) else ()
    suggested = () if entry.latex and not alike else default_spellings(entry.name, index)
    for text in (*entry.latex, *suggested):
        boxes = boxes_of(text, entry)
        around = any(b.kind in ("open", "bar") for b in boxes)
        if around and (role == "record" or (role == "function" and any(b.is_sign(r"\cdot") for b in boxes))):
            yield _with_arguments(entry.name, role, boxes)
            continue
        for variant in _variants(boxes):
            pattern = compile_pattern(variant, index)
            if not pattern or not isinstance(pattern[0], Literal):
                continue
            yield Spelling(entry.name, role, pattern, tuple(index), whole=not any(slot_names(pattern)))
            alone = symbol_alone(pattern) if any(slot_names(pattern)) else None
            if alone and not _is_constant(alone):
                yield Spelling(entry.name, role, alone, tuple(index), whole=True, shortened=True)


def _is_constant(pattern: Pattern) -> bool:
    """Whether this alone is a number, as is the π beside priors π_c."""
    (first, *others) = pattern
    return isinstance(first, Literal) and first.box.text in table.CONSTANTS and not others


def _with_arguments(name: str, role: Role, boxes: Boxes) -> Spelling:
    """A notation around arguments, such as `\\|x\\|` or `\\|\\cdot\\|`: letters and dots inside stand for them."""
    boxes = tuple(replace(b, kind="letter", text="dot") if b.is_sign(r"\cdot") else b for b in boxes)
    start = next(k for k, b in enumerate(boxes) if b.kind in ("open", "bar"))
    letters = tuple(dict.fromkeys(plain_name((b,)) for b in boxes[start:] if plain_name((b,))))
    pattern = (*compile_pattern(boxes[:start], ()), *compile_pattern(boxes[start:], letters, inside=True))
    return Spelling(name, role, pattern, letters, whole=False)


def _long_indices(entry: SymbolEntry, record: Record) -> Iterator[Spelling]:
    """Indices of several letters, which are printed as a word or as letters."""
    for name in entry.index:
        if len(name) > 1 and name not in record.symbols and name not in table.GREEK:
            for variant in _variants(boxes_of(rf"\mathrm{{{name}}}", entry)):
                yield Spelling(name, "index", compile_pattern(variant, ()), (), whole=True)


def boxes_of(text: str, entry: SymbolEntry) -> Boxes:
    """A glossary's LaTeX as boxes; errors point at the symbol's entry."""
    return read_boxes(Places(SourceText(text, entry.span, columns_are_exact=False)))


def _variants(boxes: Boxes) -> Iterator[Boxes]:
    """A name of several letters may be typed as a word or as letters."""
    yield boxes
    digits = re.fullmatch(r"([A-Za-z]+)(\d+)", boxes[0].text) if len(boxes) == 1 and boxes[0].kind == "word" else None
    if digits and not boxes[0].has_scripts:
        start, end = boxes[0].offset, boxes[0].end
        yield (*(Box("letter", c, start, end) for c in digits[1]), Box("number", digits[2], start, end))
    letters = all(b.kind == "letter" and b.text.isalpha() and len(b.text) == 1 for b in boxes)
    if len(boxes) > 1 and letters and not any(b.has_scripts for b in boxes[:-1]):
        last = boxes[-1]
        name = "".join(b.text for b in boxes)
        yield (Box("word", name, boxes[0].offset, last.end, sub=last.sub, sup=last.sup, primes=last.primes),)
    if len(boxes) == 1 and boxes[0].kind == "word" and boxes[0].text.isalpha() and len(boxes[0].text) > 1:
        word = boxes[0]
        spelt = [Box("letter", c, word.offset, word.end) for c in word.text]
        last = spelt[-1]
        yield (
            *spelt[:-1],
            Box("letter", last.text, last.offset, last.end, sub=word.sub, sup=word.sup, primes=word.primes),
        )


def default_spellings(name: str, index: Sequence[str] = ()) -> Iterator[str]:
    r"""How a name without LaTeX is printed: itself, its Greek letter, accents and subscripts that it spells.

    >>> print(*default_spellings("lam"), *default_spellings("x_hat"), *default_spellings("d_k"))
    \lambda \mathrm{lam} \hat{x} \mathrm{x\_hat} d_{k} \mathrm{d\_k}
    """
    base, _, rest = name.partition("_")
    scripts = "" if not index else "_{" + ",".join(index) + "}"
    digits = re.fullmatch(r"([A-Za-z]+?)(\d+)", base)
    if rest in table.ACCENT_SUFFIXES:
        yield f"{table.ACCENT_SUFFIXES[rest]}{{{_letter(base)}}}{scripts}"
    elif rest and not scripts:
        yield f"{_letter(base)}_{{{_subscript(rest)}}}"
    elif digits and not scripts:
        yield f"{_letter(digits[1])}_{{{digits[2]}}}"
    elif not rest:
        accented = [s for s in table.ACCENT_SUFFIXES if base.endswith(s) and len(base) == len(s) + 1]
        accent = accented[0] if accented and base not in table.GREEK else None
        yield f"{table.ACCENT_SUFFIXES[accent]}{{{base[0]}}}{scripts}" if accent else f"{_letter(base)}{scripts}"
    if len(name) > 1:
        word = name.replace("_", r"\_")
        yield rf"\mathrm{{{word}}}{scripts}"


def _letter(name: str) -> str:
    if name in table.SPELLINGS:
        return table.SPELLINGS[name]
    if name in table.GREEK:
        return f"\\{name}"
    return name if len(name) == 1 else rf"\mathrm{{{name}}}"


def _subscript(text: str) -> str:
    return text if len(text) == 1 or text.isdigit() else rf"\mathrm{{{text}}}"


def record_named(word: str, record_ids: Iterable[str]) -> str | None:
    """The record that a printed name means: its id without regard to case, dashes and underscores.

    >>> record_named("LeakyReLU", ["leaky_relu", "relu"])
    'leaky_relu'
    """
    ids: Mapping[str, str] = {_squeezed(known): known for known in record_ids}
    return ids.get(_squeezed(word))


def _squeezed(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def name_of(box: Box) -> str:
    """A name for an index that is printed like this: letters, primes and subscripts spelt out.

    >>> name_of(Box("letter", "s", 0, 1, primes=1))
    's_prime'
    """
    name = plain_name((box.bare,))
    name = re.sub(r"\W+", "_", name) + "_prime" * box.primes
    for script in (box.sub, box.sup):
        for inner in script or ():
            name += f"_{re.sub(r'[^A-Za-z0-9]+', '', inner.text)}"
    return name
