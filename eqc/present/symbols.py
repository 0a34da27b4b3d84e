"""How names are typeset: the glossary's LaTeX with its index slots, or a spelling that follows from the name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from eqc.present.piece import enclosed

GREEK = frozenset(
    (
        *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu"),
        *("xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma", "Delta", "Theta"),
        *("Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega", "varepsilon", "varphi", "ell"),
    )
)
ACCENTS: Mapping[str, str] = {
    "hat": r"\hat",
    "bar": r"\bar",
    "tilde": r"\tilde",
    "dot": r"\dot",
    "ddot": r"\ddot",
    "check": r"\check",
    "vec": r"\vec",
}
SPELLINGS: Mapping[str, str] = {"lam": r"\lambda", "eps": r"\epsilon", "sig": r"\sigma"}
"""Names for letters whose full name means something else in Python, or is long."""
_PIECES = r"\\[A-Za-z]+\*?|\\.|[A-Za-z]'*|\s+|."
_UPRIGHT = frozenset({r"\text", r"\mathrm", r"\operatorname", r"\mathbf", r"\mathcal", r"\mathbb", r"\mathit"})
_ACCENT_COMMANDS = frozenset({*ACCENTS.values(), r"\widehat", r"\widetilde", r"\overline", r"\underline"})


@dataclass(frozen=True, slots=True)
class Notation:
    """How a symbol is typeset: its LaTeX, in which the index names of `index` stand for its positions."""

    latex: str
    index: tuple[str, ...] = ()

    def at(self, positions: tuple[str, ...]) -> str:
        """The LaTeX of one entry.

        >>> Notation(r"\\hat{y}_{c}^{(i)}", ("i", "c")).at(("n", "k"))
        '\\\\hat{y}_{k}^{(n)}'
        >>> Notation("P(x)", ("x",)).at(("j",))
        'P(j)'
        >>> Notation(r"h_t").at(("j",))
        '(h_t)_j'
        """
        if not positions:
            return without_slots(self)
        if len(positions) < len(self.index):
            return indexed(without_slots(self), positions)
        pieces = _pieces(self.latex, self.index)
        slots = _slots(pieces, self.index)
        values = dict(zip(self.index, positions, strict=False))
        rest = tuple(values[name] for name in self.index if name not in slots.values()) + positions[len(self.index) :]
        return indexed(_fill(pieces, slots, values), rest)


def indexed(base: str, positions: tuple[str, ...]) -> str:
    """A base with positions below it; one with scripts of its own is put in brackets.

    >>> indexed("A", ("i", "j")), indexed("h_t", ("i + 1", "j"))
    ('A_{ij}', '(h_t)_{i + 1, j}')
    """
    if not positions:
        return base
    head = enclosed(base, "(", ")") if re.search(r"[_^(|' ]", base) else base
    below = join_positions(positions)
    return f"{head}_{below}" if len(below) == 1 else f"{head}_{{{below}}}"


def join_positions(positions: tuple[str, ...]) -> str:
    """Positions side by side if each is one letter, else separated by commas."""
    return "".join(positions) if all(_is_letter(p) for p in positions) else ", ".join(positions)


def _is_letter(text: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z]'*|\d", text))


def _pieces(latex: str, index: tuple[str, ...]) -> list[str]:
    """The pieces of a pattern; an index name of several letters is one of them."""
    words = "".join(rf"{re.escape(name)}(?![A-Za-z])|" for name in index if len(name) > 1)
    return re.findall(words + _PIECES, latex, re.DOTALL)


def _slots(pieces: list[str], index: tuple[str, ...]) -> dict[int, str]:
    """Where index names stand in a pattern: piece number -> name. Only inside scripts and brackets, never in words."""
    found: dict[int, str] = {}
    depth, skip, script, command = 0, [False], False, ""
    for number, piece in enumerate(pieces):
        if piece in "{([":
            skip.append(command in _UPRIGHT or command in _ACCENT_COMMANDS)
            depth += 1
        elif piece in "})]" and depth:
            skip.pop()
            depth -= 1
        elif piece in index and (depth or script) and not any(skip):
            found[number] = piece
        if not piece.isspace():
            script = piece in "_^"
            command = piece if piece.startswith("\\") else ""
    return found


def _fill(pieces: list[str], slots: Mapping[int, str], values: Mapping[str, str]) -> str:
    """The pattern with positions in its slots; slots side by side get commas where one is more than a letter."""
    spread = any(not _is_letter(value) for value in values.values())
    parts: list[str] = []
    for number, piece in enumerate(pieces):
        if number not in slots:
            parts.append(", " if spread and piece == "," and number + 1 in slots else piece)
            continue
        value = values[slots[number]]
        if parts and parts[-1] in "_^":
            value = value if _is_letter(value) else f"{{{value}}}"
        parts.append(f", {value}" if spread and number - 1 in slots else value)
    return "".join(parts)


def without_slots(notation: Notation) -> str:
    """The bare letter of an array whose pattern has index slots.

    >>> without_slots(Notation(r"\\hat{y}_{c}^{(i)}", ("i", "c")))
    '\\\\hat{y}'
    >>> without_slots(Notation("P(x)", ("x",)))
    'P'
    """
    pieces = _pieces(notation.latex, notation.index)
    slots = _slots(pieces, notation.index)
    if not slots:
        return notation.latex
    for number in slots:
        pieces[number] = ""
    bare, before = "".join(pieces), ""
    while bare != before:
        before = bare
        bare = re.sub(r"[_^]?(\{[\s,]*\}|\([\s,]*\)|\[[\s,]*\])|[_^](?=[_^]|$)", "", bare)
    return bare.strip() or notation.latex


def accented(latex: str, accent: str) -> str:
    """A symbol with one more accent, below which its scripts do not stand.

    >>> accented(r"\\hat{y}_{c}^{(i)}", r"\\bar"), accented("h_t", r"\\dot")
    ('\\\\bar{\\\\hat{y}}_{c}^{(i)}', '\\\\dot{h}_t')
    """
    depth = 0
    for n, character in enumerate(latex):
        if depth == 0 and n and character in "_^(":
            return f"{accent}{{{latex[:n]}}}{latex[n:]}"
        depth += (character in "{([") - (character in "})]")
    return f"{accent}{{{latex}}}"


def default_latex(name: str) -> str:
    """The LaTeX of a symbol whose glossary entry has none: it follows from the name.

    >>> [default_latex(name) for name in ("x", "alpha", "x_hat", "yhat", "W_hz", "d_k", "x1", "stride", "a_b_c")]
    ['x', '\\\\alpha', '\\\\hat{x}', '\\\\hat{y}', 'W_{hz}', 'd_k', 'x_1', '\\\\mathrm{stride}', 'a_{b, c}']
    """
    head, *rest = name.split("_")
    if not head:
        return spelt_out(name)
    base, digits = _split_digits(head)
    subscripts = [digits] if digits else []
    letter = _letter(base)
    for part in rest:
        if part in ACCENTS and not subscripts:
            letter = f"{ACCENTS[part]}{{{letter}}}"
        elif part:
            subscripts.append(part)
    if not subscripts:
        return letter
    inner = ", ".join(_subscript(part) for part in subscripts)
    return f"{letter}_{inner}" if len(inner) == 1 else f"{letter}_{{{inner}}}"


def spelt_out(name: str) -> str:
    """A name as it is written in formulas, upright.

    >>> spelt_out("rate")
    '\\\\mathrm{rate}'
    """
    return rf"\mathrm{{{name}}}".replace("_", r"\_")


def _split_digits(name: str) -> tuple[str, str]:
    found = re.fullmatch(r"([A-Za-z]+?)(\d+)", name)
    return (found[1], found[2]) if found else (name, "")


def _letter(name: str) -> str:
    if len(name) == 1:
        return name
    if name in GREEK:
        return f"\\{name}"
    if name in SPELLINGS:
        return SPELLINGS[name]
    for accent, command in ACCENTS.items():
        rest = name.removesuffix(accent)
        if rest != name and rest and (len(rest) == 1 or rest in GREEK):
            return f"{command}{{{_letter(rest)}}}"
    return rf"\mathrm{{{name}}}"


def _subscript(name: str) -> str:
    base, digits = _split_digits(name)
    if base in GREEK:
        return f"\\{base} {digits}".strip()
    return name if len(name) <= 2 or name.isdigit() else rf"\mathrm{{{name}}}"
