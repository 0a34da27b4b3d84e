"""A record as frozen data: what the YAML says, with the place of every formula and symbol.

Nothing here interprets a formula; that is `eqc.notation`'s work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from eqc.errors import Span


@dataclass(frozen=True, slots=True)
class SourceText:
    """A piece of text from a record and where it starts.

    `columns_are_exact` is False for escaped YAML scalars, whose inner columns do not map to the file's.
    `continuation` is the column at which the text's second and later lines start; None if it is the first line's.
    """

    text: str
    span: Span
    columns_are_exact: bool = True
    continuation: int | None = None


@dataclass(frozen=True, slots=True)
class Domain:
    """What values a symbol takes: a named domain or an interval.

    `lower` and `upper` are None where unbounded. `name` is the word as written, or "interval".
    """

    name: str = "real"
    lower: Fraction | None = None
    upper: Fraction | None = None
    lower_open: bool = True
    upper_open: bool = True
    integer: bool = False

    @property
    def sign(self) -> int:
        """1 or -1 where no value is of the other sign, else 0."""
        if self.lower is not None and self.lower >= 0:
            return 1
        return -1 if self.upper is not None and self.upper <= 0 else 0

    @property
    def is_fraction(self) -> bool:
        """Whether no value is greater than 1."""
        return self.upper is not None and self.upper <= 1


@dataclass(frozen=True, slots=True)
class SymbolEntry:
    """One line of a record's glossary.

    For a function, `arguments` are the shapes of its arguments, `returns` is that of its value, and `bound` the id of
    the record that it is by default.
    """

    name: str
    span: Span
    meaning: str = ""
    latex: tuple[str, ...] = ()
    index: tuple[str, ...] = ()
    shape: tuple[SourceText, ...] | None = None
    domain: Domain = Domain()
    default: float | int | None = None
    differentiable: bool = True
    unit: str = ""
    kind: str = "value"
    arguments: tuple[tuple[SourceText, ...], ...] = ()
    returns: tuple[SourceText, ...] = ()
    bound: str | None = None
    origin: int = 1
    updates: str | None = None
    output: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """Inputs with the outputs that they must give.

    Where the source prints other outputs, `printed` has them and `erratum` says what is wrong.
    """

    span: Span
    given: Mapping[str, object]
    expect: Mapping[str, object]
    source: str = ""
    printed: Mapping[str, object] = field(default_factory=dict)
    erratum: str = ""
    rtol: float | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A law about the equation, to be proved or tested."""

    name: str
    formula: SourceText


@dataclass(frozen=True, slots=True)
class Erratum:
    """What a source prints wrong and what is right; `formula` is what is printed as a law, which must be false."""

    span: Span
    printed: str
    right: str
    source: str = ""
    formula: SourceText | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where the equation comes from."""

    title: str
    section: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One equation as its YAML file states it. `path` is relative to the project's root.

    `statements` is empty where the file has LaTeX only, until `eqc.notation.library` reads it.
    """

    id: str
    area: str
    path: str
    title: str
    statements: tuple[SourceText, ...]
    symbols: Mapping[str, SymbolEntry]
    span: Span
    latex: tuple[str, ...] = ()
    latex_sources: tuple[SourceText, ...] = ()
    summary: str = ""
    nature: str = ""
    derivatives: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    claims: tuple[Claim, ...] = ()
    errata: tuple[Erratum, ...] = ()
    sources: tuple[Source, ...] = ()
    latex_check: str = ""
    stabilise: bool = True
    accuracy: str = ""
    tolerance: float | None = None
