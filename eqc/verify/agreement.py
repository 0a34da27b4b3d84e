"""Agreement: whether a record's LaTeX, read through its glossary, means the same as its SymPy form.

Every link of the LaTeX is a relation between symbols of the record. It holds for certain if it is the SymPy form's
own statement in a normal form; else it is tested like a claim, at random points of the domains and at several extents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from eqc.errors import EqcError, NotationError
from eqc.notation.latex.reader import Equation, read_latex
from eqc.notation.sympy_form import parse_statement
from eqc.notation.text import formula_text
from eqc.notation.tree import Assign, Boolean, Compare, Name, Node, Subscript, walk
from eqc.records.model import Record
from eqc.records.names import RESIDUAL
from eqc.verify.agreement_form import same_formula
from eqc.verify.agreement_laws import compare_laws, law_parts, named_laws, stated_laws
from eqc.verify.claims import Points, check_relation
from eqc.verify.oracle import Oracle
from eqc.verify.reading import target_name
from eqc.verify.report import Check

State = Literal["agrees", "differs", "unread", "absent"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a record's LaTeX and SymPy form stand to each other, and why.

    `agrees` with how that is known, `differs` with both readings and a point, `unread` with the reason and, unless the
    record states it, the `error`, `absent` where a record has one form only.
    """

    state: State
    reason: str
    error: EqcError | None = None

    def as_json(self) -> dict[str, object]:
        """The state as plain data."""
        found: dict[str, object] = {"state": self.state, "reason": self.reason}
        return found | ({"error": self.error.as_json()} if self.error else {})


def check_agreement(oracle: Oracle, ids: Iterable[str], lookup: Callable[[str], Record | None]) -> Agreement:
    """Read the first spelling of a record's LaTeX and compare it with the record's statements.

    >>> from eqc.records.load import load_text
    >>> text = "title: Half\\nlatex: h = x/{}\\nsympy: Eq(h, x/2)\\nsymbols: {{h: half, x: whole}}"
    >>> for below in "2", "3":
    ...     record = load_text(text.format(below), id="half", area="a", file="half.yaml")
    ...     print(check_agreement(Oracle(record, {}), (), {}.get).state)
    agrees
    differs
    """
    record = oracle.record
    if not record.latex_sources:
        return Agreement("absent", "the record has no latex")
    if record.latex_check:
        return Agreement("unread", record.latex_check)
    try:
        equations = read_latex(record, record.latex_sources[0], ids, lookup)
        return _compared(oracle, equations)
    except EqcError as error:
        return Agreement("unread", f"{error.where}: {error.rule}" if error.where else error.rule, error)


def _compared(oracle: Oracle, equations: tuple[Equation, ...]) -> Agreement:
    laws = list(stated_laws(oracle.record, {e.defines for e in equations}))
    missing = _missing(oracle, equations, laws)
    if missing:
        return _differs(equations[0], f"the LaTeX says nothing of {', '.join(missing)}", "print it too")
    points = Points(oracle)
    tested = []
    for equation in equations:
        if _is_own_statement(oracle, equation):
            continue
        found = _about_laws(oracle, equation, laws, points)
        found = found or check_relation(oracle, "latex", _relation(equation), points)
        if found.status not in ("tested", "proved"):
            return _refuted(oracle, equation, found)
        tested.append(found.reason)
    if laws:
        return _differs(equations[0], f"the LaTeX says nothing of the law {formula_text(laws[0])}", "print it too")
    if not tested:
        return Agreement("agrees", "proved: the same formula")
    return Agreement("agrees", min(tested, key=_strength))


def _relation(equation: Equation) -> Node:
    if isinstance(equation.left, Boolean):
        return equation.right
    return Compare(equation.span, "==", equation.left, equation.right)


def _about_laws(oracle: Oracle, equation: Equation, laws: list[Node], points: Points) -> Check | None:
    """The check of an equation against the record's laws; a law that it states is taken off the list."""
    found = None
    for part in law_parts(_relation(equation)):
        checks = ((law, compare_laws(oracle, part, law, points)) for law in list(laws))
        same = next(((law, check) for law, check in checks if check and check.status in ("tested", "proved")), None)
        if same is None:
            return None
        law, found = same
        laws.remove(law)
    return found


def _strength(reason: str) -> tuple[bool, str]:
    """Proofs are the strongest evidence; the weakest of all links is what counts."""
    return reason.startswith("proved"), reason


def _missing(oracle: Oracle, equations: tuple[Equation, ...], laws: list[Node]) -> list[str]:
    """Outputs that no equation is about.

    What a law without a name gives is made by the law, and what another statement reads may be inlined.
    """
    defined = {e.defines for e in equations}
    sides = [side for e in equations for side in (e.left, e.right)]
    printed = {n.name for side in sides for n in walk(side) if isinstance(n, Name)}
    known = oracle.record.symbols.keys() | ({"out"} if not laws else set())
    read = {n.name for s in oracle.reading.statements for n in walk(s.value) if isinstance(n, Name)}
    unprinted = set(named_laws(oracle.record)) | read
    named = {n for n in oracle.reading.outputs if n in known and not n.endswith(RESIDUAL)} - unprinted
    return sorted(named - defined - printed)


def _is_own_statement(oracle: Oracle, equation: Equation) -> bool:
    statements = (parse_statement(text) for text in oracle.record.statements)
    own = next((s for s in statements if target_name(s) == _name(equation.left)), None)
    if own is None:
        return False
    names = _renaming(equation.left, own)
    return names is not None and same_formula(equation.right, own.value, names)


def _name(node: Node) -> str:
    base = node.base if isinstance(node, Subscript) else node
    return base.name if isinstance(base, Name) else ""


def _renaming(left: Node, own: Assign) -> dict[str, str] | None:
    """Free indices of the LaTeX as the statement calls them."""
    if not isinstance(left, Subscript) or not isinstance(own.target, Subscript):
        return {} if isinstance(left, Name) and not isinstance(own.target, Subscript) else None
    pairs = list(zip(left.positions, own.target.positions, strict=False))
    if len(left.positions) != len(own.target.positions):
        return None
    names = {a.name: b.name for a, b in pairs if isinstance(a, Name) and isinstance(b, Name)}
    return names if len(names) == len(pairs) else None


def _refuted(oracle: Oracle, equation: Equation, check: Check) -> Agreement:
    """What is shown of a link that does not hold, or that could not be tested."""
    read = f"{formula_text(equation.left)} = {formula_text(equation.right)}"
    own = next((s for s in oracle.reading.statements if target_name(s) == _name(equation.left)), None)
    states = f"the SymPy form has {formula_text(own.value) if own is not None else 'no such formula'}"
    if check.status == "skipped":
        return Agreement("unread", f"{equation.span}: it is read as {read}, but {check.reason}")
    rule = f"the LaTeX differs from the SymPy form{check.reason.removeprefix('FAILED')}"
    return _differs(equation, rule, f"the LaTeX is read as {read}; {states}; correct one of them or the glossary")


def _differs(equation: Equation, rule: str, remedy: str) -> Agreement:
    """A difference as an error at the part of the LaTeX where it starts."""
    error = NotationError(equation.span, written=" ".join(equation.text.split()), rule=rule, remedy=remedy)
    return Agreement("differs", f"{rule}; {remedy}", error)
