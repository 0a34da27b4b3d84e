"""Which tensors are the greatest entries of others, so that exp(x - top) is known to lie between 0 and 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eqc.ir.program import Op, Program, Statement
from eqc.ir.terms import Expr, Read


@dataclass(frozen=True, slots=True)
class Peak:
    """The greatest entries of a tensor along one axis."""

    tensor: str
    axis: int

    def bounds(self, entry: Expr, positions: tuple[Expr, ...]) -> bool:
        """Whether an entry is one of those that the peak at these positions was chosen from."""
        if not isinstance(entry, Read) or entry.tensor != self.tensor:
            return False
        return entry.positions[: self.axis] + entry.positions[self.axis + 1 :] == positions


def peaks(program: Program) -> Mapping[str, Peak]:
    """The peaks of a program by the tensors that hold them.

    >>> import sympy as sp
    >>> from eqc.ir.program import Tensor
    >>> from eqc.ir.terms import Index, index_symbol, read
    >>> k = Index("k", sp.Integer(3))
    >>> z, top = Tensor("z", (k.extent,)), Statement(Tensor("top"), (k,), (), Op.MAX, read("z", (k.symbol,)))
    >>> peaks(Program("f", (z,), (), (), (), (top,), ("top",)))
    {'top': Peak(tensor='z', axis=0)}
    """
    places: dict[str, Peak] = {}
    found: dict[str, Peak] = {}
    for statement in program.statements:
        name = statement.target.name
        chosen = _chosen(statement, program)
        if chosen is not None:
            (found if statement.op is Op.MAX else places)[name] = chosen
        elif statement.op is Op.NONE and isinstance(statement.body, Read):
            peak = _at_place(statement, places)
            if peak is not None:
                found[name] = peak
    return found


def _chosen(statement: Statement, program: Program) -> Peak | None:
    """What a maximum, or its place, is taken of, if that is all of one axis."""
    body, bound = statement.body, statement.bound
    if statement.op not in (Op.MAX, Op.ARGMAX) or not isinstance(body, Read) or len(bound) != 1:
        return None
    axes = [n for n, p in enumerate(body.positions) if p == bound[0].symbol]
    if len(axes) != 1 or program.tensors[body.tensor].shape[axes[0]] != bound[0].extent:
        return None
    peak = Peak(body.tensor, axes[0])
    return peak if peak.bounds(body, statement.positions) else None


def _at_place(statement: Statement, places: Mapping[str, Peak]) -> Peak | None:
    """The peak that a statement reads at the place found for it."""
    body = statement.body
    for axis, position in enumerate(body.positions):
        peak = places.get(position.tensor) if isinstance(position, Read) else None
        if peak == Peak(body.tensor, axis) and position.positions == statement.positions:
            return peak if peak.bounds(body, statement.positions) else None
    return None
