"""What people print is read as they mean it, by an evaluation that shares nothing with the reader."""

from __future__ import annotations

import pytest
from constructs import CONSTRUCTS

from eqc.records.load import load_text
from eqc.records.model import Record
from eqc.verify.agreement import check_agreement
from eqc.verify.oracle import Oracle


def record_of(latex: str, sympy: str, symbols: str) -> Record:
    """A record with one formula in both forms."""
    form = sympy if sympy.startswith("[") else f"'{sympy}'"
    if sympy.startswith("["):
        parts = sympy[1:-1].split(", Eq(")
        form = "[" + ", ".join(f"'{p if k == 0 else 'Eq(' + p}'" for k, p in enumerate(parts)) + "]"
    text = f"title: T\nlatex: |-\n  {latex}\nsympy: {form}\nsymbols: {{{symbols}}}\n".replace("\\\\", "\\\\")
    return load_text(_quoted(text), id="sample", area="a", file="sample.yaml")


def _quoted(text: str) -> str:
    return text


@pytest.mark.parametrize("what", CONSTRUCTS)
def test_is_read_as_it_is_meant(what: str) -> None:
    record = record_of(*CONSTRUCTS[what])
    found = check_agreement(Oracle(record, {}), (), {}.get)
    assert found.state == "agrees", found.reason
