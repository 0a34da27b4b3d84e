"""The keys of a record and what each may hold: the one source for validation and for the JSON Schema.

The models check each value on its own; what depends on other parts of the record is checked where it is loaded.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from eqc.records.fields import (
    Boolean,
    Default,
    Derivative,
    DomainText,
    Entries,
    FilledText,
    Formula,
    Formulas,
    Kind,
    Name,
    Nature,
    Origin,
    Results,
    Shape,
    Shapes,
    SymbolName,
    Text,
    Texts,
    Tolerance,
    fault,
)
from eqc.records.model import Domain


class _Keys(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class SymbolKeys(_Keys):
    """A line of the glossary."""

    meaning: Text = Field("", description="What the symbol stands for, in words.")
    latex: Texts = Field(
        [], description="Its LaTeX spelling, with its indices where it has them; or several spellings."
    )
    index: list[Name] = Field([], description="The names of its indices in the formulas, one per axis.")
    shape: Shape | None = Field(None, description="Its extents, one per axis: names, integers, or such as 2*n.")
    domain: DomainText = Field(
        default_factory=Domain, description="The values it takes: a domain's name, or an interval in quotes."
    )
    default: Default | None = Field(
        None, description="The value of an argument that is left out; for a function, a record's id."
    )
    differentiable: Boolean | None = Field(None, description="false for an input that no derivative is taken in.")
    unit: Text = Field("", description="Its unit.")
    kind: Kind = Field("value", description="function for a symbol that stands for a function.")
    arguments: Shapes = Field(
        [], description="The shape of a function's argument, [] for a number; of several arguments a list of shapes."
    )
    returns: Shape = Field([], description="The shape of a function's value; [] is a number.")
    origin: Origin = Field(1, description="0 if an integer input counts positions from 0.")
    updates: Name | None = Field(None, description="The state that this is the new value of.")
    output: Boolean = Field(False, description="true for an intermediate that is an output as well.")


def _symbol(value: object) -> object:
    if value is None:
        raise fault("this symbol has no meaning", "say what it stands for, or write input")
    if isinstance(value, str):
        return {"meaning": value}
    if not isinstance(value, dict):
        raise fault("a symbol is its meaning or a mapping", "write its meaning in quotes, or {meaning: …, shape: [n]}")
    return value


class ExampleKeys(_Keys):
    """Inputs with the outputs that they must give."""

    given: dict[str, Entries] = Field(description="The inputs, by name: numbers or nested lists.")
    expect: dict[str, Results] = Field(
        description="The outputs, by name; that of a bare expression is out, those of a law are holds and residual."
    )
    source: Text = Field("", description="Where the example comes from.")
    printed: dict[str, Results] = Field({}, description="The wrong outputs that the source prints, by name.")
    erratum: Text = Field("", description="What is wrong with what the source prints.")
    rtol: Tolerance | None = Field(None, description="The relative tolerance, where the source rounds.")


class ClaimKeys(_Keys):
    """A law about the equation, proved or tested at random points."""

    name: FilledText = Field(description="What the law says.")
    sympy: Formula = Field(description="The law in SymPy form: Eq(lhs, rhs), or another relation.")


class ErratumKeys(_Keys):
    """What a source prints wrong; the record has it right."""

    printed: FilledText = Field(description="What is printed, as LaTeX or in words.")
    right: FilledText = Field(description="What is right instead, and why.")
    sympy: Formula | None = Field(None, description="What is printed as a law in SymPy form, which must be false.")
    source: Text = Field("", description="Where it is printed.")


class SourceKeys(_Keys):
    """Where the equation comes from."""

    title: FilledText = Field(description="The title of the work.")
    section: Text = Field("", description="The section, page or equation number.")
    url: Text = Field("", description="Where it can be read.")


class RecordKeys(_Keys):
    """An equation as a record of eqc."""

    title: FilledText = Field(description="The equation's name.")
    summary: Text = Field("", description="What it says, in a sentence.")
    latex: Texts = Field([], description="The formula as it is printed; or several formulas in order.")
    sympy: Formulas | None = Field(None, description="The formula in SymPy form; or several statements in order.")
    symbols: dict[
        SymbolName, Annotated[SymbolKeys, BeforeValidator(_symbol, json_schema_input_type=str | SymbolKeys)]
    ] = Field(
        description="The glossary: each symbol with its meaning, or a mapping.",
        json_schema_extra={"additionalProperties": False},
    )
    derivatives: list[Derivative] = Field([], description="Dense derivatives wanted in closed form.")
    examples: list[ExampleKeys] = Field([], description="Worked examples.")
    claims: list[ClaimKeys] = Field([], description="Laws about the equation.")
    errata: list[ErratumKeys] = Field([], description="What sources print wrong.")
    sources: list[SourceKeys] = Field([], description="Where the equation comes from.")
    latex_check: Text = Field("", description="Why the LaTeX cannot be checked against the SymPy form.")
    stabilise: Boolean = Field(True, description="false to compute the formula as it is printed.")
    accuracy: Text = Field("", description="What is known of the kernels' accuracy.")
    tolerance: Tolerance | None = Field(None, description="The relative tolerance of the checks.")
    nature: Nature | None = Field(None, description="What sort of statement it is.")


# The models of the mappings in a list or mapping of a record, by its key.
PARTS: dict[str, type[BaseModel]] = {
    "symbols": SymbolKeys,
    "examples": ExampleKeys,
    "claims": ClaimKeys,
    "errata": ErratumKeys,
    "sources": SourceKeys,
}


def known_keys(path: tuple[object, ...]) -> tuple[str, ...]:
    """The keys of the mapping at a place in a record.

    >>> known_keys(("claims", 0))
    ('name', 'sympy')
    """
    model = PARTS.get(str(path[0]), RecordKeys) if path else RecordKeys
    return tuple(model.model_fields)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a record, for editors to complete and check records.

    >>> schema = json_schema()
    >>> schema["required"], schema["additionalProperties"]
    (['title', 'symbols'], False)
    """
    schema = RecordKeys.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
