"""The samples that the tests of the compiler share stand beside the tests of its programs."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "ir"))
