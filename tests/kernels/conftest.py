"""A project of hand-written generated modules."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from kernel_samples import MODULES, interpreted, write_project

import eqc
from eqc.kernels.kernel import Kernel


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiled = ("softmax", "pick", "every", "sway")
    modules = {name: source if name in compiled else interpreted(source) for name, source in MODULES.items()}
    root = write_project(tmp_path_factory.mktemp("project"), modules)
    calls = Path(eqc.__file__).parent / "emit" / "_calls"
    shutil.copytree(calls, root / "generated" / "_calls", dirs_exist_ok=True)
    return root


@pytest.fixture(scope="session")
def kernel(project: Path) -> Callable[[str], Kernel]:
    return lambda id: eqc.kernel(id, root=project)
