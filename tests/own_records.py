"""The records of this project, which are read once for all tests of a process."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from eqc.notation.library import Library

ROOT: Final = Path(__file__).resolve().parents[1]
CATALOG: Final = Library(ROOT)
