r"""LaTeX as MathML, which browsers and notebooks draw without help."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

_SPELLINGS: Mapping[str, str] = {
    # what the converter lacks, by what it has
    r"\begin{aligned}": r"\begin{array}{rl}",
    r"\end{aligned}": r"\end{array}",
    r"\arg\m": r"\mathrm{arg}\m",  # \arg\min and \arg\max
    r"\operatorname*": r"\mathrm",
    r"\operatorname": r"\mathrm",
    # it copies words raw, and a record's text must not become markup
    "<": r"\lt ",
    ">": r"\gt ",
}
_SUSPECT = re.compile(r"""&(?!\#x?[0-9A-Fa-f]+;)|\b(?:href|src|style|on\w+)\s*=|\\""")


def html_of(latex: str) -> str:
    r"""A formula as an HTML block: MathML, or the LaTeX between `\[` and `\]` where that cannot be drawn.

    >>> html_of("x^2")[:5], html_of(r"\begin{nonsense}")
    ('<math', '\\[ \\begin{nonsense} \\]')
    """
    from latex2mathml import converter, exceptions  # only notebooks need it

    text = latex
    for old, new in _SPELLINGS.items():
        text = text.replace(old, new)
    found = (kind for kind in vars(exceptions).values() if isinstance(kind, type) and issubclass(kind, Exception))
    known: tuple[type[Exception], ...] = (*found, ValueError, IndexError, KeyError, StopIteration, RecursionError)
    try:
        drawn = str(converter.convert(text, display="block"))
    except known:
        drawn = "&"
    return rf"\[ {escape(latex, quote=False)} \]" if _SUSPECT.search(drawn) else drawn
