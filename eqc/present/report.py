"""What `eqc derive` and `Equation.derive` show: the closed form in every notation, or the program where it is long."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from eqc.ir.program import Program
from eqc.ir.show import show
from eqc.ir.terms import Expr, Read, read
from eqc.present.closed import Inliner, TooLarge
from eqc.present.counting import count_from_one
from eqc.present.derivative import ClosedForm
from eqc.present.formula import formula_of
from eqc.present.glossary import Glossary
from eqc.present.latex import LatexWriter, derivative_of, formula_latex
from eqc.present.mathml import html_of
from eqc.present.sympy_objects import to_sympy
from eqc.present.text import formula_text

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
    parts = [_Part(form, value, glossary) for form in forms]
    equations = [part.sympy for part in parts]
    return Derived(
        text="\n\n".join(part.text for part in parts),
        latex="\n\n".join(part.latex for part in parts),
        sympy=equations[0] if len(equations) == 1 else equations,
        code=code,
    )


class _Part:
    """One output's derivative."""

    def __init__(self, form: ClosedForm, value: Program, glossary: Glossary) -> None:
        self.form = form
        self.value = value
        self.glossary = glossary
        self.indices = tuple(p for r in (form.output, *form.inputs) for p in r.positions)
        short = form.body is not None and sp.count_ops(form.body) <= _LONGEST
        self.body = count_from_one(form.body, self.indices) if short else None
        self.heads = [formula_of(count_from_one(r, self.indices)) for r in (form.output, *form.inputs)]
        self.where = [] if self.body is None else [(formula_of(a), formula_of(b)) for a, b in self._where()]

    @property
    def text(self) -> str:
        output, *inputs = (formula_text(head) for head in self.heads)
        below = " ".join(f"∂{i}" for i in inputs)
        left = f"∂{output}/{below}" if len(inputs) == 1 else f"∂²{output}/({below})"
        if self.body is None:
            return f"{left} is too long to write out; the program that computes it:\n{show(self.form.program)}"
        lines = [f"{left} = {formula_text(formula_of(self.body))}"]
        lines += [f"  where {formula_text(name)} = {formula_text(body)}" for name, body in self.where]
        return "\n".join(lines)

    @property
    def latex(self) -> str:
        output, *inputs = self.heads
        writer = LatexWriter(self.glossary)
        order = "^2" if len(inputs) == 2 else ""
        below = " ".join(rf"\partial {writer.write(i).text}" for i in inputs)
        left = derivative_of(writer.write(output), order, below).text
        if self.body is None:
            return rf"{left} = \text{{too long to write out}}"
        lines = [f"{left} = {formula_latex(formula_of(self.body), self.glossary)}"]
        for name, body in self.where:
            shown = formula_latex(name, self.glossary), formula_latex(body, self.glossary)
            lines.append(rf"\quad \text{{where }} {shown[0]} = {shown[1]}")
        return "\n".join(lines)

    @property
    def sympy(self) -> object:
        return show(self.form.program) if self.body is None else to_sympy(self.body)

    def _where(self) -> list[tuple[Expr, Expr]]:
        """Definitions of the named parts that the form uses, those that they use first."""
        known = {t.name for t in self.value.inputs} | set(self.value.outputs)
        found: dict[Expr, Expr] = {}
        stack = [r for r in _reads(self.body) if r.tensor not in known]
        while stack:
            r = stack.pop()
            definition = self._definition(r.tensor)
            if definition is None or definition[0] in found:
                continue
            found[definition[0]] = definition[1]
            stack += [inner for inner in _reads(definition[1]) if inner.tensor not in known]
        return list(found.items())

    def _definition(self, tensor: str) -> tuple[Expr, Expr] | None:
        statement = next((s for s in self.value.statements if s.target.name == tensor), None)
        if statement is None:
            return None
        kept = frozenset(s.target.name for s in self.value.statements if s.target.name != tensor and not s.bound)
        try:
            body = Inliner(self.value, kept).entry(tensor, statement.positions)
        except TooLarge:
            return None
        head = read(tensor, statement.positions)
        return count_from_one(head, statement.positions), count_from_one(body, statement.positions)


def _reads(expression: Expr) -> list[Read]:
    return sorted((s for s in expression.free_symbols if isinstance(s, Read)), key=lambda r: r.name)
