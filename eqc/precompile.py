"""`eqc build --compile`: fill Numba's cache on disk now, so that the first call of a kernel need not wait for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from eqc.build import Progress, silent
from eqc.errors import EqcError
from eqc.parallel import over_records

if TYPE_CHECKING:
    from eqc.records.catalog import Catalog


_TURNS: Final = 15
"""Records that a process compiles: Numba keeps some 20 MB for each of them."""


def precompile(root: Path, ids: Sequence[str], *, jobs: int = 1, progress: Progress = silent) -> dict[str, EqcError]:
    """Compile every kernel of the records for float64 and float32; gives the errors of those that fail, by id."""
    failed = {}
    with progress("compiling", len(ids)) as step:
        for outcome in over_records(precompile_task, root, ids, jobs, few=1, turns=_TURNS):
            if outcome.error is not None:
                failed[outcome.id] = outcome.error
            step()
    return dict(sorted(failed.items()))


def precompile_task(record_id: str, catalog: Catalog) -> bool:
    """Compile the kernels of one record, in whatever process this is."""
    from eqc.kernels.loading import kernel  # brings Numba in, in the worker only

    kernel(record_id, catalog.root).compile()
    return True
