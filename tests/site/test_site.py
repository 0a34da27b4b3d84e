"""The static pages: every record has one, links lead somewhere, no record's text becomes markup, plots are right."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest

from eqc.cli import main
from eqc.records.load import load_text
from eqc.site.plots import plot_of, span, svg

GOOD = (
    "title: Half <b>life</b>\nlatex: N = N_0 e^{-t}\nsympy: Eq(N, N0*exp(-t))\n"
    "symbols: {N: left, N0: {latex: N_0, meaning: '<script>alert(1)</script>'}, t: time}\n"
    "examples: [{given: {N0: 2, t: 0}, expect: {N: 2}, printed: {N: 1}, source: A & B}]\n"
    "claims: [{name: slope, sympy: 'Eq(Derivative(N, t), -N)'}, {name: again, sympy: 'Eq(N, twice(N/2))'}]\n"
    "errata: [{printed: N = e^t, right: it falls, sympy: 'Eq(N, N0*exp(t))', source: p. 3}]\n"
)
TWICE = "title: Twice\nsympy: Eq(y, 2*x)\nsymbols: {y: output, x: input}\n"


class Tags(HTMLParser):
    """The links and the open elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name == "href" and value]


@pytest.fixture
def pages(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "equations" / "decay"
    folder.mkdir(parents=True)
    (folder / "remains.yaml").write_text(GOOD)
    (folder / "twice.yaml").write_text(TWICE)
    assert main(["site", str(tmp_path / "out"), "--check", "--root", str(tmp_path)]) == 0
    return {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "out").iterdir()}


def test_there_is_a_page_for_everything_and_links_lead_to_pages(pages: dict[str, str]) -> None:
    assert set(pages) == {"index.html", "relations.html", "remains.html", "twice.html", "style.css"}
    links = {link for name, text in pages.items() if name.endswith(".html") for link in Tags(text).links}
    assert links <= set(pages) and {"remains.html", "twice.html"} <= links


def test_a_page_tells_all_of_its_record(pages: dict[str, str]) -> None:
    text = pages["remains.html"]
    for part in ("<math", "N0*exp(-t)", "slope", '<span class="proved">proved</span>', "printed as N = 1", "it falls"):
        assert part in text
    assert "Follows from" in text and "From it follow" in pages["twice.html"]
    assert "not built yet" in text and 'class="plot"' in text


def test_no_text_of_a_record_becomes_markup(pages: dict[str, str]) -> None:
    for name in ("remains.html", "index.html"):
        assert not Tags(pages[name]).tags & {"script", "b"}
    assert "&lt;script&gt;" in pages["remains.html"] and "A &amp; B" in pages["remains.html"]


def test_a_broken_record_is_reported_and_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "equations" / "decay"
    folder.mkdir(parents=True)
    (folder / "twice.yaml").write_text(TWICE)
    (folder / "broken.yaml").write_text("title: B\nsumary: x\n")
    assert main(["site", str(tmp_path / "out"), "--root", str(tmp_path)]) == 1
    assert "broken.yaml" in capsys.readouterr().err
    assert "twice.html" in {path.name for path in (tmp_path / "out").iterdir()}


def test_a_plot_goes_through_the_right_points() -> None:
    text = plot_of(load_text("title: E\nsympy: exp(x)\nsymbols: {x: input}", id="e", area="a", file="e.yaml"), {})
    assert text is not None
    first, second = (node.attrib["points"] for node in ET.fromstring(text).iter() if "points" in node.attrib)
    assert first == second  # the exponential is its own slope
    heights = [float(point.split(",")[1]) for point in first.split()]
    top, bottom = (float(one) for one in re.findall(r">([\d.e+-]+)</text>", text)[-1:-3:-1])
    share = (204 - heights[60]) / (204 - 26)
    assert math.isclose(bottom + share * (top - bottom), math.exp(2), rel_tol=0.05)


def test_what_has_no_plot() -> None:
    texts = (
        "title: V\nsympy: Sum(x[i], (i, 1, n))\nsymbols: {x: {shape: [n]}, n: size}",
        "title: F\nsympy: f(x)\nsymbols: {f: {kind: function}, x: input}",
        "title: Two\nsympy: x*y\nsymbols: {x: input, y: input}",
    )
    assert [plot_of(load_text(text, id="r", area="a", file="r.yaml"), {}) for text in texts] == [None] * 3


@pytest.mark.parametrize("domain", ["real", "positive", "nonnegative", "unit_interval", "(0, 1)", "(-inf, 2]"])
def test_what_is_drawn_lies_in_the_domain(domain: str) -> None:
    text = f"title: T\nsympy: x\nsymbols: {{x: {{domain: '{domain}', meaning: m}}}}"
    found = load_text(text, id="t", area="a", file="t.yaml").symbols["x"].domain
    low, high = span(found)
    assert low < high
    assert found.lower is None or low > found.lower or (low == found.lower and not found.lower_open)
    assert found.upper is None or high < found.upper or (high == found.upper and not found.upper_open)


def test_a_constant_curve_can_be_drawn() -> None:
    assert "<polyline" in svg([[(0.0, 1.0), (1.0, 1.0)]], ("y",), "x")
