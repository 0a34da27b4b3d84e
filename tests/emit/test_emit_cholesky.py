"""What is computed from Cholesky factors, against NumPy's linear algebra."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from emit_samples import plain_runtime


def definite(size: int) -> Any:
    rows = np.random.default_rng(size).normal(size=(size, size + 2))
    return rows @ rows.T


@pytest.fixture(scope="module")
def given() -> dict[str, Any]:
    return plain_runtime()


@pytest.mark.parametrize("size", [1, 2, 7, 75])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_functions_of_the_factor(given: dict[str, Any], size: int, dtype: Any) -> None:
    matrix = definite(size).astype(dtype)
    right = np.arange(3.0 * size, dtype=dtype).reshape(size, 3)
    factor = given["cholesky"](matrix)
    close = 1e-10 if dtype is np.float64 else 2e-2
    assert factor.dtype == dtype
    np.testing.assert_allclose(factor @ factor.T, matrix, rtol=close)
    np.testing.assert_allclose(matrix @ given["factor_solve"](factor, right), right, rtol=close, atol=close)
    np.testing.assert_allclose(
        given["factor_solve_vector"](factor, right[:, 1].copy()), given["factor_solve"](factor, right)[:, 1], rtol=close
    )
    np.testing.assert_allclose(given["factor_inverse"](factor) @ matrix, np.eye(size), atol=close)
    assert given["factor_log_determinant"](factor) == pytest.approx(np.linalg.slogdet(matrix)[1], rel=close, abs=close)


@pytest.mark.parametrize("size", [2, 40])
def test_what_is_not_positive_definite_raises(given: dict[str, Any], size: int) -> None:
    matrix = definite(size)
    matrix[-1, -1] = -1.0
    with pytest.raises(np.linalg.LinAlgError):
        given["cholesky"](matrix)
