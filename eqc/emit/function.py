"""One program as the lines of one Numba function that works on one item (no leading axes)."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

import sympy as sp

from eqc.emit import product, sums
from eqc.emit.linalg import CALLS
from eqc.emit.nest import Kept, Leaf, Loop, Nest, contract, leaves_of, loops_of, made, nests
from eqc.emit.printer import SourcePrinter
from eqc.emit.roll import roll
from eqc.emit.solve import Equations, solver_call
from eqc.ir.opaque import Apply, Opaque
from eqc.ir.program import Check, Op, Program, Statement, free_names, reads_of
from eqc.ir.solver import Problem, Solution
from eqc.ir.terms import Expr, FunctionName, Index, Read, read

RESERVED = frozenset(
    {*keyword.kwlist, "abs", "float", "max", "min", "range", "IndexError", "ValueError", "math", "np", "njit", "item"}
)
_HELPERS = frozenset(word for call in (*CALLS.values(), "_fitted") for word in re.findall(r"\b_\w+", call))
"""The runtime's functions that calls of whole arrays need."""

_INDENT = "    "


@dataclass
class Function:
    """The source of one program's core: `arguments`, then array outputs as buffers; number outputs are returned.

    Where the number `doubt` is positive, the call `fallback` gives the results.
    """

    shares: ClassVar[bool] = True
    """Whether loops are shared by what they sum up, and products of matrices kept whole."""

    program: Program
    reserved: frozenset[str]
    name: str = "kernel"
    solvers: Mapping[Problem, Equations] = field(default_factory=dict)
    own_dtype: str = ""
    doubt: str = ""
    fallback: str = ""
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tensors = self.program.tensors
        self.tree = nests(self.program, shared=self.shares)
        self.storage = contract(self.tree, self.program)
        self.leaves = {leaf.statement.target.name: leaf for leaf in leaves_of(self.tree)}
        self.at_block: Loop | None = None
        self.names: dict[str, str] = {}
        self.helpers: dict[str, str] = {}
        self.printer = SourcePrinter(self.place, self.function_name)
        self.allocated: set[str] = set()
        self.tables: dict[tuple[tuple[float, ...], ...], str] = {}
        self._name_everything()
        blocks = [loop for loop in loops_of(self.tree) if loop.blocked]
        self.blocks = {id(loop): Block(self, loop, str(n or "")) for n, loop in enumerate(blocks)}

    # names ---------------------------------------------------------------------------------------------------------

    def _name_everything(self) -> None:
        """Every tensor, extent and index gets one Python name that hides nothing that the source calls."""
        taken = set(RESERVED | self.reserved)
        program = self.program
        indices = (i.name for s in program.statements for i in s.loops)
        known = (
            *(str(f) for f in program.applied),
            *program.arguments,
            *(e.name for e in program.extents),
            *self.tensors,
            *indices,
        )
        for name in dict.fromkeys(known):
            chosen = name
            while chosen in taken:
                chosen += "_"
            taken.add(chosen)
            self.names[name] = chosen
        for check in program.checks:
            for loop in check.loops:
                self.names.setdefault(loop.name, loop.name)

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
        return self.printer.source(self._renamed(expression))

    def whole(self, expression: Expr) -> str:
        """A position or an extent with this function's names."""
        return self.printer.index_source(self._renamed(expression))

    def _renamed(self, expression: Expr) -> Expr:
        symbols = {
            s: sp.Symbol(self.names[s.name], **s.assumptions0)
            for s in sorted(expression.free_symbols, key=str)
            if not isinstance(s, Read) and self.names.get(s.name, s.name) != s.name
        }
        return expression.xreplace(symbols) if symbols else expression

    def local(self, purpose: str) -> str:
        """A name for a helper variable that nothing else has."""
        if purpose not in self.helpers:
            name = purpose
            taken = {*self.names.values(), *self.helpers.values(), *RESERVED, *self.reserved}
            while name in taken:
                name += "_"
            self.helpers[purpose] = name
        return self.helpers[purpose]

    def kept(self, name: str) -> Kept:
        """How a tensor is stored."""
        return self.storage.get(name, Kept())

    def place(self, r: Read) -> str:
        """A read as a name or an element of an array, without the axes that a temporary does not keep."""
        name = self.names[r.tensor]
        kept = [self.position(r.tensor, p, axis) for axis, p in enumerate(r.positions)][self.kept(r.tensor).dropped :]
        return f"{name}[{', '.join(kept)}]" if kept else name

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
        if not self.own_dtype:
            self._check_sizes()
        known = {t.name for t in self.program.inputs}
        waiting = self._checks(list(self.program.checks), known)
        self._allocate()
        for node in self.tree:
            self._nest(node, 0)
            known |= made(node)
            waiting = self._checks(waiting, known)
        if self.doubt:
            self.line(0, f"if {self.names[self.doubt]} > 0:")
            self.line(1, f"return {self.fallback}")
        if self.scalar_outputs:
            self.line(0, f"return {', '.join(self.returned())}")
        used = "\n".join(self.lines)
        return [*self._extents(used), *self.lines]

    def returned(self) -> list[str]:
        """The numbers among the results, as they are returned."""
        return [self.names[n] for n in self.scalar_outputs]

    @property
    def scalar_outputs(self) -> tuple[str, ...]:
        """Outputs that are numbers."""
        return tuple(n for n in self.program.outputs if self.tensors[n].rank == 0)

    @property
    def array_outputs(self) -> tuple[str, ...]:
        """Outputs that are written to buffers."""
        return tuple(n for n in self.program.outputs if self.tensors[n].rank)

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
        self.lines.append(f"{_INDENT * depth}{text}")

    def _extents(self, used: str) -> list[str]:
        return extent_lines(self, set(words(used)))

    def _check_sizes(self) -> None:
        """Counts must not be negative: the proofs that positions are in range lean on it."""
        counts = [p.name for p in self.program.parameters if p.symbol.is_nonnegative]
        counts += [e.name for e in self.program.extents if not e.solution.is_Symbol]
        for name in counts:
            self.line(0, f"if {self.names[name]} < 0:")
            self.line(1, f'raise ValueError("{name} must not be negative", {self.names[name]})')

    def _checks(self, checks: list[Check], known: set[str]) -> list[Check]:
        """Emit the checks whose positions are known; the others are left."""
        for check in checks:
            if not check.reads <= known:
                continue
            depth = self.open_loops(check.loops, 0)
            position, extent = self.whole(check.position), self.whole(check.extent)
            condition = f"not 0 <= {position} < {extent}"
            if check.guard != sp.true:
                condition = f"({self.source(check.guard)}) and {condition}"
            self.line(depth, f"if {condition}:")
            self.line(depth + 1, f"raise IndexError({self._complaint(check)})")
        return [check for check in checks if not check.reads <= known]

    def _complaint(self, check: Check) -> str:
        """What was given and between which values it must lie, as the caller counts."""
        inputs = {t.name for t in self.program.inputs}
        given = [r for r in reads_of(check.position) if r.tensor in inputs and (check.position - r).is_Integer]
        offset = check.position - given[0] if given else sp.Integer(-1)
        value = self.whole(check.position - offset)
        what = given[0].tensor if given else check.tensor
        low, high = self.whole(-offset), self.whole(check.extent - 1 - offset)
        return f'"{what}: position outside its axis", {value}, {low}, {high}'

    def _allocate(self) -> None:
        for block in self.blocks.values():
            self.printer.used.add("_block_rows")
            self.line(0, f"{block.rows} = _block_rows({self.whole(block.extent)}, {self.whole(block.width())})")
        for statement in self.program.statements:
            target, kept = statement.target, self.kept(statement.target.name)
            shape = target.shape[kept.dropped :]
            starts_at_once = statement.scatter and not self.leaves[target.name].item.order
            if target.name in self.array_outputs:
                self.allocated.add(self.names[target.name])
                if starts_at_once:
                    self.line(0, f"{self.names[target.name]}[:] = 0")
            elif shape and not self._is_made_whole(statement):
                self.allocated.add(self.names[target.name])
                kind = "np.int64" if target.integer else self.dtype()
                make = "np.zeros" if starts_at_once else "np.empty"
                if kept.blocked is not None:
                    shape = (sp.Symbol(self.blocks[id(kept.blocked)].rows, nonnegative=True, integer=True), *shape[1:])
                self.line(0, f"{self.names[target.name]} = {make}({self.shape(shape)}, {kind})")
        for item in (item for loop in loops_of(self.tree) for item in loop.sums):
            array = sums.array_of_sums(self, item)
            if array is not None:
                self.line(0, f"{array[0]} = np.empty({self.shape(array[1])}, np.float64)")

    def _is_made_whole(self, statement: Statement) -> bool:
        """Whether a function of arrays makes a temporary just where it is used, so that it needs no room before."""
        opaque = isinstance(statement.body, Opaque) and not isinstance(statement.body, Solution)
        return opaque and self.kept(statement.target.name).dropped == len(statement.positions)

    def shape(self, shape: tuple[Expr, ...], *, result: bool = False) -> str:
        """A shape as source. Temporaries whose extents come out negative are empty; results must not be."""
        plain = [e.is_nonnegative or result for e in shape]
        parts = [self.whole(e) if p else f"max({self.whole(e)}, 0)" for e, p in zip(shape, plain, strict=True)]
        return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"

    def _nest(self, node: Nest, depth: int) -> None:
        if isinstance(node, Leaf):
            self._leaf(node, depth)
            return
        for item in node.sums:
            sums.start(self, item, depth)
        if node.blocked:
            self._block(node, depth)
        else:
            inside = self.open_loops((node.index,), depth)
            for part in node.body:
                self._nest(part, inside)
        for item in node.sums:
            sums.finish(self, item, depth)

    def _block(self, node: Loop, depth: int) -> None:
        """Blocks of rows: products of matrices take all rows of one, other nests one row after the other."""
        block = self.blocks[id(node)]
        extent = self.whole(node.index.extent)
        self.line(depth, f"for {block.start} in range(0, {extent}, {block.rows}):")
        self.line(depth + 1, f"{block.stop} = min({block.start} + {block.rows}, {extent})")
        for part in node.body:
            if isinstance(part, Leaf):
                self.at_block = node
                self._leaf(part, depth + 1)
                self.at_block = None
                continue
            self.line(depth + 1, f"for {self.names[node.index.name]} in range({block.start}, {block.stop}):")
            for inner in part.body:
                self._nest(inner, depth + 2)

    def open_loops(self, loops: Iterable[Index], depth: int) -> int:
        for loop in loops:
            self.line(depth, f"for {self.names[loop.name]} in range({self.whole(loop.extent)}):")
            depth += 1
        return depth

    def _leaf(self, leaf: Leaf, depth: int) -> None:
        statement = leaf.statement
        if statement.scatter:
            self._scatter(leaf, depth)
        elif leaf.item.product is not None:
            product.multiply(self, leaf, depth)
        elif leaf.partial:
            sums.step(self, leaf, depth)
        elif isinstance(statement.body, Opaque):
            self._call(statement, depth)
        elif statement.op is Op.NONE:
            self._assign(statement, depth)
        elif statement.op in (Op.ARGMAX, Op.ARGMIN):
            self._winner(leaf, depth)
        else:
            self._reduce(leaf, depth)

    def _assign(self, statement: Statement, depth: int) -> None:
        """One value; a long sum of like terms runs over a table of their numbers."""
        rest, rolls = roll(statement.body)
        target = self.target(statement)
        total = target if "[" not in target or not rolls else self.local(f"{self.names[statement.target.name]}_")
        self.line(depth, f"{total} = {self.value(replace(statement, body=rest))}")
        for part in rolls:
            table, row = self._table(part.table), self.local("row")
            slots = {slot: sp.Symbol(f"{table}[{row}, {n}]") for n, slot in enumerate(part.slots)}
            self.line(depth, f"for {row} in range({len(part.table)}):")
            self.line(depth + 1, f"{total} += {self.source(part.pattern.xreplace(slots))}")
        if total != target:
            self.line(depth, f"{target} = {total}")

    def _table(self, rows: tuple[tuple[float, ...], ...]) -> str:
        """The name of a constant array of the module."""
        if rows not in self.tables:
            self.tables[rows] = f"_{self.name}_table{len(self.tables) + 1}"
        return self.tables[rows]

    def _call(self, statement: Statement, depth: int) -> None:
        """A function of whole arrays; a result that is stored is copied to its place."""
        if isinstance(statement.body, Solution):
            text = self._solve(statement.body)
        else:
            call = self._given(statement) if isinstance(statement.body, Apply) else CALLS[type(statement.body)]
            self.printer.used.update(word for word in words(call) if word in _HELPERS)
            integers = [self.whole(a) for a in statement.body.args if a.is_integer and not isinstance(a, Read)]
            text = call.format(*(self.place(r) for r in statement.body.operands), *integers)
        target = self.target(statement)
        stored = statement.target.rank > len(statement.positions)
        fresh = stored and target == self.names[statement.target.name] and target not in self.allocated
        self.line(depth, f"{target}[:] = {text}" if stored and not fresh else f"{target} = {text}")

    def _solve(self, solution: Solution) -> str:
        """The call of a solver for the equations of a problem."""
        guides = [self.place(r) for r in solution.guides]
        integers = [self.whole(e) for e in solution.integers]
        given = [self.place(r) if r.is_integer else f"_double({self.place(r)})" for r in solution.given]
        lengths = [self.whole(e) for e in solution.lengths]
        call = solver_call(solution.problem, self.solvers[solution.problem], guides, (*given, *integers), lengths)
        self.printer.used.update(["_double"] if "_double(" in call else [])
        return call

    def _given(self, statement: Statement) -> str:
        """The call of a function input; the shape of an array that it gives is checked."""
        body = statement.body
        call = f"{self.function_name(body.name)}({', '.join(f'{{{n}}}' for n in range(len(body.operands)))})"
        own = statement.target.shape[len(statement.positions) :]
        if not own:
            return call
        sizes = ", ".join(self.whole(extent) for extent in own)
        return f'_fitted({call}, ({sizes}{"," if len(own) == 1 else ""}), "{body.name}")'

    def target(self, statement: Statement) -> str:
        return self.place(read(statement.target.name, statement.positions))

    def value(self, statement: Statement) -> str:
        text = self.source(statement.body)
        return text[1:-1] if text.startswith("(") and _closes_at_end(text) else text

    def _scatter(self, leaf: Leaf, depth: int) -> None:
        statement, rows = leaf.statement, leaf.item.order or ()
        if rows:
            self.line(depth, f"{self.slices(statement, len(rows))} = 0")
        depth = self.open_loops(leaf.inner, depth)
        if statement.guard != sp.true:
            self.line(depth, f"if {self.source(statement.guard)}:")
            depth += 1
        self.line(depth, f"{self.target(statement)} += {self.value(statement)}")

    def _reduce(self, leaf: Leaf, depth: int) -> None:
        """Accumulate in a local number, then store."""
        statement, op = leaf.statement, leaf.statement.op
        target = self.target(statement)
        wide = op in (Op.SUM, Op.PRODUCT) and not statement.target.integer
        total = self.local(f"{self.names[statement.target.name]}_") if wide or "[" in target else target
        if op in (Op.MAX, Op.MIN) and not statement.target.constant:
            self.refuse_empty(leaf.inner, statement, depth)
        self.line(depth, f"{total} = {sums.STARTS[op]}" if not wide else f"{total} = np.float64({sums.STARTS[op]})")
        inside = self.open_loops(leaf.inner, depth)
        value = self.value(statement)
        self.printer.used.add(sums.STEPS[op])
        self.line(inside, f"{total} = {sums.STEPS[op]}({total}, {value})")
        if total != target:
            self.line(depth, f"{target} = {total}")

    def refuse_empty(self, loops: tuple[Index, ...], statement: Statement, depth: int) -> None:
        """An extremum over nothing is an error."""
        sizes = [self.whole(loop.extent) for loop in loops if not _depends(loop, loops)]
        self.line(depth, f"if {' or '.join(f'{s} <= 0' for s in sizes)}:")
        what = self.names[statement.target.name]
        self.line(depth + 1, f'raise ValueError("{what}: an extremum over an empty range")')

    def _winner(self, leaf: Leaf, depth: int) -> None:
        """The first position of the extremum; NaN never wins over a number."""
        statement = leaf.statement
        target, (loop,) = self.target(statement), leaf.inner
        name = self.names[statement.target.name]
        best, place, index = self.local(f"{name}_value"), self.local(f"{name}_place"), self.names[loop.name]
        largest = statement.op is Op.ARGMAX
        step = "_largest" if largest else "_least"
        self.printer.used.add(step)
        self.refuse_empty(leaf.inner, statement, depth)
        self.line(depth, f"{best} = {'-' if largest else ''}math.inf")
        inside = self.open_loops(leaf.inner, depth)
        self.line(inside, f"{best} = {step}({best}, {self.value(statement)})")
        self.line(depth, f"{place} = 0")
        self.open_loops(leaf.inner, depth)
        self.line(inside, f"if {self.value(statement)} == {best}:")
        self.line(inside + 1, f"{place} = {index}")
        self.line(inside + 1, "break")
        self.line(depth, f"{target} = {place}")


@dataclass
class Block:
    """The names with which a loop runs over blocks of rows."""

    function: Function
    loop: Loop
    number: str

    def __post_init__(self) -> None:
        self.rows, self.start, self.stop = (self.function.local(f"{w}{self.number}") for w in ("rows", "start", "stop"))
        self.extent = self.loop.index.extent

    def width(self) -> Expr:
        """How many numbers a row of a block has in all temporaries, and in what its inner loops read again."""
        function = self.function
        own = [name for name in sorted(function.storage) if function.storage[name].blocked is self.loop]
        shapes = [function.tensors[name].shape[function.storage[name].dropped + 1 :] for name in own]
        if not any(isinstance(part, Leaf) for part in self.loop.body):
            inner = [loop for loop in loops_of(self.loop.body) if loop.index.name != self.loop.index.name]
            shapes += [(loop.index.extent,) for loop in inner]
            shapes += [tuple(loop.extent for loop in leaf.inner) for leaf in leaves_of(self.loop.body) if leaf.inner]
        return sp.Add(*(sp.Mul(*shape) for shape in shapes))


def extent_lines(function: Function, used: set[str]) -> list[str]:
    """The extents that some lines use, read off the inputs' shapes."""
    lines: list[str] = []
    needed = set(used)
    for extent in reversed(function.program.extents):
        name = function.names[extent.name]
        if name in needed:
            size = f"{function.names[extent.input]}.shape[{extent.axis}]"
            solved = extent.solution
            text = function.whole(solved)
            lines.append(f"{name} = {_put_size(text, size)}")
            needed |= {function.names.get(n, n) for n in free_names(solved)}
    return lines[::-1]


def _put_size(text: str, size: str) -> str:
    return re.sub(r"\b_size\b", size, text)


def words(text: str) -> list[str]:
    """The names in some source, but for attributes."""
    return re.findall(r"(?<![\w.])[A-Za-z_]\w*", text)


def _depends(loop: Index, others: tuple[Index, ...]) -> bool:
    return bool(free_names(loop.extent) & {o.name for o in others}) or bool(reads_of(loop.extent))


def _closes_at_end(text: str) -> bool:
    """Whether the first bracket closes with the last character."""
    depth = 0
    for position, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return position == len(text) - 1
    return False
