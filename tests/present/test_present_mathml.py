"""Notebooks show mathematics, and nothing from a record becomes markup."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from core_samples import project

from eqc.present.mathml import html_of
from eqc.present.record import record_latex

CATALOG = project()[0]


@pytest.mark.parametrize("id", CATALOG.ids())
def test_all_records_are_drawn(id: str) -> None:
    record = CATALOG.get(id)
    for latex in (*record.latex, record_latex(record)):
        drawn = ET.fromstring(html_of(latex))
        assert drawn.tag.endswith("math")
        assert "&" not in "".join(drawn.itertext()) and "\\" not in "".join(drawn.itertext())


HOSTILE = [
    r"\text{<script>alert(1)</script>}",
    r"\href{javascript:alert(1)}{x}",
    r"\text{&lt;script&gt;}",
    r"\class{x}{\style{background:url(x)}{y}}",
    r"\mathrm{<img src=x onerror=alert(1)>}",
    r"\begin{x}",
    r"\frac",
    "_",
    r"\left(",
    "a & b",
]


@pytest.mark.parametrize("latex", HOSTILE)
def test_nothing_becomes_markup(latex: str) -> None:
    found = html_of(latex)
    for word in ("<script", "<img", "href=", "style=", "onerror="):
        assert word not in found
    assert found.startswith(("<math ", r"\[ "))
