"""The examples of a record, given to the kernel and to the oracle."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqc.errors import EqcError
from eqc.records.model import Example
from eqc.verify.balls import Objects, Undecided, as_float, bounded_radii
from eqc.verify.cases import Names
from eqc.verify.compare import SAFETY, Deviation, Outcome, rtol_for
from eqc.verify.derivatives import Kernel
from eqc.verify.membership import outside
from eqc.verify.oracle import Oracle
from eqc.verify.report import Origin, Tally


def check_examples(
    oracle: Oracle, kernel: Kernel, names: Names, of_kernel: Tally, of_formula: Tally, domains: Tally
) -> None:
    """Every example: its inputs in their domains, the formula's value and the kernel's value as printed."""
    if not oracle.record.examples:
        of_kernel.skip("the record has no examples")
        of_formula.skip("the record has no examples")
    for number, example in enumerate(oracle.record.examples, start=1):
        given = {n: _as_array(oracle, n, v) for n, v in example.given.items()}
        origin = Origin("float64", 0, number, f"example {number} ({example.span})", given)
        _check_domains(oracle, example, domains, origin)
        try:
            truth = oracle.evaluate(given).values
            rounding = _rounding(oracle, given)
        except (EqcError, NotImplementedError) as error:
            of_formula.fail(f"example {number}: {error}", origin)
            continue
        _compare(oracle, example, {n: as_float(v) for n, v in truth.items()}, {}, of_formula, origin)
        try:
            result = kernel(**{n: _as_argument(names, n, v) for n, v in given.items()})
        except Exception as error:  # noqa: BLE001 (a kernel may raise anything, from Numba on)
            of_kernel.fail(f"example {number}: {type(error).__name__}: {error}", origin)
            continue
        found = dict(zip(names.outputs, [result] if len(names.outputs) == 1 else result, strict=True))
        _compare(oracle, example, found, rounding, of_kernel, origin)


def _as_array(oracle: Oracle, name: str, value: Any) -> NDArray[Any]:
    return np.asarray(value, dtype=np.int64 if oracle.reading.is_integer(name) else np.float64)


def _as_argument(names: Names, name: str, value: NDArray[Any]) -> Any:
    return int(value) if name in names.per_call else value[()]


def _rounding(oracle: Oracle, given: dict[str, NDArray[Any]]) -> dict[str, NDArray[np.float64]]:
    """What rounding may do to the formula at the example, in float64."""
    try:
        rough: dict[str, Objects] = oracle.evaluate(given, bits=53).values
    except Undecided:
        return {}
    return {name: bounded_radii(balls) for name, balls in rough.items()}


def _compare(
    oracle: Oracle,
    example: Example,
    found: dict[str, Any],
    rounding: dict[str, NDArray[np.float64]],
    tally: Tally,
    origin: Origin,
) -> None:
    """Printed numbers with the example's `rtol`, of the largest entry."""
    rtol = example.rtol if example.rtol is not None else rtol_for("float64", oracle.record.tolerance)
    for name, value in example.expect.items():
        printed = np.asarray(value, dtype=np.float64)
        got = np.asarray(found.get(name), dtype=np.float64) if name in found else None
        if got is None or got.shape != printed.shape:
            shape = "missing" if got is None else f"of shape {got.shape}"
            tally.fail(f"{origin.case}: {name} is {shape}, the example prints shape {printed.shape}", origin)
            continue
        slack = np.broadcast_to(rounding.get(name, np.zeros(())), printed.shape)
        tally.add(_outcome(f"{name} of {origin.case}", got, printed, rtol, slack), origin)


def _outcome(
    what: str, got: NDArray[np.float64], printed: NDArray[np.float64], rtol: float, slack: NDArray[np.float64]
) -> Outcome:
    finite = np.isfinite(printed)
    largest = float(np.max(np.abs(printed[finite]), initial=0.0))
    with np.errstate(invalid="ignore"):
        distance = np.where(got == printed, 0.0, np.abs(got - printed))
    distance = np.where(np.isnan(distance), np.where(np.isnan(printed), 0.0, np.inf), distance)
    share = distance / (rtol * largest + SAFETY * slack + float(np.finfo(np.float64).tiny))
    place = tuple(int(k) for k in np.unravel_index(int(np.argmax(share)), share.shape))
    worst = float(share[place])
    return Outcome(
        printed.size, 0, Deviation(what, place, float(got[place]), float(printed[place]), worst * rtol, worst)
    )


def _check_domains(oracle: Oracle, example: Example, tally: Tally, origin: Origin) -> None:
    for name, value in (*example.given.items(), *example.expect.items()):
        entry = oracle.record.symbols.get(name)
        if entry is None or entry.domain.name == "real":
            continue
        values = np.asarray(value, dtype=np.float64)
        tally.compared += values.size
        slack = max(1e-9, example.rtol or 0.0)
        problem = outside(entry.domain, values, slack if name in example.expect else 1e-12)
        if problem:
            tally.fail(f"{origin.case}: {name}: {problem}", origin)
