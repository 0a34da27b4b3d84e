"""Large functions are compiled once, and found by what calls them: also by what was loaded from Numba's cache."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import sys
import numpy as np
from numba import njit
from generated.activations import softmax as module

if "other names" in sys.argv:
    module.softmax_into(np.ones((1, 2), np.float32), np.ones((1, 2), np.float32))

@njit(cache=True)
def own(x, out):
    return module.softmax_into(x, out)

x = np.arange(6.0).reshape(2, 3)
for function in (module.softmax_into, own):
    out = np.zeros_like(x)
    assert not function(x, out)
    np.testing.assert_allclose(out, np.exp(x - 3) / np.exp(x - 3).sum(axis=1, keepdims=True), rtol=1e-15)
kinds = next(kinds for kinds in module.softmax_into.signatures if kinds[0].dtype.bitwidth == 64)
library = module.softmax_into.overloads[kinds].library
print(sum(len(list(b.instructions)) for f in library._final_module.functions for b in f.blocks) < 1000)
print(*(sum(function.stats.cache_hits.values()) for function in (module.softmax_into, module._softmax, own)))
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT, encoding="utf-8")
    return path


def run(script: Path, *arguments: str) -> list[str]:
    """What the script prints: whether the loop over items has no copy of the kernel, and what it finds in the cache."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(script.parent / "cache")}
    command = [sys.executable, str(script), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_large_functions_are_found_wherever_they_come_from(script: Path) -> None:
    """The kernel of an item may be in memory, in the cache, or in neither, and then gets another name."""
    assert run(script) == ["True", "0 0 0"]
    assert run(script)[1] == "1 1 1"
    for stored in (script.parent / "cache").rglob("softmax._softmax-*"):
        stored.unlink()
    assert run(script, "other names")[1] == "1 0 1"


def test_python_cannot_call_what_is_only_taken_in() -> None:
    from numba import njit

    from eqc.emit._vector import PART

    @njit(**PART)
    def part(x: float) -> float:
        return x + 1

    @njit
    def whole(x: float) -> float:
        return part(x)

    assert whole(1.0) == 2.0
    with pytest.raises(TypeError):
        part(1.0)


def test_functions_that_people_pass_are_taken_in_wherever_they_come_from() -> None:
    """A long one may come from a module that cannot be imported again."""
    from numba import njit

    from eqc.emit._vector import KernelCompiler

    lines = ["def long(x):", *(f"    x = x * {n}.5 + {n} / (x + 2.0)" for n in range(200)), "    return x"]
    namespace = {"__name__": "nowhere"}
    exec("\n".join(lines), namespace)
    long = njit(namespace["long"])

    @njit(pipeline_class=KernelCompiler)
    def kernel(x: float) -> float:
        return long(x)

    assert kernel(1.0) == long.py_func(1.0)


def test_what_is_only_taken_in_raises_errors_with_numbers_in_them() -> None:
    from numba import njit

    from eqc.emit._vector import PART, KernelCompiler

    @njit(**PART)
    def part(x: float) -> float:
        if x > 1.0:
            raise ValueError("too large", x)
        return x

    for options in ({}, {"pipeline_class": KernelCompiler}):

        @njit(**options)
        def whole(x: float) -> float:
            return part(x) + 1

        assert whole(1.0) == 2.0
        with pytest.raises(ValueError, match="too large") as error:
            whole(2.5)
        assert error.value.args == ("too large", 2.5)


FIRST_CALL = """
import sys
import numpy as np
import eqc

kernel = eqc.kernel("sigmoid", root=sys.argv[1])
assert kernel(np.zeros((2, 1)))[1] == 0.5
print("numba.np.arrayobj" in sys.modules, sum(kernel.module.sigmoid_into.stats.cache_hits.values()))

from numba import njit

function = kernel.module.sigmoid
assert njit(lambda x: np.zeros(2) + function(x))(0.0)[1] == 0.5
assert kernel.gradient(np.float32(0.0)) == 0.25
for _ in range(9):
    assert kernel(np.zeros(3))[2] == 0.5
"""


def test_a_first_call_loads_what_is_stored_without_what_only_compiling_needs(script: Path) -> None:
    script.write_text(FIRST_CALL, encoding="utf-8")
    assert run(script, str(ROOT)) == ["True 0"]
    assert run(script, str(ROOT)) == ["False 1"]
