"""`eqc bench` as its users run it: rows, JSON, workloads, mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from eqc.bench.contenders import CONTENDERS, Work, available
from eqc.bench.measure import Settings
from eqc.bench.workloads import Workload, workloads
from eqc.bound import kernel as bound_kernel
from eqc.cli import main
from eqc.commands.bench import row_of
from eqc.errors import BuildError
from eqc.pipeline import plain_programs
from eqc.records.catalog import Catalog

ROOT = Path(__file__).resolve().parents[2]


def test_a_row_for_every_size(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["bench", "softmax", "sigmoid", "--size", "8", "--size", "64", "--turns", "3", "--json"]
    assert main([*arguments, "--against", "numpy", "--root", str(ROOT)]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["id"], row["extents"], row["elements"]) for row in rows] == [
        ("softmax", {"C": 8}, 8),
        ("softmax", {"C": 64}, 64),
        ("sigmoid", {}, 8),
        ("sigmoid", {}, 64),
    ]
    assert all(row["seconds"].keys() == {"eqc", "numpy"} and min(row["seconds"].values()) > 0 for row in rows)
    assert not any(row["notes"] for row in rows)


def test_functions_are_what_a_record_names_first(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["bench", "adam_update", "--size", "8", "--turns", "3", "--json", "--against", "numpy"]
    assert main([*arguments, "--root", str(ROOT)]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["extents"] == {"P": 8} and row["seconds"].keys() == {"eqc", "numpy"} and not row["notes"]


@pytest.mark.parametrize("library", [name for name in available() if name not in ("eqc", "numpy")])
def test_other_libraries_compute_the_same(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    ids = ["scaled_dot_product_attention", "binary_cross_entropy", "max_pool_2d", "gru", "elu", "adam_update"]
    arguments = ["bench", *ids, "--size", "64", "--turns", "3", "--json", "--against", library]
    assert main([*arguments, "--root", str(ROOT)]) == 0
    for row in json.loads(capsys.readouterr().out):
        assert row["notes"] == {}, row


@pytest.mark.parametrize("library", [name for name in available() if name != "eqc"])
def test_what_cannot_be_differentiated_is_computed_too(library: str) -> None:
    given = [np.array([1, 0, 1, 1]), np.array([0, 0, 1, 0])]
    programs = plain_programs("hamming_distance", Catalog(ROOT))
    work = Work(bound_kernel("hamming_distance", ROOT), programs, given, [])
    assert [int(value) for value in CONTENDERS[library](work)()] == [2]


def test_the_table_has_a_column_for_every_contender(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["bench", "mean_squared_error", "--extent", "N=5", "--turns", "3", "--against", "numpy", "--size", "1"]
    assert main([*arguments, "--root", str(ROOT)]) == 0
    out = capsys.readouterr().out
    assert "numpy / eqc" in out and "N=5" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mean_squared_error", "--extent", "M=5"], "no such extent"),
        (["mean_squared_eror"], "no record has this id"),
        (["mean_squared_error", "--against", "fortran"], "one of eqc, numpy, jax, torch"),
        (["mean_squared_error", "--extent", "N=many"], "is no extent"),
    ],
)
def test_mistakes_are_named(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", *arguments, "--root", str(ROOT)]) in (1, 2)
    assert message in capsys.readouterr().err


def test_workloads_stand_in_the_project_file(tmp_path: Path) -> None:
    assert workloads(tmp_path) == ()
    file = tmp_path / "pyproject.toml"
    file.write_text("[tool.eqc.bench]\nsoftmax = [{C = 10}]\nsigmoid = [{items = 7}]\n")
    assert workloads(tmp_path) == (Workload("softmax", {"C": 10}), Workload("sigmoid", {}, 7))
    file.write_text("[tool.eqc.bench]\nf = [{d = 2, items = 3, shared = ['w'], wrt = ['x', 'w']}]\n")
    assert workloads(tmp_path) == (Workload("f", {"d": 2}, 3, ("w",), ("x", "w")),)
    file.write_text("[tool.eqc.bench]\nf = [{d = 2, hessian = true}]\n")
    assert workloads(tmp_path) == (Workload("f", {"d": 2}, hessian=True),)
    for row in ("hessian = 1", "shared = []", "items = 3, shared = [3]", "wrt = 'z'"):
        file.write_text(f"[tool.eqc.bench]\nsoftmax = [{{{row}}}]\n")
        with pytest.raises(BuildError, match="list of extents"):
            workloads(tmp_path)
    for wrong in ("softmax = 3", "softmax = [3]", "softmax = [{C = 0}]", "softmax = [{C = '10'}]"):
        file.write_text(f"[tool.eqc.bench]\n{wrong}\n")
        with pytest.raises(BuildError, match="list of extents"):
            workloads(tmp_path)
    file.write_text("[tool.eqc.bench\n")
    with pytest.raises(BuildError, match="no TOML"):
        workloads(tmp_path)


BATCHES = """
[tool.eqc.bench]
layer_norm = [{d = 4, items = 3, shared = ["gamma", "beta", "eps"], wrt = ["x", "gamma"]}]
mean_squared_error = [{N = 4, wrt = ["yhat"]}]
logistic_regression_loss = [{n = 5, d = 2}, {n = 5, d = 2, hessian = true}]
rbf_kernel = [{d = 3, wrt = ["x", "gamma"], hessian = true}]
"""


@pytest.mark.parametrize("library", [name for name in available() if name != "eqc"])
def test_many_items_share_inputs(library: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(BATCHES)
    for workload in workloads(tmp_path):
        row = row_of(ROOT, workload, Settings(("eqc", library), "float64", 3))
        assert row.seconds.keys() == {"eqc", library} and not row.notes
        assert row.hessian == workload.hessian
        assert row.extents == {"d": 4, "items": 3} or row.id != "layer_norm"


def test_inputs_that_are_none_are_named(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="no such input"):
        row_of(ROOT, Workload("layer_norm", {"d": 4}, 3, ("gama",)), Settings(("eqc",)))
    with pytest.raises(BuildError, match="gives its Hessian"):
        row_of(ROOT, Workload("softmax", {"C": 4}, hessian=True), Settings(("eqc",)))
    with pytest.raises(BuildError, match="no form for many items"):
        row_of(ROOT, Workload("softmax", {"C": 4}, 3, ("z",)), Settings(("eqc",)))
