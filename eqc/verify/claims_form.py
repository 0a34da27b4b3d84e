"""Arrays in proofs: read entry by entry, with the algebra of matrices on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import sympy as sp

from eqc.verify.claims_terms import Expr, Terms, Unsuited, small

Shape = tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """A number, or an array that is read entry by entry."""

    shape: Shape
    at: Callable[[Shape], Expr]


def number(value: Expr) -> Form:
    """A form without axes."""
    return Form((), lambda positions: value)


def filled(shape: Shape, entry: Expr) -> Form:
    """An array of equal entries."""
    return Form(shape, lambda positions: entry)


def matrix(form: Form) -> Form:
    """A vector as a column."""
    return form if len(form.shape) == 2 else Form((*form.shape, sp.Integer(1)), lambda p: form.at(p[:1]))


def vector(form: Form) -> Form:
    """A matrix of one column as a vector."""
    if len(form.shape) != 2 or form.shape[1] != 1:
        return form
    return Form(form.shape[:1], lambda p: form.at((*p, sp.Integer(1))))


def item(form: Form, rank: int, outer: Shape) -> Form:
    """The part of an array with leading axes at one place of these."""
    lead = outer if len(form.shape) > rank else ()
    return Form(form.shape[len(lead) :], lambda p: form.at((*lead, *p)))


def elementwise(function: Callable[..., Expr], forms: list[Form]) -> Form:
    """A function of numbers, entry by entry; numbers go with any shape. Unsuited if the shapes differ."""
    if any(len(form.shape) == 1 for form in forms):
        forms = [vector(form) for form in forms]
    shapes = {form.shape for form in forms} - {()}
    if len(shapes) > 1:
        raise Unsuited
    shape = shapes.pop() if shapes else ()
    return Form(shape, lambda p: small(function(*(f.at(p if f.shape else ()) for f in forms))))


def transposed(form: Form) -> Form:
    """Rows as columns; a number is its own transpose."""
    if not form.shape:
        return form
    whole = matrix(form)
    return Form(whole.shape[::-1], lambda p: whole.at(p[::-1]))


def product(terms: Terms, left: Form, right: Form) -> Form:
    """The matrix product; vectors are columns, and one entry is a number."""
    a, b = matrix(left), matrix(right)
    if a.shape[1] != b.shape[0]:
        raise Unsuited

    def at(p: Shape) -> Expr:
        k = terms.new_index(a.shape[1])
        return terms.total(a.at((p[0], k)) * b.at((k, p[1])), k, a.shape[1])

    one = sp.Integer(1)
    if a.shape[0] == 1 and b.shape[1] == 1:
        return number(at((one, one)))
    if len(right.shape) == 1:
        return Form((a.shape[0],), lambda p: at((*p, one)))
    return Form((a.shape[0], b.shape[1]), at)


def _trace(terms: Terms, forms: Sequence[Form]) -> Form:
    (form,) = forms
    if len(form.shape) != 2 or form.shape[0] != form.shape[1]:
        raise Unsuited
    k = terms.new_index(form.shape[0])
    return number(terms.total(form.at((k, k)), k, form.shape[0]))


def _numbers(forms: Sequence[Form]) -> Shape:
    if any(form.shape for form in forms):
        raise Unsuited
    return tuple(form.at(()) for form in forms)


def _identity(terms: Terms, forms: Sequence[Form]) -> Form:
    (order,) = _numbers(forms)
    return Form((order, order), lambda p: terms.delta(*p))


WORDS: Mapping[str, Callable[[Terms, list[Form]], Form]] = {
    "KroneckerDelta": lambda terms, forms: number(terms.delta(*_numbers(forms))),
    "OneMatrix": lambda terms, forms: filled(_numbers(forms), sp.Integer(1)),
    "ZeroMatrix": lambda terms, forms: filled(_numbers(forms), sp.Integer(0)),
    "Identity": _identity,
    "Trace": _trace,
    "Transpose": lambda terms, forms: transposed(forms[0]),
    "HadamardProduct": lambda terms, forms: elementwise(sp.Mul, forms),
    "HadamardPower": lambda terms, forms: elementwise(lambda x, n: x**n, forms),
}
"""Matrix words that a proof can go through."""
