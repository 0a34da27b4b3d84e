"""The SymPy form means what Python would read, has exact places, and refuses everything else with four parts."""

from __future__ import annotations

import ast
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eqc.errors import NotationError, Span
from eqc.notation.chains import operands
from eqc.notation.sympy_form import parse_expression, parse_statement, parse_text
from eqc.notation.tree import (
    Attribute,
    Binary,
    Boolean,
    Call,
    Compare,
    Name,
    Node,
    Number,
    Subscript,
    TupleNode,
    Unary,
    walk,
)
from eqc.records.model import SourceText

_BINARY = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.BitAnd: "and",
    ast.BitOr: "or",
}
_COMPARE = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
_UNARY = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "not", ast.Not: "not"}


def shown(node: Node) -> str:
    """A formula with all its brackets."""
    match node:
        case Number(value=value):
            return str(value)
        case Boolean(value=value):
            return str(value)
        case Name(name=name):
            return name
        case Subscript(base=base, positions=positions):
            return f"{shown(base)}[{','.join(map(shown, positions))}]"
        case Call(function=function, arguments=arguments):
            return f"{function}({','.join(map(shown, arguments))})"
        case Attribute(base=base, name=name):
            return f"{shown(base)}.{name}"
        case Unary(op=op, operand=operand):
            return f"({op} {shown(operand)})"
        case Binary(op=op, left=left, right=right) | Compare(op=op, left=left, right=right):
            return f"({shown(left)} {op} {shown(right)})"
        case TupleNode(items=items):
            return f"tuple({','.join(map(shown, items))})"
    raise AssertionError(node)


def shown_by_python(node: ast.expr) -> str:
    """The same for Python's own reading, an independent oracle for precedence."""
    match node:
        case ast.Constant(value=value):
            return str(value if isinstance(value, bool) else Fraction(str(value)))
        case ast.Name(id=name):
            return name
        case ast.Subscript(value=base, slice=ast.Tuple(elts=items)):
            return f"{shown_by_python(base)}[{','.join(map(shown_by_python, items))}]"
        case ast.Subscript(value=base, slice=item):
            return f"{shown_by_python(base)}[{shown_by_python(item)}]"
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return f"{name}({','.join(map(shown_by_python, arguments))})"
        case ast.Attribute(value=base, attr=name):
            return f"{shown_by_python(base)}.{name}"
        case ast.UnaryOp(op=op, operand=operand):
            return f"({_UNARY[type(op)]} {shown_by_python(operand)})"
        case ast.BinOp(op=op, left=left, right=right):
            return f"({shown_by_python(left)} {_BINARY[type(op)]} {shown_by_python(right)})"
        case ast.BoolOp(op=op, values=values):
            word = "and" if isinstance(op, ast.And) else "or"
            return _left_nested([shown_by_python(value) for value in values], word)
        case ast.Compare(left=left, ops=ops, comparators=others):
            sides = [shown_by_python(side) for side in (left, *others)]
            pairs = [f"({a} {_COMPARE[type(op)]} {b})" for a, op, b in zip(sides, ops, sides[1:], strict=False)]
            return _left_nested(pairs, "and")
        case ast.Tuple(elts=items):
            return f"tuple({','.join(map(shown_by_python, items))})"
    raise AssertionError(ast.dump(node))


def _left_nested(parts: list[str], word: str) -> str:
    joined = parts[0]
    for part in parts[1:]:
        joined = f"({joined} {word} {part})"
    return joined


_atoms = st.sampled_from(
    ["x", "y", "W_1", "2", "0.5", "1e-3", "x[i]", "x[i, 2]", "x[i + 1]", "f(x)", "K.T", "g(x, y).out"]
)


def _joined(parts: st.SearchStrategy[str], operators: list[str]) -> st.SearchStrategy[str]:
    part = st.tuples(st.sampled_from(["", "", "", "-", "+"]), parts, st.sampled_from(operators))
    runs = st.lists(part, min_size=1, max_size=4)
    return runs.map(lambda items: "".join(f"{sign}{text}{op}" for sign, text, op in items) + items[0][1])


def _runs(inner: st.SearchStrategy[str], word: str) -> st.SearchStrategy[str]:
    return st.lists(inner, min_size=2, max_size=3).map(lambda items: "(" + word.join(items) + ")")


_numbers = st.recursive(
    _atoms,
    lambda inner: inner.map("({})".format) | _joined(inner, [" + ", " - ", "*", "/", " % ", "//", "**"]),
    max_leaves=12,
)
_comparisons = _joined(_numbers, [" < ", " <= ", " == ", " != ", " > "])
_conditions = st.recursive(
    _comparisons.map("({})".format),
    lambda inner: (
        inner.map("(~{})".format)
        | _runs(inner, " & ")
        | _runs(inner, " | ")
        | _runs(inner, " or ")
        | _runs(inner, " and not ")
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(_numbers | _comparisons | _conditions | _conditions.map("Piecewise((x, {}), (0, True))".format))
def test_reads_what_python_reads(text: str) -> None:
    try:
        tree = parse_text(text)
    except NotationError as error:
        assert "passes" in error.rule or "divides by zero" in error.rule  # a tower of powers or 2/0 by chance
        return
    assert shown(tree) == shown_by_python(ast.parse(text, mode="eval").body)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("-x**2", "(- (x ** 2))"),
        ("x**-1", "(x ** (- 1))"),
        ("2**-x*3", "((2 ** (- x)) * 3)"),
        ("a**b**c", "(a ** (b ** c))"),
        ("a - b - c", "((a - b) - c)"),
        ("0 < x < 1", "((0 < x) and (x < 1))"),
        ("a < b < c < d", "(((a < b) and (b < c)) and (c < d))"),
        ("not a < b", "(not (a < b))"),
        ("~(a < b) & (c < d)", "((not (a < b)) and (c < d))"),
        ("Eq(a, b)", "(a == b)"),
        ("Ne(a, 1)", "(a != 1)"),
        ("And(a < 1, b < 1, c < 1)", "(((a < 1) and (b < 1)) and (c < 1))"),
        ("Or(a < 1)", "(a < 1)"),
        ("Not(a < 1)", "(not (a < 1))"),
        ("Q*K.T/sqrt(d_k)", "((Q * K.T) / sqrt(d_k))"),
        ("L.subs(yhat, softmax(z))", "subs(L,yhat,softmax(z))"),
        ("Derivative(L.subs(y, z), z[i, c])", "Derivative(subs(L,y,z),z[i,c])"),
        ("lstm(x, h).h_new[i]", "lstm(x,h).h_new[i]"),
        ("x[(i, j)]", "x[i,j]"),
        ("Sum(x[i], (i, 1, n),)", "Sum(x[i],tuple(i,1,n))"),
        ("f()", "f()"),
        ("a +\n  b  # the rest", "(a + b)"),
        ("S + N + I + E + O + beta", "(((((S + N) + I) + E) + O) + beta)"),
    ],
)
def test_meaning(text: str, meaning: str) -> None:
    assert shown(parse_text(text)) == meaning


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-5", Fraction(1, 100_000)),
        ("0.1", Fraction(1, 10)),
        (".5", Fraction(1, 2)),
        ("1.", Fraction(1)),
        ("2.50E+2", Fraction(250)),
        ("0e99999", Fraction(0)),
        ("1e9999", Fraction(10**9999)),
        ("1e-9999", Fraction(1, 10**9999)),
        ("9" * 10_000, Fraction(10**10_000 - 1)),
    ],
    ids=lambda value: str(value)[:20] if isinstance(value, str) else "",
)
def test_literals_are_exact(text: str, value: Fraction) -> None:
    node = parse_text(text)
    assert isinstance(node, Number) and node.value == value


def _names(source: SourceText) -> dict[str, str]:
    return {part.name: str(part.span) for part in walk(parse_expression(source)) if isinstance(part, Name)}


def test_places_in_a_file() -> None:
    source = SourceText("Eq(y[i],\n   2*x[j])", Span("r.yaml", 4, 7))
    assert _names(source) == {"y": "r.yaml:4:10", "i": "r.yaml:4:12", "x": "r.yaml:5:12", "j": "r.yaml:5:14"}


def test_places_where_later_lines_start_elsewhere() -> None:
    source = SourceText("a +\n  b", Span("r.yaml", 4, 9), continuation=1)
    assert _names(source) == {"a": "r.yaml:4:9", "b": "r.yaml:5:3"}


def test_places_of_texts_with_escapes_are_their_start() -> None:
    source = SourceText("a +\n  b", Span("r.yaml", 4, 9), columns_are_exact=False)
    assert set(_names(source).values()) == {"r.yaml:4:9"}


def test_statements() -> None:
    def statement(text: str) -> tuple[str, str]:
        read = parse_statement(SourceText(text, Span("r.yaml", 1, 1)))
        return shown(read.target) if read.target else "", shown(read.value)

    assert statement("Eq(y, x)") == ("y", "x")
    assert statement("(Eq(y[i, j], x))") == ("y[i,j]", "x")
    assert statement("log(1 + exp(z))") == ("", "log((1 + exp(z)))")


@pytest.mark.parametrize(
    "text", ["Eq(2*y, x)", "Eq(1, x)", "Eq(A.T, A)", "Eq(f(x)[i], x)", "x < y", "And(x < y, y < z)"]
)
def test_conditions_that_define_no_name_are_laws(text: str) -> None:
    read = parse_statement(SourceText(text, Span("r.yaml", 1, 1)))
    assert read.target is None and shown(read.value) == shown(parse_text(text))


def test_conditions_may_have_a_name() -> None:
    read = parse_statement(SourceText("Eq(fits[i], x[i] < 1)", Span("r.yaml", 1, 1)))
    assert read.target is not None and shown(read.target) == "fits[i]" and isinstance(read.value, Compare)
    with pytest.raises(NotationError, match="a condition stands where a number should"):
        parse_statement(SourceText("Eq(2*x, y < 1)", Span("r.yaml", 1, 1)))
    with pytest.raises(NotationError, match="a condition stands where a number should"):
        parse_statement(SourceText("And(Eq(x, y < 1), z < 1)", Span("r.yaml", 1, 1)))


REFUSED = [
    # (text, column, part of the rule, part of the remedy)
    ("__import__('os').system('x')", 1, "does not start with a letter", "letters"),
    ("x.__class__", 3, "does not start with a letter", "letters"),
    ("x.__class__.__bases__[0].__subclasses__()", 3, "does not start with a letter", "letters"),
    ("_x", 1, "does not start with a letter", "letters"),
    ("x._y", 3, "does not start with a letter", "letters"),
    ("x.real()", 3, "like a method", "function(x)"),
    ("x.subs({x: 1})", 8, "no braces", "( )"),
    ("x.subs(1)", 3, "subs takes", "L.subs(x, value)"),
    ("x.class", 3, "followed by T or an output", "X.T"),
    ("x.1", 2, "follows without an operator", "*"),
    ("open('/etc/passwd')", 6, "the character '", "quotes"),
    ('"a"', 1, 'the character "', "quotes"),
    ("f'{x}'", 2, "the character '", "quotes"),
    ("lambda: 0", 1, "lambda", "lam"),
    ("lambda x: x", 1, "lambda", "lam"),
    ("x if y else z", 3, "no if", "Piecewise"),
    ("[x for x in y]", 1, "lists stand only in Matrix", "x[i, j]"),
    ("Matrix([[a, b], [c]])", 8, "rows of one length", "Matrix([[a, b], [c, d]])"),
    ("Matrix([[a], b])", 8, "rows of one length", "a column"),
    ("Matrix([])", 8, "rows of one length", "Matrix([a, b])"),
    ("Matrix([[]])", 9, "empty", "[a, b]"),
    ("Matrix([[a, [b]]])", 13, "lists stand only in Matrix", "x[i, j]"),
    ("Matrix([a], 2)", 13, "2 follows", "*"),
    ("Matrix([a > b])", 9, "a condition stands", "Piecewise"),
    ("(x for x in y)", 4, "no for", "Sum"),
    ("{x}", 1, "no braces", "( )"),
    ("(x := 1)", 4, ":=", "Eq(lhs, rhs)"),
    ("f(*x)", 3, "unpacked", "one by one"),
    ("f(**x)", 3, "unpacked", "one by one"),
    ("f(x, evaluate=False)", 14, "single =", "by position"),
    ("a = b", 3, "single =", "Eq(lhs, rhs)"),
    ("x^2", 2, "^ is no operator", "**"),
    ("A @ B", 3, "@ is no operator", "*"),
    ("a << 2", 3, "<< is no operator", "2**n"),
    ("x[1:2]", 4, "no slices", "x[i, j]"),
    ("x[]", 2, "empty", "x[i, j]"),
    ("()", 1, "empty", "expression"),
    ("await x", 1, "word of Python", "another name"),
    ("None", 1, "no None", "leave it out"),
    ("a in b", 3, "no in", "limits"),
    ("a is b", 3, "no is", "Eq(a, b)"),
    ("a; b", 2, "one expression", "list entry"),
    ("2x", 1, "runs into", "2*x"),
    ("0x10", 1, "runs into", "decimal"),
    ("1_000", 1, "runs into", "decimal"),
    ("1j", 1, "runs into", "1*j"),
    ("x y", 3, "without an operator", "*"),
    ("Eq(a, b)\nEq(c, d)", 1, "without an operator", "list entry"),
    ("(a + b)(c)", 8, "only a name can be called", "*"),
    ("f(x)(y)", 5, "only a name can be called", "*"),
    ("2(x)", 2, "only a name can be called", "*"),
    ("(a", 1, "never closed", ")"),
    ("Eq(a, b", 3, "never closed", ")"),
    ("x[i", 2, "never closed", "]"),
    ("a)", 2, "closes nothing", "take it out"),
    ("(a]", 3, "stands where ) should close", "write )"),
    ("a +", 4, "ends too early", "what should follow"),
    ("a + * b", 5, "stands where a value should", "before it"),
    ("f(,)", 3, "stands where a value should", "before it"),
    ("a,b", 2, "no place", "take it out"),
    ("a..b", 3, "followed by T", "X.T"),
    ("", 1, "empty", "expression"),
    ("  # only a remark", 18, "empty", "expression"),
    ("(a, b)", 1, "a tuple stands only", "single"),
    ("(a, b) + 1", 1, "a tuple stands only", "single"),
    ("x*(a < b)", 4, "a condition stands where a number", "Piecewise"),
    ("-(a < b)", 3, "a condition stands where a number", "Piecewise"),
    ("x[a < b]", 3, "a condition stands where a number", "Piecewise"),
    ("a < b & c < d", 5, "a number stands where a condition", "(a < b) & (c < d)"),
    ("~x", 2, "a number stands where a condition", "compare"),
    ("And(x, a < b)", 5, "a number stands where a condition", "compare"),
    ("Eq(a)", 1, "takes 2 arguments, not 1", "Eq(a, b)"),
    ("Not()", 1, "takes 1 argument, not 0", "Not(a)"),
    ("And()", 1, "takes 1 argument, not 0", "And(a)"),
    ("\\frac{a}{b}", 1, "the character \\", "latex:"),
    ("σ + 1", 1, "the character σ", "sigma"),
    ("a \N{MINUS SIGN} b", 3, "the character \N{MINUS SIGN}", "write -"),
    ("x\x00", 2, "U+0000", "letters"),
    ("x\u202e", 2, "U+202E", "letters"),
    ("\ud800", 1, "U+D800", "letters"),
    ("x?", 2, "the character ?", "letters"),
    ("1e999999", 1, "at most 10000 digits", "oo"),
    ("1e-999999", 1, "at most 10000 digits", "oo"),
    ("1e99999999999999999999", 1, "at most 10000 digits", "oo"),
    ("9" * 10_001, 1, "at most 10000 digits", "oo"),
    ("0." + "0" * 10_001 + "1", 1, "at most 10000 digits", "oo"),
    ("(" * 300 + "x" + ")" * 300, 101, "nests at most 100", "brackets"),
    ("[" * 300 + "x" + "]" * 300, 101, "nests at most 100", "brackets"),
    ("f(" * 101 + "x" + ")" * 101, 202, "nests at most 100", "brackets"),
    ("-" * 300 + "x", 101, "nests at most 100", "signs"),
    ("not " * 300 + "x", 401, "nests at most 100", "signs"),
    ("2**" * 300 + "x", 302, "nests at most 100", "brackets"),
    ("(-" * 60 + "x" + ")" * 60, 102, "nests at most 100", "brackets"),
    ("x" + ".T" * 300, 202, "nests at most 100", "brackets"),
    ("x" + "[i]" * 300, 302, "nests at most 100", "brackets"),
    ("a" + "%a" * 300, 1, "nests at most 100", "names"),
    ("x" * 65_537, 1, "at most 64 KB", "several statements"),
    ("a+" * 500_000 + "a", 1, "at most 64 KB", "several statements"),
    ("é" * 40_000, 1, "at most 64 KB", "several statements"),
]


@pytest.mark.parametrize(("text", "column", "rule", "remedy"), REFUSED, ids=[repr(text[:30]) for text, *_ in REFUSED])
def test_refused_with_four_parts(text: str, column: int, rule: str, remedy: str) -> None:
    with pytest.raises(NotationError) as caught:
        parse_expression(SourceText(text, Span("r.yaml", 7, 1)))
    error = caught.value
    assert error.where == Span("r.yaml", 8 if "\n" in text else 7, column)
    assert rule in error.rule
    assert remedy in error.remedy
    assert error.written.strip() or not text
    assert len(str(error)) < 600 and str(error).count("\n") == 2


def test_the_error_stands_on_its_line() -> None:
    with pytest.raises(NotationError) as caught:
        parse_expression(SourceText("Eq(y,\n  x ^ 2)", Span("r.yaml", 7, 3)))
    assert str(caught.value.where) == "r.yaml:8:7"


@pytest.mark.parametrize("terms", [1_000, 20_000])
def test_long_sums_are_not_nesting(terms: int) -> None:
    node = parse_text("+".join(["a"] * terms))
    assert isinstance(node, Binary) and len(operands(node)) == terms


def test_depth_up_to_the_limit_is_read() -> None:
    assert shown(parse_text("(" * 100 + "x" + ")" * 100)) == "x"
    assert sum(1 for _ in walk(parse_text("sin(" * 99 + "x" + ")" * 99))) == 100
