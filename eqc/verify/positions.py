"""Positions outside their ranges must raise IndexError that names symbol, value and range."""

from __future__ import annotations

import re
from typing import Any

from eqc.errors import EqcError
from eqc.verify.cases import Names
from eqc.verify.derivatives import Kernel
from eqc.verify.oracle import Oracle
from eqc.verify.points import Point
from eqc.verify.report import Origin, Tally


def check_positions(oracle: Oracle, kernel: Kernel, names: Names, point: Point, tally: Tally) -> None:
    """Call the kernel with one position below and one above its range, for every integer input read as a position."""
    labels = [n for n in names.batched if n in point.ranges]
    if not labels:
        tally.skip("no integer input is read as a position")
    for name in labels:
        low, high = point.ranges[name]
        for wrong in (low - 1, high + 1):
            inputs = {n: v.copy() for n, v in point.sample.inputs.items()}
            inputs[name].flat[-1] = wrong
            if not _is_guarded(oracle, inputs):
                _must_raise(kernel, names, point, inputs, name, wrong, tally)


def _is_guarded(oracle: Oracle, inputs: dict[str, Any]) -> bool:
    """Whether the formula has a value all the same: a Piecewise keeps the read from happening."""
    try:
        oracle.value(inputs)
    except (EqcError, IndexError):
        return False
    return True


def _must_raise(
    kernel: Kernel, names: Names, point: Point, inputs: dict[str, Any], name: str, wrong: int, tally: Tally
) -> None:
    origin = Origin("float64", point.sample.extent, point.sample.seed, f"{name} = {wrong}", inputs)
    arguments: list[Any] = [int(inputs[n]) if n in names.per_call else inputs[n][()] for n in names.inputs]
    tally.compared += 1
    try:
        kernel(*arguments)
    except IndexError as error:
        if not re.search(rf"\b{name}\b.*(?<!\d){wrong}\b", str(error)):
            tally.fail(f"the IndexError does not name {name} and {wrong}: {error}", origin)
    except Exception as error:  # noqa: BLE001 (a kernel may raise anything, from Numba on)
        tally.fail(f"{name} = {wrong} raises {type(error).__name__}: {error}", origin)
    else:
        tally.fail(f"{name} = {wrong} is outside its range and raises nothing", origin)
