"""The README is executed: its records are read, its commands and snippets run, what they print is compared.

Blocks of `sh` and `pycon` run in a copy of the project, one copy for each section; a block of `text` right after `sh`
is what that prints. A block of `yaml` that starts with a path is written there, and must be a good record unless it is
said to be wrong. Setting up a virtual environment is left to `.ci/run`; what follows it on the line is run here too.
"""

from __future__ import annotations

import doctest
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from eqc.cli import COMMANDS
from eqc.records.load import load_record

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
SET_UP = ("python3 -m venv ", ". .venv/", "pip install ")
ITSELF = "pytest"
PROGRESS = re.compile(r"^\w+ing \d+ …\n", re.MULTILINE)  # shown when something takes more than a second


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, its text, the line of its first line, and the text block right after it."""

    section: str
    language: str
    text: str
    line: int
    output: str | None = None


def blocks() -> list[Block]:
    found: list[Block] = []
    section, start, language = "", 0, ""
    lines = README.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        if not language and line.startswith("## "):
            section = line.removeprefix("## ")
        elif not language and line.startswith("```"):
            start, language = number + 1, line.removeprefix("```")
            assert language in ("sh", "pycon", "yaml", "text"), f"README.md:{number}: nothing runs {line}"
        elif language and line == "```":
            _add(found, Block(section, language, "".join(f"{x}\n" for x in lines[start - 1 : number - 1]), start))
            language = ""
    return found


def _add(found: list[Block], block: Block) -> None:
    if block.language != "text":
        found.append(block)
        return
    before = found.pop()
    assert before.language == "sh", f"README.md:{block.line}: output of what?"
    found.append(Block(before.section, before.language, before.text, before.line, block.text))


BLOCKS = blocks()
SECTIONS = sorted({block.section for block in BLOCKS}, key=[block.section for block in BLOCKS].index)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the records and their kernels; what Numba has compiled already comes along."""
    for name in ("equations", "generated"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where `eqc` and `python` are those that run this test, installed or not."""
    folder = tmp_path_factory.mktemp("bin")
    for name, words in (("python", ""), ("eqc", " -m eqc")):
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}"{words} "$@"\n', encoding="utf-8")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return {
        **os.environ,
        "PATH": os.pathsep.join([str(folder), os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }


@pytest.mark.parametrize("section", SECTIONS)
def test_section(section: str, project: Path, environment: dict[str, str]) -> None:
    snippets: list[Block] = []
    for block in (block for block in BLOCKS if block.section == section):
        if block.language == "pycon":
            snippets.append(block)
            continue
        run_snippets(snippets, project, environment)
        snippets = []
        if block.language == "yaml":
            put_record(block, project)
        else:
            run_commands(block, project, environment)
    run_snippets(snippets, project, environment)


def put_record(block: Block, project: Path) -> None:
    match = re.match(r"# (equations/\w+/\w+\.yaml)( \(wrong\))?\n", block.text)
    assert match, f"README.md:{block.line}: which file is this?"
    path = project / match[1]
    path.write_text(block.text, encoding="utf-8")
    if not match[2]:
        assert load_record(path, project).title


def run_commands(block: Block, project: Path, environment: dict[str, str]) -> None:
    """Run every line of a block and compare what all of them print, errors included."""
    printed = ""
    may_fail = block.output is not None and "remedy:" in block.output
    for command in commands(block):
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=project,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert may_fail or done.returncode == 0, f"README.md:{block.line}: {command}\n{done.stdout}"
        printed += PROGRESS.sub("", done.stdout)
    if block.output is not None:
        same = doctest.OutputChecker().check_output(block.output, printed, OPTIONS)
        assert same, f"README.md:{block.line} prints\n{printed}\nand not\n{block.output}"


def commands(block: Block) -> Iterator[str]:
    for line in block.text.splitlines():
        parts = [part for part in line.split(" && ") if not part.startswith(SET_UP)]
        if parts != [ITSELF]:
            yield " && ".join(parts)


def run_snippets(snippets: list[Block], project: Path, environment: dict[str, str]) -> None:
    """Run interactive snippets one after the other in one interpreter; line numbers are those of the README."""
    if not snippets:
        return
    text = ""
    for block in snippets:
        text += "\n" * (block.line - 1 - text.count("\n")) + block.text
    path = project / "README.md"
    path.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "doctest", "-o", "ELLIPSIS", "-o", "NORMALIZE_WHITESPACE", path.name]
    done = subprocess.run(
        command, cwd=project, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_start_has_one_command_for_the_kernels_and_one_for_the_tests() -> None:
    start = [block for block in BLOCKS if block.section == "Start"]
    assert [block.language for block in start] == ["sh", "sh"]
    assert all(block.text.count("\n") == 1 and block.text.startswith(SET_UP[0]) for block in start)
    assert start[1].text.endswith(f" && {ITSELF}\n")


def test_the_number_of_equations_is_right() -> None:
    stated = re.search(r"\bholds ([\d,]+) equations\b", README.read_text(encoding="utf-8"))
    assert stated and int(stated[1].replace(",", "")) == len(list((ROOT / "equations").glob("*/*.yaml")))


def test_every_command_stands_in_the_table() -> None:
    listed = re.findall(r"^\| `eqc (\w+)", README.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert listed == list(COMMANDS)


def test_every_folder_stands_in_the_table() -> None:
    text = README.read_text(encoding="utf-8")
    folders = sorted(path.parent.name for path in (ROOT / "eqc").glob("*/__init__.py"))
    assert [name for name in folders if f"`eqc/{name}`" not in text and name != "commands"] == []
