"""The same task for many records: in this process when there are few, over the cores when there are many.

No task stops the others: each record gives an outcome with a value or an error.
"""

from __future__ import annotations

import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from eqc.errors import EqcError

if TYPE_CHECKING:
    from eqc.records.catalog import Catalog

T = TypeVar("T")
Task = Callable[[str, "Catalog"], T]

FEW = 8
"""Up to so many records a pool would take longer to start than to compile them."""

DEBUG = "EQC_DEBUG"
"""Set in the environment, it prints the traceback of an error inside eqc: for those who work on eqc."""


class InternalError(EqcError):
    """eqc itself is at fault."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What a task gave for one record: a value, or an error and no value."""

    id: str
    value: T | None = None
    error: EqcError | None = None


def internal_error(error: BaseException, what: str) -> InternalError:
    """An unforeseen exception as an error in four parts that says what to report.

    >>> print(internal_error(ZeroDivisionError("division by zero"), "softmax"))
    eqc failed inside, which is a bug of eqc, not of yours
      written: softmax
      remedy:  please report this line with the record: ZeroDivisionError: division by zero
    """
    if os.environ.get(DEBUG):
        traceback.print_exception(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    rule = "eqc failed inside, which is a bug of eqc, not of yours"
    remedy = f"please report this line with the record: {reason}{place}"
    return InternalError(None, written=what, rule=rule, remedy=remedy)


def attempt(task: Task[T], record_id: str, catalog: Catalog) -> Outcome[T]:
    """Run one task; whatever it raises becomes the outcome's error. Only KeyboardInterrupt and the like pass."""
    try:
        return Outcome(record_id, task(record_id, catalog))
    except EqcError as error:
        return Outcome(record_id, error=error)
    except OSError as error:
        return Outcome(record_id, error=_file_error(error, record_id, catalog))
    except RecursionError:
        return Outcome(record_id, error=_too_deep(record_id))
    except Exception as error:
        return Outcome(record_id, error=internal_error(error, record_id))


def _too_deep(record_id: str) -> EqcError:
    rule = "a formula nests deeper than eqc can follow"
    return EqcError(None, written=record_id, rule=rule, remedy="give its inner parts names in statements of their own")


def _file_error(error: OSError, record_id: str, catalog: Catalog) -> EqcError:
    from eqc.atomic import as_build_error  # kept off the path on which nothing fails

    path = Path(error.filename) if isinstance(error.filename, str) else catalog.root / record_id
    return as_build_error(error, path, catalog.root)


def over_records(
    task: Task[T],
    root: Path,
    ids: Sequence[str],
    jobs: int = 1,
    *,
    few: int = FEW,
    limit: float = inf,
    turns: float = inf,
) -> Iterator[Outcome[T]]:
    """Run `task(id, catalog)` for every id and give the outcomes as they come, in no fixed order.

    `jobs` is the number of processes; with one, or up to `few` records, all is done in this process. `task` must be
    a function of a module, so that the others find it, and a script that asks for more than one process must guard
    its main part with `if __name__ == "__main__":`, as they import it. With a `limit`, what takes more seconds than
    that in another process is given up; after so many `turns` a process ends, and the memory that it holds is free.
    """
    if (jobs > 1 or min(limit, turns) < inf) and len(ids) > few:
        yield from _over_pool(task, root, ids, min(jobs, len(ids)), limit, turns)
        return
    catalog = _open_catalog(root)
    for record_id in ids:
        yield attempt(task, record_id, catalog)


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _over_pool(
    task: Task[T], root: Path, ids: Sequence[str], jobs: int, limit: float, turns: float
) -> Iterator[Outcome[T]]:
    from eqc.processes import Lost, results  # a single record must not pay for importing this

    for record_id, result in results(partial(_in_worker, task, root), ids, jobs, limit, turns):
        yield _lost(record_id, limit, late=result.late) if isinstance(result, Lost) else _read(record_id, result)


def _read(record_id: str, result: bytes) -> Outcome[T]:
    try:
        outcome: Outcome[T] = pickle.loads(result)  # noqa: S301 (from our own process)
    except Exception as error:
        return Outcome(record_id, error=internal_error(error, record_id))
    return outcome


def _lost(record_id: str, limit: float, *, late: bool) -> Outcome[T]:
    """A record whose process died, or took too long."""
    rule = "a worker process ended before its time (was the memory used up?)"
    remedy = "run the command again with --jobs 1"
    if late:
        rule = f"it was given up after {limit:.0f} seconds"
        remedy = f"run the command for {record_id} alone, which takes its time"
    return Outcome(record_id, error=EqcError(None, written=record_id, rule=rule, remedy=remedy))


@lru_cache(maxsize=1)
def _start_worker() -> None:
    """Let a worker end quietly with its parent, be that by Ctrl-C or by a kill that gives no chance to clean up."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    import multiprocessing

    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _in_worker(task: Task[T], root: Path, record_id: str) -> bytes:
    """An outcome as it is sent; what cannot be sent is an error of eqc."""
    _start_worker()
    try:
        return pickle.dumps(attempt(task, record_id, _worker_catalog(root)))
    except Exception as error:
        return pickle.dumps(Outcome(record_id, error=internal_error(error, record_id)))


def _open_catalog(root: Path) -> Catalog:
    from eqc.notation.library import Library  # loads the YAML reader

    return Library(root)


_worker_catalog = lru_cache(maxsize=1)(_open_catalog)
