"""Words for what a matrix is made of, as the formula language has them: singular values, eigenvectors, factors."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from eqc.errors import Span
from eqc.notation.latex import parts
from eqc.notation.latex.parts import Fresh, Part
from eqc.notation.tree import Call

Axes = Callable[[str, str], tuple[str, ...]]


def _least(rows: str, columns: str) -> str:
    return f"Min({rows}, {columns})"


_AXES: Mapping[str, Axes] = {
    "Cholesky": lambda m, n: (m, n),
    "Eigenvalues": lambda m, n: (m,),
    "Eigenvectors": lambda m, n: (m, n),
    "RealEigenvalues": lambda m, n: (m,),
    "EigenvalueRealParts": lambda m, n: (m,),
    "EigenvalueImaginaryParts": lambda m, n: (m,),
    "SingularValues": lambda m, n: (_least(m, n),),
    "LeftSingularVectors": lambda m, n: (m, _least(m, n)),
    "RightSingularVectors": lambda m, n: (n, _least(m, n)),
}
"""Word -> the axes of its value, by those of the matrix."""


def _of(word: str, axes: Axes) -> Callable[[Span, Fresh, Part], Part]:
    def build(span: Span, fresh: Fresh, matrix: Part) -> Part:
        if matrix.rank != 2:
            raise parts.Misfit(f"{word} is about a matrix", "give its argument two axes in the glossary")
        return parts.array(Call(span, word, (matrix.node,)), axes(*matrix.axes))

    return build


FACTORS: Mapping[str, tuple[int, Callable[..., Part]]] = {
    word.lower(): (1, _of(word, axes)) for word, axes in _AXES.items()
}
"""Name in small letters -> number of arguments and how it is built."""
