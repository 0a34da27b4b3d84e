"""What sources print, computed again: numbers by the kernels, derivatives as claims, wrong formulas as false claims.

A printed number is the result of an example whose source is one of the record's. What is printed wrong stands in the
record beside what is right, and must differ from it: a wrong number by more than the example's tolerance, a wrong
formula at some point of the domains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from eqc.errors import EqcError
from eqc.notation.sympy_form import parse_expression
from eqc.records.model import Erratum, Example, Record
from eqc.verify.balls import as_float
from eqc.verify.claims import Points, check_claims, check_relation
from eqc.verify.compare import rtol_for
from eqc.verify.derivatives import Kernel
from eqc.verify.instances import Instance, instances
from eqc.verify.oracle import Oracle
from eqc.verify.report import Check
from eqc.verify.session import Records

Kind = Literal["number", "derivative", "formula"]
Verdict = Literal["right", "wrong", "failed"]

DERIVATIVES = "derivative_claim"
"""The nature of records whose formula is a derivative that a source prints."""


@dataclass(frozen=True, slots=True)
class Recomputed:
    """Something that a source prints, and what comes out.

    The verdict is of what is printed; it is `failed` where the record itself does not hold.
    """

    id: str
    kind: Kind
    source: str
    printed: str
    right: str
    verdict: Verdict
    why: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain data for `--json`."""
        return asdict(self)


def check_errata(oracle: Oracle, points: Points) -> tuple[Check, ...]:
    """A check for everything that the record says is printed wrong: it has failed if that is right after all.

    >>> from eqc.records.load import load_text
    >>> text = "title: Disc\\nsympy: pi*r**2\\nsymbols: {r: radius}\\nerrata: [{printed: 2 pi r, right: pi r^2, sympy: "
    >>> wrong, right = (load_text(text + law, id="disc", area="a", file="disc.yaml") for law in
    ...     ("'Eq(out, 2*pi*r)'}]", "'Eq(out, pi*r*r)'}]"))
    >>> [check_errata(Oracle(r, {}), Points(Oracle(r, {})))[0].status for r in (wrong, right)]
    ['tested', 'failed']
    """
    numbers = (_check_number(oracle, n, e) for n, e in enumerate(oracle.record.examples, start=1) if e.printed)
    return (*numbers, *(_refuted(oracle, erratum, points) for erratum in oracle.record.errata if erratum.formula))


def _check_number(oracle: Oracle, number: int, example: Example) -> Check:
    name = f"erratum: example {number}"
    try:
        truth = oracle.evaluate(_arrays(oracle.record, example)).values
    except (EqcError, NotImplementedError) as error:
        return Check(name, "failed", str(error))
    for output, value in example.printed.items():
        if not _differ(value, as_float(truth[output]), example.rtol or rtol_for("float64", oracle.record.tolerance)):
            return Check(name, "failed", f"the {output} that is printed is right after all")
    return Check(name, "passed", compared=len(example.printed))


def _arrays(record: Record, example: Example) -> dict[str, NDArray[Any]]:
    whole = {name for name, entry in record.symbols.items() if entry.domain.integer}
    return {n: np.asarray(v, dtype=np.int64 if n in whole else np.float64) for n, v in example.given.items()}


def _differ(printed: object, right: object, rtol: float) -> bool:
    one, other = np.asarray(printed, dtype=np.float64), np.asarray(right, dtype=np.float64)
    if one.shape != other.shape:
        return True
    size = float(np.max(np.abs(other[np.isfinite(other)]), initial=0.0))
    return not np.allclose(one, other, rtol=0.0, atol=rtol * size, equal_nan=True)


def _refuted(oracle: Oracle, erratum: Erratum, points: Points) -> Check:
    """A printed formula is wrong if a point was found at which its two sides differ."""
    name = f"erratum: {erratum.printed}"
    assert erratum.formula is not None
    try:
        found = check_relation(oracle, name, parse_expression(erratum.formula), points)
    except EqcError as error:
        return Check(name, "failed", f"FAILED at {error.where}: {error.rule} ({error.written}); {error.remedy}")
    if found.status == "failed" and found.compared:
        return Check(name, "tested", found.reason.replace("FAILED", "refuted", 1), found.compared, points=1)
    reason = found.reason if found.status == "failed" else f"what is printed is right after all: {found.reason}"
    return Check(name, "failed", reason)


def recompute(record: Record, records: Records, load: Callable[..., Kernel]) -> tuple[Recomputed, ...]:
    """Everything that the record says its sources print, computed again.

    `load` gives the kernels for the functions of an instance, as for `eqc.verify.run.verify`.
    """
    found = instances(record)
    numbers = [one for instance in found for one in _numbers(instance, load)]
    first = found[0]
    oracle = Oracle(first.record, records, functions=first.functions)
    derivatives = _derivatives(oracle) if record.nature == DERIVATIVES else ()
    points = Points(oracle)
    return (*numbers, *derivatives, *(_formula(oracle, erratum, points) for erratum in record.errata))


def recompute_record(id: str, root: Path, records: Records) -> tuple[Recomputed, ...]:
    """The same for a built record of a project. Raises EqcError if there is no such record."""
    from eqc.bound import kernel  # brings Numba in, which a project without printed numbers does not need

    return recompute(records.get(id), records, partial(kernel, id, root))


def _numbers(instance: Instance, load: Callable[..., Kernel]) -> Iterator[Recomputed]:
    examples = [one for one in instance.record.examples if is_printed(instance.record, one)]
    if not examples:
        return
    kernel = load(**instance.given({}))
    per_call = {t.name for t in kernel.signature.inputs if t.per_call}
    for example in examples:
        arrays = _arrays(instance.record, example)
        result = kernel(**{n: int(v) if n in per_call else v[()] for n, v in arrays.items()})
        names = [t.name for t in kernel.signature.outputs]
        values = dict(zip(names, [result] if len(names) == 1 else result, strict=True))
        yield _number(instance.record, example, values)


def is_printed(record: Record, example: Example) -> bool:
    """Whether an example stands in one of the record's sources, and was not made for the record."""
    return bool(example.printed or example.erratum) or any(example.source.startswith(s.title) for s in record.sources)


def _number(record: Record, example: Example, values: Mapping[str, Any]) -> Recomputed:
    rtol = example.rtol if example.rtol is not None else rtol_for("float64", record.tolerance)
    holds = not any(_differ(value, values[name], rtol) for name, value in example.expect.items())
    wrong = any(_differ(value, values[name], rtol) for name, value in example.printed.items())
    verdict: Verdict = "failed" if not holds or (example.printed and not wrong) else "wrong" if wrong else "right"
    named = example.printed or example.expect
    right = _named({name: np.asarray(values[name]).tolist() for name in named})
    return Recomputed(record.id, "number", example.source, _named(named), right, verdict, example.erratum)


def _named(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in values.items())


def _derivatives(oracle: Oracle) -> Iterator[Recomputed]:
    record = oracle.record
    source = "; ".join(", ".join(filter(None, (one.title, one.section))) for one in record.sources)
    printed = record.latex[0] if record.latex else record.statements[0].text
    for check in check_claims(oracle):
        verdict: Verdict = "failed" if check.status in ("failed", "skipped") else "right"
        why = f"{check.name.removeprefix('claim: ')}: {check.reason}"
        yield Recomputed(record.id, "derivative", source, printed, printed, verdict, why)


def _formula(oracle: Oracle, erratum: Erratum, points: Points) -> Recomputed:
    check = _refuted(oracle, erratum, points) if erratum.formula is not None else None
    verdict: Verdict = "failed" if check is not None and check.status == "failed" else "wrong"
    why = check.reason if check is not None else ""
    return Recomputed(oracle.record.id, "formula", erratum.source, erratum.printed, erratum.right, verdict, why)
