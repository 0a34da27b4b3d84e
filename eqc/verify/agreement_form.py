"""Formulas in a normal form in which cheap differences vanish: order, names of indices, signs, nested sums."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from eqc.notation.tree import (
    Attribute,
    Binary,
    Boolean,
    Call,
    Compare,
    Name,
    Node,
    Number,
    Subscript,
    TupleNode,
    Unary,
)
from eqc.notation.words import BINDERS

Form = tuple[Any, ...]
Names = Mapping[str, str]

_SYMMETRIC = frozenset(("HadamardProduct", "Max", "Min", "KroneckerDelta"))
_FLIPPED = {">": "<", ">=": "<="}
_ONE: Form = ("number", Fraction(1))


def same_formula(left: Node, right: Node, names: Names) -> bool:
    """Whether two formulas are the same but for what the normal form forgets; `names` renames free indices of the left.

    >>> from eqc.notation.sympy_form import parse_text
    >>> a, b = parse_text("1/N*Sum((x[i] - m)**2, (i, 1, N))"), parse_text("Sum((x[k] - m)**2, (k, 1, N))/N")
    >>> same_formula(a, b, {})
    True
    """
    return normal_form(left, names) == normal_form(right, {})


def normal_form(node: Node, names: Names) -> Form:
    """The normal form of a formula."""
    return _HANDLERS[type(node)](node, names)


def _number(node: Number, names: Names) -> Form:
    return "number", node.value


def _name(node: Name, names: Names) -> Form:
    return "name", names.get(node.name, node.name)


def _subscript(node: Subscript, names: Names) -> Form:
    return "at", normal_form(node.base, names), tuple(normal_form(p, names) for p in node.positions)


def _unary(node: Unary, names: Names) -> Form:
    inner = normal_form(node.operand, names)
    if node.op == "not":
        return "not", inner
    return inner if node.op == "+" else _scaled(inner, Fraction(-1))


def _binary(node: Binary, names: Names) -> Form:
    left, right = normal_form(node.left, names), normal_form(node.right, names)
    if node.op == "+":
        return _sum(left, right)
    if node.op == "-":
        return _sum(left, _scaled(right, Fraction(-1)))
    if node.op == "*":
        return _product(left, right)
    if node.op == "/":
        return _product(left, _power(right, ("number", Fraction(-1))))
    if node.op == "**":
        return _power(left, right)
    if node.op in ("and", "or"):
        return node.op, _sorted((*_parts(left, node.op), *_parts(right, node.op)))
    return node.op, left, right


def _parts(form: Form, head: str) -> tuple[Form, ...]:
    return form[1] if form[0] == head else (form,)


def _sorted(forms: tuple[Form, ...]) -> tuple[Form, ...]:
    return tuple(sorted(forms, key=repr))


def _split(form: Form) -> tuple[Fraction, Form]:
    """A term as a number times the rest."""
    if form[0] == "number":
        return form[1], _ONE
    if form[0] == "product":
        return form[1], ("product", Fraction(1), form[2]) if len(form[2]) != 1 else form[2][0]
    return Fraction(1), form


def _scaled(form: Form, factor: Fraction) -> Form:
    if form[0] == "sum":
        return "sum", _sorted(tuple(_scaled(term, factor) for term in form[1]))
    number, rest = _split(form)
    number *= factor
    if rest == _ONE or number == 0:
        return "number", number
    if number == 1:
        return rest
    return "product", number, rest[2] if rest[0] == "product" else (rest,)


def _sum(left: Form, right: Form) -> Form:
    terms = (*_parts(left, "sum"), *_parts(right, "sum"))
    collected: dict[Form, Fraction] = {}
    for term in terms:
        number, rest = _split(term)
        collected[rest] = collected.get(rest, Fraction(0)) + number
    kept = _sorted(tuple(_scaled(rest, number) for rest, number in collected.items() if number))
    if not kept:
        return "number", Fraction(0)
    return kept[0] if len(kept) == 1 else ("sum", kept)


def _product(left: Form, right: Form) -> Form:
    """Factors in their order, which matters for matrices, with the number in front."""
    a, first = _split(left)
    b, second = _split(right)
    factors = tuple(f for form in (first, second) for f in (form[2] if form[0] == "product" else (form,)) if f != _ONE)
    if a * b == 0:
        return "number", Fraction(0)
    if not factors:
        return "number", a * b
    if len(factors) == 1 and a * b == 1:
        return factors[0]
    return "product", a * b, _ordered(factors)


def _ordered(factors: tuple[Form, ...]) -> tuple[Form, ...]:
    """Numbers may change places; factors that may be matrices keep their order among themselves."""
    scalars = _sorted(tuple(f for f in factors if _is_number(f)))
    return (*scalars, *(f for f in factors if not _is_number(f)))


def _is_number(form: Form) -> bool:
    """Whether a form is a number for certain: an entry, a sum, or a function of such."""
    if form[0] in ("number", "at"):
        return True
    if form[0] == "call":
        return form[1] in BINDERS or (form[1] in _SCALAR and all(_is_number(a) for a in form[2]))
    if form[0] == "power":
        return _is_number(form[1])
    if form[0] == "sum":
        return all(_is_number(term) for term in form[1])
    return form[0] == "product" and all(_is_number(f) for f in form[2])


_SCALAR = frozenset(("exp", "log", "sin", "cos", "tan", "tanh", "Abs", "Max", "Min", "KroneckerDelta", "floor"))


def _power(base: Form, exponent: Form) -> Form:
    if exponent == _ONE:
        return base
    small = base[0] == exponent[0] == "number" and exponent[1].denominator == 1 and abs(exponent[1]) < 64
    if small and (base[1] or exponent[1] > 0):
        return "number", base[1] ** int(exponent[1])
    if base[0] == "power" and base[2][0] == "number" and exponent == ("number", Fraction(-1)):
        return _power(base[1], ("number", -base[2][1]))
    if base[0] == "product" and exponent == ("number", Fraction(-1)) and all(_is_number(f) for f in base[2]):
        factors = tuple(_power(f, exponent) for f in base[2])
        return _scaled(("product", Fraction(1), _ordered(factors)), 1 / base[1])
    if base[0] == "product" and exponent == ("number", Fraction(-1)):
        return _scaled(("power", ("product", Fraction(1), base[2]), exponent), 1 / base[1])
    return "power", base, exponent


def _call(node: Call, names: Names) -> Form:
    if node.function in BINDERS:
        return _bound(node, names)
    arguments = tuple(normal_form(a, names) for a in node.arguments)
    if node.function == "sqrt":
        return _power(arguments[0], ("number", Fraction(1, 2)))
    return "call", node.function, _sorted(arguments) if node.function in _SYMMETRIC else arguments


def _bound(node: Call, names: Names) -> Form:
    """A sum with its limits from outside in; indices are called by how deep they stand."""
    body, limits = node.arguments[0], [a for a in node.arguments[1:] if isinstance(a, TupleNode)]
    while (
        isinstance(body, Call) and body.function == node.function and node.function not in ("ArgMaxOver", "ArgMinOver")
    ):
        limits = [*(a for a in body.arguments[1:] if isinstance(a, TupleNode)), *limits]
        body = body.arguments[0]
    inner = dict(names)
    ends: list[Form] = []
    for limit in reversed(limits):
        ends.append(tuple(normal_form(end, inner) for end in limit.items[1:]))
        index = limit.items[0]
        if isinstance(index, Name):
            inner[index.name] = f"#{len(inner)}"
    form = normal_form(body, inner)
    number, rest = _split(form)
    if node.function == "Sum" and number != 1 and rest != _ONE:
        return _scaled(("call", node.function, (rest, *ends)), number)
    return "call", node.function, (form, *ends)


def _compare(node: Compare, names: Names) -> Form:
    left, right = normal_form(node.left, names), normal_form(node.right, names)
    if node.op in _FLIPPED:
        return _FLIPPED[node.op], right, left
    return node.op, *(_sorted((left, right)) if node.op in ("==", "!=") else (left, right))


def _tuple(node: TupleNode, names: Names) -> Form:
    return "tuple", *(normal_form(item, names) for item in node.items)


_HANDLERS: Mapping[type[Node], Callable[[Any, Names], Form]] = {
    Number: _number,
    Boolean: lambda node, names: ("truth", node.value),
    Name: _name,
    Subscript: _subscript,
    Unary: _unary,
    Binary: _binary,
    Call: _call,
    Attribute: lambda node, names: (".", normal_form(node.base, names), node.name),
    Compare: _compare,
    TupleNode: _tuple,
}
