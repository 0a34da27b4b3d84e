"""The order of the stages: record -> notation -> program -> derivatives -> schedule -> source.

This is the one module that knows the order; each stage knows only its own input and output.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from eqc.derive.assemble import derivative_programs
from eqc.derive.batched import batched, over_items
from eqc.derive.implicit import slope_program
from eqc.derive.jvp import jvp
from eqc.derive.leaving import can_be_widened, can_leave_range
from eqc.derive.optimality import optimality
from eqc.derive.pairs import Pairs, pairs_of
from eqc.derive.rounding import Guarded, guard
from eqc.derive.vjp import vjp
from eqc.documentation import kernel_documentation, module_documentation, summary
from eqc.emit.docs import Documentation
from eqc.emit.module import Kernel, function_name, module_source
from eqc.emit.names import RESERVED
from eqc.emit.wide_module import WIDE_FOLDER, wide_module_source
from eqc.errors import BuildError, NotationError
from eqc.ir.program import Program
from eqc.ir.solver import Problem, problems
from eqc.ir.spec import check
from eqc.notation.builder import Calculus
from eqc.notation.lower import lower
from eqc.notation.roles import find_roles
from eqc.present.derivative import derivative
from eqc.present.glossary import Glossary
from eqc.present.report import Derived, report
from eqc.records.bindings import Bindings, bound_id, named_bindings, with_defaults
from eqc.records.catalog import Catalog
from eqc.records.model import Record
from eqc.rewrite.passes import rewrite
from eqc.schedule.clean import drop_dead, rename_copies
from eqc.schedule.passes import schedule
from eqc.schedule.separate import separate_outputs


@dataclass(frozen=True, slots=True)
class Compiled:
    """The source of a generated module and the ids of the records that it is made from besides its own.

    `siblings` are further modules by name: the same kernels with functions bound to records, in wide numbers, and for
    many items with the same matrices.
    """

    text: str
    composes: tuple[str, ...]
    siblings: Mapping[str, str] = field(default_factory=dict)


class Compiler:
    """The programs of a project's records, each lowered once."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.ids = frozenset(catalog.ids())
        self._programs: dict[tuple[str, Bindings], Program] = {}
        self._uses: dict[str, set[str]] = {}
        self._open: list[str] = []

    def composed(self, record_id: str) -> Program:
        """The program of a record as a part of another one: its functions are what they are by default."""
        return self.program(record_id, with_defaults(self.catalog.get(record_id), {}))

    def program(self, record_id: str, bindings: Bindings = ()) -> Program:
        """The value program of a record; composition in a circle is an error."""
        if self._open:
            self._uses.setdefault(self._open[-1], set()).add(record_id)
        if record_id in self._open:
            raise self._cycle(record_id)
        key = record_id, bindings
        if key not in self._programs:
            self._open.append(record_id)
            try:
                record = self.catalog.get(record_id)
                _refuse_reserved(record)
                roles = find_roles(record, self.ids, self._position_arguments)
                lowered = lower(roles.record, roles, self.composed, self.ids, dict(bindings), _calculus(record))
                self._programs[key] = rename_copies(lowered)
            finally:
                self._open.pop()
        return self._programs[key]

    def _position_arguments(self, record_id: str) -> tuple[bool, ...]:
        """Which arguments of a record are single integers that it reads as positions."""
        program = self.composed(record_id)
        positions = {t.name for t in program.inputs if t.integer and not t.rank}
        return tuple(name in positions for name in program.arguments)

    def _cycle(self, record_id: str) -> NotationError:
        circle = [*self._open[self._open.index(record_id) :], record_id]
        return NotationError(
            self.catalog.get(self._open[-1]).span,
            written=f"{record_id}(…)",
            rule=f"records are composed in a circle: {' -> '.join(circle)}",
            remedy="write one of them out instead of calling the other",
        )

    def composes(self, record_id: str) -> tuple[str, ...]:
        """The ids of all records that a record uses, transitively, sorted."""
        self.program(record_id)
        found: set[str] = set()
        stack = [record_id]
        while stack:
            for used in self._uses.get(stack.pop(), ()):
                if used not in found:
                    found.add(used)
                    stack.append(used)
        return tuple(sorted(found))


def _calculus(record: Record) -> Calculus:
    """Derivatives inside formulas are those of the stable forms."""

    def stable(program: Program) -> Program:
        return rewrite(program, stable=record.stabilise)

    return Calculus(lambda program: jvp(stable(program)), lambda program: vjp(stable(program)), optimality)


def compile_record(
    record_id: str, catalog: Catalog, accuracy: Callable[[tuple[str, ...]], str] | None = None
) -> Compiled:
    """Everything that `eqc build` writes for a record, below the header.

    `accuracy` gives the line that says how accurate the kernels were found, for the ids of the composed records.
    """
    compiler = Compiler(catalog)
    named = ((), *named_bindings(catalog.get(record_id)))
    for bindings in named:
        compiler.program(record_id, bindings)
    composes = compiler.composes(record_id)
    line = accuracy(composes) if accuracy is not None else ""
    modules: dict[str, str] = {}
    for bindings in named:
        modules |= _modules(compiler, record_id, bindings, line)
    return Compiled(modules.pop(record_id), composes, modules)


def compile_bound(record_id: str, bindings: Bindings, catalog: Catalog) -> Compiled:
    """The kernels of a record with some of its functions bound to records."""
    compiler = Compiler(catalog)
    modules = _modules(compiler, record_id, bindings)
    return Compiled(modules.pop(bound_id(record_id, bindings)), compiler.composes(record_id), modules)


def _modules(compiler: Compiler, record_id: str, bindings: Bindings, accuracy: str = "") -> dict[str, str]:
    """The module of the kernels, and those in wide numbers and for many items if there are any, by name."""
    record = compiler.catalog.get(record_id)
    name = bound_id(record_id, bindings)
    value = replace(compiler.program(record_id, bindings), name=name)
    kernels = []
    derived = derivative_programs(rewrite(value, stable=record.stabilise), record.derivatives)
    programs = {kind: check(schedule(check(program))) for kind, program in derived.items()}
    watched = [kind for kind in programs if is_watched(record, kind, programs)]
    for kind, scheduled in programs.items():
        documentation = kernel_documentation(record, kind, scheduled, value)
        guarded = guarded_of(record, scheduled)
        if guarded is None:
            pairs = pairs_in(record, scheduled)
            kept = {name: name in pairs.kept for name in pairs.reasons}
            kernels.append(Kernel(kind, scheduled, documentation, watched=kind in watched, pairs=kept))
        else:
            exact = check(separate_outputs(scheduled))
            kernels.append(Kernel(kind, check(_tidied(guarded)), documentation, guarded.doubt, exact))
    updates = {n: e.updates for n, e in record.symbols.items() if e.updates}
    kernels = _sharing(kernels, function_name(name, "value_and_gradient"))
    solvers = {p: _equations(p, stable=record.stabilise) for p in problems(k.program for k in kernels)}
    twins = _batched_kernels(record, value, [kind for kind in _BATCHED if kind in programs], watched)
    kinds = tuple(twin.kind for twin in twins)
    heading = module_documentation(record, bindings, accuracy)
    modules = {name: module_source(schedule(value), kernels, heading, updates, solvers, batched=kinds)}
    if twins:
        note = Documentation(f"{name} for many items with the same matrices.", ())
        modules[f"{BATCHED_FOLDER}/{name}"] = module_source(twins[0].program, twins, note, {}, {}, "...")
    wide = {
        function_name(name, kind): check(separate_outputs(programs[kind]))
        for kind in programs
        if any(kind in _WIDENED.get(w, (w,)) for w in watched)
    }
    return modules | ({f"{WIDE_FOLDER}/{name}": wide_module_source(name, wide)} if wide else {})


BATCHED_FOLDER = "_batched"
"""The folder beside the kernels in which those for many items stand; they are imported when such a call comes."""

_BATCHED = ("value", "jvp", "vjp", "value_and_vjp")
"""The kernels whose results for items with the same matrices are either an item's own or summed over the items."""


def _batched_kernels(record: Record, value: Program, kinds: Collection[str], watched: Collection[str]) -> list[Kernel]:
    """The kernels of many items at once, the value first; none if that makes no product of matrices."""
    whole = batched(rewrite(value, stable=record.stabilise))
    if whole is None or record.accuracy == "high":
        return []
    programs = {kind: check(schedule(check(p))) for kind, p in derivative_programs(whole).items() if kind in kinds}
    kept = {kind: pairs_in(record, program) for kind, program in programs.items()}
    return [
        Kernel(
            kind,
            program,
            Documentation(f"{summary(record, kind, value.name)}, for many items.", ()),
            watched=kind in watched,
            pairs={name: name in kept[kind].kept for name in kept[kind].reasons},
        )
        for kind, program in programs.items()
    ]


_WIDENED = {"gradient": ("vjp",), "value_and_gradient": ("value", "vjp"), "value_and_vjp": ("value", "vjp")}
"""Of which kernels in wide numbers the results of others are taken."""


def is_watched(record: Record, kind: str, programs: Mapping[str, Program]) -> bool:
    """Whether results that are not finite are tried again in wide numbers: where that may help, and cannot last."""
    program = programs[kind]
    seeds = [name for name in program.arguments if name not in programs["value"].arguments]
    return (
        record.stabilise
        and guarded_of(record, program) is None
        and all(can_be_widened(programs[needed]) for needed in _WIDENED.get(kind, (kind,)))
        and (can_leave_range(program, seeds) or bool(pairs_in(record, program).reasons))
    )


def _sharing(kernels: Sequence[Kernel], both: str) -> list[Kernel]:
    """Guarded kernels compile long: that of value and gradient gives the gradient too."""
    if not all(k.doubt for k in kernels if k.kind in ("gradient", "value_and_gradient")):
        return list(kernels)
    return [replace(k, doubt="", exact=None, within=both) if k.kind == "gradient" else k for k in kernels]


def _equations(problem: Problem, *, stable: bool) -> tuple[Program, Program]:
    """The residual of a problem and its derivative in the unknown, ready to be emitted."""
    residual = rewrite(problem.residual, stable=stable)
    slope = slope_program(Problem(problem.method, residual, problem.guides, problem.unknowns), jvp)
    return check(schedule(check(residual))), check(schedule(check(slope)))


def plain_programs(
    record_id: str,
    catalog: Catalog,
    bindings: Bindings = (),
    *,
    wrt: Collection[str] | None = None,
    shared: Collection[str] | None = None,
    dense: Collection[str] = (),
) -> Mapping[str, Program]:
    """A record's programs by kind as the formula is printed: derived and tidied up, but not stabilised.

    `wrt` are the inputs that it is differentiated in, if not all. With `shared`, the inputs that many items have in
    common, the programs run over these; raises BuildError where they cannot. `dense` asks for "hessian" as well.
    """
    program = Compiler(catalog).program(record_id, bindings)
    if wrt is not None:
        inputs = [replace(t, differentiable=t.differentiable and t.name in wrt) for t in program.inputs]
        program = replace(program, inputs=tuple(inputs))
    if shared is not None:
        lifted = over_items(program, shared)
        if lifted is None:
            rule, remedy = f"{record_id} has no form for many items that share these", "leave `shared` out"
            raise BuildError(None, written=", ".join(shared), rule=rule, remedy=remedy)
        program = lifted
    return {kind: schedule(program) for kind, program in derivative_programs(program, dense).items()}


def guarded_of(record: Record, program: Program) -> Guarded | None:
    """The program with the bound of its rounding, where the record buys it and there is one: it costs speed."""
    return guard(program) if record.stabilise and record.accuracy == "high" else None


def pairs_in(record: Record, program: Program) -> Pairs:
    """What is computed in pairs of floats: nothing for a record that wants no stability."""
    if not record.stabilise:
        return Pairs()
    domains = {name: entry.domain for name, entry in record.symbols.items()}
    signs = {name: domain.sign for name, domain in domains.items() if domain.sign}
    return pairs_of(program, signs, [name for name, domain in domains.items() if domain.is_fraction])


def _tidied(guarded: Guarded) -> Program:
    """The program with its doubt, without errors that no result depends on."""
    program = guarded.program
    kept = drop_dead(replace(program, outputs=(*program.outputs, guarded.doubt)))
    return replace(kept, outputs=program.outputs)


def _refuse_reserved(record: Record) -> None:
    """A record is a function of its module, so its id must not hide what the module calls."""
    if record.id in RESERVED:
        raise NotationError(
            record.span,
            written=record.id,
            rule=f"generated code uses the name {record.id} itself",
            remedy=f"rename the file, for example to {record.id}_function.yaml",
        )


def check_record(record_id: str, catalog: Catalog) -> None:
    """Read a record and lower its formula; an EqcError says what is wrong."""
    Compiler(catalog).program(record_id)


def derive(record_id: str, wrt: str, order: int, catalog: Catalog) -> Derived:
    """The derivative of a record as a person would write it, in every notation.

    Raises DerivationError if `wrt` is no differentiable input, or for second derivatives of outputs with axes.
    """
    compiler = Compiler(catalog)
    value = compiler.program(record_id)
    record = catalog.get(record_id)
    patterns = {name: entry.index for name, entry in record.symbols.items() if entry.index}
    forms = derivative(value, wrt, order, patterns, record.symbols)
    kind = ("gradient" if "gradient" in derivative_programs(value) else "vjp") if order == 1 else "hvp"
    code = _kernel_source(compile_record(record_id, catalog).text, function_name(record_id, kind))
    return report(forms, value, Glossary.of(record), code)


def _kernel_source(module: str, name: str) -> str:
    """The functions of one kernel, cut out of a module."""
    blocks = [b for b in module.split("\n\n\n") if f"def {name}(" in b or f"def _{name}(" in b]
    return "\n\n\n".join(blocks)
