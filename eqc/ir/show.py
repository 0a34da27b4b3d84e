"""The text form of a program, for tests and for `eqc explain`."""

from __future__ import annotations

from eqc.ir.program import Op, Program, Statement, Tensor
from eqc.ir.solver import problems
from eqc.ir.terms import Expr, Index
from eqc.ir.walk import is_short


def show(program: Program) -> str:
    """One line per input, statement and output."""
    lines = [f"program {program.name}({', '.join(program.arguments)})"]
    lines += [f"  input {_declaration(t)}" for t in program.inputs]
    lines += [
        f"  extent {e.name} = {e.solution} where _size is axis {e.axis + 1} of {e.input}" for e in program.extents
    ]
    lines += [f"  check {c.name}: 0 <= {c.position} < {c.extent}" for c in program.checks]
    lines += [f"  {show_statement(s)}" for s in program.statements]
    for problem in problems([program]):
        lines += [
            f"  where {problem} has the residual",
            *(f"    {line}" for line in show(problem.residual).splitlines()),
        ]
    lines.append(f"  return {', '.join(program.outputs)}")
    return "\n".join(lines)


def show_statement(statement: Statement) -> str:
    """`t[i] = sum(k: n) exp(z[i, k])` for i in its loops."""
    left = f"{statement.target.name}{_brackets(statement.positions)}"
    reduced = statement.loops if statement.scatter else statement.bound
    op = "" if statement.op is Op.NONE else f"{statement.op.value}({_loops(reduced)}) "
    sign = "+=" if statement.scatter else "="
    where = f"  for {_loops(statement.free)}" if statement.free else ""
    guard = f"  if {statement.guard}" if str(statement.guard) != "True" else ""
    return f"{left} {sign} {op}{body_text(statement.body)}{where}{guard}"


def body_text(body: Expr, limit: int = 400) -> str:
    """A body as text; one of more than `limit` nodes is only counted."""
    return str(body) if is_short(body, limit) else f"… (an expression of more than {limit} nodes)"


def _declaration(tensor: Tensor) -> str:
    kind = " integer" if tensor.integer else ""
    return f"{tensor.name}{_brackets(tensor.shape)}{kind}"


def _brackets(parts: tuple[Expr, ...]) -> str:
    return f"[{', '.join(str(p) for p in parts)}]" if parts else ""


def _loops(loops: tuple[Index, ...]) -> str:
    return ", ".join(f"{loop.name}: {loop.extent}" for loop in loops)
