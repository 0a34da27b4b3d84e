"""`eqc watch` builds what changed, says what is wrong and goes on; changes are told when they have come to rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from eqc.cli import main
from eqc.commands import watch
from eqc.watching import changes, snapshot

GOOD = "title: Twice\nlatex: y = 2 x\nsympy: Eq(y, 2*x)\nsymbols: {y: output, x: input}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "equations" / "general").mkdir(parents=True)
    return tmp_path


def record(root: Path, name: str = "twice") -> Path:
    return root / "equations" / "general" / f"{name}.yaml"


class Steps:
    """Does one step at each pause, and then stops as Ctrl-C does."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        self._left = list(steps)

    def __call__(self, *_: object) -> None:
        if not self._left:
            raise KeyboardInterrupt
        self._left.pop(0)()


def nothing() -> None:
    """A pause in which nothing happens."""


def told(root: Path, *steps: Callable[[], object]) -> list[dict[str, str]]:
    found: Iterator[dict[str, str]] = changes(root, Steps(*steps))
    told_so_far: list[dict[str, str]] = []
    with pytest.raises(KeyboardInterrupt):
        told_so_far.extend(found)
    return told_so_far


def test_a_change_is_told_once_it_has_come_to_rest(project: Path) -> None:
    path = record(project)
    steps = (nothing, lambda: path.write_text("title"), lambda: path.write_text(GOOD), nothing, path.unlink, nothing)
    assert told(project, *steps) == [
        {"equations/general/twice.yaml": "added"},
        {"equations/general/twice.yaml": "removed"},
    ]


def test_what_comes_and_goes_is_no_change(project: Path) -> None:
    path = record(project)
    assert told(project, lambda: path.write_text(GOOD), path.unlink, nothing, nothing) == []


def test_hidden_files_do_not_count(project: Path) -> None:
    (project / "equations" / ".twice.yaml.swp").write_text("")
    (project / "equations" / ".git").mkdir()
    (project / "equations" / ".git" / "x.yaml").write_text("")
    assert snapshot(project) == {}


def test_the_command_builds_reports_and_goes_on(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = record(project)
    wrong = GOOD.replace("y = 2 x", "y = 3 x")
    steps = Steps(
        *(lambda: path.write_text(GOOD), nothing),
        *(lambda: path.write_text("title: Twice\nsumary: x\n"), nothing),
        *(lambda: path.write_text(wrong), nothing),
        *(path.unlink, nothing),
    )
    monkeypatch.setattr(watch.time, "sleep", steps)
    assert main(["watch", "--root", str(project), "--jobs", "1"]) == 0
    shown = capsys.readouterr()
    said = [line.partition(" (")[0] for line in shown.out.splitlines()]
    assert said == [
        *("nothing to do: 0 up to date", "watching equations/"),
        *("added: equations/general/twice.yaml", "built 1"),
        *("changed: equations/general/twice.yaml", "failed 1"),
        *("changed: equations/general/twice.yaml", "built 1"),
        *("removed: equations/general/twice.yaml", "removed 2"),  # with the folder's __init__.py
        "stopped",
    ]
    assert "summary" in shown.err and "LaTeX" in shown.err
    assert not (project / "generated" / "general" / "twice.py").exists()
