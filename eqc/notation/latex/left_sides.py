"""Left sides that are no expression: names of the record's own, names with the arguments that they depend on."""

from __future__ import annotations

from collections.abc import Iterable

from eqc.notation.latex.boxes import Boxes
from eqc.notation.latex.context import Context
from eqc.notation.latex.glossary import record_named
from eqc.notation.latex.patterns import split
from eqc.notation.latex.targets import is_symbol
from eqc.notation.latex.usual import USUAL, USUAL_LETTERS


def is_own_name(context: Context, left: Boxes) -> bool:
    """`\\mathrm{ReLU}(z)` in the record relu, unless the glossary has it."""
    first = left[0]
    if context.glossary.at(left, 0):
        return False
    return first.kind == "word" and record_named(first.text, [context.record.id]) == context.record.id


def without_players(context: Context, left: Boxes, outputs: Iterable[str]) -> Boxes:
    """`\\min_G \\max_D V(D, G)` defines V for any players, if the record has it."""
    rest = left
    while len(rest) > 1 and rest[0].text in (r"\min", r"\max") and rest[0].sub is not None:
        rest = rest[1:]
    found = context.glossary.at(rest, 0)
    known = context.assigned | set(outputs)
    return rest if any(f.spelling.name in known and f.match.end == len(rest) for f in found) else left


def is_usual_name(context: Context, left: Boxes, open_outputs: frozenset[str]) -> bool:
    """`\\sigma(x)` on the left side, if the record is about that function and its output has no notation."""
    name = left[0].text
    is_usual = name in USUAL_LETTERS or (left[0].kind == "word" and name.lower() in USUAL)
    known = is_usual and is_function_of_something(left) and bool(open_outputs)
    return known and not context.glossary.at(left, 0)


def without_arguments(context: Context, left: Boxes, outputs: Iterable[str]) -> Boxes:
    """`f(x; \\theta)` of a number f that the record assigns is f: the brackets say what it depends on."""
    found = context.symbol(left, 0)
    if found is None or found.match.end >= len(left) or found.spelling.role != "value":
        return left
    name, rest = found.spelling.name, left[found.match.end :]
    entry = context.record.symbols[name]
    is_call = rest[0].text in ("(", "[") and rest[-1].kind == "close" and not rest[-1].has_scripts
    if not is_call or entry.shape is not None or name not in context.assigned | set(outputs):
        return left
    pieces = split(rest[1:-1], ",", ";", "|", r"\|")
    return left[: found.match.end] if all(is_symbol(context, piece) for piece in pieces) else left


def is_function_of_something(left: Boxes) -> bool:
    """A name, or a name with arguments in brackets."""
    first = left[0]
    if first.kind not in ("letter", "word", "accent"):
        return False
    return len(left) == 1 or (left[1].kind == "open" and left[-1].kind == "close")
