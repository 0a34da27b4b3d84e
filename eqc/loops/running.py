"""Sums and products of all entries up to each one, or from each one on, in one pass instead of one for every entry.

y[t] = Σ_{s <= t} f(s) is a running sum of f, and what reverse mode makes of it, x[s] += g(t) for s <= t, is one of g
from the end. The same holds for products, but that their slopes leave a factor out: those go by recurrences,
x[s] = Σ_{t >= s} g(t) Π_{s < k <= t} f(k) by h(s) = g(s) + f(s + 1) h(s + 1).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import sympy as sp

from eqc.ir.opaque import Opaque, ProductsWithout, Recurrence, RunningProduct, RunningSum
from eqc.ir.products import is_rectangular
from eqc.ir.program import Op, Program, Statement, Tensor, free_names, fresh, names_in, reads_of, tensors_read
from eqc.ir.ragged import Ragged, parted, ragged_of
from eqc.ir.terms import Expr, Index, Read, read
from eqc.ir.walk import branches, substitute

_HEADS: Mapping[Op, type[Opaque]] = {Op.SUM: RunningSum, Op.PRODUCT: RunningProduct}
_NEUTRAL: Mapping[Op, Expr] = {Op.SUM: sp.Integer(0), Op.PRODUCT: sp.Integer(1)}
_FORWARD, _BACK = sp.Integer(1), sp.Integer(-1)


def run_through(program: Program, apart: Collection[str] = ()) -> Program:
    """The program with running sums; statements that are `apart`, by their targets, stay as they are."""
    work = _Running(program)
    for statement in program.statements:
        made = None if statement.target.name in apart else work.change(statement)
        work.statements += [statement] if made is None else made
    return program.with_statements(tuple(work.statements)) if work.changed else program


@dataclass
class _Running:
    """The statements so far, and the products of all factors but one, by their names, with the factors."""

    program: Program
    statements: list[Statement] = field(default_factory=list)
    factors: dict[str, tuple[Read, Read]] = field(default_factory=dict)
    changed: bool = False

    def __post_init__(self) -> None:
        self.taken = names_in(self.program)
        self.tensors = self.program.tensors

    def change(self, statement: Statement) -> list[Statement] | None:
        """What stands for a statement, if it is one of these."""
        if statement.guard != sp.true or isinstance(statement.body, Opaque):
            return None
        made = self._others(statement) if statement.op is Op.PRODUCT else None
        if made is None:
            ragged = ragged_of(statement)
            if ragged is not None:
                made = self._added(ragged) if statement.scatter else self._collected(ragged)
        self.changed |= made is not None
        return made

    # y[t] = sum(s: t + 1) f(s) ---------------------------------------------------------------------------------------

    def _collected(self, ragged: Ragged) -> list[Statement] | None:
        statement, t = ragged.statement, ragged.outer.symbol
        if ragged.outer != statement.free[-1]:
            return None
        without = self._without_product(ragged)
        if without is not None:
            return self._recurrence(ragged, *without)
        own, outside = parted(ragged.body, t.name, ragged.inner.name)
        if outside is None or (outside != 1 and statement.op is Op.PRODUCT):
            return None
        made, terms = self._stored(ragged, own, Index(ragged.inner.name, ragged.end))
        head = _HEADS[statement.op](terms, _BACK if ragged.back else _FORWARD)
        last = t + ragged.shift if ragged.back else t + ragged.shift - 1
        if last == t and ragged.end == ragged.outer.extent and outside == 1:
            return [*made, Statement(statement.target, ragged.rest, ragged.at, Op.NONE, head)]
        made.append(self._whole(ragged, "running", ragged.end, head))
        found = outside * read(made[-1].target.name, (*ragged.at, last))
        inside = sp.Lt(last, ragged.end) if ragged.back else sp.Ge(last, 0)
        body = branches([(found, inside), (_NEUTRAL[statement.op], sp.true)])
        return [*made, Statement(statement.target, statement.free, statement.positions, Op.NONE, body)]

    def _recurrence(self, ragged: Ragged, rest: Expr, factors: Read, before: Read) -> list[Statement] | None:
        """y[t] = sum(s: t + 1) others[t, s]*h(s), the change of a running product."""
        t = ragged.outer.symbol
        if t.name in free_names(rest) or ragged.end != ragged.outer.extent:
            return None
        body = rest * _until(before, ragged.at, ragged.place)
        made, terms = self._stored(ragged, body, Index(ragged.inner.name, ragged.end))
        head = Recurrence(terms, factors, _FORWARD)
        return [*made, Statement(ragged.statement.target, ragged.rest, ragged.at, Op.NONE, head)]

    # x[s] += g(t) for all s <= t -------------------------------------------------------------------------------------

    def _added(self, ragged: Ragged) -> list[Statement] | None:
        statement, (t, u) = ragged.statement, (ragged.outer.symbol, ragged.place)
        without = self._without_product(ragged)
        body = ragged.body if without is None else without[0]
        own, others = parted(body, t.name, u.name)
        if others is None:
            return None
        made, terms = self._stored(ragged, others, ragged.outer)
        if without is None:
            head, start = RunningSum(terms, _FORWARD if ragged.back else _BACK), u - ragged.shift
            start = start if ragged.back else start + 1
        else:
            _, factors, before = without
            head, start = Recurrence(terms, factors, _BACK), u
            own *= _until(before, ragged.at, u)
        made.append(self._whole(ragged, "running", ragged.outer.extent, head))
        found = own * read(made[-1].target.name, (*ragged.at, start))
        axis = Index(ragged.inner.name, statement.target.shape[-1])
        inside = sp.And(sp.Ge(start, 0), sp.Lt(start, ragged.outer.extent), sp.Lt(u, ragged.end))
        whole = start == u and axis.extent == ragged.outer.extent == ragged.end
        body = found if whole else branches([(found, inside), (sp.Integer(0), sp.true)])
        positions, op = (*statement.positions[:-1], u), Op.NONE if len(statement.positions) > len(ragged.at) else Op.SUM
        return [*made, Statement(statement.target, (*ragged.rest, axis), positions, op, body)]

    # products of all factors but one ---------------------------------------------------------------------------------

    def _others(self, statement: Statement) -> list[Statement] | None:
        """y[s] = product(w) (1 where w = s, else f(w)), for all w or for those up to a t."""
        found = _left_out(statement)
        if found is None:
            return None
        left, factor, other = found
        rest = tuple(loop for loop in statement.free if loop != left)
        if other.extent == left.extent and left == statement.free[-1] and is_rectangular(statement):
            return self._of_all(statement, rest, left, substitute(factor, {other.symbol: left.symbol}))
        if not rest or not _is_first(rest[-1], left, other) or statement.free[-2:] != (rest[-1], left):
            return None
        outer, name = rest[-1], statement.target.name
        readers = [s for s in self.program.statements if name in tensors_read(s)]
        if outer.name in free_names(factor) or not all(self._passes(s, name, outer) for s in readers):
            return None
        around = Ragged(statement, outer, left, rest[:-1], factor, False, 1, outer.extent)
        body = substitute(factor, {other.symbol: left.symbol})
        made, factors = self._stored(around, body, Index(left.name, outer.extent))
        made.append(self._whole(around, "before", outer.extent, RunningProduct(factors, _FORWARD)))
        self.factors[name] = factors, read(made[-1].target.name, around.at)
        return made

    def _of_all(self, statement: Statement, rest: tuple[Index, ...], left: Index, factor: Expr) -> list[Statement]:
        """What stands before it times what stands behind it, which one function computes."""
        around = Ragged(statement, left, left, rest, factor, False, 1, left.extent)
        made, factors = self._stored(around, factor, left)
        made.append(self._whole(around, "all", left.extent, ProductsWithout(factors)))
        body = read(made[-1].target.name, (*around.at, left.symbol))
        return [*made, Statement(statement.target, statement.free, statement.positions, Op.NONE, body)]

    def _passes(self, reader: Statement, name: str, outer: Index) -> bool:
        """Whether a reader of such products can do with recurrences."""
        ragged = ragged_of(reader) if reader.guard == sp.true and not isinstance(reader.body, Opaque) else None
        if ragged is None or ragged.back or ragged.shift != 1 or ragged.outer.extent != outer.extent:
            return False
        rest = _without(ragged, name)
        if rest is None:
            return False
        if reader.scatter:
            return parted(rest, ragged.outer.name, ragged.inner.name)[1] is not None
        return ragged.outer == reader.free[-1] and ragged.outer.name not in free_names(rest)

    def _without_product(self, ragged: Ragged) -> tuple[Expr, Read, Read] | None:
        """The other factors of a body with such a product, the product's factors, and what stands before each."""
        for name, (factors, before) in self.factors.items():
            rest = _without(ragged, name)
            if rest is not None:
                return rest, read(factors.tensor, ragged.at), read(before.tensor, ragged.at)
        return None

    # helpers ---------------------------------------------------------------------------------------------------------

    def _stored(self, ragged: Ragged, body: Expr, axis: Index) -> tuple[list[Statement], Read]:
        """What runs through, as an array."""
        at, shape = (*ragged.at, axis.symbol), (*(loop.extent for loop in ragged.rest), axis.extent)
        if isinstance(body, Read) and body.positions == at:
            known = self.tensors.get(body.tensor)
            if known is not None and known.shape == shape and not known.integer:
                return [], read(body.tensor, ragged.at)
        target = Tensor(fresh(f"{ragged.statement.target.name}_terms", self.taken), shape, differentiable=False)
        return [Statement(target, (*ragged.rest, axis), at, Op.NONE, body)], read(target.name, ragged.at)

    def _whole(self, ragged: Ragged, what: str, extent: Expr, head: Expr) -> Statement:
        """An array that a function gives."""
        shape = (*(loop.extent for loop in ragged.rest), extent)
        name = fresh(f"{ragged.statement.target.name}_{what}", self.taken)
        return Statement(Tensor(name, shape, differentiable=False), ragged.rest, ragged.at, Op.NONE, head)


def _until(before: Read, at: tuple[Expr, ...], place: Expr) -> Expr:
    """The product of all factors before a place."""
    found = read(before.tensor, (*at, place - 1))
    return branches([(found, sp.Gt(place, 0)), (sp.Integer(1), sp.true)])


def _is_first(outer: Index, left: Index, other: Index) -> bool:
    """Whether two loops go up to a third one."""
    return bool(left.extent == other.extent and sp.expand(left.extent - outer.symbol) == 1)


def _left_out(statement: Statement) -> tuple[Index, Expr, Index] | None:
    """The index whose factor a product leaves out, the others' factor, and their index."""
    body = statement.body
    if not isinstance(body, sp.Piecewise) or len(body.args) != 2 or len(statement.bound) != 1 or statement.scatter:
        return None
    (other,), (one, same), (factor, always) = statement.bound, *(pair.args for pair in body.args)
    if one != 1 or always != sp.true or not isinstance(same, sp.Eq) or other.symbol not in same.args:
        return None
    (symbol,) = set(same.args) - {other.symbol} or {None}
    left = next((loop for loop in statement.free if loop.symbol == symbol), None)
    if left is None or left.name in free_names(factor) or statement.positions[-1] != left.symbol:
        return None
    return left, factor, other


def _without(ragged: Ragged, name: str) -> Expr | None:
    """A body without its one factor that is an entry of a tensor."""
    own = read(name, (*ragged.at, ragged.outer.symbol, ragged.inner.symbol))
    factors = list(sp.Mul.make_args(ragged.body))
    if factors.count(own) != 1:
        return None
    factors.remove(own)
    rest = sp.Mul(*factors)
    return None if any(r.tensor == name for r in reads_of(rest)) else rest
