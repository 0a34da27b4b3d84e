# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""SciPy's BLAS and LAPACK without the rest of SciPy's linear algebra.

Numba imports the two modules when it compiles or loads its first function, and with their package all that the package
offers, which takes longer than everything else that a first call waits for.
"""

import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType

_PACKAGE = "scipy.linalg"


def load_blas():
    """Import both modules below an empty package, which gives way to the true one when somebody imports that."""
    if _PACKAGE in sys.modules or "numba.np.linalg" in sys.modules:
        return
    try:
        scipy = import_module("scipy")
    except ImportError:
        return
    empty = ModuleType(_PACKAGE)
    empty.__path__ = [str(Path(folder, "linalg")) for folder in scipy.__path__]
    sys.modules[_PACKAGE] = empty
    try:
        with suppress(ImportError):
            import_module(f"{_PACKAGE}.cython_blas")
            import_module(f"{_PACKAGE}.cython_lapack")
    finally:
        del sys.modules[_PACKAGE]
        vars(scipy).pop("linalg", None)
