"""`eqc build --check`: does `generated/` hold, byte for byte, what the records give? Nothing is written."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from eqc.build import Progress, compile_task, outdated_support, silent, stamped, superfluous_modules
from eqc.errors import EqcError
from eqc.freshness import Inputs, read_if_there
from eqc.parallel import over_records
from eqc.project import survey

_SHOWN_LINES = 40


@dataclass(frozen=True, slots=True)
class Drift:
    """One file that is not what the records give; `diff` says how, from the file to what it should be."""

    path: str
    kind: Literal["differs", "missing", "superfluous"]
    diff: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that `--check` found: how many records agree, which files do not, which records fail."""

    agreeing: int
    drifts: tuple[Drift, ...]
    failed: Mapping[str, EqcError]

    @property
    def ok(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.drifts or self.failed)


def compare(root: Path, ids: Iterable[str] = (), *, jobs: int = 1, progress: Progress = silent) -> Comparison:
    """Compile the records (all of them, or those named) in memory and compare with the files.

    Without `ids`, shared files and modules whose record is gone are looked at too. Raises BuildError for unknown ids.
    """
    wanted = tuple(ids)
    whole = survey(root)
    chosen = whole.choose(wanted)
    inputs = Inputs(root, whole.files)
    failed, drifts, agreeing = dict(chosen.problems), [], 0
    with progress("checking", len(chosen.files)) as step:
        for outcome in over_records(compile_task, root, tuple(chosen.files), jobs):
            if outcome.value is not None:
                expected = stamped(inputs, chosen.files[outcome.id], outcome.value)
                found = [one for path, data in expected.items() for one in drift(root, path, data)]
                agreeing += not found
                drifts += found
            elif outcome.error is not None:
                failed[outcome.id] = outcome.error
            step()
    if not wanted:
        drifts += [one for path, data in outdated_support(whole).items() for one in drift(root, path, data)]
        drifts += [Drift(path.relative_to(root).as_posix(), "superfluous") for path in superfluous_modules(whole)]
    ordered = tuple(sorted(drifts, key=lambda one: one.path))
    return Comparison(agreeing, ordered, dict(sorted(failed.items())))


def drift(root: Path, path: Path, expected: bytes) -> list[Drift]:
    """How one file differs from the bytes that it should hold: nothing, or one drift."""
    name = path.relative_to(root).as_posix()
    data = read_if_there(path)
    if data is None:
        return [Drift(name, "missing")]
    return [] if data == expected else [Drift(name, "differs", difference(name, data, expected))]


def difference(name: str, found: bytes, expected: bytes) -> str:
    """A unified diff, clipped to what can be read at a glance.

    >>> print(difference("a.py", b"x = 1\\n", b"x = 2\\n"))
    --- a.py (on disk)
    +++ a.py (from the record)
    @@ -1 +1 @@
    -x = 1
    +x = 2
    """
    old, new = (data.decode(errors="replace").splitlines() for data in (found, expected))
    lines = list(difflib.unified_diff(old, new, f"{name} (on disk)", f"{name} (from the record)", lineterm=""))
    if not lines:
        return "(only line endings or the end of the file differ)"
    more = len(lines) - _SHOWN_LINES
    return "\n".join(lines[:_SHOWN_LINES] + ([f"… {more} more lines"] if more > 0 else []))
