"""What people print is read as they mean it, by an evaluation that shares nothing with the reader."""

from __future__ import annotations

import pytest
from latex_samples import CONSTRUCTS, agreement, record_of

from eqc.notation.latex.complete import completed
from eqc.notation.sympy_form import parse_statement
from eqc.notation.text import statement_text
from eqc.notation.to_sympy import to_sympy


@pytest.mark.parametrize("what", CONSTRUCTS)
def test_is_read_as_it_is_meant(what: str) -> None:
    found = agreement(record_of(CONSTRUCTS[what]))
    assert found.state == "agrees", found.reason


@pytest.mark.parametrize("what", CONSTRUCTS)
def test_what_is_read_is_a_formula_that_reads_back(what: str) -> None:
    read = completed(record_of(CONSTRUCTS[what]), (), {}.get)
    for text in read.statements:
        assert statement_text(parse_statement(text)) == text.text
    assert to_sympy(read) is not None
