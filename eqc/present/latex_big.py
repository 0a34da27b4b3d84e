"""What has limits or cases, in LaTeX: sums, products, extrema, integrals, choices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from eqc.notation.tree import Call, Node, TupleNode
from eqc.present import latex_words as words
from eqc.present.latex_writer import Writer
from eqc.present.piece import Level, Piece, at_least, brackets


def _big(writer: Writer, node: Call) -> Piece:
    """A sum or product; its limits stand innermost first in the tree, outermost first in print."""
    body, *limits = node.arguments
    signs = [_limits(writer, words.BIG[node.function], limit) for limit in reversed(limits)]
    return _opened(writer, signs, body)


def _limits(writer: Writer, sign: str, limit: Node) -> str:
    index, first, last = (writer.write(item).text for item in _items(limit))
    return f"{sign}_{{{index}={first}}}^{_braced(last)}"


def _opened(writer: Writer, signs: Sequence[str], body: Node) -> Piece:
    shown = writer.write(body)
    inner = brackets(shown) if shown.level < Level.PRODUCT or shown.negative else shown.text
    return Piece(f"{' '.join(signs)} {inner}", Level.PRODUCT, opens=True)


def _extremum(writer: Writer, node: Call) -> Piece:
    body, *limits = node.arguments
    signs = []
    for limit in reversed(limits):
        index, first, last = (writer.write(item).text for item in _items(limit))
        signs.append(rf"{words.EXTREMA[node.function]}_{{{first} \le {index} \le {last}}}")
    return _opened(writer, signs, body)


def _integral(writer: Writer, node: Call) -> Piece:
    body, *limits = node.arguments
    signs, ends = [], []
    for limit in reversed(limits):
        index, first, last = (writer.write(item).text for item in _items(limit))
        signs.append(rf"\int_{_braced(first)}^{_braced(last)}")
        ends.append(rf"\, d{index}" if len(index) == 1 or index.startswith("\\") else rf"\, d {index}")
    shown = at_least(writer.write(body), Level.PRODUCT)
    return Piece(f"{' '.join(signs)} {shown}{''.join(reversed(ends))}", Level.PRODUCT, opens=True)


def _cases(writer: Writer, node: Call) -> Piece:
    rows = []
    for pair in node.arguments:
        value, condition = (writer.write(item) for item in _items(pair))
        where = condition.text if condition.text == r"\text{otherwise}" else rf"\text{{if }} {condition.text}"
        rows.append(f"{value.text} & {where}")
    return Piece("\\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}")


def _braced(text: str) -> str:
    """A limit, always in braces."""
    return f"{{{text}}}"


def _items(node: Node) -> tuple[Node, ...]:
    return node.items if isinstance(node, TupleNode) else (node,)


BIG: Mapping[str, Callable[[Writer, Call], Piece]] = {
    **dict.fromkeys(words.BIG, _big),
    **dict.fromkeys(words.EXTREMA, _extremum),
    "Integral": _integral,
    "Piecewise": _cases,
}
