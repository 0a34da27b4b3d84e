"""What a generated module says of itself: the record in its heading, the program in the docstring of each kernel."""

from __future__ import annotations

from eqc.derive.conventions import conditions, conventions
from eqc.emit.docs import Documentation
from eqc.ir.program import Program
from eqc.ir.show import show_statement
from eqc.present.record import record_latex
from eqc.records.bindings import Bindings
from eqc.records.model import Record


def latex_of(record: Record) -> str:
    """The LaTeX of a record as it states it; printed from the SymPy form if it states none."""
    return record.latex[0] if record.latex else record_latex(record)


def module_documentation(record: Record, bindings: Bindings, accuracy: str) -> Documentation:
    """The record's title, summary, formula, glossary and sources, and what was found of its accuracy."""
    lines = ["", record.summary] if record.summary else []
    lines += ["", *(f"    {line}" for line in latex_of(record).splitlines())]
    lines += ["", *(_glossary_line(record, name) for name in record.symbols)]
    lines += ["", *(f"Source: {', '.join(p for p in (s.title, s.section, s.url) if p)}" for s in record.sources)]
    lines += ["", accuracy] if accuracy else []
    bound = f" with {', '.join(f'{name} = {used}' for name, used in bindings)}" if bindings else ""
    return Documentation(f"{record.title}{bound}.", tuple(lines))


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
    "value_and_vjp": "Value of {id} and the cotangents of its inputs, sharing their work",
    "hvp": "Hessian of {id} times directions of its inputs",
    "jacobian": "Jacobian of {id}: output axes, then input axes",
    "hessian": "Hessian of {id}: axes of the first input, then of the second",
}


def summary(record: Record, kind: str, name: str) -> str:
    """A line on what a kernel of this kind gives, for the record's kernels under that name."""
    return _KINDS[kind].format(title=record.title, id=name)


def kernel_documentation(record: Record, kind: str, program: Program, value: Program) -> Documentation:
    """What a kernel computes: its first statements, and the conditions and conventions that hold for it."""
    statements = tuple(f"    {show_statement(s)}" for s in program.statements[:12])
    more = (f"    … {len(program.statements) - 12} more",) if len(program.statements) > 12 else ()
    notes = (*conditions(value), *(() if kind == "value" else conventions(value)))
    return Documentation(
        f"{summary(record, kind, value.name)}.", ("", *statements, *more, *(("", *notes) if notes else ()))
    )
