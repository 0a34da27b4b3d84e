"""Derivatives inside formulas in LaTeX."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from eqc.notation.tree import Call, Name, Node
from eqc.present.latex_writer import Writer
from eqc.present.piece import Level, Piece, enclosed


def _derivative(writer: Writer, node: Call) -> Piece:
    body, *by = node.arguments
    order = "" if len(by) == 1 else f"^{len(by)}"
    return derivative_of(writer.write(body), order, " ".join(differential(writer, one) for one in by))


def differential(writer: Writer, node: Node) -> str:
    """What stands below the bar; a symbol with a power is put in brackets, as it would be the order."""
    text = writer.write(node).text
    return rf"\partial ({text})" if re.search(r"\^\d$", text) else rf"\partial {text}"


def _replaced(writer: Writer, node: Call) -> Piece:
    """`f'(x)`, or a formula with a bar at which a symbol has a value."""
    body, symbol, value = node.arguments
    if isinstance(body, Call) and body.function == "Derivative" and _is_slope(body, symbol):
        applied = body.arguments[0]
        assert isinstance(applied, Call)
        return writer.write(Call(node.span, f"{applied.function}'", (value,)))
    at = f"{writer.write(symbol).text} = {writer.write(value).text}"
    return Piece(rf"\left. {writer.write(body).text} \right|_{{{at}}}")


def _is_slope(derivative: Call, symbol: Node) -> bool:
    """Whether a derivative is that of a function of one number at the symbol itwriter."""
    if len(derivative.arguments) != 2 or not isinstance(symbol, Name):
        return False
    applied, by = derivative.arguments
    plain = isinstance(applied, Call) and len(applied.arguments) == 1 and isinstance(by, Name)
    return plain and applied.arguments[0].name == by.name == symbol.name  # type: ignore[attr-defined]


def derivative_of(body: Piece, order: str, below: str) -> Piece:
    """A partial derivative; what is more than a symbol stands behind the bar."""
    if body.level is Level.ATOM and not body.tall:
        return Piece(rf"\frac{{\partial{order} {body.text}}}{{{below}}}", Level.PRODUCT)
    shown = body.text if body.text.startswith((r"\frac{\partial", "(", r"\left(")) else enclosed(body, "[", "]")
    return Piece(rf"\frac{{\partial{order}}}{{{below}}} {shown}", Level.PRODUCT, opens=True)


SLOPES: Mapping[str, Callable[[Writer, Call], Piece]] = {"Derivative": _derivative, "subs": _replaced}
