"""One program as the lines of one Numba function that works on one item (no leading axes)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import sympy as sp

from eqc.emit import by_vector, calls, checks, doubled, entries, paired, product, reductions, sums, teamed, tiled, watch
from eqc.emit.blocks import Block
from eqc.emit.names import RESERVED, names_of, unlike, words
from eqc.emit.pair_source import PairSource
from eqc.emit.printer import SourcePrinter
from eqc.emit.room import allocate
from eqc.emit.solve import Equations
from eqc.ir.opaque import Opaque
from eqc.ir.program import Op, Program, Statement, tensors_read
from eqc.ir.solver import Problem
from eqc.ir.terms import Expr, FunctionName, Index, Read, read
from eqc.loops.nest import Kept, Leaf, Loop, Nest, loops_of, made
from eqc.loops.plan import AS_IT_STANDS, EQUATION, KERNEL, Manner, calls_solver, plan_of

_INDENT = "    "


@dataclass
class Function:
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
        self.helpers: dict[str, str] = {}
        self.printer = SourcePrinter(self.place, self.function_name, lambda node: paired.gap(self, node))
        self.pair_source = PairSource(lambda r: paired.place(self, r), self.printer)
        self.in_blocks: set[str] = set()
        self.allocated: set[str] = set()
        self.tables: dict[tuple[tuple[float, ...], ...], str] = {}
        blocks = [loop for loop in loops_of(self.tree) if loop.blocked]
        self.blocks = {id(loop): Block(self, loop, str(n or "")) for n, loop in enumerate(blocks)}
        self.split: Nest | None = None

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
            taken = {*self.names.values(), *self.helpers.values(), *RESERVED, *self.reserved}
            self.helpers[purpose] = unlike(purpose, taken)
        return self.helpers[purpose]

    def kept(self, name: str) -> Kept:
        """How a tensor is stored."""
        return self.storage.get(name, Kept())

    def place(self, r: Read) -> str:
        """A read as a float or a whole number."""
        text = self.element(r)
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

    # body ----------------------------------------------------------------------------------------------------------

    def body(self) -> list[str]:
        """All lines of the function, without its head and its docstring."""
        if self.doubled:
            doubled.start(self)
        if not self.own_dtype:
            checks.check_sizes(self)
        known = {t.name for t in self.program.inputs}
        waiting = checks.check_positions(self, list(self.program.checks), known)
        watch.start(self)
        self._merge_axes()
        allocate(self)
        for number, node in enumerate(self.tree):
            teamed.run(self, number, node)
            known |= made(node)
            waiting = checks.check_positions(self, waiting, known)
        if self.doubt:
            self.line(0, f"if {self.names[self.doubt]} > 0:")
            self.line(1, f"return {self.fallback}")
        watch.wholes(self)
        teamed.leave(self)
        if self.doubled:
            doubled.finish(self)
        returned = [*self.returned(), *watch.returned(self)]
        if returned:
            self.line(0, f"return {', '.join(returned)}")
        used = "\n".join(self.lines)
        return [*checks.extent_lines(self, set(words(used))), *self.lines]

    def _merge_axes(self) -> None:
        """What is given and what is written to, with the axes that the loops run over."""
        whole = self.given.tensors
        for name in (*(t.name for t in self.program.inputs), *self.array_outputs):
            if whole[name].rank != self.tensors[name].rank:
                view = "_shaped_result" if name in self.array_outputs else "_shaped"
                self.printer.used.add(view)
                shape = ", ".join(self.whole(extent) for extent in self.tensors[name].shape)
                comma = "," if self.tensors[name].rank == 1 else ""
                self.line(0, f"{self.names[name]} = {view}({self.names[name]}, ({shape}{comma}))")

    def returned(self) -> list[str]:
        """The numbers among the results, as they are returned."""
        return [self.place(read(n)) for n in self.scalar_outputs]

    @property
    def scalar_outputs(self) -> tuple[str, ...]:
        """Outputs that are numbers."""
        return tuple(n for n in self.program.outputs if self.tensors[n].rank == 0)

    @property
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
        """Write one line, so many steps to the right."""
        self.lines.append(f"{_INDENT * depth}{text}")

    def shape(self, shape: tuple[Expr, ...], *, result: bool = False) -> str:
        """A shape as source. Temporaries whose extents come out negative are empty; results must not be."""
        plain = [e.is_nonnegative or result for e in shape]
        parts = [self.whole(e) if p else f"max({self.whole(e)}, 0)" for e, p in zip(shape, plain, strict=True)]
        return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"

    def room(self, shape: tuple[Expr, ...], *, integer: bool) -> str:
        """The shape of a temporary array of integers or of reals."""
        return self.shape(shape)

    def nest(self, node: Nest, depth: int) -> None:
        """A loop with all that is in it, or one statement."""
        if isinstance(node, Leaf):
            self.leaf(node, depth)
            return
        names = dict(self.names)
        teamed.open_sums(self, node, depth)
        for item in node.sums:
            sums.start(self, item, depth)
        if node.blocked:
            self.blocks[id(node)].run(depth)
        elif paired.takes_columns(self, node):
            paired.columns(self, node, depth)
        else:
            split, blocks = self.split is node, paired.takes_blocks(self, node)
            inside = (paired.open_block if blocks else teamed.open_loop)(self, node.index, depth, split=split)
            for part in node.body:
                self.nest(part, inside)
            if blocks:
                paired.close_block(self, node, depth + 1)
        for item in node.sums:
            teamed.combine(self, node, item, depth)
            sums.finish(self, item, depth)
        teamed.close_sums(self, node, names)

    def open_loops(self, loops: Iterable[Index], depth: int) -> int:
        """The heads of loops; gives the depth inside them."""
        for loop in loops:
            depth = teamed.open_loop(self, loop, depth, split=False)
        return depth

    def leaf(self, leaf: Leaf, depth: int) -> None:
        """One statement, with the loops that are its own."""
        statement = leaf.statement
        if statement.scatter:
            entries.scatter(self, leaf, depth)
        elif leaf.item.product is not None:
            product.multiply(self, leaf, depth)
        elif leaf.item.vector is not None:
            by_vector.multiply(self, leaf, depth)
        elif leaf.item.tiled is not None:
            tiled.add_up(self, leaf, depth)
        elif leaf.partial:
            sums.step(self, leaf, depth)
        elif isinstance(statement.body, Opaque):
            calls.call(self, statement, depth)
        elif statement.target.name in self.pairs:
            (paired.assign if statement.op is Op.NONE else paired.reduce)(self, leaf, depth)
        elif statement.op is Op.NONE:
            self.assign(statement, depth)
        elif statement.op in (Op.ARGMAX, Op.ARGMIN):
            self.winner(leaf, depth)
        else:
            self.reduce(leaf, depth)

    def target(self, statement: Statement) -> str:
        """Where a statement stores what it computes."""
        return self.element(read(statement.target.name, statement.positions))

    def value(self, statement: Statement) -> str:
        """What a statement computes for one entry."""
        text = self.source(statement.body)
        return text[1:-1] if text.startswith("(") and _closes_at_end(text) else text

    # what variants of a function do in their own way -----------------------------------------------------------------

    def assign(self, statement: Statement, depth: int) -> None:
        """Store one value."""
        entries.assign(self, statement, depth)
        watch.entry(self, statement, depth)

    def add(self, statement: Statement, depth: int) -> None:
        """Add a value to what is stored."""
        self.line(depth, f"{self.target(statement)} += {self.value(statement)}")

    def reduce(self, leaf: Leaf, depth: int) -> None:
        """Accumulate over the statement's own loops, then store."""
        reductions.reduce(self, leaf, depth)

    def winner(self, leaf: Leaf, depth: int) -> None:
        """Store the place of an extremum."""
        reductions.winner(self, leaf, depth)


def _closes_at_end(text: str) -> bool:
    """Whether the first bracket closes with the last character."""
    depth = 0
    for position, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return position == len(text) - 1
    return False
