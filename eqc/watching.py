"""What changes in a project's records, seen by looking again: file systems differ in what they tell, none in this."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from eqc.project import EQUATIONS

Stamp = tuple[int, int, int]
"""When a file was written last, how large it is, and which file it is."""


def snapshot(root: Path) -> dict[str, Stamp]:
    """The stamps of all visible files under `equations/`, by their paths relative to the root.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     area = Path(folder, "equations", "a")
    ...     area.mkdir(parents=True)
    ...     _ = (area / "x.yaml").write_text("title: X")
    ...     list(snapshot(Path(folder)))
    ['equations/a/x.yaml']
    """
    found: dict[str, Stamp] = {}
    for folder, inner, names in os.walk(root / EQUATIONS):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in sorted(names):
            stamp = None if name.startswith(".") else _stamp(Path(folder, name))
            if stamp is not None:
                found[Path(folder, name).relative_to(root).as_posix()] = stamp
    return found


def _stamp(path: Path) -> Stamp | None:
    """A file's stamp; None if it is gone before it could be looked at."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def differences(before: Mapping[str, Stamp], after: Mapping[str, Stamp]) -> dict[str, str]:
    """What became of the files that are not as they were.

    >>> differences({"a": (1, 1, 1), "b": (1, 1, 2)}, {"b": (2, 1, 2), "c": (3, 1, 3)})
    {'a': 'removed', 'b': 'changed', 'c': 'added'}
    """
    paths = sorted({*before, *after})
    words = {path: "added" if path not in before else "removed" if path not in after else "changed" for path in paths}
    return {path: word for path, word in words.items() if before.get(path) != after.get(path)}


def changes(root: Path, pause: Callable[[], None]) -> Iterator[dict[str, str]]:
    """The changes to a project's records as they come, once they have come to rest; `pause` waits a little.

    An editor may write a file in several steps, so a change is told when nothing more happened during a pause.
    """
    settled = snapshot(root)
    while True:
        pause()
        latest = snapshot(root)
        if latest == settled:
            continue
        while True:
            pause()
            again = snapshot(root)
            if again == latest:
                break
            latest = again
        found = differences(settled, latest)
        settled = latest
        if found:
            yield found
