"""Products of matrices get their factors as tensors of their own, so that BLAS can take them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import sympy as sp

from eqc.ir.products import MatrixProduct, matrix_product
from eqc.ir.program import Op, Program, Statement, Tensor, free_names, fresh, names_in, reads_of
from eqc.ir.terms import Expr, Index, Read, read
from eqc.ir.tiled import tiled_convolution


def prepare_products(program: Program) -> Program:
    """The same program, in which every product of matrices is one of stored matrices."""
    work = _Preparation(program)
    for statement in program.statements:
        product = matrix_product(statement)
        if product is None or product.is_plain(work.tensors) or _is_near(statement, product, work.tensors):
            work.statements.append(statement)
        else:
            work.take(statement, product)
    return program.with_statements(tuple(work.statements))


def _is_near(statement: Statement, product: MatrixProduct, tensors: Mapping[str, Tensor]) -> bool:
    """Whether a sum in tiles reads where it is what would be stored many times over: what stands near each entry."""
    sides = [side for term in product.terms for side in (term.left, term.right)]
    copied = any(not all(p.is_Symbol for p in r.positions) for side in sides for r in reads_of(side))
    return copied and tiled_convolution(statement, tensors) is not None


@dataclass
class _Preparation:
    """The statements so far."""

    program: Program
    statements: list[Statement] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.taken = names_in(self.program)
        self.tensors = self.program.tensors

    def take(self, statement: Statement, product: MatrixProduct) -> None:
        """Append a product; factors of the result's own entries are applied after the sum."""
        parts: dict[Expr, list[Expr]] = {}
        for term in product.terms:
            named = ((term.left, "left"), (term.weights, "weights"), (term.right, "right"))
            sides = [self._stored(side, name, statement) for side, name in named if side != 1]
            parts.setdefault(term.after, []).append(sp.Mul(term.scale, *sides))
        if set(parts) == {sp.Integer(1)}:
            self.statements.append(replace(statement, body=sp.Add(*parts[sp.Integer(1)])))
            return
        sums = []
        for after, terms in parts.items():
            total = Tensor(fresh("product", self.taken), statement.target.shape, differentiable=False)
            self.statements.append(replace(statement, target=total, body=sp.Add(*terms)))
            sums.append(after * read(total.name, statement.positions))
        whole = replace(statement, loops=statement.free, op=Op.NONE, body=sp.Add(*sums))
        self.statements.append(whole)

    def _stored(self, side: Expr, name: str, host: Statement) -> Expr:
        """A factor as a read of a real tensor at plain positions."""
        if (
            isinstance(side, Read)
            and not self.tensors[side.tensor].integer
            and all(p.is_Symbol for p in side.positions)
        ):
            return side
        loops = _in_order_of_memory(side, [loop for loop in host.loops if loop.name in free_names(side)])
        target = Tensor(fresh(name, self.taken), tuple(loop.extent for loop in loops), differentiable=False)
        at = tuple(loop.symbol for loop in loops)
        self.statements.append(Statement(target, loops, at, Op.NONE, side))
        return read(target.name, at)


def _in_order_of_memory(side: Expr, loops: list[Index]) -> tuple[Index, ...]:
    """Loops in the order in which the largest array that is read has them."""
    largest = max(reads_of(side), key=lambda r: len(r.positions))
    at = {position: axis for axis, position in enumerate(largest.positions)}
    return tuple(sorted(loops, key=lambda loop: at.get(loop.symbol, len(at))))
