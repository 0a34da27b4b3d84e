"""Imports go one way, heavy libraries stay where they are needed, and what must be light is light."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "eqc"

# What each part of eqc may import, lowest first. Entries name parts, or single modules of a part.
# A module that stands alone in eqc/ is a part of its own.
MAY_IMPORT = {
    "errors": "",
    "garbage": "",
    # what everything is written in: records are what people give, programs are what is compiled
    "records": "errors",
    "ir": "errors",
    # the stages: from a record to a program, from programs to programs, from a program to source or to a closed form
    "notation": "errors records ir",
    "derive": "errors ir",
    "rewrite": "errors ir",
    "schedule": "errors ir",
    "loops": "errors ir",
    "emit": "errors ir loops",
    "present": (
        "errors ir derive records.model notation.tree notation.chains notation.words notation.sympy_form"
        " notation.operators"
    ),
    # what a generated module says of itself
    "documentation": "records ir derive emit present",
    # the one module that knows their order
    "pipeline": "errors records ir notation derive rewrite schedule emit present documentation",
    # what each pass did, for people
    "explanation": "records ir derive rewrite schedule loops present pipeline",
    # files and processes
    "project": "errors records.names",
    "atomic": "errors",
    "freshness": "errors project",
    "processes": "",
    "parallel": "errors atomic processes records notation.library",
    "measured": "project",
    "build": "errors project atomic freshness parallel records pipeline measured",
    "watching": "project",
    "drift": "errors project freshness parallel build",
    "scaffold": "errors project atomic build",
    # using what was generated
    "kernels": "errors project garbage",
    "bound": "errors project atomic freshness records build pipeline kernels",
    "signatures": "kernels",
    "precompile": "errors parallel build records kernels",
    "equation": "project records notation present.mathml pipeline documentation",
    # evidence shares nothing with the compiler but the reading of a formula
    "verify": (
        "errors records notation.tree notation.sympy_form notation.operators notation.text notation.latex"
        " notation.library notation.words notation.laws kernels bound"
    ),
    "checking": "errors records pipeline verify.membership verify.agreement verify.oracle verify.instances",
    # how records hang together
    "relations": "errors records notation.tree notation.sympy_form",
    "evidence": "errors project atomic freshness parallel records relations verify.run",
    # the collection as pages
    "site": "errors records present.mathml relations verify.balls verify.oracle verify.instances verify.session",
    # timing beside other libraries
    "bench": "errors records ir emit.printer kernels verify.draws",
    "commands": (
        "errors project atomic freshness parallel build drift scaffold records notation.to_sympy notation.library"
        " documentation pipeline explanation kernels signatures"
        " precompile checking verify measured bound bench relations evidence watching site"
    ),
    "cli": "errors freshness parallel commands",
    "__main__": "cli",
    "__init__": "errors equation bound garbage",
}

# Who may import a library when it is loaded itself ("now"), or inside a function or for annotations ("later").
LIBRARIES = {
    "numba": {
        "now": "emit._calls emit._pairs emit.cholesky emit.runtime emit.solvers emit.stable emit._team emit._vector"
        " emit._wide verify.bumps",
        "later": "",
    },  # copied as they stand
    "llvmlite": {"now": "emit._calls emit._pairs emit._team emit._vector emit._wide", "later": ""},
    "sympy": {
        "now": "ir notation derive rewrite schedule loops emit present bench.transcribe "
        "verify.claims_prove verify.claims_forms verify.claims_form verify.claims_terms",
        "later": "commands.show",
    },
    "pydantic": {"now": "records", "later": ""},
    "pydantic_core": {"now": "records", "later": ""},
    "ruamel": {"now": "records", "later": ""},
    "click": {"now": "cli commands", "later": ""},
    "rich": {"now": "", "later": "commands"},
    "scipy": {"now": "verify.solving", "later": "bench.namespaces"},
    "jax": {"now": "", "later": "bench"},
    "torch": {"now": "", "later": "bench"},
    "flint": {"now": "verify", "later": ""},
    "mpmath": {"now": "ir.interpret ir.interpret_solver verify", "later": ""},
    "latex2mathml": {"now": "", "later": "present.mathml"},
    "latex2sympy2": {"now": "notation", "later": ""},
    "numpy": {
        "now": "kernels verify site.plots ir.interpret checking emit._calls emit._pairs emit.cholesky emit.runtime"
        " emit.solvers emit.stable emit._team emit._vector emit._wide bench",
        "later": "bench",
    },
}

HEAVY = (
    "sympy",
    "numba",
    "numpy",
    "pydantic",
    "ruamel",
    "click",
    "rich",
    "flint",
    "mpmath",
    "latex2sympy2",
    "latex2mathml",
)


class Import(NamedTuple):
    """One import: `later` if it does not happen when the importing module is loaded."""

    importer: str
    imported: str
    later: bool

    def __str__(self) -> str:
        return f"{self.importer} imports {self.imported}{' (later)' if self.later else ''}"


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of eqc by its name below `eqc`."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return {_name(path): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def _name(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


@cache
def imports() -> list[Import]:
    known = modules()
    return [
        Import(name, target, later)
        for name, tree in known.items()
        for node, later in _import_nodes(tree, False)
        if not _is_relative(node)  # inside a part
        for target in _targets(node, known)
    ]


def _import_nodes(node: ast.AST, later: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, later
        else:
            yield from _import_nodes(child, later or _is_later(child))


def _is_later(node: ast.AST) -> bool:
    typing_only = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    return typing_only or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)


def _is_relative(node: ast.Import | ast.ImportFrom) -> bool:
    return isinstance(node, ast.ImportFrom) and node.level > 0


def _targets(node: ast.Import | ast.ImportFrom, known: dict[str, ast.Module]) -> Iterator[str]:
    """The modules that an import names; `from eqc.records import model` names `eqc.records.model`."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    for alias in node.names:
        inner = f"{node.module}.{alias.name}"
        yield inner if inner.removeprefix("eqc.") in known else str(node.module)


def own_imports() -> list[Import]:
    """Imports of one part of eqc by another, without the `eqc.` in front."""
    found = [
        one._replace(imported=one.imported.removeprefix("eqc.")) for one in imports() if part(one.imported) == "eqc"
    ]
    return [one for one in found if part(one.importer) != part(one.imported)]


def part(module: str) -> str:
    return module.partition(".")[0]


def is_within(module: str, entries: str) -> bool:
    """Whether a module is one of those named, or stands in a part that is named."""
    return any(module == entry or module.startswith(f"{entry}.") for entry in entries.split())


def test_every_part_has_its_place_in_the_order() -> None:
    assert {part(name) for name in modules()} <= set(MAY_IMPORT)


def test_the_order_goes_one_way() -> None:
    below: set[str] = set()
    for name, allowed in MAY_IMPORT.items():
        assert {part(entry) for entry in allowed.split()} <= below, f"{name} may import what stands above it"
        below.add(name)


def test_parts_import_only_what_stands_below_them() -> None:
    wrong = [one for one in own_imports() if not is_within(one.imported, MAY_IMPORT[part(one.importer)])]
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize("library", LIBRARIES)
def test_libraries_are_imported_only_where_they_are_needed(library: str) -> None:
    now, later = LIBRARIES[library]["now"], LIBRARIES[library]["later"]
    found = [one for one in imports() if part(one.imported) == library]
    wrong = [one for one in found if not is_within(one.importer, f"{now} {later}" if one.later else now)]
    assert not wrong, "\n".join(map(str, wrong))


def test_every_library_has_its_place() -> None:
    outside = {part(one.imported) for one in imports()} - {"eqc"} - set(sys.stdlib_module_names)
    assert outside <= set(LIBRARIES)


def loaded_after(code: str) -> set[str]:
    """The heavy libraries that a fresh interpreter has loaded after running some code."""
    report = f"import json, sys; print(json.dumps([m for m in {HEAVY} if m in sys.modules]))"
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}\n{report}"]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built project with one record."""
    root = tmp_path_factory.mktemp("project")
    area = root / "equations" / "activations"
    area.mkdir(parents=True)
    shutil.copy(ROOT / "equations/activations/softmax.yaml", area)
    assert "sympy" in loaded_after(build(root))
    return root


def build(root: Path) -> str:
    return f"from eqc.cli import main; assert main(['build', '--root', {str(root)!r}]) == 0"


@pytest.mark.parametrize("module", ["eqc", "eqc.errors", "eqc.records.model", "eqc.records.names", "eqc.project"])
def test_these_load_no_library(module: str) -> None:
    assert loaded_after(f"import {module}") == set()


def test_the_command_line_starts_without_the_compiler() -> None:
    code = "from eqc.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass"
    assert loaded_after(code) <= {"click"}


def test_an_unchanged_build_loads_neither_parser_nor_compiler(project: Path) -> None:
    assert loaded_after(build(project)) <= {"click"}


def test_a_kernel_is_called_without_sympy_and_without_reading_records(project: Path) -> None:
    code = f"import eqc; print(eqc.kernel('softmax', {str(project)!r})([1.0, 2.0]))"
    assert loaded_after(code) <= {"numpy", "numba"}


def test_generated_modules_import_numpy_and_numba_only(project: Path) -> None:
    for path in sorted(project.rglob("generated/**/*.py")):
        nodes = [node for node, _ in _import_nodes(ast.parse(path.read_text(encoding="utf-8")), False)]
        names = {part(target) for node in nodes if not _is_relative(node) for target in _targets(node, {})}
        assert names - set(sys.stdlib_module_names) <= {"numpy", "numba", "llvmlite"}, path
