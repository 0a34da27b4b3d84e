"""Which records a record's functions are bound to: by default, and in its examples."""

from __future__ import annotations

from collections.abc import Mapping

from eqc.records.model import Record

Bindings = tuple[tuple[str, str], ...]
"""Function symbols with the ids of the records that they are to be, in the glossary's order."""


def with_defaults(record: Record, given: Mapping[str, object]) -> Bindings:
    """The records named for functions, and the defaults of the other functions.

    >>> from eqc.records.load import load_text
    >>> text = "{title: T, sympy: f(x), symbols: {f: {kind: function, default: tanh}, x: input}}"
    >>> record = load_text(text, id="t", area="a", file="t.yaml")
    >>> with_defaults(record, {}), with_defaults(record, {"f": "sigmoid", "x": 1})
    ((('f', 'tanh'),), (('f', 'sigmoid'),))
    """
    functions = {name: entry.bound for name, entry in record.symbols.items() if entry.kind == "function"}
    chosen = {name: given.get(name, bound) for name, bound in functions.items()}
    return tuple((name, used) for name, used in chosen.items() if isinstance(used, str))


def named_bindings(record: Record) -> tuple[Bindings, ...]:
    """The bindings that a record names, each once: by its defaults and in its examples."""
    found = [with_defaults(record, {}), *(with_defaults(record, example.given) for example in record.examples)]
    return tuple(dict.fromkeys(bindings for bindings in found if bindings))


def bound_id(record_id: str, bindings: Bindings) -> str:
    """The name of a record's kernels with some functions bound.

    >>> bound_id("layer", (("f", "tanh"), ("g", "softmax")))
    'layer__f_tanh__g_softmax'
    """
    return "__".join([record_id, *(f"{name}_{used}" for name, used in bindings)])
