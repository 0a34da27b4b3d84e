"""The web of relations as text, in the DOT language and as SVG; solid edges are compositions, dashed ones claims."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import pairwise

from eqc.relations.layout import Layout, Spot, layered
from eqc.relations.web import Link, Web

Labels = Mapping[tuple[str, int], str]
"""What is known of a claim, by the id of its record and its number, as a word such as proved."""

_COLUMN = 60
_ROW = 22
_HEIGHT = 16
_LETTER = 6.7
_MARGIN = 12
_ARROW = 6


def as_text(web: Web, evidence: Labels) -> str:
    """Every equation with what it follows from, by area.

    >>> web = Web({"cosh": "a", "sinh": "a"}, (Link(("cosh",), "sinh", "claim", "slope", 0),))
    >>> print(as_text(web, {("sinh", 0): "proved"}))
    a
      sinh
        <- cosh: slope [proved]
    """
    lines: list[str] = []
    for area in sorted(set(web.areas.values())):
        ids = [node for node, place in web.areas.items() if place == area and web.into(node)]
        lines += [area] if ids else []
        for node in ids:
            lines += [f"  {node}", *(f"    <- {line}" for line in premises(web.into(node), evidence))]
    return "\n".join(lines)


def premises(links: Iterable[Link], evidence: Labels) -> list[str]:
    """A line for every link to an equation: what it follows from, and how that is known."""
    return [f"{', '.join(link.premises)}{_how(link, evidence)}" for link in links]


def conclusions(links: Iterable[Link], evidence: Labels) -> list[str]:
    """A line for every link from an equation: what follows from it, and how that is known."""
    return [f"{link.conclusion}{_how(link, evidence)}" for link in links]


def _how(link: Link, evidence: Labels) -> str:
    if link.kind == "composition":
        return " (composed)"
    known = evidence.get((link.conclusion, link.number), "")
    return f": {link.name}" + (f" [{known}]" if known else "")


def as_dot(web: Web) -> str:
    """The graph for Graphviz; records without relations are left out."""
    lines = ["digraph relations {", "  rankdir=LR;", '  node [shape=box, fontname="monospace", fontsize=10];']
    apart = set(web.apart)
    for number, area in enumerate(sorted(set(web.areas.values()))):
        ids = [node for node, place in web.areas.items() if place == area and node not in apart]
        if ids:
            lines += [f"  subgraph cluster_{number} {{", f'    label="{area}";']
            lines += [*(f'    "{node}";' for node in ids), "  }"]
    for (premise, conclusion), links in sorted(web.edges.items()):
        style = "solid" if _composed(links) else "dashed"
        told = _told(links).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        lines.append(f'  "{premise}" -> "{conclusion}" [style={style}, tooltip="{told}"];')
    return "\n".join((*lines, "}"))


def as_svg(web: Web) -> str:
    """The graph as a picture of its own; each edge tells what it stands for when it is pointed at.

    >>> as_svg(Web({"cosh": "a", "sinh": "a"}, (Link(("cosh",), "sinh", "claim", "slope", 0),))).count("<text")
    2
    """
    apart = set(web.apart)
    edges = web.edges
    layout = layered((node for node in web.areas if node not in apart), edges)
    lefts = _lefts(layout)
    width = lefts[-1] + _MARGIN if lefts else 2 * _MARGIN
    height = layout.rows * _ROW + 2 * _MARGIN
    hues = _hues(web.areas.values())
    body = [_edge(layout, lefts, edge, links) for edge, links in sorted(edges.items()) if edge in layout.paths]
    body += [_node(node, web.areas[node], spot, lefts, hues) for node, spot in sorted(layout.nodes.items())]
    return "\n".join((_opening(width, height), *body, "</svg>"))


def _opening(width: float, height: float) -> str:
    box = f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}"'
    marker = (
        f'<defs><marker id="to" markerWidth="{_ARROW}" markerHeight="{_ARROW}" refX="{_ARROW}" refY="3" orient="auto">'
        f'<path d="M0 0 L{_ARROW} 3 L0 6 z" fill="#666"/></marker></defs>'
    )
    style = "font-family: monospace; font-size: 11px; background: white"
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box} style="{style}">\n{marker}'


def _lefts(layout: Layout) -> list[float]:
    """Where each layer begins, and where the last one ends."""
    lefts = [float(_MARGIN)]
    for layer in range(layout.layers):
        names = [node for node, spot in layout.nodes.items() if spot.layer == layer]
        gap = _COLUMN if layer + 1 < layout.layers else 0
        lefts.append(lefts[-1] + _width(max(names, key=len, default="")) + gap)
    return lefts


def _width(name: str) -> float:
    return len(name) * _LETTER + 10


def _hues(areas: Iterable[str]) -> dict[str, int]:
    names = sorted(set(areas))
    return {area: round(360 * k / len(names)) for k, area in enumerate(names)}


def _middle(spot: Spot) -> float:
    return _MARGIN + (spot.row + 0.5) * _ROW


def _node(node: str, area: str, spot: Spot, lefts: Sequence[float], hues: Mapping[str, int]) -> str:
    x, y = lefts[spot.layer], _middle(spot)
    box = f'x="{x:.1f}" y="{y - _HEIGHT / 2:.1f}" width="{_width(node):.1f}" height="{_HEIGHT}" rx="3"'
    fill = f'fill="hsl({hues[area]}, 70%, 92%)" stroke="hsl({hues[area]}, 40%, 60%)"'
    label = f'<text x="{x + 5:.1f}" y="{y + 4:.1f}">{escape(node)}</text>'
    return f'<g id="{escape(node)}"><title>{escape(area)}</title><rect {box} {fill}/>{label}</g>'


def _edge(layout: Layout, lefts: Sequence[float], edge: tuple[str, str], links: Sequence[Link]) -> str:
    """A smooth line through the edge's spots; one that was turned round to break a cycle leads to the left."""
    spots = layout.paths[edge]
    rightward = spots[0].layer < spots[-1].layer
    ends = [lefts[spot.layer] for spot in spots]
    for k, name in ((0, edge[0]), (-1, edge[1])):
        ends[k] += _width(name) if (k == 0) == rightward else 0
    points = [(x, _middle(spot)) for x, spot in zip(ends, spots, strict=True)]
    way = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for (x0, y0), (x1, y1) in pairwise(points):
        half = (x0 + x1) / 2
        way.append(f"C{half:.1f} {y0:.1f} {half:.1f} {y1:.1f} {x1:.1f} {y1:.1f}")
    dash = "" if _composed(links) else ' stroke-dasharray="4 3"'
    told = escape(f"{edge[1]} follows from {edge[0]}: {_told(links)}")
    line = f'<path d="{" ".join(way)}" fill="none" stroke="#999"{dash} marker-end="url(#to)"/>'
    return f"<g><title>{told}</title>{line}</g>"


def _composed(links: Sequence[Link]) -> bool:
    return any(link.kind == "composition" for link in links)


def _told(links: Sequence[Link]) -> str:
    return "; ".join(link.name or "composed" for link in links)
