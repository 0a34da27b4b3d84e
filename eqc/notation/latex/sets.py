"""Sets that the LaTeX builds itself: `R = \\{(s x + a, b) : 1 \\le a, b \\le k\\}`, what runs over them, their size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eqc.notation.latex.boxes import Box, Boxes
from eqc.notation.latex.patterns import split


@dataclass(frozen=True, slots=True)
class BuiltSet:
    """Elements as formulas in letters, and the condition that says how far the letters run."""

    elements: tuple[Boxes, ...]
    condition: Boxes


def built_set(boxes: Boxes) -> BuiltSet | None:
    r"""The set that `\{… : …\}` builds; None if this is none."""
    if len(boxes) < 4 or boxes[0].text != r"\{" or boxes[-1].text != r"\}":
        return None
    sides = split(boxes[1:-1], ":", "|")
    if len(sides) != 2 or not all(sides):
        return None
    element, condition = sides
    is_tuple = element[0].text == "(" and element[-1].text == ")" and len(split(element[1:-1], ",")) > 1
    elements = split(element[1:-1], ",") if is_tuple else [element]
    return BuiltSet(tuple(elements), condition)


def element_names(letters: Sequence[Box], of: BuiltSet) -> list[tuple[Box, Boxes]] | None:
    """What the letters of `(p, q) \\in R` stand for; None if they are too many or too few."""
    return list(zip(letters, of.elements, strict=True)) if len(letters) == len(of.elements) else None
