"""What all tests share: they keep millions of objects, which the garbage collector need not look through so often."""

from __future__ import annotations

import gc

gc.set_threshold(100_000, 20, 20)
