"""Making closed forms short: the shortest of a few equal forms, with the names that the record gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import sympy as sp

from eqc.ir.terms import Expr, Read
from eqc.ir.walk import map_reads, substitute
from eqc.present.bound import Total
from eqc.present.cases import tidy_cases
from eqc.present.definitions import Definition, counts_of, fold, nonnegative_of, solved_reads, stochastic_of
from eqc.present.length import SMALL, length
from eqc.present.matching import exchange
from eqc.present.results import in_results
from eqc.present.sums import Facts, tidy_sums
from eqc.present.wording import well_worded

_LONG = 30
"""Operations from which the terms of a sum are looked at one by one."""


def tidy(expression: Expr, facts: Facts, definitions: Sequence[Definition]) -> Expr:
    """The shortest form found."""

    def named(part: Expr) -> Expr:
        for definition in definitions:
            part = fold(part, definition)
        return part

    facts = replace(
        facts,
        stochastic={**facts.stochastic, **stochastic_of(definitions)},
        nonnegative=facts.nonnegative | nonnegative_of(definitions),
        counts=counts_of(definitions),
        named=named,
    )
    for _ in range(4):
        before = expression
        expression = tidy_sums(named(expression), facts)
        if expression == before:
            break
    return _Search(facts, definitions).shortest(expression)


@dataclass(frozen=True, slots=True)
class _Search:
    """The search among equal forms."""

    facts: Facts
    definitions: Sequence[Definition]

    def shortest(self, expression: Expr) -> Expr:
        """The form with the fewest operations; what is summed, and terms of long sums, are shortened first."""
        expression = self._inside_sums(expression)
        if expression.is_Add and sp.count_ops(expression) > _LONG:
            expression = sp.Add(*(self.shortest(term) for term in expression.args))
        if sp.count_ops(expression) > SMALL:
            return self.worded(expression)
        best = _first(self.forms(expression, self.definitions))
        best = _first([best, *self.forms(best, ())]) if best != expression else best
        for definition in self.definitions:
            renamed = _solved(best, definition)
            if renamed is not None:
                best = _first([best, *self.forms(tidy_sums(renamed, self.facts), ())])
        return best

    def _inside_sums(self, expression: Expr) -> Expr:
        outer = [
            t for t in expression.atoms(Total) if not any(t in o.args[0].atoms(Total) for o in expression.atoms(Total))
        ]
        mapping = {}
        for total in sorted(outer, key=sp.default_sort_key):
            body, index, extent = total.args
            mapping[total] = Total(self.shortest(body), index, extent)
        changed = exchange(expression, mapping)
        return expression if changed == expression else tidy_sums(changed, self.facts)

    def forms(self, expression: Expr, definitions: Sequence[Definition]) -> list[Expr]:
        """A few equal forms; cases count as symbols."""
        cases = sorted(expression.atoms(sp.Piecewise), key=sp.default_sort_key)
        hidden = {case: sp.Symbol(f"case__{n}", real=True) for n, case in enumerate(cases)}
        shown = {symbol: case for case, symbol in hidden.items()}
        plain = exchange(expression, hidden)
        found = dict.fromkeys([*_algebraic(plain), *in_results(plain, definitions)])
        worded = [self.worded(substitute(form, shown)) for form in found]
        return [form for form in worded if not form.has(sp.zoo, sp.nan)] or [self.worded(expression)]

    def worded(self, form: Expr) -> Expr:
        """A form with its cases and signs as one would write them."""
        simple = tidy_cases(form, self.facts.nonnegative, self.facts.counts)
        simple = tidy_sums(simple, self.facts) if simple != form else simple
        return well_worded(simple)


@lru_cache(maxsize=1000)
def _algebraic(expression: Expr) -> list[Expr]:
    """Equal forms by algebra alone; slopes in several inputs have parts in common."""
    plain = _same_index(sp.expand(expression))
    forms = [
        expression,
        plain,
        *map(sp.factor_terms, dict.fromkeys([plain, expression])),
        sp.together(expression),
        sp.factor_terms(sp.factor_terms(plain, sign=False)),
        sp.factor(plain),
        sp.cancel(expression),
    ]
    if not expression.has(Total) and sp.count_ops(expression) < 40:
        forms.append(sp.simplify(expression))
    return forms


def _first(forms: Sequence[Expr]) -> Expr:
    """The shortest form; of equally short ones a product before a sum, and then the one with the shortest text."""
    ranks = {form: (length(form), bool(form.is_Add)) for form in forms}
    least = min(ranks.values())
    best = [form for form, rank in ranks.items() if rank == least]
    return best[0] if len(best) == 1 else min(best, key=lambda form: (len(str(form)), str(form)))


def _solved(expression: Expr, definition: Definition) -> Expr | None:
    """An expression in terms of a standardised quantity instead of what it was made from."""
    found = None
    for r, value in solved_reads(definition).items():

        def change(other: Read, r: Read = r, value: Expr = value) -> Expr:
            if other.tensor != r.tensor:
                return other
            return substitute(value, dict(zip(r.positions, other.positions, strict=True)))

        renamed = map_reads(expression, change)
        found = renamed if renamed != expression else found
    return found


def _same_index(expression: Expr) -> Expr:
    """δ[j, k]·f[k] is written δ[j, k]·f[j], so that terms show their common factor."""

    def term(product: Expr) -> Expr:
        for factor in sp.Mul.make_args(product):
            if isinstance(factor, sp.KroneckerDelta) and all(a.is_Symbol for a in factor.args):
                first, second = sorted(factor.args, key=lambda s: _by_name(s.name))
                return factor * substitute(product / factor, {second: first})
        return product

    return sp.Add(*(term(t) for t in sp.Add.make_args(expression)))


def _by_name(name: str) -> tuple[int, str]:
    return (len(name), name)
