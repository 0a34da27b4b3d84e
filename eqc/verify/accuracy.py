"""Accuracy of a record's kernels in bits of error, as `eqc verify --accuracy` reports it.

Values and first derivatives are compared with the correctly rounded truth, which the oracle certifies at rising
precision. Inputs follow from the record's id and a seed, and there are fewer of them where the truth is dear; no clock
decides, so that the same kernels give the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from eqc.errors import EqcError
from eqc.records.model import Record
from eqc.verify.accuracy_draws import entries, makers
from eqc.verify.balls import LEAST_CERTAIN, Objects, Undecided, is_certain
from eqc.verify.bits import bits_of_error, nearest_float
from eqc.verify.oracle import Direction, Oracle, Truth
from eqc.verify.points import units
from eqc.verify.sampling import NoSample, generator, sample
from eqc.verify.session import Records

Kernel = Any
Inputs = Mapping[str, NDArray[Any]]
At = tuple[int, ...]
Slope = tuple[str, At, Direction]
"""An input's entry, and the direction in which it alone changes."""

Rows = dict[tuple[str, At], dict[str, NDArray[Any]]]
"""Derivatives of entries of outputs: output and place -> input -> an array."""
Result = TypeVar("Result")

DTYPES = ("float64", "float32")
RANGES = ("plain", "whole")
POINTS = 200
WORK = 1_000_000
"""What the oracle may spend on one range of one dtype: some seconds."""

_PER_NUMBER = 50
_UNDECIDED = WORK // 25
_MOST_ENTRIES = 64
_EXTENTS = (1, 2, 3, 4, 5, 6, 7, 8)
_VARIED = 3
"""Asked for so many, samples have extents that differ; records that functions are bound to may want them alike."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How wrong a kernel is over many inputs: bits of error, and the share of non-finite results.

    `refused` is the share of inputs at which the kernel raised an error though the truth is known; they give no bits.
    """

    count: int
    mean: float
    p99: float
    worst: float
    nonfinite: float
    refused: float
    at: Mapping[str, object]

    def as_json(self) -> dict[str, object]:
        """Bits rounded up to halves, so that only a change that matters changes the file."""
        return {
            "numbers": self.count,
            "mean": _half_up(self.mean),
            "p99": _half_up(self.p99),
            "worst": _half_up(self.worst),
            "nonfinite_percent": _half_up(100 * self.nonfinite),
            "refused_percent": _half_up(100 * self.refused),
            "worst_at": dict(self.at),
        }


def _half_up(number: float) -> float:
    return max(0.0, float(np.ceil(2 * number - 1e-9) / 2))


@dataclass(slots=True)
class _Tally:
    """Bits of error as they are found."""

    bits: list[float] = field(default_factory=list)
    nonfinite: int = 0
    worst: float = -1.0
    at: Mapping[str, object] = field(default_factory=dict)
    calls: int = 0
    refused: int = 0

    def call(self, kernel: Callable[[], Result]) -> Result | None:
        """What a kernel gives; nothing if it raises."""
        self.calls += 1
        try:
            return kernel()
        except Exception:  # noqa: BLE001 (a kernel may raise anything, from solvers and NumPy too)
            self.refused += 1
        return None

    def add(self, got: NDArray[Any], truth: Objects, inputs: Inputs) -> None:
        """Compare the entries whose truth is certain and finite."""
        known = np.array([is_certain(v, LEAST_CERTAIN) for v in truth.ravel()], dtype=bool)
        rounded = np.array([nearest_float(v, got.dtype.name) for v in truth.ravel()])
        kept = got.ravel()[known & ~np.isnan(rounded)]
        exact = rounded[known & ~np.isnan(rounded)]
        if not kept.size:
            return
        found = bits_of_error(np.ascontiguousarray(kept), exact)
        self.nonfinite += int(np.sum(~np.isfinite(kept) & np.isfinite(exact)))
        self.bits += found.tolist()
        self._keep_worst(float(found.max()), inputs)

    def _keep_worst(self, bits: float, inputs: Inputs) -> None:
        """The first inputs with so many half bits of error: less would depend on the machine."""
        if _half_up(bits) > _half_up(self.worst) or self.worst < 0:
            self.at = {name: np.asarray(value).tolist() for name, value in inputs.items()}
        self.worst = max(self.worst, bits)

    def result(self) -> Spread | None:
        if not self.bits:
            return None
        bits = np.array(self.bits)
        p99 = float(np.quantile(bits, 0.99, method="inverted_cdf"))
        refused = self.refused / self.calls
        return Spread(bits.size, float(bits.mean()), p99, self.worst, self.nonfinite / bits.size, refused, self.at)


Accuracy = Mapping[str, Mapping[str, Mapping[str, Spread]]]
"""dtype -> "plain" or "whole" -> "value" or "gradient" -> how wrong."""


def measure(
    record: Record,
    records: Records,
    kernel: Kernel,
    *,
    seed: int = 0,
    points: int = POINTS,
    dtypes: Sequence[str] = DTYPES,
    functions: Mapping[str, str] | None = None,
) -> Accuracy:
    """The accuracy of a record's value and first derivatives, for each dtype on plain and on whole-range inputs.

    `functions` are the records to which the kernel's functions are bound. What the oracle cannot decide at its highest
    precision is left out. Where no inputs can be drawn, or the oracle cannot evaluate the record, results are empty.
    """
    oracle = Oracle(record, records, LEAST_CERTAIN, functions)
    return {d: {r: _measure_range(oracle, kernel, d, r, seed, points) for r in RANGES} for d in dtypes}


def _measure_range(
    oracle: Oracle, kernel: Kernel, dtype: str, range_: str, seed: int, points: int
) -> Mapping[str, Spread]:
    value, gradient, left = _Tally(), _Tally(), WORK
    tied = len(kernel.signature.extents) < len(oracle.reading.extents)
    extents = [extent for extent in _EXTENTS if not tied or extent != _VARIED]
    for inputs in _inputs(oracle, dtype, range_, seed, points, extents):
        try:
            left -= _measure_point(oracle, kernel, dtype, inputs, value, gradient)
        except Undecided:
            left -= _UNDECIDED
        except (EqcError, NotImplementedError):
            continue
        if left < 0:
            break
    found = {"value": value.result(), "gradient": gradient.result()}
    return {name: spread for name, spread in found.items() if spread is not None}


def _inputs(
    oracle: Oracle, dtype: str, range_: str, seed: int, points: int, extents: Sequence[int]
) -> Iterator[Inputs]:
    reading = oracle.reading
    for k in range(points):
        try:
            drawn = sample(oracle, seed + k, extents[k % len(extents)])
            if sum(v.size for v in drawn.inputs.values()) > _MOST_ENTRIES:
                drawn = sample(oracle, seed + k, 1 + k % 2)
        except (NoSample, NotImplementedError, EqcError):
            return
        rng = generator(oracle.record.id, seed, k, *range_.encode(), *dtype.encode())
        made = zip(drawn.inputs.items(), makers(rng, range_, len(drawn.inputs)), strict=True)
        yield {
            name: old
            if reading.is_integer(name)
            else entries(reading.entry(name).domain, make, rng, old.shape, dtype, range_ == "plain")
            for (name, old), make in made
        }


def _measure_point(oracle: Oracle, kernel: Kernel, dtype: str, inputs: Inputs, value: _Tally, gradient: _Tally) -> int:
    """Compare the results for some inputs with the truth; gives how much work that was."""
    arguments = [_argument(oracle, kernel, name, inputs[name], dtype) for name in kernel.inputs]
    slopes = units(oracle, inputs)
    with np.errstate(all="ignore"):
        truth = oracle.evaluate(inputs, [direction for _, _, direction in slopes])
        results = value.call(lambda: _many(kernel(*arguments), len(kernel.signature.outputs)))
        for output, got in zip(kernel.signature.outputs, results or (), strict=results is not None):
            if output.kind == "real":
                value.add(np.asarray(got), truth.values[output.name], inputs)
        if "vjp" in kernel.signature.kernels:
            rows = gradient.call(lambda: _slopes(kernel, arguments, truth.values))
            _add_rows(gradient, rows or {}, truth, slopes, inputs)
    return truth.steps + _PER_NUMBER * sum(array.size for array in truth.values.values()) * (1 + len(slopes))


def _add_rows(gradient: _Tally, rows: Rows, truth: Truth, slopes: Sequence[Slope], inputs: Inputs) -> None:
    """Compare the derivatives of every entry of the outputs with the truth."""
    columns = {(name, at): k for k, (name, at, _) in enumerate(slopes)}
    for (output, row), found in rows.items():
        for name, array in found.items():
            exact = np.empty(array.shape, dtype=object)
            for at in np.ndindex(*array.shape):
                exact[at] = truth.first[columns[name, at]][output][row]
            gradient.add(array, exact, inputs)


def _argument(oracle: Oracle, kernel: Kernel, name: str, array: NDArray[Any], dtype: str) -> Any:
    if oracle.reading.is_integer(name):
        per_call = {t.name for t in kernel.signature.inputs if t.per_call}
        return int(array) if name in per_call else array[()]
    return array.astype(dtype)[()]


def _many(result: Any, count: int) -> list[Any]:
    return [result] if count == 1 else list(result)


def _slopes(kernel: Kernel, arguments: list[Any], values: Mapping[str, Objects]) -> Rows:
    """The derivative of every output entry in every input: the gradient, or rows by unit cotangents."""
    names = [t.name for t in kernel.signature.differentiable]
    real = [t.name for t in kernel.signature.real_outputs]
    if "gradient" in kernel.signature.kernels:
        rows = {(real[0], ()): kernel.gradient(*arguments)}
    else:
        dtype = next((a.dtype for a in arguments if getattr(a, "dtype", np.dtype(int)).kind == "f"), np.dtype(float))
        rows = {}
        for name in real:
            for at in np.ndindex(*values[name].shape):
                seeds = [np.zeros(values[n].shape, dtype) for n in real]
                seeds[real.index(name)][at] = 1
                rows[name, at] = kernel.vjp(*arguments, *(s[()] for s in seeds))
    return {
        key: {n: np.asarray(g) for n, g in zip(names, _many(row, len(names)), strict=True)} for key, row in rows.items()
    }
