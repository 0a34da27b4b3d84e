"""A whole record in LaTeX, printed from its SymPy form."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from eqc.notation.chains import operands
from eqc.notation.operators import is_condition
from eqc.notation.sympy_form import parse_statement
from eqc.notation.tree import Assign, Binary, Call, Compare, CompareOp, Name, Node, Subscript, walk
from eqc.present.glossary import Glossary
from eqc.present.latex import LatexWriter
from eqc.present.latex_words import RELATIONS
from eqc.present.symbols import default_latex
from eqc.records.model import Record

_TURNED: Mapping[CompareOp, CompareOp] = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


def record_latex(record: Record) -> str:
    r"""The statements of a record as LaTeX: one equation, or lines that are aligned at their signs.

    Raises NotationError where a statement cannot be read.

    >>> from eqc.records.load import load_text
    >>> text = "{title: Square, sympy: 'Eq(y, x**2/2)', symbols: {x: a, y: b}}"
    >>> record_latex(load_text(text, id="square", area="algebra", file="square.yaml"))
    'y = \\frac{1}{2} x^2'
    """
    statements = [parse_statement(source) for source in record.statements]
    updated = _updates(record, statements)
    writer = LatexWriter(Glossary.of(record, alike=updated))
    arrows = frozenset(name for name in updated if record.symbols[name].updates is not None)
    lines = [_line(writer, statement, arrows) for statement in statements]
    if len(lines) == 1:
        return "".join(lines[0])
    rows = [f"{left}&{right}" if right else f"&{left}" for left, right in lines]
    return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def _line(writer: LatexWriter, statement: Assign, updated: frozenset[str]) -> tuple[str, str]:
    if is_condition(statement.value):
        return law(writer, statement.value)
    value = writer.write(_given_back(statement)).text
    if statement.target is None:
        return value, ""
    sign = r"\leftarrow" if target_name(statement.target) in updated else "="
    return f"{writer.write(statement.target).text} ", f"{sign} {value}"


def _given_back(statement: Assign) -> Node:
    """The right side; a fixed point that is what the statement assigns is printed as x = f(x)."""
    value = statement.value
    if isinstance(value, Call) and value.function == "FixedPoint" and statement.target is not None:
        body, unknown = value.arguments[:2]
        if isinstance(unknown, Name) and unknown.name == target_name(statement.target):
            return body
    return value


def law(writer: LatexWriter, condition: Node) -> tuple[str, str]:
    """A law is printed as the relation that it states, without the name of what it gives."""
    if isinstance(condition, Compare):
        left, right = writer.write(condition.left).text, writer.write(condition.right).text
        return f"{left} ", f"{RELATIONS[condition.op]} {right}"
    if isinstance(condition, Binary):
        between = _between(writer, [part for _, part in operands(condition)])
        if between:
            return between, ""
        parts = [" ".join(law(writer, part)) for _, part in operands(condition)]
        sign = r",\quad " if condition.op == "and" else r" \lor "
        return sign.join(part.replace("  ", " ") for part in parts), ""
    return writer.write(condition).text, ""


def _between(writer: LatexWriter, parts: Sequence[Node]) -> str:
    """`a < x < b` for x > a and x < b; empty for other conditions."""
    pairs = [part for part in parts if isinstance(part, Compare) and part.op in _TURNED]
    if len(parts) != 2 or len(pairs) != 2 or pairs[0].op[0] == pairs[1].op[0]:
        return ""
    low, high = sorted(pairs, key=lambda part: part.op[0] == "<")
    middle = writer.write(low.left).text
    if middle != writer.write(high.left).text:
        return ""
    ends = writer.write(low.right).text, writer.write(high.right).text
    return f"{ends[0]} {RELATIONS[_TURNED[low.op]]} {middle} {RELATIONS[high.op]} {ends[1]}"


def target_name(target: Name | Subscript) -> str:
    """The name that a statement assigns."""
    base = target.base if isinstance(target, Subscript) else target
    return base.name if isinstance(base, Name) else ""


def _updates(record: Record, statements: Sequence[Assign]) -> frozenset[str]:
    """New values that may be printed over the old ones: no later statement reads the old one."""
    typeset = {name: (entry.latex or (default_latex(name),))[0] for name, entry in record.symbols.items()}
    alike: defaultdict[str, set[str]] = defaultdict(set)
    for name, text in typeset.items():
        alike[text].add(name)
    found, later = set(), set[str]()
    for statement in reversed(statements):
        name = target_name(statement.target) if statement.target is not None else ""
        olds = alike[typeset[name]] - {name} if name in typeset else set()
        if olds and not olds & later:
            found.add(name)
        later |= {part.name for part in walk(statement.value) if isinstance(part, Name)}
    return frozenset(found)
