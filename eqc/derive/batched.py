"""The program of many items at once, where they share their matrices.

What belongs to an item gets a first axis for the items, and what only the shared matrices decide does not. So
y[i] = Σ_k W[i,k] x[k] becomes y[b,i] = Σ_k W[i,k] x[b,k], one product of matrices, and derivatives of this program
sum the cotangents of W over the items by a product of matrices too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from eqc.ir.opaque import Opaque, Solve, SolveVector
from eqc.ir.products import matrix_product
from eqc.ir.program import Check, Extent, Op, Program, Statement, Tensor, fresh, names_in, reads_of, tensors_read
from eqc.ir.terms import Expr, Index, Read, extent_symbol, read
from eqc.ir.walk import map_reads


def batched(program: Program) -> Program | None:
    """The program over items; None where no product of a shared matrix becomes one of matrices, or it cannot be said.

    >>> import sympy as sp
    >>> from eqc.ir.program import Op
    >>> n, m, i, k = *map(extent_symbol, "nm"), Index("i", extent_symbol("n")), Index("k", extent_symbol("m"))
    >>> product = read("W", (i.symbol, k.symbol)) * read("x", (k.symbol,))
    >>> y = Statement(Tensor("y", (n,)), (i, k), (i.symbol,), Op.SUM, product)
    >>> sizes = Extent("n", "W", 0, sp.Symbol("_size")), Extent("m", "W", 1, extent_symbol("_size"))
    >>> inputs = Tensor("W", (n, m)), Tensor("x", (m,))
    >>> both = batched(Program("f", inputs, (), ("W", "x"), sizes, (y,), ("y",)))
    >>> [tensor.shape for tensor in both.tensors.values()], both.statements[0].body
    ([(n, m), (items, m), (items, n)], W[i, k]*x[item, k])
    """
    shared = [t.name for t in program.inputs if _is_shared(t)]
    lifted = over_items(program, shared)
    own = _own(program, shared)
    return lifted if lifted is not None and any(_multiplies(s, own) for s in lifted.statements) else None


def over_items(program: Program, shared: Collection[str]) -> Program | None:
    """The program over items that have some inputs in common; None where it cannot be said."""
    own, tensors = _own(program, shared), program.tensors
    if not own.issuperset(program.outputs) or any(tensors[name].symmetric for name in own):
        return None
    if any(s.target.name in own and not _can_be_lifted(s, own) for s in program.statements):
        return None
    taken = names_in(program)
    item = Index(fresh("item", taken), extent_symbol(fresh("items", taken)))
    return _Lift(frozenset(own), item, taken).program(program)


def _own(program: Program, shared: Collection[str]) -> set[str]:
    """The tensors that belong to an item: inputs that are not shared, and what is computed from them."""
    own = {t.name for t in program.inputs if t.name not in shared}
    for statement in program.statements:
        if tensors_read(statement) & own:
            own.add(statement.target.name)
    return own


def _is_shared(tensor: Tensor) -> bool:
    """Whether all items are taken to have the same: matrices of real numbers."""
    return tensor.rank > 1 and not tensor.integer


def _can_be_lifted(statement: Statement, own: Collection[str]) -> bool:
    """Whether a statement of an item has a form for all of them; of functions of arrays equations only."""
    body = statement.body
    if not isinstance(body, Opaque):
        return True
    return type(body) is SolveVector and body.operands[0].tensor not in own and not statement.loops


def _multiplies(statement: Statement, own: Collection[str]) -> bool:
    """Whether something shared by the items is multiplied with a matrix whose rows they are, or solved for them."""
    product = matrix_product(statement)
    if product is None:
        return isinstance(statement.body, Solve)
    sides = [{r.tensor for r in reads_of(side)} for term in product.terms for side in (term.left, term.right)]
    return any(side.isdisjoint(own) for side in sides)


@dataclass(frozen=True, slots=True)
class _Lift:
    """Tensors that belong to an item, the loop over the items, and names that new tensors must not have."""

    own: frozenset[str]
    item: Index
    taken: set[str]

    def program(self, program: Program) -> Program:
        first = next(t.name for t in program.inputs if t.name in self.own)
        count = Extent(self.item.extent.name, first, 0, extent_symbol("_size"))
        extents = tuple(replace(e, axis=e.axis + (e.input in self.own)) for e in program.extents)
        return replace(
            program,
            inputs=tuple(map(self.tensor, program.inputs)),
            extents=(count, *extents),
            statements=tuple(lifted for s in program.statements for lifted in self.statements(s, program.tensors)),
            checks=tuple(map(self.check, program.checks)),
            uses=(),
            areas=(),
        )

    def tensor(self, tensor: Tensor) -> Tensor:
        """A tensor with the axis of the items."""
        return replace(tensor, shape=(self.item.extent, *tensor.shape)) if tensor.name in self.own else tensor

    def statements(self, statement: Statement, tensors: Mapping[str, Tensor]) -> tuple[Statement, ...]:
        """What a statement is for all items."""
        if statement.target.name not in self.own:
            return (statement,)
        if isinstance(statement.body, Opaque):
            matrix, vector = statement.body.operands
            return self.solved(statement.target, matrix, tensors[vector.tensor])
        return (self.statement(statement),)

    def solved(self, target: Tensor, matrix: Read, given: Tensor) -> tuple[Statement, ...]:
        """Equations with one matrix, whose right sides are the columns of another."""
        loop = Index(fresh("row", self.taken), given.shape[0])
        across = (loop.symbol, self.item.symbol)
        right, left = (Tensor(fresh(name, self.taken), (loop.extent, self.item.extent)) for name in ("right", "left"))
        return (
            Statement(right, (loop, self.item), across, Op.NONE, self.read(read(given.name, (loop.symbol,)))),
            Statement(left, (), (), Op.NONE, Solve(matrix, read(right.name))),
            Statement(self.tensor(target), (self.item, loop), across[::-1], Op.NONE, read(left.name, across)),
        )

    def statement(self, statement: Statement) -> Statement:
        """A statement for every item."""
        return replace(
            statement,
            target=self.tensor(statement.target),
            loops=(self.item, *self.loops(statement.loops)),
            positions=(self.item.symbol, *map(self.expression, statement.positions)),
            body=self.expression(statement.body),
            guard=self.expression(statement.guard),
        )

    def check(self, check: Check) -> Check:
        """A position of every item."""
        if not check.reads & self.own:
            return check
        return replace(
            check,
            loops=(self.item, *self.loops(check.loops)),
            guard=self.expression(check.guard),
            position=self.expression(check.position),
            extent=self.expression(check.extent),
        )

    def loops(self, loops: tuple[Index, ...]) -> tuple[Index, ...]:
        return tuple(replace(loop, extent=self.expression(loop.extent)) for loop in loops)

    def expression(self, expression: Expr) -> Expr:
        """An expression that reads what belongs to the item."""
        return map_reads(expression, self.read)

    def read(self, r: Read) -> Expr:
        if r.tensor not in self.own:
            return r
        return read(r.tensor, (self.item.symbol, *r.positions), integer=bool(r.is_integer))
