"""The web of relations: what is read from records, how it is drawn, and what is known of its claims."""

from __future__ import annotations

import itertools
import json
import random
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from eqc.build import silent
from eqc.cli import main
from eqc.evidence import KEPT, gather, known
from eqc.records.catalog import Catalog
from eqc.relations.draw import as_dot, as_svg, as_text
from eqc.relations.layout import Edge, layered
from eqc.relations.web import Web, read_around, read_web

ROOT = Path(__file__).resolve().parents[2]
SVG = "{http://www.w3.org/2000/svg}"

RECORDS = {
    "doubling": "title: D\nsympy: Eq(y, 2*x)\nsymbols: {x: input, y: output}\n",
    "fourfold": "title: F\nsympy: Eq(y, doubling(doubling(x)))\nsymbols: {x: input, y: output}\n"
    "claims: [{name: 'twice \"2x\"', sympy: 'Eq(y, 2*doubling(x))'}, {name: alone, sympy: 'Eq(y, 4*x)'}]\n",
    "shifted": "title: S\nsympy: Eq(y, x + 1)\nsymbols: {x: input, y: output}\n"
    "claims: [{name: wrong, sympy: 'Eq(y, doubling(x))'}]\n",
    "single": "title: O\nsympy: Eq(y, x)\nsymbols: {x: input, y: output}\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in RECORDS.items():
        path = tmp_path / "equations" / ("odd" if name == "shifted" else "even") / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def web_of(root: Path) -> Web:
    web, failed = read_web(Catalog(root))
    assert not failed
    return web


def test_links_come_from_formulas_and_claims(project: Path) -> None:
    web = web_of(project)
    found = [(link.premises, link.conclusion, link.kind, link.name) for link in web.links]
    assert found == [
        (("doubling",), "fourfold", "composition", ""),
        (("doubling",), "fourfold", "claim", 'twice "2x"'),
        (("doubling",), "shifted", "claim", "wrong"),
    ]
    assert web.apart == ("single",)
    assert {link.conclusion for link in web.out_of("doubling")} == {"fourfold", "shifted"}


def test_parts_of_the_web(project: Path) -> None:
    web = web_of(project)
    assert set(web.around("shifted").areas) == {"doubling", "shifted"}
    assert set(web.of_area("odd").areas) == {"doubling", "shifted"}
    assert web.around("single").links == ()


def test_what_is_around_a_record_is_read_without_the_others(project: Path) -> None:
    """Also what the claims around it hang on: of `fourfold` its composition, which a claim of another one names."""
    claim = "{name: c, sympy: 'Eq(y, 2*fourfold(x)*single(1))'}"
    further = f"title: F\nsympy: Eq(y, 8*x)\nsymbols: {{x: input, y: output}}\nclaims: [{claim}]\n"
    (project / "equations" / "even" / "eightfold.yaml").write_text(further)
    web, whole = read_around(Catalog(project), "single"), web_of(project)
    assert set(web.areas) == {"single", "eightfold", "fourfold", "doubling"}
    assert web.around("single") == whole.around("single") and web.into("fourfold")[0] in whole.links
    assert read_around(Catalog(project), "shifted").around("shifted") == whole.around("shifted")
    checked = gather(project, whole, whole, 1, silent)
    assert known(project, web, web.around("single")).labels == {("eightfold", 0): checked.labels["eightfold", 0]}


def test_a_record_that_two_areas_have_does_not_hide_another(project: Path) -> None:
    twin = project / "equations" / "odd" / "single.yaml"
    twin.write_text(RECORDS["single"])
    assert set(read_around(Catalog(project), "shifted").around("shifted").areas) == {"doubling", "shifted"}


def test_a_broken_record_does_not_hide_the_others(project: Path) -> None:
    (project / "equations" / "odd" / "shifted.yaml").write_text("title: S\nsympy: Eq(y,\nsymbols: {x: input}\n")
    web, failed = read_web(Catalog(project))
    assert list(failed) == ["shifted"] and len(web.links) == 2


def test_drawings_hold_every_relation(project: Path) -> None:
    web = web_of(project)
    text, dot, svg = as_text(web, {("fourfold", 0): "proved"}), as_dot(web), ET.fromstring(as_svg(web))
    assert '<- doubling: twice "2x" [proved]' in text and "<- doubling: wrong" in text
    assert '"doubling" -> "fourfold" [style=solid, tooltip="composed; twice \\"2x\\""];' in dot
    assert '"doubling" -> "shifted" [style=dashed' in dot and "single" not in dot
    assert [node.text for node in svg.iter(f"{SVG}text")] == ["doubling", "fourfold", "shifted"]
    told = [title.text for title in svg.iter(f"{SVG}title")]
    assert 'fourfold follows from doubling: composed; twice "2x"' in told


def edges_of(name: str) -> tuple[list[str], list[Edge]]:
    draw = random.Random(name)
    nodes = [f"n{k}" for k in range(draw.randint(1, 40))]
    return nodes, [(draw.choice(nodes), draw.choice(nodes)) for _ in range(draw.randint(0, 60))]


@pytest.mark.parametrize("name", ["sparse", "dense", "cycles", "parts", "more", "again"])
def test_a_layout_has_every_node_once_and_no_two_in_one_place(name: str) -> None:
    nodes, edges = edges_of(name)
    layout = layered(nodes, edges)
    assert set(layout.nodes) == set(nodes)
    assert set(layout.paths) == {edge for edge in edges if edge[0] != edge[1]}
    spots = sorted(layout.nodes.values())
    assert all(a.layer != b.layer or b.row - a.row > 1 - 1e-9 for a, b in itertools.pairwise(spots))
    for (tail, head), path in layout.paths.items():
        assert (path[0], path[-1]) == (layout.nodes[tail], layout.nodes[head])
        assert {abs(b.layer - a.layer) for a, b in itertools.pairwise(path)} == {1}


@pytest.mark.parametrize("name", ["sparse", "dense", "cycles"])
def test_a_layout_depends_on_nothing_but_the_graph(name: str) -> None:
    nodes, edges = edges_of(name)
    assert layered(nodes, edges) == layered(nodes[::-1], [*edges[::-1], *edges])


def test_edges_of_a_graph_without_cycles_lead_to_the_right() -> None:
    nodes, edges = edges_of("forward")
    forward = [(a, b) for a, b in edges if int(a[1:]) < int(b[1:])]
    layout = layered(nodes, forward)
    assert all(layout.nodes[a].layer < layout.nodes[b].layer for a, b in forward)


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main([str(one) for one in arguments])
    return code, *capsys.readouterr()


def test_claims_are_checked_when_asked_for_and_remembered(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "relations", "--root", project)
    assert code == 0 and "2 claims: 2 not checked" in out and "without relations: single" in out
    code, out, err = run(capsys, "relations", "--check", "--root", project)
    assert code == 1 and "2 claims: 1 failed, 1 proved" in out and "shifted: claim 1: FAILED at x = " in err
    code, out, _ = run(capsys, "relations", "fourfold", "--json", "--root", project)
    assert code == 0 and [one["status"] for one in json.loads(out)] == [None, "proved"]
    path = project / "equations" / "even" / "doubling.yaml"
    path.write_text(path.read_text().replace("2*x", "x*2"))
    assert "2 not checked" in run(capsys, "relations", "--root", project)[1]


def test_what_was_kept_may_be_spoilt(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "relations", "--check", "--root", project)
    (project / KEPT).write_text('["spoilt"]')
    assert "1 failed, 1 proved" in run(capsys, "relations", "--check", "--root", project)[1]


def test_show_tells_what_follows_from_what(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "show", "doubling", "--root", project)
    assert "From it follow" in out and "Follows from" not in out
    assert 'fourfold: twice "2x" [proved]' in out and "shifted: wrong [failed]" in out
    _, out, _ = run(capsys, "show", "fourfold", "--root", project)
    assert "Follows from\n  doubling (composed)\n" in out


@pytest.mark.parametrize(("arguments", "hint"), [(["--area", "evn"], "even"), (["singel"], "single")])
def test_unknown_names_are_answered_with_the_nearest(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], hint: str
) -> None:
    code, _, err = run(capsys, "relations", *arguments, "--root", project)
    assert code == 1 and hint in err


@pytest.mark.parametrize("form", ["--dot", "--svg"])
def test_pictures_of_the_whole_collection(capsys: pytest.CaptureFixture[str], form: str) -> None:
    code, out, _ = run(capsys, "relations", form, "--root", ROOT)
    assert code == 0 and out.count("follows from" if form == "--svg" else "->") == len(web_of(ROOT).edges)
