"""A program as array code: what a person writes who transcribes the formula with NumPy, JAX or PyTorch.

Every statement becomes one broadcast expression over its loops, a sum of a product of two arrays an `einsum`, a gather
an indexing by arrays. Nothing is stabilised or reordered: this is the formula as printed.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sympy as sp

from eqc.emit.printer import SourcePrinter
from eqc.errors import BuildError
from eqc.ir import opaque
from eqc.ir.opaque import Opaque
from eqc.ir.program import Extent, Op, Program, Statement, Tensor, box, free_names
from eqc.ir.terms import Expr, Read

REDUCTIONS: Mapping[Op, str] = {
    Op.SUM: "_xp.sum",
    Op.PRODUCT: "_xp.prod",
    Op.MAX: "_xp.amax",
    Op.MIN: "_xp.amin",
    Op.ARGMAX: "_xp.argmax",
    Op.ARGMIN: "_xp.argmin",
}
NEUTRAL: Mapping[Op, str] = {Op.NONE: "0.0", Op.SUM: "0.0", Op.PRODUCT: "1.0", Op.MAX: "-_xp.inf", Op.MIN: "_xp.inf"}
OF_MATRICES: Mapping[type[Opaque], str] = {
    opaque.Inverse: "_xp.linalg.inv({0})",
    opaque.Determinant: "_xp.linalg.det({0})",
    opaque.Adjugate: "_xp.linalg.det({0})*_xp.linalg.inv({0})",
    opaque.Solve: "_xp.linalg.solve({0}, {1})",
    opaque.SolveVector: "_xp.linalg.solve({0}, {1})",
    opaque.SolveTransposed: "_xp.linalg.solve({0}.T, {1})",
    opaque.SolveVectorTransposed: "_xp.linalg.solve({0}.T, {1})",
    opaque.LogDeterminant: "_xp.linalg.slogdet({0})[1]",
    opaque.LogDeterminantSpd: "_xp.linalg.slogdet({0})[1]",
    opaque.Cholesky: "_xp.linalg.cholesky({0})",
    opaque.FactorSolve: "_xp.cho_solve({0}, {1})",
    opaque.FactorSolveVector: "_xp.cho_solve({0}, {1})",
    opaque.FactorInverse: "_xp.cho_solve({0}, _xp.eye({0}.shape[0], dtype={0}.dtype))",
    opaque.FactorLogDeterminant: "2*_xp.sum(_xp.log(_xp.diagonal({0})), axis=(0,))",
}
_LETTERS = "ijklmnpqrstuvwxyzabcdefgh"


class ArrayPrinter(SourcePrinter):
    """Scalar expressions as expressions of arrays of the library `_xp`; `span` spells an index as a number."""

    def __init__(self, place: Callable[[Read], str], span: Callable[[sp.Symbol], str] = str) -> None:
        super().__init__(place)
        self.span = span

    def _print_Symbol(self, expr: sp.Symbol) -> str:
        return self.span(expr)

    def _call(self, name: str, args: tuple[Expr, ...]) -> str:
        return f"_xp.{name.removeprefix('math.').removeprefix('_')}({', '.join(self._print(a) for a in args)})"

    def _real_call(self, name: str, args: tuple[Expr, ...]) -> str:
        return self._call(name, args)

    def _constant(self, name: str) -> str:
        return f"_xp.{name}"

    def _print_Abs(self, expr: Expr) -> str:
        return f"_xp.abs({self._print(expr.args[0])})"

    def _print_floor(self, expr: Expr) -> str:
        return f"_xp.floor({self._print(expr.args[0])})"

    def _print_ceiling(self, expr: Expr) -> str:
        return f"_xp.ceil({self._print(expr.args[0])})"

    def _print_KroneckerDelta(self, expr: Expr) -> str:
        return f"_xp.where({' == '.join(self._atom(a) for a in expr.args)}, 1.0, 0.0)"

    def _print_Piecewise(self, expr: Expr) -> str:
        pairs = [(self._print(pair.args[0]), pair.args[1]) for pair in expr.args]
        text = pairs.pop()[0] if pairs[-1][1] == sp.true else "_xp.nan"
        for value, condition in reversed(pairs):
            text = f"_xp.where({self._print(condition)}, {value}, {text})"
        return text

    def _print_And(self, expr: Expr) -> str:
        return " & ".join(f"({self._print(a)})" for a in sorted(expr.args, key=sp.default_sort_key))

    def _print_Or(self, expr: Expr) -> str:
        return " | ".join(f"({self._print(a)})" for a in sorted(expr.args, key=sp.default_sort_key))

    def _print_Not(self, expr: Expr) -> str:
        return f"~({self._print(expr.args[0])})"

    def _extremum(self, name: str, args: tuple[Expr, ...]) -> str:
        if len(args) == 1:
            return str(self._print(args[0]))
        return f"_xp.{name.removeprefix('_')}({self._print(args[0])}, {self._extremum(name, args[1:])})"


def transcribe(program: Program) -> str:
    """A Python function `f(_xp, arguments…)` with the program's outputs as a tuple; `_xp` is an array namespace.

    Raises BuildError for what array libraries have no plain words for: solvers, data-dependent shapes.

    >>> from eqc.ir.terms import Index, extent_symbol, read
    >>> from eqc.ir.program import Extent, Program, Statement, Tensor
    >>> n, i = extent_symbol("n"), Index("i", extent_symbol("n"))
    >>> x = Tensor("x", (n,))
    >>> total = Statement(Tensor("s"), (i,), (), Op.SUM, read("x", (i.symbol,))**3)
    >>> size = Extent("n", "x", 0, sp.Symbol("_size"))
    >>> print(transcribe(Program("cubes", (x,), (), ("x",), (size,), (total,), ("s",))))
    def cubes(_xp, x):
        n = x.shape[0]
        s = _xp.sum(x**3, axis=(0,))
        return (s,)
    """
    lines = [f"def {program.name}(_xp, {', '.join(program.arguments)}):"]
    lines += [f"    {extent.name} = {_solution(extent)}" for extent in program.extents]
    lines += [f"    {line}" for statement in program.statements for line in _Writer(statement, program.tensors).lines()]
    lines.append(f"    return ({', '.join(program.outputs)},)")
    return "\n".join(lines)


def _solution(extent: Extent) -> str:
    """How an extent follows from the length of an axis."""
    length = sp.Symbol(f"{extent.input}.shape[{extent.axis}]", integer=True)
    lengths = {symbol: length for symbol in extent.solution.free_symbols if symbol.name == "_size"}
    return ArrayPrinter(str).index_source(extent.solution.subs(lengths))


class _Writer:
    """One statement; the grid's axes are the free loops in the target's order, then the bound ones."""

    def __init__(self, statement: Statement, tensors: Mapping[str, Tensor]) -> None:
        if isinstance(statement.body, Opaque) and (statement.loops or type(statement.body) not in OF_MATRICES):
            raise _refusal(statement, f"{type(statement.body).__name__} is not transcribed")
        self.statement, self.tensors = statement, tensors
        self.loops = (*statement.free, *statement.bound)
        self.axis = {loop.symbol: number for number, loop in enumerate(self.loops)}
        self.printer = ArrayPrinter(self.place, lambda symbol: str(self._range(symbol)))

    def lines(self) -> list[str]:
        statement = self.statement
        if isinstance(statement.body, Opaque):
            names = [operand.tensor for operand in statement.body.operands]
            return [f"{statement.target.name} = {OF_MATRICES[type(statement.body)].format(*names)}"]
        if statement.scatter:
            return self._scatter()
        product = self._product()
        if product is not None:
            return [f"{statement.target.name} = {product}"]
        body = self._masked(self.printer.source(statement.body))
        if len(self._axes_of(statement.body)) < len(self.loops):
            body = f"_xp.broadcast_to({body}, {self._shape()})"
        return [f"{statement.target.name} = {self._reduced(body)}"]

    def _reduced(self, body: str) -> str:
        """The body summed (or whatever the statement does) over the bound loops."""
        op, axes = self.statement.op, tuple(range(len(self.statement.free), len(self.loops)))
        if op is Op.NONE:
            return body
        return f"{REDUCTIONS[op]}({body}, axis={axes[0] if op in (Op.ARGMAX, Op.ARGMIN) else axes})"

    def _scatter(self) -> list[str]:
        target, at = self.statement.target, self.statement.positions
        extents = [self.printer.index_source(extent) for extent in target.shape]
        value = f"_xp.broadcast_to({self._masked(self.printer.source(self.statement.body))}, {self._shape()})"
        bounds = [f"_xp.clip({self._integers(p)}, 0, {n} - 1)" for p, n in zip(at, extents, strict=True)]
        places = ", ".join(f"_xp.broadcast_to({bound}, {self._shape()})" for bound in bounds)
        return [f"{target.name} = _xp.scatter_add(({', '.join(extents)},), ({places},), {value})"]

    def place(self, read: Read) -> str:
        """A read as an array over the grid."""
        if not read.positions:
            return read.tensor
        if not self._is_whole(read):
            return f"{read.tensor}[{', '.join(self._position(read, n) for n in range(len(read.positions)))}]"
        axes = [self.axis[position] for position in read.positions]
        order = sorted(range(len(axes)), key=axes.__getitem__)
        moved = read.tensor if order == sorted(order) else f"_xp.permute_dims({read.tensor}, {tuple(order)})"
        return f"{moved}{self._spread(axes)}"

    def _is_whole(self, read: Read) -> bool:
        """Whether a read runs over all of its array, each loop along one axis."""
        extents = [self.loops[self.axis[p]].extent for p in read.positions if p in self.axis]
        return extents == list(self.tensors[read.tensor].shape) and len(set(read.positions)) == len(extents)

    def _spread(self, axes: list[int]) -> str:
        """New axes of length 1 for the loops that a read does not use; leading ones come by themselves."""
        first = min(axes)
        parts = [":" if n in axes else "None" for n in range(first, len(self.loops))]
        return "" if "None" not in parts else f"[{', '.join(parts)}]"

    def _position(self, read: Read, number: int) -> str:
        position = read.positions[number]
        text = self._integers(position)
        if position in self.axis:
            return text
        return f"_xp.clip({text}, 0, {read.tensor}.shape[{number}] - 1)"  # a guarded read may lie outside

    def _integers(self, position: Expr) -> str:
        return self.printer.index_source(position.subs({s: self._range(s) for s in position.free_symbols}))

    def _range(self, symbol: Expr) -> Expr:
        """An index as the array of its values along its axis."""
        if isinstance(symbol, Read):
            return sp.Symbol(self.place(symbol), integer=True)
        if symbol not in self.axis:
            return symbol
        number = self.axis[symbol]
        spread = "" if number == len(self.loops) - 1 else f"[:{', None' * (len(self.loops) - 1 - number)}]"
        return sp.Symbol(f"_xp.arange({self.printer.index_source(self._box()[number])}){spread}", integer=True)

    def _box(self) -> tuple[Expr, ...]:
        return box(self.loops)

    def _shape(self) -> str:
        extents = ", ".join(map(self.printer.index_source, self._box()))
        return f"({extents},)"

    def _is_ragged(self) -> bool:
        return tuple(loop.extent for loop in self.loops) != self._box()

    def _masked(self, body: str) -> str:
        """Rounds of the box that a ragged loop or a guard leaves out give the neutral number."""
        conditions = [
            f"({self._integers(loop.symbol)} < {self._integers(loop.extent)})"
            for loop, extent in zip(self.loops, self._box(), strict=True)
            if loop.extent != extent
        ]
        if self.statement.guard != sp.true:
            conditions.append(f"({self.printer.source(self.statement.guard)})")
        if not conditions:
            return body
        if self.statement.op not in NEUTRAL:
            raise _refusal(self.statement, "the place of an extremum over a ragged range is not transcribed")
        return f"_xp.where({' & '.join(conditions)}, {body}, {NEUTRAL[self.statement.op]})"

    def _axes_of(self, expression: Expr) -> set[str]:
        """The loops that an expression depends on."""
        names = {loop.name for loop in self.loops}
        return names & free_names(expression)

    def _product(self) -> str | None:
        """A sum of a product of whole arrays as a contraction."""
        statement = self.statement
        if statement.op is not Op.SUM or statement.guard != sp.true or self._is_ragged():
            return None
        numbers: list[Expr] = []
        arrays: list[Read] = []
        for factor in sp.Mul.make_args(statement.body):
            (arrays if isinstance(factor, Read) and factor.positions else numbers).append(factor)
        if len(arrays) < 2 or any(free_names(number) & {loop.name for loop in self.loops} for number in numbers):
            return None
        if not all(map(self._is_whole, arrays)):
            return None
        if {p for read in arrays for p in read.positions} != set(self.axis):
            return None
        operands = ",".join("".join(_LETTERS[self.axis[p]] for p in read.positions) for read in arrays)
        result = _LETTERS[: len(statement.free)]
        call = f"_xp.einsum({f'{operands}->{result}'!r}, {', '.join(read.tensor for read in arrays)})"
        scale = sp.Mul(*numbers)
        return call if scale == 1 else f"{self.printer.parenthesize(scale, 50)}*{call}"


def _refusal(statement: Statement, rule: str) -> BuildError:
    return BuildError(None, written=statement.target.name, rule=rule, remedy="time the kernels alone")


def compile_transcription(program: Program) -> Callable[..., Any]:
    """The transcription as a function, loaded from a file that is gone afterwards."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "transcribed.py"
        file.write_text(transcribe(program), encoding="utf-8")
        spec = importlib.util.spec_from_file_location("transcribed", file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    found: Callable[..., Any] = getattr(module, program.name)
    return found
