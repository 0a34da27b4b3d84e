"""What each pass made of a record's programs, step by step, for people."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from eqc.derive.assemble import derivative_programs
from eqc.ir.program import Program
from eqc.ir.show import show
from eqc.ir.spec import check
from eqc.loops.passes import loop_passes
from eqc.loops.plan import AS_IT_STANDS, KERNEL, plan_of
from eqc.loops.report import schedule_report
from eqc.pipeline import Compiler, guarded_of, is_watched, pairs_in
from eqc.present.glossary import Glossary
from eqc.present.program import program_latex
from eqc.records.catalog import Catalog
from eqc.records.model import Record
from eqc.rewrite.passes import REASONS, SIZE, STABILITY
from eqc.schedule.passes import PASSES

Pass = tuple[str, Callable[[Program], Program]]
"""A name for people, and what runs."""

Show = Callable[[Program], str]
"""A program's text form, or its LaTeX."""


def explain(record_id: str, catalog: Catalog, form: str = "text") -> str:
    """The program of every kernel after each stage that changed it, as text or with `form` "latex"."""
    record, program = catalog.get(record_id), Compiler(catalog).program(record_id)
    glossary = Glossary.of(record)
    shown: Show = show if form == "text" else lambda one: program_latex(one, glossary)
    lines = ["value: as lowered", shown(program)]
    stages = (*(STABILITY if record.stabilise else ()), *SIZE)
    program = _explain_passes("value", program, stages, lines, shown)
    programs = {}
    for kind, derived in derivative_programs(program, record.derivatives).items():
        if kind != "value":
            lines += ["", f"{kind}: as derived", shown(derived)]
        final = programs[kind] = _explain_passes(kind, derived, PASSES, lines, shown)
        if form == "text":
            _explain_loops(kind, record, final, lines)
        if guarded_of(record, final) is not None:
            lines.append(f"{kind}: bounds its own rounding; beyond the bound it is computed again in wide numbers")
        if is_watched(record, kind, programs):
            lines.append(f"{kind}: results that are not finite are computed again in wide numbers")
    return "\n".join(lines)


def _explain_loops(kind: str, record: Record, program: Program, lines: list[str]) -> None:
    """What is computed in pairs, what each of the last passes made of the others, and the loops with their cost."""
    reasons = pairs_in(record, program).reasons
    lines += [f"{kind}: {name} in pairs of floats: {why}" for name, why in reasons.items()]
    plan = plan_of(program, reasons, AS_IT_STANDS if guarded_of(record, program) else KERNEL)
    if plan.program != program:
        _explain_passes(kind, program, loop_passes(reasons), lines, show)
    lines += [f"{kind}: schedule", schedule_report(plan)]


def _explain_passes(kind: str, program: Program, passes: Sequence[Pass], lines: list[str], shown: Show) -> Program:
    """Run passes one by one, and show the program after each that changed it."""
    for name, run in passes:
        after = check(run(program))
        if after != program:
            lines += [f"{kind}: after {name}", shown(after)]
            lines += [f"  {line}" for why in REASONS.get(name, _silent)(program) for line in str(why).splitlines()]
        program = after
    return program


def _silent(program: Program) -> tuple[object, ...]:
    """A pass that needs no reasons."""
    return ()
