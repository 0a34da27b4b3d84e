"""A record's generated module: signature, docstrings and, per kernel, three functions.

`_f` works on one item and writes array results to buffers; `f` allocates and calls it; `f_into` runs over flattened
leading axes. A kernel whose results are numbers needs no `_f`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from eqc.emit import teamed, watch
from eqc.emit.body import Body
from eqc.emit.checks import extent_lines
from eqc.emit.docs import Documentation, docstring
from eqc.emit.names import words
from eqc.emit.pieces import constant_tables, core_name, import_lines, indented, items_loop
from eqc.emit.signature import signature
from eqc.emit.solve import EQUATION_WORDS, Equations, unpacked
from eqc.emit.wide_function import WideFunction
from eqc.ir.products import is_small
from eqc.ir.program import Program
from eqc.ir.solver import Problem
from eqc.ir.terms import Converged

_INDENT = "    "


@dataclass(frozen=True, slots=True)
class Kernel:
    """One function to emit: its kind ("value", "vjp", …), its program and what its docstring says.

    With a `doubt`, a number that the program computes too, `exact` is run in wide numbers where it is positive. A
    kernel that is `within` another one calls it and leaves out its first result. One that is `watched` tells whether a
    result is not finite. Statements in `pairs` are computed in pairs of floats, which say whether both are kept.
    """

    kind: str
    program: Program
    doc: Documentation
    doubt: str = ""
    exact: Program | None = None
    within: str = ""
    watched: bool = False
    pairs: Mapping[str, bool] = field(default_factory=dict)


def function_name(record_id: str, kind: str) -> str:
    """The public name of a kernel.

    >>> function_name("softmax", "value"), function_name("softmax", "vjp")
    ('softmax', 'softmax_vjp')
    """
    return record_id if kind == "value" else f"{record_id}_{kind}"


def module_source(
    value: Program,
    kernels: Sequence[Kernel],
    heading: Documentation,
    updates: Mapping[str, str],
    solvers: Mapping[Problem, tuple[Program, Program]],
    dots: str = "..",
    batched: tuple[str, ...] = (),
) -> str:
    """The whole module, without the header that freshness checks read.

    `solvers` gives the programs of every problem's residual and of its derivative, inner problems first. `dots` lead to
    the folder of the helpers. Kernels that are `batched` have a counterpart for many items with the same matrices.
    """
    module = _Module(value, kernels, _equation_names(value.name, solvers))
    for problem, programs in solvers.items():
        module.add_equation(problem, programs)
    for kernel in kernels:
        module.add_kernel(kernel)
    body = "\n\n\n".join(module.blocks)
    lead = [docstring(heading, ""), "", *import_lines(body, module.used, dots)]
    return "\n".join([*lead, "", f"SIGNATURE = {module.signature(updates, batched)}", "", "", body, ""])


class _Module:
    """The blocks of a module as they are written one after the other, and the helpers that they have `used`."""

    def __init__(self, value: Program, kernels: Sequence[Kernel], equations: Mapping[Problem, Equations]) -> None:
        self.value = value
        self.kernels = kernels
        self.equations = equations
        self.blocks: list[str] = []
        self.narrow = not any(statement.body.has(Converged) for statement in value.statements)
        self.used = {"_KernelCompiler"} if self.narrow else set()
        self.reserved = self._reserved()
        self.functions = {kernel.kind: self._function(kernel) for kernel in kernels}

    def add_equation(self, problem: Problem, programs: tuple[Program, Program]) -> None:
        """Write the residual of a problem, its derivative, and the function that solves it."""
        names = self.equations[problem]
        for name, program in zip((names.residual, names.slope), programs, strict=True):
            function = Body(program, self.reserved | EQUATION_WORDS, name, self.equations, own_dtype="np.float64")
            self._take(function, [_equation(function, name, problem, self.narrow)])
        self.blocks.append(names.solver(problem))
        self.used.add(f"_{problem.method.value}")

    def add_kernel(self, kernel: Kernel) -> None:
        """Write the functions of a kernel; a kernel that it is within must have been written before."""
        name, function = self._name(kernel), self.functions[kernel.kind]
        if kernel.exact is not None:
            wide = WideFunction(kernel.exact, self.reserved, name)
            self._take(wide, [_wide_core(wide, f"_{name}_wide", name)])
        if kernel.within:
            function.sharing = next(f.sharing for f in self.functions.values() if f.name == kernel.within)
        function.fallback = f"_{name}_wide({', '.join(_parameters(function))})"
        self._take(function, _functions(function, name, kernel, self.narrow))

    def signature(self, updates: Mapping[str, str], batched: tuple[str, ...]) -> str:
        """What the module says about itself, once all kernels are written."""
        kinds = tuple(kernel.kind for kernel in self.kernels)
        needs = {kernel.kind: tuple(str(name) for name in kernel.program.applied) for kernel in self.kernels}
        watched = tuple(kernel.kind for kernel in self.kernels if kernel.watched)
        teams = tuple(kind for kind, function in self.functions.items() if function.sharing)
        return signature(self.value, kinds, updates, needs, watched, batched, self._optional(), teams)

    def _take(self, function: Body, written: Sequence[str]) -> None:
        self.blocks += [*constant_tables(function), *written]
        self.used |= function.printer.used

    def _name(self, kernel: Kernel) -> str:
        return function_name(self.value.name, kernel.kind)

    def _reserved(self) -> frozenset[str]:
        """The names of the module's functions, which nothing in them may bear."""
        public = [self._name(kernel) for kernel in self.kernels]
        private = [name for e in self.equations.values() for name in (e.residual, e.slope, e.solve)]
        return frozenset([*public, *(f"{name}_into" for name in public), *private])

    def _function(self, kernel: Kernel) -> Body:
        return Body(
            kernel.program,
            self.reserved,
            self._name(kernel),
            self.equations,
            doubt=kernel.doubt,
            watches=kernel.watched,
            pairs=kernel.pairs,
        )

    def _optional(self) -> dict[str, tuple[int, ...]]:
        """The results, by number, that need not be stored where nobody wants them; values always are wanted."""
        optional = {}
        for kernel in self.kernels:
            function = self.functions[kernel.kind]
            chosen = [name for name in function.array_outputs if name not in self.value.outputs]
            if kernel.kind in _CHOSEN and not kernel.within and len(chosen) > 1:
                outputs = enumerate(kernel.program.outputs)
                free = [name for name in chosen if name in function.optional]
                optional[kernel.kind] = tuple(n for n, name in outputs if name in free)
        return optional


_CHOSEN = ("vjp", "gradient", "value_and_gradient", "value_and_vjp")
"""The kernels of whose results callers choose some."""


def _equation_names(record_id: str, problems: Iterable[Problem]) -> dict[Problem, Equations]:
    """The functions of each problem, numbered where there are several."""
    problems = list(problems)
    numbers = [""] if len(problems) == 1 else [str(n + 1) for n in range(len(problems))]
    return {
        p: Equations(*(f"_{record_id}_{part}{n}" for part in ("residual", "slope", "solve")))
        for p, n in zip(problems, numbers, strict=True)
    }


def _equation(function: Body, name: str, problem: Problem, narrow: bool) -> str:
    """The residual of a problem, or its derivative, as a function that writes to its last argument."""
    body = function.body()
    buffers = [function.names[n] for n in function.array_outputs]
    if not buffers:
        place = "out[0]" if name == function.solvers[problem].residual else "out[0, 0]"
        body[-1] = body[-1].replace("return", f"{place} =", 1)
    names = [function.names[a] for a in function.program.arguments]
    head, lines = unpacked(problem, names, (buffers or ["out"])[0], body)
    return "\n".join([_jit(narrow=narrow), f"def {name}({head}):", *indented(lines)])


def _functions(function: Body, name: str, kernel: Kernel, narrow: bool) -> list[str]:
    """The source blocks of one kernel."""
    program = function.program
    arguments, jit = function.arguments, _jit(program, narrow=narrow)
    function.printer.used |= {"_DoubleCompiler"} if narrow and function.doubled else set()
    core_jit = _jit(program, narrow=narrow, double=function.doubled, inline=_is_unrolled(program))
    if kernel.within:
        return _part_of(function, name, kernel, jit)
    buffers = [function.names[n] for n in function.array_outputs]
    body = function.body()
    doc = docstring(kernel.doc, _INDENT)
    blocks = []
    core = core_name(name) if buffers else name
    if buffers:
        head = ", ".join([*arguments, *buffers, *teamed.parameter(function)])
        text = [core_jit, f"def {core}({head}):", *indented(body)]
        blocks = [
            "\n".join(text),
            "\n".join([jit, f"def {name}({', '.join(arguments)}):", doc, *_allocating(function, core)]),
        ]
    else:
        lines = list(dict.fromkeys(_shape_checks(function)))
        lines += [line for line in body if line not in lines or ".shape[" not in line]
        head = ", ".join([*arguments, *teamed.parameter(function)])
        blocks = ["\n".join([core_jit, f"def {name}({head}):", doc, *indented(lines)])]
    blocks.append(items_loop(function, name, core, jit))
    return blocks


def _is_unrolled(program: Program) -> bool:
    """Whether a kernel runs through no loops, or only through some of a few rounds, always as many."""
    return all(is_small(loop) for statement in program.statements for loop in statement.loops)


def _part_of(function: Body, name: str, kernel: Kernel, jit: str) -> list[str]:
    """A kernel that gives the results of another one but the first: the other's core does the work."""
    head = [jit, f"def {name}({', '.join(function.arguments)}):", docstring(kernel.doc, _INDENT)]
    if function.array_outputs:
        core = core_name(kernel.within)
        body = _allocating(function, core, first="_, ")
    else:
        core, scalars = kernel.within, ", ".join(function.names[n] for n in function.scalar_outputs)
        body = indented([f"_, {scalars} = {core}({', '.join(function.arguments)})", f"return {scalars}"])
    return ["\n".join([*head, *body]), items_loop(function, name, core, jit, first="_, ")]


def _parameters(function: Body) -> list[str]:
    """The arguments of the core, buffers last."""
    return [*function.arguments, *(function.names[n] for n in function.array_outputs)]


def _wide_core(function: WideFunction, core: str, name: str) -> str:
    """The function in wide numbers, which runs where rounding has spoilt what floats gave."""
    body = indented([f'"""{name} in wide numbers, where rounding spoils it in floats."""', *function.body()])
    return "\n".join([_jit(narrow=False), f"def {core}({', '.join(_parameters(function))}):", *body])


def _jit(program: Program | None = None, *, narrow: bool, double: bool = False, inline: bool = False) -> str:
    """The decorator of a function.

    - Numba stores what it compiles for a function that was passed in and never finds it again: no cache for those.
    - A kernel without loops becomes a part of the loop over items, which can run in vectors only so: `inline`.
    - Wide numbers are made of float64, and so is an integral, whose estimates have to agree to more digits than
      float32 has: numbers are not made as `narrow` as the data there, nor in what computes in `double` precision.
    """
    options = {
        "cache=True": program is None or not program.applied,
        'error_model="numpy"': True,
        "forceinline=True": inline,
        "pipeline_class=_KernelCompiler": narrow and not double,
        "pipeline_class=_DoubleCompiler": narrow and double,
    }
    return f"@njit({', '.join(option for option, wanted in options.items() if wanted)})"


def _allocating(function: Body, core: str, first: str = "") -> list[str]:
    """The body of `f`: check shapes, allocate the results, call the core; `first` are results that are left out."""
    names, tensors = function.names, function.given.tensors
    lines = [*_shape_checks(function)]
    for output in function.array_outputs:
        kind = "np.int64" if tensors[output].integer else function.data_dtype()
        lines.append(f"{names[output]} = np.empty({function.shape(tensors[output].shape, result=True)}, {kind})")
    lines = [*_missing_extents(function, lines), *lines]
    given = function.arguments + [names[n] for n in function.array_outputs]
    call = f"{core}({', '.join(given)})"
    scalars = ", ".join([*(names[n] for n in function.scalar_outputs), *(["_"] if watch.watched(function) else [])])
    lines.append(f"{first}{scalars} = {call}" if scalars and scalars != "_" else call)
    lines.append(f"return {', '.join(names[n] for n in function.program.outputs)}")
    return indented(lines)


def _missing_extents(function: Body, lines: Sequence[str]) -> list[str]:
    have = {line.split(" = ")[0] for line in lines if ".shape[" in line}
    used = set(words("\n".join(lines)))
    return [line for line in extent_lines(function, used) if line.split(" = ")[0] not in have]


def _shape_checks(function: Body) -> list[str]:
    """Axes that must agree with an extent known from another input; wrong ones would read out of range."""
    program, names = function.given, function.names
    solved = {(e.input, e.axis) for e in program.extents}
    conditions: list[str] = []
    for tensor in program.inputs:
        for axis, extent in enumerate(tensor.shape):
            if (tensor.name, axis) not in solved:
                conditions.append(f"{names[tensor.name]}.shape[{axis}] != {function.whole(extent)}")
    if not conditions:
        return []
    used = set(words("\n".join(conditions)))
    lines = extent_lines(function, used)
    lines.append(f"if {' or '.join(conditions)}:")
    arrays = ", ".join(t.name for t in program.inputs if t.rank)
    lines.append(f'{_INDENT}raise ValueError("the shapes of {arrays} do not fit together")')
    return lines
