"""The SymPy form of a record, read into the notation tree.

The language is the part of Python's expressions that formulas need, with Python's precedence, read by a parser of
its own: nothing in a record is ever executed, nesting is bounded, and a sum may have as many terms as fit the length.
Names keep no meaning here; what a call stands for is decided where the record is lowered.
"""

from __future__ import annotations

from collections.abc import Mapping
from keyword import iskeyword
from typing import NoReturn

from eqc.errors import Span
from eqc.notation.bounds import check_sizes
from eqc.notation.chains import height
from eqc.notation.literals import BadNumber, read_literal
from eqc.notation.operators import (
    INFIX,
    PREFIX,
    OperatorStack,
    compare,
    connect,
    define,
    require_condition,
    require_number,
)
from eqc.notation.tokens import Places, Token, check_nesting, tokenize
from eqc.notation.tree import (
    Assign,
    Attribute,
    BinaryOp,
    Boolean,
    Call,
    Compare,
    CompareOp,
    Name,
    Node,
    Number,
    Subscript,
    TupleNode,
    Unary,
)
from eqc.records.model import SourceText
from eqc.records.names import is_name

RELATION_CALLS: Mapping[str, CompareOp] = {"Eq": "==", "Ne": "!=", "Lt": "<", "Le": "<=", "Gt": ">", "Ge": ">="}
CONNECTIVE_CALLS: Mapping[str, BinaryOp] = {"And": "and", "Or": "or"}
WRITTEN_OUT = "Matrix"
"""The word before entries in brackets."""
BOOLEANS = {"True": True, "False": False}

# What Python or other languages have and formulas do not: (rule, remedy).
REFUSED: Mapping[str, tuple[str, str]] = {
    "^": ("^ is no operator here", "use ** for powers"),
    "=": ("a single = has no place in a formula", "use Eq(lhs, rhs); arguments go by position"),
    ":=": (":= has no place in a formula", "use Eq(lhs, rhs) in a statement of its own"),
    "@": ("@ is no operator here", "use * for matrix products"),
    ":": ("a formula has no slices", "name the positions: x[i, j]"),
    ";": ("a formula is one expression", "put each statement into a list entry of its own"),
    "{": ("a formula has no braces", "use ( ) for grouping"),
    "<<": ("<< is no operator here", "use x*2**n"),
    ">>": (">> is no operator here", "use floor(x/2**n)"),
    "->": ("-> is no operator here", "use Eq(lhs, rhs)"),
    "if": ("a formula has no if", "use Piecewise((value, condition), (other, True))"),
    "else": ("a formula has no else", "use Piecewise((value, condition), (other, True))"),
    "for": ("a formula has no for", "use Sum(body, (i, 1, n)), or free indices"),
    "in": ("a formula has no in", "write limits as (i, 1, n)"),
    "is": ("a formula has no is", "use Eq(a, b)"),
    "lambda": ("lambda is a word of Python's", "name the symbol lam"),
    "None": ("a formula has no None", "leave it out"),
}


def parse_statement(source: SourceText) -> Assign:
    """A statement: `Eq(target, value)` assigns, anything else is a bare expression, or a law if it is a condition.

    Raises NotationError with the place of what cannot be read.

    >>> statement = parse_statement(SourceText("Eq(y[i], 2*x[i])", Span("r.yaml", 3, 8)))
    >>> statement.target.base.name, str(statement.value.span)
    ('y', 'r.yaml:3:17')
    """
    places = Places(source)
    formula = _read(places)
    if not (isinstance(formula, Compare) and formula.op == "=="):
        return Assign(formula.span, None, formula)
    target = formula.left
    if isinstance(target, Name) or (isinstance(target, Subscript) and isinstance(target.base, Name)):
        return Assign(formula.span, target, formula.right)
    return Assign(formula.span, None, formula)


def parse_expression(source: SourceText) -> Node:
    """An expression, such as a claim or an entry of a shape.

    Raises NotationError with the place of what cannot be read.

    >>> parse_expression(SourceText("2*n", Span("r.yaml", 3, 8))).op
    '*'
    """
    return _read(Places(source))


def parse_text(text: str) -> Node:
    """An expression that comes from no file; its places are in "<text>".

    >>> parse_text("-x**2").operand.op
    '**'
    """
    return parse_expression(SourceText(text, Span("<text>", 1, 1)))


def _read(places: Places) -> Node:
    formula = _Parser(places).whole()
    check_nesting(height(formula) // 2, 0, places)  # a bracket may hold a sum of products of powers
    try:
        check_sizes(formula)
    except BadNumber as error:
        span = error.node.span if error.node else places.source.span
        places.fail_at(span, error.rule, error.remedy)
    return formula


class _Parser:
    """Reads tokens from left to right; recurses only into brackets, whose nesting is bounded."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._tokens = tokenize(places)
        self._next = 0
        self._depth = 0

    def whole(self) -> Node:
        """The only expression of the text."""
        if self._peek.kind == "end":
            self._fail(self._peek, "the formula is empty", "write an expression, or Eq(name, expression)")
        formula = self._expression()
        rest = self._take()
        if rest.kind != "end":
            self._fail_unexpected(rest)
        if isinstance(formula, TupleNode):
            require_number(formula, self._places)
        return formula

    @property
    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._tokens[self._next]
        self._next += 1
        return token

    def _skip(self, text: str) -> bool:
        if self._peek.kind == "operator" and self._peek.text == text:
            self._next += 1
            return True
        return False

    def _fail(self, token: Token, rule: str, remedy: str) -> NoReturn:
        self._places.fail(token.offset, rule, remedy)

    def _fail_unexpected(self, token: Token) -> NoReturn:
        if token.text in REFUSED:
            self._fail(token, *REFUSED[token.text])
        if token.kind == "end":
            self._fail(token, "the formula ends too early", "write what should follow")
        if token.kind != "operator" or token.text in ("(", "["):
            remedy = "write * between factors, and each statement as a list entry of its own"
            self._fail(token, f"{token.text[:40]} follows without an operator", remedy)
        self._fail(token, f"{token.text} has no place here", "take it out, or write what should stand before it")

    def _expression(self) -> Node:
        around = self._depth
        stack = OperatorStack(self._places, around)
        while True:
            while self._peek.text in PREFIX:
                stack.prefix(self._take())
            self._depth = stack.depth
            stack.operand(self._operand())
            if self._peek.text not in INFIX:
                break
            stack.infix(self._take())
        self._depth = around
        return stack.finish()

    def _operand(self) -> Node:
        node, links = self._atom(), 0
        while self._peek.kind == "operator" and self._peek.text in (".", "[", "("):
            links += 1
            check_nesting(self._depth + links, self._peek.offset, self._places)
            if self._peek.text == "(":
                self._fail(self._peek, "only a name can be called", "write * between factors")
            node = self._entries(node) if self._peek.text == "[" else self._member(node)
        return node

    def _atom(self) -> Node:
        token = self._peek
        if token.kind == "number":
            return self._number()
        if token.kind == "name" and token.text in BOOLEANS:
            return Boolean(self._places.span(self._take().offset), BOOLEANS[token.text])
        if token.kind == "name" and not iskeyword(token.text):
            return self._name()
        if token.text == "(":
            return self._bracket()
        return self._fail_atom(token)

    def _fail_atom(self, token: Token) -> NoReturn:
        if token.text == "[":
            self._fail(token, "lists stand only in Matrix([…])", "write entries as x[i, j] and limits as (i, 1, n)")
        if token.text in REFUSED:
            self._fail(token, *REFUSED[token.text])
        if token.kind == "name":
            self._fail(token, f"{token.text} is a word of Python's", "give the symbol another name")
        if token.kind == "end":
            self._fail(token, "the formula ends too early", "write what should follow")
        self._fail(token, f"{token.text} stands where a value should", "write what should stand before it")

    def _number(self) -> Node:
        token = self._take()
        try:
            return Number(self._places.span(token.offset), read_literal(token.text))
        except BadNumber as error:
            self._fail(token, error.rule, error.remedy)

    def _name(self) -> Node:
        token = self._take()
        span = self._places.span(token.offset)
        if self._peek.text == "(" and self._peek.kind == "operator":
            return self._call(span, token)
        return Name(span, token.text)

    def _bracket(self) -> Node:
        opening = self._take()
        items, comma = self._items(")")
        if not items:
            self._fail(opening, "these brackets are empty", "write an expression between them")
        if len(items) == 1 and not comma:
            return items[0]
        return TupleNode(self._places.span(opening.offset), tuple(items))

    def _items(self, closer: str) -> tuple[list[Node], bool]:
        """What stands between brackets, and whether a comma does."""
        self._depth += 1
        items: list[Node] = []
        comma = False
        while not self._skip(closer):
            items.append(self._item())
            if not self._skip(","):
                self._expect(closer)
                break
            comma = True
        self._depth -= 1
        return items, comma

    def _item(self) -> Node:
        token = self._peek
        if token.kind == "operator" and token.text in ("*", "**"):
            self._fail(token, "arguments are never unpacked", "write the arguments one by one")
        return self._expression()

    def _expect(self, closer: str) -> None:
        if not self._skip(closer):
            self._fail_unexpected(self._peek)

    def _call(self, span: Span, name: Token) -> Node:
        self._take()
        word = name.text
        if word == WRITTEN_OUT and self._peek.kind == "operator" and self._peek.text == "[":
            return self._written_out(span)
        arguments, _ = self._items(")")
        if word in RELATION_CALLS:
            self._check_count(name, arguments, 2)
            if word == "Eq" and not self._depth and isinstance(arguments[0], Name | Subscript):
                return define(arguments[0], arguments[1], self._places)
            return compare(RELATION_CALLS[word], arguments[0], arguments[1], self._places)
        if word == "Not":
            self._check_count(name, arguments, 1)
            require_condition(arguments[0], self._places)
            return Unary(span, "not", arguments[0])
        if word == "Subs":
            self._check_count(name, arguments, 3)
            return Call(span, "subs", tuple(arguments))
        if word in CONNECTIVE_CALLS:
            return self._connected(name, arguments)
        return Call(span, word, tuple(arguments))

    def _written_out(self, span: Span) -> Call:
        """`Matrix([[a, b], [c, d]])`: the rows are tuples; `Matrix([a, b])`: a column of entries."""
        opening = self._take()
        rows: list[Node] = []
        while not self._skip("]"):
            rows.append(self._row() if self._peek.text == "[" else self._entry())
            if not self._skip(","):
                self._expect("]")
                break
        self._skip(",")
        self._expect(")")
        lengths = {len(row.items) if isinstance(row, TupleNode) else 0 for row in rows}
        if len(lengths) != 1 or not rows:
            remedy = "write Matrix([[a, b], [c, d]]), or Matrix([a, b]) for a column"
            self._fail(opening, "a matrix has rows of one length", remedy)
        return Call(span, WRITTEN_OUT, tuple(rows))

    def _row(self) -> TupleNode:
        opening = self._take()
        items, _ = self._items("]")
        if not items:
            self._fail(opening, "these brackets are empty", "write the entries of the row: [a, b]")
        for item in items:
            require_number(item, self._places)
        return TupleNode(self._places.span(opening.offset), tuple(items))

    def _entry(self) -> Node:
        self._depth += 1
        item = self._item()
        self._depth -= 1
        require_number(item, self._places)
        return item

    def _connected(self, name: Token, arguments: list[Node]) -> Node:
        if not arguments:
            self._check_count(name, arguments, 1)
        node = arguments[0]
        require_condition(node, self._places)
        for argument in arguments[1:]:
            node = connect(CONNECTIVE_CALLS[name.text], node, argument, self._places)
        return node

    def _check_count(self, name: Token, arguments: list[Node], count: int) -> None:
        if len(arguments) != count:
            given = f"{name.text} takes {count} argument{'s' if count > 1 else ''}, not {len(arguments)}"
            self._fail(name, given, f"write {name.text}({', '.join('ab'[:count])})")

    def _entries(self, base: Node) -> Node:
        opening = self._take()
        items, comma = self._items("]")
        if len(items) == 1 and not comma and isinstance(items[0], TupleNode):
            items = list(items[0].items)
        if not items:
            self._fail(opening, "these brackets are empty", "write the positions: x[i, j]")
        for item in items:
            require_number(item, self._places)
        return Subscript(base.span, base, tuple(items))

    def _member(self, base: Node) -> Node:
        self._take()
        token = self._peek
        if token.kind != "name" or not is_name(token.text):
            self._fail(token, "a dot is followed by T or an output's name", "write X.T, or record(x).output")
        self._take()
        if not (self._peek.kind == "operator" and self._peek.text == "("):
            return Attribute(base.span, base, token.text)
        if token.text != "subs":
            remedy = "write function(x) instead of x.function(); L.subs(x, value) is the only one, in claims"
            self._fail(token, f"{token.text[:40]} is called like a method, and formulas have none", remedy)
        return self._substitution(base, token)

    def _substitution(self, base: Node, name: Token) -> Node:
        self._take()
        arguments, _ = self._items(")")
        if len(arguments) != 2:
            self._fail(name, "subs takes a symbol and what replaces it", "write L.subs(x, value)")
        return Call(base.span, "subs", (base, *arguments))
