"""A record's LaTeX read through its glossary: which symbols it defines, and how, as notation trees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eqc.errors import NotationError, Span
from eqc.notation.latex import conditions, left_sides, matrices, parts
from eqc.notation.latex.atoms import read_atom
from eqc.notation.latex.boxes import Box, Boxes, flat_text
from eqc.notation.latex.calls import apply_function, apply_record
from eqc.notation.latex.context import Context, Lookup
from eqc.notation.latex.definitions import Definitions
from eqc.notation.latex.distributions import distribution_at, stated
from eqc.notation.latex.expression import Expression
from eqc.notation.latex.glossary import Glossary
from eqc.notation.latex.parts import Fresh, Part
from eqc.notation.latex.patterns import split
from eqc.notation.latex.scan import read_boxes
from eqc.notation.latex.statements import Clause, clauses
from eqc.notation.latex.targets import (
    base_name,
    by_appearance,
    candidates,
    is_output,
    named_laws,
    printed_symbols,
    targets_of,
    without_optimiser,
)
from eqc.notation.tokens import Places
from eqc.notation.tree import Boolean, Name, Node
from eqc.records.model import Record, SourceText


@dataclass(frozen=True, slots=True)
class Equation:
    """One link of what the LaTeX states: both sides mean the same, for all values of the free indices.

    `text` is the part of the LaTeX that the right side stands for, `defines` the symbol on the left, if it is one.
    """

    left: Node
    right: Node
    span: Span
    text: str
    defines: str | None


def read_latex(record: Record, source: SourceText, record_ids: Iterable[str], lookup: Lookup) -> tuple[Equation, ...]:
    r"""The equations that a record's LaTeX states.

    Raises NotationError where it cannot be read, at the place in the LaTeX.

    >>> from eqc.notation.text import formula_text
    >>> from eqc.records.load import load_text
    >>> text = "title: Mean\nlatex: m = \\frac{1}{n} \\sum_i x_i\nsympy: Eq(m, Sum(x[i], (i, 1, n))/n)\n"
    >>> text += "symbols: {m: mean, x: {latex: 'x_{i}', index: [i], shape: [n]}, n: count}"
    >>> record = load_text(text, id="mean", area="a", file="mean.yaml")
    >>> [formula_text(e.right) for e in read_latex(record, record.latex_sources[0], (), {}.get)]
    ['1/n*Sum(x[i], (i, 1, n))']
    """
    return _Reader(record, source, frozenset(record_ids), lookup).equations()


class _Reader:
    """Reads the clauses of one text in order."""

    def __init__(self, record: Record, source: SourceText, record_ids: frozenset[str], lookup: Lookup) -> None:
        self.record = record
        self.places = Places(source)
        glossary = Glossary(record, record_ids)
        targets = tuple(dict.fromkeys(targets_of(record)))
        boxes = read_boxes(self.places)
        self.clauses = clauses(boxes)
        names = (*record.symbols, *record_ids, "I", "E", "pi", "oo")
        self.context = Context(
            self.places,
            glossary,
            lookup,
            Fresh(names),
            frozenset(targets),
            read_atom=read_atom,
            apply_record=apply_record,
            apply_function=apply_function,
        )
        self.context.printed = frozenset(printed_symbols(self.context, boxes))
        self.outputs = [t for t in targets if is_output(record, t, targets)]
        if targets or not record.statements:
            self.outputs = self.outputs or candidates(record, self.context)
        self.laws = list(named_laws(record))
        self.clauses = tuple(Definitions(self.context, self.clauses, frozenset(self.outputs)).others())
        self.definable = frozenset(targets) if record.statements else frozenset((*record.symbols, "out"))
        self.defined: set[str] = set()

    def equations(self) -> tuple[Equation, ...]:
        """The equations of all clauses; inequalities come last, as they take what outputs are left."""
        found: list[Equation] = []
        for clause in sorted(self.clauses, key=lambda c: c.kind == "condition"):
            self.context.free = {}
            self.context.hidden = {}
            found += self._clause(clause)
        if not found:
            self.context.fail(None, "the LaTeX states no equation", "print the output, =, and its formula")
        return tuple(sorted(found, key=lambda e: (e.span.line, e.span.column)))

    def _clause(self, clause: Clause) -> list[Equation]:
        alone = sum(c.kind != "remark" for c in self.clauses) == 1
        distributed = stated(self.context, clause, self._open_outputs(), alone=alone)
        if distributed is not None:
            return [self._equation(*one) for one in distributed]
        if clause.kind == "remark" or self._is_no_number(clause):
            return []
        if clause.kind == "expression":
            return self._expression(clause.sides[0])
        if clause.kind == "condition":
            return self._condition(clause.sides[0])
        return self._links(clause)

    def _is_no_number(self, clause: Clause) -> bool:
        """`\\theta = (w_1, \\ldots, b)` names a list or a set, which is no number, unless the glossary has it."""
        if clause.kind != "equation" or self.context.glossary.at(clause.sides[0], 0):
            return False
        right = clause.sides[-1]
        if right and right[0].kind == "open" and any(b.is_sign(r"\ldots", r"\cdots") for b in right):
            return True
        named = len(right) > 1 and right[0].text.startswith("mathcal ") and right[1].kind == "open"
        return named and distribution_at(right) is None and not self.context.glossary.at(right, 0)

    def _expression(self, boxes: Boxes) -> list[Equation]:
        """An expression alone is the formula of an output that nothing else defines."""
        words = all(b.kind in ("prose", "word") for b in boxes)
        names = boxes[0].kind == "open" and boxes[-1].kind == "close" and len(split(boxes[1:-1], ",")) > 1
        if (words or names) and len(self.clauses) > 1:
            return []
        body = without_optimiser(self.context, boxes)
        right = Expression(self.context, body).whole()
        return [self._equation(self._next_output(boxes, right), right, body)]

    def _condition(self, boxes: Boxes) -> list[Equation]:
        """A condition alone is the output's formula; beside equations it is the slack of an output that is left."""
        if sum(c.kind != "remark" for c in self.clauses) == 1:
            return [self._law(boxes)]
        place = next(k for k, b in enumerate(boxes) if b.is_sign("<=", ">=", "<", ">", *conditions.RELATIONS, r"\in"))
        if self.laws or (not self.outputs and self.record.statements):
            return [self._law(boxes)]
        if not self._open_outputs() or not boxes[place].is_sign("<=", ">="):
            return []
        greater, less = boxes[:place], boxes[place + 1 :]
        if boxes[place].is_sign("<="):
            greater, less = less, greater
        with self.context.pointing_at(boxes[place]):
            right = parts.added("-", Expression(self.context, greater).whole(), Expression(self.context, less).whole())
        return [self._equation(self._next_output(boxes, right), right, boxes)]

    def _law(self, boxes: Boxes) -> Equation:
        """A condition as the value of an output, or as a law that has no name."""
        right = conditions.condition(Expression(self.context, boxes), boxes)
        if right.axes and right.whole is not None:
            right = parts.scalar(right.whole)  # a law about arrays is one about all entries
        waiting = [name for name in self.laws or self._open_outputs() if name not in self.defined]
        relations = sum(c.kind in ("condition", "equation", "update") for c in self.clauses)
        if waiting and relations == max(len(self.laws), 1):
            return self._equation(self._unnamed(boxes[0], boxes, right, waiting[:1]), right, boxes)
        return self._equation(parts.scalar(Boolean(right.span, True)), right, boxes)

    def _links(self, clause: Clause) -> list[Equation]:
        for side in clause.sides:
            if not side:
                self.context.fail(clause.sign, "a side of this equation is missing", "write what is equal")
        left, *sides = clause.sides
        left = left_sides.without_players(self.context, left, self.outputs)
        target = self._target(left, update=clause.kind == "update")
        self.context.kept = frozenset(self._indices_of(target))
        names = self._open_outputs()[:1] if target is None else []
        self.context.wanted = self.context.glossary.axes.get(names[0], ()) if names else target.axes if target else ()
        rights = []
        for side in sides:
            self.context.target = False
            rights.append(Expression(self.context, side).whole())
        if target is None:
            target = self._unnamed(left[0], left, rights[0])
        if len(sides) == 1 and self._is_implicit(target):
            with self.context.pointing_at(clause.sign or left[0]):
                slack = parts.added("-", target, rights[0])
            return [self._equation(self._next_output(left, slack), slack, (*left, *sides[0]))]
        found = [self._equation(target, right, side) for right, side in zip(rights, sides, strict=True)]
        if clause.kind == "update" and found[0].defines is not None:
            self.context.renewed.add(found[0].defines)
        return found

    def _target(self, left: Boxes, *, update: bool) -> Part | None:
        """The left side; None if it is a name that the glossary does not have."""
        self.context.target = True
        outputs = frozenset(self._open_outputs())
        if left_sides.is_own_name(self.context, left) or left_sides.is_usual_name(self.context, left, outputs):
            return None
        try:
            return Expression(self.context, left_sides.without_arguments(self.context, left, self.outputs)).whole()
        except NotationError:
            if left_sides.is_function_of_something(left) and outputs:
                self.context.free = {}
                return None
            raise
        finally:
            self.context.target = False

    def _is_implicit(self, target: Part) -> bool:
        """An equation that defines nothing, beside an output that is printed nowhere: the output is its slack."""
        if base_name(target.whole) in self.definable or self.laws or not self.record.statements:
            return False
        unseen = [name for name in self._open_outputs() if name not in self.context.printed]
        return len(self.outputs) == len(unseen) == 1 and unseen != ["out"]

    def _indices_of(self, target: Part | None) -> Iterable[str]:
        """The indices that the glossary gives the symbol on the left side."""
        names = self._open_outputs() if target is None else [base_name(target.whole) or ""]
        for name in names:
            entry = self.record.symbols.get(name)
            yield from entry.index if entry is not None else ()

    def _open_outputs(self) -> list[str]:
        return [name for name in self.outputs if name not in self.defined]

    def _next_output(self, boxes: Boxes, right: Part) -> Part:
        """What a formula without a left side defines: the first output that is left."""
        return self._unnamed(boxes[0], boxes, right, self._open_outputs()[:1])

    def _unnamed(self, box: Box, left: Boxes, right: Part, candidates: Sequence[str] | None = None) -> Part:
        """The output that a left side without a name in the glossary stands for."""
        candidates = self._open_outputs() if candidates is None else candidates
        if len(candidates) != 1:
            what = f"{flat_text(left)[:40]} is not in the glossary"
            known = ", ".join(self.outputs)
            self.context.fail(box, what, f"give the symbol that it defines this latex (outputs: {known or 'none'})")
        name = candidates[0]
        span = self.context.span(box)
        entry = self.record.symbols.get(name)
        axes = self.context.glossary.axes.get(name, ())
        whole = parts.array(Name(span, name), axes)
        if right.axes or not axes:
            return whole
        printed = [self.context.free[k].name for k in self.context.free]
        at = [n for n in (entry.index if entry else ()) if n in printed]
        at = at if len(at) == len(axes) else by_appearance(left, self.context, printed)
        if len(at) != len(axes):
            return whole
        return parts.index_into(whole, tuple(Name(span, n) for n in at))

    def _equation(self, target: Part, right: Part, side: Boxes) -> Equation:
        span = self.context.span(side[0])
        text = self.places.source.text[side[0].offset : side[-1].end]
        defines = base_name(target.whole)
        if defines is not None and defines not in self.definable:
            defines = None
        if defines is not None:
            self.defined.add(defines)
        with self.context.pointing_at(side[0]):
            left_node, right_node = self._both(target, right)
        return Equation(left_node, right_node, span, text, defines)

    def _at_its_indices(self, target: Part, right: Part) -> Part:
        """An array on the left side at the indices that the glossary gives it, if the right side has them free."""
        entry = self.record.symbols.get(base_name(target.whole) or "")
        if entry is None or right.axes or not isinstance(target.whole, Name) or len(entry.index) != target.rank:
            return target
        free = {node.name for node in self.context.free.values()}
        if not target.rank or not free.issuperset(entry.index):
            return target
        return parts.index_into(target, tuple(Name(target.span, name) for name in entry.index))

    def _both(self, target: Part, right: Part) -> tuple[Node, Node]:
        """Both sides as wholes, or as entries at shared indices where a side has only those."""
        target = self._at_its_indices(target, right)
        if right.axes and not target.axes:
            raise parts.Misfit(f"{parts.show(right.axes)} for a number", "check the shapes in the glossary")
        if target.whole is not None and right.whole is not None and (right.axes or not target.axes or not right.rank):
            return target.node, right.node
        target, right = _as_vectors(target, right)
        at = tuple(Name(target.span, self.context.fresh.name()) for _ in target.axes)
        return target.entry(at), right.entry(at[len(at) - right.rank :])


def _as_vectors(target: Part, right: Part) -> tuple[Part, Part]:
    if target.rank == 1 and right.rank == 2 and right.axes[0] == parts.UNIT:
        return target, matrices.transposed(right)
    if right.rank > target.rank:
        raise parts.Misfit(f"{parts.show(right.axes)} for {parts.show(target.axes)}", "check the shapes")
    return target, right
