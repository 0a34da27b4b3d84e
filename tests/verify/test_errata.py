"""What the sources print wrong: the numbers differ from those of the kernels, the formulas are refuted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from own_records import CATALOG, ROOT

import eqc
from eqc.cli import main
from eqc.errors import RecordError
from eqc.records.load import load_text
from eqc.scaffold import create_project
from eqc.verify.claims import Points
from eqc.verify.errata import check_errata
from eqc.verify.instances import instances
from eqc.verify.oracle import Oracle

WITH_ERRATA = [id for id in CATALOG.ids() if CATALOG.get(id).errata]

# By hand or in SciPy: what the source prints and what is right. One step of gradient descent is the last of a thousand.
PRINTED: dict[str, tuple[dict[str, Any], str, Any, Any]] = {
    "mean_squared_error": ({"y": [1, 2, 3], "yhat": [1.1, 1.9, 3.2]}, "L", 0.01, 0.02),
    "binary_cross_entropy": ({"y": [1, 0, 1], "yhat": [0.9, 0.1, 0.8]}, "L", 0.164252033486018, 0.1446215275432874),
    "affine_transformation": ({"A": [[2, 1], [1, 3]], "x": [1, 2], "b": [0, 1]}, "y", [4, 7], [4, 8]),
    "circle_area": ({"r": 1}, "A", 2 * np.pi, np.pi),
    "gaussian_naive_bayes_predict": (
        {"x": [2.5, 3.5], "pi_c": [0.5, 0.5], "mu": [[1.5, 2.5], [3.5, 4.5]], "var": [[0.25, 0.25]] * 2},
        *("chat", 2, 1),
    ),
    "entropy": ({"P": [0.9, 0.1]}, "H", 0.4698716731013394, 0.3250829733914482),
    "cross_entropy": ({"P": [1, 0, 1], "Q": [0.9, 0.1, 0.8]}, "H", 0.164252033486018, 0.328504066972036),
    "linear_regression_gradient_descent": (
        {
            "theta": [0.11084844528462879, 0.95123757866548918],
            "X": [[1, 1], [1, 2], [1, 3]],
            "y": [1, 2, 3],
            "eta": 0.01,
        },
        *("theta_new", [0, 1], [0.110715209258, 0.951296189422]),
    ),
}
AS_FORMULA = {"cross_entropy"}  # its arrays are no distributions, so they cannot be an example of the record

# The entries of the catalogue whose pitfalls say that a formula, its range or its name is printed wrong.
FORMULAS = {
    *("affine_transformation", "attention_head", "auc", "convolution_continuous", "cosine_similarity", "cross_entropy"),
    *("cross_correlation_2d", "data_centering", "diffusion_forward_marginal", "dot_product", "eigenpair_equation"),
    *("entropy", "gan_generator_nonsaturating", "gradient", "half_mse_gradient_linear", "matmul_noncommutativity"),
    *("nesterov_update", "policy_gradient", "positional_encoding", "step_decay_schedule", "svm_dual", "svm_primal"),
    *("tanh_range", "transposed_convolution_2d", "tsne_conditional_probability", "tsne_kl_objective"),
    *("tsne_low_dim_similarity", "vae_elbo"),
}

DISC = """title: Area of a disc
sympy: Eq(A, pi*r**2)
symbols: {A: area, r: radius}
examples:
  - {given: {r: 1}, expect: {A: 3.141592653589793}, printed: {A: 6.283185307179586}, source: Leaflet}
errata:
  - {printed: A = 2 pi r, right: A = pi r^2, sympy: "Eq(A, 2*pi*r)", source: Leaflet}
sources: [{title: Leaflet}]
"""


def oracle(id: str) -> Oracle:
    first = instances(CATALOG.get(id))[0]
    return Oracle(first.record, CATALOG, functions=first.functions)


@pytest.mark.parametrize("id", PRINTED)
def test_the_kernel_gives_what_is_right_and_not_what_is_printed(id: str) -> None:
    given, output, printed, right = PRINTED[id]
    result = eqc.kernel(id, ROOT)(**given)
    value = getattr(result, output, result)
    np.testing.assert_allclose(value, right, rtol=1e-9)
    assert not np.allclose(printed, right, rtol=1e-3)


@pytest.mark.parametrize("id", sorted(PRINTED.keys() - AS_FORMULA))
def test_the_record_has_the_printed_number(id: str) -> None:
    given, output, printed, _ = PRINTED[id]
    (example,) = (one for one in CATALOG.get(id).examples if one.printed)
    np.testing.assert_allclose(example.printed[output], printed)
    for name, value in given.items():
        np.testing.assert_allclose(example.given[name], value)


def test_no_other_number_is_printed_wrong() -> None:
    found = {id for id in CATALOG.ids() if any(one.printed for one in CATALOG.get(id).examples)}
    assert found == PRINTED.keys() - AS_FORMULA
    assert any("0.164252033486018" in one.printed for one in CATALOG.get("cross_entropy").errata)


def test_the_formulas_that_are_printed_wrong_are_known() -> None:
    assert set(WITH_ERRATA) == FORMULAS


@pytest.mark.parametrize("id", WITH_ERRATA)
def test_printed_formulas_are_refuted(id: str) -> None:
    found = check_errata(oracle(id), Points(oracle(id)))
    assert [(check.name, check.reason) for check in found if check.status == "failed"] == []
    assert sum(one.formula is not None for one in CATALOG.get(id).errata) <= len(found)


@pytest.mark.parametrize(
    ("old", "new", "which"),
    [("printed: {A: 6.283185307179586}", "printed: {A: 3.14159265358979}", 0), ("2*pi*r", "r*(r*pi)", 1)],
)
def test_what_is_right_after_all_is_no_erratum(old: str, new: str, which: int) -> None:
    oracle = Oracle(load_text(DISC.replace(old, new), id="disc", area="a", file="disc.yaml"), {})
    checks = check_errata(oracle, Points(oracle))
    assert [check.status == "failed" for check in checks] == [which == 0, which == 1]
    assert "right after all" in checks[which].reason


def test_a_printed_number_is_one_of_the_outputs() -> None:
    with pytest.raises(RecordError, match="what is printed wrong has the right value in expect"):
        load_text(DISC.replace("printed: {A:", "printed: {B:"), id="disc", area="a", file="disc.yaml")


def test_the_report_lists_what_is_wrong_with_what_is_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "demo"
    create_project(root)
    (root / "equations" / "general" / "disc.yaml").parent.mkdir(exist_ok=True)
    (root / "equations" / "general" / "disc.yaml").write_text(DISC)
    assert main(["build", "--root", str(root)]) == 0
    capsys.readouterr()
    assert main(["verify", "--errata", "disc", "--root", str(root)]) == 0
    told = capsys.readouterr().out
    assert "1 wrong" in told and "A = 6.283185307179586" in told and "A = 3.14159265358979" in told
    assert "A = 2 pi r" in told and "refuted at r =" in told
    assert main(["verify", "--errata", "disc", "--json", "--root", str(root)]) == 0
    assert [one["verdict"] for one in json.loads(capsys.readouterr().out)] == ["wrong", "wrong"]
    assert main(["verify", "--errata", "--accuracy", "--root", str(root)]) == 2
