"""A record is data: reading one, hostile or not, executes nothing in it, and no text reaches SymPy's parser."""

from __future__ import annotations

import ast
import builtins
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sympy
import sympy.parsing.sympy_parser

import eqc
from eqc.errors import EqcError
from eqc.notation.sympy_form import parse_statement
from eqc.notation.to_sympy import to_sympy
from eqc.records.load import load_text

ATTACKS = [
    "__import__('os').system('touch hacked')",
    "().__class__.__base__.__subclasses__()",
    "x.__init__.__globals__",
    "exec('import os')",
    "eval('1')",
    "exec(x)",
    "eval(x)",
    "open(x)",
    "compile(x, y, z)",
    "getattr(x, y)",
    "sympify(x)",
    "S(x)",
    "Symbol(x)",
    "lambdify(x, y)",
    'Max(\'__import__("os").system("x")\', 1)',
    "(lambda: 0)()",
    "[c for c in x]",
    "f'{x}'",
    "x.subs(__import__, y)",
    "breakpoint()",
    "print(x)",
    "os.system(x)",
]

BUILTINS = {"eval", "exec", "compile", "__import__"}
SYMPY_PARSERS = {"sympify", "parse_expr", "lambdify"}
GOOD = "title: T\nsympy: Sum(x[i]*gamma(Max(z, 1)), (i, 1, 3))\nsymbols: {x: {shape: [n]}, z: a}\n"


@contextmanager
def guarded() -> Iterator[None]:
    """Whatever executes text inside fails the test."""

    def refuse(*arguments: object, **_keywords: object) -> None:
        raise AssertionError(f"executed: {arguments!r}")

    to_sympy(load_text(GOOD, id="r", area="a", file="r.yaml"))  # imports what is imported late
    with pytest.MonkeyPatch.context() as patch:
        for name in ("eval", "exec", "compile", "open", "breakpoint", "print"):
            patch.setattr(builtins, name, refuse)
        patch.setattr(os, "system", refuse)
        patch.setattr(sympy.parsing.sympy_parser, "parse_expr", refuse)
        patch.setattr(sympy.parsing.sympy_parser, "eval_expr", refuse)
        yield


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("form", ["{}", "Eq(y, {})", "Sum({}, (i, 1, 3))", "x[{}]", "Max({}, 1)"])
def test_attacks_in_formulas(attack: str, form: str) -> None:
    quoted = form.format(attack).replace("'", "''")
    text = f"title: T\nsympy: '{quoted}'\nsymbols: {{x: a, y: b, z: c}}\n"
    with guarded():
        record = load_text(text, id="r", area="a", file="r.yaml")
        try:
            parse_statement(record.statements[0])
        except EqcError as error:
            assert error.where is not None and error.written and error.rule and error.remedy
        else:
            to_sympy(record)  # a call of an unknown function is shown as one, and called by no one


@pytest.mark.parametrize(
    "text",
    [
        "title: !!python/object/apply:os.system ['x']\nsympy: x\nsymbols: {x: a}\n",
        "title: !!python/object/new:os.system [x]\nsympy: x\nsymbols: {x: a}\n",
        "title: !!python/module:os\nsympy: x\nsymbols: {x: a}\n",
        "title: T\nsympy: x\nsymbols: {x: {shape: [!!python/name:os.system ]}}\n",
        "!!python/object/apply:os.system\n- x\n",
    ],
)
def test_attacks_in_yaml(text: str) -> None:
    with guarded(), pytest.raises(EqcError, match="no YAML tags"):
        load_text(text, id="r", area="a", file="r.yaml")


@pytest.mark.parametrize("module", sorted(Path(eqc.__path__[0]).rglob("*.py")), ids=lambda path: path.name)
def test_no_module_calls_what_executes_text(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            function = node.func
            name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
            forbidden = BUILTINS | SYMPY_PARSERS if isinstance(function, ast.Name) else SYMPY_PARSERS
            assert name not in forbidden, f"{module}:{node.lineno} calls {name}"
