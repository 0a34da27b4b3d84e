"""Matrix algebra in LaTeX."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from eqc.notation.tree import Attribute, Call
from eqc.present.latex_writer import Writer
from eqc.present.piece import Level, Piece, at_least, power, script


def _inverse(writer: Writer, node: Call) -> Piece:
    return Piece(f"{raised(writer.write(node.arguments[0]))}^{{-1}}", Level.POWER)


def _transpose(writer: Writer, node: Call) -> Piece:
    return writer.write(Attribute(node.span, node.arguments[0], "T"))


def raised(base: Piece) -> str:
    """A base as it stands below a superscript."""
    return power(base, Piece("2")).text.removesuffix("^2")


def _identity(writer: Writer, node: Call) -> Piece:
    return Piece(f"I_{script(writer.write(node.arguments[0]).text)}")


def _constant_matrix(writer: Writer, node: Call) -> Piece:
    rows, columns = (writer.write(argument).text for argument in node.arguments)
    letter = "0" if node.function == "ZeroMatrix" else r"\mathbf{1}"
    return Piece(rf"{letter}_{{{rows} \times {columns}}}")


def _hadamard(writer: Writer, node: Call) -> Piece:
    pieces = [writer.write(argument) for argument in node.arguments]
    return Piece(r" \odot ".join(p.closed or at_least(p, Level.POWER) for p in pieces), Level.SUM)


def _hadamard_power(writer: Writer, node: Call) -> Piece:
    base, exponent = (writer.write(argument) for argument in node.arguments)
    return Piece(f"{raised(base)}^{{\\odot {exponent.text}}}", Level.POWER)


ARRAYS: Mapping[str, Callable[[Writer, Call], Piece]] = {
    "Inverse": _inverse,
    "Transpose": _transpose,
    "Identity": _identity,
    "ZeroMatrix": _constant_matrix,
    "OneMatrix": _constant_matrix,
    "HadamardProduct": _hadamard,
    "HadamardPower": _hadamard_power,
}
