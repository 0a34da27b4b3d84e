"""A place in a list of boxes, and what is taken from it."""

from __future__ import annotations

from eqc.notation.latex.boxes import Box, Boxes
from eqc.notation.latex.context import Context
from eqc.notation.latex.patterns import split


class Cursor:
    """Goes through a list of boxes from left to right; `bars` counts the | that are open around."""

    def __init__(self, context: Context, boxes: Boxes) -> None:
        self.context = context
        self.boxes = boxes
        self.place = 0
        self.bars: list[str] = []

    @property
    def peek(self) -> Box | None:
        """The box that comes next."""
        return self.boxes[self.place] if self.place < len(self.boxes) else None

    def take(self) -> Box:
        box = self.boxes[self.place]
        self.place += 1
        return box

    def sees(self, *texts: str) -> bool:
        """Whether an operator comes next."""
        return self.peek is not None and self.peek.is_sign(*texts)

    def closing(self, start: int) -> int:
        """Where the bracket that opens at a place closes."""
        depth = 0
        for place in range(start, len(self.boxes)):
            box = self.boxes[place]
            depth += {"open": 1, "close": -1}.get(box.kind, 0)
            if depth == 0 and box.kind == "close":
                return place
        return self.context.fail(self.boxes[start], "this bracket is never closed", "write the closing bracket")

    def bracket(self) -> tuple[Boxes, Box]:
        """What stands between the bracket that comes next and its partner, which is given too."""
        start = self.place
        stop = self.closing(start)
        self.place = stop + 1
        return self.boxes[start + 1 : stop], self.boxes[stop]

    def arguments(self, *separators: str) -> tuple[list[Boxes], Box]:
        """The pieces between the brackets that come next, and the closing one."""
        inside, close = self.bracket()
        return split(inside, *separators), close
