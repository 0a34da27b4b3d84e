"""A record's LaTeX read through its glossary: which symbols it defines, and how, as notation trees."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from eqc.errors import NotationError, Span
from eqc.notation.latex import conditions, parts
from eqc.notation.latex.atoms import read_atom
from eqc.notation.latex.boxes import Box, Boxes, flat_text
from eqc.notation.latex.boxes import walk as walk_boxes
from eqc.notation.latex.calls import apply_function, apply_record
from eqc.notation.latex.context import Context, Lookup, index_key
from eqc.notation.latex.distributions import distribution_at, log_density, parameters, sample
from eqc.notation.latex.expression import Expression
from eqc.notation.latex.glossary import Glossary, record_named
from eqc.notation.latex.parts import Fresh, Part
from eqc.notation.latex.patterns import split
from eqc.notation.latex.scan import read_boxes
from eqc.notation.latex.sets import built_set
from eqc.notation.latex.statements import Clause, clauses
from eqc.notation.latex.usual import USUAL, USUAL_LETTERS
from eqc.notation.operators import is_condition
from eqc.notation.sympy_form import parse_statement
from eqc.notation.tokens import Places
from eqc.notation.tree import Boolean, Name, Node, Subscript, walk
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
        targets = tuple(dict.fromkeys(_targets(record)))
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
        self.context.printed = frozenset(_printed(self.context, boxes))
        self.outputs = [t for t in targets if _is_output(record, t, targets)]
        if targets or not record.statements:
            self.outputs = self.outputs or _candidates(record, self.context)
        self.laws = list(_named_laws(record))
        self.clauses = tuple(c for c in self.clauses if not self._defines_locally(c))
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
        distributed = self._distribution(clause)
        if distributed is not None:
            return distributed
        if clause.kind == "remark" or self._is_no_number(clause):
            return []
        if clause.kind == "expression":
            return self._expression(clause.sides[0])
        if clause.kind == "condition":
            return self._condition(clause.sides[0])
        return self._links(clause)

    def _defines_locally(self, clause: Clause) -> bool:
        """`N(z) = …` or `Z = …` for a name that the glossary does not have, but another clause uses: kept for that."""
        left = clause.sides[0] if clause.sides else ()
        if clause.kind != "equation" or len(clause.sides) != 2 or self.context.glossary.at(left, 0):
            return False
        if not left or left[0].sup is not None or left[0].kind not in ("letter", "word", "accent"):
            return False
        if len(left) == 1 and (built := built_set(clause.sides[1])) is not None:
            self.context.sets[index_key(left[0])] = built
            return True
        if len(left) == 1:
            return self._defines_value(clause, left[0])
        if len(left) < 4 or left[1].text != "(" or left[-1].text != ")":
            return False
        key, names = index_key(left[0]), split(left[2:-1], ",", ";")
        simple = all(len(piece) == 1 and piece[0].kind == "letter" for piece in names)
        if not simple or not any(c is not None and c.text == "(" for c in self._uses(clause, key)):
            return False
        self.context.functions[key] = tuple(index_key(piece[0]) for piece in names), clause.sides[1]
        return True

    def _defines_value(self, clause: Clause, box: Box) -> bool:
        """A number of the LaTeX's own, beside outputs that are printed."""
        key = index_key(box)
        if not set(self.outputs) <= self.context.printed or not any(True for _ in self._uses(clause, key)):
            return False
        self.context.functions[key] = (), clause.sides[1]
        return True

    def _uses(self, clause: Clause, key: str) -> Iterator[Box | None]:
        """What stands behind a name wherever other clauses have it."""
        for other in self.clauses:
            for side in other.sides if other is not clause else ():
                for inside in _lists(side):
                    for box, following in pairwise((*inside, None)):
                        if box is not None and index_key(replace(box, sup=None)) == key:
                            yield following

    def _is_no_number(self, clause: Clause) -> bool:
        """`\\theta = (w_1, \\ldots, b)` names a list or a set, which is no number, unless the glossary has it."""
        if clause.kind != "equation" or self.context.glossary.at(clause.sides[0], 0):
            return False
        right = clause.sides[-1]
        if right and right[0].kind == "open" and any(b.is_sign(r"\ldots", r"\cdots") for b in right):
            return True
        named = len(right) > 1 and right[0].text.startswith("mathcal ") and right[1].kind == "open"
        return named and distribution_at(right) is None and not self.context.glossary.at(right, 0)

    def _distribution(self, clause: Clause) -> list[Equation] | None:
        """`q(x) = \\mathcal{N}(x; …)`, `x \\sim \\mathcal{N}(…)`: the log-density and the sample of the record."""
        left, right = _sides_of_distribution(clause)
        name = distribution_at(right)
        if name is None or self.context.glossary.at(right, 0) or (clause.kind == "equation" and self._has(left)):
            return None
        expr = Expression(self.context, right)
        variable, given = parameters(expr, right)
        found: list[Equation] = []
        if variable and clause.kind == "equation" and name == "normal" and (log := self._logarithm_of(left)):
            x = expr.inside(variable)
            found.append(self._equation(log, log_density(expr, right[0], x, given), right))
        found += self._sample(name, given, variable or left, right)
        is_all = clause.kind == "equation" and sum(c.kind != "remark" for c in self.clauses) == 1
        return None if is_all and not found and variable else found

    def _has(self, left: Boxes) -> bool:
        return any(f.match.end == len(left) for f in self.context.glossary.at(left, 0))

    def _logarithm_of(self, left: Boxes) -> Part | None:
        """The symbol that the glossary has for the logarithm of a density."""
        boxes = (Box("letter", r"\log", left[0].offset, left[0].offset), *left)
        found = next((f for f in self.context.glossary.at(boxes, 0) if f.match.end == len(boxes)), None)
        return None if found is None else parts.scalar(Name(self.context.span(left[0]), found.spelling.name))

    def _sample(self, name: str, given: Sequence[Part], variable: Boxes, right: Boxes) -> list[Equation]:
        """The sample of a distribution, if the record computes one of a draw."""
        self.context.target = True
        try:
            found = self.context.symbol(variable, 0)
        finally:
            self.context.target = False
        if found is None or found.spelling.name not in self._open_outputs() or found.match.end != len(variable):
            return []
        axes = self.context.glossary.axes[found.spelling.name]
        target = parts.array(Name(self.context.span(variable[0]), found.spelling.name), axes)
        with self.context.pointing_at(right[0]):
            value = sample(self.context, name, given, target)
        return [] if value is None else [self._equation(target, value, right)]

    def _expression(self, boxes: Boxes) -> list[Equation]:
        """An expression alone is the formula of an output that nothing else defines."""
        words = all(b.kind in ("prose", "word") for b in boxes)
        names = boxes[0].kind == "open" and boxes[-1].kind == "close" and len(split(boxes[1:-1], ",")) > 1
        if (words or names) and len(self.clauses) > 1:
            return []
        body = _without_optimiser(self.context, boxes)
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
        left = self._without_players(left)
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
        if self._is_own_name(left) or self._is_usual_name(left):
            return None
        try:
            return Expression(self.context, self._without_arguments(left)).whole()
        except NotationError:
            if self._is_function_of_something(left) and self._open_outputs():
                self.context.free = {}
                return None
            raise
        finally:
            self.context.target = False

    def _is_implicit(self, target: Part) -> bool:
        """An equation that defines nothing, beside an output that is printed nowhere: the output is its slack."""
        if _base_name(target.whole) in self.definable or self.laws or not self.record.statements:
            return False
        unseen = [name for name in self._open_outputs() if name not in self.context.printed]
        return len(self.outputs) == len(unseen) == 1 and unseen != ["out"]

    def _indices_of(self, target: Part | None) -> Iterable[str]:
        """The indices that the glossary gives the symbol on the left side."""
        names = self._open_outputs() if target is None else [_base_name(target.whole) or ""]
        for name in names:
            entry = self.record.symbols.get(name)
            yield from entry.index if entry is not None else ()

    def _is_own_name(self, left: Boxes) -> bool:
        """`\\mathrm{ReLU}(z)` in the record relu, unless the glossary has it."""
        first = left[0]
        if self.context.glossary.at(left, 0):
            return False
        return first.kind == "word" and record_named(first.text, [self.record.id]) == self.record.id

    def _without_players(self, left: Boxes) -> Boxes:
        """`\\min_G \\max_D V(D, G)` defines V for any players, if the record has it."""
        rest = left
        while len(rest) > 1 and rest[0].text in (r"\min", r"\max") and rest[0].sub is not None:
            rest = rest[1:]
        found = self.context.glossary.at(rest, 0)
        known = self.context.assigned | set(self.outputs)
        return rest if any(f.spelling.name in known and f.match.end == len(rest) for f in found) else left

    def _is_usual_name(self, left: Boxes) -> bool:
        """`\\sigma(x)` on the left side, if the record is about that function and its output has no notation."""
        name = left[0].text
        is_usual = name in USUAL_LETTERS or (left[0].kind == "word" and name.lower() in USUAL)
        known = is_usual and self._is_function_of_something(left) and bool(self._open_outputs())
        return known and not self.context.glossary.at(left, 0)

    def _without_arguments(self, left: Boxes) -> Boxes:
        """`f(x; \\theta)` of a number f that the record assigns is f: the brackets say what it depends on."""
        found = self.context.symbol(left, 0)
        if found is None or found.match.end >= len(left) or found.spelling.role != "value":
            return left
        name, rest = found.spelling.name, left[found.match.end :]
        entry = self.record.symbols[name]
        is_call = rest[0].text in ("(", "[") and rest[-1].kind == "close" and not rest[-1].has_scripts
        if not is_call or entry.shape is not None or name not in self.context.assigned | set(self.outputs):
            return left
        pieces = split(rest[1:-1], ",", ";", "|", r"\|")
        return left[: found.match.end] if all(_is_symbol(self.context, piece) for piece in pieces) else left

    def _is_function_of_something(self, left: Boxes) -> bool:
        """A name, or a name with arguments in brackets."""
        first = left[0]
        if first.kind not in ("letter", "word", "accent"):
            return False
        return len(left) == 1 or (left[1].kind == "open" and left[-1].kind == "close")

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
        at = at if len(at) == len(axes) else _by_appearance(left, self.context, printed)
        if len(at) != len(axes):
            return whole
        return parts.index_into(whole, tuple(Name(span, n) for n in at))

    def _equation(self, target: Part, right: Part, side: Boxes) -> Equation:
        span = self.context.span(side[0])
        text = self.places.source.text[side[0].offset : side[-1].end]
        defines = _base_name(target.whole)
        if defines is not None and defines not in self.definable:
            defines = None
        if defines is not None:
            self.defined.add(defines)
        with self.context.pointing_at(side[0]):
            left_node, right_node = self._both(target, right)
        return Equation(left_node, right_node, span, text, defines)

    def _at_its_indices(self, target: Part, right: Part) -> Part:
        """An array on the left side at the indices that the glossary gives it, if the right side has them free."""
        entry = self.record.symbols.get(_base_name(target.whole) or "")
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


def _sides_of_distribution(clause: Clause) -> tuple[Boxes, Boxes]:
    """What is distributed, and how, if a clause may say so."""
    if clause.kind == "equation" and len(clause.sides) == 2:
        return clause.sides[0], clause.sides[1]
    boxes = clause.sides[0]
    place = next((k for k, b in enumerate(boxes) if b.is_sign(r"\sim")), None)
    return (boxes, ()) if clause.kind != "remark" or not place else (boxes[:place], boxes[place + 1 :])


def _is_symbol(context: Context, boxes: Boxes) -> bool:
    """One symbol of the glossary, or one letter."""
    if len(boxes) == 1 and boxes[0].kind in ("letter", "word", "accent"):
        return True
    return any(found.match.end == len(boxes) for found in context.glossary.at(boxes, 0))


def _lists(boxes: Boxes) -> Iterable[Boxes]:
    """A list of boxes and all lists inside it."""
    yield boxes
    for box in walk_boxes(boxes):
        yield from box.inner()


def _as_vectors(target: Part, right: Part) -> tuple[Part, Part]:
    if target.rank == 1 and right.rank == 2 and right.axes[0] == parts.UNIT:
        return target, parts.transposed(right)
    if right.rank > target.rank:
        raise parts.Misfit(f"{parts.show(right.axes)} for {parts.show(target.axes)}", "check the shapes")
    return target, right


def _base_name(node: Node | None) -> str | None:
    base = node.base if isinstance(node, Subscript) else node
    return base.name if isinstance(base, Name) else None


def _targets(record: Record) -> Iterable[str]:
    """The names that the SymPy form assigns; without one, what updates something or is marked as an output."""
    if record.statements:
        for text in record.statements:
            statement = parse_statement(text)
            target, value = statement.target, statement.value
            name = _base_name(target)
            if name is not None or not is_condition(value):
                yield name or "out"
        return
    yield from (e.name for e in record.symbols.values() if e.updates or e.output)


def _named_laws(record: Record) -> Iterable[str]:
    """The outputs that say whether something holds."""
    for text in record.statements:
        statement = parse_statement(text)
        name = _base_name(statement.target)
        if name is not None and is_condition(statement.value):
            yield name


def _candidates(record: Record, context: Context) -> list[str]:
    """What a left side without a name may define in a record without statements: a symbol that is printed nowhere."""
    sizes = {name for axes in context.glossary.axes.values() for axis in axes for name in re.findall(r"\w+", axis)}
    ids = context.glossary.record_ids
    unseen = [e.name for e in record.symbols.values() if e.name not in context.printed | sizes | ids]
    return unseen or ["out"]


def _is_output(record: Record, name: str, targets: Sequence[str]) -> bool:
    entry = record.symbols.get(name)
    if entry is not None and (entry.output or entry.updates):
        return True
    place = targets.index(name)
    later = (parse_statement(text).value for text in record.statements[place + 1 :])
    return not any(isinstance(n, Name) and n.name == name for value in later for n in walk(value))


def _printed(context: Context, boxes: Boxes) -> Iterable[str]:
    """The symbols that are printed anywhere."""
    for inside in (boxes, *(i for box in walk_boxes(boxes) for i in box.inner())):
        for place in range(len(inside)):
            yield from (found.spelling.name for found in context.glossary.at(inside, place))


def _by_appearance(left: Boxes, context: Context, names: Sequence[str]) -> list[str]:
    """Free indices in the order in which the left side prints them, else in that of the right side."""
    keys = {name: key for key, node in context.free.items() for name in [node.name]}
    order = [b.text for b in walk_boxes(left)]
    known = [n for n in names if keys[n] in order]
    return sorted(known, key=lambda n: order.index(keys[n])) if len(known) == len(names) else list(names)


def _without_optimiser(context: Context, boxes: Boxes) -> Boxes:
    """`\\min_{w, b}` before an objective only says in what it is minimised."""
    first = boxes[0]
    if first.kind != "big" or first.text not in (r"\min", r"\max") or len(boxes) < 2:
        return boxes
    if first.sub is None:
        return boxes if boxes[1].kind == "open" else boxes[1:]
    letters = [b for b in first.sub if b.kind in ("letter", "accent", "word")]
    positions = {b.text for box in walk_boxes(boxes[1:]) for b in walk_boxes(box.sub or ())}
    varied = [b for b in letters if context.declares(replace(b, sup=None)) or b.text not in positions]
    return boxes[1:] if letters and len(varied) == len(letters) else boxes
