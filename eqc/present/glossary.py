"""What a printer knows of the names in a formula: their notation, which are arrays, which are records."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from eqc.notation.sympy_form import parse_statement
from eqc.notation.tree import Attribute, Binary, Call, Name, Node, Subscript, Unary, walk
from eqc.notation.words import CONNECTIVES, MATRIX_WORDS, RELATIONS
from eqc.present.latex_words import CONSTANTS
from eqc.present.symbols import Notation, accented, default_latex, spelt_out, without_slots
from eqc.records.model import Record, SymbolEntry

_SCALARS = frozenset({"Trace", "Determinant", "LogDeterminant", *RELATIONS, *CONNECTIVES})
_BRACKETS = ((r"\left(", r"\right)"), ("(", ")"), (r"\lVert", r"\rVert"), (r"\|", r"\|"), ("|", "|"))
_SEPARATOR = re.compile(r"(\s*(?:(?<!\\)[,;]|\\mid|(?:\\,)?\\\|(?:\\,)?)\s*)")
_LETTER = re.compile(r"(?<![A-Za-z\\])[A-Za-z](?![A-Za-z])")
_ADJOINTS: Mapping[str, str] = {"_bar": r"\bar", "_dot": r"\dot"}


@dataclass(frozen=True, slots=True)
class Glossary:
    """The notation of every name; `ranks` are the axes of arrays.

    `in_matrix_form`: the record's formulas take arrays as wholes, without indices. `definitions` are both sides of its
    statements.
    """

    notation: Mapping[str, Notation] = field(default_factory=dict)
    ranks: Mapping[str, int] = field(default_factory=dict)
    in_matrix_form: bool = False
    definitions: Mapping[str, tuple[Node, Node]] = field(default_factory=dict)

    @classmethod
    def of(cls, record: Record, alike: frozenset[str] = frozenset()) -> Glossary:
        """The glossary of a record.

        Two symbols that look alike are told apart by the name of one: the updating one, or the one not named so.
        New values in `alike` may look like the old ones that they replace.
        """
        notation: dict[str, Notation] = {}
        seen: set[tuple[int, str]] = set()

        def rank(item: tuple[str, SymbolEntry]) -> tuple[bool, bool]:
            name, entry = item
            return name in later, bool(entry.latex) and entry.latex[0] != default_latex(name)

        later = {name for name, entry in record.symbols.items() if entry.updates is not None} | alike
        for name, entry in sorted(record.symbols.items(), key=rank):
            latex = entry.latex[0] if entry.latex else default_latex(name)
            shown = Notation(latex, entry.index)
            axes = tuple("ijklmnpq"[: len(entry.shape or ())])
            if (len(axes), shown.at(axes)) in seen and name not in alike:
                others = (Notation(default_latex(name)), Notation(spelt_out(name)))
                shown = next((other for other in others if (len(axes), other.at(axes)) not in seen), shown)
            seen.add((len(axes), shown.at(axes)))
            notation[name] = shown
        ranks = {name: len(entry.shape) for name, entry in record.symbols.items() if entry.shape}
        return cls(notation, ranks, _in_matrix_form(record, ranks), _definitions(record))

    def with_names(self, names: Mapping[str, str]) -> Glossary:
        """More names, spelt as given."""
        return replace(self, notation={**self.notation, **{n: Notation(latex) for n, latex in names.items()}})

    @property
    def letters(self) -> frozenset[str]:
        """The letters that the notation uses, which a formula must not use for anything else."""
        return frozenset(
            letter
            for known in self.notation.values()
            for letter in re.findall(r"(?<![A-Za-z\\])[A-Za-z](?![A-Za-z])", known.latex)
        )

    @property
    def has_letter_e(self) -> bool:
        """Whether e is a symbol, so that e^x would be a power of it."""
        return any(without_slots(known) == "e" for known in self.notation.values())

    def name(self, name: str) -> str:
        """A bare name: an array without its positions, a number, an index or a constant."""
        known = self._known(name)
        if known is not None:
            return known.at(())
        return CONSTANTS.get(name) or default_latex(name)

    def entry(self, name: str, positions: tuple[str, ...]) -> str:
        """One entry of an array."""
        return (self._known(name) or Notation(default_latex(name))).at(positions)

    def _known(self, name: str) -> Notation | None:
        """The notation of a symbol, and of its cotangent and tangent: y_bar is typeset like y, with a bar."""
        if name in self.notation:
            return self.notation[name]
        for suffix, accent in _ADJOINTS.items():
            known = self.notation.get(name.removesuffix(suffix)) if name.endswith(suffix) else None
            if known is not None:
                return Notation(accented(known.latex, accent), known.index)
        return None

    def call(self, function: str, arguments: tuple[str, ...]) -> str | None:
        r"""Another record, or a function-valued symbol, at its arguments; None where the glossary shows no brackets.

        >>> Glossary({"norm": Notation(r"\|x\|")}).call("norm", ("y",))
        '\\|y\\|'
        """
        known = self.notation.get(function)
        start, end = (0, 0) if known is None else _bracketed(known.latex)
        if known is None or not end:
            return None
        parts = _SEPARATOR.split(known.latex[start:end])
        if len(parts[::2]) != len(arguments):
            return None
        parts[::2] = arguments
        return f"{known.latex[:start]}{''.join(parts)}{known.latex[end:]}"

    def function(self, name: str) -> str:
        """The letter of another record or of a function-valued symbol."""
        bare = name.rstrip("'")
        known = self.notation.get(bare)
        if known is not None and bare != name:
            return known.at(()) + name[len(bare) :]
        if known is None:
            return rf"\operatorname{{{name}}}".replace("_", r"\_")
        return known.at(())

    def is_array(self, node: Node) -> bool:
        """Whether a part stands for an array, so that the order of factors matters and it cannot divide."""
        if isinstance(node, Name):
            return node.name in self.ranks
        if isinstance(node, Attribute):
            return True
        if isinstance(node, Unary | Binary):
            return any(self.is_array(child) for child in node.children())
        if isinstance(node, Call) and node.function not in _SCALARS:
            return self._gives_array(node)
        return False

    def _gives_array(self, node: Call) -> bool:
        if node.function in MATRIX_WORDS and node.function not in self.notation:
            return True
        return any(self.is_array(argument) for argument in node.arguments)


def _bracketed(latex: str) -> tuple[int, int]:
    """Where the arguments stand in `f(x)` or `\\|x\\|`: between the first bracket and its last partner."""
    found = []
    for opener, closer in _BRACKETS:
        start, end = latex.find(opener), latex.rfind(closer)
        if 0 <= start < end:
            found.append((start + len(opener), end))
    return min(found, default=(0, 0))


def _in_matrix_form(record: Record, ranks: Mapping[str, int]) -> bool:
    """Whether the formulas have arrays and no entries of arrays."""
    parts = [part for source in record.statements for part in walk(parse_statement(source))]
    arrays = any(isinstance(part, Name) and part.name in ranks for part in parts)
    return arrays and not any(isinstance(part, Subscript) for part in parts)


def _definitions(record: Record) -> dict[str, tuple[Node, Node]]:
    found: dict[str, tuple[Node, Node]] = {}
    for source in record.statements:
        statement = parse_statement(source)
        base = statement.target.base if isinstance(statement.target, Subscript) else statement.target
        if isinstance(base, Name) and statement.target is not None:
            found[base.name] = statement.target, statement.value
    return found
