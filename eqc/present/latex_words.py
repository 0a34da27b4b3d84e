r"""How the words of the formula language are typeset, as tables."""

from __future__ import annotations

from collections.abc import Mapping

NAMED: Mapping[str, str] = {
    # functions that stand before their argument, with or without brackets
    "log": r"\log",
    "sin": r"\sin",
    "cos": r"\cos",
    "tan": r"\tan",
    "sec": r"\sec",
    "csc": r"\csc",
    "cot": r"\cot",
    "asin": r"\arcsin",
    "acos": r"\arccos",
    "atan": r"\arctan",
    "sinh": r"\sinh",
    "cosh": r"\cosh",
    "tanh": r"\tanh",
    "coth": r"\coth",
    "Determinant": r"\det",
    "LogDeterminant": r"\log\det",
}
RAISED = frozenset({"sin", "cos", "tan", "sec", "csc", "cot", "sinh", "cosh", "tanh", "coth"})
"""Functions whose powers stand at their names."""
APPLIED: Mapping[str, str] = {
    # functions that always take brackets
    "sech": r"\operatorname{sech}",
    "csch": r"\operatorname{csch}",
    "asinh": r"\operatorname{arsinh}",
    "acosh": r"\operatorname{arcosh}",
    "atanh": r"\operatorname{artanh}",
    "atan2": r"\operatorname{atan2}",
    "sinc": r"\operatorname{sinc}",
    "erf": r"\operatorname{erf}",
    "erfc": r"\operatorname{erfc}",
    "gamma": r"\Gamma",
    "loggamma": r"\log\Gamma",
    "digamma": r"\psi",
    "beta": r"\mathrm{B}",
    "sign": r"\operatorname{sign}",
    "Heaviside": r"\operatorname{H}",
    "Max": r"\max",
    "Min": r"\min",
    "Trace": r"\operatorname{tr}",
    "diag": r"\operatorname{diag}",
    "Cholesky": r"\operatorname{chol}",
}
AROUND: Mapping[str, tuple[str, str]] = {
    # delimiters
    "Abs": ("|", "|"),
    "floor": (r"\lfloor", r"\rfloor"),
    "ceiling": (r"\lceil", r"\rceil"),
}
BIG: Mapping[str, str] = {"Sum": r"\sum", "Product": r"\prod"}
EXTREMA: Mapping[str, str] = {
    "MaxOver": r"\max",
    "MinOver": r"\min",
    "ArgMaxOver": r"\operatorname*{argmax}",
    "ArgMinOver": r"\operatorname*{argmin}",
}
CONSTANTS: Mapping[str, str] = {
    "pi": r"\pi",
    "E": "e",
    "EulerGamma": r"\gamma_{E}",
    "GoldenRatio": r"\varphi",
    "Catalan": "G",
    "oo": r"\infty",
    "nan": r"\mathrm{NaN}",
    "I": "I",
}
RELATIONS: Mapping[str, str] = {"<": "<", "<=": r"\le", ">": ">", ">=": r"\ge", "==": "=", "!=": r"\ne"}
CONNECTIVES: Mapping[str, str] = {"and": r"\land", "or": r"\lor"}
