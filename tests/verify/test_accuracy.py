"""Bits of error against known distances, and kernels that are wrong by a known amount."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import mpmath
import numpy as np
import pytest

from eqc.measured import NOT_MEASURED, as_text, records_hash, summary
from eqc.project import RecordFile
from eqc.records.domains import DOMAINS, parse_domain
from eqc.records.load import load_text
from eqc.verify import accuracy
from eqc.verify.accuracy import measure
from eqc.verify.accuracy_draws import RANGES, entries
from eqc.verify.balls import ball, precision
from eqc.verify.bits import bits_of_error, nearest_float

SQUARE = "title: Square\nsympy: Eq(y, x**2)\nsymbols: {y: result, x: input}"


@pytest.mark.parametrize(("steps", "bits"), [(0, 0.0), (1, 1.0), (3, 2.0), (7, 3.0)])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_bits_count_floats(steps: int, bits: float, dtype: str) -> None:
    exact = np.array([0.1], dtype)
    got = exact.copy()
    for _ in range(steps):
        got = np.nextafter(got, np.array(np.inf, dtype))
    assert bits_of_error(got, exact.astype(float)).tolist() == [bits]


def test_what_is_not_finite_has_all_bits_wrong() -> None:
    assert bits_of_error(np.array([np.inf, np.nan, np.inf]), np.array([1.0, np.inf, np.inf])).tolist() == [64, 64, 0]


@pytest.mark.parametrize("exponent", [-1080, -1074, -1073, -500, 0, 1023, 1024])
def test_the_truth_is_rounded_once(exponent: int) -> None:
    with mpmath.workprec(200):
        number = mpmath.mpf(1.37) * mpmath.mpf(2) ** exponent
        assert nearest_float(ball(1.37) * ball(2) ** exponent, "float64") == float(number)


def test_a_float32_is_rounded_from_the_exact_number() -> None:
    with precision(100):
        above_half = ball(1) + ball(2) ** -24 + ball(2) ** -60  # its float64 is the midpoint of two float32
    assert nearest_float(above_half, "float32") == 1 + 2.0**-23


@pytest.mark.parametrize("domain", [*DOMAINS, "(0, 1)", "[0, inf)", "(-inf, 2)", "(-1, 1)"])
@pytest.mark.parametrize("range_", RANGES)
def test_entries_lie_in_their_domain(domain: str, range_: str) -> None:
    parsed, rng = parse_domain(domain), np.random.default_rng(3)
    if parsed.integer:
        return
    for make in RANGES[range_]:
        values = entries(parsed, make, rng, (4, 4), "float64", range_ == "plain")
        assert np.isfinite(values).all()
        if parsed.lower is not None:
            assert (values > parsed.lower).all() if parsed.lower_open else (values >= parsed.lower).all()
        if parsed.upper is not None:
            assert (values < parsed.upper).all() if parsed.upper_open else (values <= parsed.upper).all()
        if domain == "simplex":
            assert np.allclose(values.sum(axis=-1), 1)


def wrong_by(value_ulps: int, slope: float) -> SimpleNamespace:
    """A kernel of x² whose value is some floats off and whose slope is not a number from `slope` on."""

    def value(x: float) -> float:
        exact = np.asarray(x * x)
        for _ in range(value_ulps):
            exact = np.nextafter(exact, type(exact[()])(np.inf))
        return exact

    class Square(SimpleNamespace):
        def __call__(self, x: float) -> float:
            return value(x)

    real = SimpleNamespace(name="x", kind="real", per_call=False)
    output = SimpleNamespace(name="y", kind="real")
    signature = SimpleNamespace(
        inputs=[real],
        outputs=[output],
        differentiable=[real],
        extents=(),
        real_outputs=[output],
        kernels=("value", "vjp", "gradient"),
    )
    gradient = lambda x: np.asarray(2 * x if abs(x) < slope else x * np.nan)  # noqa: E731
    return Square(signature=signature, inputs=("x",), gradient=gradient)


def test_known_errors_are_measured() -> None:
    record = load_text(SQUARE, id="square", area="a", file="square.yaml")
    found = measure(record, {}, wrong_by(3, 1e100), points=40, dtypes=["float64"])["float64"]
    assert 1.5 < found["plain"]["value"].mean <= 2.4
    assert found["plain"]["gradient"].worst == 0.0
    assert 0.0 < found["whole"]["gradient"].nonfinite < 0.5
    assert found["whole"]["gradient"].worst == 64.0
    assert found["plain"]["value"].as_json()["worst"] == 2.0


def test_a_kernel_that_raises_has_refused() -> None:
    record = load_text(SQUARE, id="square", area="a", file="square.yaml")
    kernel = wrong_by(0, 1e100)
    exact = type(kernel).__call__

    def moody(self: object, x: float) -> float:
        if abs(x) > 1:
            raise ValueError("too large")
        return exact(self, x)

    type(kernel).__call__ = moody
    found = measure(record, {}, kernel, points=40, dtypes=["float64"])["float64"]["plain"]
    assert 0.2 < found["value"].refused < 0.95
    assert (found["value"].worst, found["gradient"].refused) == (0.0, 0.0)


def test_dear_truths_are_computed_at_fewer_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    record = load_text(SQUARE, id="square", area="a", file="square.yaml")
    counts = []
    for work in (accuracy.WORK, 2_000):
        monkeypatch.setattr(accuracy, "WORK", work)
        counts.append(measure(record, {}, wrong_by(1, 9), dtypes=["float64"])["float64"]["plain"]["value"].count)
    assert counts[0] == accuracy.POINTS
    assert 5 < counts[1] < 40


def test_the_same_seed_gives_the_same_numbers() -> None:
    record = load_text(SQUARE, id="square", area="a", file="square.yaml")
    first, second = (measure(record, {}, wrong_by(1, 9), points=12, dtypes=["float32"]) for _ in range(2))
    assert first == second


def test_a_summary_holds_for_one_text_of_the_records(tmp_path: Path) -> None:
    file = RecordFile("square", "a")
    for path in (file.source, file.accuracy):
        (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / file.source).write_text(SQUARE)
    measured = {"float64": {"plain": {"value": {"p99": 1.5}}}}
    now = records_hash(tmp_path, [file])
    assert summary(tmp_path, file, now) == NOT_MEASURED
    (tmp_path / file.accuracy).write_text(as_text(measured, now))
    assert summary(tmp_path, file, now) == "Accuracy (p99 on plain inputs): float64 value 1.5 bits"
    (tmp_path / file.source).write_text(SQUARE + " ")
    assert summary(tmp_path, file, records_hash(tmp_path, [file])) == NOT_MEASURED
    (tmp_path / file.accuracy).write_text(as_text({}, records_hash(tmp_path, [file])))
    assert summary(tmp_path, file, records_hash(tmp_path, [file])) == NOT_MEASURED
