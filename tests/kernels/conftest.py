"""A project of hand-written generated modules, compiled once per session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from kernel_samples import write_project

import eqc
from eqc.kernels.kernel import Kernel


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def kernel(project: Path) -> Callable[[str], Kernel]:
    return lambda id: eqc.kernel(id, root=project)
