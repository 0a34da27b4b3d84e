"""What `eqc derive` and `Equation.derive` show: the closed form in every notation, or the program where it is long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from eqc.ir.program import Program
from eqc.ir.show import show
from eqc.notation.tree import Name, Node, walk
from eqc.present.areas import with_integrals
from eqc.present.arrays import NoArray, array_of
from eqc.present.counting import count_from_one
from eqc.present.derivative import ClosedForm
from eqc.present.formula import formula_of
from eqc.present.glossary import Glossary
from eqc.present.latex import LatexWriter, formula_latex
from eqc.present.latex_slopes import derivative_of, differential
from eqc.present.mathml import html_of
from eqc.present.nodes import name
from eqc.present.program import program_latex
from eqc.present.sympy_objects import to_sympy
from eqc.present.text import formula_text
from eqc.present.uses import Calls
from eqc.present.where import Definitions

_LONGEST = 90
"""Operations beyond which a formula is no longer what a person would write."""


@dataclass(frozen=True, slots=True)
class Derived:
    """A derivative for people. `sympy` is an equation per output, or the text of the program where none is short."""

    text: str
    latex: str
    sympy: object
    code: str

    def _repr_html_(self) -> str:
        """The formulas, for notebooks."""
        lines = self.latex.replace("\n\n", "\n").splitlines()
        return "\n".join(html_of(line.removeprefix(r"\quad ")) for line in lines)


def report(forms: tuple[ClosedForm, ...], value: Program, glossary: Glossary, code: str) -> Derived:
    """All notations of a derivative; `code` is the kernel that computes it."""
    parts = [DerivedPart(form, value, glossary) for form in forms]
    equations = [part.sympy for part in parts]
    return Derived(
        text="\n\n".join(part.text for part in parts),
        latex="\n\n".join(part.latex for part in parts),
        sympy=equations[0] if len(equations) == 1 else equations,
        code=code,
    )


class DerivedPart:
    """One output's derivative."""

    def __init__(self, form: ClosedForm, value: Program, glossary: Glossary) -> None:
        calls = Calls(value, glossary.notation, form.program, glossary.letters)
        self.form = form
        self.glossary = glossary
        self.indices = tuple(p for r in (form.output, *form.inputs) for p in r.positions)
        short = form.body is not None and sp.count_ops(form.body) <= _LONGEST
        self.body = count_from_one(with_integrals(form.body, value), self.indices, calls.known) if short else None
        self.reads = (form.output, *form.inputs)
        self.heads = [formula_of(count_from_one(r, self.indices)) for r in self.reads]
        self.right: Node | None = None if self.body is None else calls.formula(self.body)
        self.where = [] if self.right is None else Definitions(value, calls, glossary.definitions).of(self.right)
        if self._names_what_is_nowhere(calls):
            self.body, self.right, self.where = None, None, []
        self.matrix = None if self.body is None else _matrix_form(form, glossary, calls)

    def _names_what_is_nowhere(self, calls: Calls) -> bool:
        """Whether a name is left that the program made up and that no definition explains."""
        nodes = [node for node in (self.right, *(body for _, body in self.where)) if node is not None]
        used = {part.name for node in nodes for part in walk(node) if isinstance(part, Name)}
        explained = {part.name for head, _ in self.where for part in walk(head) if isinstance(part, Name)}
        return bool((used & calls.made_up) - explained)

    @property
    def text(self) -> str:
        output, *inputs = (formula_text(head) for head in self.heads)
        below = " ".join(f"∂{i}" for i in inputs)
        left = f"∂{output}/{below}" if len(inputs) == 1 else f"∂²{output}/({below})"
        if self.right is None:
            return f"{left} is too long to write out; the program that computes it:\n{show(self.form.program)}"
        lines = [f"{left} = {formula_text(self.right)}"]
        lines += [f"  where {formula_text(name)} = {formula_text(body)}" for name, body in self.where]
        return "\n".join(lines)

    @property
    def latex(self) -> str:
        left = self._left(self.heads)
        if self.right is None:
            steps = " ".join(program_latex(self.form.program, self.glossary).split())
            return f"{left} = \\text{{too long to write out; by steps:}}\n{steps}"
        line = f"{left} = {formula_latex(self.right, self.glossary)}"
        if self.matrix is not None:
            whole = f"{self._left([name(r.tensor) for r in self.reads])} = {formula_latex(self.matrix, self.glossary)}"
            line = whole if len(whole) < len(line) else line
        lines = [line]
        for defined, body in self.where:
            shown = formula_latex(defined, self.glossary), formula_latex(body, self.glossary)
            lines.append(rf"\quad \text{{where }} {shown[0]} = {shown[1]}")
        return "\n".join(lines)

    def _left(self, heads: Sequence[Node]) -> str:
        output, *inputs = heads
        writer = LatexWriter(self.glossary)
        order = "^2" if len(inputs) == 2 else ""
        below = " ".join(differential(writer, i) for i in inputs)
        return derivative_of(writer.write(output), order, below).text

    @property
    def sympy(self) -> object:
        return show(self.form.program) if self.body is None else to_sympy(self.body)


def _matrix_form(form: ClosedForm, glossary: Glossary, calls: Calls) -> Node | None:
    """A first derivative over whole arrays, for a record that is written so."""
    axes = tuple(p for r in (form.output, *form.inputs) for p in r.positions)
    if not glossary.in_matrix_form or len(form.inputs) != 1 or not 1 <= len(axes) <= 2:
        return None
    try:
        return array_of(form.body, axes, calls.array)
    except NoArray:
        return None
