"""Writing files so that a killed build, a full disk or a second build never leaves half a file.

New contents are staged beside their targets first; only when all are safely on the disk are they renamed into place.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from eqc.errors import BuildError, Span

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

LOCK = ".lock"
_STAGED = ".eqc-tmp"
_ABANDONED_SECONDS = 3600.0

_REASONS = {
    errno.ENOSPC: ("the disk is full", "free some space and run the command again"),
    errno.EDQUOT: ("the disk quota is used up", "free some space and run the command again"),
    errno.EROFS: ("the file system is read-only", "make it writable, or work in a copy of the project"),
    errno.EACCES: ("no permission to write here", "make the folder writable, or work in a copy of the project"),
    errno.EPERM: ("no permission to write here", "make the folder writable, or work in a copy of the project"),
    errno.ENOTDIR: ("a file stands where a folder is needed", "move that file away"),
    errno.EEXIST: ("a file stands where a folder is needed", "move that file away"),
    errno.EISDIR: ("a folder stands where a file is needed", "move that folder away"),
}


def as_build_error(error: OSError, path: Path, root: Path) -> BuildError:
    """An operating system's error as one in four parts; `path` is what was being written.

    >>> print(as_build_error(OSError(errno.ENOSPC, "No space"), Path("p/generated/a.py"), Path("p")))
    generated/a.py:1:1: the disk is full
      written: generated/a.py
      remedy:  free some space and run the command again
    """
    other = (error.strerror or str(error), "put that right and run the command again")
    rule, remedy = _REASONS.get(error.errno or 0, other)
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    return BuildError(Span(name, 1, 1), written=name, rule=rule, remedy=remedy)


def commit(root: Path, contents: Mapping[Path, bytes]) -> None:
    """Write files; readers see each one's old or its new contents, never a part.

    If one cannot be written (a full disk, no permission), no file changes. Raises BuildError; what was staged is gone.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     commit(Path(name), {Path(name) / "area" / "a.py": b"x = 1"})
    ...     [path.name for path in (Path(name) / "area").iterdir()]
    ['a.py']
    """
    staged: dict[Path, Path] = {}
    current = root
    try:
        for number, (current, data) in enumerate(contents.items()):
            # Not named after the target: its name may be as long as names can be.
            staged[current] = current.with_name(f".{os.getpid()}-{number}{_STAGED}")
            _stage(staged[current], data)
        for current, temporary in staged.items():
            os.replace(temporary, current)
    except OSError as error:
        raise as_build_error(error, current, root) from error
    finally:
        for temporary in staged.values():
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def _stage(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o666)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(root: Path, paths: Iterable[Path]) -> None:
    """Delete files; those already gone do not matter. Raises BuildError."""
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise as_build_error(error, path, root) from error


def leftovers(folder: Path) -> tuple[Path, ...]:
    """Files that a killed build staged below `folder` and never put into place."""
    return tuple(sorted(folder.rglob(f".*{_STAGED}")))


@contextmanager
def locked(root: Path, folder: Path, waiting: Callable[[], None]) -> Iterator[bool]:
    """Hold the project's build lock; `waiting` is called once if another build has it.

    Gives False where locking is not to be had (Windows, some network file systems): the build goes on without.
    Raises BuildError if `folder` cannot be written.
    """
    path = folder / LOCK
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise as_build_error(error, path, root) from error
    try:
        yield _acquire(descriptor, waiting)
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, waiting: Callable[[], None]) -> bool:
    if fcntl is None:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        waiting()
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:
        return False
    return True


def clean(root: Path, folder: Path, *, exclusive: bool) -> None:
    """Delete what killed builds left; without the lock only what is too old to be another build's work."""
    newest = time.time() if exclusive else time.time() - _ABANDONED_SECONDS
    for path in leftovers(folder):
        with suppress(FileNotFoundError):
            if exclusive or path.stat().st_mtime < newest:
                remove(root, [path])
