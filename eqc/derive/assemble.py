"""The derivative programs that a record gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from eqc.derive.jvp import jvp
from eqc.derive.vjp import gradient, vjp
from eqc.ir.program import Program


def derivative_programs(value: Program) -> Mapping[str, Program]:
    """Kind -> program: the value, and every derivative that the record has.

    jvp and vjp need a differentiable input and a real output; the others need one output, which is a number.
    """
    programs = {"value": value}
    if not value.differentiable or not value.real_outputs:
        return programs
    programs["jvp"] = jvp(value)
    programs["vjp"] = vjp(value)
    if len(value.outputs) == 1 and value.real_outputs[0].rank == 0:
        slope = gradient(value)
        programs["gradient"] = slope
        programs["value_and_gradient"] = replace(slope, outputs=(*value.outputs, *slope.outputs))
        programs["hvp"] = jvp(slope)
    return programs
