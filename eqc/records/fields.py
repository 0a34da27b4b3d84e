"""The kinds of values in a record, each with its check, its rule and its remedy, and its JSON Schema."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from eqc.records.domains import DOMAINS, DomainError, parse_domain
from eqc.records.model import Domain
from eqc.records.names import NAME_PATTERN, is_name, symbol_name_problem
from eqc.records.natures import NATURES

# Texts that stand for numbers which YAML writes as .inf and .nan.
WORDS_FOR_NUMBERS = {"inf": math.inf, "+inf": math.inf, "-inf": -math.inf, "nan": math.nan}


def fault(rule: str, remedy: str) -> PydanticCustomError:
    """A broken rule with its remedy, in the form that pydantic reports with the place of the value."""
    return PydanticCustomError("eqc", "{rule}", {"rule": rule, "remedy": remedy})


def _text(value: object) -> str:
    if value is None:
        raise fault("nothing stands here", "fill it in, or take the key out")
    if not isinstance(value, str):
        raise fault("this should be a text", "put it into quotes")
    return value


def _filled(value: object) -> str:
    if not _text(value).strip():
        raise fault("this text is empty", "fill it in, or take the key out")
    return _text(value)


def _formula(value: object) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return _filled(str(value) if is_number else value)


def _as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _number(value: object) -> int | float:
    if isinstance(value, str) and value in WORDS_FOR_NUMBERS:
        return WORDS_FOR_NUMBERS[value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise fault("this should be a number", "write a number such as 1, 0.5 or 1e-5, without quotes")
    return value


def _default(value: object) -> float | str:
    """A number, or the id of the record that a function is by default."""
    return value if isinstance(value, str) and value not in WORDS_FOR_NUMBERS and is_name(value) else _number(value)


def _tolerance(value: object) -> float:
    number = float(_number(value))
    if not 0 < number < 1:
        raise fault("a tolerance lies between 0 and 1", "write a number such as 1e-9")
    return number


def _entries(value: object) -> object:
    """Numbers in nested lists of equal lengths, or the name of a function."""
    if isinstance(value, list):
        items = [_entries(item) for item in value]
        if len({_lengths(item) for item in items}) > 1:
            raise fault("the rows of this array differ in length", "give each row the same number of entries")
        return items
    if isinstance(value, str) and value not in WORDS_FOR_NUMBERS and is_name(value):
        return value
    return _number(value)


def _results(value: object) -> object:
    """The same, with true and false for 1 and 0."""
    return _entries(_as_integers(value))


def _as_integers(value: object) -> object:
    if isinstance(value, list):
        return [_as_integers(item) for item in value]
    return int(value) if isinstance(value, bool) else value


def _lengths(item: object) -> tuple[int, ...]:
    return (len(item), *(_lengths(item[0]) if item else ())) if isinstance(item, list) else ()


def _name(value: object) -> str:
    text = _text(value)
    if not is_name(text):
        raise fault("this should be a name", "write letters, digits and _, starting with a letter")
    return text


def _symbol_name(value: object) -> str:
    text = _text(value)
    problem = symbol_name_problem(text)
    if problem:
        raise fault(*problem)
    return text


def _domain(value: object) -> Domain:
    if isinstance(value, list) and len(value) == 2:  # YAML reads an unquoted [0, 1] as a list
        value = "[{}, {}]".format(*value)
    try:
        return parse_domain(_text(value))
    except DomainError as error:
        raise fault(error.rule, error.remedy) from None


def _choice(*words: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        if value not in words:
            raise fault("no such choice here", "write " + " or ".join(words))
        return str(value)

    return check


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise fault("this should be true or false", "write true or false, without quotes")
    return value


def _origin(value: object) -> int:
    if isinstance(value, bool) or value not in (0, 1):
        raise fault("positions count from 1 or from 0", "write origin: 0, or leave it out")
    return int(str(value))


_NAME_SCHEMA = {"type": "string", "pattern": f"^{NAME_PATTERN}$"}
_DOMAIN_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"enum": list(DOMAINS)},
        {"type": "string", "pattern": r"^\s*[\[(].*,.*[\])]\s*$"},
        {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
    ]
}
_ENTRIES_SCHEMA: dict[str, Any] = {"anyOf": [{"type": "number"}, {"type": "string"}, {"type": "array"}]}
_RESULTS_SCHEMA: dict[str, Any] = {"anyOf": [*_ENTRIES_SCHEMA["anyOf"], {"type": "boolean"}]}

Text = Annotated[str, BeforeValidator(_text)]
FilledText = Annotated[str, BeforeValidator(_filled)]
Texts = Annotated[list[FilledText], BeforeValidator(_as_list, json_schema_input_type=str | list[str])]
Formula = Annotated[str, BeforeValidator(_formula, json_schema_input_type=str | float)]
Formulas = Annotated[
    list[Formula],
    Field(min_length=1),
    BeforeValidator(_as_list, json_schema_input_type=str | float | list[str | float]),
]
Shape = list[Formula]
Shapes = list[Formula | Shape]
Name = Annotated[str, BeforeValidator(_name), WithJsonSchema(_NAME_SCHEMA)]
SymbolName = Annotated[str, BeforeValidator(_symbol_name), WithJsonSchema(_NAME_SCHEMA)]
Number = Annotated[float, PlainValidator(_number, json_schema_input_type=float | Literal["inf", "-inf", "nan"])]
Default = Annotated[float | str, PlainValidator(_default, json_schema_input_type=float | str)]
Tolerance = Annotated[float, PlainValidator(_tolerance, json_schema_input_type=float)]
Boolean = Annotated[bool, PlainValidator(_boolean, json_schema_input_type=bool)]
Origin = Annotated[int, PlainValidator(_origin, json_schema_input_type=Literal[0, 1])]
Entries = Annotated[Any, PlainValidator(_entries), WithJsonSchema(_ENTRIES_SCHEMA)]
Results = Annotated[Any, PlainValidator(_results), WithJsonSchema(_RESULTS_SCHEMA)]
DomainText = Annotated[Any, PlainValidator(_domain), WithJsonSchema(_DOMAIN_SCHEMA)]
Kind = Annotated[str, PlainValidator(_choice("value", "function"), json_schema_input_type=Literal["value", "function"])]
Nature = Annotated[str, PlainValidator(_choice(*NATURES)), WithJsonSchema({"enum": list(NATURES)})]
Derivative = Annotated[
    str, PlainValidator(_choice("jacobian", "hessian"), json_schema_input_type=Literal["jacobian", "hessian"])
]
