"""Results of other records as calls: the tensor that a composed sigmoid leaves behind is shown as σ(w·x + b)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import fields, replace
from typing import Any

from eqc.ir.program import Program, Use
from eqc.ir.terms import Expr, Read, index_symbol, read
from eqc.ir.walk import substitute
from eqc.notation.tree import Attribute, Call, Name, Node, Subscript, walk
from eqc.present.applied import AppliedForms
from eqc.present.arrays import Array, Axes, NoArray, array_of
from eqc.present.closed import Inliner, TooLarge
from eqc.present.counting import count_from_one
from eqc.present.formula import CalledEntry, formula_of
from eqc.present.matching import depends
from eqc.present.nodes import MARK, NOWHERE, name
from eqc.present.wholes import Wholes

_SHORT = 9
"""Parts of a call that stands in a formula; a longer one gets a name and a definition."""


class Calls:
    """How the tensors of a program are shown, and those of what is derived from it.

    `known` are the names that the glossary has, `letters` those with which its notation is written.
    """

    def __init__(self, value: Program, known: Collection[str], derived: Program, letters: Collection[str] = ()) -> None:
        self.program = derived
        self.tensors = {**value.tensors, **self.program.tensors}
        self.known = frozenset(known) | {t.name for t in value.inputs} | set(value.outputs)
        self.uses = {use.tensor: use for use in value.uses}  # the innermost of several
        self.kept = self.known | self.uses.keys()
        self.wholes = AppliedForms(Wholes(self.program), self.known.union(letters), self._operand)

    @property
    def made_up(self) -> frozenset[str]:
        """The tensors that neither the glossary nor the user names."""
        variables = {area.variable for area in self.program.areas}
        return frozenset(self.tensors.keys() | self.wholes.wholes.named.keys()) - self.known - variables

    def formula(self, expression: Expr) -> Node:
        """A closed form counted from 1, with calls for the results of records."""
        replaced: dict[Expr, Expr] = {}
        shown: dict[str, Node] = {}
        for r in sorted((s for s in expression.free_symbols if isinstance(s, Read)), key=lambda s: s.name):
            node = None if r.tensor in self.known else self._node(r)
            if node is not None:
                mark = f"{MARK}{len(shown)}"
                shown[mark], replaced[r] = node, CalledEntry(mark, real=True)
        return put_in(formula_of(expression.xreplace(replaced)), shown)

    def _node(self, r: Read) -> Node | None:
        """What stands for a read of a result, or of an array that is computed as a whole; None where it has a name."""
        lead = self.wholes.lead(r.tensor)
        if lead is not None:
            own = tuple(formula_of(p) for p in r.positions[lead:])
            return self._written(lambda: self.wholes.entry(r.tensor, tuple(p - 1 for p in r.positions[:lead]), own))
        node = self.entry(r.tensor, tuple(p - 1 for p in r.positions))
        return node if node is not None and sum(1 for _ in walk(node)) <= _SHORT else None

    def _written(self, write: Callable[[], Node | None]) -> Node | None:
        try:
            return write()
        except (NoArray, TooLarge):
            return None

    def _operand(self, operand: Expr) -> Node:
        """A number or an array that a whole array is computed from; positions count from 0."""
        if self._is_whole(operand):
            return self._whole_argument(operand, lifted=False)
        return self.formula(count_from_one(self._closed(operand), (), self.known))

    def entry(self, tensor: str, positions: tuple[Expr, ...]) -> Node | None:
        """One entry of a record's result as a call; positions count from 0."""
        use = self.uses.get(tensor)
        if use is None:
            return None
        own = positions[len(use.head) :]
        try:
            if own and self._lifts(use):
                return _at(self._call(use, {}), positions)
            return _at(self._call(use, dict(zip(use.head, positions, strict=False))), own)
        except (NoArray, TooLarge):
            return None

    def whole(self, tensor: str, axes: Axes) -> Node | None:
        """A record's result over all its axes, in matrix form."""
        try:
            found = self._result(read(tensor, axes), axes)
        except (NoArray, TooLarge):
            return None
        return found.node if found is not None and found.axes == axes else None

    def _lifts(self, use: Use) -> bool:
        """Whether all arguments are arrays over all leading axes, over which the record broadcasts."""
        arguments = [a for a in use.arguments if self._is_whole(a)]
        return bool(arguments) and all(a.positions in ((), use.head) for a in arguments)

    def _is_whole(self, argument: Expr) -> bool:
        return isinstance(argument, Read) and len(argument.positions) < self.tensors[argument.tensor].rank

    def _call(self, use: Use, mapping: Mapping[Expr, Expr]) -> Node:
        lifted = not mapping
        nodes = []
        for argument in use.arguments:
            if self._is_whole(argument):
                nodes.append(self._whole_argument(argument if lifted else substitute(argument, mapping), lifted=lifted))
            else:
                nodes.append(self.formula(count_from_one(self._closed(substitute(argument, mapping)), (), self.known)))
        node = Call(NOWHERE, use.record, tuple(nodes))
        return Attribute(NOWHERE, node, use.field) if use.field else node

    def _whole_argument(self, r: Read, *, lifted: bool) -> Node:
        prefix = () if lifted else r.positions
        if r.tensor in self.known:
            return _at(name(r.tensor), prefix)
        rank = self.tensors[r.tensor].rank
        axes = tuple(index_symbol(f"axis__{n}") for n in range(rank - len(prefix)))
        return array_of(self._closed(read(r.tensor, (*prefix, *axes))), axes, self.array)

    def _closed(self, expression: Expr) -> Expr:
        """An expression with all that no glossary names put in."""
        inliner = Inliner(self.program, self.kept, limit=120)
        return inliner.expand(expression)

    def array(self, r: Read, axes: Axes) -> Array | None:
        """A record's result as a part of a formula over some axes; None for what is no such result."""
        if r.tensor in self.known:
            return None
        if self.wholes.lead(r.tensor) is not None:
            return self._whole_result(r, axes)
        return self._result(r, axes)

    def _whole_result(self, r: Read, axes: Axes) -> Array:
        lead = self.wholes.lead(r.tensor)
        before, own = r.positions[:lead], r.positions[lead:]
        node = self.wholes.array(r.tensor, before)
        if node is None or not set(own) <= set(axes) or any(depends(p, axis) for p in before for axis in axes):
            raise NoArray
        return Array(node, own)

    def _result(self, r: Read, axes: Axes) -> Array | None:
        use = self.uses.get(r.tensor)
        if use is None:
            return None
        if len(r.positions) > len(use.head):
            if not self._lifts(use) or not set(r.positions) <= set(axes):
                raise NoArray
            return Array(self._call(use, {}), r.positions)
        mapping = dict(zip(use.head, r.positions, strict=True))
        nodes = [self._argument(a, substitute(a, mapping), axes) for a in use.arguments]
        return Array(Call(NOWHERE, use.record, tuple(nodes)), axes)

    def _argument(self, argument: Expr, here: Expr, axes: Axes) -> Node:
        """An argument of a record that broadcasts over some axes; a row of an array is shown as the array."""
        if not self._is_whole(argument):
            return array_of(self._closed(here), axes, self.array)
        if here.positions != axes:
            raise NoArray
        return self._whole_argument(here, lifted=True)


def _at(node: Node, positions: tuple[Expr, ...]) -> Node:
    if not positions:
        return node
    shown = tuple(formula_of(count_from_one(p, ()) + 1) for p in positions)
    return Subscript(NOWHERE, node, shown)


def put_in(node: Node, shown: Mapping[str, Node]) -> Node:
    """A formula with some names replaced."""
    if isinstance(node, Name):
        return shown.get(node.name, node)
    if not shown:
        return node
    changed: dict[str, Any] = {}
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, Node):
            changed[field.name] = put_in(value, shown)
        elif isinstance(value, tuple):
            changed[field.name] = tuple(put_in(v, shown) if isinstance(v, Node) else v for v in value)
    return replace(node, **changed)
