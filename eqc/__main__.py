"""`python -m eqc`."""

from __future__ import annotations

import sys

from eqc.cli import main

if __name__ == "__main__":
    sys.exit(main())
