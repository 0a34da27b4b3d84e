"""Programs: what every stage of the compiler reads and writes.

A statement computes `target[positions] = op over the remaining loops of body`, where `guard` holds:

- plain: the positions are distinct loop indices, the other loops are reduced by `op`;
- scatter: `target` starts at zero and every round of the loops adds its body at its position, whatever the positions
  are (the adjoint of a gather, a convolution, a strided or a partial read).

The spec (`eqc.ir.spec`) says what must hold between passes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property, lru_cache

import sympy as sp

from eqc.errors import ShapeError
from eqc.ir.terms import Expr, FunctionName, Index, Maximum, Minimum, Read


class Op(Enum):
    """How the loops that are no axis of the target are combined; `NONE` where there are none."""

    NONE = "="
    SUM = "sum"
    PRODUCT = "product"
    MAX = "max"
    MIN = "min"
    ARGMAX = "argmax"
    ARGMIN = "argmin"


@dataclass(frozen=True, slots=True)
class Tensor:
    """An array of the program; `shape` is () for a number.

    `symmetric` matrices are differentiated within the symmetric ones; `stochastic` ones sum to one over the last axis,
    which only display may use; `constant` ones stand still in derivatives, since the result does not depend on them.
    """

    name: str
    shape: tuple[Expr, ...] = ()
    integer: bool = False
    differentiable: bool = True
    symmetric: bool = False
    stochastic: bool = False
    constant: bool = False
    default: float | None = None

    @property
    def rank(self) -> int:
        return len(self.shape)


@dataclass(frozen=True, slots=True)
class Statement:
    """One tensor assignment; see the module's docstring."""

    target: Tensor
    loops: tuple[Index, ...]
    positions: tuple[Expr, ...]
    op: Op
    body: Expr
    scatter: bool = False
    guard: Expr = sp.true

    @property
    def free(self) -> tuple[Index, ...]:
        """The loops that are axes of the target, in the target's order (none for a scatter)."""
        if self.scatter:
            return ()
        by_symbol = {index.symbol: index for index in self.loops}
        return tuple(by_symbol[p] for p in self.positions)

    @property
    def bound(self) -> tuple[Index, ...]:
        """The loops that `op` reduces, outermost first."""
        free = self.free
        return tuple(index for index in self.loops if index not in free)


@dataclass(frozen=True, slots=True)
class Check:
    """A position that only the data decides: it must lie in 0 … extent - 1 wherever `guard` holds."""

    loops: tuple[Index, ...]
    guard: Expr
    position: Expr
    extent: Expr
    tensor: str
    name: str

    @property
    def reads(self) -> frozenset[str]:
        """The tensors that decide the position."""
        parts = sp.Tuple(self.guard, self.position, self.extent, *(loop.extent for loop in self.loops))
        return frozenset(r.tensor for r in reads_of(parts))


@dataclass(frozen=True, slots=True)
class Parameter:
    """An integer argument that stays the same for a whole call (a stride, an exponent).

    Proofs about positions lean on `symbol` being nonnegative where it says so; kernels check it.
    """

    name: str
    symbol: sp.Symbol
    default: float | None = None


@dataclass(frozen=True, slots=True)
class FunctionInput:
    """A function that the caller gives: the shapes of its arguments and of its value.

    `bound` is the id of the record that it is by default.
    """

    name: str
    arguments: tuple[tuple[Expr, ...], ...] = ((),)
    returns: tuple[Expr, ...] = ()
    bound: str | None = None

    @property
    def head(self) -> FunctionName:
        """How bodies name it."""
        return FunctionName(self.name, tuple(len(shape) for shape in self.arguments), len(self.returns))

    @property
    def is_pointwise(self) -> bool:
        """Whether it takes numbers to a number, so that it acts elementwise on arrays."""
        return not (self.returns or any(self.arguments))


@dataclass(frozen=True, slots=True)
class Extent:
    """How an extent follows from an input's shape: `solution` is an expression over `_size`, the axis' length."""

    name: str
    input: str
    axis: int
    solution: Expr


@dataclass(frozen=True, slots=True)
class Use:
    """`tensor[head, …]` is the output `field` of another record at `arguments`; only display knows of it.

    Arguments are expressions over the symbols of `head`; a read with fewer positions than axes means all of the rest.
    """

    tensor: str
    record: str
    field: str
    head: tuple[Expr, ...]
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Area:
    """An integral over `variable`: its nodes and weights are tensors, whose last axis is summed over; for display."""

    variable: str
    node: str
    weight: str
    low: Expr
    high: Expr


@dataclass(frozen=True)
class Program:
    """Inputs, statements in order, outputs. `arguments` is the order of inputs and parameters in a call.

    `functions` come before them. What follows from the statements is found once: it is asked for at every statement.
    """

    name: str
    inputs: tuple[Tensor, ...]
    parameters: tuple[Parameter, ...]
    arguments: tuple[str, ...]
    extents: tuple[Extent, ...]
    statements: tuple[Statement, ...]
    outputs: tuple[str, ...]
    checks: tuple[Check, ...] = ()
    functions: tuple[FunctionInput, ...] = ()
    uses: tuple[Use, ...] = ()
    areas: tuple[Area, ...] = ()

    @cached_property
    def applied(self) -> tuple[FunctionName, ...]:
        """The functions, and derivatives of them, that the statements call: in the order of `functions`."""
        if not self.functions:
            return ()
        used = {name for s in self.statements for name in s.body.atoms(FunctionName)}
        order = [function.name for function in self.functions]
        return tuple(sorted(used, key=lambda n: (order.index(n.name), len(n.wrt), n.wrt)))

    @cached_property
    def tensors(self) -> Mapping[str, Tensor]:
        """Every tensor by its name."""
        made = (s.target for s in self.statements)
        return {t.name: t for t in (*self.inputs, *made)}

    @cached_property
    def given(self) -> frozenset[str]:
        """The names of the inputs."""
        return frozenset(t.name for t in self.inputs)

    @cached_property
    def read(self) -> frozenset[str]:
        """The names of what the statements read."""
        return frozenset[str]().union(*map(tensors_read, self.statements))

    @property
    def differentiable(self) -> tuple[Tensor, ...]:
        """The inputs that derivatives are taken in, in the order of the call."""
        return tuple(t for t in self.inputs if t.differentiable and not t.integer)

    @property
    def real_outputs(self) -> tuple[Tensor, ...]:
        """The outputs that have a tangent and a cotangent."""
        tensors = self.tensors
        return tuple(tensors[name] for name in self.outputs if not tensors[name].integer)

    def with_statements(self, statements: tuple[Statement, ...]) -> Program:
        """The same program with other statements."""
        return replace(self, statements=statements)


def reads_of(expression: Expr) -> tuple[Read, ...]:
    """The reads in an expression, positions of reads included, in the order of their names."""
    found: dict[str, Read] = {}
    stack = [expression]
    while stack:
        for symbol in stack.pop().free_symbols:
            if isinstance(symbol, Read) and symbol.name not in found:
                found[symbol.name] = symbol
                stack.extend(symbol.positions)
    return tuple(found[name] for name in sorted(found))


@lru_cache(maxsize=16384)
def statement_reads(statement: Statement) -> tuple[Read, ...]:
    """All reads of a statement: body, positions and ragged extents."""
    parts = [statement.body, statement.guard, *statement.positions, *(i.extent for i in statement.loops)]
    return reads_of(sp.Tuple(*parts))


@lru_cache(maxsize=16384)
def tensors_read(statement: Statement) -> frozenset[str]:
    """The names of the tensors that a statement reads."""
    return frozenset(r.tensor for r in statement_reads(statement))


def users_of(program: Program) -> defaultdict[str, set[str]]:
    """The statements that read each tensor, by their targets."""
    users: defaultdict[str, set[str]] = defaultdict(set)
    for statement in program.statements:
        for name in tensors_read(statement):
            users[name].add(statement.target.name)
    return users


def free_names(expression: Expr) -> frozenset[str]:
    """Names of the symbols in an expression, looking into the positions of reads; tensors are not included."""
    names: set[str] = set()
    stack = [expression]
    while stack:
        for symbol in stack.pop().free_symbols:
            if isinstance(symbol, Read):
                stack.extend(symbol.positions)
            else:
                names.add(symbol.name)
    return frozenset(names)


def fresh(base: str, taken: set[str]) -> str:
    """A name that is not taken, near `base`; it is marked as taken.

    >>> taken = {"i"}
    >>> fresh("i", taken), fresh("i", taken)
    ('i1', 'i2')
    """
    name, count = base, 0
    while name in taken:
        count += 1
        name = f"{base}{count}"
    taken.add(name)
    return name


COMPILER_NAMES = ("total", "product", "trace", "top", "bottom", "best", "left", "right", "part")
"""What lowering calls what the formula does not name."""

_AXIS_NAMES = "ijklmnpqrst"


def base_name(name: str) -> str:
    """A compiler's name without its number, so that numbers do not pile up.

    >>> base_name("product11"), base_name("W1")
    ('product', 'W1')
    """
    stem = name.rstrip("0123456789")
    return stem if stem in COMPILER_NAMES else name


def axes_of(shape: tuple[Expr, ...], avoid: set[str]) -> tuple[Index, ...]:
    """Loops over all axes of a shape, named i, j, k, … but for names to avoid."""
    free = (name for name in (*_AXIS_NAMES, *(f"axis{n}" for n in range(len(shape)))) if name not in avoid)
    return tuple(Index(name, extent) for name, extent in zip(free, shape, strict=False))


def box(loops: Sequence[Index]) -> tuple[Expr, ...]:
    """Extents of a rectangular array that holds all rounds of possibly ragged loops.

    >>> from eqc.ir.terms import extent_symbol
    >>> n, i = extent_symbol("n"), Index("i", extent_symbol("n"))
    >>> box([i, Index("j", i.symbol + 1)]), box([i, Index("j", n - i.symbol)])
    ((n, n), (n, n))
    """
    shape: list[Expr] = []
    for position, loop in enumerate(loops):
        extent = loop.extent
        for outer in reversed(loops[:position]):
            if outer.symbol in extent.free_symbols:
                extent = _largest(extent, outer)
        shape.append(extent)
    return tuple(shape)


def _largest(extent: Expr, outer: Index) -> Expr:
    """An upper bound of an extent over the rounds of an outer loop."""
    for node in sorted(extent.atoms(Minimum), key=sp.default_sort_key):
        fixed = [a for a in node.args if outer.symbol not in a.free_symbols]
        extent = extent.xreplace({node: fixed[0]}) if fixed else extent
    for node in sorted(extent.atoms(Maximum), key=sp.default_sort_key):
        fixed = [a for a in node.args if outer.symbol not in a.free_symbols]
        falls = extent.coeff(node, 1).is_nonpositive
        extent = extent.xreplace({node: fixed[0]}) if fixed and falls else extent
    first = sp.expand(extent.subs(outer.symbol, 0))
    last = sp.expand(extent.subs(outer.symbol, outer.extent - 1))
    slope = sp.expand(extent.subs(outer.symbol, outer.symbol + 1) - extent)
    if slope.is_nonnegative:
        return last
    if slope.is_nonpositive:
        return first
    if outer.symbol in slope.free_symbols:
        raise ShapeError(
            None,
            written=str(extent),
            rule=f"an extent rises and falls with the index {outer.name}",
            remedy="write the inner sum over the whole range, with a Piecewise that leaves terms out",
        )
    return Maximum(first, last)


def fixed_names(program: Program) -> set[str]:
    """The names that a loop must not have: tensors, parameters and extents."""
    return set(program.tensors) | set(program.arguments) | {e.name for e in program.extents}


def names_in(program: Program) -> set[str]:
    """Every name that a new tensor or index must avoid."""
    names = set(program.tensors) | set(program.arguments) | {e.name for e in program.extents} | set(program.outputs)
    for statement in program.statements:
        names.update(index.name for index in statement.loops)
    return names
