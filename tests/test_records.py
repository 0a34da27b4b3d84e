"""Every record in `equations/` is verified, and `generated/` is what the records give: a new record needs no test."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from own_records import CATALOG, ROOT

from eqc.verify.derivatives import KERNEL_CHECKS
from eqc.verify.report import Report
from eqc.verify.run import DTYPES, verify_record

HEAVY = ("np.linalg", "._solvers")
LONG = 5_000
"""What Numba compiles for ten seconds to a minute: matrices, solvers, functions as inputs, long modules."""


def is_heavy(record_id: str) -> bool:
    folder = ROOT / "generated" / CATALOG.path(record_id).parent.name
    modules = [folder / f"{record_id}.py", *sorted(folder.glob(f"{record_id}__*.py"))]
    texts = [module.read_text(encoding="utf-8") for module in modules]
    return len(texts) > 1 or any(len(text) > LONG or any(word in text for word in HEAVY) for text in texts)


def dtypes_of(record_id: str) -> tuple[str, ...]:
    """The precisions that are checked at once; the other one of a heavy record waits for the slow tests."""
    return DTYPES[:1] if is_heavy(record_id) else DTYPES


NUMBERS = {record_id: number for number, record_id in enumerate(CATALOG.ids())}
TURNS = {"value_and_vjp": (0, 6), "gradient": (0, 2), "value_and_gradient": (1, 2), "hvp": (0, 2), "hessian": (0, 2)}
"""Kernels that Numba compiles for some records in turn: those whose number leaves a rest, and of what."""


def is_in_turn(kernel: str, record_id: str) -> bool:
    rest, divisor = TURNS.get(kernel, (0, 1))
    return NUMBERS[record_id] % divisor == rest


@pytest.mark.parametrize("record_id", CATALOG.ids())
def test_kernels_agree_with_the_oracle(record_id: str) -> None:
    """At extents 1, 2 and about 3, in float64 and float32, alone and with leading axes; see `eqc.verify`.

    Some kernels are compiled for some records in turn: the gradient with the value or without it, Hessian products and
    the Hessians made of them, and the value with the cotangents. That the programs and the sources of all mean what
    they should is tested without Numba for every record, in tests/schedule and tests/emit. The slow tests and
    `eqc verify` compile them all.
    """
    kernels = [name for name in KERNEL_CHECKS if is_in_turn(name, record_id)]
    check(verify_record(record_id, ROOT, catalog=CATALOG, dtypes=dtypes_of(record_id), kernels=kernels))


@pytest.mark.slow
@pytest.mark.parametrize("record_id", CATALOG.ids())
def test_kernels_out_of_turn_agree_with_the_oracle(record_id: str) -> None:
    kernels = [name for name in KERNEL_CHECKS if not is_in_turn(name, record_id)]
    report = verify_record(record_id, ROOT, catalog=CATALOG, dtypes=dtypes_of(record_id), kernels=kernels)
    assert report.passed, failures(report)


@pytest.mark.slow
@pytest.mark.parametrize("record_id", [name for name in CATALOG.ids() if is_heavy(name)])
def test_kernels_that_compile_slowly_agree_in_single_precision_too(record_id: str) -> None:
    check(verify_record(record_id, ROOT, catalog=CATALOG, dtypes=DTYPES[1:]))


def check(report: Report) -> None:
    assert report.passed, failures(report)
    assert any(check.name == "value" and check.compared for check in report.checks)


def failures(report: Report) -> str:
    return "\n".join(f"{report.id}: {check.name}: {check.reason}" for check in report.failures)


def test_generated_files_are_what_the_records_give() -> None:
    """Byte for byte, whatever the order of Python's sets: `.ci/run` compares them with others. No text is executed."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "2"}
    command = [sys.executable, str(ROOT / "tests" / "parsing_trap.py")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
