"""What eqc prints, eqc reads back to the same meaning: records, and derivatives with the definitions below them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import islice
from typing import Any

import pytest
from core_samples import project

from eqc.errors import EqcError, Span
from eqc.notation.latex.reader import Equation, read_latex
from eqc.notation.tree import Compare, Name, Node, Subscript, walk
from eqc.pipeline import Compiler
from eqc.present.derivative import derivative
from eqc.present.glossary import Glossary
from eqc.present.nodes import NOWHERE
from eqc.present.record import record_latex
from eqc.present.report import DerivedPart
from eqc.present.symbols import default_latex
from eqc.present.uses import put_in
from eqc.records.model import Record, SourceText, SymbolEntry
from eqc.verify.agreement import check_agreement
from eqc.verify.claims import Points
from eqc.verify.claims_examine import Finding, Trial
from eqc.verify.claims_reading import read_law
from eqc.verify.claims_verdict import verdict
from eqc.verify.instances import instances
from eqc.verify.oracle import Oracle

CATALOG = project()[0]
PRINTED = Span("printed", 1, 1)
POINTS = 3

# Records whose printed form is not read, or not as the same, and why.
SLOPES = "slopes of functions at a place"
UNREAD_RECORDS: Mapping[str, str] = {
    "cross_entropy_mle_equivalence": "a symbol is typeset as an expression",
    "chain_rule_layered": SLOPES,
    "eckart_young_error": "a field of a record that is called is no LaTeX",
    "svm_dual": "the LaTeX has no constraints of a maximum; the solver is printed as a function",
}


@cache
def others() -> Mapping[str, Record]:
    return {id: CATALOG.get(id) for id in CATALOG.ids()}


def source(latex: str) -> SourceText:
    return SourceText(latex, PRINTED, columns_are_exact=False)


def oracle_of(record: Record) -> Oracle:
    """An oracle in which the record's functions are smooth ones."""
    return Oracle(record, others(), functions=instances(record)[-1].functions)


def marked(names: Any, unread: Mapping[str, str]) -> list[Any]:
    return [pytest.param(n, marks=[pytest.mark.xfail(reason=unread[n])] if n in unread else []) for n in names]


@pytest.mark.parametrize("id", marked(CATALOG.ids(), UNREAD_RECORDS))
def test_records_are_read_back(id: str) -> None:
    record = CATALOG.get(id)
    latex = record_latex(record)
    printed = replace(record, latex=(latex,), latex_sources=(source(latex),), latex_check="")
    found = check_agreement(oracle_of(printed), CATALOG.ids(), others().get)
    assert found.state == "agrees", f"{latex}\n{found.reason}"


# derivatives ----------------------------------------------------------------------------------------------------------


def with_printed_names(record: Record, part: DerivedPart, tensors: Mapping[str, Any]) -> Record:
    """The record with every symbol as it was printed, and with the names that are defined below the formula."""
    symbols = {
        name: replace(entry, latex=(part.glossary.notation[name].latex,), index=part.glossary.notation[name].index)
        for name, entry in record.symbols.items()
    }
    for left, _ in part.where:
        name = base_name(left)
        if name not in symbols:
            shape = tuple(source(str(extent)) for extent in tensors[name].shape)
            symbols[name] = SymbolEntry(name, PRINTED, latex=(default_latex(name),), shape=shape or None)
    return replace(record, symbols=symbols, latex_check="")


def base_name(node: Node) -> str:
    base = node.base if isinstance(node, Subscript) else node
    return base.name if isinstance(base, Name) else ""


def written_out(node: Node, definitions: Mapping[str, Equation]) -> Node:
    """A formula without the names that the record does not have."""
    for part in list(walk(node)):
        name = base_name(part)
        if name not in definitions or type(part) is not type(definitions[name].left):
            continue
        definition = definitions[name]
        value = written_out(definition.right, definitions)
        if isinstance(definition.left, Subscript) and isinstance(part, Subscript):
            indices = [p.name for p in definition.left.positions if isinstance(p, Name)]
            value = put_in(value, dict(zip(indices, part.positions, strict=True)))
        node = swapped(node, part, value)
    return node


def swapped(node: Node, old: Node, new: Node) -> Node:
    if node is old:
        return new
    if not any(part is old for part in walk(node)):
        return node
    changed = {}
    for field in node.__dataclass_fields__:
        value = getattr(node, field)
        if isinstance(value, Node):
            changed[field] = swapped(value, old, new)
        elif isinstance(value, tuple):
            changed[field] = tuple(swapped(v, old, new) if isinstance(v, Node) else v for v in value)
    return replace(node, **changed)


def relation(equation: Equation, definitions: Mapping[str, Equation]) -> Node:
    return Compare(NOWHERE, "==", equation.left, written_out(equation.right, definitions))


def parts_of(id: str, wrt: str) -> list[DerivedPart]:
    record, value = CATALOG.get(id), Compiler(CATALOG).program(id)
    glossary = Glossary.of(record)
    patterns = {n: e.index for n, e in record.symbols.items() if e.index}
    forms = derivative(value, wrt, 1, patterns, record.symbols)
    return [DerivedPart(form, value, glossary) for form in forms]


def findings(trial: Trial, points: Points) -> Iterator[Finding]:
    """What is found up to enough points at which something is compared."""
    compared = 0
    for place in islice(points, 20):
        yield (finding := trial.run(place))
        compared += finding.compared > 0
        if compared == POINTS:
            return


def assert_reads_back(id: str, wrt: str) -> None:
    record, tensors = CATALOG.get(id), Compiler(CATALOG).program(id).tensors
    oracle = oracle_of(record)
    points = Points(oracle)
    for part in parts_of(id, wrt):
        if part.form.output.tensor not in record.symbols:
            continue  # the residual of a law, which has no symbol
        assert part.right is not None, "it is printed as a program"
        latex = part.latex.replace("\n", " ")
        printed = with_printed_names(record, part, tensors)
        equations = read_latex(printed, source(latex), CATALOG.ids(), others().get)
        own = {base_name(e.left): e for e in equations if base_name(e.left) not in record.symbols and base_name(e.left)}
        stated = [e for e in equations if e.defines is None and base_name(e.left) not in own]
        assert stated, latex
        for equation in stated:
            trial = Trial(oracle, read_law(oracle.reading, relation(equation, own)), {id: oracle.reading})
            found = verdict("printed", list(findings(trial, points)))
            assert found.status == "tested", f"{latex}\n{found.reason}"


PROGRAM = "shown as a program: the slopes of {} have no closed form"
FIXED = PROGRAM.format("solutions of fixed points")
CONSTRAINED = PROGRAM.format("constrained optima")
SPECTRA = PROGRAM.format("eigenvectors and singular vectors")
TIES = PROGRAM.format("maxima at positions that are inputs")

UNREAD_DERIVATIVES: Mapping[tuple[str, str], str] = {
    ("bellman_optimality", "R"): FIXED,
    ("bellman_optimality", "gamma"): FIXED,
    (
        "cross_correlation_2d",
        "K",
    ): "positions that count from below zero are taken for those of arrays",
    ("eckart_young_error", "A"): SPECTRA,
    ("hessian", "x"): "the oracle takes no third derivatives",
    ("pca_eigendecomposition", "C"): SPECTRA,
    ("q_learning_update", "Q"): TIES,
    ("q_learning_update", "gamma"): TIES,
    ("singular_value_decomposition", "A"): SPECTRA,
    ("svm_dual", "K"): CONSTRAINED,
    ("svm_dual", "C"): CONSTRAINED,
    ("tsne_conditional_probability", "x"): "a total that the record does not name is divided by where it is not finite",
    ("tsne_conditional_probability", "sigma"): "the same",
}
SLOW = {
    "convolution_continuous": "an integral within an integral, at many digits",
    "gaussian_variance": "integrals at many digits",
    "transposed_convolution_2d": "sums over four indices at every point",
}
NAMES = [pytest.param(id, marks=[pytest.mark.slow] if id in SLOW else []) for id in CATALOG.ids()]


@pytest.mark.usefixtures("no_parsing")
@pytest.mark.parametrize("id", NAMES)
def test_derivatives_are_read_back(id: str) -> None:
    for tensor in Compiler(CATALOG).program(id).differentiable:
        if (id, tensor.name) in UNREAD_DERIVATIVES:
            with pytest.raises((AssertionError, EqcError, NotImplementedError)):
                assert_reads_back(id, tensor.name)
        else:
            assert_reads_back(id, tensor.name)
