"""Runs all checks of a record: what `eqc verify` and the test suite call."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from eqc.errors import EqcError
from eqc.notation.library import Library
from eqc.records.catalog import Catalog
from eqc.records.model import Record
from eqc.verify.balls import as_float
from eqc.verify.cases import Case, Names, batch_cases, single_case
from eqc.verify.claims import Points, check_claims
from eqc.verify.compare import Outcome, rtol_for
from eqc.verify.derivatives import JOINT, KERNEL_CHECKS, Call, Kernel, compare_kernel, dot_product_test
from eqc.verify.draws import Style
from eqc.verify.errata import check_errata
from eqc.verify.examples import check_examples
from eqc.verify.instances import Instance, instances
from eqc.verify.membership import outside
from eqc.verify.oracle import Oracle
from eqc.verify.points import Point, find_point, tie_points
from eqc.verify.positions import check_positions
from eqc.verify.reading import words_of
from eqc.verify.report import Check, Origin, Report, Tally
from eqc.verify.sampling import NoSample
from eqc.verify.session import Records

EXTENTS = (1, 2, 3)
DTYPES = ("float64", "float32")
ZERO, ZERO_OF_INTEGRALS = 1e-45, 1e-31
"""Balls around 0 that are smaller count as 0; those of integrals shrink slowly."""

_AT_KINKS = ("value", "jvp", "vjp", "gradient", "value_and_gradient")
_SCALAR_ONLY = ("gradient", "value_and_gradient", "hvp", "hessian")
_ORDER = (
    *("signature", "points", "leading axes", *KERNEL_CHECKS),
    *("dot product", "ties and zeros", "positions", "domains", "examples", "formula examples"),
)


def verify_record(
    id: str,
    root: Path | str,
    *,
    seed: int = 0,
    catalog: Catalog | None = None,
    dtypes: Sequence[str] = DTYPES,
    kernels: Collection[str] = tuple(KERNEL_CHECKS),
) -> Report:
    """Check every kernel of a built record against the oracle.

    Points are drawn at extents 1, 2 and 3, in float64 and float32, for one item and with leading axes, and from a
    coarse grid where ties and zeros are frequent. The record's examples and claims, its domains and positions outside
    their ranges are checked too. The error model is that of `eqc.verify.compare`. Nothing is skipped without a reason
    in the report; `kernels` may name a part of them. Raises EqcError if there is no such record or it
    breaks the format; a kernel that is missing or raises is a failure in the report.
    """
    records = catalog if catalog is not None else Library(Path(root))
    load = partial(_load, id, Path(root))
    return verify(records.get(id), records, load, seed=seed, dtypes=dtypes, kernels=kernels)


def _load(id: str, root: Path, **functions: Any) -> Kernel:
    from eqc.bound import kernel  # brings Numba in, which a report without kernels does not need

    return kernel(id, root, **functions)


def verify(
    record: Record,
    records: Records,
    load: Callable[..., Kernel],
    *,
    seed: int = 0,
    extents: Sequence[int] = EXTENTS,
    dtypes: Sequence[str] = DTYPES,
    kernels: Collection[str] = tuple(KERNEL_CHECKS),
) -> Report:
    """The same for a record and whatever gives its kernels for its functions, if it has any.

    A record with functions is checked for every binding that it names, and for functions of the oracle's own.
    """
    found = instances(record)
    run = Run(record, _oracle(found[0], records), seed, kernels=frozenset(kernels))
    run.claims = (*check_claims(run.oracle, seed), *check_errata(run.oracle, Points(run.oracle, seed)))
    for instance in found:
        run.oracle = _oracle(instance, records)
        run.instance = instance
        # Nothing is kept of what Numba compiles for our own functions, so they are tried in one dtype only.
        own = any(not isinstance(function, str) for function in instance.functions.values())
        _check(run, partial(load, **instance.given(run.sizes)), extents, dtypes[:1] if own else dtypes)
    return run.report()


def claims_of(id: str, records: Records, seed: int = 0) -> tuple[Check, ...]:
    """The checks of a record's claims alone, which need no kernels."""
    return check_claims(_oracle(instances(records.get(id))[0], records), seed)


def _oracle(instance: Instance, records: Records) -> Oracle:
    return Oracle(instance.record, records, zero_for(instance.record, records), instance.functions)


def zero_for(record: Record, records: Records) -> float:
    """What counts as 0 in the truth of a record: more where it integrates, or a record that it names does."""
    seen: set[str] = set()
    waiting = [record]
    while waiting:
        one = waiting.pop()
        words = words_of(one)
        if "Integral" in words:
            return ZERO_OF_INTEGRALS
        seen.add(one.id)
        waiting += [records.get(name) for name in sorted(words - seen) if name in records]
    return ZERO


def _check(run: Run, load: Callable[[], Kernel], extents: Sequence[int], dtypes: Sequence[str]) -> None:
    """All checks of the kernels with the functions of one instance."""
    try:
        kernel = load()
    except EqcError as error:
        run.tally("signature").fail(f"the kernels cannot be loaded: {error.rule}")
        return
    run.check_signature(kernel)
    bound = run.instance is not None and bool(run.instance.functions)
    if bound and len(kernel.signature.extents) < len(run.oracle.reading.extents):
        extents = [extent for extent in extents if extent < max(EXTENTS)]  # a bound record ties what differs otherwise
    run.check_points(kernel, extents, dtypes)
    if run.oracle.record.examples or not run.record.examples:
        check_examples(
            run.oracle, kernel, run.names, run.tally("examples"), run.tally("formula examples"), run.tally("domains")
        )


@dataclass(slots=True)
class Run:
    """One record's verification while it runs; `sizes` are the extents of the point that is being checked.

    Of the kernels, those that are named in `kernels` are checked.
    """

    record: Record
    oracle: Oracle
    seed: int
    names: Names = field(default_factory=lambda: Names((), frozenset(), (), (), ()))
    tallies: dict[str, Tally] = field(default_factory=dict)
    claims: tuple[Check, ...] = ()
    instance: Instance | None = None
    sizes: dict[str, int] = field(default_factory=dict)
    kernels: frozenset[str] = frozenset(KERNEL_CHECKS)

    def tally(self, name: str) -> Tally:
        """The collector of a check."""
        return self.tallies.setdefault(name, Tally(name))

    def report(self) -> Report:
        """All checks in a fixed order, the claims last."""
        checks: tuple[Check, ...] = tuple(self.tallies[name].result() for name in _ORDER if name in self.tallies)
        return Report(self.record.id, self.record.area, (*checks, *self.claims))

    def check_signature(self, kernel: Kernel) -> None:
        """The kernel's names against the record's, read independently."""
        tally, reading, signature = self.tally("signature"), self.oracle.reading, kernel.signature
        inputs, outputs = signature.inputs, signature.outputs
        self.names = Names(
            tuple(t.name for t in inputs),
            frozenset(t.name for t in inputs if t.per_call),
            tuple(t.name for t in inputs if t.differentiable),
            tuple(t.name for t in outputs),
            tuple(t.name for t in outputs if t.kind == "real"),
        )
        for what, found, wanted in (
            ("inputs", self.names.inputs, reading.inputs),
            ("differentiable inputs", self.names.differentiable, reading.differentiable),
            ("outputs", self.names.outputs, reading.outputs),
        ):
            tally.compared += len(wanted)
            if found != wanted:
                tally.fail(f"the kernel's {what} are {', '.join(found)}, the record's {', '.join(wanted)}")

    def check_points(self, kernel: Kernel, extents: Sequence[int], dtypes: Sequence[str]) -> None:
        """All kernels at points of every extent; the largest extent also in doubles and with leading axes."""
        if self.tally("signature").problem:
            return
        points = [self._point(extent) for extent in extents]
        found = [point for point in points if point is not None]
        if not found:
            tally = self.tally("points")
            tally.fail("nothing could be checked: " + "; ".join(tally.skipped))
            return
        for point in found:
            self._check_case(kernel, single_case(point, self.names), dtypes)
            self._check_domains(point)
        check_positions(self.oracle, kernel, self.names, found[-1], self.tally("positions"))
        self._check_batches(kernel, found[-1], dtypes)
        self._check_ties(kernel, found[-1].sample.extent)
        doubles = self._point(found[-1].sample.extent, "double")
        if doubles is not None:
            self._check_case(kernel, single_case(doubles, self.names), ["float64"])

    def _point(self, extent: int, style: Style = "single") -> Point | None:
        tally = self.tally("points")
        try:
            point = find_point(self.oracle, self.seed, extent, style)
        except (NoSample, NotImplementedError) as error:
            tally.skip(f"extent {extent}: {error}")
        except EqcError as error:
            tally.skip(f"extent {extent}: {error.where}: {error.rule}")
        else:
            tally.compared += 1
            if point.note:
                tally.skip(f"extent {extent}: {point.note}")
            return point
        return None

    def _check_batches(self, kernel: Kernel, point: Point, dtypes: Sequence[str]) -> None:
        tally = self.tally("leading axes")
        cases = batch_cases(self.oracle, point, self.names)
        if not cases:
            tally.skip("no second point was found" if self.names.batched else "all inputs are integers, one per call")
        for case in cases:
            tally.compared += 1
            self._check_case(kernel, case, dtypes)

    def _missing(self, kernel: str) -> str:
        """Why a kernel is not checked; nothing if the record must have it."""
        if kernel not in self.kernels:
            return "left out here"
        if kernel != "value" and not (self.names.differentiable and self.names.real_outputs):
            return "no real output or no input to differentiate in"
        scalar = len(self.names.outputs) == 1 and not self.oracle.reading.shapes.get(self.names.outputs[0])
        if scalar:
            return "the value of one number comes with its gradient" if kernel == "value_and_vjp" else ""
        return "needs one scalar output" if kernel in _SCALAR_ONLY else ""

    def _check_ties(self, kernel: Kernel, extent: int) -> None:
        """Values and first derivatives where inputs are equal or zero, which is where the kinks are."""
        tally = self.tally("ties and zeros")
        for point in tie_points(self.oracle, self.seed, extent):
            case = single_case(point, self.names)
            self._set_sizes(point)
            call = Call(kernel, self.names, case, "float64")
            for name in _AT_KINKS:
                if name in case.expected and name in self.kernels:
                    self._guarded(tally, call, partial(compare_kernel, name, call))
        if not tally.compared:
            tally.skip("the formula has no finite value at equal or zero inputs")

    def _check_case(self, kernel: Kernel, case: Case, dtypes: Sequence[str]) -> None:
        self._set_sizes(case.point)
        for dtype in dtypes:
            call = Call(kernel, self.names, case, dtype)
            for name in KERNEL_CHECKS:
                reason = self._missing(name)
                if reason:
                    self.tally(name).skip(reason)
                elif JOINT.get(name, name) in case.expected:
                    self._guarded(self.tally(name), call, partial(compare_kernel, name, call))
            if "jvp" in case.expected and case.label == "one item":
                self._guarded(self.tally("dot product"), call, partial(dot_product_test, call))

    def _set_sizes(self, point: Point) -> None:
        """What the functions that kernels are given have to know of a point."""
        whole = {n: int(v) for n, v in point.sample.inputs.items() if self.oracle.reading.is_integer(n) and not v.ndim}
        self.sizes.update({**point.sample.sizes, **whole})

    def _guarded(self, tally: Tally, call: Call, outcomes: Callable[[float], Iterator[Outcome]]) -> None:
        """Collect outcomes; whatever a kernel raises is a failure of the check."""
        sample = call.case.point.sample
        label = (
            f"{call.case.label}, {self.instance.label}" if self.instance and self.instance.label else call.case.label
        )
        origin = Origin(call.dtype, sample.extent, sample.seed, label, call.case.inputs)
        try:
            for outcome in outcomes(rtol_for(call.dtype, self.record.tolerance)):
                tally.add(outcome, origin)
        except Exception as error:  # noqa: BLE001 (a kernel may raise anything, from Numba on)
            tally.fail(f"{type(error).__name__}: {error}", origin)

    def _check_domains(self, point: Point) -> None:
        """Outputs with a declared domain lie in it."""
        tally = self.tally("domains")
        for name, balls in point.truth.values.items():
            entry = self.record.symbols.get(name)
            if entry is None or entry.domain.name == "real":
                continue
            tally.compared += balls.size
            problem = outside(entry.domain, as_float(balls))
            if problem:
                sample = point.sample
                tally.fail(
                    f"{name}: {problem}", Origin("float64", sample.extent, sample.seed, "one item", sample.inputs)
                )
