"""Calls that are more than a function of numbers: sums and extrema, other records, matrix words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce as fold
from typing import TYPE_CHECKING

import numpy as np

from eqc.errors import NotationError, ShapeError
from eqc.notation.sympy_form import parse_expression
from eqc.notation.tree import Call, Name, Node, TupleNode
from eqc.verify.decompositions import (
    cholesky,
    eigenvalues,
    eigenvectors,
    left_singular_vectors,
    log_determinant,
    right_singular_vectors,
    singular_values,
)
from eqc.verify.functions import greatest
from eqc.verify.hyperdual import HyperDual, Scalar, lift, multiply, power, total
from eqc.verify.quadrature import integral
from eqc.verify.reading import ARG_EXTREMA, EXTREMA, Reading
from eqc.verify.spectra import eigenvalue_imaginary_parts, eigenvalue_real_parts, real_eigenvalues
from eqc.verify.statements import run
from eqc.verify.tensor import (
    Tensor,
    Value,
    determinant,
    diagonal,
    elementwise,
    filled,
    identity,
    inverse,
    places,
    plain,
    show,
    trace,
    transpose,
)

if TYPE_CHECKING:
    from eqc.verify.tree_eval import Evaluator

MATRIX_WORDS: Mapping[str, Callable[..., Value]] = {
    "Trace": trace,
    "Transpose": transpose,
    "Determinant": determinant,
    "Inverse": inverse,
    "Identity": lambda span, order: identity(order),
    "HadamardProduct": lambda span, *factors: elementwise(span, lambda *x: fold(multiply, x), factors),
    "HadamardPower": lambda span, base, exponent: elementwise(span, power, [base, exponent]),
    "diag": diagonal,
    "LogDeterminant": log_determinant,
    "Cholesky": cholesky,
    "Eigenvalues": eigenvalues,
    "Eigenvectors": eigenvectors,
    "RealEigenvalues": real_eigenvalues,
    "EigenvalueRealParts": eigenvalue_real_parts,
    "EigenvalueImaginaryParts": eigenvalue_imaginary_parts,
    "SingularValues": singular_values,
    "LeftSingularVectors": left_singular_vectors,
    "RightSingularVectors": right_singular_vectors,
}

DECOMPOSITIONS = frozenset(
    {"Eigenvalues", "Eigenvectors", "SingularValues", "LeftSingularVectors", "RightSingularVectors"}
)
DECOMPOSITION_STEPS = 1500
"""What one of them counts for where the work is bounded."""

CONSTANT_MATRICES: Mapping[str, Callable[[int, int], Tensor]] = {
    "ZeroMatrix": lambda rows, columns: plain((rows, columns), lambda at: 0),
    "OneMatrix": lambda rows, columns: plain((rows, columns), lambda at: 1),
}


def reduce(ev: Evaluator, call: Call) -> Scalar:
    """A sum, product or extremum over its limits."""
    body, *limits = call.arguments
    places: list[int] = []
    numbers: list[Scalar] = []
    for place in _runs(ev, limits):
        places.append(place)
        numbers.append(ev.number(body))
    if call.function == "Sum":
        return total(numbers)
    if call.function == "Product":
        return fold(multiply, numbers) if numbers else 1
    if not numbers:
        raise ShapeError(call.span, written=call.function, rule="the range is empty", remedy="check the limits")
    if call.function in EXTREMA:
        return greatest(ev.session.decide, numbers, EXTREMA[call.function])
    return places[ev.session.decide.extreme(numbers, ARG_EXTREMA[call.function])[0]]


def _runs(ev: Evaluator, limits: Sequence[Node]) -> Iterator[int]:
    """Every setting of the limits' indices, the last limit outermost; gives the innermost index."""
    *inner, outer = limits
    name, low, high = _limit(outer)
    before = ev.indices.get(name)
    for place in range(ev.whole(low), ev.whole(high) + 1):
        ev.indices[name] = place
        if inner:
            yield from _runs(ev, inner)
        else:
            yield place
    _restore(ev, name, before)


def integrate(ev: Evaluator, call: Call) -> Scalar:
    """An integral over its limits, the innermost first."""
    body, *limits = call.arguments
    return _integral(ev, body, limits)


def _integral(ev: Evaluator, body: Node, limits: Sequence[Node]) -> Scalar:
    *inner, outer = limits
    name, low, high = _limit(outer)
    ends = lift(ev.number(low)), lift(ev.number(high))
    before = ev.indices.get(name)

    def integrand(at: HyperDual) -> Scalar:
        ev.indices[name] = at
        return _integral(ev, body, inner) if inner else ev.number(body)

    found = integral(integrand, *ends)
    _restore(ev, name, before)
    return found


def _restore(ev: Evaluator, name: str, before: Scalar | None) -> None:
    if before is None:
        ev.indices.pop(name, None)
    else:
        ev.indices[name] = before


def _limit(node: Node) -> tuple[str, Node, Node]:
    if isinstance(node, TupleNode) and len(node.items) == 3 and isinstance(node.items[0], Name):
        return node.items[0].name, node.items[1], node.items[2]
    raise NotationError(node.span, written="…", rule="a limit is (index, lower, upper)", remedy="write (i, 1, n)")


def call_record(ev: Evaluator, call: Call) -> Value:
    """Another record's value: a bare one for one output, fields for several; leading axes broadcast."""
    callee = ev.session.reading(call.function)
    arguments = _arguments(ev, call, callee)
    ranks = {name: len(callee.shapes.get(name, ())) for name in arguments}
    extra = _extra_shape(call, arguments, ranks)
    found: dict[tuple[int, ...], Mapping[str, Value]] = {}
    for at in places(extra):
        own = {name: _item(value, ranks[name], at) for name, value in arguments.items()}
        found[at] = run(ev.nested(call.function, own))
    if not found:
        raise ShapeError(call.span, written=call.function, rule="an argument is empty", remedy="check its shape")
    units = _extra_units(arguments, ranks, len(extra))
    outputs = {name: _stacked({at: f[name] for at, f in found.items()}, extra, units) for name in callee.outputs}
    return outputs if len(outputs) > 1 else outputs[callee.outputs[0]]


def call_function(ev: Evaluator, call: Call) -> Value:
    """A function input's value: of the record that it is, or of a function of the oracle's own."""
    given, entry = ev.reading.functions[call.function], ev.reading.entry(call.function)
    if isinstance(given, str):
        return call_record(ev, replace(call, function=given))
    if given is None:
        raise NotImplementedError(f"{call.span}: nothing says what the function {call.function} is")
    arguments = {str(n): ev.value(a) for n, a in enumerate(call.arguments)}
    ranks = {str(n): len(shape) for n, shape in enumerate(entry.arguments)}
    extra = _extra_shape(call, arguments, ranks)
    shape = tuple(ev.whole(parse_expression(axis)) for axis in entry.returns)
    found = {}
    for at in places(extra):
        items = [_item(value, ranks[name], at) for name, value in arguments.items()]
        flat = [x for item in items for x in (item.data.ravel() if isinstance(item, Tensor) else [item])]
        found[at] = plain(shape, given.entries(flat)) if shape else given.entries(flat)(())
    return _stacked(found, extra, _extra_units(arguments, ranks, len(extra)))


def _arguments(ev: Evaluator, call: Call, callee: Reading) -> dict[str, Value]:
    before, ev.in_position = ev.in_position, False
    values = [ev.value(a) for a in call.arguments]
    ev.in_position = before
    defaults = [callee.entry(name).default for name in callee.inputs[len(values) :]]
    if len(values) > len(callee.inputs) or None in defaults:
        raise NotationError(
            call.span,
            written=f"{call.function} with {len(values)} argument(s)",
            rule=f"{call.function} takes {', '.join(callee.inputs)}",
            remedy="give each input once, without extents",
        )
    return dict(zip(callee.inputs, [*values, *defaults], strict=True))


def _extra_shape(call: Call, arguments: Mapping[str, Value], ranks: Mapping[str, int]) -> tuple[int, ...]:
    """The leading axes that arguments have beyond what the record asks for."""
    shapes = []
    for name, value in arguments.items():
        shape = value.data.shape if isinstance(value, Tensor) else ()
        if len(shape) < ranks[name] or isinstance(value, Mapping):
            raise ShapeError(
                call.span,
                written=f"{name} = {show(value)}",
                rule=f"{call.function} takes {name} with {ranks[name]} axes",
                remedy="check the order of the arguments",
            )
        shapes.append(shape[: len(shape) - ranks[name]])
    return np.broadcast_shapes(*shapes)


def _item(value: Value, rank: int, at: tuple[int, ...]) -> Value:
    """The part of an argument at one place of the leading axes."""
    if not isinstance(value, Tensor):
        return value
    own = value.rank - rank
    place = tuple(0 if size == 1 else k for k, size in zip(at[len(at) - own :], value.data.shape[:own], strict=True))
    return Tensor(value.data[place], value.unit[own:]) if rank else value.data[place]


def _extra_units(arguments: Mapping[str, Value], ranks: Mapping[str, int], count: int) -> tuple[bool, ...]:
    """A leading axis is a unit axis if it is one in every argument that has it."""
    units = [True] * count
    for name, value in arguments.items():
        if isinstance(value, Tensor):
            own = value.unit[: value.rank - ranks[name]]
            for k, unit in enumerate(own, start=count - len(own)):
                units[k] = units[k] and unit
    return tuple(units)


def _stacked(found: Mapping[tuple[int, ...], Value], extra: tuple[int, ...], units: tuple[bool, ...]) -> Value:
    """The results at every place of the leading axes as one array."""
    if not extra:
        return found[()]
    first = next(iter(found.values()))
    if not isinstance(first, Tensor):
        return Tensor(filled(extra, lambda at: found[at]), units)
    data = filled((*extra, *first.data.shape), lambda at: found[at[: len(extra)]].data[at[len(extra) :]])
    return Tensor(data, (*units, *first.unit))
