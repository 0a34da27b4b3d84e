"""The derivative programs that a record gets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from eqc.derive.dense import hessian, jacobian
from eqc.derive.jvp import jvp
from eqc.derive.vjp import gradient, vjp
from eqc.ir.opaque import Opaque
from eqc.ir.program import Program


def derivative_programs(value: Program, dense: Collection[str] = ()) -> Mapping[str, Program]:
    """Kind -> program: the value, and every derivative that the record has.

    jvp and vjp need a differentiable input and a real output. The others need one output, which is a number; what has
    others gives its value with the vjp instead of with the gradient. `dense` asks for "jacobian" and "hessian" as well,
    where no function of whole arrays stands in the way.
    """
    if any(isinstance(statement.body, Opaque) for statement in value.statements):
        dense = ()  # the API assembles them from vectors
    programs = {"value": value}
    if not value.differentiable or not value.real_outputs:
        return programs
    programs["jvp"] = jvp(value)
    programs["vjp"] = pull = vjp(value)
    if len(value.outputs) == 1 and value.real_outputs[0].rank == 0:
        slope = gradient(value)
        programs["gradient"] = slope
        programs["value_and_gradient"] = _beside(value, slope)
        programs["hvp"] = jvp(slope)
        if "hessian" in dense:
            programs["hessian"] = hessian(value)
    else:
        programs["value_and_vjp"] = _beside(value, pull)
    if "jacobian" in dense:
        programs["jacobian"] = jacobian(value)
    return programs


def _beside(value: Program, derived: Program) -> Program:
    """A derivative's program, which computes the value on its way, with the value among its results."""
    return replace(derived, outputs=(*value.outputs, *derived.outputs))
