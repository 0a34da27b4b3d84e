"""Whether a law that the LaTeX prints is one that the record states: the same relations between the same differences.

A law need not hold at random points, so it is not tested itself: what is compared are the sides of its relations.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from eqc.notation.operators import is_condition
from eqc.notation.sympy_form import parse_statement
from eqc.notation.tree import Binary, Compare, CompareOp, Node, Unary
from eqc.records.model import Record
from eqc.verify.agreement_form import same_formula
from eqc.verify.claims import Points, check_relation
from eqc.verify.oracle import Oracle
from eqc.verify.reading import target_name
from eqc.verify.report import Check

_UPWARD: dict[CompareOp, CompareOp] = {"<": ">", "<=": ">="}


def stated_laws(record: Record, defined: Collection[str | None]) -> Iterator[Node]:
    """The parts of a record's laws; those with a name only if it is not among those that are defined.

    >>> from eqc.records.load import load_text
    >>> text = "{title: Unit, sympy: 'Eq(Sum(p[k], (k, 1, K)), 1)', symbols: {p: {shape: [K]}, K: count}}"
    >>> len(list(stated_laws(load_text(text, id="unit", area="a", file="unit.yaml"), ())))
    1
    """
    for statement in map(parse_statement, record.statements):
        if is_condition(statement.value) and (statement.target is None or target_name(statement) not in defined):
            yield from law_parts(statement.value)


def named_laws(record: Record) -> Iterator[str]:
    """The outputs that say whether something holds."""
    for statement in map(parse_statement, record.statements):
        if statement.target is not None and is_condition(statement.value):
            yield target_name(statement)


def law_parts(node: Node) -> Iterator[Node]:
    """The parts of a law that `and` joins."""
    if isinstance(node, Binary) and node.op == "and":
        yield from law_parts(node.left)
        yield from law_parts(node.right)
    else:
        yield node


def compare_laws(oracle: Oracle, printed: Node, law: Node, points: Points) -> Check | None:
    """How it is known that a printed relation is a law of the record; None if it is another one."""
    if same_formula(printed, law, {}):
        return Check("latex", "proved", "the same formula")
    if not isinstance(printed, Compare) or not isinstance(law, Compare):
        return None
    a, b = _upward(printed), _upward(law)
    if a.op != b.op:
        return None
    check = check_relation(oracle, "latex", Compare(a.span, "==", _difference(a), _difference(b)), points)
    if check.status == "failed" and a.op in ("==", "!="):
        opposite = Unary(a.span, "-", _difference(b))
        check = check_relation(oracle, "latex", Compare(a.span, "==", _difference(a), opposite), points)
    return check


def _upward(node: Compare) -> Compare:
    """The relation with its greater side first."""
    return Compare(node.span, _UPWARD[node.op], node.right, node.left) if node.op in _UPWARD else node


def _difference(node: Compare) -> Node:
    return Binary(node.span, "-", node.left, node.right)
