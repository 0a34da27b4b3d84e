"""Which statements are computed in pairs of floats, because rounding would spoil their results.

Arithmetic (sums, products, quotients, roots) can be done to twice the digits at little cost; what a function gives is
rounded and stays so. A difference of numbers that were rounded themselves may lose all its digits, and an exponential
or a sine magnifies the rounding of its argument: such statements are computed in pairs, and all arithmetic that they
read is.

Pairs are for numbers: results, means, sums of terms that may cancel. Arrays that are computed entry by entry stay
floats, as they are in every library; but where an entry loses a mean (x - mu), both floats of that are taken off.
Products of matrices, and other work that grows faster than the data, are left as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

import sympy as sp

from eqc.derive.roundings import LARGEST_BODY, Count, count_of, count_roundings, is_power_of_two
from eqc.ir.gaps import is_made_of, parted
from eqc.ir.opaque import Discounted, Opaque
from eqc.ir.products import matrix_product
from eqc.ir.program import Op, Program, Statement, reads_of, statement_reads
from eqc.ir.stable import Difference, ExpDifference, Expm1, Log1p, Log1pExp, Logistic
from eqc.ir.terms import Expr, Magnitude, Maximum, Minimum, NonZero, Read
from eqc.ir.walk import is_short
from eqc.ir.whole import is_whole

_EXACT = (sp.sign, sp.floor, sp.ceiling, sp.KroneckerDelta, NonZero)
_UNROUNDED = (sp.Abs, Magnitude, Maximum, Minimum)
_MAGNIFIERS = (sp.exp, sp.sin, sp.cos, ExpDifference, Expm1, Logistic, Log1pExp)
_KEPT = (sp.log, Log1p)
"""Functions that pairs have to more digits than a float's."""

_LARGE_POWER = 4


class Nature(IntEnum):
    """What a number is: as good as data, rounded by arithmetic alone, or what no pair would improve."""

    EXACT = 0
    ROUNDED = 1
    GIVEN = 2


@dataclass(frozen=True, slots=True)
class Pairs:
    """The statements that are computed in pairs, by their targets, each with the reason.

    Of those that are `kept`, both floats are stored.
    """

    reasons: Mapping[str, str] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()


def pairs_of(program: Program, signs: Mapping[str, int], fractions: Collection[str] = ()) -> Pairs:
    """Choose the statements; `signs` gives the sign of inputs that have one, `fractions` are those that are 1 at most.

    >>> from eqc.ir.program import Tensor
    >>> from eqc.ir.terms import read
    >>> x, y, m = read("x"), read("y"), read("m")
    >>> mean = Statement(Tensor("m"), (), (), Op.NONE, (x + y)/2)
    >>> gap = Statement(Tensor("d"), (), (), Op.NONE, x - m)
    >>> found = pairs_of(Program("d", (), (), (), (), (mean, gap), ("d",)), {})
    >>> sorted(found.reasons), sorted(found.kept)
    (['d', 'm'], ['m'])
    """
    return _Chooser(program, signs, fractions).run()


@dataclass
class _Chooser:
    """The natures of a program's tensors, and what is to be computed in pairs.

    `tables` are arrays of what depends on numbers alone, such as the powers of one.
    """

    program: Program
    signs: Mapping[str, int]
    fractions: Collection[str]
    natures: dict[str, Nature] = field(default_factory=dict)
    found: dict[Expr, Nature] = field(default_factory=dict)
    counted: dict[Expr, Count] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    tables: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.counts = count_roundings(self.program, self.signs, self.fractions)
        self.outputs = {name for name in self.program.outputs if self.program.tensors[name].rank}

    def run(self) -> Pairs:
        """Statements with a reason of their own first, then what they read, last statements first."""
        for statement in self.program.statements:
            self._choose(statement)
        for name in self._rates():
            self.reasons.setdefault(name, "its powers magnify its rounding")
            self.kept.add(name)
        for statement in reversed(self.program.statements):
            name = statement.target.name
            if name in self.kept:
                self.reasons.setdefault(name, "what reads it needs it exactly")
            self.kept |= self._improvable(statement) if name in self.reasons else self._taken_off(statement)
        order = [s.target.name for s in self.program.statements]
        return Pairs({name: self.reasons[name] for name in order if name in self.reasons}, frozenset(self.kept))

    def _choose(self, statement: Statement) -> None:
        name = statement.target.name
        if statement.target.integer:
            self.natures[name] = Nature.EXACT
            return
        if statement.op is Op.NONE and not any(r.positions for r in statement_reads(statement)):
            self.tables.add(name)
        suitable = _is_suitable(statement, self.tables)
        nature = self.of(statement.body) if suitable else Nature.GIVEN
        if suitable and self._is_dense(statement):
            nature = Nature.EXACT if nature is Nature.EXACT else Nature.GIVEN
        elif statement.op is Op.SUM:
            nature = max(nature, Nature.ROUNDED)
        self.natures[name] = nature if name not in self.outputs or nature is Nature.EXACT else Nature.GIVEN
        reason = self._reason(statement) if suitable else ""
        if reason:
            self.reasons[name] = reason

    def _rates(self) -> list[str]:
        """The numbers that recurrences multiply by again and again, but for those that are read as they are."""
        numbers = {r.tensor for s in self.program.statements if isinstance(s.body, Discounted) for r in s.body.args[1:]}
        return [s.target.name for s in self.program.statements if s.target.name in numbers and _is_suitable(s, ())]

    def _is_dense(self, statement: Statement) -> bool:
        """Whether an array is computed entry by entry from arrays of data."""
        reads = [r for r in statement_reads(statement) if r.positions and not r.is_integer]
        return (
            statement.op is Op.NONE and bool(statement.loops) and any(self.of(r) is not Nature.ROUNDED for r in reads)
        )

    def _reason(self, statement: Statement) -> str:
        body = statement.body
        if statement.op is Op.SUM and self.of(body) is not Nature.GIVEN and not self._sign(body):
            return "its terms may cancel"
        if statement.op is Op.NONE and statement.loops and self._is_affine(body):
            return "an entry and a number may cancel"
        rounded = self._sign(body) != 0 or self.of(body) is Nature.GIVEN
        dense = self._is_dense(statement) or (statement.op is Op.SUM and rounded)
        found = (self._magnified(node) or ("" if dense else self._cancelling(node)) for node in _arithmetic(body))
        return next((why for why in found if why), "")

    def _is_affine(self, body: Expr) -> bool:
        """Whether an entry is a·x + b with one number of the data, and numbers a or b that pairs improve."""
        if not isinstance(body, sp.Add) or self._sign(body):
            return False
        moving = [t for t in body.args if any(r.positions for r in reads_of(t))]
        fixed = [t for t in body.args if t not in moving]
        if len(moving) != 1 or not all(is_made_of(t, self._is_improvable) for t in fixed):
            return False
        factors = sp.Mul.make_args(moving[0])
        data = [f for f in factors if any(r.positions for r in reads_of(f))]
        scale = sp.Mul(*(f for f in factors if f not in data))
        exact = len(data) == 1 and isinstance(data[0], Read) and self.of(data[0]) is Nature.EXACT
        return exact and scale not in (1, -1) and is_made_of(scale, self._is_improvable)

    def _cancelling(self, node: Expr) -> str:
        """Why a sum needs exact terms, or nothing."""
        if not isinstance(node, sp.Add) or self.of(node) is not Nature.ROUNDED or self._sign(node):
            return ""
        rounded = any(self.of(a) is Nature.ROUNDED for a in node.args)
        return f"{node} may cancel" if rounded or len(node.args) > 2 else ""

    def _magnified(self, node: Expr) -> str:
        """Why a function needs an exact argument, or nothing."""
        if isinstance(node, _MAGNIFIERS) and any(self.of(a) is Nature.ROUNDED for a in node.args):
            return f"{type(node).__name__} magnifies the rounding of its argument"
        if isinstance(node, sp.Pow) and self.of(node.args[0]) is Nature.ROUNDED and _is_large(node.args[1]):
            return "a power magnifies the rounding of its base"
        return ""

    def _improvable(self, statement: Statement) -> set[str]:
        """The computed numbers whose rounding a statement's arithmetic would inherit."""
        return {n.tensor for n in _arithmetic(statement.body) if isinstance(n, Read) and self._is_improvable(n)}

    def _taken_off(self, statement: Statement) -> set[str]:
        """The computed numbers that the entries of an array lose."""
        if not statement.loops or statement.target.integer:
            return set()
        sums = [n for n in _arithmetic(statement.body) if isinstance(n, sp.Add)]
        found = [parted(node, self._is_improvable) for node in sums]
        return {r.tensor for parts in found if parts is not None for _, number in parts[2] for r in reads_of(number)}

    def _is_improvable(self, r: Read) -> bool:
        return self.natures.get(r.tensor) is Nature.ROUNDED

    def _sign(self, node: Expr) -> int:
        return count_of(node, self.counts, self.counted).sign

    def of(self, node: Expr) -> Nature:
        """The nature of a body."""
        if node not in self.found:
            self.found[node] = self._of(node)
        return self.found[node]

    def _of(self, node: Expr) -> Nature:
        if isinstance(node, Read):
            return self.natures.get(node.tensor, Nature.EXACT)
        if node.is_number:
            return Nature.EXACT if (node.is_Rational and is_power_of_two(node)) or node == 0 else Nature.ROUNDED
        if not node.args or isinstance(node, _EXACT) or is_whole(node):
            return Nature.EXACT
        if not (_is_arithmetic(node) or isinstance(node, _KEPT)):
            return Nature.GIVEN
        natures = [self.of(a) for a in node.args]
        scaled = isinstance(node, sp.Mul) and len(node.args) == 2 and is_power_of_two(node.args[0])
        return max(natures) if scaled or isinstance(node, _UNROUNDED) else max(*natures, Nature.ROUNDED)


def _is_suitable(statement: Statement, tables: Collection[str]) -> bool:
    """Whether the work of a statement may be done in pairs: it must be linear in the data."""
    if statement.scatter or statement.guard != sp.true or isinstance(statement.body, Opaque):
        return False
    if statement.op not in (Op.NONE, Op.SUM) or not is_short(statement.body, LARGEST_BODY):
        return False
    if statement.op is Op.SUM and statement.body.has(*_KEPT):
        return False
    return matrix_product(statement) is None and not _is_product(statement, tables) and _is_linear(statement)


def _is_product(statement: Statement, tables: Collection[str]) -> bool:
    """A sum of products with a matrix, which is computed as libraries for linear algebra do."""
    return statement.op is Op.SUM and len(statement.loops) > 1 and _is_bilinear(statement.body, tables)


def _is_bilinear(body: Expr, tables: Collection[str]) -> bool:
    terms = [t for t in sp.Add.make_args(body) if isinstance(t, sp.Mul)]
    return any(sum(isinstance(f, Read) and f.tensor not in tables for f in term.args) > 1 for term in terms)


def _is_linear(statement: Statement) -> bool:
    """Whether some array is read once in every round of the loops, or there is only one loop."""
    loops = {loop.symbol for loop in statement.loops}
    if len(loops) <= 1:
        return True
    reads = [r for r in statement_reads(statement) if len(r.positions) >= len(loops)]
    return any(loops <= {s for p in r.positions for s in p.free_symbols} for r in reads)


def _is_arithmetic(node: Expr) -> bool:
    """Sums, products, whole and half powers, absolute values and extrema."""
    if isinstance(node, sp.Pow):
        exponent = node.args[1]
        return bool(exponent.is_integer or (exponent.is_Rational and exponent.q == 2))
    return isinstance(node, (sp.Add, sp.Mul, Difference, *_UNROUNDED))


def _arithmetic(body: Expr) -> Iterator[Expr]:
    """The nodes of a body that are reached by arithmetic, and by functions that pairs are good for."""
    yield body
    if isinstance(body, sp.Pow) and not _is_arithmetic(body):
        yield from _arithmetic(body.args[0])
    elif _is_arithmetic(body) or isinstance(body, (*_MAGNIFIERS, *_KEPT, sp.Piecewise)):
        parts = [p.args[0] for p in body.args] if isinstance(body, sp.Piecewise) else body.args
        for part in parts:
            if not is_whole(part):
                yield from _arithmetic(part)


def _is_large(exponent: Expr) -> bool:
    return not exponent.is_number or abs(exponent) >= _LARGE_POWER
