"""Sums of exponentials with weights or without: the greatest term apart from the sum of the others.

With p the place of the greatest w exp(u), t = u[p] and o = Σ_{k≠p} w[k] exp(u[k] - t):

    Σ w exp(u) = exp(t)(w[p] + o),   log Σ w exp(u) = t + log(w[p] + o),
    exp(u[j])/Σ w exp(u) = exp(u[j] - t)/(w[p] + o),   w[p] exp(u[p])/Σ w exp(u) = 1/(1 + o/w[p])

Nothing overflows, and nothing is computed as 1 - s where s is close to 1: derivatives go through t, and what belongs to
p in them is again a sum over the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import sympy as sp

from eqc.ir.program import Op, Program, Statement, Tensor, box, fresh, names_in, reads_of, tensors_read
from eqc.ir.stable import Difference, ExpDifference
from eqc.ir.terms import Expr, Index, Magnitude, Read, read
from eqc.ir.walk import rebuild, substitute
from eqc.rewrite.shift import exponent_of, store, weight_of, with_weight


def part_greatest(program: Program) -> Program:
    """Rewrite every sum of exponentials over a whole axis all of whose readers are quotients or logarithms."""
    taken = names_in(program)
    statements = list(program.statements)
    for total in program.statements:
        if total.target.name not in program.outputs:
            statements = _parted(statements, total, taken) or statements
    return program.with_statements(tuple(statements))


@dataclass(frozen=True, slots=True)
class _Parts:
    """What stands for one sum: its loop, the weight, the exponent as a read, the tensors p, t and o.

    `largest` is the share 1/(1 + o/w[p]), and `whole` is w[p] + o.
    """

    total: Statement
    loop: Index
    weight: Expr
    exponent: Expr
    at_loop: Read
    place: Tensor
    top: Tensor
    others: Tensor
    largest: Tensor
    whole: Tensor

    def at(self, r: Read) -> dict[Expr, Expr]:
        """The values of the sum's free indices at a read of it."""
        return dict(zip(self.total.positions, r.positions, strict=True))

    def is_place(self, j: Expr, r: Read) -> Expr:
        """1 where j is the place of the greatest exponent, else 0."""
        return sp.KroneckerDelta(j, read(self.place.name, r.positions, integer=True))

    def exponent_at(self, j: Expr, r: Read) -> Expr:
        return substitute(self.at_loop, {**self.at(r), self.loop.symbol: j})

    def top_at(self, r: Read) -> Expr:
        return read(self.top.name, r.positions)

    def weight_at(self, j: Expr, r: Read) -> Expr:
        return substitute(self.weight, {**self.at(r), self.loop.symbol: j})

    def greatest_at(self, r: Read) -> Expr:
        """The weight at p."""
        return self.weight_at(read(self.place.name, r.positions, integer=True), r)

    def others_at(self, r: Read) -> Expr:
        return read(self.others.name, r.positions)

    def sum_at(self, r: Read) -> Expr:
        return self.greatest_at(r) + self.others_at(r)

    def share(self, j: Expr, r: Read) -> Expr:
        """w[j] exp(u[j])/Σ w exp(u): near 1 it hardly depends on the weight, where w[p]/(w[p] + o) would cancel."""
        one = self.is_place(j, r)
        other = self.weight_at(j, r) * ExpDifference(self.exponent_at(j, r), self.top_at(r))
        other /= read(self.whole.name, r.positions)
        return one * read(self.largest.name, r.positions) + (1 - one) * other

    def scaled(self, j: Expr, r: Read) -> Expr:
        """exp(u[j] - t), which is 1 at p, where it has no slope."""
        one = self.is_place(j, r)
        return one + (1 - one) * ExpDifference(self.exponent_at(j, r), self.top_at(r))

    def below(self, j: Expr, r: Read) -> Expr:
        """u[j] - t, which is 0 at p, where it has no slope."""
        return (1 - self.is_place(j, r)) * Difference(self.exponent_at(j, r), self.top_at(r))

    def places(self, exponent: Expr, r: Read) -> Iterator[Expr]:
        """The j for which an expression is u[j]."""
        indices = [p for e in (exponent, *_positions(exponent)) for p in e.free_symbols if not isinstance(p, Read)]
        for j in sorted(set(indices), key=str):
            if substitute(self.exponent, {**self.at(r), self.loop.symbol: j}) == exponent:
                yield j


def _positions(expression: Expr) -> list[Expr]:
    return [p for r in reads_of(expression) for p in r.positions]


def _parted(statements: list[Statement], total: Statement, taken: set[str]) -> list[Statement] | None:
    """The statements with the sum's parts in its place, or None if some reader would keep the sum."""
    exponent = exponent_of(total)
    if exponent is None or len(total.bound) != 1 or not _is_full(total.bound[0]):
        return None
    names = set(taken)
    stored, at_loop = store(total, exponent, names)
    parts = _parts(total, weight_of(total), exponent, at_loop, names)
    compared, found = _compared(parts, names)
    result: list[Statement] = []
    for statement in statements:
        if statement.target.name == total.target.name:
            result += [*stored, *compared, *_made(parts, found)]
        elif total.target.name in tensors_read(statement):
            body = _reader(statement.body, parts)
            changed = replace(statement, body=body)
            if total.target.name in tensors_read(changed):
                return None
            result.append(changed)
        else:
            result.append(statement)
    taken |= names
    return result


def _is_full(loop: Index) -> bool:
    """A loop over a whole axis, which is empty only if an array is."""
    return bool(loop.extent.is_Symbol and not isinstance(loop.extent, Read))


def _parts(total: Statement, weight: Expr, exponent: Expr, at_loop: Expr, names: set[str]) -> _Parts:
    like = replace(total.target, differentiable=False)
    place = replace(like, name=fresh("place", names), integer=True)
    top = replace(like, name=fresh("top", names))
    others = replace(like, name=fresh("others", names))
    largest = replace(like, name=fresh("largest", names))
    whole = replace(like, name=fresh("whole", names))
    return _Parts(total, total.bound[0], weight, exponent, at_loop, place, top, others, largest, whole)


def _compared(parts: _Parts, names: set[str]) -> tuple[list[Statement], Expr]:
    """What the greatest term is found by: the exponents, or the terms over their exponents' greatest exponential."""
    total = parts.total
    if not reads_of(parts.weight):
        return [], parts.at_loop
    weighed, counted = with_weight(total, parts.at_loop, parts.weight, names)
    most = replace(total.target, name=fresh("most", names), differentiable=False, constant=True)
    size = Tensor(fresh("size", names), box(total.loops), differentiable=False, constant=True)
    at = tuple(loop.symbol for loop in total.loops)
    term = Magnitude(parts.weight) * sp.exp(parts.at_loop - read(most.name, total.positions))
    greatest = replace(total, target=most, op=Op.MAX, body=counted)
    return [*weighed, greatest, Statement(size, total.loops, at, Op.NONE, term)], read(size.name, at)


def _made(parts: _Parts, compared: Expr) -> list[Statement]:
    """The statements for p, t and o."""
    total, k = parts.total, parts.loop.symbol
    own = read(total.target.name, total.positions)
    place = replace(total, target=parts.place, op=Op.ARGMAX, body=compared)
    at_place = substitute(parts.at_loop, {k: read(parts.place.name, total.positions, integer=True)})
    top = Statement(parts.top, total.free, total.positions, Op.NONE, at_place)
    body = (1 - parts.is_place(k, own)) * parts.weight * ExpDifference(parts.at_loop, parts.top_at(own))
    made = [place, top, replace(total, target=parts.others, body=body)]
    if not reads_of(parts.weight):
        return made
    share = 1 / (1 + parts.others_at(own) / parts.greatest_at(own))
    made.append(Statement(parts.largest, total.free, total.positions, Op.NONE, share))
    return [*made, Statement(parts.whole, total.free, total.positions, Op.NONE, parts.sum_at(own))]


def _reader(node: Expr, parts: _Parts) -> Expr:
    """A reader's body in terms of the parts, wherever it is a quotient or a logarithm."""
    if not node.args or isinstance(node, Read):
        return node
    changed = _quotient(node, parts) if isinstance(node, sp.Mul) else _logarithm(node, parts)
    if changed is not None:
        return changed
    result = rebuild(node, tuple(_reader(a, parts) for a in node.args))
    return _grouped(result, parts) if isinstance(result, sp.Add) else result


def _quotient(node: Expr, parts: _Parts) -> Expr | None:
    """exp(u[j])/Σ exp(u)."""
    found = _fraction(node, parts)
    if found is None:
        return None
    r, j, rest = found
    weight = sp.Mul.make_args(parts.weight_at(j, r)) if reads_of(parts.weight) else ()
    if weight and all(f in rest for f in weight):
        return sp.Mul(parts.share(j, r), *(_reader(f, parts) for f in rest if f not in weight))
    return sp.Mul(parts.scaled(j, r) / parts.sum_at(r), *(_reader(f, parts) for f in rest))


def _logarithm(node: Expr, parts: _Parts) -> Expr | None:
    """log Σ exp(u), and log(exp(u[j])/Σ exp(u))."""
    if not isinstance(node, sp.log):
        return None
    argument = node.args[0]
    if isinstance(argument, Read) and argument.tensor == parts.total.target.name:
        return parts.top_at(argument) + sp.log(parts.sum_at(argument))
    found = _fraction(argument, parts) if isinstance(argument, sp.Mul) else None
    if found is None or found[2]:
        return None
    r, j, _ = found
    return parts.below(j, r) - sp.log(parts.sum_at(r))


def _fraction(node: Expr, parts: _Parts) -> tuple[Read, Expr, list[Expr]] | None:
    """The read of the sum, j and the other factors of a product with exp(u[j])/Σ exp(u)."""
    factors = list(sp.Mul.make_args(node))
    for below in factors:
        if not (isinstance(below, sp.Pow) and below.args[1] == -1 and isinstance(below.args[0], Read)):
            continue
        r = below.args[0]
        for above in (f for f in factors if isinstance(f, sp.exp) and r.tensor == parts.total.target.name):
            for j in parts.places(above.args[0], r):
                return r, j, [f for f in factors if f not in (above, below)]
    return None


def _grouped(node: Expr, parts: _Parts) -> Expr:
    """u[j] - t - log(1 + o): the difference first."""
    terms = list(node.args)
    tops = [-t for t in terms if isinstance(-t, Read) and (-t).tensor == parts.top.name]
    for top in tops:
        at = read(parts.total.target.name, top.positions)
        for term in terms:
            for j in parts.places(term, at):
                rest = [t for t in terms if t not in (term, -top)]
                return sp.Add(parts.below(j, at), *rest)
    return node
