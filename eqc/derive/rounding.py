"""How far rounding may have moved a program's results: bounds that are computed beside them.

The unit is the roundoff. An error spreads through a function by the function's slope, and every operation adds its own
rounding; what cancels keeps the errors of what it was made from. A sum counts as one rounding of the sizes of its
terms, whatever their number. So a result that cancellation has spoilt, or an overflow on the way, shows while the
kernel runs, and only then it is computed again in wide numbers.

As long as nothing can cancel, an error is a known multiple of the number itself, and nothing has to be computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import sympy as sp

from eqc.derive.roundings import Count, count_of, count_roundings, is_power, is_power_of_two, is_tame
from eqc.derive.rules import local_derivatives
from eqc.ir.opaque import Opaque
from eqc.ir.program import Op, Program, Statement, Tensor, axes_of, fixed_names, fresh, names_in
from eqc.ir.stable import Stable
from eqc.ir.terms import Converged, Expr, Index, Magnitude, Maximum, Minimum, NonZero, Read, read
from eqc.ir.walk import branches, is_short
from eqc.ir.whole import is_whole

_ZERO, _ONE = sp.Integer(0), sp.Integer(1)
_NEAR_UNDERFLOW, _NEAR_OVERFLOW = sp.Float(1e-36, 17), sp.Float(1e37, 17)
"""The borders of float32, which serve for float64 as well."""

_LARGEST = sp.Float(1.7976931348623157e308, 17)

_ALLOWED = 4
"""Units that a result may be off beyond one for every second operation on the way to it, or one for every one."""

_MOST_LOOPS = 3
_MOST_STATEMENTS = 60
_LARGEST_BODY = 400
_EXACT = (sp.sign, sp.floor, sp.ceiling, sp.KroneckerDelta, NonZero)


@dataclass(frozen=True, slots=True)
class Guarded:
    """A program that also computes `doubt`: how many numbers of its results may be off by more than `allowed` units."""

    program: Program
    doubt: str
    allowed: Expr


@dataclass(frozen=True, slots=True)
class _Error:
    """At most `rate` units of the number's size, and `more`."""

    rate: Expr = _ZERO
    more: Expr = _ZERO

    @property
    def is_zero(self) -> bool:
        return bool(self.rate == 0 and self.more == 0)

    def whole(self, number: Expr) -> Expr:
        """The error of a number as one expression."""
        return self.rate * _size(number) + self.more if self.rate != 0 else self.more


_NONE = _Error()


def guard(program: Program) -> Guarded | None:
    """The program with its doubt, or None where there is none to have, or none that could be helped.

    Statements over more than three indices, and functions of whole arrays, are left to themselves.
    """
    if not _is_suitable(program):
        return None
    counts = count_roundings(program)
    real = [program.tensors[name] for name in program.outputs if not program.tensors[name].integer]
    if not real or all(counts[t.name].is_safe for t in real):
        return None
    steps = max(counts[t.name].steps for t in real)
    allowed = sp.Integer(max(_ALLOWED + steps // 2, steps + 1))
    return _Errors(program, names_in(program), counts, allowed).run(real)


def _is_suitable(program: Program) -> bool:
    return (
        not program.applied
        and len(program.statements) <= _MOST_STATEMENTS
        and all(
            len(s.loops) <= _MOST_LOOPS
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
    counts: Mapping[str, Count]
    allowed: Expr
    statements: list[Statement] = field(default_factory=list)
    known: dict[str, _Error] = field(default_factory=dict)
    stored: dict[str, str] = field(default_factory=dict)
    counted: dict[Expr, Count] = field(default_factory=dict)
    found: dict[Expr, _Error] = field(default_factory=dict)
    bases: list[Expr] = field(default_factory=list)
    ranged: list[Expr] = field(default_factory=list)
    doubts: list[Expr] = field(default_factory=list)

    def run(self, outputs: list[Tensor]) -> Guarded:
        for statement in self.program.statements:
            self.statements.append(statement)
            if not (statement.target.integer or statement.target.constant):
                self._add(statement)
                self._doubt_range(statement)
        for tensor in outputs:
            self._doubt(tensor)
        total = Tensor(fresh("doubt", self.taken), differentiable=False)
        self.statements.append(Statement(total, (), (), Op.NONE, sp.Add(*self.doubts)))
        return Guarded(self.program.with_statements(tuple(self.statements)), total.name, self.allowed)

    def _add(self, statement: Statement) -> None:
        """The error of a tensor, with the statement that computes what of it depends on the data."""
        body, name, op = statement.body, statement.target.name, statement.op
        error = self.of(body)
        if statement.scatter or op is Op.SUM:
            one_sign = count_of(body, self.counts, self.counted).sign != 0 and not statement.scatter
            error = (
                _Error(error.rate + 1, error.more)
                if one_sign
                else _Error(_ZERO, _Error(error.rate + 1, error.more).whole(body))
            )
        elif op is Op.PRODUCT:
            factor = error.whole(body) / Magnitude(body) if not error.is_zero else _ZERO
            error = _Error(_ZERO, (factor + 1) * Magnitude(read(name, statement.positions)))
        self.known[name] = _Error(error.rate)
        if error.more != 0:
            self._store(statement, error.more)

    def _store(self, statement: Statement, error: Expr) -> None:
        op = {Op.PRODUCT: Op.SUM, Op.MIN: Op.MAX}.get(statement.op, statement.op)
        name = fresh(f"{statement.target.name}_error", self.taken)
        target = replace(statement.target, name=name, differentiable=False, constant=True)
        self.statements.append(replace(statement, target=target, body=error, op=op))
        self.stored[statement.target.name] = name

    def _doubt_range(self, statement: Statement) -> None:
        """Roots and reciprocals of what may have left the range of floats on the way are in doubt."""
        for base in self.bases[len(self.ranged) :]:
            self.ranged.append(base)
            inside = sp.And(sp.Gt(Magnitude(base), _NEAR_UNDERFLOW), sp.Lt(Magnitude(base), _NEAR_OVERFLOW))
            self._count(f"{statement.target.name}_range", statement.loops, inside)

    def _count(self, name: str, loops: tuple[Index, ...], right: Expr) -> None:
        """Add a number to the doubts: how often a condition does not hold."""
        target = Tensor(fresh(name, self.taken), differentiable=False)
        wrong = branches([(_ZERO, right), (_ONE, sp.true)])
        self.statements.append(Statement(target, loops, (), Op.SUM if loops else Op.NONE, wrong))
        self.doubts.append(read(target.name))

    def _doubt(self, output: Tensor) -> None:
        """How many entries of an output are off by more than is allowed; NaN and infinities are."""
        axes = axes_of(output.shape, fixed_names(self.program) | self.taken)
        at = tuple(axis.symbol for axis in axes)
        number = read(output.name, at)
        error = self.of(number)
        self.allowed = max(self.allowed, error.rate + _ALLOWED)
        size = Magnitude(number)
        finite = sp.Le(size, _LARGEST)
        right = sp.And(sp.Le(error.more, (self.allowed - error.rate) * size), finite) if error.more != 0 else finite
        self._count(f"{output.name}_doubt", axes, right)

    def of(self, node: Expr) -> _Error:
        """The error of a body."""
        if node not in self.found or isinstance(node, Read):
            self.found[node] = self._error(node)
        return self.found[node]

    def _error(self, node: Expr) -> _Error:
        if isinstance(node, Read):
            more = read(self.stored[node.tensor], node.positions) if node.tensor in self.stored else _ZERO
            return _Error(self.known.get(node.tensor, _NONE).rate, more)
        if node.is_number:
            return _NONE if _is_dyadic(node) else _Error(_ONE)
        if not node.args or isinstance(node, _EXACT) or is_whole(node):
            return _NONE
        if isinstance(node, sp.Add):
            return self._sum(node)
        if isinstance(node, sp.Mul):
            return self._product(node)
        if isinstance(node, sp.Pow) and node.args[1].is_number:
            return self._power(node)
        if isinstance(node, sp.Piecewise):
            return self._choice(node)
        if isinstance(node, Maximum | Minimum | sp.Abs | Magnitude):
            parts = [self.of(a) for a in node.args]
            return _Error(max(p.rate for p in parts), sp.Add(*(p.more for p in parts)))
        return self._function(node)

    def _sum(self, node: Expr) -> _Error:
        """Terms of one sign keep their rates, others their errors."""
        parts = [self.of(a) for a in node.args]
        more = sp.Add(*(p.more for p in parts))
        if count_of(node, self.counts, self.counted).sign != 0:
            return _Error(max(p.rate for p in parts) + len(parts) - 1, more)
        if len(parts) == 2:
            terms = (p.rate * _size(a) for p, a in zip(parts, node.args, strict=True) if p.rate != 0)
            return _Error(_ONE, sp.Add(more, *terms))
        return _Error(_ZERO, sp.Add(more, *((p.rate + 1) * _size(a) for p, a in zip(parts, node.args, strict=True))))

    def _product(self, node: Expr) -> _Error:
        factors = [f for f in node.args if not (f.is_number and is_power_of_two(f))]
        rate = sp.Add(len(factors) - 1, *(self.of(f).rate for f in factors))
        terms = [
            self.of(f).more * sp.Mul(*(_size(g) for g in node.args if g is not f))
            for f in node.args
            if self.of(f).more != 0
        ]
        return _Error(rate, sp.Add(*terms))

    def _power(self, node: Expr) -> _Error:
        """Roots and reciprocals of what may have left the range of floats are in doubt."""
        base, exponent = node.args
        error = self.of(base)
        slope = local_derivatives(node)[0]
        whole = exponent.is_Integer and exponent > 0
        if not whole and count_of(base, self.counts, self.counted).spread and base not in self.bases:
            self.bases.append(base)
        return _Error(abs(exponent) * error.rate + 1, Magnitude(slope) * error.more if error.more != 0 else _ZERO)

    def _choice(self, node: Expr) -> _Error:
        parts = [self.of(pair.args[0]) for pair in node.args]
        more = [p.more for p in parts]
        conditions = (pair.args[1] for pair in node.args)
        chosen = branches(list(zip(more, conditions, strict=True))) if any(m != 0 for m in more) else _ZERO
        return _Error(max(p.rate for p in parts), chosen)

    def _function(self, node: Expr) -> _Error:
        """Slopes times the arguments' errors, and the rounding of the result."""
        errors = [self.of(a) for a in node.args]
        own = sp.Integer(2 if isinstance(node, Stable) else 1)
        if all(e.is_zero for e in errors):
            return _Error(own)
        if is_tame(node):
            rate, more = errors[0].rate + own, errors[0].more
            return _Error(rate, Magnitude(local_derivatives(node)[0]) * more if more != 0 else _ZERO)
        if isinstance(node, sp.exp):
            return _Error(own, Magnitude(node) * errors[0].whole(node.args[0]))
        slopes = list(zip(local_derivatives(node), node.args, errors, strict=True))
        rates = (e.rate * _size(s * a) for s, a, e in slopes if e.rate != 0)
        return _Error(own, sp.Add(*rates, *(_size(s) * e.more for s, _, e in slopes if e.more != 0)))


def _size(node: Expr) -> Expr:
    """|x|, worked out for numbers."""
    return abs(node) if node.is_number else node if isinstance(node, Magnitude | NonZero) else Magnitude(node)


def _is_dyadic(number: Expr) -> bool:
    """Whether a float holds a number exactly."""
    return bool(number.is_Rational and abs(number.p) < 2**53 and is_power(int(number.q))) or bool(number.is_Float)
