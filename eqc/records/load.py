"""Loading a record: its YAML file as frozen data, with the place of every formula and symbol."""

from __future__ import annotations

import os
import re
from pathlib import Path

from eqc.errors import BuildError, RecordError, Span, nearest
from eqc.records.model import Claim, Erratum, Example, Record, Source, SourceText, SymbolEntry
from eqc.records.names import BARE_OUTPUT, UNDECLARED, id_problem
from eqc.records.schema import ExampleKeys, RecordKeys, SymbolKeys
from eqc.records.validate import locate, record_error, validate, written
from eqc.records.yaml_tree import YamlMapping, YamlNode, YamlScalar, YamlSequence, read_yaml

FOLDER = "equations"
SUFFIX = ".yaml"

_ASSIGNS = re.compile(r"\s*\(*\s*Eq\s*\(")


def load_record(path: Path, root: Path) -> Record:
    """The record in a file `equations/<area>/<id>.yaml` under a project's root.

    Raises RecordError where the file is elsewhere or breaks the format, BuildError where it cannot be read.
    """
    parts = Path(os.path.relpath(path, root)).parts
    file = "/".join(parts)
    if len(parts) != 3 or parts[0] != FOLDER or not parts[2].endswith(SUFFIX):
        rule, remedy = "a record stands in equations/<area>/<id>.yaml", "move the file there"
        raise RecordError(Span(file, 1, 1), written=file, rule=rule, remedy=remedy)
    return _load(_read(Path(path), file), parts[2].removesuffix(SUFFIX), parts[1], file)


def load_text(text: str, *, id: str, area: str, file: str) -> Record:
    """The record that a text holds; `file` names it in errors.

    Raises RecordError where the text breaks the format.

    >>> text = "{title: Square, sympy: x**2, symbols: {x: input}}"
    >>> record = load_text(text, id="square", area="algebra", file="equations/algebra/square.yaml")
    >>> record.statements[0].text, record.symbols["x"].meaning
    ('x**2', 'input')
    """
    return _load(text.encode("utf-8", "surrogatepass"), id, area, file)


def _read(path: Path, file: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        remedy = "check that the file is there and can be read"
        raise BuildError(Span(file, 1, 1), written=file, rule=f"{error.strerror}", remedy=remedy) from None


def _load(data: bytes, id: str, area: str, file: str) -> Record:
    for name, what in ((id, "id"), (area, "area")):
        problem = id_problem(name, what)
        if problem:
            raise record_error(Span(file, 1, 1), name, *problem)
    root = read_yaml(data, file)
    keys = validate(root)
    statements = _statements(root, keys)
    symbols = {name: _symbol(root, name, entry) for name, entry in keys.symbols.items()}
    _check_symbols(root, symbols, statements)
    return Record(
        id=id,
        area=area,
        path=file,
        title=keys.title.strip(),
        statements=statements,
        symbols=symbols,
        span=root.span,
        latex=tuple(text.strip() for text in keys.latex),
        latex_sources=_sources(locate(root, ("latex",))[1]) if keys.latex else (),
        summary=keys.summary.strip(),
        nature=keys.nature or "",
        derivatives=tuple(keys.derivatives),
        examples=_examples(root, keys, symbols),
        claims=_claims(root, keys),
        errata=_errata(root, keys),
        sources=tuple(Source(entry.title.strip(), entry.section.strip(), entry.url.strip()) for entry in keys.sources),
        latex_check=keys.latex_check.strip(),
        stabilise=keys.stabilise,
        accuracy=keys.accuracy.strip(),
        tolerance=keys.tolerance,
    )


def _statements(root: YamlMapping, keys: RecordKeys) -> tuple[SourceText, ...]:
    if keys.sympy is not None:
        return _sources(locate(root, ("sympy",))[1])
    if keys.latex:
        return ()  # read from the LaTeX where records are used
    raise record_error(root.span, written(root), "the record has no formula", "add sympy:, and latex: as it is printed")


def _sources(node: YamlNode) -> tuple[SourceText, ...]:
    """The texts of a scalar or of a list of scalars."""
    if isinstance(node, YamlScalar):
        return (node.source,)
    items = node.items if isinstance(node, YamlSequence) else ()
    return tuple(item.source for item in items if isinstance(item, YamlScalar))


def _symbol(root: YamlMapping, name: str, keys: SymbolKeys) -> SymbolEntry:
    key, node = locate(root, ("symbols", name))
    span = key.span if key else node.span
    return SymbolEntry(
        name=name,
        span=span,
        meaning=keys.meaning.strip(),
        latex=tuple(text.strip() for text in keys.latex),
        index=tuple(keys.index),
        shape=_shape(root, name, "shape") if keys.shape is not None else None,
        domain=keys.domain,
        default=None if isinstance(keys.default, str) else keys.default,
        differentiable=not keys.domain.integer if keys.differentiable is None else keys.differentiable,
        unit=keys.unit.strip(),
        kind=keys.kind,
        arguments=_arguments(root, name) if keys.kind == "function" or keys.arguments else (),
        returns=_shape(root, name, "returns") if keys.returns else (),
        bound=keys.default if isinstance(keys.default, str) else None,
        origin=keys.origin,
        updates=keys.updates,
        output=keys.output,
    )


def _shape(root: YamlMapping, name: str, key: str) -> tuple[SourceText, ...]:
    return _sources(locate(root, ("symbols", name, key))[1])


def _arguments(root: YamlMapping, name: str) -> tuple[tuple[SourceText, ...], ...]:
    """The shapes of a function's arguments: of one number if nothing is said, of one array, or of each."""
    key, node = locate(root, ("symbols", name, "arguments"))
    items = node.items if isinstance(node, YamlSequence) and key is not None and key.value == "arguments" else ()
    if any(isinstance(item, YamlSequence) for item in items):
        return tuple(_sources(item) for item in items)
    return (tuple(item.source for item in items if isinstance(item, YamlScalar)),)


def _check_symbols(root: YamlMapping, symbols: dict[str, SymbolEntry], statements: tuple[SourceText, ...]) -> None:
    for symbol in symbols.values():
        problem = _symbol_problem(symbol, symbols, statements)
        if problem:
            at, rule, remedy = problem
            key, node = locate(root, ("symbols", symbol.name, *at))
            text = f"{key.source.text if key else symbol.name}: {written(node)}"
            raise record_error(key.span if key else node.span, text, rule, remedy)


def _symbol_problem(
    symbol: SymbolEntry, symbols: dict[str, SymbolEntry], statements: tuple[SourceText, ...]
) -> tuple[tuple[str, ...], str, str] | None:
    """Where in a symbol's entry, which rule, and what would mend it; None for a good entry."""
    if symbol.name == BARE_OUTPUT and statements and all(_ASSIGNS.match(statement.text) for statement in statements):
        return (), "out names the output of a formula without Eq", "give the symbol another name"
    if symbol.shape is not None and len(symbol.index) > len(symbol.shape):
        return ("index",), f"{symbol.name} has more indices than extents", "give an extent in shape: for each index"
    if symbol.differentiable and symbol.domain.integer:
        return ("differentiable",), "integers have no derivative", "take differentiable: out, or the domain"
    if symbol.origin == 0 and not symbol.domain.integer:
        return (
            ("origin",),
            "origin is for integer symbols, which count positions",
            "add domain: integer, or take origin: out",
        )
    if symbol.kind != "function" and symbol.bound is not None:
        remedy = "write a number such as 1, 0.5 or 1e-5; a record's id is for kind: function"
        return ("default",), "this should be a number", remedy
    if symbol.kind == "function" and (symbol.default is not None or symbol.shape is not None):
        at = "shape" if symbol.shape is not None else "default"
        return (at,), f"{symbol.name} is a function", "give its shapes as arguments: and returns:, its default as an id"
    if symbol.kind != "function" and (symbol.arguments or symbol.returns):
        at = "arguments" if symbol.arguments else "returns"
        return (at,), f"{at} is for symbols that stand for functions", "add kind: function"
    if symbol.updates is not None and (symbol.updates not in symbols or symbol.updates == symbol.name):
        others = [name for name in symbols if name != symbol.name]
        return ("updates",), "updates names the symbol of the old value", nearest(symbol.updates, others)
    return None


def _examples(root: YamlMapping, keys: RecordKeys, symbols: dict[str, SymbolEntry]) -> tuple[Example, ...]:
    made = []
    for number, entry in enumerate(keys.examples):
        _check_example(root, number, "given", entry.given, symbols)
        _check_example(root, number, "expect", entry.expect, symbols)
        _check_printed(root, number, entry)
        span = locate(root, ("examples", number))[1].span
        source, erratum = entry.source.strip(), entry.erratum.strip()
        made.append(Example(span, entry.given, entry.expect, source, entry.printed, erratum, entry.rtol))
    return tuple(made)


def _check_printed(root: YamlMapping, number: int, entry: ExampleKeys) -> None:
    """What is printed wrong is one of the outputs that are expected."""
    for name in entry.printed:
        if name not in entry.expect:
            key, node = locate(root, ("examples", number, "printed", name))
            rule, remedy = "what is printed wrong has the right value in expect", nearest(name, entry.expect)
            raise record_error(key.span if key else node.span, f"{name}:", rule, remedy)


def _check_example(
    root: YamlMapping, number: int, part: str, values: dict[str, object], symbols: dict[str, SymbolEntry]
) -> None:
    for name, value in values.items():
        key, node = locate(root, ("examples", number, part, name))
        span = key.span if key else node.span
        if name not in symbols and not (part == "expect" and name.removesuffix("_residual") in (*symbols, *UNDECLARED)):
            known = [*symbols, *UNDECLARED] if part == "expect" else symbols
            raise record_error(span, f"{name}:", "no symbol of the record has this name", nearest(name, known))
        if isinstance(value, str) and symbols[name].kind != "function":
            rule, remedy = f"the value of {name} should be a number or a list", "write a number, .inf or .nan"
            raise record_error(node.span, f"{name}: {value}", rule, remedy)


def _claims(root: YamlMapping, keys: RecordKeys) -> tuple[Claim, ...]:
    formulas = (_sources(locate(root, ("claims", number, "sympy"))[1]) for number in range(len(keys.claims)))
    return tuple(Claim(entry.name.strip(), formula) for entry, (formula,) in zip(keys.claims, formulas, strict=True))


def _errata(root: YamlMapping, keys: RecordKeys) -> tuple[Erratum, ...]:
    made = []
    for number, entry in enumerate(keys.errata):
        span = locate(root, ("errata", number))[1].span
        formula = None if entry.sympy is None else _sources(locate(root, ("errata", number, "sympy"))[1])[0]
        made.append(Erratum(span, entry.printed.strip(), entry.right.strip(), entry.source.strip(), formula))
    return tuple(made)
