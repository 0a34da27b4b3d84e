"""A layered layout of a directed graph: every edge leads to the right, with few crossings.

The steps are those of Sugiyama, Tagawa and Toda (1981): edges that close a cycle are turned round, nodes get the layer
of their longest path, edges over several layers pass through places of their own, and sweeps of barycentres order each
layer. Connected parts are laid out one below the other. The result depends on the names and edges alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

Edge = tuple[str, str]
_SWEEPS = 12
_GAP = 1.0
_PART_GAP = 1.5


class Spot(NamedTuple):
    """A place: the layer from the left, and how far down, in units of a row."""

    layer: int
    row: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the nodes are, and through which spots each edge runs from its tail to its head."""

    nodes: Mapping[str, Spot]
    paths: Mapping[Edge, tuple[Spot, ...]]
    layers: int
    rows: float


Place = str | tuple[str, str, int]
"""A node, or where an edge passes through a layer."""


def layered(nodes: Iterable[str], edges: Iterable[Edge]) -> Layout:
    """Lay out a graph; edges from a node to itself are left out.

    >>> found = layered(["a", "b", "c"], [("a", "b"), ("b", "c"), ("a", "c")])
    >>> [found.nodes[n].layer for n in "abc"], len(found.paths["a", "c"])
    ([0, 1, 2], 3)
    """
    names = sorted(nodes)
    pairs = sorted({edge for edge in edges if edge[0] != edge[1]})
    spots: dict[str, Spot] = {}
    paths: dict[Edge, tuple[Spot, ...]] = {}
    top = 0.0
    for part in _parts(names, pairs):
        found, routes = _part(part, [edge for edge in pairs if edge[0] in part], top)
        spots |= found
        paths |= routes
        top = max(spot.row for route in ({**found}.values(), *routes.values()) for spot in route) + _PART_GAP
    return Layout(spots, paths, 1 + max((s.layer for s in spots.values()), default=-1), max(0.0, top - _PART_GAP + 1))


def _parts(nodes: Sequence[str], edges: Sequence[Edge]) -> list[frozenset[str]]:
    """The connected parts, large ones first."""
    leader = {node: node for node in nodes}

    def find(node: str) -> str:
        while leader[node] != node:
            leader[node] = node = leader[leader[node]]
        return node

    for tail, head in edges:
        one, other = sorted((find(tail), find(head)))
        leader[other] = one
    parts: dict[str, list[str]] = {}
    for node in nodes:
        parts.setdefault(find(node), []).append(node)
    return [frozenset(part) for part in sorted(parts.values(), key=lambda part: (-len(part), part))]


def _part(
    nodes: frozenset[str], edges: Sequence[Edge], top: float
) -> tuple[dict[str, Spot], dict[Edge, tuple[Spot, ...]]]:
    forward = _acyclic(sorted(nodes), edges)
    layer = _layers(sorted(nodes), sorted(set(forward.values())))
    routes = {edge: _route(way, layer) for edge, way in forward.items()}
    levels: list[list[Place]] = [[] for _ in range(1 + max(layer.values()))]
    for node in sorted(nodes):
        levels[layer[node]].append(node)
    for way in sorted(set(forward.values())):
        for place in _route(way, layer)[1:-1]:
            levels[layer[way[0]] + int(place[2])].append(place)
    chains = sorted({tuple(route) for route in routes.values()}, key=str)
    row = _rows(levels, _neighbours(chains), top)
    at = {place: Spot(k, row[place]) for k, level in enumerate(levels) for place in level}
    spots = {node: at[node] for node in sorted(nodes)}
    turned = {edge for edge, way in forward.items() if edge != way}
    return spots, {e: tuple(at[p] for p in (reversed(r) if e in turned else r)) for e, r in routes.items()}


def _acyclic(nodes: Sequence[str], edges: Sequence[Edge]) -> dict[Edge, Edge]:
    """Each edge, turned round where it closes a cycle: those back to a node from which the search came."""
    following: dict[str, list[str]] = {node: [] for node in nodes}
    for tail, head in edges:
        following[tail].append(head)
    back: set[Edge] = set()
    done: set[str] = set()
    sources = sorted(nodes, key=lambda node: (sum(head == node for _, head in edges), node))
    for start in sources:
        if start not in done:
            _search(start, following, done, back)
    return {edge: (edge[1], edge[0]) if edge in back else edge for edge in edges}


def _search(start: str, following: Mapping[str, Sequence[str]], done: set[str], back: set[Edge]) -> None:
    """Go depth first, without recursion, and note the edges that lead back to the path."""
    path, ways = [start], [iter(following[start])]
    on_path = {start}
    while path:
        head = next(ways[-1], None)
        if head is None:
            done.add(path[-1])
            on_path.discard(path.pop())
            ways.pop()
        elif head in on_path:
            back.add((path[-1], head))
        elif head not in done:
            path.append(head)
            on_path.add(head)
            ways.append(iter(following[head]))


def _layers(nodes: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """The length of the longest path to each node; sources stand right before what needs them first."""
    heads: dict[str, list[str]] = {node: [] for node in nodes}
    missing = dict.fromkeys(nodes, 0)
    for tail, head in edges:
        heads[tail].append(head)
        missing[head] += 1
    layer = dict.fromkeys(nodes, 0)
    ready = [node for node in nodes if not missing[node]]
    sources = tuple(ready)
    for node in ready:
        for head in heads[node]:
            layer[head] = max(layer[head], layer[node] + 1)
            missing[head] -= 1
            if not missing[head]:
                ready.append(head)
    for node in sources:
        layer[node] = min((layer[head] for head in heads[node]), default=1) - 1
    return layer


def _route(way: Edge, layer: Mapping[str, int]) -> tuple[Place, ...]:
    """The places of an edge, one in each layer."""
    tail, head = way
    between = range(1, layer[head] - layer[tail])
    return (tail, *((tail, head, step) for step in between), head)


def _neighbours(chains: Iterable[Sequence[Place]]) -> dict[Place, tuple[list[Place], list[Place]]]:
    """For each place those to its left and those to its right."""
    found: dict[Place, tuple[list[Place], list[Place]]] = {}
    for chain in chains:
        for left, right in pairwise(chain):
            found.setdefault(left, ([], []))[1].append(right)
            found.setdefault(right, ([], []))[0].append(left)
    return found


def _rows(
    levels: list[list[Place]], near: Mapping[Place, tuple[list[Place], list[Place]]], top: float
) -> dict[Place, float]:
    """Order the layers by barycentres, sweep after sweep to the right and to the left, and give each place a row."""
    row: dict[Place, float] = {place: float(k) for level in levels for k, place in enumerate(level)}
    for sweep in range(_SWEEPS):
        side = sweep % 2
        for level in levels if side == 0 else reversed(levels):
            wanted = {place: _mean(near.get(place, ([], []))[side], row, row[place]) for place in level}
            level.sort(key=lambda place: (wanted[place], str(place)))
            _settle(level, wanted, row)
    least = min(row.values())
    return {place: value - least + top for place, value in row.items()}


def _mean(places: Sequence[Place], row: Mapping[Place, float], otherwise: float) -> float:
    return sum(row[place] for place in places) / len(places) if places else otherwise


def _settle(level: Sequence[Place], wanted: Mapping[Place, float], row: dict[Place, float]) -> None:
    """Put a layer's places near where they want to be, a row apart: groups that touch share their shift."""
    groups: list[tuple[float, int]] = []  # the first row of each group, and how many places it has
    for place in level:
        start, size = wanted[place], 1
        while groups and groups[-1][0] + groups[-1][1] * _GAP > start:
            before, count = groups.pop()
            start = (before * count + (start - count * _GAP) * size) / (count + size)
            size += count
        groups.append((start, size))
    rows = (start + k * _GAP for start, size in groups for k in range(size))
    row.update(zip(level, rows, strict=True))
