"""What is timed when nobody says what: the workloads in a project's `pyproject.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eqc.errors import BuildError, Span

_FORM = (
    "write [tool.eqc.bench] with lines such as my_loss = [{N = 10}, {N = 1000}]; a row may also give `items`, a number,"
    " `shared` and `wrt`, lists of inputs, and `hessian`, true or false"
)


@dataclass(frozen=True, slots=True)
class Workload:
    """A record and its extents; `items` is the length of the leading axis, if it has one.

    Inputs that are `shared` have no leading axis, all others do; None is for records of numbers, all of whose inputs
    have one. `wrt` are the inputs that it is differentiated in, if not all. What is timed is value and derivative, or
    the `hessian`.
    """

    id: str
    extents: dict[str, int]
    items: int | None = None
    shared: tuple[str, ...] | None = None
    wrt: tuple[str, ...] | None = None
    hessian: bool = False


def workloads(root: Path) -> tuple[Workload, ...]:
    """The workloads of a project in the order of its file; none if it states none.

    Raises BuildError if the table is not of the form `id = [{extent = length, …}, …]`.
    """
    file = root / "pyproject.toml"
    if not file.is_file():
        return ()
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("eqc", {}).get("bench", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BuildError(Span(str(file), 1, 1), written=str(error), rule="this is no TOML", remedy="mend it") from error
    return tuple(_workload(file, name, one) for name, rows in table.items() for one in _rows(file, name, rows))


def _rows(file: Path, name: str, rows: Any) -> list[Any]:
    if not isinstance(rows, list):
        raise _malformed(file, name)
    return rows


def _workload(file: Path, name: str, row: Any) -> Workload:
    if not isinstance(row, dict):
        raise _malformed(file, name)
    extents = {key: value for key, value in row.items() if key not in (*_LISTS, "hessian")}
    lists = {key: row[key] for key in _LISTS if key in row}
    if not all(isinstance(v, int) and v > 0 for v in extents.values()) or not all(map(_is_list, lists.values())):
        raise _malformed(file, name)
    items, hessian = extents.pop("items", None), row.get("hessian", False)
    if not isinstance(hessian, bool) or ("shared" in lists and items is None):
        raise _malformed(file, name)
    return Workload(name, extents, items, **{key: tuple(names) for key, names in lists.items()}, hessian=hessian)


_LISTS = ("shared", "wrt")


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _malformed(file: Path, name: str) -> BuildError:
    return BuildError(Span(str(file), 1, 1), written=name, rule="a workload is a list of extents", remedy=_FORM)
