"""Bad and hostile input, through the commands as a user would meet it.

Every case must end with exit code 1 and one clear error that has file, line, column and remedy, without a traceback,
without running anything that a record says, and with everything that was generated before left whole.
"""

from __future__ import annotations

import ast
import errno
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

import eqc
from eqc import freshness
from eqc.cli import main
from eqc.freshness import split

GOOD = "title: Good\nsympy: Eq(y, exp(-x)*x)\nsymbols: {x: input, y: output}\n"
MARKER = "executed"
PATIENCE_SECONDS = 20.0


class Project:
    """A project with a good record and a record `bad`, which was good when it was built last."""

    def __init__(self, root: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self._capture = capture
        self.put("general/good", GOOD)
        self.put("general/bad", GOOD)

    def put(self, name: str, text: str | bytes) -> Path:
        path = self.root / "equations" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """A command's exit code and output; it must be quick and never show a traceback."""
        self._capture.readouterr()
        start = time.monotonic()
        code = main([*arguments, "--root", str(self.root)])
        assert time.monotonic() - start < PATIENCE_SECONDS
        captured = self._capture.readouterr()
        assert "Traceback" not in captured.out + captured.err
        assert "bug of eqc" not in captured.out + captured.err, captured.err
        return code, captured.out, captured.err

    def tree(self) -> dict[str, bytes]:
        folder = self.root / "generated"
        files = (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files if path.name != ".lock"}

    def executed(self) -> bool:
        return (self.root / MARKER).exists()


@pytest.fixture
def project(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)  # where `touch executed` would leave its mark
    monkeypatch.setenv("PYTHONPATH", str(Path(eqc.__file__).parents[1]))
    monkeypatch.setattr(freshness, "compiler_fingerprint", lambda: "this version")
    return Project(tmp_path, capfd)


def record(sympy: str, symbols: str = "{x: input, y: output}", title: str = "Bad") -> str:
    return f"title: {title}\nsympy: |-\n  {sympy}\nsymbols: {symbols}\n"


TOUCH = f"touch {MARKER}"


class Case(NamedTuple):
    """A record that is wrong; `line` is where its error stands, `hint` a part of the error."""

    text: str | bytes
    line: int
    hint: str = ""


YAML_CASES = {
    "yaml_that_does_not_parse": Case("title: [unclosed\nsympy: x\n", 0),
    "yaml_with_a_tab": Case("title: Bad\n\tsympy: x\n", 2),
    "yaml_with_bad_indentation": Case("title: Bad\n  sympy: x\nsymbols: {x: input}\n", 2),
    "empty": Case("", 1),
    "only_a_comment": Case("# nothing\n", 1),
    "a_list": Case("- title\n- sympy\n", 1),
    "a_word": Case("softmax\n", 1),
    "two_documents": Case(GOOD + "---\n" + GOOD, 0),
    "no_utf8": Case(b"title: \xff\xfe\nsympy: x\n", 0),
    "null_bytes": Case(b"title: a\x00b\nsympy: x\n", 0),
    "random_bytes": Case(bytes(range(256)) * 8, 0),
    "unknown_key": Case(GOOD + "sumary: text\n", 4, "did you mean summary?"),
    "misspelt_required_key": Case("title: Bad\nsympy: x\nsymbls: {x: input}\n", 3, "symbols"),
    "unknown_symbol_key": Case(record("Eq(y, x)", "{x: {meanin: input}, y: output}"), 4, "did you mean meaning?"),
    "unquoted_comma": Case(record("Eq(y, x)", "{x: {meaning: input, or so}, y: output}"), 4, "quote"),
    "key_given_twice": Case("title: A\ntitle: B\n" + GOOD, 2),
    "no_formula": Case("title: Bad\nsymbols: {x: input}\n", 1, "sympy"),
    "formula_is_a_number": Case("title: Bad\nsympy: 3\nsymbols: {x: input}\n", 3),
    "formula_is_a_mapping": Case("title: Bad\nsympy: {a: b}\nsymbols: {x: input}\n", 2),
    "unknown_domain": Case(record("Eq(y, x)", "{x: {domain: positiv}, y: output}"), 4, "did you mean positive?"),
    "python_tag": Case(f'title: !!python/object/apply:os.system ["{TOUCH}"]\n{GOOD}', 1),
    "python_name_tag": Case("title: !!python/name:os.system\n" + GOOD, 1),
    "deep_yaml": Case("title: Bad\nsympy: " + "[" * 20_000 + "\n", 0),
    "anchors_that_explode": Case(
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{c}: &{c} [{', '.join([f'*{b}'] * 9)}]\n" for b, c in zip("abcdefgh", "bcdefghi", strict=True)),
        0,
    ),
    "an_anchor_of_itself": Case("title: &t [*t]\nsympy: x\nsymbols: {x: input}\n", 0),
}

SYMBOL_CASES = {
    "undeclared_symbol": Case(record("Eq(y, x*rate)"), 3, "rate"),
    "unused_symbol": Case(record("Eq(y, 2)"), 4, "x"),
    "misspelt_symbol": Case(record("Eq(y, 2*lenght)", "{length: input, y: output}"), 3, "did you mean length?"),
    "misspelt_record": Case(record("Eq(y, god(x))"), 3, "did you mean good?"),
    "index_out_of_its_scope": Case(
        record("Eq(y, Sum(x[i], (i, 1, n))*x[i])", "{x: {shape: [n]}, y: output, n: size}"), 3, "i"
    ),
    "position_out_of_range": Case(
        record("Eq(y, Sum(x[i + 1], (i, 1, n)))", "{x: {shape: [n]}, y: output, n: size}"), 3
    ),
    "too_many_positions": Case(record("Eq(y, x[1, 2])", "{x: {shape: [n]}, y: output, n: size}"), 3),
    "position_of_a_number": Case(record("Eq(y, x[1])"), 3),
    "shapes_that_do_not_match": Case(
        record("Eq(y, A*B)", "{A: {shape: [n, m]}, B: {shape: [k, n]}, y: {shape: [n, n]}, n: s, m: s, k: s}"), 3
    ),
    "sum_of_arrays_that_do_not_match": Case(
        record("Eq(y, a + b)", "{a: {shape: [n]}, b: {shape: [m]}, y: {shape: [n]}, n: size, m: size}"), 3
    ),
    "wrong_number_of_arguments": Case(record("Eq(y, good(x, x))"), 3, "good"),
    "assignment_to_an_input_twice": Case("title: Bad\nsympy: ['Eq(y, x)', 'Eq(y, 2*x)']\nsymbols: {x: i, y: o}\n", 2),
    "bad_symbol_name": Case(record("Eq(y, x)", '{x: input, y: output, "x\'); import os #": evil}'), 4),
    "keyword_as_symbol": Case(record("Eq(y, x)", "{x: input, y: output, lambda: rate}"), 4, "lambda"),
    "reserved_symbol": Case(record("Eq(y, x*wrt)", "{x: input, y: output, wrt: w}"), 4, "wrt"),
    "cotangent_as_symbol": Case(record("Eq(y, x*z_bar)", "{x: input, y: output, z_bar: w}"), 4, "z_bar"),
    "calls_itself": Case(record("Eq(y, bad(x))"), 0, "bad -> bad"),
}

EXECUTION_CASES = {
    "import": Case(record(f"__import__('os').system('{TOUCH}')"), 3),
    "attribute": Case(record("Eq(y, x.__class__)"), 3),
    "subclasses": Case(record("Eq(y, ().__class__.__bases__[0].__subclasses__())"), 3),
    "lambda": Case(record("Eq(y, (lambda: x)())"), 3),
    "comprehension": Case(record("Eq(y, [x for x in (1, 2)])"), 3),
    "walrus": Case(record("Eq(y, (x := 3))"), 3),
    "f_string": Case(record("Eq(y, f'{x}')"), 3),
    "string": Case(record(f'Eq(y, Max(\'__import__("os").system("{TOUCH}")\', x))'), 3),
    "string_limit": Case(record(f'Eq(y, Sum(x, (i, 1, \'__import__("os").system("{TOUCH}")\')))'), 3),
    "bytes": Case(record("Eq(y, b'x')"), 3),
    "keyword_argument": Case(record("Eq(y, exp(x, evaluate=False))"), 3),
    "starred": Case(record("Eq(y, Max(*x))"), 3),
    "eval": Case(record(f"eval(\"__import__('os').system('{TOUCH}')\")"), 3),
    "exec": Case(record("exec('x')"), 3),
    "open": Case(record("Eq(y, open(x))"), 3),
    "statement": Case(record(f"import os; os.system('{TOUCH}')"), 3),
    "two_expressions": Case(record("Eq(y, x); Eq(y, x)"), 3),
    "conditional": Case(record("Eq(y, x if x > 0 else 0)"), 3),
    "set": Case(record("Eq(y, {x})"), 3),
    "matrix_multiplication_sign": Case(record("Eq(y, x @ x)"), 3),
    "shape": Case(record("Eq(y, x[1])", f"{{x: {{shape: [\"__import__('os').system('{TOUCH}')\"]}}, y: output}}"), 4),
    "default": Case(record("Eq(y, x)", "{x: {default: \"__import__('os')\"}, y: output}"), 4),
    "derivative_of_a_string": Case(record(f'Eq(y, Derivative(\'__import__("os").system("{TOUCH}")\', x))'), 3),
}

SIZE_CASES = {
    "expression_of_a_megabyte": Case(record("Eq(y, x" + " + x" * 250_000 + ")"), 0),
    "tower_of_powers": Case(record("Eq(y, x*9**9**9**9)"), 3),
    "huge_power": Case(record("Eq(y, x*10**20000)"), 3),
    "huge_literal": Case(record("Eq(y, x*" + "9" * 10_001 + ")"), 3),
    "huge_exponent": Case(record("Eq(y, x*1e999999)"), 3),
    "huge_binomial": Case(record("Eq(y, x*binomial(10**9, 5*10**8))"), 3),
    "huge_factorial": Case(record("Eq(y, x*factorial(10**9))"), 3),
    "many_parentheses": Case(record("Eq(y, " + "(" * 300 + "x" + ")" * 300 + ")"), 3),
    "many_calls": Case(record("Eq(y, " + "sin(" * 300 + "x" + ")" * 300 + ")"), 3),
    "many_signs": Case(record("Eq(y, " + "-" * 3000 + "x)"), 3),
    "many_powers": Case(record("Eq(y, x" + "**x" * 300 + ")"), 3),
    "many_positions": Case(record("Eq(y, " + "x[" * 300 + "1" + "]" * 300 + ")", "{x: {shape: [n]}, y: o, n: s}"), 3),
    "unclosed_parenthesis": Case(record("Eq(y, (x"), 3),
}

CASES = {**YAML_CASES, **SYMBOL_CASES, **EXECUTION_CASES, **SIZE_CASES}


def assert_clear(err: str, case: Case, file: str = "equations/general/bad.yaml") -> None:
    """One error in four parts that names the place."""
    found = re.search(rf"^{re.escape(file)}:(\d+):(\d+): .+\n  written: .*\n  remedy:  .+$", err, re.MULTILINE)
    assert found is not None, err
    assert case.line in (0, int(found.group(1))), err
    assert int(found.group(2)) >= 1
    assert case.hint in err
    assert err.count("  remedy: ") == 1
    assert len(err) < 2000


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_bad_record_is_one_clear_error(project: Project, name: str) -> None:
    case = CASES[name]
    assert project.run("build")[0] == 0
    whole = project.tree()
    project.put("general/bad", case.text)
    for command in ("check", "build"):
        code, _, err = project.run(command)
        assert code == 1
        assert_clear(err, case)
    assert project.tree() == whole, "the old kernels stay"
    assert not project.executed()


def test_a_bad_record_does_not_hide_others(project: Project) -> None:
    project.put("general/bad", CASES["tower_of_powers"].text)
    code, out, _ = project.run("build")
    assert (code, out.split(" (")[0]) == (1, "built 1, failed 1")
    assert "general/good.py" in project.tree()


def test_composition_in_a_circle(project: Project) -> None:
    project.put("general/a", record("Eq(y, b(x))"))
    project.put("general/b", record("Eq(y, 2*a(x))"))
    code, _, err = project.run("build")
    assert code == 1
    assert re.search(r"equations/general/[ab]\.yaml:\d+:\d+: .*circle", err)
    assert {"general/good.py", "general/bad.py"} <= project.tree().keys()


def test_a_record_that_composes_a_bad_one_names_the_bad_one(project: Project) -> None:
    project.put("general/bad", CASES["undeclared_symbol"].text)
    project.put("general/user", record("Eq(y, bad(x))"))
    code, _, err = project.run("build")
    assert code == 1
    assert err.count("equations/general/bad.yaml:3:") == 1
    assert "concerns: bad, user" in err


def test_duplicate_ids(project: Project) -> None:
    assert project.run("build")[0] == 0
    whole = project.tree()
    project.put("other/bad", GOOD)
    for command in ("check", "build"):
        code, _, err = project.run(command)
        assert code == 1
        assert_clear(err, Case("", 1, "two records have the id bad"), "equations/other/bad.yaml")
    assert project.tree() == whole


@pytest.mark.parametrize("name", ["x'); import os; os.system('touch executed') #", "a b", "-rf", "é", "a" * 240])
def test_names_of_files_that_are_no_ids(project: Project, name: str) -> None:
    project.put(f"general/{name}", GOOD)
    code, _, err = project.run("build")
    if name == "a" * 240:  # a long name is good as long as the disk can hold what belongs to it
        assert code in (0, 1)
    else:
        assert code == 1
        assert_clear(err, Case("", 1, "starts with a letter"), f"equations/general/{name}.yaml")
    assert not project.executed()


# Text that a record may hold, and that must never become code.

ENDS_A_DOCSTRING = f'"""\\nimport os\\nos.system("{TOUCH}")\\n"""'
INJECTIONS = {
    "docstring": ENDS_A_DOCSTRING,
    "backslash": "\\\\",
    "quotes": "''' \\\"\\\"\\\" ' \\\"",
    "newline": f"x\\n\\nimport os; os.system('{TOUCH}')\\n",
    "carriage_return": f"x\\rimport os; os.system('{TOUCH}')",
    "form_feed": f"x\\fimport os; os.system('{TOUCH}')",
    "line_separator": f"x\\u2028import os; os.system('{TOUCH}')\\u2029\\x85",
    "braces": "{0} {__import__} %s %(x)s",
    "markup": "[bold]x[/bold] [/nothing] $(touch executed) `touch executed`",
    "coding": "-*- coding: utf-7 -*-",
    "trailing_backslash": "ends with \\\\",
    "trailing_quote": 'ends with \\"',
}

EVERY_TEXT = """title: "{0}"
summary: "{0}"
latex: "{0}"
sympy: Eq(y, exp(-x)*x)
symbols:
  x: {{meaning: "{0}", latex: "{0}", unit: "{0}"}}
  y: "{0}"
examples:
  - {{given: {{x: 0}}, expect: {{y: 0}}, source: "{0}", erratum: "{0}"}}
claims:
  - {{name: "{0}", sympy: "Eq(y, y)"}}
sources:
  - {{title: "{0}", section: "{0}", url: "{0}"}}
latex_check: "{0}"
"""


@pytest.mark.parametrize("name", sorted(INJECTIONS))
def test_text_never_becomes_code(project: Project, name: str) -> None:
    """Such a record is either refused with a clear error or built, and then its module runs none of the text."""
    project.put("general/bad", EVERY_TEXT.format(INJECTIONS[name]))
    code, _, err = project.run("build")
    if code == 0:
        generated = project.tree()
        assert _statements(generated["general/bad.py"]) == _statements(generated["general/good.py"])
        assert project.run("show", "bad")[0] == 0
        assert project.run("list")[0] == 0
        script = "import generated.general.bad"
        subprocess.run([sys.executable, "-c", script], cwd=project.root, check=True, timeout=120)
    else:
        assert_clear(err, Case("", 0))
    assert not project.executed()


def _statements(source: bytes) -> list[str]:
    """The kinds of statement on a module's top level, and inside its functions."""
    tree = ast.parse(source)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    bodies = [tree.body, *(function.body for function in functions)]
    return [type(node).__name__ for body in bodies for node in body]


# Disks and folders that fail.


def _failing(code: int) -> Callable[..., int]:
    def fail(*arguments: object, **options: object) -> int:
        raise OSError(code, os.strerror(code))

    return fail


@pytest.mark.parametrize(
    ("function", "code", "rule"),
    [
        ("open", errno.EROFS, "the file system is read-only"),
        ("open", errno.EACCES, "no permission to write here"),
        ("write", errno.ENOSPC, "the disk is full"),
        ("fsync", errno.ENOSPC, "the disk is full"),
        ("replace", errno.ENOSPC, "the disk is full"),
    ],
)
def test_a_disk_that_cannot_be_written(
    project: Project, monkeypatch: pytest.MonkeyPatch, function: str, code: int, rule: str
) -> None:
    assert project.run("build")[0] == 0
    whole = project.tree()
    project.put("general/bad", GOOD.replace("exp", "sin"))
    with monkeypatch.context() as patch:
        patch.setattr(os, function, _failing(code))
        exit_code, _, err = project.run("build")
    assert exit_code == 1
    assert re.search(rf"^generated/\S+:1:1: {rule}\n  written: .+\n  remedy:  .+$", err, re.MULTILINE)
    assert project.tree() == whole
    assert project.run("build")[0] == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(project: Project) -> None:
    assert project.run("build")[0] == 0
    whole = project.tree()
    project.put("general/bad", GOOD.replace("exp", "sin"))
    folder = project.root / "generated" / "general"
    folder.chmod(0o555)
    try:
        assert project.run("build")[0] == 1
    finally:
        folder.chmod(0o755)
    assert project.tree() == whole


def test_generated_is_a_file(project: Project) -> None:
    (project.root / "generated").write_text("mine\n")
    code, _, err = project.run("build")
    assert code == 1
    assert "remedy:" in err
    assert (project.root / "generated").read_text() == "mine\n"


def test_an_area_is_a_file(project: Project) -> None:
    (project.root / "generated").mkdir()
    (project.root / "generated" / "general").write_text("mine\n")
    code, _, err = project.run("build")
    assert code == 1
    assert "remedy:" in err
    assert (project.root / "generated" / "general").read_text() == "mine\n"


def test_a_record_that_is_a_folder_or_a_broken_link(project: Project) -> None:
    (project.root / "equations/general/folder.yaml").mkdir()
    (project.root / "equations/general/link.yaml").symlink_to("nowhere.yaml")
    (project.root / "equations/general/loop.yaml").symlink_to("loop.yaml")
    code, _, err = project.run("build")
    assert code == 1
    assert "equations/general/link.yaml:1:1: " in err
    assert "equations/general/loop.yaml:1:1: " in err
    assert "general/good.py" in project.tree()


# Whole processes.


def start(root: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "eqc", *arguments, "--root", str(root)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def many(project: Project, function: str) -> None:
    for i in range(4):
        project.put(f"many/f{i}", record(f"Eq(y, {function}(x + {i})*exp(-x))"))


def assert_whole(tree: dict[str, bytes], names: set[str]) -> None:
    """Every module is there, with a header and a body that Python can read; staged files may lie beside them."""
    files = {name: data for name, data in tree.items() if not name.endswith(".eqc-tmp")}
    assert files.keys() == names
    for name, data in files.items():
        compile(data, name, "exec")
        support = ("__init__.py", "_cholesky.py", "_runtime.py", "_solvers.py", "_stable.py")
        shared = name.endswith(support) or name.startswith(("_calls/", "_pairs/", "_team/", "_vector/", "_wide/"))
        assert shared or split(data) is not None


def test_a_build_killed_at_any_time_leaves_whole_files(project: Project) -> None:
    many(project, "cosh")
    assert start(project.root, "build").wait(timeout=120) == 0
    names, killed = set(project.tree()), 0
    many(project, "sinh")
    begin = time.monotonic()
    assert start(project.root, "build").wait(timeout=120) == 0
    took = time.monotonic() - begin
    for turn, share in enumerate((0.3, 0.7, 0.9)):
        many(project, ("cosh", "sinh")[turn % 2])
        process = start(project.root, "build")
        time.sleep(took * share)
        process.kill()
        process.communicate()
        killed += process.returncode < 0
        assert_whole(project.tree(), names)
    assert killed
    many(project, "cosh")
    assert start(project.root, "build").wait(timeout=120) == 0
    assert start(project.root, "build", "--check").wait(timeout=120) == 0
    assert set(project.tree()) == names


def test_two_builds_at_once(project: Project) -> None:
    many(project, "sin")
    processes = [start(project.root, "build") for _ in range(2)]
    results = [(process.communicate(timeout=120), process.returncode) for process in processes]
    assert [code for _, code in results] == [0, 0], results
    assert all("Traceback" not in out + err for (out, err), _ in results)
    assert start(project.root, "build", "--check").wait(timeout=120) == 0
