"""A relation about a record before it knows any numbers: its parts, its free indices, the symbols it brings along."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from eqc.errors import NotationError, nearest
from eqc.notation.tree import Assign, Binary, Call, Compare, Name, Node, Subscript, TupleNode, Unary, walk
from eqc.notation.words import BINDERS
from eqc.verify.balls import CONSTANT_NAMES
from eqc.verify.functions import KINKED
from eqc.verify.reading import ARG_EXTREMA, EXTREMA, Reading, read_record, target_name
from eqc.verify.session import Records

CHOOSING = frozenset({"Piecewise", "cbrt", *KINKED, *EXTREMA, *ARG_EXTREMA} - {"KroneckerDelta"})
_DISCRETE = frozenset({"binary", "sign", "one_hot"})


@dataclass(frozen=True, slots=True)
class Law:
    """A relation with the part that each of its names plays.

    `parts` all have to hold where the condition does, if there is one. `indices` are free: the law is meant for all
    their values at which `reads`, its reads at free indices that nothing guards, stay inside the arrays. `fresh` are
    symbols that stand in no glossary and come in by a substitution. `placed` are all names read as positions that are
    no values of the record. `reading` is the record's own, cut to the statements that the law needs, and without
    outputs; `stated` has the ids of all parts of these statements.
    """

    formula: Node
    condition: Node | None
    parts: tuple[Node, ...]
    indices: tuple[str, ...]
    fresh: tuple[str, ...]
    placed: frozenset[str]
    reads: tuple[Subscript, ...]
    hints: tuple[Subscript, ...]
    reading: Reading
    stated: frozenset[int]


def read_law(reading: Reading, formula: Node) -> Law:
    """Tell the names of a relation apart.

    Raises NotationError if the formula is no relation, or has a name that stands for nothing.

    >>> from eqc.notation.sympy_form import parse_text
    >>> from eqc.records.load import load_text
    >>> from eqc.verify.reading import read_record
    >>> text = "title: Double\\nsympy: Eq(y[i], 2*x[i])\\nsymbols: {y: {shape: [n]}, x: {shape: [n]}, n: size}"
    >>> reading = read_record(load_text(text, id="double", area="a", file="double.yaml"))
    >>> law = read_law(reading, parse_text("Eq(y.subs(x, c*x)[k], c*y[k])"))
    >>> law.indices, law.fresh
    (('k',), ('c',))
    """
    condition, relation = _premise(formula)
    parts = tuple(_parts(relation))
    known = _known(reading)
    scan = _scan(formula, known)
    for name in scan.plain:
        if name not in scan.placed and name not in scan.brought:
            rule = f"{name} is neither a symbol of the record, nor an index, nor brought in by subs"
            raise NotationError(scan.plain[name].span, written=name, rule=rule, remedy=nearest(name, known))
    below = {
        id(n): tuple(sorted({m.name for m in walk(n) if isinstance(m, Name)}))
        for n in walk(formula)
        if isinstance(n, Call)
    }
    indices = tuple(name for name in scan.free if name in scan.placed)
    fresh = tuple(name for name in scan.brought if name not in scan.placed)
    statements = _needed(reading, formula)
    own = replace(reading, statements=statements, outputs=(), names_below={**reading.names_below, **below})
    hints, reads = _reads(scan, indices)
    stated = frozenset(id(n) for s in statements for n in walk(s.value))
    return Law(formula, condition, parts, indices, fresh, frozenset(scan.placed), reads, hints, own, stated)


def _premise(formula: Node) -> tuple[Node | None, Node]:
    """`Implies(condition, relation)` taken apart; any other relation has no condition."""
    if not (isinstance(formula, Call) and formula.function == "Implies" and len(formula.arguments) == 2):
        return None, formula
    condition, relation = formula.arguments
    if not (_is_condition(condition) or (isinstance(condition, Binary) and condition.op == "and")):
        rule, remedy = "what implies a claim is a condition", "write Implies(x > 0, Eq(a, b))"
        raise NotationError(condition.span, written="…", rule=rule, remedy=remedy)
    return condition, relation


def _parts(formula: Node) -> Iterator[Node]:
    """The relations that `And` joins, from left to right."""
    stack = [formula]
    while stack:
        node = stack.pop()
        if isinstance(node, Binary) and node.op == "and":
            stack += [node.right, node.left]
        elif _is_condition(node):
            yield node
        else:
            rule = "a claim is a relation between two expressions"
            raise NotationError(node.span, written="…", rule=rule, remedy="write Eq(a, b), a <= b or the like")


def _is_condition(node: Node) -> bool:
    connective = isinstance(node, Binary) and node.op == "or"
    return connective or isinstance(node, Compare) or (isinstance(node, Unary) and node.op == "not")


def _known(reading: Reading) -> frozenset[str]:
    """The names that have a value in the record, and the constants that the glossary does not take."""
    assigned = (target_name(s) for s in reading.statements)
    constants = (name for name in (*CONSTANT_NAMES, "I") if name not in reading.record.symbols)
    return frozenset((*reading.inputs, *reading.extents, *assigned, *constants))


def _needed(reading: Reading, formula: Node) -> tuple[Assign, ...]:
    """The statements on which the names of the formula depend."""
    wanted = {n.name for n in walk(formula) if isinstance(n, Name)}
    chosen = []
    for statement in reversed(reading.statements):
        if target_name(statement) in wanted:
            chosen.append(statement)
            wanted |= {n.name for n in walk(statement.value) if isinstance(n, Name)}
    return tuple(reversed(chosen))


def makes_choices(law: Law, records: Records) -> bool:
    """Whether a law is not one analytic function throughout: it compares, rounds, or has inputs that take few values.

    Two analytic functions that differ do so at almost every point, others perhaps at few.
    """
    names = {n.name for part in (law.formula, *law.reading.statements) for n in walk(part) if isinstance(n, Name)}
    domains = [e.domain for e in law.reading.record.symbols.values() if e.name in names]
    if any(domain.integer or domain.name in _DISCRETE for domain in domains):
        return True
    return _chooses((*law.parts, *law.reading.statements), records, {law.reading.record.id})


def _chooses(formulas: Iterable[Node], records: Records, seen: set[str]) -> bool:
    """The same of formulas, with the records that they use."""
    top = {id(formula) for formula in formulas}
    nodes = [n for formula in formulas for n in walk(formula)]
    calls = {n.function for n in nodes if isinstance(n, Call)}
    if calls & CHOOSING or any(isinstance(n, Compare) and id(n) not in top for n in nodes):
        return True
    used = sorted(name for name in calls if name in records and name not in seen)
    seen.update(used)
    return any(_chooses(read_record(records.get(name)).statements, records, seen) for name in used)


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where in a formula a node stands; `bound` holds the names that a sum or a substitution binds there."""

    bound: frozenset[str] = frozenset()
    position: bool = False
    replacement: bool = False
    guarded: bool = False


@dataclass(slots=True)
class _Scan:
    """Names of a formula that the record does not have, in reading order: free ones, then how they are used."""

    free: dict[str, None] = field(default_factory=dict)
    placed: dict[str, None] = field(default_factory=dict)
    brought: dict[str, None] = field(default_factory=dict)
    plain: dict[str, Name] = field(default_factory=dict)
    reads: list[tuple[Subscript, _Scope]] = field(default_factory=list)

    def see(self, name: Name, scope: _Scope) -> None:
        """Note one use of a name that the record does not have."""
        if scope.position:
            self.placed[name.name] = None
        if name.name in scope.bound:
            return
        self.free[name.name] = None
        if scope.replacement and not scope.position:
            self.brought[name.name] = None
        if not scope.position:
            self.plain[name.name] = name


def _scan(formula: Node, known: frozenset[str]) -> _Scan:
    scan = _Scan()
    stack = [(formula, _Scope())]
    while stack:
        node, scope = stack.pop()
        if isinstance(node, Name) and node.name not in known:
            scan.see(node, scope)
        if isinstance(node, Subscript) and not _is_bound(node.base, scope):
            scan.reads.append((node, scope))
        stack += reversed(list(_below(node, scope, known)))
    return scan


def _is_bound(base: Node, scope: _Scope) -> bool:
    """Whether a substitution brings an array along: its entries exist only there."""
    return isinstance(base, Name) and base.name in scope.bound


def _below(node: Node, scope: _Scope, known: frozenset[str]) -> Iterator[tuple[Node, _Scope]]:
    """The parts directly below with their scopes."""
    if isinstance(node, Subscript):
        yield node.base, replace(scope, position=False)
        yield from ((position, replace(scope, position=True)) for position in node.positions)
    elif isinstance(node, Call) and node.function == "subs":
        expression, target, value = node.arguments
        hidden = {target.name} - known if isinstance(target, Name) else set()
        yield expression, replace(scope, bound=scope.bound | hidden)
        if not hidden:
            yield target, scope
        yield value, replace(scope, replacement=True)
    else:
        inner = _inner(node, scope)
        yield from ((child, inner) for child in node.children())


def _inner(node: Node, scope: _Scope) -> _Scope:
    if not isinstance(node, Call):
        return scope
    guarded = scope.guarded or node.function == "Piecewise"
    return replace(scope, bound=scope.bound | _bound_by(node), guarded=guarded)


def _bound_by(call: Call) -> frozenset[str]:
    if call.function not in BINDERS:
        return frozenset()
    limits = [a.items[0] for a in call.arguments[1:] if isinstance(a, TupleNode) and a.items]
    return frozenset(first.name for first in limits if isinstance(first, Name))


def _reads(scan: _Scan, indices: tuple[str, ...]) -> tuple[tuple[Subscript, ...], tuple[Subscript, ...]]:
    """Reads at free indices; and those of them whose positions depend on nothing bound and stand in no Piecewise."""
    hints, reads = [], []
    for read, scope in scan.reads:
        names = {n.name for position in read.positions for n in walk(position) if isinstance(n, Name)}
        if (names - scope.bound) & set(indices):
            hints.append(read)
            if not scope.guarded and not names & scope.bound:
                reads.append(read)
    return tuple(hints), tuple(reads)
