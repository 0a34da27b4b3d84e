"""Drawing inputs: reproducible, in their domains, with extents and positions that fit."""

from __future__ import annotations

import numpy as np
import pytest
from verify_samples import CROSS_ENTROPY, SOFTMAX, formula, oracle

from eqc.records.domains import DOMAINS, parse_domain
from eqc.verify.draws import draw, draw_integers
from eqc.verify.membership import outside
from eqc.verify.points import find_point
from eqc.verify.sampling import NoSample, another, sample

INTERVALS = ("[0, 1)", "(0, inf)", "[-2, 3]", "(-inf, 0]", "[-pi, pi]", "(0.9, 0.91)")


@pytest.mark.parametrize("word", [*DOMAINS, *INTERVALS])
@pytest.mark.parametrize("extent", [1, 3])
def test_draws_lie_in_their_domain(word: str, extent: int) -> None:
    domain, rng = parse_domain(word), np.random.default_rng(1)
    for _ in range(20):
        if domain.integer:
            values = draw_integers(domain, rng, (extent, extent), 5).astype(float)
        else:
            values = draw(domain, rng, (extent, extent))
            np.testing.assert_array_equal(values, values.astype(np.float32))
        assert outside(domain, values, slack=0.0) == ""


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("positive", [-1.0]),
        ("nonzero", [0.0]),
        ("probability", [1.5]),
        ("simplex", [0.5, 0.4]),
        ("one_hot", [0.5, 0.5]),
        ("binary", [2.0]),
        ("sign", [0.0]),
        ("natural", [1.5]),
        ("symmetric", [[1.0, 2.0], [3.0, 4.0]]),
        ("spd", [[1.0, 2.0], [2.0, 1.0]]),
        ("orthogonal", [[1.0, 1.0], [0.0, 1.0]]),
        ("lower_triangular", [[1.0, 1.0], [0.0, 1.0]]),
    ],
)
def test_what_is_outside_is_noticed(word: str, values: list[object]) -> None:
    assert outside(parse_domain(word), np.array(values, float)) != ""


def test_the_same_seed_gives_the_same_point() -> None:
    loss = oracle(CROSS_ENTROPY, softmax=SOFTMAX)
    one, two, three = (sample(loss, seed, 3).inputs["z"] for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, three)
    assert one.shape == (3, 4)
    # Pinned: the point must not depend on the interpreter's hash seed.
    assert float(one[0, 0]) == pytest.approx(float(sample(loss, 0, 3).inputs["z"][0, 0]))


def test_extents_are_enlarged_until_the_shapes_fit() -> None:
    shapes = {"y": "{shape: [H - 2*r]}", "x": "{shape: [H]}", "K": "{shape: [2*r + 1]}", "H": "size", "r": "half"}
    text = "\n".join(f"  {n}: {e}" for n, e in shapes.items())
    window = oracle(f"title: W\nsympy: 'Eq(y[i], Sum(x[i + k]*K[k + 1], (k, 0, 2*r)))'\nsymbols:\n{text}\n")
    for extent in (1, 2, 3):
        drawn = sample(window, 0, extent)
        assert drawn.inputs["x"].size >= drawn.inputs["K"].size >= 3
        assert window.value(drawn.inputs)["y"].size == drawn.sizes["H"] - 2 * drawn.sizes["r"]


def test_shapes_that_never_fit_are_reported() -> None:
    with pytest.raises(NoSample):
        sample(formula("x[1]*y[1]", x="{shape: [n - 1 - n]}", y="{shape: [n]}", n="size"), 0, 2)


@pytest.mark.parametrize("origin", [0, 1])
def test_positions_stay_within_the_axis_they_index(origin: int) -> None:
    y = f"{{shape: [N], domain: integer, origin: {origin}}}"
    picked = formula("Sum(x[n, y[n]], (n, 1, N))", x="{shape: [N, C]}", y=y, N="rows", C="columns")
    seen: set[int] = set()
    for seed in range(20):
        drawn = sample(picked, seed, 3)
        seen |= set(drawn.inputs["y"].tolist())
    assert seen == set(range(origin, 4 + origin))


def test_positions_within_another_record_are_found() -> None:
    row = "title: Row\nsympy: 'x[y]'\nsymbols: {x: {shape: [C]}, y: {domain: integer}, C: classes}"
    use = oracle("title: Use\nsympy: row(2*z, k)\nsymbols: {z: {shape: [C]}, k: {domain: integer}, C: c}", row=row)
    assert {int(sample(use, seed, 2).inputs["k"]) for seed in range(20)} == {1, 2}


def test_another_sample_keeps_integers_without_axes() -> None:
    strided = formula("Sum(x[s*i], (i, 1, n))", x="{shape: [s*n]}", s="{domain: natural}", n="size")
    drawn = sample(strided, 0, 2)
    other = another(strided, drawn, 1)
    assert int(other.inputs["s"]) == int(drawn.inputs["s"])
    assert not np.array_equal(other.inputs["x"], drawn.inputs["x"])


def test_points_are_finite_and_away_from_kinks() -> None:
    kinked = formula("Max(0, x - 1) + 1/(x - 1)**2 + log(x)", x="{}")
    for seed in range(10):
        point = find_point(kinked, seed, 1)
        assert point.note == ""
        assert abs(float(point.sample.inputs["x"]) - 1) > 1e-6
        assert float(point.sample.inputs["x"]) > 0


def test_a_formula_without_finite_values_is_reported() -> None:
    with pytest.raises(NoSample, match="no finite value"):
        find_point(formula("log(-1 - x**2)", x="{}"), 0, 1)
