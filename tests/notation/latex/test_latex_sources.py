"""Formulas as other people print them: they are read, and agree with what they mean in SymPy's words."""

from __future__ import annotations

import pytest
from latex_samples import SOURCES, agreement, record_of


@pytest.mark.parametrize("what", SOURCES)
def test_is_read_as_its_source_means_it(what: str) -> None:
    found = agreement(record_of(SOURCES[what]))
    assert found.state == "agrees", found.reason
