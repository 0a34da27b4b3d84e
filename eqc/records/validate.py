"""From a YAML tree to validated keys, with every broken rule at its line and column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from eqc.errors import RecordError, Span, nearest
from eqc.records.schema import RecordKeys, known_keys
from eqc.records.yaml_tree import YamlMapping, YamlNode, YamlScalar, YamlSequence, as_data

# What pydantic finds wrong by itself: (rule, remedy).
_KINDS: Mapping[str, tuple[str, str]] = {
    "list_type": ("this should be a list", "put it into square brackets: [a, b]"),
    "dict_type": ("this should be a mapping", "write it as {name: value}"),
    "model_type": ("this should be a mapping", "write it as {key: value}"),
    "too_short": ("this list is empty", "fill it in, or take the key out"),
}

Path = tuple[object, ...]


def validate(root: YamlMapping) -> RecordKeys:
    """The keys of a record, each of its kind.

    Raises RecordError for the first broken rule in the file.

    >>> from eqc.records.yaml_tree import read_yaml
    >>> validate(read_yaml(b"{title: Square, sympy: x**2, symbols: {x: input}}", "a.yaml")).sympy
    ['x**2']
    """
    try:
        return RecordKeys.model_validate(as_data(root))
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
    # A misspelt key is also a missing one: what was written is what to look at.
    present = [p for p in problems if p["type"] != "missing" or len(p["loc"]) > 1]
    raise min((_translate(root, problem) for problem in present or problems), key=_order)


def locate(root: YamlNode, path: Path) -> tuple[YamlScalar | None, YamlNode]:
    """The key (if any) and the value at a path; where the path leaves the tree, the last part on it."""
    key, node = None, root
    for step in path:
        if isinstance(node, YamlMapping):
            entry = node.get(step)
            if entry is None:
                break
            key, node = entry
        elif isinstance(node, YamlSequence) and isinstance(step, int):
            key, node = None, node.items[step]
    return key, node


def written(node: YamlNode) -> str:
    """What stands at a place, on one line."""
    if isinstance(node, YamlScalar):
        return node.source.text
    if isinstance(node, YamlSequence):
        return "[" + ", ".join(written(item) for item in node.items[:8]) + "]"
    if isinstance(node, YamlMapping):
        return "{" + ", ".join(f"{key.source.text}: {written(value)}" for key, value in node.entries[:8]) + "}"
    return ""


def record_error(where: Span, text: str, rule: str, remedy: str) -> RecordError:
    """An error about the record, in its four parts."""
    return RecordError(where, written=text, rule=rule, remedy=remedy)


def _order(error: RecordError) -> tuple[int, int]:
    return (error.where.line, error.where.column) if error.where else (0, 0)


def _translate(root: YamlMapping, problem: Any) -> RecordError:
    path: Path = problem["loc"]
    about_key = bool(path) and path[-1] == "[key]"
    key, node = locate(root, path[:-1] if about_key else path)
    kind = problem["type"]
    if kind == "missing":
        return _missing(root, path)
    if kind == "extra_forbidden" and key is not None:
        return _unknown_key(path, key, node)
    subject = f"{key.source.text}: {written(node)}" if key is not None else written(node)
    where = key.span if key is not None and (about_key or _is_empty(node)) else node.span
    if kind == "eqc":
        return record_error(where, subject, problem["ctx"]["rule"], problem["ctx"]["remedy"])
    rule, remedy = _KINDS.get(kind, (problem["msg"], "see the keys of a record"))
    return record_error(where, subject, rule, remedy)


def _is_empty(node: YamlNode) -> bool:
    return isinstance(node, YamlScalar) and node.value is None


def _missing(root: YamlMapping, path: Path) -> RecordError:
    _, parent = locate(root, path[:-1])
    what = f"entry {int(str(path[1])) + 1} of {path[0]}" if len(path) == 3 else "the record"
    return record_error(parent.span, written(parent), f"{what} has no {path[-1]}", f"add {path[-1]}:")


def _unknown_key(path: Path, key: YamlScalar, value: YamlNode) -> RecordError:
    name = key.source.text
    place = f" of {path[0]}" if len(path) > 1 else ""
    hints = [nearest(name, known_keys(path[:-1])), "a text with a comma or a colon needs quotes"]
    if _is_empty(value):  # the rest of an unquoted text, after its comma
        hints.reverse()
    return record_error(key.span, f"{name}:", f"unknown key{place}", "; ".join(hints))
