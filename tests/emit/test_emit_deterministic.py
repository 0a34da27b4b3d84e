"""The same bytes whatever the order of Python's sets: all records, compiled in two processes with two hash seeds."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from core_samples import ROOT, case_names
from emit_samples import source

HERE = Path(__file__).resolve().parent
DIGEST = "import emit_samples, test_emit_deterministic; print(test_emit_deterministic.digests())"


def records() -> list[str]:
    return [name for name in case_names() if name.startswith("equations/")]


def digests() -> str:
    """A line for each record: its name and the hash of its module."""
    return "\n".join(f"{name} {hashlib.sha256(source(name).encode()).hexdigest()}" for name in records())


def start(seed: str) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(ROOT), str(HERE), str(HERE.parent / "ir")])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": seed}
    return subprocess.Popen([sys.executable, "-c", DIGEST], env=environment, stdout=subprocess.PIPE, text=True)


def test_two_hash_seeds_give_the_same_bytes() -> None:
    running = [start(seed) for seed in ("1", "20011")]
    first, second = ([*done.communicate()[0].splitlines()] for done in running)
    assert all(done.returncode == 0 for done in running)
    assert len(first) == len(records())
    assert [line for line in first if line not in second] == []
