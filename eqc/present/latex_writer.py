"""What the parts of the LaTeX printer ask of the whole."""

from __future__ import annotations

from typing import Protocol

from eqc.notation.tree import Node
from eqc.present.glossary import Glossary
from eqc.present.piece import Piece


class Writer(Protocol):
    """Writes parts of formulas as pieces. `flat`: within a line, with a stroke for the fraction bar."""

    @property
    def glossary(self) -> Glossary:
        """The notation of names."""

    @property
    def flat(self) -> bool:
        """Whether fractions stand within the line."""

    def write(self, node: Node) -> Piece:
        """The piece of a part."""

    def within_line(self, node: Node) -> Piece:
        """A part as it stands in an exponent."""
