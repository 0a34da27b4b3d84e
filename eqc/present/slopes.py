"""Partial derivatives of functions as formulas."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from eqc.ir.terms import FunctionName
from eqc.notation.tree import Name, Node, Subscript, walk
from eqc.present.nodes import MARK, NOWHERE, call, name

_PLACEHOLDERS = "vuwspqrabcdxyz"
"""Letters for what a function is differentiated in where its argument is no symbol."""


def slope_of(
    function: FunctionName, arguments: Sequence[Node], own: tuple[Node, ...] = (), known: Collection[str] = ()
) -> Node:
    """A partial derivative in the symbols that a function is applied to, else at a place.

    `own` are the positions of its entry: those of the value, then those of what it is differentiated in. Letters that
    it brings along are none of `known`.
    """
    changed, places = list(arguments), {}
    for n in sorted(set(function.wrt)):
        if not _stands_alone(n, arguments):
            changed[n] = name(_placeholder(changed, known))
            places[n] = arguments[n]
    after = function.returns
    variables = []
    for n in function.wrt:
        before, after = after, after + function.ranks[n]
        variables.append(at_positions(changed[n], own[before:after]))
    slope: Node = call("Derivative", at_positions(call(function.name, *changed), own[: function.returns]), *variables)
    for n, value in places.items():
        slope = call("subs", slope, changed[n], value)
    return slope


def primed(function: FunctionName) -> str:
    """The letter of a function of one number, with a prime for every derivative."""
    return str(function.name) + "'" * len(function.wrt)


def _placeholder(nodes: Sequence[Node], known: Collection[str]) -> str:
    taken = {*known, *(part.name for node in nodes for part in walk(node) if isinstance(part, Name))}
    letters: Iterator[str] = (letter for letter in _PLACEHOLDERS if letter not in taken)
    return next(letters, f"v{len(taken)}")


def _stands_alone(n: int, arguments: Sequence[Node]) -> bool:
    """Whether an argument is a symbol, or an entry or row of one, that no other argument mentions."""
    node = arguments[n]
    base = node.base if isinstance(node, Subscript) else node
    if not isinstance(base, Name) or base.name.startswith(MARK):
        return False
    others = (part for k, other in enumerate(arguments) if k != n for part in walk(other))
    return not any(isinstance(part, Name) and part.name == base.name for part in others)


def at_positions(node: Node, positions: tuple[Node, ...]) -> Node:
    """A part at some positions, behind those that it has."""
    if not positions:
        return node
    if isinstance(node, Subscript):
        return Subscript(NOWHERE, node.base, (*node.positions, *positions))
    return Subscript(NOWHERE, node, positions)
