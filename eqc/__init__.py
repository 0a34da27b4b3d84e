"""eqc: equations as source code.

`eqc.kernel(id)` gives the kernels of an equation, `eqc.load(id)` the equation itself; errors are `eqc.EqcError`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from eqc.garbage import uncollected

if TYPE_CHECKING:
    from eqc.bound import kernel
    from eqc.equation import load
    from eqc.errors import EqcError

__all__ = ["EqcError", "kernel", "load"]

# Imported when first used, so that `import eqc` loads neither NumPy nor anything that reads records.
_HOMES = {"EqcError": "eqc.errors", "kernel": "eqc.bound", "load": "eqc.equation"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'eqc' has no attribute {name!r}")
    with uncollected():
        value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
