"""What all parts of a kernel's source share: names, places in memory, and the lines that are written so far."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import sympy as sp

from eqc.emit.names import RESERVED, names_of, unlike
from eqc.emit.pair_source import PairSource, Text
from eqc.emit.printer import SourcePrinter
from eqc.emit.solve import Equations
from eqc.ir.gaps import parted
from eqc.ir.program import Program, Statement, tensors_read
from eqc.ir.solver import Problem
from eqc.ir.terms import Expr, FunctionName, Index, Read, read
from eqc.loops.guarded import condition_of, outside, term
from eqc.loops.nest import Kept, Leaf, Loop, Nest, loops_of
from eqc.loops.plan import AS_IT_STANDS, EQUATION, KERNEL, Manner, calls_solver, plan_of

_INDENT = "    "


@dataclass(frozen=True, slots=True)
class BlockNames:
    """What a loop over blocks of rows calls their number of rows, and where a block starts and stops."""

    rows: str
    start: str
    stop: str


@dataclass
class Function(ABC):
    """The source of one program's core: `arguments`, then array outputs as buffers; number outputs are returned.

    Where the number `doubt` is positive, the call `fallback` gives the results. If it `watches` its array results, a
    further number is returned last: 0, or NaN if an entry is not finite. The statements in `pairs` are computed in
    pairs of floats, which say whether both are kept.
    """

    program: Program
    reserved: frozenset[str]
    name: str = "kernel"
    solvers: Mapping[Problem, Equations] = field(default_factory=dict)
    own_dtype: str = ""
    doubt: str = ""
    fallback: str = ""
    watches: bool = False
    pairs: Mapping[str, bool] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.doubled = not self.own_dtype and calls_solver(self.program)
        self.plan = plan_of(self.program, self.pairs, self.manner())
        self.given, self.program = self.plan.given, self.plan.program
        self.tensors = self.program.tensors
        self.tree, self.storage, self.reused = self.plan.tree, self.plan.storage, self.plan.reused
        self.sharing = self.plan.sharing
        self.at_block: Loop | None = None
        self.names = names_of(self.program, self.reserved)
        self.names |= {name: self.names[result] for name, result in self.reused.items()}
        self.spelled = {*self.names.values(), *RESERVED, *self.reserved}
        self.helpers: dict[str, str] = {}
        self.printer = SourcePrinter(self.place, self.function_name, self.gap)
        self.pair_source = PairSource(self.pair, self.printer)
        self.in_blocks: set[str] = set()
        self.allocated: set[str] = set()
        self.tables: dict[tuple[tuple[float, ...], ...], str] = {}
        blocked = [loop for loop in loops_of(self.tree) if loop.blocked]
        self.blocks = {id(loop): self._block_names(str(n or "")) for n, loop in enumerate(blocked)}
        self.split: Nest | None = None
        self.held: Expr = sp.true
        self.at_hand: dict[Read, tuple[str, int]] = {}  # entries of arrays, the numbers that they are, and how deep

    def _block_names(self, number: str) -> BlockNames:
        return BlockNames(*(self.local(f"{word}{number}") for word in ("rows", "start", "stop")))

    def manner(self) -> Manner:
        """What the plan of the loops may do."""
        if self.own_dtype:
            return EQUATION
        return AS_IT_STANDS if self.doubt else KERNEL

    # names ---------------------------------------------------------------------------------------------------------

    @property
    def arguments(self) -> list[str]:
        """The functions that are called, then the inputs and parameters."""
        program = self.program
        return [self.names[name] for name in (*(str(f) for f in program.applied), *program.arguments)]

    def function_name(self, function: FunctionName) -> str:
        """How this function spells a function input, or a derivative of one."""
        return self.names[str(function)]

    def source(self, expression: Expr) -> str:
        """An expression with this function's names."""
        return self.printer.source(self.renamed(expression))

    def whole(self, expression: Expr) -> str:
        """A position or an extent with this function's names."""
        return self.printer.index_source(self.renamed(expression))

    def renamed(self, expression: Expr) -> Expr:
        """An expression over this function's names, but for tensors."""
        symbols = {
            s: sp.Symbol(self.names[s.name], **s.assumptions0)
            for s in sorted(expression.free_symbols, key=str)
            if not isinstance(s, Read) and self.names.get(s.name, s.name) != s.name
        }
        return expression.xreplace(symbols) if symbols else expression

    def local(self, purpose: str) -> str:
        """A name for a helper variable that nothing else has."""
        if purpose not in self.helpers:
            self.helpers[purpose] = unlike(purpose, self.spelled)
            self.spelled.add(self.helpers[purpose])
        return self.helpers[purpose]

    def kept(self, name: str) -> Kept:
        """How a tensor is stored."""
        return self.storage.get(name, Kept())

    def place(self, r: Read) -> str:
        """A read as a float or a whole number."""
        text = self.element(r)
        text, _ = self.at_hand.get(r, (text, 0))
        return self.pair_source.call("_nearest", text) if self.pairs.get(r.tensor) and "[" not in text else text

    def element(self, r: Read) -> str:
        """A read as a name or an element of an array, without the axes that a temporary does not keep."""
        name, kept = self.names[r.tensor], self.kept_positions(r)
        return f"{name}[{', '.join(kept)}]" if kept else name

    def kept_positions(self, r: Read) -> list[str]:
        """The positions of a read on the axes that an array has."""
        return [self.position(r.tensor, p, axis) for axis, p in enumerate(r.positions)][self.kept(r.tensor).dropped :]

    def position(self, tensor: str, position: Expr, axis: int) -> str:
        """A position on one axis; temporaries of a block of rows count from its start."""
        kept = self.kept(tensor)
        if kept.blocked is None or axis != kept.dropped:
            return self.whole(position)
        start = self.blocks[id(kept.blocked)].start
        return f"{self.whole(position)} - {start}"

    def run(self, tensor: str, loop: Index, axis: int) -> str:
        """All positions of a loop on one axis, or those of the block of rows that is being computed."""
        kept = self.kept(tensor)
        if self.at_block is not None and self.at_block.index.name == loop.name:
            block = self.blocks[id(self.at_block)]
            own = kept.blocked is self.at_block and axis == kept.dropped
            return f":{block.stop} - {block.start}" if own else f"{block.start}:{block.stop}"
        return ":" if self.tensors[tensor].shape[axis] == loop.extent else f":{self.whole(loop.extent)}"

    def slices(self, statement: Statement, count: int) -> str:
        """The part of a target at its first positions: all of its further axes."""
        target, loops = statement.target, {loop.symbol: loop for loop in statement.loops}
        places = []
        for axis in range(self.kept(target.name).dropped, target.rank):
            position = statement.positions[axis]
            if axis >= count:
                places.append(":")
            elif self.at_block is not None and position == self.at_block.index.symbol:
                places.append(self.run(target.name, loops[position], axis))
            else:
                places.append(self.position(target.name, position, axis))
        return f"{self.names[target.name]}[{', '.join(places)}]"

    # numbers in pairs ------------------------------------------------------------------------------------------------

    def pair(self, r: Read) -> Text:
        """A read as an operand of a pair's arithmetic."""
        source = self.element(r)
        if not self.pairs.get(r.tensor):
            return Text(source)
        if "[" in source:
            source = self.pair_source.call("_stored", source, self.beside(r.tensor, source))
        return Text(source, is_pair=True)

    def gap(self, node: Expr) -> str | None:
        """A sum from which numbers with both floats are taken off, or None if there are none.

        The other terms are floats: x - mu is (x - high) - low.
        """
        found = parted(node, lambda r: bool(self.pairs.get(r.tensor)))
        if found is None:
            return None
        scale, rest, taken = found
        source = self.printer.doprint(rest)
        for sign, number in taken:
            source = self.pair_source.call("_gap", source, self.pair_source.pair(-sign * number))
        return source if scale == 1 else f"{self.printer.doprint(scale)}*{source}"

    def low_name(self, tensor: str) -> str:
        """The second array of pairs."""
        return self.local(f"{self.names[tensor]}_low")

    def beside(self, tensor: str, source: str) -> str:
        """An element of the second array, given that of the first one."""
        return self.low_name(tensor) + source[len(self.names[tensor]) :]

    # results and room ------------------------------------------------------------------------------------------------

    @cached_property
    def scalar_outputs(self) -> tuple[str, ...]:
        """Outputs that are numbers."""
        return tuple(n for n in self.program.outputs if self.tensors[n].rank == 0)

    @cached_property
    def array_outputs(self) -> tuple[str, ...]:
        """Outputs that are written to buffers."""
        return tuple(n for n in self.program.outputs if self.tensors[n].rank)

    @property
    def optional(self) -> tuple[str, ...]:
        """Outputs that nothing else needs, so that they need not be stored where nobody wants them."""
        needed = frozenset().union(*(tensors_read(s) for s in self.program.statements), self.reused.values())
        free = [n for n in self.array_outputs if n not in needed and not self.tensors[n].integer]
        return () if self.doubt else tuple(free)

    def dtype(self) -> str:
        """The type of real temporaries: that of the results, or of the data (integers become float64)."""
        if self.own_dtype:
            return self.own_dtype
        buffers = [n for n in self.array_outputs if not self.tensors[n].integer]
        return f"{self.names[buffers[0]]}.dtype" if buffers else self.data_dtype()

    def data_dtype(self) -> str:
        """The type of results that the data decides."""
        arrays = [t.name for t in self.program.inputs if t.rank and not t.integer]
        if not arrays:
            return "np.float64"
        self.printer.used.add("_dtype_of")
        return f"_dtype_of({self.names[arrays[0]]})"

    def line(self, depth: int, text: str) -> None:
        """Write one line, so many steps to the right; entries, stored once, are at hand until their loop ends."""
        self.at_hand = {entry: held for entry, held in self.at_hand.items() if depth >= held[1]}
        self.lines.append(f"{_INDENT * depth}{text}")

    def shape(self, shape: tuple[Expr, ...], *, result: bool = False) -> str:
        """A shape as source. Temporaries whose extents come out negative are empty; results must not be."""
        plain = [e.is_nonnegative or result for e in shape]
        parts = [self.whole(e) if p else f"max({self.whole(e)}, 0)" for e, p in zip(shape, plain, strict=True)]
        return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"

    def room(self, shape: tuple[Expr, ...], *, integer: bool) -> str:
        """The shape of a temporary array of integers or of reals."""
        return self.shape(shape)

    def target(self, statement: Statement) -> str:
        """Where a statement stores what it computes."""
        return self.element(read(statement.target.name, statement.positions))

    def value(self, statement: Statement) -> str:
        """What a statement computes for one entry."""
        text = self.source(statement.body)
        return text[1:-1] if text.startswith("(") and _closes_at_end(text) else text

    def add(self, statement: Statement, depth: int) -> None:
        """Add a value to what is stored."""
        self.line(depth, f"{self.target(statement)} += {self.value(statement)}")

    # what the whole body does ----------------------------------------------------------------------------------------

    def open_guarded(self, statement: Statement, loops: Sequence[Index], depth: int) -> tuple[int, Statement]:
        """The heads of a sum's loops, with its condition where it stays the same; the depth, and what is then left."""
        condition = condition_of(statement)
        around = len(loops) if self.held == condition else outside(statement, loops)
        inside = self.open_loops(loops[:around], depth)
        if around < len(loops):
            self.line(inside, f"if {self.source(condition)}:")
            inside = self.open_loops(loops[around:], inside + 1)
        without = around < len(loops) or self.held == condition
        return inside, replace(statement, body=term(statement), guard=sp.true) if without else statement

    @abstractmethod
    def open_loops(self, loops: Iterable[Index], depth: int) -> int:
        """The heads of loops; gives the depth inside them."""

    @abstractmethod
    def nest(self, node: Nest, depth: int) -> None:
        """A loop with all that is in it, or one statement."""

    @abstractmethod
    def leaf(self, leaf: Leaf, depth: int) -> None:
        """One statement, with the loops that are its own."""


def _closes_at_end(text: str) -> bool:
    """Whether the first bracket closes with the last character."""
    depth = 0
    for position, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return position == len(text) - 1
    return False
