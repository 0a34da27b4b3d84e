"""The LaTeX commands that formulas use, as tables: what is dropped, what means the same, what takes arguments."""

from __future__ import annotations

from collections.abc import Mapping

DROPPED: frozenset[str] = frozenset(
    (
        *(r"\displaystyle", r"\textstyle", r"\scriptstyle", r"\limits", r"\nolimits", r"\nonumber", r"\notag"),
        *(r"\!", r"\/", r"\hfill", r"\relax", r"\strut", r"\boldmath", r"\allowbreak", r"\centering"),
    )
)
"""What changes how a formula looks and nothing else."""

SPACES: frozenset[str] = frozenset((r"\,", r"\:", r"\;", r"\>", r"\ ", "~", r"\thinspace", r"\medspace", r"\enspace"))
"""Spaces between factors; they end the argument of a function without brackets."""

WIDE_SPACES: frozenset[str] = frozenset((r"\quad", r"\qquad", r"\hspace", r"\hskip"))
"""Spaces that set statements apart."""

SIZES: Mapping[str, str] = {
    **dict.fromkeys((r"\left", r"\bigl", r"\Bigl", r"\biggl", r"\Biggl"), "open"),
    **dict.fromkeys((r"\right", r"\bigr", r"\Bigr", r"\biggr", r"\Biggr"), "close"),
    **dict.fromkeys((r"\middle", r"\bigm", r"\Bigm", r"\biggm", r"\Biggm"), "middle"),
    **dict.fromkeys((r"\big", r"\Big", r"\bigg", r"\Bigg"), ""),
}
"""Commands before a bracket, and on which side it then stands."""

SAME: Mapping[str, str] = {
    r"\dfrac": r"\frac",
    r"\tfrac": r"\frac",
    r"\cfrac": r"\frac",
    r"\nicefrac": r"\frac",
    r"\sfrac": r"\frac",
    r"\dbinom": r"\binom",
    r"\tbinom": r"\binom",
    r"\lVert": r"\|",
    r"\rVert": r"\|",
    r"\Vert": r"\|",
    r"\lvert": "|",
    r"\rvert": "|",
    r"\vert": "|",
    r"\mid": "|",
    r"\parallel": r"\|",
    r"\lbrace": r"\{",
    r"\rbrace": r"\}",
    r"\lbrack": "[",
    r"\rbrack": "]",
    r"\lparen": "(",
    r"\rparen": ")",
    r"\le": "<=",
    r"\leq": "<=",
    r"\leqslant": "<=",
    r"\ge": ">=",
    r"\geq": ">=",
    r"\geqslant": ">=",
    r"\lt": "<",
    r"\gt": ">",
    r"\ne": "!=",
    r"\neq": "!=",
    r"\times": r"\times",
    r"\ast": "*",
    r"\star": "*",
    r"\circledast": "*",
    r"\bullet": r"\cdot",
    r"\div": "/",
    r"\gets": r"\leftarrow",
    r"\coloneqq": ":=",
    r"\triangleq": "=",
    r"\equiv": "=",
    r"\stackrel": "=",
    r"\doteq": "=",
    r"\implies": r"\Rightarrow",
    r"\Longrightarrow": r"\Rightarrow",
    r"\iff": r"\Rightarrow",
    r"\wedge": r"\land",
    r"\vee": r"\lor",
    r"\neg": r"\lnot",
    r"\dots": r"\ldots",
    r"\dotsc": r"\ldots",
    r"\intercal": r"\top",
    r"\dag": r"\dagger",
    r"\colon": ":",
    r"\varepsilon": r"\varepsilon",
    r"\mod": r"\bmod",
    r"\infin": r"\infty",
    r"\widehat": r"\hat",
    r"\widetilde": r"\tilde",
    r"\overline": r"\bar",
    r"\cr": r"\\",
    r"\tanh": r"\tanh",
}
"""Command -> the one that stands for it from here on."""

SIDE: Mapping[str, str] = {
    r"\lVert": "open",
    r"\lvert": "open",
    r"\rVert": "close",
    r"\rvert": "close",
    r"\mid": "middle",
    r"\parallel": "middle",
}
"""Bars that say on which side they stand."""

STYLES: frozenset[str] = frozenset(
    (
        *(r"\mathbf", r"\boldsymbol", r"\bm", r"\mathbb", r"\mathcal", r"\mathscr", r"\mathfrak", r"\mathsf", r"\vec"),
        *(r"\mathit", r"\mathtt", r"\pmb", r"\underline", r"\bf", r"\symbf"),
    )
)
"""Faces of letters: part of a symbol's name, but for a glossary that has the letter without them."""

PLAIN_STYLES: frozenset[str] = frozenset((r"\mathbf", r"\boldsymbol", r"\bm", r"\pmb", r"\vec", r"\mathit", r"\symbf"))
"""Faces that only say that something is a vector or a matrix."""

WORDS: frozenset[str] = frozenset(
    (
        *(r"\mathrm", r"\text", r"\operatorname", r"\operatorname*", r"\textrm", r"\textbf", r"\textit", r"\mbox"),
        *(r"\textnormal", r"\texttt", r"\textsf", r"\mathop", r"\rm"),
    )
)
"""What sets a name of several letters, or words."""

ACCENTS: frozenset[str] = frozenset(
    (
        *(r"\hat", r"\bar", r"\tilde", r"\dot", r"\ddot", r"\check", r"\breve", r"\acute", r"\grave", r"\mathring"),
        *(r"\overrightarrow", r"\overleftarrow"),
    )
)

ARGUMENTS: Mapping[str, int] = {
    r"\frac": 2,
    r"\binom": 2,
    r"\sqrt": 1,
    r"\overset": 2,
    r"\underset": 2,
    r"\underbrace": 1,
    r"\overbrace": 1,
    r"\boxed": 1,
    r"\substack": 1,
    r"\phantom": 1,
    r"\tag": 1,
    r"\label": 1,
    r"\color": 1,
    r"\textcolor": 2,
    r"\cancel": 1,
    r"\pmod": 1,
}
"""Commands with arguments that are none of the above."""

OPENERS: Mapping[str, str] = {
    "(": ")",
    "[": "]",
    r"\{": r"\}",
    r"\langle": r"\rangle",
    r"\lfloor": r"\rfloor",
    r"\lceil": r"\rceil",
}
CLOSERS: frozenset[str] = frozenset(OPENERS.values())
BARS: frozenset[str] = frozenset(("|", r"\|"))

SIGNS: frozenset[str] = frozenset(
    (
        *("+", "-", "*", "/", "=", "<", ">", "<=", ">=", "!=", ":=", ",", ";", ":", "!", ".", "?"),
        *(r"\cdot", r"\times", r"\odot", r"\otimes", r"\oplus", r"\circ", r"\bmod", r"\pm", r"\mp", r"\%"),
        *(r"\leftarrow", r"\rightarrow", r"\to", r"\mapsto", r"\Rightarrow", r"\in", r"\notin", r"\ni", r"\sim"),
        *(r"\approx", r"\propto", r"\simeq", r"\cong", r"\ll", r"\gg", r"\subset", r"\subseteq", r"\cup", r"\cap"),
        *(
            r"\setminus",
            r"\land",
            r"\lor",
            r"\lnot",
            r"\ldots",
            r"\cdots",
            r"\vdots",
            r"\ddots",
            r"\forall",
            r"\exists",
        ),
        *(r"\cdotp", r"\perp", r"\uparrow", r"\downarrow", r"\prec", r"\succ", r"\colon", r"\backslash", r"\top"),
        *(r"\dagger", r"\prime", r"\lnot"),
    )
)
"""Operators, relations and punctuation; every other command without arguments is a letter."""

BIG: frozenset[str] = frozenset(
    (
        *(r"\sum", r"\prod", r"\int", r"\max", r"\min", r"\sup", r"\inf", r"\lim", r"\argmax", r"\argmin"),
        *(r"\iint", r"\iiint", r"\oint", r"\bigcup", r"\bigcap", r"\coprod", r"\bigoplus"),
    )
)
"""Operators with limits or something below."""

BIG_WORDS: Mapping[str, str] = {
    "argmax": r"\argmax",
    "argmin": r"\argmin",
    "arg max": r"\argmax",
    "arg min": r"\argmin",
    "max": r"\max",
    "min": r"\min",
}

FUNCTIONS: Mapping[str, str] = {
    **{
        name: name
        for name in (
            *("exp", "log", "sin", "cos", "tan", "sec", "csc", "cot", "sinh", "cosh", "tanh", "asin", "acos", "atan"),
            *(
                "sech",
                "csch",
                "coth",
                "asinh",
                "acosh",
                "atanh",
                "atan2",
                "erf",
                "erfc",
                "sinc",
                "sign",
                "sqrt",
                "gamma",
                "floor",
                "beta",
            ),
            *("factorial", "binomial", "loggamma", "digamma"),
        )
    },
    "ln": "log",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
    "arsinh": "asinh",
    "arcosh": "acosh",
    "artanh": "atanh",
    "cosec": "csc",
    "ctg": "cot",
    "tg": "tan",
    "sgn": "sign",
    "sh": "sinh",
    "ch": "cosh",
    "th": "tanh",
    "cth": "coth",
    "ceil": "ceiling",
    "lgamma": "loggamma",
    "abs": "Abs",
}
"""Name after a backslash, or of a word -> word of the formula language. `log` is natural, unless a base is printed."""

MATRIX_FUNCTIONS: Mapping[str, str] = {
    "det": "Determinant",
    "tr": "Trace",
    "Tr": "Trace",
    "trace": "Trace",
    "diag": "diag",
    "Diag": "diag",
}

INVERSES: Mapping[str, str] = {
    "sin": "asin",
    "cos": "acos",
    "tan": "atan",
    "sinh": "asinh",
    "cosh": "acosh",
    "tanh": "atanh",
}
"""Function -> what its printed power -1 means."""

BASED: Mapping[str, int] = {"lg": 10, "lb": 2, "ld": 2}
"""Logarithms whose names say the base."""

CONSTANTS: Mapping[str, str] = {r"\pi": "pi", r"\infty": "oo", "e": "E", "mathrm e": "E"}

GREEK: frozenset[str] = frozenset(
    (
        *("alpha", "beta", "gamma", "delta", "epsilon", "varepsilon", "zeta", "eta", "theta", "vartheta", "iota"),
        *("kappa", "lambda", "mu", "nu", "xi", "pi", "varpi", "rho", "varrho", "sigma", "varsigma", "tau", "upsilon"),
        *("phi", "varphi", "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon"),
        *("Phi", "Psi", "Omega", "hbar", "ell", "nabla", "partial"),
    )
)

SPELLINGS: Mapping[str, str] = {"lam": r"\lambda", "eps": r"\epsilon", "lamda": r"\lambda", "sig": r"\sigma"}
"""Names that stand for Greek letters because Python or habit keeps the full name."""

ACCENT_SUFFIXES: Mapping[str, str] = {"hat": r"\hat", "bar": r"\bar", "tilde": r"\tilde", "dot": r"\dot"}

TABLES: frozenset[str] = frozenset(
    ("matrix", "pmatrix", "bmatrix", "vmatrix", "Vmatrix", "Bmatrix", "smallmatrix", "array")
)
CASES: frozenset[str] = frozenset(("cases", "dcases", "rcases"))
LINES: frozenset[str] = frozenset(
    (
        *("aligned", "align", "align*", "gathered", "gather", "gather*", "split", "equation", "equation*", "alignedat"),
        *("eqnarray", "eqnarray*", "multline", "multline*"),
    )
)
"""Environments: arrays of entries, cases with conditions, and lines of statements."""

NO_MEANING: frozenset[str] = frozenset((r"\tag", r"\label", r"\phantom", r"\color"))
"""Commands whose arguments say nothing about the formula."""
