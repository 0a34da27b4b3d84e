"""Sums of exponentials with weights are shifted by their greatest exponent: Σ w exp(u) = exp(m) Σ w exp(u - m).

Quotients exp(u)/Σ w exp(u) and logarithms log Σ w exp(u) do not overflow then. The shift m cancels exactly, so that it
may stand still in derivatives.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from eqc.ir.program import Op, Program, Statement, Tensor, box, fresh, names_in, reads_of, tensors_read
from eqc.ir.terms import Expr, Read, read
from eqc.ir.walk import branches, map_reads, rebuild, transform


def shift_exponentials(program: Program) -> Program:
    """Shift every sum of exponentials all of whose readers are quotients or logarithms that the shift leaves."""
    taken = names_in(program)
    statements = list(program.statements)
    for total in program.statements:
        exponent = exponent_of(total)
        if exponent is None or _is_shifted(exponent, program) or total.target.name in program.outputs:
            continue
        shifted = _shift(statements, total, exponent, taken)
        statements = shifted if shifted is not None else statements
    return program.with_statements(tuple(statements))


def exponent_of(statement: Statement) -> Expr | None:
    """u where the statement is Σ w·exp(u) with u depending on what is summed over."""
    if statement.op is not Op.SUM or statement.scatter or statement.guard != sp.true:
        return None
    exponents = [f.args[0] for f in sp.Mul.make_args(statement.body) if isinstance(f, sp.exp)]
    exponent = sp.Add(*exponents)
    return exponent if exponent.free_symbols else None


def weight_of(statement: Statement) -> Expr:
    """w of Σ w·exp(u); SymPy would leave exp(a + b)·exp(-a - b) as it is."""
    return sp.Mul(*(f for f in sp.Mul.make_args(statement.body) if not isinstance(f, sp.exp)))


def _is_shifted(exponent: Expr, program: Program) -> bool:
    """Whether the exponent has a constant taken off already."""
    return any(program.tensors[r.tensor].constant for r in reads_of(exponent))


def _shift(statements: list[Statement], total: Statement, exponent: Expr, taken: set[str]) -> list[Statement] | None:
    """The statements with the shift, or None if some reader would keep exp(m)."""
    stored, argument = store(total, exponent, taken)
    top = Tensor(fresh("top", taken), total.target.shape, differentiable=False, constant=True)
    weighed, counted = with_weight(total, argument, weight_of(total), taken)
    greatest = replace(total, target=top, op=Op.MAX, body=counted)
    scaled = replace(total.target, name=fresh(total.target.name, taken))
    at = read(top.name, total.positions)
    smaller = replace(total, target=scaled, body=_joined(total.body * sp.exp(-at)))
    result: list[Statement] = []
    for statement in statements:
        if statement.target.name == total.target.name:
            result += [*stored, *weighed, greatest, smaller]
        elif total.target.name in tensors_read(statement):
            body = _reader(statement.body, total, top, scaled)
            if body is None:
                return None
            result.append(replace(statement, body=body))
        else:
            result.append(statement)
    return result


def store(total: Statement, exponent: Expr, taken: set[str]) -> tuple[list[Statement], Expr]:
    """An extremum compares stored values: the exponent becomes a tensor unless it is one."""
    if isinstance(exponent, Read):
        return [], exponent
    tensor = Tensor(fresh("exponent", taken), box(total.loops), differentiable=False)
    at = tuple(loop.symbol for loop in total.loops)
    return [Statement(tensor, total.loops, at, Op.NONE, exponent)], read(tensor.name, at)


def with_weight(total: Statement, exponent: Expr, weight: Expr, taken: set[str]) -> tuple[list[Statement], Expr]:
    """The exponents of terms whose weight is 0 do not count."""
    if not reads_of(weight):
        return [], exponent
    tensor = Tensor(fresh("counted", taken), box(total.loops), differentiable=False, constant=True)
    at = tuple(loop.symbol for loop in total.loops)
    body = branches([(exponent, sp.Ne(weight, 0)), (-sp.oo, sp.true)])
    return [Statement(tensor, total.loops, at, Op.NONE, body)], read(tensor.name, at)


def _reader(body: Expr, total: Statement, top: Tensor, scaled: Tensor) -> Expr | None:
    """A reader's body in terms of the shifted sum; None where exp(m) would be left."""

    def change(r: Read) -> Expr:
        if r.tensor != total.target.name:
            return r
        return sp.exp(read(top.name, r.positions)) * read(scaled.name, r.positions)

    shifted = _joined(_open_logarithms(map_reads(body, change), top.name))
    exponents = [node.args[0] for node in shifted.atoms(sp.exp)]
    return shifted if all(_is_lowered(e, top.name) for e in exponents) else None


def _is_lowered(exponent: Expr, top: str) -> bool:
    """u - m, or nothing with m."""
    slopes = [exponent.coeff(s) for s in exponent.free_symbols if _is_shift(s, top)]
    return not slopes or (slopes == [-1] and exponent.is_Add)


def _joined(node: Expr) -> Expr:
    """exp(a)·exp(b) = exp(a + b) in every product."""
    if not node.args or isinstance(node, Read):
        return node
    args = tuple(_joined(a) for a in node.args)
    exponents = [a.args[0] for a in args if isinstance(a, sp.exp)] if isinstance(node, sp.Mul) else []
    if len(exponents) > 1:
        return sp.Mul(sp.exp(sp.Add(*exponents)), *(a for a in args if not isinstance(a, sp.exp)))
    return rebuild(node, args)


def _open_logarithms(body: Expr, top: str) -> Expr:
    """log(exp(m)·t) = m + log(t)."""
    memo: dict[Expr, Expr] = {}
    for node in sorted(body.atoms(sp.log), key=sp.default_sort_key):
        factors = sp.Mul.make_args(node.args[0])
        shifts = [f for f in factors if isinstance(f, sp.exp) and _is_shift(f.args[0], top)]
        if shifts:
            rest = sp.Mul(*(f for f in factors if f not in shifts))
            memo[node] = sp.Add(*(f.args[0] for f in shifts)) + sp.log(rest)
    return transform(body, lambda atom: atom, memo) if memo else body


def _is_shift(argument: Expr, top: str) -> bool:
    return isinstance(argument, Read) and argument.tensor == top
