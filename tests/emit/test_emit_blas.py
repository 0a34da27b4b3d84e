"""Numba's linear algebra is loaded without all of SciPy's."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import numpy as np
import eqc.emit._vector
from numba import njit
assert "scipy.linalg" not in sys.modules
solve = njit(lambda a, b: np.linalg.solve(a, b))
assert np.allclose(solve(2 * np.eye(2), np.ones(2)), 0.5)
assert "scipy.linalg" not in sys.modules
import scipy.linalg
assert np.allclose(scipy.linalg.solve(2 * np.eye(2), np.ones(2)), 0.5)
from scipy.linalg import cython_blas, cython_lapack
"""


def test_the_package_is_loaded_when_somebody_asks_for_it() -> None:
    subprocess.run([sys.executable, "-c", PROGRAM], check=True)
