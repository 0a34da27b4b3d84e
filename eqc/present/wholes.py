"""What takes whole arrays, entry by entry: inverses, solutions, determinants, functions of arrays, their derivatives.

In closed forms an entry of a solution A⁻¹y is a sum over entries of A⁻¹, which is read like an array of the program.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from eqc.ir.opaque import (
    Adjugate,
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
from eqc.ir.program import Program, Statement, fixed_names
from eqc.ir.terms import Expr, Read, index_symbol, read
from eqc.ir.walk import substitute
from eqc.present.bound import Total

_READ = (Apply, Inverse, Determinant, LogDeterminant, LogDeterminantSpd)
"""What is read like an array of the program."""
_TRANSPOSED: Mapping[type, bool] = {
    Solve: False,
    SolveVector: False,
    SolveTransposed: True,
    SolveVectorTransposed: True,
}


@dataclass(frozen=True, slots=True)
class WholeArray:
    """A whole array: `body` over arrays, one for each value of `positions`."""

    body: Opaque
    positions: tuple[Expr, ...]

    def at(self, lead: tuple[Expr, ...]) -> Opaque:
        """The body at some leading positions."""
        body = substitute(self.body, dict(zip(self.positions, lead, strict=True)))
        assert isinstance(body, Opaque)
        return body


class Wholes:
    """The whole arrays of a program by the names under which their entries are read."""

    def __init__(self, program: Program) -> None:
        self.program = program
        taken = fixed_names(program) | {function.name for function in program.functions}
        self._letter = next((letter for letter in "kijlmnpqrst" if letter not in taken), "k")
        self.named: dict[str, WholeArray] = {}
        self._first: dict[tuple[int, Expr], str] = {}
        for statement in program.statements:
            if isinstance(statement.body, Opaque):
                self._note(statement)

    def _note(self, statement: Statement) -> None:
        self.named[statement.target.name] = WholeArray(statement.body, statement.positions)
        self._first.setdefault(_key(statement), statement.target.name)
        if type(statement.body) in (*_TRANSPOSED, Adjugate):
            matrix = statement.body.operands[0]
            self.named[self._inverse(matrix)] = WholeArray(Inverse(matrix), matrix.positions)
            self.named[self._determinant(matrix)] = WholeArray(Determinant(matrix), matrix.positions)

    def _inverse(self, matrix: Read) -> str:
        return f"{matrix.tensor}_inverse"

    def _determinant(self, matrix: Read) -> str:
        return f"{matrix.tensor}_determinant"

    def entry(self, statement: Statement, positions: tuple[Expr, ...], numbers: Iterator[int]) -> Expr | None:
        """An entry of what a statement of whole arrays assigns; None where it has no name of its own."""
        lead, own = positions[: len(statement.positions)], positions[len(statement.positions) :]
        body = self.named[statement.target.name].at(lead)
        if len(own) != body.result:
            return None
        if isinstance(body, _READ):
            return read(self._first[_key(statement)], positions)
        if type(body) in _TRANSPOSED:
            return self._solution(body, own, next(numbers))
        if isinstance(body, Adjugate):
            (matrix,) = body.operands
            determinant = read(self._determinant(matrix), matrix.positions)
            return determinant * read(self._inverse(matrix), (*matrix.positions, *own))
        return None

    def _solution(self, body: Opaque, own: tuple[Expr, ...], number: int) -> Expr:
        matrix, right = body.operands
        index = index_symbol(f"{self._letter}__{number}")
        turned = _TRANSPOSED[type(body)] and not self.program.tensors[matrix.tensor].symmetric
        across = (index, own[0]) if turned else (own[0], index)
        inverse = read(self._inverse(matrix), (*matrix.positions, *across))
        extent = self.program.tensors[matrix.tensor].shape[-1]
        return Total(inverse * read(right.tensor, (*right.positions, index, *own[1:])), index, extent)


def _key(statement: Statement) -> tuple[int, Expr]:
    """What equal whole arrays have in common, whatever their loops are called."""
    marks = {p: index_symbol(f"at__{n}") for n, p in enumerate(statement.positions)}
    return len(marks), substitute(statement.body, marks)
