"""What all tests share: they keep millions of objects, which the garbage collector need not look through so often."""

from __future__ import annotations

import gc

import pytest

gc.set_threshold(100_000, 20, 20)


@pytest.fixture
def no_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    """No text becomes an expression of SymPy's."""
    import sympy.parsing.sympy_parser as sympy_parser
    from parsing_trap import refuse

    monkeypatch.setattr(sympy_parser, "parse_expr", refuse)
