"""Bits of error of standard formulas as they are printed: on plain inputs and over the whole range of floats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eqc.kernels.loading import kernel
from eqc.notation.library import Library
from eqc.verify.accuracy import measure

ROOT = Path(__file__).resolve().parents[2]
FORMULAS = (
    *("sigmoid", "tanh", "softplus", "log_sigmoid", "gelu", "silu", "elu", "selu", "mish", "softmax", "log_softmax"),
    *("log_sum_exp", "binary_entropy", "entropy", "kl_divergence", "jensen_shannon_divergence", "perplexity"),
    *("binary_cross_entropy_sample", "binary_cross_entropy_with_logits", "categorical_cross_entropy_with_logits"),
    *("focal_loss", "huber_loss", "log_cosh_loss", "l2_norm", "euclidean_distance", "cosine_similarity"),
    *("pearson_correlation", "variance", "layer_norm", "r_squared", "rbf_kernel", "polynomial_kernel"),
    *("gaussian_log_density", "gaussian_pdf", "posterior_from_log_likelihoods", "student_t_log_density"),
    *("bernoulli_pmf", "positional_encoding", "sinusoid", "bias_corrected_moment", "geometric_sum", "precision"),
    "f1_score",
)
BITS, SHARE = 2.6, 0.01
LEFT = {"value": 4, "gradient": 8}
"""How many formulas may be less accurate on plain inputs."""


@pytest.fixture(scope="module")
def records() -> Library:
    return Library(ROOT)


@pytest.mark.parametrize("name", ["gelu", "softmax", "log_softmax", "l2_norm", "kl_divergence"])
def test_a_sample_is_accurate(name: str, records: Library) -> None:
    assert records.get(name).accuracy != "high"
    found = measure(records.get(name), records, kernel(name, ROOT), seed=311, points=24, dtypes=["float64"])["float64"]
    for spread in found["plain"].values():
        assert spread.p99 <= BITS
    for spread in (*found["plain"].values(), *found["whole"].values()):
        assert spread.nonfinite <= SHARE


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_table_of_standard_formulas(dtype: str, records: Library) -> None:
    over: dict[str, list[str]] = {"value": [], "gradient": []}
    wrong, numbers = {}, 0
    for name in FORMULAS:
        found = measure(records.get(name), records, kernel(name, ROOT), seed=20011, points=80, dtypes=[dtype])[dtype]
        for kind, spread in found["plain"].items():
            over[kind] += [f"{name} {spread.p99:.1f}"] if spread.p99 > BITS else []
        wrong[name] = sum(s.count * s.nonfinite for s in found["whole"].values())
        numbers += sum(s.count for s in found["whole"].values())
    assert all(len(over[kind]) <= most for kind, most in LEFT.items()), over
    assert np.sum(list(wrong.values())) <= SHARE * numbers, {name: n for name, n in wrong.items() if n}
