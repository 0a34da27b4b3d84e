"""`eqc bench`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eqc.commands.console import note, progress, say_json, table
from eqc.commands.options import ids_argument, project_root, root_option
from eqc.commands.verify import outdated
from eqc.errors import BuildError
from eqc.project import survey
from eqc.records.catalog import Catalog

if TYPE_CHECKING:
    from eqc.bench.measure import Row, Settings
    from eqc.bench.workloads import Workload

SIZES = (10, 10_000, 1_000_000)
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


class ExtentType(click.ParamType[Any]):
    """An extent such as `N=1000`."""

    name = "extent"

    def convert(
        self, value: str | tuple[str, int], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        if isinstance(value, tuple):
            return value
        name, _, length = value.partition("=")
        if not name.isidentifier() or not length.isdigit() or int(length) == 0:
            self.fail(f"{value!r} is no extent; write N=1000", param, ctx)
        return name, int(length)


@click.command("bench")
@ids_argument
@click.option("--size", "sizes", type=click.IntRange(min=1), multiple=True, help="Elements of the largest array.")
@click.option("--extent", "extents", type=ExtentType(), multiple=True, help="The length of one axis: N=1000.")
@click.option("--dtype", type=click.Choice(("float64", "float32")), default="float64", show_default=True)
@click.option("--against", metavar="NAMES", help="Contenders, with commas: numpy,jax,torch (default: all installed).")
@click.option("--threads", type=click.IntRange(min=1), default=2, show_default=True, help="For every contender.")
@click.option("--turns", type=click.IntRange(min=3), default=15, show_default=True, help="Turns of each contender.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array with one object per row.")
@root_option
def command(
    ids: tuple[str, ...],
    sizes: tuple[int, ...],
    extents: tuple[tuple[str, int], ...],
    dtype: str,
    against: str | None,
    threads: int,
    turns: int,
    as_json: bool,
) -> int:
    """Time value and derivative of records beside NumPy, JAX and PyTorch.

    Everybody computes the same formula on the same inputs, in turns within one process. Without IDs the workloads of
    the project's pyproject.toml are timed ([tool.eqc.bench]).
    """
    root = project_root()
    for variable in _THREADS:
        os.environ[variable] = str(threads)  # read by the libraries when they are loaded
    chosen = list(_workloads(root, ids, sizes, dict(extents)))
    _refuse_outdated(root, chosen)
    settings = _settings(against, dtype, turns)
    with progress("timing", len(chosen)) as step:
        rows = [row for workload in chosen for row in (row_of(root, workload, settings), step()) if row is not None]
    if as_json:
        say_json(_object(row) for row in rows)
    else:
        _print(rows, settings)
    return 0


def _workloads(root: Path, ids: tuple[str, ...], sizes: tuple[int, ...], extents: dict[str, int]) -> Iterator[Workload]:
    from eqc.bench import workloads
    from eqc.bench.inputs import extents_of_size
    from eqc.kernels.loading import kernel

    if not ids:
        yield from workloads.workloads(root)
        return
    for name in ids:
        survey(root).only(name)
        for size in sizes or SIZES:
            found = extents_of_size(kernel(name, root).signature, size)
            yield workloads.Workload(name, {**found, **extents}, None if found or extents else size)


def _refuse_outdated(root: Path, chosen: list[Workload]) -> None:
    whole = survey(root)
    for error in outdated(root, whole, whole.choose([workload.id for workload in chosen])).values():
        raise error


def _settings(against: str | None, dtype: str, turns: int) -> Settings:
    from eqc.bench.contenders import CONTENDERS, available
    from eqc.bench.measure import Settings

    names = available() if against is None else ("eqc", *against.split(","))
    for name in names:
        if name not in CONTENDERS:
            raise BuildError(None, written=name, rule="nobody of this name", remedy=f"one of {', '.join(CONTENDERS)}")
    return Settings(names, dtype, turns)


def row_of(root: Path, workload: Workload, settings: Settings) -> Row:
    """One row; functions of the record are what it names first for them."""
    from eqc.bench.measure import measure
    from eqc.bound import kernel
    from eqc.pipeline import plain_programs
    from eqc.records.bindings import named_bindings

    catalog = Catalog(root)
    record = catalog.get(workload.id)
    bindings = next(iter(named_bindings(record)), ())
    dense = ("hessian",) if workload.hessian else ()
    programs = plain_programs(workload.id, catalog, bindings, wrt=workload.wrt, shared=workload.shared, dense=dense)
    loaded = kernel(workload.id, root, **dict(bindings))
    return measure(record, loaded, programs, workload, settings)


def _print(rows: list[Row], settings: Settings) -> None:
    peers = [name for name in settings.names if name != "eqc"]
    lines = [(row.id, _extents(row), _time(row.seconds["eqc"]), *(_cell(row, name) for name in peers)) for row in rows]
    table(("record", "extents", "eqc", *(f"{name} / eqc" for name in peers)), lines)
    for row in rows:
        for name, reason in row.notes.items():
            note(f"{row.id}, {name}: {reason}")


def _extents(row: Row) -> str:
    lengths = " ".join(f"{name}={length}" for name, length in row.extents.items()) or f"{row.elements} items"
    return f"{lengths}, Hessian" if row.hessian else lengths


def _cell(row: Row, name: str) -> str:
    ratio = row.ratio(name)
    if ratio is None:
        return "-"
    return f"{ratio:.2f}" + ("?" if name in row.notes else "")


def _time(seconds: float) -> str:
    """A time with the unit that fits it.

    >>> _time(0.00123), _time(4.2e-7)
    ('1.23 ms', '0.42 µs')
    """
    unit, scale = next((u, s) for u, s in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)) if seconds >= s or u == "µs")
    return f"{seconds / scale:.3g} {unit}"


def _object(row: Row) -> dict[str, object]:
    return {
        "id": row.id,
        "extents": dict(row.extents),
        "dtype": row.dtype,
        "elements": row.elements,
        "hessian": row.hessian,
        "seconds": dict(row.seconds),
        "notes": dict(row.notes),
    }
