"""What the rules of linear algebra are written with: statements over the loops of an opaque statement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from eqc.ir import opaque
from eqc.ir.program import Op, Statement, Tensor, axes_of, fresh
from eqc.ir.terms import Expr, Index, read

Entry = Callable[[Expr, Expr], Expr]
"""The entry of a matrix at a row and a column."""


@dataclass
class Algebra:
    """Builds statements over the loops of an opaque statement.

    `heads` are the leading positions of arguments, which need not depend on all loops; what is built here does.
    """

    loops: tuple[Index, ...]
    avoid: set[str]
    taken: set[str]
    statements: list[Statement]
    heads: dict[str, tuple[Expr, ...]] = field(default_factory=dict)

    @property
    def batch(self) -> tuple[Expr, ...]:
        return tuple(loop.symbol for loop in self.loops)

    def tensor(self, name: str, shape: tuple[Expr, ...]) -> Tensor:
        outer = tuple(loop.extent for loop in self.loops)
        return Tensor(fresh(name, self.taken), (*outer, *shape), differentiable=False)

    def head(self, tensor: Tensor) -> tuple[Expr, ...]:
        """Where the batch's round stands in a tensor."""
        return self.heads.get(tensor.name, self.batch)

    def own_shape(self, tensor: Tensor) -> tuple[Expr, ...]:
        """The shape within the batch's round."""
        return tensor.shape[len(self.head(tensor)) :]

    def entry(self, tensor: Tensor) -> Callable[..., Expr]:
        """The read of a tensor at positions within the batch's round."""
        return lambda *p: read(tensor.name, (*self.head(tensor), *p))

    def fill(self, name: str, shape: tuple[Expr, ...], body: Callable[..., Expr]) -> Tensor:
        """A tensor given entry by entry."""
        target = self.tensor(name, shape)
        axes = self._axes(shape)
        at = tuple(axis.symbol for axis in axes)
        self.statements.append(Statement(target, (*self.loops, *axes), (*self.batch, *at), Op.NONE, body(*at)))
        return target

    def total(self, name: str, shape: tuple[Expr, ...], over: tuple[Expr, ...], body: Callable[..., Expr]) -> Tensor:
        """A tensor of sums: `body(axes…, summed…)`."""
        target = self.tensor(name, shape)
        axes = self._axes((*shape, *over))
        at = tuple(axis.symbol for axis in axes)
        kept = at[: len(shape)]
        self.statements.append(Statement(target, (*self.loops, *axes), (*self.batch, *kept), Op.SUM, body(*at)))
        return target

    def product(self, name: str, left: Entry, right: Entry, rows: Expr, inner: Expr, columns: Expr) -> Tensor:
        """The matrix product, entry by entry."""
        return self.total(name, (rows, columns), (inner,), lambda i, j, k: left(i, k) * right(k, j))

    def opaque(self, name: str, head: type[opaque.Opaque], shape: tuple[Expr, ...], *arguments: Tensor) -> Tensor:
        """An opaque statement of whole arrays."""
        target = self.tensor(name, shape)
        reads = tuple(read(a.name, self.head(a)) for a in arguments)
        self.statements.append(Statement(target, self.loops, self.batch, Op.NONE, head(*reads)))
        return target

    def _axes(self, shape: tuple[Expr, ...]) -> tuple[Index, ...]:
        return axes_of(shape, self.avoid | {loop.name for loop in self.loops})


@dataclass(frozen=True, slots=True)
class Operation:
    """One opaque statement: its result and its arguments, each with the shape within the batch's round."""

    head: type[opaque.Opaque]
    result: Tensor
    arguments: tuple[Tensor, ...]


def flipped(entry: Callable[..., Expr]) -> Callable[..., Expr]:
    """The transpose."""
    return lambda i, j: entry(j, i)


Rule = Callable[[Algebra, Operation, tuple[Tensor | None, ...]], Tensor]
"""jvp: the tangents of the arguments (None for those that stand still) to the tangent of the result."""

BackRule = Callable[[Algebra, Operation, Tensor], tuple[Tensor, ...]]
"""vjp: the cotangent of the result to the cotangents of the arguments."""
