"""The compiler knows no record by name, and no text reaches SymPy but as a name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest
import sympy
from own_records import CATALOG, ROOT
from parsing_trap import Executed

from eqc.notation.to_sympy import to_sympy
from eqc.pipeline import Compiler

SOURCES = {path.relative_to(ROOT).as_posix(): path for path in sorted((ROOT / "eqc").rglob("*.py"))}

# Ids of records that are words of mathematics before they are records: eqc's tables of functions have them.
WORDS_OF_MATHEMATICS = {
    "gelu": "a function that formulas print by name without saying what it is",
    "gradient": "a kind of derivative, and of kernel",
    "hessian": "a kind of derivative, and of kernel",
    "jacobian": "a kind of derivative, and of kernel",
    "mish": "a function that formulas print by name without saying what it is",
    "precision": "the number of bits of a computation",
    "relu": "a function that formulas print by name without saying what it is",
    "sigmoid": "a function of the vector mathematics that kernels call",
    "silu": "a function that formulas print by name without saying what it is",
    "softmax": "a function that formulas print by name without saying what it is",
    "softplus": "a function of the vector mathematics that kernels call",
    "tanh": "the hyperbolic tangent, a function of SymPy's and of Python's math module",
}

EXECUTING = {"eval", "exec", "sympify", "parse_expr", "lambdify", "__import__", "parse_latex"}

# SymPy makes a name of a string given to these; everything else would execute it.
TAKE_NAMES = {"Symbol", "IndexedBase", "Function"}


def tree(path: str) -> ast.Module:
    return ast.parse(SOURCES[path].read_text(encoding="utf-8"))


def docstrings(module: ast.Module) -> set[ast.AST]:
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    bodies = [node.body for node in ast.walk(module) if isinstance(node, owners)]
    return {body[0].value for body in bodies if body and isinstance(body[0], ast.Expr)}


def spoken(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Every word of every string that is not a docstring, and every name that is defined, with its line."""
    silent = docstrings(module)
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in silent:
            yield from ((node.lineno, word) for word in re.findall(r"\w+", node.value))
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name.strip("_").lower()


@pytest.mark.parametrize("path", SOURCES)
def test_no_record_is_named(path: str) -> None:
    named = [f"{path}:{line}: {word}" for line, word in spoken(tree(path)) if word in CATALOG]
    assert [entry for entry in named if entry.rpartition(" ")[2] not in WORDS_OF_MATHEMATICS] == []


@pytest.mark.parametrize("word", WORDS_OF_MATHEMATICS)
def test_exceptions_are_needed(word: str) -> None:
    assert word in CATALOG
    assert any(word == found for path in SOURCES for _, found in spoken(tree(path)))


@pytest.mark.parametrize("path", SOURCES)
def test_nothing_that_executes_text_is_named(path: str) -> None:
    used = [
        f"{path}:{node.lineno}: {name}"
        for node in ast.walk(tree(path))
        for name in _names(node)
        if name in EXECUTING or (name == "compile" and isinstance(node, ast.Name))
    ]
    assert used == []


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        return [node.attr]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []


@pytest.mark.parametrize("path", SOURCES)
def test_sympy_gets_strings_only_as_names(path: str) -> None:
    module = tree(path)
    known = _sympy_names(module)
    wrong = [
        f"{path}:{node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and _sympy_function(node.func, known) not in {None, *TAKE_NAMES}
        if any(_may_be_text(argument) for argument in node.args)
    ]
    assert wrong == []


def _sympy_names(module: ast.Module) -> dict[str, str]:
    """What each imported name of SymPy's stands for; the module itself stands for nothing."""
    found = {}
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            found |= {a.asname or a.name: "" for a in node.names if a.name.partition(".")[0] == "sympy"}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "sympy":
            found |= {a.asname or a.name: a.name for a in node.names}
    return found


def _sympy_function(node: ast.expr, known: dict[str, str]) -> str | None:
    """The function of SymPy's that is called: `Max` for `sp.Max` and for an imported `Max`; None for others."""
    if isinstance(node, ast.Name):
        return known.get(node.id) or None
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and known.get(node.value.id) == "":
        return node.attr
    return None


def _may_be_text(node: ast.expr) -> bool:
    """Whether an argument is text, as far as the source shows."""
    match node:
        case ast.Constant(value=str()) | ast.JoinedStr() | ast.Call(func=ast.Name(id="str" | "repr" | "format")):
            return True
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return any(_may_be_text(item) for item in items)
        case ast.BinOp(left=left, right=right):
            return _may_be_text(left) or _may_be_text(right)
        case ast.Starred(value=inner):
            return _may_be_text(inner)
    return False


def test_the_scan_sees_strings() -> None:
    module = ast.parse("import sympy as sp\nfrom sympy import Max\nsp.exp('x')\nMax(1, f'{x}')\nsp.Sum(x, ('i', 1, n))")
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call)]
    seen = {_sympy_function(call.func, _sympy_names(module)) for call in calls if any(map(_may_be_text, call.args))}
    assert seen == {"exp", "Max", "Sum"}


@pytest.mark.usefixtures("no_parsing")
def test_the_trap_is_set() -> None:
    with pytest.raises(Executed, match="asked to execute 'x'"):
        sympy.exp("x")


@pytest.mark.usefixtures("no_parsing")
@pytest.mark.parametrize("record_id", CATALOG.ids())
def test_no_text_of_a_record_reaches_sympy(record_id: str) -> None:
    """Compiling all records is tried in tests/test_records.py, deriving them in tests/present."""
    to_sympy(CATALOG.get(record_id))
    Compiler(CATALOG).program(record_id)
