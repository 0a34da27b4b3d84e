"""The order of the stages: record -> notation -> program -> derivatives -> schedule -> source.

This is the one module that knows the order; each stage knows only its own input and output.
"""

from __future__ import annotations

from dataclasses import dataclass

from eqc.derive.assemble import derivative_programs
from eqc.emit.docs import Documentation
from eqc.emit.module import Kernel, module_source
from eqc.errors import NotationError
from eqc.ir.program import Program
from eqc.ir.show import show_statement
from eqc.notation.lower import lower
from eqc.notation.roles import find_roles
from eqc.records.catalog import Catalog
from eqc.records.model import Record
from eqc.schedule.passes import schedule


@dataclass(frozen=True, slots=True)
class Compiled:
    """The source of a generated module and the ids of the records that it is made from besides its own."""

    text: str
    composes: tuple[str, ...]


class Compiler:
    """The programs of a project's records, each lowered once."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.ids = frozenset(catalog.ids())
        self._programs: dict[str, Program] = {}
        self._uses: dict[str, set[str]] = {}
        self._open: list[str] = []

    def program(self, record_id: str) -> Program:
        """The value program of a record; composition in a circle is an error."""
        if self._open:
            self._uses.setdefault(self._open[-1], set()).add(record_id)
        if record_id in self._open:
            raise self._cycle(record_id)
        if record_id not in self._programs:
            self._open.append(record_id)
            try:
                record = self.catalog.get(record_id)
                self._programs[record_id] = lower(record, find_roles(record, self.ids), self.program, self.ids)
            finally:
                self._open.pop()
        return self._programs[record_id]

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


def compile_record(record_id: str, catalog: Catalog) -> Compiled:
    """Everything that `eqc build` writes for a record, below the header."""
    compiler = Compiler(catalog)
    record, value = catalog.get(record_id), compiler.program(record_id)
    kernels = []
    for kind, program in derivative_programs(value).items():
        scheduled = schedule(program)
        kernels.append(Kernel(kind, scheduled, _kernel_documentation(record, kind, scheduled)))
    updates = {n: e.updates for n, e in record.symbols.items() if e.updates}
    text = module_source(schedule(value), kernels, _heading(record), updates)
    return Compiled(text, compiler.composes(record_id))


def check_record(record_id: str, catalog: Catalog) -> None:
    """Read a record and lower its formula; an EqcError says what is wrong."""
    Compiler(catalog).program(record_id)


def _heading(record: Record) -> Documentation:
    lines = ["", record.summary] if record.summary else []
    lines += ["", *(f"    {line}" for latex in record.latex[:1] for line in latex.splitlines())]
    lines += ["", *(_glossary_line(record, name) for name in record.symbols)]
    lines += ["", *(f"Source: {', '.join(p for p in (s.title, s.section, s.url) if p)}" for s in record.sources)]
    return Documentation(f"{record.title}.", tuple(lines))


def _glossary_line(record: Record, name: str) -> str:
    entry = record.symbols[name]
    shape = f"[{', '.join(axis.text for axis in entry.shape)}]" if entry.shape else ""
    domain = f" ({entry.domain.name})" if entry.domain.name not in ("real", "interval") else ""
    return f"{name}{shape}{domain}: {entry.meaning}".rstrip(": ")


_KINDS = {
    "value": "{title}",
    "jvp": "Tangents of the outputs of {id}, for tangents of its inputs",
    "vjp": "Cotangents of the inputs of {id}, for cotangents of its outputs",
    "gradient": "Gradient of {id} in its differentiable inputs",
    "value_and_gradient": "Value of {id} and its gradient, sharing their work",
    "hvp": "Hessian of {id} times directions of its inputs",
    "jacobian": "Jacobian of {id}: output axes, then input axes",
    "hessian": "Hessian of {id}: axes of the first input, then of the second",
}


def _kernel_documentation(record: Record, kind: str, program: Program) -> Documentation:
    summary = _KINDS[kind].format(title=record.title, id=record.id)
    statements = tuple(f"    {show_statement(s)}" for s in program.statements[:12])
    more = (f"    … {len(program.statements) - 12} more",) if len(program.statements) > 12 else ()
    return Documentation(f"{summary}.", ("", *statements, *more))
