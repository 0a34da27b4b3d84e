"""What a record assigns, and which of its symbols the LaTeX shows: what left sides, or missing ones, can stand for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from eqc.notation.latex.boxes import Boxes
from eqc.notation.latex.boxes import walk as walk_boxes
from eqc.notation.latex.context import Context
from eqc.notation.operators import is_condition
from eqc.notation.sympy_form import parse_statement
from eqc.notation.tree import Name, Node, Subscript, walk
from eqc.records.model import Record


def is_symbol(context: Context, boxes: Boxes) -> bool:
    """One symbol of the glossary, or one letter."""
    if len(boxes) == 1 and boxes[0].kind in ("letter", "word", "accent"):
        return True
    return any(found.match.end == len(boxes) for found in context.glossary.at(boxes, 0))


def lists_in(boxes: Boxes) -> Iterable[Boxes]:
    """A list of boxes and all lists inside it."""
    yield boxes
    for box in walk_boxes(boxes):
        yield from box.inner()


def base_name(node: Node | None) -> str | None:
    """The symbol that a left side is, or is an entry of."""
    base = node.base if isinstance(node, Subscript) else node
    return base.name if isinstance(base, Name) else None


def targets_of(record: Record) -> Iterable[str]:
    """The names that the SymPy form assigns; without one, what updates something or is marked as an output."""
    if record.statements:
        for text in record.statements:
            statement = parse_statement(text)
            target, value = statement.target, statement.value
            name = base_name(target)
            if name is not None or not is_condition(value):
                yield name or "out"
        return
    yield from (e.name for e in record.symbols.values() if e.updates or e.output)


def named_laws(record: Record) -> Iterable[str]:
    """The outputs that say whether something holds."""
    for text in record.statements:
        statement = parse_statement(text)
        name = base_name(statement.target)
        if name is not None and is_condition(statement.value):
            yield name


def candidates(record: Record, context: Context) -> list[str]:
    """What a left side without a name may define in a record without statements: a symbol that is printed nowhere."""
    sizes = {name for axes in context.glossary.axes.values() for axis in axes for name in re.findall(r"\w+", axis)}
    ids = context.glossary.record_ids
    unseen = [e.name for e in record.symbols.values() if e.name not in context.printed | sizes | ids]
    return unseen or ["out"]


def is_output(record: Record, name: str, targets: Sequence[str]) -> bool:
    """Whether an assigned name is an output: nothing later reads it, or its symbol says so."""
    entry = record.symbols.get(name)
    if entry is not None and (entry.output or entry.updates):
        return True
    place = targets.index(name)
    later = (parse_statement(text).value for text in record.statements[place + 1 :])
    return not any(isinstance(n, Name) and n.name == name for value in later for n in walk(value))


def printed_symbols(context: Context, boxes: Boxes) -> Iterable[str]:
    """The symbols that are printed anywhere."""
    for inside in (boxes, *(i for box in walk_boxes(boxes) for i in box.inner())):
        for place in range(len(inside)):
            yield from (found.spelling.name for found in context.glossary.at(inside, place))


def by_appearance(left: Boxes, context: Context, names: Sequence[str]) -> list[str]:
    """Free indices in the order in which the left side prints them, else in that of the right side."""
    keys = {name: key for key, node in context.free.items() for name in [node.name]}
    order = [b.text for b in walk_boxes(left)]
    known = [n for n in names if keys[n] in order]
    return sorted(known, key=lambda n: order.index(keys[n])) if len(known) == len(names) else list(names)


def without_optimiser(context: Context, boxes: Boxes) -> Boxes:
    """`\\min_{w, b}` before an objective only says in what it is minimised."""
    first = boxes[0]
    if first.kind != "big" or first.text not in (r"\min", r"\max") or len(boxes) < 2:
        return boxes
    if first.sub is None:
        return boxes if boxes[1].kind == "open" else boxes[1:]
    letters = [b for b in first.sub if b.kind in ("letter", "accent", "word")]
    positions = {b.text for box in walk_boxes(boxes[1:]) for b in walk_boxes(box.sub or ())}
    varied = [b for b in letters if context.declares(replace(b, sup=None)) or b.text not in positions]
    return boxes[1:] if letters and len(varied) == len(letters) else boxes
