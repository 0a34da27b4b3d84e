"""An equation as people read it: LaTeX, SymPy, glossary and derivatives in closed form."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eqc.notation.library import Library
from eqc.project import find_root, given_root
from eqc.records.catalog import Catalog

if TYPE_CHECKING:
    from eqc.records.model import Record, SymbolEntry


def load(id: str, root: Path | str | None = None) -> Equation:
    """The equation of a record.

    `root` is the project's folder; without it, the nearest one upward from the working directory with `equations/`.
    Raises EqcError if there is no project or no such record, or if the record breaks the format.

    >>> load("sigmoid", root="no/such/project")
    Traceback (most recent call last):
    eqc.errors.BuildError: no project here: the folder has no equations/
      written: no/such/project
      remedy:  start one with `eqc init no/such/project`
    """
    catalog = Library(find_root() if root is None else given_root(Path(root)))
    return Equation(catalog.get(id), catalog)


class Equation:
    """One record, with what can be shown of it. Nothing is derived or converted before it is asked for."""

    def __init__(self, record: Record, catalog: Catalog) -> None:
        self.record = record
        self._catalog = catalog

    @property
    def id(self) -> str:
        """The record's id."""
        return self.record.id

    @property
    def title(self) -> str:
        """The equation's name."""
        return self.record.title

    @property
    def symbols(self) -> Mapping[str, SymbolEntry]:
        """The glossary: every symbol's entry by its name."""
        return self.record.symbols

    @cached_property
    def sympy(self) -> Any:
        """The equation as SymPy objects that are not evaluated: one, or a list for several statements."""
        from eqc.notation.to_sympy import to_sympy  # loads SymPy

        return to_sympy(self.record)

    @cached_property
    def latex(self) -> str:
        """The equation in LaTeX, as the record states it; made from the SymPy form if it does not."""
        if self.record.latex:
            return self.record.latex[0]
        from eqc.documentation import latex_of  # loads the compiler

        return latex_of(self.record)

    def derive(self, wrt: str, order: int = 1) -> Any:
        """The derivative in one input, in closed form where that is short: `.sympy`, `.latex` and `.text`.

        Raises EqcError if `wrt` is no input that the equation is differentiated in.
        """
        from eqc.pipeline import derive  # loads the compiler

        return derive(self.id, wrt, order, self._catalog)

    def __repr__(self) -> str:
        return f"<equation {self.id}: {self.title}>"

    def _repr_html_(self) -> str:
        """The title and the equation, for notebooks."""
        from eqc.present.mathml import html_of  # only notebooks need it

        return f"<p>{escape(self.title)}</p>\n{html_of(self.latex)}"
