"""Transcribed formulas mean what the reference interpreter says, for values and for derivatives."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest
from own_records import CATALOG, ROOT

from eqc.bench.inputs import arguments, extents_of_size
from eqc.bench.namespaces import numpy_namespace
from eqc.bench.transcribe import compile_transcription, transcribe
from eqc.errors import BuildError
from eqc.ir.interpret import interpret
from eqc.ir.program import Program
from eqc.kernels.loading import kernel
from eqc.kernels.signature import read_signature
from eqc.pipeline import plain_programs
from eqc.records.load import load_text

# One record for each kind of statement: contractions, gathers, scatters, windows, masks, extrema, choices, labels.
RECORDS = (
    "scaled_dot_product_attention",
    "categorical_cross_entropy",
    "transposed_convolution_2d",
    "max_pool_2d",
    "softmax_jacobian",
    "tsne_kl_objective",
    "hinge_loss",
    "ppo_clipped_objective",
    "linf_norm",
    "gru",
    "batch_norm",
    "bellman_expectation",
    "truncated_svd_low_rank",
    "multivariate_gaussian_pdf",
    "normal_equation",
)


@cache
def programs(record_id: str) -> Mapping[str, Program]:
    return plain_programs(record_id, CATALOG)


@pytest.mark.parametrize(
    ("record_id", "kind"),
    [("auc", "value"), *((name, kind) for name in RECORDS for kind in ("value", "vjp", "jvp"))],
)
def test_numpy_gives_what_the_program_means(record_id: str, kind: str) -> None:
    signature = kernel(record_id, ROOT).signature
    program = programs(record_id)[kind]
    given = arguments(CATALOG.get(record_id), signature, extents_of_size(signature, 9), "float64")
    named = dict(zip((tensor.name for tensor in signature.inputs), given, strict=True))
    rng = np.random.default_rng(0)
    extras = [name for name in program.arguments if name not in named]
    shapes = _shapes(record_id, given, program, named)
    named |= {name: rng.standard_normal(shapes[name]) for name in extras}
    expected = interpret(program, named)
    found = compile_transcription(program)(numpy_namespace(), *(named[name] for name in program.arguments))
    for name, value in zip(program.outputs, found, strict=True):
        np.testing.assert_allclose(
            np.asarray(value, float), np.asarray(expected[name], float), rtol=1e-9, atol=1e-12, err_msg=name
        )


def test_inputs_that_are_positions_lie_in_their_arrays() -> None:
    signature, checks = kernel("q_learning_update", ROOT).signature, programs("q_learning_update")["value"].checks
    extents = {rule.name: 2 for rule in signature.extents}
    given = arguments(CATALOG.get("q_learning_update"), signature, extents, "float64", items=40, checks=checks)
    labels = [a for tensor, a in zip(signature.inputs, given, strict=True) if tensor.kind == "integer"]
    assert labels and all(set(np.unique(a)) == {1, 2} for a in labels)


def test_counts_that_are_lengths_are_chosen_like_extents() -> None:
    record = load_text(
        "title: Turned\nsympy: 'Eq(y[i], x[n + 1 - i])'\nsymbols: {y: {shape: [n], meaning: turned},"
        " x: {shape: [n], meaning: given}, n: {domain: natural, meaning: length}}\n",
        id="turned",
        area="tests",
        file="turned.yaml",
    )
    x = {"name": "x", "kind": "real", "shape": ("n",), "per_call": False, "default": None, "differentiable": True}
    n = {**x, "name": "n", "kind": "integer", "shape": (), "per_call": True}
    signature = read_signature({"id": "turned", "inputs": (x, n), "outputs": (), "kernels": (), "extents": ()})
    given = arguments(record, signature, extents_of_size(signature, 9), "float64")
    assert given[0].shape == (9,) and given[1] == 9


def _shapes(record_id: str, given: list[Any], program: Program, named: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Shapes of cotangents, as the outputs', and of tangents, as the inputs'."""
    outputs = kernel(record_id, ROOT)(*given)
    listed = outputs if isinstance(outputs, tuple) else (outputs,)
    names = [f"{tensor.name}_bar" for tensor in kernel(record_id, ROOT).signature.outputs]
    bars = dict(zip(names, map(np.shape, listed), strict=True))
    return {**bars, **{f"{name}_dot": np.shape(value) for name, value in named.items()}}


def test_a_contraction_is_an_einsum() -> None:
    text = transcribe(programs("matrix_multiplication")["value"])
    assert "_xp.einsum('ik,kj->ij', A, B)" in text or "_xp.einsum('kj,ik->ij', B, A)" in text


def test_what_libraries_have_no_word_for_is_refused() -> None:
    with pytest.raises(BuildError, match="not transcribed"):
        transcribe(programs("pca_eigendecomposition")["value"])
