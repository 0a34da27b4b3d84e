"""What the LaTeX defines for itself: `N(z) = …`, `Z = …`, `R = \\{…\\}`, for names that the glossary does not have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from eqc.notation.latex.boxes import Box, Boxes, same
from eqc.notation.latex.context import Context, index_key
from eqc.notation.latex.patterns import split
from eqc.notation.latex.sets import built_set
from eqc.notation.latex.statements import Clause
from eqc.notation.latex.targets import lists_in

_OPERATORS = ("+", "-", "/", r"\cdot", r"\times")


@dataclass(frozen=True, slots=True)
class Definitions:
    """Finds the clauses that define names of the LaTeX's own, and keeps in the context what they say.

    `outputs` are those of the record.
    """

    context: Context
    clauses: tuple[Clause, ...]
    outputs: frozenset[str]

    def others(self) -> Iterable[Clause]:
        """The clauses that are left."""
        return [clause for clause in self.clauses if not self._defines(clause)]

    def _defines(self, clause: Clause) -> bool:
        """`N(z) = …` or `Z = …` for a name that the glossary does not have, but another clause uses: kept for that."""
        left = clause.sides[0] if clause.sides else ()
        if clause.kind != "equation" or len(clause.sides) != 2 or self.context.glossary.at(left, 0):
            return False
        if len(left) > 2 and left[0].kind == left[-1].kind == "bar":
            return self._defines_phrase(clause, left)
        if not left or left[0].sup is not None or left[0].kind not in ("letter", "word", "accent"):
            return False
        if len(left) == 1 and (built := built_set(clause.sides[1])) is not None:
            self.context.sets[index_key(left[0])] = built
            return True
        if len(left) == 1:
            return self._defines_value(clause, left[0])
        if len(left) < 4 or left[1].text != "(" or left[-1].text != ")":
            return self._defines_phrase(clause, left)
        key, names = index_key(left[0]), split(left[2:-1], ",", ";")
        simple = all(len(piece) == 1 and piece[0].kind == "letter" for piece in names)
        if not simple or not any(c is not None and c.text == "(" for c in self._uses(clause, key)):
            return False
        self.context.functions[key] = tuple(index_key(piece[0]) for piece in names), clause.sides[1]
        return True

    def _defines_value(self, clause: Clause, box: Box) -> bool:
        """A number of the LaTeX's own, beside outputs that are printed."""
        key = index_key(box)
        if not self.outputs <= self.context.printed or not any(True for _ in self._uses(clause, key)):
            return False
        self.context.functions[key] = (), clause.sides[1]
        return True

    def _defines_phrase(self, clause: Clause, left: Boxes) -> bool:
        """Something in several boxes that another clause prints in the same way."""
        if not self.outputs <= self.context.printed or any(b.is_sign(*_OPERATORS) for b in left):
            return False
        others = (side for other in self.clauses if other is not clause for side in other.sides)
        lists = (inside for side in others for inside in lists_in(side))
        if not any(same(inside[k : k + len(left)], left) for inside in lists for k in range(len(inside))):
            return False
        self.context.phrases[left] = clause.sides[1]
        return True

    def _uses(self, clause: Clause, key: str) -> Iterator[Box | None]:
        """What stands behind a name wherever other clauses have it."""
        for other in self.clauses:
            for side in other.sides if other is not clause else ():
                for inside in lists_in(side):
                    for box, following in pairwise((*inside, None)):
                        if box is not None and index_key(replace(box, sup=None)) == key:
                            yield following
