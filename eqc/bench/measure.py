"""One row of a benchmark: a record at one size, timed for everybody who is there."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from eqc.bench.contenders import CONTENDERS, Run, Work, agree
from eqc.bench.inputs import arguments
from eqc.bench.timing import interleave
from eqc.bench.workloads import Workload
from eqc.errors import BuildError, EqcError, nearest
from eqc.ir.program import Program
from eqc.kernels.kernel import Kernel
from eqc.records.model import Record


@dataclass(frozen=True, slots=True)
class Row:
    """Seconds a call by contender, and why others are missing; `elements` is the size of the largest array.

    They are those of value and derivative, or of the `hessian`.
    """

    id: str
    extents: Mapping[str, int]
    dtype: str
    elements: int
    seconds: Mapping[str, float]
    notes: Mapping[str, str] = field(default_factory=dict)
    hessian: bool = False

    def ratio(self, name: str) -> float | None:
        """How many times longer a contender takes than eqc."""
        return self.seconds[name] / self.seconds["eqc"] if name in self.seconds else None


@dataclass(frozen=True, slots=True)
class Settings:
    """Who is timed, in what precision, for how many turns and about how many seconds."""

    names: Collection[str] = tuple(CONTENDERS)
    dtype: str = "float64"
    turns: int = 15
    budget: float = 4.0


def measure(
    record: Record, kernel: Kernel, programs: Mapping[str, Program], workload: Workload, settings: Settings
) -> Row:
    """Time value and derivative of a record, or its Hessian.

    A contender that cannot do the work, or whose result is another one, is named in the row's notes. Raises BuildError
    for extents that do not fit, and where there is no Hessian.
    """
    extents, items, shared = workload.extents, workload.items, workload.shared or ()
    if workload.hessian and "hessian" not in programs:
        raise BuildError(None, written=record.id, rule="no program gives its Hessian", remedy="leave `hessian` out")
    _check_inputs(kernel, (*shared, *(workload.wrt or ())))
    checks = programs["value"].checks
    given = arguments(record, kernel.signature, extents, settings.dtype, items, shared, checks)
    outputs = kernel(*given)
    real = outputs if isinstance(outputs, tuple) else (outputs,)
    work = Work(kernel, programs, given, _cotangents(record, kernel, programs, real), workload.wrt, workload.hessian)
    runs, notes = _prepare(work, settings)
    seconds = interleave(runs, settings.turns, settings.budget)
    elements = max((int(a.size) for a in (*given, *real) if hasattr(a, "size")), default=1)
    sizes = dict(extents) if items is None or not extents else {**extents, "items": items}
    return Row(record.id, sizes, settings.dtype, elements, seconds, notes, workload.hessian)


def _check_inputs(kernel: Kernel, names: Sequence[str]) -> None:
    """What a workload names has to be inputs of the record."""
    for name in names:
        if name not in kernel.inputs:
            remedy = nearest(name, list(kernel.inputs))
            raise BuildError(None, written=name, rule=f"{kernel.id} has no such input", remedy=remedy)


def _cotangents(record: Record, kernel: Kernel, programs: Mapping[str, Program], outputs: Sequence[Any]) -> list[Any]:
    """Random ones for the real outputs; 1 where the derivative is a gradient."""
    rng = np.random.default_rng(zlib.crc32(record.id.encode()))
    real = [out for tensor, out in zip(kernel.signature.outputs, outputs, strict=True) if tensor.kind == "real"]
    if "gradient" in programs:
        return [np.ones_like(out) for out in real]
    return [rng.standard_normal(out.shape).astype(out.dtype) for out in real]


def _prepare(work: Work, settings: Settings) -> tuple[dict[str, Run], dict[str, str]]:
    runs: dict[str, Run] = {}
    notes: dict[str, str] = {}
    reference: Any = None
    for name in (n for n in CONTENDERS if n in settings.names):
        try:
            run = CONTENDERS[name](work)
            result = run()
        except EqcError as error:
            notes[name] = error.rule
            continue
        except Exception as error:  # noqa: BLE001  (another library's limits are no defect of ours)
            notes[name] = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
            continue
        reference = result if reference is None else reference
        if not agree(reference, result, settings.dtype):
            notes[name] = "gives another result"
        runs[name] = run
    return runs, notes
