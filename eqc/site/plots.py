"""A plot of a record's value and slope along one input, as SVG; the numbers are the oracle's."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from eqc.errors import EqcError
from eqc.records.model import Domain, Record
from eqc.verify.balls import as_float
from eqc.verify.instances import instances
from eqc.verify.oracle import Oracle
from eqc.verify.session import Records

POINTS = 81
_WIDE, _HIGH, _EDGE = 420, 240, 36
_COLOURS = ("#1f6fb2", "#c2571a")
_REACH = 4.0
_STRANGE = (EqcError, NotImplementedError, ArithmeticError, TypeError, ValueError)

Curve = Sequence[tuple[float, float]]


def plot_of(record: Record, records: Records) -> str | None:
    """The plot of a record's first output that is a number along its first differentiable input; None without both.

    The other inputs are those of the record's first example, so that a record with several needs one.

    >>> from eqc.records.load import load_text
    >>> text = "title: Square\\nsympy: x**2\\nsymbols: {x: input}"
    >>> plot_of(load_text(text, id="square", area="a", file="square.yaml"), {}).count("<polyline")
    2
    """
    if any(entry.kind == "function" for entry in record.symbols.values()):
        return None
    oracle = Oracle(instances(record)[0].record, records)
    reading = oracle.reading
    along = next((name for name in reading.differentiable if not reading.shapes.get(name)), None)
    output = next((n for n in reading.outputs if not reading.shapes.get(n) and not reading.is_integer(n)), None)
    if along is None or output is None:
        return None
    others = {name: value for name, value in _given(record).items() if name != along}
    missing = [n for n in reading.inputs if n != along and n not in others and record.symbols[n].default is None]
    if missing:
        return None
    return _drawn(oracle, others, along, output)


def _given(record: Record) -> Mapping[str, object]:
    return record.examples[0].given if record.examples else {}


def _drawn(oracle: Oracle, others: Mapping[str, Any], along: str, output: str) -> str | None:
    low, high = span(oracle.record.symbols[along].domain)
    places = [low + (high - low) * k / (POINTS - 1) for k in range(POINTS)]
    found = [_at(oracle, others, along, output, place) for place in places]
    curves = [[(x, pair[k]) for x, pair in zip(places, found, strict=True) if pair] for k in (0, 1)]
    finite = [[(x, y) for x, y in curve if math.isfinite(y)] for curve in curves]
    held = ", ".join(f"{name} = {value}" for name, value in others.items())
    return svg(finite, (output, f"slope in {along}"), along, held) if len(finite[0]) > 1 else None


def span(domain: Domain) -> tuple[float, float]:
    """The part of a domain that is drawn: all of it if it is bounded, otherwise some units from its ends or from 0.

    >>> span(Domain()), span(Domain("positive", lower=0))
    ((-4.0, 4.0), (0.0625, 4.0625))
    """
    low = -_REACH if domain.lower is None else float(domain.lower)
    high = (_REACH if domain.lower is None else low + _REACH) if domain.upper is None else float(domain.upper)
    if domain.lower is None and domain.upper is not None:
        low = high - _REACH
    inset = (high - low) / 64
    bounded = domain.lower is not None, domain.upper is not None
    if bounded == (True, False) and domain.lower_open:
        return low + inset, high + inset
    return low + inset * (bounded[0] and domain.lower_open), high - inset * (bounded[1] and domain.upper_open)


def _at(oracle: Oracle, others: Mapping[str, Any], along: str, output: str, place: float) -> tuple[float, float] | None:
    """Value and slope at a point; None where the formula has none."""
    try:
        truth = oracle.evaluate({**others, along: place}, [{along: np.ones(())}], lenient=True)
    except _STRANGE:
        return None
    return float(as_float(truth.values[output])), float(as_float(truth.first[0][output]))


def svg(curves: Sequence[Curve], names: Sequence[str], along: str, held: str = "") -> str:
    """Curves over one axis, with the ranges at the edges and the names in the curves' colours."""
    xs = [x for curve in curves for x, _ in curve]
    ys = _trimmed([y for curve in curves for _, y in curve])
    box = (min(xs), max(xs), min(ys), max(ys))
    lines = [_polyline(curve, box, colour) for curve, colour in zip(curves, _COLOURS, strict=False)]
    labels = [
        f'<text x="{_EDGE + 8 + 130 * k}" y="16" fill="{_COLOURS[k]}">{escape(name)}</text>'
        for k, name in enumerate(names)
    ]
    ends = (
        (_EDGE, _HIGH - 8, "start", f"{box[0]:.3g}"),
        (_WIDE - 8, _HIGH - 8, "end", f"{box[1]:.3g}"),
        (_WIDE / 2, _HIGH - 8, "middle", f"{along}{f'  ({held})' if held and len(held) < 40 else ''}"),
        (_EDGE - 4, _HIGH - _EDGE + 4, "end", f"{box[2]:.2g}"),
        (_EDGE - 4, 34, "end", f"{box[3]:.2g}"),
    )
    texts = [f'<text x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>' for x, y, anchor, text in ends]
    frame = f'<rect x="{_EDGE}" y="26" width="{_WIDE - _EDGE - 8}" height="{_HIGH - _EDGE - 26}" fill="none"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {_HIGH}" width="{_WIDE}" height="{_HIGH}"'
    return "\n".join((f'{head} class="plot">', f'{frame} stroke="#bbb"/>', *lines, *labels, *texts, "</svg>"))


def _trimmed(values: Sequence[float]) -> list[float]:
    """The values without the few that would flatten all others."""
    ordered = sorted(values)
    cut = len(ordered) // 40
    kept = ordered[cut : len(ordered) - cut]
    return [kept[0], kept[-1]] if kept[-1] > kept[0] else [kept[0] - 1, kept[0] + 1]


def _polyline(curve: Curve, box: tuple[float, float, float, float], colour: str) -> str:
    left, right, bottom, top = box
    wide, high = _WIDE - _EDGE - 8, _HIGH - _EDGE - 26
    points = (
        (_EDGE + wide * (x - left) / (right - left), 26 + high * min(1.0, max(0.0, (top - y) / (top - bottom))))
        for x, y in curve
    )
    listed = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{listed}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
