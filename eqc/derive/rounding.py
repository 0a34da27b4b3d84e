"""How far rounding may have moved a program's results: bounds that are computed beside them.

The unit is the roundoff. An error spreads through a function by the function's slope, and every operation adds its own
rounding; what cancels keeps the errors of what it was made from. A sum counts as one rounding of the sizes of its
terms, whatever their number. So a result that cancellation has spoilt, or an overflow on the way, shows while the
kernel runs, and only then it is computed again in wide numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum

import sympy as sp

from eqc.derive.roundings import count_roundings, is_power, is_power_of_two
from eqc.derive.rules import local_derivatives
from eqc.ir.opaque import Opaque
from eqc.ir.program import Op, Program, Statement, Tensor, axes_of, fixed_names, fresh, names_in
from eqc.ir.stable import Stable
from eqc.ir.terms import Converged, Expr, Magnitude, Maximum, Minimum, NonZero, Read, read
from eqc.ir.walk import branches, is_short

_ZERO, _ONE = sp.Integer(0), sp.Integer(1)
_UNDERFLOW = sp.Float(1.1754943508222875e-38, 17)
_NEAR_OVERFLOW = sp.Float(1e37, 17)
"""The borders of float32, which serve for float64 as well."""

_ALLOWED = 4
"""Units that a result may be off beyond one for every second operation on the way to it, or one for every one."""

_EXPONENT = sp.Integer(256)
"""Units that the rounding of a long exponent may cost: eight bits, as everywhere else."""

_SHORT = 64
_MOST_STATEMENTS = 60
_LARGEST_BODY = 400
_EXACT = (sp.sign, sp.floor, sp.ceiling, sp.KroneckerDelta, NonZero)


@dataclass(frozen=True, slots=True)
class Guarded:
    """A program that also computes `doubt`: how many numbers of its results may be off by more than is allowed."""

    program: Program
    doubt: str


class Care(Enum):
    """Where results are computed again.

    `WHERE_CHEAP`: in programs over one index at most, for cancellation in arrays of up to 64 entries, and without the
    rounding of an exponent that is itself a sum. `ALWAYS`: wherever rounding may have spoilt them.
    """

    WHERE_CHEAP = 1
    ALWAYS = 3


def guard(program: Program, care: Care = Care.WHERE_CHEAP) -> Guarded | None:
    """The program with its doubt, or None where there is none to have, or none that could be helped.

    Statements over more than one index (three, with all care), and functions of whole arrays, are left to themselves.
    """
    if not _is_suitable(program, care.value):
        return None
    counts = count_roundings(program)
    real = [program.tensors[name] for name in program.outputs if not program.tensors[name].integer]
    if not real or all(counts[t.name].is_safe for t in real):
        return None
    steps = max(counts[t.name].steps for t in real)
    return _Errors(program, names_in(program), care).run(real, max(_ALLOWED + steps // 2, steps + 1))


def _is_suitable(program: Program, most_loops: int) -> bool:
    return (
        not program.applied
        and len(program.statements) <= _MOST_STATEMENTS
        and all(
            len(s.loops) <= most_loops
            and not isinstance(s.body, Opaque)
            and not s.body.has(Converged)
            and is_short(s.body, _LARGEST_BODY)
            for s in program.statements
        )
    )


@dataclass
class _Errors:
    """The statements with their errors, as they are found."""

    program: Program
    taken: set[str]
    care: Care
    statements: list[Statement] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)
    found: dict[Expr, Expr] = field(default_factory=dict)

    def run(self, outputs: list[Tensor], allowed: int) -> Guarded | None:
        for statement in self.program.statements:
            self.statements.append(statement)
            if not (statement.target.integer or statement.target.constant):
                self._add(statement)
        doubts = [self._doubt(t, allowed) for t in outputs if t.name in self.known]
        if not doubts:
            return None
        total = Tensor(fresh("doubt", self.taken), differentiable=False)
        self.statements.append(Statement(total, (), (), Op.NONE, sp.Add(*doubts)))
        return Guarded(self.program.with_statements(tuple(self.statements)), total.name)

    def _add(self, statement: Statement) -> None:
        """The statement of a tensor's error, if it has any."""
        body = statement.body
        error = self.of(body)
        own = read(statement.target.name, statement.positions)
        if statement.scatter or statement.op is Op.SUM:
            error = error + Magnitude(body)
        elif statement.op is Op.PRODUCT:
            error = (error / Magnitude(body) + 1) * Magnitude(own)
        if error == 0:
            return
        name = fresh(f"{statement.target.name}_error", self.taken)
        if statement.op not in (Op.MAX, Op.MIN):  # which take stored errors as they are
            error = self._while_short(error, statement)
        op = Op.SUM if statement.op is Op.PRODUCT else Op.MAX if statement.op is Op.MIN else statement.op
        target = replace(statement.target, name=name, differentiable=False, constant=True)
        self.statements.append(replace(statement, target=target, body=error, op=op))
        self.known[statement.target.name] = name

    def _while_short(self, error: Expr, statement: Statement) -> Expr:
        """Long loops are not slowed down: there rounding is left to itself, as in every sum of floats."""
        if self.care is Care.ALWAYS or not statement.loops:
            return error
        return branches([(error, sp.Le(statement.loops[0].extent, _SHORT)), (_ZERO, sp.true)])

    def _doubt(self, output: Tensor, allowed: int) -> Expr:
        """How many entries of an output are off by more than is allowed; NaN and infinities are."""
        axes = axes_of(output.shape, fixed_names(self.program) | self.taken)
        at = tuple(axis.symbol for axis in axes)
        bound = Minimum(allowed * Magnitude(read(output.name, at)), _NEAR_OVERFLOW)
        wrong = branches([(_ZERO, sp.Le(read(self.known[output.name], at), bound)), (_ONE, sp.true)])
        target = Tensor(fresh(f"{output.name}_doubt", self.taken), differentiable=False)
        self.statements.append(Statement(target, axes, (), Op.SUM if axes else Op.NONE, wrong))
        return read(target.name)

    def of(self, node: Expr) -> Expr:
        """The error of a body, as an expression."""
        if node not in self.found:
            self.found[node] = self._error(node)
        return self.found[node]

    def _error(self, node: Expr) -> Expr:
        if isinstance(node, Read):
            return read(self.known[node.tensor], node.positions) if node.tensor in self.known else _ZERO
        if node.is_number:
            return _ZERO if _is_dyadic(node) else Magnitude(node)
        if node.is_integer or isinstance(node, _EXACT) or not node.args:
            return _ZERO
        if isinstance(node, sp.Add):
            sizes = (node,) if len(node.args) == 2 else node.args
            return sp.Add(*(self.of(a) for a in node.args), *(Magnitude(a) for a in sizes))
        if isinstance(node, sp.Mul):
            return self._product(node)
        if isinstance(node, sp.Piecewise):
            return branches([(self.of(pair.args[0]), pair.args[1]) for pair in node.args])
        if isinstance(node, Maximum | Minimum | sp.Abs | Magnitude):
            return sp.Add(*(self.of(a) for a in node.args))
        return self._function(node)

    def _product(self, node: Expr) -> Expr:
        factors = [f for f in node.args if not (f.is_number and is_power_of_two(f))]
        terms = [
            self.of(f) * sp.Mul(*(Magnitude(g) for g in node.args if g is not f)) for f in node.args if self.of(f) != 0
        ]
        if len(factors) > 1:
            terms.append((len(factors) - 1) * sp.Mul(*(Magnitude(f) for f in node.args)))
        varying = [f for f in factors if not f.is_number]
        if len(varying) > 1:
            terms.append(_UNDERFLOW * sp.Mul(*(NonZero(f) for f in varying)))
        return sp.Add(*terms)

    def _function(self, node: Expr) -> Expr:
        """Slopes times the arguments' errors, and the rounding of the result."""
        errors = [self.of(a) for a in node.args]
        own = (2 if isinstance(node, Stable) else 1) * Magnitude(node)
        if isinstance(node, sp.Pow) and node.args[1].is_Integer and node.args[1] > 1:
            own = own + _UNDERFLOW * NonZero(node.args[0])
        if all(e == 0 for e in errors):
            return own
        if isinstance(node, sp.exp) and self.care is not Care.ALWAYS and any(s.loops for s in self.program.statements):
            return own + Magnitude(node) * Maximum(errors[0] - _EXPONENT, _ZERO)
        slopes = local_derivatives(node)
        return sp.Add(own, *(Magnitude(s) * e for s, e in zip(slopes, errors, strict=True) if e != 0))


def _is_dyadic(number: Expr) -> bool:
    """Whether a float holds a number exactly."""
    return bool(number.is_Rational and abs(number.p) < 2**53 and is_power(int(number.q))) or bool(number.is_Float)
