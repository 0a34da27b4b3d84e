"""The JSON Schema and the loader come from the same models; domains mean what the documentation says."""

from __future__ import annotations

import dataclasses
import json
from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest

from eqc.records.catalog import Catalog
from eqc.records.domains import DOMAINS, DomainError, parse_domain
from eqc.records.model import Example, SymbolEntry
from eqc.records.schema import ExampleKeys, RecordKeys, SymbolKeys, json_schema, known_keys
from eqc.records.yaml_tree import as_data, read_yaml

# The contract with users (the record format's own list of keys).
RECORD_KEYS = [
    *("title", "summary", "latex", "sympy", "symbols", "derivatives", "examples", "claims", "errata", "sources"),
    *("latex_check", "stabilise", "accuracy", "tolerance", "nature"),
]
SYMBOL_KEYS = [
    *("meaning", "latex", "index", "shape", "domain", "default", "differentiable", "unit"),
    *("kind", "arguments", "returns", "origin", "updates", "output"),
]
EXAMPLE_KEYS = ["given", "expect", "source", "printed", "erratum", "rtol"]


def test_the_keys_are_those_of_the_contract() -> None:
    assert known_keys(()) == tuple(RECORD_KEYS)
    assert known_keys(("symbols", "x")) == tuple(SYMBOL_KEYS)
    assert known_keys(("examples", 0)) == tuple(EXAMPLE_KEYS)


def test_the_schema_has_every_key_with_a_description() -> None:
    schema = json_schema()
    assert list(schema["properties"]) == RECORD_KEYS
    assert list(schema["$defs"]["SymbolKeys"]["properties"]) == SYMBOL_KEYS
    for part in (schema, *schema["$defs"].values()):
        assert part["additionalProperties"] is False
        assert all(entry["description"] for entry in part["properties"].values())
    assert schema["required"] == ["title", "symbols"]
    assert json.loads(json.dumps(schema)) == schema


PROJECT = Catalog(Path(__file__).parents[2])


@pytest.mark.parametrize("id", PROJECT.ids())
def test_records_pass_the_schema(id: str) -> None:
    data = as_data(read_yaml(PROJECT.path(id).read_bytes(), id))
    jsonschema.Draft202012Validator(json_schema()).validate(data)


@pytest.mark.parametrize(
    "data",
    [
        {"title": "T"},
        {"title": 1, "symbols": {}},
        {"title": "T", "symbols": {"x": 1}},
        {"title": "T", "symbols": {"_x": "a"}},
        {"title": "T", "symbols": {"x": {"shpe": ["n"]}}},
        {"title": "T", "symbols": {"x": {"domain": "propability"}}},
        {"title": "T", "symbols": {}, "derivatives": ["hess"]},
        {"title": "T", "symbols": {}, "symbls": {}},
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(data: object) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json_schema()).validate(data)


def test_every_key_reaches_the_record() -> None:
    assert set(SymbolKeys.model_fields) == {f.name for f in dataclasses.fields(SymbolEntry)} - {"name", "span", "bound"}
    assert set(ExampleKeys.model_fields) == {f.name for f in dataclasses.fields(Example)} - {"span"}
    assert len(RecordKeys.model_fields) == len(RECORD_KEYS)


@pytest.mark.parametrize("name", DOMAINS)
def test_named_domains(name: str) -> None:
    domain = parse_domain(name)
    assert domain.name == name
    assert domain.integer == (name in ("integer", "natural"))


def test_bounds_of_named_domains() -> None:
    natural, positive, sign = parse_domain("natural"), parse_domain("positive"), parse_domain("sign")
    assert (natural.lower, natural.lower_open, natural.upper) == (Fraction(0), False, None)
    assert (positive.lower, positive.lower_open) == (Fraction(0), True)
    assert (sign.lower, sign.upper) == (Fraction(-1), Fraction(1))


@pytest.mark.parametrize(
    ("text", "lower", "upper", "lower_open", "upper_open"),
    [
        ("[0, 1)", Fraction(0), Fraction(1), False, True),
        ("(0, inf)", Fraction(0), None, True, True),
        ("(-inf, +inf)", None, None, True, True),
        (" ( -1.5e-3 , .5 ] ", Fraction(-3, 2000), Fraction(1, 2), True, False),
        ("[2, 2]", Fraction(2), Fraction(2), False, False),
    ],
)
def test_intervals(text: str, lower: Fraction, upper: Fraction, lower_open: bool, upper_open: bool) -> None:
    domain = parse_domain(text)
    assert (domain.lower, domain.upper) == (lower, upper)
    assert (domain.lower_open, domain.upper_open, domain.name) == (lower_open, upper_open, "interval")


def test_intervals_with_pi() -> None:
    domain = parse_domain("[-pi/2, 2*pi)")
    assert domain.lower is not None and float(domain.lower) == pytest.approx(-1.5707963267948966)
    assert domain.upper is not None and float(domain.upper) == pytest.approx(6.283185307179586)


@pytest.mark.parametrize(
    "text",
    [
        *("", "foo", "[0, 1", "0, 1", "[0]", "[a, b]", "[1, 0]", "(1, 1)", "[0, inf]", "(inf, 0)", "(0, -inf)"),
        *("[0, pi/0]", "[0, 1e9999]", "[" + "9" * 5000 + ", 1]", "[__import__('os'), 1]"),
    ],
)
def test_what_is_no_domain(text: str) -> None:
    with pytest.raises(DomainError) as caught:
        parse_domain(text)
    assert caught.value.rule and caught.value.remedy
