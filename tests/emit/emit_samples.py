"""Emitted modules as plain Python: the source runs with `njit` as the identity."""

from __future__ import annotations

import ast
from functools import cache, lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from core_samples import SAMPLES, Texts, case, record_text, text_catalog
from own_records import CATALOG, ROOT
from plain_pairs import PLAIN
from plain_team import PLAIN_TEAM

from eqc.emit import _vector
from eqc.pipeline import compile_record

EMIT = Path(__file__).resolve().parents[2] / "eqc" / "emit"
SUPPORT = ("cholesky", "runtime", "solvers", "stable", *(f"_wide/{n}" for n in ("arithmetic", "elementary", "special")))


def identity(*arguments: Any, **named: Any) -> Any:
    """`njit` and `njit(cache=True)` that compile nothing."""
    return arguments[0] if arguments and callable(arguments[0]) and not named else (lambda function: function)


@lru_cache(maxsize=1)
def plain_runtime() -> dict[str, Any]:
    """The functions of the modules that are written beside kernels, without Numba."""
    found: dict[str, Any] = {name: getattr(_vector, name) for name in _vector.__all__} | PLAIN | PLAIN_TEAM
    for name in SUPPORT:
        found.update(run((EMIT / f"{name}.py").read_text(encoding="utf-8"), name, found))
    return found


def run(source: str, name: str, known: dict[str, Any] | None = None) -> dict[str, Any]:
    """The names that some source defines; what it imports from modules beside it is in `known`, or comes from here."""
    tree = ast.parse(source)
    namespace: dict[str, Any] = {"njit": identity, "overload": lambda *a, **k: identity, "__name__": name}
    namespace["types"] = SimpleNamespace(Float=float)
    kept = []
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.level:
            beside = vars(_vector) if node.module == "_vector" else plain_runtime() if known is None else known
            namespace.update({a.asname or a.name: beside[a.name] for a in node.names})
        elif not (isinstance(node, ast.ImportFrom) and str(node.module).startswith("numba")):
            kept.append(node)
    tree.body = kept
    exec(compile(tree, name, "exec"), namespace)
    return namespace


@cache
def source(name: str) -> str:
    """The module of a case; the project's records have theirs in `generated/`, which a test compares with them."""
    if name in SAMPLES:
        return compile_record(name, text_catalog(name)).text
    area = CATALOG.path(name.removeprefix("equations/")).parent.name
    return (ROOT / "generated" / area / f"{case(name).record.id}.py").read_text(encoding="utf-8")


@cache
def module(name: str) -> dict[str, Any]:
    """The functions of a case's module."""
    return run(source(name), name)


def sample_source(*formulas: str, also: str = "", id: str = "sample", **symbols: str) -> str:
    """The module of a record with these statements and symbols."""
    return compile_record(id, Texts({id: record_text(formulas, also=also, **symbols)})).text  # type: ignore[arg-type]


def sample_module(*formulas: str, also: str = "", id: str = "sample", **symbols: str) -> dict[str, Any]:
    """Its functions."""
    return run(sample_source(*formulas, also=also, id=id, **symbols), id)


@cache
def signature_of(text: str) -> dict[str, Any]:
    """The SIGNATURE literal of a module, read as a literal."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "SIGNATURE":
            value: dict[str, Any] = ast.literal_eval(node.value)
            return value
    raise AssertionError("no SIGNATURE")
