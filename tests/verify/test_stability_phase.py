"""No rule for stability weakens a result: every record's kernels beside the same record with `stabilise: false`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from eqc.bound import kernel
from eqc.build import build
from eqc.notation.library import Library
from eqc.records.catalog import Catalog
from eqc.verify.accuracy import Accuracy, Spread, measure
from eqc.verify.instances import bound_instance

ROOT = Path(__file__).resolve().parents[2]
IDS = Catalog(ROOT).ids()
HURT = {
    "bce_equals_bernoulli_nll": "its residual is exactly 0 only where both sides round alike, as they do unstabilised"
}
WORSE = 1.0
"""So many bits may be lost at the 99th percentile."""


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of all records, as they are printed."""
    root = tmp_path_factory.mktemp("plain")
    for path in sorted((ROOT / "equations").glob("*/*.yaml")):
        copy = root / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text(encoding="utf-8").rstrip()
        copy.write_text(text if "\nstabilise:" in text else f"{text}\nstabilise: false\n", encoding="utf-8")
    return root


def accuracy(record_id: str, root: Path, points: int) -> Accuracy:
    records = Library(root)
    instance = bound_instance(records.get(record_id))
    if instance is None:
        return {}
    given = instance.given({})
    one = kernel(record_id, root, **given)
    return measure(instance.record, records, one, seed=5, points=points, dtypes=["float64"], functions=given)


def spreads(found: Accuracy) -> Mapping[str, Spread]:
    return {
        f"{kind} on {range_} inputs": spread
        for ranges in found.values()
        for range_, kinds in ranges.items()
        for kind, spread in kinds.items()
    }


def losses(record_id: str, plain: Path, points: int) -> Iterator[str]:
    """What is worse with the rules than without."""
    assert build(plain, [record_id]).ok
    place = Path("generated", Catalog(ROOT).path(record_id).parent.name, f"{record_id}.py")
    if body(ROOT / place) == body(plain / place):
        return
    without = spreads(accuracy(record_id, plain, points))
    for what, spread in spreads(accuracy(record_id, ROOT, points)).items():
        before = without.get(what)
        if before is None or (spread.count < before.count):
            yield f"{what}: fewer results"
        elif spread.p99 > before.p99 + WORSE:
            yield f"{what}: {spread.p99:.1f} bits instead of {before.p99:.1f}, worst at {spread.at}"
        elif spread.nonfinite > before.nonfinite:
            yield f"{what}: {spread.nonfinite:.2%} are not finite instead of {before.nonfinite:.2%}, at {spread.at}"


def body(path: Path) -> list[str]:
    """A generated module without its header and docstring."""
    return path.read_text(encoding="utf-8").split('"""\n', 1)[1].splitlines()


@pytest.mark.parametrize("record_id", ["softplus", "binary_entropy"])
def test_the_rules_help(record_id: str, plain: Path) -> None:
    assert list(losses(record_id, plain, points=24)) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "record_id", [pytest.param(i, marks=[pytest.mark.xfail(reason=HURT[i])] if i in HURT else []) for i in IDS]
)
def test_no_rule_weakens_a_record(record_id: str, plain: Path) -> None:
    assert list(losses(record_id, plain, points=64)) == []
