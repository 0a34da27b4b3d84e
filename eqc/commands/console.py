"""What commands print: plain lines, tables for people, JSON for programs, progress on anything over a second."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from eqc.errors import EqcError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PIPED_WIDTH = 200
_PATIENCE_SECONDS = 1.0


def plain(text: str) -> str:
    """Text from a record without characters that would steer a terminal.

    >>> plain("a\\x1b[31mb")
    'a\ufffd[31mb'
    """
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def say(text: str) -> None:
    """A line for people on standard output."""
    click.echo(plain(text))


def note(text: str) -> None:
    """A line on standard error: progress, hints and mistakes."""
    click.echo(plain(text), err=True)


def say_json(objects: Iterable[Mapping[str, object]]) -> None:
    """A JSON array with one object on each line."""
    lines = ",\n".join(json.dumps(one, default=str, allow_nan=False) for one in objects)
    click.echo(f"[\n{lines}\n]" if lines else "[]")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on standard output; nothing in a cell is taken for markup."""
    from rich import box, console, table, text  # only commands that show tables need it

    target = console.Console(markup=False, highlight=False, emoji=False, width=None if _is_terminal() else PIPED_WIDTH)
    grid = table.Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        grid.add_row(*(text.Text(plain(cell)) for cell in row))
    target.print(grid)


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def report_failures(failed: Mapping[str, EqcError]) -> None:
    """Every failure in four parts on standard error; one that several records share is shown once."""
    shared: dict[str, list[str]] = {}
    for name, error in failed.items():
        shared.setdefault(str(error), []).append(name)
    for message, names in shared.items():
        note(message)
        if len(names) > 1:
            note(f"  concerns: {', '.join(names)}")


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[], None]]:
    """Show how far the work is, on standard error, once it has taken more than a second."""
    bar = _Bar(label, total)
    timer = threading.Timer(_PATIENCE_SECONDS, bar.show)
    timer.daemon = True
    timer.start()
    try:
        yield bar.step
    finally:
        timer.cancel()
        bar.close()


class _Bar:
    """A progress bar that begins to exist when it is first shown; without a terminal it is a single line."""

    def __init__(self, label: str, total: int) -> None:
        self._label, self._total, self._done = label, total, 0
        self._lock = threading.Lock()
        self._shown: tuple[Progress, TaskID] | None = None
        self._closed = False

    def show(self) -> None:
        with self._lock:
            if self._closed or self._total < 1:
                return
            if sys.stderr.isatty():
                self._shown = self._start()
            else:
                note(f"{self._label} {self._total} …")

    def _start(self) -> tuple[Progress, TaskID]:
        from rich import console, progress  # only work that takes long needs it

        bar = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TimeElapsedColumn(),
            console=console.Console(stderr=True),
            transient=True,
        )
        task = bar.add_task(self._label, total=self._total, completed=self._done)
        bar.start()
        return bar, task

    def step(self) -> None:
        with self._lock:
            self._done += 1
            if self._shown is not None:
                bar, task = self._shown
                bar.update(task, completed=self._done)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._shown is not None:
                self._shown[0].stop()
