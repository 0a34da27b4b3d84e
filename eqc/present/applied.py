"""Arrays that are computed as wholes, as formulas: f(x), ∂f(x)/∂x, A⁻¹, det A."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from eqc.ir.opaque import (
    Apply,
    Determinant,
    Inverse,
    LogDeterminant,
    LogDeterminantSpd,
    Opaque,
    Solve,
    SolveTransposed,
    SolveVector,
    SolveVectorTransposed,
)
from eqc.ir.terms import Expr
from eqc.notation.tree import Node
from eqc.present.nodes import binary, call
from eqc.present.slopes import at_positions, slope_of
from eqc.present.wholes import Wholes

_WORDS: Mapping[type, str] = {
    Inverse: "Inverse",
    Determinant: "Determinant",
    LogDeterminant: "LogDeterminant",
    LogDeterminantSpd: "LogDeterminant",
}
_SOLUTIONS = (Solve, SolveVector)
_TRANSPOSED = (SolveTransposed, SolveVectorTransposed)


class AppliedForms:
    """Formulas of whole arrays; `argument` writes an array, or a number, that one is computed from."""

    def __init__(self, wholes: Wholes, known: Collection[str], argument: Callable[[Expr], Node]) -> None:
        self.wholes = wholes
        self.known = known
        self.argument = argument

    def array(self, tensor: str, lead: tuple[Expr, ...] = ()) -> Node | None:
        """The whole array at some leading positions; None for what is none, and for derivatives of functions."""
        whole = self.wholes.named.get(tensor)
        if whole is None or len(whole.positions) != len(lead):
            return None
        body = whole.at(lead)
        if isinstance(body, Apply):
            return None if body.name.wrt else call(body.name.name, *map(self.argument, body.operands))
        return self._algebra(body)

    def entry(self, tensor: str, lead: tuple[Expr, ...], own: tuple[Node, ...]) -> Node | None:
        """One entry of a whole array."""
        whole = self.wholes.named.get(tensor)
        body = None if whole is None else whole.at(lead)
        if isinstance(body, Apply) and body.name.wrt:
            return slope_of(body.name, [self.argument(a) for a in body.operands], own, self.known)
        node = self.array(tensor, lead)
        return None if node is None else at_positions(node, own)

    def lead(self, tensor: str) -> int | None:
        """How many positions say which of several arrays is meant; None for what is no such array."""
        whole = self.wholes.named.get(tensor)
        return None if whole is None else len(whole.positions)

    def _algebra(self, body: Opaque) -> Node | None:
        operands = [self.argument(a) for a in body.operands]
        if type(body) in _WORDS:
            return call(_WORDS[type(body)], *operands)
        if isinstance(body, _SOLUTIONS):
            return binary("*", call("Inverse", operands[0]), operands[1])
        if isinstance(body, _TRANSPOSED):
            return binary("*", call("Transpose", call("Inverse", operands[0])), operands[1])
        return None
