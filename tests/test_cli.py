"""The commands as a user meets them: what they print, where, and the exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple, NoReturn

import pytest

from eqc.cli import COMMANDS, main
from eqc.commands import console
from eqc.errors import NotationError, RecordError, Span
from eqc.scaffold import EXAMPLE, create_project

HEAVY = ("sympy", "numba", "numpy", "ruamel", "pydantic", "rich", "multiprocessing", "concurrent")


class Result(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Runner:
    return Runner(capfd)


class Runner:
    """Runs a command in this process; no command may ever show a traceback."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture

    def __call__(self, *arguments: str | Path) -> Result:
        self._capture.readouterr()
        code = main([str(one) for one in arguments])
        captured = self._capture.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return Result(code, captured.out, captured.err)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new project, built; tests that share it change nothing in it."""
    root = tmp_path_factory.mktemp("built") / "demo"
    create_project(root)
    assert main(["build", "--root", str(root)]) == 0
    return root


@pytest.fixture
def project(tmp_path: Path) -> Path:
    create_project(tmp_path / "demo")
    return tmp_path / "demo"


def add(root: Path, name: str, text: str) -> None:
    path = root / "equations" / "general" / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


BROKEN = "title: Broken\nsympy: Eq(y, 2*x)\nsumary: doubles\nsymbols: {x: input, y: output}\n"


def test_help_names_every_command(run: Runner) -> None:
    result = run("--help")
    assert result.code == 0
    assert all(name in result.out for name in COMMANDS)


def test_sympy_remembers_more_than_a_long_formula_needs() -> None:
    program = "import eqc.cli, sympy; print(sympy.Function.__new__.cache_info().maxsize)"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(found.stdout) == 100_000


def test_version(run: Runner) -> None:
    result = run("--version")
    assert result.code == 0
    assert result.out.startswith("eqc ")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(run: Runner, name: str) -> None:
    result = run(name, "--help")
    assert result.code == 0
    assert result.out.startswith(f"Usage: eqc {name}")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["biuld"], "did you mean build?"),
        (["build", "--chek"], "--check"),
        (["build", "--jobs", "0"], "--jobs"),
        (["derive", EXAMPLE.id], "--wrt"),
        (["derive", EXAMPLE.id, "--wrt", "x", "--order", "3"], "--order"),
        (["derive", EXAMPLE.id, "--wrt", "x", "--as", "prose"], "'latex'"),
        (["show"], "ID"),
        (["build", "--check", "--compile"], "--compile"),
    ],
)
def test_wrong_usage_exits_with_2(run: Runner, arguments: list[str], hint: str) -> None:
    result = run(*arguments)
    assert (result.code, result.out) == (2, "")
    assert hint in result.err


def test_outside_a_project(run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("list")
    assert result.code == 1
    assert "not in a project" in result.err
    assert "eqc init" in result.err


def test_the_project_is_found_from_below(run: Runner, built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(built / "equations" / EXAMPLE.area)
    assert "nothing to do: 1 up to date" in run("build").out


def test_root_is_taken_before_and_after_the_command(run: Runner, built: Path) -> None:
    assert run("build", "--root", built).out == run("--root", built, "build").out
    assert run("build", "--root", built / "generated").code == 1


# init and new


def test_init_writes_a_project_and_names_the_next_two_commands(
    run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("init", "demo")
    assert result.code == 0
    assert "next:  cd demo && eqc build\n" in result.out
    assert "then:  eqc derive weighted_mean --wrt x\n" in result.out
    assert (tmp_path / "demo" / EXAMPLE.source).is_file()


@pytest.mark.parametrize("taken", ["README.md", ".gitignore", "equations", "generated/__init__.py"])
def test_init_overwrites_nothing(run: Runner, tmp_path: Path, taken: str) -> None:
    path = tmp_path / taken
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    result = run("init", tmp_path)
    assert result.code == 1
    assert f"written: {tmp_path / taken}" in result.err
    assert [one.read_text() for one in tmp_path.rglob("*") if one.is_file()] == ["mine"]


def test_a_new_project_is_good_and_builds(run: Runner, project: Path) -> None:
    assert run("check", "--root", project).code == 0
    assert run("build", "--root", project).out.startswith("built 1 ")
    assert run("build", "--root", project, "--check").out == "nothing to do: 1 up to date\n"


@pytest.mark.parametrize("area", [(), ("--area", "physics")])
def test_a_new_record_is_valid_and_builds_at_once(run: Runner, project: Path, area: tuple[str, ...]) -> None:
    result = run("new", "null", *area, "--root", project)
    assert result.code == 0, result.err
    folder = "physics" if area else EXAMPLE.area
    assert (project / "equations" / folder / "null.yaml").is_file()
    assert run("check", "null", "--root", project).code == 0
    assert run("build", "--root", project).out.startswith("built 2 ")


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (["weighted_mean"], "a record has this id already"),
        (["weighted_mean", "--area", "other"], "a record has this id already"),
        (["heat-flow"], "rename it to heat_flow"),
        (["lambda"], "a word of Python"),
        (["../../etc"], "lower-case letters"),
        (["ok", "--area", "../up"], "lower-case letters"),
        (["x'); import os"], "lower-case letters"),
    ],
)
def test_new_refuses_taken_ids_and_bad_names(run: Runner, project: Path, arguments: list[str], rule: str) -> None:
    before = sorted(project.rglob("*"))
    result = run("new", *arguments, "--root", project)
    assert result.code == 1
    assert rule in result.err
    assert sorted(project.rglob("*")) == before


# check, build, list


def test_check_prints_a_line_for_each_record_and_the_error(run: Runner, project: Path) -> None:
    add(project, "broken", BROKEN)
    result = run("check", "--root", project)
    assert result.code == 1
    assert result.out.splitlines() == ["fails  broken", "ok     weighted_mean"]
    assert "equations/general/broken.yaml:3:1: " in result.err
    assert "did you mean summary?" in result.err
    assert not (project / "generated" / "general").exists()


def test_check_as_json(run: Runner, project: Path) -> None:
    add(project, "broken", BROKEN)
    result = run("check", "--json", "--root", project)
    broken, good = json.loads(result.out)
    assert result.code == 1
    assert (good["id"], good["area"], good["ok"], good["error"]) == (EXAMPLE.id, EXAMPLE.area, True, None)
    assert (broken["id"], broken["ok"]) == ("broken", False)
    assert broken["error"]["where"] == {"file": "equations/general/broken.yaml", "line": 3, "column": 1}
    assert sorted(broken["error"]) == ["remedy", "rule", "where", "written"]


def test_check_sees_that_examples_lie_in_their_domains(run: Runner, project: Path) -> None:
    path = project / EXAMPLE.source
    path.write_text(path.read_text().replace("w: [1, 3]", "w: [1, -3]"))
    result = run("check", "--root", project)
    assert result.code == 1
    assert "outside its domain" in result.err
    assert f"{EXAMPLE.source}:" in result.err


def test_check_takes_a_record_for_a_function_in_an_example(run: Runner, project: Path) -> None:
    symbols = "symbols: {y: y, f: {kind: function, meaning: f}, x: x}"
    add(project, "square", "title: Square\nsympy: Eq(y, x**2)\nsymbols: {y: y, x: x}\n")
    examples = "examples: [{given: {f: square, x: 3}, expect: {y: 9}}]"
    add(project, "applied", f"title: Applied\nsympy: Eq(y, f(x))\n{symbols}\n{examples}\n")
    assert run("check", "--root", project).code == 0


def test_unknown_ids_are_answered_with_the_nearest(run: Runner, built: Path) -> None:
    for command in (["check"], ["build"], ["build", "--check"], ["verify"], ["show"], ["explain"]):
        result = run(*command, "weigthed_mean", "--root", built)
        assert result.code == 1, command
        assert "did you mean weighted_mean?" in result.err
    assert run("derive", "weigthed_mean", "--wrt", "x", "--root", built).code == 1


def test_a_broken_record_does_not_stop_the_others(run: Runner, project: Path) -> None:
    add(project, "broken", BROKEN)
    result = run("build", "--root", project)
    assert result.code == 1
    assert result.out.startswith("built 1, failed 1 ")
    assert "equations/general/broken.yaml:3:1: " in result.err
    assert (project / EXAMPLE.module).is_file()


def test_build_check_prints_a_diff_and_the_command_that_accepts_it(run: Runner, project: Path) -> None:
    assert run("build", "--root", project).code == 0
    path = project / EXAMPLE.module
    path.write_text(path.read_text() + "surprise = 1\n")
    result = run("build", "--check", "--root", project)
    assert result.code == 1
    assert f"{EXAMPLE.module}: differs" in result.out
    assert "-surprise = 1" in result.out
    assert "run: eqc build\n" in result.out


def test_list_as_table_and_as_json(run: Runner, project: Path) -> None:
    add(project, "broken", BROKEN)
    assert run("build", EXAMPLE.id, "--root", project).code == 0
    result = run("list", "--root", project)
    assert result.code == 0
    row = next(line for line in result.out.splitlines() if "weighted_mean" in line)
    assert row.split()[:4] == ["statistics", "weighted_mean", "Weighted", "mean"]
    assert row.split()[-1] == "fresh"
    broken, good = json.loads(run("list", "--json", "--root", project).out)
    assert (broken["id"], broken["state"], broken["kernels"]) == ("broken", "broken", [])
    assert good["kernels"][:3] == ["value", "jvp", "vjp"]
    assert (good["state"], good["title"], good["file"]) == ("fresh", "Weighted mean", EXAMPLE.source)


def test_list_tells_stale_and_not_built(run: Runner, project: Path) -> None:
    def state() -> str:
        found: str = json.loads(run("list", "--json", "--root", project).out)[0]["state"]
        return found

    assert state() == "not built"
    run("build", "--root", project)
    (project / EXAMPLE.source).write_text((project / EXAMPLE.source).read_text() + "# changed\n")
    assert state() == "stale"


def test_list_coverage_counts_by_area_and_nature(run: Runner, project: Path) -> None:
    """A broken record is an entry of which there is nothing."""
    add(project, "broken", BROKEN)
    path = project / EXAMPLE.source
    path.write_text("nature: expectation\n" + path.read_text())
    assert run("build", EXAMPLE.id, "--root", project).code == 0
    result = run("list", "--coverage", "--root", project)
    assert result.code == 1
    assert "equations/general/broken.yaml:3:1: " in result.err
    rows = [line.split() for line in result.out.splitlines() if line.strip()]
    counted = ["LaTeX", "value", "jvp", "vjp", "Hessian", "examples", "claims", "accuracy"]
    assert rows[0] == ["area", "nature", "entries", *counted]
    assert rows[2] == ["general", "unstated", "1", *["0"] * 8]
    assert rows[3] == ["statistics", "expectation", "1", "1", "1", "1", "1", "1", "1", "0", "0"]
    assert rows[4][0] == "all" and rows[4][1] == "2"


def test_list_coverage_as_json(run: Runner, built: Path) -> None:
    (good,) = json.loads(run("list", "--coverage", "--json", "--root", built).out)
    assert (good["id"], good["nature"], good["hessian"], good["accuracy"]) == (EXAMPLE.id, "unstated", True, False)


# show, derive, explain, verify, schema


def test_show(run: Runner, built: Path) -> None:
    result = run("show", EXAMPLE.id, "--root", built)
    assert result.code == 0
    for part in (
        r"\bar{x}",
        "Sum(w[i]*x[i]",
        "weights",
        "positive",
        "mean = 5",
        "vjp(w[n], x[n], mean_bar) -> w[n], x[n]",
    ):
        assert part in result.out


def test_show_before_a_build(run: Runner, project: Path) -> None:
    assert "not built yet: run `eqc build weighted_mean`" in run("show", EXAMPLE.id, "--root", project).out


@pytest.mark.parametrize("form", ["text", "latex", "sympy", "code"])
@pytest.mark.parametrize("order", ["1", "2"])
def test_derive(run: Runner, built: Path, form: str, order: str) -> None:
    result = run("derive", EXAMPLE.id, "--wrt", "w", "--order", order, "--as", form, "--root", built)
    assert result.code == 0, result.err
    assert result.out.strip()


def test_derive_by_what_is_no_input(run: Runner, built: Path) -> None:
    result = run("derive", EXAMPLE.id, "--wrt", "q", "--root", built)
    assert result.code == 1
    assert "remedy:" in result.err


def test_explain(run: Runner, built: Path) -> None:
    result = run("explain", EXAMPLE.id, "--root", built)
    assert (result.code, bool(result.out.strip())) == (0, True)


def test_verify_as_table_and_as_json(run: Runner, built: Path) -> None:
    result = run("verify", "--root", built)
    assert result.code == 0, result.out + result.err
    assert "verified 1, wrong 0, not verified 0" in result.out
    assert "weighted_mean passed" in " ".join(result.out.split())
    (found,) = json.loads(run("verify", "--json", "--root", built).out)
    assert (found["id"], found["ok"], found["error"]) == (EXAMPLE.id, True, None)


def test_verify_reports_kernels_that_are_not_up_to_date(run: Runner, project: Path) -> None:
    result = run("verify", "--root", project)
    assert result.code == 1
    assert f"{EXAMPLE.source}:1:1: the kernels are not built yet" in result.err
    assert "run `eqc build weighted_mean`" in result.err


def test_schema_is_json(run: Runner) -> None:
    assert "properties" in json.loads(run("schema").out)


# errors, start-up, progress


def explode(*arguments: object, **options: object) -> NoReturn:
    raise ZeroDivisionError("division by zero")


def interrupt(*arguments: object, **options: object) -> NoReturn:
    raise KeyboardInterrupt


def test_a_bug_of_eqc_is_one_clear_message(run: Runner, built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eqc.commands.build.build", explode)
    result = run("build", "--root", built)
    assert (result.code, result.out) == (1, "")
    assert "which is a bug of eqc" in result.err
    assert "ZeroDivisionError: division by zero at test_cli.py:" in result.err


def test_an_interrupt_exits_with_130(run: Runner, built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eqc.commands.build.build", interrupt)
    assert run("build", "--root", built).code == 130


def test_an_error_that_records_share_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    shared = NotationError(Span("f.yaml", 1, 2), written="x", rule="wrong", remedy="mend it")
    other = RecordError(None, written="y", rule="bad", remedy="mend that")
    console.report_failures({"f": shared, "g": shared, "h": other})
    printed = capsys.readouterr().err
    assert printed.count("f.yaml:1:2: wrong") == 1
    assert "concerns: f, g" in printed


def loaded_by(*arguments: str) -> set[str]:
    """The heavy packages that a command imports, run in a process of its own."""
    command = [sys.executable, "-X", "importtime", "-m", "eqc", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(Path(console.__file__).parents[2])}
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120, env=environment)
    names = {line.rpartition("|")[2].strip().partition(".")[0] for line in result.stderr.splitlines()}
    return names & set(HEAVY)


def test_an_unchanged_build_imports_nothing_heavy(built: Path) -> None:
    assert loaded_by("build", "--root", str(built)) == set()


def test_help_imports_nothing_heavy() -> None:
    assert loaded_by("--help") == set()


def test_progress_speaks_up_only_after_a_while(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with console.progress("building", 3) as step:
        step()
    assert capfd.readouterr().err == ""
    monkeypatch.setattr(console, "_PATIENCE_SECONDS", 0.0)
    with console.progress("building", 3) as step:
        step()
        time.sleep(0.2)
    assert capfd.readouterr().err == "building 3 …\n"


def test_progress_on_a_terminal_is_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with console.progress("building", 2) as step:
        time.sleep(0.3)
        step()


def test_cells_are_never_markup(capsys: pytest.CaptureFixture[str]) -> None:
    console.table(("a",), [["[bold]x[/bold] \x1b[31m :smile:"]])
    assert "[bold]x[/bold] \N{REPLACEMENT CHARACTER}[31m :smile:" in capsys.readouterr().out
